"""The schema of a variant: which dotted paths it may set, and what may stand behind each.

Paths follow from the schema of the scenario itself, so that a path nobody can set and a value of the wrong kind are
underlined like any other. Times of day and days inside week tables are not told apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sim.scenario.editor_values import NAME, Schema, definition_of, either, escaped, kind_schemas, ref, week_tables
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
    return {
        "title": "variant",
        "description": "Paths with the values that replace what stands there, such as "
        "ports.pacific-highway.lanes.general.booths: 7. `extends` names a variant to start from.",
        "type": "object",
        "minProperties": 1,
        "properties": {EXTENDS: {**ref("Name"), "description": "The variant whose paths come first."}},
        "patternProperties": {
            pattern: schemas[0] if len(schemas) == 1 else either(*schemas) for pattern, schemas in found.items()
        },
        "additionalProperties": False,
        "examples": [{"ports.pacific-highway.traffic.car.nexus": "40 %"}],
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
