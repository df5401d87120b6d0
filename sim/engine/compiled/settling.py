"""Settling in the kernel (rule 12, step 3): the first possible move, downstream stations first."""

from __future__ import annotations

from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import cell_row, gauge_row, pool_row, route_row, station_row, target_row
from sim.engine.compiled.lines import append, head_of, joined_before, set_gauge, unlink
from sim.engine.compiled.rules import (
    booth_parties,
    choose,
    end,
    enter,
    free_front,
    free_position,
    free_rear,
    has_room,
    held,
    is_open,
    leave_line,
    move_on,
    own_line,
    runs,
    shortest_booth,
    start,
    unblock,
)
from sim.engine.compiled.types import Reals, Words
from sim.model.network import NEVER, OnClose


@compiled
def settle(n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, calendar_due: float, now: float) -> bool:
    """Move what can move; True when a lower step has work first and settling is still due."""
    while one_move(n, x, s, f, p, d, now):
        if calendar_due == now or (s[N_ENDS] > 0 and f[s[ENDS] + TIME] == now):
            return True
        if s[NEXT_VISIT] > s[VISITS_END]:
            return True
    note_full(n, x, s, f, now)
    return False


@compiled
def note_full(n: Words, x: Reals, s: Words, f: Reals, now: float) -> None:
    for station in range(n[N_STATIONS]):
        st = station_row(n, station)
        if n[st + FINITE]:
            full = 0 if has_room(n, x, s, f, station, n[st + SHORTEST], now) else 1
            set_gauge(x, s, f, gauge_row(s, station, FULL), now, full)


@compiled
def one_move(n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, now: float) -> bool:
    some_blocked = s[N_BLOCKED] > 0
    if some_blocked and let_go(n, x, s, f, now):
        return True
    for at in range(n[N_STATIONS]):
        station = n[n[ORDER] + at]
        if some_blocked and admit_blocked(n, x, s, f, p, d, station, now):
            return True
        st = station_row(n, station)
        # Without anybody in its lines a station can only waive, or give a shared server to another's line.
        if s[s[STANDING] + station] > 0 or n[st + SHARES_POOL]:
            if n[st + ROAD]:
                if advance_road(n, x, s, f, p, d, station, now):
                    return True
            else:
                if fill_booth(n, x, s, f, p, d, station, now):
                    return True
                if n[st + JOCKEY] > 0 and jockey(n, s, station):
                    return True
                held_here = s[s[COUNT] + n[st + LINE] + HELD] > 0
                if held_here and leave_closed_group(n, x, s, f, p, d, station, now):
                    return True
        if some_blocked and waive(n, x, s, station, now):
            return True
    return False


@compiled
def let_go(n: Words, x: Reals, s: Words, f: Reals, now: float) -> bool:
    for place in range(s[N_BLOCKED]):
        visit = s[s[BLOCKED_LIST] + place]
        outcome = n[target_row(n, s[visit + TARGET]) + OUTCOME]
        if outcome >= 0 and not held(n, s, visit):
            unblock(n, x, s, f, place, now)
            end(s, f, visit, outcome, now)
            return True
    return False


@compiled
def first_blocked_for(n: Words, x: Reals, s: Words, station: int, waiving: bool, now: float) -> int:
    """Place in the list of the blocked, -1 for none."""
    for place in range(s[N_BLOCKED]):
        visit = s[s[BLOCKED_LIST] + place]
        if waiving and s[visit + SKIP] < 0:
            continue
        target = s[visit + TARGET]
        goes = n[target_row(n, target) + OUTCOME] < 0 and not held(n, s, visit)
        if goes and choose(n, x, s, target, now) == station:
            return place
    return -1


@compiled
def admit_blocked(n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, station: int, now: float) -> bool:
    place = first_blocked_for(n, x, s, station, False, now)
    if place < 0:
        return False
    visit = s[s[BLOCKED_LIST] + place]
    klass, party = s[visit + KLASS], s[visit + PARTY]
    if not has_room(n, x, s, f, station, klass, now):
        return False
    unblock(n, x, s, f, place, now)
    move_on(s, f, visit, now)
    enter_through(n, x, s, f, p, d, station, party, klass, NEVER, now)
    return True


