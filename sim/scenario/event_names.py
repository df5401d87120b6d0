"""Names in dated events: the facilities they touch, and parts of those that must exist.

Works on the plain tree, so that a wrong name is reported beside faults of other kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sim.scenario.port import SINGLE_SECONDARY, is_single_secondary
from sim.scenario.problems import Path, Problem, nearest
from sim.scenario.tree import mapping_of
from sim.scenario.vocabulary import EVERY, HALL_MODES, IRREGULAR

WITH_OFFICERS = ("processing", "interview", "eligibility")
"""Stages of an irregular flow that officers work."""


@dataclass(frozen=True)
class _Parts:
    """What an event can name at one facility."""

    served: tuple[str, ...] = ()
    """Lane groups, or stations other than a secondary: their service can have a factor."""
    staffed: tuple[str, ...] = ()
    """Lane groups and stations with servers: their booths can be limited."""
    kinds: tuple[str, ...] = ()
    """Kinds of secondary inspection."""
    stoppable: tuple[str, ...] = ()
    pooled: tuple[tuple[str, str], ...] = ()
    """Parts that a pool of officers serves, each with the name of the pool."""
    classes: tuple[str, ...] | None = None
    """Classes of travellers of a preclearance facility, or of groups of an irregular flow; None at a port."""
    home: str = ""
    """For a far side, the facility its travellers leave from."""
    flow: bool = False
    """An irregular flow."""
    places: bool = False
    """A flow with places of intake."""


def check_event(event: dict[str, Any], at: Path, plain: dict[str, Any]) -> Iterator[Problem]:
    """Every name in the event that names nothing, and every effect on what is not there."""
    known = dict(_facilities(plain))
    named = event.get("ports")
    touched = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    for index, name in enumerate(touched):
        yield from unknown("port, preclearance facility or irregular flow", name, known, (*at, "ports", index))
    places = [known[name] for name in touched if name in known] if touched else list(known.values())
    yield from _parts(event, at, places)
    yield from _officers(event, at, plain, places if touched else None)
    yield from _flows(event, at, {name: known[name] for name in touched if name in known})
    if places and all(place.classes is not None for place in places):
        yield from _travellers(event, at, places)


def _parts(event: dict[str, Any], at: Path, places: list[_Parts]) -> Iterator[Problem]:
    served = _names(places, "served")
    flows = bool(places) and all(place.flow for place in places)
    for name in mapping_of(event.get("service")):
        if name != EVERY:
            what = "stage with units or officers" if flows else "lane group or station"
            yield from unknown(what, name, served, (*at, "service", name), on_key=True)
    pooled = dict(pair for place in places for pair in place.pooled)
    for name in mapping_of(event.get("booths")):
        here: Path = (*at, "booths", name)
        what = "stage with units or officers" if flows else "lane group or station with booths"
        yield from unknown(what, name, _names(places, "staffed"), here, on_key=True)
        if name in pooled:
            found = f"booths of '{name}', which a pool of officers serves"
            allowed = "lane groups and stations with booths of their own"
            yield Problem(found, allowed, f"write officers: {{{pooled[name]}: ...}}", here, True)
    stopped = event.get("stopped")
    what = "lane group, station or kind of secondary"
    for index, name in enumerate(stopped if isinstance(stopped, list) else ()):
        if isinstance(name, str) and name != EVERY:
            yield from unknown(what, name, _names(places, "stoppable"), (*at, "stopped", index))


def _officers(event: dict[str, Any], at: Path, plain: dict[str, Any], places: list[_Parts] | None) -> Iterator[Problem]:
    pools = tuple(mapping_of(plain.get("officers")))
    for name in mapping_of(event.get("officers")):
        here: Path = (*at, "officers", name)
        yield from unknown("pool of officers", name, pools, here, on_key=True)
        if places is not None and name in pools and name not in {pool for p in places for _, pool in p.pooled}:
            yield Problem(f"'{name}' serves none of these facilities", "a pool that does", at=here, on_key=True)


def _flows(event: dict[str, Any], at: Path, named: dict[str, _Parts]) -> Iterator[Problem]:
    """What is for irregular flows alone, at facilities that are none, or that the event does not name."""
    for key, mend in (("closed", "hours of the port, or stopped"), ("more_places", "")):
        if event.get(key) in (None, False, "no", 0):
            continue
        if not named:
            yield Problem(f"'{key}' without the flows it is for", "their names under ports", at=(*at, key), on_key=True)
        for name, place in named.items():
            if not place.flow:
                found = f"'{key}' at '{name}', which is no irregular flow"
                yield Problem(found, f"{key} at irregular flows", mend, (*at, key), True)
            elif key == "more_places" and not place.places:
                found = f"more places at '{name}', which has no intake"
                yield Problem(found, "flows with intake", "write intake there", (*at, key), True)


def _travellers(event: dict[str, Any], at: Path, places: list[_Parts]) -> Iterator[Problem]:
    """Effects on demand and inspection that nobody at these preclearance facilities and flows would feel."""
    homes = [place for place in places if not place.home]
    if event.get("demand") and not homes:
        found = "demand at a far side, whose travellers come with the departures"
        mend = f"name {' or '.join(dict.fromkeys(place.home for place in places))} under ports"
        yield Problem(found, "demand where they leave from", mend, (*at, "demand"), True)
    for key in ("demand", "referral"):
        classes = _names(places, "classes")
        patterns = (*dict.fromkeys(name.partition(".")[0] for name in classes), *classes)
        for name in mapping_of(event.get(key)):
            if name not in (EVERY, "all", *patterns):
                people = "groups" if all(place.flow for place in places) else "travellers"
                found = f"'{name}', of which there are no {people} here"
                allowed = ", ".join(patterns) or f"nobody: no {people} are stated"
                yield Problem(found, allowed, nearest(name, patterns), (*at, key, name), True)
    if not any(place.kinds for place in places):
        for key in ("referral", "secondary"):
            if event.get(key):
                yield Problem(f"{key} where there is no secondary", "facilities with one", at=(*at, key), on_key=True)


def _names(places: Iterable[_Parts], key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for place in places for name in getattr(place, key) or ()))


def _facilities(plain: dict[str, Any]) -> Iterator[tuple[str, _Parts]]:
    for name, port in mapping_of(plain.get("ports")).items():
        yield name, _of_port(mapping_of(port))
    for name, raw in mapping_of(plain.get("preclearance")).items():
        hall = mapping_of(raw)
        mode = hall.get("mode", HALL_MODES[0])
        classes = tuple(f"{mode}.{klass}" for klass in mapping_of(hall.get("classes")))
        yield name, _of_stations(hall, classes)
        side = mapping_of(hall.get("far_side"))
        if isinstance(side.get("name"), str):
            yield side["name"], _of_stations(side, classes, home=name)
    origins = mapping_of(mapping_of(plain.get("displacement")).get("origins"))
    for name, flow in mapping_of(plain.get("irregular")).items():
        coming = [origin for origin in map(mapping_of, origins.values()) if name in mapping_of(origin.get("to"))]
        yield name, _of_flow(mapping_of(flow), [mapping_of(one.get("groups")) for one in (mapping_of(flow), *coming)])


def _of_port(port: dict[str, Any]) -> _Parts:
    lanes = mapping_of(port.get("lanes"))
    secondary = mapping_of(port.get("secondary"))
    secondary = {SINGLE_SECONDARY: secondary} if is_single_secondary(secondary) else secondary
    kinds = tuple(secondary)
    pooled = (*_pooled(lanes), *_pooled(secondary))
    return _Parts(tuple(lanes), tuple(lanes), kinds, (*lanes, *kinds), pooled)


def _of_stations(place: dict[str, Any], classes: tuple[str, ...], home: str = "") -> _Parts:
    stations = {name: mapping_of(stage) for name, stage in mapping_of(place.get("stations")).items()}
    kinds = tuple(name for name, stage in stations.items() if stage.get("kind") == "secondary")
    staffed = tuple(name for name, stage in stations.items() if stage.get("kind") != "walk")
    served = tuple(name for name in stations if name not in kinds)
    return _Parts(served, staffed, kinds, staffed, tuple(_pooled(stations)), classes, home)


def _of_flow(flow: dict[str, Any], groups: list[dict[str, Any]]) -> _Parts:
    staged = {name: mapping_of(flow.get(name)) for name in WITH_OFFICERS if name in flow}
    kinds = dict.fromkeys(kind for one in groups if one for kind in mapping_of(one.get("composition")) or ("adults",))
    units = mapping_of(flow.get("intercept"))
    staffed = {**({"response": units} if units else {}), **staged}
    everything, pooled = tuple(staffed), tuple(_pooled(staffed))
    classes = tuple(f"{IRREGULAR}.{kind}" for kind in kinds)
    places = bool(mapping_of(flow.get("intake")))
    return _Parts(everything, everything, (), everything, pooled, classes, flow=True, places=places)


def _pooled(parts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, part in parts.items():
        pool = mapping_of(part).get("pool")
        if isinstance(pool, str):
            yield name, pool


def unknown(what: str, name: str, known: Iterable[str], at: Path, on_key: bool = False) -> Iterator[Problem]:
    """The fault of a name that is not among those known."""
    names = tuple(known)
    if name not in names:
        yield Problem(
            f"no {what} '{name}'",
            ", ".join(names) or f"the name of a {what}; there is none",
            nearest(name, names),
            at,
            on_key,
        )
