"""An irregular flow as part of the network.

    alert -> response -> processing -> transfer -> interview -> eligibility -> intake or hotel -> board -> out

`alert` sends off who is not detected, some of them to `hidden`, from where they claim after 14 days. Ways to a claim at
a port, at airports or inland begin with the interview. Parts that are not stated are left out. One board serves all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from sim.model.distributions import Deterministic, from_spec
from sim.model.draft import Builder, Draft
from sim.model.flow_draws import PARTS, Alerted, Chances, Meeting, Part
from sim.model.flow_plan import LADDER, RESPONSE, RETURNED, FlowPlan
from sim.model.flow_sources import MODE, add_sources
from sim.model.network import (
    ALWAYS_ONE,
    NEVER,
    Branch,
    ClassAtStation,
    Facility,
    Flow,
    OnClose,
    PartyClass,
    Pool,
    Route,
    Station,
    StationKind,
    Steps,
    Target,
)
from sim.model.sources import Slot
from sim.model.steps import combine, mapped, window
from sim.scenario.distributions import Dist
from sim.scenario.irregular import ClaimStage
from sim.scenario.preclearance import of_traveller
from sim.scenario.schema import Scenario
from sim.scenario.units import DURATION

DAY = DURATION.units["d"]
YEAR = 365.0 * DAY
FOURTEEN_DAYS = 14.0 * DAY
"""Who claims later than this after crossing is not returned (additional protocol of 25 March 2023).

