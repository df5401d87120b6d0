"""The parties of one replication, drawn from all sources before the clock starts: every column of their draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.model.arrays import FloatArray, IntArray
from sim.model.distributions import Deterministic
from sim.model.network import FORCED
from sim.model.parties import Parties
from sim.model.sources import STRETCH, Arrivals, Drawing, Slot, Source
from sim.model.streams import Streams

FEW = 2**14
"""Up to so many arrivals calls cost more than arithmetic: what programmes share is drawn in one call."""


def draw_parties(sources: tuple[Source, ...], horizon: float, seed: int, replication: int) -> Parties:
    """Draw the parties of one replication.

    Args:
        sources: in the order of the scenario.
        horizon: seconds; parties arrive in [0, horizon).
        seed: master seed.
        replication: number of the replication, from 0.
    """
    streams = Streams(seed, replication)
    return _merge(
        [
            block
            for source in sources
            for arrivals in source.arrivals(horizon, streams)
            for block in _blocks(source, arrivals, streams)
        ]
    )


@dataclass(frozen=True)
class _Block:
    """One layer's parties with their draws, before all are merged in order of arrival."""

    time: FloatArray
    klass: IntArray
    size: IntArray
    first_draw: IntArray
    draws: FloatArray
    initial: bool
    departs: FloatArray | None
    flight: IntArray | None
    traveller: IntArray | None
    name: str
    home: str
    until: FloatArray | None


def _blocks(source: Source, arrivals: Arrivals, streams: Streams) -> Iterator[_Block]:
    """The arrivals of a layer with their draws, stretch by stretch of candidates."""
    if arrivals.rows <= STRETCH or type(source).uniforms is not Source.uniforms:
        yield _block(source, arrivals, range(arrivals.rows), streams)
        return
    for begin in range(0, arrivals.rows, STRETCH):
        rows = range(begin, min(begin + STRETCH, arrivals.rows))
        first, last = np.searchsorted(arrivals.row, (rows.start, rows.stop))
        mine = slice(int(first), int(last))
        time, kind, size, row = arrivals.time[mine], arrivals.kind[mine], arrivals.size[mine], arrivals.row[mine]
        yield _block(source, Arrivals(time, kind, size, row, arrivals.rows, arrivals.prefix), rows, streams)


def _block(source: Source, arrivals: Arrivals, rows: range, streams: Streams) -> _Block:
    """Arrivals that are among the candidates `rows`, with their draws."""
    drawn = _Drawn(source, arrivals, rows, streams)
    parts: list[FloatArray] = []
    first = np.empty(arrivals.time.size, np.int64)
    klass = np.empty(arrivals.time.size, np.int64)
    used = 0
    for index, programme in enumerate(source.programmes):
        mine = np.flatnonzero(arrivals.kind == index)
        if not mine.size:
            continue
        klass[mine] = programme.klass
        width = len(programme.slots)
        table = np.empty((mine.size, width))
        for column, slot in enumerate(programme.slots):
            seldom = programme.seldom.get(column)
            if seldom is None:
                table[:, column] = drawn.among(index, column, slot, mine)
            else:
                mark = drawn.column(programme.slots[seldom.mark], mine)
                needed = np.flatnonzero((mark < seldom.below) | (mark >= FORCED))
                table[:, column] = np.nan
                table[needed, column] = drawn.column(slot, mine[needed])
        first[mine] = np.arange(used, used + table.size, width) if width else used
        used += table.size
        parts.append(table.ravel())
    draws = np.concatenate(parts) if parts else np.empty(0)
    boards = arrivals.departs, arrivals.flight, arrivals.traveller
    after = source.name, arrivals.home, arrivals.until
    return _Block(arrivals.time, klass, arrivals.size, first, draws, source.initial, *boards, *after)


