"""Lines, gauges and step functions of the kernel."""

from __future__ import annotations

from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import (
    COUNT,
    FULL_DUE,
    HEAD,
    HIGH,
    HORIZON,
    IN_LINE,
    INTEGRAL,
    JOINED,
    KLASS,
    LAST,
    LENGTHS,
    N_STANDING,
    NEXT,
    NOTED,
    PARTY,
    PREVIOUS,
    QUEUED,
    RANK,
    RANKED,
    SPACE,
    STANDING,
    STATION,
    STEP_TIME,
    STEP_VALUE,
    STEP_VALUES,
    STEP_WIDTH,
    STEPS,
    STEPS_WIDTH,
    TAIL,
    VALUE,
    WAITING,
    WARM_UP,
    cell_row,
    gauge_row,
    station_row,
)
from sim.engine.compiled.types import Reals, Words


@compiled
def value_at(w: Words, r: Reals, steps: int, time: float) -> float:
    """Value of a step function: the last step at or before `time`; 1 for none (-1)."""
    if steps < 0:
        return 1.0
    row = w[STEPS] + steps * STEPS_WIDTH
    low, high, table = w[row], w[row + 1], w[STEP_VALUES]
    while high - low > 1:
        middle = (low + high) >> 1
        if r[table + middle * STEP_WIDTH + STEP_TIME] <= time:
            low = middle
        else:
            high = middle
    return float(r[table + low * STEP_WIDTH + STEP_VALUE])


@compiled
def add_to_gauge(w: Words, r: Reals, gauge: int, now: float, by: int) -> None:
    """The count at this offset changes by `by`, which is not 0."""
    settle_gauge(w, r, gauge, now)
    w[gauge + VALUE] += by


@compiled
def set_gauge(w: Words, r: Reals, gauge: int, now: float, value: int) -> None:
    """The count at this offset becomes `value`."""
    if value != w[gauge + VALUE]:
        settle_gauge(w, r, gauge, now)
        w[gauge + VALUE] = value


@compiled
def settle_gauge(w: Words, r: Reals, gauge: int, now: float) -> None:
    """Account for the time since the last change."""
    since = max(r[gauge + LAST], r[WARM_UP])
    until = min(now, r[HORIZON])
    if until > since:
        r[gauge + INTEGRAL] += w[gauge + VALUE] * (until - since)
        w[gauge + HIGH] = max(w[gauge + HIGH], w[gauge + VALUE])
    r[gauge + LAST] = now


@compiled
def append(w: Words, r: Reals, line: int, visit: int) -> None:
    """Take the tail of a line."""
    insert(w, r, line, visit, w[w[TAIL] + line])


@compiled
def insert(w: Words, r: Reals, line: int, visit: int, after: int) -> None:
    """Stand in a line behind the visit `after`, at its head when that is nobody."""
    following = w[w[HEAD] + line] if after < 0 else w[after + NEXT]
    w[visit + IN_LINE], w[visit + PREVIOUS], w[visit + NEXT] = line, after, following
    if after >= 0:
        w[after + NEXT] = visit
    else:
        w[w[HEAD] + line] = visit
    if following >= 0:
        w[following + PREVIOUS] = visit
    else:
        w[w[TAIL] + line] = visit
    w[w[COUNT] + line] += 1


@compiled
def insert_in_order(w: Words, r: Reals, line: int, visit: int) -> None:
    """Stand in a line kept in order of joining (time, then party)."""
    after = w[w[TAIL] + line]
    while after >= 0 and joined_before(w, r, visit, after):
        after = w[after + PREVIOUS]
    insert(w, r, line, visit, after)


@compiled
def joined_before(w: Words, r: Reals, a: int, b: int) -> bool:
    """Order of joining: time, then party."""
    if r[a + JOINED] != r[b + JOINED]:
        return bool(r[a + JOINED] < r[b + JOINED])
    return bool(w[a + PARTY] < w[b + PARTY])


@compiled
def unlink(w: Words, r: Reals, visit: int) -> None:
    """Step out of the line, wherever in it."""
    line, before, following = w[visit + IN_LINE], w[visit + PREVIOUS], w[visit + NEXT]
    if before >= 0:
        w[before + NEXT] = following
    else:
        w[w[HEAD] + line] = following
    if following >= 0:
        w[following + PREVIOUS] = before
    else:
        w[w[TAIL] + line] = before
    w[w[COUNT] + line] -= 1


@compiled
def occupy(w: Words, r: Reals, visit: int, by: int) -> None:
    """A party takes up (`by` = 1) or gives back (-1) its length of the line."""
    station = w[visit + STATION]
    w[w[STANDING] + station] += by
    w[N_STANDING] += by
    r[w[SPACE] + station] += by * r[w[LENGTHS] + w[visit + KLASS]]
    w[FULL_DUE] |= w[station_row(w, r, station) + NOTED]


@compiled
def set_queued(w: Words, r: Reals, now: float, visit: int, queued: int) -> None:
    """The party counts as waiting, or no longer does."""
    w[visit + QUEUED] = queued
    add_to_gauge(w, r, gauge_row(w, r, w[visit + STATION], WAITING), now, 1 if queued else -1)


@compiled
def head_of(w: Words, r: Reals, line: int) -> int:
    """Who is served next: the lowest rank, first come first served within it; -1 for an empty line."""
    best = w[w[HEAD] + line]
    if best < 0 or not w[station_row(w, r, w[best + STATION]) + RANKED]:
        return int(best)
    rank = w[cell_row(w, r, w[best + STATION], w[best + KLASS]) + RANK]
    visit = w[best + NEXT]
    while visit >= 0 and rank > 0:
        other = w[cell_row(w, r, w[visit + STATION], w[visit + KLASS]) + RANK]
        if other < rank:
            best, rank = visit, other
        visit = w[visit + NEXT]
    return int(best)
