"""How long the lines were: their integrals and their peaks, from the visits alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.engine.records import Records
from sim.model.arrays import FloatArray, IntArray
from sim.model.network import Network
from sim.model.parties import Parties
from sim.study.bins import Stretches
from sim.study.cells import Cells
from sim.study.layout import Layout
from sim.study.quantiles import stable_order
from sim.study.spells import Intervals, Rows, blocked, busy, waiting


@dataclass(frozen=True, eq=False)
class Integrals:
    """Party-seconds per station over [warm_up, horizon)."""

    queue: FloatArray
    busy: FloatArray
    blocked: FloatArray


def integrals(network: Network, parties: Parties, records: Records) -> Integrals:
    """The engine's integrals from the visit rows instead: the other side of Little's law.

    Returns:
        What `Records.queue_integral`, `busy_integral` and `blocked_integral` hold, each of shape (n_stations,).
    """
    cells = Cells.of(network)
    rows = Rows.of(cells, parties, records)
    stations = slice(len(network.facilities), None)

    def per_station(stretches: Intervals) -> FloatArray:
        return cells.own(time_in_state(cells, stretches))[cells.n_cells :][stations]

    return Integrals(per_station(waiting(rows)), per_station(busy(rows)), per_station(blocked(rows)))


def time_in_state(cells: Cells, stretches: Intervals, weights: FloatArray | None = None) -> FloatArray:
    """Seconds per cell, each stretch times its weight; shape (n_cells,)."""
    seconds = stretches.end - stretches.start
    weighted = seconds if weights is None else seconds * weights
    return np.bincount(stretches.cell, weighted, minlength=cells.n_cells).astype(np.float64, copy=False)


def metres(rows: Rows, line: Intervals) -> FloatArray:
    """Metres of road each waiting party takes."""
    return np.asarray(rows.cells.road[rows.records.station[line.row], rows.klass[line.row]])


class Peaks(NamedTuple):
    """Longest lines, each (n_columns, n_bins)."""

    parties: FloatArray
    metres: FloatArray | None
    """None where no station states how much road a party takes."""


def peaks(layout: Layout, in_line: Stretches, space: FloatArray | None) -> Peaks:
    """Most parties, and most metres of road, in line at once by bin.

    One sweep over joins and departures in order of time. At one instant departures come first, so a party that
    moves from one line of a facility to the next is never counted twice.

    Args:
        layout: the columns and bins.
        in_line: when each visit waited.
        space: metres of road each of them takes; None where no station states it.
    """
    cells, line, edges, bins = layout.cells, in_line.stretches, layout.edges, len(layout.edges) - 1
    n = len(line.cell)
    # Who leaves at the edge of a bin was never in line within it.
    within = np.minimum(in_line.stops, bins - 1)
    within = np.where(line.end <= edges[within], within - 1, within)
    order = stable_order(np.concatenate([line.end, line.start]))
    cell = np.concatenate([line.cell, line.cell])[order]
    found = np.concatenate([within, in_line.begins])[order].astype(np.int32)
    steps: list[FloatArray | IntArray] = [np.where(order >= n, 1, -1)]
    if space is not None:
        steps.append(np.concatenate([-space, space])[order])
    most = [np.zeros((cells.n_columns, bins)) for _ in steps]
    for columns in cells.queue_columns:
        column = columns[cell]
        # Each column's own events, in order of time; -1 sorts first and is dropped.
        by_column = np.argsort(column, kind="stable")[int(np.count_nonzero(column < 0)) :]
        if not by_column.size:
            continue
        place = column[by_column].astype(np.int32) * np.int32(bins) + found[by_column]
        starts = np.append(0, np.flatnonzero(place[1:] != place[:-1]) + 1)
        filled = place[starts]
        own = np.unique(filled // bins)
        for highest, step in zip(most, steps, strict=True):
            # Every line ends empty within the window, so one running sum serves all columns.
            running = np.cumsum(step[by_column])
            reached, carried = np.zeros((2, highest.size))
            reached[filled] = np.maximum.reduceat(running, starts)
            carried[filled] = np.diff(running[np.append(starts[1:], len(place)) - 1], prepend=0)
            before = np.cumsum(carried.reshape(highest.shape), axis=1) - carried.reshape(highest.shape)
            highest[own] = np.maximum(reached.reshape(highest.shape), before)[own]
    return Peaks(most[0], most[1] if len(most) > 1 else None)
