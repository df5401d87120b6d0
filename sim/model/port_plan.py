"""What a land port's parts are and when they hold: calendars, hours and dated events as step functions."""

from __future__ import annotations

import math

from sim.model.dated import Dated
from sim.model.draft import grained
from sim.model.network import ALWAYS_ONE, Steps
from sim.model.steps import combine, from_changes
from sim.scenario import ways_in
from sim.scenario.port import LaneGroup, Port, Secondary, class_names
from sim.scenario.schema import Scenario
from sim.scenario.traffic import Traffic
from sim.scenario.vocabulary import covers, serves
from sim.scenario.weektable import WeekTable


class PortPlan(Dated):
    """One port of a scenario, with its clock and the events that touch it."""

    def __init__(self, name: str, scenario: Scenario, end: float, baseline: Scenario) -> None:
        self.port: Port = scenario.ports[name]
        super().__init__(name, self.port.zone, scenario, end)
        self.classes = class_names(self.port)
        self.baseline = baseline
        self.facility = -1
        """Index of the facility, set when the ports are laid out."""
        self.index: dict[str, int] = {}
        """Station index by part: `approach`, a lane's name, `secondary:documents`."""
        self.own: dict[str, int] = {}
        """Class index by class name, for the port's own traffic."""
        self.visitors: dict[int, str] = {}
        """Class name by class index, for the port's own traffic and for parties diverted to it."""
        self.standard: Steps | None = None
        if self.port.standard is not None:
            self.standard = self.clock.steps(self.port.standard.wait)

    def pools(self) -> set[str]:
        """Names of the pools of officers that work here."""
        parts = (*self.port.lanes.values(), *self.port.secondary.values(), self.port.toll)
        return {part.pool for part in parts if part is not None and part.pool is not None}

    def groups(self, class_name: str) -> list[str]:
        """Lane groups that serve a class, the one that names it most exactly first (rule 2)."""
        names = [name for name, lane in self.port.lanes.items() if covers(lane.serves, class_name)]
        return sorted(names, key=lambda name: class_name not in self.port.lanes[name].serves)

    def uses(self, part: str, class_name: str) -> bool:
        """The port has this part (`toll`, `approach`) and the class comes by it."""
        return ways_in.uses(getattr(self.port, part), class_name)

    def waits_outside(self, class_name: str) -> bool:
        """The first part the class comes to can be full, and it waits in front of it then."""
        return ways_in.waits_outside(self.port, class_name, self.visitors.values())

    def length(self, class_name: str) -> float:
        """Car lengths of a party of the class."""
        return next(grained(length) for mode, length in self.port.lengths.items() if serves(mode, class_name))

    def daily_rate(self, traffic: Traffic, batch: int = 1) -> Steps:
        """Batches per second of demand stated per day, before dated events; with `average` each day has its factor."""
        assert traffic.per_day is not None
        factor = traffic.factor if traffic.average else None
        return self.clock.daily_rate(traffic.profile, traffic.per_day / batch, factor)

    # ---- calendars ------------------------------------------------------------------------------------

    def admits(self) -> Steps:
        """1 within opening hours, 0 outside."""
        return self.clock.steps(self.port.hours) if self.port.hours is not None else ALWAYS_ONE

    def lane_calendar(self, name: str, lane: LaneGroup) -> Steps:
        """Open booths of a lane group: its calendar, within the port's hours, less handovers and closures."""
        calendar = combine(self.clock.steps(lane.open), self.admits(), lambda n, o: n * o)
        return self.with_handovers(self.at_most(name, calendar), lane)

    def most_open(self, name: str, lane: LaneGroup) -> Steps:
        """Booths a controller may have open: what it is told, within the port's hours, less handovers and closures."""
        assert lane.control is not None
        table = lane.control.most or WeekTable.constant(lane.booths)
        return self.lane_calendar(name, lane.model_copy(update={"open": table}))

    def with_handovers(self, calendar: Steps, lane: LaneGroup) -> Steps:
        """At each handover the open booths change officers one after the other, each closed for the gap."""
        if lane.handover is None:
            return calendar
        for day in self.clock.dates():
            for second in lane.handover.at:
                since = self.clock.at(day, second)
                gap = lane.handover.gap * calendar.at(since)
                if since > 0.0 and gap > 0.0:
                    absent = from_changes([(-math.inf, 0.0), (since, 1.0), (since + gap, 0.0)])
                    calendar = combine(calendar, absent, lambda n, a: max(n - a, 0.0))
        return calendar

    def calendar(self, part: Secondary) -> Steps:
        return self.clock.steps(part.open)
