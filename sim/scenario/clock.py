"""Civil times at the change of clocks: some do not exist in a zone, some come twice.

A scenario says civil times, the same reading at every facility. Where clocks go forward an hour is skipped, and a time
in it is a fault; where they go back an hour comes twice, and the first of the two is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from sim import registry
from sim.scenario.problems import Path, Problem, ProblemError
from sim.scenario.units import civil_time

_SECOND = timedelta(seconds=1)


class Reading(Enum):
    """How often a civil time comes in a zone."""

    ONCE = 1
    NEVER = 0
    TWICE = 2


def reading(moment: datetime, zone: str | ZoneInfo) -> Reading:
    """How often `moment`, without zone, comes in `zone` (PEP 495: the offsets of its two folds tell)."""
    there = moment.replace(tzinfo=ZoneInfo(zone) if isinstance(zone, str) else zone)
    first, second = there.replace(fold=0).utcoffset(), there.replace(fold=1).utcoffset()
    assert first is not None
    assert second is not None
    if first == second:
        return Reading.ONCE
    return Reading.TWICE if first > second else Reading.NEVER


def instant(moment: datetime, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of a civil moment in `zone`.

    The first of one that comes twice. One that clocks skip is the instant at which they jump, to the second, so that
    moments in order have instants in order.
    """
    there = moment.replace(tzinfo=zone)
    if reading(moment, zone) is not Reading.NEVER:
        return there.astimezone(UTC)
    there = there.replace(microsecond=0)
    # With the offset after the jump the instant lies before it, with the one before the jump at or after it.
    after = there.replace(fold=1).utcoffset()
    early, late = (there.replace(fold=fold).astimezone(UTC) for fold in (1, 0))
    while late - early > _SECOND:
        middle = early + (late - early) // (2 * _SECOND) * _SECOND
        early, late = (early, middle) if middle.astimezone(zone).utcoffset() == after else (middle, late)
    return late


def seconds_between(start: datetime, moment: datetime, zone: str) -> float:
    """Seconds from one civil time to another in `zone`; a time that comes twice is its first."""
    there = ZoneInfo(zone)
    return moment.replace(tzinfo=there).timestamp() - start.replace(tzinfo=there).timestamp()


def check_times(plain: dict[str, Any]) -> Iterator[Problem]:
    """Every `start`, `from` and `until` of the tree as written that a zone of the ports it is for skips."""
    halls = plain.get("preclearance")
    zones = {**_zones(plain.get("ports")), **_zones(halls), **_zones(_far_sides(halls))}
    displacement = plain.get("displacement")
    origins = displacement.get("origins") if isinstance(displacement, dict) else None
    zones |= _zones(plain.get("irregular"))
    yield from _skipped(plain.get("start"), dict.fromkeys({**zones, **_zones(origins)}.values()), ("start",))
    events = plain.get("events")
    for index, event in enumerate(events if isinstance(events, list) else ()):
        if isinstance(event, dict):
            named = event.get("ports")
            touched = [port for port in named if isinstance(port, str)] if isinstance(named, list) else []
            here = dict.fromkeys(zones[port] for port in touched or zones if port in zones)
            for key in ("from", "until"):
                yield from _skipped(event.get(key), here, ("events", index, key))


def _zones(ports: Any) -> dict[str, str]:
    """Zone by port, for the ports whose zone there is."""
    found = {}
    for name, port in ports.items() if isinstance(ports, dict) else ():
        zone = (port.get("zone") or registry_zone(port.get("registry"))) if isinstance(port, dict) else None
        if isinstance(zone, str):
            try:
                ZoneInfo(zone)
            except (KeyError, OSError, ValueError):
                continue
            found[name] = zone
    return found


def _far_sides(halls: Any) -> dict[str, Any]:
    """The other ends of preclearance facilities by name; one without a zone has that of its facility."""
    found = {}
    zones = _zones(halls)
    for name, hall in halls.items() if isinstance(halls, dict) else ():
        side = hall.get("far_side") if isinstance(hall, dict) else None
        if isinstance(side, dict) and isinstance(side.get("name"), str):
            found[side["name"]] = {**side, "zone": side.get("zone") or zones.get(name)}
    return found


def registry_zone(entry: Any) -> str | None:
    """Zone of an airport (by its code) or a sector (by its id) of the registry; None for anything else."""
    if not isinstance(entry, str):
        return None
    sectors = (sector for sector in registry.sectors() if sector.id == entry)
    place = registry.airport(entry) or next(sectors, None)
    return place.zone if place is not None else None


def _skipped(raw: Any, zones: dict[str, None], at: Path) -> Iterator[Problem]:
    try:
        moment = civil_time(raw)
    except ProblemError:
        return
    for zone in zones:
        if reading(moment, zone) is Reading.NEVER:
            after = instant(moment, ZoneInfo(zone)).astimezone(ZoneInfo(zone))
            found = f"'{raw}' does not exist in {zone}, where clocks go forward over it"
            yield Problem(found, "a civil time that the clocks show", f"write '{after:%Y-%m-%d %H:%M}'", at)
            return
