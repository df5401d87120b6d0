"""A Parquet file put together of columns that were encoded apart: by several threads, and once where they are alike.

pyarrow writes the row groups of a file one after another, and every column of each anew. Here it encodes each column of
a row group as a small file of its own, of which only the foot is not used as it is: where things stand is said in the
foot of the whole. What its fields are called: https://github.com/apache/parquet-format (parquet.thrift).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from sim.study import thrift
from sim.study.store import Hashed

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"PAR1"
_ROW_GROUPS, _ALL_ROWS = 4, 3
"""Fields of the foot."""
_COLUMNS, _SIZE, _ROWS, _BEGINS, _PACKED_SIZE = 1, 2, 3, 5, 6
"""Fields of a row group."""
_FILE_OFFSET, _ABOUT = 2, 3
"""Fields of a column in a row group."""
_OF_COLUMN_SIZE, _OF_COLUMN_PACKED_SIZE, _DATA_BEGINS, _DISTINCT_BEGINS = 6, 7, 9, 11
"""Fields of what is said about it; the column begins where its distinct values do, if there are any apart."""


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a row group, encoded."""

    rows: int
    data: bytes | memoryview
    said: thrift.Struct
    """What the foot says of it, with places counted from the beginning of `data`."""

    def counted_from(self, begin: int) -> thrift.Struct:
        """What the foot says of it when it begins at this byte of the file."""
        said = copy.copy(self.said)
        said[_ABOUT] = thrift.STRUCT, _moved(said[_ABOUT][1], begin)
        return said

    def number(self, field: int) -> int:
        """A whole number among what is said of it."""
        return int(self.said[_ABOUT][1][field][1])

    def with_distinct(self, values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Column:
        """The same column with other distinct values, as many, of a column with `indexed` and not `packed`.

        The page of them stands first, and ends with the numbers as they are.
        """
        end = self.number(_DATA_BEGINS)
        before = bytes(self.data[: end - values.nbytes])
        return Column(self.rows, b"".join((before, values.astype("<i8").tobytes(), self.data[end:])), self.said)


def _moved(about: thrift.Struct, by: int) -> thrift.Struct:
    """What is said about a column, further into the file by so many bytes."""
    places = {
        field: (about[field][0], about[field][1] + by) for field in (_DATA_BEGINS, _DISTINCT_BEGINS) if field in about
    }
    return {**about, **places}


def encode(
    field: pa.Field, values: pa.Array, *, indexed: bool = False, split: bool = False, packed: bool = True
) -> Column:
    """Encode the values of one column of a row group.

    Args:
        field: name and type of the column.
        values: all of them.
        indexed: keep each distinct value once, however many there are.
        split: put first byte by first byte, second by second (byte stream split).
        packed: by LZ4.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, sink = pa.schema([field]), pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        schema,
        compression="lz4" if packed else "none",
        use_dictionary=indexed,
        use_byte_stream_split=split,
        write_statistics=False,  # nobody looks for rows by the least and largest of a column
        dictionary_pagesize_limit=2**30,
        store_schema=False,
    ) as writer:
        writer.write_batch(pa.record_batch([values], schema=schema), row_group_size=max(len(values), 1))
    file = memoryview(sink.getvalue())
    _, (group,) = _foot(file)[_ROW_GROUPS][1]
    _, (said,) = group[_COLUMNS][1]
    about = said[_ABOUT][1]
    begin = about[_DISTINCT_BEGINS if _DISTINCT_BEGINS in about else _DATA_BEGINS][1]
    size = about[_OF_COLUMN_PACKED_SIZE][1]
    found = {_FILE_OFFSET: (thrift.I64, 0), _ABOUT: (thrift.STRUCT, _moved(about, -begin))}
    return Column(len(values), file[begin : begin + size], found)


def _foot(file: memoryview) -> thrift.Struct:
    """What stands at the end of a Parquet file: itself, its length in 4 bytes, MAGIC."""
    length = int.from_bytes(file[-8:-4], "little")
    return thrift.read(bytes(file[-8 - length : -8]))


class Writer:
    """A Parquet file to which row groups are added; leaving its context writes its foot."""

    def __init__(self, file: BinaryIO | Hashed, schema: pa.Schema) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = pa.BufferOutputStream()
        with pq.ParquetWriter(sink, schema):
            pass  # no rows: the foot says all that is said of the file but its rows
        self._foot = _foot(memoryview(sink.getvalue()))
        self._file, self._groups, self._rows = file, list[thrift.Struct](), 0
        self._at = file.write(MAGIC)

    def add(self, columns: Sequence[Column]) -> None:
        """Write a row group, its columns as they stand in the schema."""
        begin, said = self._at, list[thrift.Struct]()
        for column in columns:
            said.append(column.counted_from(self._at))
            self._at += self._file.write(column.data)
        self._rows += columns[0].rows
        self._groups.append(
            {
                _COLUMNS: (thrift.LIST, (thrift.STRUCT, said)),
                _SIZE: (thrift.I64, sum(column.number(_OF_COLUMN_SIZE) for column in columns)),
                _ROWS: (thrift.I64, columns[0].rows),
                _BEGINS: (thrift.I64, begin),
                _PACKED_SIZE: (thrift.I64, self._at - begin),
            }
        )

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        groups = thrift.LIST, (thrift.STRUCT, self._groups)
        foot = thrift.written({**self._foot, _ALL_ROWS: (thrift.I64, self._rows), _ROW_GROUPS: groups})
        self._file.write(foot + len(foot).to_bytes(4, "little") + MAGIC)
