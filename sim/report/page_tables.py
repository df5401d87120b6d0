"""Tables of the report page: cells that sort and export as numbers, and the tables of results and of a comparison."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sim.report import halls, sentences, words
from sim.report.flows import decides, is_flow
from sim.report.rundata import ALL, Estimate, RunData
from sim.scenario.vocabulary import BASELINE
from sim.study.catalogue import describe
from sim.study.comparison import Best, Comparison, Row, Verdict
from sim.study.layout import Key

INTERVAL = ("low", "high")
MOST_TABLES = 24
"""Variants times facilities of which every measure is listed."""
MOST_DIFFERENCES = 2000
"""Rows of the comparison; beyond, those of all parties together, and the files have the classes."""


@dataclass(frozen=True)
class Column:
    """A column of a table on the page."""

    title: str
    numeric: bool = False
    parts: tuple[str, ...] = ()
    """Columns it becomes in the exported CSV, after its title; none: one column of that title."""

    @property
    def exported(self) -> list[str]:
        """Headings in the exported CSV."""
        return [f"{self.title}, {part}" for part in self.parts] or [self.title]


@dataclass(frozen=True)
class Cell:
    """A cell: what is read, what it sorts by where that is a number, and what is exported."""

    text: str
    sort: str = ""
    exported: tuple[str, ...] = ()
    """One text for each exported column; empty: the text."""


@dataclass(frozen=True)
class PageTable:
    """A table of the page."""

    name: str
    """Of the exported file, and in the page's addresses."""
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def empty(self) -> bool:
        """There is nothing in it."""
        return not self.rows


def text(value: object) -> Cell:
    """A cell of text."""
    return Cell(str(value))


def number(value: float, places: int | None = None, unit: str = "", *, sign: bool = False) -> Cell:
    """A cell of one number in the unit of the files; shares read in per cent, and export as they stand."""
    if not math.isfinite(value):
        return Cell(words.BLANK, "", ("",))
    shown = words.scale(unit) * value
    places = words.decimals(shown, 1.0) if places is None else places
    said = words.signed(shown, places) if sign else words.number(shown, places)
    return Cell(said, _digits(shown), (_digits(value),))


