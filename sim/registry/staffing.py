"""How many booths to build and to open for a known flow. Calendars are not published: these are assumed.

A fluid line: each hour brings its parties, the open booths pass 3600 / seconds each, what is left waits for the next
hour. As many booths open as keep the load of flow and line together below a target, within what is built.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sim.registry.tables import HOLIDAY

Week = Mapping[int, Sequence[float]]
"""Parties per hour (24 values) by day: 0 to 6 is Monday to Sunday, 7 a holiday."""
HOUR = 3600.0
FOLLOWS_DEMAND = "follows demand"
"""What the origin of such a calendar says."""


def booths_for(week: Week, seconds: float, load: float) -> int:
    """Booths that pass the busiest hour at that load, 1 at least."""
    busiest = max(max(hours) for hours in week.values())
    return max(1, math.ceil(busiest * seconds / HOUR / load))


def enough(week: Week, seconds: float, load: float, longest: float, built: int) -> int:
    """Booths built, or as many more as it takes for nobody in the fluid line to wait beyond `longest` seconds."""
    booths = max(1, built)
    while max(longest_wait(hours, seconds, load, booths) for hours in week.values()) > longest:
        booths += 1
    return booths


def opened(hours: Sequence[float], seconds: float, load: float, built: int) -> tuple[list[int], list[float]]:
    """Booths open in each hour of a day that repeats itself, and parties left in line at the end of each hour.

    Without a steady state (more comes in a day than the booths pass) the line is that at the end of the second day.
    """
    booths, left, line = [1] * 24, [0.0] * 24, 0.0
    for hour in (*range(24), *range(24)):
        work = (line + hours[hour]) * seconds / HOUR
        booths[hour] = min(built, max(1, math.ceil(work / load)))
        line = max(0.0, line + hours[hour] - booths[hour] * HOUR / seconds)
        left[hour] = line
    return booths, left


def longest_wait(hours: Sequence[float], seconds: float, load: float, built: int) -> float:
    """Longest wait in seconds in the fluid line of a day."""
    booths, left = opened(hours, seconds, load, built)
    return max(line * seconds / count for line, count in zip(left, booths, strict=True))


def open_table(week: Week, seconds: float, load: float, built: int, span: tuple[int, int] = (0, 24)) -> object:
    """Booths open over the week as written in a scenario: a number, a table by time, or tables by days.

    `span` limits a lane group to its hours: nothing is open outside.
    """
    tables = {
        name: _steps(opened(_most(week, days), seconds, load, built)[0], span) for name, days in KINDS_OF_DAY.items()
    }
    if HOLIDAY in week:
        tables["holiday"] = _steps(opened(week[HOLIDAY], seconds, load, built)[0], span)
    if len({tuple(table.items()) for table in tables.values()}) == 1:
        return _plain(next(iter(tables.values())))
    return {name: _plain(table) for name, table in tables.items()}


KINDS_OF_DAY = {"mon-thu": range(4), "fri": range(4, 5), "sat-sun": range(5, 7)}
"""Days with the same calendar, as CBSA parts the week in its standard for waits; Friday stands alone."""


def _most(week: Week, days: range) -> list[float]:
    """The most that comes in each hour on any of those days."""
    return [max(week[day][hour] for day in days) for hour in range(24)]


def _steps(booths: Sequence[int], span: tuple[int, int]) -> dict[str, int]:
    """A day's table; an hour like the one before it is left out."""
    limited = [count if span[0] <= hour < span[1] else 0 for hour, count in enumerate(booths)]
    return {f"{hour:02}:00": count for hour, count in enumerate(limited) if hour == 0 or count != limited[hour - 1]}


def _plain(table: dict[str, int]) -> object:
    return next(iter(table.values())) if len(table) == 1 else dict(table)
