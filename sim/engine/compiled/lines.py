"""Lines, gauges and step functions of the kernel."""

from __future__ import annotations

from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import (
    COUNT,
    HEAD,
    HIGH,
    HORIZON,
    IN_LINE,
    INTEGRAL,
    JOINED,
    KLASS,
    LAST,
    LENGTHS,
    NEXT,
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
def value_at(n: Words, x: Reals, steps: int, time: float) -> float:
    """Value of a step function: the last step at or before `time`."""
    row = n[STEPS] + steps * STEPS_WIDTH
    low, high, table = n[row], n[row + 1], n[STEP_VALUES]
    while high - low > 1:
        middle = (low + high) >> 1
        if x[table + middle * STEP_WIDTH + STEP_TIME] <= time:
            low = middle
        else:
            high = middle
    return float(x[table + low * STEP_WIDTH + STEP_VALUE])


@compiled
def add_to_gauge(x: Reals, s: Words, f: Reals, gauge: int, now: float, by: int) -> None:
    """The count at this offset changes by `by`, which is not 0."""
    settle_gauge(x, s, f, gauge, now)
    s[gauge + VALUE] += by


@compiled
def set_gauge(x: Reals, s: Words, f: Reals, gauge: int, now: float, value: int) -> None:
    """The count at this offset becomes `value`."""
    if value != s[gauge + VALUE]:
        settle_gauge(x, s, f, gauge, now)
        s[gauge + VALUE] = value


@compiled
def settle_gauge(x: Reals, s: Words, f: Reals, gauge: int, now: float) -> None:
    """Account for the time since the last change."""
    since = max(f[gauge + LAST], x[WARM_UP])
    until = min(now, x[HORIZON])
    if until > since:
        f[gauge + INTEGRAL] += s[gauge + VALUE] * (until - since)
        s[gauge + HIGH] = max(s[gauge + HIGH], s[gauge + VALUE])
    f[gauge + LAST] = now


@compiled
def append(s: Words, line: int, visit: int) -> None:
    """Take the tail of a line."""
    insert(s, line, visit, s[s[TAIL] + line])


@compiled
def insert(s: Words, line: int, visit: int, after: int) -> None:
    """Stand in a line behind the visit `after`, at its head when that is nobody."""
    following = s[s[HEAD] + line] if after < 0 else s[after + NEXT]
    s[visit + IN_LINE], s[visit + PREVIOUS], s[visit + NEXT] = line, after, following
    if after >= 0:
        s[after + NEXT] = visit
    else:
        s[s[HEAD] + line] = visit
    if following >= 0:
        s[following + PREVIOUS] = visit
    else:
        s[s[TAIL] + line] = visit
    s[s[COUNT] + line] += 1


@compiled
def insert_in_order(s: Words, f: Reals, line: int, visit: int) -> None:
    """Stand in a line kept in order of joining (time, then party)."""
    after = s[s[TAIL] + line]
    while after >= 0 and joined_before(s, f, visit, after):
        after = s[after + PREVIOUS]
    insert(s, line, visit, after)


@compiled
def joined_before(s: Words, f: Reals, a: int, b: int) -> bool:
    """Order of joining: time, then party."""
    if f[a + JOINED] != f[b + JOINED]:
        return bool(f[a + JOINED] < f[b + JOINED])
    return bool(s[a + PARTY] < s[b + PARTY])


@compiled
def unlink(s: Words, visit: int) -> None:
    """Step out of the line, wherever in it."""
    line, before, following = s[visit + IN_LINE], s[visit + PREVIOUS], s[visit + NEXT]
    if before >= 0:
        s[before + NEXT] = following
    else:
        s[s[HEAD] + line] = following
    if following >= 0:
        s[following + PREVIOUS] = before
    else:
        s[s[TAIL] + line] = before
    s[s[COUNT] + line] -= 1


@compiled
def occupy(n: Words, x: Reals, s: Words, f: Reals, visit: int, by: int) -> None:
    """A party takes up (`by` = 1) or gives back (-1) its length of the line."""
    station = s[visit + STATION]
    s[s[STANDING] + station] += by
    f[s[SPACE] + station] += by * x[n[LENGTHS] + s[visit + KLASS]]


@compiled
def set_queued(x: Reals, s: Words, f: Reals, now: float, visit: int, queued: int) -> None:
    """The party counts as waiting, or no longer does."""
    s[visit + QUEUED] = queued
    add_to_gauge(x, s, f, gauge_row(s, s[visit + STATION], WAITING), now, 1 if queued else -1)


@compiled
def head_of(n: Words, s: Words, line: int) -> int:
    """Who is served next: the lowest rank, first come first served within it; -1 for an empty line."""
    best = s[s[HEAD] + line]
    if best < 0 or not n[station_row(n, s[best + STATION]) + RANKED]:
        return int(best)
    rank = n[cell_row(n, s[best + STATION], s[best + KLASS]) + RANK]
    visit = s[best + NEXT]
    while visit >= 0 and rank > 0:
        other = n[cell_row(n, s[visit + STATION], s[visit + KLASS]) + RANK]
        if other < rank:
            best, rank = visit, other
        visit = s[visit + NEXT]
    return int(best)
