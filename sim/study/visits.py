"""One row per visit as a parquet file: names instead of indices, seconds from the start of the horizon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.engine.records import Records
from sim.model.arrays import IntArray
from sim.model.network import Network
from sim.model.parties import Parties

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 2**18
"""Visits made into columns at once."""


def visits_file(network: Network, parties: Parties, records: Records) -> bytes:
    """A replication's visits as the bytes of a parquet file, compressed piece by piece."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    batches = _batches(network, parties, records)
    first = next(batches)
    with pq.ParquetWriter(sink, first.schema, compression="zstd") as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def _batches(network: Network, parties: Parties, records: Records) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    def named(names: Sequence[str], index: IntArray) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), pa.array(names, pa.string()))

    classes = list(dict.fromkeys(c.name for c in network.classes))
    label = np.array([classes.index(c.name) for c in network.classes])
    facilities = [facility.name for facility in network.facilities]
    home = np.array([station.facility for station in network.stations])
    stations = list(dict.fromkeys(s.name for s in network.stations))
    place = np.array([stations.index(s.name) for s in network.stations])
    outcomes = [*network.outcomes, "inside", "moved on"]  # -2 and -1 index from the end
    for begin in range(0, max(len(records.party), 1), ROWS):
        rows = slice(begin, begin + ROWS)
        party, station = records.party[rows], records.station[rows]
        columns = {
            "party": pa.array(party),
            "class": named(classes, label[parties.klass[party]]),
            "size": pa.array(parties.size[party]),
            "facility": named(facilities, home[station]),
            "station": named(stations, place[station]),
            "joined": pa.array(records.joined[rows]),
            "started": pa.array(records.started[rows]),
            "ended": pa.array(records.ended[rows]),
            "left": pa.array(records.left[rows]),
            "booth": pa.array(records.booth[rows]),
            "outcome": named(outcomes, records.outcome[rows] % len(outcomes)),
        }
        yield pa.record_batch(list(columns.values()), names=list(columns))
