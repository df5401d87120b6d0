"""Everything one replication measured as one row of numbers: what stands where.

A row holds the whole-run measures, the binned ones key by key, those by the bin of starting, and the wait
distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.model.arrays import FloatArray
from sim.study.layout import Layout
from sim.study.survival import GRID_MINUTES, groups


@dataclass(frozen=True)
class Parts:
    """Where in a row each part begins."""

    keys: int
    bin_keys: int
    start_bin_keys: int
    bins: int
    groups: int

    @classmethod
    def of(cls, layout: Layout) -> Parts:
        """The parts of a layout's rows."""
        bins = len(layout.edges) - 1
        return cls(len(layout.keys), len(layout.bin_keys), len(layout.start_bin_keys), bins, len(groups(layout)))

    @property
    def begins(self) -> tuple[int, int, int, int]:
        """First columns of the values, the bins, the bins by start, the wait distribution."""
        bins = self.keys
        starts = bins + self.bin_keys * self.bins
        return 0, bins, starts, starts + self.start_bin_keys * self.bins

    @property
    def width(self) -> int:
        """Length of a row."""
        return self.begins[3] + self.groups * len(GRID_MINUTES)


class Measured(NamedTuple):
    """The measures of a replication, in the order of the layout's keys."""

    values: FloatArray
    """(n_keys,) for `Layout.keys`."""
    bins: FloatArray
    """(n_bin_keys, n_bins) for `Layout.bin_keys`: waits by the bin of joining."""
    bins_by_start: FloatArray
    """(n_start_bin_keys, n_bins) for `Layout.start_bin_keys`: waits by the bin in which service began."""
    survival: FloatArray
    """(groups, waits) of `sim.study.survival`: share of parties waiting longer."""


def in_rows(rows: FloatArray, parts: Parts) -> Measured:
    """Where they stand in rows, (replications, width): views, each with the replications as an axis before its own."""
    values, bins, by_start, survival = np.split(rows, parts.begins[1:], axis=1)
    shape = (len(rows), -1, parts.bins)
    return Measured(values, bins.reshape(shape), by_start.reshape(shape), survival.reshape(len(rows), parts.groups, -1))
