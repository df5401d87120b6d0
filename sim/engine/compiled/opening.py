"""Opening and closing of booths in the kernel: `sim.engine.closing` on memory images."""

from __future__ import annotations

from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import cell_row, pool_row, station_row
from sim.engine.compiled.lines import append, insert_in_order, unlink, value_at
from sim.engine.compiled.rules import is_open, joins_line, own_line, pool_overtime
from sim.engine.compiled.types import Reals, Words
from sim.model.network import OnClose

UNCHANGED = -1


@compiled
def apply_calendar(n: Words, x: Reals, s: Words, f: Reals, now: float) -> None:
    """All pools change before any line moves."""
    for pool in range(n[N_POOLS]):
        s[s[BEFORE] + pool] = UNCHANGED
        row = pool_row(n, pool)
        if n[row + SERVERS] >= 0:
            scheduled = int(value_at(n, x, n[row + CALENDAR], now))
            if scheduled != s[s[SCHEDULED] + pool]:
                s[s[BEFORE] + pool] = s[s[SCHEDULED] + pool]
                s[s[SCHEDULED] + pool] = scheduled
                pool_overtime(n, x, s, f, pool, now)
    for pool in range(n[N_POOLS]):
        before = s[s[BEFORE] + pool]
        if before != UNCHANGED and s[s[SCHEDULED] + pool] == 0:
            close_last(n, s, f, pool)
        elif before != UNCHANGED:
            change_open(n, s, f, pool, before == 0)


@compiled
def change_open(n: Words, s: Words, f: Reals, pool: int, reopened: bool) -> None:
    s[s[OPEN] + pool] = s[s[SCHEDULED] + pool]
    scratch = n[N_LINES]
    row = pool_row(n, pool)
    first = n[row + FIRST_BOOTH]
    for at in range(n[row + MEMBER_BEGIN], n[row + MEMBER_END]):
        st = station_row(n, n[n[MEMBERS] + at])
        if n[st + PER_BOOTH]:
            for booth in range(first + s[s[OPEN] + pool], first + n[row + SERVERS]):
                collect(s, f, own_line(n, booth), scratch)
        if reopened:
            collect(s, f, n[st + LINE] + HELD, scratch)
        while s[s[COUNT] + scratch] > 0:
            visit = s[s[HEAD] + scratch]
            unlink(s, visit)
            joins_line(n, s, visit)


@compiled
def collect(s: Words, f: Reals, line: int, scratch: int) -> None:
    """Move everybody of a line to the scratch line, which is kept in order of joining."""
    while s[s[COUNT] + line] > 0:
        visit = s[s[HEAD] + line]
        unlink(s, visit)
        insert_in_order(s, f, scratch, visit)


@compiled
def close_last(n: Words, s: Words, f: Reals, pool: int) -> None:
    scratch = n[N_LINES]
    row = pool_row(n, pool)
    first = n[row + FIRST_BOOTH]
    finishing = False
    for at in range(n[row + MEMBER_BEGIN], n[row + MEMBER_END]):
        station = n[n[MEMBERS] + at]
        st = station_row(n, station)
        line = n[st + LINE]
        collect(s, f, line + HELD, scratch)
        finishing = leave_behind(n, s, f, station, line + SHARED, scratch) or finishing
        if n[st + PER_BOOTH]:
            for booth in range(first, first + n[row + SERVERS]):
                finishing = leave_behind(n, s, f, station, own_line(n, booth), scratch) or finishing
        while s[s[COUNT] + scratch] > 0:
            visit = s[s[HEAD] + scratch]
            unlink(s, visit)
            append(s, line + HELD, visit)
    if not finishing:
        s[s[OPEN] + pool] = 0


@compiled
def leave_behind(n: Words, s: Words, f: Reals, station: int, line: int, scratch: int) -> bool:
    """Move those the closing group does not serve out to the scratch line; True when somebody stays."""
    visit = s[s[HEAD] + line]
    while visit >= 0:
        following = s[visit + NEXT]
        if not serves_out(n, s, station, s[visit + KLASS]):
            unlink(s, visit)
            insert_in_order(s, f, scratch, visit)
        visit = following
    return bool(s[s[COUNT] + line] > 0)


@compiled
def serves_out(n: Words, s: Words, station: int, klass: int) -> bool:
    on_close = n[station_row(n, station) + ON_CLOSE]
    if on_close != OnClose.REROUTE:
        return bool(on_close == OnClose.FINISH)
    cell = cell_row(n, station, klass)
    for at in range(n[cell + REROUTE_BEGIN], n[cell + REROUTE_END]):  # noqa: SIM110
        if is_open(n, s, n[n[REROUTES] + at]):
            return False
    return True
