"""The rules of `sim.engine.reference`, one function each under the same name, on one block of memory.

Same order of moves, same order of every sum and product: the records are equal to the last bit. Read the
reference engine for what a rule means; comments here say only what the block changes. Every function takes the
network as (w, r), the state as (w, r), the parties as (w, r).
"""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.heap import push
from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import cell_row, gauge_row, overtime_row, pool_row, route_row, station_row, target_row
from sim.engine.compiled.lines import add_to_gauge, append, occupy, set_gauge, set_queued, unlink, value_at
from sim.engine.compiled.types import Reals, Words
from sim.engine.compiled.visits import finish_visit, goes_on, new_visit
from sim.engine.records import MOVED_ON
from sim.model.network import FORCED, NEVER, RENEGED


@compiled
def is_open(w: Words, r: Reals, station: int) -> bool:
    pool = w[station_row(w, r, station) + POOL]
    return bool(pool < 0 or w[w[SCHEDULED] + pool] > 0)


@compiled
def parties_at(w: Words, r: Reals, station: int) -> int:
    served = w[gauge_row(w, r, station, BUSY) + VALUE] + w[gauge_row(w, r, station, BLOCKED) + VALUE]
    return int(w[w[STANDING] + station] + served)


@compiled
def next_opening(w: Words, r: Reals, station: int, now: float) -> float:
    pool = w[station_row(w, r, station) + POOL]
    if pool < 0:
        return float(NEVER)
    steps = w[STEPS] + w[pool_row(w, r, pool) + CALENDAR] * STEPS_WIDTH
    for at in range(w[steps], w[steps + 1]):
        step = w[STEP_VALUES] + at * STEP_WIDTH
        if r[step + STEP_TIME] > now and r[step + STEP_VALUE] > 0.0:
            return float(r[step + STEP_TIME])
    return float(NEVER)


@compiled
def choose(w: Words, r: Reals, target: int, now: float) -> int:
    to = target_row(w, r, target)
    first, last = w[ALTERNATIVES] + w[to + TARGET_BEGIN], w[ALTERNATIVES] + w[to + TARGET_END]
    if last - first == 1:
        return int(w[first])
    best, least = -1, 0.0
    for at in range(first, last):
        station = w[at]
        if is_open(w, r, station):
            if not w[to + SHORTER]:
                return int(station)
            pool = w[station_row(w, r, station) + POOL]
            load = 0.0 if pool < 0 else parties_at(w, r, station) / w[w[SCHEDULED] + pool]
            if best < 0 or load < least:
                best, least = station, load
    if best >= 0:
        return int(best)
    best, least = w[first], next_opening(w, r, w[first], now)
    for at in range(first + 1, last):
        opening = next_opening(w, r, w[at], now)
        if opening < least:
            best, least = w[at], opening
    return int(best)


@compiled
def own_line(w: Words, r: Reals, booth: int) -> int:
    return int(w[w[BOOTH_LINES] + booth])


@compiled
def occupants(w: Words, r: Reals, booth: int) -> int:
    return (1 if w[w[FRONT] + booth] >= 0 else 0) + (1 if w[w[REAR] + booth] >= 0 else 0)


@compiled
def booth_parties(w: Words, r: Reals, booth: int) -> int:
    return int(w[w[COUNT] + own_line(w, r, booth)] + occupants(w, r, booth))


@compiled
def shortest_booth(w: Words, r: Reals, pool: int) -> int:
    first = w[pool_row(w, r, pool) + FIRST_BOOTH]
    best, least = first, booth_parties(w, r, first)
    for booth in range(first + 1, first + w[w[OPEN] + pool]):
        parties = booth_parties(w, r, booth)
        if parties < least:
            best, least = booth, parties
    return int(best)


@compiled
def free_front(w: Words, r: Reals, booth: int) -> bool:
    return bool(w[w[FRONT] + booth] < 0 and w[w[REAR] + booth] < 0)


@compiled
def free_rear(w: Words, r: Reals, pool: int, booth: int) -> bool:
    row = pool_row(w, r, pool)
    tandem = booth - w[row + FIRST_BOOTH] < w[row + TANDEM]
    return bool(tandem and w[w[FRONT] + booth] >= 0 and w[w[REAR] + booth] < 0)


