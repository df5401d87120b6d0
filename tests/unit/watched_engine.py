"""The reference engine under watch: whenever time is about to move on, everything that could move has moved.

The conditions are written from the rules, on what the engine keeps (who stands where), and not by its own methods.
"""

from __future__ import annotations

from sim.engine.agenda import Agenda
from sim.engine.records import Records
from sim.engine.reference import ReferenceEngine
from sim.engine.state import Booth, PoolState, StationState, Visit
from sim.model.network import NEVER, Network, OnClose, Target
from sim.model.parties import Parties


class WatchedAgenda(Agenda):
    """Looks at the engine after the last event of every instant."""

    engine: WatchedEngine

    def step(self) -> None:
        before = self.now
        super().step()
        assert self.now >= before, "time runs backwards"
        if self.peek() > self.now:
            Settled(self.engine).check()


class WatchedEngine(ReferenceEngine):
    """Runs a case and fails where an instant ends unsettled, or a service starts out of turn."""

    def __init__(self, network: Network, parties: Parties) -> None:
        super().__init__(network, parties)
        self.agenda = WatchedAgenda()
        self.agenda.engine = self

    def start(self, visit: Visit, booth: Booth | None, rear: bool) -> bool:
        if booth is not None:
            rules = self.stations[visit.station].station.classes
            lowest = min(rules[other.klass].rank for other in visit.line)
            first = next(other for other in visit.line if rules[other.klass].rank == lowest)
            assert visit is first, f"party {visit.party} is served before party {first.party}"
            self.goes_first_in_the_pool(visit)
        if booth is not None and rear:
            assert booth.front is not None, "the rear fills before the front"
            assert booth.rear is None, "two parties in the rear"
        elif booth is not None:
            assert booth.front is None, "two parties in the front"
            assert booth.rear is None, "the front fills while the rear is taken"
        return super().start(visit, booth, rear)

    def goes_first_in_the_pool(self, visit: Visit) -> None:
        """No head of another line of the same officers goes before it (rule 3)."""

        def order(other: Visit) -> tuple[int, float, int, int]:
            rules = self.stations[other.station].station.classes[other.klass]
            return rules.precedence, other.joined, other.station, other.party

        pool = self.stations[visit.station].pool
        for state in (self.stations[i] for i in (pool.members if pool else ())):
            line = [] if state.station.per_booth else state.line
            if line and state.station.running.at(self.agenda.now) != 0.0:
                ranks = {k: rules.rank for k, rules in state.station.classes.items()}
                assert order(visit) <= order(min(line, key=lambda v: ranks[v.klass])), "others of the pool go first"


def run_watched(network: Network, parties: Parties) -> Records:
    """Run one case under watch."""
    engine = WatchedEngine(network, parties)
    engine.run()
    return engine.ledger.records(parties, engine.stations, engine.pools)


