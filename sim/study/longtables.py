"""replications.parquet and bins.parquet: one row per value, written piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.model.arrays import FloatArray
from sim.study.experiment import Experiment
from sim.study.layout import Key
from sim.study.matrix import Found
from sim.study.store import Texts, arrow

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 2**18
"""Rows written at once, about."""
_NAMES = ("facility", "station", "class", "measure", "unit")
Part = tuple[Sequence[Key], Callable[[Found, int, int], FloatArray], FloatArray | None]
"""Keys, how to read the values of replications [first, last) as (n, keys [, bins]), and the starts of the bins."""


def write_replications(path: Path, experiment: Experiment, found: Mapping[str, Found]) -> None:
    """One row per variant, replication and measure."""

    def parts(variant: str) -> list[Part]:
        _, layout = experiment.model(variant)
        return [(layout.keys, lambda rows, first, last: rows.rows(first, last, 0, rows.parts.keys), None)]

    _write(path, found, parts)


def write_bins(path: Path, experiment: Experiment, found: Mapping[str, Found]) -> None:
    """One row per variant, replication, measure and bin."""

    def parts(variant: str) -> list[Part]:
        _, layout = experiment.model(variant)
        starts = layout.edges[:-1] / 60.0

        def values(which: int) -> Callable[[Found, int, int], FloatArray]:
            return lambda rows, first, last: rows.rows(first, last, *rows.parts.begins[which : which + 2])

        return [(layout.bin_keys, values(1), starts), (layout.start_bin_keys, values(2), starts)]

    _write(path, found, parts)


def _write(path: Path, found: Mapping[str, Found], parts: Callable[[str], list[Part]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for variant, rows in found.items():
            for keys, values, starts in parts(variant):
                if not keys:
                    continue
                for names, table in _pieces(variant, list(found), rows, keys, values, starts):
                    fields = [
                        pa.field(name, column.type, nullable=False) for name, column in zip(names, table, strict=True)
                    ]
                    batch = pa.record_batch(table, schema=pa.schema(fields))
                    if writer is None:
                        texts = [name for name in names if name != "value"]
                        # No two values are alike, so that a dictionary of them would only cost time; and nobody looks
                        # for rows by the least and largest of a column.
                        writer = pq.ParquetWriter(
                            path, batch.schema, compression="zstd", use_dictionary=texts, write_statistics=False
                        )
                    writer.write_batch(batch)
    finally:
        if writer is not None:
            writer.close()


def _pieces(
    variant: str,
    variants: Sequence[str],
    rows: Found,
    keys: Sequence[Key],
    values: Callable[[Found, int, int], FloatArray],
    starts: FloatArray | None,
) -> Iterator[tuple[list[str], list[pa.Array]]]:
    bins = 1 if starts is None else len(starts)
    width = len(keys) * bins
    at_once = max(1, ROWS // width)
    labels = [Texts.of([key[position] for key in keys]).repeat(bins) for position in range(len(_NAMES))]
    texts: dict[int, list[pa.Array]] = {}
    for first in range(0, rows.replications, at_once):
        last = min(first + at_once, rows.replications)
        n = last - first
        if n not in texts:  # the same for every full piece
            texts[n] = [Texts(label.distinct, np.tile(label.index, n)).dictionary() for label in labels]
        columns = {
            "variant": Texts(list(variants), np.full(n * width, list(variants).index(variant), np.int32)).dictionary(),
            "replication": arrow(np.repeat(np.arange(first, last), width)),
        }
        if starts is not None:
            columns["bin_start"] = arrow(np.tile(starts, n * len(keys)))
        columns |= dict(zip(_NAMES, texts[n], strict=True))
        columns["value"] = arrow(values(rows, first, last).ravel())
        yield list(columns), list(columns.values())
