"""Share of parties that wait longer than a time, per replication: the wait distribution of figures and tables."""

from __future__ import annotations

import numpy as np

from sim.model.arrays import FloatArray
from sim.study.layout import ALL, Layout
from sim.study.quantiles import Grouped

GRID_MINUTES = (*range(60), *range(60, 240, 5), *range(240, 721, 30))
"""Waits at which the share is taken."""


def groups(layout: Layout) -> list[tuple[str, str]]:
    """(facility, class) of each row of `survival`: a facility as a whole, then its classes."""
    facilities = layout.network.facilities
    return [(f.name, label) for i, f in enumerate(facilities) for label in (ALL, *layout.cells.labels[i])]


def survival(layout: Layout, waits: Grouped) -> FloatArray:
    """Share waiting longer than each of GRID_MINUTES: (groups, grid), NaN for a group without waits.

    Args:
        layout: the rows.
        waits: seconds by column.
    """
    cells, grid = layout.cells, np.array(GRID_MINUTES) * 60.0
    columns: list[int] = []
    for facility in range(len(layout.network.facilities)):
        columns += [cells.column_of(facility), *range(int(cells.begin[facility]), int(cells.begin[facility + 1]))]
    return np.stack([_shares(waits.group(column), grid) for column in columns])


def _shares(ordered: FloatArray, grid: FloatArray) -> FloatArray:
    if not ordered.size:
        return np.full(grid.size, np.nan)
    return 1.0 - np.searchsorted(ordered, grid, side="right") / ordered.size
