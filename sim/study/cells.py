"""Which groups measures are taken over, as index tables made once for a network.

An *owner* is a facility or a station (facilities first, both in the order of the network). A *cell* is one class
label at one owner; the cells of an owner are neighbours. A *column* is a cell or, after all cells, an owner as a
whole (class `all`). Sums over parties are taken per cell once, and `Gather` adds cells up to columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sim.model.arrays import FloatArray, IntArray
from sim.model.network import Network, StationKind, Target

QUEUE_KINDS = (StationKind.ROAD, StationKind.TOLL, StationKind.LANE_GROUP)
"""Whose lines together are the queue of a facility; who is held for secondary waits in the primary booth."""
BOOTH_KINDS = (StationKind.LANE_GROUP, StationKind.SECONDARY, StationKind.TOLL)
"""Stations with officers in booths or bays."""

FEW_CELLS, FEW_COLUMNS = 7, 16
"""Rows of so many cells beside the first, in so many columns, are added one by one; eight numpy adds otherwise."""


@dataclass(frozen=True, eq=False)
class Gather:
    """Adds quantities of cells up to columns, always in the order of the cells."""

    members: IntArray
    """Cells of the columns that have any, column by column."""
    starts: IntArray
    """Where in `members` each of those columns begins."""
    columns: IntArray
    n_columns: int

    @classmethod
    def of(cls, members: list[list[int]]) -> Gather:
        """One list of cells per column; an empty one gives 0."""
        filled = [column for column, cells in enumerate(members) if cells]
        counts = np.array([0, *(len(members[column]) for column in filled)], dtype=np.int64)
        flat = np.array([cell for cells in members for cell in cells], dtype=np.int64)
        return cls(flat, np.cumsum(counts)[:-1], np.array(filled, dtype=np.int64), len(members))

    @cached_property
    def _parts(self) -> tuple[IntArray, IntArray, list[tuple[int, list[int]]], Gather | None]:
        """First cell of each column; columns without; those of a few and their other cells; those of more."""
        ends = np.append(self.starts, len(self.members)).tolist()
        first, empty = np.zeros(self.n_columns, np.int64), np.ones(self.n_columns, np.bool_)
        first[self.columns], empty[self.columns] = self.members[self.starts], False
        others = [(c, self.members[a + 1 : b].tolist()) for c, (a, b) in zip(self.columns, pairwise(ends), strict=True)]
        few = [(int(column), cells) for column, cells in others if 0 < len(cells) <= FEW_CELLS][:FEW_COLUMNS]
        done, rest = {column for column, _ in few}, list[list[int]]([] for _ in range(self.n_columns))
        for column, cells in others:
            if cells and column not in done:
                rest[column] = [int(first[column]), *cells]
        return first, np.flatnonzero(empty), few, Gather.of(rest) if any(rest) else None

    @cached_property
    def _fills_all(self) -> bool:
        """No column is without cells."""
        return len(self.columns) == self.n_columns > 0

    def __call__(self, per_cell: FloatArray | IntArray) -> FloatArray:
        """Array (n_cells, ...) to (n_columns, ...)."""
        if per_cell.ndim == 1 and self._fills_all:
            return np.add.reduceat(per_cell.take(self.members), self.starts, dtype=np.float64)
        if per_cell.ndim == 1 or not self.members.size:
            result = np.zeros((self.n_columns, *per_cell.shape[1:]))
            self._add(per_cell, result)
            return result
        # numpy adds up cells of many numbers each number by number; where there is little to add, rows are faster.
        first, empty, few, more = self._parts
        result = per_cell.take(first, axis=0).astype(np.float64, copy=False)
        if empty.size:
            result[empty] = 0.0
        for column, (second, *others) in few:
            rest = per_cell[second]
            for cell in others:
                rest = rest + per_cell[cell]
            result[column] += rest  # as `reduceat` does: the first, and to it what the others add up to
        if more is not None:
            more._add(per_cell, result)
        return result

    def _add(self, per_cell: FloatArray | IntArray, result: FloatArray) -> None:
        if self.starts.size:
            result[self.columns] = np.add.reduceat(per_cell[self.members], self.starts, axis=0)


@dataclass(frozen=True, eq=False)
class Cells:
    """The owners, cells and columns of a network."""

    network: Network
    labels: tuple[tuple[str, ...], ...]
    """Per owner, the class labels that can come there."""
    cell: IntArray
    """(n_owners, n_classes): cell of a class at an owner, -1 where it never comes."""
    begin: IntArray
    """(n_owners + 1,): first cell of each owner."""

    @classmethod
    def of(cls, network: Network) -> Cells:
        """Classes recur across facilities under one label; the classes of a label share a cell."""
        names = [party_class.name for party_class in network.classes]
        owners = [*_classes_of_facilities(network), *map(sorted, _classes_of_stations(network))]
        labels = tuple(tuple(dict.fromkeys(names[k] for k in classes)) for classes in owners)
        begin = np.cumsum([0, *(len(own) for own in labels)])
        cell = np.full((len(owners), len(names)), -1, dtype=np.int64)
        for owner, classes in enumerate(owners):
            for k in classes:
                cell[owner, k] = begin[owner] + labels[owner].index(names[k])
        return cls(network, labels, cell, begin)

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return int(self.begin[-1])

    @property
    def n_columns(self) -> int:
        """Cells and owners."""
        return self.n_cells + len(self.labels)

    @cached_property
    def index_type(self) -> type[np.int16] | type[np.int64]:
        """Smallest type for a column: numpy sorts 16-bit integers by radix, many times faster."""
        return np.int16 if self.n_columns < np.iinfo(np.int16).max else np.int64

    @cached_property
    def owner_of_cell(self) -> npt.NDArray[np.signedinteger]:
        """(n_cells,): the owner each cell belongs to, in the smallest type."""
        return np.repeat(np.arange(len(self.labels)), np.diff(self.begin)).astype(self.index_type)

    def station_owner(self, station: int) -> int:
        """Owner number of a station."""
        return len(self.network.facilities) + station

    def column_of(self, owner: int) -> int:
        """Column of an owner as a whole."""
        return self.n_cells + owner

    @cached_property
    def facility_cell(self) -> IntArray:
        """(n_cells,): for a cell of a station, the cell of the same label at its facility; else itself."""
        result = np.arange(self.n_cells)
        for index, station in enumerate(self.network.stations):
            owner = self.station_owner(index)
            here = self.labels[station.facility]
            for offset, label in enumerate(self.labels[owner]):
                result[self.begin[owner] + offset] = self.begin[station.facility] + here.index(label)
        return result

    def _cells_of(self, owner: int) -> range:
        return range(int(self.begin[owner]), int(self.begin[owner + 1]))

    @cached_property
    def own(self) -> Gather:
        """A cell stands for itself, an owner for its cells."""
        cells = [[cell] for cell in range(self.n_cells)]
        return Gather.of(cells + [list(self._cells_of(owner)) for owner in range(len(self.labels))])

    def over_stations(self, kinds: tuple[StationKind, ...]) -> Gather:
        """Stations stand for themselves; a facility for its stations of these kinds."""
        members: list[list[int]] = [[] for _ in range(self.n_columns)]
        for column, cells in self._memberships(kinds):
            members[column].append(cells)
        return Gather.of(members)

    def _memberships(self, kinds: tuple[StationKind, ...]) -> Iterator[tuple[int, int]]:
        """(column, cell of a station) pairs."""
        for index, station in enumerate(self.network.stations):
            owner = self.station_owner(index)
            for cell in self._cells_of(owner):
                yield cell, cell
                yield self.column_of(owner), cell
                if station.kind in kinds:
                    yield int(self.facility_cell[cell]), cell
                    yield self.column_of(station.facility), cell

    @cached_property
    def queues(self) -> Gather:
        """Lines: a facility's are those of its roads, tolls and lane groups."""
        return self.over_stations(QUEUE_KINDS)

    @cached_property
    def booths(self) -> Gather:
        """Booths and bays: a facility's are all it has."""
        return self.over_stations(BOOTH_KINDS)

    @cached_property
    def primary(self) -> Gather:
        """Booths of primary inspection alone, for the utilisation of a facility."""
        return self.over_stations((StationKind.LANE_GROUP,))

    @cached_property
    def road(self) -> FloatArray:
        """(n_stations, n_classes): metres of road a waiting party takes; a multiple of 1/1024: sums are exact."""
        lengths = np.array([party_class.length for party_class in self.network.classes])
        per_length = np.array([station.metres_per_length for station in self.network.stations])
        return np.asarray(np.rint(np.outer(per_length, lengths) * 1024.0) / 1024.0)

    @property
    def takes_road(self) -> bool:
        """Some station states how much road a party takes."""
        return any(station.metres_per_length > 0.0 for station in self.network.stations)

    @cached_property
    def queue_columns(self) -> tuple[npt.NDArray[np.signedinteger], ...]:
        """Four maps from a station's cell to a column its line counts for (-1 for none).

        The cell itself, the station, the class at the facility, the facility.
        """
        maps = np.full((4, self.n_cells), -1, dtype=self.index_type)
        for index, station in enumerate(self.network.stations):
            owner = self.station_owner(index)
            for cell in self._cells_of(owner):
                maps[:2, cell] = cell, self.column_of(owner)
                if station.kind in QUEUE_KINDS:
                    maps[2:, cell] = self.facility_cell[cell], self.column_of(station.facility)
        return tuple(maps)

    @cached_property
    def approaches(self) -> tuple[IntArray, IntArray]:
        """Columns of the facilities that have an `approach`, and which station each of those is."""
        found = [(self.column_of(f), self.approach(f)) for f in range(len(self.network.facilities))]
        columns, stations = np.array([pair for pair in found if pair[1] >= 0], dtype=np.int64).reshape(-1, 2).T
        return columns, stations

    def approach(self, facility: int) -> int:
        """The road farthest upstream with finite storage, whose spillback is the facility's; -1 for none."""
        stations = self.network.stations
        for index in reversed(self.network.downstream_first):
            station = stations[index]
            if station.facility == facility and station.kind is StationKind.ROAD and np.isfinite(station.storage):
                return index
        return -1

    def pools(self, owner: int) -> tuple[int, ...]:
        """Pools whose booths an owner's utilisation is over: a station's own, a facility's in primary."""
        facilities = len(self.network.facilities)
        stations = self.network.stations
        if owner >= facilities:
            mine = [stations[owner - facilities]]
        else:
            mine = [s for s in stations if s.facility == owner and s.kind is StationKind.LANE_GROUP]
        staffed = [s.pool for s in mine if s.kind in BOOTH_KINDS and s.pool >= 0]
        return tuple(dict.fromkeys(pool for pool in staffed if self.network.pools[pool].servers >= 0))

    @cached_property
    def pools_of_owners(self) -> Gather:
        """Adds quantities of pools up to owners; a pool shared by stations counts whole for each of them."""
        return Gather.of([list(self.pools(owner)) for owner in range(len(self.labels))])


def targets(network: Network, station: int, klass: int) -> tuple[Target, ...]:
    """Everywhere a class can go from a station by its route."""
    route = network.stations[station].classes[klass].route
    return () if route is None else (*(branch.target for branch in route.branches), route.otherwise)


def _classes_of_stations(network: Network) -> list[list[int]]:
    return [[k for k, rules in s.classes.items() if rules.route is not None] for s in network.stations]


def _classes_of_facilities(network: Network) -> list[list[int]]:
    """Classes at home at a facility and those that can come to one of its stations, in order of the network."""
    coming: list[set[int]] = [set() for _ in network.facilities]
    for k, party_class in enumerate(network.classes):
        coming[party_class.facility].add(k)
    for station, classes in zip(network.stations, _classes_of_stations(network), strict=True):
        coming[station.facility].update(classes)
    return [sorted(classes, key=lambda k: (network.classes[k].facility != f, k)) for f, classes in enumerate(coming)]
