"""What a planner reads in the terminal: the summary of a run, and the variants against the baseline.

Every number is a row of summary.csv or comparison.csv. Tables fit 80 columns; `a (b to c)` is a mean over replications
with its interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from sim.report import words
from sim.report.rundata import ALL, BASELINE, Difference, Estimate, RunData

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

MAIN_MEASURES = ("wait_mean", "wait_p95", "over_standard_share", "queue_mean", "utilisation")
_PARTY_MEASURES = frozenset({"wait_mean", "wait_p95", "over_standard_share"})
_NAME_WIDTH = 10
_NEGLIGIBLE = 0.05
"""Minutes: a change of less than three seconds is not worth a sentence, however sure."""


def summary_table(run_folder: Path | str) -> RenderableType:
    """The summary of a run, per facility and variant, as something rich can print.

    Raises `RunFolderError` when the folder is not a finished run.
    """
    from rich.console import Group
    from rich.text import Text

    run = RunData.open(run_folder)
    days = words.counted(run.replications, "replication")
    parts: list[RenderableType] = [
        Text(run.scenario, style="bold"),
        Text(f"{run.start:%A %d %B %Y %H:%M}, {run.horizon / 60.0:g} h, {days}. {_legend(run)}"),
    ]
    for facility in run.facilities:
        for variant in run.variants:
            parts += [Text(), Text(f"{facility} · {variant}", style="bold")]
            parts += [_class_table(run, facility, variant)]
            if run.stations(facility):
                parts += [Text(), _station_table(run, facility, variant)]
            parts.append(Text(spread_sentence(run, facility, variant)))
    return Group(*parts)


def print_summary(run_folder: Path | str, console: Console) -> None:
    """Print `summary_table` to a console; colour only if the console is a terminal."""
    console.print(summary_table(run_folder), highlight=False)


def comparison_table(run_folder: Path | str) -> RenderableType:
    """Differences of the main measures from the baseline with intervals, and one sentence per variant.

    Raises `RunFolderError` when the folder is not a finished run.
    """
    from rich.console import Group
    from rich.text import Text

    run = RunData.open(run_folder)
    if not run.differences:
        return Text("This run has no variants to compare with the baseline.")
    parts: list[RenderableType] = [
        Text(f"{run.scenario}: variants against the baseline", style="bold"),
        Text(
            f"Differences are variant minus baseline, replication by replication, with {run.confidence} intervals: "
            "for each row alone, and wider ones that hold for all variants at once. An interval that spans 0 shows no "
            "clear change. Shares differ in percentage points."
        ),
    ]
    chosen = [row for row in run.differences if _is_main(run, row)]
    for (variant, facility), rows in groupby(_ordered(run, chosen), key=lambda row: (row.variant, row.facility)):
        parts += [Text(), Text(f"{facility} · {variant}", style="bold"), *_difference_parts(list(rows))]
    parts += [Text(), Text("Judged on the intervals that hold for all variants at once:")]
    parts += [Text(sentence) for sentence in verdicts(run)]
    return Group(*parts)


def spread_sentence(run: RunData, facility: str, variant: str) -> str:
    """How much days differ: p10 to p90 over replications of the facility's mean wait and 95th percentile."""
    scope = (variant, facility, ALL, ALL)
    arrivals = run.estimate(scope, "arrivals")
    if arrivals is not None and arrivals.mean == 0.0:
        return "Nobody arrived, so there is no wait."
    if run.replications < 2:
        return "One replication: it says nothing about other days, nor how sure the means are."
    clauses = [
        f"{name} {words.number(low)} to {words.number(high)} min"
        for name, measure in (("the mean wait is", "wait_mean"), ("the 95th percentile", "wait_p95"))
        if (row := run.estimate(scope, measure)) is not None
        and math.isfinite(low := row.day_p10)
        and math.isfinite(high := row.day_p90)
    ]
    if not clauses:
        return "The spread across days was not measured."
    return f"From day to day (8 days in 10): {', '.join(clauses)}."


