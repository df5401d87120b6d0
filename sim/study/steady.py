"""How long a run that settles takes to settle: MSER-5 and Welch's moving averages.

A scenario settles when nothing in it changes over its horizon and its servers can do the work: then its measures have
long-run values, and what the start (an empty port) adds to them is a bias that a warm-up takes away. A day at a port
does not settle: its start and its peaks are part of what it measures, and there is no warm-up to find.

MSER (marginal standard error rule) leaves out so much of the start that the mean of the rest has the smallest
standard error, as computed as if its values were independent: with Z_1, ..., Z_k means of five successive values,

    d* = argmin over d <= k/2 of  sum_{j > d} (Z_j - mean of those)^2 / (k - d)^2.

What is left out early on is bias, which pays; later it is only data. A minimum at k/2 says that the series is too
short to tell. The values are means over replications by time bin, as in Hoad, Robinson and Davies.

The rule is White's (1997), its batches of five are Spratt's.

- White, An effective truncation heuristic for bias reduction in simulation output, Simulation 69 (1997) 323-334.
- Spratt, An evaluation of contemporary heuristics for the startup problem, master's thesis, University of Virginia
  (1998).
- White, Cobb and Spratt, A comparison of five steady-state truncation heuristics for simulation, Proc. Winter
  Simulation Conference (2000) 755-760.
- Franklin and White, Stationarity tests and MSER-5, Proc. Winter Simulation Conference (2008) 541-546.
- Hoad, Robinson and Davies, Automating warm-up length estimation, J. Oper. Res. Soc. 61 (2010) 1389-1403.
- Welch, The statistical analysis of simulation results, in Lavenberg (ed.), The Computer Performance Modeling
  Handbook, Academic Press (1983) 268-328.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.errors import UsageError
from sim.model.arrays import FloatArray
from sim.model.build import Model, build
from sim.model.network import Steps
from sim.scenario import Scenario, Study
from sim.study.offered import offered_load

BATCH = 5
"""Values of a batch: the 5 of MSER-5."""
LEAST_BATCHES = 10
"""Batches without which the rule has nothing to choose from."""


# ---- the series -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truncation:
    """What MSER-5 says of a series."""

    values: int
    """Values at the start to leave out."""
    settled: bool
    """False where the minimum lies at half of the series: it is too short to tell."""


def mser5(series: npt.ArrayLike) -> Truncation:
    """How much of the start of a series to leave out.

    Args:
        series: (values,), equally spaced in time, none of them NaN; values beyond the last whole batch are not used.

    Raises:
        UsageError: fewer than 50 values.
    """
    values = np.asarray(series, dtype=np.float64)
    count = len(values) // BATCH
    if count < LEAST_BATCHES:
        raise UsageError(f"MSER-5 needs {BATCH * LEAST_BATCHES} values, found {len(values)}")
    means = values[: count * BATCH].reshape(count, BATCH).mean(axis=1)
    most = count // 2
    errors = [float(np.sum((means[d:] - means[d:].mean()) ** 2)) / (count - d) ** 2 for d in range(most + 1)]
    rounding = (1e-12 * float(np.max(np.abs(means)))) ** 2
    best = next(d for d, error in enumerate(errors) if error <= min(errors) + rounding)
    return Truncation(best * BATCH, best < most)


def moving_average(series: npt.ArrayLike, window: int) -> FloatArray:
    """Welch's moving average: each value with `window` neighbours on either side, fewer near the start.

    Args:
        series: (values,); NaN is left out of the averages it would be in.
        window: neighbours on either side; 0 gives the series itself.

    Returns:
        (values,); NaN for the last `window` values, which lack neighbours, and where all neighbours are NaN.

    Raises:
        UsageError: a window below 0.
    """
    if window < 0:
        raise UsageError(f"a moving average takes 0 neighbours or more, not {window}")
    values = np.asarray(series, dtype=np.float64)
    there = ~np.isnan(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(there, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(there)])
    at = np.arange(len(values))
    reach = np.minimum(at, window)
    low, high = at - reach, np.minimum(at + reach + 1, len(values))
    with np.errstate(invalid="ignore"):
        averages = (total[high] - total[low]) / (count[high] - count[low])
    averages[at + window >= len(values)] = np.nan
    return np.asarray(averages, dtype=np.float64)


# ---- which scenarios settle -------------------------------------------------------------------------------


def check_settles(study: Study) -> None:
    """Refuse a study in which the baseline or a variant does not settle.

    Raises:
        UsageError: with what changes, or has too much to do.
    """
    for name, scenario in {"": study.baseline, **study.variants}.items():
        if reasons := list(why_not(scenario, study.baseline)):
            which = f"variant {name} of {scenario.name}" if name else scenario.name
            more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
            raise UsageError(
                f"{which} does not settle: {reasons[0]}{more}. What it measures belongs to its horizon, the start "
                "included, so there is no warm-up to find"
            )


def why_not(scenario: Scenario, baseline: Scenario | None = None) -> Iterator[str]:
    """What keeps a scenario from settling; nothing where it does."""
    model, horizon = build(scenario, baseline), scenario.horizon
    yield from _demand(model, horizon)
    yield from _staff(model, horizon)
    empty = {name: port.model_copy(update={"initial_queue": {}}) for name, port in scenario.ports.items()}
    for group in offered_load(
        scenario.model_copy(update={"ports": empty})
    ):  # what is in line at first is no lasting load
        if group.load >= 1.0 and not group.gives_up:
            yield f"{group.name} is offered {group.load:.2f} of what it can do, and its line grows for ever"


def _demand(model: Model, horizon: float) -> Iterator[str]:
    for source in model.sources:
        if source.rate is None:
            if not source.initial:
                yield f"the arrivals of {source.name} are those of a table"
        elif _changes(source.rate, horizon) or any(_changes(p.demand, horizon) for p in source.programmes):
            yield f"the demand of {source.name} changes over the horizon"


def _staff(model: Model, horizon: float) -> Iterator[str]:
    network = model.network
    for pool in network.pools:
        if pool.servers >= 0 and _changes(pool.calendar, horizon):
            yield f"{pool.name} does not have the same number open over the horizon"
    for station in network.stations:
        name = f"{network.facilities[station.facility].name}/{station.name}"
        routes = [rules.route for rules in station.classes.values() if rules.route is not None]
        factors = [branch.factor for route in routes for branch in route.branches]
        if _changes(station.admits, horizon):
            yield f"{name} is closed at times"
        elif any(_changes(steps, horizon) for steps in (station.running, station.service_factor, *factors)):
            yield f"an event changes what happens at {name}"


def _changes(steps: Steps, horizon: float) -> bool:
    """It has two values within [0, horizon)."""
    starts = [0.0, *(time for time in steps.times if 0.0 < time < horizon)]
    return len({steps.at(time) for time in starts}) > 1


# ---- in words ---------------------------------------------------------------------------------------------


def span(minutes: float) -> str:
    """Minutes as a scenario says them: `2 h 5 min`."""
    seconds = math.ceil(60.0 * minutes - 1e-6)
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"
