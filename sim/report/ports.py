"""The registry for people: a list of entries, and all that is known of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sim import registry
from sim.registry import Entry, PortDefaults
from sim.scenario.resolve import leaves
from sim.scenario.show import annotated
from sim.scenario.tree import dotted

if TYPE_CHECKING:
    from rich.table import Table

COUNTED = {"cars": "cars", "trucks": "trucks", "buses": "buses", "pedestrians": "on foot"}


def ports_table(found: Iterable[tuple[float | None, Entry]]) -> Table:
    """Entries with parties a day, lanes for cars and trucks, hours, one to a row; a distance in km where one is given.

    Every column of any entry fits in a terminal 100 characters wide; a long name takes two lines.
    """
    from rich.table import Table

    rows = list(found)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True)
    table.add_column("name", overflow="fold")
    table.add_column("into", no_wrap=True)
    for heading in ("cars", "trucks", "lanes"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("hours", no_wrap=True)
    far = any(distance is not None for distance, _ in rows)
    if far:
        table.add_column("km", justify="right", no_wrap=True)
    for distance, each in rows:
        cells = [each.id, f"{each.name}, {each.region}", "US" if each.direction == "southbound" else "CA"]
        cells += [_volume(each, "car"), _volume(each, "truck"), _lanes(each), _hours(each)]
        table.add_row(*cells, *([f"{distance:.0f}"] if far and distance is not None else []))
    return table


def _volume(each: Entry, mode: str) -> str:
    volume = each.volumes.get(mode)
    return f"{volume.per_day:,.0f}" if volume is not None else "-"


def _lanes(each: Entry) -> str:
    """Lanes built for cars and trucks; nothing where none are published."""
    if each.lanes.passenger is None:
        return ""
    return f"{each.lanes.passenger}+{each.lanes.commercial or 0}"


def _hours(each: Entry) -> str:
    if not each.hours:
        return ""
    spans = (f"{int(hours.opens[:2])}-{int(hours.closes[:2])}" for hours in each.hours)
    return f"{'/'.join(spans)} h"


def describe(id: str) -> str:
    """All the registry has of an entry: how to use it, counts, the port as a scenario would state it, sources.

    Raises UsageError for an unknown id.
    """
    known = registry.port_defaults(id)
    each = known.entry
    where = "into the United States" if each.direction == "southbound" else "into Canada"
    lines = [
        f"{each.name}, {each.region}: {where}, inspected by {each.agency}",
        f"{each.latitude:.4f}, {each.longitude:.4f}  {each.zone}",
        *([f"faces {each.facing}"] if each.facing else []),
        *([f"part of {each.port}"] if each.kind == "crossing" else []),
        "",
        f"In a scenario:  ports: {{{_short_name(id)}: {{registry: {id}}}}}",
        "",
        f"Published counts a year, port {each.code} into the United States (BTS)",
        *_counts(each.code),
        "",
        "What it fills in; booths are open for the busiest month of the days simulated, here of the year",
        annotated(known.tree, _origins(known)).rstrip("\n"),
        "",
        "Sources",
        *_sources(known),
    ]
    return "\n".join(lines) + "\n"


def _short_name(id: str) -> str:
    return id.split("-", 2)[2]


def _counts(code: str) -> Iterator[str]:
    """One line per year with all months; a year that is not over says how many it has."""
    by_measure = {measure: registry.monthly_counts(code, measure) for measure in COUNTED}
    years = sorted({year for counts in by_measure.values() for year in counts})
    for year in years:
        found, months = [], 0
        for measure, word in COUNTED.items():
            counts = [count for count in by_measure[measure].get(year, ()) if count is not None]
            months = max(months, len(counts))
            if sum(counts):
                found.append(f"{sum(counts):,} {word}")
        part = "" if months == 12 else f" (first {months} months)"
        yield f"  {year}{part}: {', '.join(found)}"


def _origins(known: PortDefaults) -> dict[str, str]:
    return {dotted(path): str(known.origin(tuple(map(str, path)))) for path, _ in leaves(known.tree)}


def _sources(known: PortDefaults) -> Iterator[str]:
    """Publisher, title and licence of every source, in the order in which they are first used."""
    used = dict.fromkeys(origin.source for origin in known.origins.values() if origin.source)
    for id in used:
        source = registry.sources()[id]
        address = source.address or next((hours.address for hours in known.entry.hours if hours.source == id), "")
        tail = ". ".join(part for part in (source.years, source.licence, address) if part)
        yield f"  {source.label}: {source.publisher}, {source.title}. {tail}"


def summary(each: Entry) -> dict[str, Any]:
    """An entry as plain values for JSON."""
    return {
        "id": each.id,
        "kind": each.kind,
        "name": each.name,
        "agency": each.agency,
        "direction": each.direction,
        "region": each.region,
        "latitude": each.latitude,
        "longitude": each.longitude,
        "zone": each.zone,
        "facing": each.facing or None,
        "per_day": {mode: round(volume.per_day, 2) for mode, volume in each.volumes.items()},
        "passenger_lanes": each.lanes.passenger,
        "commercial_lanes": each.lanes.commercial,
        "hours": [
            {"opens": hours.opens, "closes": hours.closes, "from": hours.since or None, "until": hours.until or None}
            for hours in each.hours
        ],
    }


def details(id: str) -> dict[str, Any]:
    """All that `describe` tells, as plain values for JSON. Raises UsageError for an unknown id."""
    known = registry.port_defaults(id)
    counts: dict[str, Mapping[int, Any]] = {
        measure: registry.monthly_counts(known.entry.code, measure) for measure in COUNTED
    }
    return {
        **summary(known.entry),
        "monthly_counts": {measure: dict(by_year) for measure, by_year in counts.items() if by_year},
        "port": known.tree,
        "origins": {
            dotted(path): {
                "text": origin.text,
                "assumed": origin.assumed,
                "low": origin.low,
                "high": origin.high,
                "source": origin.source or None,
            }
            for path, origin in known.origins.items()
        },
    }
