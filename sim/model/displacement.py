"""Utility of each way that an origin sees, as a step function, and the origin as a source of groups."""

from __future__ import annotations

import math

from sim.model.flow_draws import Towards
from sim.model.flow_plan import FlowPlan, Timeline
from sim.model.network import NEVER, Steps
from sim.model.steps import combine, mapped, window
from sim.scenario.displacement import Displacement, Way
from sim.scenario.schema import Origin


def utility(stated: Displacement, origin: Origin, way: Way, plan: FlowPlan | None, here: Timeline) -> Steps:
    """Utility of a way by the instant a group of the origin sets out; minus infinity while it is shut.

    The lag is added to every date before the start of the run folds it: what changed shortly before is not known yet.

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
        promise = plan.promise(origin.groups, stated.lag)
    found = mapped(promise, lambda share: plain + weights.outcome * share)
    for one in way.closed:
        since = here.clock.seconds(one.from_) + stated.lag
        until = here.clock.seconds(one.until) + stated.lag if one.until is not None else NEVER
        found = combine(found, window(since, until, -math.inf, 0.0), lambda a, b: a + b)
    return found


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
