"""Civil time at a facility: weekly tables and dated instants to seconds from the start of the horizon.

A scenario starts at a civil time, the same clock reading at every facility. A day on which clocks change has
23 or 25 hours; a table entry inside the hour that is skipped takes effect when the clocks have jumped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sim.model.network import Steps
from sim.model.steps import from_changes
from sim.scenario.clock import instant

HOLIDAY = 7
"""Index of the holiday table of a week; Monday is 0."""


class Week(Protocol):
    """A table by day of the week: for each of Mon..Sun and holiday, (second of the day, value) ascending."""

    @property
    def days(self) -> tuple[tuple[tuple[float, float], ...] | None, ...]: ...


class CivilClock:
    """Converts between civil time at one facility and seconds from the start of the horizon."""

    def __init__(self, start: datetime, zone: str, end: float, holidays: frozenset[date] = frozenset()) -> None:
        self.start, self.zone, self.end, self.holidays = start, ZoneInfo(zone), end, holidays
        self._origin = start.replace(tzinfo=self.zone).astimezone(UTC)

    def seconds(self, moment: datetime) -> float:
        """Seconds from the start of the horizon to a civil moment here; one that clocks skip is when they jump."""
        return (instant(moment, self.zone) - self._origin).total_seconds()

    def civil(self, seconds: float) -> datetime:
        """Civil time here, without zone, at that many seconds from the start."""
        return (self._origin + timedelta(seconds=seconds)).astimezone(self.zone).replace(tzinfo=None)

    def dates(self) -> Iterator[date]:
        """Every civil date that the run touches, in order."""
        day, last = self.start.date(), self.civil(self.end).date()
        while day <= last:
            yield day
            day += timedelta(days=1)

    def entries(self, week: Week, day: date) -> tuple[tuple[float, float], ...]:
        """The table that holds on a date: the holiday's where there is one, else the weekday's."""
        holiday = week.days[HOLIDAY] if day in self.holidays else None
        table = holiday if holiday is not None else week.days[day.weekday()]
        assert table is not None
        return table

    def at(self, day: date, second: float) -> float:
        """Seconds from the start of the horizon to a second of a civil day."""
        return self.seconds(datetime(day.year, day.month, day.day) + timedelta(seconds=second))

    def steps(self, week: Week, value: Callable[[float], float] = float) -> Steps:
        """The week's table as a step function over the run, each entry passed through `value`."""
        changes = [
            (self.at(day, second), value(number)) for day in self.dates() for second, number in self.entries(week, day)
        ]
        return from_changes(sorted(changes, key=lambda change: change[0]))

    def daily_rate(
        self, week: Week | None, per_day: float, factor: Callable[[date, bool], float] | None = None
    ) -> Steps:
        """Arrivals per second that add up to `per_day` on each civil day, in proportion to the week's weights.

        `factor` multiplies a day, given its date and whether it is a holiday. A day of 23 or 25 hours still has
        `per_day` arrivals.
        """
        changes: list[tuple[float, float]] = []
        for day in self.dates():
            entries = self.entries(week, day) if week is not None else ((0.0, 1.0),)
            edges = [self.at(day, second) for second, _ in entries] + [self.at(day + timedelta(days=1), 0.0)]
            weights = [weight for _, weight in entries]
            total = sum(w * (b - a) for w, a, b in zip(weights, edges, edges[1:], strict=False))
            today = per_day if factor is None else per_day * factor(day, day in self.holidays)
            changes += [(a, today * w / total if total > 0.0 else 0.0) for a, w in zip(edges, weights, strict=False)]
        return from_changes(changes)
