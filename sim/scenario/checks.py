"""Checks across the fields of a port: what is sound alone and contradicts its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sim.scenario import ways_in
from sim.scenario.control import check_control
from sim.scenario.problems import Path, Problem, ProblemError, in_words, nearest, nearest_word
from sim.scenario.vocabulary import EVERY, PROGRAMMES_OF, Mode, most_exact, serves
from sim.scenario.ways_in import served

if TYPE_CHECKING:
    from sim.scenario.port import LaneGroup, Port, Secondary
    from sim.scenario.weektable import WeekTable

SLACK = 1e-9
"""Shares that sum to 100 % may miss it by rounding."""


def unknown_key(key: str, keys: Iterable[str]) -> Problem:
    """The fault of a key no model has, with the nearest that it has."""
    names = tuple(keys)
    return Problem(f"unknown key '{key}'", f"one of {', '.join(names)}", nearest(key, names), (key,), on_key=True)


def misspelt(data: Mapping[str, Any], keys: Iterable[str], wanted: str) -> str:
    """The key of a mapping that was probably meant to be `wanted`; empty without one, or where that is there."""
    names = tuple(keys)
    strange = () if wanted in data else (str(key) for key in data if key not in names)
    return next((key for key in strange if nearest_word(key, names) == wanted), "")


def check_spelt(data: Mapping[str, Any], keys: Iterable[str], wanted: str) -> None:
    """Raises ProblemError for a misspelt `wanted` alone, where what else is wrong would follow from it."""
    names = tuple(keys)
    if key := misspelt(data, names, wanted):
        raise ProblemError(unknown_key(key, names))


def check_zone(zone: str) -> None:
    """Raises ProblemError for a name that is not in the IANA data base, with the nearest that is."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError, folders raise OSError
        allowed = "a zone of the IANA data base, such as America/Vancouver"
        raise ProblemError(
            Problem(f"unknown time zone {in_words(zone)}", allowed, nearest(zone, sorted(available_timezones())))
        ) from None


def servers(
    given: bool, pool: str | None, number: int, opened: WeekTable, key: str, set_: set[str]
) -> Iterator[Problem]:
    """Servers of its own, called `key`, or of a pool; no more open than there are."""
    if given == (pool is not None):
        found = f"both {key} and pool" if given else f"neither {key} nor pool"
        yield Problem(found, f"either {key}, such as {key}: 4, or pool: the name of a pool of officers")
    elif pool is not None and "open" in set_:
        yield Problem("open with a pool", "open at the pool, under officers", at=("open",), on_key=True)
    elif pool is None and (most := max(opened.values())) > number:
        yield Problem(
            f"{most:g} open of {number} {key}", f"at most {number}", f"raise {key} or open fewer", at=("open",)
        )


def lane_group(lane: LaneGroup) -> Iterator[Problem]:
    """Servers, lines and options of a lane group that contradict one another."""
    given = lane.model_fields_set
    yield from servers("booths" in given, lane.pool, lane.booths, lane.open, "booths", given)
    if lane.tandem > lane.booths:
        yield Problem(f"{lane.tandem} tandem booths of {lane.booths}", f"at most {lane.booths}", at=("tandem",))
    if lane.jockey is not None and (lane.queue != "per_booth" or lane.booths < 2):
        yield Problem(
            "jockeying with one line", "jockey with queue: per_booth and 2 booths or more", at=("jockey",), on_key=True
        )
    if lane.handover is not None and lane.pool is not None:
        yield Problem(
            "handover with a pool", "handover at a group with booths of its own", at=("handover",), on_key=True
        )
    if lane.control is not None:
        yield from check_control(lane.control, lane.booths, lane.open, lane.pool)
    if lane.queue == "per_booth" and lane.pool is not None:
        yield Problem("queue: per_booth with a pool", "queue: shared where a pool serves", at=("queue",))
    for index, pattern in enumerate(lane.priority):
        if lane.serves and not any(_overlap(pattern, served) for served in lane.serves):
            yield Problem(
                f"priority for '{pattern}', which the lane does not serve",
                f"classes of {', '.join(lane.serves)}",
                at=("priority", index),
            )
    yield from _repeated(lane.serves, "serves")
    yield from _repeated(lane.priority, "priority")


