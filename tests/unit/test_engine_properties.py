"""What holds of any network and any parties, read from the records and watched while the clock runs.

Every time, length and factor of the cases is dyadic, so integrals are compared with `==`.
"""

from __future__ import annotations

import bisect
import dataclasses
import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from networks import Case, cases, random_case
from watched_engine import run_watched

from sim.engine.records import INSIDE, MOVED_ON, Records
from sim.engine.reference import run
from sim.model.network import DIVERTED, RENEGED, Network, OnClose, Station, StationKind, Steps
from sim.model.parties import Parties
from sim.study.conservation import check_conservation

many = settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
NAN = math.nan


@dataclasses.dataclass(frozen=True)
class Row:
    """One visit with its station, its class's length, and its place in the records."""

    number: int
    party: int
    at: int
    klass: int
    station: Station
    joined: float
    started: float
    ended: float
    left: float
    booth: int
    outcome: int

    @property
    def is_road(self) -> bool:
        return self.station.kind is StationKind.ROAD

    @property
    def served(self) -> bool:
        return not self.is_road and not math.isnan(self.started)


def rows_of(network: Network, parties: Parties, records: Records) -> list[Row]:
    r = records
    columns = (r.party, r.station, r.joined, r.started, r.ended, r.left, r.booth, r.outcome)
    table = zip(*(column.tolist() for column in columns), strict=True)
    return [Row(i, p, at, int(parties.klass[p]), network.stations[at], *rest) for i, (p, at, *rest) in enumerate(table)]


def until(time: float) -> float:
    """NaN stands for an instant that did not come."""
    return math.inf if math.isnan(time) else time


def run_both(case: Case) -> tuple[Network, Parties, list[Row], Records]:
    network, parties = case
    records = run(network, parties)
    return network, parties, rows_of(network, parties, records), records


# ---- conservation and time -------------------------------------------------------------------------------


@many
@given(cases())
def test_every_party_ends_once_or_is_inside(case: Case) -> None:
    network, parties, rows, records = run_both(case)
    check_conservation(network, parties, records)
    outcomes = [row.outcome for row in rows if row.outcome >= 0]
    inside = sum(row.outcome == INSIDE for row in rows)
    away = sum(outcome != DIVERTED for outcome in records.turned_away_outcome.tolist())
    assert len(parties) == len(outcomes) + inside + away
    assert [row.party for row in rows] == sorted(row.party for row in rows)


@many
@given(cases())
def test_a_visit_goes_forward_in_time(case: Case) -> None:
    network, _, rows, records = run_both(case)
    for row in rows:
        times = [t for t in (row.joined, row.started, row.ended, row.left) if not math.isnan(t)]
        assert times == sorted(times)
        assert all(0.0 <= t < network.end for t in times)
        if row.outcome == RENEGED:
            assert math.isnan(row.started)
        elif row.outcome >= 0:
            assert not math.isnan(row.ended)
    for earlier, later in pairwise(rows):
        if earlier.party == later.party:
            assert earlier.outcome == MOVED_ON
            assert earlier.left == later.joined
    assert records.staffing_time.tolist() == sorted(records.staffing_time.tolist())


@many
@given(cases())
def test_the_same_input_gives_the_same_bytes(case: Case) -> None:
    first, second = run(*case), run(*case)
    for field in dataclasses.fields(Records):
        one, other = getattr(first, field.name), getattr(second, field.name)
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


def test_a_seed_always_means_the_same_case() -> None:
    (network, parties), (again, same_parties) = random_case(7), random_case(7)
    assert network == again
    assert parties.draws.tobytes() == same_parties.draws.tobytes()
    assert network != random_case(8)[0]


# ---- who is served where ---------------------------------------------------------------------------------


def closing_before(calendar: Steps, now: float) -> tuple[float, float]:
    """When the calendar last went to 0, at or before `now`, and how many were open until then."""
    last = bisect.bisect_right(calendar.times, now) - 1
    while last > 0 and calendar.values[last - 1] == 0.0:
        last -= 1
    return calendar.times[last], calendar.values[last - 1] if last > 0 else 0.0


