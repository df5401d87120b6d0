"""Ends of services and of free drives in order of time: the next few in a sorted list, the others in a heap.

Most networks have no more pending than the list takes, and the list gives the next for nothing, where a heap compares
its way down with an even chance of either side each time. The rows of the list descend, so that the first end is the
last row; what the list is headed by is no event but comes after all.
"""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.heap import before, key_of, move, pop, push, write
from sim.engine.compiled.jit import compiled
from sim.engine.compiled.layout import ENDS, EVENT_KEY, EVENT_VISIT, EVENT_WIDTH, FIRST_END, N_ENDS, NEXT_ENDS, TIME
from sim.engine.compiled.types import Reals, Words

LISTED = 16
"""Events the list takes."""
HALF = LISTED // 2
LIST_SIZE = (1 + LISTED) * EVENT_WIDTH
AFTER_ALL = 1 << 62
"""Key of the head of the list."""


@compiled
def begin_ends(w: Words, r: Reals) -> None:
    w[FIRST_END] = w[NEXT_ENDS]
    write(w, r, w[NEXT_ENDS], np.inf, AFTER_ALL, 0)


@compiled
def next_end(w: Words, r: Reals) -> float:
    """When the next one is; never for none."""
    return float(r[w[FIRST_END] + TIME])


@compiled
def push_end(w: Words, r: Reals, time: float, station: int, party: int, visit: int) -> None:
    """Note an end at that time."""
    if w[FIRST_END] == w[NEXT_ENDS] + LISTED * EVENT_WIDTH:
        put_aside(w, r)
    key = key_of(station, party)
    if w[N_ENDS] > 0 and before(w, r, w[ENDS], time, key):
        push(w, r, ENDS, N_ENDS, time, key, visit)
        return
    row = w[FIRST_END]
    w[FIRST_END] = row + EVENT_WIDTH
    # The place of the new event moves up, and those that come before it down.
    while before(w, r, row, time, key):
        move(w, r, row, row + EVENT_WIDTH)
        row -= EVENT_WIDTH
    write(w, r, row + EVENT_WIDTH, time, key, visit)


@compiled
def pop_end(w: Words, r: Reals) -> None:
    """Remove the first; it must have been read before."""
    w[FIRST_END] -= EVENT_WIDTH
    if w[FIRST_END] == w[NEXT_ENDS] and w[N_ENDS] > 0:
        fetch(w, r)


@compiled
def put_aside(w: Words, r: Reals) -> None:
    """The later half of the list goes to the heap."""
    row, kept = w[NEXT_ENDS] + EVENT_WIDTH, w[NEXT_ENDS] + EVENT_WIDTH
    while row <= w[NEXT_ENDS] + HALF * EVENT_WIDTH:  # a count that is known would be written out eight times
        push(w, r, ENDS, N_ENDS, r[row + TIME], w[row + EVENT_KEY], w[row + EVENT_VISIT])
        row += EVENT_WIDTH
    while row <= w[FIRST_END]:
        move(w, r, row, kept)
        row, kept = row + EVENT_WIDTH, kept + EVENT_WIDTH
    w[FIRST_END] = kept - EVENT_WIDTH


@compiled
def fetch(w: Words, r: Reals) -> None:
    """The first of the heap come into the list, which is empty."""
    row = w[NEXT_ENDS] + min(w[N_ENDS], HALF) * EVENT_WIDTH
    w[FIRST_END] = row
    while row > w[NEXT_ENDS]:
        move(w, r, w[ENDS], row)
        pop(w, r, ENDS, N_ENDS)
        row -= EVENT_WIDTH