@compiled
def fill_booth(n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, station: int, now: float) -> bool:
    st = station_row(n, station)
    shared = n[st + LINE] + SHARED
    row = pool_row(n, n[st + POOL])
    if n[row + SERVERS] < 0:
        start(n, x, s, f, p, d, s[s[HEAD] + shared], -1, 0, now)
        return True
    if not runs(n, x, station, now):
        return False
    if n[st + PER_BOOTH]:
        return fill_own_line(n, x, s, f, p, d, station, now)
    position = free_position(n, s, n[st + POOL])
    if position < 0:
        return False
    best = -1
    for at in range(n[row + MEMBER_BEGIN], n[row + MEMBER_END]):
        other = n[n[MEMBERS] + at]
        line = n[station_row(n, other) + LINE] + SHARED
        if s[s[COUNT] + line] > 0 and runs(n, x, other, now):
            visit = head_of(n, s, line)
            if best < 0 or waits_longer(s, f, visit, best):
                best = visit
    if best < 0:
        return False
    start(n, x, s, f, p, d, best, position >> 1, position & 1, now)
    return True


@compiled
def waits_longer(s: Words, f: Reals, a: int, b: int) -> bool:
    if f[a + JOINED] != f[b + JOINED]:
        return bool(f[a + JOINED] < f[b + JOINED])
    if s[a + STATION] != s[b + STATION]:
        return bool(s[a + STATION] < s[b + STATION])
    return bool(s[a + PARTY] < s[b + PARTY])


@compiled
def fill_own_line(n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, station: int, now: float) -> bool:
    pool = n[station_row(n, station) + POOL]
    row = pool_row(n, pool)
    first = n[row + FIRST_BOOTH]
    for rear in range(2 if n[row + TANDEM] > 0 else 1):
        for booth in range(first, first + s[s[OPEN] + pool]):
            line = own_line(n, booth)
            if s[s[COUNT] + line] > 0:
                free = free_rear(n, s, pool, booth) if rear else free_front(s, booth)
                if free:
                    start(n, x, s, f, p, d, head_of(n, s, line), booth, rear, now)
                    return True
    return False


@compiled
def jockey(n: Words, s: Words, station: int) -> bool:
    st = station_row(n, station)
    pool = n[st + POOL]
    if s[s[OPEN] + pool] < 2:
        return False
    first = n[pool_row(n, pool) + FIRST_BOOTH]
    longest, most = -1, -1
    for booth in range(first, first + s[s[OPEN] + pool]):
        parties = booth_parties(n, s, booth)
        if s[s[COUNT] + own_line(n, booth)] > 0 and parties >= most:
            longest, most = booth, parties
    if longest < 0:
        return False
    shortest = shortest_booth(n, s, pool)
    if most - booth_parties(n, s, shortest) < n[st + JOCKEY]:
        return False
    visit = s[s[TAIL] + own_line(n, longest)]
    unlink(s, visit)
    append(s, own_line(n, shortest), visit)
    return True


@compiled
def leave_closed_group(n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, station: int, now: float) -> bool:
    st = station_row(n, station)
    if n[st + ON_CLOSE] != OnClose.REROUTE or is_open(n, s, station):
        return False
    somewhere = False
    for klass in range(n[N_CLASSES]):
        somewhere = somewhere or way_out(n, x, s, f, station, klass, now) >= 0
    visit = s[s[HEAD] + n[st + LINE] + HELD] if somewhere else -1
    while visit >= 0:
        party, klass, deadline = s[visit + PARTY], s[visit + KLASS], f[visit + DEADLINE]
        other = way_out(n, x, s, f, station, klass, now)
        if other >= 0:
            leave_line(n, x, s, f, visit, now)
            move_on(s, f, visit, now)
            enter_through(n, x, s, f, p, d, other, party, klass, deadline, now)
            return True
        visit = s[visit + NEXT]
    return False


@compiled
def way_out(n: Words, x: Reals, s: Words, f: Reals, station: int, klass: int, now: float) -> int:
    """The next group that is open and has room for the class, -1 for none."""
    cell = cell_row(n, station, klass)
    for at in range(n[cell + REROUTE_BEGIN], n[cell + REROUTE_END]):
        other = n[n[REROUTES] + at]
        if is_open(n, s, other) and has_room(n, x, s, f, other, klass, now):
            return int(other)
    return -1


