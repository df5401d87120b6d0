"""Monthly interceptions by province, read from a CSV file: what `fit-flow` is fitted to."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.errors import Fault, ScenarioError, UsageError
from sim.registry.searching import folded
from sim.scenario.csvfile import Cell, CsvTable
from sim.scenario.problems import Problem, ProblemError, in_words, nearest_word
from sim.scenario.units import YEARS

COLUMNS = ("year", "month", "province", "interceptions", "completeness", "source")
NEEDED = COLUMNS[:4]
COMPLETE = "complete"
"""In the column `completeness`: a figure from a full table of the publisher."""
TOTAL = "Total"
"""Rows of all provinces together, in capitals or not: no province."""
MOST_PERSONS = 10_000_000
LONGEST = 600
"""Months from the first to the last, fifty years: beyond it a year is misprinted."""


@dataclass(frozen=True, order=True)
class Month:
    """A month of the calendar."""

    year: int
    month: int
    """1 to 12."""

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"

    def plus(self, months: int) -> Month:
        """The month so many later (or earlier)."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(year, month + 1)

    def until(self, other: Month) -> int:
        """Months from this one to another."""
        return (other.year - self.year) * 12 + other.month - self.month

    @property
    def days(self) -> int:
        """Days of the month."""
        return calendar.monthrange(self.year, self.month)[1]


def month_of(text: str) -> Month:
    """A month written `2022-07`. Raises ProblemError."""
    match = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text.strip())
    if match is None or int(match[1]) not in YEARS:
        raise ProblemError(Problem(f"{in_words(text)} is not a month", "year-month, such as 2022-07"))
    return Month(int(match[1]), int(match[2]))


@dataclass(frozen=True)
class FlowSeries:
    """Persons intercepted by month in one province. A month that is not there is missing, which is not zero."""

    province: str
    counts: dict[Month, int]
    """In order of time."""

    @property
    def total(self) -> int:
        """Persons in all months."""
        return sum(self.counts.values())

    def only(self, months: Iterable[Month]) -> FlowSeries:
        """The series of some of its months."""
        kept = set(months)
        return FlowSeries(self.province, {month: n for month, n in self.counts.items() if month in kept})


class OfAProvince:
    """What is known of one province."""

    series: FlowSeries

    @property
    def province(self) -> str:
        """Name of the province."""
        return self.series.province


def read_flows(path: Path, complete_only: bool = False) -> dict[str, FlowSeries]:
    """Series by province, in the order in which provinces come in the file; rows of the `Total` are one as well.

    Names that differ in capitals or accents alone are one province, called as it is first.

    Columns year, month, province, interceptions, and maybe completeness and source. With `complete_only` rows whose
    completeness is another word than `complete` are left out; a file without that column has complete rows only.

    Raises UsageError when the file cannot be read, ScenarioError with the place of every fault in it.
    """
    try:
        return _read(path, complete_only)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except ProblemError as trouble:
        raise ScenarioError(_fault(problem, str(path)) for problem in trouble.problems) from None


def _fault(problem: Problem, file: str) -> Fault:
    place = problem.place or (file, 1, 1)
    return Fault(*place, "", problem.found, problem.allowed, problem.mend)


def _read(path: Path, complete_only: bool) -> dict[str, FlowSeries]:
    table = CsvTable(path, str(path), COLUMNS, NEEDED)
    found: dict[str, dict[Month, int]] = {}
    lines: dict[tuple[str, Month], int] = {}
    called: dict[str, str] = {}
    for row in table.rows():
        year = table.read(row, "year", _year, 0)
        number = table.read(row, "month", _month, 0)
        province = table.read(row, "province", _province, "")
        persons = table.read(row, "interceptions", _persons, -1)
        if not (year and number and province and persons >= 0):
            continue
        month, province = Month(year, number), called.setdefault(folded(province), province)
        if (before := lines.setdefault((province, month), row["year"].line)) != row["year"].line:
            said = f"a second figure for {province} in {month}, the first is in line {before}"
            table.note(row["interceptions"].problem(said, "one for each province and month"))
        if not complete_only or "completeness" not in row or row["completeness"].text == COMPLETE:
            found.setdefault(province, {})[month] = persons
    table.done()
    series = {name: FlowSeries(name, dict(sorted(counts.items()))) for name, counts in found.items()}
    _check_span(table, series.values())
    return series


def _check_span(table: CsvTable, series: Iterable[FlowSeries]) -> None:
    months = sorted(month for each in series for month in each.counts)
    if months and months[0].until(months[-1]) >= LONGEST:
        found = f"months from {months[0]} to {months[-1]}"
        place = (table.file, 1, 1)
        table.note(
            Problem(found, f"at most {LONGEST // 12} years in one file", "look for a misprinted year", place=place)
        )
        table.done()


def _whole(cell: Cell, allowed: str, most: int, least: int = 0) -> int:
    if re.fullmatch(r"[0-9]{1,9}", cell.text) and least <= int(cell.text) <= most:
        return int(cell.text)
    mend = "leave the row out: a missing month is not zero" if cell.text == "" else ""
    raise ProblemError(cell.problem(in_words(cell.text) if cell.text else "an empty cell", allowed, mend))


def _year(cell: Cell) -> int:
    return _whole(cell, "a year, such as 2022", YEARS[-1], YEARS[0])


def _month(cell: Cell) -> int:
    return _whole(cell, "a month from 1 to 12", 12, 1)


def _persons(cell: Cell) -> int:
    return _whole(cell, f"a whole number of persons, from 0 to {MOST_PERSONS:,}", MOST_PERSONS)


def _province(cell: Cell) -> str:
    if cell.text:
        return cell.text
    raise ProblemError(cell.problem("an empty cell", "the name of a province, such as Quebec"))


def chosen(series: dict[str, FlowSeries], provinces: Iterable[str]) -> Iterator[FlowSeries]:
    """The series of the provinces named, in that order; of all but the `Total` when none is. Raises UsageError."""
    named = tuple({folded(name): name for name in provinces}.values())
    by_word = {folded(name): name for name in series}
    for name in named or [name for name in series if folded(name) != folded(TOTAL)]:
        if folded(name) not in by_word:
            near = nearest_word(name, series)
            meant = f"; did you mean '{near}'?" if near else ""
            raise UsageError(f"no province '{name}' in the file, which has {', '.join(series)}{meant}")
        yield series[by_word[folded(name)]]
