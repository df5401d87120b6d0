"""Everything one replication measured as one row of numbers, and many such rows read back column by column.

A row holds the whole-run measures, the binned ones key by key, those by the bin of starting, and the wait
distribution. Rows of a thousand replications do not fit in memory beside each other, so they are kept in files and
read in blocks of columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.study.cells import FloatArray
from sim.study.layout import Layout
from sim.study.measures import Measured
from sim.study.survival import GRID_MINUTES, groups

BLOCK = 2**13
"""Columns read at once, about: 65 MB for a thousand replications."""


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


def row_of(measured: Measured) -> FloatArray:
    """One replication's row."""
    parts = (measured.values, measured.bins, measured.bins_by_start, measured.survival)
    return np.concatenate([part.ravel() for part in parts])


@dataclass(frozen=True, eq=False)
class Found:
    """Rows of the replications of a variant, in index order, perhaps in files."""

    parts: Parts
    chunks: Sequence[FloatArray]
    """Arrays (replications, width) that follow one another; memory maps where they stand in files."""

    @property
    def replications(self) -> int:
        """How many rows there are."""
        return sum(len(chunk) for chunk in self.chunks)

    def columns(self, begin: int, end: int) -> FloatArray:
        """(replications, end - begin): these columns of all rows."""
        return np.concatenate([np.asarray(chunk[:, begin:end]) for chunk in self.chunks])

    def rows(self, first: int, last: int, begin: int, end: int) -> FloatArray:
        """(last - first, end - begin): columns [begin, end) of replications [first, last)."""
        found, reached = list[FloatArray](), 0
        for chunk in self.chunks:
            low, high = max(first - reached, 0), min(last - reached, len(chunk))
            if low < high:
                found.append(np.asarray(chunk[low:high, begin:end]))
            reached += len(chunk)
        return np.concatenate(found)

    @property
    def values(self) -> FloatArray:
        """(replications, n_keys): the whole-run measures."""
        return self.columns(0, self.parts.keys)

    def series(self, first: int, last: int) -> FloatArray:
        """(replications, last - first, n_bins): binned measures by position in `Layout.bin_keys`."""
        return self._series(self.parts.begins[1], first, last)

    def start_series(self, first: int, last: int) -> FloatArray:
        """The same of `Layout.start_bin_keys`."""
        return self._series(self.parts.begins[2], first, last)

    def _series(self, begin: int, first: int, last: int) -> FloatArray:
        bins = self.parts.bins
        found = self.columns(begin + first * bins, begin + last * bins)
        return found.reshape(len(found), last - first, bins)

    def survival(self, group: int) -> FloatArray:
        """(replications, waits): the wait distribution of one of `sim.study.survival.groups`."""
        width = len(GRID_MINUTES)
        begin = self.parts.begins[3] + group * width
        return self.columns(begin, begin + width)
