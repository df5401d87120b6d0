"""Keys that can do nothing are told, with their place; the same keys where they do something are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.model.build import build
from sim.model.network import StationKind
from sim.scenario import load, without_effect
from sim.scenario.cautions import collect
from sim.study.preflight import warnings_of

SHIPPED = sorted((Path(__file__).resolve().parents[2] / "scenarios").glob("*.yaml"))
HEAD = """format: 1
name: A port
start: 2024-07-06 06:00
horizon: 2 h
seed: 1
ports:
  here:
    direction: northbound
    zone: America/Vancouver
"""
TRAFFIC = "    traffic: {car: {rate: 30 /h, nexus: 20 %}}\n"
LANES = "    lanes: {general: {serves: [car], booths: 2, service: 50 s}}\n"
SECONDARY = "    secondary: {bays: 2, referral: {car: 5 %}, service: 10 min}\n"
THERE = """  there:
    direction: northbound
    zone: America/Vancouver
    traffic: {car: {rate: 30 /h}}
    lanes: {general: {serves: [car], booths: 2, service: 50 s}}
"""

HALL = (
    TRAFFIC
    + LANES
    + """preclearance:
  yvr:
    {zone: America/Vancouver, departures: {per_day: 9, seats: 9}, classes: {visitor: rest}, show_up: 90 min,
    stations: {
      kiosk: {booths: 9, share: 100 %, instead: officer, service: 9 s},
      officer: {kind: primary, booths: 3, service: 70 s}}}
"""
)


def lane(more: str) -> str:
    return TRAFFIC + f"    lanes: {{general: {{serves: [car], booths: 2, service: 50 s, {more}}}}}\n"


def event(effect: str) -> str:
    return f"events:\n  - {{name: Fair, from: 2024-07-06 07:00, {effect}}}\n"


EVERYDAY = TRAFFIC + LANES
LISTED = EVERYDAY.replace("rate: 30 /h, nexus: 20 %", "trace: t.csv")
TERMINAL = """preclearance:
  there:
    zone: America/Vancouver
    departures: {per_day: 9, seats: 90}
    classes: {everybody: 100 %}
    show_up: {uniform: {low: 30 min, high: 90 min}}
    tight: 45 min
    stations: {primary: {kind: primary, booths: 3, service: 70 s}}
"""
SECTOR = """irregular:
  sector:
    zone: America/Toronto
    kind: marine
    groups: {per_day: 3, hide: 60 %}
    intercept: {detect: {us-notice: 20 %}, patrols: 3, response: 40 min}
    eligibility: {officers: 2, service: 90 min, exceptions: {family: {adults: 5 %}}, exemptions: {new: {share: 1 %}}}
