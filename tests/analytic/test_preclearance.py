"""Preclearance halls: a day worked by hand, missed departures calculated apart, conservation, more officers."""

from __future__ import annotations

import heapq
from pathlib import Path
from textwrap import dedent, indent

import numpy as np
import pandas as pd
import pytest
from random_halls import random_hall
from scipy import stats
from toolbox import run

from sim.engine import Records, engine
from sim.engine.records import INSIDE
from sim.model.build import Model, build
from sim.model.parties import Parties
from sim.scenario import load
from sim.study.conservation import check_conservation

MINUTE = 60.0

HEAD = """\
format: 1
name: hall
start: 2024-07-06 00:00
horizon: {horizon}
replications: {replications}
seed: 7
{more}
"""


def hall(folder: Path, text: str, *, horizon: str = "4 h", replications: int = 1, more: str = "") -> Path:
    path = folder / "hall.yaml"
    head = HEAD.format(horizon=horizon, replications=replications, more=dedent(more).strip())
    path.write_text(head + "preclearance:\n" + indent(dedent(text), "  "), encoding="utf-8")
    return path


# ---- a day worked by hand ---------------------------------------------------------------------------------

BY_HAND = """\
  here:
    zone: America/Vancouver
    departures: {timetable: day.csv}
    classes: {everybody: 100 %}
    show_up: 30 min
    closes: 12 min
    holds: 6 min
    stations:
      screening: {booths: 2, service: 2 min}
      primary: {kind: primary, booths: 1, service: 4 min}
      walk: {kind: walk, service: 5 min}
    costs: {officer_hour: 60 $, facility: 240 $}
"""


def test_a_day_by_hand(tmp_path: Path) -> None:
    """Two departures whose passengers come together, half an hour ahead; all times in minutes.

    Departure A at 60 with 3 passengers: they come at 30. Screening takes two at 30 to 32 and the third at 32 to 34.
    Primary: 32-36, 36-40, 40-44. Gate after the walk: 41, 45, 49. The gate closes at 48: the third is 1 late and
    A is held. Departure B at 64 with 3: they come at 34, when the third of A leaves screening. Screening 34-36, 34-36,
    36-38. Primary: 44-48, 48-52, 52-56. Gate: 53, 57, 61; it closes at 52: 1, 5 and 9 late, and 9 is more than 6.
    """
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,01:00,3,100 %\nB,01:04,4,75 %\n", encoding="utf-8")
    done = run(hall(tmp_path, BY_HAND))
    visits = done.visits()
    primary, screening = visits[visits.station == "primary"], visits[visits.station == "screening"]
    gate = visits[visits.station == "walk"]
    assert (screening["started"] / MINUTE).tolist() == [30, 30, 32, 34, 34, 36]
    assert (primary["started"] / MINUTE).tolist() == [32, 36, 40, 44, 48, 52]
    assert (gate["left"] / MINUTE).tolist() == [41, 45, 49, 53, 57, 61]
    expected = {
        "passengers": 6,
        "passengers_boarded": 5,
        "passengers_missed": 1,
        "passengers_refused": 0,
        "outcome_cleared": 6,
        "missed_share": 1 / 6,
        "late_share": 4 / 6,
        "late_mean": (1 + 1 + 5 + 9) / 4,
        "departures": 2,
        "departures_held": 2,
        "departures_held_share": 1,
        "held_mean": (1 + 5) / 2,
        # waits: 0, 4, 6 + 2 at screening for A; 8, 12, 14 + 2 for B
        "wait_total_mean": (0 + 4 + 8 + 8 + 12 + 16) / 6,
        "wait_mean": (0 + 4 + 8 + 8 + 12 + 16) / 6,
        "door_to_airside_mean": (6 + 10 + 14 + 14 + 18 + 22) / 6,
        "arrive_before_p95": float(np.quantile([11, 15, 19, 19, 23, 27], 0.95)) + 12,
        "arrive_before_p99": float(np.quantile([11, 15, 19, 19, 23, 27], 0.99)) + 12,
        "hall_mean": (6 + 10 + 14 + 14 + 18 + 22) / 240,
        "hall_max": 6,  # from 34 to 36: A in primary and its line, B in screening and its line
        "officer_hours": 4,
        "passengers_per_officer_hour": 6 / 4,
        "cost": 4 * 60 + 240 / 6,
        "cost_per_passenger": 280 / 6,
        "utilisation": 24 / 240,
    }
    found = {name: done.summary(name) for name in expected}
    assert found == pytest.approx(expected, rel=1e-9)
    assert done.summary("utilisation", "screening") == pytest.approx(12 / 480)


