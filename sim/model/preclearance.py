"""A preclearance facility, and the far side of one, as part of the network.

    door -> [outside -> entrance ->] stations of the chain, each to the next that serves the class -> out

`outside` holds the people a full hall has no room for. `door` is there where not everybody uses the first station, or
somebody none; `entrance`, where not everybody uses the first station of the hall. A traveller who is cleared at the far
side is two parties, one at each facility, drawn from the same streams: what leaves here at a time arrives there at a
time, whenever its passengers reached the gate. Who missed the departure or was refused here never comes there.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from sim.model.departures import DepartureSource
from sim.model.distributions import Deterministic, from_spec
from sim.model.draft import Builder, Draft, grained
from sim.model.hall_plan import HallPlan, Way, merged
from sim.model.network import (
    ALWAYS_ONE,
    NEVER,
    Branch,
    ClassAtStation,
    Facility,
    Following,
    Hall,
    PartyClass,
    Pool,
    Route,
    Station,
    StationKind,
    Steps,
    Target,
    Zone,
)
from sim.model.sources import Programme, Sizes, Slot
from sim.model.steps import mapped
from sim.model.traffic import days_of
from sim.scenario.distributions import Dist
from sim.scenario.preclearance import ADMITTED, CLEARED, PASSED, TIGHT, Stage, of_traveller

KINDS = {
    "process": StationKind.TOLL,
    "primary": StationKind.LANE_GROUP,
    "secondary": StationKind.SECONDARY,
    "walk": StationKind.TRAVEL,
}
"""Service at a process is no wait, as at a toll; the wait ends with the officer's primary inspection."""
OUTSIDE, DOOR, ENTRANCE = "outside", "door", "entrance"
LEFT_BEHIND = "left-behind"
"""Outcome of who is not aboard of what arrives at the far side; no measure counts it there."""


def build_halls(draft: Draft, plans: list[HallPlan], pools: dict[str, int]) -> None:
    """Add the halls of a scenario: facilities, classes, stations, sources."""
    for plan in plans:
        HallBuilder(draft, plan, pools).build()


