"""Looks at a scenario as it was written: what is valid, does something, and probably not what was meant.

They need the tree beside the scenario, since they ask who wrote a value, the user or the registry, and in what words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.scenario.cautions import Doubt
from sim.scenario.operations import CLOSED, TABLES, is_day, is_table, latest
from sim.scenario.port import Port
from sim.scenario.problems import Path
from sim.scenario.schema import Scenario
from sim.scenario.tree import Tree


def tables_that_wrap(scenario: Scenario, tree: Tree) -> Iterator[Doubt]:
    """Tables over the day that begin late: before their first time their last value holds, not what stood there.

    One whose last value is 0 says that nothing is open before its first time, which nobody reads otherwise.
    """
    for kind in ("ports", "preclearance", "officers", "irregular"):
        yield from _wrapping(tree.plain.get(kind), (kind,), tree)


def _wrapping(value: Any, at: Path, tree: Tree) -> Iterator[Doubt]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        if key not in TABLES:
            yield from _wrapping(child, (*at, key), tree)
        elif is_day(child):
            yield from _wraps(child, (*at, key), tree)
        elif is_table(child):
            for days in child:
                yield from _wraps(child[days], (*at, key, days), tree)


def _wraps(value: Any, at: Path, tree: Tree) -> Iterator[Doubt]:
    if not is_day(value):
        return
    place = tree.places.get(at)
    first, (last, held) = min(value, key=_padded), latest(value)
    if _padded(first)[:5] != "00:00" and held not in CLOSED and place and not place.registry:
        since = f" (from {last})" if last != first else ""
        found = f"the table begins at {first}: before that its last value, {held}{since}, holds"
        yield Doubt("before-first-time", found, 'begin it with "00:00" to say so, or to say otherwise', at)


def _padded(time: str) -> str:
    return time.zfill(5) if time.count(":") == 1 else time.zfill(8)


def programmes_without_lane(scenario: Scenario, tree: Tree) -> Iterator[Doubt]:
    """Shares of programmes written beside the registry that no lane, service or priority tells from the others."""
    for name, port in scenario.ports.items():
        at: Path = ("ports", name)
        if not any(place.registry for _, place in tree.below(at)):
            continue
        for mode, traffic in port.traffic.items():
            for programme in traffic.programmes:
                path = (*at, "traffic", mode, programme)
                known, place = tree.nearest_place(path)
                if known[: len(path)] == path and not place.registry and not _told_apart(port, f"{mode}.{programme}"):
                    found = f"no lane is for {mode}.{programme} alone: it queues with every {mode}"
                    mend = f"state a lane group with serves: [{mode}.{programme}], or leave the share out"
                    yield Doubt("programme-without-lane", found, mend, path)


def _told_apart(port: Port, known: str) -> bool:
    """Some lane group names the class: it serves it, serves it first, or takes another time for it."""
    groups = (*port.lanes.values(), *((port.toll,) if port.toll else ()))
    return any(known in (*lane.serves, *lane.priority, *lane.service) for lane in groups)


LOOKS = (tables_that_wrap, programmes_without_lane)
"""Every look of this module; each takes a scenario and its tree."""
