"""Utility of each way that an origin sees, as a step function, and the origin as a source of groups."""

from __future__ import annotations

import math

from sim.model.flow_draws import GroupSource, Towards
from sim.model.flow_plan import FlowPlan, Timeline
from sim.model.network import NEVER, Steps
from sim.model.steps import combine, from_changes, window
from sim.scenario.displacement import STAYING, Displacement, Way
from sim.scenario.schema import Origin


def later(steps: Steps, lag: float) -> Steps:
    """The step function a lag later; what held before its first change holds that much longer."""
    return from_changes(zip((time + lag for time in steps.times), steps.values, strict=True))


def utility(stated: Displacement, origin: Origin, way: Way, plan: FlowPlan | None, here: Timeline) -> Steps:
    """Utility of a way by the instant a group of the origin sets out; minus infinity while it is shut.

    Args:
        stated: weights and lag.
        origin: whose groups choose.
        way: as the origin sees it.
        plan: the flow it leads to; None for staying.
        here: clock of the origin.
    """
    weights = stated.weights
    plain = way.attraction - weights.distance * way.distance / 1000.0 - weights.risk * way.risk
    if plan is not None:
        plain += math.log(plan.deterred())
    if way.outcome is not None or plan is None:
        promise = Steps(values=(way.outcome or 0.0,))
    else:
        promise = plan.promise(origin.groups)
    found = Timeline.each(promise, lambda share: plain + weights.outcome * share)
    for one in way.closed:
        since = here.clock.seconds(one.from_)
        until = here.clock.seconds(one.until) if one.until is not None else NEVER
        found = combine(found, window(since, until, -math.inf, 0.0), lambda a, b: a + b)
    return later(found, stated.lag)


def towards(
    stated: Displacement, origin: Origin, plans: dict[str, FlowPlan], here: Timeline
) -> tuple[tuple[str, Towards], ...]:
    """The ways of an origin in the order written, each with its name."""
    return tuple(
        (
            name,
            Towards(
                name,
                _while_passable(utility(stated, origin, way, plans.get(name), here), plans.get(name)),
                plans[name].hide(origin.groups) if name in plans else Steps(values=(0.0,)),
            ),
        )
        for name, way in origin.to.items()
    )


def _while_passable(found: Steps, plan: FlowPlan | None) -> Steps:
    """Nobody takes a way while an event closes where it leads: at once, for nobody could cross."""
    if plan is None:
        return found
    return combine(found, plan.dated.passable(), lambda value, there: value if there else -math.inf)


def choice_shares(source: GroupSource, time: float) -> dict[str, float]:
    """Expected share of each way for who sets out at an instant: the multinomial logit of the utilities."""
    values = [way.utility.at(time) for way in source.ways]
    top = max(values)
    weights = [math.exp(value - top) for value in values]
    return {way.name: weight / sum(weights) for way, weight in zip(source.ways, weights, strict=True)}


__all__ = ["STAYING", "choice_shares", "later", "towards", "utility"]
