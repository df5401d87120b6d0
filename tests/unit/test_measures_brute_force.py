"""Random visits measured by a slow loop, definition by definition, against the vectorised measures."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from measures_world import RELEASED, Values, Visit, comes, inside, network, on, parties, records, station, visit

from sim.engine.records import INSIDE, Records
from sim.model.network import RENEGED, Network, StationKind, Target
from sim.model.parties import Parties
from sim.study.measures import Layout, integrals, measure

BIN = 700.0
WARM_UP, HORIZON = 500.0, 5000.0


def model() -> Network:
    road = comes(0, 1, then=Target(stations=(1, 2)))
    return network(
        [
            station("approach", StationKind.ROAD, road, travel=20.0, metres_per_length=7.5),
            station("general", StationKind.LANE_GROUP, comes(0, 1, patience=0), pool=0, metres_per_length=7.5),
            station("nexus", StationKind.LANE_GROUP, comes(1, patience=0), pool=1, metres_per_length=6.0),
        ],
        classes=[("car", 0, 1.0), ("car.nexus", 0, 1.5)],
        pools=2,
        warm_up=WARM_UP,
        horizon=HORIZON,
    )


def random_day(seed: int) -> tuple[Parties, list[Visit]]:
    """Parties that drive up, queue, and are served, renege, or are still there; instants on a coarse grid tie often."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 60))
    time = np.sort(rng.integers(-20, 540, n) * 10.0)
    klass = rng.integers(0, 2, n)
    rows: list[Visit] = []
    for party in range(n):
        joined = float(time[party])
        if rng.random() < 0.1:
            rows.append(inside(party, 0, joined, booth=-1))
            continue
        left = joined + 20.0 + 10.0 * int(rng.integers(0, 60))
        rows.append(on(party, 0, joined, joined, joined + 20.0, left, booth=-1))
        group = 2 if klass[party] == 1 and rng.random() < 0.7 else 1
        wait, service, held = (10.0 * int(k) for k in rng.integers(0, (80, 50, 10)))
        fate = rng.random()
        if fate < 0.15:
            rows.append(visit(party, group, left, left=left + wait, then=RENEGED, booth=-1))
        elif fate < 0.25:
            rows.append(inside(party, group, left, left + wait))
        elif fate < 0.3:
            rows.append(inside(party, group, left, left + wait, left + wait + service, math.nan))
        else:
            ended = left + wait + service
            rows.append(visit(party, group, left, left + wait, ended, ended + held))
    return parties(list(time), list(klass), list(rng.integers(1, 5, n)), list(time < 0.0)), rows


def overlap(start: float, end: float, low: float, high: float) -> float:
    end = math.inf if math.isnan(end) else end
    return 0.0 if math.isnan(start) else max(0.0, min(end, high) - max(start, low))


def line_of(row: Visit) -> tuple[float, float]:
    _, at, joined, started, _, left, _, _ = row
    if at == 0:
        return joined + 20.0, left
    return joined, left if math.isnan(started) else started


class Slow:
    """The definitions, one party at a time, for the rows a filter keeps."""

    def __init__(self, people: Parties, rows: list[Visit], label: int | None, at: int | None) -> None:
        self.people = people
        self.rows = [r for r in rows if label is None or people.klass[r[0]] == label]
        if at is not None:
            self.rows = [r for r in self.rows if r[1] == at]

    def spells(self, at: int | None) -> list[tuple[float, float, float, int, int, float]]:
        """Joined, begun, left, outcome, size, drive, of those that joined in the window."""
        found = []
        for party in sorted({r[0] for r in self.rows}):
            mine = [r for r in self.rows if r[0] == party]
            joined = mine[0][2]
            if not WARM_UP <= joined < HORIZON or self.people.initial[party]:
                continue
            primary = [r for r in mine if r[1] > 0 and not math.isnan(r[3])]
            if at == 0:
                begun, drive = (mine[0][5] if mine[0][7] != INSIDE else math.nan), 20.0
            else:
                begun = primary[0][3] if primary else math.nan
                drive = 20.0 if at is None else 0.0
            found.append((joined, begun, mine[-1][5], mine[-1][7], int(self.people.size[party]), drive))
        return found

    def queue_mean(self, low: float, high: float) -> float:
        return sum(overlap(*line_of(r), low, high) for r in self.rows) / (high - low)

    def queue_max(self) -> int:
        lines = [line_of(r) for r in self.rows]
        instants = [WARM_UP, *(start for start, _ in lines if WARM_UP <= start < HORIZON)]
        return max(sum(overlap(*line, t, t + 1.0) > 0.0 for line in lines) for t in instants)


