"""Binary heaps of events, ordered by time, then station, then party (rule 12)."""

from __future__ import annotations

from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import EVENT_PARTY, EVENT_STATION, EVENT_VISIT, EVENT_WIDTH, READY, TIME
from sim.engine.compiled.types import Reals, Words


@compiled
def _before(s: Words, f: Reals, a: int, b: int) -> bool:
    """Event at offset `a` comes before the one at `b`."""
    if f[a + TIME] != f[b + TIME]:
        return bool(f[a + TIME] < f[b + TIME])
    if s[a + EVENT_STATION] != s[b + EVENT_STATION]:
        return bool(s[a + EVENT_STATION] < s[b + EVENT_STATION])
    return bool(s[a + EVENT_PARTY] < s[b + EVENT_PARTY])


@compiled
def _copy(s: Words, to: int, source: int) -> None:
    for word in range(EVENT_WIDTH):
        s[to + word] = s[source + word]


@compiled
def push(
    s: Words, f: Reals, table: int, size: int, time: float, station: int, party: int, visit: int, ready: int
) -> None:
    """Add an event to the heap of `size` events whose offset stands in the header at `table`; counts it in `size`."""
    heap = s[table]
    at = s[size]
    s[size] = at + 1
    # The new event is written behind the last one, then moved up.
    new = heap + at * EVENT_WIDTH
    f[new + TIME] = time
    s[new + EVENT_STATION] = station
    s[new + EVENT_PARTY] = party
    s[new + EVENT_VISIT] = visit
    s[new + READY] = ready
    while at > 0:
        parent = (at - 1) >> 1
        above = heap + parent * EVENT_WIDTH
        below = heap + at * EVENT_WIDTH
        if not _before(s, f, below, above):
            break
        for word in range(EVENT_WIDTH):
            s[above + word], s[below + word] = s[below + word], s[above + word]
        at = parent


@compiled
def pop(s: Words, f: Reals, table: int, size: int) -> None:
    """Remove the first event of a heap; it must have been read before."""
    heap = s[table]
    s[size] -= 1
    last = s[size]
    end = heap + last * EVENT_WIDTH
    at = 0
    while True:
        child = 2 * at + 1
        if child >= last:
            break
        if child + 1 < last and _before(s, f, heap + (child + 1) * EVENT_WIDTH, heap + child * EVENT_WIDTH):
            child += 1
        if not _before(s, f, heap + child * EVENT_WIDTH, end):
            break
        _copy(s, heap + at * EVENT_WIDTH, heap + child * EVENT_WIDTH)
        at = child
    _copy(s, heap + at * EVENT_WIDTH, end)
