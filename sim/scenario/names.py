"""Names that must exist elsewhere in the scenario: pools, ports to divert to, what events touch.

Works on the plain tree, so that a wrong name is reported beside faults of other kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sim.scenario.port import SINGLE_SECONDARY, is_single_secondary
from sim.scenario.problems import Path, Problem, nearest
from sim.scenario.vocabulary import EVERY


def check_names(plain: dict[str, Any]) -> Iterator[Problem]:
    """Every name in the tree that names nothing."""
    ports = _mapping(plain.get("ports"))
    pools = tuple(_mapping(plain.get("officers")))
    for name, port in ports.items():
        if isinstance(port, dict):
            yield from _pools(port, ("ports", name), pools)
            yield from _divert(port, name, tuple(ports))
    for name, hall in _mapping(plain.get("preclearance")).items():
        yield from _stages(_mapping(hall), ("preclearance", name), pools)
    for name, flow in _mapping(plain.get("irregular")).items():
        for part in ("intercept", "processing", "interview", "eligibility"):
            pool = _mapping(_mapping(flow).get(part)).get("pool")
            if isinstance(pool, str):
                yield from _unknown("pool of officers", pool, pools, ("irregular", name, part, "pool"))
    yield from _circles(ports)
    events = plain.get("events")
    for index, event in enumerate(events if isinstance(events, list) else ()):
        if isinstance(event, dict):
            yield from _event(event, ("events", index), ports)


def _pools(port: dict[str, Any], at: Path, pools: tuple[str, ...]) -> Iterator[Problem]:
    stations: list[tuple[Path, Any]] = [
        ((*at, "lanes", name), lane) for name, lane in _mapping(port.get("lanes")).items()
    ]
    stations.append(((*at, "toll"), port.get("toll")))
    secondary = _mapping(port.get("secondary"))
    if is_single_secondary(secondary):
        stations.append(((*at, "secondary"), secondary))
    else:
        stations += [((*at, "secondary", name), kind) for name, kind in secondary.items()]
    for path, station in stations:
        pool = _mapping(station).get("pool")
        if isinstance(pool, str):
            yield from _unknown("pool of officers", pool, pools, (*path, "pool"))


def _stages(hall: dict[str, Any], at: Path, pools: tuple[str, ...]) -> Iterator[Problem]:
    """Pools named by the stations of a preclearance facility and of its far side."""
    for part, here in ((hall, at), (_mapping(hall.get("far_side")), (*at, "far_side"))):
        for name, stage in _mapping(part.get("stations")).items():
            pool = _mapping(stage).get("pool")
            if isinstance(pool, str):
                yield from _unknown("pool of officers", pool, pools, (*here, "stations", name, "pool"))


def _divert(port: dict[str, Any], name: str, ports: tuple[str, ...]) -> Iterator[Problem]:
    to = _mapping(port.get("divert")).get("to")
    others = tuple(other for other in ports if other != name)
    if to == name:
        yield Problem("a port that diverts to itself", "another port", at=("ports", name, "divert", "to"))
    elif isinstance(to, str):
        yield from _unknown("port", to, others, ("ports", name, "divert", "to"))


def _circles(ports: dict[str, Any]) -> Iterator[Problem]:
    """Ports that divert to one another, each circle once, at its first port in the file."""
    seen: set[str] = set()
    for first in ports:
        path = [first]
        while isinstance(to := _mapping(_mapping(ports.get(path[-1])).get("divert")).get("to"), str) and to not in path:
            path.append(to)
        if to == first and len(path) > 1 and not seen & set(path):
            found = f"parties divert in a circle: {' to '.join([*path, first])}"
            yield Problem(
                found, "diversions that end at a port which does not divert", at=("ports", first, "divert", "to")
            )
            seen |= set(path)


def _event(event: dict[str, Any], at: Path, ports: dict[str, Any]) -> Iterator[Problem]:
    named = event.get("ports")
    touched = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    for index, name in enumerate(touched):
        yield from _unknown("port", name, ports, (*at, "ports", index))
    places = [ports[name] for name in touched if name in ports] if touched else list(ports.values())
    lanes = tuple(dict.fromkeys(lane for port in places for lane in _mapping(_mapping(port).get("lanes"))))
    kinds = tuple(dict.fromkeys(kind for port in places for kind in _kinds(port)))
    for key in ("service", "booths"):
        for lane in _mapping(event.get(key)):
            if lane != EVERY:
                yield from _unknown("lane group", lane, lanes, (*at, key, lane), on_key=True)
            if key == "booths" and any("pool" in _mapping(_lane(port, lane)) for port in places):
                found = f"booths of '{lane}', which a pool of officers serves"
                yield Problem(found, "lane groups with booths of their own", at=(*at, key, lane), on_key=True)
    stopped = event.get("stopped")
    for index, lane in enumerate(stopped if isinstance(stopped, list) else ()):
        if isinstance(lane, str) and lane != EVERY:
            yield from _unknown("lane group or kind of secondary", lane, (*lanes, *kinds), (*at, "stopped", index))


def _kinds(port: Any) -> tuple[str, ...]:
    secondary = _mapping(_mapping(port).get("secondary"))
    if not secondary:
        return ()
    return (SINGLE_SECONDARY,) if is_single_secondary(secondary) else tuple(secondary)


def _lane(port: Any, lane: str) -> Any:
    return _mapping(_mapping(port).get("lanes")).get(lane)


def _unknown(what: str, name: str, known: Iterable[str], at: Path, on_key: bool = False) -> Iterator[Problem]:
    names = tuple(known)
    if name not in names:
        yield Problem(
            f"no {what} '{name}'",
            ", ".join(names) or f"the name of a {what}; there is none",
            nearest(name, names),
            at,
            on_key,
        )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
