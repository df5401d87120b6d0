"""What the records say of each party at each facility and station, as flat arrays.

A *stay* is a party at a facility, from its first join there to leaving; a *visit* is a party at a station. Both are
*spells*: they join, may begin service, and end somehow, so they share one table and every measure is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from sim.engine.records import INSIDE, MOVED_ON, Records
from sim.errors import SimulationError
from sim.model.arrays import BoolArray, FloatArray, IntArray
from sim.model.network import DIVERTED, ENGINE_OUTCOMES, Network, StationKind
from sim.model.parties import Parties
from sim.study.cells import BOOTH_KINDS, Cells


@dataclass(frozen=True, eq=False)
class Spells:
    """One row per spell, sorted by cell; times in seconds, NaN where the thing never happened."""

    cell: IntArray
    joined: FloatArray
    begun: FloatArray
    """Start of primary (stay), of service (visit), or of leaving a road for the next station."""
    wait: FloatArray
    """Seconds waited by those who began."""
    in_system: FloatArray
    """From joining to leaving."""
    size: IntArray
    outcome: IntArray
    """Of the network, or MOVED_ON, or INSIDE."""
    referred: BoolArray
    """Went to secondary: at any time of the stay, or straight from this visit."""

    def followed_by(self, other: Spells) -> Spells:
        """Both tables, one under the other."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return Spells(**{name: np.concatenate(pair) for name, pair in pairs.items()})

    @classmethod
    def sorted(cls, cells: Cells, tables: Sequence[tuple[Spells, BoolArray]]) -> Spells:
        """Of each table the rows its mask keeps, by cell; the cells of a table lie before those of the next."""
        rows = []
        for table, kept in tables:
            row = np.flatnonzero(kept)
            rows.append(row[np.argsort(table.cell[row].astype(cells.index_type), kind="stable")])
        ends = np.cumsum([0, *(len(row) for row in rows)]).tolist()
        columns = {}
        for name in (field.name for field in fields(cls)):
            column = np.empty(ends[-1], dtype=getattr(tables[0][0], name).dtype)
            for (table, _), row, begin, end in zip(tables, rows, ends[:-1], ends[1:], strict=True):
                # Straight into place: copying columns is a good part of the cost of measuring.
                np.take(getattr(table, name), row, out=column[begin:end], mode="clip")
            columns[name] = column
        return cls(**columns)


@dataclass(frozen=True, eq=False)
class Departures:
    """Who left: served, or having given up."""

    cell: IntArray
    """Of those served, whatever their outcome, who left within the window."""
    at: FloatArray
    """When they left."""
    gone_cell: IntArray
    """Of those who joined within the window and left without service."""
    gone_joined: FloatArray
    """When they had joined."""
    gone_wait: FloatArray
    """Seconds they had waited."""

    @classmethod
    def of(cls, first: Departures, second: Departures) -> Departures:
        """Both together."""
        pairs = {f.name: (getattr(first, f.name), getattr(second, f.name)) for f in fields(cls)}
        return cls(**{name: np.concatenate(pair) for name, pair in pairs.items()})


@dataclass(frozen=True, eq=False)
class Rows:
    """The visit rows of the records with what the network says of them."""

    network: Network
    cells: Cells
    parties: Parties
    records: Records
    kind: IntArray
    facility: IntArray
    klass: IntArray
    cell: IntArray

    @classmethod
    def of(cls, cells: Cells, parties: Parties, records: Records) -> Rows:
        """Look up kind, facility, class and cell of every visit.

        Raises:
            SimulationError: a class visited a station it never comes to by the network's routes.
        """
        network = cells.network
        kinds = np.array([station.kind for station in network.stations], dtype=np.int64)
        homes = np.array([station.facility for station in network.stations], dtype=np.int64)
        klass = parties.klass[records.party]
        place = (records.station + len(network.facilities)) * len(network.classes) + klass
        cell = cells.cell.ravel()[place]
        if cell.size and cell.min() < 0:
            stray = int(np.argmin(cell))
            raise SimulationError(
                f"party {int(records.party[stray])} of class {network.classes[int(klass[stray])].name!r} visited "
                f"{network.stations[int(records.station[stray])].name!r}, where its class never comes"
            )
        return cls(network, cells, parties, records, kinds[records.station], homes[records.station], klass, cell)

    @property
    def queue_from(self) -> FloatArray:
        """Instant a visit's wait begins: joining, or on a road the end of the free drive."""
        roads = np.array([s.travel for s in self.network.stations])
        return self.records.joined + roads[self.records.station] if roads.any() else self.records.joined

    @property
    def queue_until(self) -> FloatArray:
        """Instant it ends: service, or leaving without; NaN while it lasts. A road is queued on until left."""
        unserved = np.isnan(self.records.started) | (self.kind == StationKind.ROAD)
        return np.where(unserved, self.records.left, self.records.started)

    def good(self, moved_on: bool) -> BoolArray:
        """By outcome (MOVED_ON and INSIDE index from the end): left having been served."""
        good = np.ones(len(self.network.outcomes) + 2, dtype=np.bool_)
        good[: len(ENGINE_OUTCOMES)] = False
        good[INSIDE], good[MOVED_ON] = False, moved_on
        return good


