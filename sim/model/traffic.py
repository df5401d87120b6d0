"""Demand of a port as sources: per day with a profile, a constant rate, counts, a trace, the initial queue."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np

from sim.model.arrays import FloatArray
from sim.model.civil import CivilClock
from sim.model.draft import Draft
from sim.model.network import FORCED, Steps
from sim.model.port_plan import PortPlan
from sim.model.sources import ENVELOPE, Programme, Sizes, Source
from sim.model.steps import from_changes
from sim.scenario.port import DayToDay
from sim.scenario.tables import NOT_REFERRED, CountsTable, TraceTable
from sim.scenario.traffic import NexusMembers, Traffic
from sim.scenario.vocabulary import MODES, PROGRAMMES, Mode, serves


def add_sources(draft: Draft, plan: PortPlan) -> None:
    """The port's sources, in the order of the scenario; the initial queue comes first."""
    draft.sources.extend(_initial_queues(draft, plan))
    for mode, traffic in plan.port.traffic.items():
        if traffic.trace is not None:
            draft.sources.append(_trace(draft, plan, mode, traffic, traffic.trace))
        elif traffic.counts is not None:
            draft.sources.extend(_counts(draft, plan, mode, traffic, traffic.counts))
        else:
            draft.sources.append(_poisson(draft, plan, mode, traffic))


def _poisson(draft: Draft, plan: PortPlan, mode: Mode, traffic: Traffic) -> Source:
    rate = _rate(plan, traffic)
    before = plan.baseline.ports.get(plan.name)
    common = before.traffic.get(mode) if before is not None else None
    if common is None or common.trace is not None or common.counts is not None:
        common = traffic
    return Source(
        name=f"{plan.name}/{mode}",
        programmes=_programmes(draft, plan, mode, traffic),
        sizes=_sizes(traffic),
        batch=traffic.batch,
        rate=rate,
        envelope=ENVELOPE * max(_rate(plan, common).values),
        **_days(plan),
    )


def _rate(plan: PortPlan, traffic: Traffic) -> Steps:
    """Arrivals of batches per second over the run, before dated events."""
    if traffic.rate is not None:
        return Steps(values=(traffic.rate / traffic.batch,))
    return plan.daily_rate(traffic, traffic.batch)


def days_of(stated: DayToDay | None, name: str, clock: CivilClock) -> dict[str, Any]:
    """The factor of each civil day, common to all sources of the facility called `name`."""
    if stated is None:
        return {}
    return {
        "day_stream": f"{name}/day-to-day",
        "day_cv": stated.cv,
        "day_edges": tuple(clock.at(day, 0.0) for day in clock.dates()),
    }


def _days(plan: PortPlan) -> dict[str, Any]:
    return days_of(plan.port.day_to_day, plan.name, plan.clock)


def _sizes(traffic: Traffic) -> Sizes:
    return Sizes.of(traffic.occupants)


def _programmes(draft: Draft, plan: PortPlan, mode: Mode, traffic: Traffic) -> tuple[Programme, ...]:
    """Classes of a mode with their shares; the class without programme takes the rest and comes last."""
    found = []
    for programme in PROGRAMMES:
        share = getattr(traffic, programme)
        if share is None:
            continue
        klass = plan.own[f"{mode}.{programme}"]
        members = isinstance(share, NexusMembers)
        found.append(
            Programme(
                klass=klass,
                share=share.members if members else share,
                together=share.alike if members else None,
                slots=tuple(draft.slots[klass]),
                demand=plan.demand(f"{mode}.{programme}"),
            )
        )
    klass = plan.own[mode]
    return (*found, Programme(klass, 1.0, tuple(draft.slots[klass]), demand=plan.demand(mode)))


def _counts(draft: Draft, plan: PortPlan, mode: Mode, traffic: Traffic, table: CountsTable) -> list[Source]:
    """One Poisson source per class of the table, its rate the count over the length of the interval."""
    sources = []
    for column, name in enumerate(table.classes):
        klass = plan.own[name]
        rates = table.counts[:, column] / np.diff(table.edges) / traffic.batch
        changes = [(-np.inf, 0.0), *zip(table.edges.tolist(), [*rates.tolist(), 0.0], strict=True)]
        rate = from_changes(changes)
        sources.append(
            Source(
                name=f"{plan.name}/{name}",
                programmes=(Programme(klass, 1.0, tuple(draft.slots[klass]), demand=plan.demand(name)),),
                sizes=_sizes(traffic),
                batch=traffic.batch,
                rate=rate,
                envelope=ENVELOPE * max(rate.values),
                **_days(plan),
            )
        )
    return sources


def _trace(draft: Draft, plan: PortPlan, mode: Mode, traffic: Traffic, table: TraceTable) -> Source:
    """Arrivals as listed; cells that are given replace the draws."""
    return Source(
        name=f"{plan.name}/{mode}",
        programmes=tuple(Programme(plan.own[name], 1.0, tuple(draft.slots[plan.own[name]])) for name in table.classes),
        sizes=_sizes(traffic),
        times=table.time,
        kinds=table.klass,
        given_sizes=table.size,
        given={
            "service": table.service,
            "secondary": table.secondary,
            "patience": table.patience,
            "referral": _referral_marks(plan, table),
        },
    )


def _referral_marks(plan: PortPlan, table: TraceTable) -> FloatArray:
    """Marks that send each party where the trace says, NaN where it says nothing.

    With a trace that refers parties every kind of secondary is a branch, in the order of the port.
    """
    kinds = list(plan.port.secondary)
    marks = np.full(len(table), np.nan)
    marks[table.referral == NOT_REFERRED] = FORCED + len(kinds)
    for number, kind in enumerate(table.kinds, start=1):
        marks[table.referral == number] = FORCED + (0 if kind == "yes" else kinds.index(kind))
    return marks


def _initial_queues(draft: Draft, plan: PortPlan) -> Iterator[Source]:
    """Parties in line when the horizon begins, classes in the order stated: a source for each run of one mode."""
    of_modes = groupby(plan.port.initial_queue, key=lambda name: next(mode for mode in MODES if serves(mode, name)))
    for number, (mode, group) in enumerate(of_modes):
        names = list(group)
        kinds = np.repeat(np.arange(len(names)), [plan.port.initial_queue[name] for name in names])
        yield Source(
            name=f"{plan.name}/initial-queue" + (f"/{number}" if number else ""),
            programmes=tuple(Programme(plan.own[name], 1.0, tuple(draft.slots[plan.own[name]])) for name in names),
            sizes=_sizes(plan.port.traffic[mode]),
            times=np.zeros(kinds.size),
            kinds=kinds,
            initial=True,
        )