def interval(low: float, high: float, unit: str = "", *, sign: bool = False) -> Cell:
    """A cell with both bounds, `17.4 to 19.9`, sorted by the middle; differences are cut at what they can be."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return Cell(words.BLANK, "", ("", ""))
    ends = [words.cut_difference(bound, unit) for bound in (low, high)] if sign else [low, high]
    shown = [words.scale(unit) * bound for bound in ends]
    places = words.decimals(max(map(abs, shown)), (shown[1] - shown[0]) / 2.0)
    say = words.signed if sign else words.number
    said = " to ".join(say(bound, places) for bound in shown)
    return Cell(said, _digits((shown[0] + shown[1]) / 2.0), (_digits(low), _digits(high)))


def _digits(value: float) -> str:
    return f"{value:.10g}"


def estimate_cells(row: Estimate | None) -> tuple[Cell, Cell]:
    """The mean, and its interval; blank where there is none."""
    if row is None:
        return Cell(words.BLANK, "", ("",)), Cell(words.BLANK, "", ("", ""))
    return number(row.mean, unit=row.unit), interval(row.low, row.high, row.unit)


def estimate_columns(title: str) -> tuple[Column, Column]:
    """The columns of `estimate_cells`."""
    return Column(title, numeric=True), Column(f"interval of {title}", numeric=True, parts=INTERVAL)


def results(run: RunData, facility: str) -> Iterator[PageTable]:
    """What parties met, by class; lane groups and other stations; every measure of the whole facility."""
    kinds: tuple[Callable[[RunData, str], PageTable], ...] = (_classes, _stations, _measures)
    if is_flow(run, facility) and not decides(run, facility):  # who stayed neither waits nor is served
        kinds = (_measures,)
    for table in kinds:
        yield trimmed(table(run, facility))


def _classes(run: RunData, facility: str) -> PageTable:
    over = f"waits over {run.standard_words(facility) or 'standard'}, %"
    mean, tail = halls.waits_of(run, facility)
    measures = (("mean wait, min", mean), ("95th percentile, min", tail), (over, "over_standard_share"))
    columns = [Column("variant"), Column("class"), Column("arrivals", numeric=True)]
    for title, _ in measures:
        columns += estimate_columns(title)
    columns.append(
        Column(f"mean wait on {words.eight_in_ten(run.horizon)}, min", numeric=True, parts=("day p10", "day p90"))
    )
    rows = []
    names = run.classes(facility)
    for variant in run.variants:
        for name in names if len(names) == 1 else (*names, ALL):
            scope = (variant, facility, ALL, name)
            arrivals, wait = run.estimate(scope, "arrivals"), run.estimate(scope, mean)
            row = [text(variant), text(name), number(math.nan if arrivals is None else arrivals.mean, 0)]
            for _, measure in measures:
                row += estimate_cells(run.estimate(scope, measure))
            days = (wait.day_p10, wait.day_p90) if wait is not None and run.replications > 1 else (math.nan, math.nan)
            rows.append((*row, interval(*days)))
    caption = f"{facility}: waits by class"
    return PageTable(f"waits-{facility}", caption, tuple(columns), tuple(rows))


def _stations(run: RunData, facility: str) -> PageTable:
    measures = (
        ("mean queue, parties", "queue_mean"),
        ("longest queue, parties", "queue_max"),
        ("utilisation, %", "utilisation"),
        ("booth-hours", "booth_hours"),
        ("overtime, booth-hours", "overtime_hours"),
    )
    columns = [Column("variant"), Column("station")]
    for title, _ in measures:
        columns += estimate_columns(title)
    rows = []
    names = run.stations(facility)
    for variant in run.variants:
        for name in names:
            found = [run.estimate((variant, facility, name, ALL), measure) for _, measure in measures]
            cells = [cell for each in found for cell in estimate_cells(each)]
            rows.append((text(variant), text(name), *cells))
    return PageTable(f"stations-{facility}", f"{facility}: queues and booths by station", tuple(columns), tuple(rows))


def _measures(run: RunData, facility: str) -> PageTable:
    columns = (
        Column("variant"),
        Column("measure"),
        Column("unit"),
        Column("mean", numeric=True),
        Column("interval of the mean", numeric=True, parts=INTERVAL),
        Column(words.eight_in_ten(run.horizon), numeric=True, parts=("day p10", "day p90")),
        Column("what it is"),
    )
    rows = []
    variants = run.variants if len(run.variants) * len(run.facilities) <= MOST_TABLES else (BASELINE,)
    for (scope, measure), found in run.estimates.items():
        if scope[0] in variants and scope[1:] == (facility, ALL, ALL) and math.isfinite(found.mean):
            unit = "%" if found.unit == "share" else found.unit
            days = (found.day_p10, found.day_p90) if run.replications > 1 else (math.nan, math.nan)
            row = (text(scope[0]), text(words.measure_words(measure)), text(unit), *estimate_cells(found))
            rows.append((*row, interval(*days, found.unit), text(describe(measure).doc)))
    note = "" if len(variants) == len(run.variants) else "Of the baseline; summary.csv of the run has the variants too."
    caption = f"{facility}: every measure of the whole facility"
    return PageTable(f"measures-{facility}", caption, columns, tuple(rows), note)


def comparison_tables(comparison: Comparison) -> Iterator[PageTable]:
    """Chosen differences, bad days, and the selection of the best."""
    for table in (_differences(comparison), _bad_days(comparison), _best(comparison)):
        yield trimmed(table)


def trimmed(table: PageTable) -> PageTable:
    """Without columns that say nothing: numbers there are none of, the one facility, stations that are all `all`."""
    kept = [at for at, column in enumerate(table.columns) if _tells(column, [row[at].text for row in table.rows])]
    columns = tuple(table.columns[at] for at in kept)
    return replace(table, columns=columns, rows=tuple(tuple(row[at] for at in kept) for row in table.rows))


def _tells(column: Column, texts: Sequence[str]) -> bool:
    if column.title == "facility":
        return len(set(texts)) > 1
    return bool(texts) and set(texts) != {words.BLANK} and (column.title != "station" or set(texts) != {ALL})


def at_a_glance(comparison: Comparison) -> PageTable:
    """The baseline and every variant by the main measures of all parties, with the changes that hold all at once."""
    keys = {row.key for row in comparison.rows}
    wholes = [row for row in comparison.rows if row.key.klass == ALL or row.key._replace(klass=ALL) not in keys]
    rows = [row for row in wholes if row.key.station == ALL]  # of the only class, where there is but one
    measures = list(dict.fromkeys((row.key.measure, row.key.unit) for row in rows))
    found = {(row.variant, row.key.facility, row.key.measure): row for row in rows}
    columns = [Column("variant"), Column("facility")]
    for name, unit in measures:
        said = _measure(name, unit)
        columns += [Column(said, numeric=True), Column(f"change of {said}", numeric=True, parts=("change", *INTERVAL))]
    cells = []
    for facility in dict.fromkeys(row.key.facility for row in rows):
        for variant in (BASELINE, *dict.fromkeys(row.variant for row in rows)):
            if variant == BASELINE:
                own = {row.key.measure: row.key for row in rows if row.key.facility == facility}
                pairs = [_glance_baseline(comparison, own.get(name)) for name, _ in measures]
            else:
                pairs = [_glance(found.get((variant, facility, name))) for name, _ in measures]
            cells.append((text(variant), text(facility), *(cell for pair in pairs for cell in pair)))
    note = "All parties together. In brackets: 95 % intervals of the change that hold for all differences at once."
    return trimmed(PageTable("at-a-glance", "At a glance", tuple(columns), tuple(cells), note))


_NOTHING = Cell("", "", ("", "", ""))


def _glance_baseline(comparison: Comparison, key: Key | None) -> tuple[Cell, Cell]:
    """The mean of the baseline over all its replications that have one, whatever a variant has."""
    values = None if key is None else comparison.samples.column(BASELINE, key)
    known = [] if values is None else [value for value in values.tolist() if math.isfinite(value)]
    if key is None or not known:
        return Cell(words.BLANK, "", ("",)), _NOTHING
    return number(math.fsum(known) / len(known), unit=key.unit), _NOTHING


def _glance(row: Row | None) -> tuple[Cell, Cell]:
    if row is None:
        return Cell(words.BLANK, "", ("",)), _NOTHING
    unit = row.key.unit
    change, bounds = (
        number(row.difference, _places(row), unit, sign=True),
        interval(row.low_all, row.high_all, unit, sign=True),
    )
    said = change.text if bounds.text == words.BLANK else f"{change.text} ({bounds.text})"
    return number(row.baseline + row.difference, unit=unit), Cell(
        said, change.sort, (*change.exported, *bounds.exported)
    )


def _differences(comparison: Comparison) -> PageTable:
    columns = (
        *_where_columns(),
        Column("baseline", numeric=True),
        Column("change", numeric=True),
        Column("interval, this row alone", numeric=True, parts=INTERVAL),
        Column("interval, all rows at once", numeric=True, parts=INTERVAL),
        Column("reading"),
    )
    rows = []
    many = len(comparison.rows) > MOST_DIFFERENCES
    for row in comparison.rows:
        if many and row.key.klass != ALL:
            continue
        unit = row.key.unit
        numbers = (
            number(row.baseline, unit=unit),
            number(row.difference, _places(row), unit, sign=True),
            interval(row.low, row.high, unit, sign=True),
            interval(row.low_all, row.high_all, unit, sign=True),
        )
        rows.append((*_where_cells(row), *numbers, text(verdict(row))))
    sure = f"{100.0 * comparison.level:g} %"
    note = (
        f"Variant minus baseline, replication by replication on the same days; {sure} intervals. The last holds for "
        f"all {words.counted(len(comparison.rows), 'row')} compared together ({comparison.method}), so any row may be "
        "picked by its result. Shares differ in percentage points."
        + (" Listed are all parties together; comparison.csv of the run has the classes." if many else "")
    )
    return PageTable("comparison", "Change against the baseline", columns, tuple(rows), note)


def _places(row: Row) -> int:
    factor = words.scale(row.key.unit)
    return words.decimals(factor * row.difference, factor * (row.high - row.low) / 2.0)


def verdict(row: Row) -> str:
    """`better`, `worse`, `changed` where neither is meant, `no clear change`, or why nothing can be said."""
    if not math.isfinite(row.difference):
        return "nobody to compare"
    if row.same:
        return "the same in every replication"
    if not math.isfinite(row.low_all):
        return "one replication: no interval"
    if not row.is_clear or words.scale(row.key.unit) * abs(row.difference) < sentences.NEGLIGIBLE:
        return "no clear change"
    lower = describe(row.key.measure).lower_is_better
    if lower is None:
        return "changed"
    return "better" if (row.difference < 0.0) == lower else "worse"


def _where_columns() -> Sequence[Column]:
    return tuple(Column(title) for title in ("variant", "facility", "station", "class", "measure"))


def _where_cells(row: Row) -> Iterable[Cell]:
    key = row.key
    return (text(name) for name in (row.variant, key.facility, key.station, key.klass, _measure(key.measure, key.unit)))


def _measure(name: str, unit: str) -> str:
    """`mean wait, min`."""
    said = "%" if unit == "share" else words.thing(name, unit)
    return f"{words.measure_words(name)}, {said}" if said else words.measure_words(name)


def _bad_days(comparison: Comparison) -> PageTable:
    columns = (
        *_where_columns(),
        Column("change on average", numeric=True),
        Column("change of the day that 9 in 10 stay below", numeric=True),
        Column("its interval", numeric=True, parts=INTERVAL),
        Column("change on the baseline's worst days", numeric=True),
        Column("interval of that", numeric=True, parts=INTERVAL),
        Column("worst days", numeric=True),
    )
    rows = []
    keys = {row.key for row in comparison.rows}
    for row in comparison.rows:
        days, unit = row.days, row.key.unit
        part = row.key.klass != ALL and row.key._replace(klass=ALL) in keys
        if part or row.same or not math.isfinite(days.quantile.low):
            continue
        cells = [number(row.difference, _places(row), unit, sign=True)]
        for estimate in (days.quantile, days.worst):
            cells.append(number(estimate.difference, 1, unit, sign=True))
            cells.append(interval(estimate.low, estimate.high, unit, sign=True))
        rows.append((*_where_cells(row), *cells, number(days.days, 0)))
    note = "A replication is a day. Intervals hold for each row alone. Fewer than 21 replications give no worst days."
    return PageTable("bad-days", "Bad days", columns, tuple(rows), note)


def _best(comparison: Comparison) -> PageTable:
    columns = (
        *(Column(title) for title in ("facility", "class", "measure", "contender")),
        Column("mean", numeric=True),
        Column("reading"),
        Column("at most worse than the best by", numeric=True),
    )
    rows = tuple(row for best in comparison.best for row in _contenders(best))
    note = (
        "Selection by Kim and Nelson (2001) among the baseline and the variants, on the replications in hand, each "
        "measure for itself; a contender is ruled out where it is worse for sure."
    )
    return PageTable("best", "Which is best", columns, rows, note if rows else "")


def _contenders(best: Best) -> Iterator[tuple[Cell, ...]]:
    key, found = best.key, best.selection
    for at, contender in enumerate(best.contenders):
        said = "ruled out" if at not in found.survivors else "in front" if at == found.best else "not ruled out"
        if best.verdict is Verdict.SAME or (best.verdict is Verdict.NO_CHOICE and contender in best.near):
            said = "no choice"
        elif contender == best.winner:
            said = "best"
        names = (key.facility, key.klass, _measure(key.measure, key.unit), contender)
        mean = number(best.means[at], unit=key.unit)
        yield (*(text(name) for name in names), mean, text(said), number(found.at_most_worse[at], unit=key.unit))
