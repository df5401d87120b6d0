"""The rules of `sim.engine.reference`, one function each under the same name, on memory images.

Same order of moves, same order of every sum and product: the records are equal to the last bit. Read the
reference engine for what a rule means; comments here say only what the images change. Every function takes the
network as (n, x), the state as (s, f), the parties as (p, d).
"""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.heap import push
from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import cell_row, gauge_row, overtime_row, pool_row, route_row, station_row, target_row
from sim.engine.compiled.lines import add_to_gauge, append, occupy, set_gauge, set_queued, unlink, value_at
from sim.engine.compiled.types import Reals, Words
from sim.engine.records import MOVED_ON
from sim.model.network import FORCED, NEVER, RENEGED


@compiled
def is_open(n: Words, s: Words, station: int) -> bool:
    pool = n[station_row(n, station) + POOL]
    return bool(pool < 0 or s[s[SCHEDULED] + pool] > 0)


@compiled
def parties_at(s: Words, station: int) -> int:
    served = s[gauge_row(s, station, BUSY) + VALUE] + s[gauge_row(s, station, BLOCKED) + VALUE]
    return int(s[s[STANDING] + station] + served)


@compiled
def next_opening(n: Words, x: Reals, station: int, now: float) -> float:
    pool = n[station_row(n, station) + POOL]
    if pool < 0:
        return float(NEVER)
    steps = n[STEPS] + n[pool_row(n, pool) + CALENDAR] * STEPS_WIDTH
    for at in range(n[steps], n[steps + 1]):
        step = n[STEP_VALUES] + at * STEP_WIDTH
        if x[step + STEP_TIME] > now and x[step + STEP_VALUE] > 0.0:
            return float(x[step + STEP_TIME])
    return float(NEVER)


@compiled
def choose(n: Words, x: Reals, s: Words, target: int, now: float) -> int:
    to = target_row(n, target)
    first, last = n[ALTERNATIVES] + n[to + TARGET_BEGIN], n[ALTERNATIVES] + n[to + TARGET_END]
    if last - first == 1:
        return int(n[first])
    best, least = -1, 0.0
    for at in range(first, last):
        station = n[at]
        if is_open(n, s, station):
            if not n[to + SHORTER]:
                return int(station)
            pool = n[station_row(n, station) + POOL]
            load = 0.0 if pool < 0 else parties_at(s, station) / s[s[SCHEDULED] + pool]
            if best < 0 or load < least:
                best, least = station, load
    if best >= 0:
        return int(best)
    best, least = n[first], next_opening(n, x, n[first], now)
    for at in range(first + 1, last):
        opening = next_opening(n, x, n[at], now)
        if opening < least:
            best, least = n[at], opening
    return int(best)


@compiled
def own_line(n: Words, booth: int) -> int:
    return int(n[n[BOOTH_LINES] + booth])


@compiled
def occupants(s: Words, booth: int) -> int:
    return (1 if s[s[FRONT] + booth] >= 0 else 0) + (1 if s[s[REAR] + booth] >= 0 else 0)


@compiled
def booth_parties(n: Words, s: Words, booth: int) -> int:
    return int(s[s[COUNT] + own_line(n, booth)] + occupants(s, booth))


@compiled
def shortest_booth(n: Words, s: Words, pool: int) -> int:
    first = n[pool_row(n, pool) + FIRST_BOOTH]
    best, least = first, booth_parties(n, s, first)
    for booth in range(first + 1, first + s[s[OPEN] + pool]):
        parties = booth_parties(n, s, booth)
        if parties < least:
            best, least = booth, parties
    return int(best)


@compiled
def free_front(s: Words, booth: int) -> bool:
    return bool(s[s[FRONT] + booth] < 0 and s[s[REAR] + booth] < 0)


@compiled
def free_rear(n: Words, s: Words, pool: int, booth: int) -> bool:
    row = pool_row(n, pool)
    tandem = booth - n[row + FIRST_BOOTH] < n[row + TANDEM]
    return bool(tandem and s[s[FRONT] + booth] >= 0 and s[s[REAR] + booth] < 0)


