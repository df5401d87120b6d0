"""The measures of irregular flows: who came, who was met, how long until the decision, and what became of the claims.

Groups belong to the whole run and the bins by when they came, as for any other measure of parties. Persons are counted,
not groups, unless a name says groups. What follows from the visits alone is the same with both engines.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from sim.engine.records import MOVED_ON, Records
from sim.model.arrays import BoolArray, FloatArray, IntArray
from sim.model.flow_plan import LADDER, needs_place
from sim.model.network import FORCED, Flow, StationKind
from sim.model.steps import values_at
from sim.study.bins import bin_of
from sim.study.demand import integral
from sim.study.layout import Layout
from sim.study.presence import Presence
from sim.study.quantiles import mean_of, quantile_of
from sim.study.spells import Rows
from sim.study.staffing import Staffing

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
LEFT, RETURNED, REFUSED, DETAINED = "left-before-response", "returned", "inadmissible", "detained"
EXCEPTIONS = {ground: f"exception_{ground.replace('-', '_')}" for ground in LADDER if ground != "eligible"}
"""Measure by ground."""


class _Stage:
    """Times of every group of the facility at one station; NaN where it never came so far."""

    def __init__(self, records: Records, row: IntArray, group: IntArray, count: int) -> None:
        """Visits are `row` of the records, of the groups `group` out of `count`."""
        self._records, self._row, self._group, self._count = records, row, group, count

    def _times(self, values: FloatArray) -> FloatArray:
        found = np.full(self._count, np.nan)
        found[self._group] = values[self._row]
        return found

    @cached_property
    def joined(self) -> FloatArray:
        return self._times(self._records.joined)

    @cached_property
    def started(self) -> FloatArray:
        return self._times(self._records.started)

    @cached_property
    def ended(self) -> FloatArray:
        return self._times(self._records.ended)

    @cached_property
    def left(self) -> FloatArray:
        return self._times(self._records.left)

    @cached_property
    def outcome(self) -> IntArray:
        """MOVED_ON also for who never came: look at `joined` first."""
        found = np.full(self._count, MOVED_ON, np.int64)
        found[self._group] = self._records.outcome[self._row]
        return found


class _Groups:
    """The groups of one flow that came in [warm_up, horizon): one entry each."""

    def __init__(self, rows: Rows, facility: int, flow: Flow) -> None:
        self.rows, self.flow = rows, flow
        records, parties, network = rows.records, rows.parties, rows.network
        mine = np.flatnonzero(rows.facility == facility)
        first = np.flatnonzero(np.diff(records.party[mine], prepend=-1))  # visits stand party by party
        party, came = records.party[mine[first]], records.joined[mine[first]]
        kept = (came >= network.warm_up) & (came < network.horizon)
        self.party, self.came = party[kept], came[kept]
        self.klass = parties.klass[self.party]
        self.cell = rows.cells.cell[facility, self.klass]
        self.size = parties.size[self.party].astype(np.float64)
        self._row, self._station = mine, records.station[mine]
        self._position = np.full(len(parties), -1, np.int64)
        self._position[self.party] = np.arange(len(self.party))

    def stage(self, name: str) -> _Stage:
        """Times at a station; all NaN where there is none of that name."""
        records, row = self.rows.records, self.visits(name)
        at = self._position[records.party[row]]
        kept = at >= 0
        return _Stage(records, row[kept], at[kept], len(self.party))

    def visits(self, name: str) -> IntArray:
        """Rows of the records at a station, of every group whenever it came."""
        station = self.flow.stations.get(name)
        return self._row[:0] if station is None else np.asarray(self._row[self._station == station])

    def draws(self, slots: Mapping[int, int]) -> FloatArray:
        """The draw of each group in the slot of its class; NaN for a class without."""
        parties, found = self.rows.parties, np.full(len(self.party), np.nan)
        for klass, slot in slots.items():
            mine = np.flatnonzero(self.klass == klass)
            found[mine] = parties.draws[parties.first_draw[self.party[mine]] + slot]
        return found


class Board:
    """The queue at the refugee board, of all flows together."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @cached_property
    def _claims(self) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
        """Place of each party in order of joining, persons before each, ends in order, persons decided by then."""
        rows, records = self.rows, self.rows.records
        flows = [facility.flow for facility in rows.network.facilities if facility.flow is not None]
        stations = [flow.stations["board"] for flow in flows if "board" in flow.stations]
        row = np.flatnonzero(np.isin(records.station, stations))
        size = rows.parties.size[records.party[row]].astype(np.float64)
        order = np.argsort(records.joined[row], kind="stable")  # rows stand party by party
        place = np.zeros(len(rows.parties), np.int64)
        place[records.party[row][order]] = np.arange(row.size)
        ends = np.argsort(records.ended[row], kind="stable")  # NaN, not decided so far, comes last
        before, decided = (np.append(0.0, np.cumsum(size[by])) for by in (order, ends))
        return place, before, records.ended[row][ends], decided

    def pending(self, at: FloatArray, party: IntArray) -> FloatArray:
        """Persons there when each party joins, itself left out."""
        place, before, ends, decided = self._claims
        return np.asarray(before[place[party]] - decided[np.searchsorted(ends, at, side="right")])


