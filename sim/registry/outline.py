"""The outline of Canada and the United States for maps: provinces, states and large lakes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from sim.registry.files import DATA

Ring = tuple[tuple[float, float], ...]
"""A closed line of (longitude, latitude) in degrees."""


@dataclass(frozen=True)
class Shape:
    """A province, a state or a lake."""

    name: str
    """Two letters; a number for a lake."""
    kind: str
    """`province`, `state` or `lake`."""
    rings: tuple[Ring, ...]


@cache
def outline() -> tuple[Shape, ...]:
    """Every shape of outline.geojson, lakes last. Natural Earth 1:50m, thinned by tools/derive_outline.py."""
    content = json.loads((DATA / "outline.geojson").read_text(encoding="utf-8"))
    return tuple(
        Shape(
            feature["properties"]["name"],
            feature["properties"]["kind"],
            tuple(tuple((x, y) for x, y in polygon[0]) for polygon in feature["geometry"]["coordinates"]),
        )
        for feature in content["features"]
    )