@pytest.mark.parametrize("seed", range(12))
def test_against_a_slow_loop(seed: int) -> None:
    network_ = model()
    people, rows = random_day(seed)
    layout = Layout.of(network_, BIN)
    log = [(0.0, 0, 3), (0.0, 1, 2), (1234.0, 0, 1), (2345.0, 1, 4)]
    got = Values(layout, measure(layout, people, records(network_, rows, staffing=log)))
    edges = layout.edges.tolist()
    checked = 0
    for at, where in [(None, "all"), (0, "approach"), (1, "general"), (2, "nexus")]:
        for label, klass in [(None, "all"), (0, "car"), (1, "car.nexus")]:
            if (at, label) == (2, 0):
                continue
            slow, checked = Slow(people, rows, label, at), checked + 1
            spells = slow.spells(at)
            waits = [max(begun - joined - drive, 0.0) for joined, begun, *_, drive in spells if begun == begun]
            sizes = [size for _, begun, _, _, size, _ in spells if begun == begun]
            assert got("arrivals", where, klass) == len(spells)
            assert got("queue_mean", where, klass) == pytest.approx(slow.queue_mean(WARM_UP, HORIZON))
            assert got("queue_max", where, klass) == slow.queue_max()
            assert got("person_hours_delay", where, klass) == pytest.approx(np.dot(waits, sizes) / 3600.0)
            for name, share in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)]:
                expected = np.quantile(waits, share) / 60.0 if waits else math.nan
                np.testing.assert_equal(got(f"wait_{name}", where, klass), expected)  # to the last bit
            expected_bins = [slow.queue_mean(low, high) for low, high in pairwise(edges)]
            assert got.bin("queue_mean", where, klass) == pytest.approx(expected_bins, abs=1e-12)
            joined = np.histogram([s[0] for s in spells], edges)[0]
            assert got.bin("arrivals", where, klass) == joined.tolist()
            begun = [s[1] for s in spells if s[1] < HORIZON]
            counted = got.starts["port", where, klass, "started_count"]
            assert counted == np.histogram(begun, edges)[0].tolist()
            if at != 0:
                assert got("outcome_released", where, klass) == sum(s[3] == RELEASED for s in spells)
                gone = [s[2] - s[0] - s[5] for s in spells if s[3] == RENEGED]
                left = np.mean(gone) / 60.0 if gone else math.nan
                assert got("wait_left_mean", where, klass) == pytest.approx(left, nan_ok=True)
    assert checked == 11


@pytest.mark.parametrize("seed", range(12))
def test_busy_time_bins_and_integrals_against_a_slow_loop(seed: int) -> None:
    network_ = model()
    people, rows = random_day(seed)
    rec: Records = records(network_, rows, staffing=[(0.0, 0, 9), (0.0, 1, 9)])
    layout = Layout.of(network_, BIN)
    got = Values(layout, measure(layout, people, rec))
    found = integrals(network_, people, rec)
    for at, where in [(1, "general"), (2, "nexus")]:
        mine = [r for r in rows if r[1] == at]
        busy = [sum(overlap(r[3], r[4], low, high) for r in mine) for low, high in pairwise(layout.edges)]
        assert got.bin("utilisation", where) == pytest.approx(np.array(busy) / (9.0 * np.diff(layout.edges)), abs=1e-12)
        assert found.busy[at] == pytest.approx(sum(busy), abs=1e-9)
        held = sum(overlap(r[4], r[5], WARM_UP, HORIZON) for r in mine)
        assert found.blocked[at] == pytest.approx(held, abs=1e-9)
        assert got("blocked_hours", where) == pytest.approx(held / 3600.0, abs=1e-12)
        assert found.queue[at] == pytest.approx(got("queue_mean", where) * (HORIZON - WARM_UP), abs=1e-9)
    assert found.busy[0] == found.blocked[0] == 0.0
