"""What a planner reads in the terminal: the summary of a run, and the variants against the baseline.

Every number is a row of summary.csv, or of what `sim.study.comparison` found. Tables fit 80 columns; `a (b to c)` is a
mean over replications with its interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from sim.report import flows, halls, sentences, words
from sim.report.rundata import ALL, Estimate, OfASummary, SummaryData

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from sim.study.baddays import Estimate as DayEstimate
    from sim.study.comparison import Comparison, Row

_NAME_WIDTH = 10
_MEASURE_WIDTH = 12
_SPREAD = ("the mean wait is", "the 95th percentile")


def summary_table(run_folder: Path | str) -> RenderableType:
    """The summary of a run, per facility and variant, as something rich can print.

    Raises `RunFolderError` when the folder is not a finished run.
    """
    from rich.console import Group
    from rich.text import Text

    run = SummaryData.open(run_folder)
    days = words.counted(run.replications, "replication")
    parts: list[RenderableType] = [
        Text(run.scenario, style="bold"),
        Text(f"{run.start:%A %d %B %Y %H:%M}, {run.horizon / 60.0:g} h, {days}. {_legend(run)}"),
    ]
    for facility in run.facilities:
        for variant in run.variants:
            parts += [Text(), Text(f"{facility} · {variant}", style="bold")]
            if flows.is_flow(run, facility):
                parts += _flow_parts(run, facility, variant)
                continue
            if halls.is_hall(run, facility):
                table = _new_table("", "mean", "8 replications in 10")
                parts += [halls.hall_table(table, run, facility, variant), Text()]
            parts += [_class_table(run, facility, variant)]
            if run.stations(facility):
                parts += [Text(), _station_table(run, facility, variant)]
            parts.append(Text(spread_sentence(run, facility, variant)))
    return Group(*parts)


def comparison_table(comparison: Comparison) -> RenderableType:
    """Chosen differences from the baseline with intervals, bad days, the best variant, and all of it in sentences."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(f"{comparison.samples.title}: variants against the baseline", style="bold"),
        Text(_comparison_legend(comparison)),
    ]
    rows = comparison.rows
    for (variant, facility), own in groupby(rows, key=lambda row: (row.variant, row.key.facility)):
        parts += [Text(), Text(f"{facility} · {variant}", style="bold"), *_difference_parts(list(own))]
    if any(_has_bad_days(row) for row in rows):
        heading = f"Bad {sentences.day_word(comparison)}s"
        parts += [Text(), Text(heading, style="bold"), Text(_bad_days_legend(comparison))]
        parts += [_bad_days_table(comparison)]
    parts += [Text(), Text("In words", style="bold"), *(Text(line) for line in sentences.sentences(comparison))]
    parts += [Text(line) for line in sentences.bad_day_sentences(comparison)]
    if comparison.best:
        parts += [Text(), Text("Best", style="bold"), Text(_best_legend(comparison))]
        parts += [Text(line) for line in sentences.best_sentences(comparison)]
    return Group(*parts)


def spread_sentence(run: OfASummary, facility: str, variant: str) -> str:
    """How much days differ: p10 to p90 over replications of the facility's mean wait and 95th percentile."""
    scope = (variant, facility, ALL, ALL)
    arrivals = run.estimate(scope, "arrivals")
    if arrivals is not None and arrivals.mean == 0.0:
        return "Nobody arrived, so there is no wait."
    if run.replications < 2:
        return "One replication: it says nothing about other days, nor how sure the means are."
    clauses = [
        f"{name} {words.number(low)} to {words.number(high)} min"
        for name, measure in zip(_SPREAD, halls.waits_of(run, facility), strict=True)
        if (row := run.estimate(scope, measure)) is not None
        and math.isfinite(low := row.day_p10)
        and math.isfinite(high := row.day_p90)
    ]
    if not clauses:
        return "The spread across days was not measured."
    day = words.day_word(run.horizon)
    return f"From {day} to {day} ({words.eight_in_ten(run.horizon)}): {', '.join(clauses)}."


def _flow_parts(run: OfASummary, facility: str, variant: str) -> list[RenderableType]:
    """People of an irregular flow, its stations, and what stays unknown."""
    from rich.text import Text

    of_people = flows.flow_table(_new_table("", "mean", "8 replications in 10"), run, facility, variant)
    if not flows.decides(run, facility):
        return [of_people]
    said = flows.unknown_sentence(run, facility, variant)
    return [of_people, Text(), _station_table(run, facility, variant), *([Text(said)] if said else [])]


def _legend(run: OfASummary) -> str:
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


