"""As many replications as it takes until the measures a scenario names are precise.

The rule is the replications algorithm of Hoad, Robinson and Davies (Automated selection of the number of replications
for a discrete-event simulation, J. Oper. Res. Soc. 61 (2010) 1632-1644), with the interval of `sim.study.estimators`
in place of Student's. With d(n) the widest relative half-width of the measures named, over all variants, after n
replications, and f(n) the look-ahead (k up to n = 100, k n / 100 rounded down beyond),

    n* = the smallest n >= at_least with d(m) <= precision for m = n, ..., n + f(n)
    N  = n* + f(n*), or at_most where that comes first.

One look at a half-width that happens to be small does not end a run. They recommend n*; here all N replications count,
as those of the look-ahead are as good as the others. N depends on nothing but the values of the measures in
replications 0, 1, 2, ...: not on the sizes of the batches in which they are made, on workers, or on where a run was
broken off.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.errors import ReplicationError
from sim.model.arrays import FloatArray
from sim.scenario.precision import UntilPrecise
from sim.scenario.vocabulary import BASELINE
from sim.study.estimators import about, mean_interval, relative_half_width
from sim.study.experiment import Experiment
from sim.study.journal import Journal
from sim.study.matrix import Found
from sim.study.named import columns

AT_ONCE = 2**18
"""Values held at once while the half-widths of successive numbers of replications are computed."""
GROWTH = 2.0
"""No batch makes more than this many times what is there: the first half-widths tell little of what is needed."""


# ---- the rule ---------------------------------------------------------------------------------------------


def look_ahead(rule: UntilPrecise, n: int) -> int:
    """Replications after the n-th through which the precision has to hold."""
    return rule.look_ahead if n <= 100 else rule.look_ahead * n // 100


def half_widths(values: FloatArray, first: int) -> FloatArray:
    """Widest relative half-width of some measures after `first`, `first` + 1, ... replications.

    Args:
        values: (replications, measures), NaN where a replication lacks a measure.
        first: fewest replications looked at, 1 or more.

    Returns:
        (len(values) - first + 1,), infinite where an interval cannot be told. A measure that none of the first n
        replications has takes no part after n: nobody came whose wait it would be.
    """
    numbers = np.arange(first, len(values) + 1)
    width = max(1, AT_ONCE // max(1, values.size))
    blocks = [_half_widths(values, numbers[at : at + width]) for at in range(0, len(numbers), width)]
    return np.concatenate(blocks) if blocks else np.empty(0)


def _half_widths(values: FloatArray, numbers: np.ndarray[Any, np.dtype[np.int64]]) -> FloatArray:
    """The same for these numbers of replications: each is a column that ends there."""
    last = int(numbers[-1])
    there = np.arange(last)[:, np.newaxis] < numbers  # (replications, numbers)
    shown = np.where(there[:, :, np.newaxis], values[:last, np.newaxis, :], np.nan)
    interval = mean_interval(shown)
    widths = relative_half_width(interval)
    widths = np.where(interval.n == 0, -math.inf, np.where(np.isnan(widths), math.inf, widths))
    widest = widths.max(axis=1, initial=-math.inf)
    return np.where(widest == -math.inf, math.inf, widest)


def first_precise(rule: UntilPrecise, widths: FloatArray) -> tuple[int | None, bool]:
    """From which number of replications on the precision holds, and whether it has held through the look-ahead.

    `widths` are those after `rule.at_least` replications and on; None where it does not hold after the last of them.
    """
    begin: int | None = None
    for n, width in enumerate(widths.tolist(), start=rule.at_least):
        if width > rule.precision:
            begin = None
            continue
        begin = n if begin is None else begin
        if n >= begin + look_ahead(rule, begin):
            return begin, True
    return begin, False


def next_goal(rule: UntilPrecise, widths: FloatArray) -> int:
    """To how many replications the next batch goes: what the last half-width says is needed, and its look-ahead."""
    done = rule.at_least + len(widths) - 1
    begin, _ = first_precise(rule, widths)
    if begin is not None:
        return min(begin + look_ahead(rule, begin), rule.at_most)
    factor = min((float(widths[-1]) / rule.precision) ** 2, GROWTH)  # half-widths shrink with the root
    needed = max(math.ceil(done * factor), done + rule.look_ahead, done + 1)
    return min(needed + look_ahead(rule, needed), rule.at_most)


@dataclass(frozen=True)
class Stop:
    """Where a run ended."""

    replications: int
    precise_from: int | None
    """The n* of the rule; None where the ceiling came first."""
    width: float
    """Widest relative half-width reached; infinite where one cannot be told."""


def stop(rule: UntilPrecise, widths: FloatArray) -> Stop | None:
    """Where the run ends, by the half-widths after `rule.at_least` replications and on; None where it goes on."""
    begin, held = first_precise(rule, widths)
    if begin is not None and held:
        end = begin + look_ahead(rule, begin)
    else:
        begin, end = None, rule.at_most
        if rule.at_least + len(widths) - 1 < end:
            return None
    return Stop(end, begin, float(widths[end - rule.at_least]))


# ---- the run ----------------------------------------------------------------------------------------------


def run(
    plan: Experiment, journal: Journal, workers: int | None = 1, advance: Callable[[int], None] = lambda n: None
) -> tuple[list[ReplicationError], dict[str, Any] | None, Experiment]:
    """Run an experiment, batch after batch where its baseline asks for a precision.

    Args:
        plan: with `replications` as many as there may be.
        journal: where finished replications are kept, and what an earlier attempt left.
        workers: processes; None for as many as pay.
        advance: called with the number of replications just finished.

    Returns:
        What failed, in order; what the manifest says of the precision, None where none was asked for; the experiment
        with as many replications as were needed.
    """
    rule = plan.scenarios[BASELINE].replications
    if not isinstance(rule, UntilPrecise):
        return plan.run(journal, workers or plan.workers_worth(), advance), None, plan
    widths, told = np.empty(0), 0
    goal = min(rule.at_least + look_ahead(rule, rule.at_least), rule.at_most)
    while True:
        batch = replace(plan, replications=goal)
        fresh = _Beyond(told, advance)
        if failures := batch.run(journal, workers or batch.workers_worth(), fresh):
            return failures, None, batch
        told = goal * len(plan.scenarios)
        named = _values(rule, batch, batch.found(journal))
        widths = np.concatenate([widths, half_widths(named, rule.at_least + len(widths))])
        if (end := stop(rule, widths)) is not None:
            done = replace(plan, replications=end.replications)
            return [], _manifest(rule, end, done, done.found(journal)), done
        goal = next_goal(rule, widths)


class _Beyond:
    """Passes on what goes beyond what has been told already: a batch counts from the first replication."""

    def __init__(self, told: int, advance: Callable[[int], None]) -> None:
        self.told, self.advance = told, advance

    def __call__(self, n: int) -> None:
        repeated = min(n, self.told)
        self.told -= repeated
        if n > repeated:
            self.advance(n - repeated)


def _values(rule: UntilPrecise, plan: Experiment, found: Mapping[str, Found]) -> FloatArray:
    """(replications, measures of all variants): what has to be precise."""
    parts = [
        rows.columns(at, at + 1) for variant, rows in found.items() for at in columns(rule, plan.model(variant)[1])
    ]
    return np.concatenate(parts, axis=1)


def _manifest(rule: UntilPrecise, end: Stop, plan: Experiment, found: Mapping[str, Found]) -> dict[str, Any]:
    """What was asked for, why the run ended, and the precision of each measure."""
    return {
        "asked": rule.precision,
        "at_least": rule.at_least,
        "at_most": rule.at_most,
        "look_ahead": rule.look_ahead,
        "stopped": "at_most" if end.precise_from is None else "precise",
        "precise_from": end.precise_from,
        "reached": list(_reached(rule, plan, found)),
    }


def _reached(rule: UntilPrecise, plan: Experiment, found: Mapping[str, Found]) -> Iterator[dict[str, Any]]:
    for variant, rows in found.items():
        keys = plan.model(variant)[1].keys
        for at in columns(rule, plan.model(variant)[1]):
            key, interval = keys[at], mean_interval(rows.columns(at, at + 1)[:, 0])
            names = {"facility": key.facility, "station": key.station, "class": key.klass, "measure": key.measure}
            numbers = {"mean": interval.mean, "relative_half_width": relative_half_width(interval)}
            yield {
                "variant": variant,
                **names,
                **{name: _number(float(value)) for name, value in numbers.items()},
                "replications": int(interval.n),
            }


def _number(value: float) -> float | None:
    """To ten digits; JSON knows no infinity."""
    return float(f"{value:.10g}") if math.isfinite(value) else None


# ---- in words ---------------------------------------------------------------------------------------------


def sentence(manifest: Mapping[str, Any]) -> str:
    """How a run ended that was to be precise, a named warning where it is not; empty for any other run."""
    said = manifest.get("precision")
    if said is None:
        return ""
    many, asked = manifest["replications"], _percent(said["asked"])
    widest = _widest(said["reached"])
    if widest is None:
        return f"warning: {many} replications, and none has what was to be within {asked} [precision-not-reached]"
    width, row, none = widest["relative_half_width"], _row(widest), _without(said["reached"])
    if said["stopped"] == "precise":
        what = "all that could be told" if none else "all that was asked for"
        return f"{many} replications: {what} is within {asked} (widest: {_percent(width)}, {row}){none}"
    if width is not None and width <= said["asked"]:
        held = f"within {asked}, though not for long enough to be sure ({row})"
        return f"{many} replications, the most allowed: {held}{none}"
    need = "" if not width else f"; about {about(many * (width / said['asked']) ** 2):,} would be needed"
    reached = "cannot be told" if width is None else f"is within {_percent(width)}"
    most = f"warning: {many} replications, the most allowed: {row} {reached} where {asked} was asked for"
    return f"{most}{need}{none} [precision-not-reached]"


def _widest(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The least precise of what some replication has."""
    there = [row for row in rows if row["replications"]]
    return max(there, key=lambda row: math.inf if (w := row["relative_half_width"]) is None else w, default=None)


def _without(rows: Sequence[Mapping[str, Any]]) -> str:
    """What was asked for and no replication has: precise is only what is there."""
    lacking = [_row(row) for row in rows if not row["replications"]]
    if not lacking:
        return ""
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return f"; no replication has {lacking[0]}{more}"


def _row(row: Mapping[str, Any]) -> str:
    station = "" if row["station"] == "all" else f" at {row['station']}"
    klass = "" if row["class"] == "all" else f" of {row['class']}"
    return f"{row['measure']}{klass}, {row['facility']}{station}, {row['variant']}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.3g} %"
