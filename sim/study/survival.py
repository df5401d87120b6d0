"""Share of parties that wait longer than a time, per replication: the wait distribution of figures and tables."""

from __future__ import annotations

import numpy as np

from sim.study.cells import FloatArray
from sim.study.layout import ALL, Layout
from sim.study.spells import Spells

GRID_MINUTES = (*range(60), *range(60, 240, 5), *range(240, 721, 30))
"""Waits at which the share is taken."""


def groups(layout: Layout) -> list[tuple[str, str]]:
    """(facility, class) of each row of `survival`: a facility as a whole, then its classes."""
    facilities = layout.network.facilities
    return [(f.name, label) for i, f in enumerate(facilities) for label in (ALL, *layout.cells.labels[i])]


def survival(layout: Layout, spells: Spells) -> FloatArray:
    """Share waiting longer than each of GRID_MINUTES: (groups, grid), NaN for a group without waits."""
    cells, grid = layout.cells, np.array(GRID_MINUTES) * 60.0
    rows = []
    for facility in range(len(layout.network.facilities)):
        begin, end = int(cells.begin[facility]), int(cells.begin[facility + 1])
        mine = (spells.cell >= begin) & (spells.cell < end) & ~np.isnan(spells.wait)
        cell, wait = spells.cell[mine], spells.wait[mine]
        rows += [_shares(wait, grid), *(_shares(wait[cell == c], grid) for c in range(begin, end))]
    return np.stack(rows)


def _shares(waits: FloatArray, grid: FloatArray) -> FloatArray:
    if not waits.size:
        return np.full(grid.size, np.nan)
    return 1.0 - np.searchsorted(np.sort(waits), grid, side="right") / waits.size