def _repeated(patterns: tuple[str, ...], key: str) -> Iterator[Problem]:
    for index, pattern in enumerate(patterns):
        if pattern in patterns[:index]:
            yield Problem(f"'{pattern}' stands twice", "each class once", at=(key, index))


def secondary(kind: Secondary) -> Iterator[Problem]:
    """Servers and shares of a secondary inspection that contradict one another."""
    given = kind.model_fields_set
    if "bays" in given and kind.bays < 1:
        yield Problem(f"{kind.bays} bays", "1 bay or more", at=("bays",))
    yield from servers("bays" in given, kind.pool, kind.bays, kind.open, "bays", given)
    if (total := sum(kind.outcomes.values())) > 1 + SLACK:
        yield Problem(f"outcomes sum to {100 * total:g} %", "at most 100 %; the rest is released", at=("outcomes",))
    if "released" in kind.outcomes:
        yield Problem(
            "the outcome 'released'", "other outcomes; the rest is released", at=("outcomes", "released"), on_key=True
        )


def port(place: Port) -> Iterator[Problem]:
    """Everything that needs more than one part of a port."""
    from sim.scenario.port import class_names

    traffic = tuple(_classes_of_modes(place))
    yield from traffic
    if traffic:
        return
    classes = class_names(place)
    yield from _lanes(place, classes)
    yield from _named_classes(place, classes)
    yield from _referrals(place, classes)
    yield from _storage(place, classes)
    yield from _ways_out(place)
    yield from _names_of_stations(place)
    yield from ways_in.balking(place, classes)


def _classes_of_modes(place: Port) -> Iterator[Problem]:
    for mode, traffic in place.traffic.items():
        for programme in traffic.programmes:
            if programme not in PROGRAMMES_OF[mode]:
                own = ", ".join(PROGRAMMES_OF[mode]) or "none"
                yield Problem(
                    f"{programme} for {mode}",
                    f"programmes of {mode}: {own}",
                    at=("traffic", mode, programme),
                    on_key=True,
                )
        table = traffic.trace or traffic.counts
        for name in table.classes if table else ():
            if not serves(mode, name):
                key = "trace" if traffic.trace else "counts"
                found = f"the table has '{name}', which is not {mode}"
                yield Problem(
                    found,
                    f"classes of {mode} here",
                    f"put them under {name.partition('.')[0]}",
                    at=("traffic", mode, key),
                )


def _lanes(place: Port, classes: tuple[str, ...]) -> Iterator[Problem]:
    for name, lane in place.lanes.items():
        if not lane.serves:
            yield Problem(
                "a lane group that serves no class", f"serves, such as serves: [{classes[0]}]", at=("lanes", name)
            )
        elif not any(serves(pattern, known) for pattern in lane.serves for known in classes):
            mend = nearest(lane.serves[0], classes)
            found = f"serves {', '.join(lane.serves)}, of which there is no traffic"
            yield Problem(found, f"classes with traffic: {', '.join(classes)}", mend, at=("lanes", name, "serves"))
        yield from _services(lane, ("lanes", name), served(lane, classes))
    if place.toll is not None:
        yield from _services(place.toll, ("toll",), served(place.toll, classes))
        if place.toll.waive_when_full:
            found, mend = "waive_when_full at a toll, which refers nobody", "put it at a lane group"
            yield Problem(found, "false", mend, at=("toll", "waive_when_full"), on_key=True)
    if not all(lane.serves for lane in place.lanes.values()):
        return
    for known in classes:
        if not any(serves(pattern, known) for lane in place.lanes.values() for pattern in lane.serves):
            found = f"no lane group serves '{known}'"
            words = " or ".join(dict.fromkeys((f"'{known}'", f"'{known.partition('.')[0]}'")))
            yield Problem(found, f"{words} in serves of a lane group", at=("lanes",), on_key=True)


def _services(lane: LaneGroup | Secondary, at: Path, classes: Iterable[str]) -> Iterator[Problem]:
    if missing := [name for name in classes if most_exact(lane.service, name) is None]:
        found = f"no service time for {', '.join(missing)}"
        yield Problem(found, f"one for every class served, or '{EVERY}' for the others", at=(*at, "service"))


