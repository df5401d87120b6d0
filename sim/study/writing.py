"""The tables of a finished run: for people (CSV) and for further work (parquet).

They are written in pieces that the threads of this process share, and put together in order: which thread wrote what
makes no difference to a file. Nearly all of the work is in compiled code, which threads do side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sim.study import frames, longtables, store
from sim.study.experiment import Experiment, cores
from sim.study.matrix import Found

MOST_THREADS = 4
"""Each holds some tens of megabytes."""
Pieces = Callable[[Experiment, Mapping[str, Found]], Iterator[store.Columns]]
BY_VARIANT: dict[str, tuple[Sequence[str], Pieces]] = {
    "series.csv": (frames.SERIES_COLUMNS, frames.series),
    "summary.csv": (frames.SUMMARY_COLUMNS, frames.summary),
    "wait_distribution.csv": (frames.SURVIVAL_COLUMNS, frames.wait_distribution),
}
"""Tables of which each variant has a part of its own, the largest first: name, columns, what makes them."""
OF_ALL: dict[str, tuple[Sequence[str], Pieces]] = {"comparison.csv": (frames.COMPARISON_COLUMNS, frames.comparison)}
"""The same of those that are made of all variants."""


def write_results(plan: Experiment, found: Mapping[str, Found], folder: Path) -> None:
    """Write the tables of all variants into a folder.

    Raises:
        OSError: one cannot be written.
    """
    from concurrent.futures import ThreadPoolExecutor

    several = OF_ALL if len(found) > 1 else {}
    with TemporaryDirectory(prefix=".parts-", dir=folder) as scratch:
        parts, threads = Path(scratch), ThreadPoolExecutor(min(cores(), MOST_THREADS))
        try:
            # What takes longest in one piece first, so that all threads are done at about the same time.
            packed = [
                threads.submit(write, folder / name, plan, found)
                for name, write in (
                    ("bins.parquet", longtables.write_bins),
                    ("replications.parquet", longtables.write_replications),
                )
            ]
            written = {
                name: [
                    threads.submit(store.write_csv_part, parts / f"{number}-{name}", columns, make(plan, own))
                    for number, own in enumerate(pieces)
                ]
                for tables, pieces in ((BY_VARIANT, [{name: rows} for name, rows in found.items()]), (several, [found]))
                for name, (columns, make) in tables.items()
            }
            for name, (columns, _) in {**BY_VARIANT, **several}.items():
                store.join_csv(folder / name, columns, [part.result() for part in written[name]])
            for table in packed:
                table.result()
        finally:
            threads.shutdown(cancel_futures=True)  # nothing is left but where something failed
