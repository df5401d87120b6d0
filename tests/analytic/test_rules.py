"""The rules of the model held against what parties did, on ports made up at random.

Each rule is stated here in terms of visits alone, without lines, events or a clock: a second reading of the
rule book, independent of the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from random_ports import random_scenario
from test_little import loaded
from toolbox import FloatArray

from sim.engine import MOVED_ON, Records
from sim.model.network import NEVER, RENEGED, Network, OnClose, Station, StationKind
from sim.model.parties import Parties
from sim.scenario.vocabulary import BASELINE

SEEDS = range(40)


@dataclass(frozen=True)
class World:
    """One replication of a random port."""

    network: Network
    parties: Parties
    records: Records

    def at(self, station: int) -> np.ndarray:
        """Rows of the visits to a station, in order of joining, then party."""
        rows = np.flatnonzero(self.records.station == station)
        return rows[np.lexsort((self.records.party[rows], self.records.joined[rows]))]

    def left(self, rows: np.ndarray) -> FloatArray:
        """When each visit was over, the end of the run for who is inside."""
        return np.where(np.isnan(self.records.left[rows]), self.records.stopped_at, self.records.left[rows])

    def queue_until(self, rows: np.ndarray) -> FloatArray:
        """When each visit stopped standing in line."""
        return np.where(np.isnan(self.records.started[rows]), self.left(rows), self.records.started[rows])

    def klass(self, rows: np.ndarray) -> np.ndarray:
        return self.parties.klass[self.records.party[rows]]

    def draw(self, row: int, slot: int) -> float:
        return float(self.parties.draws[self.parties.first_draw[self.records.party[row]] + slot])

    def served(self) -> Iterator[tuple[int, Station]]:
        """Stations with servers of their own, in the order of the scenario."""
        for index, station in enumerate(self.network.stations):
            if station.pool >= 0 and sum(s.pool == station.pool for s in self.network.stations) == 1:
                yield index, station


@pytest.fixture(scope="module")
def worlds(tmp_path_factory) -> list[World]:
    folder = tmp_path_factory.mktemp("ports")
    found = []
    for seed in SEEDS:
        plan = loaded(random_scenario(folder, seed))
        network = plan.model(BASELINE)[0].network
        found += [World(network, *plan.simulate(BASELINE, replication)) for replication in range(plan.replications)]
    return found


def count_at(since: FloatArray, until: FloatArray, times: FloatArray) -> np.ndarray:
    """How many of the stretches [since, until) hold each of the instants."""
    return np.searchsorted(np.sort(since), times, side="right") - np.searchsorted(np.sort(until), times, side="right")


def between(*instants: FloatArray) -> FloatArray:
    """The middle of every gap between instants: the states that lasted."""
    times = np.unique(np.concatenate(instants))
    return (times[1:] + times[:-1]) / 2.0


def test_a_booth_holds_one_party_and_a_tandem_booth_two(worlds) -> None:
    full = 0
    for world in worlds:
        for pool, servers in enumerate(world.network.pools):
            members = [i for i, s in enumerate(world.network.stations) if s.pool == pool]
            tandem = max(world.network.stations[i].tandem for i in members)
            rows = np.concatenate([world.at(i) for i in members])
            rows = rows[~np.isnan(world.records.started[rows])]
            for booth in range(servers.servers):
                mine = rows[world.records.booth[rows] == booth]
                since, until = world.records.started[mine], world.left(mine)
                most = count_at(since, until, between(since, until)).max(initial=0)
                assert most <= (2 if booth < tandem else 1)
                full += most == 2
    assert full > 5


def test_no_service_starts_in_a_closed_booth(worlds) -> None:
    """Unless the group serves out the line it had at closing: then nobody is open by the calendar."""
    closed = 0
    for world in worlds:
        for index, station in world.served():
            rows = world.at(index)
            rows = rows[~np.isnan(world.records.started[rows])]
            calendar = world.network.pools[station.pool].calendar
            for row in rows:
                start = world.records.started[row]
                scheduled = calendar.at(start)
                booth = world.records.booth[row]
                if scheduled > 0:
                    assert booth < scheduled
                else:
                    closed += 1
                    assert station.on_close is not OnClose.WAIT
                    closing = max(time for time in calendar.times if time <= start)
                    assert world.records.joined[row] <= closing
                    assert booth < calendar.at(np.nextafter(closing, -np.inf))
    assert closed > 5


def test_no_open_booth_is_idle_while_a_shared_line_waits(worlds) -> None:
    """Work conservation, booths and bays; a tandem booth may have to stay empty at the front."""
    waited = 0
    for world in worlds:
        for index, station in world.served():
            if station.per_booth or station.tandem or not station.running.is_one():
                continue
            rows = world.at(index)
            calendar = world.network.pools[station.pool].calendar
            joined, until = world.records.joined[rows], world.queue_until(rows)
            inside = ~np.isnan(world.records.started[rows])
            started, left = world.records.started[rows[inside]], world.left(rows[inside])
            changes = np.array([t for t in calendar.times if 0.0 < t < world.records.stopped_at])
            times = between(joined, until, started, left, changes)
            in_line, in_booths = count_at(joined, until, times), count_at(started, left, times)
            scheduled = np.array([calendar.at(t) for t in times])
            assert not np.any((in_line > 0) & (in_booths < scheduled))
            waited += int((in_line > 0).sum())
    assert waited > 1000


def test_first_come_first_served_within_a_rank_of_a_shared_line(worlds) -> None:
    overtaken = 0
    for world in worlds:
        for index, station in enumerate(world.network.stations):
            if station.pool < 0 or station.per_booth:
                continue
            rows = world.at(index)
            rank = np.array([station.classes[k].rank for k in world.klass(rows)])
            for one in np.unique(rank):
                mine = rows[(rank == one) & ~np.isnan(world.records.started[rows])]
                joined, started = world.records.joined[mine], world.records.started[mine]
                # Who joins at one instant, such as several as a truck makes room, may do so in any order.
                assert np.all(np.diff(started[np.lexsort((started, joined))]) >= 0.0)
            overtaken += int((np.diff(world.records.started[rows]) < 0.0).sum())
    assert overtaken > 20, "no class ever overtook another"


def test_lower_ranks_start_only_when_no_higher_waits(worlds) -> None:
    """While the group is open; one that serves out its line leaves those who come later standing, of any rank."""
    compared = 0
    for world in worlds:
        for index, station in world.served():
            if station.per_booth:
                continue
            rows = world.at(index)
            rank = np.array([station.classes[k].rank for k in world.klass(rows)])
            if not (rank > 0).any():
                continue
            high, calendar = rows[rank == 0], world.network.pools[station.pool].calendar
            for row in rows[rank > 0]:
                start = world.records.started[row]
                if not np.isnan(start) and calendar.at(start) > 0:
                    waiting = (world.records.joined[high] < start) & (world.queue_until(high) > start)
                    assert not waiting.any()
                    compared += 1
    assert compared > 100


def test_storage_is_never_exceeded(worlds) -> None:
    """But for an initial queue, which stands where it is said to stand."""
    full = 0
    for world in worlds:
        for index, station in enumerate(world.network.stations):
            if station.storage == NEVER:
                continue
            rows = world.at(index)
            if world.parties.initial[world.records.party[rows]].any():
                continue
            since, until = world.records.joined[rows], world.queue_until(rows)
            if station.kind is StationKind.ROAD:
                until = world.left(rows)
            times = between(since, until)
            lengths = np.array([world.network.classes[k].length for k in world.klass(rows)])
            taken = sum((lengths[i] * ((since[i] <= times) & (times < until[i])) for i in range(len(rows))), 0.0)
            most = np.max(taken, initial=0.0)
            assert most <= station.storage
            full += most == station.storage > 0.0
    assert full > 10


def test_patience_ends_to_the_bit_and_never_later(worlds) -> None:
    """Of parties whose patience began here: a line moved to on closing keeps the patience of the one before."""
    reneged = 0
    for world in worlds:
        records = world.records
        for row in range(len(records.party)):
            station = world.network.stations[records.station[row]]
            slot = station.classes[int(world.parties.klass[records.party[row]])].patience
            moved_here = row > 0 and records.party[row - 1] == records.party[row]
            if slot < 0 or (moved_here and np.isnan(records.started[row - 1])):
                continue
            deadline = records.joined[row] + world.draw(row, slot)
            if records.outcome[row] == RENEGED:
                assert records.left[row] == deadline
                reneged += 1
            elif station.kind is not StationKind.ROAD and not np.isnan(records.started[row]):
                assert records.started[row] <= deadline
    assert reneged > 50


def test_service_is_the_draw_times_its_factors_to_the_bit(worlds) -> None:
    """Rule 10: draw x event x queue x persons, left to right, then the time to pull in; the line counts as left."""
    paced = 0
    for world in worlds:
        records = world.records
        for index, station in world.served():
            rows = world.at(index)
            joined, until = records.joined[rows], world.queue_until(rows)
            for row in rows[~np.isnan(records.ended[rows])]:
                rules = station.classes[int(world.parties.klass[records.party[row]])]
                start = records.started[row]
                size = float(world.parties.size[records.party[row]])
                # Who else starts, comes or goes at this very instant is a matter of order: each count is tried.
                # The party itself has left the line.
                least = int(((joined < start) & (until > start)).sum())
                most = int(((joined <= start) & (until >= start)).sum()) - 1
                ends = set()
                for line in range(least, most + 1):
                    factor = ([1.0] + [value for over, value in rules.queue_factor if line > over])[-1]
                    takes = world.draw(row, rules.service) * 1.0 * factor * (1.0 + rules.extra_person * (size - 1.0))
                    ends.add(start + (takes + rules.move_up))
                    paced += factor != 1.0
                assert records.ended[row] in ends
    assert paced > 50


def test_who_is_blocked_finds_no_room_further_on(worlds) -> None:
    """Except the rear party of a tandem booth, which waits for the front one, and who is not blocked longest.

    The longest blocked is not overtaken: behind a truck that does not fit a car waits as well.
    """
    blocked = 0
    for world in worlds:
        records = world.records
        for row in np.flatnonzero(records.left > records.ended):
            station = world.network.stations[records.station[row]]
            if station.pool < 0 or station.tandem or records.outcome[row] != MOVED_ON:
                continue
            target = int(records.station[row + 1])
            onto = world.network.stations[target]
            shared_pool = sum(s.pool == onto.pool for s in world.network.stations) > 1
            if onto.kind is StationKind.ROAD or shared_pool:
                continue
            rows = world.at(target)
            since, until = records.joined[rows], world.queue_until(rows)
            inside = rows[~np.isnan(records.started[rows])]
            started, left = records.started[inside], world.left(inside)
            times = between(np.array([records.ended[row], records.left[row]]), since, until, started, left)
            ahead = np.append(records.station[1:] == target, False) & (records.outcome == MOVED_ON)
            ahead &= (records.ended < records.ended[row]) & (records.left > records.ended[row])
            first_in_turn = max(records.left[ahead], default=records.ended[row])
            times = times[(times > first_in_turn) & (times < records.left[row])]
            lengths = np.array([world.network.classes[k].length for k in world.klass(rows)])
            mine = world.network.classes[int(world.parties.klass[records.party[row]])].length
            for time in times:
                line = lengths[(since <= time) & (time < until)].sum()
                assert line + mine > onto.storage
                servers = world.network.pools[onto.pool].calendar.at(time)
                assert line > 0.0 or count_at(started, left, np.array([time]))[0] >= servers
            blocked += 1
    assert blocked > 50


def test_the_longest_blocked_goes_first(worlds) -> None:
    """To secondary, from booths that are no tandem booths: a booth that frees later never moves on earlier."""
    compared = 0
    for world in worlds:
        records, stations = world.records, world.network.stations
        plain = np.array([station.pool >= 0 and station.tandem == 0 for station in stations])[records.station]
        for index, station in enumerate(stations):
            if station.kind is not StationKind.SECONDARY:
                continue
            came = np.append(records.station[1:] == index, False) & (records.outcome == MOVED_ON) & plain
            ended, left = records.ended[came], records.left[came]
            assert np.all(np.diff(left[np.lexsort((left, ended))]) >= 0.0)
            compared += int((left > ended).sum())
    assert compared > 50
