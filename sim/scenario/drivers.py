"""Models of how the demand of an irregular flow changes over time: its season and dated drivers.

Demand on a day is base rate x season x driver x driver ..., left to right (`sim.model.drivers`). A driver is something
that happens elsewhere and moves people: enforcement, the end of a protected status, a visa rule, a change of agreement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from sim import registry
from sim.registry.tables import MONTHS
from sim.scenario.fields import (
    Model,
    Name,
    PositiveDuration,
    PositiveFactor,
    as_tuple,
    optional,
    required,
)
from sim.scenario.problems import Collector, Problem, ProblemError, in_words, nearest
from sim.scenario.traffic import NAME_PATTERN
from sim.scenario.units import civil_date, civil_time

DAYS_OF_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Of an ordinary year: the weights of the mean of a season."""
FROM_ONE = 0.01
"""How far the mean of a season may be from 1: rounding, no more."""


def named_flow_season(name: str) -> list[float] | None:
    """The registry's twelve factors of that name, such as `british-columbia`; None for a name it has not."""
    season = registry.flow_seasons().get(name)
    return list(season.factors) if season is not None else None


def mean_of_season(factors: Iterable[float]) -> float:
    """Mean over the days of an ordinary year."""
    return sum(factor * days for factor, days in zip(factors, DAYS_OF_MONTHS, strict=True)) / sum(DAYS_OF_MONTHS)


def _season(raw: Any) -> tuple[float, ...]:
    if isinstance(raw, str):
        known = named_flow_season(raw)
        if known is None:
            names = tuple(registry.flow_seasons())
            found = f"{in_words(raw)} names no season of irregular flows"
            raise ProblemError(Problem(found, f"one of {', '.join(names)}, or twelve factors", nearest(raw, names)))
        return tuple(known)
    factors = _by_month(raw) if isinstance(raw, Mapping) else _in_order(raw)
    mean = mean_of_season(factors)
    if abs(mean - 1.0) > FROM_ONE:
        mend = f"divide each by {mean:.4g}, and multiply the base rate by it" if mean > 0 else ""
        found = f"twelve factors with the mean {mean:.4g} over the year"
        raise ProblemError(Problem(found, "factors with the mean 1 over the days of a year", mend))
    return factors


def _in_order(raw: Any) -> tuple[float, ...]:
    if not isinstance(raw, list | tuple) or len(raw) != len(MONTHS):
        found = f"{len(raw)} numbers" if isinstance(raw, list | tuple) else in_words(raw)
        raise ProblemError(Problem(found, "twelve factors, one for each month from January, or a name of the registry"))
    return _factors(enumerate(raw))


def _by_month(raw: Mapping[str, Any]) -> tuple[float, ...]:
    collector = Collector()
    for key in raw:
        if key not in MONTHS:
            allowed = f"months {', '.join(MONTHS)}"
            collector.add(f"unknown month {in_words(key)}", allowed, nearest(key, MONTHS), at=(key,), on_key=True)
    if missing := [month for month in MONTHS if month not in raw]:
        collector.add(f"no factor for {', '.join(missing)}", "a factor for each of the twelve months, such as jan: 0.8")
    collector.done()
    return _factors((month, raw[month]) for month in MONTHS)


def _factors(written: Iterable[tuple[int | str, Any]]) -> tuple[float, ...]:
    collector = Collector()
    parsed = [collector.attempt((key,), _one_factor, value) for key, value in written]
    collector.done()
    return tuple(value for value in parsed if value is not None)


def _one_factor(raw: Any) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw <= len(MONTHS) * 31 / 28:
        return float(raw)
    raise ProblemError(Problem(in_words(raw), "a plain factor of 0 or more on the mean day of the year, such as 1.2"))


