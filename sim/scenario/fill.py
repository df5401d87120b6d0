"""What the registry knows, put below what the user wrote.

`fill` merges the values of `registry: us-3004-blaine` into a port, key by key (into a preclearance facility those of
`registry: YVR`, whole keys only), where the user wrote nothing; `strip`
takes them out again, so that a variant can name any of their paths and the merging be done anew below what it says;
`seal` ends it: names of profiles and seasons become numbers, and `registry` itself goes. A sealed tree says all there
is to say and does not depend on the registry any more.
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
from sim.scenario.problems import Path, ProblemError
from sim.scenario.tables import TableReader
from sim.scenario.traffic import averaged, named_profile, named_season, named_weekday
from sim.scenario.tree import Place, Tree
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


def strip(tree: Tree) -> Tree:
    """The tree without the values of the registry; mappings that hold something else stay, still marked as its own."""
    named = list(registered(tree))
    if not named:
        return tree
    result = tree.copy()
    written = {
        path[:size] for path, place in tree.places.items() if not place.registry for size in range(len(path) + 1)
    }
    for at, _ in named:
        _strip(result, at, written)
    return result


def seal(tree: Tree) -> Tree:
    """The tree with names of the registry written out, and without the key `registry` where its entry is known."""
    result = tree.copy()
    for at, id in list(registered(tree)):
        _remove_nulls(result, at, defaults_at(at, id, {}).tree, ())
        _forget(result, (*at, KEY))
    ports = result.plain.get("ports")
    for name, port in ports.items() if isinstance(ports, dict) else ():
        traffic = port.get("traffic") if isinstance(port, dict) else None
        for mode, demand in traffic.items() if isinstance(traffic, dict) else ():
            if isinstance(demand, dict):
                _write_out(result, ("ports", name, "traffic", mode), demand)
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
        places = _mapping(_mapping(tree.plain).get(kind))
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
            demand = _mapping(_mapping(self.port.get("traffic")).get(mode))
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
        lanes, secondary = _mapping(self.port.get("lanes")), _mapping(self.port.get("secondary"))
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
        written = _mapping(self.port.get("traffic"))
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
            lane = _mapping(_mapping(self.port.get("lanes")).get(name))
            _staffed(lane, ours)
        for kind, ours in self.ours["secondary"].items():
            inspection = _mapping(_mapping(self.port.get("secondary")).get(kind))
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
            _staffed(_mapping(_mapping(self.written.get("stations")).get(name)), ours)

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


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


# ---- taking out and writing out -------------------------------------------------------------------------


def _strip(tree: Tree, at: Path, written: set[Path]) -> None:
    mapping = tree.get(at)
    for key in list(mapping):
        path = (*at, key)
        place = tree.places.get(path)
        if place is not None and place.registry and path not in written:
            _forget(tree, path)
        elif isinstance(mapping[key], dict):
            _strip(tree, path, written)


def _forget(tree: Tree, path: Path) -> None:
    """Take a value out, with the places of all that is in it."""
    value = tree.get(path[:-1]).pop(path[-1])
    _forget_places(tree, path, value)


def _forget_places(tree: Tree, path: Path, value: Any) -> None:
    tree.places.pop(path, None)
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        _forget_places(tree, (*path, key), child)


def _remove_nulls(tree: Tree, at: Path, ours: dict[str, Any], below: tuple[str, ...]) -> None:
    """`null` for something the registry has takes it away; any other `null` is left for the schema."""
    mapping = tree.get((*at, *below))
    for key in list(mapping):
        path = (*below, key)
        if key not in ours:
            continue
        if mapping[key] is None:
            _forget(tree, (*at, *path))
        elif isinstance(mapping[key], dict) and isinstance(ours[key], dict) and _merged(path, MERGED):
            _remove_nulls(tree, at, ours[key], path)


def _write_out(tree: Tree, at: Path, demand: dict[str, Any]) -> None:
    """Profile, season and weekday of one mode by their numbers; with `average`, those that are not stated too."""
    if averaged(demand.get("average")):
        mode = str(at[-1])
        for key in ("season", "weekday"):
            if demand.get(key) is None and mode in MODES:
                place = tree.nearest_place((*at, "average"))[1]
                demand[key] = mode
                tree.places[(*at, key)] = replace(place, registry=f"registry {key} {mode}")
    for key, look_up in (("profile", named_profile), ("season", named_season), ("weekday", named_weekday)):
        name = demand.get(key)
        known = look_up(name) if isinstance(name, str) else None
        if known is not None:
            place = tree.nearest_place((*at, key))[1]
            words = place.registry or f"{place}, registry {key} {name}"
            demand[key] = known
            _place(tree, (*at, key), known, replace(place, registry=words))


def _place(tree: Tree, path: Path, value: Any, place: Place) -> None:
    tree.places[path] = place
    for key, child in value.items() if isinstance(value, dict) else ():
        _place(tree, (*path, key), child, place)
