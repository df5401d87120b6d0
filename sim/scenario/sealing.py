"""The values of the registry taken out of a tree again, and made its own.

`strip` takes out what `sim.scenario.fill` put in, so that a variant can name any of those paths and the merging be done
anew below what it says; `seal` ends it: names of profiles and seasons become numbers, and `registry` itself goes. A
sealed tree says all there is to say and does not depend on the registry any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sim.scenario.fill import KEY, by_key, defaults_at, registered
from sim.scenario.problems import Path
from sim.scenario.traffic import averaged, named_profile, named_season, named_weekday
from sim.scenario.tree import Place, Tree
from sim.scenario.vocabulary import MODES


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
        elif isinstance(mapping[key], dict) and isinstance(ours[key], dict) and by_key(path):
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
