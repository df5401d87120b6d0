"""Arithmetic on values as a scenario writes them: `52.5 s` times 1.2, `30 %` plus `5 %`, a table of booths plus 1.

Text keeps its unit, whole numbers stay whole where the result is, and a table by times of day or days is changed
entry by entry. What is no quantity (a name, `open`) is left to the caller.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sim.scenario.problems import Problem, ProblemError
from sim.scenario.units import ALL, DURATION, NUMBER, second_of_day
from sim.scenario.weektable import DAYS, HOLIDAY, parse_days

PLAIN = ""
"""Dimension of a number without a unit."""
DAY, HOUR = 86400, 3600
CLOSED = (0, "closed")
"""Values of a table at which nothing is open."""
TABLES = ("open", "most", "profile", "wait")
"""Keys of tables over the day. `hours` is not among them: it knows open and closed only, so that before its first time
plainly the other holds; nor are `banks`, which are moments."""
ROUNDS: dict[str, Callable[[float], int]] = {
    "nearest": lambda value: math.floor(value + 0.5),
    "up": lambda value: math.ceil(value - 1e-9),
    "down": lambda value: math.floor(value + 1e-9),
}
SPREAD = "spread"
"""A way of rounding a table: some hours up, some down, so that the hours add up."""
_PART = re.compile(rf"\s*({NUMBER})\s*([^\s\d+.,-][^\s\d]*)\s*")
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


@dataclass(frozen=True)
class Quantity:
    """A number with its unit as written."""

    number: float
    """In `unit`."""
    unit: str = ""
    dimension: str = PLAIN
    """What it measures, such as `a duration`; quantities of one dimension can be added and compared."""
    whole: bool = False
    """Written as a whole number."""

    @property
    def inside(self) -> float:
        """In the unit used inside: seconds, per second, fractions of 1."""
        return _to_inside(self.number, self.unit)

    def at(self, inside: float, digits: int = 10) -> Any:
        """Another value in the form of this one, to so many significant digits."""
        if self.dimension == PLAIN:
            near = round(inside)
            return near if self.whole and abs(inside - near) < 1e-9 else float(f"{inside:.{digits}g}")
        return f"{_from_inside(inside, self.unit):.{digits}g} {self.unit}"


def quantity(raw: Any) -> Quantity | None:
    """A number or text with a unit, which may be below 0; None for anything else. `1 h 30 min` is in seconds."""
    if isinstance(raw, bool) or raw is None:
        return None
    if isinstance(raw, int | float):
        return Quantity(float(raw), whole=isinstance(raw, int))
    if not isinstance(raw, str):
        return None
    parts, end = list[tuple[float, str]](), 0
    while match := _PART.match(raw, end):
        parts.append((float(match[1]), match[2]))
        end = match.end()
    if not parts or end != len(raw):
        return None
    dimension = next((known for known in ALL if parts[0][1] in known.units), None)
    if dimension is None or (len(parts) > 1 and dimension.name != DURATION.name):
        return None
    if len(parts) == 1:
        return Quantity(*parts[0], dimension.name)
    if any(unit not in dimension.units for _, unit in parts):
        return None
    return Quantity(sum(_to_inside(number, unit) for number, unit in parts), "s", dimension.name)


def _dimension_of(unit: str) -> tuple[float, bool]:
    return next((known.units[unit], known.divide) for known in ALL if unit in known.units)


def _to_inside(number: float, unit: str) -> float:
    if not unit:
        return number
    factor, divide = _dimension_of(unit)
    return number / factor if divide else number * factor


def _from_inside(inside: float, unit: str) -> float:
    factor, divide = _dimension_of(unit)
    return inside * factor if divide else inside / factor


# ---- tables over the day and week -------------------------------------------------------------------------


def is_table(raw: Any) -> bool:
    """A mapping by times of day, or by days with values or such mappings."""
    return isinstance(raw, dict) and bool(raw) and all(_TIME.fullmatch(key) or _is_days(key) for key in raw)


def is_day(raw: Any) -> bool:
    """A mapping by times of day alone."""
    return isinstance(raw, dict) and bool(raw) and all(_TIME.fullmatch(str(key)) for key in raw)


def latest(day: dict[str, Any]) -> tuple[str, Any]:
    """The last time of a day's table and the value that holds from then on."""
    return max(day.items(), key=lambda entry: second_of_day(entry[0]))


def _is_days(key: str) -> bool:
    return key == HOLIDAY or all(part in DAYS for part in key.split("-"))


def on_table(raw: Any, change: Callable[[Any], Any]) -> Any:
    """The value, or every entry of a table, changed."""
    if is_table(raw):
        return {key: on_table(value, change) for key, value in raw.items()}
    return change(raw)


def on_days(raw: Any, change: Callable[[Any], Any]) -> Any:
    """The table of every day changed as a whole; a bare value is the table of every day."""
    if is_table(raw) and any(_is_days(key) for key in raw):
        return {key: change(value) for key, value in raw.items()}
    return change(raw)


