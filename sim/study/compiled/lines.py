"""How long the lines got, and overtime (`sim.study.lines` and `sim.study.staffing` state what they are)."""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.jit import compiled, inlined
from sim.model.arrays import FloatArray, IntArray
from sim.study.compiled.reading import bin_of, cut
from sim.study.compiled.tables import Int32Array, Line, Log, Network, Visits


@compiled
def peaks(
    net: Network, line: Line, joins: Int32Array, leaves: Int32Array, parties: FloatArray, metres: FloatArray
) -> None:
    """Most parties and most metres in line at once, (n_bins, n_columns): joins and departures in order of time.

    At one instant departures come first, and one at the edge of two bins belongs to the first. A bin begins with the
    lines that are standing.
    """
    n, columns = len(joins), parties.shape[1]
    standing, length = np.zeros(columns), np.zeros(columns if net.takes_road else 0)
    at, i, j, left, joined = 0, 0, 0, np.inf, np.inf
    if n:
        left, joined = line.end[leaves[0]], line.start[joins[0]]
    while i < n:
        leaving = left <= joined
        row = leaves[i] if leaving else joins[j]
        while at + 1 < net.bins and (net.edges[at + 1] < left if leaving else net.edges[at + 1] <= joined):
            at += 1
            for column in range(columns):
                parties[at, column] = standing[column]
                if net.takes_road:
                    metres[at, column] = length[column]
        step = -1.0 if leaving else 1.0
        for place in range(line.cell[row], net.maps * net.cells, net.cells):
            column = net.queue_columns[place]
            if column < 0:
                break
            now = standing[column] + step
            standing[column] = now
            parties[at, column] = max(parties[at, column], now)
            if net.takes_road:
                now = length[column] + step * line.metres[row]
                length[column] = now
                metres[at, column] = max(metres[at, column], now)
        if leaving:
            i += 1
            left = line.end[leaves[i]] if i < n else np.inf
        else:
            j += 1
            joined = line.start[joins[j]] if j < n else np.inf
    for column in range(columns):
        same = net.same_line[column]
        if same != column:
            for b in range(net.bins):
                parties[b, column] = parties[b, same]
                if net.takes_road:
                    metres[b, column] = metres[b, same]


@inlined
def add_late(net: Network, into: FloatArray, start: float, end: float) -> None:
    """Seconds from `start` to `end`, bin by bin."""
    last = net.bins - 1
    for b in range(bin_of(net, start), min(bin_of(net, end), last) + 1):
        low, high = net.edges[b], net.edges[b + 1]
        into[b] += min(max(end, low), high) - min(max(start, low), high)


@compiled
def overtime(net: Network, v: Visits, log: Log, late: Int32Array, result: FloatArray) -> None:
    """Seconds that positions of closed booths were occupied, (n_pools, n_bins), by the visits that may have been late.

    One piece of the log after another, so that sums are taken in the order in which they are stated.
    """
    here = np.empty(net.bins)
    for pool in range(log.pools):
        if not log.has_overtime[pool] > 0.0:
            continue
        begin, rows = by_piece(net, v, log, late, pool)
        for k in range(len(begin) - 1):
            if begin[k] == begin[k + 1]:
                continue
            piece = log.begin[pool] + k
            since, until = log.since[piece], ends_of(log, pool, piece)
            first, last = bin_of(net, cut(net, since)), min(bin_of(net, cut(net, until)), net.bins - 1)
            for b in range(first, last + 1):
                here[b] = 0.0
            for row in rows[begin[k] : begin[k + 1]]:
                start, end = cut(net, v.started[row]), cut(net, v.left[row])
                add_late(net, here, max(start, since), min(end, until))
            for b in range(first, last + 1):
                result[pool, b] += here[b]


@inlined
def ends_of(log: Log, pool: int, piece: int) -> float:
    """When a piece of the log ends."""
    return float(log.since[piece + 1]) if piece + 1 < log.begin[pool + 1] else np.inf


@compiled
def by_piece(net: Network, v: Visits, log: Log, late: Int32Array, pool: int) -> tuple[IntArray, Int32Array]:
    """Visits that were late in each piece of a pool's log, in the order of the rows, and where each piece begins.

    A long horizon has many pieces and many who may have been late; few of them meet.
    """
    first, last = log.begin[pool], log.begin[pool + 1]
    begin, rows = np.zeros(last - first + 1, np.int64), np.empty(0, np.int32)
    for filling in range(2):
        piece = first
        for row in late:
            if net.pool[v.station[row]] != pool:
                continue
            start, end = cut(net, v.started[row]), cut(net, v.left[row])
            while piece > first and log.since[piece] > start:
                piece -= 1
            while ends_of(log, pool, piece) <= start:
                piece += 1
            at = piece
            while at < last and log.since[at] < end:
                if v.booth[row] >= log.open[at]:
                    if filling:
                        rows[begin[at - first]] = row
                    begin[at - first] += 1
                at += 1
        if filling:  # each was left where the next one begins
            begin[1:] = begin[:-1].copy()
            begin[0] = 0
            break
        count = 0
        for k in range(len(begin)):
            begin[k], count = count, count + begin[k]
        rows = np.empty(count, np.int32)
    return begin, rows
