"""The tables of a finished run: for people (CSV) and for further work (parquet).

They are made in pieces that the threads of this process share, and put together in order: which thread made what makes
no difference to a file. Nearly all of the work is in compiled code, which threads do side by side.
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
from sim.study.longtables import LongTable
from sim.study.matrix import Found
from sim.study.parquet import Writer

MOST_THREADS = 4
"""Each holds some tens of megabytes."""
Runs = Mapping[str, Found]
Rows = Callable[[Experiment, Runs, str], Iterable[Iterable[store.Columns]]]
"""The rows of a variant in a table, in pieces that are made when they are gone through."""
CsvFile = tuple[Sequence[str], Rows, Callable[[bytes], object]]
"""Columns and rows of a table, and what writes to its file."""
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
PARQUET: dict[str, Callable[[Experiment, Sequence[str]], LongTable]] = {
    "bins.parquet": longtables.of_bins,
    "replications.parquet": longtables.of_replications,
}
"""Tables for further work."""


def write_results(plan: Experiment, found: Runs, folder: Path) -> dict[str, str]:
    """Write the tables of all variants into a folder.

    Returns:
        What the files hash to, by name.

    Raises:
        OSError: one cannot be written.
    """
    from concurrent.futures import ThreadPoolExecutor

    threads, files = ThreadPoolExecutor(min(cores(), MOST_THREADS)), Files(folder)
    try:
        with files.people, files.further:
            # Each is begun while this thread goes on to what the next needs.
            pieces = deque((threads.submit(make), put) for make, put in _jobs(plan, found, files))
            while pieces:
                made, put = pieces.popleft()  # nobody else is to hold it once it is written
                put(made.result())
                del made
    finally:
        threads.shutdown(cancel_futures=True)  # nothing is left but where something failed
    return {name: file.hash for name, file in files.opened.items()}


class Files:
    """The files under way in a folder: those for people, and those for further work."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.people, self.further = folder, ExitStack(), ExitStack()
        self.opened: dict[str, store.Hashed] = {}

    def for_people(self, name: str) -> store.Hashed:
        """A new one, flushed to the disk when it is closed."""
        return self._open(name, self.people, flushed=True)

    def for_further_work(self, name: str) -> store.Hashed:
        """A new one."""
        return self._open(name, self.further, flushed=False)

    def _open(self, name: str, until: ExitStack, *, flushed: bool) -> store.Hashed:
        self.opened[name] = store.Hashed(until.enter_context(store.whole(self.folder / name, flushed=flushed)))
        return self.opened[name]


def _jobs(plan: Experiment, found: Runs, files: Files) -> Iterator[Job]:
    """All pieces: those of a variant one after another, so that a thread that holds its rows makes several of them.

    First what takes long in one piece, so that all threads end at about the same time, and what needs no pyarrow to
    begin with: it takes a tenth of a second to load.
    """
    csv = _csv_files(CSV_OF_SEVERAL if len(found) > 1 else CSV, files)
    long, last = list[tuple[LongTable, Writer]](), list(found)[-1]
    for variant, rows in found.items():
        for columns, pieces, put in csv:
            for piece in pieces(plan, found, variant):
                yield partial(store.csv_rows, columns, piece), put
        if variant == last:  # threads go on while the disk is waited for
            yield _nothing, lambda _: files.people.close()
        long = long or _parquet_files(plan, list(found), files)
        for table, writer in long:
            for row_group in table.row_groups(variant, rows):
                yield row_group, writer.add


def _nothing() -> None:
    """A piece that is none."""


def _csv_files(tables: Mapping[str, tuple[Sequence[str], Rows]], files: Files) -> list[CsvFile]:
    """The tables for people, their heads written."""
    opened = list[CsvFile]()
    for name, (columns, rows) in tables.items():
        file = files.for_people(name)
        file.write(store.csv_head(columns))
        opened.append((columns, rows, file.write))
    return opened


def _parquet_files(plan: Experiment, variants: Sequence[str], files: Files) -> list[tuple[LongTable, Writer]]:
    """The tables that have rows, and what writes them."""
    opened = []
    for name, of in PARQUET.items():
        table = of(plan, variants)
        if not table.empty:
            writer = Writer(files.for_further_work(name), table.schema)
            opened.append((table, files.further.enter_context(writer)))
    return opened
