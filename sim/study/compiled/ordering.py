"""Values in ascending order by group, and quantiles of groups (`sim.study.quantiles` states what they are)."""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.jit import compiled
from sim.model.arrays import FloatArray, IntArray

DIGIT_BITS = 11
DIGITS = 6
"""Of eleven bits each in 64."""


@compiled
def ascending(values: FloatArray) -> IntArray:
    """Indices that put values of 0 or more in ascending order, equal ones as they came: a radix sort.

    The bits of such floats, read as an integer, have their order.
    """
    n, size = len(values), 1 << DIGIT_BITS
    bits = (values + 0.0).view(np.int64)  # no negative zero
    count = np.zeros((DIGITS, size), np.int64)
    for at in range(n):
        key = bits[at]
        for digit in range(DIGITS):
            count[digit, (key >> (DIGIT_BITS * digit)) & (size - 1)] += 1
    order, other = np.arange(n), np.empty(n, np.int64)
    for digit in range(DIGITS):
        shift = DIGIT_BITS * digit
        if n == 0 or count[digit, (bits[0] >> shift) & (size - 1)] == n:
            continue  # all alike in this digit
        place = 0
        for value in range(size):
            here = count[digit, value]
            count[digit, value] = place
            place += here
        for at in range(n):
            index = order[at]
            value = (bits[index] >> shift) & (size - 1)
            other[count[digit, value]] = index
            count[digit, value] += 1
        order, other = other, order
    return order


@compiled
def first_of_each(count: IntArray) -> IntArray:
    """Where each group begins, of groups one after another."""
    begin = np.empty(len(count), np.int64)
    place = 0
    for group in range(len(count)):
        begin[group] = place
        place += count[group]
    return begin


@compiled
def grouped(
    order: IntArray, values: FloatArray, cell: IntArray, found: IntArray, owner: IntArray, n_owners: int, bins: int
) -> tuple[FloatArray, IntArray]:
    """Values and their count by group: first by cell and bin (`cell * bins + bin`), then by owner and bin."""
    n, cells = len(order), len(owner)
    count = np.zeros((cells + n_owners) * bins, np.int64)
    for at in range(n):
        count[cell[at] * bins + found[at]] += 1
    for c in range(cells):
        for b in range(bins):
            count[(cells + owner[c]) * bins + b] += count[c * bins + b]
    place = first_of_each(count)
    result = np.empty(2 * n)
    for at in range(n):
        index = order[at]
        value, b = values[index], found[index]
        own, whole = cell[index] * bins + b, (cells + owner[cell[index]]) * bins + b
        result[place[own]] = value
        place[own] += 1
        result[place[whole]] = value
        place[whole] += 1
    return result, count


@compiled
def quantile(values: FloatArray, share: float) -> float:
    """The quantile of values in any order."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    ordered = np.partition(values, below)
    low, high = ordered[below], ordered[below]
    if above > below:
        high = np.min(ordered[above:])
    part, step = place - below, high - low
    return float(low + step * part if part < 0.5 else high - step * (1.0 - part))


@compiled
def quantile_of_columns(
    values: FloatArray, cell: IntArray, begin: IntArray, owner: IntArray, share: float
) -> FloatArray:
    """One quantile by cell, then by owner; NaN for an empty one. `begin` is the first cell of each owner."""
    cells, owners = len(owner), len(begin) - 1
    count = np.zeros(cells, np.int64)
    for at in range(len(values)):
        count[cell[at]] += 1
    start = first_of_each(count)
    by_cell, place = np.empty(len(values)), start.copy()
    for at in range(len(values)):
        by_cell[place[cell[at]]] = values[at]
        place[cell[at]] += 1
    result = np.full(cells + owners, np.nan)
    for c in range(cells):
        if count[c] > 0:
            result[c] = quantile(by_cell[start[c] : start[c] + count[c]], share)
    for o in range(owners):
        total, filled, last = 0, 0, -1
        for c in range(begin[o], begin[o + 1]):
            if count[c] > 0:
                total, filled, last = total + count[c], filled + 1, c
        if filled == 1:
            result[cells + o] = result[last]
        elif filled > 1:
            first = start[begin[o]]
            result[cells + o] = quantile(by_cell[first : first + total], share)
    return result
