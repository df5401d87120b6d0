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
    import pyarrow.parquet as pq

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
                    writer = writer or _writer(path, batch.schema)
                    writer.write_batch(batch)
    finally:
        if writer is not None:
            writer.close()


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """As few steps for a value as the format allows: most of the time that writing takes goes here.

    No two values are alike, so that a dictionary of them would only cost time, and one of the numbers of replications
    and bins costs more than it saves. The bytes of values are put first byte by first byte, second by second (byte
    stream split), of which LZ4 makes in half the time as little as Zstandard of whole numbers. Nobody looks for rows
    by the least and largest of a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    return pq.ParquetWriter(
        path, schema, compression="lz4", use_dictionary=texts, use_byte_stream_split=["value"], write_statistics=False
    )


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
    alike: dict[int, dict[str, pa.Array]] = {}
    for first in range(0, rows.replications, at_once):
        last = min(first + at_once, rows.replications)
        n = last - first
        if n not in alike:  # the same for every full piece
            own = Texts(list(variants), np.full(n * width, list(variants).index(variant), np.int32))
            texts = [Texts(label.distinct, np.tile(label.index, n)) for label in labels]
            alike[n] = {"variant": own.dictionary()}
            alike[n] |= {} if starts is None else {"bin_start": arrow(np.tile(starts, n * len(keys)))}
            alike[n] |= {name: text.dictionary() for name, text in zip(_NAMES, texts, strict=True)}
        replication = arrow(np.repeat(np.arange(first, last), width))
        columns = {"variant": alike[n]["variant"], "replication": replication, **alike[n]}
        columns["value"] = arrow(values(rows, first, last).ravel())
        yield list(columns), list(columns.values())
