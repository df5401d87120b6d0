"""A resolved scenario to what an engine runs: the network, its sources, and what the measures need to know."""

from __future__ import annotations

from dataclasses import dataclass

from sim.model.draft import Draft
from sim.model.drawing import draw_parties
from sim.model.flow_plan import flow_plans
from sim.model.hall_plan import hall_plans
from sim.model.irregular import build_flows
from sim.model.land_ports import build_ports
from sim.model.network import Network, Steps
from sim.model.parties import Parties
from sim.model.port_plan import PortPlan
from sim.model.preclearance import build_halls
from sim.model.seldom import with_seldom
from sim.model.sources import Source
from sim.model.streams import Streams, check_clashes
from sim.scenario.schema import Scenario

FEW_STATIONS = 8
"""About what a land port has."""


@dataclass(frozen=True)
class Model:
    """One variant, ready to run."""

    network: Network
    sources: tuple[Source, ...]
    standards: dict[str, Steps]
    """Per facility that has one, the wait standard in seconds by time of joining."""

    def expected_parties(self) -> float:
        """About how many parties one replication has."""
        return sum(source.expected(self.network.horizon) for source in self.sources)

    def expected_work(self) -> float:
        """The same, each counted more often in a network of many stations: engines look over all of them at a move."""
        return self.expected_parties() * max(1.0, len(self.network.stations) / FEW_STATIONS)

    def draw(self, seed: int, replication: int, kind: type[Streams] = Streams) -> Parties:
        """The parties of one replication (replications count from 0), the same whatever kind of streams draws them."""
        return draw_parties(self.sources, self.network.horizon, seed, replication, kind)


def build(scenario: Scenario, baseline: Scenario | None = None) -> Model:
    """Compile a scenario to its network and sources.

    Args:
        scenario: resolved and valid.
        baseline: the scenario whose peak demand sets the rate of candidates, so that variants share them;
            None when `scenario` is the baseline.

    Raises:
        SimulationError: two random streams clash, or routes run in a circle.
    """
    draft = Draft()
    end = scenario.horizon + (scenario.drain_cap if scenario.end == "drain" else 0.0)
    plans = [PortPlan(name, scenario, end, baseline or scenario) for name in scenario.ports]
    halls = hall_plans(scenario, end)
    flows = flow_plans(scenario, end)
    pools = build_ports(draft, plans, scenario, (*halls, *flows))
    build_halls(draft, halls, pools)
    build_flows(draft, flows, pools, scenario, baseline or scenario)
    check_clashes(name for source in draft.sources for name in source.stream_names())
    standards = {plan.name: plan.standard for plan in plans} | {hall.name: hall.standard for hall in halls}
    standards |= {flow.name: flow.standard for flow in flows}
    network = draft.network(scenario.horizon, scenario.warm_up, end)
    return Model(
        network=network,
        sources=with_seldom(tuple(draft.sources), network),
        standards={name: standard for name, standard in standards.items() if standard is not None},
    )
