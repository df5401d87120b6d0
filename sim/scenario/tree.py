"""The plain tree of a scenario file together with the place of every key and value."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sim.scenario.problems import Path


@dataclass(frozen=True)
class Place:
    """Where a value of the tree was written. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    """Position of the value."""
    key_line: int
    key_column: int
    """Position of the key or the list's dash content that leads to it; the value's own where it has none."""
    variant: str = ""
    """Name of the variant that set the value; empty for the scenario itself."""
    source: Path = ()
    """Path in the file, which differs from the path in the tree for what a variant set."""
    registry: str = ""
    """For a value of the registry, what to say of its origin; the place is that of the line that asked for it."""
    reckoned: bool = False
    """The line says what to do to the value that stood there: it means what that value meant."""

    def __str__(self) -> str:
        if self.registry:
            return self.registry
        where = f"{self.file}:{self.line}:{self.column}"
        return f"variant {self.variant}, {where}" if self.variant else where


@dataclass
class Tree:
    """A plain tree (dict with text keys, list, scalars) and the places of its parts by path."""

    plain: Any
    places: dict[Path, Place] = field(default_factory=dict)
    signed: dict[Path, str] = field(default_factory=dict)
    """Numbers and quantities of a file that were written with a plus sign, as written."""

    def copy(self) -> Tree:
        """A tree that can be changed without touching this one."""
        return Tree(copy.deepcopy(self.plain), dict(self.places))

    def get(self, path: Path) -> Any:
        """The value at a path. Raises KeyError or IndexError when there is none."""
        return value_at(self.plain, path)

    def set(self, path: Path, value: Any, places: dict[Path, Place]) -> None:
        """Put `value` at `path`, in place of what stood there; `places` are relative to `path`."""
        parent = self.get(path[:-1])
        parent[path[-1]] = copy.deepcopy(value)
        for known in [known for known in self.places if known[: len(path)] == path]:
            del self.places[known]
        self.places.update({(*path, *below): place for below, place in places.items()})

    def below(self, path: Path) -> Iterator[tuple[Path, Place]]:
        """Places at and below a path, with paths relative to it."""
        for known, place in self.places.items():
            if known[: len(path)] == path:
                yield known[len(path) :], place

    def nearest_place(self, path: Path) -> tuple[Path, Place]:
        """The place of the path, or of its nearest ancestor that was written, with that ancestor's path."""
        while path not in self.places and path:
            path = path[:-1]
        return path, self.places[path]


def places_of(value: Any, place: Place, at: Path = ()) -> dict[Path, Place]:
    """One place for a value and all that is in it, by path below it."""
    found = {at: place}
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found |= places_of(child, place, (*at, key))
    return found


def value_at(tree: Any, path: Path) -> Any:
    """The value at a path of a plain tree. Raises KeyError or IndexError when there is none."""
    for step in path:
        tree = tree[step]
    return tree


def mapping_of(value: Any) -> dict[str, Any]:
    """The value where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def dotted(path: Path) -> str:
    """The path as people write it: `ports.pacific-highway.lanes`."""
    return ".".join(str(step) for step in path)