@compiled
def waive(n: Words, x: Reals, s: Words, station: int, now: float) -> bool:
    place = first_blocked_for(n, x, s, station, True, now)
    if place < 0:
        return False
    visit = s[s[BLOCKED_LIST] + place]
    s[visit + TARGET], s[visit + SKIP] = s[visit + SKIP], -1
    return True


@compiled
def enter_through(
    n: Words,
    x: Reals,
    s: Words,
    f: Reals,
    p: Words,
    d: Reals,
    station: int,
    party: int,
    klass: int,
    deadline: float,
    now: float,
) -> None:
    """`enter` of the reference engine: who does not fit passes the line at once, also through empty roads."""
    # Its recursion along a chain of roads, as a loop: each round is one entry and the move it brings about.
    while True:
        passes = not fits(n, x, s, f, station, klass)
        enter(n, x, s, f, p, d, station, party, klass, deadline, now)
        if not passes:
            return
        if not n[station_row(n, station) + ROAD]:
            if s[s[STANDING] + station] > 0:
                fill_booth(n, x, s, f, p, d, station, now)
            return
        visit = first_head_that_moves(n, x, s, f, station, now)
        if visit < 0:
            return
        party, klass = s[visit + PARTY], s[visit + KLASS]
        station = leave_road(n, x, s, f, visit, now)
        if station < 0:
            return
        deadline = NEVER


@compiled
def fits(n: Words, x: Reals, s: Words, f: Reals, station: int, klass: int) -> bool:
    return bool(f[s[SPACE] + station] + x[n[LENGTHS] + klass] <= x[station_row(n, station) + STORAGE])


@compiled
def advance_road(n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, station: int, now: float) -> bool:
    visit = first_head_that_moves(n, x, s, f, station, now)
    if visit < 0:
        return False
    party, klass = s[visit + PARTY], s[visit + KLASS]
    onto = leave_road(n, x, s, f, visit, now)
    if onto >= 0:
        enter_through(n, x, s, f, p, d, onto, party, klass, NEVER, now)
    return True


@compiled
def first_head_that_moves(n: Words, x: Reals, s: Words, f: Reals, station: int, now: float) -> int:
    """The head of a lane, longest on the road first, that can move on; -1 for none."""
    st = station_row(n, station)
    first = s[HEAD] + n[st + LINE] + FIRST_LANE
    # Heads in order of joining, without sorting: each time the first one after the last that was tried.
    tried = -1
    for _ in range(n[st + LANES]):
        visit = -1
        for lane in range(first, first + n[st + LANES]):
            other = s[lane]
            untried = other >= 0 and (tried < 0 or joined_before(s, f, tried, other))
            if untried and (visit < 0 or joined_before(s, f, other, visit)):
                visit = other
        if visit < 0:
            return -1
        if s[visit + QUEUED] and road_head_moves(n, x, s, f, visit, now):
            return int(visit)
        tried = visit
    return -1


@compiled
def road_head_moves(n: Words, x: Reals, s: Words, f: Reals, visit: int, now: float) -> bool:
    target = way_off(n, s, visit)
    if n[target_row(n, target) + OUTCOME] >= 0:
        return True
    return has_room(n, x, s, f, choose(n, x, s, target, now), s[visit + KLASS], now)


@compiled
def way_off(n: Words, s: Words, visit: int) -> int:
    """Target of a party on a road."""
    return int(n[route_row(n, n[cell_row(n, s[visit + STATION], s[visit + KLASS]) + ROUTE]) + OTHERWISE])


@compiled
def leave_road(n: Words, x: Reals, s: Words, f: Reals, visit: int, now: float) -> int:
    """Move a party off its road; the station it goes to, -1 when it leaves."""
    target = way_off(n, s, visit)
    outcome = n[target_row(n, target) + OUTCOME]
    onto = choose(n, x, s, target, now) if outcome < 0 else -1
    f[visit + STARTED] = f[visit + JOINED]
    f[visit + ENDED] = f[visit + JOINED] + x[station_row(n, s[visit + STATION]) + TRAVEL]
    leave_line(n, x, s, f, visit, now)
    if outcome >= 0:
        end(s, f, visit, outcome, now)
    else:
        move_on(s, f, visit, now)
    return int(onto)
