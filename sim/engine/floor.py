"""Where everybody is in one replication of the reference engine, and the questions its rules ask of that.

Nothing here changes anything: what happens is in `sim.engine.reference`, with the means of `sim.engine.moves`.
"""

from __future__ import annotations

from sim.engine.agenda import Agenda
from sim.engine.control import Control
from sim.engine.ledger import Ledger
from sim.engine.state import Booth, PoolState, StationState, Visit
from sim.model.network import ENGINE_OUTCOMES, FORCED, NEVER, ClassAtStation, Following, Network, Route, Target
from sim.model.parties import Parties


class Floor:
    """State of one replication."""

    def __init__(self, network: Network, parties: Parties) -> None:
        self.network, self.parties = network, parties
        self.agenda = Agenda()
        self.ledger = Ledger(network)
        self.pools = []
        for index, pool in enumerate(network.pools):
            members = [i for i, station in enumerate(network.stations) if station.pool == index]
            tandem = max((network.stations[i].tandem for i in members), default=0)
            self.pools.append(PoolState(pool, members, tandem, network.warm_up, network.horizon))
        self.stations = [StationState(i, s, network, self.pools) for i, s in enumerate(network.stations)]
        self.controls = {c.pool: Control(c, network.pools[c.pool].calendar) for c in network.controllers}
        for index, control in self.controls.items():
            self.pools[index].scheduled = self.pools[index].open = control.count
        self.finite = [s for s in self.stations if s.station.classes and s.station.storage < NEVER]
        self.blocked: list[Visit] = []
        """Finished parties still in a server, longest blocked first."""
        self.in_zone = [0 for _ in network.zones]
        """People in each zone."""
        self.ends: dict[int, tuple[float, int]] = {}
        """When and with what outcome each party left."""
        self.inside = 0
        self.settle_due = False

    # ---- where a party goes -----------------------------------------------------------------------------

    def choose(self, target: Target) -> int:
        """Which of the alternatives a party takes now (rule 2); with none open, the one that opens soonest."""
        if len(target.stations) == 1:
            return target.stations[0]
        states = [self.stations[i] for i in target.stations]
        open_ones = [state for state in states if state.is_open]
        if not open_ones:
            now = self.agenda.now
            return min(states, key=lambda s: s.pool.next_opening(now) if s.pool else NEVER).index
        if target.shorter:
            return min(open_ones, key=lambda s: s.parties / s.pool.scheduled if s.pool else 0.0).index
        return open_ones[0].index

    def way_on(self, route: Route, visit: Visit) -> Target:
        """The branch a trace names, else the first whose cumulated probability exceeds the party's mark (rule 10)."""
        if not route.branches:
            return route.otherwise
        mark, cumulated, now = self.draw(visit, route.mark), 0.0, self.agenda.now
        if mark >= FORCED:
            branch_number = int(mark - FORCED)
            return route.branches[branch_number].target if branch_number < len(route.branches) else route.otherwise
        for branch in route.branches:
            cumulated = cumulated + branch.probability * branch.factor.at(now)
            if mark < cumulated:
                return branch.target
        return route.otherwise

    def ways_out(self, state: StationState, klass: int) -> list[StationState]:
        """The groups beside a closed one that are open and have room for the class, whatever their zones say."""
        states = (self.stations[index] for index in (state.station.reroute or {}).get(klass, ()))
        return [s for s in states if s.is_open and self.has_room(s, klass, 0, s.station.zone)]

    def way_out(self, visit: Visit) -> StationState | None:
        """The next of them for a party held at the closed one."""
        state, people = self.stations[visit.station], self.people(visit.party)
        ways = self.ways_out(state, visit.klass)
        return next((s for s in ways if self.has_room(s, visit.klass, people, state.station.zone)), None)

    def stays_behind(self, party: int, following: Following) -> bool:
        """The party comes after another one, which has not got through in time (rule 9)."""
        follows, until = self.parties.follows, self.parties.until
        if follows is None or until is None or follows[party] < 0:
            return False
        if self.network.classes[int(self.parties.klass[party])].after < 0:
            return False
        left, outcome = self.ends.get(int(follows[party]), (NEVER, -1))
        return left > until[party] or outcome < len(ENGINE_OUTCOMES) or outcome in following.barred

    # ---- is there room ---------------------------------------------------------------------------------

    def people(self, party: int) -> int:
        return int(self.parties.size[party])

    def zone_of(self, visit: Visit) -> int:
        return self.stations[visit.station].station.zone

    def zone_takes(self, zone: int, people: int, zone_left: int) -> bool:
        """People who come from a zone (-1: from none) fit in this one, are in it already, or find nobody there."""
        inside = self.in_zone[zone] if zone >= 0 else 0
        return zone in (-1, zone_left) or inside == 0 or inside + people <= self.network.zones[zone].capacity

    def has_room(self, state: StationState, klass: int, people: int, zone_left: int = -1) -> bool:
        """Its zone takes them, and its length fits in the line or it passes the line at once (rule 4)."""
        if not self.zone_takes(state.station.zone, people, zone_left):
            return False
        return state.fits(state.lengths[klass]) or self.passes_at_once(state, klass, people)

    def passes_at_once(self, state: StationState, klass: int, people: int) -> bool:
        """Nobody waits before a free open booth of this station, or on the road before room further on."""
        pool = state.pool
        if pool is None:
            route = state.station.classes[klass].route
            assert route is not None
            onto = self.stations[self.choose(route.otherwise)] if route.otherwise.stations else None
            return state.standing == 0 and (onto is None or self.has_room(onto, klass, people, state.station.zone))
        if pool.scheduled == 0 or not self.runs(state):
            return False
        if state.station.per_booth:
            booth = state.shortest_booth()
            return not booth.line and (booth.free_front() or booth.free_rear())
        return pool.free() is not None and not self.with_a_line(pool)

    def runs(self, state: StationState) -> bool:
        """No outage keeps the station from starting a service."""
        return state.station.running.at(self.agenda.now) != 0.0

    def with_a_line(self, pool: PoolState) -> list[StationState]:
        """The pool's stations where somebody waits in the shared line and no outage stops the service."""
        members = (self.stations[index] for index in pool.members)
        return [state for state in members if state.line and self.runs(state)]

    def parties_before(self, state: StationState) -> int:
        """Parties an arrival counts before it decides to balk."""
        more = state.station.balk_with
        return state.parties + (self.stations[more].parties if more >= 0 else 0)

    # ---- who is next ------------------------------------------------------------------------------------

    def held(self, visit: Visit) -> bool:
        """The rear party of a tandem booth cannot leave before the front one (rule 6)."""
        return visit.rear and self.booth_of(visit).front is not None

    def first_blocked_for(self, state: StationState, waiving: bool = False) -> Visit | None:
        """The longest blocked party (whose lane waives) that goes here next and that no tandem holds.

        Those in the zone of the station do not wait behind others for whom the zone has no room.
        """
        shut = False
        for visit in self.blocked:
            target = visit.target
            if waiving and visit.skip is None:
                continue
            if target and target.stations and not self.held(visit) and self.choose(target) == state.index:
                zone = state.station.zone
                comes_in = zone not in (-1, self.zone_of(visit))
                shut = shut or (comes_in and not self.zone_takes(zone, self.people(visit.party), -1))
                if waiving or not (comes_in and shut):
                    return visit
        return None

    def precedence(self, visit: Visit) -> int:
        return self.stations[visit.station].station.classes[visit.klass].precedence

    def booth_of(self, visit: Visit) -> Booth:
        pool = self.stations[visit.station].pool
        assert pool is not None
        return pool.booths[visit.booth]

    # ---- how long it takes ------------------------------------------------------------------------------

    def draw(self, visit: Visit, slot: int) -> float:
        return float(self.parties.draws[int(self.parties.first_draw[visit.party]) + slot])

    def queue_factor(self, state: StationState, rules: ClassAtStation) -> float:
        """Officers work at another pace when the line is long (`when_queue_over`)."""
        factor = 1.0
        for threshold, value in rules.queue_factor:
            if state.waiting.value > threshold:
                factor = value
        return factor
