"""Schemas of single values as users write them: quantities, times, week tables, distributions.

Each is a function of nothing that returns JSON Schema (draft 7) with references into `#/definitions`. What a
language server shows at a fault is in `errorMessage` (wrong type) and `patternErrorMessage` (wrong text), which
validators without these two keywords ignore. Patterns keep to what Python and JavaScript read alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sim.scenario import units
from sim.scenario.distributions import _PARAMETERS as PARAMETERS  # what each kind of distribution takes
from sim.scenario.distributions import DEFAULTS, Reader
from sim.scenario.units import Dimension
from sim.scenario.vocabulary import CLASS_NAMES, EVERY
from sim.scenario.weektable import DAYS, HOLIDAY

Schema = dict[str, Any]

NAME = "[a-z0-9][a-z0-9-]*"
NULL: Schema = {"type": "null"}
_NUMBER = r"(?:\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)|-0*\.?0*)(?:[eE][-+]?[0-9]+)?"
_PAST_ALL = r"\s*\+?0*(?:[1-9][0-9]{3,}|[2-9][0-9][0-9]|1[1-9][0-9]|10[1-9])(?:\.[0-9]*)?\s*%"
"""101 % and more, written without an exponent."""
_TIME = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def whole(text: str) -> str:
    """A pattern for all of a text; spaces around it do not matter."""
    return rf"^\s*{text}\s*$"


def ref(name: str) -> Schema:
    """A reference to a definition."""
    return {"$ref": f"#/definitions/{name}"}


def one_of(words: Iterable[str]) -> str:
    """A pattern that matches any of the words."""
    return f"(?:{'|'.join(escaped(word) for word in words)})"


def escaped(word: str) -> str:
    """A pattern that matches just this word. (`re.escape` escapes more than JavaScript allows.)"""
    return "".join(f"\\{char}" if char in r".*+?^$()[]{}|\/" else char for char in word)


def either(*schemas: Schema) -> Schema:
    """What any of the schemas allows."""
    return {"anyOf": list(schemas)}


def described(schema: Schema, description: str) -> Schema:
    """The schema with what is said of it. Each branch says it too: editors show the branch that fits, not the whole."""
    told = {**schema, "description": description}
    if "`" in description:
        told["markdownDescription"] = description
    if "anyOf" in schema:
        told["anyOf"] = [part if part == NULL else described(part, description) for part in schema["anyOf"]]
    return told


def keyed(keys: Iterable[str], value: Schema, **more: Any) -> Schema:
    """A mapping whose keys are known words, each with the same kind of value."""
    return {"type": "object", "properties": dict.fromkeys(keys, value), "additionalProperties": False, **more}


def keyed_by(pattern: str, value: Schema, **more: Any) -> Schema:
    """A mapping whose keys match a pattern."""
    return {"type": "object", "patternProperties": {pattern: value}, "additionalProperties": False, **more}


def text(title: str, pattern: str, allowed: str, *examples: str) -> Schema:
    """Text of a form; `allowed` is what a fault says."""
    return {
        "title": title,
        "type": "string",
        "pattern": pattern,
        "description": allowed[:1].upper() + allowed[1:] + ".",
        "errorMessage": allowed,
        "patternErrorMessage": allowed,
        "examples": list(examples),
    }


def _quantity(title: str, dimension: Dimension, *examples: str) -> Schema:
    part = rf"{_NUMBER}\s*{one_of(dimension.units)}"
    pattern = rf"^\s*(?:{part}\s*)+$" if dimension.several else whole(part)
    return text(title, pattern, dimension.allowed, *examples)


def _number(title: str, description: str, example: float, **limits: Any) -> Schema:
    return {"title": title, "type": "number", "description": description, "examples": [example], **limits}


def scalars() -> dict[str, Schema]:
    """Definitions of values that are one scalar."""
    classes = ", ".join(CLASS_NAMES)
    return {
        "Duration": _quantity("duration", units.DURATION, "45 s", "1 h 30 min"),
        "Rate": _quantity("rate", units.RATE, "600 /h", "10 /min"),
        "Share": text(
            "share",
            rf"^(?!{_PAST_ALL})\s*{_NUMBER}\s*%\s*$",
            f"{units.SHARE.allowed}, at most 100 %",
            "30 %",
        ),
        "AnyShare": _quantity("share of any size", units.SHARE, "8 %", "120 %"),
        "CarLengths": _quantity("car lengths", units.CAR_LENGTHS, "60 cars", "1 car"),
        "Metres": _quantity("metres", units.METRES, "7.5 m"),
        "Distance": _quantity("distance", units.DISTANCE, "600 km"),
        "People": _quantity("people", units.PEOPLE, "200 people"),
        "Money": _quantity("money", units.MONEY, "95 $"),
        "SectorId": text("sector", r"\S", "the id of a sector of the registry, such as quebec", "quebec"),
        "AirportCode": text("airport code", r"\S", "the code of an airport, such as YVR", "YVR"),
        "ShareOrRest": text(
            "share or rest",
            rf"^\s*(?:rest|{_NUMBER}\s*%)\s*$",
            "a share, or rest for what the others leave",
            "18 %",
            "rest",
        ),
        "CivilTime": text(
            "civil time",
            whole(rf"{_DATE}[ T]+[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})?"),
            "date and time of day at the facility without a zone, such as 2024-07-06 00:00",
            "2024-07-06 00:00",
        ),
        "CivilMoment": text(
            "civil date or time",
            whole(rf"{_DATE}(?:[ T]+[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})?)?"),
            "a date, or date and time of day, at the place without a zone, such as 2025-01-20",
            "2025-01-20",
            "2025-01-20 12:00",
        ),
        "CivilDate": text("date", whole(_DATE), "year-month-day, such as 2024-07-01", "2024-07-01"),
        "TimeOfDay": text("time of day", whole(_TIME), "a time from 00:00 to 23:59, such as '08:30'", "08:30"),
        "Zone": text(
            "time zone",
            r"^[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*$",
            "a time zone of the IANA data base, such as America/Vancouver",
            *("America/Vancouver", "America/Los_Angeles", "America/Winnipeg", "America/Chicago", "America/Detroit"),
            *("America/Toronto", "America/New_York", "America/Halifax"),
        ),
        "Name": text(
            "name",
            f"^{NAME}$",
            "a name of small letters, digits and hyphens, starting with a letter or digit, such as pacific-highway",
            "pacific-highway",
        ),
        "ClassPattern": {
            "title": "class",
            "description": f"A class, or a mode for every programme of it: one of {classes}.",
            "enum": list(CLASS_NAMES),
        },
        "CsvFile": text(
            "CSV file",
            r"\S",
            "a CSV file in the scenario's folder or below it, such as tables/cars.csv",
            "tables/cars.csv",
        ),
        "Count": {
            "title": "whole number",
            "type": "integer",
            "minimum": 0,
            "description": "A whole number of 0 or more.",
            "examples": [4],
        },
        "Factor": _number("factor", "A plain factor of 0 or more; 1.2 is 20 % more.", 1.2, minimum=0),
        "PositiveFactor": _number("factor above 0", "A plain factor above 0.", 0.9, exclusiveMinimum=0),
    }


# ---- week tables ------------------------------------------------------------------------------------------

_DAY_WORD = one_of(DAYS)
DAY_KEY = rf"^(?:{_DAY_WORD}(?:-{_DAY_WORD})?|{HOLIDAY})$"
TIME_KEY = whole(_TIME)


def week_table(title: str, value: Schema, description: str, example: Any) -> Schema:
    """One value, or values by time of day, or either of these by days of the week."""
    times = keyed_by(TIME_KEY, value, minProperties=1, title="by time of day")
    days = keyed_by(DAY_KEY, either(value, times), minProperties=1, title="by day")
    return {"title": title, **described(either(value, times, days), description), "examples": [example]}


def week_tables() -> dict[str, Schema]:
    """Definitions of what changes over the day and the week."""
    weight = {"title": "weight", "type": "number", "minimum": 0}
    hours = {"title": "open or closed", "enum": ["open", "closed"]}
    return {
        "OpenTable": week_table(
            "whole number over the week",
            ref("Count"),
            'How many are open: a whole number, or by time of day, such as {"06:00": 4, "22:00": 2}, or by days.',
            {"06:00": 4, "22:00": 2},
        ),
        "HoursTable": week_table(
            "open or closed over the week",
            hours,
            'open or closed, by time of day such as {"08:00": open, "20:00": closed}, or by days.',
            {"08:00": "open", "20:00": "closed"},
        ),
        "DurationTable": week_table(
            "duration over the week",
            ref("Duration"),
            "A duration, or durations by days or time of day, such as {mon-thu: 10 min, fri-sun: 20 min}.",
            {"mon-thu": "10 min", "fri-sun": "20 min"},
        ),
        "ProfileTable": week_table(
            "weights over the week",
            weight,
            'Weights by time of day, such as {"00:00": 1, "07:00": 6, "19:00": 2}, or by days.',
            {"00:00": 1, "07:00": 6, "19:00": 2},
        ),
    }


# ---- distributions ----------------------------------------------------------------------------------------

_PARAMETER_WORDS = {
    "value": "The time itself.",
    "mean": "Mean.",
    "sd": "Standard deviation of the normal before it is cut off.",
    "cv": "Coefficient of variation: standard deviation over mean, a plain number.",
    "low": "Lowest value.",
    "mode": "Most frequent value.",
    "high": "Highest value.",
}
_SHAPES = {"erlang": "Number of exponential stages, a whole number.", "weibull": "Shape, a plain number."}
_KIND_WORDS = {
    "deterministic": "Always the same; `50 s` alone says it too.",
    "exponential": "Exponential: standard deviation equal to the mean.",
    "erlang": "Erlang: a sum of exponential stages.",
    "gamma": "Gamma, by mean and coefficient of variation.",
    "lognormal": "Lognormal, by its own mean and coefficient of variation.",
    "weibull": "Weibull, by mean and shape.",
    "uniform": "Uniform between two values.",
    "triangular": "Triangular.",
    "truncated_normal": "Normal cut off at `low` (0 s unless given) and `high`; mean and sd are those before the cut.",
    "empirical": "Measured values from a CSV file with a column `seconds` or `minutes`, and `weight` if they differ.",
    "mixture": "One of several distributions by chance; the shares sum to 100 %.",
}
_KIND_EXAMPLES: dict[str, Any] = {
    "deterministic": {"value": "50 s"},
    "exponential": {"mean": "40 min"},
    "erlang": {"mean": "50 s", "shape": 3},
    "gamma": {"mean": "75 s", "cv": 0.7},
    "lognormal": {"mean": "15 min", "cv": 1.0},
    "weibull": {"mean": "1 h", "shape": 2},
    "uniform": {"low": "5 min", "high": "25 min"},
    "triangular": {"low": "2 min", "mode": "5 min", "high": "20 min"},
    "truncated_normal": {"mean": "40 s", "sd": "15 s", "high": "3 min"},
    "empirical": {"file": "tables/service.csv"},
    "mixture": [
        {"share": "80 %", "erlang": {"mean": "55 s", "shape": 3}},
        {"share": "20 %", "exponential": {"mean": "110 s"}},
    ],
}
_READS: dict[str, Schema] = {
    "duration": ref("Duration"),
    "positive_duration": ref("Duration"),
    "_whole_from_one": {"title": "whole number", "type": "integer", "minimum": 1},
    "_number_above_zero": {"title": "number", "type": "number", "exclusiveMinimum": 0},
}
"""Schema of a parameter by the function that reads it."""


def kind_schemas() -> dict[str, Schema]:
    """Schema of the parameters of each kind of distribution, by kind."""
    schemas = {kind: _parameters(kind, readers) for kind, readers in PARAMETERS.items()}
    schemas["empirical"] = keyed(["file"], ref("CsvFile"), required=["file"])
    part = {kind: ref(definition_of(kind)) for kind in schemas}
    schemas["mixture"] = {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": {"share": ref("Share"), **part},
            "additionalProperties": False,
            "required": ["share"],
            "minProperties": 2,
            "maxProperties": 2,
        },
    }
    return {
        kind: {"title": kind, "description": _KIND_WORDS[kind], **schema, "examples": [_KIND_EXAMPLES[kind]]}
        for kind, schema in schemas.items()
    }


def definition_of(kind: str) -> str:
    """Name of the definition of a kind of distribution."""
    return kind.title().replace("_", "")


def _parameters(kind: str, readers: dict[str, Reader]) -> Schema:
    defaults = DEFAULTS.get(kind, {})
    properties = {}
    for name, reader in readers.items():
        words = _SHAPES[kind] if name == "shape" else _PARAMETER_WORDS[name]
        properties[name] = {**_READS[reader.__name__], "description": words}
        if name in defaults:
            properties[name]["default"] = defaults[name]
    required = [name for name in readers if name not in defaults]
    return {"type": "object", "properties": properties, "additionalProperties": False, "required": required}


def distribution() -> Schema:
    """Definition of a distribution: a duration, or a mapping with one kind."""
    kinds = {
        "title": "distribution",
        "type": "object",
        "properties": {kind: ref(definition_of(kind)) for kind in _KIND_WORDS},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {
        "title": "distribution",
        "description": "A fixed time such as 50 s, or one distribution such as {erlang: {mean: 50 s, shape: 3}}.",
        **either(ref("Duration"), kinds),
        "examples": ["50 s", {"erlang": {"mean": "50 s", "shape": 3}}],
    }


def by_class(value: Schema, *more_keys: str) -> Schema:
    """A mapping by class pattern, `*` for every class not named."""
    return keyed((*CLASS_NAMES, EVERY, *more_keys), value, title="by class")
