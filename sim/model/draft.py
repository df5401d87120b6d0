"""A network being put together: indices are handed out first, stations follow in any order."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sim.errors import SimulationError
from sim.model.network import (
    ALWAYS_ONE,
    ENGINE_OUTCOMES,
    NEVER,
    Controller,
    Facility,
    Following,
    Network,
    PartyClass,
    Pool,
    Station,
    Target,
    WhenFull,
    Zone,
)

if TYPE_CHECKING:  # calendars are wanted where nothing is drawn, and sources bring scipy
    from sim.model.sources import Slot, Source

LENGTH_GRAIN = 1024
"""Car lengths are multiples of 1/1024, so that sums of them are exact in floating point."""


def grained(length: float) -> float:
    """The car length rounded to the grain; infinity stays."""
    return length if math.isinf(length) else round(length * LENGTH_GRAIN) / LENGTH_GRAIN


@dataclass
class Draft:
    """Lists that become a `Network`, and the draws each class needs."""

    facilities: list[Facility] = field(default_factory=list)
    classes: list[PartyClass] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    stations: dict[int, Station] = field(default_factory=dict)
    station_names: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=lambda: list(ENGINE_OUTCOMES))
    entry: dict[int, Target] = field(default_factory=dict)
    slots: dict[int, list[Slot]] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    controllers: list[Controller] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    following: Following | None = None

    def new_class(self, party_class: PartyClass) -> int:
        self.classes.append(party_class)
        self.slots[len(self.classes) - 1] = []
        return len(self.classes) - 1

    def new_station(self, name: str) -> int:
        """Reserve the next index for a station called `name`."""
        self.station_names.append(name)
        return len(self.station_names) - 1

    def new_zone(self, zone: Zone) -> int:
        self.zones.append(zone)
        return len(self.zones) - 1

    def new_pool(self, pool: Pool) -> int:
        self.pools.append(pool)
        return len(self.pools) - 1

    def outcome(self, name: str) -> Target:
        """The target of leaving with that outcome."""
        if name not in self.outcomes:
            self.outcomes.append(name)
        return Target(outcome=self.outcomes.index(name))

    def slot(self, klass: int, slot: Slot) -> int:
        """Column of a class's draws that holds this slot, made when it is new."""
        slots = self.slots[klass]
        if slot not in slots:
            slots.append(slot)
        return slots.index(slot)

    def network(self, horizon: float, warm_up: float, end: float) -> Network:
        """The finished network.

        Raises:
            SimulationError: routes run in a circle, or a station that parties from outside should wait for would
                turn them away: only a road in front of it lets them wait.
        """
        stations = tuple(self.stations[index] for index in range(len(self.station_names)))
        for station in (stations[index] for target in self.entry.values() for index in target.stations):
            if station.storage < NEVER and station.when_full is WhenFull.WAIT:
                raise SimulationError(f"station {station.name!r} is to be waited for, and nowhere to wait is in front")
        return Network(
            facilities=tuple(self.facilities),
            classes=tuple(self.classes),
            pools=tuple(self.pools),
            stations=stations,
            outcomes=tuple(self.outcomes),
            entry=tuple(self.entry[index] for index in range(len(self.classes))),
            downstream_first=downstream_first(stations),
            horizon=horizon,
            warm_up=warm_up,
            end=end,
            controllers=tuple(sorted(self.controllers, key=lambda controller: min(controller.watch))),
            zones=tuple(self.zones),
            following=self.following,
        )


class Plan(Protocol):
    """What a facility is, with the stations it has."""

    name: str
    index: dict[str, int]
    """Station index by part."""


class Builder:
    """What the builders of all kinds of facilities have in common."""

    draft: Draft
    plan: Plan

    def at(self, part: str) -> Target:
        """The part as a place to go."""
        return Target(stations=(self.plan.index[part],))

    def endless(self, part: str) -> int:
        """Servers for as many as come: the pool of a journey or a delay."""
        return self.draft.new_pool(Pool(f"{self.plan.name}/{part}", -1, ALWAYS_ONE))


def downstream_first(stations: tuple[Station, ...]) -> tuple[int, ...]:
    """Station indices, every station before those that lead to it; ties in the order given.

    Raises:
        SimulationError: routes run in a circle.
    """
    leads_to = [sorted(_next_stations(station)) for station in stations]
    order: list[int] = []
    state = [0] * len(stations)  # 0 unseen, 1 on the path, 2 done

    def visit(index: int) -> None:
        if state[index] == 1:
            raise SimulationError(f"routes run in a circle through station {stations[index].name!r}")
        if state[index] == 0:
            state[index] = 1
            for following in leads_to[index]:
                visit(following)
            state[index] = 2
            order.append(index)

    for index in range(len(stations)):
        visit(index)
    return tuple(order)


def _next_stations(station: Station) -> set[int]:
    targets: list[Target] = []  # diversions happen on arrival only, so two ports may divert to each other
    for rules in station.classes.values():
        if rules.route is not None:
            targets += [rules.route.otherwise, *(branch.target for branch in rules.route.branches)]
    return {index for target in targets for index in target.stations}
