"""The rule book in code: the network run event by event on SimPy's clock.

Each method states one rule of docs/theory.md in plain Python. It is the readable engine, not the fast one.
At an instant the lowest step with work runs, and any change returns to the first (rule 12): services end;
calendars; settling, one move at a time, downstream stations first; patience; one arrival from outside.
"""

from __future__ import annotations

from bisect import insort

from sim.engine.agenda import ARRIVAL, CALENDAR, PATIENCE, SERVICE_ENDS, SETTLE
from sim.engine.closing import apply_calendar, instants_of_change, joins_reopened
from sim.engine.moves import Moves
from sim.engine.records import MOVED_ON, Records
from sim.engine.state import Booth, PoolState, StationState, Visit
from sim.model.network import (
    BALKED,
    CLOSED,
    DIVERTED,
    NEVER,
    RENEGED,
    Network,
    OnClose,
    WhenFull,
)
from sim.model.parties import Parties


def run(network: Network, parties: Parties) -> Records:
    """Run one replication.

    Args:
        network: what `sim.model` built.
        parties: everything random, drawn beforehand for this network.

    Returns:
        The records, sorted by (party, order of visiting).
    """
    engine = ReferenceEngine(network, parties)
    engine.run()
    return engine.ledger.records(parties, engine.stations, engine.pools)


