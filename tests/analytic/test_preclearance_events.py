"""Dated events, day-to-day variation and warnings at preclearance halls."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import numpy as np
import pytest
from random_halls import random_hall
from toolbox import Run, run

from sim.engine import engine
from sim.model.build import Model, build
from sim.scenario import load

HALL = """\
format: 1
name: hall with events
start: 2024-07-06 00:00
horizon: 8 h
replications: {replications}
seed: 11
officers: {{team: {{officers: 4}}}}
preclearance:
  here:
    zone: America/Toronto
    clearance: pre-inspection
    departures: {{banks: {{"03:00": 4, "06:00": 4}}, within: 40 min, seats: 100, load: 80 %}}
    {more}
    classes: {{visitor: 40 %, citizen: rest}}
    show_up: 80 min
    party: {{visitor: {{fixed: 2}}, citizen: 1}}
    stations:
      kiosk: {{booths: 12, service: 30 s}}
      primary: {{kind: primary, pool: team, service: 20 s}}
      desk: {{share: 50 %, booths: 6, service: 10 s}}
      secondary: {{kind: secondary, booths: 20, referral: 20 %, service: 2 min}}
      walk: {{kind: walk, service: 3 min}}
    far_side:
      name: there
      journey: 30 min
      stations: {{primary: {{kind: primary, under: [pre-inspection], booths: 3, service: 20 s}}}}
