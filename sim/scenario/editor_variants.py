"""The schema of a variant: which dotted paths it may set, and what may stand behind each.

Paths follow from the schema of the scenario itself, so that a path nobody can set and a value of the wrong kind are
underlined like any other. Times of day and days inside week tables are not told apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sim.scenario.editor_values import (
    NAME,
    Schema,
    definition_of,
    described,
    either,
    escaped,
    kind_schemas,
    ref,
    week_tables,
)
from sim.scenario.operations import ROUNDS, SPREAD
from sim.scenario.reckoning import OPERATIONS
from sim.scenario.units import NUMBER
from sim.scenario.variants import EXTENDS, FIXED

_REFERENCE = re.compile(r"#/definitions/(\w+)")


def variants(root: Schema, definitions: dict[str, Schema]) -> Schema:
    """Definition of one variant. `root` is the schema of a scenario, `definitions` what it refers to."""
    kinds = {definition_of(kind) for kind in kind_schemas()}
    walk = _Paths(definitions, frozenset({*week_tables(), *kinds}))
    top = {key: value for key, value in root["properties"].items() if key not in FIXED}
    found: dict[str, list[Schema]] = {}
    for pattern, schema in walk.below({"properties": top}, ""):
        stated = found.setdefault(f"^{pattern}$", [])
        if schema not in stated:
            stated.append(schema)
    definitions["Operation"] = _operation()
    return {
        "title": "variant",
        "description": "Paths with the values that replace what stands there, such as "
        "ports.pacific-highway.lanes.general.booths: 7, or with what is done to it, such as {plus: 1}. `extends` names "
        "a variant to start from.",
        "type": "object",
        "minProperties": 1,
        "properties": {EXTENDS: {**ref("Name"), "description": "The variant whose paths come first."}},
        "patternProperties": {
            pattern: schemas[0] if schemas == [{}] else either(*_branches(schemas), ref("Operation"))
            for pattern, schemas in found.items()
        },
        "additionalProperties": False,
        "examples": [{"ports.pacific-highway.traffic.car.nexus": "40 %"}],
    }


def _branches(schemas: list[Schema]) -> Iterator[Schema]:
    """The schemas, of those that are nothing but alternatives each."""
    for schema in schemas:
        yield from schema["anyOf"] if set(schema) == {"anyOf"} else (schema,)


def _operation() -> Schema:
    """What is done to the value that stands at a path."""
    quantity: Schema = {"title": "quantity", "type": "string", "pattern": rf"^\s*{NUMBER}\s*\S"}
    number: Schema = either({"title": "number", "type": "number"}, quantity)
    day = "(?:mon|tue|wed|thu|fri|sat|sun)"
    days: Schema = {
        "title": "days",
        "type": "string",
        "pattern": f"^(?:holiday|{day}(?:-{day})?)$",
        "examples": ["sat-sun"],
    }
    listed: Schema = {"title": "list of days", "type": "array", "items": days}
    anything: Schema = {"title": "any value", "type": ["number", "string", "boolean", "object", "array"]}
    told = {
        "times": ({"title": "number", "type": "number", "minimum": 0}, "Multiplies it."),
        "plus": (number, "Adds to it, in a table to every entry."),
        "at_least": (number, "The least that comes out."),
        "at_most": (number, "The most that comes out."),
        "set": (anything, "Puts this there, with from and until in those hours of a table."),
        "widen": (ref("Duration"), "A table that is open so much earlier and closes so much later."),
        "from": (ref("TimeOfDay"), "Only from this time of day on."),
        "until": (ref("TimeOfDay"), "Only until this time of day; before `from`: of the next day."),
        "days": (either(days, listed), "Only on these days of the week, such as sat-sun."),
        "only_above": (number, "Leaves values up to this alone."),
        "round": ({"enum": [*ROUNDS, SPREAD]}, "Makes whole numbers; spread: some hours up, some down."),
    }
    return {
        "title": "operation",
        "description": "What is done to the value that a path of a variant leads to. `times`, `plus`, `at_least` and "
        "`at_most` can stand together and are applied in this order.",
        "type": "object",
        "properties": {key: described(schema, text) for key, (schema, text) in told.items()},
        "anyOf": [{"required": [key]} for key in OPERATIONS],
        "additionalProperties": False,
        "examples": [{"plus": 1, "from": "12:00", "until": "20:00"}],
    }


class _Paths:
    """Patterns of paths with the schema of what stands there."""

    def __init__(self, definitions: dict[str, Schema], closed: frozenset[str]) -> None:
        self.definitions = definitions
        self.closed = closed
        """Definitions below which any path is taken."""

    def below(self, schema: Schema, prefix: str) -> Iterator[tuple[str, Schema]]:
        """Every path below a value of this schema."""
        reference = _REFERENCE.fullmatch(schema.get("$ref", ""))
        if reference and reference[1] in self.closed:
            yield f"{prefix}.+", {}
        elif reference:
            yield from self.below(self.definitions[reference[1]], prefix)
        for part in (*schema.get("anyOf", ()), *([schema["then"]] if "then" in schema else [])):
            yield from self.below(part, prefix)
        for step, value in _steps(schema):
            yield f"{prefix}{step}", _bare(value)
            yield from self.below(value, rf"{prefix}{step}\.")


def _steps(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Patterns of one step down, keys with the same kind of value in one."""
    alike: dict[str, list[str]] = {}
    for key, value in schema.get("properties", {}).items():
        alike.setdefault(json.dumps(_bare(value), sort_keys=True), []).append(key)
    for like, keys in alike.items():
        words = "|".join(escaped(key) for key in keys)
        yield (words if len(keys) == 1 else f"(?:{words})"), json.loads(like)
    for pattern, value in schema.get("patternProperties", {}).items():
        yield pattern.removeprefix("^").removesuffix("$").replace(f"$){NAME}", rf"(?:\.|$)){NAME}"), value
    if isinstance(schema.get("items"), dict):
        yield r"\d+", schema["items"]


def _bare(schema: Schema) -> Schema:
    """The schema without what is said about the key."""
    return {key: value for key, value in schema.items() if key not in ("description", "default")}
