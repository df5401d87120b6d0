"""A land port of entry as part of the network: road, toll, lane groups, secondary inspection.

    outside -> toll -> approach -> lane groups -> secondary inspection -> out

Parts a port does not have are left out. `outside` is the road in front of everything that fills: it takes in
whoever waits because the next part has no room.
"""

from __future__ import annotations

import math
from typing import Any

from sim.model.distribution import Distribution
from sim.model.distributions import from_spec
from sim.model.draft import Builder, Draft, grained
from sim.model.network import (
    ALWAYS_ONE,
    NEVER,
    Branch,
    ClassAtStation,
    Controller,
    OnClose,
    Pool,
    Route,
    Station,
    StationKind,
    Target,
    WhenFull,
)
from sim.model.port_plan import PortPlan
from sim.model.sources import Slot
from sim.scenario import ways_in
from sim.scenario.checks import from_port
from sim.scenario.control import Control
from sim.scenario.distributions import Dist
from sim.scenario.port import LaneGroup, Secondary, Service
from sim.scenario.tables import NOT_REFERRED
from sim.scenario.vocabulary import covers, most_exact, serves

WHEN_FULL = {"wait": WhenFull.WAIT, "balk": WhenFull.BALK, "divert": WhenFull.DIVERT}
ON_CLOSE = {"finish": OnClose.FINISH, "reroute": OnClose.REROUTE, "wait": OnClose.WAIT}