class Settled:
    """What must hold of the engine's state when an instant is over."""

    def __init__(self, engine: ReferenceEngine) -> None:
        self.engine, self.now = engine, engine.agenda.now
        self.here: list[list[Visit]] = [[] for _ in engine.stations]
        """Per station, the visits that have not left."""
        for visit in engine.ledger.visits:
            if visit.left != visit.left:
                self.here[visit.station].append(visit)

    def check(self) -> None:
        self.counts_agree()
        self.blocked_cannot_move()
        for pool in self.engine.pools:
            self.booths_cannot_take(pool)
        for state in self.engine.stations:
            self.lines_are_in_their_place(state)
            self.nobody_changes_line(state)
            self.held_cannot_leave(state)
            self.road_heads_cannot_move(state)

    # ---- the books ------------------------------------------------------------------------------------

    def counts_agree(self) -> None:
        assert self.engine.inside == sum(map(len, self.here))
        for state, here in zip(self.engine.stations, self.here, strict=True):
            lines = [state.line, state.holding, *state.lanes]
            if state.station.per_booth and state.pool:
                lines += [booth.line for booth in state.pool.booths]
            standing = [visit for line in lines for visit in line]
            assert len({id(visit) for visit in standing}) == len(standing), "in two lines at once"
            assert all(visit.line is line for line in lines for visit in line)
            waiting = [visit for visit in here if visit.started != visit.started]
            assert {id(visit) for visit in standing} == {id(visit) for visit in waiting}
            assert not any(visit.deadline <= self.now for visit in waiting), "waits beyond its patience"
            assert state.standing == len(standing)
            assert state.length == sum(self.length(visit.klass) for visit in standing)
            self.line_fits(state, standing)
            served = [visit for visit in here if visit.started == visit.started]
            assert state.waiting.value == sum(visit.queued for visit in standing)
            assert state.busy.value == sum(visit.ended != visit.ended for visit in served)
            assert state.blocked.value == sum(visit.ended == visit.ended for visit in served)
            assert not any(visit.ended < visit.started for visit in served)

    def line_fits(self, state: StationState, standing: list[Visit]) -> None:
        """Nobody stands where there is no room; a road without storage that takes time is driven by one at a time."""
        passing = state.station.travel > 0.0 and len(standing) == 1
        assert passing or state.length <= state.station.storage, "overfull"

    def length(self, klass: int) -> float:
        return self.engine.network.classes[klass].length

    # ---- step 3, move by move -------------------------------------------------------------------------

    def blocked_cannot_move(self) -> None:
        """Nobody finished stays who could leave; the longest blocked for a station finds no room there."""
        blocked = [v for here in self.here for v in here if v.started == v.started and v.ended == v.ended]
        seen, shut = set(), set()
        for visit in sorted(blocked, key=lambda v: (v.ended, v.station, v.party)):
            if visit.rear and self.booth(visit).front is not None:
                continue
            assert visit.target is not None
            assert visit.target.outcome < 0, "stays although it is done"
            rules = self.engine.stations[visit.station].station
            route = rules.classes[visit.klass].route
            assert route is not None
            waives = rules.waive_when_full and visit.target is not route.otherwise
            assert not waives, "is blocked although its lane waives"
            following = self.choice(visit.target)
            zone = self.engine.stations[following].station.zone
            if zone != rules.zone and (following in shut or not self.zone_takes(zone, visit.party)):
                shut.add(following)  # those in the zone do not wait behind who has no room there
            elif following not in seen:
                seen.add(following)
                assert not self.room(following, visit), "is blocked before a station with room"

    def booth(self, visit: Visit) -> Booth:
        pool = self.engine.stations[visit.station].pool
        assert pool is not None
        return pool.booths[visit.booth]

    def booths_cannot_take(self, pool: PoolState) -> None:
        """No free open booth has somebody in its line."""
        members = [self.engine.stations[i] for i in pool.members]
        if pool.endless:
            assert not any(state.line for state in members), "somebody waits to drive"
            return
        assert pool.scheduled == self.servers(pool)
        if pool.scheduled > 0:
            assert pool.open == pool.scheduled
        for booth in pool.booths:
            opened = booth.number < pool.open
            assert opened or not booth.line, "a line before a closed booth"
            if opened and self.free(booth):
                for state in members:
                    assert not (self.line_of(state, booth) and self.running(state)), "a free booth and a line"

    def line_of(self, state: StationState, booth: Booth) -> list[Visit]:
        return booth.line if state.station.per_booth else state.line

    def free(self, booth: Booth) -> bool:
        if booth.front is None:
            return booth.rear is None
        return booth.tandem and booth.rear is None

    def running(self, state: StationState) -> bool:
        return state.station.running.at(self.now) != 0.0

    def nobody_changes_line(self, state: StationState) -> None:
        """No line is longer than another by as much as makes its last party change (rule 3)."""
        if state.station.jockey and state.pool:
            booths = state.pool.booths[: state.pool.open]
            counts = [len(b.line) + (b.front is not None) + (b.rear is not None) for b in booths]
            with_line = [n for n, b in zip(counts, booths, strict=True) if b.line]
            assert not with_line or max(with_line) - min(counts) < state.station.jockey, "jockeying is due"

    def lines_are_in_their_place(self, state: StationState) -> None:
        """Held outside only while nobody is open; before nobody at all, nobody stands in line."""
        if state.pool is None or state.pool.endless:
            assert not state.holding
            return
        assert not (state.holding and state.pool.scheduled > 0), "held before an open group"
        assert state.pool.open > 0 or not state.line, "in line at a closed group"

    def held_cannot_leave(self, state: StationState) -> None:
        """Who is held at a closed group that reroutes has no open group with room to go to (rule 5)."""
        if state.station.on_close is OnClose.REROUTE:
            for visit in state.holding:
                for other in (state.station.reroute or {}).get(visit.klass, ()):
                    assert not (self.is_open(other) and self.room(other, visit)), "rerouting is due"

    def road_heads_cannot_move(self, state: StationState) -> None:
        for lane in state.lanes:
            if not lane or not lane[0].queued:
                continue
            head = lane[0]
            assert head.joined + state.station.travel <= self.now
            route = state.station.classes[head.klass].route
            assert route is not None
            assert route.otherwise.outcome < 0, "a head that only has to leave"
            assert not self.room(self.choice(route.otherwise), head), "a head before a station with room"

    # ---- choice and room, told once more --------------------------------------------------------------

    def servers(self, pool: PoolState) -> int:
        """What the calendar says, or, between it and the most allowed, what a controller says."""
        least = int(pool.pool.calendar.at(self.now))
        control = self.engine.controls.get(self.engine.pools.index(pool))
        if control is None:
            return least
        assert least <= control.count <= max(int(control.controller.most.at(self.now)), least)
        return control.count

    def is_open(self, index: int) -> bool:
        state = self.engine.stations[index]
        return state.pool is None or state.pool.endless or self.servers(state.pool) > 0

    def choice(self, target: Target) -> int:
        """The first open alternative, or the shortest per open booth; with none open, the next to open."""
        opened = [i for i in target.stations if self.is_open(i)]
        if not opened:
            return min(target.stations, key=self.opens_next)
        if not target.shorter:
            return opened[0]
        crowd = {}
        for index in opened:
            pool = self.engine.stations[index].pool
            servers = self.servers(pool) if pool and not pool.endless else 1
            crowd[index] = len(self.here[index]) / servers if pool else 0.0
        return min(opened, key=lambda i: crowd[i])

    def opens_next(self, index: int) -> float:
        pool = self.engine.stations[index].pool
        assert pool is not None
        calendar = pool.pool.calendar
        return next((t for t, n in zip(calendar.times, calendar.values, strict=True) if t > self.now and n > 0), NEVER)

    def zone_takes(self, zone: int, party: int) -> bool:
        """The people of the party fit, nobody is there, or there is no zone."""
        sizes = self.engine.parties.size
        stations = [index for index, state in enumerate(self.engine.stations) if state.station.zone == zone]
        people = sum(int(sizes[visit.party]) for index in stations for visit in self.here[index])
        return zone < 0 or people == 0 or people + int(sizes[party]) <= self.engine.network.zones[zone].capacity

    def room(self, index: int, visit: Visit) -> bool:
        return self.room_from(self.engine.stations[visit.station].station.zone, index, visit)

    def room_from(self, zone_left: int, index: int, visit: Visit) -> bool:
        """It fits in the line, or could go straight through an empty one, and its people fit in the zone."""
        state, klass = self.engine.stations[index], visit.klass
        if state.station.zone != zone_left and not self.zone_takes(state.station.zone, visit.party):
            return False
        standing = [visit for visit in self.here[index] if visit.started != visit.started]
        if sum(self.length(v.klass) for v in standing) + self.length(klass) <= state.station.storage:
            return True
        if state.pool is None:
            route = state.station.classes[klass].route
            assert route is not None
            onward = route.otherwise
            return not standing and (
                onward.outcome >= 0 or self.room_from(state.station.zone, self.choice(onward), visit)
            )
        if not self.is_open(index) or not self.running(state):
            return False
        opened = state.pool.booths[: state.pool.scheduled]
        if state.station.per_booth:
            fewest = min(opened, key=lambda b: len(b.line) + (b.front is not None) + (b.rear is not None))
            return not fewest.line and self.free(fewest)
        members = [self.engine.stations[i] for i in state.pool.members]
        return any(map(self.free, opened)) and not any(m.line and self.running(m) for m in members)