def read(rows: Rows) -> tuple[Spells, Departures]:
    """Spells that joined in [warm_up, horizon) without the initial queue, and who left."""
    stays, stays_kept, stays_left = _stays(rows)
    visits, visits_kept, visits_left = _visits(rows)
    away = _turned_away(rows)
    if away.cell.size:
        away_kept = _in_window(rows, away.joined, rows.records.turned_away[away_rows(rows.network, rows.records)])
        stays, stays_kept = stays.followed_by(away), np.concatenate([stays_kept, away_kept])
    spells = Spells.sorted(rows.cells, [(stays, stays_kept), (visits, visits_kept)])
    return spells, Departures.of(stays_left, visits_left)


def _in_window(rows: Rows, joined: FloatArray, party: IntArray) -> BoolArray:
    """Whether a spell counts: it joined within [warm_up, horizon) and is not of the initial queue."""
    network = rows.network
    window: BoolArray = (joined >= network.warm_up) & (joined < network.horizon)
    return window & ~rows.parties.initial[party] if rows.parties.initial.any() else window


def _departures(
    rows: Rows, spells: Spells, left: FloatArray, served: BoolArray, gone: IntArray, wait: FloatArray
) -> Departures:
    """Those served who left in the window, and the rows `gone` of those who gave up, with their `wait`."""
    inside = served & (left >= rows.network.warm_up) & (left < rows.network.horizon)
    row = np.flatnonzero(inside)
    return Departures(spells.cell[row], left[row], spells.cell[gone], spells.joined[gone], wait)


def _visits(rows: Rows) -> tuple[Spells, BoolArray, Departures]:
    """Spells at stations, row for row as in the records, which of them count, and who left."""
    records, party = rows.records, rows.records.party
    to_secondary = np.zeros(len(party), dtype=np.bool_)
    to_secondary[:-1] = (rows.kind[1:] == StationKind.SECONDARY) & (party[1:] == party[:-1])
    unserved = np.isnan(records.started)
    since, until = rows.queue_from, rows.queue_until
    begun = np.where(unserved, np.nan, until)
    counts = _in_window(rows, records.joined, party)
    spells = Spells(
        cell=rows.cell,
        joined=records.joined,
        begun=begun,
        wait=begun - since,
        in_system=records.left - records.joined,
        size=rows.parties.size[party],
        outcome=records.outcome,
        referred=to_secondary,
    )
    gone = np.flatnonzero(unserved & counts & ~np.isnan(records.left) & (records.outcome != MOVED_ON))
    wait = np.maximum(until[gone] - since[gone], 0.0)  # who gives up on the free drive has not waited
    served = ~unserved & rows.good(moved_on=True)[records.outcome]
    return spells, counts, _departures(rows, spells, records.left, served, gone, wait)


def _stays(rows: Rows) -> tuple[Spells, BoolArray, Departures]:
    """Spells at facilities, which of them count, and who left."""
    records = rows.records
    first = _first_rows(rows)
    begin = np.flatnonzero(first)
    last = np.append(begin[1:], len(first)) - 1 if begin.size else begin
    stay = np.cumsum(first) - 1
    party = records.party[begin]
    primary = _primary_rows(rows, stay, len(begin))
    begun = np.append(records.started, np.nan)[primary]
    joined, left = records.joined[begin], records.left[last]
    on_the_way = _service_on_the_way(rows, stay, primary)
    outcome = records.outcome[last]
    outcome = np.where(outcome == MOVED_ON, DIVERTED, outcome)  # on to another facility
    referred = np.zeros(len(begin), dtype=np.bool_)
    referred[stay[rows.kind == StationKind.SECONDARY]] = True
    cell = rows.cells.cell[rows.facility[begin], rows.klass[begin]]
    counts = _in_window(rows, joined, party)
    spells = Spells(
        cell=cell,
        joined=joined,
        begun=begun,
        # Service on the way is a difference of instants too: rounding must not make a wait of nothing negative.
        wait=np.maximum(begun - joined - on_the_way, 0.0),
        in_system=left - joined,
        size=rows.parties.size[party],
        outcome=outcome,
        referred=referred,
    )
    gone = np.flatnonzero(np.isnan(begun) & counts & ~np.isnan(left))
    wait = np.maximum(left[gone] - joined[gone] - on_the_way[gone], 0.0)
    return spells, counts, _departures(rows, spells, left, rows.good(moved_on=False)[outcome], gone, wait)


