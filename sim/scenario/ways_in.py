"""Where the parties of a port come to first, and whether they can be turned away there.

    toll -> approach -> lane groups

A part that does not serve a class is passed by. What happens to a party that finds its first part full or long is
decided there and nowhere else: further on it is inside, and waits where it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from sim.scenario.problems import Path, Problem
from sim.scenario.vocabulary import covers

if TYPE_CHECKING:
    from sim.scenario.port import Approach, LaneGroup, Port

ROADS = ("toll", "approach")
"""Parts before the lane groups, in order of coming to them."""


def uses(part: Approach | LaneGroup | None, class_name: str) -> bool:
    """True when the port has the part and the class comes by it."""
    return part is not None and covers(part.serves, class_name)


def served(part: Approach | LaneGroup, classes: Iterable[str]) -> list[str]:
    """Those of the classes that come by the part."""
    return [name for name in classes if covers(part.serves, name)]


def first_part(port: Port, class_name: str) -> str:
    """`toll`, `approach`, or nothing for a class that comes to its lane groups at once."""
    return next((name for name in ROADS if uses(getattr(port, name), class_name)), "")


def waits_outside(port: Port, class_name: str, coming: Collection[str]) -> bool:
    """True when the first part the class comes to can be full, and parties wait in front of it then.

    Args:
        port: where it comes to.
        class_name: a class with traffic there.
        coming: every class that comes there, from other ports too.
    """
    if first := first_part(port, class_name):
        part: Approach | LaneGroup = getattr(port, first)
        return part.storage is not None and part.when_full == "wait"
    return any(_waited_for(port, lane, coming) for lane in port.lanes.values() if covers(lane.serves, class_name))


def _waited_for(port: Port, lane: LaneGroup, coming: Collection[str]) -> bool:
    """The line of a lane group has an end, of its own or by the split, that parties wait for."""
    return lane.when_full == "wait" and (lane.storage is not None or behind_split(port, lane, coming))


def behind_split(port: Port, lane: LaneGroup, coming: Collection[str]) -> bool:
    """True when the line of a lane group begins at the split of the approach: some class of it comes by there."""
    approach = port.approach
    if approach is None or approach.split is None:
        return False
    return any(uses(approach, name) and covers(lane.serves, name) for name in coming)


# ---- what would do nothing there -------------------------------------------------------------------------


def balking(port: Port, classes: tuple[str, ...]) -> Iterator[Problem]:
    """Parties balk or divert at the first part they come to from outside; further on the keys would do nothing."""
    first = {name: first_part(port, name) for name in classes}
    if port.approach is not None and "approach" not in first.values():
        yield from _too_late(port.approach, ("approach",), "toll")
    for key, lane in port.lanes.items():
        parts = {first[name] for name in classes if covers(lane.serves, name)}
        if parts and "" not in parts:
            yield from _too_late(lane, ("lanes", key), next(road for road in ROADS if road in parts))
        else:
            yield from _waited_for_all_the_same(port, key, first)
    yield from _counted_with_others(port, first)


def _too_late(part: Approach | LaneGroup, at: Path, first: str) -> Iterator[Problem]:
    for key in _said(part):
        mend = f"put it at the {first}"
        yield Problem(f"{key} behind the {first}", f"{key} where parties come from outside", mend, at=(*at, key))


def _said(part: Approach | LaneGroup) -> list[str]:
    """The keys that turn parties away."""
    return [key for key in ("balk_at", "when_full") if getattr(part, key) not in (None, "wait")]


def _waited_for_all_the_same(port: Port, key: str, first: Mapping[str, str]) -> Iterator[Problem]:
    """Who waits in front of one lane group comes to the others by that road too: nobody is turned away there."""
    lane, at = port.lanes[key], ("lanes", key)
    if lane.balk_at is not None and _waited_for(port, lane, first):
        found = f"balk_at with a {'storage' if lane.storage is not None else 'split'} that is waited for"
        yield Problem(found, "when_full: balk, or no storage", at=(*at, "balk_at"))
        return
    others = {other: group for other, group in port.lanes.items() if _waited_for(port, group, first)}
    for said in _said(lane):
        for name in (name for name in first if not first[name] and covers(lane.serves, name)):
            if full := next((other for other, group in others.items() if covers(group.serves, name)), None):
                yield Problem(
                    f"{said} where '{name}' waits in front of lane group '{full}' as well",
                    "one way for all lane groups of a class",
                    f"write when_full: {lane.when_full if said == 'when_full' else 'balk'} at '{full}' too",
                    at=(*at, said),
                )
                break


def _counted_with_others(port: Port, first: Mapping[str, str]) -> Iterator[Problem]:
    """All who wait outside stand on one road: who waits there for one part is not counted apart from the others."""
    waiting = {first[name]: name for name in reversed(list(first)) if waits_outside(port, name, first)}
    for road in ROADS:
        if road in waiting and getattr(port, road).balk_at is not None and (others := waiting.keys() - {road}):
            other = next(part for part in (*ROADS, "") if part in others)
            awaited = f"the {other}" if other else "its lanes"
            yield Problem(
                f"balk_at where '{waiting[other]}' waits on the same road for {awaited}",
                f"balk_at where all who wait outside come to the {road} first",
                at=(road, "balk_at"),
            )
