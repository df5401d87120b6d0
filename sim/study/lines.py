"""How long the lines were: their integrals and their peaks, from the visits alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.engine.records import Records
from sim.model.network import Network
from sim.model.parties import Parties
from sim.study.cells import Cells, FloatArray
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
    lengths = np.array([party_class.length for party_class in rows.network.classes])
    per_length = np.array([station.metres_per_length for station in rows.network.stations])
    return np.asarray(lengths[rows.klass[line.row]] * per_length[rows.records.station[line.row]])


def peaks(cells: Cells, line: Intervals, space: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Most parties, and most of their `space`, in line at once; each of shape (n_columns,).

    One sweep over joins and departures in order of time. At one instant departures come first, so a party that
    moves from one line of a facility to the next is never counted twice.
    """
    n = len(line.cell)
    most, most_space = np.zeros(cells.n_columns), np.zeros(cells.n_columns)
    order = np.argsort(np.concatenate([line.end, line.start]), kind="stable")
    joins = order >= n
    whose = np.where(joins, order - n, order)
    cell = line.cell[whose]
    step = np.where(joins, 1, -1)
    space_step = step * space[whose] if space.any() else None
    for columns in cells.queue_columns:
        column = columns[cell]
        # Each column's own events, in order of time; -1 sorts first and is dropped.
        by_column = np.argsort(column, kind="stable")[int(np.count_nonzero(column < 0)) :]
        if not by_column.size:
            continue
        counts = np.bincount(column[by_column], minlength=cells.n_columns)
        filled = np.flatnonzero(counts)
        starts = (np.cumsum(counts) - counts)[filled]
        # Every line ends empty within the window, so one running sum serves all columns.
        most[filled] = np.maximum.reduceat(np.cumsum(step[by_column]), starts)
        if space_step is not None:
            most_space[filled] = np.maximum.reduceat(np.cumsum(space_step[by_column]), starts)
    return most, most_space
