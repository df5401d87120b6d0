"""All land ports of a scenario in the network: their classes, the officers they share, the order of stations."""

from __future__ import annotations

from collections.abc import Sequence

from sim.model.civil import CivilClock
from sim.model.dated import officers_on_duty
from sim.model.draft import Draft
from sim.model.flow_plan import FlowPlan
from sim.model.hall_plan import HallPlan
from sim.model.land_port import LandPort
from sim.model.network import Facility, PartyClass, Pool
from sim.model.port_plan import PortPlan
from sim.model.traffic import add_sources
from sim.scenario.checks import from_port
from sim.scenario.schema import Scenario


def build_ports(
    draft: Draft, plans: list[PortPlan], scenario: Scenario, others: Sequence[HallPlan | FlowPlan] = ()
) -> dict[str, int]:
    """Add every port of a scenario: facilities, classes, stations, sources.

    Returns:
        Index of each pool of officers by name; `others` may share them.
    """
    by_name = {plan.name: plan for plan in plans}
    for facility, plan in enumerate(plans):
        draft.facilities.append(Facility(plan.name, "land", plan.port.zone, plan.spans()))
        plan.facility = facility
        for name in plan.classes:
            plan.own[name] = draft.new_class(PartyClass(name, facility, plan.length(name)))
        plan.visitors.update({index: name for name, index in plan.own.items()})
    for plan in plans:
        if plan.port.divert is not None:
            by_name[plan.port.divert.to].visitors.update({index: name for name, index in plan.own.items()})
    pools = {
        name: draft.new_pool(
            Pool(name, pool.officers, officers_on_duty(scenario, name, _pool_clock(name, plans, others)))
        )
        for name, pool in scenario.officers.items()
    }
    for plan in plans:
        reserve_stations(draft, plan)
    for plan in plans:
        LandPort(draft, plan, pools, by_name).build()
    for plan in plans:
        add_sources(draft, plan)
    return pools


def _pool_clock(pool: str, plans: list[PortPlan], others: Sequence[HallPlan | FlowPlan]) -> CivilClock:
    """Clock of the first facility that uses the pool: it tells the officers' hours."""
    users = (*plans, *others)
    return next((plan for plan in users if pool in plan.pools()), users[0]).clock


def reserve_stations(draft: Draft, plan: PortPlan) -> None:
    """Hand out station indices, upstream parts first: the order ties are broken in."""
    port = plan.port
    parts = [name for name, there in (("toll", port.toll), ("approach", port.approach)) if there is not None]
    if any(map(plan.waits_outside, plan.visitors.values())):
        parts.insert(0, "outside")
    if port.divert is not None:
        plan.index["detour"] = draft.new_station(from_port(plan.name))
    for part in [*parts, *port.lanes, *(f"secondary:{kind}" for kind in port.secondary)]:
        plan.index[part] = draft.new_station(f"{plan.name}/{part.removeprefix('secondary:')}")