class LandPort(Builder):
    """Builds the stations of one port."""

    plan: PortPlan

    def __init__(self, draft: Draft, plan: PortPlan, pools: dict[str, int], ports: dict[str, PortPlan]) -> None:
        self.draft, self.plan, self.pools, self.ports = draft, plan, pools, ports
        self.port = plan.port

    def build(self) -> None:
        port = self.port
        for kind, secondary in port.secondary.items():
            self.secondary(kind, secondary)
        for name, lane in port.lanes.items():
            self.lane_group(name, lane)
        if port.approach is not None:
            self.approach()
        if port.toll is not None:
            self.toll(port.toll)
        if "outside" in self.plan.index:
            self.outside()
        if port.divert is not None:
            self.detour()
        for name, klass in self.plan.own.items():
            self.draft.entry[klass] = self.entrance(name)

    # ---- where parties go -----------------------------------------------------------------------------

    def to_groups(self, class_name: str) -> Target:
        """The lane groups that serve a class (rule 2)."""
        stations = tuple(self.plan.index[name] for name in self.plan.groups(class_name))
        return Target(stations=stations, shorter=self.port.choose == "shorter")

    def to_approach(self, class_name: str) -> Target:
        return self.at("approach") if self.plan.uses("approach", class_name) else self.to_groups(class_name)

    def entrance(self, class_name: str) -> Target:
        """Where a class first goes when it comes from outside."""
        if self.plan.waits_outside(class_name):
            return self.at("outside")
        return self.past_outside(class_name)

    def past_outside(self, class_name: str) -> Target:
        return self.at("toll") if self.plan.uses("toll", class_name) else self.to_approach(class_name)

    def detour_target(self) -> Target | None:
        return self.at("detour") if self.port.divert is not None else None

    # ---- stations -------------------------------------------------------------------------------------

    def add(self, part: str, kind: StationKind, classes: dict[int, ClassAtStation], **more: Any) -> None:
        index = self.plan.index[part]
        self.draft.stations[index] = Station(
            name=part.removeprefix("secondary:"),
            facility=self.plan.facility,
            kind=kind,
            classes=classes,
            admits=self.plan.admits(),
            when_closed=WHEN_FULL[self.port.outside_hours],
            divert=self.detour_target(),
            metres_per_length=self.port.metres_per_car,
            **more,
        )

    def passing(self, to: dict[str, Target]) -> dict[int, ClassAtStation]:
        """Rules of a part without service for the classes in `to`, each with where it goes next."""
        return {
            klass: ClassAtStation(route=Route(mark=-1, branches=(), otherwise=to[name]))
            for klass, name in self.plan.visitors.items()
            if name in to
        }

    def outside(self) -> None:
        """The road in front: no end to it, and its head waits for room further on."""
        names = [name for name in self.plan.visitors.values() if self.plan.waits_outside(name)]
        # One part at most counts who waits for it (`ways_in.balking`): the one its own traffic waits for.
        waited = (ways_in.first_part(self.port, name) for name in names if name in self.plan.own)
        part = next((road for road in waited if road and getattr(self.port, road).balk_at is not None), None)
        self.add(
            "outside",
            StationKind.ROAD,
            self.passing({name: self.past_outside(name) for name in names}),
            balk_at=NEVER if part is None else getattr(self.port, part).balk_at,
            balk_with=-1 if part is None else self.plan.index[part],
        )

    def detour(self) -> None:
        """The drive to the port that parties divert to. It belongs to that port: the stay there begins with it."""
        divert = self.port.divert
        assert divert is not None
        other = self.ports[divert.to]
        there = LandPort(self.draft, other, self.pools, self.ports)
        slot = Slot("detour", from_spec("deterministic", {"value": divert.after}))
        classes = {
            klass: ClassAtStation(
                service=self.draft.slot(klass, slot),
                route=Route(mark=-1, branches=(), otherwise=there.entrance(name)),
            )
            for name, klass in self.plan.own.items()
        }
        self.draft.stations[self.plan.index["detour"]] = Station(
            name=from_port(self.plan.name),
            facility=other.facility,
            kind=StationKind.TRAVEL,
            classes=classes,
            pool=self.endless("detour"),
        )

    def approach(self) -> None:
        approach = self.port.approach
        assert approach is not None
        names = [name for name in self.plan.visitors.values() if self.plan.uses("approach", name)]
        classes = self.passing({name: self.to_groups(name) for name in names})
        if approach.can_leave and approach.patience is not None:
            for klass, rules in classes.items():
                patience = self.patience(klass, approach.patience, "approach")
                classes[klass] = ClassAtStation(patience=patience, route=rules.route)
        self.add(
            "approach",
            StationKind.ROAD,
            classes,
            storage=NEVER if approach.storage is None else grained(approach.storage - (approach.split or 0.0)),
            when_full=WHEN_FULL[approach.when_full],
            balk_at=NEVER if approach.balk_at is None else approach.balk_at,
            lanes=approach.lanes,
            travel=approach.travel,
        )

    def toll(self, toll: LaneGroup) -> None:
        names = [name for name in self.plan.visitors.values() if self.plan.uses("toll", name)]
        routes = {name: Route(mark=-1, branches=(), otherwise=self.to_approach(name)) for name in names}
        self.served_group("toll", StationKind.TOLL, toll, routes, storage=NEVER)

    def lane_group(self, name: str, lane: LaneGroup) -> None:
        classes = [c for c in self.plan.visitors.values() if covers(lane.serves, c)]
        split = self.port.approach.split if self.port.approach is not None else None
        storage = NEVER if split is None or not ways_in.behind_split(self.port, lane, classes) else grained(split)
        routes = {name: self.inspection(name) for name in classes}
        self.served_group(name, StationKind.LANE_GROUP, lane, routes, storage)

    def served_group(
        self, part: str, kind: StationKind, lane: LaneGroup, routes: dict[str, Route], storage: float
    ) -> None:
        """A station with booths: primary inspection or a toll plaza."""
        role = "primary" if kind is StationKind.LANE_GROUP else "toll"
        classes = {
            klass: ClassAtStation(
                rank=next((i for i, p in enumerate(lane.priority) if serves(p, name)), len(lane.priority)),
                patience=self.patience(klass, lane.patience, part),
                route=self.route_of(klass, routes[name]),
                **self.service(klass, lane.service, role, "service" if role == "primary" else ""),
            )
            for klass, name in self.plan.visitors.items()
            if name in routes
        }
        self.add(
            part,
            kind,
            classes,
            pool=self.pool_of(part, lane),
            per_booth=lane.queue == "per_booth",
            tandem=lane.tandem,
            storage=storage if lane.storage is None else grained(lane.storage),
            when_full=WHEN_FULL[lane.when_full],
            balk_at=NEVER if lane.balk_at is None else lane.balk_at,
            jockey=lane.jockey or 0,
            on_close=ON_CLOSE[lane.on_close],
            reroute=self.reroute(part, list(routes)) if kind is StationKind.LANE_GROUP else None,
            waive_when_full=lane.waive_when_full,
            service_factor=self.plan.service(part) if kind is StationKind.LANE_GROUP else ALWAYS_ONE,
            running=self.plan.running(part) if kind is StationKind.LANE_GROUP else ALWAYS_ONE,
        )

    def secondary(self, kind: str, secondary: Secondary) -> None:
        """Bays; what ends there is released, or has an outcome with a share (rule 8)."""
        part = f"secondary:{kind}"
        classes = {}
        for klass in self.plan.visitors:
            branches = tuple(
                Branch(share, self.draft.outcome(outcome)) for outcome, share in secondary.outcomes.items()
            )
            mark = self.draft.slot(klass, Slot(f"{kind}/outcome")) if branches else -1
            classes[klass] = ClassAtStation(
                route=Route(mark, branches, self.draft.outcome("released")),
                **self.service(klass, secondary.service, f"{kind}/service", "secondary"),
            )
        pool = self.pools[secondary.pool] if secondary.pool is not None else None
        if pool is None:
            pool = self.draft.new_pool(Pool(f"{self.plan.name}/{kind}", secondary.bays, self.plan.calendar(secondary)))
        self.add(
            part,
            StationKind.SECONDARY,
            classes,
            pool=pool,
            storage=grained(secondary.storage),
            service_factor=self.plan.secondary_service(),
            running=self.plan.running(kind),
        )

    # ---- rules of a class at a station ----------------------------------------------------------------

    def inspection(self, class_name: str) -> Route:
        """After primary: referred to a kind of secondary by share, else admitted (rule 10)."""
        branches = tuple(
            Branch(share, self.at(f"secondary:{kind}"), self.plan.referral(class_name))
            for kind, secondary in self.port.secondary.items()
            if (share := most_exact(secondary.referral, class_name) or 0.0) > 0.0 or self.referral_given(class_name)
        )
        return Route(mark=0, branches=branches, otherwise=self.draft.outcome("admitted"))

    def referral_given(self, class_name: str) -> bool:
        """A trace says of each party whether it is referred."""
        return any(
            traffic.trace is not None and bool((traffic.trace.referral > NOT_REFERRED).any())
            for mode, traffic in self.port.traffic.items()
            if serves(mode, class_name)
        )

    def route_of(self, klass: int, route: Route) -> Route:
        """The route with the slot of this class's mark."""
        if not route.branches:
            return Route(-1, (), route.otherwise)
        return Route(self.draft.slot(klass, Slot("referral", given="referral")), route.branches, route.otherwise)

    def service(self, klass: int, services: dict[str, Service], role: str, given: str) -> dict[str, Any]:
        """Service draw and factors of a class, from the entry that names it most exactly."""
        name = self.plan.visitors[klass]
        service = most_exact(services, name)
        assert service is not None, f"no service for {name}"
        return {
            "service": self.draft.slot(klass, Slot(role, self.distribution(service.distribution), given)),
            "extra_person": service.per_extra_person,
            "queue_factor": tuple(sorted(service.when_queue_over.items())),
            "move_up": service.move_up,
        }

    def patience(self, klass: int, patience: dict[str, Dist] | None, part: str) -> int:
        """Slot of the patience draw, -1 for a class that waits for ever."""
        dist = most_exact(patience, self.plan.visitors[klass]) if patience else None
        if dist is None:
            return -1
        given = "" if part in ("toll", "approach") else "patience"
        return self.draft.slot(klass, Slot("patience", self.distribution(dist), given))

    def distribution(self, dist: Dist) -> Distribution:
        return from_spec(dist.kind, dist.parameters)

    def pool_of(self, part: str, lane: LaneGroup) -> int:
        if lane.pool is not None:
            return self.pools[lane.pool]
        calendar = self.plan.lane_calendar(part, lane)
        pool = self.draft.new_pool(Pool(f"{self.plan.name}/{part}", lane.booths, calendar))
        if lane.control is not None:
            self.draft.controllers.append(self.controller(part, lane, lane.control, pool))
        return pool

    def controller(self, part: str, lane: LaneGroup, control: Control, pool: int) -> Controller:
        """Steers a group's booths by its own line and the roads in front of it (rule 7)."""
        classes = [name for name in self.plan.classes if part == "toll" or part in self.plan.groups(name)]
        in_front = [
            road for road in ("outside", "approach") if any(self.comes_by(road, name, part) for name in classes)
        ]
        looks = math.floor(self.plan.end / control.every)
        return Controller(
            pool=pool,
            watch=(self.plan.index[part], *(self.plan.index[road] for road in in_front)),
            ticks=tuple(k * control.every for k in range(1, looks + 1)),
            open_above=control.open_above.value,
            close_below=control.close_below.value,
            by_wait=control.open_above.by_wait,
            lead=control.ticks,
            most=self.plan.most_open(part, lane),
        )

    def comes_by(self, road: str, class_name: str, part: str) -> bool:
        """The class waits on this road before it comes to the part, and for the part if no approach lies between."""
        toll, approach = self.plan.uses("toll", class_name), self.plan.uses("approach", class_name)
        if road == "approach":
            return approach and part != "toll"
        return self.plan.waits_outside(class_name) and (toll if part == "toll" else approach or not toll)

    def reroute(self, part: str, classes: list[str]) -> dict[int, tuple[int, ...]]:
        """Per class, the other groups that serve it, for when this one closes (rule 5)."""
        others = {name: [g for g in self.plan.groups(name) if g != part] for name in classes}
        return {
            klass: tuple(self.plan.index[group] for group in others[name])
            for klass, name in self.plan.visitors.items()
            if others.get(name)
        }