class FlowMeasures:
    """The measures of one irregular flow."""

    def __init__(self, layout: Layout, rows: Rows, facility: int, flow: Flow, board: Board) -> None:
        self.layout, self.rows, self.flow, self.facility, self.board = layout, rows, flow, facility, board
        self.presences: dict[tuple[str, str, str], Presence] = {}
        self.network = layout.network
        self.own = layout.cells.column_of(facility)
        begin, end = layout.cells.begin[facility : facility + 2].tolist()
        self.g = _Groups(rows, facility, flow)
        self.cells = range(begin, end)
        self.cell = self.g.cell - begin
        everybody = np.ones(len(self.g.party), np.bool_)
        self.columns = {self.own: everybody} | {cell: self.g.cell == cell for cell in self.cells}
        self.response, self.decision = self.g.stage("response"), self.g.stage("eligibility")
        self.met = self._met()
        self.counted = self._counted()

    # ---- what happened to each group ------------------------------------------------------------------

    def _met(self) -> FloatArray:
        """When a unit reached the group, or when it came where nobody need be found; NaN for never."""
        if not self.flow.crossing:
            return self.g.came
        reached = self.response.started + self.g.draws(self.flow.travel)
        gone = self.response.outcome == self._outcome(LEFT)
        return np.where(gone | np.isnan(self.response.ended), np.nan, reached)

    def _outcome(self, name: str) -> int:
        outcomes = self.network.outcomes
        return outcomes.index(name) if name in outcomes else len(outcomes)

    def _counted(self) -> dict[str, BoolArray]:
        """By measure of persons, the groups whose persons it counts."""
        decided = ~np.isnan(self.decision.ended)
        branch = np.nan_to_num(self.g.draws(self.flow.decision) - FORCED, nan=-1.0).astype(np.int64)
        found = {"claims": decided}
        for name, outcome in (("returned", RETURNED), ("inadmissible", REFUSED), ("detained", DETAINED)):
            found[f"persons_{name}"] = decided & (self.decision.outcome == self._outcome(outcome))
        eligible = decided & ~found["persons_returned"] & ~found["persons_inadmissible"] & ~found["persons_detained"]
        found["claims_eligible"] = eligible
        for number, ground in enumerate(LADDER):
            if ground in EXCEPTIONS:
                first = needs_place(number)
                found[EXCEPTIONS[ground]] = eligible & ((branch == first) | (branch == first + 1))
        if self.flow.crossing:
            hidden = self.g.stage("hidden")
            met = ~np.isnan(self.met)
            alerted = ~np.isnan(self.response.joined)
            undetected = ~alerted & ~np.isnan(self.g.stage("alert").left)
            gone = alerted & ~met & ~np.isnan(self.response.left)
            found |= {
                "persons_detected": alerted,
                "persons_intercepted": met,
                "persons_undetected": undetected | gone,
                "persons_waiting_end": alerted & ~met & ~gone,
                "persons_alert_end": ~alerted & ~undetected,
                "claims_inland": ~np.isnan(hidden.ended),
            }
        return found

    # ---- the whole run --------------------------------------------------------------------------------

    def whole(self, staff: Staffing) -> Mapping[str, Mapping[int, float]]:
        """Values by measure and column."""
        found: dict[str, dict[int, float]] = {}
        for column, group in self.columns.items():
            values = self._times(group)
            if self.flow.crossing:
                values |= self._response(group) | {"cold_exposed": float(self._exposed[group].sum())}
            for name, value in values.items():
                found.setdefault(name, {})[column] = value
        alone = self._occupancy() | self._board() | self._costs(staff)
        counts = self._people() | (self._found() if self.flow.crossing else {})
        return found | counts | {name: {self.own: value} for name, value in alone.items()}

    def _by_column(self, group: BoolArray | None = None, *, persons: bool = True) -> dict[int, float]:
        """Persons, or else groups, among some of the groups. Whole numbers: their sums are exact in any order."""
        cell = self.cell if group is None else self.cell[group]
        size = None if not persons else self.g.size if group is None else self.g.size[group]
        counts = np.bincount(cell, size, minlength=len(self.cells)).tolist()
        return {self.own: float(sum(counts))} | {at: float(own) for at, own in zip(self.cells, counts, strict=True)}

    def _people(self) -> dict[str, dict[int, float]]:
        return {"persons": self._by_column()} | {name: self._by_column(mine) for name, mine in self.counted.items()}

    def _found(self) -> dict[str, dict[int, float]]:
        """Groups by whether they were detected and met."""
        names = ("detected", "intercepted", "undetected")
        counts = {name: self._by_column(self.counted[f"persons_{name}"], persons=False) for name in names}
        total = self._by_column(persons=False)
        shares = {
            f"{name}_share": {at: counts[name][at] / every if every else np.nan for at, every in total.items()}
            for name in ("detected", "intercepted")
        }
        return {f"groups_{name}": count for name, count in counts.items()} | shares

    def _response(self, group: BoolArray) -> dict[str, float]:
        """How long it took to meet those who were met."""
        response = self._until_met[group & self._is_met] / _MINUTE
        return {"response_mean": mean_of(response), "response_p95": quantile_of(response, 0.95)}

    @cached_property
    def _is_met(self) -> BoolArray:
        return ~np.isnan(self.met)

    @cached_property
    def _until_met(self) -> FloatArray:
        return np.asarray(self.met - self.response.joined)

    @cached_property
    def _held(self) -> tuple[FloatArray, BoolArray]:
        """Seconds from being met to the decision, and of which groups they are known."""
        return self.decision.left - self.met, self._is_met & ~np.isnan(self.decision.left)

    def _times(self, group: BoolArray) -> dict[str, float]:
        """From being met to the decision."""
        seconds, known = self._held
        held = seconds[group & known]
        standard = self.flow.custody_standard
        return {
            "custody_mean": mean_of(held) / _HOUR,
            "custody_p95": quantile_of(held, 0.95) / _HOUR,
            "over_custody_share": mean_of((held > standard).astype(np.float64)) if standard else np.nan,
        }

    @cached_property
    def _exposed(self) -> FloatArray:
        """Persons of each group times the chance that it was cold, where they were outside for long."""
        outside = np.where(np.isnan(self.met), np.inf, self.met - self.g.came)
        cold = values_at(self.flow.cold, self.g.came)
        return np.where(outside > self.flow.cold_after, self.g.size * cold, 0.0)

    # ---- over time ------------------------------------------------------------------------------------

    def _present(self, name: str, until: str = "left", since: str = "joined") -> Presence:
        """Persons at a station over time, whenever they came."""
        what = (name, since, until)
        if what not in self.presences:
            records, row = self.rows.records, self.g.visits(name)
            size = self.rows.parties.size[records.party[row]]
            begin, end = getattr(records, since)[row], getattr(records, until)[row]
            self.presences[what] = Presence.of(self.network, begin, end, size)
        return self.presences[what]

    def _overflow(self) -> Presence:
        """Persons in a hotel, or waiting for a place."""
        if "hotel" in self.flow.stations:
            return self._present("hotel")
        return self._present("intake", until="started")

    def _pending(self) -> Presence:
        """Persons who wait for an interview or are in one."""
        return self._present("interview", until="ended")

    def _occupancy(self) -> dict[str, float]:
        window = self.network.horizon - self.network.warm_up
        pending, places = self._pending(), self._present("intake", since="started")
        return {
            "interviews_pending_mean": pending.total / window,
            "interviews_pending_max": pending.most,
            "places_mean": places.total / window,
            "places_max": places.most,
            "overflow_nights": self._overflow().total / _DAY,
        }

    def _board(self) -> dict[str, float]:
        """Claims at the board: those of this flow that are pending, and two ways to tell how long a claim waits."""
        rate, horizon = self.flow.board_rate, self.network.horizon
        if rate <= 0.0:
            return {}
        board = self.g.stage("board")
        come = ~np.isnan(board.joined) & (board.joined < horizon)
        still = come & ~(board.ended <= horizon)
        waited = (board.started - board.joined)[come]
        pending = self.board.pending(board.joined[come], self.g.party[come])
        old = np.maximum(self.flow.board_inventory - rate * board.joined[come], 0.0)
        ahead = (pending + old) / rate
        return {
            "board_pending_end": float(self.g.size[still].sum()),
            "board_wait_mean": mean_of(waited[~np.isnan(waited)]) / _DAY,
            "board_inventory_wait_mean": mean_of(ahead) / _DAY,
        }

    def _costs(self, staff: Staffing) -> dict[str, float]:
        """Hours on duty (of shared officers, hours at work here), nights, resources."""
        flow, network = self.flow, self.network
        units = self._hours(flow.units, staff) if flow.units >= 0 else 0.0
        officers = sum(self._hours(pool, staff) for pool in flow.officers if pool != flow.units)
        nights = self._present("intake", since="started").total / _DAY
        hotel = self._present("hotel").total / _DAY
        cost = units * flow.unit_hour + officers * flow.officer_hour
        cost += nights * flow.place_night + hotel * flow.hotel_night
        cost += integral(flow.spending, network.warm_up, network.horizon)
        claims = float(self.g.size[self.counted["claims"]].sum())
        return {"cost": cost, "cost_per_claimant": cost / claims if claims else np.nan}

    def _hours(self, pool: int, staff: Staffing) -> float:
        network, records = self.network, self.rows.records
        using = {s.facility for s in network.stations if s.pool == pool}
        if using == {self.facility}:
            return float(staff.booths[pool].sum() + records.overtime[pool]) / _HOUR
        own = [
            index
            for index, station in enumerate(network.stations)
            if station.facility == self.facility and station.pool == pool and station.kind is not StationKind.TRAVEL
        ]
        return float(records.busy_integral[own].sum()) / _HOUR

    # ---- by bin ---------------------------------------------------------------------------------------

    def binned(self) -> Mapping[str, Mapping[int, FloatArray]]:
        """Values by measure, column and bin."""
        count = len(self.layout.edges) - 1
        place = bin_of(self.layout, self.g.came)
        names = ("persons_detected", "persons_intercepted", "persons_undetected", "persons_returned", "claims_eligible")
        groups = {"persons": self.columns[self.own]} | {n: self.counted[n] for n in names if n in self.counted}
        found = {name: self._in_bins(place, mine, count) for name, mine in groups.items()}
        edges = self.layout.edges
        return found | {
            "interviews_pending_mean": {self.own: self._pending().in_bins(edges)},
            "places_mean": {self.own: self._present("intake", since="started").in_bins(edges)},
            "overflow_mean": {self.own: self._overflow().in_bins(edges)},
        }

    def _in_bins(self, place: IntArray, group: BoolArray, count: int) -> dict[int, FloatArray]:
        """Persons of some of the groups by column and bin; `place` may be one past the last bin."""
        width = count + 1
        at = self.cell[group] * width + place[group]
        table = np.bincount(at, self.g.size[group], minlength=len(self.cells) * width).astype(np.float64, copy=False)
        table = table.reshape(-1, width)[:, :count]
        return {self.own: table.sum(axis=0)} | dict(zip(self.cells, table, strict=True))
