"""Everything one replication measured as one row of numbers, and many such rows read back column by column.

A row holds the whole-run measures, the binned ones key by key, those by the bin of starting, and the wait
distribution. Rows of a thousand replications do not fit in memory beside each other, so they are kept in files and
read in blocks of columns.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np

from sim.model.arrays import FloatArray
from sim.study.rows import Parts
from sim.study.survival import GRID_MINUTES

HELD_VALUES = 2**22
"""Rows of no more values than this are read at once: 32 MB."""
SOME_OF_ALL = 0.1
"""Share of the columns from which it pays to read all."""
VALUES = 2**19
"""Values held at once, about: estimating from them takes some ten times their 4 MB."""


@dataclass(frozen=True)
class RowFile:
    """Rows of some replications: the first so many of a file of numpy's.

    Its head is read once, when it is found: that takes as long as reading a column of its rows.
    """

    path: Path
    replications: int
    width: int
    """Length of a row."""
    offset: int
    """Bytes before the first row."""

    @classmethod
    def of(cls, path: Path) -> RowFile:
        """The file with all of its rows.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no such file, or damaged.
        """
        with path.open("rb", buffering=0) as file:
            head, size = file.read(_HEAD), path.stat().st_size
        shape, offset = _shape_in(head)
        if size < offset + shape[0] * shape[1] * 8:
            raise ValueError("it is too short")
        return cls(path, *shape, offset)

    def values(self) -> FloatArray:
        """(replications, width): all rows."""
        rows = np.empty((self.replications, self.width))
        self.read_into(rows)
        return rows

    def read_into(self, rows: FloatArray, first: int = 0, begin: int = 0) -> None:
        """The columns from `begin` on of the rows from `first` on, as many as there are in `rows`, (n, columns)."""
        with self.path.open("rb", buffering=0) as file:
            # Whole rows stand in one piece, in the file as here.
            for at, piece in enumerate([rows] if rows.shape[1] == self.width else rows):
                file.seek(self.offset + ((first + at) * self.width + begin) * rows.itemsize)
                file.readinto(piece.data.cast("B"))


_HEAD = 128
"""Bytes of the head of a file of rows, which numpy fills up to a multiple of 64."""


@lru_cache(maxsize=64)
def _shape_in(head: bytes) -> tuple[tuple[int, int], int]:
    """Shape of the rows that such a head tells of, and where they begin.

    The files of a variant but the last have the same head, and numpy takes as long to read one as a column of rows.

    Raises:
        ValueError: it is no head of rows of numbers.
    """
    file = BytesIO(head)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"it is of version {version}")
    shape, by_column, kind = np.lib.format.read_array_header_1_0(file)
    if len(shape) != 2 or by_column or kind != np.float64:
        raise ValueError("it does not hold rows of numbers")
    return shape, file.tell()


@dataclass(frozen=True, eq=False)
class Found:
    """Rows of the replications of a variant, in index order, in files."""

    parts: Parts
    chunks: Iterable[RowFile]
    """They follow one another; gone through again and again."""
    replications: int
    """How many rows there are."""

    def columns(self, begin: int, end: int) -> FloatArray:
        """(replications, end - begin): these columns of all rows."""
        return self.rows(0, self.replications, begin, end)

    def rows(self, first: int, last: int, begin: int, end: int) -> FloatArray:
        """(last - first, end - begin): columns [begin, end) of replications [first, last)."""
        if (whole := _held(self, end - begin)) is not None:
            return whole[first:last, begin:end]
        found, reached = np.empty((last - first, end - begin)), 0
        for chunk in self.chunks:
            low, high = max(first - reached, 0), min(last - reached, chunk.replications)
            if low < high:
                chunk.read_into(found[low + reached - first : high + reached - first], low, begin)
            reached += chunk.replications
            if reached >= last:  # those further on may have yet to be written
                break
        return found

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
        if bins == slice(0, width) or _held(self, self.parts.width) is not None:
            found = self.columns(own.start, own.stop)
            return found.reshape(len(found), -1, width)[:, :, bins]
        found, reached = np.empty((self.replications, last - first, bins.stop - bins.start)), 0
        for chunk in self.chunks:
            there = np.empty((chunk.replications, own.stop - own.start))
            chunk.read_into(there, begin=own.start)
            found[reached : reached + len(there)] = there.reshape(len(there), -1, width)[:, :, bins]
            reached += len(there)
        return found

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
