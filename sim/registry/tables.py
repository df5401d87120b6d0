"""Tables of time: hourly profiles, seasons, weekdays, holidays.

No hourly volume is published for any crossing: every profile is assumed, shaped by published hourly waits. Seasons
come from monthly counts, weekdays and holidays from daily counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sim.registry.files import Row, rows

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = 7
"""Index of a holiday among days; Monday is 0."""

Hours = tuple[float, ...]
"""24 shares of a day, from midnight on."""

COMPOSED = {"pov": ("pov-weekday", "pov-weekend"), "truck": ("truck-weekday", "truck-weekend")}
"""Profiles of a whole week: the profile of Monday to Friday, and that of Saturday, Sunday and holidays."""


@dataclass(frozen=True)
class Profile:
    """How the parties of a day spread over its hours."""

    name: str
    weekday: Hours
    """Monday to Friday, shares that sum to 1."""
    weekend: Hours
    """Saturday, Sunday and holidays."""

    def hours(self, day: int) -> Hours:
        """Shares of a day: 0 to 6 is Monday to Sunday, 7 a holiday."""
        return self.weekday if day < DAYS.index("sat") else self.weekend

    def within(self, opens: int, closes: int) -> Profile:
        """The profile of a port open from one full hour to another: nobody comes outside, the rest keeps its shape."""
        return Profile(self.name, _within(self.weekday, opens, closes), _within(self.weekend, opens, closes))

    def tree(self) -> dict[str, object]:
        """As written in a scenario: weights by HH:MM, by kind of day where they differ."""
        if self.weekday == self.weekend:
            return dict(_by_hour(self.weekday))
        weekday, weekend = _by_hour(self.weekday), _by_hour(self.weekend)
        return {"mon-fri": weekday, "sat-sun": weekend, "holiday": dict(weekend)}


def _within(hours: Hours, opens: int, closes: int) -> Hours:
    kept = [share if opens <= hour < closes else 0.0 for hour, share in enumerate(hours)]
    return tuple(round(share / sum(kept), 5) for share in kept)


def _by_hour(hours: Hours) -> dict[str, float]:
    """Weights by hour; an hour like the one before it is left out."""
    return {f"{hour:02}:00": share for hour, share in enumerate(hours) if hour == 0 or share != hours[hour - 1]}


@cache
def profiles() -> Mapping[str, Profile]:
    """Every profile by name."""
    table = rows("profiles.csv")
    found: dict[str, Hours] = {"flat": (1 / 24,) * 24}
    for name in table[0]:
        if name != "hour":
            found[name] = tuple(float(row[name]) for row in table)
    simple = {name: Profile(name, hours, hours) for name, hours in found.items()}
    return simple | {name: Profile(name, found[week], found[end]) for name, (week, end) in COMPOSED.items()}


def profile(name: str) -> Profile:
    """A profile. Raises KeyError for a name there is not; `profiles()` has them all."""
    return profiles()[name]


@cache
def _seasons() -> Mapping[str, Row]:
    return {row["name"]: row for row in rows("seasons.csv")}


def seasons() -> tuple[str, ...]:
    """Names of the seasons: `car`, `truck`, `bus`, `pedestrian` over all ports, `us-3004-car` for a port, `flat`."""
    return tuple(_seasons())


def season(name: str) -> tuple[float, ...]:
    """Twelve factors of the mean day of each month on the mean day of the year. Raises KeyError."""
    return tuple(float(_seasons()[name][month]) for month in MONTHS)


def season_year(name: str) -> str:
    """Year of the counts behind a season, empty for `flat`. Raises KeyError."""
    return _seasons()[name]["year"]


@cache
def _weekdays() -> Mapping[str, Row]:
    return {row["name"]: row for row in rows("weekdays.csv")}


def weekdays() -> tuple[str, ...]:
    """Names of the weekday factors: by mode, `flat`, and `land`, `air`, `marine`, `rail` as published."""
    return tuple(_weekdays())


def weekday(name: str) -> tuple[float, ...]:
    """Seven factors of each weekday on the mean day, Monday first. Raises KeyError."""
    return tuple(float(_weekdays()[name][day]) for day in DAYS)


def weekday_row(name: str) -> Row:
    """Days counted, source and note behind weekday factors. Raises KeyError."""
    return _weekdays()[name]


@dataclass(frozen=True)
class Holiday:
    """Traffic on a holiday over the same weekday of its month without holidays."""

    mode: str
    direction: str
    name: str
    country: str
    dates: tuple[str, ...]
    """Days of 2018 and 2019 the holiday fell on."""
    factor: float
    """Mean over the samples."""
    low: float
    high: float
    samples: int
    """Days observed; several detectors on one date count each."""
    compared_days: int
    source: str


@cache
def holidays() -> tuple[Holiday, ...]:
    """Every holiday observed, by mode and direction."""
    return tuple(
        Holiday(
            mode=row["mode"],
            direction=row["direction"],
            name=row["holiday"],
            country=row["country"],
            dates=tuple(row["dates"].split()),
            factor=float(row["factor"]),
            low=float(row["low"]),
            high=float(row["high"]),
            samples=int(row["samples"]),
            compared_days=int(row["compared_days"]),
            source=row["source"],
        )
        for row in rows("holidays.csv")
    )


@dataclass(frozen=True)
class HolidayFactor:
    """One factor for every holiday of a mode and direction, with the least and most of the single holidays."""

    factor: float
    low: float
    high: float
    source: str


@cache
def holiday_factor(mode: str, direction: str) -> HolidayFactor | None:
    """Mean over the holidays of the country that inspects, weighted by samples; None where no day was counted."""
    country = "Canada" if direction == "northbound" else "United States"
    found = [
        day for day in holidays() if (day.mode, day.direction) == (mode, direction) and day.country in (country, "both")
    ]
    if not found:
        return None
    samples = sum(day.samples for day in found)
    mean = sum(day.factor * day.samples for day in found) / samples
    return HolidayFactor(
        round(mean, 2), min(day.factor for day in found), max(day.factor for day in found), found[0].source
    )
