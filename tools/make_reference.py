"""Write the reference page of the scenario format and the schema beside the worked scenarios, from the models.

    python tools/make_reference.py [--check]

writes docs/scenario-reference.md and scenarios/bordersim.schema.json. With `--check` nothing is written; the exit
status is 1 when one of them is out of step.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sim.scenario import editor_schema
from sim.scenario.distributions import KINDS
from sim.scenario.editor_values import Schema, definition_of

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "scenario-reference.md"
SCHEMA = ROOT / "scenarios" / editor_schema.FILE

HEAD = """\
# Scenario reference

Every key of a scenario file: what may stand there, what holds when it does not, and what it means. Written by
`tools/make_reference.py` from the schema that editors use; to have it in your editor see
[How to](how-to.md#write-scenarios-with-an-editor-that-knows-the-keys). Recipes are in [How to](how-to.md), rules and
their sources in [Theory](theory.md).

A key marked **required** must be written where its mapping stands. `null` is as good as leaving a key out. Unknown keys
are refused. Every quantity carries its unit; a bare number there is refused. Names of ports, lane groups, pools and
variants are small letters, digits and hyphens. Shape is not all: `bordersim check FILE` also finds what needs a sum,
another key or a table.
"""

GROUPS = {
    "Keys": (
        *("Scenario", "Port", "Traffic", "Occupants", "NexusMembers", "DayToDay", "Approach", "LaneGroup", "Service"),
        *("Handover", "Secondary", "Standard", "Divert", "OfficerPool", "Event"),
        *("Preclearance", "Departures", "Stage", "Failure", "Hall", "FarSide", "Costs"),
        *("Irregular", "Groups", "Driver", "Deterrence", "Intercept", "Resource", "ClaimStage", "Eligibility"),
        *("Exemption", "Intake", "Weather", "FlowCosts", "DatedRule", "Board", "Displacement", "Origin", "Way"),
        *("Weights", "Closed"),
    ),
    "Values": (
        *(
            "Duration",
            "Rate",
            "Share",
            "AnyShare",
            "CarLengths",
            "Metres",
            "Distance",
            "People",
            "Money",
            "ShareOrRest",
            "AirportCode",
            "SectorId",
            "CivilTime",
            "CivilMoment",
            "CivilDate",
            "TimeOfDay",
            "Zone",
        ),
        *("Name", "ClassPattern", "CsvFile", "Count", "Factor", "PositiveFactor"),
    ),
    "Values over the day and week": ("OpenTable", "HoursTable", "DurationTable", "ProfileTable"),
}


class Page:
    """The page of one schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.definitions: dict[str, Schema] = {**schema["definitions"], "Scenario": schema}

    def text(self) -> str:
        """The whole page in Markdown."""
        models, scalars, tables = GROUPS.values()
        listed = {*models, *scalars, *tables, *map(definition_of, KINDS), "Distribution", "Variant"}
        more = {name.removesuffix(editor_schema.PART) for name in self.definitions} - listed
        models = (*models, *sorted(more))  # a new model is not forgotten
        parts = [HEAD, self._contents(models)]
        parts += [self._model(name) for name in models]
        parts += [self._variants(), self._values(scalars), self._tables(tables), self._distributions()]
        return "\n".join(parts)

    def _contents(self, models: Sequence[str]) -> str:
        links = " · ".join(self._link(name) for name in (*models, "Variant"))
        values = "[values](#values) · [values over the day and week](#values-over-the-day-and-week)"
        return f"**Keys:** {links}\n\n**Values:** {values} · [distributions](#distribution)\n"

    def _link(self, name: str) -> str:
        """A definition by its title, with a link to where it is told."""
        scalar = name in GROUPS["Values"]
        over_week = name in GROUPS["Values over the day and week"]
        title = self._title(name)
        anchor = "values" if scalar else "values-over-the-day-and-week" if over_week else title.replace(" ", "-")
        return f"[{title}](#{anchor})"

    def _title(self, name: str) -> str:
        return "scenario" if name == "Scenario" else str(self.definitions[name]["title"])

    def _model(self, name: str) -> str:
        model = self.definitions[name]
        needed = set(model.get("required", ()))
        rows, has_kinds = [], "erlang" in model["properties"]
        for key, schema in model["properties"].items():
            if not (has_kinds and key in KINDS):
                rows.append((f"`{key}`", self.words(schema), self._default(schema, key in needed), _cell(schema)))
        if has_kinds:
            what = "One distribution, its kind as the key; the service may also be a bare duration."
            rows.insert(0, ("*kind*", self._link("Distribution"), "**required**", what))
        table = _table(("key", "type", "default", "meaning"), rows)
        return f"## {_heading(self._title(name))}\n\n{model['description']}\n\n{table}\n{_example(model)}"

    def _default(self, schema: Schema, needed: bool) -> str:
        if needed:
            return "**required**"
        return f"`{_flow(schema['default'])}`" if "default" in schema else ""

    def _variants(self) -> str:
        model = self.definitions["Variant"]
        return (
            f"## Variant\n\n{model['description']}\n\nA path is the keys on the way down with dots between; entries of "
            "lists are counted from 0. The last key may be new where the model knows it. `format`, `seed` and "
            f"`variants` cannot be set. Paths of one variant may not overlap.\n\n{_example(model)}"
        )

    def _values(self, names: Sequence[str]) -> str:
        rows = []
        for name in names:
            schema = self.definitions[name]
            shown = ", ".join(f"`{_flow(example)}`" for example in schema.get("examples", ()))
            rows.append((schema["title"], _cell(schema), shown))
        return f"## Values\n\n{_table(('type', 'what may be written', 'such as'), rows)}"

    def _tables(self, names: Sequence[str]) -> str:
        rows = [
            (self._title(name), _cell(self.definitions[name]), f"`{_flow(self.definitions[name]['examples'][0])}`")
            for name in names
        ]
        return (
            "## Values over the day and week\n\nOne value that always holds; or a mapping by time of day, where each "
            "value holds until the next and the last one of the day before the first; or either of these by days, "
            "which cover the week once: `mon`, `mon-thu`, `fri-mon` (ranges wrap), and `holiday` for the dates in "
            f"`holidays`.\n\n{_table(('type', 'what may be written', 'such as'), rows)}"
        )

    def _distributions(self) -> str:
        rows = []
        for kind in KINDS:
            schema = self.definitions[definition_of(kind)]
            rows.append(
                (f"`{kind}`", self._parameters(schema), _cell(schema), f"`{_flow({kind: schema['examples'][0]})}`")
            )
        whole = self.definitions["Distribution"]["description"]
        return f"## Distribution\n\n{whole}\n\n{_table(('kind', 'parameters', 'meaning', 'such as'), rows)}"

    def _parameters(self, schema: Schema) -> str:
        said = []
        for key, value in schema.get("properties", {}).items():
            default = f", `{value['default']}` unless given" if "default" in value else ""
            said.append(f"`{key}` ({self.words(value)}{default})")
        return ", ".join(said) or "a list of parts, each with its `share` and one distribution"

    # ---- types in words ----

    def words(self, schema: Schema) -> str:
        """The type of a value as a reader says it."""
        if "$ref" in schema:
            return self._link(schema["$ref"].rpartition("/")[2])
        if "else" in schema:  # what differs is how much of it must be written
            return self.words(schema["else"])
        if "anyOf" in schema:
            return self._alternatives(list(_flat(schema)))
        if "enum" in schema:
            return " or ".join(f"`{word}`" for word in schema["enum"] if word is not None)
        if "const" in schema:
            return f"`{schema['const']}`"
        kind = schema.get("type")
        kind = next(one for one in kind if one != "null") if isinstance(kind, list) else kind
        if kind == "array":
            return f"list of {self.words(schema['items'])}"
        if kind == "object":
            return self._mapping(schema)
        limits = {"minimum": "from", "maximum": "to", "exclusiveMinimum": "above"}
        told = [f"{word} {schema[key]}" for key, word in limits.items() if key in schema]
        return " ".join([str(schema.get("title", "text")), *told])

    def _mapping(self, schema: Schema) -> str:
        """A mapping, by what its keys are and what stands behind them."""
        if "patternProperties" in schema:
            ((pattern, value),) = schema["patternProperties"].items()
            by = {"^[0-9]+$": "number", "^.+$": "path"}.get(pattern, "name")
        else:
            value = next(iter(schema["properties"].values()))
            by = next((by for key, by in _BY.items() if key in schema["properties"]), "mode")
        return f"{self.words(value)} by {by}"

    def _alternatives(self, parts: list[Schema]) -> str:
        """`duration or service, or by class`: a mapping of the same as stands beside it needs no second telling."""
        singles = [part for part in parts if not _is_mapping(part)]
        beside = " or ".join(dict.fromkeys(self.words(part) for part in singles))
        told = [beside] if beside else []
        for part in parts:
            if _is_mapping(part):
                words = self.words(part)
                told.append(words.removeprefix(beside).strip() if beside and words.startswith(beside) else words)
        return ", or ".join(told)


_BY = {"car.nexus": "class", "adults": "kind of group", "minor": "ground", "sensor": "source", "jan": "month",
       "suspended": "rule"}  # fmt: skip
"""What a mapping is by, told from one of its keys."""


def _is_mapping(schema: Schema) -> bool:
    return schema.get("type") == "object"


def _flat(schema: Schema) -> Iterator[Schema]:
    """The alternatives, those of alternatives among them, without null."""
    for part in schema["anyOf"]:
        if "anyOf" in part:
            yield from _flat(part)
        elif part.get("type") != "null":
            yield part


# ---- Markdown and YAML ------------------------------------------------------------------------------------


def _heading(title: str) -> str:
    return title[:1].upper() + title[1:]


def _cell(schema: Schema) -> str:
    return re.sub(r"\s+", " ", schema.get("description", "")).replace("|", "\\|")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _example(schema: Schema) -> str:
    lines = "\n".join(_lines(schema["examples"][0]))
    return f"```yaml\n{lines}\n```\n"


def _lines(value: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """YAML with what fits on a line on one line."""
    for key, child in value.items():
        flat = f"{'  ' * depth}{_key(key)}: {_flow(child)}"
        if isinstance(child, dict) and (len(flat) > 90 or (depth == 0 and len(child) > 4)):
            yield f"{'  ' * depth}{_key(key)}:"
            yield from _lines(child, depth + 1)
        else:
            yield flat


def _key(key: str) -> str:
    return f'"{key}"' if ":" in key or key == "*" else key


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(key)}: {_flow(child)}' for key, child in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_flow(child) for child in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) and re.fullmatch(r"\d\d:\d\d", value) else str(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write both files, or say which is out of step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when a file is out of step")
    check = parser.parse_args(arguments).check
    wanted = {PAGE: Page(editor_schema.json_schema()).text(), SCHEMA: editor_schema.text()}
    stale = [file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    for file in stale:
        if not check:
            file.write_text(wanted[file], encoding="utf-8")
        print(f"{'out of step' if check else 'written'}: {file.relative_to(ROOT)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
