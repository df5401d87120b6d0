"""Warnings about the stations of preclearance halls: offered load by hand and against drawn parties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.engine import engine
from sim.model.build import build
from sim.model.distributions import from_spec
from sim.model.hall_plan import HallPlan
from sim.model.network import Steps
from sim.scenario import load
from sim.scenario.cautions import Caution
from sim.scenario.distributions import mean, parse_dist, variance
from sim.study.demand import integral
from sim.study.hall_load import hall_flows, visits
from sim.study.offered import offered_load
from sim.study.preflight import warnings_of

VALID = Path(__file__).parents[1] / "scenarios" / "valid"

HALL = """\
format: 1
name: A hall
start: 2024-07-06 00:00
horizon: 6 h
seed: 1
officers: {team: {officers: 2}}
preclearance:
  here:
    zone: America/Toronto
    departures: {banks: {"03:00": 2}, within: 0 s, seats: 100, load: 90 %}
    classes: {nexus: 20 %, visitor: rest}
    show_up: {nexus: 60 min, visitor: {uniform: {low: 60 min, high: 120 min}}}
    party: {nexus: 1, visitor: {fixed: 2}}
    stations:
      kiosk:
        {serves: [visitor], share: 50 %, booths: 2, service: 60 s, failure: {share: 10 %, to: interview}, then: walk}
      interview:
        kind: primary
        pool: team
        service: {nexus: 15 s, "*": {deterministic: {value: 40 s}, per_extra_person: 50 %}}
      secondary: {kind: secondary, booths: 1, referral: {visitor: 10 %}, service: 10 min}
      walk: {kind: walk, service: 3 min}
