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
from sim.study.cells import BOOTH_KINDS, Cells
from sim.study.layout import Layout
from sim.study.quantiles import SHARES
from sim.study.spells import away_rows
from sim.study.staffing import Calendar
from sim.study.survival import GRID_MINUTES
from sim.study.tallies import SUMS

Int32Array = npt.NDArray[np.int32]
"""What there may be millions of, at half the memory."""
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
    opens: float
    """The first edge and the last, so that they need not be read again after every number written."""
    horizon: float
    bins_per_second: float
    standard_begin: IntArray
    """(n_facilities + 1,): where the steps of each facility's wait standard begin; none where nothing is promised."""
    standard_time: FloatArray
    standard_value: FloatArray
    queue_columns: IntArray
    """(maps, n_cells): as in `Cells` but for columns that have a `same_line`; -1 from where there are no more."""
    same_line: IntArray
    """(n_columns,): the column counted for the same cells; itself where there is none before it."""
    grid: FloatArray
    """Of `sim.study.survival`, in seconds."""
    grid_from: IntArray
    """By whole minutes of a wait, the first place of the grid at or after them."""
    begin: IntArray
    """(n_owners + 1,): first cell of each owner."""
    of_facility: IntArray
    """(n_cells,): `Cells.facility_cell`."""
    facilities: int
    """How many there are, as of the following."""
    stations: int
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
    full_time: FloatArray
    full_station: IntArray
    full_state: IntArray
    visits: int
    """How many there are, as of the following."""
    turned_away: int
    parties: int
    full: int


class Log(NamedTuple):
    """The staffing log of every pool."""

    begin: IntArray
    """(n_pools + 1,): rows of each pool below."""
    since: FloatArray
    open: IntArray
    """How many servers are open from `since` on."""
    has_overtime: FloatArray
    """(n_pools,): above 0 where some booth was occupied when it had closed."""
    pools: int


WAITING, BUSY, BLOCKED, ROAD = range(4)
STATES = 4
"""What visits do, in the first dimension of what stretches of time add up to; ROAD is waiting, times metres."""


class Found(NamedTuple):
    """What is taken from the records."""

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
    seconds: FloatArray
    """(STATES, n_cells)"""
    begins: FloatArray
    """(STATES, n_cells, 2, n_bins + 1): rest of the bin, and weight, of the stretches that begin in it."""
    stops: FloatArray
    """The same of those that end in it."""
    in_bins: FloatArray
    """(STATES, n_cells, n_bins): seconds in each bin, times weight."""
    parties: FloatArray
    """(n_bins, n_columns): longest line, as the following."""
    metres: FloatArray
    waits: FloatArray
    """(SHARES, n_columns): quantiles."""
    waits_in_bins: FloatArray
    """(SHARES, n_columns, n_bins)"""
    survival: FloatArray
    """(groups, len(grid)): as in `sim.study.survival`."""
    p95: FloatArray
    """(n_columns,): of the time in system."""
    overtime: FloatArray
    """(n_pools, n_bins)"""
    full: FloatArray
    """(n_stations, n_bins): share of the time without room."""


class Waits(NamedTuple):
    """Waits that are not 0, cell by cell with room left between."""

    seconds: FloatArray
    bin: Int32Array
    end: IntArray
    """(n_cells,): one past the last so far."""


class High(NamedTuple):
    """Times in system that may be among the highest, cell by cell with room left between."""

    above: FloatArray
    """(n_cells,): those up to here are left out; 0 where none is but those of 0."""
    seconds: FloatArray
    end: IntArray
    """(n_cells,): one past the last so far."""


class Line(NamedTuple):
    """When visits waited, one after another in the order of the records."""

    start: FloatArray
    end: FloatArray
    cell: Int32Array
    metres: FloatArray
    """Of road it takes; empty where none takes any."""


class Late(NamedTuple):
    """Visits that may have occupied a booth after it closed, and how many they are."""

    row: Int32Array
    piece: IntArray
    """(n_pools,): row of the log in which the last visit began."""


