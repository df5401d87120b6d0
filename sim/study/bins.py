"""What falls into which time bin: instants, stretches of time, states.

Waits belong to the bin of joining, and in a second table to the bin in which service began. They are kept as sums
and counts, because the mean of a bin over replications is a ratio of means. Time in line and in service is split
exactly across bins: no sampling.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sim.model.arrays import FloatArray, IntArray
from sim.study.layout import Layout
from sim.study.spells import Intervals, Spells
from sim.study.staffing import integral

_MINUTE = 60.0


def bin_of(layout: Layout, time: FloatArray) -> IntArray:
    """Bin of each instant in [warm_up, horizon]; the horizon itself is one past the last bin."""
    edges = np.append(layout.edges, np.inf)
    first = int(layout.network.warm_up / layout.bin_length)
    found = (time * (1.0 / layout.bin_length)).astype(np.int64)
    found -= first
    np.minimum(np.maximum(found, 0, out=found), len(layout.edges) - 1, out=found)
    # The product is a rounding error off at an edge, and the last bin may be short.
    found -= time < edges[found]
    found += time >= edges[found + 1]
    return found


class Stretches:
    """Stretches of time, each with the bins in which it begins and ends."""

    def __init__(self, layout: Layout, stretches: Intervals) -> None:
        self.layout, self.stretches = layout, stretches
        self.begins, self.stops = bin_of(layout, stretches.start), bin_of(layout, stretches.end)

    def in_bins(self, weights: FloatArray | None = None) -> FloatArray:
        """Seconds (times a weight each) of the stretches by cell and bin, shape (n_cells, n_bins).

        A stretch is what is later than its start less what is later than its end. In a bin, "later than x" is the
        rest of the bin when x lies in it, and the whole bin when x lies before.
        """
        layout, stretches = self.layout, self.stretches
        until = np.append(layout.edges[1:], layout.network.horizon)
        rest = until[self.begins] - stretches.start, until[self.stops] - stretches.end
        if weights is not None:
            rest = rest[0] * weights, rest[1] * weights
        width = len(layout.edges)
        begins, stops = stretches.cell * width + self.begins, stretches.cell * width + self.stops

        def added(place: IntArray, amount: FloatArray | None) -> FloatArray:
            total = np.bincount(place, amount, minlength=layout.cells.n_cells * width)
            return total.astype(np.float64, copy=False).reshape(-1, width)

        partial = added(begins, rest[0]) - added(stops, rest[1])
        open_at_end = added(begins, weights) - added(stops, weights)
        return spread(layout, np.stack([partial, open_at_end], axis=1))


def spread(layout: Layout, net: FloatArray) -> FloatArray:
    """Seconds by cell and bin, (..., n_cells, n_bins), of stretches of time.

    Args:
        layout: the bins.
        net: (..., n_cells, 2, n_bins + 1) over the stretches that begin in a bin less over those that end there: the
            rest of the bin, and the weight.
    """
    partial, open_at_end = net[..., 0, :-1], net[..., 1, :]
    carried = (open_at_end.cumsum(axis=-1) - open_at_end)[..., :-1]
    return np.asarray(np.maximum(partial + carried * layout.bin_seconds, 0.0))


def full_in_bins(layout: Layout, time: FloatArray, station: IntArray, state: IntArray) -> FloatArray:
    """Share of each bin in which a station had no room, from the log of the records: (n_stations, n_bins)."""
    stations = len(layout.network.stations)
    shares = np.zeros((stations, len(layout.edges) - 1))
    if not station.size:
        return shares
    ends = station.searchsorted(np.arange(stations + 1)).tolist()
    for at, (begin, end) in enumerate(pairwise(ends)):
        if begin < end:
            since, count = np.zeros(end - begin + 1), np.zeros(end - begin + 1, np.int64)
            since[1:], count[1:] = time[begin:end], state[begin:end]
            until = integral(since, count, layout.edges)
            shares[at] = (until[1:] - until[:-1]) / layout.bin_seconds
    return shares


def sums_by_start(layout: Layout, spells: Spells) -> FloatArray:
    """Minutes waited, and spells, by the bin in which service began: (n_cells, 2, n_bins), as in START_BIN_TABLE.

    Starts after the horizon are in no bin.
    """
    cells, bins = layout.cells, len(layout.edges) - 1
    row = np.flatnonzero(spells.begun < layout.network.horizon)
    place = spells.cell[row] * bins + bin_of(layout, spells.begun[row])
    size = cells.n_cells * bins
    total = np.bincount(place, spells.wait[row] / _MINUTE, minlength=size)
    count = np.bincount(place, minlength=size).astype(np.float64)
    return np.stack([total.reshape(-1, bins), count.reshape(-1, bins)], axis=1)
