"""Item 2.5 of the reporting checklist, read from the network itself, so that no kind of facility is missing."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from sim.model.departures import DepartureSource
from sim.model.distribution import Distribution
from sim.model.network import NEVER, ClassAtStation, Station, StationKind, Steps, Target
from sim.model.sources import Slot, Source
from sim.report.checklist_facts import Answer, Facts, label, said, table, value_of

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))


def entities(facts: Facts) -> Answer:
    """2.5.1."""
    rows = []
    for party_class in facts.network.classes:
        port = facts.network.facilities[party_class.facility].name
        rows.append([port, f"`{party_class.name}`", f"{party_class.length:g}"])
    text = (
        "A party is what is inspected together; a class is its mode and programme. Each has a time of coming, a number "
        "of persons, and one draw for each service, referral and patience it may need (docs/theory.md, Random streams)."
    )
    # A flow that is met in two ways has the class of a group twice.
    distinct = [list(row) for row in dict.fromkeys(map(tuple, rows))]
    return Answer((text, "", *table(["facility", "class", "car lengths in a line"], distinct)))


def activities(facts: Facts) -> Answer:
    """2.5.2."""
    slots = _slots(facts)
    rows = []
    for station in _used(facts):
        if station.pool >= 0:
            times = dict.fromkeys(_service(slots.get(klass), one) for klass, one in station.classes.items())
            rows.append([_name(facts, station), "; ".join(times), _goes_on(facts, station)])
    if not rows:
        return Answer((), "the run has no station that serves: describe what is done to those who come")
    text = "Roads are driven, not served: see queues. Who is held where what is behind is full: docs/theory.md, rule 4."
    return Answer((*table(["station", "time it takes", "then to"], rows), "", text))


def resources(facts: Facts) -> Answer:
    """2.5.3."""
    network, rows = facts.network, []
    for index, pool in enumerate(network.pools):
        owners = [station for station in _used(facts) if station.pool == index]
        if pool.servers >= 0 and owners:
            alone = len(owners) == 1
            where = _name(facts, owners[0]) if alone else f"officers {html.escape(pool.name)}"
            opened = _stated(facts, owners[0]).get("open") if alone else _officers(facts, pool.name)
            calendar = value_of(opened) if opened is not None else _calendar(pool.calendar, network.end)
            rows.append([where, str(pool.servers), calendar, "; ".join(_name(facts, owner) for owner in owners)])
    if not rows:
        return Answer((), "the run has no servers with a calendar: say what limits how many are served at once")
    return Answer(tuple(table(["servers", "built", "open", "used by"], rows)))


def queues(facts: Facts) -> Answer:
    """2.5.4."""
    slots = _slots(facts)
    rows = [
        [_name(facts, station), _line(station), _priority(facts, station), value_of(_limits(facts, station, slots))]
        for station in _used(facts)
        if station.kind is not StationKind.TRAVEL
    ]
    if not rows:
        return Answer((), "the run has no line: say where those wait who cannot be served")
    text = "First come first served within a priority class, without pre-emption (docs/theory.md, rule 3)."
    return Answer((text, "", *table(["station", "line", "priority", "limits"], rows)))


def entry_exit(facts: Facts) -> Answer:
    """2.5.5."""
    network = facts.network
    ways = {end for target in network.entry for end in target.stations}
    doors = ", ".join(label(s.name, network, s.facility) for i, s in enumerate(network.stations) if i in ways)
    outcomes = ", ".join(f"`{name}`" for name in network.outcomes)
    rows = [[f"`{said(source.name)}`", _mechanism(source)] for source in facts.model.sources]
    return Answer(
        (
            f"Parties come in at: {doors}.",
            "",
            *table(["who comes", "how"], rows),
            "",
            f"Every one ends as one of: {outcomes}; or is inside at the end.",
        )
    )


def _used(facts: Facts) -> list[Station]:
    """Stations where some class comes."""
    return [station for station in facts.network.stations if station.classes]


def _name(facts: Facts, station: Station) -> str:
    return html.escape(f"{facts.network.facilities[station.facility].name}, {station.name}")


def _stated(facts: Facts, station: Station) -> dict[str, Any]:
    """The keys of a station as the scenario has them; none where it is made of something else."""
    facility = facts.network.facilities[station.facility].name
    for kind, within in (("ports", "lanes"), ("preclearance", "stations"), ("irregular", "")):
        place = (facts.tree.get(kind) or {}).get(facility)
        if isinstance(place, dict):
            found = (place.get(within) or {}).get(station.name, place.get(station.name))
            return found if isinstance(found, dict) else {}
    return {}


def _officers(facts: Facts, pool: str) -> Any:
    """Calendar of officers that several stations share, as the scenario has it."""
    found = (facts.tree.get("officers") or {}).get(pool)
    return found.get("open") if isinstance(found, dict) else found


def _slots(facts: Facts) -> dict[int, tuple[Slot, ...]]:
    """What the draws of each class are made of."""
    return {programme.klass: programme.slots for source in facts.model.sources for programme in source.programmes}


def _service(slots: tuple[Slot, ...] | None, one: ClassAtStation) -> str:
    if one.service < 0 or slots is None:
        return "none"
    more = [f"and {_seconds(one.move_up)} to pull in"] if one.move_up else []
    more += [f"{100.0 * one.extra_person:g} % more for each further person"] if one.extra_person else []
    more += [f"times {factor:g} while more than {over} wait" for over, factor in one.queue_factor]
    return ", ".join([_drawn(slots[one.service]), *more])


def _drawn(slot: Slot) -> str:
    if slot.distribution is None:
        return "follows from several draws" if slot.derived is not None else "as the table gives it"
    return _distribution(slot.distribution) + (", unless the table gives it" if slot.given else "")


def _distribution(of: Distribution) -> str:
    mean, deviation = of.mean(), of.variance() ** 0.5
    name = type(of).__name__.strip("_").lower()
    spread = f", coefficient of variation {deviation / mean:.3g}" if deviation > 0.0 and mean > 0.0 else ""
    return f"{name}, mean {_seconds(mean)}{spread}"


def _seconds(time: float) -> str:
    for unit, name in _UNITS:
        if time >= 2.0 * unit:
            return f"{time / unit:.4g} {name}"
    return f"{time:.4g} s"


def _goes_on(facts: Facts, station: Station) -> str:
    routes = [one.route for one in station.classes.values() if one.route is not None]
    targets = [target for route in routes for target in (*(b.target for b in route.branches), route.otherwise)]
    return "; ".join(dict.fromkeys(end for target in targets for end in _ends(facts, target)))


def _ends(facts: Facts, target: Target) -> Iterator[str]:
    network = facts.network
    if target.outcome >= 0:
        yield f"`{network.outcomes[target.outcome]}`"
    for index in target.stations:
        yield _name(facts, network.stations[index])


def _calendar(calendar: Steps, end: float) -> str:
    """How many are open, where the scenario does not say it with one station's keys."""
    held = [value for time, value in zip(calendar.times, calendar.values, strict=True) if time < end]
    least, most = int(min(held)), int(max(held))
    return f"{most}, always" if least == most else f"{least} to {most}, as the calendar has it"


