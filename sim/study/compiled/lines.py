"""How long the lines got, and overtime (`sim.study.lines` and `sim.study.staffing` state what they are)."""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.jit import inlined
from sim.model.arrays import FloatArray, IntArray
from sim.study.compiled.reading import bin_of, cut
from sim.study.compiled.tables import Line, Network, Standing, Visits


@inlined
def change(net: Network, of: Standing, column: int, found: int, step: float) -> None:
    """A line gets longer or shorter in a bin; over every bin since its last change it stood as it was."""
    most, standing = column * net.bins, of.standing[column]
    for b in range(of.reached[column] + 1, found + 1):
        of.most[most + b] = standing
    of.reached[column] = max(of.reached[column], found)
    of.standing[column] = standing + step
    of.most[most + found] = max(of.most[most + found], standing + step)


@inlined
def peaks(net: Network, line: Line, joins: IntArray, leaves: IntArray, parties: Standing, metres: Standing) -> None:
    """Most parties and most metres in line at once: joins and departures, given in order of time.

    At one instant departures come first.
    """
    n, j = line.waits[0], 0
    for k in range(2 * n):
        i = k - j
        leaving = i < n and (j == n or line.end[leaves[i]] <= line.start[joins[j]])
        row = leaves[i] if leaving else joins[j]
        found, step = (line.within[row], -1.0) if leaving else (line.begins[row], 1.0)
        if not leaving:
            j += 1
        for at in range(line.cell[row], net.maps * net.cells, net.cells):
            column = net.queue_columns[at]
            if column >= 0:
                change(net, parties, column, found, step)
                if net.takes_road:
                    change(net, metres, column, found, step * line.road[row])


@inlined
def add_late(net: Network, into: FloatArray, start: float, end: float) -> None:
    """Seconds from `start` to `end`, bin by bin."""
    last = net.bins - 1
    for b in range(bin_of(net, start), min(bin_of(net, end), last) + 1):
        low, high = net.edges[b], net.edges[b + 1]
        into[b] += min(max(end, low), high) - min(max(start, low), high)


@inlined
def overtime(
    net: Network, v: Visits, log_begin: IntArray, since: FloatArray, count: IntArray, has_some: FloatArray
) -> FloatArray:
    """Seconds that positions of closed booths were occupied, (n_pools, n_bins).

    The log of pool p, rows `log_begin[p]` to `log_begin[p + 1]`, says that `count` servers are open from `since` on.
    """
    pools, bins = len(log_begin) - 1, net.bins
    result = np.zeros((pools, bins))
    late, rows = np.empty(v.visits, np.int64), v.visits
    for pool in range(pools):
        if not has_some[pool] > 0.0:
            continue
        first, last, n = log_begin[pool], log_begin[pool + 1], 0
        piece = first
        for row in range(rows):
            if net.pool[v.station[row]] != pool:
                continue
            start, end = cut(net, v.started[row]), cut(net, v.left[row])
            if not start < end:
                continue
            while piece > first and since[piece] > start:
                piece -= 1
            while piece + 1 < last and since[piece + 1] <= start:
                piece += 1
            spans = piece + 1 < last and since[piece + 1] <= end
            if spans or count[piece] <= v.booth[row]:
                late[n] = row
                n += 1
        for piece in range(first, last):
            until = since[piece + 1] if piece + 1 < last else np.inf
            here = np.zeros(bins)
            for at in range(n):
                row = late[at]
                start, end = cut(net, v.started[row]), cut(net, v.left[row])
                if v.booth[row] >= count[piece] and start < until and end > since[piece]:
                    add_late(net, here, max(start, since[piece]), min(end, until))
            result[pool] += here
    return result