@compiled
def free_position(n: Words, s: Words, pool: int) -> int:
    """First free position of an open booth: twice the booth, plus 1 for its rear; -1 for none."""
    row = pool_row(n, pool)
    first = n[row + FIRST_BOOTH]
    for booth in range(first, first + s[s[OPEN] + pool]):
        if free_front(s, booth):
            return int(2 * booth)
    if n[row + TANDEM] > 0:
        for booth in range(first, first + s[s[OPEN] + pool]):
            if free_rear(n, s, pool, booth):
                return int(2 * booth + 1)
    return -1


@compiled
def runs(n: Words, x: Reals, station: int, now: float) -> bool:
    return bool(value_at(n, x, n[station_row(n, station) + RUNNING], now) != 0.0)


@compiled
def has_room(n: Words, x: Reals, s: Words, f: Reals, station: int, klass: int, now: float) -> bool:
    # The reference engine's recursion through empty roads, as a loop.
    while True:
        st = station_row(n, station)
        if f[s[SPACE] + station] + x[n[LENGTHS] + klass] <= x[st + STORAGE]:
            return True
        if n[st + POOL] >= 0:
            return passes_booths(n, x, s, station, now)
        if s[s[STANDING] + station] != 0:
            return False
        target = n[route_row(n, n[cell_row(n, station, klass) + ROUTE]) + OTHERWISE]
        if n[target_row(n, target) + OUTCOME] >= 0:
            return True
        station = choose(n, x, s, target, now)


@compiled
def passes_booths(n: Words, x: Reals, s: Words, station: int, now: float) -> bool:
    st = station_row(n, station)
    pool = n[st + POOL]
    if s[s[SCHEDULED] + pool] == 0 or not runs(n, x, station, now):
        return False
    if n[st + PER_BOOTH]:
        booth = shortest_booth(n, s, pool)
        if s[s[COUNT] + own_line(n, booth)] > 0:
            return False
        return free_front(s, booth) or free_rear(n, s, pool, booth)
    if free_position(n, s, pool) < 0:
        return False
    row = pool_row(n, pool)
    for at in range(n[row + MEMBER_BEGIN], n[row + MEMBER_END]):
        member = n[n[MEMBERS] + at]
        if s[s[COUNT] + n[station_row(n, member) + LINE] + SHARED] > 0 and runs(n, x, member, now):
            return False
    return True


@compiled
def joins_line(n: Words, s: Words, visit: int) -> None:
    """To the tail of the shared line, or of the open booth with the fewest parties."""
    st = station_row(n, s[visit + STATION])
    if n[st + PER_BOOTH]:
        append(s, own_line(n, shortest_booth(n, s, n[st + POOL])), visit)
    else:
        append(s, n[st + LINE] + SHARED, visit)