@many
@given(cases())
def test_service_follows_the_stations_rules(case: Case) -> None:
    network, _, rows, _ = run_both(case)
    for row in rows:
        assert row.klass in row.station.classes
        if not row.served:
            continue
        pool = network.pools[row.station.pool]
        if pool.servers < 0:
            assert (row.booth, row.started) == (-1, row.joined)
            continue
        assert row.station.running.at(row.started) != 0.0
        opened = pool.calendar.at(row.started)
        if opened == 0.0:  # a closed group serves out who stood in line when it closed (rule 5)
            closed_at, opened = closing_before(pool.calendar, row.started)
            assert row.joined < closed_at
            assert row.station.on_close is not OnClose.WAIT
        assert 0 <= row.booth < opened


def by_booth(rows: list[Row]) -> Iterator[tuple[int, list[Row]]]:
    """The visits that took time in each booth, by start, and how many positions its pool's booth has."""
    booths: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        if row.served and row.booth >= 0 and row.started < until(row.left):
            booths.setdefault((row.station.pool, row.booth), []).append(row)
    for (_, booth), visits in booths.items():
        positions = 1 + any(booth < row.station.tandem for row in visits)
        # Two that begin at one instant: the front one leaves first, or with the other.
        yield positions, sorted(visits, key=lambda row: (row.started, until(row.left)))


@many
@given(cases())
def test_a_position_holds_one_party_and_a_tandem_booth_keeps_its_order(case: Case) -> None:
    _, _, rows, _ = run_both(case)
    for positions, visits in by_booth(rows):
        front_free = rear_free = -math.inf
        for row in visits:
            if row.started >= front_free and row.started >= rear_free:  # an empty booth fills from the front
                front_free = until(row.left)
            else:
                assert positions == 2
                assert rear_free <= row.started < front_free  # the rear only while the front is taken
                assert until(row.left) >= front_free  # and leaves with or after it
                rear_free = until(row.left)


@many
@given(cases())
def test_a_shared_line_is_first_come_first_served_within_a_class(case: Case) -> None:
    _, _, rows, _ = run_both(case)
    lines: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        if not row.is_road and not row.station.per_booth:
            lines.setdefault((row.at, row.klass), []).append(row)
    for line in lines.values():
        for one in line:
            for other in line:
                if one.joined < other.joined and other.served:
                    gone_by = until(one.started) if one.served else until(one.left)
                    assert gone_by <= other.started


@many
@given(cases())
def test_nobody_is_served_after_its_patience(case: Case) -> None:
    """Patience runs from joining a line that has it and survives a move to another group (rule 9)."""
    network, parties, rows, _ = run_both(case)
    deadline = math.inf
    for row, before in zip(rows, [None, *rows], strict=False):
        rerouted = before and before.party == row.party and math.isnan(before.started)
        slot = row.station.classes[row.klass].patience
        if not rerouted or deadline == math.inf:
            patience = float(parties.draws[parties.first_draw[row.party] + slot]) if slot >= 0 else math.inf
            deadline = row.joined + patience
        if row.outcome == RENEGED:
            assert row.left == deadline
        elif not row.is_road and row.served:
            assert row.started <= deadline
        else:
            assert until(row.left) <= deadline or deadline >= network.end


# ---- what the engine counts is what the rows say ---------------------------------------------------------


Stretch = Callable[[Row], tuple[float, float]]


def waiting(row: Row) -> tuple[float, float]:
    joined = row.joined + row.station.travel
    return joined, until(row.started) if row.served else until(row.left)


def in_service(row: Row) -> tuple[float, float]:
    return (row.started, until(row.ended)) if row.served else (NAN, NAN)


def held(row: Row) -> tuple[float, float]:
    return (row.ended, until(row.left)) if row.served and not math.isnan(row.ended) else (NAN, NAN)


def integral(network: Network, rows: list[Row], stretch: Stretch, at: int) -> float:
    total = 0.0
    for row in rows:
        if row.at == at:
            begin, end = stretch(row)
            total += max(min(end, network.horizon) - max(begin, network.warm_up), 0.0) if begin < end else 0.0
    return total