It is the time that the undetected wait who claim inland. Of those met the rule when they came decides alone: how long
a unit took to reach them is not asked."""

ALERT, PROCESSING, TRANSFER, INTERVIEW, ELIGIBILITY = "alert", "processing", "transfer", "interview", "eligibility"
HIDDEN, INTAKE, HOTEL, BOARD = "hidden", "intake", "hotel", "board"
UNDETECTED, LEFT, CLAIMS_INLAND = "undetected", "left-before-response", "claims-inland"
RETURNED_THERE, ELIGIBLE, REFUSED, DETAINED_THERE = "returned", "eligible", "inadmissible", "detained"
DECIDED = "decided"


def build_flows(
    draft: Draft, plans: list[FlowPlan], pools: dict[str, int], scenario: Scenario, envelopes: Scenario
) -> None:
    """Add the irregular flows of a scenario: facilities, classes, stations, sources.

    Args:
        draft: gets them, behind what it has.
        plans: of every flow.
        pools: index of each pool of officers by name.
        scenario: what is built.
        envelopes: the baseline, whose peak demand sets the rate of candidates.
    """
    if not plans:
        return
    board = _board_pool(draft, scenario)
    for plan in plans:
        FlowBuilder(draft, plan, pools, board).build()
    add_sources(draft, plans, scenario, envelopes)


def _board_pool(draft: Draft, scenario: Scenario) -> int:
    """One desk that decides a claim after the other; first those that were pending."""
    stated = scenario.board
    if stated is None:
        return -1
    busy = stated.inventory * YEAR / stated.per_year
    calendar = window(busy, NEVER, 1.0, 0.0) if busy > 0.0 else ALWAYS_ONE
    return draft.new_pool(Pool(BOARD, 1, calendar))


class FlowBuilder(Builder):
    """Builds one irregular flow."""

    plan: FlowPlan

    def __init__(self, draft: Draft, plan: FlowPlan, pools: dict[str, int], board: int) -> None:
        self.draft, self.plan, self.pools, self.board = draft, plan, pools, board
        self.flow = plan.flow
        self.officers: list[int] = []
        self.units = -1

    def build(self) -> None:
        plan, draft = self.plan, self.draft
        plan.facility = len(draft.facilities)
        draft.facilities.append(Facility(plan.name, MODE, self.flow.place))
        secrecy = (False, True) if self.flow.between_ports else (False,)
        for kind in plan.kinds():
            for hides in secrecy:
                # Who hides has a class of the same name: in the results kinds of groups stand together.
                plan.own[kind, hides] = draft.new_class(PartyClass(f"{MODE}.{kind}", plan.facility, 1.0))
        for name in self.parts():
            plan.index[name] = draft.new_station(f"{plan.name}/{name}")
        if self.flow.between_ports:
            self.alert()
            self.response()
            self.processing()
            self.passage(TRANSFER, self.flow.transfer, lambda: self.after(TRANSFER))
            self.hidden()
        if self.flow.interview is not None:
            self.stage(INTERVIEW, self.flow.interview, lambda klass, kind: self.straight(self.after(INTERVIEW)))
        self.stage(ELIGIBILITY, self.flow.eligibility, self.decision)
        self.intake()
        if BOARD in plan.index:
            self.claims_board()
        first = next(iter(plan.index))
        for klass in plan.own.values():
            draft.entry[klass] = self.at(first)
        draft.facilities[plan.facility] = Facility(
            plan.name, MODE, self.flow.place, plan.dated.spans(), flow=self.facts()
        )

    def parts(self) -> list[str]:
        """Stations, upstream first: the order ties are broken in."""
        flow, there = self.flow, []
        if flow.between_ports:
            there += [ALERT, RESPONSE]
            there += [
                name for name, part in ((PROCESSING, flow.processing), (TRANSFER, flow.transfer)) if part is not None
            ]
        there += [INTERVIEW] if flow.interview is not None else []
        there.append(ELIGIBILITY)
        there += [HIDDEN] if flow.between_ports and flow.claims_inland > 0.0 else []
        if flow.intake is not None:
            there += [INTAKE, HOTEL] if flow.intake.overflow == "hotel" else [INTAKE]
        return there + ([BOARD] if self.board >= 0 else [])

    # ---- where groups go ------------------------------------------------------------------------------

    def after(self, name: str) -> Target:
        """The next of the stages on the way to a decision."""
        order = [RESPONSE, PROCESSING, TRANSFER, INTERVIEW, ELIGIBILITY]
        return next(self.at(other) for other in order[order.index(name) + 1 :] if other in self.plan.index)

    def claimed(self, outcome: str) -> Target:
        """Where an eligible claim goes that needs no place: to the board, or out."""
        return self.at(BOARD) if self.board >= 0 else self.draft.outcome(outcome)

    def straight(self, target: Target) -> Route:
        return Route(-1, (), target)

    # ---- stations -------------------------------------------------------------------------------------

    def add(
        self,
        name: str,
        kind: StationKind,
        classes: dict[int, ClassAtStation],
        pool: int,
        storage: float = NEVER,
        waives: bool = False,
        by_officers: bool = False,
    ) -> None:
        self.draft.stations[self.plan.index[name]] = Station(
            name=name,
            facility=self.plan.facility,
            kind=kind,
            classes=classes,
            pool=pool,
            storage=storage,
            waive_when_full=waives,
            on_close=OnClose.WAIT,
            running=self.plan.dated.running(name) if by_officers or name == RESPONSE else ALWAYS_ONE,
            service_factor=self.plan.dated.service(name) if by_officers else ALWAYS_ONE,
        )

    def slot(self, klass: int, slot: Slot) -> int:
        return self.draft.slot(klass, slot)

    def timed(self, klass: int, name: str, time: Dist | None) -> int:
        distribution = Deterministic(0.0) if time is None else from_spec(time.kind, time.parameters)
        return self.slot(klass, Slot(f"{name}/service", distribution))

    def staffed(self, name: str, count: int, pool: str | None, calendar: Steps) -> int:
        if pool is not None:
            return self.pools[pool]
        return self.draft.new_pool(Pool(f"{self.plan.name}/{name}", count, self.plan.dated.at_most(name, calendar)))

    def passage(self, name: str, time: Dist | None, onward: Callable[[], Target]) -> None:
        """A delay without servers."""
        if name not in self.plan.index:
            return
        target = onward()
        classes = {
            klass: ClassAtStation(service=self.timed(klass, name, time), route=self.straight(target))
            for klass in self.plan.own.values()
        }
        self.add(name, StationKind.TRAVEL, classes, self.endless(name))

    def alert(self) -> None:
        """Who hides may go undetected, and some of those claim inland later."""
        plan, stated = self.plan, self.flow.intercept
        assert stated is not None
        claims = plan.times(plan.hides_pay, self.flow.claims_inland)
        mark = Alerted(f"{ALERT}/detected", plan.detection(), claims)
        later = self.at(HIDDEN) if HIDDEN in plan.index else self.draft.outcome(UNDETECTED)
        branches = (Branch(0.0, self.draft.outcome(UNDETECTED)), Branch(0.0, later))
        classes = {}
        for (_, hides), klass in plan.own.items():
            route = self.straight(self.at(RESPONSE))
            if hides:
                route = Route(self.slot(klass, Slot(mark.role, derived=mark)), branches, self.at(RESPONSE))
            classes[klass] = ClassAtStation(service=self.timed(klass, ALERT, stated.alert), route=route)
        self.add(ALERT, StationKind.TRAVEL, classes, self.endless(ALERT))

    def response(self) -> None:
        """Units, each sent to one group; who hides is gone after a time."""
        stated = self.flow.intercept
        assert stated is not None
        travel, with_group = (from_spec(d.kind, d.parameters) for d in (stated.response, stated.with_group))
        gone = stated.leaves_after
        leaves = None if gone is None else from_spec(gone.kind, gone.parameters)
        onward, classes = self.after(RESPONSE), {}
        for (_, hides), klass in self.plan.own.items():
            meeting = Meeting("travel", RESPONSE, travel, with_group, leaves if hides else None, self.plan.pace())
            service, patience, late, _ = (self.meeting(klass, meeting, what) for what in PARTS)
            route, goes = self.straight(onward), hides and leaves is not None
            if goes:
                route = Route(late, (Branch(0.0, self.draft.outcome(LEFT)),), onward)
            classes[klass] = ClassAtStation(service=service, patience=patience if goes else -1, route=route)
        calendar = combine(self.plan.clock.steps(stated.open), Steps(values=(float(stated.joint_patrols),)), _add)
        self.units = self.staffed(RESPONSE, stated.patrols + stated.joint_patrols, stated.pool, calendar)
        self.add(RESPONSE, StationKind.LANE_GROUP, classes, self.units)

    def meeting(self, klass: int, meeting: Meeting, what: Part) -> int:
        """Slot of a part of a meeting."""
        return self.slot(klass, Slot(f"{RESPONSE}/{what}", derived=replace(meeting, what=what)))

    def processing(self) -> None:
        if self.flow.processing is not None:
            self.stage(PROCESSING, self.flow.processing, lambda klass, kind: self.straight(self.after(PROCESSING)))

    def hidden(self) -> None:
        """Those who wait until they can no longer be returned."""
        time = Dist("deterministic", {"value": FOURTEEN_DAYS})
        self.passage(HIDDEN, time, lambda: self.claimed(CLAIMS_INLAND))

    def stage(self, name: str, stated: ClaimStage, route: Callable[[int, str], Route]) -> None:
        """A stage with officers. The first of a facility is its primary: the wait ends there."""
        classes = {}
        for (kind, _), klass in self.plan.own.items():
            service = of_traveller(stated.service, kind)
            assert service is not None, f"no service for {kind} at {name}"
            distribution: Dist = service.distribution
            classes[klass] = ClassAtStation(
                service=self.timed(klass, name, distribution),
                extra_person=service.per_extra_person,
                queue_factor=tuple(sorted(service.when_queue_over.items())),
                move_up=service.move_up,
                route=route(klass, kind),
            )
        pool = self.staffed(name, stated.officers, stated.pool, self.plan.clock.steps(stated.open))
        if pool not in self.officers:
            self.officers.append(pool)
        primary = not self.flow.between_ports and next(iter(self.plan.index)) == name
        waives = name == ELIGIBILITY and HOTEL in self.plan.index
        inspection = StationKind.LANE_GROUP if primary else StationKind.SECONDARY
        self.add(name, inspection, classes, pool, waives=waives, by_officers=True)

    def decision(self, klass: int, kind: str) -> Route:
        """What is decided, by the rule in force when the group came. Without a place in intake it goes to a hotel."""
        mark = Chances(f"{ELIGIBILITY}/decision", self.plan.decision(kind))
        branches = [Branch(0.0, self.draft.outcome(outcome)) for outcome in (REFUSED, DETAINED_THERE)]
        without = self.claimed(ELIGIBLE)
        place = self.at(INTAKE) if INTAKE in self.plan.index else without
        for _ in LADDER:
            branches += [Branch(0.0, place), Branch(0.0, without)]
        branches.append(Branch(0.0, self.draft.outcome(RETURNED_THERE)))
        assert len(branches) == RETURNED + 1
        otherwise = self.at(HOTEL) if HOTEL in self.plan.index else branches[-1].target
        return Route(self.slot(klass, Slot(mark.role, derived=mark)), tuple(branches), otherwise)

    def intake(self) -> None:
        """Places for persons are rooms for groups; the hotel has as many as are needed."""
        stated = self.flow.intake
        if stated is None:
            return
        rooms = mapped(self.plan.dated.places(stated.places), self.rooms)
        for name in (INTAKE, HOTEL):
            if name in self.plan.index:
                classes = {
                    klass: ClassAtStation(
                        service=self.timed(klass, INTAKE, stated.stay), route=self.straight(self.claimed(ELIGIBLE))
                    )
                    for klass in self.plan.own.values()
                }
                if name == HOTEL:
                    self.add(name, StationKind.TRAVEL, classes, self.endless(name))
                else:
                    room = 0.0 if HOTEL in self.plan.index else NEVER
                    pool = self.draft.new_pool(Pool(f"{self.plan.name}/{name}", int(max(rooms.values)), rooms))
                    self.add(name, StationKind.SECONDARY, classes, pool, storage=room)

    def rooms(self, places: float) -> float:
        """Rooms for groups of mean size: one at the least where there are places."""
        return float(max(1, math.floor(places / self.plan.persons() + 0.5))) if places > 0.0 else 0.0

    def claims_board(self) -> None:
        """Each person is a claim: a group takes its time as often as it has persons."""
        board = self.plan.scenario.board
        assert board is not None
        time = Dist("deterministic", {"value": YEAR / board.per_year})
        classes = {
            klass: ClassAtStation(
                service=self.timed(klass, BOARD, time),
                extra_person=1.0,
                route=self.straight(self.draft.outcome(DECIDED)),
            )
            for klass in self.plan.own.values()
        }
        self.add(BOARD, StationKind.SECONDARY, classes, self.board)

    # ---- measures -------------------------------------------------------------------------------------

    def facts(self) -> Flow:
        """What the measures need to know."""
        plan, flow, board = self.plan, self.flow, self.plan.scenario.board
        costs = flow.costs

        def slots(role: str) -> dict[int, int]:
            roles = {klass: [slot.role for slot in self.draft.slots[klass]] for klass in plan.own.values()}
            return {klass: there.index(role) for klass, there in roles.items() if role in there}

        return Flow(
            crossing=flow.between_ports,
            stations=dict(plan.index),
            hides=frozenset(klass for (_, hides), klass in plan.own.items() if hides),
            travel=slots(f"{RESPONSE}/travel"),
            decision=slots(f"{ELIGIBILITY}/decision"),
            cold=plan.cold(),
            cold_after=NEVER if flow.weather is None else flow.weather.after,
            custody_standard=flow.custody_standard or 0.0,
            board_rate=0.0 if board is None else board.per_year / YEAR,
            board_inventory=0.0 if board is None else float(board.inventory),
            officers=tuple(self.officers),
            units=self.units,
            unit_hour=costs.patrol_hour,
            officer_hour=costs.officer_hour,
            place_night=costs.place_night,
            hotel_night=costs.hotel_night,
            spending=plan.spending(costs.per_day / DAY, YEAR),
        )


def _add(first: float, second: float) -> float:
    return first + second
