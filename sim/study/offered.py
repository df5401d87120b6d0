"""Offered load: the work that arrives against the booths that are open, hour by hour, by a fluid argument.

Arrivals flow at their expected rate, each bringing its mean service; a group that is offered more than it can do builds
up a backlog. There is no chance in it, so a load of 1 or more is a queue that grows on every day, not on a bad one.
Left out are roads that are full, bays that block booths, and parties that give up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from sim.model.dated import Dated, officers_on_duty
from sim.model.flow_plan import RESPONSE, FlowPlan
from sim.model.hall_plan import HallPlan, hall_plans
from sim.model.network import ALWAYS_ONE, Steps
from sim.model.port_plan import PortPlan
from sim.model.steps import combine, product
from sim.scenario.port import LaneGroup, Secondary
from sim.scenario.preclearance import Stage
from sim.scenario.schema import Scenario
from sim.scenario.vocabulary import most_exact, serves
from sim.study.demand import Flow, flows, integral, work_of
from sim.study.hall_load import hall_flows, servers_of, visits

if TYPE_CHECKING:
    from sim.study.flow_load import FlowLoad

HOUR = 3600.0
TANDEM = 1.5
"""Parties through a tandem booth for each through a single one: half as many again, as published for San Ysidro."""
LONGEST = 366 * 24 * HOUR
"""A longer horizon is looked at this far: a year has every season."""


@dataclass(eq=False)
class Group:
    """Servers that work off one backlog: a lane group, a kind of secondary, a pool, or lanes chosen by length."""

    name: str
    at: tuple[str, ...]
    """Path in the scenario of the first part."""
    servers: Steps
    """Parties served at once over time; a tandem booth counts as `TANDEM`."""
    word: str
    """What its servers are called: booth, bay or officer."""
    parts: list[str] = field(default_factory=list)
    gives_up: bool = False
    """Parties leave, balk or divert, so that the queue does not grow without bound."""
    reroutes: bool = False
    """The line goes to another group when this one closes (rule 5)."""
    finishes: bool = False
    """The booths work off the line when they close."""
    overnight: bool = False
    """A line when the horizon ends is no news: claims wait for the next day."""
    offered: dict[int, float] = field(default_factory=dict)
    """Seconds of work that arrive, by hour of the horizon."""
    opened: dict[int, float] = field(default_factory=dict)
    """Seconds of open servers, by hour of the horizon."""
    parties: float = 0.0
    backlog: float = 0.0
    """Seconds of work in line."""
    last_open: float = 0.0
    """Servers open when some last were."""

    @property
    def work(self) -> float:
        """Seconds of work that arrive over the horizon."""
        return math.fsum(self.offered.values())

    @property
    def open_time(self) -> float:
        """Seconds of open servers over the horizon."""
        return math.fsum(self.opened.values())

    @property
    def load(self) -> float:
        """Work over open time; infinite where work finds nobody."""
        return _ratio(self.work, self.open_time)

    @property
    def parties_left(self) -> float:
        """Parties in line at the end of the horizon."""
        return self.backlog * _ratio(self.parties, self.work) if self.backlog else 0.0

    def worst_hour(self) -> tuple[int, float]:
        """Hour of the horizon with the highest load, and that load."""
        hour = max(self.offered, key=lambda hour: _ratio(self.offered[hour], self.opened.get(hour, 0.0)))
        return hour, _ratio(self.offered[hour], self.opened.get(hour, 0.0))


def _ratio(work: float, time: float) -> float:
    return work / time if time > 0.0 else math.inf if work > 0.0 else 0.0


def plans_of(scenario: Scenario) -> list[PortPlan]:
    """Calendars and events of each port, over a year at most."""
    end = min(scenario.horizon, LONGEST)
    return [PortPlan(name, scenario, end, scenario) for name in scenario.ports]


def most_booths(plan: PortPlan, name: str, lane: LaneGroup) -> Steps:
    """Booths that can be open over time: the calendar, or what a controller may open beyond it.

    Handovers are left out: short against the hours looked at, and a year of them takes long to lay out.
    """
    plain = lane.model_copy(update={"handover": None})
    return plan.lane_calendar(name, plain) if lane.control is None else plan.most_open(name, plain)


def offered_load(scenario: Scenario) -> list[Group]:
    """Every group of servers of a scenario with the load it is offered, in the order of the scenario."""
    fluid = _Fluid(scenario)
    for plan in plans_of(scenario):
        fluid.add_port(plan)
    for hall in hall_plans(scenario, fluid.horizon):
        fluid.add_hall(hall)
    if scenario.irregular:
        from sim.study.flow_load import flow_loads  # brings numpy, which looking at a port does without

        for flow, load in flow_loads(scenario, fluid.horizon):
            fluid.add_flow(flow, load)
    return fluid.run(fluid.horizon)


@dataclass(frozen=True, eq=False)
class _Way:
    """Where parties go, and the seconds of work each brings there."""

    group: Group
    work: float
    factor: Steps
    """Dated factor on the work."""
    share: float = 1.0
    """Share of the parties that goes this way."""
    share_factor: Steps = ALWAYS_ONE

    def steps(self) -> tuple[Steps, Steps]:
        return self.factor, self.share_factor


@dataclass(frozen=True, eq=False)
class _Stream:
    """One class on its way to the groups that serve it."""

    flow: Flow
    admitted: Steps
    choices: list[_Way]
    """In order of choice: the first that is open takes the class (rule 2)."""
    referrals: list[_Way]


class _Fluid:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.horizon = min(scenario.horizon, LONGEST)
        self.groups: list[Group] = []
        self.pools: dict[str, Group] = {}
        self.streams: list[_Stream] = []

    # ---- the groups of a port -------------------------------------------------------------------------

    def add_port(self, plan: PortPlan) -> None:
        port = plan.port
        found = flows(plan)
        admitted = plan.admits() if port.outside_hours != "wait" else ALWAYS_ONE
        leaving = port.approach is not None and (port.approach.when_full != "wait" or port.approach.can_leave)
        leaving = leaving or (port.approach is not None and port.approach.balk_at is not None)
        if port.toll is not None:
            toll = self.lane(plan, "toll", ("toll",), port.toll, leaving=False)
            for name, flow in found.items():
                if not port.toll.serves or any(serves(p, name) for p in port.toll.serves):
                    work = work_of(port.toll.service, name, flow.size)
                    self.streams.append(_Stream(flow, admitted, [_Way(toll, work, ALWAYS_ONE)], []))
        lanes = {name: self.lane(plan, name, ("lanes", name), lane, leaving) for name, lane in port.lanes.items()}
        if port.choose == "shorter":
            self.join(plan, lanes, list(found))
        kinds = {kind: self.secondary(plan, kind, inspection) for kind, inspection in port.secondary.items()}
        for name, flow in found.items():
            choices = [
                _Way(lanes[lane], work_of(port.lanes[lane].service, name, flow.size, flow.service), plan.service(lane))
                for lane in plan.groups(name)
            ]
            self.streams.append(_Stream(flow, admitted, choices, list(self.referrals(plan, kinds, name, flow))))

    def lane(self, plan: PortPlan, name: str, at: tuple[str, ...], lane: LaneGroup, leaving: bool) -> Group:
        """The group of a lane group: its own, or that of the officers who serve it."""
        gives_up = leaving or lane.when_full != "wait" or lane.balk_at is not None or lane.patience is not None
        if lane.pool is not None:
            group = self.pool(plan, lane.pool)
        else:
            calendar = most_booths(plan, name, lane)
            faster = _tandem_factor(lane)
            servers = combine(calendar, plan.running(name), lambda n, runs: _with_tandem(n, lane.tandem, faster) * runs)
            group = self.new(Group(f"{plan.name}/{name}", ("ports", plan.name, *at), servers, "booth"))
        group.parts.append(f"{plan.name}/{name}")
        group.gives_up |= gives_up
        group.reroutes |= lane.on_close == "reroute" and lane.pool is None
        group.finishes |= lane.on_close == "finish" or (lane.on_close == "reroute" and len(plan.port.lanes) == 1)
        return group

    def add_hall(self, plan: HallPlan) -> None:
        """The stations of a hall; parties wait until they are served (nobody gives up there)."""
        stations = {name: stage for name, stage in plan.chain.stations.items() if stage.kind != "walk"}
        groups = {name: self.station(plan, name, stage) for name, stage in stations.items()}
        for label, (name, flow) in zip(plan.labels, hall_flows(plan).items(), strict=True):
            ways = []
            for station, share in visits(plan, name).items():
                if station in stations:
                    stage = stations[station]
                    secondary = stage.kind == "secondary"
                    work = work_of(stage.service, name, flow.size)
                    dated = plan.secondary_service() if secondary else plan.service(station, stage.kind == "primary")
                    referred = plan.referral(label) if secondary else ALWAYS_ONE
                    ways.append(_Way(groups[station], work, dated, share, referred))
            if ways:
                self.streams.append(_Stream(flow, ALWAYS_ONE, ways[:1], ways[1:]))

    def station(self, plan: HallPlan, name: str, stage: Stage) -> Group:
        if stage.pool is not None:
            group = self.pool(plan, stage.pool)
        else:
            servers = combine(servers_of(plan, name, stage), plan.running(name), lambda n, runs: n * runs)
            at = ("preclearance", plan.home, *(("far_side",) if plan.far else ()), "stations", name)
            word = "bay" if stage.kind == "secondary" else "booth"
            group = self.new(Group(f"{plan.name}/{name}", at, servers, word))
        group.parts.append(f"{plan.name}/{name}")
        return group

    def add_flow(self, plan: FlowPlan, load: FlowLoad) -> None:
        """The officers of an irregular flow, and those of a pool that go to groups.

        Officers of a stage alone are looked at where they do not suffice: the others have nothing to tell.
        """
        ways = []
        for name, (stage, seconds) in load.stages.items():
            factor = plan.dated.service(name)
            if stage.pool is not None:
                group = self.pool(plan.dated, stage.pool)
            else:
                calendar = plan.dated.at_most(name, plan.clock.steps(stage.open))
                servers = product((calendar, plan.dated.running(name)))
                at = ("irregular", plan.name, name)
                group = Group(f"{plan.name}/{name}", at, servers, "officer", overnight=True)
                work = seconds * integral(product((load.met, factor)), 0.0, self.horizon)
                if work < integral(servers, 0.0, self.horizon):
                    continue
                self.new(group)
            group.parts.append(f"{plan.name}/{name}")
            ways.append(_Way(group, seconds, factor))
        if ways:
            self.streams.append(_Stream(Flow(load.met, 1.0), ALWAYS_ONE, ways[:1], ways[1:]))
        self.add_units(plan, load)

    def add_units(self, plan: FlowPlan, load: FlowLoad) -> None:
        """Units that go to groups: the officers of a pool, or those of its own where they do not suffice."""
        units = plan.flow.intercept
        if units is None:
            return
        if units.pool is not None:
            group = self.pool(plan.dated, units.pool)
        else:
            servers = product((plan.dated.at_most(RESPONSE, plan.units_on_duty()), plan.dated.running(RESPONSE)))
            at = ("irregular", plan.name, "intercept")
            group = Group(f"{plan.name}/{RESPONSE}", at, servers, "unit", overnight=True)
            work = integral(product((load.alerted, load.response)), 0.0, self.horizon)
            if work < integral(servers, 0.0, self.horizon):
                return
            self.new(group)
        group.parts.append(f"{plan.name}/{RESPONSE}")
        self.streams.append(_Stream(Flow(load.alerted, 1.0), ALWAYS_ONE, [_Way(group, 1.0, load.response)], []))

    def secondary(self, plan: PortPlan, kind: str, inspection: Secondary) -> Group:
        if inspection.pool is not None:
            group = self.pool(plan, inspection.pool)
        else:
            servers = combine(plan.calendar(inspection), plan.running(kind), lambda n, runs: n * runs)
            at = ("ports", plan.name, "secondary", kind)
            group = self.new(Group(f"{plan.name}/{kind}", at, servers, "bay", finishes=True))
        group.parts.append(f"{plan.name}/{kind}")
        return group

    def pool(self, plan: Dated, name: str) -> Group:
        if name not in self.pools:
            servers = officers_on_duty(self.scenario, name, plan.clock)
            self.pools[name] = self.new(Group(name, ("officers", name), servers, "officer"))
        return self.pools[name]

    def new(self, group: Group) -> Group:
        self.groups.append(group)
        return group

    def join(self, plan: PortPlan, lanes: dict[str, Group], classes: list[str]) -> None:
        """Lanes among which parties choose the shorter line work off one backlog."""
        for name in classes:
            first, *others = [lanes[lane] for lane in plan.groups(name)]
            for other in others:
                if other is not first and other in self.groups and first.word == other.word == "booth":
                    first.servers = combine(first.servers, other.servers, lambda a, b: a + b)
                    first.parts += [part for part in other.parts if part not in first.parts]
                    first.gives_up |= other.gives_up
                    first.name = " and ".join(first.parts)
                    self.groups.remove(other)
                    for lane, group in lanes.items():
                        if group is other:
                            lanes[lane] = first

    def referrals(self, plan: PortPlan, kinds: dict[str, Group], name: str, flow: Flow) -> Iterator[_Way]:
        for kind, group in kinds.items():
            inspection = plan.port.secondary[kind]
            share = most_exact(inspection.referral, name) or 0.0
            if flow.referred is not None:
                share = flow.referred.get(kind, 0.0)
            if share > 0.0 and most_exact(inspection.service, name) is not None:
                work = work_of(inspection.service, name, flow.size)
                yield _Way(group, work, plan.secondary_service(), share, plan.referral(name))

    # ---- the fluid ------------------------------------------------------------------------------------

    def run(self, horizon: float) -> list[Group]:
        for stream in self.streams:
            if stream.flow.initial and stream.choices:
                way = self.choose(stream, 0.0)
                way.group.backlog += self.send(way, stream.flow.initial, 0.0)
        for since, until in pairwise(self.edges(horizon)):
            self.step(since, until)
        return self.groups

    def edges(self, horizon: float) -> list[float]:
        times = {0.0, horizon, *(HOUR * hour for hour in range(math.ceil(horizon / HOUR)))}
        steps = [group.servers for group in self.groups]
        for stream in self.streams:
            steps += [stream.flow.rate, stream.admitted]
            steps += [one for way in (*stream.choices, *stream.referrals) for one in way.steps()]
        for one in {id(one): one for one in steps}.values():
            times.update(time for time in one.times if 0.0 < time < horizon)
        return sorted(times)

    def step(self, since: float, until: float) -> None:
        """One interval in which nothing changes: what arrives, and what the open servers work off."""
        hour, length = int(since // HOUR), until - since
        arriving: dict[Group, float] = {}
        for stream in self.streams:
            parties = stream.flow.rate.at(since) * stream.admitted.at(since) * length
            if parties > 0.0 and stream.choices:
                for way in (self.choose(stream, since), *stream.referrals):
                    arriving[way.group] = arriving.get(way.group, 0.0) + self.send(way, parties, since)
        for group in self.groups:
            servers = group.servers.at(since)
            group.opened[hour] = group.opened.get(hour, 0.0) + servers * length
            if servers == 0.0 and group.backlog and group.reroutes:
                self.reroute(group, since)
            working = servers or (group.last_open if group.finishes else 0.0)
            group.backlog = max(0.0, group.backlog + arriving.get(group, 0.0) - working * length)
            group.last_open = servers or group.last_open

    def send(self, way: _Way, parties: float, time: float) -> float:
        """Seconds of work that `parties` bring the way's group at a time, noted there."""
        coming = parties * min(1.0, way.share * way.share_factor.at(time))
        work = coming * way.work * way.factor.at(time)
        hour = int(time // HOUR)
        way.group.parties += coming
        way.group.offered[hour] = way.group.offered.get(hour, 0.0) + work
        return work

    def reroute(self, group: Group, time: float) -> None:
        """The line of a group that has closed goes to the next open group that serves it, else is finished."""
        for stream in self.streams:
            others = [way.group for way in stream.choices]
            if group in others:
                for other in others:
                    if other.servers.at(time) > 0.0:
                        other.backlog, group.backlog = other.backlog + group.backlog, 0.0
                        return
        group.finishes = True

    def choose(self, stream: _Stream, time: float) -> _Way:
        """The way a class takes now: to the first open group, else to the first that opens."""
        for way in stream.choices:
            if way.group.servers.at(time) > 0.0:
                return way
        return min(stream.choices, key=lambda way: _next_opening(way.group.servers, time))


def _next_opening(servers: Steps, time: float) -> float:
    return next((t for t, n in zip(servers.times, servers.values, strict=True) if t > time and n > 0.0), math.inf)


def _with_tandem(booths: float, tandem: int, faster: float) -> float:
    double = min(booths, tandem)
    return booths - double + faster * double


def _tandem_factor(lane: LaneGroup) -> float:
    fixed = all(service.distribution.kind == "deterministic" for service in lane.service.values())
    return 2.0 if fixed else TANDEM
