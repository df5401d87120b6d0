"""Opening and closing of booths in the kernel: `sim.engine.closing` on one block of memory."""

from __future__ import annotations

from sim.engine.compiled.control import controlled, log_staffing
from sim.engine.compiled.floor import is_open, own_line
from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import cell_row, pool_row, station_row
from sim.engine.compiled.lines import append, insert_in_order, unlink, value_at
from sim.engine.compiled.rules import joins_line, pool_overtime
from sim.engine.compiled.types import Reals, Words
from sim.model.network import OnClose

UNCHANGED = -1


@compiled
def apply_calendar(w: Words, r: Reals, now: float) -> None:
    """All pools change before any line moves."""
    w[FULL_DUE] = 1
    for pool in range(w[N_POOLS]):
        w[w[BEFORE] + pool] = UNCHANGED
        row = pool_row(w, r, pool)
        if w[row + SERVERS] >= 0:
            scheduled = int(value_at(w, r, w[row + CALENDAR], now))
            for controller in range(w[N_CONTROLLERS]):
                if w[w[CONTROLLERS] + controller * CONTROLLER_WIDTH + STEERED] == pool:
                    scheduled = controlled(w, r, controller, now)
            if scheduled != w[w[SCHEDULED] + pool]:
                w[w[BEFORE] + pool] = w[w[SCHEDULED] + pool]
                w[w[SCHEDULED] + pool] = scheduled
                pool_overtime(w, r, pool, now)
                if now < r[HORIZON]:
                    log_staffing(w, r, pool, now)
    for pool in range(w[N_POOLS]):
        before = w[w[BEFORE] + pool]
        if before != UNCHANGED and w[w[SCHEDULED] + pool] == 0:
            close_last(w, r, pool)
        elif before != UNCHANGED:
            change_open(w, r, pool, before == 0)


@compiled
def change_open(w: Words, r: Reals, pool: int, reopened: bool) -> None:
    w[w[OPEN] + pool] = w[w[SCHEDULED] + pool]
    scratch = w[N_LINES]
    row = pool_row(w, r, pool)
    first = w[row + FIRST_BOOTH]
    for at in range(w[row + MEMBER_BEGIN], w[row + MEMBER_END]):
        st = station_row(w, r, w[w[MEMBERS] + at])
        if w[st + PER_BOOTH]:
            for booth in range(first + w[w[OPEN] + pool], first + w[row + SERVERS]):
                collect(w, r, own_line(w, r, booth), scratch)
        if reopened:
            collect(w, r, w[st + LINE] + HELD, scratch)
        while w[w[COUNT] + scratch] > 0:
            visit = w[w[HEAD] + scratch]
            unlink(w, r, visit)
            joins_line(w, r, visit)


@compiled
def collect(w: Words, r: Reals, line: int, scratch: int) -> None:
    """Move everybody of a line to the scratch line, which is kept in order of joining."""
    while w[w[COUNT] + line] > 0:
        visit = w[w[HEAD] + line]
        unlink(w, r, visit)
        insert_in_order(w, r, scratch, visit)


@compiled
def close_last(w: Words, r: Reals, pool: int) -> None:
    scratch = w[N_LINES]
    row = pool_row(w, r, pool)
    first = w[row + FIRST_BOOTH]
    finishing = False
    for at in range(w[row + MEMBER_BEGIN], w[row + MEMBER_END]):
        station = w[w[MEMBERS] + at]
        st = station_row(w, r, station)
        line = w[st + LINE]
        collect(w, r, line + HELD, scratch)
        finishing = leave_behind(w, r, station, line + SHARED, scratch) or finishing
        if w[st + PER_BOOTH]:
            for booth in range(first, first + w[row + SERVERS]):
                finishing = leave_behind(w, r, station, own_line(w, r, booth), scratch) or finishing
        while w[w[COUNT] + scratch] > 0:
            visit = w[w[HEAD] + scratch]
            unlink(w, r, visit)
            append(w, r, line + HELD, visit)
    if not finishing:
        w[w[OPEN] + pool] = 0


@compiled
def leave_behind(w: Words, r: Reals, station: int, line: int, scratch: int) -> bool:
    """Move those the closing group does not serve out to the scratch line; True when somebody stays."""
    visit = w[w[HEAD] + line]
    while visit >= 0:
        following = w[visit + NEXT]
        if not serves_out(w, r, station, w[visit + KLASS]):
            unlink(w, r, visit)
            insert_in_order(w, r, scratch, visit)
        visit = following
    return bool(w[w[COUNT] + line] > 0)


@compiled
def serves_out(w: Words, r: Reals, station: int, klass: int) -> bool:
    on_close = w[station_row(w, r, station) + ON_CLOSE]
    if on_close != OnClose.REROUTE:
        return bool(on_close == OnClose.FINISH)
    cell = cell_row(w, r, station, klass)
    for at in range(w[cell + REROUTE_BEGIN], w[cell + REROUTE_END]):  # noqa: SIM110
        if is_open(w, r, w[w[REROUTES] + at]):
            return False
    return True
