"""The measures of preclearance halls: who makes the departure, how early to come, how full the hall is, what it costs.

A passenger is late whose party reaches the gate after it has closed, and misses the departure when late by more than
it is held. Parties belong to the whole run and the bins by their first join, as for any other measure of parties.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.model.arrays import BoolArray, FloatArray, IntArray
from sim.model.network import ENGINE_OUTCOMES, Hall, StationKind
from sim.scenario.preclearance import PASSED
from sim.study.bins import bin_of
from sim.study.both_ends import Journeys, OtherEnd
from sim.study.layout import Layout
from sim.study.presence import Presence
from sim.study.quantiles import mean_of, quantile_of
from sim.study.spells import Rows
from sim.study.staffing import Staffing

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True, eq=False)
class Travellers:
    """The parties of one hall that joined in [warm_up, horizon); one entry per party."""

    cell: IntArray
    joined: FloatArray
    airside: FloatArray
    """When the party left the last station that is no walk; NaN for who was not let through, or not yet."""
    gate: FloatArray
    """When it left the last station of all; NaN for the same."""
    waited: FloatArray
    """Seconds waited at all stations together; NaN for who had not left when the run stopped."""
    size: FloatArray
    refused: BoolArray
    """Ended with an outcome of a secondary, whatever its name: nobody is let through who is not cleared."""
    deadline: FloatArray
    """When the gate closes; NaN where nothing is boarded."""
    flight: IntArray
    number: IntArray
    """Of the traveller, the same at both ends."""

    @classmethod
    def of(cls, rows: Rows, facility: int, hall: Hall) -> Travellers:
        """Read the visits of one hall."""
        records, parties, network = rows.records, rows.parties, rows.network
        mine = np.flatnonzero(rows.facility == facility)
        whose = records.party[mine]
        starts = np.flatnonzero(np.append(True, whose[1:] != whose[:-1])) if mine.size else np.zeros(0, np.int64)
        first, last = mine[starts], mine[np.append(starts[1:], mine.size) - 1] if mine.size else mine
        party = records.party[first]
        stay = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, mine.size)))
        wait = np.nan_to_num(rows.queue_until[mine] - rows.queue_from[mine])
        wait[rows.kind[mine] == StationKind.TRAVEL] = 0.0
        waited = np.bincount(stay, wait, minlength=len(starts)).astype(np.float64, copy=False)
        waited = np.where(np.isnan(records.left[last]), np.nan, waited)
        walks_or_stays = (rows.kind[mine] == StationKind.TRAVEL) | np.isnan(records.left[mine])
        staffed = np.where(walks_or_stays, -np.inf, records.left[mine])
        airside = np.full(len(starts), -np.inf)
        np.maximum.at(airside, stay, staffed)
        outcome = records.outcome[last]
        through = np.isin(outcome, [place for place, name in enumerate(network.outcomes) if name in PASSED])
        refused = (outcome >= len(ENGINE_OUTCOMES)) & ~through
        joined = records.joined[first]
        airside = np.where(np.isinf(airside), joined, airside)  # who walked and nothing else
        departs = np.full(len(party), np.nan)
        flight = np.full(len(party), -1)
        if hall.boards and parties.departs is not None and parties.flight is not None:
            departs, flight = parties.departs[party], parties.flight[party]
        kept = (joined >= network.warm_up) & (joined < network.horizon)
        columns: tuple[Any, ...] = (
            rows.cells.cell[facility, parties.klass[party]],
            joined,
            np.where(through, airside, np.nan),
            np.where(through, records.left[last], np.nan),
            waited,
            parties.size[party].astype(np.float64),
            refused,
            departs - hall.closes,
            flight,
            np.full(len(party), -1) if parties.traveller is None else parties.traveller[party],
        )
        return cls(*(column[kept] for column in columns))

    def late(self) -> FloatArray:
        """Seconds after the closing of the gate, 0 or less in time; infinite for who never got there."""
        return np.where(self.refused, -np.inf, np.where(np.isnan(self.gate), np.inf, self.gate) - self.deadline)

    def missed(self, holds: float) -> BoolArray:
        """Not at the gate when the departure leaves it; the same sum as the engines make, to the last bit."""
        return ~self.refused & ~(self.gate <= self.deadline + holds)


class HallMeasures:
    """The measures of one hall."""

    def __init__(self, layout: Layout, rows: Rows, facility: int, hall: Hall) -> None:
        self.layout, self.rows, self.hall = layout, rows, hall
        self.own = layout.cells.column_of(facility)
        begin, end = layout.cells.begin[facility : facility + 2].tolist()
        self.travellers = Travellers.of(rows, facility, hall)
        self.late, self.missed = self.travellers.late(), self.travellers.missed(hall.holds)
        everybody = np.ones(len(self.late), np.bool_)
        self.groups = {self.own: everybody} | {cell: self.travellers.cell == cell for cell in range(begin, end)}
        self.stay = self._stays()
        self.journeys = self._journeys() if hall.far >= 0 else None

    def whole(self, staff: Staffing) -> Mapping[str, Mapping[int, float]]:
        """Values by measure and column."""
        found: dict[str, dict[int, float]] = {}
        for column, group in self.groups.items():
            of_group = self._passengers(group) | (self._on_time(group) if self.hall.boards else {})
            of_group |= self.journeys.measures(group) if self.journeys is not None else {}
            for name, value in of_group.items():
                found.setdefault(name, {})[column] = value
        alone = self._occupancy() | self._costs(staff) | (self._departures() if self.hall.boards else {})
        alone |= self._both_ends(staff) if self.journeys is not None else {}
        return found | {name: {self.own: value} for name, value in alone.items()}

    def binned(self) -> Mapping[str, Mapping[int, FloatArray]]:
        """Values by measure, column and bin."""
        t = self.travellers
        place = bin_of(self.layout, t.joined)
        through = ~np.isnan(t.airside)
        inside = np.where(through, t.airside - t.joined, 0.0) / _MINUTE
        sums = {"passengers": t.size, "door_to_airside_sum": inside, "door_to_airside_count": through.astype(float)}
        if self.hall.boards:
            sums["passengers_missed"] = np.where(self.missed, t.size, 0.0)
        found = {name: self._by_bin(place, values) for name, values in sums.items()}
        if self.hall.boards:
            found |= self._by_departure()
        return found | {"hall_mean": {self.own: self.stay.in_bins(self.layout.edges)}}

    def _by_departure(self) -> dict[str, dict[int, FloatArray]]:
        """Who is booked on departures, and misses them, by the bin in which these leave."""
        t, network = self.travellers, self.layout.network
        departs = t.deadline + self.hall.closes
        leaves = ~t.refused & (departs >= network.warm_up) & (departs < network.horizon)
        place = bin_of(self.layout, np.where(leaves, departs, network.horizon))
        booked = np.where(leaves, t.size, 0.0)
        missed = np.where(self.missed, booked, 0.0)
        return {"departing": self._by_bin(place, booked), "departing_missed": self._by_bin(place, missed)}

    def _by_bin(self, place: IntArray, values: FloatArray) -> dict[int, FloatArray]:
        """Sums by column and bin; a place beyond the last bin is left out."""
        count = len(self.layout.edges) - 1
        return {
            column: np.bincount(place[group], values[group], minlength=count)[:count].astype(np.float64)
            for column, group in self.groups.items()
        }

    # ---- passengers -----------------------------------------------------------------------------------

    def _passengers(self, group: BoolArray) -> dict[str, float]:
        t = self.travellers
        door = ((t.airside - t.joined)[group & ~np.isnan(t.airside)]) / _MINUTE
        waited = t.waited[group & ~np.isnan(t.waited)] / _MINUTE
        return {
            "passengers": float(t.size[group].sum()),
            "passengers_refused": float(t.size[group & t.refused].sum()),
            "wait_total_mean": mean_of(waited),
            "wait_total_p95": quantile_of(waited, 0.95),
            "door_to_airside_mean": mean_of(door),
            "door_to_airside_p95": quantile_of(door, 0.95),
        }

    def _on_time(self, group: BoolArray) -> dict[str, float]:
        t = self.travellers
        persons, late = t.size[group], self.late[group]
        total = float(persons.sum())
        missed = float(persons[self.missed[group]].sum())
        behind = (late > 0.0) & np.isfinite(late)
        arrived = group & ~np.isnan(t.gate)
        ahead = (self.hall.closes + (t.gate - t.joined)[arrived]) / _MINUTE
        share = {"missed_share": missed, "late_share": float(persons[late > 0.0].sum())}
        weight = float(persons[behind].sum())
        return {
            "passengers_missed": missed,
            "passengers_boarded": float(persons[~self.missed[group] & ~t.refused[group]].sum()),
            **{name: count / total if total else np.nan for name, count in share.items()},
            "late_mean": float((late[behind] * persons[behind]).sum()) / weight / _MINUTE if weight else np.nan,
            "arrive_before_p95": quantile_of(ahead, 0.95),
            "arrive_before_p99": quantile_of(ahead, 0.99),
        }

    def _departures(self) -> dict[str, float]:
        """How many departures waited for somebody who came after the gate closed and still boarded."""
        flights = self.travellers.flight
        held = (self.late > 0.0) & ~self.missed
        longest = np.zeros(int(flights.max(initial=-1)) + 1)
        np.maximum.at(longest, flights[held], self.late[held])
        waited = longest[longest > 0.0] / _MINUTE
        count = len(np.unique(flights))
        return {
            "departures": float(count),
            "departures_held": float(len(waited)),
            "departures_held_share": len(waited) / count if count else np.nan,
            "held_mean": mean_of(waited),
        }

    # ---- the hall -------------------------------------------------------------------------------------

    def _stays(self) -> Presence:
        """Every visit within the hall, cut to the window, with the people it is of."""
        records = self.rows.records
        row = np.flatnonzero(np.isin(records.station, self.hall.inside))
        size = self.rows.parties.size[records.party[row]]
        return Presence.of(self.layout.network, records.joined[row], records.left[row], size)

    def _occupancy(self) -> dict[str, float]:
        window = self.layout.network.horizon - self.layout.network.warm_up
        return {"hall_mean": self.stay.total / window, "hall_max": self.stay.most}

    def _spent(self, hall: Hall, staff: Staffing) -> tuple[float, float]:
        """Officer-hours and cost of this hall or of its far side."""
        network, pools = self.layout.network, list(hall.officers)
        hours = float(staff.booths[pools].sum() + self.rows.records.overtime[pools].sum()) / _HOUR
        return hours, hours * hall.officer_hour + hall.per_day * (network.horizon - network.warm_up) / _DAY

    def _costs(self, staff: Staffing) -> dict[str, float]:
        hours, cost = self._spent(self.hall, staff)
        t = self.travellers
        served = float(t.size[~np.isnan(t.gate)].sum())
        return {
            "officer_hours": hours,
            "passengers_per_officer_hour": served / hours if hours else np.nan,
            "cost": cost,
            "cost_per_passenger": cost / served if served else np.nan,
        }

    # ---- both ends ------------------------------------------------------------------------------------

    def _journeys(self) -> Journeys:
        there = self._far()
        t = Travellers.of(self.rows, self.hall.far, there)
        other = OtherEnd(t.number, t.waited, ~np.isnan(t.gate), t.refused)
        here = self.travellers
        travelled = ~self.missed & ~here.refused
        return Journeys.of(here.number, here.size, here.waited, travelled, other)

    def _far(self) -> Hall:
        there = self.layout.network.facilities[self.hall.far].hall
        assert there is not None
        return there

    def _both_ends(self, staff: Staffing) -> dict[str, float]:
        """Officers and cost of both ends; a pool that serves both is counted once."""
        there = self._far()
        shared = tuple(pool for pool in there.officers if pool not in self.hall.officers)
        spent = [self._spent(hall, staff) for hall in (self.hall, replace(there, officers=shared))]
        hours, cost = (sum(part) for part in zip(*spent, strict=True))
        assert self.journeys is not None
        arrived = float(self.journeys.size[self.journeys.arrived].sum())
        return {
            "journey_officer_hours": hours,
            "journey_cost": cost,
            "journey_cost_per_passenger": cost / arrived if arrived else np.nan,
        }