@compiled
def free_position(w: Words, r: Reals, pool: int) -> int:
    """First free position of an open booth: twice the booth, plus 1 for its rear; -1 for none."""
    row = pool_row(w, r, pool)
    first = w[row + FIRST_BOOTH]
    for booth in range(first, first + w[w[OPEN] + pool]):
        if free_front(w, r, booth):
            return int(2 * booth)
    if w[row + TANDEM] > 0:
        for booth in range(first, first + w[w[OPEN] + pool]):
            if free_rear(w, r, pool, booth):
                return int(2 * booth + 1)
    return -1


@compiled
def runs(w: Words, r: Reals, station: int, now: float) -> bool:
    return bool(value_at(w, r, w[station_row(w, r, station) + RUNNING], now) != 0.0)


@compiled
def has_room(w: Words, r: Reals, station: int, klass: int, now: float) -> bool:
    # The reference engine's recursion through empty roads, as a loop.
    while True:
        st = station_row(w, r, station)
        if r[w[SPACE] + station] + r[w[LENGTHS] + klass] <= r[st + STORAGE]:
            return True
        if w[st + POOL] >= 0:
            return passes_booths(w, r, station, now)
        if w[w[STANDING] + station] != 0:
            return False
        target = w[route_row(w, r, w[cell_row(w, r, station, klass) + ROUTE]) + OTHERWISE]
        if w[target_row(w, r, target) + OUTCOME] >= 0:
            return True
        station = choose(w, r, target, now)


@compiled
def passes_booths(w: Words, r: Reals, station: int, now: float) -> bool:
    st = station_row(w, r, station)
    pool = w[st + POOL]
    if w[w[SCHEDULED] + pool] == 0 or not runs(w, r, station, now):
        return False
    if w[st + PER_BOOTH]:
        booth = shortest_booth(w, r, pool)
        if w[w[COUNT] + own_line(w, r, booth)] > 0:
            return False
        return free_front(w, r, booth) or free_rear(w, r, pool, booth)
    if free_position(w, r, pool) < 0:
        return False
    row = pool_row(w, r, pool)
    for at in range(w[row + MEMBER_BEGIN], w[row + MEMBER_END]):
        member = w[w[MEMBERS] + at]
        if w[w[COUNT] + w[station_row(w, r, member) + LINE] + SHARED] > 0 and runs(w, r, member, now):
            return False
    return True


@compiled
def joins_line(w: Words, r: Reals, visit: int) -> None:
    """To the tail of the shared line, or of the open booth with the fewest parties."""
    st = station_row(w, r, w[visit + STATION])
    if w[st + PER_BOOTH]:
        append(w, r, own_line(w, r, shortest_booth(w, r, w[st + POOL])), visit)
    else:
        append(w, r, w[st + LINE] + SHARED, visit)


@compiled
def enter(
    w: Words,
    r: Reals,
    station: int,
    party: int,
    klass: int,
    deadline: float,
    now: float,
) -> None:
    visit = new_visit(w, r)
    w[visit + PARTY], w[visit + KLASS], w[visit + STATION] = party, klass, station
    w[visit + BOOTH], w[visit + IN_REAR], w[visit + QUEUED], w[visit + VISIT_OUTCOME] = -1, 0, 0, MOVED_ON
    w[visit + TARGET], w[visit + SKIP] = -1, -1
    r[visit + JOINED] = now
    r[visit + STARTED], r[visit + ENDED], r[visit + LEFT] = np.nan, np.nan, np.nan
    st = station_row(w, r, station)
    line = w[st + LINE]
    if w[st + ROAD]:
        shortest = line + FIRST_LANE
        for lane in range(shortest + 1, line + FIRST_LANE + w[st + LANES]):
            if w[w[COUNT] + lane] < w[w[COUNT] + shortest]:
                shortest = lane
        append(w, r, shortest, visit)
    elif not is_open(w, r, station):
        append(w, r, line + HELD, visit)
    else:
        joins_line(w, r, visit)
    occupy(w, r, visit, 1)
    if w[st + ROAD] and r[st + TRAVEL] > 0.0:
        push(w, r, ENDS, N_ENDS, now + r[st + TRAVEL], station, party, visit, 1)
    else:
        set_queued(w, r, now, visit, 1)
    patience = w[cell_row(w, r, station, klass) + PATIENCE_SLOT]
    if patience >= 0 and deadline == NEVER:
        deadline = now + r[w[DRAWS] + w[w[PARTIES] + party * PARTY_WIDTH + FIRST_DRAW] + patience]
    r[visit + DEADLINE] = deadline
    if deadline < NEVER:
        push(w, r, PATIENCE, N_PATIENCE, deadline, station, party, visit, 0)