def verdicts(run: RunData) -> list[str]:
    """One plain sentence per variant on the 95th percentile wait (the mean wait when that is absent).

    Speaks of the clear change that touches most (difference times arrivals), and of the one that goes the other way if
    there is one, on the interval that holds for all variants at once.
    """
    measure = "wait_p95" if any(row.measure == "wait_p95" for row in run.differences) else "wait_mean"
    rows = [row for row in run.differences if row.measure == measure and _is_headline(run, row)]
    names = [variant for variant in run.variants if variant != BASELINE]
    measured = {row.variant for row in rows if math.isfinite(row.value)}
    changed = {row.variant for row in run.differences if math.isfinite(row.value) and row.value != 0.0}
    idle = measured - changed  # a variant that does not do what its author meant it to
    return [
        f"{name} changes nothing: every measure is the baseline's, in every replication."
        if name in idle
        else _verdict(run, name, measure, [row for row in rows if row.variant == name])
        for name in names
    ]


def _legend(run: RunData) -> str:
    if run.replications < 2:
        return "One replication gives no interval."
    return f"In brackets the {run.confidence} interval of the mean, unless it is too narrow to show."


def _new_table(first: str, *others: str) -> Table:
    """A table whose name column gives way first, and whose numbers are never cut."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False, show_edge=False)
    table.add_column(first, min_width=_NAME_WIDTH, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _class_table(run: RunData, facility: str, variant: str) -> Table:
    standard = run.standard(facility)
    within = "in standard %" if standard is None else f"in {standard:g} min %"
    table = _new_table("class", "arrivals", "mean wait min", "95th pct min", within)
    classes = run.classes(facility)
    for name in classes if len(classes) == 1 else (*classes, ALL):
        scope = (variant, facility, ALL, name)
        table.add_row(
            name,
            _mean(run.estimate(scope, "arrivals"), 0),
            _with_interval(run.estimate(scope, "wait_mean")),
            _with_interval(run.estimate(scope, "wait_p95")),
            _within_standard(run.estimate(scope, "over_standard_share")),
        )
    return table


def _station_table(run: RunData, facility: str, variant: str) -> Table:
    table = _new_table("station", "mean queue", "longest", "utilisation %", "overtime h")
    for name in run.stations(facility):
        scope = (variant, facility, name, ALL)
        table.add_row(
            name,
            _with_interval(run.estimate(scope, "queue_mean")),
            _mean(run.estimate(scope, "queue_max"), 0),
            _with_interval(run.estimate(scope, "utilisation")),
            _with_interval(run.estimate(scope, "overtime_hours")),
        )
    return table


def _mean(row: Estimate | None, places: int) -> str:
    return words.BLANK if row is None else words.number(row.mean, places)


def _with_interval(row: Estimate | None) -> str:
    return words.BLANK if row is None else words.with_interval(row.mean, row.low, row.high, row.unit)


def _within_standard(row: Estimate | None) -> str:
    return words.BLANK if row is None else words.with_interval(1.0 - row.mean, 1.0 - row.high, 1.0 - row.low, row.unit)


def _is_main(run: RunData, row: Difference) -> bool:
    """Waits by class for the whole facility (`all` where there is more than one), queue and utilisation by station."""
    if row.measure in _PARTY_MEASURES:
        return row.station == ALL and (row.class_name != ALL or len(run.classes(row.facility)) != 1)
    return row.measure in MAIN_MEASURES and row.station != ALL and row.class_name == ALL


def _ordered(run: RunData, rows: Iterable[Difference]) -> list[Difference]:
    """Variant, facility, classes with `all` last, then stations; measures in the order of `MAIN_MEASURES`."""
    variants, facilities = run.variants, run.facilities

    def place(row: Difference) -> tuple[int, int, bool, int, int]:
        classes, stations = (*run.classes(row.facility), ALL), (*run.stations(row.facility), ALL)
        at_station = row.station != ALL
        return (
            variants.index(row.variant),
            facilities.index(row.facility),
            at_station,
            stations.index(row.station) if at_station else classes.index(row.class_name),
            MAIN_MEASURES.index(row.measure),
        )

    return sorted(rows, key=place)


def _difference_parts(rows: list[Difference]) -> Iterator[RenderableType]:
    """A table of what differs; then in one line each, what does not differ and where nobody came."""
    from rich.text import Text

    table = _new_table("where", "measure", "change", "interval", "all at once")
    table.columns[1].justify = "left"
    same: dict[str, list[str]] = {"classes": [], "stations": []}
    empty: dict[str, list[str]] = {"classes": [], "stations": []}
    for (station, class_name), own in groupby(rows, key=lambda row: (row.station, row.class_name)):
        kind, where = ("classes", class_name) if station == ALL else ("stations", station)
        known = [row for row in own if math.isfinite(row.value)]
        changed = [row for row in known if not _is_nought(row)]
        for index, row in enumerate(changed):
            table.add_row("" if index else where, *_difference_cells(row))
        if not changed:
            (same if known else empty)[kind].append(where)
    if table.row_count:
        yield table
    for lead, names in (("Unchanged (to within 0.05)", same), ("No parties to compare", empty)):
        lists = [f"{kind} {', '.join(those)}" for kind, those in names.items() if those]
        if lists:
            yield Text(f"{lead}: {'; '.join(lists)}.")


def _is_nought(row: Difference) -> bool:
    """True when the difference and every bound of its intervals would print as 0.0."""
    numbers = (row.value, row.low, row.high, row.low_simultaneous, row.high_simultaneous)
    return not any(abs(words.scale(row.unit) * value) >= 0.05 for value in numbers)


_SHORT = {
    "wait_mean": "mean wait min",
    "wait_p95": "95th pct min",
    "over_standard_share": "over standard %",
    "utilisation": "utilisation %",
}


def _difference_cells(row: Difference) -> Iterator[str]:
    factor = words.scale(row.unit)
    places = words.decimals(factor * row.value, factor * (row.high - row.low) / 2.0)
    yield _SHORT.get(row.measure, words.measure_words(row.measure))
    yield words.signed(factor * row.value, places)
    for low, high in ((row.low, row.high), (row.low_simultaneous, row.high_simultaneous)):
        if math.isfinite(low) and math.isfinite(high):
            bounds = (factor * words.cut_difference(bound, row.unit) for bound in (low, high))
            yield " to ".join(words.signed(bound, places) for bound in bounds)
        else:
            yield words.BLANK


def _is_headline(run: RunData, row: Difference) -> bool:
    """A class for the whole facility; the facility as a whole when it has only that."""
    if row.station != ALL or not math.isfinite(row.value):
        return False
    return row.class_name != ALL or not run.classes(row.facility)


def _verdict(run: RunData, variant: str, measure: str, rows: list[Difference]) -> str:
    what = words.measure_words(measure)
    if not rows:
        return f"{variant}: no {what} to compare."
    if not any(math.isfinite(row.safe_interval[0]) for row in rows):
        return f"{variant}: one replication gives no interval, so a change in the {what} cannot be told from chance."
    clear = [row for row in rows if row.is_clear and abs(row.value) >= _NEGLIGIBLE]
    clear.sort(key=lambda row: _weight(run, row), reverse=True)
    if not clear:
        return f"{variant}: no clear change in the {what}{_only_interval(run, rows)}."
    first = clear[0]
    sentence = f"{variant} {_change(run, first, f'the {what}')}"
    against = next((row for row in clear if (row.value > 0.0) != (first.value > 0.0)), None)
    return f"{sentence}, but {_change(run, against, 'that')}." if against else f"{sentence}."


def _weight(run: RunData, row: Difference) -> float:
    """How much a change touches: minutes of difference times parties that come."""
    arrivals = run.estimate((BASELINE, row.facility, ALL, row.class_name), "arrivals")
    return abs(row.value) * (arrivals.mean if arrivals is not None else 1.0)


def _change(run: RunData, row: Difference, what: str) -> str:
    sign = 1.0 if row.value > 0.0 else -1.0
    low, high = sorted(sign * bound for bound in row.safe_interval)
    places = words.decimals(row.value, (high - low) / 2.0)
    size, low_text, high_text = (words.number(value, places) for value in (abs(row.value), low, high))
    verb = "raises" if sign > 0.0 else "cuts"
    return f"{verb} {what} of {_who(run, row)} by {size} {row.unit} ({low_text} to {high_text})"


def _only_interval(run: RunData, rows: list[Difference]) -> str:
    if len(rows) > 1:
        return " of any class"
    low, high = rows[0].safe_interval
    places = words.decimals(rows[0].value, (high - low) / 2.0)
    bounds = f"{words.signed(low, places)} to {words.signed(high, places)} {rows[0].unit}"
    return f" of {_who(run, rows[0])} ({bounds})"


def _who(run: RunData, row: Difference) -> str:
    who = words.class_words(row.class_name, run.classes(row.facility))
    return who if len(run.facilities) == 1 else f"{who} at {row.facility}"