_FACTOR = {"title": "factor", "type": "number", "minimum": 0}
Season = Annotated[
    tuple[float, ...],
    BeforeValidator(_season),
    WithJsonSchema(
        {
            "anyOf": [
                {"title": "name of the registry", "type": "string", "pattern": NAME_PATTERN, "examples": ["quebec"]},
                {"title": "by month", "type": "array", "items": _FACTOR, "minItems": 12, "maxItems": 12},
                {
                    "title": "by month",
                    "type": "object",
                    "properties": dict.fromkeys(MONTHS, _FACTOR),
                    "required": list(MONTHS),
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""Twelve factors on the mean day of the year, January first; their mean over the days of an ordinary year is 1."""


def _moment(raw: Any) -> datetime:
    """A civil date and time; a date alone is its midnight."""
    if isinstance(raw, datetime):
        return raw
    try:
        day = civil_date(raw)
    except ProblemError as of_date:
        try:
            return civil_time(raw)
        except ProblemError:
            problem = of_date.problems[0]
            allowed = "a date such as 2025-01-20, or with a time of day 2025-01-20 12:00"
            raise ProblemError(Problem(problem.found, allowed)) from None
    return datetime(day.year, day.month, day.day)


CivilMoment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "examples": ["2025-01-20", "2025-01-20 12:00"]}),
]
"""Civil date, or date and time, without a zone; a date alone is the midnight it begins with."""

Shape = Literal["step", "ramp", "pulse"]
LENGTH_OF: dict[str, str | None] = {"step": None, "ramp": "over", "pulse": "half_life"}
"""The key that says how long a shape takes."""


class Driver(Model):
    """Something dated that multiplies the demand of an irregular flow. Several at once multiply."""

    quiet: ClassVar[frozenset[str]] = frozenset({"until", "over", "half_life"})
    derived: ClassVar[frozenset[str]] = frozenset({"shape"})

    name: Name = required("What it is called, such as us-enforcement-2025.")
    from_: CivilMoment = required("When it begins: a date, or a date and time of day.", alias="from")
    until: CivilMoment | None = optional(None, "When it ends and the factor is 1 again; none: to the end.")
    shape: Shape = optional(
        "step",
        "step: the factor at once; ramp: in a straight line from 1 to the factor; pulse: the factor at once, then back "
        "to 1 by halves. Not written: ramp with over, pulse with half_life, else step.",
    )
    multiply: PositiveFactor = required("Factor on demand: of a step, at the end of a ramp, at the start of a pulse.")
    over: PositiveDuration | None = optional(None, "Of a ramp: how long it takes, such as 30 d.")
    half_life: PositiveDuration | None = optional(
        None, "Of a pulse: time in which what it adds or takes falls to half, such as 90 d."
    )

    @classmethod
    def prepare(cls, data: Any) -> Any:
        """The shape is that of the length given."""
        if not isinstance(data, dict) or "shape" in data:
            return data
        given = [shape for shape, key in LENGTH_OF.items() if key is not None and key in data]
        return {**data, "shape": given[0]} if len(given) == 1 else data

    def check(self) -> Iterable[Problem]:
        """The length that goes with the shape, and the order of the two ends."""
        wanted = LENGTH_OF[self.shape]
        for shape, key in LENGTH_OF.items():
            if key is not None and key != wanted and getattr(self, key) is not None:
                mend = f"leave {key} out, or write shape: {shape}"
                yield Problem(f"'{key}' of a {self.shape}", f"{key} with shape: {shape}", mend, (key,), on_key=True)
        if wanted is not None and getattr(self, wanted) is None:
            yield Problem(f"a {self.shape} without '{wanted}'", f"how long it takes, such as {wanted}: 30 d")
        if self.until is None:
            return
        if self.until <= self.from_:
            yield Problem("'until' is not after 'from'", "an end after the beginning", at=("until",))
        elif self.over is not None and self.until < self.from_ + timedelta(seconds=self.over):
            yield Problem("'until' comes before the ramp is through", "an end after the ramp", at=("until",))


def _named_once(drivers: tuple[Driver, ...]) -> tuple[Driver, ...]:
    collector = Collector()
    seen: set[str] = set()
    for index, driver in enumerate(drivers):
        if driver.name in seen:
            collector.add(f"a second driver '{driver.name}'", "each name once", at=(index, "name"))
        seen.add(driver.name)
    collector.done()
    return drivers


Drivers = Annotated[tuple[Driver, ...], BeforeValidator(as_tuple), AfterValidator(_named_once)]
"""Drivers of one flow, each of its own name."""
