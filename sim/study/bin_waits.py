"""Waits by the bin of joining beyond their mean: quantiles, the longest, the share over the standard, delay."""

from __future__ import annotations

import numpy as np

from sim.study.cells import FloatArray, IntArray
from sim.study.layout import Layout, promised
from sim.study.spells import Spells

QUANTILES = {"wait_p50": 0.50, "wait_p90": 0.90, "wait_p95": 0.95, "wait_max": 1.0}


def wait_quantiles(layout: Layout, spells: Spells, joined: IntArray) -> dict[str, FloatArray]:
    """Minutes by column and bin, exactly as `numpy.quantile` gives them; NaN where nobody joined who was served.

    Args:
        layout: the rows.
        spells: of one replication.
        joined: bin in which each spell joined.

    Returns:
        Per name in QUANTILES an array (n_columns, n_bins).
    """
    cells, bins = layout.cells, len(layout.edges) - 1
    waited = np.flatnonzero(~np.isnan(spells.wait))
    wait, found, cell = spells.wait[waited], joined[waited], spells.cell[waited]
    owner = cells.n_cells + np.searchsorted(cells.begin, cell, side="right") - 1
    group = np.concatenate([cell * bins + found, owner * bins + found])
    both = np.concatenate([wait, wait])
    ordered = both[np.lexsort((both, group))]
    count = np.bincount(group, minlength=cells.n_columns * bins)
    begin = np.cumsum(count) - count
    filled = np.flatnonzero(count)
    begin, count = begin[filled], count[filled]
    result = {}
    for name, share in QUANTILES.items():
        place = share * (count - 1)
        below = np.floor(place).astype(np.int64)
        part = place - below
        low, high = ordered[begin + below], ordered[begin + np.minimum(below + 1, count - 1)]
        step = high - low
        minutes = np.full(cells.n_columns * bins, np.nan)
        minutes[filled] = np.where(part < 0.5, low + step * part, high - step * (1.0 - part)) / 60.0
        result[name] = minutes.reshape(cells.n_columns, bins)
    return result


def over_standard(layout: Layout, spells: Spells) -> FloatArray:
    """1 for a spell whose wait is longer than the standard of its facility when it joined, 0 for another.

    NaN where there is no wait or no standard; stations have none.
    """
    cells = layout.cells
    result = np.full(len(spells.wait), np.nan)
    for facility, standard in enumerate(layout.standards):
        if standard is not None:
            mine = (spells.cell >= cells.begin[facility]) & (spells.cell < cells.begin[facility + 1])
            mine &= ~np.isnan(spells.wait)
            result[mine] = spells.wait[mine] > promised(standard, spells.joined[mine])
    return result
