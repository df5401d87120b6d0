"""Quantities with units, written as text: `45 s`, `1 h 30 min`, `600 /h`, `30 %`, `60 cars`, `7.5 m`.

Inside, durations are seconds, rates are per second, shares are fractions of 1, lengths of queue are car
lengths and lengths of road are metres. A bare number is refused, also 0, with an example of the right form.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sim.scenario.problems import Problem, ProblemError, in_words, nearest

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
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
        return total

    def _not_text(self, raw: Any) -> Problem:
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            unit = self.example.lstrip("0123456789. ")
            return Problem(f"{in_words(raw)} has no unit", self.allowed, f"if {unit} is meant, write '{raw} {unit}'")
        return Problem(f"{in_words(raw)} is not {self.name}", self.allowed)

    def _parts(self, raw: str) -> list[tuple[str, str]]:
        parts, end = [], 0
        while match := _ONE.match(raw, end):
            parts.append((match[1], match[2]))
            end = match.end()
        if end == len(raw) and parts and (self.several or len(parts) == 1):
            return parts
        if re.fullmatch(rf"\s*{NUMBER}\s*", raw):
            unit = self.example.lstrip("0123456789. ")
            mend = f"if {unit} is meant, write '{raw.strip()} {unit}'"
            raise ProblemError(Problem(f"{in_words(raw)} has no unit", self.allowed, mend))
        mend = "write a point, not a comma" if re.search(r"\d,\d", raw) else ""
        raise ProblemError(Problem(f"{in_words(raw)} is not {self.name}", self.allowed, mend))

    def _one(self, number: str, unit: str, raw: str) -> float:
        factor = self.units.get(unit)
        if factor is None:
            close = next((f"did you mean '{known}'?" for known in self.units if unit[0] == known[0]), "")
            mend = nearest(unit, self.units) or close
            raise ProblemError(Problem(f"unknown unit '{unit}' in {in_words(raw)}", self.allowed, mend))
        value = float(number)
        if number.startswith("-") and value != 0.0:
            raise ProblemError(Problem(f"{in_words(raw)} is below 0", f"{self.allowed}, of 0 or more"))
        return value / factor if self.divide else value * factor


DURATION = Dimension("a duration", {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}, "45 s", several=True)
RATE = Dimension("a rate", {"/s": 1.0, "/min": 60.0, "/h": 3600.0, "/d": 86400.0}, "600 /h", divide=True)
SHARE = Dimension("a share", {"%": 100.0}, "30 %", divide=True)
CAR_LENGTHS = Dimension("a length of queue", {"cars": 1.0, "car": 1.0, "vehicles": 1.0, "vehicle": 1.0}, "60 cars")
METRES = Dimension("a length of road", {"m": 1.0}, "7.5 m")


def duration(raw: Any) -> float:
    """Seconds: `45 s`, `1.5 h`, `1 h 30 min`."""
    return DURATION.parse(raw)


def positive_duration(raw: Any) -> float:
    """Seconds, above 0."""
    seconds = DURATION.parse(raw)
    if seconds <= 0:
        raise ProblemError(Problem(f"{in_words(raw)} is no time at all", "a duration above 0, such as '45 s'"))
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
    if isinstance(raw, str) and (match := re.fullmatch(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?", raw.strip())):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        if hours < 24:
            return float(hours * 3600 + minutes * 60 + seconds)
    mend = "midnight is 00:00, at the start of the day" if str(raw).startswith("24:") else ""
    raise ProblemError(
        Problem(f"{in_words(raw)} is not a time of day", "a time from 00:00 to 23:59, such as '08:30'", mend)
    )


_DATE = r"(\d{4})-(\d{2})-(\d{2})"


def civil_date(raw: Any) -> date:
    """A date written `2024-07-01`."""
    if isinstance(raw, str) and (match := re.fullmatch(_DATE, raw.strip())):
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
    match = re.fullmatch(rf"{_DATE}[ T]+(\d{{2}}):(\d{{2}})(?::(\d{{2}}))?", raw.strip())
    if match is None:
        mend = f"add the time of day: '{raw.strip()} 00:00'" if re.fullmatch(_DATE, raw.strip()) else ""
        if re.search(r"(Z|[+-]\d{2}:?\d{2})$", raw.strip()) and not mend:
            mend = "leave the zone out: times are civil times at the facility"
        raise ProblemError(Problem(f"{in_words(raw)} is not a date and time", allowed, mend))
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        raise ProblemError(Problem(f"{in_words(raw)} is not in the calendar", allowed)) from None
