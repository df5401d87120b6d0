"""Timetables of departures: a CSV row for each flight, train or sailing, placed in time at its facility.

Reading (`read_timetable`) needs the file alone. Placing (`placed_departures`) needs the start, the horizon and the
zone as well; what it finds at fault carries the file and line of the row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from sim.scenario.clock import Reading, reading, seconds_between
from sim.scenario.csvfile import Cell, CsvTable
from sim.scenario.problems import Problem, ProblemError, in_words, nearest_word
from sim.scenario.units import civil_time, share

COLUMNS = ("flight", "departs", "seats", "load", "airport", "gate", "origin")
MOST_SEATS = 20_000
"""No ship carries more passengers."""
HALF_A_DAY = 43200.0
_OFFSET = re.compile(r"(.+?)\s*([+-])(\d{2}):?(\d{2})")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")


@dataclass(frozen=True)
class TimetableRow:
    """One departure as the table states it."""

    flight: str
    seats: int
    load: float
    """Share of the seats taken."""
    airport: str
    """Code of the facility; empty where the table has no such column."""
    clock: float | None
    """Seconds since midnight of the first civil day, which may pass 24 h; None for a row with a date."""
    moment: datetime | None
    """Civil date and time; None for a row without a date."""
    offset: int | None
    """Minutes the local clock is ahead of UTC, where the row says so."""
    cell: Cell = field(compare=False)
    """Where the departure stands: for faults, no part of what is simulated."""
    airport_cell: Cell = field(compare=False)

    @property
    def passengers(self) -> int:
        """Seats taken, rounded half up."""
        return math.floor(self.seats * self.load + 0.5)


@dataclass(frozen=True)
class Timetable:
    """The departures of a table, in the order of its rows."""

    file: str
    rows: tuple[TimetableRow, ...]


@dataclass(frozen=True)
class Departure:
    """One departure in time."""

    name: str
    """Unique at its facility: the flight, with its civil date."""
    departs: float
    """Seconds from the start of the horizon."""
    passengers: int
    seats: int
    mix: tuple[float, ...] = ()
    """Share of parties by class where an event changes it; empty: that of the facility."""
    cell: Cell | None = field(default=None, compare=False)
    """Where a timetable has it: for warnings, no part of what is simulated."""


def read_timetable(path: Path, file: str, shown: str) -> Timetable:
    """Read a table with columns flight, departs, seats and load, and maybe airport, gate and origin.

    Rows with a date may stand in any order. A time without one is of the first day: where it is more than half a day
    before the latest above it (of its airport) the next day may be meant, which is a fault, as is an empty airport
    where there is such a column.

    Raises ProblemError with every fault that can be told from the table alone.
    """
    table = CsvTable(path, shown, COLUMNS, ("flight", "departs", "seats", "load"))
    rows: list[TimetableRow] = []
    latest: dict[str, float] = {}
    nothing: tuple[float | None, datetime | None, int | None] = (None, None, None)
    for row in table.rows():
        flight = table.read(row, "flight", _flight, "")
        clock, moment, offset = table.read(row, "departs", _departs, nothing)
        seats = table.read(row, "seats", _seats, 0)
        load = table.read(row, "load", _load, 0.0)
        if not {"flight", "departs"} <= row.keys():
            continue
        airport = table.read(row, "airport", _airport, "")
        if clock is not None:
            latest[airport] = max(clock, latest.get(airport, clock))
            if clock < latest[airport] - HALF_A_DAY:
                here = in_words(row["departs"].text)
                found = f"{here} after a departure late in the day: unsorted, or across midnight"
                hours, rest = divmod(int(clock) + 86400, 3600)
                mend = f"for the next day write {hours:02d}:{rest // 60:02d}"
                table.note(row["departs"].problem(found, "rows in order of time, hours past 24, or dates", mend))
        cell = row["departs"]
        rows.append(TimetableRow(flight, seats, load, airport, clock, moment, offset, cell, row.get("airport", cell)))
    table.done()
    return Timetable(file, tuple(rows))


def _flight(cell: Cell) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]*", cell.text):
        return cell.text
    raise ProblemError(cell.problem(in_words(cell.text), "the number or name of a departure, such as AC540"))


def _airport(cell: Cell) -> str:
    if cell.text:
        return cell.text
    raise ProblemError(cell.problem("no airport", "the code of one, or a table without the column"))


def _departs(cell: Cell) -> tuple[float | None, datetime | None, int | None]:
    """(clock, moment, offset) of HH:MM[:SS], or of a civil date and time with or without an offset from UTC."""
    if match := _CLOCK.fullmatch(cell.text):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return hours * 3600.0 + minutes * 60.0 + seconds, None, None
    text, offset = cell.text, None
    if (match := _OFFSET.fullmatch(text)) and ":" in match[1]:
        text, sign = match[1], -1 if match[2] == "-" else 1
        offset = sign * (int(match[3]) * 60 + int(match[4]))
    try:
        moment = civil_time(text)
    except ProblemError:
        allowed = "a time such as 07:15 on the first day (25:15 on the second), or 2024-07-06 07:15"
        raise ProblemError(cell.problem(f"{in_words(cell.text)} is no time of departure", allowed)) from None
    if offset is not None and not -14 * 60 <= offset <= 14 * 60:
        raise ProblemError(cell.problem(f"{in_words(cell.text)} is no offset of a zone", "an offset such as -07:00"))
    return None, moment, offset


def _seats(cell: Cell) -> int:
    try:
        seats = int(cell.text)
    except ValueError:
        seats = 0
    if 1 <= seats <= MOST_SEATS:
        return seats
    raise ProblemError(cell.problem(f"{in_words(cell.text)} seats", f"a whole number from 1 to {MOST_SEATS}"))


def _load(cell: Cell) -> float:
    try:
        return share(cell.text)
    except ProblemError as trouble:
        raise ProblemError(*(cell.problem(p.found, p.allowed, p.mend) for p in trouble.problems)) from None


def placed_departures(
    table: Timetable, start: datetime, horizon: float, zone: str, code: str, known: Iterable[str]
) -> tuple[tuple[Departure, ...], tuple[Problem, ...]]:
    """The departures of one facility in time, and what is at fault with them.

    Args:
        table: as read.
        start: civil time at which the horizon begins.
        horizon: seconds.
        zone: of the facility.
        code: what the column `airport` calls the facility.
        known: every code the column may name; rows of the others are of other facilities.
    """
    codes = tuple(known)
    found: list[Departure] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for row in table.rows:
        if row.airport and row.airport != code:
            if row.airport not in codes:
                allowed = f"one of {', '.join(codes)}"
                mend = _meant(row.airport, codes)
                problems.append(row.airport_cell.problem(f"unknown airport {in_words(row.airport)}", allowed, mend))
            continue
        try:
            seconds, day = _instant(row, start, zone)
        except ProblemError as trouble:
            problems += trouble.problems
            continue
        name = f"{row.flight}@{day:%Y-%m-%d}"
        same = "".join(name.split()).casefold()
        if same in seen:
            said = f"flight {in_words(row.flight)} departs twice on {day:%Y-%m-%d}"
            problems.append(row.cell.problem(f"{said}, here and in line {seen[same]}", "each flight once a day"))
        seen.setdefault(same, row.cell.line)
        if seconds < 0.0:
            said = f"{in_words(row.cell.text)} is in the past: the horizon begins {start:%Y-%m-%d %H:%M}"
            problems.append(row.cell.problem(said, "a departure within the horizon", "after midnight hours pass 24"))
        elif seconds > horizon:
            said = f"{in_words(row.cell.text)} is after the end of the horizon"
            problems.append(row.cell.problem(said, "a departure within the horizon", "lengthen the horizon"))
        else:
            found.append(Departure(name, seconds, row.passengers, row.seats, cell=row.cell))
    return tuple(found), tuple(problems)


def _meant(airport: str, codes: Iterable[str]) -> str:
    """The code that was probably meant, whatever the case it is written in."""
    by_fold = {code.casefold(): code for code in codes}
    close = nearest_word(airport.casefold(), by_fold)
    return f"did you mean '{by_fold[close]}'?" if close else ""


def _instant(row: TimetableRow, start: datetime, zone: str) -> tuple[float, datetime]:
    """Seconds from the start, and the civil date. Raises ProblemError where the clocks do not show the time once."""
    moment = row.moment
    if moment is None:
        assert row.clock is not None
        moment = datetime(start.year, start.month, start.day) + timedelta(seconds=row.clock)
    if row.offset is not None:
        there = ZoneInfo(zone)
        instant = moment.replace(tzinfo=timezone(timedelta(minutes=row.offset)))
        if instant.astimezone(there).replace(tzinfo=None) != moment:
            allowed = f"the offset of {zone} at that time"
            raise ProblemError(row.cell.problem(f"{in_words(row.cell.text)} has another offset", allowed))
        return (instant - start.replace(tzinfo=there)).total_seconds(), moment
    times = reading(moment, zone)
    if times is Reading.NEVER:
        found = f"{in_words(row.cell.text)} does not exist in {zone}, where clocks go forward over it"
        raise ProblemError(row.cell.problem(found, "a civil time that the clocks show"))
    if times is Reading.TWICE:
        found = f"{in_words(row.cell.text)} comes twice in {zone}, where clocks go back"
        mend = f"add the offset: {moment:%Y-%m-%d %H:%M}{moment.replace(tzinfo=ZoneInfo(zone)):%z}"
        raise ProblemError(row.cell.problem(found, "a time that comes once, or one with its offset", mend))
    return seconds_between(start, moment, zone), moment
