"""Everything one replication measured as one row of numbers, and many such rows read back column by column.

A row holds the whole-run measures, the binned ones key by key, those by the bin of starting, and the wait
distribution. Rows of a thousand replications do not fit in memory beside each other, so they are kept in files and
read in blocks of columns.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from sim.model.arrays import FloatArray
from sim.study.layout import Layout
from sim.study.measures import Measured
from sim.study.survival import GRID_MINUTES, groups

HELD_VALUES = 2**22
"""Rows of no more values than this are read at once: 32 MB."""
SOME_OF_ALL = 0.1
"""Share of the columns from which it pays to read all."""
VALUES = 2**19
"""Values held at once, about: estimating from them takes some ten times their 4 MB."""


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


_ONE_AT_A_TIME = threading.Lock()
"""numpy reads the head of a file as Python's syntax, which Python 3.11 cannot do in two threads at once
(https://github.com/python/cpython/issues/106905)."""


@dataclass(frozen=True)
class RowFile:
    """Rows of some replications: the first so many of a file of numpy's."""

    path: Path
    replications: int

    def read(self, rows: slice, columns: slice) -> FloatArray:
        """A copy of these rows and columns; no more of the file stays in memory."""
        return np.array(self._mapped()[: self.replications][rows, columns])

    def _mapped(self) -> np.memmap[tuple[int, ...], np.dtype[np.float64]]:
        with _ONE_AT_A_TIME:
            return cast("np.memmap[tuple[int, ...], np.dtype[np.float64]]", np.load(self.path, mmap_mode="r"))

    def read_into(self, rows: FloatArray) -> None:
        """All of its columns into (replications, width) that stand in one piece."""
        there = self._mapped()
        with self.path.open("rb") as file:  # faster than page by page
            file.seek(there.offset)
            file.readinto(rows.data.cast("B"))


@dataclass(frozen=True, eq=False)
class Found:
    """Rows of the replications of a variant, in index order, in files."""

    parts: Parts
    chunks: Sequence[RowFile]
    """They follow one another."""

    @property
    def replications(self) -> int:
        """How many rows there are."""
        return sum(chunk.replications for chunk in self.chunks)

    def columns(self, begin: int, end: int) -> FloatArray:
        """(replications, end - begin): these columns of all rows."""
        if (whole := _held(self, end - begin)) is not None:
            return whole[:, begin:end]
        return np.concatenate([chunk.read(slice(None), slice(begin, end)) for chunk in self.chunks])

    def rows(self, first: int, last: int, begin: int, end: int) -> FloatArray:
        """(last - first, end - begin): columns [begin, end) of replications [first, last)."""
        if (whole := _held(self, end - begin)) is not None:
            return whole[first:last, begin:end]
        found, reached = list[FloatArray](), 0
        for chunk in self.chunks:
            low, high = max(first - reached, 0), min(last - reached, chunk.replications)
            if low < high:
                found.append(chunk.read(slice(low, high), slice(begin, end)))
            reached += chunk.replications
        return np.concatenate(found)

    def first(self, replications: int) -> Found:
        """The first so many rows."""
        kept, left = list[RowFile](), replications
        for chunk in self.chunks:
            if left > 0:
                kept.append(RowFile(chunk.path, min(chunk.replications, left)))
            left -= chunk.replications
        return Found(self.parts, kept)

    @property
    def values(self) -> FloatArray:
        """(replications, n_keys): the whole-run measures."""
        return self.columns(0, self.parts.keys)

    def series(self, first: int, last: int, bins: slice) -> FloatArray:
        """(replications, last - first, bins): binned measures by position in `Layout.bin_keys`."""
        return self._series(self.parts.begins[1], first, last, bins)

    def start_series(self, first: int, last: int, bins: slice) -> FloatArray:
        """The same of `Layout.start_bin_keys`."""
        return self._series(self.parts.begins[2], first, last, bins)

    def _series(self, begin: int, first: int, last: int, bins: slice) -> FloatArray:
        width = self.parts.bins
        own = slice(begin + first * width, begin + last * width)
        if (whole := _held(self, self.parts.width)) is not None:
            return whole[:, own].reshape(len(whole), -1, width)[:, :, bins]
        read = (chunk.read(slice(None), own) for chunk in self.chunks)
        return np.concatenate([found.reshape(len(found), -1, width)[:, :, bins] for found in read])

    def survival(self) -> FloatArray:
        """(replications, groups, waits): the wait distribution of each of `sim.study.survival.groups`."""
        columns = self.columns(self.parts.begins[3], self.parts.width)
        return columns.reshape(len(columns), self.parts.groups, len(GRID_MINUTES))


class _Last(threading.local):
    """What a thread read last as a whole: tables are written by several, each of which goes through all variants."""

    found: Found | None = None
    rows: FloatArray | None = None


_last = _Last()


def _held(found: Found, columns: int) -> FloatArray | None:
    """All rows of `found` at once, where they are so few that opening their files piece by piece would take longest.

    So many columns are wanted of them; for a few, all are read only where they stand ready.
    """
    if _last.found is found:
        return _last.rows
    if found.replications * found.parts.width > HELD_VALUES or columns < SOME_OF_ALL * found.parts.width:
        return None
    rows, reached = np.empty((found.replications, found.parts.width)), 0
    for chunk in found.chunks:
        chunk.read_into(rows[reached : reached + chunk.replications])
        reached += chunk.replications
    rows.setflags(write=False)
    _last.found, _last.rows = found, rows
    return rows