def _line(station: Station) -> str:
    if station.per_booth:
        return "one line per booth"
    return f"{station.lanes} lane{'s' * (station.lanes > 1)}"


def _priority(facts: Facts, station: Station) -> str:
    if stated := _stated(facts, station).get("priority"):
        return f"first {value_of(stated)}"
    ranks = sorted({one.rank for one in station.classes.values()})
    names = [
        ", ".join(f"`{facts.network.classes[c].name}`" for c, one in station.classes.items() if one.rank == rank)
        for rank in ranks
    ]
    return " before ".join(names) if len(ranks) > 1 else "none"


def _limits(facts: Facts, station: Station, slots: dict[int, tuple[Slot, ...]]) -> dict[str, str]:
    found = {}
    if station.storage < NEVER:
        at_a_port = facts.network.facilities[station.facility].name in facts.tree["ports"]
        found["storage"] = f"{station.storage:g} {'car lengths' if at_a_port else 'places'}"
    if station.balk_at < NEVER:
        found["balk_at"] = f"{station.balk_at:g}"
    impatient = {c: one for c, one in station.classes.items() if one.patience >= 0 and c in slots}
    if impatient:
        found["patience"] = "; ".join(dict.fromkeys(_drawn(slots[c][one.patience]) for c, one in impatient.items()))
    if station.jockey:
        found["jockey"] = f"at a difference of {station.jockey}"
    if any(facts.network.stations.index(station) in target.stations for target in facts.network.entry):
        found["when_full"] = station.when_full.name.lower()
        found["when_closed"] = station.when_closed.name.lower()
    return found


def _mechanism(source: Source) -> str:
    if isinstance(source, DepartureSource):
        return "for departures of a timetable, each so long before it as its show-up time says"
    if source.rate is not None:
        return "a Poisson process whose rate changes with time, by thinning (docs/theory.md, rule 1)"
    return "in line when the run begins" if source.initial else "at the instants of a table"
