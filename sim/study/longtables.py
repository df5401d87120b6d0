"""replications.parquet and bins.parquet: one row per value, made in row groups that threads share.

Of a row group all but the values is the same for every so many replications, and most of it for every variant: it is
encoded once. In the column of replications only the distinct numbers are others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.model.arrays import FloatArray
from sim.study.experiment import Experiment
from sim.study.layout import Key
from sim.study.matrix import Found
from sim.study.parquet import Column, encode
from sim.study.store import Texts, arrow

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 2**18
"""Rows of a row group, about."""
_NAMES = ("facility", "station", "class", "measure", "unit")


class Part(NamedTuple):
    """Values of a variant that stand one after another in each of its rows."""

    keys: tuple[Key, ...]
    begin: int
    """First column of the values."""
    starts: FloatArray | None
    """Of the bins, in minutes; None where there are none."""

    @property
    def width(self) -> int:
        """Values of a replication."""
        return len(self.keys) * (1 if self.starts is None else len(self.starts))


def of_replications(experiment: Experiment, variants: Sequence[str]) -> LongTable:
    """One row per variant, replication and measure."""
    keys = {variant: tuple(experiment.model(variant)[1].keys) for variant in variants}
    return LongTable(_schema(False), {variant: [Part(own, 0, None)] for variant, own in keys.items()})


def of_bins(experiment: Experiment, variants: Sequence[str]) -> LongTable:
    """One row per variant, replication, measure and bin."""
    parts = {}
    for variant in variants:
        _, layout = experiment.model(variant)
        starts, (_, bins, by_start, _) = layout.edges[:-1] / 60.0, experiment.parts(variant).begins
        keys = tuple(layout.bin_keys), tuple(layout.start_bin_keys)
        parts[variant] = [Part(keys[0], bins, starts), Part(keys[1], by_start, starts)]
    return LongTable(_schema(True), parts)


def _schema(in_bins: bool) -> pa.Schema:
    """The columns of the tables."""
    import pyarrow as pa

    text = pa.dictionary(pa.int32(), pa.string())
    types = {"variant": text, "replication": pa.int64(), **({"bin_start": pa.float64()} if in_bins else {})}
    types |= {**dict.fromkeys(_NAMES, text), "value": pa.float64()}
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in types.items()])


class LongTable:
    """A table, and what its row groups have alike."""

    def __init__(self, schema: pa.Schema, parts: Mapping[str, Sequence[Part]]) -> None:
        self.schema, self.variants = schema, list(parts)
        self.parts = {variant: [part for part in own if part.keys] for variant, own in parts.items()}
        self._encoded: dict[object, list[Column]] = {}
        self._lock = Lock()

    @property
    def empty(self) -> bool:
        """It has no rows."""
        return not any(self.parts.values())

    def row_groups(self, variant: str, found: Found) -> Iterator[Callable[[], list[Column]]]:
        """What make the row groups of a variant, one after another; threads do it side by side."""
        for part in self.parts[variant]:
            at_once = max(1, ROWS // part.width)
            for first in range(0, found.replications, at_once):
                last = min(first + at_once, found.replications)
                yield partial(self._row_group, variant, part, found, first, last)

    def _row_group(self, variant: str, part: Part, found: Found, first: int, last: int) -> list[Column]:
        """The columns of replications [first, last)."""
        n = last - first
        with self._lock:  # another thread that wants them waits no longer than it would take to make them
            own = self._once((variant, n * part.width), partial(self._variant, variant, n * part.width))
            starts = None if part.starts is None else part.starts.tobytes()
            replication, *labels = self._once((part.keys, starts, n), partial(self._labels, part, n))
        values = found.rows(first, last, part.begin, part.begin + part.width)
        # No two values are alike. LZ4 makes as little of bytes that are split as Zstandard of whole numbers, in half
        # the time.
        value = self._encode("value", arrow(values.ravel()), split=True)
        return [*own, replication.with_distinct(np.arange(first, last)), *labels, value]

    def _once(self, what: object, make: Callable[[], list[Column]]) -> list[Column]:
        if what not in self._encoded:
            self._encoded[what] = make()
        return self._encoded[what]

    def _encode(self, name: str, values: pa.Array, **how: bool) -> Column:
        return encode(self.schema.field(name), values, **how)

    def _variant(self, variant: str, rows: int) -> list[Column]:
        own = Texts(self.variants, np.full(rows, self.variants.index(variant), np.int32))
        return [self._encode("variant", own.dictionary(), indexed=True)]

    def _labels(self, part: Part, n: int) -> list[Column]:
        """What says of each value of n replications what it is, after the variant and before the value."""
        replication = arrow(np.repeat(np.arange(n), part.width))
        labels, bins = [self._encode("replication", replication, indexed=True, packed=False)], 1
        if part.starts is not None:  # an index of the numbers of bins would cost more than it saves
            labels.append(self._encode("bin_start", arrow(np.tile(part.starts, n * len(part.keys)))))
            bins = len(part.starts)
        for position, name in enumerate(_NAMES):
            own = Texts.of([key[position] for key in part.keys]).repeat(bins)
            texts = Texts(own.distinct, np.tile(own.index, n)).dictionary()
            labels.append(self._encode(name, texts, indexed=True))
        return labels
