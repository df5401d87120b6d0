"""Quantities with units, written as text: `45 s`, `1 h 30 min`, `600 /h`, `30 %`, `60 cars`, `7.5 m`.

Inside, durations are seconds, rates are per second, shares are fractions of 1, lengths of queue are car
lengths and lengths of road are metres. A bare number is refused, also 0, with an example of the right form.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sim.scenario.problems import Problem, ProblemError, in_words, nearest

NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_ONE = re.compile(rf"\s*({NUMBER})\s*([^\s\d+.,-][^\s\d]*)\s*")


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity: its units with the factor to the unit used inside, and how to speak of it."""

    name: str
    units: dict[str, float]
    example: str
    several: bool = False
    """Parts may be added up, as in `1 h 30 min`."""
    divide: bool = False
    """The factor divides: `30 %` is exactly 30 / 100."""
    usual: tuple[str, ...] = ()
    """Units a bare number was probably meant in, the likeliest first."""
    most: float = math.inf
    """Largest value that can be meant, in the unit used inside: more is a slip of the unit or of a digit."""

    @property
    def allowed(self) -> str:
        """What may stand here, with an example."""
        return f"{self.name} with its unit ({', '.join(self.units)}), such as '{self.example}'"

    def parse(self, raw: Any) -> float:
        """The quantity in the unit used inside. Raises ProblemError for anything but text with a known unit."""
        if isinstance(raw, bool) or not isinstance(raw, str):
            raise ProblemError(self._not_text(raw))
        parts = self._parts(raw)
        total = sum(self._one(number, unit, raw) for number, unit in parts)
        if not math.isfinite(total):
            raise ProblemError(Problem(f"{in_words(raw)} is not a finite quantity", self.allowed))
        if total > self.most:
            raise ProblemError(
                Problem(f"{in_words(raw)} is beyond all measure", f"{self.name} of at most {self._top()}")
            )
        return total

    def with_usual(self, unit: str, example: str) -> Dimension:
        """The same dimension where a bare number is probably meant in another unit."""
        return replace(self, usual=(unit,), example=example)

    def _top(self) -> str:
        """The largest value in the unit that says it with the smallest number."""
        scaled = {
            unit: self.most * factor if self.divide else self.most / factor for unit, factor in self.units.items()
        }
        unit = min((unit for unit in scaled if scaled[unit] >= 1), key=lambda unit: scaled[unit])
        return f"'{scaled[unit]:.0f} {unit}'"

    def _not_text(self, raw: Any) -> Problem:
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            return Problem(f"{in_words(raw)} has no unit", self.allowed, self._with_unit(raw))
        return Problem(f"{in_words(raw)} is not {self.name}", self.allowed)

    def _with_unit(self, number: float) -> str:
        """What to write instead of a bare number."""
        if number < 0:
            return ""
        if "%" in self.units and 0 < number <= 1:  # 0.25 of all is 25 %; a 1 may be either
            whole = f"write '{100 * number:.10g} %'"
            return f"{whole}, or '1 %' if that is meant" if number == 1 else whole
        return "write " + " or ".join(f"'{number} {unit}'" for unit in self.usual)

    def _parts(self, raw: str) -> list[tuple[str, str]]:
        parts, end = [], 0
        while match := _ONE.match(raw, end):
            parts.append((match[1], match[2]))
            end = match.end()
        if end == len(raw) and parts and (self.several or len(parts) == 1):
            return parts
        if re.fullmatch(rf"\s*{NUMBER}\s*", raw):
            number = float(raw)
            bare = int(number) if number.is_integer() and abs(number) < 1e15 else number
            raise ProblemError(Problem(f"{in_words(raw)} has no unit", self.allowed, self._with_unit(bare)))
        raise ProblemError(Problem(f"{in_words(raw)} is not {self.name}", self.allowed, self._mend_text(raw)))

    def _mend_text(self, raw: str) -> str:
        """The change that makes a quantity of text that is almost one."""
        if re.search(r"\d,\d", raw):
            return "write a point, not a comma"
        if match := re.fullmatch(rf"\s*({NUMBER})\s*(?:/|per)\s*([a-z]+)\s*", raw):
            unit = f"/{_MEANT.get(match[2], match[2])}"
            return f"write '{match[1]} {unit}'" if unit in self.units else ""
        return ""

    def _one(self, number: str, unit: str, raw: str) -> float:
        factor = self.units.get(unit)
        if factor is None:
            raise ProblemError(Problem(f"unknown unit '{unit}' in {in_words(raw)}", self.allowed, self._near(unit)))
        value = float(number)
        if number.startswith("-") and value != 0.0:
            raise ProblemError(Problem(f"{in_words(raw)} is below 0", f"{self.allowed}, of 0 or more"))
        return value / factor if self.divide else value * factor

    def _near(self, unit: str) -> str:
        """The unit that was probably meant: another word for it, one spelt like it, or one that begins like it."""
        slash = "/" if unit.startswith("/") else ""
        meant = f"{slash}{_MEANT.get(unit.removeprefix('/'), '')}"
        if meant in self.units:
            return f"did you mean '{meant}'?"
        other = next((one for one in ALL if unit in one.units), None)
        if other is not None:
            return f"'{unit}' belongs to {other.name}"
        close = next((f"did you mean '{known}'?" for known in self.units if unit[0] == known[0] != "/"), "")
        return nearest(unit, self.units) or close


