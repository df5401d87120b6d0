"""What an irregular flow is made of and when it holds: clock, rule in force, chances, demand, as step functions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property

from sim.model.civil import CivilClock
from sim.model.dated import holidays
from sim.model.drivers import factor
from sim.model.flow_events import FlowEvents
from sim.model.network import ALWAYS_ONE, Steps
from sim.model.spans import Span, true_rate
from sim.model.steps import combine, from_changes, mapped, most_of, product, window
from sim.registry.tables import MONTHS
from sim.scenario.agreement import RETURNS, RULES
from sim.scenario.drivers import Driver
from sim.scenario.irregular import ALONE, COMPOSITIONS, GROUNDS, Groups, Irregular
from sim.scenario.preclearance import of_traveller
from sim.scenario.schema import Event, Origin, Scenario

RESPONSE = "response"
"""The stage in which a unit goes to a group."""
OTHER = "other"
"""Ground of those whom an exemption lets stay."""
MINOR = "minor"
"""Ground of minors alone."""
LADDER = (MINOR, *GROUNDS, OTHER, "eligible")
"""Why a claim is eligible, in the order in which it is asked; the last where no exception is needed."""
INADMISSIBLE, DETAINED = 0, 1
"""Branches of a decision; then, for each of LADDER, with a need of places and without; then returned."""
RETURNED = 2 + 2 * len(LADDER)


def needs_place(ground: int) -> int:
    """Branch of a decision for those who are eligible on that ground of LADDER and need places; the next: no need."""
    return 2 + 2 * ground


NOBODY = Steps(values=(0.0,))


class Timeline:
    """Clock and rules at one place."""

    def __init__(self, scenario: Scenario, zone: str, end: float, events: Iterable[Event] = ()) -> None:
        days = holidays(scenario, events)
        self.end = end
        self.clock = CivilClock(scenario.start, zone, end, days)
        self.within = CivilClock(scenario.start, zone, scenario.horizon, days)
        """The same until nobody comes any more."""
        self._rules = [
            (
                -math.inf if index == 0 or one.from_ is None else self.clock.seconds(one.from_),
                float(RULES.index(one.rule)),
            )
            for index, one in enumerate(scenario.agreement)
        ]
        """Number of each rule, and when it begins to hold."""

    def by_rule(self, values: Iterable[float], lag: float = 0.0) -> Steps:
        """A value for each of RULES, as it held `lag` seconds ago."""
        table = list(values)
        return from_changes((since + lag, table[int(number)]) for since, number in self._rules)

    @staticmethod
    def times(steps: Steps, by: float) -> Steps:
        """The step function times a number."""
        return mapped(steps, lambda value: value * by)

    def demand(self, groups: Groups, drivers: tuple[Driver, ...]) -> Steps:
        """Groups per second, as stated per day, by season and drivers."""
        per_day = groups.per_day if groups.per_day is not None else groups.detected_per_day
        assert per_day is not None
        rate = self.within.daily_rate(groups.profile, per_day)
        return product((rate, factor(groups.season, drivers, self.within)))


class FlowPlan(Timeline):
    """One irregular flow of a scenario."""

    def __init__(self, name: str, scenario: Scenario, end: float) -> None:
        self.flow: Irregular = scenario.irregular[name]
        self.dated = FlowEvents(name, self.flow.place, scenario, end)
        super().__init__(scenario, self.flow.place, end, self.dated.events)
        self.name, self.scenario = name, scenario
        standard = self.flow.standard
        self.standard: Steps | None = None if standard is None else self.clock.steps(standard.wait)
        self.facility = -1
        """Index of the facility, set when it is laid out."""
        self.own: dict[tuple[str, bool], int] = {}
        """Class index by kind of group and whether it hides."""
        self.index: dict[str, int] = {}
        """Station index by name."""

    def returns(self, lag: float = 0.0) -> Steps:
        """1 while the rule in force, or that of `lag` seconds ago, returns who comes here without an exception."""
        return self.by_rule((float(self.flow.kind in RETURNS[rule]) for rule in RULES), lag)

    @property
    def hides_pay(self) -> Steps:
        """1 while a claim inland after 14 days gains what one at once would not."""
        return self.by_rule(float("land" in RETURNS[rule]) for rule in RULES)

    def pools(self) -> set[str]:
        """Names of the pools of officers that work here."""
        return self.flow.pools()

    def kinds(self) -> tuple[str, ...]:
        """Kinds of groups that come, in the order of the vocabulary."""
        stated = {kind for groups in self.comers() for kind in groups.composition}
        return tuple(kind for kind in COMPOSITIONS if kind in stated)

    def comers(self) -> list[Groups]:
        """Groups of its own, then those of the origins that have a way here."""
        found = [self.flow.groups] if self.flow.groups is not None else []
        return found + [origin.groups for origin in origins_of(self.scenario).values() if self.name in origin.to]

    def coming(self) -> Steps:
        """Factor of dated events on the groups that come, mean over their kinds as stated."""
        weights: dict[str, float] = {}
        for groups in self.comers():
            for kind, share in groups.shares.items():
                weights[kind] = weights.get(kind, 0.0) + share * (groups.per_day or groups.detected_per_day or 0.0)
        total, found = math.fsum(weights.values()), NOBODY
        if total <= 0.0:
            return ALWAYS_ONE
        for name, weight in weights.items():
            found = combine(found, self.times(self.dated.coming(name), weight / total), lambda a, b: a + b)
        return found

    def persons(self) -> float:
        """Mean persons in a group, over those who could come."""
        weights = [(groups.per_day or groups.detected_per_day or 0.0, mean_size(groups)) for groups in self.comers()]
        total = sum(weight for weight, _ in weights)
        if total <= 0.0:
            return weights[0][1] if weights else 1.0
        return sum(weight * size for weight, size in weights) / total

    @cached_property
    def own_rate(self) -> Steps:
        """Groups of its own per second, as stated: those who come, or those detected."""
        if self.flow.groups is None:
            return NOBODY
        return self.times(self.demand(self.flow.groups, self.flow.drivers), self.deterred())

    def most_groups(self) -> Steps:
        """Groups of its own per second that truly come, at the lowest chance of detection."""
        counted = self.counted()
        return self.own_rate if counted is None else true_rate(self.own_rate, counted.low)

    def counted(self) -> Span | None:
        """Share of the groups that is detected in `detected_per_day`, by rule and means at the start; None without it.

        What changes later changes who is detected of those who come, not who comes.
        """
        groups = self.flow.groups
        if groups is None or groups.detected_per_day is None:
            return None
        hide, chance = self.hide(groups).at(0.0), self.detection()
        low, high = (Steps(values=(1.0 - hide * (1.0 - end.at(0.0)),)) for end in (chance.low, chance.high))
        return Span(low, high, chance.stream)

    def hide(self, groups: Groups) -> Steps:
        """Share of groups that hide, by the rule in force."""
        if not self.flow.between_ports:
            return NOBODY
        return self.by_rule(float(of_traveller(dict(groups.hide), rule) or 0.0) for rule in RULES)

    def detection(self) -> Span:
        """Chance that a group that hides is detected: what is left when every source has missed it."""
        assert self.flow.intercept is not None
        low, high = (self._detected(end) for end in (0, 1))
        return Span(low, high, f"{self.name}/detection")

    def _detected(self, end: int) -> Steps:
        stated = self.flow.intercept
        assert stated is not None
        left = Steps(values=(stated.missed(end),))
        for resource in self.flow.resources.values():
            left = product((left, self._in_use(resource.from_, resource.missed, 1.0)))
        return mapped(left, lambda share: 1.0 - share)

    def pace(self) -> Steps:
        """Factor on the time a unit takes to reach a group."""
        faster = ALWAYS_ONE
        for resource in self.flow.resources.values():
            more = self._in_use(resource.from_, resource.units * resource.response, 0.0)
            faster = combine(faster, more, lambda a, b: a + b)
        # What an event adds is read when a group comes, as its way to the group is drawn then.
        slower = self.dated.service(RESPONSE, among_others=False)
        return product([mapped(faster, lambda times: 1.0 / times), slower])

    def _in_use(self, since: datetime | None, inside: float, outside: float) -> Steps:
        begin = self.clock.seconds(since) if since is not None else -math.inf
        return window(begin, math.inf, inside, outside)

    def units_on_duty(self) -> Steps:
        """Units of the flow's own over time, those of both countries among them, events left out."""
        stated = self.flow.intercept
        if stated is None or stated.pool is not None:
            return NOBODY
        return mapped(self.clock.steps(stated.open), lambda units: units + stated.joint_patrols)

    def effort(self) -> float:
        """Most units on duty at once over those at which demand is as stated: units never on duty deter nobody."""
        if self.flow.deterrence is None or self.flow.intercept is None:
            return 1.0
        return most_of(self.units_on_duty(), self.end) / self.flow.deterrence.reference

    def deterred(self) -> float:
        """Factor on demand for the units on patrol; 1 for none: nothing is published for no effort at all."""
        effort, stated = self.effort(), self.flow.deterrence
        return math.pow(effort, stated.elasticity) if stated is not None and effort > 0.0 else 1.0

    # ---- what measures need ---------------------------------------------------------------------------

    def cold(self) -> Steps:
        """Share of the time that is dangerously cold, by month."""
        if self.flow.weather is None:
            return NOBODY
        by_month = self.flow.weather.cold
        days = ((self.clock.at(day, 0.0), by_month.get(MONTHS[day.month - 1], 0.0)) for day in self.clock.dates())  # type: ignore[call-overload]
        return from_changes(days)

    def spending(self, beside: float, year: float) -> Steps:
        """Money a second for the resources in use, and `beside`."""
        total = Steps(values=(beside,))
        for resource in self.flow.resources.values():
            more = self._in_use(resource.from_, resource.units * resource.per_year / year, 0.0)
            total = combine(total, more, lambda a, b: a + b)
        return total

    # ---- decisions ------------------------------------------------------------------------------------

    def decision(self, kind: str) -> tuple[Steps, ...]:
        """Shares of the branches of a decision but the last, returned, by when the group came.

        First inadmissible and detained, whatever the rule; then the exceptions, where one is needed.
        """
        stated = self.flow.eligibility
        left = 1.0 - stated.inadmissible - stated.detained
        excepted = self.excepted(kind)
        placed = 0.0 if self.flow.intake is None else self.flow.intake.share
        shares = [Steps(values=(stated.inadmissible,)), Steps(values=(stated.detained,))]
        for ground in LADDER:
            if ground == "eligible":
                share = mapped(self.returns(), lambda returns: left * (1.0 - returns))
            else:
                share = self.times(self.returns(), left * excepted[ground])
            shares += [self.times(share, placed), self.times(share, 1.0 - placed)]
        return tuple(shares)

    def excepted(self, kind: str) -> dict[str, float]:
        """Share of a kind of group with each exception to the rule; minors alone all have theirs."""
        if kind == ALONE:
            return dict.fromkeys((*GROUNDS, OTHER), 0.0) | {MINOR: 1.0}
        stated = self.flow.eligibility
        shares: dict[str, float] = {}
        for ground in GROUNDS:
            shares[ground] = of_traveller(dict(stated.exceptions.get(ground, {})), kind) or 0.0
        applying = [one for one in stated.exemptions.values() if one.applies]
        other = sum(float(of_traveller(dict(one.share), kind) or 0.0) for one in applying)
        return {MINOR: 0.0, **shares, OTHER: other}

    def promise(self, groups: Groups, lag: float) -> Steps:
        """Share of these groups that would be found eligible here, were they met, by the rule of `lag` seconds ago."""
        stated = self.flow.eligibility
        left = 1.0 - stated.inadmissible - stated.detained
        excepted = sum(share * min(1.0, sum(self.excepted(kind).values())) for kind, share in groups.shares.items())
        return mapped(self.returns(lag), lambda returns: left * (1.0 - returns + returns * excepted))


def mean_size(groups: Groups) -> float:
    """Mean persons in a group, over its kinds."""
    return sum(share * average_size(groups, kind) for kind, share in groups.shares.items())


def average_size(groups: Groups, kind: str) -> float:
    """Mean persons in a group of a kind; a family has 2 at least."""
    stated = of_traveller(dict(groups.size), kind)
    mean = 1.0 if stated is None else stated.average
    return max(2.0, mean) if kind == "family" else mean


def origins_of(scenario: Scenario) -> Mapping[str, Origin]:
    """Origins of displacement by name."""
    return scenario.displacement.origins if scenario.displacement is not None else {}


def flow_plans(scenario: Scenario, end: float) -> list[FlowPlan]:
    """Every irregular flow of a scenario."""
    return [FlowPlan(name, scenario, end) for name in scenario.irregular]
