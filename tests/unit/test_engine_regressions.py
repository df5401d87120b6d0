"""Corners of the rules that an engine once got wrong, one small network each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from sim.engine.records import MOVED_ON, Records
from sim.engine.reference import run
from sim.model.draft import downstream_first
from sim.model.network import (
    ENGINE_OUTCOMES,
    NEVER,
    RENEGED,
    Branch,
    ClassAtStation,
    Facility,
    Network,
    OnClose,
    PartyClass,
    Pool,
    Route,
    Station,
    StationKind,
    Steps,
    Target,
    WhenFull,
)
from sim.model.parties import Parties

OUTCOMES = (*ENGINE_OUTCOMES, "admitted")
ADMITTED = OUTCOMES.index("admitted")
OUT = Target(outcome=ADMITTED)
NAN = math.nan
SERVICE, PATIENCE, MARK = 0, 1, 2
"""Every party here has these three draws."""


def calendar(*changes: tuple[float, float]) -> Steps:
    """(from when, how many)."""
    return Steps(tuple(float(time) for time, _ in changes), tuple(float(count) for _, count in changes))


def comes(then: Target = OUT, sometimes: Target | None = None, **more: Any) -> ClassAtStation:
    """A class that comes to a station, goes on to `then`, and where its mark is below 0.5 to `sometimes`."""
    branches = (Branch(0.5, sometimes),) if sometimes else ()
    return ClassAtStation(service=SERVICE, route=Route(MARK, branches, then), **more)


def group(
    pool: int, *classes: ClassAtStation | None, kind: StationKind = StationKind.LANE_GROUP, **more: Any
) -> Station:
    """A station of one pool; None for a class that never comes."""
    rules = {k: c for k, c in enumerate(classes) if c is not None}
    return Station(f"pool-{pool}-{kind.name}", 0, kind, rules, pool=pool, **more)


def network(stations: Sequence[Station], calendars: Sequence[Steps], entry: Sequence[tuple[int, ...]]) -> Network:
    """One facility, horizon 100 s, drained to 200 s; every pool has two servers, every class is one car long."""
    return Network(
        facilities=(Facility("here", "land", "UTC"),),
        classes=tuple(PartyClass(f"class-{k}", 0, 1.0) for k in range(len(entry))),
        pools=tuple(Pool(f"pool-{i}", 2, calendar) for i, calendar in enumerate(calendars)),
        stations=tuple(stations),
        outcomes=OUTCOMES,
        entry=tuple(Target(stations=first) for first in entry),
        downstream_first=downstream_first(tuple(stations)),
        horizon=100.0,
        warm_up=0.0,
        end=200.0,
    )


def simulate(net: Network, *parties: tuple[float, int, float, float, float]) -> Records:
    """Run parties given as (time, class, service, patience, mark)."""
    columns = list(zip(*parties, strict=True))
    count = len(parties)
    drawn = Parties(
        time=np.array(columns[0], dtype=np.float64),
        klass=np.array(columns[1], dtype=np.int64),
        size=np.ones(count, dtype=np.int64),
        first_draw=3 * np.arange(count),
        draws=np.array(columns[2:], dtype=np.float64).T.ravel(),
        initial=np.zeros(count, dtype=np.bool_),
    )
    return run(net, drawn)


def path(records: Records, party: int) -> list[tuple[int, float, float]]:
    """Stations a party came to, when it started there and when it left."""
    mine = records.party == party
    columns = (records.station[mine], records.started[mine], records.left[mine])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [(station, NAN if math.isnan(started) else started, left) for station, started, left in rows]


STAYS, REFERRED = 0.9, 0.1
"""Marks above and below the probability of the branch."""
ONE = calendar((-NEVER, 1))


@pytest.mark.parametrize(
    ("on_close", "stations", "start"), [(OnClose.WAIT, [0], 40.0), (OnClose.REROUTE, [0, 1], 10.0)]
)
def test_a_line_told_to_wait_stays_although_another_group_is_open(
    on_close: OnClose, stations: list[int], start: float
) -> None:
    """Rule 5: only `on_close: reroute` sends the line of a closed group elsewhere."""
    closing = group(0, comes(), on_close=on_close, reroute={0: (1,)})
    calendars = [calendar((-NEVER, 1), (10, 0), (40, 1)), ONE]
    net = network([closing, group(1, comes())], calendars, [(0, 1)])
    records = simulate(net, (0, 0, 15, NEVER, STAYS), (1, 0, 5, NEVER, STAYS))
    assert [station for station, _, _ in path(records, 1)] == stations
    assert path(records, 1)[-1][1] == start


def test_who_finds_no_room_elsewhere_does_not_keep_those_held_behind_it() -> None:
    """Rule 5: each goes to the next group that serves its class."""
    closing = group(0, comes(), comes(), on_close=OnClose.REROUTE, reroute={0: (1,), 1: (2,)})
    full, free = group(1, comes(), None, comes(), storage=0.0), group(2, None, comes())
    net = network([closing, full, free], [calendar((-NEVER, 1), (10, 0)), ONE, ONE], [(0,), (0,), (1,)])
    first, occupies = (0, 0, 15, NEVER, STAYS), (0, 2, 30, NEVER, STAYS)
    records = simulate(net, first, occupies, (2, 0, 5, NEVER, STAYS), (3, 1, 5, NEVER, STAYS))
    assert path(records, 2) == [(0, NAN, 30.0), (1, 30.0, 35.0)]
    assert path(records, 3) == [(0, NAN, 10.0), (2, 10.0, 15.0)]


def test_a_lane_that_waives_is_not_blocked_by_one_that_does_not() -> None:
    """Rule 8: full bays block a lane unless that lane waives, whoever else is blocked."""
    bay = group(2, comes(), comes(), kind=StationKind.SECONDARY, storage=0.0)
    to_bay = Target(stations=(2,))
    blocks = group(0, comes(sometimes=to_bay))
    waives = group(1, None, comes(sometimes=to_bay), waive_when_full=True)
    net = network([blocks, waives, bay], [calendar((-NEVER, 2)), ONE, calendar((-NEVER, 0), (50, 1))], [(0,), (1,)])
    records = simulate(net, (0, 0, 5, NEVER, REFERRED), (0, 1, 8, NEVER, REFERRED))
    assert path(records, 0) == [(0, 0.0, 50.0), (2, 50.0, 55.0)]
    assert path(records, 1) == [(1, 0.0, 8.0)]


def test_the_line_of_a_stopped_station_leaves_the_officers_of_its_pool_free() -> None:
    """An outage keeps its own line from being served; an officer of the pool is free for the other station."""
    stopped = group(0, comes(), running=calendar((-NEVER, 0)))
    other = group(0, None, comes(), storage=0.0, when_full=WhenFull.BALK)
    net = network([stopped, other], [ONE], [(0,), (1,)])
    records = simulate(net, (0, 0, 5, NEVER, STAYS), (3, 1, 5, NEVER, STAYS))
    assert path(records, 1) == [(1, 3.0, 8.0)]
    assert records.turned_away.size == 0


def test_a_group_without_waiting_room_is_full_while_its_booths_are_taken() -> None:
    """Not before the first party, and not from then on for ever."""
    net = network([group(0, comes(), storage=0.0, when_full=WhenFull.BALK)], [ONE], [(0,)])
    records = simulate(net, (10, 0, 5, NEVER, STAYS), (12, 0, 5, NEVER, STAYS), (40, 0, 20, NEVER, STAYS))
    assert records.turned_away.tolist() == [1]
    assert records.full_integral.tolist() == [25.0]


def test_a_group_without_waiting_room_is_full_from_the_start_while_closed() -> None:
    """The first event may come late."""
    net = network([group(0, comes(), storage=0.0)], [calendar((-NEVER, 0), (30, 1))], [(0,)])
    records = simulate(net, (90, 0, 5, NEVER, STAYS))
    assert records.full_integral.tolist() == [35.0]


def test_patience_survives_a_move_to_a_group_whose_line_has_none() -> None:
    """Rule 9: patience runs until the start of service and survives closure."""
    closing = group(0, comes(patience=PATIENCE), on_close=OnClose.REROUTE, reroute={0: (1,)})
    calendars = [calendar((-NEVER, 1), (10, 0)), ONE]
    net = network([closing, group(1, comes(), comes())], calendars, [(0,), (1,)])
    records = simulate(net, (0, 0, 50, NEVER, STAYS), (0, 1, 50, NEVER, STAYS), (4, 0, 5, 12, STAYS))
    assert path(records, 2) == [(0, NAN, 10.0), (1, NAN, 16.0)]
    assert records.outcome[records.party == 2].tolist() == [MOVED_ON, RENEGED]


def test_who_is_let_through_an_empty_line_goes_through_before_anybody_else_moves() -> None:
    """Rule 4: the front party of a tandem booth crosses a road without storage ahead of the rear one it released."""
    toll = group(0, comes(Target(stations=(1,))), comes(Target(stations=(2,))), kind=StationKind.TOLL, tandem=1)
    rules = ClassAtStation(route=Route(-1, (), Target(stations=(2,))))
    road = Station("road", 0, StationKind.ROAD, {0: rules}, storage=0.0)
    net = network([toll, road, group(1, comes(), comes(), storage=1.0)], [ONE, ONE], [(0,), (0,)])
    records = simulate(net, (0, 0, 5, NEVER, STAYS), (0, 1, 4, NEVER, STAYS))
    assert path(records, 0) == [(0, 0.0, 5.0), (1, 5.0, 5.0), (2, 5.0, 10.0)]
    assert path(records, 1) == [(0, 0.0, 5.0), (2, 10.0, 14.0)]


@pytest.mark.parametrize("seed", range(40))
def test_log_of_full_stations_adds_up_to_its_integral(seed: int) -> None:
    from networks import random_case

    network, parties = random_case(seed)
    records = run(network, parties)
    for station in range(len(network.stations)):
        mine = records.full_station == station
        time, state = records.full_time[mine], records.full_state[mine]
        assert np.all(np.diff(time) >= 0.0)
        edges = np.clip(np.append(time, network.horizon), network.warm_up, network.horizon)
        assert records.full_integral[station] == pytest.approx(float(state @ np.diff(edges)), abs=1e-9)
