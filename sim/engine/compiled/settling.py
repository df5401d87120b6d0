"""Settling in the kernel (rule 12, step 3): the first possible move, downstream stations first."""

from __future__ import annotations

from sim.engine.compiled.ends import next_end
from sim.engine.compiled.floor import (
    booth_parties,
    choose,
    free_front,
    free_position,
    free_rear,
    has_room,
    held,
    is_open,
    own_line,
    people_of,
    runs,
    shortest_booth,
    zone_of,
    zone_takes,
)
from sim.engine.compiled.jit import compiled, inlined
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import cell_row, gauge_row, pool_row, route_row, station_row, target_row
from sim.engine.compiled.lines import append, head_of, joined_before, set_gauge, unlink
from sim.engine.compiled.rules import end, enter, leave_line, move_on, start, unblock
from sim.engine.compiled.types import Reals, Words
from sim.engine.compiled.visits import has_place
from sim.model.network import NEVER, OnClose

NOWHERE, ANYWHERE = -1, -2
ANY_ZONE = -2
"""Whatever the zones of other groups say."""


@compiled
def settle(w: Words, r: Reals, calendar_due: float, now: float) -> bool:
    """Move what can move; True when a lower step has work first and settling is still due."""
    # Without anybody blocked or in line there is nobody who could move.
    while (w[N_BLOCKED] > 0 or w[N_STANDING] > 0) and one_move(w, r, now):
        if calendar_due == now or next_end(w, r) == now:
            return True
        if not has_place(w, r):
            return True
    if w[FULL_DUE]:
        note_full(w, r, now)
    return False


@compiled
def note_full(w: Words, r: Reals, now: float) -> None:
    w[FULL_DUE] = 0
    for at in range(w[N_FINITES]):
        station = w[w[FINITES] + at]
        st = station_row(w, r, station)
        full = 0 if has_room(w, r, station, w[st + SHORTEST], 0, w[st + ZONE], now) else 1
        gauge = gauge_row(w, r, station, FULL)
        if full != w[gauge + VALUE]:
            row = w[NEXT_FULL]
            r[row + FULL_TIME], w[row + FULL_STATION], w[row + FULL_STATE] = now, station, full
            w[NEXT_FULL] = row + FULL_WIDTH
        set_gauge(w, r, gauge, now, full)


@compiled
def one_move(w: Words, r: Reals, now: float) -> bool:
    if w[N_BLOCKED] > 0:
        return one_move_with_blocked(w, r, now)
    # Those who stand at stations that are still to come; beyond the last nothing moves, for what a shared server
    # could do was tried where its party stands.
    standing, at = w[N_STANDING], 0
    while standing > 0:
        station = w[w[ORDER] + at]
        if line_moves(w, r, station, now):
            return True
        standing -= w[w[STANDING] + station]
        at += 1
    return False


@compiled
def one_move_with_blocked(w: Words, r: Reals, now: float) -> bool:
    if let_go(w, r, now):
        return True
    standing = w[N_STANDING]
    only = where_the_blocked_goes(w, r, now)
    asked = only == NOWHERE
    for at in range(w[N_STATIONS]):
        station = w[w[ORDER] + at]
        wanted = only in (ANYWHERE, station)
        asked = asked or station == only
        if wanted and admit_blocked(w, r, station, now):
            return True
        if standing > 0 and line_moves(w, r, station, now):
            return True
        if wanted and waive(w, r, station, now):
            return True
        standing -= w[w[STANDING] + station]
        if standing == 0 and asked:
            return False
    return False


@compiled
def line_moves(w: Words, r: Reals, station: int, now: float) -> bool:
    """Somebody in line here moved, or somebody in line elsewhere to a server shared with this station."""
    st = station_row(w, r, station)
    if w[w[STANDING] + station] == 0 and not w[st + SHARES_POOL]:
        return False
    if w[st + ROAD]:
        return advance_road(w, r, station, now)
    if fill_booth(w, r, station, now):
        return True
    if w[st + JOCKEY] > 0 and jockey(w, r, station):
        return True
    return bool(w[w[COUNT] + w[st + LINE] + HELD] > 0 and leave_closed_group(w, r, station, now))


