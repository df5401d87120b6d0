"""What compiled loops read and write, as named tuples of arrays: they see no objects.

Inside compiled code the same tuples hold pointers to the first elements (`pointed`): arrays are counted references,
and that counting would take more time than the work. So tables of two or more dimensions are indexed there as if flat.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.engine.records import Records
from sim.model import network as model
from sim.model.arrays import FloatArray, IntArray
from sim.model.network import ENGINE_OUTCOMES, NEVER, StationKind, Steps
from sim.model.parties import Parties
from sim.study.cells import BOOTH_KINDS
from sim.study.layout import Layout
from sim.study.spells import away_rows

ByteArray = npt.NDArray[np.uint8]
"""Truths: the compiler's own are of another size in memory than numpy's."""


class Network(NamedTuple):
    """A layout's network."""

    cell: IntArray
    """(n_owners, n_classes): as in `Cells`; owners are facilities, then stations."""
    home: IntArray
    """(n_classes,): facility a class comes to."""
    facility: IntArray
    """Per station, as all of the following."""
    kind: IntArray
    pool: IntArray
    """-1 where no booth or bay is occupied there."""
    travel: FloatArray
    on_the_way: ByteArray
    """Time spent there before primary is no wait."""
    road: FloatArray
    """(n_stations, n_classes): metres a waiting party takes."""
    good: ByteArray
    """By outcome + 2: served when it ends a stay. A visit that moved on (-1) was served as well."""
    edges: FloatArray
    """Of the bins, and infinity."""
    bins_per_second: float
    standard_begin: IntArray
    """(n_facilities + 1,): where the steps of each facility's wait standard begin; none where nothing is promised."""
    standard_time: FloatArray
    standard_value: FloatArray
    queue_columns: IntArray
    """(maps, n_cells): as in `Cells`."""
    owner: IntArray
    """(n_cells,)"""
    begin: IntArray
    """(n_owners + 1,): first cell of each owner."""
    facilities: int
    """How many there are, as of the following."""
    classes: int
    outcomes: int
    cells: int
    bins: int
    first_bin: int
    """Number of the first bin, counted from the start of the horizon."""
    maps: int
    takes_road: bool


class Visits(NamedTuple):
    """The records of a replication and the parties they are of."""

    party: IntArray
    station: IntArray
    joined: FloatArray
    started: FloatArray
    ended: FloatArray
    left: FloatArray
    booth: IntArray
    outcome: IntArray
    away: IntArray
    away_outcome: IntArray
    time: FloatArray
    klass: IntArray
    size: IntArray
    initial: ByteArray
    visits: int
    turned_away: int


class Spells(NamedTuple):
    """What spells leave behind: sums, and values to take quantiles of."""

    sums: FloatArray
    """(n_cells, SUMS, n_bins): as in `Tallies`."""
    outcomes: FloatArray
    """(n_cells, n_outcomes, n_bins)"""
    left: FloatArray
    """(n_cells, n_bins): served, by the bin of leaving."""
    by_start: FloatArray
    """(n_cells, 2, n_bins): minutes waited and spells, by the bin of beginning."""
    system: FloatArray
    """(n_cells, 2): seconds in system and spells that left."""
    counts: IntArray
    """How many waits, and times in system, were written below."""
    wait: FloatArray
    wait_cell: IntArray
    wait_bin: IntArray
    system_time: FloatArray
    system_cell: IntArray


class Stretches(NamedTuple):
    """Time in one state, of the visits (`sim.study.bins.Stretches`)."""

    seconds: FloatArray
    """(n_cells,)"""
    begins: FloatArray
    """(n_cells, 2, n_bins + 1): rest of the bin, and weight, of the stretches that begin in it."""
    stops: FloatArray
    """The same of those that end in it."""


class Line(NamedTuple):
    """When visits waited, one after another in the order of the records."""

    waits: IntArray
    """(1,): how many there are."""
    cell: IntArray
    start: FloatArray
    end: FloatArray
    begins: IntArray
    """Bin of the start."""
    within: IntArray
    """Last bin in which it was in line."""
    road: FloatArray
    """Metres it took."""


class Standing(NamedTuple):
    """Lines by column of `Cells`, in parties or metres."""

    most: FloatArray
    """(n_columns, n_bins): longest in each bin."""
    standing: FloatArray
    """(n_columns,): how long it is now."""
    reached: IntArray
    """(n_columns,): bin of the last change, -1 before the first."""