@compiled
def enter(
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
    visit = s[NEXT_VISIT]
    s[NEXT_VISIT] = visit + VISIT_WIDTH
    s[visit + PARTY], s[visit + KLASS], s[visit + STATION] = party, klass, station
    s[visit + BOOTH], s[visit + IN_REAR], s[visit + QUEUED], s[visit + VISIT_OUTCOME] = -1, 0, 0, MOVED_ON
    s[visit + TARGET], s[visit + SKIP] = -1, -1
    f[visit + JOINED] = now
    f[visit + STARTED], f[visit + ENDED], f[visit + LEFT] = np.nan, np.nan, np.nan
    st = station_row(n, station)
    line = n[st + LINE]
    if n[st + ROAD]:
        shortest = line + FIRST_LANE
        for lane in range(shortest + 1, line + FIRST_LANE + n[st + LANES]):
            if s[s[COUNT] + lane] < s[s[COUNT] + shortest]:
                shortest = lane
        append(s, shortest, visit)
    elif not is_open(n, s, station):
        append(s, line + HELD, visit)
    else:
        joins_line(n, s, visit)
    occupy(n, x, s, f, visit, 1)
    if n[st + ROAD] and x[st + TRAVEL] > 0.0:
        push(s, f, ENDS, N_ENDS, now + x[st + TRAVEL], station, party, visit, 1)
    else:
        set_queued(x, s, f, now, visit, 1)
    patience = n[cell_row(n, station, klass) + PATIENCE_SLOT]
    if patience >= 0 and deadline == NEVER:
        deadline = now + d[p[party * PARTY_WIDTH + FIRST_DRAW] + patience]
    f[visit + DEADLINE] = deadline
    if deadline < NEVER:
        push(s, f, PATIENCE, N_PATIENCE, deadline, station, party, visit, 0)


@compiled
def start(
    n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, visit: int, booth: int, rear: int, now: float
) -> None:
    station, party, klass = s[visit + STATION], s[visit + PARTY], s[visit + KLASS]
    leave_line(n, x, s, f, visit, now)
    add_to_gauge(x, s, f, gauge_row(s, station, BUSY), now, 1)
    f[visit + STARTED], s[visit + IN_REAR] = now, rear
    st = station_row(n, station)
    if booth >= 0:
        s[visit + BOOTH] = booth - n[pool_row(n, n[st + POOL]) + FIRST_BOOTH]
        s[s[REAR] + booth if rear else s[FRONT] + booth] = visit
    cell = cell_row(n, station, klass)
    row = party * PARTY_WIDTH
    service = d[p[row + FIRST_DRAW] + n[cell + SERVICE]] * value_at(n, x, n[st + SERVICE_FACTOR], now)
    service = service * queue_factor(n, x, s, station, cell)
    service = service * (1.0 + x[cell + EXTRA_PERSON] * (float(p[row + PARTY_SIZE]) - 1.0))
    service = service + x[cell + MOVE_UP]
    count_overtime(n, x, s, f, station, now)
    push(s, f, ENDS, N_ENDS, now + service, station, party, visit, 0)


@compiled
def queue_factor(n: Words, x: Reals, s: Words, station: int, cell: int) -> float:
    waiting = s[gauge_row(s, station, WAITING) + VALUE]
    factor = 1.0
    for at in range(n[cell + FACTOR_BEGIN], n[cell + FACTOR_END]):
        row = n[FACTORS] + at * FACTOR_WIDTH
        if waiting > n[row + OVER]:
            factor = x[row + FACTOR]
    return factor


@compiled
def leave_line(n: Words, x: Reals, s: Words, f: Reals, visit: int, now: float) -> None:
    unlink(s, visit)
    occupy(n, x, s, f, visit, -1)
    if s[visit + QUEUED]:
        set_queued(x, s, f, now, visit, 0)
    serve_out_done(n, s, s[visit + STATION])


@compiled
def serve_out_done(n: Words, s: Words, station: int) -> None:
    pool = n[station_row(n, station) + POOL]
    if pool < 0 or s[s[SCHEDULED] + pool] > 0 or s[s[OPEN] + pool] == 0:
        return
    row = pool_row(n, pool)
    for at in range(n[row + MEMBER_BEGIN], n[row + MEMBER_END]):
        if s[s[COUNT] + n[station_row(n, n[n[MEMBERS] + at]) + LINE] + SHARED] > 0:
            return
    for booth in range(n[row + FIRST_BOOTH], n[row + FIRST_BOOTH] + n[row + SERVERS]):
        if s[s[COUNT] + own_line(n, booth)] > 0:
            return
    s[s[OPEN] + pool] = 0


@compiled
def count_overtime(n: Words, x: Reals, s: Words, f: Reals, station: int, now: float) -> None:
    pool = n[station_row(n, station) + POOL]
    if pool >= 0 and n[pool_row(n, pool) + SERVERS] >= 0:
        pool_overtime(n, x, s, f, pool, now)


@compiled
def pool_overtime(n: Words, x: Reals, s: Words, f: Reals, pool: int, now: float) -> None:
    row = pool_row(n, pool)
    occupied = 0
    for booth in range(n[row + FIRST_BOOTH] + s[s[SCHEDULED] + pool], n[row + FIRST_BOOTH] + n[row + SERVERS]):
        occupied += occupants(s, booth)
    set_gauge(x, s, f, overtime_row(n, s, pool), now, occupied)


@compiled
def booth_of(n: Words, s: Words, visit: int) -> int:
    return int(n[pool_row(n, n[station_row(n, s[visit + STATION]) + POOL]) + FIRST_BOOTH] + s[visit + BOOTH])


@compiled
def held(n: Words, s: Words, visit: int) -> bool:
    return bool(s[visit + IN_REAR] and s[s[FRONT] + booth_of(n, s, visit)] >= 0)


@compiled
def release(n: Words, x: Reals, s: Words, f: Reals, visit: int, now: float) -> None:
    station = s[visit + STATION]
    add_to_gauge(x, s, f, gauge_row(s, station, BLOCKED), now, -1)
    if s[visit + BOOTH] >= 0:
        booth = booth_of(n, s, visit)
        s[s[REAR] + booth if s[visit + IN_REAR] else s[FRONT] + booth] = -1
        count_overtime(n, x, s, f, station, now)


@compiled
def end(s: Words, f: Reals, visit: int, outcome: int, now: float) -> None:
    f[visit + LEFT], s[visit + VISIT_OUTCOME] = now, outcome
    s[INSIDE_NOW] -= 1


@compiled
def move_on(s: Words, f: Reals, visit: int, now: float) -> None:
    f[visit + LEFT], s[visit + VISIT_OUTCOME] = now, MOVED_ON


@compiled
def block(s: Words, f: Reals, visit: int) -> None:
    """Into the list of the blocked, longest first: by end of service, station, party."""
    at = s[BLOCKED_LIST] + s[N_BLOCKED]
    while at > s[BLOCKED_LIST] and blocked_longer(s, f, visit, s[at - 1]):
        s[at] = s[at - 1]
        at -= 1
    s[at] = visit
    s[N_BLOCKED] += 1


@compiled
def blocked_longer(s: Words, f: Reals, a: int, b: int) -> bool:
    if f[a + ENDED] != f[b + ENDED]:
        return bool(f[a + ENDED] < f[b + ENDED])
    if s[a + STATION] != s[b + STATION]:
        return bool(s[a + STATION] < s[b + STATION])
    return bool(s[a + PARTY] < s[b + PARTY])


@compiled
def unblock(n: Words, x: Reals, s: Words, f: Reals, place: int, now: float) -> None:
    """Take a place off the list of the blocked and empty its server."""
    visit = s[s[BLOCKED_LIST] + place]
    s[N_BLOCKED] -= 1
    for at in range(s[BLOCKED_LIST] + place, s[BLOCKED_LIST] + s[N_BLOCKED]):
        s[at] = s[at + 1]
    release(n, x, s, f, visit, now)


@compiled
def way_on(n: Words, x: Reals, p: Words, d: Reals, route: int, party: int, now: float) -> int:
    """Target of the first branch whose cumulated probability exceeds the party's mark."""
    row = route_row(n, route)
    if n[row + BRANCH_BEGIN] == n[row + BRANCH_END]:
        return int(n[row + OTHERWISE])
    mark, cumulated = d[p[party * PARTY_WIDTH + FIRST_DRAW] + n[row + MARK]], 0.0
    if mark >= FORCED:
        forced = n[row + BRANCH_BEGIN] + int(mark - FORCED)
        if forced < n[row + BRANCH_END]:
            return int(n[n[BRANCHES] + forced * BRANCH_WIDTH + BRANCH_TARGET])
        return int(n[row + OTHERWISE])
    for at in range(n[row + BRANCH_BEGIN], n[row + BRANCH_END]):
        branch = n[BRANCHES] + at * BRANCH_WIDTH
        cumulated = cumulated + x[branch + PROBABILITY] * value_at(n, x, n[branch + BRANCH_FACTOR], now)
        if mark < cumulated:
            return int(n[branch + BRANCH_TARGET])
    return int(n[row + OTHERWISE])


@compiled
def service_ends(n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, visit: int, now: float) -> None:
    station = s[visit + STATION]
    f[visit + ENDED] = now
    add_to_gauge(x, s, f, gauge_row(s, station, BUSY), now, -1)
    add_to_gauge(x, s, f, gauge_row(s, station, BLOCKED), now, 1)
    route = n[cell_row(n, station, s[visit + KLASS]) + ROUTE]
    target = way_on(n, x, p, d, route, s[visit + PARTY], now)
    s[visit + TARGET] = target
    otherwise = n[route_row(n, route) + OTHERWISE]
    if n[station_row(n, station) + WAIVES] and target != otherwise:
        s[visit + SKIP] = otherwise
    outcome = n[target_row(n, target) + OUTCOME]
    if outcome >= 0 and not held(n, s, visit):
        release(n, x, s, f, visit, now)
        end(s, f, visit, outcome, now)
    else:
        block(s, f, visit)


@compiled
def patience_ends(n: Words, x: Reals, s: Words, f: Reals, visit: int, now: float) -> bool:
    """True when the party was still waiting."""
    if not (np.isnan(f[visit + STARTED]) and np.isnan(f[visit + LEFT])):
        return False
    leave_line(n, x, s, f, visit, now)
    end(s, f, visit, RENEGED, now)
    return True