def test_waits_by_time_of_day_follow_the_same_parties(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,01:00,3,100 %\nB,01:04,4,75 %\n", encoding="utf-8")
    done = run(hall(tmp_path, BY_HAND))
    series = pd.read_csv(done.folder / "series.csv")
    series = series[(series.station == "all") & (series["class"] == "all")].set_index(["measure", "bin_start"])["mean"]
    assert series["passengers", 30] == 6
    assert series["passengers_missed", 30] == 1
    assert series["missed_share", 30] == pytest.approx(1 / 6)
    # Both departures leave in the bin from 01:00.
    assert [series["departing", start] for start in (15, 30, 45, 60)] == [0, 0, 0, 6]
    assert [series["departing_missed", start] for start in (15, 30, 45, 60)] == [0, 0, 0, 1]
    assert series["door_to_airside_mean", 30] == pytest.approx(84 / 6)
    in_hall = [series["hall_mean", start] * 15 for start in (15, 30, 45, 60)]
    # of the 84 person-minutes: A wholly before 45; B from 34 to 45 (11 each), then until 48, 52 and 56
    assert in_hall == pytest.approx([0, 6 + 10 + 14 + 33, 3 + 7 + 11, 0])


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_who_is_in_line_at_the_stop_has_no_total_wait(tmp_path: Path) -> None:
    """Cut at 42 min, when one of three has left primary; and without an officer, where nobody ever does."""
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,00:40,3,100 %\n", encoding="utf-8")
    text = BY_HAND.replace("service: 4 min", "service: 20 min")
    more = "end: cut\nvariants: {nobody: {preclearance.here.stations.primary.open: 0}}\n"
    done = run(hall(tmp_path, text, horizon="42 min", more=more), "--all", visits=False)
    rows = done.replications
    rows = rows[(rows.station == "all") & (rows["class"] == "all")].set_index(["variant", "measure"])["value"]
    # They come at 10. The first is with the officer from 12 to 32 and then walks; the second since 32, after 20 min.
    assert rows["baseline", "wait_total_mean"] == 0
    assert rows["baseline", "wait_mean"] == pytest.approx((0 + 20) / 2)
    assert rows["nobody", "passengers_missed"] == 3
    assert np.isnan(rows["nobody", "wait_total_mean"])
    assert np.isnan(rows["nobody", "wait_total_p95"])


def test_every_outcome_of_a_secondary_keeps_travellers_back(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,01:00,3,100 %\n", encoding="utf-8")
    kept = "{detained: 100 %}"
    search = f"search: {{kind: secondary, booths: 9, referral: 100 %, service: 1 min, outcomes: {kept}}}"
    done = run(hall(tmp_path, BY_HAND.replace("walk: {kind", f"{search}\n      walk: {{kind")), visits=False)
    names = ("passengers_refused", "passengers_boarded", "passengers_missed", "outcome_detained")
    assert [done.summary(name) for name in names] == [3, 0, 0, 3]
    assert done.summary("passengers_per_officer_hour") == 0


# ---- missed departures, calculated apart ------------------------------------------------------------------

MISSED = """\
  here:
    zone: America/Toronto
    departures: {banks: {"05:00": 6, "06:30": 5}, within: 40 min, seats: 60, load: 90 %}
    classes: {visitor: rest, citizen: 40 %}
    show_up: {visitor: {gamma: {mean: 100 min, cv: 0.4}}, citizen: {gamma: {mean: 70 min, cv: 0.4}}}
    party: {visitor: 1.8, citizen: 1.3}
    closes: 20 min
    stations: {primary: {kind: primary, booths: 2, service: {visitor: 100 s, citizen: 60 s}}}
"""


def test_missed_departures_against_a_small_calculation(tmp_path: Path) -> None:
    """A shared line of two officers by the rule of the least busy one, on the parties as they were drawn."""
    path = hall(tmp_path, MISSED, horizon="9 h", replications=4)
    done = run(path, "--replications", "4")
    model = build(load(path).baseline)
    names = [klass.name for klass in model.network.classes]
    shares = []
    for replication in range(4):
        parties = model.draw(7, replication)
        assert parties.departs is not None
        free = [0.0] * 2
        missed = 0
        for time, klass, size, departs in zip(parties.time, parties.klass, parties.size, parties.departs, strict=True):
            begin = max(time, heapq.heappop(free))
            end = begin + {"air.visitor": 100.0, "air.citizen": 60.0}[names[klass]]
            heapq.heappush(free, end)
            missed += int(size) if end > departs - 1200.0 else 0
        shares.append(missed / int(parties.size.sum()))
        assert int(parties.size.sum()) == 11 * 54
    assert 0.02 < np.mean(shares) < 0.6
    assert done.values("missed_share").tolist() == pytest.approx(shares, rel=1e-12)


# ---- everybody is accounted for, and both engines agree ---------------------------------------------------


def drawn(path: Path) -> tuple[Model, Records, Records, Parties]:
    scenario = load(path).baseline
    model = build(scenario)
    parties = model.draw(3, 0)
    reference = engine("reference")(model.network, parties)
    return model, reference, engine("compiled")(model.network, parties), parties


def test_random_halls_reach_everything_they_are_made_of(tmp_path: Path) -> None:
    """Full halls, refusals, tight parties, failed kiosks, and parties too late for the gate all occur."""
    seen = set()
    for seed in range(24):
        model, records, _, parties = drawn(random_hall(tmp_path, seed))
        network = model.network
        names = [network.stations[s].name for s in records.station]
        waited = records.left > records.joined
        seen |= {name for name, long in zip(names, waited, strict=True) if long}
        seen |= {network.outcomes[o] for o in set(records.outcome.tolist()) if o >= 0}
        assert parties.departs is not None
        last = np.append(records.party[1:] != records.party[:-1], True)
        ends = records.left[last] > parties.departs[records.party[last]]
        seen |= {"late"} if ends.any() else set()
        if len({k.name for k in network.classes}) < len({(k.name, k.facility) for k in network.classes}):
            tight = parties.klass[~np.isnan(parties.departs)] >= 4
            seen |= {"tight"} if tight.any() and network.classes[4].facility == 0 else set()
    wanted = {
        "outside",
        "interview",
        "secondary",
        "kiosk",
        "refused",
        "cleared",
        "departed",
        "admitted",
        "late",
        "tight",
    }
    assert wanted <= seen


@pytest.mark.parametrize("seed", range(24))
def test_engines_are_equal_on_random_halls_and_timetables(seed: int, tmp_path: Path) -> None:
    path = random_hall(tmp_path, seed)
    model, reference, compiled, parties = drawn(path)
    for name, values in vars(reference).items():
        assert np.array_equal(np.asarray(values), np.asarray(getattr(compiled, name)), equal_nan=True), name
    check_conservation(model.network, parties, reference)


@pytest.mark.parametrize("seed", range(24))
def test_totals_are_those_of_the_timetable(seed: int, tmp_path: Path) -> None:
    """Persons booked = cleared or departed + missed + refused, and the far side sees each of the first once."""
    path = random_hall(tmp_path, seed)
    done = run(path, "--replications", "2", visits=False)
    rows = done.replications
    rows = rows[(rows.station == "all") & (rows["class"] == "all")]
    wide = rows.pivot_table(index=["facility", "replication"], columns="measure", values="value")
    scenario = load(path).baseline
    timetable = pd.read_csv(tmp_path / "timetable.csv")
    booked = np.floor(timetable.seats * timetable.load.str.rstrip(" %").astype(float) / 100 + 0.5).sum()
    here = wide.loc["here"]
    assert (here.passengers == booked).all()
    total = here.passengers_boarded + here.passengers_missed + here.passengers_refused
    assert (total == booked).all()
    outcomes = [name for name in wide if name.startswith("outcome_")]
    assert np.array_equal(here[outcomes].sum(axis=1), here.arrivals)
    room = scenario.preclearance["here"].hall
    if room is not None:
        assert (here.hall_max <= room.capacity).all()
    if scenario.preclearance["here"].far_side is not None:
        aboard = here.passengers_boarded - wide.loc["there"].passengers
        assert (aboard >= 0).all()  # the rest arrives after the horizon
        assert (aboard <= here.passengers_on_the_way).all()
        assert np.array_equal(wide.loc["there"][outcomes].sum(axis=1), wide.loc["there"].arrivals)
        ends = here.passengers_arrived + here.passengers_refused_there + here.passengers_on_the_way
        assert (ends == here.passengers_boarded).all()
        assert (here.passengers_on_the_way >= 0).all()


def test_a_full_hall_holds_people_outside(tmp_path: Path) -> None:
    """Room for two: of six that come at once one is served and one stands behind it, the others outside."""
    text = """\
      here:
        zone: America/Toronto
        departures: {timetable: day.csv}
        classes: {everybody: 100 %}
        show_up: 60 min
        hall: {from: primary, capacity: 2 people}
        stations: {primary: {kind: primary, booths: 1, service: 4 min}}
    """
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,02:00,6,100 %\n", encoding="utf-8")
    done = run(hall(tmp_path, text))
    outside = done.visits("outside")
    assert ((outside["left"] - outside["joined"]) / MINUTE).tolist() == [0, 0, 4, 8, 12, 16]
    assert done.summary("hall_max") == 2
    assert done.summary("wait_mean") == pytest.approx((0 + 4 + 8 + 12 + 16 + 20) / 6)


WHOLE_HALL = """\
  here:
    zone: America/Toronto
    departures: {timetable: day.csv}
    classes: {everybody: 100 %}
    show_up: 60 min
    hall: {from: kiosk, capacity: 3 people}
    stations:
      screening: {booths: 1, service: 1 min}
      kiosk: {booths: 2, service: 2 min}
      verify: {kind: primary, booths: 1, service: 4 min}
      walk: {kind: walk, service: 9 min}
"""


def test_a_hall_is_full_when_all_its_stations_together_are(tmp_path: Path) -> None:
    """Six come at 0 (all times in minutes from there); three fit in kiosks, with the officer and in line together.

    Screening one by one: 1, 2, 3, 4, 5, 6. Kiosks: 1-3, 2-4, and the third, let in at 3, 3-5. Officer: 3-7, 7-11,
    11-15. Each who leaves the officer lets in one: the fourth at 7, though kiosks are free from 5 on and it was
    screened at 4; the fifth at 11, the sixth at 15. Kiosks 7-9, 11-13, 15-17; officer 15-19, 19-23, 23-27.
    """
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,02:00,6,100 %\n", encoding="utf-8")
    done = run(hall(tmp_path, WHOLE_HALL))
    outside, kiosk, verify = (done.visits(name) for name in ("outside", "kiosk", "verify"))
    assert (outside["joined"] / MINUTE - 60).tolist() == [1, 2, 3, 4, 5, 6]
    assert (outside["left"] / MINUTE - 60).tolist() == [1, 2, 3, 7, 11, 15]
    assert (kiosk["started"] / MINUTE - 60).tolist() == [1, 2, 3, 7, 11, 15]
    assert (verify["started"] / MINUTE - 60).tolist() == [3, 7, 11, 15, 19, 23]
    assert done.summary("hall_max") == 3
    assert done.summary("hall_mean") == pytest.approx((6 + 9 + 12 + 12 + 12 + 12) / 240)
    assert done.summary("wait_mean", "outside") == pytest.approx((3 + 6 + 9) / 6)
    assert done.summary("wait_mean") == pytest.approx(sum([0, 1 + 3, 2 + 6, 3 + 3 + 6, 4 + 6 + 6, 5 + 9 + 6]) / 6)


def test_a_hall_that_not_everybody_enters_at_its_first_station(tmp_path: Path) -> None:
    """It begins with kiosks for some: who uses them is settled at the entrance, once there is room in the hall."""
    text = """\
      here:
        zone: America/Toronto
        departures: {timetable: day.csv}
        classes: {nexus: 30 %, visitor: rest}
        show_up: 60 min
        hall: {from: kiosk, capacity: 4 people}
        stations:
          screening: {booths: 9, service: 5 s}
          kiosk: {booths: 2, serves: [visitor], share: 60 %, instead: interview, service: 20 s}
          verify: {kind: primary, booths: 2, serves: [visitor], service: 10 s, then: walk}
          nexus: {kind: primary, booths: 1, serves: [nexus], service: 8 s, then: walk}
          interview: {kind: primary, booths: 1, service: 30 s}
          walk: {kind: walk, service: 3 min}
    """
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,03:00,400,100 %\n", encoding="utf-8")
    done = run(hall(tmp_path, text))
    visits = done.visits()
    by = dict(list(visits.groupby("station")))
    assert len(by["outside"]) == len(by["entrance"]) == len(by["walk"]) == 400
    assert by["outside"]["left"].is_monotonic_increasing
    assert set(by["kiosk"]["class"]) == set(by["verify"]["class"]) == {"air.visitor"}
    visitors = len(by["kiosk"]) + len(by["interview"])
    assert visitors == (by["walk"]["class"] == "air.visitor").sum()
    assert abs(len(by["kiosk"]) / visitors - 0.6) < 4 * (0.6 * 0.4 / visitors) ** 0.5
    assert done.summary("hall_max") == 4


def test_who_missed_the_departure_does_not_stand_in_the_line_at_the_far_side(tmp_path: Path) -> None:
    """Of the six of `BY_HAND` one misses its departure; ashore, 10 min after departure, five stand in line.

    A departs at 60 with three aboard, inspected at 70 one after the other, 10 min each: waits 0, 10, 20. B departs at
    64 with two of three: they come at 74, are inspected from 100 and 110: waits 26 and 36. A sixth would wait 46.
    """
    far = """\
        clearance: none
        far_side: {name: there, journey: 10 min, stations: {customs: {kind: primary, booths: 1, service: 10 min}}}
    """
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,01:00,3,100 %\nB,01:04,4,75 %\n", encoding="utf-8")
    done = run(hall(tmp_path, BY_HAND + indent(dedent(far), "    ")))
    customs = done.visits("customs")
    assert (customs["joined"] / MINUTE).tolist() == [70, 70, 70, 74, 74]
    assert (customs["started"] / MINUTE).tolist() == [70, 80, 90, 100, 110]
    there = {"passengers": 5, "arrivals": 5, "outcome_admitted": 5, "wait_mean": (0 + 10 + 20 + 26 + 36) / 5}
    here = {"passengers_missed": 1, "passengers_arrived": 5, "passengers_on_the_way": 0}
    rows = done.table[(done.table.station == "all") & (done.table["class"] == "all")]
    found = rows.set_index(["facility", "measure"])["mean"]
    assert {name: found["there", name] for name in there} == pytest.approx(there)
    assert {name: found["here", name] for name in here} == here


POOLED = """\
  here:
    zone: America/Toronto
    departures: {{timetable: day.csv}}
    classes: {{early: 50 %, late: rest}}
    show_up: {{early: 90 min, late: 30 min}}
    tight: 45 min
    stations:
      verify: {{kind: primary, serves: [late], pool: team, service: 5 min, then: walk{0}}}
      interview: {{kind: primary, serves: [early], pool: team, service: 5 min}}
      walk: {{kind: walk, service: 1 min}}
"""


@pytest.mark.parametrize("priority", [True, False])
def test_tight_connections_go_first_across_the_stations_of_a_pool(priority: bool, tmp_path: Path) -> None:
    """One officer for two stations: the early have stood in line for an hour, yet the tight go first at the other."""
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,01:30,40,100 %\n", encoding="utf-8")
    text = POOLED.format(", priority: [tight]" if priority else "")
    done = run(hall(tmp_path, text, horizon="6 h", more="officers: {team: {officers: 1}}"))
    late, early = done.visits("verify"), done.visits("interview")
    assert len(late) > 5
    between = early[(early.started > late.joined.min() + 300) & (early.started < late.started.max())]
    assert between.empty == priority
    assert (early.started.max() > late.started.max()) == priority


def test_tight_connections_go_first(tmp_path: Path) -> None:
    text = """\
      here:
        zone: America/Toronto
        departures: {timetable: day.csv}
        classes: {early: 50 %, late: rest}
        show_up: {early: 90 min, late: 30 min}
        tight: 45 min
        stations: {primary: {kind: primary, booths: 1, service: 5 min, priority: [tight]}}
    """
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,01:30,40,100 %\n", encoding="utf-8")
    done = run(hall(tmp_path, text, horizon="6 h"))
    visits = done.visits("primary").sort_values("started")
    late = visits[visits["class"] == "air.late"]
    early = visits[visits["class"] == "air.early"]
    assert len(late) > 5
    # Once they are there nobody else begins before the last of them has.
    between = early[(early.started > late.joined.min() + 300) & (early.started < late.started.max())]
    assert between.empty
    assert (early.started > late.started.max()).any()


# ---- more officers ----------------------------------------------------------------------------------------


def test_more_officers_do_not_raise_missed_departures(tmp_path: Path) -> None:
    """Paired over replications: with two officers more fewer miss their departure, and surely not more."""
    variants = "variants: {more: {preclearance.here.stations.primary.booths: 4}}"
    path = hall(tmp_path, MISSED, horizon="9 h", replications=30, more=variants)
    done = run(path, "--all", visits=False)
    difference = done.values("missed_share") - done.values("missed_share", variant="more")
    assert (difference >= 0.0).all()
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    assert difference.mean() > stats.t.ppf(0.999, len(difference) - 1) * error


def test_a_fuller_flight_keeps_the_passengers_of_an_emptier_one(tmp_path: Path) -> None:
    variants = "variants: {fuller: {preclearance.here.departures.load: 100 %}}"
    study = load(hall(tmp_path, MISSED, horizon="9 h", more=variants))
    before, after = build(study.baseline), build(study.variants["fuller"], study.baseline)
    one, two = before.draw(7, 0), after.draw(7, 0)
    assert two.size.sum() == 11 * 60
    assert one.size.sum() == 11 * 54
    known = np.isin(one.time, two.time)
    assert known.all()
    assert len(two) > len(one)


def test_the_far_side_clears_the_same_travellers(tmp_path: Path) -> None:
    """None, partly here or all here: who is inspected where changes, who travels does not."""
    text = """\
      here:
        zone: America/Vancouver
        mode: ferry
        clearance: full
        departures: {banks: {"01:00": 1, "03:00": 1}, within: 0 s, seats: 80, load: 100 %}
        classes: {foot: rest, vehicle: 40 %}
        show_up: {uniform: {low: 25 min, high: 50 min}}
        party: {vehicle: 2.3, foot: 1.4}
        stations:
          immigration: {kind: primary, under: [full, pre-inspection], booths: 4, service: {exponential: {mean: 40 s}}}
          customs: {kind: primary, under: [full], booths: 4, service: {gamma: {mean: 40 s, cv: 0.5}}}
        far_side:
          name: there
          journey: 1 h
          stations:
            ashore: {kind: walk, service: {uniform: {low: 1 min, high: 6 min}}}
            immigration: {kind: primary, under: [none], booths: 3, service: 40 s}
            customs: {kind: primary, under: [none, pre-inspection], booths: 3, service: 40 s}
        costs: {officer_hour: 90 $}
    """
    more = """\
        variants:
          pre: {preclearance.here.clearance: pre-inspection}
          none: {preclearance.here.clearance: none}
    """
    path = hall(tmp_path, text, horizon="6 h", more=more)
    done = run(path, "--all", visits=False)
    rows = done.replications
    rows = rows[(rows["class"] == "all") & (rows.measure == "arrivals")].set_index(["variant", "facility", "station"])
    came = rows["value"].to_dict()
    parties = came["baseline", "here", "all"]
    for variant, inspected in {
        "baseline": {("here", "immigration"): 1, ("here", "customs"): 1},
        "pre": {("here", "immigration"): 1, ("there", "customs"): 1},
        "none": {("there", "immigration"): 1, ("there", "customs"): 1},
    }.items():
        for facility in ("here", "there"):
            assert came[variant, facility, "all"] == parties
            for station in ("immigration", "customs"):
                assert came[variant, facility, station] == parties * inspected.get((facility, station), 0)


BOTH_ENDS = """\
  here:
    zone: America/Vancouver
    clearance: pre-inspection
    departures: {timetable: day.csv}
    classes: {everybody: 100 %}
    show_up: 20 min
    closes: 0 min
    stations: {immigration: {kind: primary, under: [full, pre-inspection], booths: 1, service: 4 min}}
    far_side:
      name: there
      journey: 30 min
      stations:
        immigration: {kind: primary, under: [none], booths: 1, service: 4 min}
        customs: {kind: primary, under: [none, pre-inspection], booths: 1, service: 3 min}
      costs: {officer_hour: 30 $}
    costs: {officer_hour: 60 $}
"""


@pytest.mark.parametrize(
    ("clearance", "waits", "arrived", "cost"),
    [
        # Of six that come 20 min ahead, one every 4 min: the last is done at 24 and misses it. Five travel; customs
        # takes 3 min each, and the sixth party, who is not there, stands at the end of the line.
        ("pre-inspection", [0 + 0, 4 + 3, 8 + 6, 12 + 9, 16 + 12, 20], 5, 4 * 60 + 4 * 30),
        # Immigration every 4 min, then customs is always free: waits of immigration alone.
        ("none", [0, 4, 8, 12, 16, 20], 6, 8 * 30),
        ("full", [0, 4, 8, 12, 16, 20], 5, 4 * 60),
    ],
)
def test_both_ends_by_hand(clearance: str, waits: list[int], arrived: int, cost: float, tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,01:00,6,100 %\n", encoding="utf-8")
    done = run(hall(tmp_path, BOTH_ENDS.replace("clearance: pre-inspection", f"clearance: {clearance}")))
    table = done.table[(done.table.station == "all") & (done.table["class"] == "all")]
    found = table[table.facility == "here"].set_index("measure")["mean"]
    assert found["journey_wait_mean"] == pytest.approx(np.mean(waits))
    assert found["journey_wait_p95"] == pytest.approx(np.quantile(waits, 0.95))
    assert found["journey_person_hours"] == pytest.approx(sum(waits) / 60)
    assert (found["passengers_arrived"], found["passengers_missed"]) == (arrived, 6 - arrived)
    assert found["journey_cost"] == pytest.approx(cost)
    assert found["journey_cost_per_passenger"] == pytest.approx(cost / arrived)
    assert "journey_cost" not in set(table[table.facility == "there"].measure)


def test_who_comes_after_the_horizon_is_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,01:00,6,100 %\n", encoding="utf-8")
    done = run(hall(tmp_path, BOTH_ENDS, horizon="80 min"))
    table = done.table[(done.table.station == "all") & (done.table["class"] == "all")]
    found = table[table.facility == "here"].set_index("measure")["mean"]
    assert found["passengers_on_the_way"] == 5
    assert found["passengers_arrived"] == 0
    # Five are on the way, whose waits over there nobody knows; who missed it waited 20 min and will wait no more.
    assert found["journey_wait_mean"] == found["journey_wait_p95"] == 20
    assert found["journey_person_hours"] == pytest.approx(20 / 60)


def test_departures_without_passengers(tmp_path: Path) -> None:
    """Nobody is booked: a day of zeros and blanks, no failure."""
    (tmp_path / "day.csv").write_text("flight,departs,seats,load\nA,01:00,3,0 %\n", encoding="utf-8")
    done = run(hall(tmp_path, BY_HAND), visits=False)
    assert done.summary("passengers") == 0
    assert done.summary("departures") == 0
    assert np.isnan(done.summary("missed_share"))
    assert done.summary("officer_hours") == 4


def test_nobody_is_inside_when_a_hall_has_drained(tmp_path: Path) -> None:
    _, reference, _, _ = drawn(random_hall(tmp_path, 1))
    assert not (reference.outcome == INSIDE).any()
