"""Rows that are too many to be held are read ahead: the same columns as file by file, in any order of asking."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.study import matrix
from sim.study.matrix import Found, Parts, RowFile

ROWS = 7


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Found, Found, np.ndarray]:
    """Two variants of the same rows in two files, too many to be held whole, and the rows."""
    parts = Parts(keys=5, bin_keys=6, start_bin_keys=4, bins=3, groups=1)
    rows = np.random.default_rng(11).random((ROWS, parts.width))
    for name, part in (("a", rows[:4]), ("b", rows[4:])):
        np.save(tmp_path / f"{name}.npy", part)
    monkeypatch.setattr(matrix, "HELD_VALUES", 0)
    monkeypatch.setattr(matrix, "VALUES", 12 * ROWS)  # four keys of three bins
    files = [RowFile(tmp_path / "a.npy", 4), RowFile(tmp_path / "b.npy", ROWS - 4)]
    return Found(parts, files), Found(parts, files), rows


def test_columns_are_those_of_the_files(table: tuple[Found, Found, np.ndarray]) -> None:
    one, other, rows = table
    for begin, end in ((0, 5), (2, 4), (5, 7), (30, 33), (0, 1), (0, 20), (one.parts.width - 2, one.parts.width)):
        for found in (one, other, one):
            np.testing.assert_array_equal(found.columns(begin, end), rows[:, begin:end])


def test_series_are_those_of_the_files(table: tuple[Found, Found, np.ndarray]) -> None:
    one, _, rows = table
    bins, starts = rows[:, 5:23].reshape(ROWS, 6, 3), rows[:, 23:35].reshape(ROWS, 4, 3)
    for first, last in ((0, 2), (2, 6), (0, 6), (5, 6)):
        np.testing.assert_array_equal(one.series(first, last, slice(1, 3)), bins[:, first:last, 1:3])
    np.testing.assert_array_equal(one.start_series(1, 3, slice(0, 3)), starts[:, 1:3])


def test_neighbours_come_from_one_reading(
    table: tuple[Found, Found, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _, _ = table
    asked = []
    read = RowFile.read

    def counted(self: RowFile, rows: slice, columns: slice) -> np.ndarray:
        asked.append(columns)
        return read(self, rows, columns)

    monkeypatch.setattr(RowFile, "read", counted)
    for key in range(4):
        one.series(key, key + 1, slice(0, 3))
    assert len(asked) == len(one.chunks)
    one.columns(0, 13)  # more than is held at once is not kept
    one.columns(0, 13)
    assert len(asked) == 3 * len(one.chunks)


def test_what_is_read_belongs_to_the_caller(table: tuple[Found, Found, np.ndarray]) -> None:
    one, _, rows = table
    one.columns(0, 3)[:] = 0.0
    np.testing.assert_array_equal(one.columns(0, 3), rows[:, :3])
