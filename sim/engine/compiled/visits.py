"""The rows of visits: taken while a visit is under way, written down and free again when it is over."""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import *
from sim.engine.compiled.types import Reals, Words
from sim.engine.records import MOVED_ON


@compiled
def new_visit(w: Words, r: Reals) -> int:
    """A row for a visit: one that is free again, else the next that was never used."""
    visit = w[FREE]
    if visit >= 0:
        w[FREE] = w[visit + NEXT]
    else:
        visit = w[NEXT_LIVE]
        w[NEXT_LIVE] = visit + LIVE_WIDTH
    return int(visit)


@compiled
def write_down(w: Words, r: Reals, visit: int, outcome: int, left: float) -> None:
    row = w[NEXT_VISIT]
    w[NEXT_VISIT] = row + VISIT_WIDTH
    # All are read before any is written, so that it can be done in one go. What is known only now is not read from the
    # row of the visit: several words at once cannot be, as long as one of them is on its way to memory.
    party, station, booth = w[visit + PARTY], w[visit + STATION], w[visit + BOOTH]
    joined, started, ended = r[visit + JOINED], r[visit + STARTED], r[visit + ENDED]
    w[row + PARTY], w[row + STATION], w[row + BOOTH], w[row + VISIT_OUTCOME] = party, station, booth, outcome
    r[row + JOINED], r[row + STARTED], r[row + ENDED], r[row + LEFT] = joined, started, ended, left


@compiled
def finish_visit(w: Words, r: Reals, visit: int, outcome: int, now: float) -> None:
    """Write the visit down and free its row. Events that still name it are recognised by the party."""
    write_down(w, r, visit, outcome, now)
    w[visit + PARTY] = -1
    w[visit + NEXT] = w[FREE]
    w[FREE] = visit


@compiled
def goes_on(w: Words, r: Reals, visit: int, station: int, party: int) -> bool:
    """The row is still that of the visit it was when an event was noted for it."""
    return bool(w[visit + PARTY] == party and w[visit + STATION] == station)


@compiled
def has_place(w: Words, r: Reals) -> bool:
    """Whatever comes of the next move can be written down."""
    return bool(w[NEXT_VISIT] <= w[VISITS_END] and w[NEXT_FULL] <= w[FULL_END] and w[N_PATIENCE] <= w[PATIENCE_ROOM])


@compiled
def write_down_rest(w: Words, r: Reals) -> bool:
    """Write down the visits that are not over; False when there is no more place, the next call going on from there."""
    for visit in range(w[LEAVING], w[NEXT_LIVE], LIVE_WIDTH):
        if w[visit + PARTY] >= 0:
            if w[NEXT_VISIT] > w[VISITS_END]:
                w[LEAVING] = visit
                return False
            write_down(w, r, visit, MOVED_ON, np.nan)
    w[LEAVING] = w[NEXT_LIVE]
    return True