class _Drawn:
    """The columns of arrivals that are among the candidates `rows` of a layer."""

    def __init__(self, source: Source, arrivals: Arrivals, rows: range, streams: Streams) -> None:
        self.source, self.arrivals, self.rows, self.streams = source, arrivals, rows, streams
        self.uniforms: dict[str, FloatArray] = {}
        self.shared = source.shared if arrivals.time.size <= FEW else {}
        self.columns: dict[int, FloatArray] = {}

    def among(self, programme: int, column: int, slot: Slot, mine: IntArray) -> FloatArray:
        """Values of a column of a programme for its arrivals; one that other programmes share is made once for all."""
        users = self.shared.get((programme, column))
        if users is None:
            return self.column(slot, mine)
        if id(users) not in self.columns:
            everybody = np.flatnonzero(users[self.arrivals.kind])
            values = np.empty(self.arrivals.time.size)
            values[everybody] = self.column(slot, everybody)
            self.columns[id(users)] = values
        return self.columns[id(users)][mine]

    def uniform(self, role: str, rows: IntArray) -> FloatArray:
        """Uniforms of candidates, told by their numbers in the layer."""
        if role not in self.uniforms:
            self.uniforms[role] = self.source.uniforms(self.arrivals.prefix, role, self.rows, self.streams)
        return self.uniforms[role][rows - self.rows.start if self.rows.start else rows]

    def column(self, slot: Slot, mine: IntArray) -> FloatArray:
        """Values of one slot for some of the arrivals, told by their positions."""
        rows = self.arrivals.row[mine]
        if slot.derived is not None:
            time = self.arrivals.time[mine]
            return slot.derived.column(Drawing(time, lambda role: self.uniform(role, rows), self.streams.once))
        if isinstance(slot.distribution, Deterministic):
            values = np.full(rows.size, slot.distribution.value)
        else:
            values = self.uniform(slot.role, rows)
            if slot.distribution is not None:
                values = slot.distribution.quantile(values)
        given = self.source.given.get(slot.given)
        if given is not None:
            values = np.where(np.isnan(given[rows]), values, given[rows])
        return values


def _merge(blocks: list[_Block]) -> Parties:
    """All parties in order of time, then source, then index: a stable sort of the sources laid end to end."""
    time = _end_to_end([block.time for block in blocks], np.float64)
    in_order = bool(np.all(time[1:] >= time[:-1]))
    order = slice(None) if in_order else np.argsort(time, kind="stable")
    offsets = np.cumsum([0, *(block.draws.size for block in blocks)])

    def gather(arrays: list[IntArray]) -> IntArray:
        return _end_to_end(arrays, np.int64)[order]

    departs, flight = None, None
    if any(block.departs is not None for block in blocks):
        none = [np.full(block.time.size, np.nan) for block in blocks]
        given = [n if block.departs is None else block.departs for n, block in zip(none, blocks, strict=True)]
        departs = np.concatenate(given)[order]
        flight = gather([_or_none(block, block.flight) for block in blocks])
    traveller = None
    if any(block.traveller is not None for block in blocks):
        traveller = gather([_or_none(block, block.traveller) for block in blocks])
    follows, until = _forerunners(blocks, order)
    return Parties(
        time=time[order],
        klass=gather([block.klass for block in blocks]),
        size=gather([block.size for block in blocks]),
        first_draw=gather([block.first_draw + offset for block, offset in zip(blocks, offsets, strict=False)]),
        draws=_end_to_end([block.draws for block in blocks], np.float64),
        initial=_end_to_end([np.full(block.time.size, block.initial) for block in blocks], np.bool_)[order],
        departs=departs,
        flight=flight,
        traveller=traveller,
        follows=follows,
        until=until,
    )


def _end_to_end(arrays: list[npt.NDArray[Any]], kind: type[np.generic]) -> npt.NDArray[Any]:
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate(arrays) if arrays else np.empty(0, kind)


def _forerunners(blocks: list[_Block], order: IntArray | slice) -> tuple[IntArray | None, FloatArray | None]:
    """Whom each party comes after and until when, in order of arrival; None where nobody comes after anybody."""
    if not any(block.home for block in blocks):
        return None, None
    begins = np.cumsum([0, *(block.time.size for block in blocks)])
    count = int(begins[-1])
    place, follows, until = np.empty(count, np.int64), np.full(count, -1), np.full(count, np.inf)
    place[order] = np.arange(count)
    for begin, block in zip(begins, blocks, strict=False):
        if block.until is None or block.traveller is None or not block.time.size:
            continue
        there = next(number for number, other in enumerate(blocks) if other.name == block.home)
        travellers = blocks[there].traveller
        assert travellers is not None
        known = np.full(1 + max(travellers.max(initial=-1), block.traveller.max()), -1)
        known[travellers] = place[begins[there] : begins[there + 1]]
        mine = slice(begin, begin + block.time.size)
        follows[mine], until[mine] = known[block.traveller], block.until
    return follows[order], until[order]


def _or_none(block: _Block, numbers: IntArray | None) -> IntArray:
    return np.full(block.time.size, -1) if numbers is None else numbers
