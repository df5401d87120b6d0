"""Checks across the keys of a preclearance facility: what is sound alone and contradicts its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sim.scenario import irregular_checks
from sim.scenario.checks import SLACK
from sim.scenario.problems import Path, Problem, nearest
from sim.scenario.vocabulary import EVERY

if TYPE_CHECKING:
    from sim.scenario.preclearance import Departures, FarSide, Hall, Preclearance, Stage
    from sim.scenario.schema import Scenario

RESERVED = ("all", "outside", "door", "entrance", "exit", "tight")
"""Names of stations, rows of results and words of the format that no station or class may have."""


def departures(stated: Departures) -> Iterator[Problem]:
    """One way of saying what leaves, and what goes with it."""
    ways = [key for key in ("timetable", "per_day", "banks") if getattr(stated, key)]
    if len(ways) != 1:
        found = f"both {' and '.join(ways)}" if ways else "no departures"
        yield Problem(found, "exactly one of timetable, per_day and banks, such as per_day: 70")
        return
    if stated.timetable is not None:
        for key in ("seats", "load", "profile", "within"):
            if key in stated.model_fields_set and getattr(stated, key) is not None:
                yield Problem(f"{key} with a timetable", f"{key} with generated departures", at=(key,), on_key=True)
    elif stated.seats is None:
        yield Problem("no 'seats'", "seats, such as seats: 150")
    if stated.profile is not None and stated.per_day is None:
        yield Problem(f"a profile with {ways[0]}", "a profile with per_day", at=("profile",), on_key=True)
    if stated.per_day is not None and "within" in stated.model_fields_set:
        yield Problem("within with per_day", "within with banks", at=("within",), on_key=True)
    if stated.banks and not any(stated.banks.values()):
        yield Problem("banks without a departure", "one departure or more", at=("banks",))


def stage(one: Stage) -> Iterator[Problem]:
    """Servers and keys that do not go with the kind of station."""
    from sim.scenario.preclearance import PASSED

    given = one.model_fields_set
    if one.kind == "walk":
        for key in ("booths", "pool", "open", "priority", "storage"):
            if key in given and getattr(one, key) not in (None, ()):
                yield Problem(f"{key} at a walk", "service alone: nobody serves", at=(key,), on_key=True)
        if one.queue == "per_booth":
            yield Problem("queue: per_booth at a walk", "service alone: nobody serves", at=("queue",))
    elif ("booths" in given) == (one.pool is not None):
        found = "both booths and pool" if one.pool is not None else "neither booths nor pool"
        yield Problem(found, "either booths, such as booths: 4, or pool: the name of a pool of officers")
    elif one.pool is not None and "open" in given:
        yield Problem("open with a pool", "open at the pool, under officers", at=("open",), on_key=True)
    elif one.pool is not None and one.queue == "per_booth":
        yield Problem("queue: per_booth with a pool", "queue: shared where a pool serves", at=("queue",))
    elif one.pool is None and one.booths < 1:
        yield Problem("0 booths", "1 booth or more", at=("booths",))
    elif one.pool is None and (most := max(one.open.values())) > one.booths:
        yield Problem(f"{most:g} open of {one.booths} booths", f"at most {one.booths}", at=("open",))
    if one.kind == "secondary":
        if not one.referral:
            yield Problem("a secondary that nobody is referred to", "referral, such as {visitor: 5 %}")
        stated = {"share": min(one.share.values()) < 1, "failure": one.failure, "instead": one.instead}
        for key in (key for key, value in stated.items() if value):
            yield Problem(f"{key} at a secondary", "referral alone says who comes", at=(key,), on_key=True)
        if sum(one.outcomes.values()) > 1 + SLACK:
            yield Problem("outcomes of more than 100 %", "at most 100 %", at=("outcomes",))
        for name in sorted(PASSED.intersection(one.outcomes)):
            allowed = "other outcomes; the rest is let through"
            yield Problem(f"the outcome '{name}'", allowed, at=("outcomes", name), on_key=True)
    else:
        for key in ("referral", "outcomes"):
            if getattr(one, key):
                yield Problem(
                    f"{key} at a {one.kind}", f"{key} at a station of kind: secondary", at=(key,), on_key=True
                )
    if one.kind == "primary" and one.failure is not None:
        yield Problem("failure at a primary", "a secondary with referral", at=("failure",), on_key=True)


def facility(place: Preclearance) -> Iterator[Problem]:
    """Everything that needs more than one key of a facility."""
    from sim.scenario.preclearance import REST, check_zone_of

    yield from check_zone_of(place.zone)
    rests = [name for name, share in place.classes.items() if share == REST]
    stated = sum(share for share in place.classes.values() if share != REST)
    if len(rests) > 1:
        yield Problem(f"rest for {' and '.join(rests)}", "rest for one class", at=("classes", rests[1]))
    elif stated > 1 + SLACK or (not rests and abs(stated - 1) > SLACK):
        allowed = "at most 100 %" if rests else "100 %, or rest for one of them"
        yield Problem(f"classes sum to {100 * stated:g} %", allowed, at=("classes",), on_key=True)
    for name in place.classes:
        if name in RESERVED:
            yield Problem(f"the name '{name}' is taken", "another name", at=("classes", name), on_key=True)
    classes = tuple(place.classes)
    for key in ("show_up", "party"):
        yield from _classes(getattr(place, key), classes, (key,), every=key == "show_up")
    yield from chain(place.stations, classes, place.hall, (), tight=place.tight is not None)
    yield from _referrals(place.stations, classes, place.clearance, ())
    yield from _room(place, place.stations, place.hall, ())
    if place.far_side is not None:
        yield from _room(place, place.far_side.stations, place.far_side.hall, ("far_side",))
        yield from chain(place.far_side.stations, classes, place.far_side.hall, ("far_side",), tight=False)
        yield from _referrals(place.far_side.stations, classes, place.clearance, ("far_side",))
        if place.holds > place.closes + place.far_side.journey:
            found = "departures held until after their passengers have come to the far side"
            yield Problem(found, "at most closes and the journey together, such as 5 min", at=("holds",))
    if place.clearance != "full" and place.far_side is None:
        found = f"clearance: {place.clearance} without a far side"
        yield Problem(found, "far_side, where the others are inspected", at=("clearance",))


def far_side(place: FarSide) -> Iterator[Problem]:
    """The zone, where one is stated."""
    from sim.scenario.preclearance import check_zone_of

    if place.zone is not None:
        yield from check_zone_of(place.zone)


def chain(
    stations: Mapping[str, Stage], classes: tuple[str, ...], hall: Hall | None, at: Path, *, tight: bool
) -> Iterator[Problem]:
    """Names of stations and classes that do not exist or lie the wrong way round."""
    names = list(stations)
    for index, (name, one) in enumerate(stations.items()):
        here: Path = (*at, "stations", name)
        if name in RESERVED:
            yield Problem(f"the name '{name}' is taken", f"a name other than {', '.join(RESERVED)}", "", here, True)
        if one.kind == "secondary" and (later := [n for n in names[index + 1 :] if stations[n].kind == "primary"]):
            found = f"a secondary before the primary '{later[-1]}', which refers to it"
            yield Problem(found, "a secondary after every primary of the chain", "", here, True)
        elif one.kind == "secondary" and not any(stations[before].kind == "primary" for before in names[:index]):
            found = "a secondary with no primary before it, which would refer to it"
            yield Problem(found, "a station of kind: primary before it", "", here, True)
        further = [other for other in names[index + 1 :] if stations[other].kind != "secondary"]
        for key in ("then", "instead"):
            yield from _further(getattr(one, key), further, (*here, key))
        if one.failure is not None:
            yield from _further(one.failure.to, further, (*here, "failure", "to"))
            yield from _classes(one.failure.share, classes, (*here, "failure", "share"))
        for position, known in enumerate(one.serves):
            if known not in classes:
                yield _no_class(known, classes, (*here, "serves", position))
        for position, known in enumerate(one.priority):
            if known == "tight" and not tight:
                said = "tight, such as tight: 60 min, at the facility"
                yield Problem("priority for tight connections", said, "", (*here, "priority", position))
            elif known != "tight" and known not in classes:
                yield _no_class(known, classes, (*here, "priority", position))
        for key in ("share", "referral"):
            yield from _classes(getattr(one, key), classes, (*here, key))
        served = tuple(known for known in classes if comes(one, known))
        yield from _classes(one.service, classes, (*here, "service"), served=served, every=True)
    if hall is not None:
        yield from _hall(hall, stations, (*at, "hall", "from"))


def comes(one: Stage, known: str) -> bool:
    """A class is served at a station; at a secondary, some of it are referred."""
    from sim.scenario.preclearance import of_traveller

    served = not one.serves or known in one.serves
    return served and (one.kind != "secondary" or bool(of_traveller(one.referral, known)))


def _referrals(stations: Mapping[str, Stage], classes: tuple[str, ...], clearance: str, at: Path) -> Iterator[Problem]:
    """Shares of a class referred to all the secondaries that are worked under the clearance add up to 100 % at most."""
    from sim.scenario.preclearance import of_traveller

    worked = {
        name: one
        for name, one in stations.items()
        if one.kind == "secondary" and (not one.under or clearance in one.under)
    }
    beyond: dict[tuple[str, float], list[str]] = {}
    for known in classes:
        shares = {name: of_traveller(one.referral, known) for name, one in worked.items() if comes(one, known)}
        if (total := sum(shares.values())) > 1 + SLACK:
            beyond.setdefault((list(shares)[-1], total), []).append(known)
    for (last, total), names in beyond.items():
        found = f"referrals of {', '.join(names)} sum to {100 * total:g} % over {', '.join(worked)}"
        yield Problem(found, "at most 100 %", at=(*at, "stations", last, "referral"))


def _room(place: Preclearance, stations: Mapping[str, Stage], hall: Hall | None, at: Path) -> Iterator[Problem]:
    """A line must hold the largest party that uses it (its mean size), or be no waiting room at all."""
    from sim.scenario.preclearance import of_traveller

    parties = {name: of_traveller(place.party, name) for name in place.classes}
    sizes = {name: 1.0 if party is None else party.average for name, party in parties.items()}
    lines: list[tuple[float | None, list[str], Path]] = [
        (
            one.storage,
            [known for known in sizes if not one.serves or known in one.serves],
            ("stations", name, "storage"),
        )
        for name, one in stations.items()
    ]
    if hall is not None and hall.capacity <= 0.0:
        yield Problem("a hall with room for nobody", "'1 people' or more, or no hall", at=(*at, "hall", "capacity"))
    lines += [(hall.capacity, list(sizes), ("hall", "capacity"))] if hall is not None else []
    for room, served, where in lines:
        largest = max(served, key=lambda name: sizes[name], default="")
        if room and largest and room < sizes[largest]:
            found = f"room for {room:g} people, less than a party of '{largest}' ({sizes[largest]:g} on average)"
            yield Problem(found, f"'{sizes[largest]:g} people' or more", at=(*at, *where))


def _hall(hall: Hall, stations: Mapping[str, Stage], at: Path) -> Iterator[Problem]:
    first = stations.get(hall.from_)
    if first is None:
        yield Problem(f"no station '{hall.from_}'", ", ".join(stations), nearest(hall.from_, stations), at)
    elif first.kind in ("secondary", "walk"):
        yield Problem(f"a hall that begins with a {first.kind}", "the station at which it begins", at=at)
    else:
        names = list(stations)
        begins = names.index(hall.from_)
        for name in names[:begins]:
            one = stations[name]
            for other in (one.then, one.instead, one.failure.to if one.failure is not None else None):
                if other in names[begins + 1 :]:
                    found = f"'{name}' sends people to '{other}', past '{hall.from_}'"
                    yield Problem(found, f"the first station anybody comes to in the hall, such as '{name}'", at=at)


def _further(name: str | None, further: list[str], at: Path) -> Iterator[Problem]:
    if name is not None and name != "exit" and name not in further:
        allowed = f"one of {', '.join([*further, 'exit'])}"
        yield Problem(f"no station '{name}' further on", allowed, nearest(name, further), at)


def _classes(
    mapping: Mapping[str, Any],
    classes: tuple[str, ...],
    at: Path,
    served: tuple[str, ...] | None = None,
    every: bool = False,
) -> Iterator[Problem]:
    """Keys that name no class; with `every`, classes without a value."""
    for name in mapping:
        if name != EVERY and name not in classes:
            yield _no_class(name, classes, (*at, name), on_key=True)
    if every and EVERY not in mapping:
        missing = [name for name in (classes if served is None else served) if name not in mapping]
        if missing:
            yield Problem(f"nothing for {', '.join(missing)}", f"every class, or '{EVERY}' for the others", at=at)


def _no_class(name: str, classes: tuple[str, ...], at: Path, on_key: bool = False) -> Problem:
    return Problem(f"no class '{name}'", f"one of {', '.join(classes)}", nearest(name, classes), at, on_key)


def scenario(whole: Scenario) -> Iterator[Problem]:
    """What needs the start, the horizon and the other facilities: names and timetables."""
    from sim import registry
    from sim.scenario.timetable import placed_departures

    if not whole.ports and not whole.preclearance and not whole.irregular:
        written: Path = ("ports",) if "ports" in whole.model_fields_set else ()
        found = "nothing in it" if written else "no facility"
        yield Problem(found, "one facility or more, under ports, preclearance or irregular", at=written)
    taken = list(whole.ports)
    known = [airport.iata for airport in registry.airports()]
    known += [place.code or name for name, place in whole.preclearance.items()]
    for name, place in whole.preclearance.items():
        at: Path = ("preclearance", name)
        far = [] if place.far_side is None else [(place.far_side.name, (*at, "far_side", "name"))]
        for other, where in ((name, at), *far):
            if other in taken:
                yield Problem(f"a second facility '{other}'", "a name of its own", at=where)
            taken.append(other)
        table = place.departures.timetable
        if table is not None:
            code = place.code or name
            there = dict.fromkeys(known)
            placed, problems = placed_departures(table, whole.start, whole.horizon, place.place, code, there)
            yield from (problem.under(*at, "departures", "timetable") for problem in problems)
            if not placed and not problems:
                said = f"no departure of '{code}' in {table.file}"
                yield Problem(said, f"rows with airport {code}", at=(*at, "departures", "timetable"))
    yield from irregular_checks.scenario(whole, taken)