class HallBuilder(Builder):
    """Builds one hall."""

    plan: HallPlan

    def __init__(self, draft: Draft, plan: HallPlan, pools: dict[str, int]) -> None:
        self.draft, self.plan, self.pools = draft, plan, pools
        self.officers: list[int] = []
        self.zone = -1 if plan.hall is None else draft.new_zone(Zone(plan.name, plan.hall.capacity))

    def build(self) -> None:
        plan, draft = self.plan, self.draft
        home = -1 if plan.far is None else self.follow()
        plan.facility = len(draft.facilities)
        draft.facilities.append(Facility(plan.name, plan.place.mode, plan.zone, plan.spans()))
        for tight in (False, True) if plan.tight else (False,):
            for name in plan.place.classes:
                label = f"{plan.place.mode}.{name}"
                # A tight traveller's class has the same name: they are told apart by priority alone.
                plan.own[name, tight] = draft.new_class(PartyClass(label, plan.facility, self.length(name), home))
        self.reserve()
        for name, stage in plan.chain.stations.items():
            self.station(name, stage)
        if OUTSIDE in plan.index:
            assert plan.hall is not None
            inside = self.at(ENTRANCE if ENTRANCE in plan.index else plan.hall.from_)
            routes = {klass: ClassAtStation(route=Route(-1, (), inside)) for klass in plan.own.values()}
            self.add(OUTSIDE, StationKind.ROAD, routes)
        if ENTRANCE in plan.index:
            self.parting(ENTRANCE, {name: self.ways_in(name) for name in plan.place.classes}, zone=self.zone)
        first = {name: plan.chain.ways(name, 0) for name in plan.place.classes}
        if DOOR in plan.index:
            self.parting(DOOR, first)
        for (name, _), klass in plan.own.items():
            way = self.by_outside(DOOR, first[name])[0]
            draft.entry[klass] = self.at(DOOR) if DOOR in plan.index else self.target(way)
        draft.facilities[plan.facility] = replace(draft.facilities[plan.facility], hall=self.facts())
        draft.sources.append(self.source())
        if plan.far is not None:
            hall = draft.facilities[home].hall
            assert hall is not None
            draft.facilities[home] = replace(draft.facilities[home], hall=replace(hall, far=plan.facility))

    def follow(self) -> int:
        """The facility whose travellers come here, and say that only those come who got through there."""
        stays = self.draft.outcome(LEFT_BEHIND).outcome
        barred = tuple(index for index, name in enumerate(self.draft.outcomes) if name not in PASSED)
        self.draft.following = Following(stays, barred)
        return next(index for index, one in enumerate(self.draft.facilities) if one.name == self.plan.home)

    def length(self, name: str) -> float:
        """Room a party of the class takes: its mean number of people."""
        return grained(self.sizes(name).mean)

    def sizes(self, name: str) -> Sizes:
        return Sizes.of(of_traveller(self.plan.place.party, name))

    def reserve(self) -> None:
        """Hand out station indices, upstream first: the order ties are broken in."""
        plan = self.plan
        names = list(plan.chain.stations)
        if plan.hall is not None:
            begins = names.index(plan.hall.from_)
            apart = any(self.ways_in(name) not in ([], [Way(1.0, plan.hall.from_)]) for name in plan.place.classes)
            names[begins:begins] = [OUTSIDE, ENTRANCE] if apart else [OUTSIDE]
        first = [self.by_outside(DOOR, plan.chain.ways(name, 0)) for name in plan.place.classes]
        # A party enters at a station: there must be one, also for those who pass by all others.
        if any(len(ways) > 1 or not ways[0].station for ways in first):
            names.insert(0, DOOR)
        plan.index = {name: self.draft.new_station(f"{plan.name}/{name}") for name in names}

    # ---- where parties go -----------------------------------------------------------------------------

    def target(self, way: Way) -> Target:
        plan = self.plan
        if not way.station:
            return self.draft.outcome(CLEARED[plan.chain.clearance] if plan.far is None else ADMITTED)
        return self.at(way.station)

    def by_outside(self, name: str, ways: list[Way]) -> list[Way]:
        """Ways on from a place; those that lead into the hall go by `outside`."""
        if self.plan.hall is None or name in (*self.plan.inside, ENTRANCE):
            return ways
        return merged([Way(way.probability, OUTSIDE if self.enters(way) else way.station) for way in ways])

    def enters(self, way: Way) -> bool:
        """It leads into the hall; a secondary within it is come to from the officer who refers."""
        return way.station in self.plan.inside and self.plan.chain.stations[way.station].kind != "secondary"

    def ways_in(self, traveller: str) -> list[Way]:
        """Where those of a class that enter the hall go there first; empty for a class that does not."""
        hall, chain = self.plan.hall, self.plan.chain
        assert hall is not None
        ways = [way for way in chain.ways(traveller, list(chain.stations).index(hall.from_)) if self.enters(way)]
        total = math.fsum(way.probability for way in ways)
        return [Way(way.probability / total, way.station) for way in ways]

    def route(self, klass: int, name: str, ways: list[Way]) -> Route:
        """One mark against the cumulated probabilities; the last way takes the rest."""
        ways = self.by_outside(name, ways)
        if len(ways) == 1:
            return Route(-1, (), self.target(ways[0]))
        factors = self.factors(self.draft.classes[klass].name, ways)
        branches = tuple(Branch(w.probability, self.target(w), f) for w, f in zip(ways[:-1], factors, strict=False))
        return Route(self.draft.slot(klass, Slot(f"{name}/way")), branches, self.target(ways[-1]))

    def factors(self, label: str, ways: list[Way]) -> list[Steps]:
        """Dated factor on the probability of each way: on referrals what events say, on the others what they leave."""
        stations = self.plan.chain.stations
        refers = [way.station in stations and stations[way.station].kind == "secondary" for way in ways]
        factor = self.plan.referral(label)
        referred = math.fsum(way.probability for way, one in zip(ways, refers, strict=True) if one)
        if factor.is_one() or not 0.0 < referred < 1.0:
            return [factor if one else ALWAYS_ONE for one in refers]
        most = mapped(factor, lambda value: min(value, 1.0 / referred))
        others = mapped(most, lambda value: max(0.0, 1.0 - referred * value) / (1.0 - referred))
        return [most if one else others for one in refers]

    # ---- stations -------------------------------------------------------------------------------------

    def add(self, name: str, kind: StationKind, classes: dict[int, ClassAtStation], **more: Any) -> None:
        self.draft.stations[self.plan.index[name]] = Station(
            name=name, facility=self.plan.facility, kind=kind, classes=classes, **more
        )

    def parting(self, name: str, ways: dict[str, list[Way]], zone: int = -1) -> None:
        """A station without time, where it is decided who goes where first."""
        classes = {
            klass: ClassAtStation(
                service=self.draft.slot(klass, Slot(f"{name}/service", Deterministic(0.0))),
                route=self.route(klass, name, ways[traveller]),
            )
            for (traveller, _), klass in self.plan.own.items()
            if ways[traveller]
        }
        self.add(name, StationKind.TRAVEL, classes, pool=self.endless(name), zone=zone)

    def station(self, name: str, stage: Stage) -> None:
        """A station of the chain; also one that is not worked, so that variants have the same rows."""
        plan = self.plan
        classes = {
            klass: self.rules(name, stage, klass, traveller, tight)
            for (traveller, tight), klass in plan.own.items()
            if (not stage.serves or traveller in stage.serves)
            and (stage.kind != "secondary" or of_traveller(stage.referral, traveller))
        }
        kind = KINDS[stage.kind]
        pool = self.pool(name, stage)
        inspects = kind in (StationKind.LANE_GROUP, StationKind.SECONDARY)
        worked = any(plan.chain.worked(name, traveller) for traveller in plan.place.classes)
        if inspects and worked and pool not in self.officers:
            self.officers.append(pool)
        room = NEVER if stage.storage is None else grained(stage.storage)
        dated = plan.secondary_service() if stage.kind == "secondary" else plan.service(name, stage.kind == "primary")
        self.add(
            name,
            kind,
            classes,
            pool=pool,
            per_booth=stage.queue == "per_booth",
            storage=room,
            zone=self.zone if name in plan.inside else -1,
            service_factor=dated,
            running=ALWAYS_ONE if stage.kind == "walk" else plan.running(name),
        )

    def rules(self, name: str, stage: Stage, klass: int, traveller: str, tight: bool) -> ClassAtStation:
        """How a class is treated at a station."""
        service = of_traveller(stage.service, traveller)
        assert service is not None, f"no service for {traveller} at {name}"
        distribution: Dist = service.distribution
        slot = Slot(f"{name}/service", from_spec(distribution.kind, distribution.parameters))
        ranks = [i for i, known in enumerate(stage.priority) if known == traveller or (tight and known == TIGHT)]
        return ClassAtStation(
            service=self.draft.slot(klass, slot),
            extra_person=service.per_extra_person,
            queue_factor=tuple(sorted(service.when_queue_over.items())),
            move_up=service.move_up,
            rank=min(ranks, default=len(stage.priority)),
            precedence=0 if tight and TIGHT in stage.priority else 1,
            route=self.way_on(name, stage, klass, traveller),
        )

    def way_on(self, name: str, stage: Stage, klass: int, traveller: str) -> Route:
        ways = self.plan.chain.after(traveller, name)
        if not stage.outcomes:
            return self.route(klass, name, ways)
        branches = tuple(Branch(share, self.draft.outcome(outcome)) for outcome, share in stage.outcomes.items())
        onward = self.target(self.by_outside(name, ways)[0])
        return Route(self.draft.slot(klass, Slot(f"{name}/outcome")), branches, onward)

    def pool(self, name: str, stage: Stage) -> int:
        if stage.kind == "walk":
            return self.endless(name)
        if stage.pool is not None:
            return self.pools[stage.pool]
        calendar = self.plan.at_most(name, self.plan.clock.steps(stage.open))
        return self.draft.new_pool(Pool(f"{self.plan.name}/{name}", stage.booths, calendar))

    # ---- measures and sources -------------------------------------------------------------------------

    def facts(self) -> Hall:
        """What the measures need to know."""
        plan = self.plan
        return Hall(
            closes=plan.place.closes,
            holds=plan.place.holds,
            boards=plan.far is None,
            inside=tuple(plan.index[name] for name in (ENTRANCE, *plan.inside) if name in plan.index),
            officers=tuple(self.officers),
            officer_hour=plan.costs.officer_hour,
            per_day=plan.costs.facility if self.officers else 0.0,
        )

    def source(self) -> DepartureSource:
        """The travellers; the tight classes follow the others in the same order."""
        plan, place = self.plan, self.plan.place
        programmes = tuple(
            Programme(klass, place.shares[name], tuple(self.draft.slots[klass]))
            for (name, _), klass in plan.own.items()
        )
        show_up = [of_traveller(place.show_up, name) for name in place.classes]
        return DepartureSource(
            name=plan.name,
            programmes=programmes,
            sizes=Sizes(1.0),
            departures=plan.departures(),
            shares=tuple(place.shares.values()),
            of_class=tuple(self.sizes(name) for name in place.classes),
            show_up=tuple(from_spec(dist.kind, dist.parameters) for dist in show_up),
            tight=place.tight if plan.tight else None,
            home=plan.home,
            journey=None if plan.far is None else plan.far.journey,
            closes=place.closes,
            holds=place.holds,
            **days_of(place.day_to_day, plan.home, plan.boards.clock),
        )