@compiled
def start(w: Words, r: Reals, visit: int, booth: int, rear: int, now: float) -> None:
    station, party, klass = w[visit + STATION], w[visit + PARTY], w[visit + KLASS]
    leave_line(w, r, visit, now)
    add_to_gauge(w, r, gauge_row(w, r, station, BUSY), now, 1)
    r[visit + STARTED], w[visit + IN_REAR] = now, rear
    st = station_row(w, r, station)
    if booth >= 0:
        w[visit + BOOTH] = booth - w[pool_row(w, r, w[st + POOL]) + FIRST_BOOTH]
        w[w[REAR] + booth if rear else w[FRONT] + booth] = visit
    cell = cell_row(w, r, station, klass)
    row = w[PARTIES] + party * PARTY_WIDTH
    service = r[w[DRAWS] + w[row + FIRST_DRAW] + w[cell + SERVICE]] * value_at(w, r, w[st + SERVICE_FACTOR], now)
    service = service * queue_factor(w, r, station, cell)
    service = service * (1.0 + r[cell + EXTRA_PERSON] * (float(w[row + PARTY_SIZE]) - 1.0))
    service = service + r[cell + MOVE_UP]
    count_overtime(w, r, station, now)
    push(w, r, ENDS, N_ENDS, now + service, station, party, visit, 0)


@compiled
def queue_factor(w: Words, r: Reals, station: int, cell: int) -> float:
    waiting = w[gauge_row(w, r, station, WAITING) + VALUE]
    factor = 1.0
    for at in range(w[cell + FACTOR_BEGIN], w[cell + FACTOR_END]):
        row = w[FACTORS] + at * FACTOR_WIDTH
        if waiting > w[row + OVER]:
            factor = r[row + FACTOR]
    return factor


@compiled
def leave_line(w: Words, r: Reals, visit: int, now: float) -> None:
    unlink(w, r, visit)
    occupy(w, r, visit, -1)
    if w[visit + QUEUED]:
        set_queued(w, r, now, visit, 0)
    serve_out_done(w, r, w[visit + STATION])


@compiled
def serve_out_done(w: Words, r: Reals, station: int) -> None:
    pool = w[station_row(w, r, station) + POOL]
    if pool < 0 or w[w[SCHEDULED] + pool] > 0 or w[w[OPEN] + pool] == 0:
        return
    row = pool_row(w, r, pool)
    for at in range(w[row + MEMBER_BEGIN], w[row + MEMBER_END]):
        if w[w[COUNT] + w[station_row(w, r, w[w[MEMBERS] + at]) + LINE] + SHARED] > 0:
            return
    for booth in range(w[row + FIRST_BOOTH], w[row + FIRST_BOOTH] + w[row + SERVERS]):
        if w[w[COUNT] + own_line(w, r, booth)] > 0:
            return
    w[w[OPEN] + pool] = 0


@compiled
def count_overtime(w: Words, r: Reals, station: int, now: float) -> None:
    pool = w[station_row(w, r, station) + POOL]
    if pool >= 0 and w[pool_row(w, r, pool) + SERVERS] >= 0:
        pool_overtime(w, r, pool, now)


@compiled
def pool_overtime(w: Words, r: Reals, pool: int, now: float) -> None:
    row = pool_row(w, r, pool)
    occupied = 0
    for booth in range(w[row + FIRST_BOOTH] + w[w[SCHEDULED] + pool], w[row + FIRST_BOOTH] + w[row + SERVERS]):
        occupied += occupants(w, r, booth)
    set_gauge(w, r, overtime_row(w, r, pool), now, occupied)


@compiled
def booth_of(w: Words, r: Reals, visit: int) -> int:
    return int(w[pool_row(w, r, w[station_row(w, r, w[visit + STATION]) + POOL]) + FIRST_BOOTH] + w[visit + BOOTH])


@compiled
def held(w: Words, r: Reals, visit: int) -> bool:
    return bool(w[visit + IN_REAR] and w[w[FRONT] + booth_of(w, r, visit)] >= 0)


@compiled
def release(w: Words, r: Reals, visit: int, now: float) -> None:
    station = w[visit + STATION]
    add_to_gauge(w, r, gauge_row(w, r, station, BLOCKED), now, -1)
    if w[visit + BOOTH] >= 0:
        booth = booth_of(w, r, visit)
        w[w[REAR] + booth if w[visit + IN_REAR] else w[FRONT] + booth] = -1
        count_overtime(w, r, station, now)


