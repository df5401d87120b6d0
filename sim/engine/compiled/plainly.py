"""Shortcuts through the rules at plain stations: what moves there is known without looking over the network.

At a plain station (`image._plain`) with room to spare nobody elsewhere can move because of who arrives or is served,
and nobody here because of anything elsewhere, nor is any station full because of it, or no longer so. While nothing
else is due, then, settling comes down to whether the first in line has a booth, and nothing has to be looked at to know
who is full. The records are the same as by settling, to the last bit.
"""

from __future__ import annotations

from sim.engine.compiled.ends import next_end
from sim.engine.compiled.floor import free_position
from sim.engine.compiled.jit import inlined
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import pool_row, station_row
from sim.engine.compiled.lines import head_of
from sim.engine.compiled.rules import begin_service, draw_patience, enter, open_visit, start
from sim.engine.compiled.types import Reals, Words
from sim.model.network import NEVER


@inlined
def is_plain(w: Words, r: Reals, station: int) -> bool:
    """Now: a plain station where anybody fits, and still does when somebody has come."""
    st = station_row(w, r, station)
    return bool(w[st + PLAIN] and r[w[SPACE] + station] + r[st + LONGEST] + r[st + LONGEST] <= r[st + STORAGE])


@inlined
def next_in_line(w: Words, r: Reals, station: int, booth: int, calendar_due: float, now: float) -> bool:
    """The first in line takes the booth that has become free, as the only one that can; True when settling is due."""
    st = station_row(w, r, station)
    visit, pool = head_of(w, r, w[st + LINE] + SHARED), w[st + POOL]
    # Whatever else is due now comes before anybody moves.
    if visit >= 0 and (calendar_due == now or next_end(w, r) == now):
        return True
    starts = visit >= 0 and booth < w[pool_row(w, r, pool) + FIRST_BOOTH] + w[w[OPEN] + pool]
    if starts:
        start(w, r, visit, booth, 0, now)
    w[FULL_DUE] = 0
    return bool(starts and next_end(w, r) == now)


@inlined
def come_plainly(w: Words, r: Reals, station: int, party: int, klass: int, now: float) -> bool:
    """Come to an open station: to a free booth where there is one, else into the line; True when settling is due.

    Who goes to a booth at once stands in line for no time, and where nobody waits that leaves no trace but in the last
    digits of the length of the line.
    """
    st = station_row(w, r, station)
    position = free_position(w, r, w[st + POOL]) if w[w[COUNT] + w[st + LINE] + SHARED] == 0 else -1
    if position < 0:
        enter(w, r, station, party, klass, NEVER, now)
        w[FULL_DUE] = 0
        return False
    visit = open_visit(w, r, station, party, klass, now)
    r[w[SPACE] + station] += r[w[LENGTHS] + klass]
    r[w[SPACE] + station] -= r[w[LENGTHS] + klass]
    draw_patience(w, r, visit, NEVER, now)
    begin_service(w, r, visit, position >> 1, 0, now)
    return bool(next_end(w, r) == now)