@compiled
def where_the_blocked_goes(w: Words, r: Reals, now: float) -> int:
    """The only station that need be asked whether it has room for a blocked party; mostly there is one such party."""
    if w[N_BLOCKED] > 1:
        return ANYWHERE
    visit = w[w[BLOCKED_LIST]]
    target = w[visit + TARGET]
    if w[target_row(w, r, target) + OUTCOME] >= 0 or held(w, r, visit):
        return NOWHERE
    return int(choose(w, r, target, now))


@compiled
def let_go(w: Words, r: Reals, now: float) -> bool:
    for place in range(w[N_BLOCKED]):
        visit = w[w[BLOCKED_LIST] + place]
        outcome = w[target_row(w, r, w[visit + TARGET]) + OUTCOME]
        if outcome >= 0 and not held(w, r, visit):
            unblock(w, r, place, now)
            end(w, r, visit, outcome, now)
            return True
    return False


@compiled
def first_blocked_for(w: Words, r: Reals, station: int, waiving: bool, now: float) -> int:
    """Place in the list of the blocked, -1 for none."""
    zone, shut = w[station_row(w, r, station) + ZONE], False
    for place in range(w[N_BLOCKED]):
        visit = w[w[BLOCKED_LIST] + place]
        if waiving and w[visit + SKIP] < 0:
            continue
        target = w[visit + TARGET]
        goes = w[target_row(w, r, target) + OUTCOME] < 0 and not held(w, r, visit)
        if goes and choose(w, r, target, now) == station:
            comes_in = zone >= 0 and zone != zone_of(w, r, visit)
            if comes_in and not shut:
                shut = not zone_takes(w, r, zone, people_of(w, r, w[visit + PARTY]), -1)
            if waiving or not (comes_in and shut):
                return place
    return -1


@compiled
def admit_blocked(w: Words, r: Reals, station: int, now: float) -> bool:
    place = first_blocked_for(w, r, station, False, now)
    if place < 0:
        return False
    visit = w[w[BLOCKED_LIST] + place]
    klass, party = w[visit + KLASS], w[visit + PARTY]
    if not has_room(w, r, station, klass, people_of(w, r, party), zone_of(w, r, visit), now):
        return False
    unblock(w, r, place, now)
    move_on(w, r, visit, now)
    enter_through(w, r, station, party, klass, NEVER, now)
    return True


@inlined
def fill_booth(w: Words, r: Reals, station: int, now: float) -> bool:
    st = station_row(w, r, station)
    row = pool_row(w, r, w[st + POOL])
    if w[row + SERVERS] < 0:
        start_alone(w, r, w[w[HEAD] + w[st + LINE] + SHARED], now)
        return True
    if not runs(w, r, station, now):
        return False
    if w[st + PER_BOOTH]:
        return fill_own_line(w, r, station, now)
    position = free_position(w, r, w[st + POOL])
    if position < 0:
        return False
    return start_next(w, r, station, position, now)


@compiled
def start_alone(w: Words, r: Reals, visit: int, now: float) -> None:
    start(w, r, visit, -1, 0, now)


@compiled
def start_next(w: Words, r: Reals, station: int, position: int, now: float) -> bool:
    """The first of the line, or of the lines that share these servers, goes to a free one (twice its booth, 1 more for
    its rear)."""
    st = station_row(w, r, station)
    if w[st + SHARES_POOL]:
        visit = head_of_pool(w, r, pool_row(w, r, w[st + POOL]), now)
    else:
        visit = head_of(w, r, w[st + LINE] + SHARED)
    if visit < 0:
        return False
    start(w, r, visit, position >> 1, position & 1, now)
    return True


@compiled
def head_of_pool(w: Words, r: Reals, row: int, now: float) -> int:
    best = -1
    for at in range(w[row + MEMBER_BEGIN], w[row + MEMBER_END]):
        other = w[w[MEMBERS] + at]
        line = w[station_row(w, r, other) + LINE] + SHARED
        if w[w[COUNT] + line] > 0 and runs(w, r, other, now):
            visit = head_of(w, r, line)
            if best < 0 or waits_longer(w, r, visit, best):
                best = visit
    return best