def _class_table(run: OfASummary, facility: str, variant: str) -> Table:
    """Waits by class: of a hall passengers and who misses the departure beside them, of others arrivals."""
    came = "passengers" if halls.is_hall(run, facility) else "arrivals"
    within = f"in {run.standard_words(facility) or 'standard'} %"
    names = run.classes(facility)
    scopes = [(variant, facility, ALL, name) for name in (names if len(names) == 1 else (*names, ALL))]
    further = [(within, "over_standard_share", _within_standard)] if _promised(run, facility, variant) else []
    if any(run.estimate(scope, halls.MISSED) is not None for scope in scopes):
        further.append(("missed %", halls.MISSED, _per_cent))
    table = _new_table("class", came, "mean wait min", "95th pct min", *(title for title, _, _ in further))
    for scope in scopes:
        waits = (_with_interval(run.estimate(scope, measure)) for measure in halls.waits_of(run, facility))
        others = (say(run.estimate(scope, measure)) for _, measure, say in further)
        table.add_row(scope[3], _mean(run.estimate(scope, came), 0), *waits, *others)
    return table


def _promised(run: OfASummary, facility: str, variant: str) -> bool:
    """A standard is stated for the waits of a facility."""
    row = run.estimate((variant, facility, ALL, ALL), "over_standard_share")
    return bool(run.standard_words(facility)) or (row is not None and math.isfinite(row.mean))


def _station_table(run: OfASummary, facility: str, variant: str) -> Table:
    """Queues and booths by station; of a hall without those that have neither, as walks and its door."""
    table = _new_table("station", "mean queue", "longest", "utilisation %", "overtime h")
    for name in run.stations(facility):
        scope = (variant, facility, name, ALL)
        cells = (
            _with_interval(run.estimate(scope, "queue_mean")),
            _mean(run.estimate(scope, "queue_max"), 0),
            _with_interval(run.estimate(scope, "utilisation")),
            _with_interval(run.estimate(scope, "overtime_hours")),
        )
        if set(cells) != {words.BLANK} or not halls.is_hall(run, facility):
            table.add_row(words.station_words(name, run.kind(facility, name)), *cells)
    return table


def _mean(row: Estimate | None, places: int) -> str:
    return words.BLANK if row is None else words.number(row.mean, places)


def _per_cent(row: Estimate | None) -> str:
    return words.BLANK if row is None else words.number(100.0 * row.mean)


def _with_interval(row: Estimate | None) -> str:
    return words.BLANK if row is None else words.with_interval(row.mean, row.low, row.high, row.unit)


def _within_standard(row: Estimate | None) -> str:
    return words.BLANK if row is None else words.with_interval(1.0 - row.mean, 1.0 - row.high, 1.0 - row.low, row.unit)


def _comparison_legend(comparison: Comparison) -> str:
    sure = f"{100.0 * comparison.level:g} %"
    count = words.counted(len(comparison.rows), "row")
    return (
        f"Differences are variant minus baseline, replication by replication ({comparison.samples.replications}), with "
        f"{sure} intervals: for each row alone, and wider ones that hold for all {count} at once "
        f"({comparison.method}, each at {100.0 * comparison.row_level:.2f} %). {_rows_words(comparison)}"
        "An interval that spans 0 shows no clear change. Shares differ in percentage points."
    )


def _rows_words(comparison: Comparison) -> str:
    """Which rows the tables leave out: they count all the same for what holds at once."""
    known = [row for row in comparison.rows if math.isfinite(row.difference)]
    shown = sum(not _is_nought(row) for row in known)
    left = len(comparison.rows) - shown
    if not left:
        return ""
    why = [f"change by less than {sentences.NEGLIGIBLE:g}"] if shown < len(known) else []
    why += ["have no parties"] if len(known) < len(comparison.rows) else []
    return f"Tables show {shown} of them; the other {left} {' or '.join(why)}. "


def _difference_parts(rows: list[Row]) -> Iterator[RenderableType]:
    """A table of what differs; then in one line each, what does not differ, where nobody came, what pairing saved."""
    from rich.text import Text

    table = _new_table("where", "measure", "change", "interval", "all at once")
    # On a narrow terminal the words give way: a number that is cut is another number.
    measure = table.columns[1]
    measure.justify, measure.no_wrap, measure.overflow, measure.min_width = "left", False, "fold", _MEASURE_WIDTH
    same: dict[str, None] = {}
    empty: dict[str, None] = {}
    for where, own in groupby(rows, key=_where):
        known = [row for row in own if math.isfinite(row.difference)]
        changed = [row for row in known if not _is_nought(row)]
        for index, row in enumerate(changed):
            table.add_row("" if index else where, *_difference_cells(row))
        if not changed:
            (same if known else empty)[where] = None
    if table.row_count:
        yield table
    for lead, names in (("Unchanged (to within 0.05)", same), ("No parties to compare", empty)):
        if names:
            yield Text(f"{lead}: {', '.join(names)}.")
    ratios = [row.variance_ratio for row in rows if math.isfinite(row.variance_ratio)]
    related = [row.correlation for row in rows if math.isfinite(row.correlation)]
    if ratios and related:
        yield Text(f"Pairing: correlation {_range(related, 2)}, variance ratio {_range(ratios, 1)}.")


def difference_texts(comparison: Comparison) -> Iterator[list[str]]:
    """Every chosen row as it is printed: variant, facility, where, measure, change, and both intervals."""
    for row in comparison.rows:
        if math.isfinite(row.difference):
            yield [row.variant, row.key.facility, _where(row), *_difference_cells(row)]


