"""Dated events, opening hours and diversion: longer waits while they last, the old ones afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from physics_tools import Crowd, Pair, crowd, pairs, simulated, surely_positive, written
from toolbox import MINUTE, estimate, ratio

from sim.model.network import StationKind

HALF_HOUR = 30 * MINUTE
PORT = """
    traffic: {car: {rate: 80 /h}}
    lanes: {general: {serves: [car], booths: 2, service: {erlang: {mean: 60 s, shape: 3}}}}
    secondary: {bays: 30, referral: {car: 5 %}, service: {gamma: {mean: 10 min, cv: 0.7}}}
"""
"""Load 0.67 and bays for everybody: a disturbance is worked off, and then each car is served as if it had not been."""
EVENTS = {
    "surge": "service: 1.6, referral: 3",
    "outage": "stopped: [general]",
    "closure": "booths: {general: 1}",
}
SINCE, UNTIL, CALM = 30 * MINUTE, 50 * MINUTE, 150 * MINUTE
"""Seconds: the events last from SINCE to UNTIL; from CALM on things must be as they would have been."""


def test_events_lengthen_waits_and_are_forgotten(tmp_path: Path, times: int) -> None:
    dates = 'from: "2024-01-01 00:30", until: "2024-01-01 00:50"'
    variants = "\n".join(f"  {name}: {{events: [{{name: {name}, {dates}, {what}}}]}}" for name, what in EVENTS.items())
    path = written(tmp_path, PORT, f"variants:\n{variants}", horizon="3 h", seed=551, times=times)
    plan = simulated(path)
    found: dict[str, list[tuple[float, float, float, bool]]] = {name: [] for name in EVENTS}
    for runs in pairs(plan, *EVENTS):
        for name, pair in zip(EVENTS, runs, strict=True):
            assert np.array_equal(*waits_of_those_served_by(SINCE, pair))
            during, after = pair.longer(since=SINCE, until=UNTIL), pair.longer(since=UNTIL, until=UNTIL + HALF_HOUR)
            calm = pair.before.parties.time >= CALM
            same = np.array_equal(pair.before.wait[calm], pair.after.wait[calm])
            found[name].append((during, after, pair.longer(since=CALM), same))
    for name, rows in found.items():
        during, after, calm, same = np.transpose(rows)
        longer = surely_positive(during, f"minutes longer during the {name}")
        surely_positive(after, f"minutes longer in the half hour after the {name}")
        print(f"{name}: from 02:30 on as without it in {same.mean():.0%}, {calm.mean():.4f} min longer in the mean")
        assert same.mean() > 0.9
        assert abs(calm.mean()) < 0.02 * longer


def waits_of_those_served_by(instant: float, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    served = pair.before.started < instant
    return pair.before.wait[served], pair.after.wait[served]


def test_a_surge_of_enforcement_multiplies_referrals_while_it_lasts(tmp_path: Path, times: int) -> None:
    """Referral is read at the end of service: of those that end within the event three times as many are referred."""
    surge = 'events: [{name: surge, from: "2024-01-01 00:30", until: "2024-01-01 01:30", referral: 3}]'
    path = written(tmp_path, PORT, more=surge, horizon="2 h", seed=552, times=times, replications=40)
    plan = simulated(path)
    within, outside = [], []
    for replication in range(plan.replications):
        found = crowd(plan, replication)
        rows = found.rows(StationKind.LANE_GROUP)
        ended = found.records.ended[rows]
        referred = np.isin(found.records.party[rows], found.end("released"))
        surging = (ended >= 30 * MINUTE) & (ended < 90 * MINUTE)
        within.append((referred[surging].sum(), surging.sum()))
        outside.append((referred[~surging].sum(), (~surging).sum()))
    for rows, share in ((within, 0.15), (outside, 0.05)):
        sent, ended = np.array(rows, dtype=np.float64).T
        found_share = ratio(sent, ended)
        print(f"share referred: {found_share.mean:.4f} +- {found_share.half:.4f}, stated {share}")
        found_share.agrees(share, precision=0.35)


# ---- opening hours ------------------------------------------------------------------------------------

CLOSES, OPENS, DRIVE = 60 * MINUTE, 120 * MINUTE, 15 * MINUTE
TWO_PORTS = """
    traffic: {car: {rate: 50 /h}}
    lanes: {general: {serves: [car], booths: 1, service: {erlang: {mean: 50 s, shape: 3}}}}
    hours: {"00:00": open, "01:00": closed, "02:00": open}
    outside_hours: balk
    divert: {to: there, after: 15 min}