def _named_classes(place: Port, classes: tuple[str, ...]) -> Iterator[Problem]:
    """Keys by class that name a class the port has no traffic of."""
    named: list[tuple[Path, Iterable[str]]] = [(("initial_queue",), place.initial_queue)]
    for name, lane in (*place.lanes.items(), *((("", place.toll),) if place.toll else ())):
        at: Path = ("lanes", name) if name else ("toll",)
        # A class it says it serves may be named without traffic here: another port may divert it to this one.
        strange = [pattern for pattern in (*lane.service, *(lane.patience or ())) if not _said(pattern, lane)]
        named += [((*at, "service"), [p for p in lane.service if p in strange])]
        named += [((*at, "patience"), [p for p in lane.patience or () if p in strange])]
        for index, pattern in enumerate(lane.priority):
            if not any(serves(pattern, known) for known in classes):
                yield _no_traffic(pattern, classes, (*at, "priority", index), on_key=False)
    if place.approach is not None:
        for index, pattern in enumerate(place.approach.serves):
            if not any(serves(pattern, known) for known in classes):
                yield _no_traffic(pattern, classes, ("approach", "serves", index), on_key=False)
        named.append((("approach", "patience"), place.approach.patience or ()))
    for name, kind in place.secondary.items():
        named += [(("secondary", name, "referral"), kind.referral), (("secondary", name, "service"), kind.service)]
    for at, patterns in named:
        for pattern in patterns:
            if not any(serves(pattern, known) for known in classes):
                yield _no_traffic(pattern, classes, (*at, pattern))
    for name in place.initial_queue:
        if name not in classes and any(serves(name, known) for known in classes):
            yield Problem(
                f"'{name}' is not one class here",
                f"one of {', '.join(classes)}",
                at=("initial_queue", name),
                on_key=True,
            )


def _said(pattern: str, lane: LaneGroup) -> bool:
    return any(_overlap(pattern, served) for served in lane.serves)


def _no_traffic(pattern: str, classes: tuple[str, ...], at: Path, on_key: bool = True) -> Problem:
    found = f"'{pattern}', of which there is no traffic"
    return Problem(found, f"classes with traffic: {', '.join(classes)}", nearest(pattern, classes), at, on_key)


def _referrals(place: Port, classes: tuple[str, ...]) -> Iterator[Problem]:
    beyond: dict[tuple[str, float], list[str]] = {}
    for name in classes:
        shares = {kind: most_exact(inspection.referral, name) or 0.0 for kind, inspection in place.secondary.items()}
        if (total := sum(shares.values())) > 1 + SLACK:
            last = [kind for kind, share in shares.items() if share][-1]
            beyond.setdefault((last, total), []).append(name)
    for (last, total), names in beyond.items():
        found = f"referrals of {', '.join(names)} sum to {100 * total:g} % over {', '.join(place.secondary)}"
        yield Problem(found, "at most 100 %", at=("secondary", last, "referral"))
    for kind, inspection in place.secondary.items():
        referred = [name for name in classes if most_exact(inspection.referral, name) is not None]
        yield from _services(inspection, ("secondary", kind), referred)
        if not inspection.referral and not _referred_in_traces(place, kind):
            found = "a secondary inspection that nobody is referred to"
            yield Problem(found, "a share of some class, such as {car: 5 %}", at=("secondary", kind, "referral"))
    yield from _kinds_in_traces(place)


def _referred_in_traces(place: Port, kind: str) -> bool:
    kinds = {named for traffic in place.traffic.values() if traffic.trace for named in traffic.trace.kinds}
    return kind in kinds or "yes" in kinds


def _kinds_in_traces(place: Port) -> Iterator[Problem]:
    for mode, traffic in place.traffic.items():
        for kind in traffic.trace.kinds if traffic.trace else ():
            at: Path = ("traffic", mode, "trace")
            if kind == "yes" and len(place.secondary) != 1:
                yield Problem(
                    "the table says just 'yes' to referral", "the kind, where there is not exactly one secondary", at=at
                )
            elif kind != "yes" and kind not in place.secondary:
                found = f"the table refers to '{kind}', which is no secondary of the port"
                yield Problem(
                    found, f"one of {', '.join(place.secondary) or 'none'}", nearest(kind, place.secondary), at
                )


