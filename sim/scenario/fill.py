"""What the registry knows, put below what the user wrote.

`fill` merges the values of `registry: us-3004-blaine` into a port, key by key (into a preclearance facility those of
`registry: YVR`, whole keys only), where the user wrote nothing; `sim.scenario.sealing` takes them out again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sim import registry
from sim.registry import Defaults, Origin, PortDefaults
from sim.scenario.checks import misspelt
from sim.scenario.port import Port, is_single_secondary
from sim.scenario.preclearance import Preclearance
from sim.scenario.problems import ProblemError
from sim.scenario.tables import TableReader
from sim.scenario.traffic import averaged
from sim.scenario.tree import Tree, mapping_of
from sim.scenario.units import civil_time, duration
from sim.scenario.vocabulary import MODES, PROGRAMMES, PROGRAMMES_OF, serves

KEY = "registry"
KINDS = ("ports", "preclearance")
"""Keys of the scenario whose facilities may name an entry."""
At = tuple[str, str]
"""Path of a facility."""
SOURCES = ("per_day", "rate", "trace", "counts")
OF_PER_DAY = ("per_day", "profile", "average", "season", "weekday", "holiday")
"""What goes with demand stated per day."""
OF_AVERAGE = ("average", "season", "weekday", "holiday")
BY_TABLE = ("occupants", *PROGRAMMES)
"""What a table of arrivals says itself."""

MERGED: tuple[tuple[str, ...], ...] = (
    (),
    ("traffic",),
    ("traffic", "*"),
    ("lanes",),
    ("lanes", "*"),
    ("secondary",),
    ("secondary", "*"),
    ("secondary", "*", "referral"),
)
"""Mappings below a port that are merged key by key; what is written for any other key replaces it whole."""


def fill(tree: Tree, tables: TableReader) -> Tree:
    """The tree with the registry's values in every facility that names an entry; `tree` itself where none does."""
    named = list(registered(tree))
    if not named:
        return tree
    result = tree.copy()
    for at, id in named:
        defaults = defaults_at(at, id, tree.plain)
        if isinstance(defaults, PortDefaults):
            _PortFilling(result, at, defaults, tables).fill()
        else:
            _HallFilling(result, at, defaults).fill()
    return result


def registered(tree: Tree) -> Iterator[tuple[At, str]]:
    """Facilities with the id of a known entry. An unknown one is left for the schema to refuse."""
    for at, place in _facilities(tree):
        id = place.get(KEY)
        if isinstance(id, str) and (id in registry.ids() if at[0] == "ports" else registry.airport(id) is not None):
            yield at, id


def unfilled(tree: Tree) -> Iterator[At]:
    """Facilities that name an entry there is none of, or spell `registry` wrong: what they lack follows from that."""
    known = dict(registered(tree))
    for at, place in _facilities(tree):
        keys = Port.keys() if at[0] == "ports" else Preclearance.keys()
        if at not in known and (place.get(KEY) is not None or misspelt(place, keys, KEY)):
            yield at


def _facilities(tree: Tree) -> Iterator[tuple[At, dict[str, Any]]]:
    for kind in KINDS:
        places = mapping_of(mapping_of(tree.plain).get(kind))
        yield from (((kind, name), place) for name, place in places.items() if isinstance(place, dict))


def defaults_at(at: At, id: str, plain: dict[str, Any]) -> Defaults:
    """What the registry has for a facility in a scenario, whose days decide what of it holds."""
    return registry.port_defaults(id, *days_of(plain)) if at[0] == "ports" else registry.hall_defaults(id)


def days_of(plain: dict[str, Any]) -> tuple[date, date] | tuple[()]:
    """First and last civil date of the horizon; nothing where the scenario does not say it rightly."""
    try:
        start = civil_time(plain.get("start"))
        last = start + timedelta(seconds=duration(plain.get("horizon")))
    except (ProblemError, OverflowError):
        return ()
    return start.date(), max(start.date(), (last - timedelta(seconds=1)).date())


