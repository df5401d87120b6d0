"""Which rows a replication's measures have: the same for every replication of a network.

A row is a `Key` (facility, station, class, measure, unit). A facility's own rows have station `all`. A measure that
makes no sense for a row, such as the utilisation of a class, has no key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sim.model.arrays import FloatArray, IntArray
from sim.model.network import (
    BALKED,
    CLOSED,
    DIVERTED,
    RENEGED,
    Flow,
    Network,
    Station,
    StationKind,
    Steps,
    WhenFull,
)
from sim.study.catalogue import (
    BOARD_MEASURES,
    BOARDING_MEASURES,
    CROSSING_MEASURES,
    FLOW_ALONE,
    FLOW_MEASURES,
    HALL_ALONE,
    HALL_MEASURES,
    INTAKE_MEASURES,
    JOURNEY_MEASURES,
    OUTCOME_PREFIX,
    RATIOS,
    START_BIN_TABLE,
    Measure,
    bin_table,
    catalogue,
)
from sim.study.cells import QUEUE_KINDS, Cells, targets

ALL = "all"
"""Stands for every station, and for every class, of a row."""

Standard = Steps | Callable[[FloatArray], FloatArray]
"""The wait a facility promises, in seconds, as a function of the instants of joining (array to array)."""


def promised(standard: Standard, joined: FloatArray) -> FloatArray:
    """The standard in seconds for parties that join at these instants; shape of `joined`."""
    if isinstance(standard, Steps):
        place = np.searchsorted(np.asarray(standard.times), joined, side="right") - 1
        return np.asarray(np.asarray(standard.values, dtype=np.float64)[place])
    return np.asarray(standard(joined), dtype=np.float64)


_WAITS = {"wait_mean", "wait_p50", "wait_p90", "wait_p95", "wait_p99", "wait_max", "buffer_index", "wait_person_mean"}
_WAITS |= {"person_hours_delay", "censored_share"}
_TIMES = {"time_in_system_mean", "time_in_system_p95"}
_QUEUES = {"queue_mean", "queue_max"}
_METRES = {"queue_metres_mean", "queue_metres_max"}
_STAFF = {"utilisation", "booth_hours", "overtime_hours"}
_INSPECTED = {"referrals", "inspected_share"}
_WITHOUT_CLASS = _STAFF | {"spillback_share", "open_booths", "recovery"} | HALL_ALONE | FLOW_ALONE


class Key(NamedTuple):
    """What one value is of."""

    facility: str
    station: str
    klass: str
    measure: str
    unit: str


@dataclass(frozen=True, eq=False)
class Layout:
    """The rows of a network's measures and where their values are found."""

    network: Network
    cells: Cells
    edges: FloatArray
    """(n_bins + 1,): seconds; the bins tile [warm_up, horizon), inner edges are multiples of `bin_length`."""
    bin_length: float
    """Seconds; the first and the last bin may be shorter."""
    standards: tuple[Standard | None, ...]
    """Per facility."""
    keys: tuple[Key, ...]
    bin_keys: tuple[Key, ...]
    start_bin_keys: tuple[Key, ...]
    take: IntArray
    """Per key, its place in the table (measure of the catalogue, column) read row by row."""
    bin_take: IntArray
    start_bin_take: IntArray
    unexpected: IntArray
    """Places of the same table that count outcomes no rule of the facility leads to: always 0."""

    @classmethod
    def of(cls, network: Network, bin_seconds: float, standards: Mapping[str, Standard] | None = None) -> Layout:
        """The layout of a network.

        Args:
            network: what `sim.model` built.
            bin_seconds: length of a time bin.
            standards: by name of facility, the wait it promises; facilities may be missing.

        Raises:
            ValueError: `bin_seconds` is not positive, or a standard names no facility.
        """
        if not bin_seconds > 0.0:
            raise ValueError(f"a bin lasts longer than 0 s, not {bin_seconds}")
        promised = dict(standards or {})
        names = [facility.name for facility in network.facilities]
        if unknown := set(promised) - set(names):
            raise ValueError(f"standards of no facility: {', '.join(sorted(unknown))}")
        cells = Cells.of(network)
        owners = list(_owners(network, cells, promised))
        whole, binned, started = (
            _rows(cells, owners, table)
            for table in (catalogue(network.outcomes), bin_table(network.outcomes), START_BIN_TABLE)
        )
        return cls(
            network=network,
            cells=cells,
            edges=_edges(network, bin_seconds),
            bin_length=bin_seconds,
            standards=tuple(promised.get(name) for name in names),
            keys=whole[0],
            bin_keys=binned[0],
            start_bin_keys=started[0],
            take=whole[1],
            bin_take=binned[1],
            start_bin_take=started[1],
            unexpected=_unexpected(network, cells, owners),
        )

    @cached_property
    def bin_seconds(self) -> FloatArray:
        """(n_bins,): length of each bin."""
        return np.diff(self.edges)

    @cached_property
    def slots(self) -> dict[str, int]:
        """Place of each measure in the catalogue."""
        return {measure.name: slot for slot, measure in enumerate(catalogue(self.network.outcomes))}

    @cached_property
    def bin_slots(self) -> dict[str, int]:
        """Place of each binned measure in its table."""
        return {measure.name: slot for slot, measure in enumerate(bin_table(self.network.outcomes))}


