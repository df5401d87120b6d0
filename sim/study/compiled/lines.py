"""How long the lines got, and overtime (`sim.study.lines` and `sim.study.staffing` state what they are)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.engine.compiled.jit import compiled, inlined, pointer
from sim.model.arrays import FloatArray, IntArray
from sim.study.compiled.reading import bin_of, cut
from sim.study.compiled.tables import Found, Int32Array, Line, Log, Network, Visits

AT_ONCE = 512
"""Events that are put in order together."""


@compiled
def one_after_another(
    line: Line, joins: Int32Array, leaves: Int32Array, joined: FloatArray, left: FloatArray, events: Int32Array
) -> tuple[int, int]:
    """The next events of a line in order of time, as many as there is room for; at one instant departures come first.

    Which of the two comes next cannot be foreseen, and a processor that guesses wrong loses more than this takes: so
    both are looked at, and one is chosen without a branch.

    Args:
        line: when visits waited.
        joins: those that have not joined yet, in order.
        leaves: those that have not left yet.
        joined: room for their instants, as for events.
        left: the same.
        events: filled: the number of who joins, and ~number of who leaves.

    Returns:
        How many joined and how many left.
    """
    room = min(len(events), len(joins) + len(leaves))
    for at in range(room):
        joined[at] = line.start[joins[at]] if at < len(joins) else np.inf
        left[at] = line.end[leaves[at]] if at < len(leaves) else np.inf
    i, j = 0, 0
    for at in range(room):
        leaving = left[i] <= joined[j]
        leaver, joiner = ~leaves[min(i, len(leaves) - 1)], joins[min(j, len(joins) - 1)]
        events[at] = leaver if leaving else joiner
        i += leaving
        j += not leaving
    return j, i


class Standing(NamedTuple):
    """The lines while they are gone through; of metres only where some station takes road."""

    parties: FloatArray
    """(n_columns,): how many stand there now, as the following."""
    metres: FloatArray
    most_parties: FloatArray
    """(n_bins, n_columns): most of them so far, as the following."""
    most_metres: FloatArray
    columns: int


@inlined
def count_event(net: Network, line: Line, event: int, at: int, lines: Standing) -> int:
    """Let someone join or leave the lines; returns the bin it is in, `at` or a later one."""
    leaving, row = event < 0, max(event, ~event)
    left, joined = line.end[row], line.start[row]
    while at + 1 < net.bins and (net.edges[at + 1] < left if leaving else net.edges[at + 1] <= joined):
        at += 1
        for column in range(lines.columns):
            lines.most_parties[at * lines.columns + column] = lines.parties[column]
            if net.takes_road:
                lines.most_metres[at * lines.columns + column] = lines.metres[column]
    step = -1.0 if leaving else 1.0
    place = np.int64(line.cell[row])
    while place < net.maps * net.cells:
        column = net.queue_columns[place]
        if column < 0:
            break
        to = at * lines.columns + column
        now = lines.parties[column] + step
        lines.parties[column] = now
        lines.most_parties[to] = max(lines.most_parties[to], now)
        if net.takes_road:
            now = lines.metres[column] + step * line.metres[row]
            lines.metres[column] = now
            lines.most_metres[to] = max(lines.most_metres[to], now)
        place += net.cells
    return at


@compiled
def peaks(
    net: Network, line: Line, joins: Int32Array, leaves: Int32Array, parties: FloatArray, metres: FloatArray
) -> None:
    """Most parties and most metres in line at once, (n_bins, n_columns): joins and departures in order of time.

    At one instant departures come first, and one at the edge of two bins belongs to the first. A bin begins with the
    lines that are standing. `line` holds pointers.
    """
    columns, at = parties.shape[1], 0
    standing, length = np.zeros(columns), np.zeros(columns)
    lines = Standing(pointer(standing), pointer(length), pointer(parties), pointer(metres), columns)
    joined, left, events = np.empty(AT_ONCE), np.empty(AT_ONCE), np.empty(AT_ONCE, np.int32)
    while len(leaves):
        new, gone = one_after_another(line, joins, leaves, joined, left, events)
        for nth in range(new + gone):
            at = count_event(net, line, events[nth], at, lines)
        joins, leaves = joins[new:], leaves[gone:]
    for column in range(columns):
        same = net.same_line[column]
        if same != column:
            for b in range(net.bins):
                parties[b, column] = parties[b, same]
                if net.takes_road:
                    metres[b, column] = metres[b, same]
    standing[:] = length[:] = 0.0  # arrays that are pointed to live until here


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


@compiled
def full_in_bins(net: Network, v: Visits, out: Found) -> None:
    """`sim.study.bins.full_in_bins`: bin after bin along the log of each station, which begins with room."""
    row = 0
    while row < v.full:
        station, since, state, until, edge = v.full_station[row], 0.0, 0, 0.0, 0
        before = 0.0
        while edge <= net.bins:
            while row < v.full and v.full_station[row] == station and v.full_time[row] <= net.edges[edge]:
                until += state * (v.full_time[row] - since)
                since, state = v.full_time[row], v.full_state[row]
                row += 1
            reached = until + state * (net.edges[edge] - since)
            if edge > 0:
                share = (reached - before) / (net.edges[edge] - net.edges[edge - 1])
                out.full[station * net.bins + edge - 1] = share
            before = reached
            edge += 1
        while row < v.full and v.full_station[row] == station:
            row += 1
