"""Quantiles and survival of the waits, one group after another."""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.jit import compiled
from sim.model.arrays import FloatArray, IntArray
from sim.study.compiled.ordering import KeyArray, Room, quantiles
from sim.study.compiled.reading import WAITS
from sim.study.compiled.tables import Int32Array, Network
from sim.study.quantiles import SHARES

SHARES_TAKEN = np.array(SHARES)


@compiled
def room_for(values: int, shares: int) -> Room:
    """Room for quantiles at some shares of so many values."""
    return Room(np.empty(values, np.uint64), np.empty(2 * shares, np.int64), np.empty(2 * shares, np.uint64))


@compiled
def close_up(seconds: FloatArray, bins: Int32Array, begin: IntArray, end: IntArray) -> None:
    """Move the values of each cell next to those of the cell before."""
    to = 0
    for cell in range(len(end)):
        first = to
        for at in range(begin[cell], end[cell]):
            seconds[to] = seconds[at]
            if len(bins):
                bins[to] = bins[at]
            to += 1
        begin[cell], end[cell] = first, to
    begin[len(end)] = to


@compiled
def into_bins(
    keys: KeyArray, bins: Int32Array, begin: IntArray, cell: int, n_bins: int, places: IntArray, room: KeyArray
) -> None:
    """Put the values of a cell in order of their bins; value `places[cell * n_bins + bin]` is the first of each."""
    start, stop, first = begin[cell], begin[cell + 1], cell * n_bins
    before, in_order = np.int32(0), True
    for at in range(start, stop):
        places[first + bins[at] + 1] += 1
        in_order &= before <= bins[at]
        before = bins[at]
    places[first] = start
    for b in range(first, first + n_bins):
        places[b + 1] += places[b]
    if in_order:  # as they are where parties come straight to where they wait
        return
    for at in range(start, stop):
        room[places[first + bins[at]]] = keys[at]
        places[first + bins[at]] += 1
    for b in range(first + n_bins - 1, first, -1):  # each was left where the next one began
        places[b] = places[b - 1]
    places[first] = start
    for at in range(start, stop):
        keys[at] = room[at]


@compiled
def twins(net: Network, keys: KeyArray, begin: IntArray, sums: FloatArray, places: IntArray) -> IntArray:
    """(n_cells,): of a cell of a station that of its facility, where both have the same waits bin by bin; else -1.

    So it is of every class that all comes to one group of lanes and waits nowhere before: its quantiles need be found
    but once.

    Args:
        net: the network.
        keys: bits of the waits above 0.
        begin: (n_cells + 1,): where those of each cell begin.
        sums: as in `Found`.
        places: where those of each cell and bin begin (`into_bins`).
    """
    result = np.full(net.cells, -1)
    for cell in range(net.begin[net.facilities], net.cells):
        other = net.of_facility[cell]
        mine, its = keys[begin[cell] : begin[cell + 1]], keys[begin[other] : begin[other + 1]]
        same = len(mine) == len(its)
        for b in range(net.bins):
            here, there = places[cell * net.bins + b], places[other * net.bins + b]
            same &= sums[cell, WAITS, b] == sums[other, WAITS, b] and here - begin[cell] == there - begin[other]
        if same:
            apart = np.uint64(0)
            for at in range(len(mine)):
                apart |= mine[at] ^ its[at]
            result[cell] = other if apart == 0 else -1
    return result


@compiled
def of_columns(
    net: Network, keys: KeyArray, begin: IntArray, count: IntArray, twin: IntArray, shares: FloatArray, room: Room,
    result: FloatArray,
) -> None:  # fmt: skip
    """Quantiles by column, (shares, n_columns), of values that lie cell by cell; `count` of each with those of 0."""
    cells, columns = net.cells, result.shape[1]
    flat = result.ravel()
    for cell in range(cells):
        if twin[cell] >= 0:
            result[:, cell] = result[:, twin[cell]]
            continue
        zeros = count[cell] - (begin[cell + 1] - begin[cell])
        quantiles(keys, begin[cell], begin[cell + 1], zeros, shares, room, flat, cell, columns)
    for owner in range(columns - cells):
        first, last, whole, alone = net.begin[owner], net.begin[owner + 1], 0, -1
        for cell in range(first, last):
            if count[cell] > 0:
                alone = cell if whole == 0 else -1
                whole += count[cell]
        if alone >= 0:
            for share in range(len(shares)):
                flat[share * columns + cells + owner] = flat[share * columns + alone]
        else:
            zeros = whole - (begin[last] - begin[first])
            quantiles(keys, begin[first], begin[last], zeros, shares, room, flat, cells + owner, columns)


