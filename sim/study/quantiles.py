"""Quantiles within groups of one sorting: by class and station, over the whole run and by the bin of joining.

Values are sorted once; each grouping is then a stable sort of small integers. All of it is done sixteen bits at a
time, which numpy sorts by radix: several times faster than comparing. Quantiles are numpy's default (type 7 of Hyndman
and Fan 1996, doi 10.1080/00031305.1996.10473566).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.model.arrays import FloatArray, IntArray
from sim.study.cells import Cells

SmallArray = npt.NDArray[np.int16] | IntArray
SHARES = (0.50, 0.90, 0.95, 0.99, 1.0)
"""Of the waits, at which quantiles are taken."""


@dataclass(frozen=True, eq=False)
class Grouped:
    """Values sorted by group, ascending within each."""

    values: FloatArray
    count: IntArray
    """Values per group."""

    def quantiles(self, shares: Sequence[float]) -> list[FloatArray]:
        """For each share, the quantile of every group; NaN for an empty group."""
        begin = np.cumsum(self.count) - self.count
        filled = np.flatnonzero(self.count)
        first, last = begin[filled], self.count[filled] - 1
        result = np.full((len(shares), len(self.count)), np.nan)
        for row, share in zip(result, shares, strict=True):
            place = share * last
            below = place.astype(np.int64)
            part = place - below
            low, high = self.values[first + below], self.values[first + np.minimum(below + 1, last)]
            step = high - low
            row[filled] = np.where(part < 0.5, low + step * part, high - step * (1.0 - part))  # as numpy rounds it
        return list(result)

    def group(self, index: int) -> FloatArray:
        """Values of one group, ascending."""
        begin = int(self.count[:index].sum())
        return self.values[begin : begin + int(self.count[index])]


def mean_of(values: FloatArray) -> float:
    """Mean, NaN of nothing."""
    return float(values.mean()) if values.size else np.nan


def quantile_of(values: FloatArray, share: float) -> float:
    """Quantile by linear interpolation, NaN of nothing: numpy's, to the last bit, without what it costs to call."""
    return _quantile(values, share) if values.size else np.nan


def quantile_of_columns(cells: Cells, cell: IntArray, values: FloatArray, share: float) -> FloatArray:
    """One quantile by column of `Cells` (the cells, then their owners as a whole); NaN for an empty one.

    Values come sorted by cell, and an owner's cells are neighbours, so every column is a slice. A quantile needs two
    order statistics, which a partial sort finds in linear time. The loop is over columns, not parties.
    """
    until = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=cells.n_cells))])
    owners = until[cells.begin]
    result = np.full(cells.n_columns, np.nan)
    begins, ends = np.concatenate([until[:-1], owners[:-1]]), np.concatenate([until[1:], owners[1:]])
    for column in np.flatnonzero(ends > begins).tolist():
        result[column] = _quantile(values[begins[column] : ends[column]], share)
    return result


def _quantile(values: FloatArray, share: float) -> float:
    """Of some values, none of them NaN: between two order statistics, rounded as numpy does."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    ordered = np.partition(values, (below, above))
    low, high = float(ordered[below]), float(ordered[above])
    part, step = place - below, high - low
    return low + step * part if part < 0.5 else high - step * (1.0 - part)


def by_column_and_bin(
    cells: Cells, cell: IntArray, found: IntArray, bins: int, values: FloatArray
) -> tuple[Grouped, Grouped]:
    """Values by column, and by column and bin (group `column * bins + bin`), of one sort.

    Args:
        cells: the groups.
        cell: of each value.
        found: bin of each value.
        bins: how many there are.
        values: 0 or more, without NaN.
    """
    ascending = stable_order(values)
    small, ordered = _small(cell)[ascending], values[ascending]
    whole = _columns(cells, small, ordered)
    if bins == 1:
        return whole, whole
    bin_of = _small(found)[ascending]
    into_bins = np.argsort(bin_of, kind="stable")
    small, ordered, bin_of = small[into_bins], ordered[into_bins], bin_of[into_bins]
    parts, counts = [], []
    for group, size in ((small, cells.n_cells), (_owners(cells, small), len(cells.labels))):
        parts.append(ordered[np.argsort(group, kind="stable")])
        counts.append(np.bincount(group.astype(np.int64) * bins + bin_of, minlength=size * bins))
    return whole, Grouped(np.concatenate(parts), np.concatenate(counts))


def stable_order(values: FloatArray) -> IntArray:
    """Indices that put values of 0 or more in ascending order, equal ones as they came.

    The bits of such floats, read as an integer, have their order.
    """
    bits = (values + 0.0).view(np.uint64)  # no negative zero
    order = np.argsort(bits.astype(np.uint16), kind="stable")
    for shift in (16, 32, 48):
        piece = (bits >> np.uint64(shift)).astype(np.uint16)
        order = order[np.argsort(piece[order], kind="stable")]
    return order


def _columns(cells: Cells, cell: SmallArray, ordered: FloatArray) -> Grouped:
    owner = _owners(cells, cell)
    parts = [ordered[np.argsort(group, kind="stable")] for group in (cell, owner)]
    counts = [np.bincount(cell, minlength=cells.n_cells), np.bincount(owner, minlength=len(cells.labels))]
    return Grouped(np.concatenate(parts), np.concatenate(counts))


def _owners(cells: Cells, cell: SmallArray) -> SmallArray:
    owners: SmallArray = cells.owner_of_cell[cell]
    return owners


def _small(numbers: IntArray) -> SmallArray:
    """As 16-bit integers where they fit: those are sorted by radix, many times faster."""
    fits = not numbers.size or int(numbers.max()) < np.iinfo(np.int16).max
    return numbers.astype(np.int16) if fits else numbers
