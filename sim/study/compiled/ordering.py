"""Order statistics of many values, and instants in order, at a few steps each (`sim.study.quantiles` says of what).

Sorting takes some twenty steps a value, and most of its result is never looked at. The bits of floats of 0 or more,
read as integers, have their order, so that a histogram of their upper bits tells in which of its boxes an order
statistic lies, and only those are sorted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.engine.compiled.jit import compiled
from sim.model.arrays import FloatArray, IntArray
from sim.study.compiled.tables import Int32Array

KeyArray = npt.NDArray[np.uint64]

FEW = 24
"""So many values are sorted faster than a histogram is made of them."""
LEAST_BOXES, MOST_BOXES, A_BOX = 1 << 6, 1 << 16, 4
"""Boxes of a histogram: one for so many values, which keeps those that are sorted few and the boxes in the cache."""


class Room(NamedTuple):
    """What finding order statistics writes to."""

    picked: KeyArray
    """As long as the most values there are at once."""
    place: IntArray
    """Two for each share: of the values its quantile lies between."""
    found: KeyArray


@compiled
def shell_sort(keys: KeyArray, begin: int, end: int) -> None:
    """Sort some values in place: by insertion where they are few, in ever smaller steps where they are more.

    Never thousands of different ones, so that a sort of many more lines would not pay for being compiled.
    """
    step = 1
    while step < (end - begin) // 16:
        step = 3 * step + 1
    while step > 0:
        for at in range(begin + step, end):
            key, to = keys[at], at
            while to - step >= begin and keys[to - step] > key:
                keys[to] = keys[to - step]
                to -= step
            keys[to] = key
        step //= 3


@compiled
def order_statistics(keys: KeyArray, begin: int, end: int, room: Room) -> None:
    """Those at `room.place`, counted from 0, of `keys[begin:end]` in ascending order; `keys` stay as they are.

    Places ascend; below 0 nothing need be found.
    """
    picked, place, found = room
    if end - begin <= FEW:
        for at in range(begin, end):
            picked[at - begin] = keys[at]
        shell_sort(picked, 0, end - begin)
        for at in range(len(place)):
            if place[at] >= 0:
                found[at] = picked[place[at]]
        return
    mine = keys[begin:end]
    low, high = mine[0], mine[0]
    for at in range(len(mine)):
        low, high = min(low, mine[at]), max(high, mine[at])
    boxes = LEAST_BOXES
    while boxes * A_BOX < len(mine) and boxes < MOST_BOXES:
        boxes *= 2
    shift = np.uint64(32 if (high - low) >> np.uint64(32) >= np.uint64(boxes) else 0)
    while (high - low) >> shift >= np.uint64(boxes):
        shift += np.uint64(1)
    count = np.zeros(boxes, np.int32)
    for at in range(len(mine)):
        count[(mine[at] - low) >> shift] += 1
    first, found_boxes = np.empty(len(place) + 1, np.int64), 0
    box, before, inside, picks, last = 0, 0, int(count[0]), 0, -1
    for at in range(len(place)):
        if place[at] < 0:
            continue
        while before + inside <= place[at]:
            before += inside
            box += 1
            inside = int(count[box])
        if box != last:
            first[found_boxes], last = picks, box
            count[box] = ~picks  # below 0: where the next of its values goes, bit by bit the other way round
            picks += inside
            found_boxes += 1
        place[at] = first[found_boxes - 1] + place[at] - before  # among those picked
    first[found_boxes] = picks
    for at in range(len(mine)):
        to = count[(mine[at] - low) >> shift]
        if to < 0:
            picked[~to] = mine[at]
            count[(mine[at] - low) >> shift] = to - 1
    for at in range(found_boxes):
        shell_sort(picked, first[at], first[at + 1])
    for at in range(len(place)):
        if place[at] >= 0:
            found[at] = picked[place[at]]


@compiled
def quantiles(
    keys: KeyArray, begin: int, end: int, zeros: int, shares: FloatArray, room: Room, into: FloatArray, first: int,
    step: int,
) -> None:  # fmt: skip
    """Quantiles of some zeros and of the values `keys[begin:end]`; NaN of nothing.

    Args:
        keys: bits of values above 0.
        begin: first of them.
        end: one past the last.
        zeros: how many there are besides.
        shares: ascending.
        room: to find them.
        into: what results are written to.
        first: where the first goes.
        step: from each to the next.
    """
    n = zeros + end - begin
    if n == 0:
        for at in range(len(shares)):
            into[first + at * step] = np.nan
        return
    for at in range(len(shares)):
        below = int(shares[at] * (n - 1))
        room.place[2 * at], room.place[2 * at + 1] = below - zeros, min(below + 1, n - 1) - zeros
        room.found[2 * at], room.found[2 * at + 1] = 0, 0
    if begin < end:
        order_statistics(keys, begin, end, room)
    values = room.found.view(np.float64)
    for at in range(len(shares)):
        exact = shares[at] * (n - 1)
        part, low, high = exact - int(exact), values[2 * at], values[2 * at + 1]
        gap = high - low
        into[first + at * step] = low + gap * part if part < 0.5 else high - gap * (1.0 - part)


@compiled
def in_order(time: FloatArray, n: int) -> Int32Array:
    """Indices of `n` instants in ascending order, in any order where they are equal.

    Visits come nearly in order of time, so that each is put where time alone says, and few need to move from there.
    """
    order = np.empty(n, np.int32)
    if n == 0:
        return order
    low, high = time[0], time[0]
    for at in range(n):
        low, high = min(low, time[at]), max(high, time[at])
    boxes = n // 2 + 1
    per_second = (boxes - 1) / (high - low) if high > low else 0.0
    begin = np.zeros(boxes + 1, np.int32)
    for at in range(n):
        begin[int((time[at] - low) * per_second) + 1] += 1
    for box in range(boxes):
        begin[box + 1] += begin[box]
    for at in range(n):
        box = int((time[at] - low) * per_second)
        order[begin[box]] = at
        begin[box] += 1
    first = 0
    for box in range(boxes):  # now each box says where it ends
        if begin[box] - first > FEW:
            shell_sort_indices(order, time, first, begin[box])
        first = begin[box]
    for at in range(1, n):
        index, to = order[at], at
        while to > 0 and time[order[to - 1]] > time[index]:
            order[to] = order[to - 1]
            to -= 1
        order[to] = index
    return order


@compiled
def shell_sort_indices(order: Int32Array, time: FloatArray, first: int, last: int) -> None:
    """`shell_sort` of some indices by time, to the last step but one."""
    step = 1
    while step < (last - first) // 16:
        step = 3 * step + 1
    while step > 1:
        for at in range(first + step, last):
            index, to = order[at], at
            while to - step >= first and time[order[to - step]] > time[index]:
                order[to] = order[to - step]
                to -= step
            order[to] = index
        step //= 3
