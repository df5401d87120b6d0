"""The rules of `sim.engine.reference`, one function each under the same name, on one block of memory.

Same order of moves, same order of every sum and product: the records are equal to the last bit. Read the
reference engine for what a rule means; comments here say only what the block changes. Every function takes the
network as (w, r), the state as (w, r), the parties as (w, r).
"""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.ends import push_end
from sim.engine.compiled.floor import (
    blocked_longer,
    booth_of,
    draw_of,
    held,
    is_open,
    occupants,
    own_line,
    people_of,
    queue_factor,
    shortest_booth,
    way_on,
    zone_of,
)
from sim.engine.compiled.heap import key_of, push
from sim.engine.compiled.jit import compiled, inlined
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import cell_row, gauge_row, overtime_row, pool_row, route_row, station_row, target_row
from sim.engine.compiled.lines import (
    add_to_gauge,
    append,
    occupy,
    set_gauge,
    set_queued,
    settle_gauge,
    unlink,
    value_at,
)
from sim.engine.compiled.types import Reals, Words
from sim.engine.compiled.visits import finish_visit, goes_on, new_visit
from sim.engine.records import MOVED_ON
from sim.model.network import NEVER, RENEGED


@inlined
def joins_line(w: Words, r: Reals, visit: int) -> None:
    """To the tail of the shared line, or of the open booth with the fewest parties."""
    st = station_row(w, r, w[visit + STATION])
    if w[st + PER_BOOTH]:
        append(w, r, own_line(w, r, shortest_booth(w, r, w[st + POOL])), visit)
    else:
        append(w, r, w[st + LINE] + SHARED, visit)


@inlined
def enter(
    w: Words,
    r: Reals,
    station: int,
    party: int,
    klass: int,
    deadline: float,
    now: float,
) -> None:
    visit = open_visit(w, r, station, party, klass, now)
    st = station_row(w, r, station)
    if w[st + ZONE] >= 0:
        w[w[IN_ZONE] + w[st + ZONE]] += people_of(w, r, party)
        w[FULL_DUE] = 1
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
        push_end(w, r, now + r[st + TRAVEL], station, party, ~visit)
    else:
        set_queued(w, r, now, visit, 1)
    draw_patience(w, r, visit, deadline, now)


@inlined
def open_visit(w: Words, r: Reals, station: int, party: int, klass: int, now: float) -> int:
    """A row for a visit that begins, of nobody who stands anywhere yet."""
    visit = new_visit(w, r)
    w[visit + PARTY], w[visit + KLASS], w[visit + STATION] = party, klass, station
    w[visit + BOOTH], w[visit + IN_REAR], w[visit + QUEUED] = -1, 0, 0
    w[visit + TARGET], w[visit + SKIP] = -1, -1
    r[visit + JOINED] = now
    r[visit + STARTED], r[visit + ENDED] = np.nan, np.nan
    return visit


@inlined
def draw_patience(w: Words, r: Reals, visit: int, deadline: float, now: float) -> None:
    """Until when the party waits here: until the deadline it has brought along, else until its own patience ends."""
    station, party = w[visit + STATION], w[visit + PARTY]
    patience = w[cell_row(w, r, station, w[visit + KLASS]) + PATIENCE_SLOT]
    if patience >= 0 and deadline == NEVER:
        deadline = now + draw_of(w, r, party, patience)
    r[visit + DEADLINE] = deadline
    if deadline < NEVER:
        push(w, r, PATIENCE, N_PATIENCE, deadline, key_of(station, party), visit)


@inlined
def start(w: Words, r: Reals, visit: int, booth: int, rear: int, now: float) -> None:
    leave_line(w, r, visit, now)
    begin_service(w, r, visit, booth, rear, now)


@inlined
def begin_service(w: Words, r: Reals, visit: int, booth: int, rear: int, now: float) -> None:
    """Of a party that stands in no line."""
    station, party, klass = w[visit + STATION], w[visit + PARTY], w[visit + KLASS]
    add_to_gauge(w, r, gauge_row(w, r, station, BUSY), now, 1)
    r[visit + STARTED], w[visit + IN_REAR] = now, rear
    st = station_row(w, r, station)
    if booth >= 0:
        w[visit + BOOTH] = booth - w[pool_row(w, r, w[st + POOL]) + FIRST_BOOTH]
        w[w[REAR] + booth if rear else w[FRONT] + booth] = visit
    cell = cell_row(w, r, station, klass)
    service = draw_of(w, r, party, w[cell + SERVICE]) * value_at(w, r, w[st + SERVICE_FACTOR], now)
    service = service * queue_factor(w, r, station, cell)
    service = service * (1.0 + r[cell + EXTRA_PERSON] * (float(people_of(w, r, party)) - 1.0))
    service = service + r[cell + MOVE_UP]
    count_overtime(w, r, station, w[visit + BOOTH], now)
    push_end(w, r, now + service, station, party, visit)


