"""Work that irregular flows bring to officers they share with ports, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.model.flow_plan import flow_plans
from sim.scenario import load
from sim.study.offered import Group, offered_load
from sim.study.preflight import warnings_of
from sim.study.sensitivity import usual

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


UNITS = """\
format: 1
name: units of a sector
start: 2025-01-20 00:00
horizon: 10 d
end: cut
seed: 5
irregular:
  sector:
    zone: America/Winnipeg
    groups: {per_day: 600}
    intercept: {detect: 40 %, patrols: 2, response: 60 min, with_group: 90 min}
    eligibility: {officers: 200, service: 90 min}
"""


def told(folder: Path, text: str) -> list[tuple[str, str]]:
    path = folder / "units.yaml"
    path.write_text(text)
    return [(warning.name, str(warning)) for warning in warnings_of(load(path))]


def test_too_few_units_are_an_overload(tmp_path: Path) -> None:
    """600 groups a day, 2.5 h of a unit each, against 2 x 24 h: 31.25 times what they can do."""
    ((name, message),) = told(tmp_path, UNITS)
    assert name == "overloaded-lane"
    assert "offered load 31.25" in message
    assert "open more units" in message
    assert told(tmp_path, UNITS.replace("patrols: 2", "patrols: 63")) == []


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ("patrols: 0", "no unit of this sector is on duty"),
        ("patrols: 63, open: 0", "no unit of this sector is on duty"),
        ("patrols: 64, open: 63", "unit 64 of 64 is never on duty"),
    ],
)
def test_units_never_on_duty(tmp_path: Path, units: str, said: str) -> None:
    ((name, message),) = told(tmp_path, UNITS.replace("patrols: 2", units))
    assert name.startswith("never-open")
    assert said in message


def test_officers_never_on_duty(tmp_path: Path) -> None:
    found = told(
        tmp_path, UNITS.replace("patrols: 2", "patrols: 63").replace("officers: 200", "officers: 200, open: 0")
    )
    assert [name for name, _ in found] == ["never-open"]
    assert "no officer of this stage is on duty" in found[0][1]


def test_sensitivity_of_flows_alone_looks_at_people(tmp_path: Path) -> None:
    path = tmp_path / "units.yaml"
    path.write_text(UNITS)
    assert usual(load(path).baseline) == ("persons", "persons_intercepted")
    path.write_text(SHARED)
    assert usual(load(path).baseline) == ("wait_mean",)
    halls = load(Path(__file__).parents[2] / "scenarios" / "preclearance-kiosks.yaml")
    assert usual(halls.baseline) == ("wait_total_mean",)


def test_units_never_on_duty_deter_nobody(tmp_path: Path) -> None:
    """Groups of its own with an elasticity of -0.5: four times the units halve them, but only units on duty."""

    def groups(units: str) -> float:
        path = tmp_path / "deter.yaml"
        deter = "    deterrence: {elasticity: -0.5, reference: 1}\n    intercept:"
        path.write_text(UNITS.replace("    intercept:", deter).replace("patrols: 2", units))
        (plan,) = flow_plans(load(path).baseline, 86400.0)
        return plan.own_rate.at(0.0) * 86400.0

    assert groups("patrols: 4") == pytest.approx(300.0)
    assert groups("patrols: 4, open: 1") == pytest.approx(600.0)
    assert groups("patrols: 4, open: {00:00: 1, 08:00: 4, 20:00: 1}") == pytest.approx(300.0)