"""
NEIGHBOUR = """
  there:
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {rate: 40 /h}}
    lanes: {general: {serves: [car], booths: 2, service: {erlang: {mean: 50 s, shape: 3}}}}
"""
OUTSIDE = """
    variants:
      wait: {ports.here.outside_hours: wait}
      divert: {ports.here.outside_hours: divert}
"""
REPLICATIONS = 100


@pytest.fixture(scope="module")
def closed_for_an_hour(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Crowd]]:
    return hour_closed(tmp_path_factory.mktemp("hours"))


def hour_closed(folder: Path) -> list[dict[str, Crowd]]:
    """Each replication of a port that is closed from one to two, whoever comes then balking, waiting or diverting."""
    path = written(folder, TWO_PORTS, OUTSIDE, horizon="3 h", seed=553, replications=REPLICATIONS)
    path.write_text(path.read_text(encoding="utf-8") + NEIGHBOUR, encoding="utf-8")
    plan = simulated(path)
    return [{v: crowd(plan, r, v) for v in ("baseline", "wait", "divert")} for r in range(plan.replications)]


def own(found: Crowd) -> np.ndarray:
    """Numbers of the cars of the port that closes."""
    return np.flatnonzero(np.array([k.facility == 0 for k in found.network.classes])[found.parties.klass])


def late(found: Crowd) -> np.ndarray:
    """Of those, the ones that come while it is closed."""
    mine = own(found)
    came = found.parties.time[mine]
    return mine[(came >= CLOSES) & (came < OPENS)]


def test_outside_hours_parties_balk_and_nobody_else(closed_for_an_hour: list[dict[str, Crowd]]) -> None:
    came = 0
    for found in (day["baseline"] for day in closed_for_an_hour):
        assert np.array_equal(np.sort(found.records.turned_away), late(found))
        names = {found.network.outcomes[i] for i in found.records.turned_away_outcome}
        assert names <= {"closed"}
        came += len(late(found))
    assert came > 30 * len(closed_for_an_hour)


def test_outside_hours_parties_wait_for_the_opening(closed_for_an_hour: list[dict[str, Crowd]]) -> None:
    waited = []
    for found in (day["wait"] for day in closed_for_an_hour):
        assert not len(found.records.turned_away)
        started = found.started[late(found)]
        assert (started >= OPENS).all()
        assert started.min() == OPENS, "the first in line begins as the port opens"
        waited.append(found.wait[late(found)].mean())
    # Half an hour to the opening and then, in the mean, half of the 50 - 1 others at 50 s each.
    found_wait = estimate(np.array(waited))
    print(f"minutes waited: {found_wait.mean:.2f} +- {found_wait.half:.2f}")
    found_wait.agrees(30.0 + 49 / 2 * 50 / MINUTE, precision=0.06)


def test_a_diverted_party_is_served_at_the_neighbour_after_the_drive(
    closed_for_an_hour: list[dict[str, Crowd]],
) -> None:
    longer = []
    for day in closed_for_an_hour:
        found, without = day["divert"], day["baseline"]
        diverted, network = late(found), found.network
        assert np.array_equal(np.sort(found.records.turned_away), diverted)
        assert {network.outcomes[i] for i in found.records.turned_away_outcome} == {"diverted"}
        there = [i for i, s in enumerate(network.stations) if s.facility == 1 and s.kind is StationKind.LANE_GROUP]
        rows = np.flatnonzero(np.isin(found.records.party, diverted) & np.isin(found.records.station, there))
        assert np.array_equal(found.records.party[rows], diverted), "each is inspected there, once"
        np.testing.assert_array_equal(found.records.joined[rows], found.parties.time[diverted] + DRIVE)
        assert np.isin(diverted, found.end("admitted")).all()
        locals_ = np.setdiff1d(np.arange(len(found.parties)), own(found))
        longer.append((found.wait[locals_] - without.wait[locals_]).mean())
    surely_positive(longer, "minutes the neighbour's own cars wait longer for them")


def test_who_is_in_line_at_closing_is_served(closed_for_an_hour: list[dict[str, Crowd]]) -> None:
    overtime = 0
    for found in (day["baseline"] for day in closed_for_an_hour):
        mine = own(found)
        early = mine[found.parties.time[mine] < CLOSES]
        assert np.isin(early, found.end("admitted")).all()
        overtime += (found.started[early] >= CLOSES).sum()
    assert overtime > 50, "no line was left at closing, so nothing was tested"
