"""replications.parquet and bins.parquet: one row per value, written row group by row group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from sim.model.arrays import FloatArray
from sim.study.experiment import Experiment, cores
from sim.study.layout import Key
from sim.study.matrix import Found
from sim.study.store import Hashed, Texts, arrow

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

Made = TypeVar("Made")
ROWS = 2**18
"""Rows of a row group, about."""
AT_ONCE = 2**16
"""Values of a column that are encoded at once: an eighth less time than a thousand at a time, as is usual."""
HANDED_OVER = 2**21
"""Bytes of a file written at once, about."""
_NAMES = ("facility", "station", "class", "measure", "unit")


class _Part(NamedTuple):
    """Values of a variant that stand one after another in each of its rows."""

    keys: Sequence[Key]
    begin: int
    """First column of the values."""
    starts: FloatArray | None
    """Of the bins, in minutes; None where there are none."""

    @property
    def width(self) -> int:
        """Values of a replication."""
        return len(self.keys) * (1 if self.starts is None else len(self.starts))


def write_replications(file: Hashed, experiment: Experiment, found: Mapping[str, Found]) -> None:
    """One row per variant, replication and measure."""
    parts = {variant: [_Part(experiment.model(variant)[1].keys, 0, None)] for variant in found}
    _write(file, found, parts)


def write_bins(file: Hashed, experiment: Experiment, found: Mapping[str, Found]) -> None:
    """One row per variant, replication, measure and bin."""
    parts = {}
    for variant in found:
        _, layout = experiment.model(variant)
        starts, (_, bins, by_start, _) = layout.edges[:-1] / 60.0, experiment.parts(variant).begins
        parts[variant] = [_Part(layout.bin_keys, bins, starts), _Part(layout.start_bin_keys, by_start, starts)]
    _write(file, found, parts)


def has_bins(experiment: Experiment, variants: Sequence[str]) -> bool:
    """Some variant has a measure by time bin."""
    layouts = [experiment.model(variant)[1] for variant in variants]
    return any(layout.bin_keys or layout.start_bin_keys for layout in layouts)


def _write(file: Hashed, found: Mapping[str, Found], parts: Mapping[str, Sequence[_Part]]) -> None:
    import pyarrow as pa

    schema = _schema(any(part.starts is not None for own in parts.values() for part in own))
    # pyarrow hands over page after page, of which Python need not hear one by one.
    with pa.BufferedOutputStream(pa.PythonFile(file, mode="w"), HANDED_OVER) as sink, _writer(sink, schema) as writer:
        for variant, rows in found.items():
            for part in parts[variant]:
                if part.keys:
                    for columns in _ahead(_row_groups(variant, list(found), rows, part)):
                        writer.write_batch(pa.record_batch(columns, schema=schema))


def _ahead(made: Iterator[Made]) -> Iterator[Made]:
    """The same, of which another thread makes the next meanwhile: a file is written by one, which many wait for."""
    from concurrent.futures import ThreadPoolExecutor

    if cores() == 1:
        yield from made
        return
    with ThreadPoolExecutor(1) as other:
        following = other.submit(next, made, None)
        while (one := following.result()) is not None:
            following = other.submit(next, made, None)
            yield one


def _schema(in_bins: bool) -> pa.Schema:
    """The columns of the tables."""
    import pyarrow as pa

    text = pa.dictionary(pa.int32(), pa.string())
    types = {"variant": text, "replication": pa.int64(), **({"bin_start": pa.float64()} if in_bins else {})}
    types |= {**dict.fromkeys(_NAMES, text), "value": pa.float64()}
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in types.items()])


def _writer(sink: pa.NativeFile, schema: pa.Schema) -> pq.ParquetWriter:
    """As few steps for a value as the format allows: much of the time that writing takes goes here.

    No two values are alike, so that a dictionary of them would only cost time, and one of the numbers of replications
    and bins costs more than it saves. The bytes of values are put first byte by first byte, second by second (byte
    stream split), of which LZ4 makes in half the time as little as Zstandard of whole numbers. Nobody looks for rows
    by the least and largest of a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    return pq.ParquetWriter(
        sink,
        schema,
        compression="lz4",
        use_dictionary=texts,
        use_byte_stream_split=["value"],
        write_statistics=False,
        write_batch_size=AT_ONCE,
    )


def _row_groups(variant: str, variants: Sequence[str], rows: Found, part: _Part) -> Iterator[list[pa.Array]]:
    """The columns of some replications at a time."""
    at_once = max(1, ROWS // part.width)
    alike: dict[int, tuple[pa.Array, list[pa.Array]]] = {}
    for first in range(0, rows.replications, at_once):
        last = min(first + at_once, rows.replications)
        n = last - first
        if n not in alike:  # the same for every full one
            own = Texts(list(variants), np.full(n * part.width, list(variants).index(variant), np.int32))
            alike[n] = own.dictionary(), _labels(part, n)
        whose, labels = alike[n]
        values = rows.rows(first, last, part.begin, part.begin + part.width)
        yield [whose, arrow(np.repeat(np.arange(first, last), part.width)), *labels, arrow(values.ravel())]


def _labels(part: _Part, n: int) -> list[pa.Array]:
    """What says of each value of n replications what it is, after the replication and before the value."""
    labels, bins = list["pa.Array"](), 1
    if part.starts is not None:
        labels.append(arrow(np.tile(part.starts, n * len(part.keys))))
        bins = len(part.starts)
    for position in range(len(_NAMES)):
        own = Texts.of([key[position] for key in part.keys]).repeat(bins)
        labels.append(Texts(own.distinct, np.tile(own.index, n)).dictionary())
    return labels
