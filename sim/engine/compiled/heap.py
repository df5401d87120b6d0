"""Binary heaps of events, ordered by time, then station, then party (rule 12)."""

from __future__ import annotations

from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import EVENT_PARTY, EVENT_STATION, EVENT_VISIT, EVENT_WIDTH, READY, TIME
from sim.engine.compiled.types import Reals, Words


@compiled
def _before(w: Words, r: Reals, a: int, b: int) -> bool:
    """Event at offset `a` comes before the one at `b`."""
    if r[a + TIME] != r[b + TIME]:
        return bool(r[a + TIME] < r[b + TIME])
    if w[a + EVENT_STATION] != w[b + EVENT_STATION]:
        return bool(w[a + EVENT_STATION] < w[b + EVENT_STATION])
    return bool(w[a + EVENT_PARTY] < w[b + EVENT_PARTY])


@compiled
def _copy(w: Words, r: Reals, to: int, source: int) -> None:
    for word in range(EVENT_WIDTH):
        w[to + word] = w[source + word]


@compiled
def push(
    w: Words, r: Reals, table: int, size: int, time: float, station: int, party: int, visit: int, ready: int
) -> None:
    """Add an event to the heap of `size` events whose offset stands in the header at `table`; counts it in `size`."""
    heap = w[table]
    at = w[size]
    w[size] = at + 1
    # The new event is written behind the last one, then moved up.
    new = heap + at * EVENT_WIDTH
    r[new + TIME] = time
    w[new + EVENT_STATION] = station
    w[new + EVENT_PARTY] = party
    w[new + EVENT_VISIT] = visit
    w[new + READY] = ready
    while at > 0:
        parent = (at - 1) >> 1
        above = heap + parent * EVENT_WIDTH
        below = heap + at * EVENT_WIDTH
        if not _before(w, r, below, above):
            break
        for word in range(EVENT_WIDTH):
            w[above + word], w[below + word] = w[below + word], w[above + word]
        at = parent


@compiled
def pop(w: Words, r: Reals, table: int, size: int) -> None:
    """Remove the first event of a heap; it must have been read before."""
    heap = w[table]
    w[size] -= 1
    last = w[size]
    end = heap + last * EVENT_WIDTH
    at = 0
    while True:
        child = 2 * at + 1
        if child >= last:
            break
        if child + 1 < last and _before(w, r, heap + (child + 1) * EVENT_WIDTH, heap + child * EVENT_WIDTH):
            child += 1
        if not _before(w, r, heap + child * EVENT_WIDTH, end):
            break
        _copy(w, r, heap + at * EVENT_WIDTH, heap + child * EVENT_WIDTH)
        at = child
    _copy(w, r, heap + at * EVENT_WIDTH, end)
