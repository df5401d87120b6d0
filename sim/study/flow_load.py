"""Work that irregular flows offer to officers: expected groups that are met, by kind; means, nothing drawn.

Everybody is put at every stage when the group comes: times between stages are left out, hours against days. Who chooses
goes by the expected shares, those of the multinomial logit. Of a range of detection the middle holds, and where groups
are counted as detected, any value of it gives the same number. Time spent waiting for a unit is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from sim.model.displacement import towards
from sim.model.distributions import from_spec
from sim.model.flow_draws import Towards
from sim.model.flow_plan import NOBODY, FlowPlan, Timeline, average_size, flow_plans, origins_of
from sim.model.network import ALWAYS_ONE, Steps
from sim.model.steps import combine, mapped, product
from sim.scenario.distributions import mean
from sim.scenario.irregular import ClaimStage, Groups, Intercept
from sim.scenario.schema import Scenario
from sim.study.demand import integral, work_of

STAGES = ("processing", "interview", "eligibility")
GRID = 200
"""Points of each distribution at which the way of a unit is held against the time until a group is gone."""


@dataclass
class FlowLoad:
    """What one flow offers to officers."""

    alerted: Steps = NOBODY
    """Groups per second of which there is an alert."""
    met: Steps = NOBODY
    """Groups per second that are met, were a unit free at once: those who begin a claim."""
    response: Steps = ALWAYS_ONE
    """Seconds a unit is taken up by a group."""
    stages: dict[str, tuple[ClaimStage, float]] = field(default_factory=dict)
    """Stages with officers, in the order of a claim, each with the mean seconds a group takes there."""


def flow_loads(scenario: Scenario, end: float) -> Iterator[tuple[FlowPlan, FlowLoad]]:
    """Expected groups of each flow until the end of the horizon, and the work they bring."""
    plans = {plan.name: plan for plan in flow_plans(scenario, end)}
    comers: dict[str, list[tuple[Groups, Steps]]] = {name: [] for name in plans}
    for name, plan in plans.items():
        if plan.flow.groups is not None:
            comers[name].append((plan.flow.groups, plan.most_groups()))
    for origin in origins_of(scenario).values():
        assert scenario.displacement is not None
        here = Timeline(scenario, origin.zone, end)
        rate = here.demand(origin.groups, origin.drivers)
        for name, share in chosen(dict(towards(scenario.displacement, origin, plans, here))).items():
            if name in plans:
                comers[name].append((origin.groups, product((rate, share))))
    for name, plan in plans.items():
        yield plan, _load(plan, comers[name], end)


def chosen(ways: Mapping[str, Towards]) -> dict[str, Steps]:
    """Expected share of the groups that takes each way over time: the multinomial logit of the utilities."""
    weights = {name: mapped(way.utility, math.exp) for name, way in ways.items()}
    total = NOBODY
    for weight in weights.values():
        total = combine(total, weight, _add)
    return {name: combine(weight, total, lambda own, every: own / every) for name, weight in weights.items()}


def _load(plan: FlowPlan, comers: list[tuple[Groups, Steps]], end: float) -> FlowLoad:
    load, weights = FlowLoad(), []
    for groups, rate in comers:
        alerted, met = _seen(plan, groups)
        for kind, share in groups.shares.items():
            come = product((rate, Steps(values=(share,)), plan.dated.coming(kind)))
            load.alerted = combine(load.alerted, product((come, alerted)), _add)
            mine = product((come, met))
            load.met = combine(load.met, mine, _add)
            weights.append((integral(mine, 0.0, end), kind, average_size(groups, kind)))
    total = math.fsum(weight for weight, _, _ in weights)
    for name in STAGES if total > 0.0 else ():
        stage = getattr(plan.flow, name)
        if stage is not None:
            work = math.fsum(weight * work_of(stage.service, kind, size) for weight, kind, size in weights)
            load.stages[name] = stage, work / total
    if (units := plan.flow.intercept) is not None:
        travel, beside = (mean(one.kind, one.parameters) for one in (units.response, units.with_group))
        load.response = mapped(plan.pace(), lambda pace: travel * pace + beside)
    return load


def _seen(plan: FlowPlan, groups: Groups) -> tuple[Steps, Steps]:
    """Share of the groups of which there is an alert, and that are met."""
    if not plan.flow.between_ports:
        return ALWAYS_ONE, ALWAYS_ONE
    assert plan.flow.intercept is not None
    chance, hide = plan.detection(), plan.hide(groups)
    # Groups counted as detected were turned into those who come with the lowest chance.
    counted = groups.detected_per_day is not None
    seen = chance.low if counted else combine(chance.low, chance.high, lambda low, high: (low + high) / 2.0)
    reached = product((seen, _in_time(plan, plan.flow.intercept)))
    alerted, met = (combine(hide, p, lambda hides, found: 1.0 - hides * (1.0 - found)) for p in (seen, reached))
    return alerted, met


def _in_time(plan: FlowPlan, stated: Intercept) -> Steps:
    """Chance that a unit sent at once reaches a group before it is gone."""
    if stated.leaves_after is None:
        return ALWAYS_ONE
    grid = (np.arange(GRID) + 0.5) / GRID
    travel, leaves = (
        from_spec(one.kind, one.parameters).quantile(grid) for one in (stated.response, stated.leaves_after)
    )
    return mapped(plan.pace(), lambda pace: float((travel[:, None] * pace <= leaves[None, :]).mean()))


def _add(first: float, second: float) -> float:
    return first + second
