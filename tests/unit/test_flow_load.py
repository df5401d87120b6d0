"""Work that irregular flows bring to officers they share with ports, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario import load
from sim.study.offered import Group, offered_load
from sim.study.preflight import warnings_of

SHARED = """\
format: 1
name: officers for cars and claims
start: 2025-06-02 00:00
horizon: 10 d
seed: 1
officers: {team: {officers: 5}}
ports:
  cars:
    direction: northbound
    zone: America/Toronto
    traffic: {car: {rate: 60 /h}}
    lanes: {general: {serves: [car], pool: team, service: 60 s}}
irregular:
  sector:
    zone: America/Toronto
    groups: {per_day: 24, size: {fixed: 3}, hide: 50 %}
    intercept: {detect: [30 %, 50 %], pool: team, response: 30 min, with_group: 15 min, leaves_after: LEAVES}
    interview: {pool: team, service: {deterministic: {value: 30 min}, per_extra_person: 50 %}}
    eligibility: {officers: 2, service: 30 min}
  claims:
    zone: America/Toronto
    kind: port
    eligibility: {pool: team, service: 1 h}
displacement:
  lag: 0 s
  origins:
    away:
      zone: America/Toronto
      groups: {per_day: 48}
      to: {claims: {attraction: 1}, staying: {attraction: 1}}
events:
  - {name: News, from: 2025-06-07 00:00, ports: [claims], demand: 2}
""".replace("LEAVES", "{uniform: {low: 0 min, high: 60 min}}")


def loads(folder: Path, text: str) -> dict[str, Group]:
    path = folder / "shared.yaml"
    path.write_text(text)
    return {group.name: group for group in offered_load(load(path).baseline)}


def test_claims_count_beside_cars(tmp_path: Path) -> None:
    """In officer-hours: cars 1 an hour. Of a group an hour 0.7 have an alert, 0.75 h each; 0.6 are met, 1 h each for
    three persons (a unit is in time for half of those who hide). One of two groups from away claims, twice as many from
    the sixth day on, 1 h each.
    """
    found = loads(tmp_path, SHARED)
    assert set(found) == {"team"}
    assert found["team"].parts == [
        "cars/general", "sector/interview", "sector/response", "claims/eligibility",
    ]  # fmt: skip
    hours = 240 * (1.0 + 0.7 * 0.75 + 0.6 * 1.0) + 120 * 1.0 + 120 * 2.0
    assert found["team"].work / 3600.0 == pytest.approx(hours, rel=1e-3)
    assert found["team"].load == pytest.approx(hours / 1200.0, rel=1e-3)


def test_officers_of_a_stage_alone_are_looked_at_where_they_do_not_suffice(tmp_path: Path) -> None:
    found = loads(
        tmp_path,
        SHARED.replace("eligibility: {officers: 2, service: 30 min}", "eligibility: {officers: 2, service: 5 h}"),
    )
    assert found["sector/eligibility"].load == pytest.approx(0.6 * 5.0 / 2.0, rel=1e-3)
    path = tmp_path / "shared.yaml"
    path.write_text(SHARED.replace("officers: 5", "officers: 3"))
    assert [warning.name for warning in warnings_of(load(path))] == ["overloaded-lane"]


def test_groups_counted_as_detected_are_as_many_whatever_the_chance(tmp_path: Path) -> None:
    text = SHARED.replace("per_day: 24, size", "detected_per_day: 24, size").replace(
        ", leaves_after: {uniform: {low: 0 min, high: 60 min}}", ""
    )
    narrow = loads(tmp_path, text.replace("[30 %, 50 %]", "90 %"))["team"].work
    assert loads(tmp_path, text)["team"].work == pytest.approx(narrow, rel=1e-6)
