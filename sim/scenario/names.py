"""Names that must exist elsewhere in the scenario: pools, ports to divert to, what events touch.

Works on the plain tree, so that a wrong name is reported beside faults of other kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.scenario.event_names import check_event, unknown
from sim.scenario.irregular import STAFFED
from sim.scenario.port import is_single_secondary
from sim.scenario.problems import Path, Problem
from sim.scenario.tree import mapping_of


def check_names(plain: dict[str, Any]) -> Iterator[Problem]:
    """Every name in the tree that names nothing."""
    ports = mapping_of(plain.get("ports"))
    pools = tuple(mapping_of(plain.get("officers")))
    for name, port in ports.items():
        if isinstance(port, dict):
            yield from _pools(port, ("ports", name), pools)
            yield from _divert(port, name, tuple(ports))
    for name, hall in mapping_of(plain.get("preclearance")).items():
        yield from _stages(mapping_of(hall), ("preclearance", name), pools)
    for name, flow in mapping_of(plain.get("irregular")).items():
        for part in STAFFED:
            pool = mapping_of(mapping_of(flow).get(part)).get("pool")
            if isinstance(pool, str):
                yield from unknown("pool of officers", pool, pools, ("irregular", name, part, "pool"))
    yield from _circles(ports)
    events = plain.get("events")
    for index, event in enumerate(events if isinstance(events, list) else ()):
        if isinstance(event, dict):
            yield from check_event(event, ("events", index), plain)


def _pools(port: dict[str, Any], at: Path, pools: tuple[str, ...]) -> Iterator[Problem]:
    stations: list[tuple[Path, Any]] = [
        ((*at, "lanes", name), lane) for name, lane in mapping_of(port.get("lanes")).items()
    ]
    stations.append(((*at, "toll"), port.get("toll")))
    secondary = mapping_of(port.get("secondary"))
    if is_single_secondary(secondary):
        stations.append(((*at, "secondary"), secondary))
    else:
        stations += [((*at, "secondary", name), kind) for name, kind in secondary.items()]
    for path, station in stations:
        pool = mapping_of(station).get("pool")
        if isinstance(pool, str):
            yield from unknown("pool of officers", pool, pools, (*path, "pool"))


def _stages(hall: dict[str, Any], at: Path, pools: tuple[str, ...]) -> Iterator[Problem]:
    """Pools named by the stations of a preclearance facility and of its far side."""
    for part, here in ((hall, at), (mapping_of(hall.get("far_side")), (*at, "far_side"))):
        for name, stage in mapping_of(part.get("stations")).items():
            pool = mapping_of(stage).get("pool")
            if isinstance(pool, str):
                yield from unknown("pool of officers", pool, pools, (*here, "stations", name, "pool"))


def _divert(port: dict[str, Any], name: str, ports: tuple[str, ...]) -> Iterator[Problem]:
    to = mapping_of(port.get("divert")).get("to")
    others = tuple(other for other in ports if other != name)
    if to == name:
        yield Problem("a port that diverts to itself", "another port", at=("ports", name, "divert", "to"))
    elif isinstance(to, str):
        yield from unknown("port", to, others, ("ports", name, "divert", "to"))


def _circles(ports: dict[str, Any]) -> Iterator[Problem]:
    """Ports that divert to one another, each circle once, at its first port in the file."""
    seen: set[str] = set()
    for first in ports:
        path = [first]
        while isinstance(to := _diverted_to(ports, path[-1]), str) and to not in path:
            path.append(to)
        if to == first and len(path) > 1 and not seen & set(path):
            found = f"parties divert in a circle: {' to '.join([*path, first])}"
            yield Problem(
                found, "diversions that end at a port which does not divert", at=("ports", first, "divert", "to")
            )
            seen |= set(path)


def _diverted_to(ports: dict[str, Any], name: str) -> Any:
    return mapping_of(mapping_of(ports.get(name)).get("divert")).get("to")
