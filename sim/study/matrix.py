"""Everything one replication measured as one row of numbers, and many such rows read back column by column.

A row holds the whole-run measures, the binned ones key by key, those by the bin of starting, and the wait
distribution. Rows of a thousand replications do not fit in memory beside each other, so they are kept in files and
read in blocks of columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.study.cells import FloatArray
from sim.study.layout import Layout
from sim.study.measures import Measured
from sim.study.survival import GRID_MINUTES, groups

HELD_VALUES = 2**22
"""Rows of no more values than this are read at once: 32 MB."""
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


@dataclass(frozen=True)
class RowFile:
    """Rows of some replications: the first so many of a file of numpy's."""

    path: Path
    replications: int

    def read(self, rows: slice, columns: slice) -> FloatArray:
        """A copy of these rows and columns; no more of the file stays in memory."""
        return np.array(np.load(self.path, mmap_mode="r")[: self.replications][rows, columns])


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
        if (whole := _held(self)) is not None:
            return whole[:, begin:end]
        if self.replications * (end - begin) <= VALUES:
            return _ahead(self, begin, end)
        return np.concatenate([chunk.read(slice(None), slice(begin, end)) for chunk in self.chunks])

    def rows(self, first: int, last: int, begin: int, end: int) -> FloatArray:
        """(last - first, end - begin): columns [begin, end) of replications [first, last)."""
        if (whole := _held(self)) is not None:
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
        width, keys = self.parts.bins, last - first
        begin, end = begin + first * width, begin + last * width
        if (whole := _held(self)) is not None:
            return whole[:, begin:end].reshape(len(whole), -1, width)[:, :, bins]
        if self.replications * keys * width <= VALUES:
            return _ahead(self, begin, end).reshape(self.replications, keys, width)[:, :, bins]
        read = (chunk.read(slice(None), slice(begin, end)) for chunk in self.chunks)
        return np.concatenate([found.reshape(len(found), -1, width)[:, :, bins] for found in read])

    def survival(self, group: int) -> FloatArray:
        """(replications, waits): the wait distribution of one of `sim.study.survival.groups`."""
        width = len(GRID_MINUTES)
        begin = self.parts.begins[3] + group * width
        return self.columns(begin, begin + width)


_last_held: list[tuple[Found, FloatArray]] = []
"""The rows read last as a whole: a variant's and, while it is compared, the baseline's."""
HELD_AT_ONCE = 2


def _held(found: Found) -> FloatArray | None:
    """All rows of `found` at once, where they are so few that opening their files piece by piece would take longest."""
    if found.replications * found.parts.width > HELD_VALUES:
        return None
    for known, rows in _last_held:
        if known is found:
            return rows
    rows = np.concatenate([chunk.read(slice(None), slice(None)) for chunk in found.chunks])
    rows.setflags(write=False)
    _last_held[:] = [*_last_held[-(HELD_AT_ONCE - 1) :], (found, rows)]
    return rows


@dataclass(frozen=True, eq=False)
class _Window:
    """Columns [begin, end) of all rows of a variant."""

    found: Found
    begin: int
    end: int
    values: FloatArray


_last_read: list[_Window] = []
"""What was read ahead last: of a variant and, while it is compared, of the baseline."""


def _ahead(found: Found, begin: int, end: int) -> FloatArray:
    """Columns [begin, end) of all rows. They are asked for in order and a few at a time: more than those are read, as
    many as may be held, so that not every few columns open every file."""
    for window in _last_read:
        if window.found is found and window.begin <= begin and end <= window.end:
            break
    else:
        until = min(max(end, begin + VALUES // max(found.replications, 1)), found.parts.width)
        read = [chunk.read(slice(None), slice(begin, until)) for chunk in found.chunks]
        window = _Window(found, begin, until, np.concatenate(read))
        others = [other for other in _last_read if other.found is not found]
        _last_read[:] = [*others[-(HELD_AT_ONCE - 1) :], window]
    return window.values[:, begin - window.begin : end - window.begin].copy()
