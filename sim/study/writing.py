"""The tables of a finished run: for people (CSV) and for further work (parquet).

The threads of this process share the work. Tables for people are made in pieces and put together in order: which thread
made what makes no difference to a file. Nearly all of the work is in compiled code, which threads do side by side.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sim.study import frames, longtables, store
from sim.study.experiment import Experiment, cores
from sim.study.matrix import Found

MOST_THREADS = 4
"""Each holds some tens of megabytes."""
Runs = Mapping[str, Found]
Rows = Callable[[Experiment, Runs, str], Iterable[Iterable[store.Columns]]]
"""The rows of a variant in a table, in pieces that are made when they are gone through."""
Ready = Callable[[Path], str | None]
"""Puts a table that stands ready somewhere at a path, and gives what it hashes to; None where there is none."""
Job = tuple[Callable[[], Any], Callable[[Any], object]]
"""What makes a piece, in any thread, and what puts it into its file."""


def _in_one(make: Callable[[Experiment, Runs, str], Iterable[store.Columns]]) -> Rows:
    """All that is made of a variant as one piece."""
    return lambda plan, found, variant: [make(plan, found, variant)]


CSV: dict[str, tuple[Sequence[str], Rows]] = {
    "series.csv": (frames.SERIES_COLUMNS, frames.series),
    "summary.csv": (frames.SUMMARY_COLUMNS, _in_one(frames.summary)),
    "wait_distribution.csv": (frames.SURVIVAL_COLUMNS, _in_one(frames.wait_distribution)),
}
"""Tables for people: name, columns, rows."""
CSV_OF_SEVERAL: dict[str, tuple[Sequence[str], Rows]] = {
    **CSV,
    "comparison.csv": (frames.COMPARISON_COLUMNS, _in_one(frames.comparison)),
}
"""The same where there are several variants."""
BINS = "bins.parquet"
PARQUET: dict[str, Callable[[store.Hashed, Experiment, Runs], None]] = {
    BINS: longtables.write_bins,
    "replications.parquet": longtables.write_replications,
}
"""Tables for further work, the largest first."""


def none_ready(path: Path) -> None:
    """There is no table yet."""


def write_results(plan: Experiment, found: Runs, folder: Path, bins: Ready = none_ready) -> dict[str, str]:
    """Write the tables of all variants into a folder.

    Args:
        plan: what was run.
        found: the rows of every variant.
        folder: to be written to.
        bins: whoever may have the table of bins ready.

    Returns:
        What the files hash to, by name.

    Raises:
        OSError: one cannot be written.
    """
    from concurrent.futures import ThreadPoolExecutor

    threads, opened = ThreadPoolExecutor(min(cores(), MOST_THREADS)), dict[str, store.Hashed]()
    try:
        # What takes longest in one piece first, so that all threads are done at about the same time.
        further = {
            name: threads.submit(_table, folder / name, bins if name == BINS else none_ready, plan, found)
            for name in PARQUET
            if name != BINS or longtables.has_bins(plan, list(found))
        }
        with ExitStack() as files:
            # All are begun while this thread puts the first into its file.
            pieces = deque((threads.submit(make), put) for make, put in _pieces(plan, found, folder, opened, files))
            while pieces:
                made, put = pieces.popleft()  # nobody else is to hold it once it is written
                put(made.result())
                del made
        hashes = {name: table.result() for name, table in further.items()}
    finally:
        threads.shutdown(cancel_futures=True)  # nothing is left but where something failed
    return hashes | {name: file.hash for name, file in opened.items()}


def _table(path: Path, ready: Ready, plan: Experiment, found: Runs) -> str:
    """See to it that a table for further work is there; what it hashes to."""
    return ready(path) or write_table(path, plan, found)


def write_table(path: Path, plan: Experiment, found: Runs) -> str:
    """Write a table for further work, that of PARQUET with this name, in one thread; what it hashes to.

    Raises:
        OSError: it cannot be written.
    """
    with store.whole(path, flushed=False) as file:
        hashed = store.Hashed(file)
        PARQUET[path.name](hashed, plan, found)
    return hashed.hash


def _pieces(
    plan: Experiment, found: Runs, folder: Path, opened: dict[str, store.Hashed], files: ExitStack
) -> Iterator[Job]:
    """The pieces of all tables for people.

    Those of a variant come one after another, so that a thread that holds its rows makes several of them.
    """
    csv = CSV_OF_SEVERAL if len(found) > 1 else CSV
    for name, (columns, _) in csv.items():
        opened[name] = store.Hashed(files.enter_context(store.whole(folder / name)))
        opened[name].write(store.csv_head(columns))
    for variant in found:
        for name, (columns, pieces) in csv.items():
            for piece in pieces(plan, found, variant):
                yield partial(store.csv_rows, columns, piece), opened[name].write