"""


def sector(old: str, new: str) -> str:
    assert old in SECTOR
    return EVERYDAY + SECTOR.replace(old, new)


CASES = {
    "tight-without-priority": (
        "preclearance.there.tight",
        EVERYDAY + TERMINAL,
        ("service: 70 s", "service: 70 s, priority: [tight]"),
    ),
    "information-withheld-that-no-source-is-of": (
        "irregular.sector.intercept.shared_information",
        sector("{us-notice: 20 %}", "20 %, shared_information: no"),
        ("detect: 20 %", "detect: {us-notice: 20 %}"),
    ),
    "information-withheld-from-joint-patrols": (
        "irregular.sector.intercept.shared_information",
        sector("patrols: 3", "patrols: 3, shared_information: no, joint_patrols: 1"),
        (", joint_patrols: 1", ""),
    ),
    "exception-of-minors-alone": (
        "irregular.sector.eligibility.exceptions.family.minors-alone",
        sector("{adults: 5 %}", "{adults: 5 %, minors-alone: 50 %}"),
        (", minors-alone: 50 %", ""),
    ),
    "exemption-of-minors-alone": (
        "irregular.sector.eligibility.exemptions.new.share.minors-alone",
        sector("{share: 1 %}", "{share: {adults: 1 %, minors-alone: 1 %}}"),
        (", minors-alone: 1 %", ""),
    ),
    "driver-after-the-run": (
        "irregular.sector.drivers.0.from",
        sector("kind: marine", "kind: marine\n    drivers: [{name: news, from: 2024-08-01, multiply: 2}]"),
        ("2024-08-01", "2024-07-01"),
    ),
    "driver-before-the-run": (
        "irregular.sector.drivers.0.until",
        sector(
            "kind: marine",
            "kind: marine\n    drivers: [{name: news, from: 2024-01-01, until: 2024-02-01, multiply: 2}]",
        ),
        (", until: 2024-02-01", ""),
    ),
    "resource-without-use": (
        "irregular.sector.resources.drone",
        sector("kind: marine", "kind: marine\n    resources: {drone: {units: 2, per_year: 100 $}}"),
        ("units: 2", "units: 2, detect: 5 %"),
    ),
    "cold-of-another-month": (
        "irregular.sector.weather.cold",
        sector("kind: marine", "kind: marine\n    weather: {cold: {jan: 50 %}}"),
        ("jan: 50 %", "jan: 50 %, jul: 1 %"),
    ),
    "hiding-under-a-rule-that-is-not": (
        "irregular.sector.groups.hide.suspended",
        sector("hide: 60 %", 'hide: {suspended: 60 %, "*": 5 %}') + "agreement: ports-2004\n",
        ("suspended: 60 %", "ports-2004: 60 %"),
    ),
    "cap-of-a-run-that-is-cut": ("drain_cap", EVERYDAY + "end: cut\ndrain_cap: 6 h\n", ("end: cut", "end: drain")),
    "officers-of-nobody": (
        "officers.team",
        lane("patience: {exponential: {mean: 1 h}}") + "officers: {team: {officers: 2}}\n",
        ("booths: 2", "pool: team"),
    ),
    "holidays-like-other-days": (
        "holidays",
        lane("open: {mon-sun: 2}") + "holidays: [2024-07-06]\n",
        ("mon-sun: 2", "mon-sun: 2, holiday: 1"),
    ),
    "outside-hours-of-a-port-always-open": (
        "ports.here.outside_hours",
        EVERYDAY + "    outside_hours: balk\n",
        ("outside_hours", 'hours: {"05:00": open, "23:00": closed}\n    outside_hours'),
    ),
    "nobody-diverts": (
        "ports.here.divert",
        lane("storage: 20 cars, when_full: balk") + "    divert: {to: there, after: 10 min}\n" + THERE,
        ("when_full: balk", "when_full: divert"),
    ),
    "full-without-storage": (
        "ports.here.lanes.general.when_full",
        lane("when_full: balk"),
        ("when_full", "storage: 20 cars, when_full"),
    ),
    "road-full-without-storage": (
        "ports.here.approach.when_full",
        EVERYDAY + "    approach: {lanes: 2, when_full: balk}\n",
        ("lanes: 2, when_full", "storage: 90 cars, when_full"),
    ),
    "nothing-to-choose": (
        "ports.here.choose",
        EVERYDAY + "    choose: shorter\n",
        ("lanes: {general", "lanes: {other: {serves: [car], booths: 1, service: 50 s}, general"),
    ),
    "length-of-nobody": (
        "ports.here.lengths.bus",
        EVERYDAY + "    lengths: {bus: 2 cars}\n",
        ("{bus: 2 cars}", "{car: 2 cars, bus: 3 cars}"),
    ),
    "days-of-a-trace": (
        "ports.here.day_to_day",
        LISTED + "    day_to_day: {cv: 8 %}\n",
        ("trace: t.csv", "rate: 30 /h"),
    ),
    "alike-where-all-come-alone": (
        "ports.here.traffic.car.nexus.alike",
        EVERYDAY.replace("20 %", "{members: 20 %, alike: 10 %}"),
        ("rate: 30 /h", "rate: 30 /h, occupants: 2"),
    ),
    "priority-of-all": (
        "ports.here.lanes.general.priority",
        lane("priority: [car]"),
        ("[car]}", "[car.nexus]}"),
    ),
    "waives-and-nobody-is-referred": (
        "ports.here.lanes.general.waive_when_full",
        lane("waive_when_full: true"),
        ("    lanes", SECONDARY + "    lanes"),
    ),
    "control-where-all-are-open": (
        "ports.here.lanes.general.control",
        lane("control: {every: 10 min, open_above: 20 min, close_below: 5 min}"),
        ("control", "open: 1, control"),
    ),
    "control-with-a-most": (
        "ports.here.lanes.general.control",
        lane("open: 1, control: {every: 10 min, open_above: 20 min, close_below: 5 min, most: 1}"),
        (", most: 1", ", most: 2"),
    ),
    "further-persons-of-nobody": (
        "ports.here.lanes.general.service.per_extra_person",
        EVERYDAY.replace("50 s", "{uniform: {low: 40 s, high: 60 s}, per_extra_person: 10 %}"),
        ("rate: 30 /h", "rate: 30 /h, occupants: 1.5"),
    ),
    "instead-of-a-station-all-use": (
        "preclearance.yvr.stations.kiosk.instead",
        HALL,
        ("share: 100 %", "share: {visitor: 80 %}"),
    ),
    "further-persons-at-a-hall": (
        "preclearance.yvr.stations.officer.service.per_extra_person",
        HALL.replace("share: 100 %", "share: 90 %").replace(
            "70 s}", "{uniform: {low: 1 s, high: 9 s}, per_extra_person: 5 %}}"
        ),
        ("show_up: 90 min", "show_up: 90 min, party: {visitor: 1.5}"),
    ),
    "event-on-demand-of-nobody": (
        "events.0.demand.bus",
        EVERYDAY + event("demand: {bus: 2, car: 1.1}"),
        ("bus: 2, ", ""),
    ),
    "event-on-listed-demand": ("events.0.demand", LISTED + event("demand: 2"), ("trace: t.csv", "rate: 30 /h")),
    "event-on-referral": ("events.0.referral", EVERYDAY + event("referral: 2"), (LANES, LANES + SECONDARY)),
    "event-on-secondary": ("events.0.secondary", EVERYDAY + event("secondary: 2"), (LANES, LANES + SECONDARY)),
    "event-that-is-a-holiday": (
        "events.0.holiday",
        lane("open: {mon-sun: 2}") + event("holiday: true"),
        ("mon-sun: 2", "mon-sun: 2, holiday: 1"),
    ),
}


def told(folder: Path, text: str) -> list[str]:
    """Paths that have no effect, after a look at the places: each is the line of its key."""
    (folder / "t.csv").write_text("time,class\n0,car\n3000,car\n7100,car\n", encoding="utf-8")
    (folder / "s.yaml").write_text(HEAD + text, encoding="utf-8")
    found = [warning for warning in warnings_of(load(folder / "s.yaml")) if warning.name == "without-effect"]
    lines = (HEAD + text).splitlines()
    for warning in found:
        key = [step for step in warning.path.split(".") if not step.isdigit()][-1]
        assert lines[warning.line - 1][warning.column - 1 :].startswith(key), warning
    return [f"{warning.variant}:{warning.path}".lstrip(":") for warning in found]


@pytest.mark.parametrize("case", CASES)
def test_a_key_that_can_do_nothing_is_told_until_it_can(tmp_path: Path, case: str) -> None:
    path, text, (old, new) = CASES[case]
    assert told(tmp_path, text) == [path]
    assert old in text
    assert told(tmp_path, text.replace(old, new, 1)) == []


def test_what_does_something_in_a_variant_is_not_told(tmp_path: Path) -> None:
    text = lane("control: {every: 10 min, open_above: 20 min, close_below: 5 min}")
    variant = "variants: {by-control: {ports.here.lanes.general.open: 1}}\n"
    assert told(tmp_path, text + variant) == []


def test_a_variant_is_told_what_it_writes_itself_alone(tmp_path: Path) -> None:
    text = EVERYDAY + "end: drain\ndrain_cap: 6 h\n"
    assert told(tmp_path, text + "variants: {cut: {end: cut}}\n") == []
    variant = "variants:\n  fair:\n    ports.here.lanes.general.when_full: balk\n"
    (tmp_path / "s.yaml").write_text(HEAD + text + variant, encoding="utf-8")
    (warning,) = warnings_of(load(tmp_path / "s.yaml"))
    assert (warning.name, warning.variant, warning.line) == ("without-effect", "fair", 16)


def test_the_resolved_form_has_no_more_to_tell(tmp_path: Path) -> None:
    """It states every default, which is no news."""
    from sim.scenario import resolved_yaml

    (tmp_path / "s.yaml").write_text(HEAD + EVERYDAY + "end: cut\n", encoding="utf-8")
    (tmp_path / "again.yaml").write_text(resolved_yaml(load(tmp_path / "s.yaml")), encoding="utf-8")
    assert [w.name for w in warnings_of(load(tmp_path / "again.yaml"))] == []


def test_an_event_slows_inspections_and_not_the_toll(tmp_path: Path) -> None:
    text = EVERYDAY + "    toll: {booths: 1, service: 8 s}\n" + event("service: 1.5")
    (tmp_path / "s.yaml").write_text(HEAD + text, encoding="utf-8")
    stations = build(load(tmp_path / "s.yaml").baseline).network.stations
    factors = {station.kind: station.service_factor.at(7000.0) for station in stations}
    assert factors == {StationKind.TOLL: 1.0, StationKind.LANE_GROUP: 1.5}


def test_officers_of_a_toll_live_by_its_clock(tmp_path: Path) -> None:
    """On a day of 25 hours at the first port, the pool works at the second, where clocks stay."""
    there = THERE.replace("America/Vancouver", "America/Phoenix") + "    toll: {pool: team, service: 8 s}\n"
    text = EVERYDAY + there + 'officers: {team: {officers: 2, open: {"00:00": 1, "10:00": 2}}}\n'
    head = HEAD.replace("2024-07-06 06:00", "2024-11-03 00:00").replace("2 h", "12 h")
    (tmp_path / "s.yaml").write_text(head + text, encoding="utf-8")
    (pool,) = (pool for pool in build(load(tmp_path / "s.yaml").baseline).network.pools if pool.name == "team")
    assert [pool.calendar.at(3600.0 * hour) for hour in (9.99, 10.0)] == [1.0, 2.0]


@pytest.mark.parametrize("name", [path.stem for path in SHIPPED])
def test_no_shipped_scenario_has_a_key_that_does_nothing(name: str) -> None:
    study = load(next(path for path in SHIPPED if path.stem == name))
    found = collect(study, without_effect.LOOKS, ())
    assert [warning.path for warning in found] == []
