"""Binary heaps of events, ordered by time, then station, then party (rule 12)."""

from __future__ import annotations

from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import EVENT_KEY, EVENT_VISIT, EVENT_WIDTH, PARTY_BITS, TIME
from sim.engine.compiled.types import Reals, Words


@compiled
def key_of(station: int, party: int) -> int:
    return (station << PARTY_BITS) + party


@compiled
def station_of(w: Words, r: Reals, event: int) -> int:
    return int(w[event + EVENT_KEY] >> PARTY_BITS)


@compiled
def party_of(w: Words, r: Reals, event: int) -> int:
    return int(w[event + EVENT_KEY] & ((1 << PARTY_BITS) - 1))


@compiled
def before(w: Words, r: Reals, event: int, time: float, key: int) -> bool:
    """The event at this offset comes before one at that time with that key."""
    return bool(r[event + TIME] < time or (r[event + TIME] == time and w[event + EVENT_KEY] < key))


@compiled
def write(w: Words, r: Reals, event: int, time: float, key: int, visit: int) -> None:
    r[event + TIME], w[event + EVENT_KEY], w[event + EVENT_VISIT] = time, key, visit


@compiled
def move(w: Words, r: Reals, event: int, to: int) -> None:
    write(w, r, to, r[event + TIME], w[event + EVENT_KEY], w[event + EVENT_VISIT])


@compiled
def push(w: Words, r: Reals, table: int, size: int, time: float, key: int, visit: int) -> None:
    """Add an event to the heap of `size` events whose offset stands in the header at `table`; counts it in `size`."""
    heap, at = w[table], w[size]
    w[size] = at + 1
    # The place of the new event moves up, and those above it down.
    while at > 0:
        parent = (at - 1) >> 1
        above = heap + parent * EVENT_WIDTH
        if before(w, r, above, time, key):
            break
        move(w, r, above, heap + at * EVENT_WIDTH)
        at = parent
    write(w, r, heap + at * EVENT_WIDTH, time, key, visit)


@compiled
def pop(w: Words, r: Reals, table: int, size: int) -> None:
    """Remove the first event of a heap; it must have been read before."""
    heap = w[table]
    last = w[size] - 1
    w[size] = last
    end = heap + last * EVENT_WIDTH
    time, key, visit = r[end + TIME], w[end + EVENT_KEY], w[end + EVENT_VISIT]
    at, child = 0, 1
    while child < last:
        below = heap + child * EVENT_WIDTH
        if child + 1 < last and before(w, r, below + EVENT_WIDTH, r[below + TIME], w[below + EVENT_KEY]):
            child, below = child + 1, below + EVENT_WIDTH
        if not before(w, r, below, time, key):
            break
        move(w, r, below, heap + at * EVENT_WIDTH)
        at = child
        child = 2 * at + 1
    write(w, r, heap + at * EVENT_WIDTH, time, key, visit)
