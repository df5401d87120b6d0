"""Defaults of the registry as a user would write them: a plain tree, and where each value is from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.registry.files import Origin, assumption, origin_of

Path = tuple[str, ...]


@dataclass(frozen=True)
class Defaults(ABC):
    """What the registry knows or assumes of a facility."""

    tree: dict[str, Any]
    """As below the facility's name in a scenario: text with units, numbers, mappings."""
    origins: Mapping[Path, Origin]
    """Origin of each value by its path in the tree; a path holds for everything below it."""

    @property
    @abstractmethod
    def id(self) -> str:
        """What `registry` says in a scenario."""

    def origin(self, path: Path) -> Origin:
        """Origin of the value at a path, or of the nearest part of the tree it belongs to. Raises KeyError."""
        while path not in self.origins and path:
            path = path[:-1]
        return self.origins[path]


class Writer:
    """Writes a tree part by part."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {}
        self.origins: dict[Path, Origin] = {}

    def put(self, path: Path, value: Any, origin: Origin) -> None:
        """Write a value with its origin, in mappings made as needed."""
        here = self.tree
        for step in path[:-1]:
            here = here.setdefault(step, {})
        here[path[-1]] = value
        self.origins[path] = origin

    def assume(self, path: Path, key: str, number: bool = False) -> None:
        """Write an assumption: as text with its unit, or as a plain number."""
        known = assumption(key)
        value: Any = known.value
        if number:
            value = int(known.number) if known.number == int(known.number) and "." not in known.value else known.number
        self.put(path, value, origin_of(known))