def network_of(layout: Layout) -> Network:
    """The tables of a layout."""
    cells, network = layout.cells, layout.network
    stations = network.stations
    steps = [s if isinstance(s, Steps) else Steps((), ()) for s in layout.standards]
    queue_columns, same_line = _queue_columns(cells)
    grid = np.array(GRID_MINUTES) * 60.0
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
        opens=float(layout.edges[0]),
        horizon=float(layout.edges[-1]),
        bins_per_second=1.0 / layout.bin_length,
        standard_begin=np.cumsum([0, *(len(s.times) for s in steps)]).astype(np.int64),
        standard_time=np.array([time for s in steps for time in s.times], np.float64),
        standard_value=np.array([value for s in steps for value in s.values], np.float64),
        queue_columns=queue_columns,
        same_line=same_line,
        grid=grid,
        grid_from=np.searchsorted(grid, np.arange(GRID_MINUTES[-1] + 1) * 60.0),
        begin=np.asarray(cells.begin, np.int64),
        of_facility=np.asarray(cells.facility_cell, np.int64),
        facilities=len(network.facilities),
        stations=len(stations),
        classes=len(network.classes),
        outcomes=len(network.outcomes),
        cells=cells.n_cells,
        bins=len(layout.edges) - 1,
        first_bin=int(layout.network.warm_up / layout.bin_length),
        maps=len(cells.queue_columns),
        takes_road=cells.takes_road,
    )


def _queue_columns(cells: Cells) -> tuple[IntArray, IntArray]:
    """`Network.queue_columns` and `Network.same_line`: a line that always is another one is counted only once."""
    maps = np.array([np.asarray(columns) for columns in cells.queue_columns], np.int64)
    members: dict[int, list[int]] = {}
    for cell in range(cells.n_cells):
        for column in dict.fromkeys(maps[:, cell].tolist()):
            members.setdefault(column, []).append(cell)
    same, first = np.arange(cells.n_columns), dict[tuple[int, ...], int]()
    for column in sorted(set(members) - {-1}):
        same[column] = first.setdefault(tuple(members[column]), column)
    counted = np.where((maps >= 0) & (same[maps] == maps), maps, -1)
    return -np.sort(-counted, axis=0), same


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
        full_time=np.ascontiguousarray(records.full_time),
        full_station=np.ascontiguousarray(records.full_station),
        full_state=np.ascontiguousarray(records.full_state),
        visits=len(records.party),
        turned_away=len(away),
        parties=len(parties.time),
        full=len(records.full_time),
    )


def log_of(calendar: Calendar, records: Records) -> Log:
    """The staffing log of one replication."""
    return Log(*calendar.one_after_another, records.overtime, len(records.overtime))


def new_found(layout: Layout) -> Found:
    """Nothing added up yet."""
    cells, bins = layout.cells, len(layout.edges) - 1
    n, columns, width = cells.n_cells, cells.n_columns, bins + 1
    zeros, empty, groups = np.zeros, np.empty, int(cells.begin[len(layout.standards)]) + len(layout.standards)
    return Found(
        sums=zeros((n, len(SUMS), bins)),
        outcomes=zeros((n, len(layout.network.outcomes), bins)),
        left=zeros((n, bins)),
        by_start=zeros((n, 2, bins)),
        system=zeros((n, 2)),
        seconds=zeros((STATES, n)),
        begins=zeros((STATES, n, 2, width)),
        stops=zeros((STATES, n, 2, width)),
        in_bins=empty((STATES, n, bins)),
        parties=zeros((bins, columns)),
        metres=zeros((bins, columns)) if cells.takes_road else empty((0, 0)),
        waits=empty((len(SHARES), columns)),
        waits_in_bins=empty((len(SHARES), columns, bins)),
        survival=empty((groups, len(GRID_MINUTES))),
        p95=empty(columns),
        overtime=zeros((len(layout.network.pools), bins)),
        full=zeros((len(layout.network.stations), bins)),
    )