Steps = list[tuple[int, Any]]
"""(second of the day, value that holds from then on), the first at 0."""


def steps_of(raw: Any) -> Steps:
    """Steps of one day; before the first time the last value of the day holds."""
    if not isinstance(raw, dict):
        return [(0, raw)]
    steps = sorted((int(second_of_day(key)), value) for key, value in raw.items())
    return steps if steps[0][0] == 0 else [(0, steps[-1][1]), *steps]


def day_of(steps: Steps) -> Any:
    """Steps as written, without entries that change nothing; a bare value where there is one."""
    kept = [step for index, step in enumerate(steps) if index == 0 or step[1] != steps[index - 1][1]]
    if len(kept) == 1:
        return kept[0][1]
    return {_clock(second): value for second, value in kept}


def _clock(second: int) -> str:
    text = f"{second // HOUR:02}:{second % HOUR // 60:02}"
    return f"{text}:{second % 60:02}" if second % 60 else text


def value_at(steps: Steps, second: int) -> Any:
    """What holds at a second of the day, which may lie in the day before or after."""
    second %= DAY
    return next(value for begin, value in reversed(steps) if begin <= second)


def widened(raw: Any, seconds: int) -> Any:
    """A table in which what is open opens that much earlier and closes that much later, within each day of 24 h."""

    def of_day(day: Any) -> Any:
        steps = steps_of(day)
        times = {0, *((begin + shift) % DAY for begin, _ in steps for shift in (-seconds, 0, seconds))}
        found: Steps = []
        for time in sorted(times):
            around = (value_at(steps, time + shift) for shift in (0, seconds, -seconds))
            found.append((time, next((value for value in around if value not in CLOSED), value_at(steps, time))))
        return day_of(found)

    return on_days(raw, of_day)


def in_hours(
    raw: Any, change: Callable[[Any], Any], hours: tuple[int, int], days: tuple[int, ...] | None = None
) -> Any:
    """A table with what holds from `hours[0]` until `hours[1]` changed, seconds of the day that may run over midnight.

    `days` (0 to 6 from Monday, 7 for holidays) are the days of the table that are changed, over midnight by their own
    clock; None for all. Raises ProblemError for holidays where the table has no values of their own for them.
    """
    since, until = hours

    def inside(time: int) -> bool:
        return since <= time < until if since < until else time >= since or time < until

    def of_day(day: Any) -> Any:
        steps = steps_of(day)
        times = sorted({begin for begin, _ in steps} | {time for time in hours if time < DAY})
        return day_of(
            [(time, change(value_at(steps, time)) if inside(time) else value_at(steps, time)) for time in times]
        )

    if days is None:
        return on_days(raw, of_day)
    found = day_tables(raw)
    if missing := [index for index in days if index not in found]:
        raise ProblemError(
            Problem(f"no '{_DAY_NAMES[missing[0]]}' in the table", "days that the table has", at=("days",))
        )
    return _by_days({index: of_day(day) if index in days else day for index, day in found.items()})


_DAY_NAMES = (*DAYS, HOLIDAY)


def day_tables(raw: Any) -> dict[int, Any]:
    """What is written for each day, by index from Monday = 0; 7 for holidays where the table has its own."""
    if not (is_table(raw) and any(_is_days(key) for key in raw)):
        return dict.fromkeys(range(len(DAYS)), raw)
    return dict(sorted((index, value) for key, value in raw.items() for index in parse_days(key)))


def _by_days(found: dict[int, Any]) -> Any:
    """A table by days, neighbours that are alike under one key."""
    runs: list[list[int]] = []
    for index in found:
        if runs and index < len(DAYS) and repr(found[index]) == repr(found[index - 1]):
            runs[-1].append(index)
        else:
            runs.append([index])
    keys = ("-".join(dict.fromkeys((_DAY_NAMES[run[0]], _DAY_NAMES[run[-1]]))) for run in runs)
    return {key: found[run[0]] for key, run in zip(keys, runs, strict=True)}


def spread(raw: Any, wanted: Callable[[float], float], least: Callable[[float], float]) -> Any:
    """A table of whole numbers with the hours of `wanted(value)`, rounded up in some hours and down in others.

    Hour by hour what rounding has given or taken is carried to the next, so that the hours of a day add up to what is
    wanted within half an hour of one server. `least` is the fewest that may stand where `value` stood.
    """

    def of_day(day: Any) -> Any:
        steps = steps_of(day)
        times = sorted({begin for begin, _ in steps} | set(range(0, DAY, HOUR)))
        owed, found = 0.0, Steps()
        for begin, end in zip(times, [*times[1:], DAY], strict=True):
            value, hours = float(value_at(steps, begin)), (end - begin) / HOUR
            want = wanted(value)
            number = ROUNDS["nearest"](min(max(want + owed / hours, math.floor(want)), math.ceil(want)))
            number = max(number, math.ceil(least(value)))
            owed += (want - number) * hours
            found.append((begin, number))
        return day_of(found)

    return on_days(raw, of_day)
