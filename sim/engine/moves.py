"""What the rules of the reference engine are made of: a party leaves a line, a server, the network.

When this happens, and to whom, is in `sim.engine.reference`.
"""

from __future__ import annotations

from sim.engine.floor import Floor
from sim.engine.records import INSIDE
from sim.engine.state import StationState, Visit


class Moves(Floor):
    """Small changes of the state of one replication."""

    def leave_line(self, visit: Visit) -> None:
        state = self.stations[visit.station]
        visit.line.remove(visit)
        state.occupy(visit, -1)
        if visit.queued:
            state.unqueue(self.agenda.now, visit)
        self.serve_out_done(state)

    def serve_out_done(self, state: StationState) -> None:
        """A closed group that has served out its line shuts its booths (`OnClose.FINISH`)."""
        pool = state.pool
        if pool is not None and pool.open > pool.scheduled == 0:
            lines = [self.stations[i].line for i in pool.members] + [booth.line for booth in pool.booths]
            if not any(lines):
                pool.open = 0

    def release(self, visit: Visit) -> None:
        """Empty the visit's place in its server."""
        state = self.stations[visit.station]
        state.blocked.set(self.agenda.now, state.blocked.value - 1)
        if visit.booth >= 0:
            booth = self.booth_of(visit)
            if visit.rear:
                booth.rear = None
            else:
                booth.front = None
            self.count_overtime(state)

    def unblock(self, visit: Visit) -> None:
        self.blocked.remove(visit)
        self.release(visit)

    def count_overtime(self, state: StationState) -> None:
        if state.pool is not None and not state.pool.endless:
            state.pool.count_overtime(self.agenda.now)

    def finish_visit(self, visit: Visit, outcome: int) -> None:
        visit.left, visit.outcome = self.agenda.now, outcome
        if self.zone_of(visit) >= 0:
            self.in_zone[self.zone_of(visit)] -= self.people(visit.party)

    def end(self, visit: Visit, outcome: int) -> None:
        """The party leaves the network with a named outcome."""
        self.finish_visit(visit, outcome)
        self.ends[visit.party] = (visit.left, outcome)
        self.inside -= 1

    def stop(self) -> None:
        """Close the books: parties still here are inside, and every gauge is settled."""
        until = min(max(self.agenda.now, self.network.horizon), self.network.end)
        for visit in self.ledger.visits:
            if visit.left != visit.left:
                visit.outcome = INSIDE
        for state in self.stations:
            for gauge in (state.waiting, state.busy, state.blocked, state.full):
                gauge.settle(until)
        for pool in self.pools:
            pool.overtime.settle(until)
