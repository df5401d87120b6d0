"""The parties of one replication, drawn from all sources before the clock starts: every column of their draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from sim.model.arrays import BoolArray, FloatArray, IntArray
from sim.model.distributions import Deterministic, gamma_shape
from sim.model.network import FORCED
from sim.model.parties import Parties
from sim.model.sources import Arrivals, Drawing, Slot, Source
from sim.model.special import special
from sim.model.streams import Streams

FEW = 2**14
"""Up to so many arrivals calls cost more than arithmetic: what programmes share is drawn in one call."""
MANY = 2**17
"""Parties from which room is made for as many as are expected."""

SPARSE = 0.25
"""Where fewer than this share of arrivals need a quantity, it is not made for all of them."""

Kind = TypeVar("Kind", np.float64, np.int64, np.bool_)


def draw_parties(
    sources: tuple[Source, ...], horizon: float, seed: int, replication: int, kind: type[Streams] = Streams
) -> Parties:
    """Draw the parties of one replication.

    Args:
        sources: in the order of the scenario.
        horizon: seconds; parties arrive in [0, horizon).
        seed: master seed.
        replication: number of the replication, from 0.
        kind: who draws the numbers; they do not depend on it.
    """
    streams = kind(seed, replication)
    table = _Table(lambda: sum(source.expected(horizon) for source in sources))
    blocks = [
        table.append(source, arrivals, streams) for source in sources for arrivals in source.arrivals(horizon, streams)
    ]
    return table.in_order(blocks)


@dataclass(frozen=True)
class _Block:
    """What is seldom asked about a stretch of arrivals, of which `_Table` holds the rest."""

    rows: slice
    """Where they stand in the table."""
    departs: FloatArray | None
    flight: IntArray | None
    traveller: IntArray | None
    name: str
    home: str
    until: FloatArray | None


class _Column(Generic[Kind]):
    """An array in parts, joined at the end. Many have room made for what is to come, so that it is never held twice.

    Room that is never written to takes no memory.
    """

    def __init__(self, kind: type[Kind], growth: Callable[[], float]) -> None:
        self.parts: list[npt.NDArray[Kind]] = []
        self.room: npt.NDArray[Kind] = np.empty(0, kind)
        self.used = 0
        self.growth = growth

    def append(self, values: npt.NDArray[Kind]) -> None:
        """Add entries."""
        begin, self.used = self.used, self.used + values.size
        if self.used <= self.room.size:
            self.room[begin : self.used] = values
            return
        if self.room.size:
            self.parts, self.room = [self.room[:begin]], self.room[:0]
        self.parts.append(values)
        growth = self.growth() if len(self.parts) > 1 else 0.0
        if growth:
            self.room = np.empty(int(self.used * growth), values.dtype)
            np.concatenate(self.parts, out=self.room[: self.used])
            self.parts = []

    def values(self) -> npt.NDArray[Kind]:
        """All entries."""
        if not self.parts:
            return self.room[: self.used]
        if len(self.parts) > 1:
            self.parts = [np.concatenate(self.parts)]
        return self.parts[0]

    def give(self, order: IntArray | None = None) -> npt.NDArray[Kind]:
        """All entries, in `order` where one is given; the column keeps nothing."""
        values = self.values()
        self.parts, self.room = [], self.room[:0].copy()
        return values if order is None else values[order]


class _Table:
    """The parties drawn so far, block after block."""

    def __init__(self, expected: Callable[[], float]) -> None:
        self.expected = expected
        self.time = _Column(np.float64, self._growth)
        self.klass = _Column(np.int64, self._growth)
        self.size = _Column(np.int64, self._growth)
        self.first_draw = _Column(np.int64, self._growth)
        self.draws = _Column(np.float64, self._growth)
        self.initial = _Column(np.bool_, self._growth)

    def _growth(self) -> float:
        """How many times as long a column is to become; 0 while parties are few, whose parts are soon joined."""
        parties = self.time.used
        return 0.0 if parties < MANY else max(1.02 * self.expected() / parties, 1.25)

    def append(self, source: Source, arrivals: Arrivals, streams: Streams) -> _Block:
        """Add arrivals of a source with their draws."""
        klass, first, draws = _drawn(source, arrivals, streams)
        begin, count = self.time.used, arrivals.time.size
        first += self.draws.used
        self.time.append(arrivals.time)
        self.klass.append(klass)
        self.size.append(arrivals.size)
        self.first_draw.append(first)
        self.draws.append(draws)
        self.initial.append(np.full(count, source.initial))
        boards = arrivals.departs, arrivals.flight, arrivals.traveller
        return _Block(slice(begin, begin + count), *boards, source.name, arrivals.home, arrivals.until)

    def in_order(self, blocks: list[_Block]) -> Parties:
        """All parties in order of time, then source, then index: a stable sort of the sources laid end to end."""
        count, order = self.time.used, self._order()
        follows, until = _forerunners(blocks, count, order)
        return Parties(
            time=self.time.give(order),
            klass=self.klass.give(order),
            size=self.size.give(order),
            first_draw=self.first_draw.give(order),
            draws=self.draws.give(),
            initial=self.initial.give(order),
            departs=_where_any([(block.rows, block.departs) for block in blocks], count, np.nan, order),
            flight=_where_any([(block.rows, block.flight) for block in blocks], count, -1, order),
            traveller=_where_any([(block.rows, block.traveller) for block in blocks], count, -1, order),
            follows=follows,
            until=until,
        )

    def _order(self) -> IntArray | None:
        """None where they are in order already."""
        time = self.time.values()
        return None if np.all(time[1:] >= time[:-1]) else np.argsort(time, kind="stable")


def _drawn(source: Source, arrivals: Arrivals, streams: Streams) -> tuple[IntArray, IntArray, FloatArray]:
    """Class of each arrival, where its draws begin, and the draws: a table for each programme, one after the other."""
    drawn = _Drawn(source, arrivals, streams)
    whose = [np.flatnonzero(arrivals.kind == index) for index in range(len(source.programmes))]
    draws = np.empty(sum(mine.size * len(p.slots) for mine, p in zip(whose, source.programmes, strict=True)))
    first = np.empty(arrivals.time.size, np.int64)
    klass = np.empty(arrivals.time.size, np.int64)
    used = 0
    for index, (programme, mine) in enumerate(zip(source.programmes, whose, strict=True)):
        if not mine.size:
            continue
        klass[mine] = programme.klass
        width = len(programme.slots)
        end = used + mine.size * width
        table = draws[used:end].reshape(mine.size, width)
        for column, slot in enumerate(programme.slots):
            seldom = programme.seldom.get(column)
            if seldom is None:
                table[:, column] = drawn.among(index, column, slot, mine)
            else:
                mark = drawn.among(index, seldom.mark, programme.slots[seldom.mark], mine)
                needed = np.flatnonzero((mark < seldom.below) | (mark >= FORCED))
                table[:, column] = np.nan
                table[needed, column] = drawn.column(slot, mine[needed])
        first[mine] = np.arange(used, end, width) if width else used
        used = end
    return klass, first, draws


class _Drawn:
    """The columns of arrivals."""

    def __init__(self, source: Source, arrivals: Arrivals, streams: Streams) -> None:
        self.source, self.arrivals, self.streams = source, arrivals, streams
        self.uniforms: dict[str, FloatArray] = {}
        self.shared = source.shared if arrivals.time.size <= FEW else {}
        self.normals: dict[str, FloatArray] = {}
        self.columns: dict[int, FloatArray] = {}

    def among(self, programme: int, column: int, slot: Slot, mine: IntArray) -> FloatArray:
        """Values of a column of a programme for its arrivals; one that other programmes share is made once for all."""
        users = self.shared.get((programme, column))
        if users is None:
            return self.column(slot, mine)
        if id(users) not in self.columns:
            self.columns[id(users)] = self._of_users(users, slot)
        return self.columns[id(users)][mine]

    def _of_users(self, users: BoolArray, slot: Slot) -> FloatArray:
        """Values of a slot for all arrivals of the programmes that have it; anything for the others."""
        if users.all():
            return self.column(slot, np.arange(self.arrivals.time.size))
        everybody = np.flatnonzero(users[self.arrivals.kind])
        values = np.empty(self.arrivals.time.size)
        values[everybody] = self.column(slot, everybody)
        return values

    def uniform(self, role: str, mine: IntArray) -> FloatArray:
        """Uniforms of a role for some of the arrivals, told by their positions."""
        if role not in self.uniforms:
            rows = self.arrivals.row
            if self.streams.anywhere and mine.size < SPARSE * rows.size:
                return self.source.uniforms(self.arrivals.prefix, role, rows[mine], self.streams)
            self.uniforms[role] = self.source.uniforms(self.arrivals.prefix, role, rows, self.streams)
        return self.uniforms[role][mine]

    def normal(self, role: str, mine: IntArray) -> FloatArray:
        """Their normal quantiles, the dearest part of a gamma quantile: made once for lanes with times of their own."""
        if role not in self.normals:
            uniforms = self.uniform(role, mine)
            if role not in self.uniforms or mine.size < SPARSE * self.arrivals.time.size:
                return special.ndtri(uniforms)
            self.normals[role] = special.ndtri(self.uniforms[role])
        return self.normals[role][mine]

    def column(self, slot: Slot, mine: IntArray) -> FloatArray:
        """Values of one slot for some of the arrivals, told by their positions."""
        if slot.derived is not None:
            time = self.arrivals.time[mine]
            return slot.derived.column(Drawing(time, lambda role: self.uniform(role, mine), self.streams.once))
        values = self._drawn(slot, mine)
        given = self.source.given.get(slot.given)
        if given is not None:
            stated = given[self.arrivals.row[mine]]
            values = np.where(np.isnan(stated), values, stated)
        return values

    def _drawn(self, slot: Slot, mine: IntArray) -> FloatArray:
        """The same where nothing is given."""
        distribution = slot.distribution
        if distribution is None:
            return self.uniform(slot.role, mine)
        if isinstance(distribution, Deterministic):
            return np.full(mine.size, distribution.value)
        shape = gamma_shape(distribution)
        if shape is None:
            return distribution.quantile(self.uniform(slot.role, mine))
        return self.streams.gamma(self.normal(slot.role, mine), shape) * (distribution.mean() / shape)


def _where_any(
    parts: list[tuple[slice, npt.NDArray[Kind] | None]], count: int, none: float, order: IntArray | None
) -> npt.NDArray[Kind] | None:
    """A column that few sources have, in order; `none` where there is nothing to say, None where there never is."""
    stated = [(rows, values) for rows, values in parts if values is not None]
    if not stated:
        return None
    column = np.full(count, none, stated[0][1].dtype)
    for rows, values in stated:
        column[rows] = values
    return column if order is None else column[order]


def _forerunners(blocks: list[_Block], count: int, order: IntArray | None) -> tuple[IntArray | None, FloatArray | None]:
    """Whom each party comes after and until when, in order of arrival; None where nobody comes after anybody."""
    if not any(block.home for block in blocks):
        return None, None
    place, follows, until = np.empty(count, np.int64), np.full(count, -1), np.full(count, np.inf)
    order = np.arange(count) if order is None else order
    place[order] = np.arange(count)
    for block in blocks:
        if block.until is None or block.traveller is None or not block.traveller.size:
            continue
        there = next(other for other in blocks if other.name == block.home)
        travellers = there.traveller
        assert travellers is not None
        known = np.full(1 + max(travellers.max(initial=-1), block.traveller.max()), -1)
        known[travellers] = place[there.rows]
        follows[block.rows], until[block.rows] = known[block.traveller], block.until
    return follows[order], until[order]