@dataclass(frozen=True)
class _Owner:
    """A facility or station, the names in its rows and its measures."""

    index: int
    facility: str
    station: str
    measures: set[str]


def _edges(network: Network, bin_seconds: float) -> FloatArray:
    first = math.floor(network.warm_up / bin_seconds) + 1
    last = math.ceil(network.horizon / bin_seconds)
    inner = np.arange(first, last, dtype=np.float64) * bin_seconds
    inside = inner[(inner > network.warm_up) & (inner < network.horizon)]
    return np.concatenate([[network.warm_up], inside, [network.horizon]])


def _owners(network: Network, cells: Cells, promised: Mapping[str, Standard]) -> Iterator[_Owner]:
    """Each facility, followed by its stations."""
    for f, facility in enumerate(network.facilities):
        measures = _facility_measures(network, cells, f)
        if facility.name in promised and "wait_mean" in measures:
            measures |= {"over_standard_share", "over_standard_mean"}
        yield _Owner(f, facility.name, ALL, _with_sums(measures))
        for s, station in enumerate(network.stations):
            if station.facility == f:
                owner = cells.station_owner(s)
                yield _Owner(owner, facility.name, station.name, _with_sums(_station_measures(network, cells, s)))


def _rows(cells: Cells, owners: list[_Owner], table: tuple[Measure, ...]) -> tuple[tuple[Key, ...], IntArray]:
    keys: list[Key] = []
    places: list[int] = []
    for owner in owners:
        labels = cells.labels[owner.index]
        columns = [cells.column_of(owner.index), *range(cells.begin[owner.index], cells.begin[owner.index + 1])]
        for label, column in zip((ALL, *labels), columns, strict=True):
            for slot, measure in enumerate(table):
                if measure.name in owner.measures and (label == ALL or measure.name not in _WITHOUT_CLASS):
                    keys.append(Key(owner.facility, owner.station, label, measure.name, measure.unit))
                    places.append(slot * cells.n_columns + column)
    return tuple(keys), np.array(places, dtype=np.int64)


def _facility_measures(network: Network, cells: Cells, facility: int) -> set[str]:
    stations = [s for s in network.stations if s.facility == facility]
    kinds = {s.kind for s in stations}
    measures = {"arrivals", "throughput"} | _TIMES | _names(network, _facility_outcomes(network, facility))
    if StationKind.LANE_GROUP in kinds:
        measures |= _WAITS | {"wait_left_mean"}
        if StationKind.SECONDARY in kinds:
            measures |= _INSPECTED
    if kinds & set(QUEUE_KINDS):
        measures |= _QUEUES
        if any(s.metres_per_length > 0.0 for s in stations if s.kind in QUEUE_KINDS):
            measures |= _METRES
    if any(cells.pools(cells.station_owner(i)) for i, s in enumerate(network.stations) if s.facility == facility):
        measures.add("blocked_hours")
    if cells.pools(facility):
        measures |= _STAFF | {"open_booths"}
    if cells.approach(facility) >= 0:
        measures.add("spillback_share")
    if any(until < network.horizon for _, until in network.facilities[facility].events):
        measures.add("recovery")
    if (hall := network.facilities[facility].hall) is not None:
        measures |= HALL_MEASURES | (BOARDING_MEASURES if hall.boards else set())
        measures |= JOURNEY_MEASURES if hall.far >= 0 else set()
    if (flow := network.facilities[facility].flow) is not None:
        measures = (measures - _INSPECTED) | _flow_measures(flow)
    return measures