@inlined
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
def count_overtime(w: Words, r: Reals, station: int, booth: int, now: float) -> None:
    """After a change at a booth of the station's pool (-1: it has none)."""
    pool = w[station_row(w, r, station) + POOL]
    if pool < 0 or w[pool_row(w, r, pool) + SERVERS] < 0:
        return
    # Within the calendar a booth works overtime for nobody: there is nothing to count when no other does.
    if booth >= w[w[SCHEDULED] + pool] or w[overtime_row(w, r, pool) + VALUE] != 0:
        pool_overtime(w, r, pool, now)


@compiled
def pool_overtime(w: Words, r: Reals, pool: int, now: float) -> None:
    row = pool_row(w, r, pool)
    occupied = 0
    for booth in range(w[row + FIRST_BOOTH] + w[w[SCHEDULED] + pool], w[row + FIRST_BOOTH] + w[row + SERVERS]):
        occupied += occupants(w, r, booth)
    set_gauge(w, r, overtime_row(w, r, pool), now, occupied)


@inlined
def release(w: Words, r: Reals, visit: int, now: float) -> None:
    add_to_gauge(w, r, gauge_row(w, r, w[visit + STATION], BLOCKED), now, -1)
    vacate(w, r, visit, now)


@inlined
def vacate(w: Words, r: Reals, visit: int, now: float) -> None:
    """Nobody is in the party's place any more."""
    station = w[visit + STATION]
    w[FULL_DUE] |= w[station_row(w, r, station) + NOTED]
    if w[visit + BOOTH] >= 0:
        booth = booth_of(w, r, visit)
        w[w[REAR] + booth if w[visit + IN_REAR] else w[FRONT] + booth] = -1
        count_overtime(w, r, station, w[visit + BOOTH], now)


@compiled
def end(w: Words, r: Reals, visit: int, outcome: int, now: float) -> None:
    if w[STAYS] >= 0:
        row = w[FOLLOW] + w[visit + PARTY] * FOLLOW_WIDTH
        w[row + END_OUTCOME], r[row + ENDED_AT] = outcome, now
    leave_zone(w, r, visit)
    finish_visit(w, r, visit, outcome, now)
    w[INSIDE_NOW] -= 1


@compiled
def move_on(w: Words, r: Reals, visit: int, now: float) -> None:
    leave_zone(w, r, visit)
    finish_visit(w, r, visit, MOVED_ON, now)


@compiled
def leave_zone(w: Words, r: Reals, visit: int) -> None:
    zone = zone_of(w, r, visit)
    if zone >= 0:
        w[w[IN_ZONE] + zone] -= people_of(w, r, w[visit + PARTY])
        w[FULL_DUE] = 1


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
def unblock(w: Words, r: Reals, place: int, now: float) -> None:
    """Take a place off the list of the blocked and empty its server."""
    visit = w[w[BLOCKED_LIST] + place]
    w[N_BLOCKED] -= 1
    for at in range(w[BLOCKED_LIST] + place, w[BLOCKED_LIST] + w[N_BLOCKED]):
        w[at] = w[at + 1]
    release(w, r, visit, now)


@inlined
def service_ends(w: Words, r: Reals, visit: int, now: float) -> int:
    """The booth that is free then; -1 where there is none, or its party has yet to go on."""
    station = w[visit + STATION]
    r[visit + ENDED] = now
    add_to_gauge(w, r, gauge_row(w, r, station, BUSY), now, -1)
    blocked = gauge_row(w, r, station, BLOCKED)
    route = w[cell_row(w, r, station, w[visit + KLASS]) + ROUTE]
    target = way_on(w, r, route, w[visit + PARTY], now)
    w[visit + TARGET] = target
    otherwise = w[route_row(w, r, route) + OTHERWISE]
    if w[station_row(w, r, station) + WAIVES] and target != otherwise:
        w[visit + SKIP] = otherwise
    outcome = w[target_row(w, r, target) + OUTCOME]
    if outcome >= 0 and not held(w, r, visit):
        booth = booth_of(w, r, visit) if w[visit + BOOTH] >= 0 else -1
        # Blocked for no time: the others who are, are accounted for up to now all the same, for the same sums.
        if w[blocked + VALUE] != 0:
            settle_gauge(w, r, blocked, now)
        vacate(w, r, visit, now)
        end(w, r, visit, outcome, now)
        return int(booth)
    add_to_gauge(w, r, blocked, now, 1)
    block(w, r, visit)
    return -1


@compiled
def patience_ends(w: Words, r: Reals, visit: int, station: int, party: int, now: float) -> bool:
    """True when the party was still waiting there."""
    if not (goes_on(w, r, visit, station, party) and np.isnan(r[visit + STARTED]) and r[visit + DEADLINE] == now):
        return False
    leave_line(w, r, visit, now)
    end(w, r, visit, RENEGED, now)
    return True