@compiled
def precedence(w: Words, r: Reals, visit: int) -> int:
    return int(w[cell_row(w, r, w[visit + STATION], w[visit + KLASS]) + PRECEDENCE])


@compiled
def waits_longer(w: Words, r: Reals, a: int, b: int) -> bool:
    first, second = precedence(w, r, a), precedence(w, r, b)
    if first != second:
        return bool(first < second)
    if r[a + JOINED] != r[b + JOINED]:
        return bool(r[a + JOINED] < r[b + JOINED])
    if w[a + STATION] != w[b + STATION]:
        return bool(w[a + STATION] < w[b + STATION])
    return bool(w[a + PARTY] < w[b + PARTY])


@compiled
def fill_own_line(w: Words, r: Reals, station: int, now: float) -> bool:
    pool = w[station_row(w, r, station) + POOL]
    row = pool_row(w, r, pool)
    first = w[row + FIRST_BOOTH]
    for rear in range(2 if w[row + TANDEM] > 0 else 1):
        for booth in range(first, first + w[w[OPEN] + pool]):
            line = own_line(w, r, booth)
            if w[w[COUNT] + line] > 0:
                free = free_rear(w, r, pool, booth) if rear else free_front(w, r, booth)
                if free:
                    start(w, r, head_of(w, r, line), booth, rear, now)
                    return True
    return False


@compiled
def jockey(w: Words, r: Reals, station: int) -> bool:
    st = station_row(w, r, station)
    pool = w[st + POOL]
    if w[w[OPEN] + pool] < 2:
        return False
    first = w[pool_row(w, r, pool) + FIRST_BOOTH]
    longest, most = -1, -1
    for booth in range(first, first + w[w[OPEN] + pool]):
        parties = booth_parties(w, r, booth)
        if w[w[COUNT] + own_line(w, r, booth)] > 0 and parties >= most:
            longest, most = booth, parties
    if longest < 0:
        return False
    shortest = shortest_booth(w, r, pool)
    if most - booth_parties(w, r, shortest) < w[st + JOCKEY]:
        return False
    visit = w[w[TAIL] + own_line(w, r, longest)]
    unlink(w, r, visit)
    append(w, r, own_line(w, r, shortest), visit)
    w[FULL_DUE] |= w[st + NOTED]
    return True


@compiled
def leave_closed_group(w: Words, r: Reals, station: int, now: float) -> bool:
    st = station_row(w, r, station)
    if w[st + ON_CLOSE] != OnClose.REROUTE or is_open(w, r, station):
        return False
    somewhere = False
    for klass in range(w[N_CLASSES]):
        somewhere = somewhere or way_out(w, r, station, klass, 0, ANY_ZONE, now) >= 0
    visit = w[w[HEAD] + w[st + LINE] + HELD] if somewhere else -1
    while visit >= 0:
        party, klass, deadline = w[visit + PARTY], w[visit + KLASS], r[visit + DEADLINE]
        other = way_out(w, r, station, klass, people_of(w, r, party), w[st + ZONE], now)
        if other >= 0:
            leave_line(w, r, visit, now)
            move_on(w, r, visit, now)
            enter_through(w, r, other, party, klass, deadline, now)
            return True
        visit = w[visit + NEXT]
    return False


@compiled
def way_out(w: Words, r: Reals, station: int, klass: int, people: int, zone_left: int, now: float) -> int:
    """The next group that is open and has room for a party held at a closed one, -1 for none."""
    cell = cell_row(w, r, station, klass)
    for at in range(w[cell + REROUTE_BEGIN], w[cell + REROUTE_END]):
        other = w[w[REROUTES] + at]
        zone = w[station_row(w, r, other) + ZONE] if zone_left == ANY_ZONE else zone_left
        if is_open(w, r, other) and has_room(w, r, other, klass, people, zone, now):
            return int(other)
    return -1


