"""The JSON Schema for editors: it takes whatever the loader takes, and finds what is wrong in shape."""

from __future__ import annotations

import copy
import importlib.util
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sim.errors import ScenarioError
from sim.scenario import editor_schema, load, schema, units
from sim.scenario.control import Control
from sim.scenario.editor_examples import EXAMPLES
from sim.scenario.fields import Model
from sim.scenario.problems import ProblemError
from sim.scenario.sweeps import expand
from sim.scenario.traffic import NexusMembers, Occupants
from sim.scenario.variants import apply
from sim.scenario.yaml_nodes import read_file

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))
VALID = sorted((ROOT / "tests" / "scenarios" / "valid").glob("*.yaml"))
INVALID = sorted((ROOT / "tests" / "scenarios" / "invalid").glob("*.yaml"))
MODELS = {
    model.__name__: model
    for model in vars(schema).values()
    if isinstance(model, type) and issubclass(model, Model) and model.model_fields
}


@cache
def validator() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(editor_schema.json_schema())


def faults(plain: Any) -> list[tuple[str, str]]:
    """Where and what the schema objects to, alternatives included."""

    def all_of(error: jsonschema.ValidationError) -> Iterator[jsonschema.ValidationError]:
        yield error
        for inner in error.context or ():
            yield from all_of(inner)

    found = [error for outer in validator().iter_errors(plain) for error in all_of(outer)]
    return [(".".join(map(str, error.absolute_path)), error.message) for error in found]


def by_name(path: Path) -> str:
    return path.stem


# ---- whatever the loader takes ----------------------------------------------------------------------------


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(editor_schema.json_schema())


@pytest.mark.parametrize("path", [*SHIPPED, *VALID], ids=by_name)
def test_what_loads_passes_with_its_variants_and_written_out(path: Path) -> None:
    study = load(path, seed=1)
    written = read_file(path)
    assert faults(written.plain) == []
    expand(written, 1, [])
    for name in study.variants:
        tree, _ = apply(written, name, [])
        assert faults(tree.plain) == [], name
    for name, plain in study.trees.items():
        assert faults(plain) == [], f"{name}, written out"


SHORT_FORMS = [
    ("name", "07"),
    ("start", "2024-07-06T08:30:15"),
    ("horizon", "1 h 30 min"),
    ("horizon", " 1.5e1h "),
    ("warm_up", None),
    ("ports.here.traffic.car.occupants", {"fixed": 2}),
    ("ports.here.traffic.car.nexus", {"members": "40 %"}),
    ("ports.here.traffic.car.profile", {"mon-fri": {"6:00": 1}, "sat-sun": 2, "holiday": 3}),
    ("ports.here.lanes.general.service", {"car": "50 s", "*": {"gamma": {"mean": "1 min", "cv": 1}, "move_up": "5 s"}}),
    ("ports.here.lanes.general.service", {"erlang": None, "exponential": {"mean": "50 s"}}),
    ("ports.here.lanes.general.tandem", True),
    ("ports.here.lanes.general.open", {"fri-mon": 1, "tue-thu": {"06:00": 2}}),
    ("ports.here.secondary", {"bays": 1, "referral": {"car": "5 %"}, "service": "9 min"}),
    ("ports.here.secondary", {"x-ray": {"bays": 1, "referral": {"car": "5 %"}, "service": "9 min"}}),
    ("ports.here.standard", {"wait": "20 min"}),
    ("ports.here.hours", {"08:00": "open", "20:00": "closed"}),
    ("events", [{"name": "a", "from": "2024-07-06 09:00", "demand": 1.5, "stopped": "all"}]),
    ("events", [{"name": "a", "from": "2024-07-06 09:00", "demand": {"all": 2}, "service": {"general": 2, "*": 1.1}}]),
    ("variants", {"a": {"ports.here.traffic.car.nexus": "9 %"}, "b": {"extends": "a", "horizon": "2 h"}}),
    ("variants", {"a": {"ports.here.traffic.car.nexus.members": "9 %", "ports.here.lanes.general.open.06:00": 2}}),
]
BASE: dict[str, Any] = {
    "format": 1,
    "name": "A port",
    "start": "2024-07-06 00:00",
    "horizon": "24 h",
    "seed": 1,
    "ports": {
        "here": {
            "direction": "northbound",
            "zone": "America/Vancouver",
            "traffic": {"car": {"per_day": 2400}},
            "lanes": {"general": {"serves": ["car"], "booths": 3, "service": "50 s"}},
        }
    },
}