def network_of(layout: Layout) -> Network:
    """The tables of a layout."""
    cells, network = layout.cells, layout.network
    stations = network.stations
    steps = [s if isinstance(s, Steps) else Steps((), ()) for s in layout.standards]
    good = np.ones(len(network.outcomes) + 2, np.uint8)
    good[: len(ENGINE_OUTCOMES) + 2] = 0
    return Network(
        cell=np.ascontiguousarray(cells.cell, np.int64),
        home=np.array([party_class.facility for party_class in network.classes], np.int64),
        facility=np.array([s.facility for s in stations], np.int64),
        kind=np.array([s.kind for s in stations], np.int64),
        pool=np.array([s.pool if s.kind in BOOTH_KINDS else -1 for s in stations], np.int64),
        travel=np.array([s.travel for s in stations], np.float64),
        on_the_way=np.array(
            [s.kind in (StationKind.TOLL, StationKind.TRAVEL) or s.travel > 0.0 for s in stations], np.uint8
        ),
        road=np.ascontiguousarray(cells.road),
        good=good,
        edges=np.append(layout.edges, NEVER),
        bins_per_second=1.0 / layout.bin_length,
        standard_begin=np.cumsum([0, *(len(s.times) for s in steps)]).astype(np.int64),
        standard_time=np.array([time for s in steps for time in s.times], np.float64),
        standard_value=np.array([value for s in steps for value in s.values], np.float64),
        queue_columns=np.array([np.asarray(columns) for columns in cells.queue_columns], np.int64),
        owner=np.asarray(cells.owner_of_cell, np.int64),
        begin=np.asarray(cells.begin, np.int64),
        facilities=len(network.facilities),
        classes=len(network.classes),
        outcomes=len(network.outcomes),
        cells=cells.n_cells,
        bins=len(layout.edges) - 1,
        first_bin=int(layout.network.warm_up / layout.bin_length),
        maps=len(cells.queue_columns),
        takes_road=cells.takes_road,
    )


def visits_of(network: model.Network, parties: Parties, records: Records) -> Visits:
    """The arrays of one replication."""
    reals = (records.joined, records.started, records.ended, records.left)
    joined, started, ended, left = (np.ascontiguousarray(times) for times in reals)
    away = away_rows(network, records)
    return Visits(
        party=np.ascontiguousarray(records.party),
        station=np.ascontiguousarray(records.station),
        joined=joined,
        started=started,
        ended=ended,
        left=left,
        booth=np.ascontiguousarray(records.booth),
        outcome=np.ascontiguousarray(records.outcome),
        away=records.turned_away[away],
        away_outcome=records.turned_away_outcome[away],
        time=np.ascontiguousarray(parties.time),
        klass=np.ascontiguousarray(parties.klass),
        size=np.ascontiguousarray(parties.size),
        initial=np.ascontiguousarray(parties.initial).view(np.uint8),
        visits=len(records.party),
        turned_away=len(away),
    )


def new_spells(layout: Layout, visits: Visits, sums: int) -> Spells:
    """Empty, with room for every spell there can be."""
    cells, bins = layout.cells.n_cells, len(layout.edges) - 1
    room = 2 * len(visits.party) + len(visits.away)
    return Spells(
        sums=np.zeros((cells, sums, bins)),
        outcomes=np.zeros((cells, len(layout.network.outcomes), bins)),
        left=np.zeros((cells, bins)),
        by_start=np.zeros((cells, 2, bins)),
        system=np.zeros((cells, 2)),
        counts=np.zeros(2, np.int64),
        wait=np.empty(room),
        wait_cell=np.empty(room, np.int64),
        wait_bin=np.empty(room, np.int64),
        system_time=np.empty(room),
        system_cell=np.empty(room, np.int64),
    )


def new_stretches(layout: Layout) -> Stretches:
    """No time spent yet."""
    cells, width = layout.cells.n_cells, len(layout.edges)
    return Stretches(np.zeros(cells), np.zeros((cells, 2, width)), np.zeros((cells, 2, width)))


def new_line(visits: Visits) -> Line:
    """Room for a wait of every visit."""
    room = len(visits.party)
    return Line(
        np.zeros(1, np.int64),
        np.empty(room, np.int64),
        np.empty(room),
        np.empty(room),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room),
    )


def new_standing(layout: Layout) -> Standing:
    """Nobody in line."""
    columns, bins = layout.cells.n_columns, len(layout.edges) - 1
    return Standing(np.zeros((columns, bins)), np.zeros(columns), np.full(columns, -1, np.int64))