def _storage(place: Port, classes: tuple[str, ...]) -> Iterator[Problem]:
    """A line must hold the longest party that uses it, or be no waiting room at all."""
    if place.approach is not None:
        coming = served(place.approach, classes)
        for key in ("storage", "split"):
            yield from _room(place, coming, getattr(place.approach, key), ("approach", key))
    if place.toll is not None:
        yield from _room(place, served(place.toll, classes), place.toll.storage, ("toll", "storage"))
    for name, lane in place.lanes.items():
        yield from _room(place, served(lane, classes), lane.storage, ("lanes", name, "storage"))
    for name, kind in place.secondary.items():
        referred = [known for known in classes if most_exact(kind.referral, known)]
        yield from _room(place, referred, kind.storage, ("secondary", name, "storage"))


def _room(place: Port, classes: Iterable[str], storage: float | None, at: Path) -> Iterator[Problem]:
    lengths = {name: _length(place.lengths, name) for name in classes}
    if not storage or not lengths:
        return
    longest = max(lengths, key=lambda name: lengths[name])
    if storage < lengths[longest]:
        found = f"room for {storage:g} cars, less than one {longest} ({lengths[longest]:g})"
        allowed = f"'{lengths[longest]:g} cars' or more"
        yield Problem(found, allowed if at[0] == "approach" else f"{allowed}, or '0 cars' for no waiting room", at=at)


RESERVED = ("all", "outside", "toll", "approach")
"""Names of stations and rows of results that no lane group or kind of secondary may have."""


def _names_of_stations(place: Port) -> Iterator[Problem]:
    """Lane groups and kinds of secondary are rows of the same tables: their names are their own."""
    for key, names in (("lanes", place.lanes), ("secondary", place.secondary)):
        for name in names:
            at: Path = (key, name)
            if name in RESERVED:
                yield Problem(
                    f"the name '{name}' is taken", f"a name other than {', '.join(RESERVED)}", at=at, on_key=True
                )
            elif key == "secondary" and name in place.lanes:
                yield Problem(f"'{name}' is a lane group too", "a name of its own", at=at, on_key=True)


def _length(lengths: Mapping[Mode, float], class_name: str) -> float:
    by_mode: Mapping[Any, float] = lengths
    return by_mode[class_name.partition(".")[0]]


def _ways_out(place: Port) -> Iterator[Problem]:
    if place.divert is not None:
        return
    users: list[Path] = [("outside_hours",)] if place.outside_hours == "divert" else []
    if place.approach is not None and place.approach.when_full == "divert":
        users.append(("approach", "when_full"))
    users += [("lanes", name, "when_full") for name, lane in place.lanes.items() if lane.when_full == "divert"]
    if place.toll is not None and place.toll.when_full == "divert":
        users.append(("toll", "when_full"))
    for at in users:
        yield Problem(
            "parties divert, and the port has no 'divert'", "divert: {to: other-port, after: 20 min} at the port", at=at
        )


def diverted(name: str, place: Port, other: Port) -> Iterator[Problem]:
    """Faults of a port called `name` that diverts to another.

    Every class that may divert must be served, with a service time, where it goes; and the drive there is a station of
    the other port, whose name no lane group or kind of secondary may have.
    """
    from sim.scenario.port import class_names

    assert place.divert is not None
    for known in class_names(place):
        served = [
            lane
            for lane in other.lanes.values()
            if any(serves(pattern, known) for pattern in lane.serves) and most_exact(lane.service, known) is not None
        ]
        if not served:
            yield Problem(
                f"'{known}' diverts to a port that does not serve it",
                "a port that serves it",
                at=("ports", name, "divert", "to"),
            )
    for key, names in (("lanes", other.lanes), ("secondary", other.secondary)):
        if (drive := from_port(name)) in names:
            found = f"the name '{drive}' is taken by the drive of those whom '{name}' diverts"
            yield Problem(found, "another name", at=("ports", place.divert.to, key, drive), on_key=True)


def from_port(name: str) -> str:
    """Station of the drive from the port called `name` to that it diverts to."""
    return f"from-{name}"


def _overlap(left: str, right: str) -> bool:
    return serves(left, right) or serves(right, left)