def _flow_measures(flow: Flow) -> set[str]:
    """Measures of an irregular flow, by the stages it has; of those who stay, how many they are."""
    if not flow.stations:
        return {"persons"}
    measures = FLOW_MEASURES | (CROSSING_MEASURES if flow.crossing else set())
    measures |= {"over_custody_share"} if flow.custody_standard else set()
    measures |= INTAKE_MEASURES if "intake" in flow.stations else set()
    return set(measures | (BOARD_MEASURES if "board" in flow.stations else set()))


def _station_measures(network: Network, cells: Cells, index: int) -> set[str]:
    station = network.stations[index]
    measures = {"arrivals", "throughput"} | _TIMES | _names(network, _station_outcomes(network, index))
    if station.kind is StationKind.TRAVEL:
        return measures
    measures |= _WAITS | _QUEUES
    if _can_renege(network, index):
        measures.add("wait_left_mean")
    if station.metres_per_length > 0.0:
        measures |= _METRES
    if station.kind in QUEUE_KINDS and math.isfinite(station.storage):
        measures.add("spillback_share")
    if cells.pools(cells.station_owner(index)):
        measures |= _STAFF | {"open_booths", "blocked_hours"}
    inspects = network.facilities[station.facility].flow is None and _has_secondary(network, station.facility)
    if station.kind is StationKind.LANE_GROUP and inspects:
        measures |= _INSPECTED
    return measures


def _with_sums(measures: set[str]) -> set[str]:
    """With the binned sums from which the ratios among them are formed."""
    sums = {name for ratio in RATIOS if ratio.measure.name in measures for name in (ratio.above, ratio.below)}
    started = {measure.name for measure in START_BIN_TABLE} if "wait_mean" in measures else set()
    return measures | sums | started


def _has_secondary(network: Network, facility: int) -> bool:
    return any(s.kind is StationKind.SECONDARY for s in network.stations if s.facility == facility)


def _can_renege(network: Network, index: int) -> bool:
    """Somebody's patience runs here, or ran where a closing group sends its line here from (rule 9)."""
    sends = [s for s in network.stations if any(index in others for others in (s.reroute or {}).values())]
    return any(rules.patience >= 0 for s in (network.stations[index], *sends) for rules in s.classes.values())


def _names(network: Network, outcomes: set[int]) -> set[str]:
    return {OUTCOME_PREFIX + network.outcomes[outcome] for outcome in outcomes}


def _station_outcomes(network: Network, index: int) -> set[int]:
    """Outcomes a visit to the station can end with."""
    station = network.stations[index]
    ways = [target.outcome for k in station.classes for target in targets(network, index, k) if target.outcome >= 0]
    return {*ways, RENEGED} if _can_renege(network, index) else set(ways)


def _facility_outcomes(network: Network, facility: int) -> set[int]:
    """Outcomes a party can have at the facility, from the rules of its stations and of arriving there (rule 9)."""
    outcomes: set[int] = set()
    for index, station in enumerate(network.stations):
        if station.facility == facility:
            outcomes |= _station_outcomes(network, index)
            onward = {s for k in station.classes for target in targets(network, index, k) for s in target.stations}
            if any(network.stations[s].facility != facility for s in onward):
                outcomes.add(DIVERTED)
    for party_class, entry in zip(network.classes, network.entry, strict=True):
        if party_class.facility == facility:
            outcomes |= {entry.outcome} - {-1}
            outcomes = outcomes.union(*(_turned_away(network.stations[s]) for s in entry.stations))
    return outcomes


def _turned_away(station: Station) -> set[int]:
    outcomes: set[int] = set()
    if not station.admits.is_one() and station.when_closed is not WhenFull.WAIT:
        outcomes.add(DIVERTED if station.when_closed is WhenFull.DIVERT and station.divert else CLOSED)
    if math.isfinite(station.balk_at):
        outcomes.add(BALKED)
    if math.isfinite(station.storage) or station.zone >= 0:
        outcomes.add(DIVERTED if station.when_full is WhenFull.DIVERT and station.divert else BALKED)
    return outcomes


def _unexpected(network: Network, cells: Cells, owners: list[_Owner]) -> IntArray:
    slots = {measure.name: slot for slot, measure in enumerate(catalogue(network.outcomes))}
    names = [OUTCOME_PREFIX + outcome for outcome in network.outcomes]
    places = [
        slots[name] * cells.n_columns + cells.column_of(owner.index)
        for owner in owners
        for name in names
        if name not in owner.measures
    ]
    return np.array(places, dtype=np.int64)
