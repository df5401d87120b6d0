"""Thrift's compact protocol, in which the foot of a Parquet file is written: read as it stands, and written again.

Nothing here knows what the fields mean. The protocol:
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, _MAP, STRUCT = range(1, 13)
"""Types of fields. There are no maps in a Parquet file."""
Struct = dict[int, tuple[int, Any]]
"""Type and value of each field by its number. A list is (type of its items, items), a text is bytes."""


def read(data: bytes) -> Struct:
    """The struct that stands at the beginning of some bytes.

    Raises:
        ValueError: it holds a type that is not known here.
        IndexError: it is cut short.
    """
    return _Reader(data).struct()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self) -> int:
        """Seven bits a byte, the lowest first; the eighth says that more follow."""
        found = shift = 0
        while True:
            byte = self.byte()
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                return found
            shift += 7

    def whole(self) -> int:
        """A whole number of either sign (zigzag: 0, -1, 1, -2, ...)."""
        found = self.varint()
        return (found >> 1) ^ -(found & 1)

    def struct(self) -> Struct:
        fields: Struct = {}
        number = 0
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.whole()
            kind = head & 0x0F
            fields[number] = kind, None if kind in (TRUE, FALSE) else self.value(kind)
        return fields

    def list(self) -> tuple[int, list[Any]]:
        head = self.byte()
        kind, count = head & 0x0F, head >> 4
        if count == 15:
            count = self.varint()
        return kind, [self.value(kind) for _ in range(count)]

    def value(self, kind: int) -> Any:
        """A value that stands alone or in a list, where a truth takes a byte."""
        if kind in (TRUE, FALSE, BYTE):
            return self.byte()
        if kind in (I16, I32, I64):
            return self.whole()
        if kind == DOUBLE:
            return self.bytes(8)
        if kind == BINARY:
            return self.bytes(self.varint())
        if kind in (LIST, SET):
            return self.list()
        if kind == STRUCT:
            return self.struct()
        raise ValueError(f"type {kind} of thrift's compact protocol is not read here")


def written(struct: Struct) -> bytes:
    """A struct as `read` reads it."""
    into = bytearray()
    _put_struct(into, struct)
    return bytes(into)


def _put_struct(into: bytearray, struct: Struct) -> None:
    before = 0
    for number, (kind, value) in sorted(struct.items()):
        if 0 < number - before < 16:
            into.append(number - before << 4 | kind)
        else:
            into.append(kind)
            _put_whole(into, number)
        before = number
        if kind not in (TRUE, FALSE):
            _PUT[kind](into, value)
    into.append(0)


def _put_varint(into: bytearray, value: int) -> None:
    while value >= 0x80:
        into.append(value & 0x7F | 0x80)
        value >>= 7
    into.append(value)


def _put_whole(into: bytearray, value: int) -> None:
    _put_varint(into, value << 1 if value >= 0 else -(value << 1) - 1)


def _put_text(into: bytearray, value: bytes) -> None:
    _put_varint(into, len(value))
    into += value


def _put_list(into: bytearray, value: tuple[int, list[Any]]) -> None:
    kind, items = value
    into.append(min(len(items), 15) << 4 | kind)
    if len(items) >= 15:
        _put_varint(into, len(items))
    for item in items:
        _PUT[kind](into, item)


_PUT: dict[int, Callable[[bytearray, Any], None]] = {
    **dict.fromkeys((TRUE, FALSE, BYTE), bytearray.append),
    **dict.fromkeys((I16, I32, I64), _put_whole),
    DOUBLE: bytearray.extend,
    BINARY: _put_text,
    **dict.fromkeys((LIST, SET), _put_list),
    STRUCT: _put_struct,
}
"""How a value of each type is put at the end of what is written."""
