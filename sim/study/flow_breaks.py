"""Where the drivers of a fit come from: known dates, dates that were given, and a search for breaks.

The search adds one break at a time, a step or a pulse at the first of a month, and then takes out those that do not
hold. A break holds when the log of its Bayes factor, less the log of how many were looked at, is `LEAST` or more: the
more places are tried, the stronger a break must be. Since the model has a level that moves by itself, a slow change is
not taken for a break.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from sim.errors import UsageError
from sim.model.arrays import FloatArray
from sim.registry.files import rows
from sim.scenario.drivers import Driver
from sim.scenario.faults import problems_of
from sim.study.flow_fit import Task, mixture, months_of, told
from sim.study.flow_latent import Hyper, posterior

LEAST = math.log(3.0)
"""Odds that a break must have after the penalty, 3 to 1."""
MOST = 3
"""Breaks found in one province."""
SIDE = 3
"""Months with a figure that must lie on either side of a break that is searched for."""
HALF_LIVES = ("30 d", "90 d")
"""Of the pulses that are tried."""
COARSE = {"taus": (0.1, 0.3, 0.6, 1.1), "rhos": (0.0, 0.5, 0.9), "seasons": (0.15,)}
"""Grid on which breaks are compared."""
LOOKED_INTO = 6
"""Breaks compared on the coarse grid: those best at single points of it."""
TRIED_AT = (Hyper(0.15, 0.0, 0.15), Hyper(0.3, 0.5, 0.15))
"""Points at which all breaks are looked at first."""


def known_drivers() -> tuple[Driver, ...]:
    """Dated changes of rule of the registry, their factors unknown (1)."""
    return tuple(
        _driver({"name": row["name"], "from": row["from"], **({"until": row["until"]} if row["until"] else {})})
        for row in rows("flow_events.csv")
    )


def given_driver(text: str) -> Driver:
    """A driver written NAME=FROM[..UNTIL][:ramp:LENGTH | :pulse:HALF-LIFE], such as `surge=2017-07-01:pulse:60 d`.

    Raises UsageError.
    """
    name, equals, rest = text.partition("=")
    dates, *shape = rest.split(":")
    since, dots, until = dates.partition("..")
    keys = {"name": name.strip(), "from": since.strip()} | ({"until": until.strip()} if dots else {})
    lengths = {"ramp": "over", "pulse": "half_life"}
    if not equals or len(shape) not in (0, 2) or (shape and shape[0].strip() not in lengths):
        said = "NAME=DATE, NAME=DATE..DATE, NAME=DATE:pulse:60 d or NAME=DATE:ramp:30 d"
        raise UsageError(f"--break takes {said}, found {text}")
    if shape:
        keys[lengths[shape[0].strip()]] = shape[1].strip()
    try:
        return _driver(keys)
    except ValidationError as error:
        problem = problems_of(error, Driver)[0]
        raise UsageError(f"--break {text}: {problem.found}; allowed: {problem.allowed}") from None


def _driver(keys: dict[str, str]) -> Driver:
    return Driver.model_validate({**keys, "multiply": 1.0})


def search(
    task: Task, drivers: Sequence[Driver], season: FloatArray | None = None, most: int = MOST
) -> list[tuple[Driver, float]]:
    """Breaks beside the drivers given, in order of time, each with its log Bayes factor less the penalty.

    Goes on to `most` breaks, since one may hide another; then those that do not hold beside the others are taken out
    again, the weakest first.
    """
    given, _ = told(months_of(task.fitted, task.last, drivers), drivers)
    last = max(task.fitted.counts)

    def evidence(breaks: Sequence[Driver]) -> float:
        return mixture(months_of(task.fitted, last, [*given, *breaks], season), **COARSE).evidence

    found: list[Driver] = []
    penalty = 0.0
    while len(found) < most:
        candidates = [each for each in _candidates(task) if _is_new(task, [*given, *found], each)]
        if not candidates:
            break
        penalty = max(penalty, math.log(len(candidates)))
        ranked = sorted(candidates, key=lambda each: -_at_points(task, [*given, *found, each], season))
        found.append(max(ranked[:LOOKED_INTO], key=lambda each: evidence([*found, each])))
    while found:
        whole = evidence(found)
        strengths = [whole - evidence([each for each in found if each is not one]) - penalty for one in found]
        weakest = min(range(len(found)), key=strengths.__getitem__)
        if strengths[weakest] >= LEAST:
            return sorted(zip(found, strengths, strict=True), key=lambda one: one[0].from_)
        del found[weakest]
    return []


def _candidates(task: Task) -> Iterator[Driver]:
    """Steps and pulses at the first of each month with a figure, and enough figures around it."""
    for month in sorted(task.fitted.counts)[SIDE : 1 - SIDE]:
        yield _driver({"name": f"break-{month}", "from": f"{month}-01"})
        for half_life in HALF_LIVES:
            yield _driver({"name": f"surge-{month}", "from": f"{month}-01", "half_life": half_life})


def _is_new(task: Task, present: Sequence[Driver], other: Driver) -> bool:
    """The months can tell it from those there are."""
    if any(each.name == other.name for each in present):
        return False
    months = months_of(task.fitted, max(task.fitted.counts), [*present, other])
    return other.name not in told(months, [*present, other])[1]


def _at_points(task: Task, drivers: Sequence[Driver], season: FloatArray | None) -> float:
    """The best log evidence at the points looked at first."""
    months = months_of(task.fitted, max(task.fitted.counts), drivers, season)
    return max(posterior(months, hyper).evidence for hyper in TRIED_AT)
