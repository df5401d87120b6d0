"""bins.parquet, written while replications still run, by a process of its own.

It is by far the largest file, and has one writer, for whom all others would wait in the end. It is the same to the
last byte as one that is written then: rows stand in order of replications, and whoever writes waits for the next.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from sim.scenario.vocabulary import BASELINE
from sim.study import longtables
from sim.study.executors import Aside, on_this_machine, way_to_start
from sim.study.experiment import Experiment, cores
from sim.study.journal import Journal
from sim.study.matrix import Found, RowFile
from sim.study.writing import BINS, Ready, none_ready, write_table

MANY = 500
"""Replications from which it pays. At the port of docs/performance.md another process costs what it saves at 500; with
1,000 it saves a tenth of a second, with 250 it costs nearly as much."""
LOOK_EVERY = 0.02
"""Seconds until it is looked again whether a chunk is there: looking takes next to nothing, making it longer."""


@contextlib.contextmanager
def bins_written(plan: Experiment, journal: Journal, workers: int) -> Iterator[Ready]:
    """While the block runs, bins.parquet is written of what comes into the journal, where that is of use.

    It is where several processes simulate on several cores, and where it is known from the start that many
    replications count, and how many.

    Args:
        plan: the experiment that is about to run.
        journal: where its replications are kept, and what an earlier attempt left.
        workers: processes that simulate.
    """
    begun = _begun(plan, journal) if workers > 1 and _is_of_use(plan) else None
    try:
        yield partial(_put, begun, journal) if begun is not None else none_ready
    finally:
        if begun is not None:
            begun.stop()


def _is_of_use(plan: Experiment) -> bool:
    here = on_this_machine() and cores() > 1 and way_to_start() == "fork"
    many = isinstance(plan.scenarios[BASELINE].replications, int) and plan.replications >= MANY
    return here and many and longtables.has_bins(plan, plan.variants)


def _begun(plan: Experiment, journal: Journal) -> Aside[str]:
    """Another process writes the file; it gives what the file hashes to."""
    import pyarrow.parquet  # noqa: F401  # both need it, and the copy has what this one has

    n, due = plan.replications, {variant: journal.chunks(variant) for variant in plan.variants}
    for variant, first, last in plan.tasks(journal):
        due[variant].append((first, last))
    found = dict[str, Found]()
    for variant, chunks in due.items():
        parts, counting = plan.parts(variant), sorted(chunk for chunk in chunks if chunk[0] < n)
        found[variant] = Found(parts, _Awaited(journal, variant, counting, parts.width, n), n)
    return Aside(partial(write_table, _place(journal), plan, found))


def _place(journal: Journal) -> Path:
    return journal.folder / BINS


def _put(begun: Aside[str], journal: Journal, path: Path) -> str | None:
    digest = begun.result()
    if digest is not None:
        _place(journal).replace(path)
    return digest


class _Awaited:
    """Chunks of a variant, in order, each waited for when its turn comes; to be gone through as often as wanted."""

    def __init__(
        self, journal: Journal, variant: str, chunks: Sequence[tuple[int, int]], width: int, replications: int
    ) -> None:
        self._journal, self._variant, self._chunks = journal, variant, chunks
        self._width, self._replications = width, replications
        self._there = list[RowFile]()

    def __iter__(self) -> Iterator[RowFile]:
        for at, chunk in enumerate(self._chunks):
            if at == len(self._there):
                self._there.append(self._next(chunk))
            yield self._there[at]

    def _next(self, chunk: tuple[int, int]) -> RowFile:
        while not self._journal.has(self._variant, chunk):
            time.sleep(LOOK_EVERY)
        return self._journal.row_file(self._variant, chunk, self._width, self._replications)
