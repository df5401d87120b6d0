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

FEW = 48
"""So many values are sorted faster than a histogram is cleared."""
BOXES, MANY, BOXES_OF_MANY = 1 << 10, 1 << 17, 1 << 16
"""Boxes of a histogram: as many as keep those that are sorted small."""


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
    low, high = keys[begin], keys[begin]
    for at in range(begin, end):
        low, high = min(low, keys[at]), max(high, keys[at])
    boxes, shift = BOXES if end - begin < MANY else BOXES_OF_MANY, np.uint64(0)
    while (high - low) >> shift >= np.uint64(boxes):
        shift += np.uint64(1)
    count, into = np.zeros(boxes, np.int64), np.full(boxes, -1)
    for at in range(begin, end):
        count[(keys[at] - low) >> shift] += 1
    box, before, picks, last = 0, 0, 0, -1
    for at in range(len(place)):
        if place[at] < 0:
            continue
        while before + count[box] <= place[at]:
            before += count[box]
            box += 1
        if box != last:
            into[box], last = picks, box
            picks += count[box]
        place[at] = into[box] + place[at] - before  # among those picked
    for at in range(begin, end):
        mine = (keys[at] - low) >> shift
        if into[mine] >= 0:
            picked[into[mine]] = keys[at]
            into[mine] += 1
    first = 0
    for box in range(boxes):
        if into[box] >= 0:
            shell_sort(picked, first, into[box])
            first = into[box]
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
    for box in range(boxes):
        last, step = begin[box], 1
        while step < (last - first) // 16:
            step = 3 * step + 1
        while step > 0:  # as in `shell_sort`
            for at in range(first + step, last):
                index, to = order[at], at
                while to - step >= first and time[order[to - step]] > time[index]:
                    order[to] = order[to - step]
                    to -= step
                order[to] = index
            step //= 3
        first = last
    return order