events:
{events}
"""


def world(folder: Path, *events: str, more: str = "day_to_day: null", replications: int = 1) -> Path:
    path = folder / "hall.yaml"
    lines = "\n".join(f"- {{name: event, {event}}}" for event in events) or "[]"
    path.write_text(HALL.format(events=indent(lines, "  "), more=more, replications=replications), encoding="utf-8")
    return path


def model(folder: Path, *events: str) -> Model:
    return build(load(world(folder, *events)).baseline)


LATER = "from: 2024-07-06 05:00"
"""From the second bank on, seconds 18,000."""


def test_demand_fills_the_departures_that_leave_meanwhile(tmp_path: Path) -> None:
    """Half the passengers from 05:00 on: 4 x 80 before, 4 x 40 after, at both ends."""
    parties = model(tmp_path, f"{LATER}, demand: 0.5").draw(1, 0)
    assert parties.departs is not None
    home = ~np.isnan(parties.departs)
    early = home & (parties.departs < 18000)
    assert parties.size[early].sum() == 320
    assert parties.size[home & ~early].sum() == 160
    assert parties.size[~home].sum() == 480


def test_demand_beyond_the_seats_leaves_people_behind(tmp_path: Path) -> None:
    parties = model(tmp_path, "from: 2024-07-06 00:00, demand: {air: 1.5}, ports: [here]").draw(1, 0)
    assert parties.departs is not None
    assert parties.size[~np.isnan(parties.departs)].sum() == 8 * 100


def test_demand_by_class_changes_the_mix(tmp_path: Path) -> None:
    """Without visitors (40 % of the parties, two in each) 0.6 of 1.4 persons are left: 80 x 3 / 7 = 34."""
    world_ = model(tmp_path, f"{LATER}, demand: {{air.visitor: 0}}")
    parties = world_.draw(1, 0)
    assert parties.departs is not None
    names = np.array([klass.name for klass in world_.network.classes])[parties.klass]
    home = ~np.isnan(parties.departs)
    late = home & (parties.departs >= 18000)
    assert set(names[late]) == {"air.citizen"}
    assert parties.size[late].sum() == 4 * 34
    assert set(names[home & ~late]) == {"air.citizen", "air.visitor"}
    plain = model(tmp_path).draw(1, 0)
    assert plain.departs is not None
    assert np.array_equal(plain.time[plain.departs < 18000], parties.time[parties.departs < 18000])


def test_service_staff_and_stops_reach_the_stations_they_name(tmp_path: Path) -> None:
    network = model(
        tmp_path,
        f"{LATER}, service: {{'*': 2, kiosk: 3}}, secondary: 1.5",
        f"{LATER}, officers: {{team: 1}}, booths: {{desk: 2}}, ports: [here]",
        f"{LATER}, until: 2024-07-06 05:20, stopped: [kiosk]",
    ).network
    here = {station.name: station for station in network.stations if station.facility == 0}
    for name, factor in {"kiosk": 3, "primary": 2, "desk": 1, "secondary": 1.5, "walk": 1}.items():
        assert [here[name].service_factor.at(t) for t in (0, 17999, 18000)] == [1, 1, factor]
    assert [network.pools[here["primary"].pool].calendar.at(t) for t in (17999, 18000)] == [4, 1]
    assert [network.pools[here["desk"].pool].calendar.at(t) for t in (17999, 18000)] == [6, 2]
    assert [here["kiosk"].running.at(t) for t in (17999, 18000, 19199, 19200)] == [1, 0, 0, 1]
    there = next(station for station in network.stations if station.facility == 1)
    assert there.service_factor.at(18000) == 2


def test_everything_stopped_stops_all_but_the_walk(tmp_path: Path) -> None:
    done = run(world(tmp_path, "from: 2024-07-06 02:00, until: 2024-07-06 02:30, stopped: all"))
    visits = done.visits()
    meanwhile = visits[(visits.started >= 7200) & (visits.started < 9000)]
    assert set(meanwhile.station) <= {"walk"}
    assert (visits[visits.station == "kiosk"].started == 9000).any()


ALONG = ("primary", "desk", "secondary")


def test_referral_leaves_the_other_ways_their_proportions(tmp_path: Path) -> None:
    """Twice the referrals: 40 % instead of 20 %, of the parties that end primary from then on."""
    path = world(tmp_path, f"{LATER}, referral: {{air.citizen: 2}}")
    network = build(load(path).baseline).network
    primary = next(station for station in network.stations if station.name == "primary")
    route = primary.classes[1].route
    assert route is not None
    assert [branch.probability * branch.factor.at(18000) for branch in route.branches] == pytest.approx([0.4, 0.3])
    visits = run(path).visits()
    visits = visits[(visits.facility == "here") & (visits["class"] == "air.citizen")]
    came = {name: visits.party[(visits.station == name) & (visits.joined >= 18000)].nunique() for name in ALONG}
    share = came["secondary"] / came["primary"]
    assert share == pytest.approx(0.4, abs=3.5 * np.sqrt(0.24 / came["primary"]))
    assert came["desk"] / came["primary"] == pytest.approx(0.3, abs=3.5 * np.sqrt(0.21 / came["primary"]))


def mean(done: Run, measure: str) -> float:
    table = done.table[(done.table.facility == "here") & (done.table.station == "all") & (done.table["class"] == "all")]
    return float(table.set_index("measure")["mean"][measure])


def test_a_shutdown_day_is_felt(tmp_path: Path) -> None:
    """One officer of four: longer waits, more missed, and a queue that takes time to go."""
    events = "from: 2024-07-06 04:30, until: 2024-07-06 05:40, officers: {team: 1}"
    before, after = (run(world(tmp_path, *e), out=out) for e, out in (((), "a"), ((events,), "b")))
    assert mean(after, "wait_mean") > mean(before, "wait_mean") + 1
    assert mean(after, "missed_share") >= mean(before, "missed_share")
    assert mean(after, "recovery") > 0


def test_days_differ_within_the_seats(tmp_path: Path) -> None:
    """A factor of its own for each day: mean 1, its spread that asked for, both ends alike, never above the seats."""
    made = build(load(world(tmp_path, more="day_to_day: {cv: 8 %}")).baseline)
    days = [made.draw(5, replication) for replication in range(200)]
    home = np.array([klass.facility == 0 for klass in made.network.classes])
    here = np.array([day.size[home[day.klass]].sum() for day in days])
    there = np.array([day.size[~home[day.klass]].sum() for day in days])
    assert np.array_equal(here, there)
    assert here.max() <= 800
    cv = here.std(ddof=1) / here.mean()
    assert here.mean() == pytest.approx(640, abs=4 * 640 * 0.08 / np.sqrt(200))
    assert 0.06 < cv < 0.10


@pytest.mark.parametrize("seed", range(12))
def test_engines_are_equal_under_events(seed: int, tmp_path: Path) -> None:
    path = random_hall(tmp_path, seed, events=True)
    made = build(load(path).baseline)
    parties = made.draw(3, 0)
    reference, compiled = (engine(name)(made.network, parties) for name in ("reference", "compiled"))
    for name, values in vars(reference).items():
        assert np.array_equal(np.asarray(values), np.asarray(getattr(compiled, name)), equal_nan=True), name