_MEANT = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "mins", "minute", "minutes", "Min", "MIN"), "min"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours", "H", "std"), "h"),
    **dict.fromkeys(("day", "days", "D"), "d"),
    **dict.fromkeys(("percent", "pct", "pc"), "%"),
    **dict.fromkeys(("metre", "metres", "meter", "meters"), "m"),
}
"""Other words people write for the units."""
LONGEST = 3660.0
"""Days in the longest duration: ten years, beyond any horizon, so that no date leaves the calendar."""

DURATION = Dimension(
    "a duration",
    {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
    "45 s",
    several=True,
    usual=("s", "min"),
    most=LONGEST * 86400.0,
)
HORIZON = DURATION.with_usual("h", "24 h")
BIN = DURATION.with_usual("min", "15 min")
RATE = Dimension(
    "a rate",
    {"/s": 1.0, "/min": 60.0, "/h": 3600.0, "/d": 86400.0},
    "600 /h",
    divide=True,
    usual=("/h",),
    most=1000.0,
)
SHARE = Dimension("a share", {"%": 100.0}, "30 %", divide=True, usual=("%",), most=100.0)
CAR_LENGTHS = Dimension(
    "a length of queue",
    {"cars": 1.0, "car": 1.0, "vehicles": 1.0, "vehicle": 1.0},
    "60 cars",
    usual=("cars",),
    most=1e6,
)
METRES = Dimension("a length of road", {"m": 1.0}, "7.5 m", usual=("m",), most=1000.0)
DISTANCE = Dimension("a distance", {"km": 1.0}, "600 km", usual=("km",), most=20_000.0)
PEOPLE = Dimension(
    "a number of people",
    dict.fromkeys(("people", "person", "passengers"), 1.0),
    "200 people",
    usual=("people",),
    most=1e6,
)
MONEY = Dimension("an amount of money", {"$": 1.0}, "95 $", usual=("$",), most=1e12)
ALL = (DURATION, RATE, SHARE, CAR_LENGTHS, METRES, DISTANCE, PEOPLE, MONEY)


def duration(raw: Any) -> float:
    """Seconds: `45 s`, `1.5 h`, `1 h 30 min`."""
    return DURATION.parse(raw)


def positive_duration(raw: Any, dimension: Dimension = DURATION) -> float:
    """Seconds, above 0."""
    seconds = dimension.parse(raw)
    if seconds <= 0:
        raise ProblemError(
            Problem(f"{in_words(raw)} is no time at all", f"a duration above 0, such as '{dimension.example}'")
        )
    return seconds


def rate(raw: Any) -> float:
    """Per second: `600 /h`, `10 /min`."""
    return RATE.parse(raw)


def share(raw: Any) -> float:
    """Fraction of 1, at most 1: `30 %` is 30 / 100."""
    value = SHARE.parse(raw)
    if value > 1:
        raise ProblemError(Problem(f"{in_words(raw)} is more than all", "a share from '0 %' to '100 %'"))
    return value


def share_of_any_size(raw: Any) -> float:
    """Fraction of 1 that may pass 1, such as a coefficient of variation: `120 %` is 1.2."""
    return SHARE.parse(raw)


def car_lengths(raw: Any) -> float:
    """Car lengths: `60 cars`, `1 vehicle`."""
    return CAR_LENGTHS.parse(raw)


def positive_car_lengths(raw: Any) -> float:
    """Car lengths, above 0."""
    length = CAR_LENGTHS.parse(raw)
    if length <= 0:
        raise ProblemError(Problem(f"{in_words(raw)} is no room at all", "a length above 0, such as '60 cars'"))
    return length


def metres(raw: Any) -> float:
    """Metres, above 0: `7.5 m`."""
    length = METRES.parse(raw)
    if length <= 0:
        raise ProblemError(Problem(f"{in_words(raw)} is no length at all", "a length above 0, such as '7.5 m'"))
    return length


def second_of_day(raw: Any) -> float:
    """Seconds since midnight of `HH:MM` or `HH:MM:SS`, 00:00 to 23:59:59."""
    if isinstance(raw, str) and (match := re.fullmatch(r"([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9]))?", raw.strip())):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        if hours < 24:
            return float(hours * 3600 + minutes * 60 + seconds)
    mend = "midnight is 00:00, at the start of the day" if str(raw).startswith("24:") else ""
    raise ProblemError(
        Problem(f"{in_words(raw)} is not a time of day", "a time from 00:00 to 23:59, such as '08:30'", mend)
    )


_DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
YEARS = range(1900, 2200)
"""Years a date may lie in: the zones say nothing before, and ten years after the last are in the calendar still."""


def _in_years(year: int, raw: str) -> None:
    if year not in YEARS:
        allowed = f"a year from {YEARS[0]} to {YEARS[-1]}, such as 2024-07-06"
        raise ProblemError(Problem(f"{in_words(raw)} is not of our time", allowed))


def civil_date(raw: Any) -> date:
    """A date written `2024-07-01`."""
    if isinstance(raw, str) and (match := re.fullmatch(_DATE, raw.strip())):
        _in_years(int(match[1]), raw)
        try:
            return date(*(int(part) for part in match.groups()))
        except ValueError:
            raise ProblemError(
                Problem(f"{in_words(raw)} is not in the calendar", "a date such as 2024-07-01")
            ) from None
    raise ProblemError(Problem(f"{in_words(raw)} is not a date", "year-month-day, such as 2024-07-01"))


def civil_time(raw: Any) -> datetime:
    """Civil date and time without a zone, written `2024-07-06 00:00`; seconds and a `T` between are allowed."""
    allowed = "year-month-day hour:minute, such as 2024-07-06 00:00"
    if not isinstance(raw, str):
        raise ProblemError(Problem(f"{in_words(raw)} is not a date and time", allowed))
    match = re.fullmatch(rf"{_DATE}[ T]+([0-9]{{2}}):([0-9]{{2}})(?::([0-9]{{2}}))?", raw.strip())
    if match is None:
        mend = f"add the time of day: '{raw.strip()} 00:00'" if re.fullmatch(_DATE, raw.strip()) else ""
        if re.search(r"(Z|[+-]\d{2}:?\d{2})$", raw.strip()) and not mend:
            mend = "leave the zone out: times are civil times at the facility"
        raise ProblemError(Problem(f"{in_words(raw)} is not a date and time", allowed, mend))
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    _in_years(year, raw)
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        raise ProblemError(Problem(f"{in_words(raw)} is not in the calendar", allowed)) from None
