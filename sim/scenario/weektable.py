"""Values that change over the day and between days of the week: open booths, standards, profiles, hours."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sim.scenario.problems import Collector, Path, Problem, ProblemError, in_words, nearest, nearest_word
from sim.scenario.units import second_of_day

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = "holiday"
HOLIDAY_INDEX = 7

Day = tuple[tuple[float, float], ...]
"""(second of the day, value) in order, the first at 0.0; each value holds until the next."""


@dataclass(frozen=True)
class WeekTable:
    """A step function over the day for each day of the week, and for holidays where they differ."""

    days: tuple[Day | None, ...]
    """Eight entries: Monday to Sunday, then holidays (None: a holiday is like its weekday)."""

    @classmethod
    def constant(cls, value: float) -> WeekTable:
        """The same value at all times."""
        return cls((((0.0, float(value)),),) * 7 + (None,))

    def day(self, weekday: int, holiday: bool = False) -> Day:
        """Steps of a day: `weekday` counts from Monday = 0; a holiday has its own when the table states them."""
        steps = self.days[HOLIDAY_INDEX] if holiday else None
        if steps is None:
            steps = self.days[weekday]
        assert steps is not None
        return steps

    def at(self, day_index: int, second: float) -> float:
        """Value at a second of a day; `day_index` 0 to 6 is Monday to Sunday, 7 a holiday.

        Raises KeyError for 7 when the table says nothing of holidays: use the weekday then.
        """
        steps = self.days[day_index]
        if steps is None:
            raise KeyError("the table has no holidays of its own")
        return steps[bisect_right(steps, second, key=lambda step: step[0]) - 1][1]

    def values(self) -> tuple[float, ...]:
        """Every value in the table, in order of days and times."""
        return tuple(value for steps in self.days if steps for _, value in steps)


def parse_week_table(raw: Any, parse_value: Callable[[Any], float]) -> WeekTable:
    """A table from a bare value, a mapping by `HH:MM`, or a mapping by days.

    `parse_value` reads one value and raises ProblemError. Raises ProblemError with every fault, placed below `raw`.
    """
    if isinstance(raw, WeekTable):
        return raw
    if not isinstance(raw, dict):
        return WeekTable((parse_day(raw, parse_value),) * 7 + (None,))
    if not raw:
        raise ProblemError(Problem("an empty mapping", 'a value, or times of day with values, such as {"06:00": 4}'))
    if not any(_looks_like_days(key) for key in raw):
        return WeekTable((parse_day(raw, parse_value),) * 7 + (None,))
    return _by_days(raw, parse_value)


def parse_day(raw: Any, parse_value: Callable[[Any], float]) -> Day:
    """Steps of one day from a bare value or a mapping by `HH:MM`; before the first key the last value holds."""
    if not isinstance(raw, dict):
        return ((0.0, float(parse_value(raw))),)
    collector, steps = Collector(), dict[float, float]()
    for key, value in raw.items():
        second = collector.attempt((), _time_key, key)
        parsed = collector.attempt((key,), parse_value, value)
        if second is None or parsed is None:
            continue
        if second in steps:
            collector.add(f"'{key}' stands twice", "each time of day once", at=(key,), on_key=True)
        steps[second] = float(parsed)
    if not raw:
        collector.add("an empty mapping", 'times of day with values, such as {"06:00": 4}')
    collector.done()
    ordered = tuple(sorted(steps.items()))
    return ordered if ordered[0][0] == 0.0 else ((0.0, ordered[-1][1]), *ordered)


def parse_days(key: str) -> tuple[int, ...]:
    """Day indices of `mon`, `fri-mon` (wraps) or `holiday`. Raises ProblemError for anything else."""
    if key == HOLIDAY:
        return (HOLIDAY_INDEX,)
    first, dash, last = key.partition("-")
    if first in DAYS and (not dash or last in DAYS):
        start = DAYS.index(first)
        length = (DAYS.index(last) - start) % 7 + 1 if dash else 1
        return tuple((start + offset) % 7 for offset in range(length))
    allowed = "a day (mon, tue, wed, thu, fri, sat, sun), a range such as mon-thu, or holiday"
    ends = [_nearest_day(end) for end in (first, last) if end]
    mend = f"did you mean '{'-'.join(ends)}'?" if all(ends) and dash else nearest(key, (*DAYS, HOLIDAY))
    raise ProblemError(Problem(f"{in_words(key)} is not a day", allowed, mend))


def _nearest_day(word: str) -> str:
    """The day that a word begins like or is spelt like; empty without one."""
    return next((day for day in DAYS if word.lower().startswith(day)), "") or nearest_word(word, DAYS)


def _looks_like_days(key: str) -> bool:
    return key == HOLIDAY or key.partition("-")[0][:3] in DAYS or key[:1].isalpha()


def _time_key(key: str) -> float:
    try:
        return second_of_day(key)
    except ProblemError as trouble:
        raise ProblemError(*(Problem(p.found, p.allowed, p.mend, (key,), True) for p in trouble.problems)) from None


def _by_days(raw: dict[str, Any], parse_value: Callable[[Any], float]) -> WeekTable:
    collector = Collector()
    days: list[Day | None] = [None] * 8
    claimed: dict[int, str] = {}
    keys_sound = True
    for key, value in raw.items():
        steps = collector.attempt((key,), parse_day, value, parse_value)
        try:
            indices = parse_days(key)
        except ProblemError as trouble:
            keys_sound = False
            collector.problems.extend(Problem(p.found, p.allowed, p.mend, (key,), True) for p in trouble.problems)
            continue
        for index in indices:
            if index in claimed:
                found = f"{_day_name(index)} is in both '{claimed[index]}' and '{key}'"
                collector.add(found, "each day once", at=(key,), on_key=True)
            claimed[index] = key
            days[index] = steps
    missing: Path = tuple(DAYS[index] for index in range(7) if index not in claimed)
    if missing and keys_sound:
        collector.add(
            f"no value for {', '.join(map(str, missing))}", "every day of the week, such as {mon-fri: .., sat-sun: ..}"
        )
    collector.done()
    return WeekTable(tuple(days))


def _day_name(index: int) -> str:
    return (*DAYS, HOLIDAY)[index]