def _first_rows(rows: Rows) -> BoolArray:
    """True where a stay begins: another party, or the same one at another facility."""
    party, facility = rows.records.party, rows.facility
    first = np.ones(len(party), dtype=np.bool_)
    first[1:] = party[1:] != party[:-1]
    if len(rows.network.facilities) > 1:
        first[1:] |= facility[1:] != facility[:-1]
    return first


def _primary_rows(rows: Rows, stay: IntArray, n_stays: int) -> IntArray:
    """Row of the first primary inspection of each stay; one past the last row where there was none."""
    served = np.flatnonzero((rows.kind == StationKind.LANE_GROUP) & ~np.isnan(rows.records.started))
    whose = stay[served]
    earliest = np.ones(len(served), dtype=np.bool_)
    earliest[1:] = whose[1:] != whose[:-1]
    primary = np.full(n_stays, len(stay), dtype=np.int64)
    primary[whose[earliest]] = served[earliest]
    return primary


def _service_on_the_way(rows: Rows, stay: IntArray, primary: IntArray) -> FloatArray:
    """Seconds of each stay spent driving, at tolls and travelling before primary: not wait."""
    records, stations = rows.records, rows.network.stations
    takes_time = np.array([s.kind in (StationKind.TOLL, StationKind.TRAVEL) or s.travel > 0.0 for s in stations])
    if not takes_time.any():
        return np.zeros(len(primary))
    passed = np.flatnonzero(takes_time[records.station])
    passed = passed[passed < primary[stay[passed]]]
    service = np.nan_to_num(records.ended[passed] - records.started[passed])
    free_drive = np.array([s.travel for s in stations])[records.station[passed]]
    drive = np.fmin(records.left[passed] - records.joined[passed], free_drive)
    seconds = np.where(rows.kind[passed] == StationKind.ROAD, drive, service)
    return np.bincount(stay[passed], seconds, minlength=len(primary)).astype(np.float64, copy=False)


def away_rows(network: Network, records: Records) -> IntArray:
    """Rows of the turned away that came; the others stayed behind elsewhere and are no arrivals here."""
    stays = MOVED_ON if network.following is None else network.following.stays
    return np.flatnonzero(records.turned_away_outcome != stays)


def _turned_away(rows: Rows) -> Spells:
    """Arrivals that never joined the facility their class comes to."""
    records, parties = rows.records, rows.parties
    mine = away_rows(rows.network, records)
    party = records.turned_away[mine]
    klass = parties.klass[party]
    homes = np.array([party_class.facility for party_class in rows.network.classes], dtype=np.int64)
    never = np.full(len(party), np.nan)
    return Spells(
        cell=rows.cells.cell[homes[klass], klass],
        joined=parties.time[party],
        begun=never,
        wait=never,
        in_system=never,
        size=parties.size[party],
        outcome=records.turned_away_outcome[mine],
        referred=np.zeros(len(party), dtype=np.bool_),
    )


@dataclass(frozen=True, eq=False)
class Intervals:
    """Half-open stretches of time [start, end) within the window; none is empty."""

    row: IntArray
    """Visit each belongs to."""
    cell: IntArray
    start: FloatArray
    end: FloatArray

    @classmethod
    def of(cls, rows: Rows, start: FloatArray, end: FloatArray, among: BoolArray | None = None) -> Intervals:
        """Stretches of visits cut to [warm_up, horizon).

        NaN stands for an instant beyond the horizon: what never began has no stretch, what never ended lasts on.
        """
        opens, shuts = rows.network.warm_up, rows.network.horizon
        begin = np.fmax(np.fmin(start, shuts), opens)
        until = np.fmax(np.fmin(end, shuts), opens)
        lasting = begin < until
        row = np.flatnonzero(lasting if among is None else lasting & among)
        return cls(row, rows.cell[row], begin[row], until[row])


def waiting(rows: Rows) -> Intervals:
    """When each visit stood in line."""
    return Intervals.of(rows, rows.queue_from, rows.queue_until)


def busy(rows: Rows) -> Intervals:
    """When each visit was in service; a road serves nobody."""
    return Intervals.of(rows, rows.records.started, rows.records.ended, rows.kind != StationKind.ROAD)


def blocked(rows: Rows) -> Intervals:
    """When each visit was finished but still held in its server."""
    return Intervals.of(rows, rows.records.ended, rows.records.left, rows.kind != StationKind.ROAD)


def occupied(rows: Rows) -> Intervals:
    """When each visit took up a booth or bay, blocked time included."""
    return Intervals.of(rows, rows.records.started, rows.records.left, np.isin(rows.kind, BOOTH_KINDS))