@compiled
def of_columns_and_bins(
    net: Network, keys: KeyArray, places: IntArray, sums: FloatArray, twin: IntArray, shares: FloatArray,
    together: KeyArray, room: Room, result: FloatArray,
) -> None:  # fmt: skip
    """Quantiles by column and bin, (shares, n_columns, n_bins), of values that lie by cell and bin (`into_bins`)."""
    cells, bins, step = net.cells, net.bins, result.shape[1] * net.bins
    flat = result.ravel()
    for cell in range(cells):
        if twin[cell] >= 0:
            result[:, cell] = result[:, twin[cell]]
            continue
        for b in range(bins):
            at = cell * bins + b
            zeros = int(sums[cell, WAITS, b]) - (places[at + 1] - places[at])
            quantiles(keys, places[at], places[at + 1], zeros, shares, room, flat, at, step)
    for owner in range(result.shape[1] - cells):
        for b in range(bins):
            n, whole, filled, alone = 0, 0, 0, -1
            for cell in range(net.begin[owner], net.begin[owner + 1]):
                if sums[cell, WAITS, b] > 0.0:
                    filled, alone = filled + 1, cell
                    whole += int(sums[cell, WAITS, b])
            if filled == 1:
                for share in range(len(shares)):
                    result[share, cells + owner, b] = result[share, alone, b]
                continue
            for cell in range(net.begin[owner], net.begin[owner + 1]):
                for at in range(places[cell * bins + b], places[cell * bins + b + 1]):
                    together[n] = keys[at]
                    n += 1
            quantiles(together, 0, n, whole - n, shares, room, flat, (cells + owner) * bins + b, step)


@compiled
def survival(net: Network, seconds: FloatArray, begin: IntArray, count: IntArray, result: FloatArray) -> None:
    """Share of waits longer than each of the grid, of each facility as a whole and then its classes."""
    size, group = result.shape[1], 0
    within, whole_within = np.zeros(size + 1, np.int64), np.zeros(size + 1, np.int64)
    for facility in range(net.facilities):
        all_group, whole = group, 0
        whole_within[:] = 0
        for cell in range(net.begin[facility], net.begin[facility + 1]):
            within[:] = 0
            within[0] = count[cell] - (begin[cell + 1] - begin[cell])
            for at in range(begin[cell], begin[cell + 1]):
                minute = min(max(int(seconds[at] / 60.0), 0), int(net.grid[size - 1] / 60.0))
                place = net.grid_from[minute]
                while place < size and net.grid[place] < seconds[at]:
                    place += 1
                within[place] += 1
            for at in range(size):
                whole_within[at] += within[at]
            group, whole = group + 1, whole + count[cell]
            shares_longer(within, count[cell], result, group)
        shares_longer(whole_within, whole, result, all_group)
        group += 1


@compiled
def shares_longer(within: IntArray, whole: int, result: FloatArray, group: int) -> None:
    """One row of `survival`, of how many lie between each value of the grid and the one before."""
    not_longer = 0
    for at in range(result.shape[1]):
        not_longer += within[at]
        result[group, at] = 1.0 - not_longer / whole if whole > 0 else np.nan


@compiled
def distribute(
    net: Network, seconds: FloatArray, bins: Int32Array, begin: IntArray, end: IntArray, sums: FloatArray,
    waits: FloatArray, in_bins: FloatArray, longer: FloatArray,
) -> None:  # fmt: skip
    """All that the waits of a replication are measured by.

    Args:
        net: the network.
        seconds: waits that are not 0, cell by cell with room left between.
        bins: of each the bin; empty where there is but one.
        begin: (n_cells + 1,): where each cell begins.
        end: one past its last value.
        sums: as in `Found`, as all of the following.
        waits: filled.
        in_bins: filled.
        longer: filled.
    """
    close_up(seconds, bins, begin, end)
    count, most = np.zeros(net.cells, np.int64), begin[net.cells]
    for cell in range(net.cells):
        for b in range(net.bins):
            count[cell] += int(sums[cell, WAITS, b])
    survival(net, seconds, begin, count, longer)
    keys, room = seconds.view(np.uint64), room_for(most, len(SHARES_TAKEN))
    other, places = np.empty(most, np.uint64), begin
    if net.bins > 1:
        places = np.zeros(net.cells * net.bins + 1, np.int64)
        for cell in range(net.cells):
            into_bins(keys, bins, begin, cell, net.bins, places, other)
    twin = twins(net, keys, begin, sums, places)
    of_columns(net, keys, begin, count, twin, SHARES_TAKEN, room, waits)
    if net.bins == 1:
        in_bins[:, :, 0] = waits
    else:
        of_columns_and_bins(net, keys, places, sums, twin, SHARES_TAKEN, other, room, in_bins)