class _Filling:
    """Merging one entry into one facility."""

    merged: tuple[tuple[str, ...], ...] = ((),)
    """Mappings below the facility that are merged key by key; what is written for any other key replaces it whole."""

    def __init__(self, tree: Tree, at: At, defaults: Defaults) -> None:
        self.tree, self.at, self.defaults = tree, at, defaults
        self.written: dict[str, Any] = tree.get(at)
        self.place = tree.nearest_place((*at, KEY))[1]
        self.ours = copy.deepcopy(defaults.tree)

    def _merge(self, written: dict[str, Any], ours: dict[str, Any], at: tuple[str, ...]) -> None:
        """Keys of `ours` that are not in `written`, and below those that are in both and merged."""
        for key, value in ours.items():
            path = (*at, key)
            if key not in written:
                written[key] = value
                self._note(value, path)
            elif isinstance(written[key], dict) and isinstance(value, dict) and self._mergeable(path):
                self._merge(written[key], value, path)
        self._order(written, at)

    def _order(self, written: dict[str, Any], at: tuple[str, ...]) -> None:
        """The registry's keys first, in its order: that of lane groups decides ties, and no variant may disturb it."""
        known: Any = self.defaults.tree
        for step in at:
            known = known.get(step, {})
        ordered = {key: written[key] for key in (*known, *written) if key in written}
        written.clear()
        written.update(ordered)

    def _mergeable(self, path: tuple[str, ...]) -> bool:
        return _merged(path, self.merged) or self._partial(path)

    def _partial(self, path: tuple[str, ...]) -> bool:
        """The mapping is the registry's, of which a variant changed a part."""
        place = self.tree.places.get((*self.at, *path))
        return place is not None and bool(place.registry)

    def _note(self, value: Any, path: tuple[str, ...]) -> None:
        """Give a value of the registry, and all below it, the place of the line that names the entry."""
        origin = self.defaults.origin(path) if not isinstance(value, dict) or path in self.defaults.origins else None
        words = said(self.defaults.id, origin) if origin is not None else KEY
        self.tree.places[(*self.at, *path)] = replace(self.place, registry=words)
        for key, child in value.items() if isinstance(value, dict) else ():
            self._note(child, (*path, key))


class _PortFilling(_Filling):
    """Merging one entry into one port."""

    merged = MERGED

    def __init__(self, tree: Tree, at: At, defaults: PortDefaults, tables: TableReader) -> None:
        super().__init__(tree, at, defaults)
        self.port, self.tables = self.written, tables

    def fill(self) -> None:
        self._traffic()
        self._classes()
        self._servers()
        secondary = self.port.get("secondary")
        if isinstance(secondary, dict) and is_single_secondary(secondary) and not self._partial(("secondary",)):
            self.ours.pop("secondary", None)
        self._merge(self.port, self.ours, ())

    # ---- what does not go with what was written ---------------------------------------------------------

    def _traffic(self) -> None:
        """Another source of demand replaces the registry's and what goes with it; `average: no` its factors.

        A number of the user's own for `per_day` stands in the place of the registry's and means what that means: the
        mean day of the year, brought to each date by the factors beside it.
        """
        for mode, ours in self.ours["traffic"].items():
            demand = mapping_of(mapping_of(self.port.get("traffic")).get(mode))
            stated = [key for key in SOURCES if demand.get(key) is not None]
            gone: tuple[str, ...] = ()
            if any(key != "per_day" for key in stated):
                gone = OF_PER_DAY
            if any(key in ("trace", "counts") for key in stated):
                gone += PROGRAMMES if "trace" not in stated else BY_TABLE
            if demand.get("average") is not None and not averaged(demand["average"]):
                gone += OF_AVERAGE
            for key in gone:
                ours.pop(key, None)

    def _classes(self) -> None:
        """Lane groups and referrals of classes that do not come are left out, unless the user writes of them."""
        classes = self._coming()
        lanes, secondary = mapping_of(self.port.get("lanes")), mapping_of(self.port.get("secondary"))
        for name, lane in list(self.ours["lanes"].items()):
            served = _served(lane["serves"], classes)
            if "priority" in lane and not (priority := _served(lane["priority"], classes)):
                del lane["priority"]
            elif "priority" in lane:
                lane["priority"] = priority
            if served:
                lane["serves"] = served
            elif not isinstance(lanes.get(name), dict):
                del self.ours["lanes"][name]
        for kind, inspection in list(self.ours["secondary"].items()):
            kept = _served(inspection["referral"], classes)
            inspection["referral"] = {name: inspection["referral"][name] for name in kept}
            if not kept and not isinstance(secondary.get(kind), dict):
                del self.ours["secondary"][kind]

    def _coming(self) -> set[str]:
        """Classes with traffic once the registry's demand stands below the user's."""
        written = mapping_of(self.port.get("traffic"))
        found: set[str] = set()
        for mode in MODES:
            if (mode in written and not isinstance(written[mode], dict)) or (
                mode not in written and mode not in self.ours["traffic"]
            ):
                continue
            demand = {**self.ours["traffic"].get(mode, {}), **written.get(mode, {})}
            table = self._of_table(demand)
            if table is not None:
                found.update(table)
            else:
                found.add(mode)
                found.update(f"{mode}.{name}" for name in PROGRAMMES_OF[mode] if demand.get(name) is not None)
        return found

    def _of_table(self, demand: dict[str, Any]) -> Iterable[str] | None:
        """Classes of a table of arrivals; None without a table, or where it cannot be read."""
        for key in ("trace", "counts"):
            if isinstance(demand.get(key), str):
                try:
                    read = self.tables.trace if key == "trace" else self.tables.counts
                    return read(demand[key]).classes
                except ProblemError:
                    return None
        return None

    def _servers(self) -> None:
        """A pool takes the place of booths and calendar; fewer booths than the registry opens cap its calendar."""
        for name, ours in self.ours["lanes"].items():
            lane = mapping_of(mapping_of(self.port.get("lanes")).get(name))
            _staffed(lane, ours)
        for kind, ours in self.ours["secondary"].items():
            inspection = mapping_of(mapping_of(self.port.get("secondary")).get(kind))
            if inspection.get("pool") is not None:
                ours.pop("bays", None)