def _where(row: Row) -> str:
    return row.key.klass if row.key.station == ALL else f"{row.key.station}, {row.key.klass}"


def _range(values: list[float], places: int) -> str:
    """`0.61 to 0.98`; nothing depends on how far beyond a thousand a ratio lies."""
    low, high = ("over 1,000" if v > 1000.0 else words.number(v, places) for v in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _is_nought(row: Row) -> bool:
    """True when the difference and every bound of its intervals would print as 0.0."""
    numbers = (row.difference, row.low, row.high, row.low_all, row.high_all)
    return not any(abs(words.scale(row.key.unit) * value) >= sentences.NEGLIGIBLE for value in numbers)


_SHORT = {
    "wait_total_mean": "mean wait min",
    "wait_total_p95": "95th pct min",
    "door_to_airside_mean": "door to airside min",
    "missed_share": "missed %",
    "arrive_before_p95": "come before, 95 %, min",
    "journey_wait_mean": "both ends: wait min",
    "journey_cost_per_passenger": "both ends: cost $",
    "wait_mean": "mean wait min",
    "wait_p95": "95th pct min",
    "over_standard_share": "over standard %",
    "utilisation": "utilisation %",
}


def _difference_cells(row: Row) -> Iterator[str]:
    factor = words.scale(row.key.unit)
    places = words.decimals(factor * row.difference, factor * (row.high - row.low) / 2.0)
    yield _measure(row)
    yield words.signed(factor * row.difference, places)
    yield _bounds(row, row.low, row.high, places)
    yield _bounds(row, row.low_all, row.high_all, places)


def _measure(row: Row) -> str:
    unit = "%" if row.key.unit == "share" else words.thing(row.key.measure, row.key.unit)
    return _SHORT.get(row.key.measure, f"{words.measure_words(row.key.measure)} {unit}".rstrip())


def _bounds(row: Row, low: float, high: float, places: int) -> str:
    if not (math.isfinite(low) and math.isfinite(high)):
        return words.BLANK
    factor, unit = words.scale(row.key.unit), row.key.unit
    return " to ".join(words.signed(factor * words.cut_difference(bound, unit), places) for bound in (low, high))


def _bad_days_legend(comparison: Comparison) -> str:
    sure = f"{100.0 * comparison.level:g} %"
    days = max(row.days.days for row in comparison.rows)
    worst = f"; and the mean change on the baseline's {days} worst" if days else ""
    day = sentences.day_word(comparison)
    few = "" if any(math.isfinite(row.days.quantile.low) for row in comparison.rows) else _too_few(day)
    lead = "A replication is a day. " if day == "day" else ""
    return f"{lead}Change of the {day} that 9 in 10 stay below{worst}; {sure} intervals, each alone.{few}"


def _too_few(day: str) -> str:
    return f" So few {day}s do not bound the 90 % {day}: at a level of 95 % that takes 29."


def _has_bad_days(row: Row) -> bool:
    return not row.same and (math.isfinite(row.days.quantile.low) or math.isfinite(row.days.worst.low))


def _bad_days_table(comparison: Comparison) -> Table:
    """Rows of `all` where it is chosen, as in the selection; a line with the variant before its measures."""
    day = sentences.day_word(comparison)
    table = _new_table("variant, measure", "average", f"90 % {day}", f"worst {day}s")
    keys = {row.key for row in comparison.rows}
    heading = ""
    for row in comparison.rows:
        whole = row.key.klass == ALL or row.key._replace(klass=ALL) not in keys
        if not whole or not _has_bad_days(row):
            continue
        places = [row.key.facility] if len(comparison.samples.facilities) > 1 else []
        title = ", ".join([row.variant, *places, *([] if _where(row) == ALL else [_where(row)])])
        if title != heading:
            table.add_row(title, "", "", "")
            heading = title
        factor = words.scale(row.key.unit)
        average = words.signed(factor * row.difference, words.decimals(factor * row.difference, 1.0))
        table.add_row(f"  {_measure(row)}", average, _day(row, row.days.quantile), _day(row, row.days.worst))
    return table


def _day(row: Row, estimate: DayEstimate) -> str:
    if not math.isfinite(estimate.difference):
        return words.BLANK
    factor = words.scale(row.key.unit)
    value = words.signed(factor * words.cut_difference(estimate.difference, row.key.unit), 1)
    if not math.isfinite(estimate.low):
        return value
    return f"{value} ({_bounds(row, estimate.low, estimate.high, 0)})"


def _best_legend(comparison: Comparison) -> str:
    zones = {best.key.unit: sentences.zone_words(best.selection.zone, best.key.unit) for best in comparison.best}
    return (
        "KN (Kim and Nelson 2001), on the replications in hand; each measure for itself. It may be watched from one "
        "replication to the next, so it may take more of them than the intervals do. A difference below the zone "
        f"({', '.join(zones.values())}; --indifference) is not worth a choice."
    )
