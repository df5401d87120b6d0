"""What the rules ask of the block of memory: `sim.engine.floor`, one function each under the same name.

Nothing here changes anything. Every function takes the network, the state and the parties as (w, r).
"""

from __future__ import annotations

from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import cell_row, gauge_row, pool_row, route_row, station_row, target_row
from sim.engine.compiled.lines import value_at
from sim.engine.compiled.types import Reals, Words
from sim.model.network import FORCED, NEVER


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
    return choose_among(w, r, to, first, last, now)


@compiled
def choose_among(w: Words, r: Reals, to: int, first: int, last: int, now: float) -> int:
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
def zone_takes(w: Words, r: Reals, zone: int, people: int, zone_left: int) -> bool:
    if zone < 0 or zone == zone_left:
        return True
    inside = w[w[IN_ZONE] + zone]
    return bool(inside == 0 or inside + people <= r[w[CAPACITIES] + zone])


@compiled
def zone_of(w: Words, r: Reals, visit: int) -> int:
    return int(w[station_row(w, r, w[visit + STATION]) + ZONE])


@compiled
def people_of(w: Words, r: Reals, party: int) -> int:
    return int(w[w[SIZES] + party])


@compiled
def class_of(w: Words, r: Reals, party: int) -> int:
    return int(w[w[KLASSES] + party])


@compiled
def draw_of(w: Words, r: Reals, party: int, slot: int) -> float:
    return float(r[w[DRAWS] + w[w[FIRST_DRAWS] + party] + slot])


@compiled
def has_room(w: Words, r: Reals, station: int, klass: int, people: int, zone_left: int, now: float) -> bool:
    # The reference engine's recursion through empty roads, as a loop.
    while True:
        st = station_row(w, r, station)
        if not zone_takes(w, r, w[st + ZONE], people, zone_left):
            return False
        if r[w[SPACE] + station] + r[w[LENGTHS] + klass] <= r[st + STORAGE]:
            return True
        if w[st + POOL] >= 0:
            return passes_booths(w, r, station, now)
        if w[w[STANDING] + station] != 0:
            return False
        target = w[route_row(w, r, w[cell_row(w, r, station, klass) + ROUTE]) + OTHERWISE]
        if w[target_row(w, r, target) + OUTCOME] >= 0:
            return True
        station, zone_left = choose(w, r, target, now), w[st + ZONE]


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
def queue_factor(w: Words, r: Reals, station: int, cell: int) -> float:
    waiting = w[gauge_row(w, r, station, WAITING) + VALUE]
    factor = 1.0
    for at in range(w[cell + FACTOR_BEGIN], w[cell + FACTOR_END]):
        row = w[FACTORS] + at * FACTOR_WIDTH
        if waiting > w[row + OVER]:
            factor = r[row + FACTOR]
    return factor


@compiled
def booth_of(w: Words, r: Reals, visit: int) -> int:
    return int(w[pool_row(w, r, w[station_row(w, r, w[visit + STATION]) + POOL]) + FIRST_BOOTH] + w[visit + BOOTH])


@compiled
def held(w: Words, r: Reals, visit: int) -> bool:
    return bool(w[visit + IN_REAR] and w[w[FRONT] + booth_of(w, r, visit)] >= 0)


@compiled
def stays_behind(w: Words, r: Reals, party: int) -> bool:
    if w[STAYS] < 0 or not w[w[FOLLOWERS] + class_of(w, r, party)]:
        return False
    own = w[FOLLOW] + party * FOLLOW_WIDTH
    if w[own + FORERUNNER] < 0:
        return False
    other = w[FOLLOW] + w[own + FORERUNNER] * FOLLOW_WIDTH
    outcome = w[other + END_OUTCOME]
    return bool(outcome < 0 or r[other + ENDED_AT] > r[own + UNTIL] or w[w[BARRED] + outcome])


@compiled
def blocked_longer(w: Words, r: Reals, a: int, b: int) -> bool:
    if r[a + ENDED] != r[b + ENDED]:
        return bool(r[a + ENDED] < r[b + ENDED])
    if w[a + STATION] != w[b + STATION]:
        return bool(w[a + STATION] < w[b + STATION])
    return bool(w[a + PARTY] < w[b + PARTY])


@compiled
def way_on(w: Words, r: Reals, route: int, party: int, now: float) -> int:
    """Target of the first branch whose cumulated probability exceeds the party's mark."""
    row = route_row(w, r, route)
    if w[row + BRANCH_BEGIN] == w[row + BRANCH_END]:
        return int(w[row + OTHERWISE])
    mark, cumulated = draw_of(w, r, party, w[row + MARK]), 0.0
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
