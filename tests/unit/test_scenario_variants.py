"""Variants: paths, inheritance, and faults placed in the variant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.errors import ScenarioError
from sim.scenario import Study, load
from sim.scenario.variants import UnknownPathError, resolve_path

BASE = """\
format: 1
name: A port
start: 2024-07-06 06:00
horizon: 12 h
seed: 1
ports:
  here:
    direction: northbound
    zone: America/Vancouver
    traffic:
      car: {per_day: 2400, nexus: 30 %}
    lanes:
      general: {serves: [car], booths: 3, service: 50 s}
    secondary: {bays: 2, referral: {car: 5 %}, service: 10 min}
variants:
"""
FIRST = BASE.count("\n") + 1
"""Line of the first variant."""


def study(tmp_path: Path, variants: str) -> Study:
    path = tmp_path / "s.yaml"
    path.write_text(BASE + variants, encoding="utf-8")
    return load(path)


def fault(tmp_path: Path, variants: str) -> tuple[int, int, str]:
    with pytest.raises(ScenarioError) as caught:
        study(tmp_path, variants)
    (found,) = caught.value.faults
    return found.line - FIRST, found.column, str(found)


TREE: dict[str, Any] = {
    "ports": {
        "a": {"traffic": {"car": {"nexus": "30 %"}}, "referral": {"car": "1 %", "car.nexus": "2 %"}, "x": {"truck": 1}}
    },
    "events": [{"demand": 1}],
}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("ports.a.traffic.car.nexus", ("ports", "a", "traffic", "car", "nexus")),
        ("ports.a.referral.car.nexus", ("ports", "a", "referral", "car.nexus")),
        ("ports.a.referral.car.ready", ("ports", "a", "referral", "car.ready")),
        ("ports.a.referral.car", ("ports", "a", "referral", "car")),
        ("ports.a.x.truck.fast", ("ports", "a", "x", "truck.fast")),
        ("ports.a.x.bus", ("ports", "a", "x", "bus")),
        ("events.0.demand", ("events", 0, "demand")),
        ("warm_up", ("warm_up",)),
    ],
)
def test_paths_take_the_longest_key(text: str, path: tuple[Any, ...]) -> None:
    assert resolve_path(TREE, text) == path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ports.b.traffic.car", "no 'ports.b' in the scenario"),
        ("port.a.traffic.car", "did you mean 'ports.a.traffic.car'?"),
        ("events.3.demand", "no entry '3'"),
        ("events.x.demand", "no entry 'x'"),
        ("ports.a.x.truck.slow", "holds nothing below it"),
    ],
)
def test_paths_that_lead_nowhere(text: str, words: str) -> None:
    with pytest.raises(UnknownPathError) as caught:
        resolve_path(TREE, text)
    problem = caught.value.problem
    assert words in f"{problem.found}; {problem.mend}"


def test_a_variant_changes_only_what_it_names(tmp_path: Path) -> None:
    found = study(tmp_path, "  more: {ports.here.lanes.general.booths: 4}\n")
    base, more = found.baseline.ports["here"], found.variants["more"].ports["here"]
    assert (base.lanes["general"].booths, more.lanes["general"].booths) == (3, 4)
    assert more.lanes["general"].open.at(0, 0.0) == 4.0
    assert base.traffic == more.traffic
    assert found.variants["more"].variants == {}
    assert found.baseline.variants == {"more": {"ports.here.lanes.general.booths": 4}}


def test_values_replace_and_new_keys_are_allowed(tmp_path: Path) -> None:
    lines = """\
  change:
    ports.here.lanes.general.service: {erlang: {mean: 40 s, shape: 2}}
    ports.here.secondary.referral.car.nexus: 1 %
    ports.here.approach: {storage: 30 cars}
    ports.here.lanes.express: {serves: [car.nexus], booths: 1, service: 10 s}
