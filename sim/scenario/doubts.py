"""Looks at a scenario that need nothing but the scenario: what is valid and yet probably not meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sim.scenario.cautions import Doubt
from sim.scenario.clock import Reading, reading, seconds_between
from sim.scenario.port import Port, class_names
from sim.scenario.precision import UntilPrecise
from sim.scenario.preclearance import Stage
from sim.scenario.problems import Path
from sim.scenario.schema import ClaimStage, Event, Scenario
from sim.scenario.tables import NOT_REFERRED, CountsTable, TraceTable
from sim.scenario.vocabulary import most_exact, serves

FEW = 10
"""Replications from which on the coverage of intervals has been measured (table in sim/study/estimators.py)."""
EARLY = 0.25
"""A table whose last arrival leaves this share of the horizon empty ends early."""


def clock_changes(scenario: Scenario) -> Iterator[Doubt]:
    """Civil times that come twice where clocks go back."""
    zones = dict.fromkeys(scenario.zones.values())
    times: list[tuple[Path, datetime | None, dict[str, None]]] = [(("start",), scenario.start, zones)]
    for index, event in enumerate(scenario.events):
        here = dict.fromkeys(zones_touched(scenario, event).values())
        times += [(("events", index, "from"), event.from_, here), (("events", index, "until"), event.until, here)]
    for at, moment, places in times:
        for zone in places:
            if moment is not None and reading(moment, zone) is Reading.TWICE:
                found = f"{moment:%Y-%m-%d %H:%M} comes twice in {zone}, where clocks go back; the first is used"
                yield Doubt("clock-change", found, "write a time before or after that hour to be sure", at)
                break


def events_outside(scenario: Scenario) -> Iterator[Doubt]:
    """Events that are over before the horizon begins, or begin when it is over."""
    last = scenario.horizon + (scenario.drain_cap if scenario.end == "drain" else 0.0)
    for index, event in enumerate(scenario.events):
        for zone in zones_touched(scenario, event).values():
            since = seconds_between(scenario.start, event.from_, zone)
            until = None if event.until is None else seconds_between(scenario.start, event.until, zone)
            if event.holiday:  # its first and last day count whole
                since, until = since - 86400.0, (since if until is None else until) + 86400.0
            staff = event.booths or event.officers or event.stopped
            elsewhere = bool(event.service or event.referral or event.secondary or staff or event.more_places)
            end = last if elsewhere else scenario.horizon
            if not (since >= end or (until is not None and until <= 0.0)):
                break
        else:
            first = f"{scenario.start:%Y-%m-%d %H:%M}"
            over = f"{scenario.start + timedelta(seconds=scenario.horizon):%Y-%m-%d %H:%M}"
            found = f"'{event.name}' lies wholly outside the horizon, {first} to {over}, and changes nothing"
            yield Doubt("event-outside-horizon", found, "change its dates, or leave it out", ("events", index))


def event_booths(scenario: Scenario) -> Iterator[Doubt]:
    """Limits on open booths and officers that are above what there is."""
    for index, event in enumerate(scenario.events):
        for part, most in event.booths.items():
            built = [booths for name in zones_touched(scenario, event) for booths in _built(scenario, name, part)]
            if built and most > max(built):
                found = f"at most {most} booths of '{part}', of which {max(built)} are built: the event closes none"
                mend = f"write fewer than {max(built)}"
                yield Doubt("event-booths-above-built", found, mend, ("events", index, "booths", part))
        for pool, most in event.officers.items():
            if most > (there := scenario.officers[pool].officers):
                found = f"at most {most} officers of '{pool}', which has {there}: the event keeps none away"
                mend = f"write fewer than {there}"
                yield Doubt("event-booths-above-built", found, mend, ("events", index, "officers", pool))


def _built(scenario: Scenario, facility: str, part: str) -> Iterator[int]:
    """Booths of a lane group or station, units or officers of a stage, where the facility has one of that name."""
    port = scenario.ports.get(facility)
    if port is not None and part in port.lanes:
        yield port.lanes[part].booths
    flow = scenario.irregular.get(facility)
    if flow is not None and part == "response" and flow.intercept is not None:
        yield flow.intercept.patrols + flow.intercept.joint_patrols
    elif flow is not None and isinstance(stage := getattr(flow, part, None), ClaimStage):
        yield stage.officers
    for name, place in scenario.preclearance.items():
        side = place.far_side
        stations = place.stations if name == facility else side.stations if side and side.name == facility else {}
        if part in stations:
            yield stations[part].booths


def tables_and_horizon(scenario: Scenario) -> Iterator[Doubt]:
    """Tables of arrivals that go on after the horizon, or leave the end of it empty."""
    for name, port in scenario.ports.items():
        for mode, traffic in port.traffic.items():
            at: Path = ("ports", name, "traffic", mode)
            if traffic.trace is not None:
                yield from _trace(traffic.trace, scenario.horizon, (*at, "trace"))
            elif traffic.counts is not None:
                yield from _counts(traffic.counts, scenario.horizon, (*at, "counts"))


def _trace(table: TraceTable, horizon: float, at: Path) -> Iterator[Doubt]:
    beyond = int((table.time >= horizon).sum())
    if beyond:
        found = f"{beyond} of {len(table)} rows of {table.file} come after the horizon of {_span(horizon)}"
        yield Doubt("table-beyond-horizon", found, "lengthen the horizon, or know that they are left out", at)
    elif float(table.time[-1]) <= (1.0 - EARLY) * horizon:
        found = f"the last row of {table.file} is at {_span(float(table.time[-1]))} of a horizon of {_span(horizon)}"
        yield Doubt("table-ends-early", found, "shorten the horizon, or know that nobody comes after", at)


def _counts(table: CountsTable, horizon: float, at: Path) -> Iterator[Doubt]:
    last = float(table.edges[-1])
    late = [index for index, edge in enumerate(table.edges[:-1]) if edge >= horizon]
    if late and float(table.counts[late].sum()) > 0.0:
        found = f"{len(late)} of {len(table)} rows of {table.file} come after the horizon of {_span(horizon)}"
        yield Doubt("table-beyond-horizon", found, "lengthen the horizon, or know that they are left out", at)
    elif last < horizon:
        found = f"the counts of {table.file} end at {_span(last)} of a horizon of {_span(horizon)}"
        yield Doubt("table-ends-early", found, "shorten the horizon, or know that nobody comes after", at)


def idle_lanes(scenario: Scenario) -> Iterator[Doubt]:
    """Lane groups that stand behind another which is always open, for every class they serve (rule 2)."""
    for name, port in scenario.ports.items():
        coming = comers(scenario, name)
        closed = {lane for event in scenario.events for lane, most in event.booths.items() if most == 0}
        for lane in port.lanes if port.choose == "exact" else ():
            first = [_always_open(port, lane, known, closed) for known in coming if _takes(port, lane, known)]
            opens = port.lanes[lane].pool is not None or max(port.lanes[lane].open.values()) > 0
            if opens and first and all(first):
                chosen = " and ".join(dict.fromkeys(f"'{other}'" for other in first))
                found = f"nobody comes here: {chosen} never closes and is chosen first by every class served here"
                mend = "name a class here more exactly, serve all from one group, or write choose: shorter"
                yield Doubt("idle-lane", found, mend, ("ports", name, "lanes", lane), on_key=True)


def _takes(port: Port, lane: str, known: str) -> bool:
    return any(serves(pattern, known) for pattern in port.lanes[lane].serves)


def _always_open(port: Port, lane: str, known: str, closed: set[str]) -> str:
    """The group before `lane` in a class's order of choice that never closes; empty when there is none.

    Opening hours of the port close all groups alike, and the first to open again is chosen first as well.
    """
    names = [other for other in port.lanes if _takes(port, other, known)]
    order = sorted(names, key=lambda other: known not in port.lanes[other].serves)
    for other in order[: order.index(lane)]:
        group = port.lanes[other]
        if group.pool is None and group.handover is None and other not in closed and min(group.open.values()) > 0:
            return other
    return ""


def unreachable(scenario: Scenario) -> Iterator[Doubt]:
    """Kinds of secondary inspection that nobody is referred to."""
    for name, port in scenario.ports.items():
        for kind, inspection in port.secondary.items():
            shares = [most_exact(inspection.referral, known) or 0.0 for known in class_names(port)]
            given = any(t.trace is not None and (t.trace.referral != NOT_REFERRED).any() for t in port.traffic.values())
            if not any(shares) and not given:
                at: Path = ("ports", name, "secondary", kind, "referral")
                found = "every share is 0 %: nobody is referred here"
                yield Doubt("unreachable-secondary", found, "give a share, or leave the inspection out", at)
    for at, stage in hall_stations(scenario):
        if stage.kind == "secondary" and not any(stage.referral.values()):
            found = "every share is 0 %: nobody is referred here"
            yield Doubt("unreachable-secondary", found, "give a share, or leave the inspection out", (*at, "referral"))


def few_replications(scenario: Scenario) -> Iterator[Doubt]:
    """Too few replications for an interval of 95 %."""
    many = scenario.replications
    if isinstance(many, UntilPrecise):
        if many.at_least < FEW:
            found = f"{many.at_least} replications may be all: the coverage of their intervals is known from {FEW} on"
            yield Doubt("few-replications", found, f"at_least: {FEW}", ("replications", "at_least"))
    elif many < FEW:
        found = (
            "1 replication has no interval"
            if many == 1
            else f"{many} replications: intervals are wide, their coverage is known from 10 on"
        )
        yield Doubt("few-replications", found, f"{FEW} at least, better 30", ("replications",))


def hall_stations(scenario: Scenario) -> Iterator[tuple[Path, Stage]]:
    """Every station of preclearance facilities and their far sides, with its path."""
    for name, hall in scenario.preclearance.items():
        at: Path = ("preclearance", name)
        yield from (((*at, "stations", station), stage) for station, stage in hall.stations.items())
        there = hall.far_side.stations if hall.far_side is not None else {}
        yield from (((*at, "far_side", "stations", station), stage) for station, stage in there.items())


def zones_touched(scenario: Scenario, event: Event) -> dict[str, str]:
    """Time zone by facility that the event touches."""
    return {name: zone for name, zone in scenario.zones.items() if event.touches(name)}


def comers(scenario: Scenario, name: str) -> tuple[str, ...]:
    """The classes that come to a port: its own, then those of ports that divert to it."""
    others = [other for other in scenario.ports.values() if other.divert is not None and other.divert.to == name]
    return tuple(dict.fromkeys(known for place in (scenario.ports[name], *others) for known in class_names(place)))


def touched(scenario: Scenario, event: Event) -> dict[str, Port]:
    """The ports an event touches, by name."""
    return {name: port for name, port in scenario.ports.items() if event.touches(name)}


def _span(seconds: float) -> str:
    return f"{seconds / 3600.0:.4g} h" if seconds >= 7200.0 else f"{seconds / 60.0:.4g} min"


LOOKS = (clock_changes, events_outside, event_booths, tables_and_horizon, idle_lanes, unreachable, few_replications)
"""Every look of this module."""
