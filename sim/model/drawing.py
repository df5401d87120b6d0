"""The parties of one replication, drawn from all sources before the clock starts: every column of their draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sim.model.arrays import FloatArray, IntArray
from sim.model.distributions import Deterministic, gamma_shape
from sim.model.parties import Parties
from sim.model.sources import Arrivals, Drawing, Quantity, Slot, Source
from sim.model.special import special
from sim.model.streams import Streams

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
    return table.in_order(blocks, streams)


class _Block(NamedTuple):
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

    def in_order(self, blocks: list[_Block], streams: Streams) -> Parties:
        """All parties in order of time, then source, then index: a stable sort of the sources laid end to end."""
        count, order = self.time.used, self._order(streams)
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

    def _order(self, streams: Streams) -> IntArray | None:
        """None where they are in order already."""
        time = self.time.values()
        return None if streams.ascend(time) else np.argsort(time, kind="stable")


def _drawn(source: Source, arrivals: Arrivals, streams: Streams) -> tuple[IntArray, IntArray, FloatArray]:
    """Class of each arrival, where its draws begin, and the draws: a table for each programme, one after the other."""
    first, count = streams.begins(arrivals.kind, source.widths)
    drawn = _Drawn(source, arrivals, streams, first, np.full(count, np.nan))
    for quantity in source.quantities:
        drawn.make(quantity)
    return source.classes[arrivals.kind], first, drawn.draws


class _Drawn:
    """The draws of arrivals; for those told by their positions, or for all where these are None."""

    def __init__(
        self, source: Source, arrivals: Arrivals, streams: Streams, first: IntArray, draws: FloatArray
    ) -> None:
        self.source, self.arrivals, self.streams = source, arrivals, streams
        self.first, self.draws = first, draws
        self.uniforms: dict[str, FloatArray] = {}
        self.normals: dict[str, FloatArray] = {}
        self.positions: dict[tuple[int, ...], IntArray] = {}

    def make(self, quantity: Quantity) -> None:
        """Put a quantity where it belongs among the draws."""
        kind, columns = self.arrivals.kind, quantity.columns
        if quantity.is_seldom:
            mine = self.streams.marked(self.draws, self.first, kind, quantity.marks, quantity.below)
        elif quantity.of_all:
            self.streams.put(self.draws, self.first, kind, columns, self.column(quantity.slot, None))
            return
        else:
            mine = self._of(quantity.programmes)
        if mine.size:
            self.streams.put(self.draws, self.first, kind, columns, self.column(quantity.slot, mine), mine)

    def _of(self, programmes: tuple[int, ...]) -> IntArray:
        """Positions of the arrivals of some programmes."""
        if programmes not in self.positions:
            kind = self.arrivals.kind
            if len(programmes) == 1:
                self.positions[programmes] = np.flatnonzero(kind == programmes[0])
            else:
                users = np.zeros(len(self.source.programmes), np.bool_)
                users[list(programmes)] = True
                self.positions[programmes] = np.flatnonzero(users[kind])
        return self.positions[programmes]

    def uniform(self, role: str, mine: IntArray | None) -> FloatArray:
        """Uniforms of a role."""
        if role not in self.uniforms:
            rows = self.arrivals.row
            if mine is not None and self.streams.anywhere and mine.size < SPARSE * rows.size:
                return self.source.uniforms(self.arrivals.prefix, role, rows[mine], self.streams)
            self.uniforms[role] = self.source.uniforms(self.arrivals.prefix, role, rows, self.streams)
        return self.uniforms[role] if mine is None else self.uniforms[role][mine]

    def normal(self, role: str, mine: IntArray | None) -> FloatArray:
        """Their normal quantiles, the dearest part of a gamma quantile: made once for lanes with times of their own."""
        if role not in self.normals:
            uniforms = self.uniform(role, mine)
            if mine is not None and (role not in self.uniforms or mine.size < SPARSE * self.arrivals.time.size):
                return special.ndtri(uniforms)
            self.normals[role] = special.ndtri(self.uniforms[role])
        return self.normals[role].copy() if mine is None else self.normals[role][mine]

    def column(self, slot: Slot, mine: IntArray | None) -> FloatArray:
        """Values of one slot."""
        if slot.derived is not None:
            time = self.arrivals.time if mine is None else self.arrivals.time[mine]
            return slot.derived.column(Drawing(time, lambda role: self.uniform(role, mine), self.streams.once))
        values = self._drawn(slot, mine)
        given = self.source.given.get(slot.given)
        if given is not None:
            stated = given[self.arrivals.row if mine is None else self.arrivals.row[mine]]
            values = np.where(np.isnan(stated), values, stated)
        return values

    def _drawn(self, slot: Slot, mine: IntArray | None) -> FloatArray:
        """The same where nothing is given."""
        distribution = slot.distribution
        if distribution is None:
            return self.uniform(slot.role, mine)
        if isinstance(distribution, Deterministic):
            return np.full(self.arrivals.time.size if mine is None else mine.size, distribution.value)
        shape = gamma_shape(distribution)
        if shape is None:
            return distribution.quantile(self.uniform(slot.role, mine))
        values = self.streams.gamma(self.normal(slot.role, mine), shape)
        values *= distribution.mean() / shape
        return values


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
