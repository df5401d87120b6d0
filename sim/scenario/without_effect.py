"""Looks for keys that are written and can do nothing, since what they act on is not there.

A key at its default says nothing and is left alone, so that the resolved form of a scenario has no more warnings than
the scenario. What depends on how the day goes (a line that never closes, patience nobody runs out of) is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

from sim.registry.tables import MONTHS
from sim.scenario.agreement import rule_at
from sim.scenario.cautions import WITHOUT_EFFECT, Doubt
from sim.scenario.clock import seconds_between
from sim.scenario.doubts import comers, hall_stations, touched
from sim.scenario.drivers import Driver
from sim.scenario.fields import Model
from sim.scenario.hall_checks import comes
from sim.scenario.irregular import COMPOSITIONS, Groups, Irregular
from sim.scenario.port import LENGTHS, LaneGroup, Port, Service, class_names
from sim.scenario.preclearance import TIGHT, Preclearance, of_traveller
from sim.scenario.problems import Path
from sim.scenario.schema import Event, Scenario
from sim.scenario.tables import NOT_REFERRED
from sim.scenario.traffic import NexusMembers, Traffic
from sim.scenario.units import car_lengths, duration
from sim.scenario.vocabulary import EVERY, IRREGULAR, most_exact, serves
from sim.scenario.ways_in import served
from sim.scenario.weektable import HOLIDAY_INDEX, WeekTable


def _doubt(found: str, mend: str, *at: str | int) -> Doubt:
    return Doubt(WITHOUT_EFFECT, f"{found}: it changes nothing", mend, at, on_key=True)


# ---- the scenario -----------------------------------------------------------------------------------------


def of_the_run(scenario: Scenario) -> Iterator[Doubt]:
    """Keys of the scenario itself: how it ends, pools of officers, holidays."""
    if scenario.end == "cut" and scenario.drain_cap != duration(Scenario.model_fields["drain_cap"].default):
        yield _doubt("a drain_cap with end: cut", "write end: drain, or leave it out", "drain_cap")
    used = {part.pool for part in _parts_with_pools(scenario)}
    used.update(*(flow.pools() for flow in scenario.irregular.values()))
    for name in scenario.officers:
        if name not in used:
            yield _doubt("officers whom no lane group or inspection uses", f"write pool: {name}", "officers", name)
    facilities = (scenario.ports, scenario.preclearance, scenario.irregular)
    if scenario.holidays and not _tells_holidays_apart((*facilities, scenario.officers)):
        mend = "give a table values of its own under holiday, or a traffic its factor with average: yes"
        yield _doubt("holidays, which nothing here tells from other days", mend, "holidays")


def _parts_with_pools(scenario: Scenario) -> Iterator[Any]:
    for port in scenario.ports.values():
        yield from (*port.lanes.values(), *port.secondary.values(), *((port.toll,) if port.toll else ()))
    yield from (stage for _, stage in hall_stations(scenario))


def _tells_holidays_apart(node: Any) -> bool:
    """Some table or demand below has values of its own for holidays."""
    if isinstance(node, WeekTable):
        return node.days[HOLIDAY_INDEX] is not None
    if isinstance(node, Traffic) and node.average and node.holiday != 1.0:
        return True
    if isinstance(node, Model):
        return any(_tells_holidays_apart(getattr(node, name)) for name in type(node).model_fields)
    if isinstance(node, dict):
        return any(map(_tells_holidays_apart, node.values()))
    return isinstance(node, tuple) and any(map(_tells_holidays_apart, node))


# ---- ports ------------------------------------------------------------------------------------------------


def of_ports(scenario: Scenario) -> Iterator[Doubt]:
    """Keys of ports, their roads, lane groups and demand."""
    for name, port in scenario.ports.items():
        coming, at = comers(scenario, name), ("ports", name)
        yield from _ways_out(port, at)
        yield from _choice(port, coming, at)
        yield from _lengths(port, coming, at)
        yield from _demand(port, at)
        for path, lane in _lane_groups(port):
            yield from _lane_group(port, lane, served(lane, coming), (*at, *path))
        yield from _persons(scenario, port, coming, at)


def _lane_groups(port: Port) -> Iterator[tuple[Path, LaneGroup]]:
    if port.toll is not None:
        yield ("toll",), port.toll
    for name, lane in port.lanes.items():
        yield ("lanes", name), lane


def _ways_out(port: Port, at: Path) -> Iterator[Doubt]:
    """What parties do that find the port closed or full, and where they go."""
    if port.outside_hours != "wait" and port.hours is None:
        yield _doubt("outside_hours without hours", "state the hours of the port", *at, "outside_hours")
    full: list[tuple[Path, str, bool]] = [
        ((*path, "when_full"), lane.when_full, lane.storage is not None or (path[0] == "lanes" and _has_split(port)))
        for path, lane in _lane_groups(port)
    ]
    if port.approach is not None:
        full.append((("approach", "when_full"), port.approach.when_full, port.approach.storage is not None))
    for path, do, ends in full:
        if do != "wait" and not ends:
            yield _doubt(f"when_full: {do} where nothing is ever full", "state a storage", *at, *path)
    if port.divert is not None and "divert" not in {port.outside_hours, *(do for _, do, _ in full)}:
        mend = "write divert for outside_hours, or for when_full where parties come from outside"
        yield _doubt("nobody diverts", mend, *at, "divert")


def _has_split(port: Port) -> bool:
    return port.approach is not None and port.approach.split is not None


def _choice(port: Port, coming: Iterable[str], at: Path) -> Iterator[Doubt]:
    groups = {known: [lane for lane in port.lanes.values() if served(lane, [known])] for known in coming}
    if port.choose == "shorter" and all(len(lanes) < 2 for lanes in groups.values()):
        yield _doubt("no class has a choice of lane groups", "let two groups serve a class", *at, "choose")


def _lengths(port: Port, coming: Iterable[str], at: Path) -> Iterator[Doubt]:
    modes = {known.partition(".")[0] for known in coming}
    for mode, length in port.lengths.items():
        if mode not in modes and length != car_lengths(LENGTHS[mode]):
            yield _doubt(f"no {mode} comes here", "leave it out", *at, "lengths", mode)


def _demand(port: Port, at: Path) -> Iterator[Doubt]:
    if port.day_to_day is not None and all(traffic.trace is not None for traffic in port.traffic.values()):
        found = "all demand is listed in traces, which do not vary from day to day"
        yield _doubt(found, "leave it out, or list counts", *at, "day_to_day")
    for mode, traffic in port.traffic.items():
        if isinstance(traffic.nexus, NexusMembers) and traffic.nexus.alike > 0.0 and not _has_company(traffic):
            mend = "state the occupants"
            yield _doubt("alike where everybody comes alone", mend, *at, "traffic", mode, "nexus", "alike")


def _lane_group(port: Port, lane: LaneGroup, served: list[str], at: Path) -> Iterator[Doubt]:
    ranks = {next((i for i, p in enumerate(lane.priority) if serves(p, known)), -1) for known in served}
    if lane.priority and len(ranks) == 1:
        yield _doubt("priority among classes of one rank", "name some of the classes served", *at, "priority")
    if lane.waive_when_full and not any(_may_be_referred(port, known) for known in served):
        yield _doubt("nobody served here is referred", "give a referral", *at, "waive_when_full")
    if lane.control is not None:
        most = lane.booths if lane.control.most is None else max(lane.control.most.values())
        if min(lane.open.values()) >= most:
            found = f"the calendar has {min(lane.open.values()):g} booths open at all times, all that control may open"
            yield _doubt(found, "open fewer by the calendar (open), which says the least", *at, "control")


def _may_be_referred(port: Port, known: str) -> bool:
    shares = any(most_exact(kind.referral, known) for kind in port.secondary.values())
    listed = (traffic.trace for mode, traffic in port.traffic.items() if serves(mode, known))
    return shares or any(trace is not None and bool((trace.referral > NOT_REFERRED).any()) for trace in listed)


def _persons(scenario: Scenario, port: Port, coming: Iterable[str], at: Path) -> Iterator[Doubt]:
    """Services that take longer for each further person, of classes whose parties are one person."""
    company = {
        known
        for other in (port, *_diverting_to(scenario, port))
        for mode, traffic in other.traffic.items()
        for known in traffic.classes(mode)
        if _has_company(traffic)
    }
    places: list[tuple[Path, dict[str, Service]]] = [(path, lane.service) for path, lane in _lane_groups(port)]
    places += [(("secondary", kind), inspection.service) for kind, inspection in port.secondary.items()]
    for path, services in places:
        for pattern, service in services.items():
            takes = {known for known in coming if most_exact(services, known) is service}
            if service.per_extra_person > 0.0 and takes and not takes & company:
                below = () if pattern == EVERY and len(services) == 1 else (pattern,)
                mend = "state the occupants of the traffic"
                yield _doubt("every party here is one person", mend, *at, *path, "service", *below, "per_extra_person")


def _diverting_to(scenario: Scenario, port: Port) -> list[Port]:
    others = scenario.ports.values()
    return [other for other in others if other.divert is not None and scenario.ports[other.divert.to] is port]


def _has_company(traffic: Traffic) -> bool:
    """Some party may be more than one person."""
    if traffic.trace is not None:
        return bool((traffic.trace.size > 1).any())
    return traffic.occupants.average > 1.0


# ---- preclearance facilities ------------------------------------------------------------------------------


def _tight(scenario: Scenario) -> Iterator[Doubt]:
    """Tight connections that no station lets go first, at facilities where tight is said."""
    for name, place in scenario.preclearance.items():
        if place.tight is not None and not any(TIGHT in stage.priority for stage in place.stations.values()):
            mend = "write priority: [tight] at the stations that let them go first, or leave it out"
            yield _doubt(
                "tight with no station that gives tight connections priority", mend, "preclearance", name, "tight"
            )


def of_halls(scenario: Scenario) -> Iterator[Doubt]:
    """Keys of stations at preclearance facilities and their far sides; `tight`, which they are to name."""
    yield from _tight(scenario)
    for at, stage in hall_stations(scenario):
        place = scenario.preclearance[str(at[1])]
        coming = [known for known in place.classes if comes(stage, known)]
        if stage.instead is not None and all(of_traveller(stage.share, known) in (None, 1.0) for known in coming):
            yield _doubt("everybody uses this station", "state a share below 100 %", *at, "instead")
        for pattern, service in stage.service.items():
            takes = [known for known in coming if of_traveller(stage.service, known) is service]
            parties = [of_traveller(place.party, known) for known in takes]
            alone = all(party is None or party.average <= 1.0 for party in parties)
            if service.per_extra_person > 0.0 and takes and alone:
                below = () if pattern == EVERY and len(stage.service) == 1 else (pattern,)
                mend = "state the party of the facility"
                yield _doubt("every party here is one person", mend, *at, "service", *below, "per_extra_person")


# ---- events -----------------------------------------------------------------------------------------------


def of_events(scenario: Scenario) -> Iterator[Doubt]:
    """Effects of events on what the ports they touch do not have."""
    for index, event in enumerate(scenario.events):
        ports, at = touched(scenario, event), ("events", index)
        if not ports:
            continue  # what an event of preclearance facilities and flows alone cannot do is a fault
        halls = tuple(hall for name, hall in scenario.preclearance.items() if event.touches(name))
        flows = tuple(flow for name, flow in scenario.irregular.items() if event.touches(name))
        others = {f"{hall.mode}.{name}" for hall in halls for name in hall.classes}
        yield from _by_class(event, ports, at, others | {f"{IRREGULAR}.{kind}" for kind in COMPOSITIONS if flows})
        inspected = any(port.secondary for port in ports.values()) or any(_has_secondary(hall) for hall in halls)
        if event.secondary is not None and not inspected:
            yield _doubt("there is no secondary inspection", "leave it out", *at, "secondary")
        if event.holiday and not _tells_holidays_apart((ports, halls, flows, scenario.officers)):
            mend = "give a table values of its own under holiday"
            yield _doubt("nothing here tells holidays from other days", mend, *at, "holiday")


def _has_secondary(hall: Preclearance) -> bool:
    return any(stage.kind == "secondary" for stage in hall.stations.values())


def _by_class(event: Event, ports: dict[str, Port], at: Path, travellers: set[str]) -> Iterator[Doubt]:
    """Factors on demand or referral, by class; `travellers` are the classes of other facilities it touches."""
    drawn = {
        known
        for port in ports.values()
        for mode, traffic in port.traffic.items()
        if traffic.trace is None
        for known in traffic.classes(mode)
    }
    anybody = {known for port in ports.values() for known in class_names(port)}
    referred = {known for port in ports.values() for known in class_names(port) if _may_be_referred(port, known)}
    effects: tuple[tuple[str, dict[str, float], set[str], str, str], ...] = (
        (
            "demand",
            event.demand,
            drawn | travellers,
            "comes by traces alone, which list every party",
            "change the table",
        ),
        ("referral", event.referral, referred | travellers, "is never referred", "give a referral, or leave it out"),
    )
    for key, factors, acted_on, why, mend in effects:
        for pattern in factors:
            if not any(serves(pattern, known) for known in acted_on):
                nobody = not any(serves(pattern, known) for known in anybody)
                who = "nobody" if pattern == EVERY and nobody else "everybody" if pattern == EVERY else pattern
                found = f"there is no traffic of {pattern}" if nobody else f"{who} {why}"
                below = () if pattern == EVERY and len(factors) == 1 else (pattern,)
                yield _doubt(found, "leave it out" if nobody else mend, *at, key, *below)


# ---- irregular flows --------------------------------------------------------------------------------------


def of_flows(scenario: Scenario) -> Iterator[Doubt]:
    """Information that nobody withholds, exceptions of those who are one, resources without use, other times."""
    for name, flow in scenario.irregular.items():
        at: Path = ("irregular", name)
        stated = flow.intercept
        if stated is not None and not stated.shared_information and (stated.told or not stated.notices):
            found = (
                "joint patrols share what they know" if stated.told else "no source is the other country's (us-notice)"
            )
            mend = "leave it out, or state detect by source"
            yield _doubt(found, mend, *at, "intercept", "shared_information")
        yield from _out_of_time(scenario, flow, at)
        for resource, one in flow.resources.items():
            if one.units and not one.detect and not one.response:
                found, mend = "a resource that neither detects nor shortens the way", "state detect or response"
                cost = ": it changes nothing but the cost" if one.per_year else ": it changes nothing"
                yield Doubt(WITHOUT_EFFECT, found + cost, mend, (*at, "resources", resource), on_key=True)
        for ground, shares in flow.eligibility.exceptions.items():
            yield from _of_minors(shares, (*at, "eligibility", "exceptions", ground))
        for other, exemption in flow.eligibility.exemptions.items():
            yield from _of_minors(exemption.share, (*at, "eligibility", "exemptions", other, "share"))


def of_origins(scenario: Scenario) -> Iterator[Doubt]:
    """Drivers of origins, and shares that hide there, of another time than the run's."""
    for name, origin in scenario.displacement.origins.items() if scenario.displacement is not None else ():
        at: Path = ("displacement", "origins", name)
        yield from _late_drivers(scenario, origin.drivers, origin.zone, at)
        yield from _hiding(scenario, origin.groups, (*at, "groups"))