@compiled
def end(w: Words, r: Reals, visit: int, outcome: int, now: float) -> None:
    finish_visit(w, r, visit, outcome, now)
    w[INSIDE_NOW] -= 1


@compiled
def move_on(w: Words, r: Reals, visit: int, now: float) -> None:
    finish_visit(w, r, visit, MOVED_ON, now)


@compiled
def block(w: Words, r: Reals, visit: int) -> None:
    """Into the list of the blocked, longest first: by end of service, station, party."""
    at = w[BLOCKED_LIST] + w[N_BLOCKED]
    while at > w[BLOCKED_LIST] and blocked_longer(w, r, visit, w[at - 1]):
        w[at] = w[at - 1]
        at -= 1
    w[at] = visit
    w[N_BLOCKED] += 1


@compiled
def blocked_longer(w: Words, r: Reals, a: int, b: int) -> bool:
    if r[a + ENDED] != r[b + ENDED]:
        return bool(r[a + ENDED] < r[b + ENDED])
    if w[a + STATION] != w[b + STATION]:
        return bool(w[a + STATION] < w[b + STATION])
    return bool(w[a + PARTY] < w[b + PARTY])


@compiled
def unblock(w: Words, r: Reals, place: int, now: float) -> None:
    """Take a place off the list of the blocked and empty its server."""
    visit = w[w[BLOCKED_LIST] + place]
    w[N_BLOCKED] -= 1
    for at in range(w[BLOCKED_LIST] + place, w[BLOCKED_LIST] + w[N_BLOCKED]):
        w[at] = w[at + 1]
    release(w, r, visit, now)


@compiled
def way_on(w: Words, r: Reals, route: int, party: int, now: float) -> int:
    """Target of the first branch whose cumulated probability exceeds the party's mark."""
    row = route_row(w, r, route)
    if w[row + BRANCH_BEGIN] == w[row + BRANCH_END]:
        return int(w[row + OTHERWISE])
    mark, cumulated = r[w[DRAWS] + w[w[PARTIES] + party * PARTY_WIDTH + FIRST_DRAW] + w[row + MARK]], 0.0
    if mark >= FORCED:
        forced = w[row + BRANCH_BEGIN] + int(mark - FORCED)
        if forced < w[row + BRANCH_END]:
            return int(w[w[BRANCHES] + forced * BRANCH_WIDTH + BRANCH_TARGET])
        return int(w[row + OTHERWISE])
    for at in range(w[row + BRANCH_BEGIN], w[row + BRANCH_END]):
        branch = w[BRANCHES] + at * BRANCH_WIDTH
        cumulated = cumulated + r[branch + PROBABILITY] * value_at(w, r, w[branch + BRANCH_FACTOR], now)
        if mark < cumulated:
            return int(w[branch + BRANCH_TARGET])
    return int(w[row + OTHERWISE])


@compiled
def service_ends(w: Words, r: Reals, visit: int, now: float) -> None:
    station = w[visit + STATION]
    r[visit + ENDED] = now
    add_to_gauge(w, r, gauge_row(w, r, station, BUSY), now, -1)
    add_to_gauge(w, r, gauge_row(w, r, station, BLOCKED), now, 1)
    route = w[cell_row(w, r, station, w[visit + KLASS]) + ROUTE]
    target = way_on(w, r, route, w[visit + PARTY], now)
    w[visit + TARGET] = target
    otherwise = w[route_row(w, r, route) + OTHERWISE]
    if w[station_row(w, r, station) + WAIVES] and target != otherwise:
        w[visit + SKIP] = otherwise
    outcome = w[target_row(w, r, target) + OUTCOME]
    if outcome >= 0 and not held(w, r, visit):
        release(w, r, visit, now)
        end(w, r, visit, outcome, now)
    else:
        block(w, r, visit)


@compiled
def patience_ends(w: Words, r: Reals, visit: int, station: int, party: int, now: float) -> bool:
    """True when the party was still waiting there."""
    if not (goes_on(w, r, visit, station, party) and np.isnan(r[visit + STARTED]) and r[visit + DEADLINE] == now):
        return False
    leave_line(w, r, visit, now)
    end(w, r, visit, RENEGED, now)
    return True
