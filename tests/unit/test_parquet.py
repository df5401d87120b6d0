"""Parquet files of columns that were encoded apart hold what pyarrow reads from a file of its own."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.study import thrift
from sim.study.parquet import Writer, encode
from sim.study.store import Texts, arrow

TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [pa.field(name, kind, nullable=False) for name, kind in (("day", pa.int64()), ("what", TEXT), ("x", pa.float64()))]
)
WIDTH = 700


def test_row_groups_that_share_columns_are_read_as_they_were_meant() -> None:
    """Of several pages each: more than a megabyte of values, and distinct numbers enough for many bytes."""
    random, file, expected = np.random.default_rng(5), BytesIO(), list[pa.RecordBatch]()
    named = Texts.of(["a", "b, c", "été"] * (WIDTH // 3) + ["a"])
    with Writer(file, SCHEMA) as writer:
        for days in (300, 1):
            what = Texts(named.distinct, np.tile(named.index, days)).dictionary()
            day = encode(SCHEMA.field(0), arrow(np.repeat(np.arange(days), WIDTH)), indexed=True, packed=False)
            label = encode(SCHEMA.field(1), what, indexed=True)
            for first in (0, 2**40):
                values = random.standard_normal(days * WIDTH)
                values[::7] = np.nan
                x = encode(SCHEMA.field(2), arrow(values), split=True)
                own = np.arange(first, first + days)
                writer.add([day.with_distinct(own), label, x])
                whole = [arrow(np.repeat(own, WIDTH)), what, arrow(values)]
                expected.append(pa.record_batch(whole, schema=SCHEMA))
    found = pq.read_table(BytesIO(file.getvalue()))
    assert found.schema.equals(SCHEMA)
    table = pa.Table.from_batches(expected)
    for name in ("day", "what"):
        assert found[name].to_pylist() == table[name].to_pylist()
    np.testing.assert_array_equal(found["x"].to_numpy(), table["x"].to_numpy())
    said, size = pq.read_metadata(BytesIO(file.getvalue())), len(file.getvalue())
    groups = [said.row_group(at) for at in range(said.num_row_groups)]
    assert [group.num_rows for group in groups] == [300 * WIDTH] * 2 + [WIDTH] * 2
    columns = [group.column(at) for group in groups for at in range(3)]
    assert sum(column.total_compressed_size for column in columns) + said.serialized_size + 12 == size
    assert all(column.total_uncompressed_size >= 8 for column in columns)


def test_a_file_that_failed_has_no_foot() -> None:
    file = BytesIO()
    with pytest.raises(OSError, match="full"), Writer(file, SCHEMA):
        raise OSError("the disk is full")
    with pytest.raises(pa.ArrowInvalid):
        pq.read_metadata(BytesIO(file.getvalue()))


def test_a_struct_is_written_as_it_was_read() -> None:
    """With fields far apart, long lists, and numbers of either sign."""
    inner: thrift.Struct = {1: (thrift.TRUE, None), 40: (thrift.I64, -(2**40)), 41: (thrift.DOUBLE, b"12345678")}
    struct: thrift.Struct = {
        1: (thrift.I32, 300),
        2: (thrift.LIST, (thrift.STRUCT, [inner] * 20)),
        3: (thrift.BINARY, "é".encode()),
        5: (thrift.LIST, (thrift.TRUE, [1, 2])),
        900: (thrift.BYTE, 7),
    }
    data = thrift.written(struct)
    assert thrift.read(data) == struct
    assert data.startswith(bytes([0x15, 0xD8, 0x04, 0x19, 0xFC, 20]))  # 1: i32, zigzag of 300; 2: list of 20 structs
    with pytest.raises(ValueError, match="type 11"):
        thrift.read(bytes([0x1B]))
