"""Expected arrivals by class over the horizon, and the share of each class that is referred: means, nothing drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from sim.model.network import Steps
from sim.model.port_plan import PortPlan
from sim.model.steps import combine, from_changes
from sim.scenario.distributions import mean
from sim.scenario.port import Service
from sim.scenario.tables import NOT_STATED, CountsTable, TraceTable
from sim.scenario.traffic import NexusMembers, Traffic
from sim.scenario.vocabulary import PROGRAMMES, Mode, most_exact

QUARTER = 900.0
"""Seconds of the intervals over which the rows of a trace are counted."""


@dataclass(frozen=True)
class Flow:
    """Arrivals of one class at one port."""

    rate: Steps
    """Parties per second, dated events included."""
    size: float
    """Mean persons in a party."""
    service: float | None = None
    """Mean primary inspection in seconds where a trace gives it."""
    referred: Mapping[str, float] | None = None
    """Share by kind of secondary where a trace says who is referred."""
    initial: int = 0
    """Parties in line when the horizon begins."""

    def parties(self, horizon: float) -> float:
        """Expected parties in [0, horizon)."""
        return self.initial + integral(self.rate, 0.0, horizon)


def integral(steps: Steps, since: float, until: float) -> float:
    """Integral of a step function over [since, until)."""
    edges = [since, *(time for time in steps.times if since < time < until), until]
    return math.fsum(steps.at(a) * (b - a) for a, b in pairwise(edges))


def flows(plan: PortPlan) -> dict[str, Flow]:
    """Expected arrivals at a port by class name, in the order of its classes."""
    found: dict[str, Flow] = {}
    for mode, traffic in plan.port.traffic.items():
        if traffic.trace is not None:
            found.update(_of_trace(plan, traffic.trace))
        elif traffic.counts is not None:
            found.update(_of_counts(plan, traffic, traffic.counts))
        else:
            found.update(_of_mode(plan, mode, traffic))
    for name, count in plan.port.initial_queue.items():
        found[name] = replace(found[name], initial=count)
    return {name: found[name] for name in plan.classes if name in found}


def _of_mode(plan: PortPlan, mode: Mode, traffic: Traffic) -> dict[str, Flow]:
    rate = Steps(values=(traffic.rate,)) if traffic.rate is not None else plan.daily_rate(traffic)
    found = {}
    for name, share in shares(mode, traffic).items():
        found[name] = Flow(_times(rate, plan.demand(name), share), traffic.occupants.average)
    return found


def shares(mode: Mode, traffic: Traffic) -> dict[str, float]:
    """Share of a mode's parties in each class: those with a programme first, the mode with the rest last."""
    found = {}
    for programme in PROGRAMMES:
        share = getattr(traffic, programme)
        if isinstance(share, NexusMembers):
            share = _all_members(share, traffic)
        if share is not None:
            found[f"{mode}.{programme}"] = share
    return {**found, mode: max(0.0, 1.0 - sum(found.values()))}


def _all_members(nexus: NexusMembers, traffic: Traffic) -> float:
    """Probability that everybody in a party is a member: E[s^N], with N fixed, geometric or 1 + Poisson."""
    persons, one = traffic.occupants.average, nexus.members
    if traffic.occupants.fixed is not None:
        alone = math.pow(one, persons)
    elif traffic.occupants.geometric is not None:
        alone = one / (persons - (persons - 1.0) * one)
    else:
        alone = one * math.exp(-(persons - 1.0) * (1.0 - one))
    return nexus.alike * one + (1.0 - nexus.alike) * alone


def _of_counts(plan: PortPlan, traffic: Traffic, table: CountsTable) -> dict[str, Flow]:
    found = {}
    for column, name in enumerate(table.classes):
        lengths = zip(table.edges.tolist(), table.edges[1:].tolist(), strict=False)
        rates = [n / (b - a) for n, (a, b) in zip(table.counts[:, column].tolist(), lengths, strict=True)]
        changes = [(-math.inf, 0.0), *zip(table.edges.tolist(), [*rates, 0.0], strict=True)]
        found[name] = Flow(_times(from_changes(changes), plan.demand(name)), traffic.occupants.average)
    return found


def _of_trace(plan: PortPlan, table: TraceTable) -> dict[str, Flow]:
    import numpy as np

    found = {}
    bins = np.arange(0.0, plan.end + QUARTER, QUARTER)
    for code, name in enumerate(table.classes):
        mine = table.klass == code
        counts, _ = np.histogram(table.time[mine], bins)
        rate = from_changes(zip([-math.inf, *bins[1:].tolist()], [*(counts / QUARTER).tolist(), 0.0], strict=True))
        given = table.service[mine]
        given = given[~np.isnan(given)]
        found[name] = Flow(
            rate,
            float(table.size[mine].mean()),
            float(given.mean()) if given.size else None,
            _referred(plan, table, name) if (table.referral[mine] != NOT_STATED).any() else None,
        )
    return found


def _referred(plan: PortPlan, table: TraceTable, name: str) -> dict[str, float]:
    """Share of a class that the rows, or for rows that say nothing the scenario, refer to each kind."""
    referral = table.referral[table.klass == table.classes.index(name)]
    silent = float((referral == NOT_STATED).mean())
    found = {}
    for kind, inspection in plan.port.secondary.items():
        codes = [code for code, named in enumerate(table.kinds, start=1) if named in (kind, "yes")]
        stated = sum(float((referral == code).mean()) for code in codes)
        found[kind] = stated + silent * (most_exact(inspection.referral, name) or 0.0)
    return found


def _times(rate: Steps, factor: Steps, share: float = 1.0) -> Steps:
    return combine(rate, factor, lambda a, b: a * b * share)


def work_of(services: Mapping[str, Service], name: str, size: float, given: float | None = None) -> float:
    """Seconds a party of a class takes up a server: rule 10, with the factor of a line that is long."""
    service = most_exact(services, name)
    assert service is not None
    dist = service.distribution
    seconds = mean(dist.kind, dist.parameters) if given is None else given
    slow = service.when_queue_over[max(service.when_queue_over)] if service.when_queue_over else 1.0
    return seconds * slow * (1.0 + service.per_extra_person * (size - 1.0)) + service.move_up
