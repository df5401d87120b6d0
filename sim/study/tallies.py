"""Sums over the parties of a cell that joined in a bin; the whole-run sums and ratios are these added up."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.engine.records import INSIDE
from sim.model.arrays import FloatArray, IntArray
from sim.study.layout import Layout, promised
from sim.study.spells import Departures, Spells

SUMS = (
    "arrivals", "waits", "wait", "persons", "person_wait", "over", "over_by", "left", "in_system", "referred",
    "inspected", "censored", "gone", "gone_wait",
)  # fmt: skip
"""Counts of parties, and sums in seconds of what ends in `wait`, `by` and `system`."""


class Tallies(NamedTuple):
    """Sums by cell of `Cells` and bin."""

    sums: FloatArray
    """(n_cells, len(SUMS), n_bins)"""
    outcomes: FloatArray
    """(n_cells, n_outcomes, n_bins): parties by how they ended."""


def tally(layout: Layout, spells: Spells, departures: Departures, joined: IntArray, gone_joined: IntArray) -> Tallies:
    """Add up spells and those who gave up.

    Args:
        layout: the rows.
        spells: of one replication, by cell.
        departures: of the same.
        joined: bin in which each spell joined.
        gone_joined: the same for those who gave up.
    """
    cells, bins = layout.cells, len(layout.edges) - 1
    size = cells.n_cells * bins
    place = spells.cell * bins + joined

    def added(weights: FloatArray | None = None, among: IntArray | None = None, cell: IntArray = place) -> FloatArray:
        picked = cell if among is None else cell[among]
        return np.bincount(picked, weights, minlength=size).astype(np.float64, copy=False)

    waited = ~np.isnan(spells.wait)
    wait = np.where(waited, spells.wait, 0.0)
    left = ~np.isnan(spells.in_system)
    referred = np.flatnonzero(spells.referred)
    waiting_still = np.flatnonzero((spells.outcome == INSIDE) & ~waited)
    over, over_by = _over_standard(layout, spells, waited, added)
    gone_place = departures.gone_cell * bins + gone_joined
    by_name = {
        "arrivals": added(),
        "waits": added(waited),
        "wait": added(wait),
        "persons": added(np.where(waited, spells.size, 0.0)),
        "person_wait": added(wait * spells.size),
        "over": over,
        "over_by": over_by,
        "left": added(left),
        "in_system": added(np.where(left, spells.in_system, 0.0)),
        "referred": added(among=referred),
        "inspected": added(waited[referred], referred),
        "censored": added(among=waiting_still),
        "gone": added(cell=gone_place),
        "gone_wait": added(departures.gone_wait, cell=gone_place),
    }
    table = np.stack([by_name[name].reshape(cells.n_cells, bins) for name in SUMS], axis=1)
    names = len(layout.network.outcomes)
    # INSIDE and MOVED_ON are -2 and -1: two columns before the outcomes.
    ends = np.bincount(place * (names + 2) + (spells.outcome + 2), minlength=size * (names + 2))
    by_outcome = ends.reshape(cells.n_cells, bins, names + 2)[:, :, 2:].transpose(0, 2, 1)
    return Tallies(table, by_outcome.astype(np.float64))


def _over_standard(
    layout: Layout, spells: Spells, waited: FloatArray, added: Callable[..., FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """How many waits exceed the standard that held when the party joined, and by how much; stations have none."""
    cells = layout.cells
    ends = np.searchsorted(spells.cell, cells.begin[: len(layout.standards) + 1])
    rows, by = [np.zeros(0, np.int64)], [np.zeros(0)]
    for facility, standard in enumerate(layout.standards):
        if standard is not None:
            begin, end = int(ends[facility]), int(ends[facility + 1])
            excess = spells.wait[begin:end] - promised(standard, spells.joined[begin:end])
            late = np.flatnonzero(excess > 0.0)  # NaN is not
            rows.append(begin + late)
            by.append(excess[late])
    late = np.concatenate(rows)
    return added(among=late), added(np.concatenate(by), late)