class _HallFilling(_Filling):
    """Merging one airport into one preclearance facility."""

    def fill(self) -> None:
        classes = self.written.get("classes")
        if isinstance(classes, dict) and not self._partial(("classes",)):
            self._classes(set(classes))
        self._servers()
        self._merge(self.written, self.ours, ())

    def _servers(self) -> None:
        """A pool takes the place of booths and calendar; fewer booths than the registry opens cap its calendar."""
        for name, ours in self.ours["stations"].items():
            _staffed(mapping_of(mapping_of(self.written.get("stations")).get(name)), ours)

    def _classes(self, known: set[str]) -> None:
        """Stations for classes that the scenario does not have are left out; who is left goes to the officers."""
        for name, station in list(self.ours["stations"].items()):
            served = [one for one in station.get("serves", ()) if one in known]
            if "serves" in station and not served and name != "primary":
                del self.ours["stations"][name]
            elif name == "primary":
                separate = self.ours["stations"].get("nexus", {}).get("serves", ())
                station["serves"] = [one for one in self.written["classes"] if one not in separate]
                service = station["service"]
                station["service"] = {one: service[one] for one in service if one == "*" or one in known}


def said(id: str, origin: Origin) -> str:
    """How `show` tells the origin: `registry us-3004-blaine: BTS 2024`, `registry (assumed 45 s to 60 s)`."""
    return f"registry ({origin})" if origin.assumed else f"registry {id}: {origin}"


def by_key(path: tuple[str, ...]) -> bool:
    """True for a mapping below a port of which what is not written is the registry's, key by key."""
    return _merged(path, MERGED)


def _merged(path: tuple[str, ...], merged: tuple[tuple[str, ...], ...]) -> bool:
    return any(
        len(known) == len(path) and all(a in ("*", b) for a, b in zip(known, path, strict=True)) for known in merged
    )


def _served(patterns: Iterable[str], classes: set[str]) -> list[str]:
    return [pattern for pattern in patterns if any(serves(pattern, name) for name in classes)]


def _staffed(written: dict[str, Any], ours: dict[str, Any]) -> None:
    """Fit what the registry says of the servers of a lane group or station to what is written of them."""
    if written.get("pool") is not None:
        for key in ("booths", "open", "queue"):
            ours.pop(key, None)
    booths = written.get("booths")
    if isinstance(booths, int) and not isinstance(booths, bool) and "open" in ours:
        ours["open"] = _capped(ours["open"], booths)


def _capped(table: Any, most: int) -> Any:
    if isinstance(table, dict):
        return {key: _capped(value, most) for key, value in table.items()}
    return min(table, most)