class ReferenceEngine(Moves):
    """What happens in one replication: who moves when, step by step."""

    def run(self) -> None:
        """Run to the end of the horizon, or until everybody is gone, or to the drain cap."""
        for instant in instants_of_change(self.network):
            self.agenda.at(instant, CALENDAR, 0, 0, self.calendars_change)
        self.request_settling()
        self.expect_arrival(0)
        agenda, last_arrival = self.agenda, float(self.parties.time[-1]) if len(self.parties) else 0.0
        while agenda.peek() < self.network.end:
            over = agenda.peek() >= self.network.horizon and self.inside == 0
            if over and agenda.peek() > last_arrival:
                break
            agenda.step()
        self.stop()

    # ---- step 1: services end -------------------------------------------------------------------------

    def service_ends(self, visit: Visit) -> None:
        """The route is read now (rule 10); who leaves the facility leaves at once, unless a tandem holds it."""
        state, now = self.stations[visit.station], self.agenda.now
        visit.ended = now
        state.busy.set(now, state.busy.value - 1)
        state.blocked.set(now, state.blocked.value + 1)
        route = state.station.classes[visit.klass].route
        assert route is not None
        visit.target = self.way_on(route, visit)
        if state.station.waive_when_full and visit.target is not route.otherwise:
            visit.skip = route.otherwise
        if visit.target.outcome >= 0 and not self.held(visit):
            self.release(visit)
            self.end(visit, visit.target.outcome)
        else:
            insort(self.blocked, visit, key=lambda v: v.longest_blocked)
        self.request_settling()

    def reaches_queue(self, visit: Visit) -> None:
        """A party that drove a road freely so far now stands in its queue."""
        if visit.left != visit.left:
            self.stations[visit.station].queue(self.agenda.now, visit)
            self.request_settling()

    # ---- step 2: calendars ----------------------------------------------------------------------------

    def calendars_change(self) -> None:
        """Booths open and close, once per instant (rules 5 and 12)."""
        now = self.agenda.now
        for pool in apply_calendar(self.pools, self.stations, self.controls, now):
            if now < self.network.horizon:
                self.ledger.change_staffing(now, pool, self.pools[pool].scheduled)
        self.request_settling()

    # ---- step 3: settling -----------------------------------------------------------------------------

    def request_settling(self) -> None:
        if not self.settle_due:
            self.settle_due = True
            self.agenda.at(self.agenda.now, SETTLE, 0, 0, self.settle)

    def settle(self) -> None:
        """Move what can move, one party at a time, until nothing does or a lower step has work."""
        self.settle_due = False
        while self.one_move():
            if self.agenda.earlier_step_waits(SETTLE):
                self.request_settling()
                return
        self.note_full()

    def note_full(self) -> None:
        """Once nothing moves: has a station room for a party of its shortest class? (Spillback.)"""
        for state in self.finite:
            full = int(not self.has_room(state, state.shortest, 0, state.station.zone))
            if full != state.full.value:
                self.ledger.change_full(self.agenda.now, state.index, full)
            state.full.set(self.agenda.now, full)

    def one_move(self) -> bool:
        """Make the first possible move, downstream stations first; False when nothing is left to move."""
        if self.let_go():
            return True
        for index in self.network.downstream_first:
            state = self.stations[index]
            if (
                self.admit_blocked(state)
                or self.fill_booth(state)
                or self.jockey(state)
                or self.leave_closed_group(state)
                or self.advance_road(state)
                or self.waive(state)
            ):
                return True
        return False

    def let_go(self) -> bool:
        """A finished rear party leaves once the front is empty (rule 6)."""
        for visit in self.blocked:
            if visit.target is not None and visit.target.outcome >= 0 and not self.held(visit):
                self.unblock(visit)
                self.end(visit, visit.target.outcome)
                return True
        return False

    def admit_blocked(self, state: StationState) -> bool:
        """The longest blocked party enters when there is room; nobody overtakes it (rules 4 and 12)."""
        visit = self.first_blocked_for(state)
        if visit is None or not self.has_room(state, visit.klass, self.people(visit.party), self.zone_of(visit)):
            return False
        self.unblock(visit)
        self.finish_visit(visit, MOVED_ON)
        self.enter(state, visit.party, visit.klass)
        return True

    def fill_booth(self, state: StationState) -> bool:
        """A free open booth takes the head of its line; of a shared pool, the longest-waiting head that goes first."""
        pool = state.pool
        if pool is None:
            return False
        if pool.endless:
            return bool(state.line) and self.start(state.line[0], None, rear=False)
        if not self.runs(state):
            return False
        if state.station.per_booth:
            return self.fill_own_line(state, pool)
        free = pool.free()
        if free is None:
            return False
        heads = [other.head(other.line) for other in self.with_a_line(pool)]
        if not heads:
            return False
        visit = min(heads, key=lambda v: (self.precedence(v), v.joined, v.station, v.party))
        return self.start(visit, *free)

    def fill_own_line(self, state: StationState, pool: PoolState) -> bool:
        """With one line per booth, the lowest-numbered free open booth takes the head of its own line."""
        for rear in (False, True):
            for booth in pool.booths[: pool.open]:
                if booth.line and (booth.free_rear() if rear else booth.free_front()):
                    return self.start(state.head(booth.line), booth, rear)
        return False

    def jockey(self, state: StationState) -> bool:
        """The last waiting party of the longest line moves to the tail of the shortest (rule 3)."""
        station, pool = state.station, state.pool
        if not station.jockey or pool is None or pool.open < 2:
            return False
        booths = pool.booths[: pool.open]
        longest = max((b for b in booths if b.line), key=lambda b: (b.parties, b.number), default=None)
        shortest = state.shortest_booth()
        if longest is None or longest.parties - shortest.parties < station.jockey:
            return False
        longest.line[-1].stand_in(shortest.line)
        longest.line.pop()
        return True

    def leave_closed_group(self, state: StationState) -> bool:
        """Of those held at a closed group, the first that another open group serves goes there (rule 5)."""
        if not state.holding or state.is_open or state.station.on_close is not OnClose.REROUTE:
            return False
        served = {klass for klass in state.station.reroute or {} if self.ways_out(state, klass)}
        for visit in state.holding if served else ():
            other = self.way_out(visit) if visit.klass in served else None
            if other is not None:
                self.leave_line(visit)
                self.finish_visit(visit, MOVED_ON)
                self.enter(other, visit.party, visit.klass, deadline=visit.deadline)
                return True
        return False

    def waive(self, state: StationState) -> bool:
        """A party referred to a full station skips it where its lane waives, whoever else is blocked (rule 8)."""
        visit = self.first_blocked_for(state, waiving=True)
        if visit is None:
            return False
        visit.target, visit.skip = visit.skip, None
        return True

    def advance_road(self, state: StationState) -> bool:
        """The head of a lane moves on when its next station has room; longest on the road first (rule 4)."""
        if not state.is_road:
            return False
        for visit in sorted((lane[0] for lane in state.lanes if lane), key=lambda v: v.in_order):
            if not visit.queued:
                continue
            route = state.station.classes[visit.klass].route
            assert route is not None
            target = route.otherwise
            if target.outcome < 0:
                onto = self.stations[self.choose(target)]
                if not self.has_room(onto, visit.klass, self.people(visit.party), state.station.zone):
                    continue
            visit.started, visit.ended = visit.joined, visit.joined + state.station.travel
            self.leave_line(visit)
            if target.outcome >= 0:
                self.end(visit, target.outcome)
            else:
                self.finish_visit(visit, MOVED_ON)
                self.enter(onto, visit.party, visit.klass)
            return True
        return False

    # ---- step 4: patience -----------------------------------------------------------------------------

    def patience_ends(self, visit: Visit) -> None:
        """A party still waiting leaves without service (rule 9)."""
        if visit.started == visit.started or visit.left == visit.left:  # served, or gone elsewhere
            return
        self.leave_line(visit)
        self.end(visit, RENEGED)
        self.request_settling()

    # ---- step 5: arrivals from outside ----------------------------------------------------------------

    def expect_arrival(self, party: int) -> None:
        if party < len(self.parties):
            self.agenda.at(float(self.parties.time[party]), ARRIVAL, 0, party, lambda: self.arrive(party))

    def arrive(self, party: int) -> None:
        """One party from outside joins, or is turned away because it is closed, too long, or full (rule 9)."""
        self.expect_arrival(party + 1)
        klass = int(self.parties.klass[party])
        state = self.stations[self.choose(self.network.entry[klass])]
        station, following = state.station, self.network.following
        if following is not None and self.stays_behind(party, following):
            self.ledger.turn_away(party, following.stays)
        elif self.parties.initial[party]:
            self.let_in(state, party, klass)
        elif station.admits.at(self.agenda.now) == 0.0 and station.when_closed is not WhenFull.WAIT:
            self.turn_away(state, party, klass, station.when_closed, CLOSED)
        elif self.parties_before(state) >= station.balk_at:
            self.turn_away(state, party, klass, WhenFull.BALK, BALKED)
        elif not self.has_room(state, klass, self.people(party)):
            self.turn_away(state, party, klass, station.when_full, BALKED)
        else:
            self.let_in(state, party, klass)
        self.request_settling()

    def let_in(self, state: StationState, party: int, klass: int) -> None:
        self.inside += 1
        self.enter(state, party, klass)

    def turn_away(self, state: StationState, party: int, klass: int, policy: WhenFull, outcome: int) -> None:
        divert = state.station.divert
        if policy is WhenFull.DIVERT and divert is not None:
            self.ledger.turn_away(party, DIVERTED)
            self.let_in(self.stations[self.choose(divert)], party, klass)
        else:
            self.ledger.turn_away(party, outcome)

    # ---- what the rules are made of -------------------------------------------------------------------

    def enter(self, state: StationState, party: int, klass: int, deadline: float = NEVER) -> None:
        """Join the station: the tail of a lane, of the booth's or the shared line, or of those held outside.

        A party whose patience already runs (`deadline`) keeps it (rule 9). One that does not fit was let in because
        it passes the line at once, and does so before anything else moves (rule 4).
        """
        now, passes = self.agenda.now, not state.fits(state.lengths[klass])
        visit = Visit(party, klass, state.index, now)
        self.ledger.open(visit)
        if state.station.zone >= 0:
            self.in_zone[state.station.zone] += self.people(party)
        if state.is_road:
            visit.stand_in(min(state.lanes, key=len))
        elif state.pool is not None and state.pool.endless:
            visit.stand_in(state.line)
        elif not state.is_open:
            visit.stand_in(state.holding)
        else:
            joins_reopened(state, visit)
        state.occupy(visit, +1)
        if state.is_road and state.station.travel > 0.0:
            ready = now + state.station.travel
            self.agenda.at(ready, SERVICE_ENDS, state.index, party, lambda: self.reaches_queue(visit))
        else:
            state.queue(now, visit)
        patience = state.station.classes[klass].patience
        visit.deadline = deadline
        if patience >= 0 and deadline == NEVER:
            visit.deadline = now + self.draw(visit, patience)
        if visit.deadline < NEVER:
            self.agenda.at(visit.deadline, PATIENCE, state.index, party, lambda: self.patience_ends(visit))
        self.request_settling()
        if passes:
            _ = self.advance_road(state) or self.fill_booth(state)

    def start(self, visit: Visit, booth: Booth | None, rear: bool) -> bool:
        """Begin service: draw x events x queue factor x persons, then the time to pull in (rule 10)."""
        state, now = self.stations[visit.station], self.agenda.now
        self.leave_line(visit)
        state.busy.set(now, state.busy.value + 1)
        visit.started, visit.rear = now, rear
        if booth is not None:
            visit.booth = booth.number
            if rear:
                booth.rear = visit
            else:
                booth.front = visit
        rules = state.station.classes[visit.klass]
        service = self.draw(visit, rules.service) * state.station.service_factor.at(now)
        service = service * self.queue_factor(state, rules)
        service = service * (1.0 + rules.extra_person * (float(self.parties.size[visit.party]) - 1.0))
        service = service + rules.move_up
        self.count_overtime(state)
        self.agenda.at(now + service, SERVICE_ENDS, visit.station, visit.party, lambda: self.service_ends(visit))
        return True