def _out_of_time(scenario: Scenario, flow: Irregular, at: Path) -> Iterator[Doubt]:
    """What holds at other times than the run's: drivers, rules, months of cold."""
    yield from _late_drivers(scenario, flow.drivers, flow.place, at)
    if flow.groups is not None:
        yield from _hiding(scenario, flow.groups, (*at, "groups"))
    if flow.weather is not None and flow.weather.cold:
        last = scenario.start + timedelta(seconds=scenario.horizon)
        days = (scenario.start + timedelta(days=day) for day in range((last - scenario.start).days + 1))
        months = {MONTHS[moment.month - 1] for moment in (*days, last)}
        if not months & set(flow.weather.cold):
            mend = f"state that of {', '.join(month for month in MONTHS if month in months)}"
            yield _doubt("cold of no month of the run", mend, *at, "weather", "cold")


def _late_drivers(scenario: Scenario, drivers: Iterable[Driver], zone: str, at: Path) -> Iterator[Doubt]:
    for index, driver in enumerate(drivers):
        late = seconds_between(scenario.start, driver.from_, zone) >= scenario.horizon
        if late or (driver.until is not None and seconds_between(scenario.start, driver.until, zone) <= 0.0):
            when, key = ("begins when the run is over", "from") if late else ("ends before the run begins", "until")
            mend = "change its dates, or leave it out"
            yield _doubt(f"the driver '{driver.name}' {when}", mend, *at, "drivers", index, key)


def _hiding(scenario: Scenario, groups: Groups, at: Path) -> Iterator[Doubt]:
    """Shares that hide under a rule that is in force at no time of the run."""
    last = scenario.start + timedelta(seconds=scenario.horizon)
    dates = (one.from_ for one in scenario.agreement if one.from_ is not None)
    turns = (scenario.start, *(moment for moment in dates if scenario.start < moment < last))
    in_force = {rule_at(scenario.agreement, moment) for moment in turns}
    for rule in groups.hide:
        if rule != EVERY and rule not in in_force:
            found = f"{rule} is in force at no time of the run"
            yield _doubt(found, f"write {', '.join(sorted(in_force))}, or '*'", *at, "hide", rule)


def _of_minors(shares: Iterable[str], at: Path) -> Iterator[Doubt]:
    if "minors-alone" in shares:
        yield _doubt("minors alone are an exception as such", "leave it out", *at, "minors-alone")


LOOKS: tuple[Callable[[Scenario], Iterator[Doubt]], ...] = (
    of_the_run,
    of_ports,
    of_halls,
    of_events,
    of_flows,
    of_origins,
)
"""Every look of this module."""