def moments(network: Network, rows: list[Row], pools: bool = False) -> list[tuple[float, float]]:
    """The pieces of the window between any two instants of the rows (and changes of calendars)."""
    instants = {t for row in rows for t in (row.joined, *waiting(row), row.started, row.left)}
    if pools:
        instants |= {t for pool in network.pools for t in pool.calendar.times}
    inner = {t for t in instants if network.warm_up < t < network.horizon}
    edges = sorted({network.warm_up, network.horizon, *inner})
    return list(pairwise(edges))


@many
@given(cases())
def test_integrals_counted_by_the_engine_are_those_of_the_rows(case: Case) -> None:
    network, _, rows, records = run_both(case)
    for counted, stretch in (
        (records.queue_integral, waiting),
        (records.busy_integral, in_service),
        (records.blocked_integral, held),
    ):
        assert counted.tolist() == [integral(network, rows, stretch, at) for at in range(len(network.stations))]
    pieces = moments(network, rows)
    for at, highest in enumerate(records.queue_max.tolist()):
        spans = [waiting(row) for row in rows if row.at == at]
        assert highest == max((sum(a <= t < b for a, b in spans) for t, _ in pieces), default=0)


@many
@given(cases())
def test_overtime_is_the_time_in_booths_that_are_not_on_the_calendar(case: Case) -> None:
    network, _, rows, records = run_both(case)
    expected = [0.0] * len(network.pools)
    for begin, end in moments(network, rows, pools=True):
        for row in rows:
            if row.served and row.booth >= network.pools[row.station.pool].calendar.at(begin) and row.booth >= 0:
                expected[row.station.pool] += (end - begin) * (row.started <= begin < until(row.left))
    assert records.overtime.tolist() == expected


@many
@given(cases())
def test_full_is_when_the_shortest_class_does_not_fit(case: Case) -> None:
    """Where a free booth or the road ahead cannot make up for a line that is full: one line, room for one party."""
    network, _, rows, records = run_both(case)
    pieces = moments(network, rows)
    for at, station in enumerate(network.stations):
        lengths = {k: network.classes[k].length for k in station.classes}
        shortest = min(lengths.values(), default=math.inf)
        if station.per_booth or not shortest <= station.storage:
            continue
        full = 0.0
        for begin, end in pieces:
            spans = [(r.joined, waiting(r)[1], lengths[r.klass]) for r in rows if r.at == at]
            taken = sum(length for a, b, length in spans if a <= begin < b)
            full += (end - begin) * (taken + shortest > station.storage)
        assert records.full_integral[at] == full


# ---- nothing is left to move -----------------------------------------------------------------------------


@many
@given(cases())
def test_every_instant_ends_settled(case: Case) -> None:
    watched, plain = run_watched(*case), run(*case)
    assert watched.left.tobytes() == plain.left.tobytes()


@pytest.mark.parametrize("block", range(8))
def test_every_instant_of_many_seeds_ends_settled(block: int) -> None:
    for seed in range(block * 200, (block + 1) * 200):
        run_watched(*random_case(seed))


def test_the_cases_reach_every_rule() -> None:
    """A generator that never blocks, reneges or reroutes would prove nothing."""
    seen = dict.fromkeys(("blocked", "reneged", "diverted", "rerouted", "served out", "tandem", "inside"), 0)
    for seed in range(700):
        network, parties = random_case(seed)
        network, _, rows, records = run_both((dataclasses.replace(network, controllers=(), following=None), parties))
        seen["diverted"] += int(np.sum(records.turned_away_outcome == DIVERTED))
        for row in rows:
            seen["reneged"] += row.outcome == RENEGED
            seen["inside"] += row.outcome == INSIDE
            seen["blocked"] += row.served and row.ended < until(row.left)
            seen["rerouted"] += row.outcome == MOVED_ON and not row.is_road and not row.served
            calendar = network.pools[row.station.pool].calendar if row.served and row.booth >= 0 else None
            seen["served out"] += calendar is not None and calendar.at(row.started) == 0.0
        for positions, visits in by_booth(rows):
            overlaps = any(a.started <= b.started < until(a.left) for a, b in pairwise(visits))
            seen["tandem"] += positions == 2 and overlaps
    assert min(seen.values()) >= 10, seen
