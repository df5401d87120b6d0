"""Variants that say what is done to a value: `{plus: 1, from: "12:00", until: "20:00"}`; and plus signs, refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sim.errors import Fault, ScenarioError
from sim.scenario import Study, fingerprint, load, resolved_yaml
from sim.scenario.operations import DAY, HOUR, in_hours, steps_of

TEXT = """format: 1
name: A port
start: 2024-08-10 00:00
horizon: 24 h
replications: 10
seed: 1
ports:
  here:
    direction: northbound
    zone: America/Toronto
    traffic: {car: {per_day: 900, nexus: 20 %}}
    lanes:
      general: {serves: [car], booths: 4, open: {"00:00": 1, "08:00": 3, "18:00": 2}, service: 50 s}
      nexus: {serves: [car.nexus], booths: 2, service: {erlang: {mean: 10 s, shape: 3}}}
variants:
"""
GENERAL = "ports.here.lanes.general"


def read(folder: Path, lines: str) -> Study:
    (folder / "s.yaml").write_text(TEXT + lines, encoding="utf-8")
    return load(folder / "s.yaml")


def fault(folder: Path, lines: str) -> Fault:
    with pytest.raises(ScenarioError) as caught:
        read(folder, lines)
    (found,) = caught.value.faults
    return found


def at(study: Study, variant: str, path: str) -> Any:
    value: Any = study.trees[variant]
    for step in path.split("/"):
        value = value[step]
    return value


# ---- what comes out --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("{plus: 1}", {"00:00": 2, "08:00": 4, "18:00": 3}),
        ('{plus: 1, from: "12:00", until: "20:00"}', {"00:00": 1, "08:00": 3, "12:00": 4, "18:00": 3, "20:00": 2}),
        ('{plus: 1, from: "22:00", until: "06:00"}', {"00:00": 2, "06:00": 1, "08:00": 3, "18:00": 2, "22:00": 3}),
        ('{plus: 1, from: "18:00"}', {"00:00": 1, "08:00": 3}),  # three until midnight
        ('{set: 0, until: "05:00"}', {"00:00": 0, "05:00": 1, "08:00": 3, "18:00": 2}),
        ("{times: 0.5, round: up, only_above: 1}", {"00:00": 1, "08:00": 2, "18:00": 1}),
        (
            '{plus: 1, from: "08:00", until: "18:00", days: [sat, mon]}',
            {
                "mon": {"00:00": 1, "08:00": 4, "18:00": 2},
                "tue-fri": {"00:00": 1, "08:00": 3, "18:00": 2},
                "sat": {"00:00": 1, "08:00": 4, "18:00": 2},
                "sun": {"00:00": 1, "08:00": 3, "18:00": 2},
            },
        ),
    ],
)
def test_a_table_is_changed_where_the_operation_says(tmp_path: Path, said: str, found: Any) -> None:
    study = read(tmp_path, f"  v: {{{GENERAL}.open: {said}}}\n")
    assert at(study, "v", "ports/here/lanes/general/open") == found
    assert all("variant v" in origin for path, origin in study.origins["v"].items() if f"{GENERAL}.open" in path)


def test_numbers_and_quantities_keep_their_unit(tmp_path: Path) -> None:
    lines = (
        "  v:\n    ports.here.traffic.car.per_day: {times: 1.1}\n    ports.here.traffic.car.nexus: {plus: 5 %}\n"
        f"    {GENERAL}.service: {{plus: -10 s}}\n    ports.here.lanes.nexus.service.erlang.mean: {{times: 2}}\n"
    )
    study = read(tmp_path, lines)
    assert at(study, "v", "ports/here/traffic/car/per_day") == 990
    assert at(study, "v", "ports/here/traffic/car/nexus") == "25 %"
    assert at(study, "v", "ports/here/lanes/general/service/deterministic/value") == "40 s"
    assert at(study, "v", "ports/here/lanes/nexus/service/erlang/mean") == "20 s"


def test_what_is_open_without_a_table_is_all_that_stood_there(tmp_path: Path) -> None:
    """Both lines speak of the baseline: one more built, and open for some hours beside the two that always are."""
    nexus = "ports.here.lanes.nexus"
    lines = f'  v: {{{nexus}.booths: {{plus: 1}}, {nexus}.open: {{plus: 1, from: "12:00", until: "20:00"}}}}\n'
    study = read(tmp_path, lines)
    assert at(study, "v", "ports/here/lanes/nexus/open") == {"00:00": 2, "12:00": 3, "20:00": 2}


def test_a_child_reckons_on_its_parent(tmp_path: Path) -> None:
    path = "ports.here.traffic.car.per_day"
    study = read(tmp_path, f"  one: {{{path}: {{plus: 100}}}}\n  two: {{extends: one, {path}: {{times: 2}}}}\n")
    assert [at(study, name, "ports/here/traffic/car/per_day") for name in ("one", "two")] == [1000, 2000]


def test_the_resolved_form_reads_back_to_the_same(tmp_path: Path) -> None:
    lines = f"  one: {{{GENERAL}.service: {{times: 1.2}}}}\n  two: {{extends: one, {GENERAL}.open: {{plus: 1}}}}\n"
    study = read(tmp_path, lines)
    resolved = tmp_path / "resolved.yaml"
    resolved.write_text(resolved_yaml(study), encoding="utf-8")
    again = load(resolved)
    assert again == study
    assert fingerprint(again) == fingerprint(study)
    assert resolved_yaml(again) == resolved_yaml(study)


def test_a_number_of_replications_until_precise_is_no_operation(tmp_path: Path) -> None:
    study = read(tmp_path, "  v: {replications: {precision: 5 %, at_least: 12, at_most: 90}}\n")
    assert at(study, "v", "replications/at_least") == 12


@pytest.mark.parametrize("hours", [(0, 5 * HOUR), (20 * HOUR, 6 * HOUR), (0, DAY), (7 * HOUR + 1800, 19 * HOUR)])
def test_added_hours_are_those_of_the_window(hours: tuple[int, int]) -> None:
    table = {"00:00": 1, "06:00": 4, "12:30": 2, "22:00": 0}

    def booth_seconds(day: Any) -> int:
        steps = [*steps_of(day), (DAY, 0)]
        return sum(value * (end - begin) for (begin, value), (end, _) in pairwise(steps))

    added = booth_seconds(in_hours(table, lambda value: value + 1, hours)) - booth_seconds(table)
    assert added == ((hours[1] - hours[0]) % DAY or DAY)


# ---- faults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "found", "mend"),
    [
        (f'{GENERAL}.open: {{plus: 1, form: "12:00"}}', "unknown key 'form'", "did you mean 'from'?"),
        (f"{GENERAL}.service: {{plus: 1}}", "the number 1 for a value that is a duration", ""),
        (f"{GENERAL}.storage: {{plus: 1}}", "'plus', and nothing is stated there", ""),
        (f"{GENERAL}: {{times: 2}}", "'times', and there stands a mapping", ""),
        (f'{GENERAL}.booths: {{plus: 1, from: "12:00"}}', "'from' for a value that holds at all hours", ""),
        (f"{GENERAL}.open: {{plus: 1, days: feast}}", "'feast' is not a day", ""),
        (f"{GENERAL}.open: {{plus: 1, days: holiday}}", "no 'holiday' in the table", ""),
        (f'{GENERAL}.open: {{plus: 1, from: "09:00", until: "09:00"}}', "hours that end as they begin", ""),
        (f'{GENERAL}.open: {{widen: 1 h, from: "09:00"}}', "'from' beside 'widen'", ""),
        (f"{GENERAL}.open: {{plus: 3}}", "6 open of 4 booths", "raise booths or open fewer"),
        (f"{GENERAL}.open: +1", "'+1', which would be 1, not 1 more", "write {plus: 1} to add to what is there"),
        (f"{GENERAL}.service: +5 s", "'+5 s', which would be 5 s, not 5 s more", "write {plus: 5 s} to add to what is"),
        (f'{GENERAL}.booths: "+1"', "'+1'", ""),
    ],
)
def test_faults_stand_at_the_line_of_the_variant(tmp_path: Path, line: str, found: str, mend: str) -> None:
    said = fault(tmp_path, f"  v: {{{line}}}\n")
    assert said.line == 16
    assert said.found.startswith(found)
    assert mend in said.mend
    assert said.allowed


def test_a_plus_sign_is_refused_where_it_would_not_add(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(TEXT.replace("booths: 2", "booths: +2") + "  v: {name: b}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path / "s.yaml")
    (found,) = caught.value.faults
    assert (found.line, found.found) == (14, "'+2', which would be 2, not 2 more")


def test_a_plus_sign_in_an_operation_or_a_text_stands(tmp_path: Path) -> None:
    study = read(tmp_path, f'  v: {{{GENERAL}.booths: {{plus: +1}}, description: "+1 booth"}}\n')
    assert at(study, "v", "ports/here/lanes/general/booths") == 5