"""
    port = study(tmp_path, lines).variants["change"].ports["here"]
    assert port.lanes["general"].service["*"].distribution.kind == "erlang"
    assert port.secondary["secondary"].referral == {"car": 0.05, "car.nexus": 0.01}
    assert port.approach is not None
    assert list(port.lanes) == ["general", "express"]


def test_a_child_overrides_what_it_extends(tmp_path: Path) -> None:
    lines = """\
  child: {extends: parent, ports.here.lanes.general.booths: 5}
  parent: {ports.here.lanes.general.booths: 4, ports.here.traffic.car.per_day: 3000}
"""
    found = study(tmp_path, lines)
    assert list(found.variants) == ["child", "parent"]
    child = found.variants["child"].ports["here"]
    assert (child.lanes["general"].booths, child.traffic["car"].per_day) == (5, 3000.0)
    assert found.variants["parent"].ports["here"].lanes["general"].booths == 4


def test_a_variant_without_a_key_removes_it_with_null(tmp_path: Path) -> None:
    lines = "  rate: {ports.here.traffic.car.per_day: null, ports.here.traffic.car.rate: 90 /h}\n"
    car = study(tmp_path, lines).variants["rate"].ports["here"].traffic["car"]
    assert (car.per_day, car.rate) == (None, 90 / 3600)


@pytest.mark.parametrize(
    ("lines", "place", "words"),
    [
        ("  v: {ports.here.lanes.genral.booths: 4}\n", (0, 7), "did you mean 'ports.here.lanes.general.booths'?"),
        ("  v: {ports.here.approach.storage: 30 cars}\n", (0, 7), "no 'ports.here.approach'"),
        ("  v: {ports.here.lanes.general.booths: four}\n", (0, 40), "'four'"),
        ("  v: {ports.here.lanes.general.boths: 4}\n", (0, 7), "did you mean 'booths'?"),
        ("  v: {ports.here.lanes.general.tandem: 2, ports.here.secondary.bays: 0}\n", (0, 70), "0 bays"),
        ("  v: {ports.here.secondary: null, ports.here.lanes.general.when_full: divert}\n", (0, 71), "no 'divert'"),
        ("  v: {ports.here.traffic.bus: {per_day: 20}}\n", (0, 7), "with this, ports.here.lanes: no lane group"),
        ("  v:\n    ports.here.traffic.car.nexus: 130 %\n", (1, 35), "more than all"),
        ("  v: {format: 2}\n", (0, 7), "a variant that sets 'format'"),
        ("  v: {seed: 2}\n", (0, 7), "a variant that sets 'seed'"),
        ("  v: {}\n", (0, 6), "a variant without changes"),
        ("  v: 5\n", (0, 6), "a mapping"),
        ("  v: {extends: w, replications: 5}\n", (0, 16), "no variant 'w'"),
        ("  v: {extends: v, replications: 5}\n", (0, 16), "without a cycle"),
        ("  baseline: {replications: 5}\n", (0, 3), "called 'baseline'"),
        ("  More: {replications: 5}\n", (0, 3), "write 'more'"),
        ("  v: {ports.here.secondary.bays: 1, ports.here.secondary: null}\n", (0, 37), "set the same place"),
    ],
)
def test_faults_are_placed_in_the_variant(tmp_path: Path, lines: str, place: tuple[int, int], words: str) -> None:
    line, column, text = fault(tmp_path, lines)
    assert (line, column) == place
    assert words in text


def test_faults_of_the_baseline_are_not_repeated_for_each_variant(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    lines = "  one: {replications: 5}\n  two: {replications: 6}\n"
    path.write_text(BASE.replace("horizon: 12 h", "horizon: 12") + lines, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert [(found.line, found.path) for found in caught.value.faults] == [(4, "horizon")]


def test_each_variant_reports_its_own_faults(tmp_path: Path) -> None:
    lines = "  one: {replications: 0}\n  two: {ports.here.lanes.general.booths: -1}\n"
    with pytest.raises(ScenarioError) as caught:
        study(tmp_path, lines)
    assert [(found.line - FIRST, found.path) for found in caught.value.faults] == [
        (0, "variants.one.replications"),
        (1, "variants.two.ports.here.lanes.general.booths"),
    ]
