"""Irregular flows as sources: the groups of a flow itself, those of an origin that choose, and who stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sim.model.displacement import towards
from sim.model.distributions import Deterministic
from sim.model.draft import Draft
from sim.model.flow_draws import GroupSizes, GroupSource, Towards
from sim.model.flow_plan import FlowPlan, Timeline, mean_size, origins_of
from sim.model.network import (
    ALWAYS_ONE,
    ClassAtStation,
    Facility,
    Flow,
    PartyClass,
    Pool,
    Route,
    Station,
    StationKind,
    Steps,
    Target,
)
from sim.model.sources import ENVELOPE, Programme, Sizes, Slot
from sim.model.spans import Span
from sim.scenario.displacement import STAYING
from sim.scenario.irregular import COMPOSITIONS, Groups
from sim.scenario.preclearance import of_traveller
from sim.scenario.schema import Scenario
from sim.scenario.vocabulary import IRREGULAR

MODE = IRREGULAR
STAYED = "stayed"
"""Outcome of those who do not come."""


def add_sources(draft: Draft, plans: list[FlowPlan], scenario: Scenario, envelopes: Scenario) -> None:
    """Add the sources of all flows and origins; the peak demand of `envelopes` sets the rate of candidates."""
    by_name = {plan.name: plan for plan in plans}
    if envelopes is scenario:
        calm = by_name
    else:
        calm = {name: FlowPlan(name, envelopes, plans[0].end) for name in envelopes.irregular}
    for plan in plans:
        if plan.flow.groups is not None:
            draft.sources.append(_own_source(draft, plan, calm.get(plan.name, plan)))
    if scenario.displacement is not None:
        staying = _staying(draft, scenario)
        for name in scenario.displacement.origins:
            draft.sources.append(_origin_source(draft, name, scenario, envelopes, by_name, staying))


def _staying(draft: Draft, scenario: Scenario) -> int:
    """The facility of those who do not come: they are counted and gone. Returns its index."""
    assert scenario.displacement is not None
    origins = scenario.displacement.origins.values()
    facility = len(draft.facilities)
    stated = {kind for origin in origins for kind in origin.groups.composition}
    draft.facilities.append(Facility(STAYING, MODE, next(iter(origins)).zone, flow=Flow()))
    classes = [draft.new_class(PartyClass(f"{MODE}.{kind}", facility, 1.0)) for kind in COMPOSITIONS if kind in stated]
    station = draft.new_station(f"{STAYING}/home")
    rules = {
        klass: ClassAtStation(
            service=draft.slot(klass, Slot("home/service", Deterministic(0.0))),
            route=Route(-1, (), draft.outcome(STAYED)),
        )
        for klass in classes
    }
    pool = draft.new_pool(Pool(f"{STAYING}/home", -1, ALWAYS_ONE))
    draft.stations[station] = Station("home", facility, StationKind.TRAVEL, rules, pool=pool)
    for klass in classes:
        draft.entry[klass] = Target(stations=(station,))
    return facility


def _own_source(draft: Draft, plan: FlowPlan, calm: FlowPlan) -> GroupSource:
    """The groups of a flow itself.

    Groups that were counted as detected were so with the baseline's means: those of a variant find more or fewer of the
    same groups. A variant that alone counts them so counts with its own.
    """
    groups = plan.flow.groups
    assert groups is not None
    seen = plan.counted()
    if seen is not None:
        seen = calm.counted() or seen
    way = Towards(plan.name, ALWAYS_ONE, plan.hide(groups))
    classes = [plan.own[kind, hides] for kind in groups.composition for hides in _both(plan)]
    peak = max(calm.most_groups().values) or max(plan.most_groups().values)
    return _source(draft, plan.name, plan, groups, (way,), classes, _factors([plan]), plan.own_rate, peak, seen)


def _factors(plans: Iterable[FlowPlan]) -> dict[int, Steps]:
    """What events make of those who come, by class; those who stay are in none."""
    return {klass: plan.dated.coming(kind) for plan in plans for (kind, _), klass in plan.own.items()}


def _both(plan: FlowPlan) -> tuple[bool, bool]:
    """Who wants to be met and who hides; where nobody hides, the same class twice."""
    return (False, True) if plan.flow.between_ports else (False, False)


def _origin_source(
    draft: Draft, name: str, scenario: Scenario, envelopes: Scenario, plans: dict[str, FlowPlan], staying: int
) -> GroupSource:
    """The groups of an origin, which choose."""
    stated = scenario.displacement
    assert stated is not None
    origin = stated.origins[name]
    here = Timeline(scenario, origin.zone, next(iter(plans.values())).end)
    ways = towards(stated, origin, plans, here)
    home = {party.name: at for at, party in enumerate(draft.classes) if party.facility == staying}
    classes = []
    for way, _ in ways:
        for kind in origin.groups.composition:
            if way == STAYING:
                classes += 2 * [home[f"{MODE}.{kind}"]]
            else:
                classes += [plans[way].own[kind, hides] for hides in _both(plans[way])]
    rate = here.demand(origin.groups, origin.drivers)
    before = origins_of(envelopes).get(name, origin)
    calm = Timeline(envelopes, before.zone, here.end).demand(before.groups, before.drivers)
    peak = max(calm.values) or max(rate.values)
    seen = tuple(way for _, way in ways)
    return _source(draft, name, here, origin.groups, seen, classes, _factors(plans.values()), rate, peak, None)


def _source(
    draft: Draft,
    name: str,
    here: Timeline,
    groups: Groups,
    ways: tuple[Towards, ...],
    classes: Iterable[int],
    factors: Mapping[int, Steps],
    rate: Steps,
    peak: float,
    seen: Span | None,
) -> GroupSource:
    midnights = [here.within.at(day, 0.0) for day in here.within.dates()]
    sizes = []
    for kind in groups.shares:
        least = 2 if kind == "family" else 1
        sizes.append(GroupSizes(Sizes.of(of_traveller(dict(groups.size), kind), least), least))
    return GroupSource(
        name=name,
        programmes=tuple(
            Programme(klass, 1.0, tuple(draft.slots[klass]), demand=factors.get(klass, ALWAYS_ONE)) for klass in classes
        ),
        sizes=Sizes(mean_size(groups)),
        rate=rate,
        envelope=ENVELOPE * peak,
        day_stream=f"{name}/day" if groups.day_to_day is not None else "",
        day_cv=groups.day_to_day.cv if groups.day_to_day is not None else 0.0,
        day_edges=tuple(midnights),
        shares=tuple(groups.shares.values()),
        of_kind=tuple(sizes),
        ways=ways,
        seen=seen,
    )