def with_value(path: str, value: Any) -> dict[str, Any]:
    plain = copy.deepcopy(BASE)
    place, steps = plain, path.split(".")
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    if path == "variants" and "ports.here.traffic.car.nexus.members" in value.get("a", {}):
        plain["ports"]["here"]["traffic"]["car"]["nexus"] = {"members": "5 %"}
        plain["ports"]["here"]["lanes"]["general"]["open"] = {"06:00": 1}
    return plain


@pytest.mark.parametrize(("path", "value"), SHORT_FORMS)
def test_short_forms_pass_and_load(path: str, value: Any, tmp_path: Path) -> None:
    plain = with_value(path, value)
    file = tmp_path / "short.yaml"
    file.write_text(json.dumps(plain), encoding="utf-8")  # JSON is YAML
    assert load(file).baseline.ports
    assert faults(plain) == []


NUMBERS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.floats(0, 1e6, allow_nan=False).map(repr),
    st.from_regex(r"[-+]?(0|\d{1,3}\.\d{0,2}|\.\d)(e[-+]?\d)?", fullmatch=True),
)
QUANTITIES = {
    "Duration": units.duration,
    "Rate": units.rate,
    "Share": units.share,
    "AnyShare": units.share_of_any_size,
    "CarLengths": units.car_lengths,
    "Metres": units.metres,
    "CivilTime": units.civil_time,
    "TimeOfDay": units.second_of_day,
}
UNITS = ("s", "min", "h", "d", "/h", "/s", "%", "cars", "vehicles", "m", "km", "hours", "")


@given(st.sampled_from(sorted(QUANTITIES)), st.lists(st.tuples(NUMBERS, st.sampled_from(UNITS)), max_size=2))
def test_a_quantity_that_is_read_matches_its_pattern(name: str, parts: list[tuple[str, str]]) -> None:
    for text in (" ".join(f"{number} {unit}" for number, unit in parts), "".join(map("".join, parts))):
        try:
            QUANTITIES[name](text)
        except ProblemError:
            continue
        assert re.search(validator().schema["definitions"][name]["pattern"], text), text


# ---- and finds what is wrong in shape ---------------------------------------------------------------------

MISTAKES = [
    ("horizn", "24 h"),
    ("horizon", 24),
    ("horizon", "24 hours"),
    ("start", "2024-07-06"),
    ("ports.here.direction", "north"),
    ("ports.here.trafic", {}),
    ("ports.Here", {}),
    ("ports.here.traffic.car.nexus", 0.3),
    ("ports.here.traffic.car.nexus", "101 %"),
    ("ports.here.traffic.tram", {"per_day": 5}),
    ("ports.here.lanes.general.booths", "3"),
    ("ports.here.lanes.general.boths", 3),
    ("ports.here.lanes.general.serves", "car"),
    ("ports.here.lanes.general.serves", ["cars"]),
    ("ports.here.lanes.general.open", {"24:00": 1}),
    ("ports.here.lanes.general.open", {"monday": 1}),
    ("ports.here.lanes.general.service", {"erlng": {"mean": "50 s", "shape": 3}}),
    ("ports.here.lanes.general.service", {"erlang": {"mean": "50 s", "shap": 3}}),
    ("ports.here.lanes.general.service", {"erlang": {"mean": 50, "shape": 3}}),
    ("ports.here.lanes.general.service", {"when_queue_over": {"40": 0.9}}),
    ("ports.here.lanes.general.service", {"car": {"move_up": "5 s"}}),
    ("ports.here.lanes.general.patience", {"car.nexuss": "5 min"}),
    ("ports.here.approach", {"storage": 60}),
    ("events", [{"name": "a", "demand": 1.5}]),
    ("variants", {"a": {"ports.here.lanes.general.boths": 4}}),
    ("variants", {"a": {"ports.here.lanes.general.booths": "4"}}),
    ("variants", {"a": {"seed": 4}}),
]


@pytest.mark.parametrize(("path", "value"), MISTAKES)
def test_a_mistake_in_shape_is_found_where_it_stands(path: str, value: Any, tmp_path: Path) -> None:
    plain = with_value(path, value)
    file = tmp_path / "wrong.yaml"
    file.write_text(json.dumps(plain), encoding="utf-8")
    with pytest.raises(ScenarioError):
        load(file)
    parent, _, key = path.rpartition(".")
    found = faults(plain)
    assert any(at.startswith(path) or (at == parent and f"'{key}'" in message) for at, message in found), found


SHAPE = re.compile(
    r"unknown (key|unit|class|distribution|parameter)|has no unit|more than all"
    r"|is not a (name|date|time|duration|share|day)"
)


