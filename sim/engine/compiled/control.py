"""Controllers in the kernel: `sim.engine.control` on one block of memory."""

from __future__ import annotations

from sim.engine.compiled.floor import own_line
from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import gauge_row, pool_row, station_row
from sim.engine.compiled.lines import value_at
from sim.engine.compiled.types import Reals, Words


@compiled
def begin_control(w: Words, r: Reals) -> None:
    """The first state of every controller, and of its pool."""
    for controller in range(w[N_CONTROLLERS]):
        row = w[CONTROLLERS] + controller * CONTROLLER_WIDTH
        state = w[CONTROL] + controller * CONTROL_WIDTH
        pool = w[row + STEERED]
        w[state + OPENS_AT] = -1
        w[state + WANTED] = within(w, r, row, int(value_at(w, r, w[pool_row(w, r, pool) + CALENDAR], 0.0)), 0.0)
        w[w[SCHEDULED] + pool] = w[state + WANTED]
        w[w[OPEN] + pool] = w[state + WANTED]


@compiled
def within(w: Words, r: Reals, row: int, count: int, now: float) -> int:
    most = int(value_at(w, r, w[row + MOST], now))
    least = int(value_at(w, r, w[pool_row(w, r, w[row + STEERED]) + CALENDAR], now))
    return max(min(count, most), least)


@compiled
def controlled(w: Words, r: Reals, controller: int, now: float) -> int:
    row = w[CONTROLLERS] + controller * CONTROLLER_WIDTH
    state = w[CONTROL] + controller * CONTROL_WIDTH
    tick = w[state + NEXT_TICK]
    place = w[row + TICK_BEGIN] + tick
    if place < w[row + TICK_END] and r[w[TICKS] + place] == now:
        w[state + NEXT_TICK] = tick + 1
        if w[state + OPENS_AT] == tick:
            w[state + OPENS_AT] = -1
            w[state + WANTED] += 1
        seen = reading(w, r, row, now)
        if w[state + OPENS_AT] < 0:
            if seen > r[row + OPEN_ABOVE] and w[state + WANTED] < int(value_at(w, r, w[row + MOST], now)):
                if w[row + LEAD] == 0:
                    w[state + WANTED] += 1
                else:
                    w[state + OPENS_AT] = tick + w[row + LEAD]
            elif seen < r[row + CLOSE_BELOW]:
                w[state + WANTED] -= 1
    w[state + WANTED] = within(w, r, row, w[state + WANTED], now)
    return int(w[state + WANTED])


@compiled
def reading(w: Words, r: Reals, row: int, now: float) -> float:
    most = 0.0
    for at in range(w[row + WATCH_BEGIN], w[row + WATCH_END]):
        station = w[w[WATCHED] + at]
        if not w[row + BY_WAIT]:
            most += float(w[gauge_row(w, r, station, WAITING) + VALUE])
            continue
        st = station_row(w, r, station)
        first = w[st + LINE]
        for line in range(first, first + FIRST_LANE + w[st + LANES]):
            most = max(most, head_waits(w, r, line, now))
        if w[st + PER_BOOTH]:
            pool = pool_row(w, r, w[st + POOL])
            for booth in range(w[pool + FIRST_BOOTH], w[pool + FIRST_BOOTH] + w[pool + SERVERS]):
                most = max(most, head_waits(w, r, own_line(w, r, booth), now))
    return most


@compiled
def head_waits(w: Words, r: Reals, line: int, now: float) -> float:
    visit = w[w[HEAD] + line]
    if visit < 0 or not w[visit + QUEUED]:
        return 0.0
    return float(now - r[visit + JOINED])


@compiled
def log_staffing(w: Words, r: Reals, pool: int, now: float) -> None:
    """Write down a change of a pool that a controller steers; those of calendars follow from the network."""
    for controller in range(w[N_CONTROLLERS]):
        if w[w[CONTROLLERS] + controller * CONTROLLER_WIDTH + STEERED] == pool:
            row = w[NEXT_STAFF]
            r[row + STAFF_TIME], w[row + STAFF_POOL], w[row + STAFF_OPEN] = now, pool, w[w[SCHEDULED] + pool]
            w[NEXT_STAFF] = row + STAFF_WIDTH
