"""Finished replications on disk while a run is under way: what a run that was stopped goes on from.

A chunk is one file of rows (`sim.study.matrix`), written under a temporary name and renamed, so that a file that has
its name is whole. Only a machine that loses power leaves others: waiting for the disk after every chunk would cost more
than simulating those again. The folder says which versions its numbers come from; rows of others are not used.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from sim.errors import RunFolderError
from sim.model.arrays import FloatArray
from sim.study import store
from sim.study.matrix import RowFile

_CHUNK = re.compile(r"(?P<variant>.+)-(?P<first>\d+)-(?P<last>\d+)\.npy")
_KEY = "journal.json"


class Journal:
    """Chunks of finished replications in a folder."""

    def __init__(self, folder: Path, identity: dict[str, str]) -> None:
        """Open the journal in `folder`, empty unless one of the same identity stands there.

        Raises:
            RunFolderError: the folder cannot be written to.
        """
        self.folder = folder
        try:
            if folder.exists() and self._identity() != identity:
                shutil.rmtree(folder)
            folder.mkdir(parents=True, exist_ok=True)
            store.write_bytes(folder / _KEY, json.dumps(identity).encode())
            self._drop_damaged()
        except OSError as error:
            raise RunFolderError(f"cannot write results to {folder.parent}: {error.strerror or error}") from error

    def _identity(self) -> object:
        try:
            return json.loads((self.folder / _KEY).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _drop_damaged(self) -> None:
        """Chunks that are not whole are to be made again."""
        for name, first, last in list(_chunks_in(self.folder)):
            path = self._path(name, first, last)
            try:
                whole = RowFile.of(path).replications == last - first
            except ValueError:
                whole = False
            if not whole:
                path.unlink()

    def _path(self, variant: str, first: int, last: int) -> Path:
        return self.folder / f"{variant}-{first}-{last}.npy"

    def chunks(self, variant: str) -> list[tuple[int, int]]:
        """Replications [first, last) that are there, in order."""
        return sorted((first, last) for name, first, last in _chunks_in(self.folder) if name == variant)

    def missing(self, variant: str, replications: int) -> list[tuple[int, int]]:
        """Replications [first, last) that are not there yet, as long stretches."""
        gaps, reached = [], 0
        for first, last in [*self.chunks(variant), (replications, replications)]:
            if first > reached:
                gaps.append((reached, first))
            reached = max(reached, last)
        return gaps

    def keep(self, variant: str, first: int, rows: FloatArray) -> None:
        """Write the rows of replications [first, first + len(rows))."""
        with store.whole(self._path(variant, first, first + len(rows)), flushed=False) as file:
            np.save(file, rows)

    def keep_visits(self, name: str, data: bytes) -> None:
        """Write a finished file of visits."""
        store.write_bytes(self.folder / "visits" / name, data)

    def rows(self, variant: str, width: int, replications: int) -> list[RowFile]:
        """The first so many replications of a variant, in order.

        Raises:
            RunFolderError: a chunk is damaged.
        """
        chunks = [chunk for chunk in self.chunks(variant) if chunk[0] < replications]
        return [self.row_file(variant, chunk, width, replications) for chunk in chunks]

    def row_file(self, variant: str, chunk: tuple[int, int], width: int, replications: int) -> RowFile:
        """The replications [first, last) of a variant that are among the first so many.

        Raises:
            RunFolderError: the chunk is damaged.
        """
        (first, last), path = chunk, self._path(variant, *chunk)
        try:
            found = RowFile.of(path)
        except (OSError, ValueError) as error:
            raise RunFolderError(f"{path} cannot be read: {error}; delete it and run again") from error
        if (found.replications, found.width) != (last - first, width):
            raise RunFolderError(f"{path} is damaged; delete it and run again")
        return replace(found, replications=min(last, replications) - first)

    def has(self, variant: str, chunk: tuple[int, int]) -> bool:
        """The replications [first, last) of a variant are there, as one chunk."""
        return self._path(variant, *chunk).exists()

    def remove(self) -> None:
        """The run is finished and stands elsewhere."""
        shutil.rmtree(self.folder, ignore_errors=True)


def finished(folder: Path) -> int:
    """Replications, over all variants, in the journal of a folder; 0 where there is none."""
    return sum(last - first for _, first, last in _chunks_in(folder))


def _chunks_in(folder: Path) -> Iterator[tuple[str, int, int]]:
    """(variant, first, last) of the chunks of a folder, in no order."""
    for path in folder.glob("*.npy"):
        if match := _CHUNK.fullmatch(path.name):
            yield match["variant"], int(match["first"]), int(match["last"])
