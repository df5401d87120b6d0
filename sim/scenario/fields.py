"""The base model of the schema and the types of its fields. Every default is written as in YAML."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from sim.scenario import units
from sim.scenario.distributions import KINDS, Dist, parse_dist
from sim.scenario.problems import Problem, ProblemError, in_words, nearest
from sim.scenario.tables import CountsTable, TableReader, TraceTable
from sim.scenario.vocabulary import EVERY, MODES, check_class, check_class_anywhere, check_class_or_every, check_name
from sim.scenario.weektable import WeekTable, parse_week_table


def required(description: str, **more: Any) -> Any:
    """A field that must be written."""
    return Field(description=description, **more)


def optional(default: Any, description: str, **more: Any) -> Any:
    """A field with a default, given as it would be written in YAML (`"24 h"`, not seconds)."""
    return Field(default=default, description=description, **more)


class Model(BaseModel):
    """Base of the schema: frozen, strict, no unknown keys. `key: null` means the key is not there."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", validate_default=True, arbitrary_types_allowed=True, defer_build=True
    )

    quiet: ClassVar[frozenset[str]] = frozenset()
    """Fields the resolved form leaves out when they were not given: alternatives of one another."""
    derived: ClassVar[frozenset[str]] = frozenset()
    """Fields whose default follows from others; the resolved form writes null."""

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """The keys a user may write."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @classmethod
    def prepare(cls, data: Any) -> Any:
        """What is validated in place of what was written, for the short forms of a model."""
        return data

    def check(self) -> Iterable[Problem]:
        """Faults of the fields together; called once each of them is sound."""
        return ()

    @model_validator(mode="before")
    @classmethod
    def _prepare(cls, data: Any) -> Any:
        if isinstance(data, dict):
            needed = {name for name, field in cls.model_fields.items() if field.is_required()}
            data = {key: value for key, value in data.items() if value is not None or key in needed}
        return cls.prepare(data)

    @model_validator(mode="after")
    def _check(self) -> Any:
        if problems := tuple(self.check()):
            raise ProblemError(*problems)
        return self


class Staffed(Model):
    """Servers with a calendar `open`: all that there are, unless it is written."""

    derived: ClassVar[frozenset[str]] = frozenset({"open"})
    built: ClassVar[str] = "booths"
    """Key that says how many there are."""

    @classmethod
    def prepare(cls, data: Any) -> Any:
        """All are open unless stated."""
        return all_open(data, cls.built)


def tables_of(info: ValidationInfo) -> TableReader:
    """The reader of tables given to validation. Raises ProblemError when validation runs without a folder."""
    if isinstance(info.context, dict) and isinstance(info.context.get("tables"), TableReader):
        reader: TableReader = info.context["tables"]
        return reader
    raise ProblemError(Problem("a table", "no table where a scenario is read without a folder"))


def _quantity(parse: Callable[[Any], float], dimension: units.Dimension) -> Any:
    schema = {"type": "string", "description": dimension.allowed, "examples": [dimension.example]}
    return (BeforeValidator(parse), WithJsonSchema(schema))


def as_tuple(raw: Any) -> Any:
    """YAML lists become tuples. Raises ProblemError for anything that is not a list."""
    if isinstance(raw, list | tuple):
        return tuple(raw)
    mend = f"write [{raw}]" if isinstance(raw, str) else ""
    raise ProblemError(Problem(in_words(raw), "a list", mend))


def _parsed(parse: Callable[[Any], Any], schema: dict[str, Any]) -> tuple[BeforeValidator, WithJsonSchema]:
    return BeforeValidator(parse), WithJsonSchema(schema)


_TEXT = {"type": "string"}
_DURATION = _quantity(units.duration, units.DURATION)
_POSITIVE_DURATION = _quantity(units.positive_duration, units.DURATION)
_SPAN = _quantity(units.HORIZON.parse, units.HORIZON)
_HORIZON = _quantity(lambda raw: units.positive_duration(raw, units.HORIZON), units.HORIZON)
NO_BINS = "none"
"""Instead of a width: one bin as long as what is measured."""


def _bin(raw: Any) -> float:
    return math.inf if raw == NO_BINS else units.positive_duration(raw, units.BIN)


_BIN = _quantity(_bin, units.BIN)
_RATE = _quantity(units.rate, units.RATE)
_SHARE = _quantity(units.share, units.SHARE)
_ANY_SHARE = _quantity(units.share_of_any_size, units.SHARE)
_CAR_LENGTHS = _quantity(units.car_lengths, units.CAR_LENGTHS)
_ROOM = _quantity(units.positive_car_lengths, units.CAR_LENGTHS)
_METRES = _quantity(units.metres, units.METRES)
_DISTANCE = _quantity(units.DISTANCE.parse, units.DISTANCE)
_PEOPLE = _quantity(units.PEOPLE.parse, units.PEOPLE)
_MONEY = _quantity(units.MONEY.parse, units.MONEY)

Duration = Annotated[float, _DURATION[0], _DURATION[1]]
"""Seconds, 0 or more."""
PositiveDuration = Annotated[float, _POSITIVE_DURATION[0], _POSITIVE_DURATION[1]]
"""Seconds, above 0."""
Span = Annotated[float, _SPAN[0], _SPAN[1]]
"""Seconds, 0 or more; a bare number is taken for forgotten hours."""
Horizon = Annotated[float, _HORIZON[0], _HORIZON[1]]
"""Seconds, above 0; a bare number is taken for forgotten hours."""
BinWidth = Annotated[float, _BIN[0], _BIN[1]]
"""Seconds, above 0, infinite for `none`; a bare number is taken for forgotten minutes."""
Rate = Annotated[float, _RATE[0], _RATE[1]]
"""Per second."""
Share = Annotated[float, _SHARE[0], _SHARE[1]]
"""Fraction of 1, 0 to 1."""
AnyShare = Annotated[float, _ANY_SHARE[0], _ANY_SHARE[1]]
"""Fraction of 1, 0 or more."""
CarLengths = Annotated[float, _CAR_LENGTHS[0], _CAR_LENGTHS[1]]
"""Car lengths, 0 or more."""
Room = Annotated[float, _ROOM[0], _ROOM[1]]
"""Car lengths, above 0."""
Metres = Annotated[float, _METRES[0], _METRES[1]]
"""Metres, above 0."""
Distance = Annotated[float, _DISTANCE[0], _DISTANCE[1]]
"""Kilometres, 0 or more."""
People = Annotated[float, _PEOPLE[0], _PEOPLE[1]]
"""A number of people, 0 or more."""
Money = Annotated[float, _MONEY[0], _MONEY[1]]
"""An amount of money, 0 or more, in the one currency of a scenario."""
CivilTime = Annotated[datetime, *_parsed(units.civil_time, _TEXT | {"examples": ["2024-07-06 00:00"]})]
"""Civil date and time at the facility, without a zone."""
CivilDate = Annotated[date, *_parsed(units.civil_date, _TEXT | {"examples": ["2024-07-01"]})]
TimeOfDay = Annotated[float, *_parsed(units.second_of_day, _TEXT | {"examples": ["08:30"]})]
"""Seconds since midnight."""
Name = Annotated[str, *_parsed(check_name, _TEXT | {"pattern": "^[a-z0-9][a-z0-9-]*$"})]
"""Name of a port, lane, pool or variant."""
ClassPattern = Annotated[str, *_parsed(check_class, _TEXT)]
"""A mode (every programme of it) or a full class name."""
ClassOrEvery = Annotated[str, *_parsed(check_class_or_every, _TEXT)]
"""As ClassPattern, or `*`."""
ClassAnywhere = Annotated[str, *_parsed(check_class_anywhere, _TEXT)]
"""As ClassOrEvery, or a mode or class of a preclearance facility or of an irregular flow."""


LARGEST_FACTOR = 1000.0
"""No event multiplies by more: a larger factor is a slip."""
LARGEST_COUNT = 100_000
MOST_SERVERS = 10_000
"""Booths, bays or officers of one group."""
LARGEST_WEIGHT = 1e9


def _above_zero(raw: Any) -> Any:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 < raw <= LARGEST_FACTOR:
        return float(raw)
    allowed = f"a plain number above 0, such as 0.9, and at most {LARGEST_FACTOR:g}"
    raise ProblemError(Problem(in_words(raw), allowed, _factor_of_percent(raw)))


def _factor_of_percent(raw: Any) -> str:
    return "write a factor: '20 %' more is 1.2" if isinstance(raw, str) and raw.strip().endswith("%") else ""


def _factor(raw: Any) -> Any:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw <= LARGEST_FACTOR:
        return float(raw)
    allowed = f"a plain factor of 0 or more, such as 1.2, and at most {LARGEST_FACTOR:g}"
    raise ProblemError(Problem(in_words(raw), allowed, _factor_of_percent(raw)))


def mend_whole(raw: Any) -> str:
    """The whole number that was probably meant, written as one."""
    if isinstance(raw, str) and raw.strip().isdecimal():
        return f"write {raw.strip()} without quotes"
    if isinstance(raw, str) and raw.strip().startswith("+") and raw.strip()[1:].isdecimal():
        return adding(raw.strip()[1:])
    if isinstance(raw, float) and raw == int(raw):
        return f"write {int(raw)}"
    return ""


def adding(number: str) -> str:
    """How to say what a plus sign does not."""
    return f"write {number}; a variant adds to what is there with {{plus: {number}}}"


def _whole_key(raw: Any) -> int:
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 10:
        return int(raw)
    raise ProblemError(Problem(f"'{raw}' as a key", "a whole number of parties in the line, such as 40"))


def _count_of(raw: Any) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= LARGEST_COUNT:
        return raw
    allowed = "a whole number of 0 or more, such as 4"
    raise ProblemError(Problem(in_words(raw), f"{allowed}, and at most {LARGEST_COUNT}", mend_whole(raw)))


Count = Annotated[int, *_parsed(_count_of, {"type": "integer", "minimum": 0})]
"""A whole number, 0 or more."""
Factor = Annotated[float, *_parsed(_factor, {"type": "number", "minimum": 0})]
PositiveFactor = Annotated[float, *_parsed(_above_zero, {"type": "number", "exclusiveMinimum": 0})]
WholeKey = Annotated[int, *_parsed(_whole_key, {"type": "string", "pattern": "^[0-9]+$"})]


def by_class(raw: Any, single_keys: Iterable[str] = ()) -> Any:
    """A mapping by class pattern from either form: one value for all classes, or one per class.

    A mapping is taken as per class when its keys are classes, or nearer to classes than to `single_keys`.
    """
    if not isinstance(raw, dict) or not raw:
        return {EVERY: raw}
    singles = tuple(single_keys)
    if any(key in singles for key in raw):
        return {EVERY: raw}
    if any(key == EVERY or key.partition(".")[0] in MODES for key in raw):
        return raw
    if any(nearest(key.partition(".")[0], MODES) and not nearest(key, singles) for key in raw):
        return raw
    return {EVERY: raw}


def _dist(raw: Any, info: ValidationInfo) -> Dist:
    tables = info.context.get("tables") if isinstance(info.context, dict) else None
    return parse_dist(raw, tables)


_DIST_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "description": units.DURATION.allowed, "examples": ["50 s"]},
        {
            "type": "object",
            "properties": dict.fromkeys(KINDS, True),
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        },
    ]
}
Distribution = Annotated[InstanceOf[Dist], BeforeValidator(_dist), WithJsonSchema(_DIST_SCHEMA)]
Patience = Annotated[
    dict[ClassOrEvery, Distribution],
    BeforeValidator(lambda raw: by_class(raw, KINDS)),
    WithJsonSchema({"anyOf": [*_DIST_SCHEMA["anyOf"], {"type": "object", "additionalProperties": _DIST_SCHEMA}]}),
]
"""PerClass[Dist]: keyed by class pattern, `*` for every class."""


def _open_closed(raw: Any) -> float:
    if raw == "open":
        return 1.0
    if raw == "closed":
        return 0.0
    raise ProblemError(Problem(in_words(raw), "open or closed", nearest(str(raw), ("open", "closed"))))


OpenTable = Annotated[
    InstanceOf[WeekTable],
    BeforeValidator(lambda raw: parse_week_table(raw, _count_of)),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "object"}], "examples": [{"06:00": 4, "22:00": 2}]}
    ),
]
"""How many are open over the week: whole numbers."""


def servers(raw: Any) -> int | None:
    """The number of servers that was written; None for what cannot be one, which its own field refuses."""
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= MOST_SERVERS else None


def for_every(raw: Any) -> Any:
    """What is stated once holds for every name: a mapping stays, anything else stands under `*`."""
    return raw if isinstance(raw, dict) else {EVERY: raw}


def all_open(data: Any, built: str) -> Any:
    """What was written of a part, with all that the key `built` says there are open unless `open` is written."""
    number = servers(data.get(built)) if isinstance(data, dict) else None
    return data if number is None else {"open": number, **data}


HoursTable = Annotated[
    InstanceOf[WeekTable],
    BeforeValidator(lambda raw: parse_week_table(raw, _open_closed)),
    WithJsonSchema(
        {
            "anyOf": [{"enum": ["open", "closed"]}, {"type": "object"}],
            "examples": [{"08:00": "open", "20:00": "closed"}],
        }
    ),
]
"""1 where open, 0 where closed."""
DurationTable = Annotated[
    InstanceOf[WeekTable],
    BeforeValidator(lambda raw: parse_week_table(raw, units.BIN.parse)),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "object"}], "examples": [{"mon-thu": "10 min", "fri-sun": "20 min"}]}
    ),
]
"""Durations in seconds over the week."""


def _weight(raw: Any) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw <= LARGEST_WEIGHT:
        return float(raw)
    raise ProblemError(Problem(in_words(raw), f"a weight of 0 or more, such as 1.5, and at most {LARGEST_WEIGHT:.0f}"))


def _profile(raw: Any, info: ValidationInfo) -> WeekTable:
    table = tables_of(info).profile(raw) if isinstance(raw, str) else parse_week_table(raw, _weight)
    for steps in table.days:
        if steps is not None and not any(weight for _, weight in steps):
            raise ProblemError(Problem("a day on which every weight is 0", "some weight above 0 on every day"))
    return table


ProfileTable = Annotated[
    InstanceOf[WeekTable],
    BeforeValidator(_profile),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "object"}], "examples": ["profile.csv", {"06:00": 3, "20:00": 1}]}
    ),
]
"""Relative weights over the week."""


def _trace(raw: Any, info: ValidationInfo) -> TraceTable:
    return raw if isinstance(raw, TraceTable) else tables_of(info).trace(raw)


def _counts(raw: Any, info: ValidationInfo) -> CountsTable:
    return raw if isinstance(raw, CountsTable) else tables_of(info).counts(raw)


_CSV = {"type": "string", "pattern": r"\.csv$"}
Trace = Annotated[InstanceOf[TraceTable], BeforeValidator(_trace), WithJsonSchema(_CSV)]
Counts = Annotated[InstanceOf[CountsTable], BeforeValidator(_counts), WithJsonSchema(_CSV)]