"""


def warned(folder: Path, text: str) -> tuple[Caution, ...]:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return warnings_of(load(folder / "s.yaml"))


def test_offered_load_by_hand(tmp_path: Path) -> None:
    """180 passengers, 1.8 to a party on average: 100 parties, 20 of one and 80 of two.

    Kiosk: 40 parties of 60 s. Interview: 20 nexus of 15 s, and of the visitors the half that passes the kiosk by and a
    tenth of the other, 44 of 40 s x 1.5. Secondary: a tenth of the 44, of 10 min. All come from 01:00 to 02:00, nexus
    at 02:00; 2 officers.
    """
    (tmp_path / "s.yaml").write_text(HALL, encoding="utf-8")
    groups = {group.name: group for group in offered_load(load(tmp_path / "s.yaml").baseline)}
    assert groups["here/kiosk"].work == pytest.approx(40 * 60)
    assert groups["team"].work == pytest.approx(20 * 15 + 44 * 60)
    assert groups["here/secondary"].work == pytest.approx(4.4 * 600)
    assert groups["team"].open_time == 2 * 6 * 3600
    assert groups["team"].worst_hour() == (1, pytest.approx(44 * 60 / 7200))


@pytest.mark.parametrize("facility", [0, 1])
def test_expected_visits_are_those_of_the_model(facility: int) -> None:
    """Parties by station and class, as drawn and run, against the expectation: within the sampling error."""
    scenario = load(VALID / "preclearance.yaml").baseline.model_copy(update={"events": ()})
    place = scenario.preclearance["yvr"].model_copy(update={"hall": None})
    scenario = scenario.model_copy(update={"preclearance": {"yvr": place}})
    plan = HallPlan("yvr", scenario, scenario.horizon, far=facility == 1)
    network = build(scenario).network
    labels = [klass.name for klass in network.classes]
    stations = [(station.name, station.facility) for station in network.stations]
    counts: dict[tuple[str, str], float] = {}
    days = 6
    for day in range(days):
        parties = build(scenario).draw(1, day)
        records = engine("compiled")(network, parties)
        klass = parties.klass[records.party]
        for (name, where), label in {
            (stations[s], labels[k]) for s, k in set(zip(records.station, klass, strict=True))
        }:
            if where == facility:
                mine = [i for i, one in enumerate(stations) if one == (name, where)]
                same = [i for i, one in enumerate(labels) if one == label and network.classes[i].facility == facility]
                found = np.isin(records.station, mine) & np.isin(klass, same)
                counts[name, label] = counts.get((name, label), 0.0) + float(found.sum())
    flows = hall_flows(plan)
    checked = 0
    for label, (name, flow) in zip(plan.labels, flows.items(), strict=True):
        parties_of_class = integral(flow.rate, 0.0, scenario.horizon) * days
        for station, share in visits(plan, name).items():
            expected = parties_of_class * share
            assert counts.get((station, label), 0.0) == pytest.approx(expected, abs=5.0 * np.sqrt(expected) + 2.0)
            checked += 1
    assert checked >= 3


def test_too_little_is_warned_of_at_its_place(tmp_path: Path) -> None:
    text = HALL.replace("seats: 100", "seats: 3000").replace("booths: 2, service", "booths: 3, open: 2, service")
    found = [(caution.name, caution.path, caution.line, caution.found) for caution in warned(tmp_path, text)]
    at = "preclearance.here.stations"
    wanted = [
        ("overloaded-lane", "officers.team", 6, "offered load 2.04"),
        ("overloaded-lane", f"{at}.kiosk", 15, "offered load 1.67"),
        ("never-open-booth", f"{at}.kiosk.booths", 16, "booth 3 of 3 is never open"),
        ("overloaded-secondary", f"{at}.secondary", 21, "offered load 3.67"),
    ]
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one[:3] == other[:3]
        assert one[3].startswith(other[3])


def test_a_station_that_never_opens(tmp_path: Path) -> None:
    text = HALL.replace("booths: 2, service: 60 s", "booths: 2, open: 0, service: 60 s")
    assert "never-open" in {caution.name for caution in warned(tmp_path, text)}
    assert warned(tmp_path, HALL) == ()


def test_a_pool_with_nobody_on_duty(tmp_path: Path) -> None:
    (one,) = warned(tmp_path, HALL.replace("officers: 2}", "officers: 2, open: 0}"))
    assert (one.name, one.path, one.line) == ("never-open", "officers.team.open", 6)
    # Somebody comes on duty when the run is over; a pool of a station that is not worked is no matter.
    (two,) = warned(tmp_path, HALL.replace("officers: 2}", 'officers: 2, open: {"00:00": 0, "06:00": 2}}'))
    assert two.name == "never-open"
    idle = HALL.replace("officers: 2}", "officers: 2}, idle: {officers: 1, open: 0}")
    extra = "desk: {under: [none], pool: idle, service: 9 s}"
    assert warned(tmp_path, idle.replace("      walk: {kind", f"      {extra}\n      walk: {{kind")) == ()


def test_a_secondary_that_nobody_is_referred_to(tmp_path: Path) -> None:
    (one,) = warned(tmp_path, HALL.replace("visitor: 10 %", "visitor: 0 %"))
    assert (one.name, one.path) == ("unreachable-secondary", "preclearance.here.stations.secondary.referral")


def test_limits_of_events_above_what_there_is(tmp_path: Path) -> None:
    event = "events: [{name: x, from: 2024-07-06 01:00, booths: {kiosk: 5}, officers: {team: 4}}]\n"
    (one, two) = warned(tmp_path, HALL + event)
    assert "at most 5 booths of 'kiosk', of which 2 are built" in str(one)
    assert "at most 4 officers of 'team', which has 2" in str(two)


def test_a_flow_has_the_parties_of_the_day(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(HALL, encoding="utf-8")
    scenario = load(tmp_path / "s.yaml").baseline
    flows = hall_flows(HallPlan("here", scenario, scenario.horizon))
    assert {name: integral(flow.rate, 0.0, 21600.0) for name, flow in flows.items()} == pytest.approx(
        {"nexus": 20.0, "visitor": 80.0}
    )
    assert isinstance(flows["visitor"].rate, Steps)
    assert flows["visitor"].rate.at(3599.0) == 0.0
    assert flows["visitor"].rate.at(3600.0) == pytest.approx(80 / 3600)


SPECS = (
    {"exponential": {"mean": "50 s"}},
    {"erlang": {"mean": "50 s", "shape": 3}},
    {"gamma": {"mean": "50 s", "cv": 0.7}},
    {"lognormal": {"mean": "50 s", "cv": 0.7}},
    {"weibull": {"mean": "50 s", "shape": 1.7}},
    {"uniform": {"low": "10 s", "high": "90 s"}},
    {"triangular": {"low": "10 s", "mode": "20 s", "high": "90 s"}},
    {
        "mixture": [
            {"share": "30 %", "gamma": {"mean": "20 s", "cv": 0.5}},
            {"share": "70 %", "exponential": {"mean": "90 s"}},
        ]
    },
)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: next(iter(spec)))
def test_variance_against_quantiles(spec: dict[str, object]) -> None:
    stated = parse_dist(spec)
    drawn = from_spec(stated.kind, stated.parameters).quantile((np.arange(400_000) + 0.5) / 400_000)
    assert variance(stated.kind, stated.parameters) == pytest.approx(drawn.var(), rel=5e-3)
    assert mean(stated.kind, stated.parameters) == pytest.approx(drawn.mean(), rel=1e-3)
