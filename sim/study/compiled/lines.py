"""How long the lines got, and overtime (`sim.study.lines` and `sim.study.staffing` state what they are)."""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.jit import compiled, inlined
from sim.model.arrays import FloatArray
from sim.study.compiled.reading import bin_of, cut
from sim.study.compiled.tables import Int32Array, Line, Log, Network, Visits


@compiled
def one_after_another(line: Line, joins: Int32Array, leaves: Int32Array) -> Int32Array:
    """Who joins, by number, and who leaves, as ~number, in order of time; at one instant departures come first.

    Which of the two comes next cannot be foreseen, and a processor that guesses wrong loses more than this takes: so
    both are looked at, and one is chosen without a branch.
    """
    n = len(joins)
    joined, left = np.empty(n + 1), np.empty(n + 1)
    for at in range(n):
        joined[at], left[at] = line.start[joins[at]], line.end[leaves[at]]
    joined[n] = left[n] = np.inf
    events = np.empty(2 * n, np.int32)
    i, j = 0, 0
    for at in range(2 * n):
        leaving = left[i] <= joined[j]
        leaver, joiner = ~leaves[min(i, n - 1)], joins[min(j, n - 1)]
        events[at] = leaver if leaving else joiner
        i += leaving
        j += not leaving
    return events


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
    events, at = one_after_another(line, joins, leaves), 0
    for event in events:
        row = max(event, ~event)
        while at + 1 < net.bins and (
            net.edges[at + 1] < line.end[row] if event < 0 else net.edges[at + 1] <= line.start[row]
        ):
            at += 1
            for column in range(columns):
                parties[at, column] = standing[column]
                if net.takes_road:
                    metres[at, column] = length[column]
        step = -1.0 if event < 0 else 1.0
        place = line.cell[row]
        while place < net.maps * net.cells:
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
            place += net.cells
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
        for piece in range(log.begin[pool], log.begin[pool + 1]):
            until = log.since[piece + 1] if piece + 1 < log.begin[pool + 1] else np.inf
            here[:] = 0.0
            for row in late:
                if net.pool[v.station[row]] != pool:
                    continue
                start, end = cut(net, v.started[row]), cut(net, v.left[row])
                if v.booth[row] >= log.open[piece] and start < until and end > log.since[piece]:
                    add_late(net, here, max(start, log.since[piece]), min(end, until))
            for b in range(net.bins):
                result[pool, b] += here[b]
