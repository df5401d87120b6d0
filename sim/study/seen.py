"""What the measures of a replication are formed of: sums, quantiles and peaks of its visits by cell and bin.

`see` states in numpy how each is taken from the records; `sim.study.compiled` takes the same in compiled loops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.engine.records import Records
from sim.model.arrays import FloatArray, IntArray
from sim.model.parties import Parties
from sim.study.bins import Stretches, bin_of, full_in_bins, sums_by_start
from sim.study.cells import Cells
from sim.study.layout import Layout
from sim.study.lines import Peaks, metres, peaks, time_in_state
from sim.study.quantiles import SHARES, by_column_and_bin, quantile_of_columns
from sim.study.spells import Departures, Rows, Spells, blocked, busy, read, waiting
from sim.study.staffing import overtime
from sim.study.survival import survival
from sim.study.tallies import Tallies, tally


class InState(NamedTuple):
    """How long visits were in a state, in seconds (times a weight each)."""

    seconds: FloatArray
    """(n_cells,)"""
    in_bins: FloatArray
    """(n_cells, n_bins)"""

    @classmethod
    def of(cls, cells: Cells, stretches: Stretches, weights: FloatArray | None = None) -> InState:
        """Add up stretches of time."""
        return cls(time_in_state(cells, stretches.stretches, weights), stretches.in_bins(weights))


class Waits(NamedTuple):
    """How the waits are distributed, in seconds."""

    whole: FloatArray
    """(SHARES, n_columns): quantiles."""
    in_bins: FloatArray
    """(SHARES, n_columns, n_bins): of those who joined in a bin."""
    survival: FloatArray
    """As in `sim.study.survival`."""


class TimeInSystem(NamedTuple):
    """From joining to leaving, of those who have left."""

    sums: FloatArray
    """(n_cells, 2): seconds added up, and how many they are."""
    p95: FloatArray
    """(n_columns,): seconds."""


class Seen(NamedTuple):
    """Sums, quantiles and peaks of one replication, by cells and columns of `Cells`."""

    tallies: Tallies
    waits: Waits
    in_system: TimeInSystem
    line: InState
    road: InState | None
    """The line in metres of road, None where no station states how much a party takes."""
    busy: InState
    blocked: InState
    peaks: Peaks
    left: FloatArray
    """(n_cells, n_bins): parties served by the bin in which they left."""
    by_start: FloatArray
    """(n_cells, 2, n_bins): minutes waited, and parties, by the bin in which service began."""
    overtime: FloatArray
    """(n_pools, n_bins): seconds that positions of closed booths were occupied."""
    full: FloatArray
    """(n_stations, n_bins): share of the time without room."""
    rows: Callable[[], Rows]
    """The visits themselves, for the measures few networks have."""


See = Callable[[Layout, Parties, Records], Seen]


def see(layout: Layout, parties: Parties, records: Records) -> Seen:
    """Take everything from the records of one replication.

    Raises:
        SimulationError: the records hold a visit that no rule of the network leads to.
    """
    cells = layout.cells
    rows = Rows.of(cells, parties, records)
    spells, departures = read(rows)
    joined = bin_of(layout, spells.joined)
    line = Stretches(layout, waiting(rows))
    space = metres(rows, line.stretches) if cells.takes_road else None
    return Seen(
        tallies=tally(layout, spells, departures, joined, bin_of(layout, departures.gone_joined)),
        waits=_waits(layout, spells, joined),
        in_system=_in_system(cells, spells),
        line=InState.of(cells, line),
        road=None if space is None else InState.of(cells, line, space),
        busy=InState.of(cells, Stretches(layout, busy(rows))),
        blocked=InState.of(cells, Stretches(layout, blocked(rows))),
        peaks=peaks(layout, line, space),
        left=_left(layout, departures),
        by_start=sums_by_start(layout, spells),
        overtime=overtime(layout, rows),
        full=full_in_bins(layout, records.full_time, records.full_station, records.full_state),
        rows=lambda: rows,
    )


def _waits(layout: Layout, spells: Spells, joined: IntArray) -> Waits:
    bins, waited = len(layout.edges) - 1, np.flatnonzero(~np.isnan(spells.wait))
    whole, in_bins = by_column_and_bin(layout.cells, spells.cell[waited], joined[waited], bins, spells.wait[waited])
    return Waits(
        np.stack(whole.quantiles(SHARES)),
        np.stack(in_bins.quantiles(SHARES)).reshape(len(SHARES), -1, bins),
        survival(layout, whole),
    )


def _in_system(cells: Cells, spells: Spells) -> TimeInSystem:
    left = ~np.isnan(spells.in_system)
    cell, seconds = spells.cell[left], spells.in_system[left]
    added, count = (np.bincount(cell, weights, minlength=cells.n_cells) for weights in (seconds, None))
    return TimeInSystem(
        np.stack([added, count], axis=1).astype(np.float64),
        quantile_of_columns(cells, cell, seconds, 0.95),
    )


def _left(layout: Layout, departures: Departures) -> FloatArray:
    cells, bins = layout.cells, len(layout.edges) - 1
    place = departures.cell * bins + bin_of(layout, departures.at)
    return np.bincount(place, minlength=cells.n_cells * bins).reshape(-1, bins).astype(np.float64)