def structural() -> list[Path]:
    """Files of the corpus of which YAML can be read and every fault is one of shape, none of it in a table."""
    found = []
    for path in INVALID:
        expected = re.findall(r"^# expect: \d+:\d+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        if expected and all(SHAPE.search(line) for line in expected):
            found.append(path)
    return found


def test_the_corpus_has_faults_of_shape() -> None:
    assert len(structural()) >= 10


def test_nearly_every_fault_of_shape_in_the_corpus_is_found() -> None:
    passed = []
    for path in structural():
        try:
            plain = read_file(path).plain
        except ScenarioError:
            continue
        if not faults(plain):
            passed.append(path.stem)
    assert len(passed) <= 0.1 * len(structural()), passed


# ---- told from the models ---------------------------------------------------------------------------------


def definition(name: str) -> dict[str, Any]:
    whole = editor_schema.json_schema()
    return whole if name == "Scenario" else whole["definitions"][name]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", sorted({*MODELS, "Occupants", "NexusMembers"}))
def test_keys_and_their_meaning_are_those_of_the_model(name: str) -> None:
    model = {**MODELS, "Control": Control, "Occupants": Occupants, "NexusMembers": NexusMembers}[name]
    told = definition(name)
    assert set(told["properties"]) == set(model.keys())
    assert told["additionalProperties"] is False
    for field_name, field in model.model_fields.items():
        key = field.alias or field_name
        if key in told["properties"]:
            assert told["properties"][key]["description"] == field.description


@pytest.mark.parametrize("name", sorted(validator().schema["definitions"]))
def test_every_key_says_what_may_stand_there(name: str) -> None:
    for key, told in validator().schema["definitions"][name].get("properties", {}).items():
        assert {"$ref", "anyOf", "type", "enum", "const", "if"} & set(told), f"{name}.{key} takes anything"


def test_every_text_has_a_pattern_but_what_is_for_people() -> None:
    """A type of field that the schema does not know would come out as any text."""

    def texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if isinstance(value, dict):
            if value.get("type") in ("string", ["string", "null"]) and "pattern" not in value:
                yield path
            for key, child in value.items():
                if key not in ("examples", "default"):
                    yield from texts(child, (*path, key))
        elif isinstance(value, list):
            for child in value:
                yield from texts(child, path)

    whole = editor_schema.json_schema()
    whole["definitions"].pop("Variant")  # repeats what stands elsewhere
    free = {path[-1] for path in texts(whole, ())}
    assert free == {"name", "description"}


def test_patterns_are_read_alike_by_python_and_javascript() -> None:
    """JavaScript refuses to escape what needs no escaping, and knows neither Python's named groups nor its flags."""
    text = json.dumps(editor_schema.json_schema())
    patterns = re.findall(r'"(?:pattern": ")?(\^(?:[^"\\]|\\.)*)"', text)
    assert len(patterns) > 50
    for pattern in map(json.loads, (f'"{pattern}"' for pattern in patterns)):
        re.compile(pattern)
        assert not re.search(r"\(\?[^:!=]", pattern), pattern
        assert set(re.findall(r"\\(.)", pattern)) <= set("sdS.*+?^$()[]{}|/\\"), pattern


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_examples_are_sound(name: str) -> None:
    model = {**MODELS, "Control": Control, "Occupants": Occupants, "NexusMembers": NexusMembers}[name]
    try:
        model.model_validate(EXAMPLES[name], context={})
    except ValidationError as error:
        pytest.fail(str(error))
    whole = editor_schema.json_schema()
    part = {**definition(name), "definitions": whole["definitions"]}
    assert not list(jsonschema.Draft7Validator(part).iter_errors(EXAMPLES[name]))


def test_every_model_has_an_example() -> None:
    assert {name for name in validator().schema["definitions"] if name in MODELS} <= set(EXAMPLES)


# ---- what stands in the repository ------------------------------------------------------------------------


def test_the_schema_and_the_reference_page_are_in_step() -> None:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "tools" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.main(["--check"]) == 0, "run: python tools/make_reference.py"


def test_the_reference_page_names_every_key() -> None:
    page = (ROOT / "docs" / "scenario-reference.md").read_text(encoding="utf-8")
    for name in MODELS:
        assert all(f"`{key}`" in page for key in definition(name)["properties"])


@pytest.mark.parametrize("path", SHIPPED, ids=by_name)
def test_a_shipped_scenario_points_to_the_schema_beside_it(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={editor_schema.FILE}"
    assert (path.parent / first.rpartition("=")[2]).is_file()