@compiled
def waive(w: Words, r: Reals, station: int, now: float) -> bool:
    place = first_blocked_for(w, r, station, True, now)
    if place < 0:
        return False
    visit = w[w[BLOCKED_LIST] + place]
    w[visit + TARGET], w[visit + SKIP] = w[visit + SKIP], -1
    return True


@compiled
def enter_through(
    w: Words,
    r: Reals,
    station: int,
    party: int,
    klass: int,
    deadline: float,
    now: float,
) -> None:
    """`enter` of the reference engine: who does not fit passes the line at once, also through empty roads."""
    # Its recursion along a chain of roads, as a loop: each round is one entry and the move it brings about.
    while True:
        passes = not fits(w, r, station, klass)
        enter(w, r, station, party, klass, deadline, now)
        if not passes:
            return
        if not w[station_row(w, r, station) + ROAD]:
            if w[w[STANDING] + station] > 0:
                fill_booth(w, r, station, now)
            return
        visit = first_head_that_moves(w, r, station, now)
        if visit < 0:
            return
        party, klass = w[visit + PARTY], w[visit + KLASS]
        station = leave_road(w, r, visit, now)
        if station < 0:
            return
        deadline = NEVER


@compiled
def fits(w: Words, r: Reals, station: int, klass: int) -> bool:
    return bool(r[w[SPACE] + station] + r[w[LENGTHS] + klass] <= r[station_row(w, r, station) + STORAGE])


@compiled
def advance_road(w: Words, r: Reals, station: int, now: float) -> bool:
    visit = first_head_that_moves(w, r, station, now)
    if visit < 0:
        return False
    party, klass = w[visit + PARTY], w[visit + KLASS]
    onto = leave_road(w, r, visit, now)
    if onto >= 0:
        enter_through(w, r, onto, party, klass, NEVER, now)
    return True


@compiled
def first_head_that_moves(w: Words, r: Reals, station: int, now: float) -> int:
    """The head of a lane, longest on the road first, that can move on; -1 for none."""
    st = station_row(w, r, station)
    first = w[HEAD] + w[st + LINE] + FIRST_LANE
    # Heads in order of joining, without sorting: each time the first one after the last that was tried.
    tried = -1
    for _ in range(w[st + LANES]):
        visit = -1
        for lane in range(first, first + w[st + LANES]):
            other = w[lane]
            untried = other >= 0 and (tried < 0 or joined_before(w, r, tried, other))
            if untried and (visit < 0 or joined_before(w, r, other, visit)):
                visit = other
        if visit < 0:
            return -1
        if w[visit + QUEUED] and road_head_moves(w, r, visit, now):
            return int(visit)
        tried = visit
    return -1


@compiled
def road_head_moves(w: Words, r: Reals, visit: int, now: float) -> bool:
    target = way_off(w, r, visit)
    if w[target_row(w, r, target) + OUTCOME] >= 0:
        return True
    people, zone = people_of(w, r, w[visit + PARTY]), zone_of(w, r, visit)
    return has_room(w, r, choose(w, r, target, now), w[visit + KLASS], people, zone, now)


@compiled
def way_off(w: Words, r: Reals, visit: int) -> int:
    """Target of a party on a road."""
    return int(w[route_row(w, r, w[cell_row(w, r, w[visit + STATION], w[visit + KLASS]) + ROUTE]) + OTHERWISE])


@compiled
def leave_road(w: Words, r: Reals, visit: int, now: float) -> int:
    """Move a party off its road; the station it goes to, -1 when it leaves."""
    target = way_off(w, r, visit)
    outcome = w[target_row(w, r, target) + OUTCOME]
    onto = choose(w, r, target, now) if outcome < 0 else -1
    r[visit + STARTED] = r[visit + JOINED]
    r[visit + ENDED] = r[visit + JOINED] + r[station_row(w, r, w[visit + STATION]) + TRAVEL]
    leave_line(w, r, visit, now)
    if outcome >= 0:
        end(w, r, visit, outcome, now)
    else:
        move_on(w, r, visit, now)
    return int(onto)
