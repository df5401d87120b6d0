"""The ground of a map: projection, window, the outline of both countries, and names that cover nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.registry.outline import outline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sim.model.arrays import FloatArray

_LAND, _WATER, _LINES, _BORDER = "#ECECEC", "#FFFFFF", "#B4B4B4", "#606060"
_PARALLELS, _ORIGIN = (44.0, 58.0), (50.0, -96.0)
"""Degrees: standard parallels, and the point of the map that is (0, 0)."""
_LEAST_SPAN = 300.0
"""Kilometres: a map is no narrower."""
_EARTH_KM = 6371.0


@dataclass(frozen=True)
class Label:
    """What is to stand beside a place of the map."""

    text: str
    x: float
    y: float
    """Kilometres."""
    radius: float
    """Of what is drawn there, in points of print."""
    color: str = "black"


def projected(
    latitude: FloatArray,
    longitude: FloatArray,
    parallels: tuple[float, float] = _PARALLELS,
    origin: tuple[float, float] = _ORIGIN,
    radius: float = _EARTH_KM,
) -> tuple[FloatArray, FloatArray]:
    """Kilometres east and north of the origin: Lambert's conformal conic (Snyder, USGS PP 1395, 1987, 15-1 to 15-5)."""
    first, second = np.radians(parallels)

    def half(angle: FloatArray | float) -> FloatArray:
        return np.asarray(np.tan(np.pi / 4.0 + np.asarray(angle) / 2.0), dtype=np.float64)

    n = np.log(np.cos(first) / np.cos(second)) / np.log(half(second) / half(first))
    scale = radius * np.cos(first) * half(first) ** n / n
    away = scale / half(np.radians(latitude)) ** n
    middle = scale / half(np.radians(origin[0])) ** n
    turn = n * np.radians(longitude - origin[1])
    return away * np.sin(turn), middle - away * np.cos(turn)


def window(ax: Axes, x: FloatArray, y: FloatArray) -> None:
    """The part of the map that holds every point, with room for names, in the shape of the panel."""
    wide, high = max(float(np.ptp(x)), _LEAST_SPAN) * 1.35, max(float(np.ptp(y)), _LEAST_SPAN / 2.0) * 1.6
    box = ax.get_window_extent()
    shape = box.width / max(box.height, 1.0)
    wide, high = max(wide, high * shape), max(high, wide / shape)
    across, up = (float(each.max() + each.min()) / 2.0 for each in (x, y))
    ax.set_xlim(across - wide / 2.0, across + wide / 2.0)
    ax.set_ylim(up - high / 2.0, up + high / 2.0)
    ax.set_aspect("equal")
    ax.grid(visible=False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[["left", "bottom"]].set_visible(False)


def draw_outline(ax: Axes) -> None:
    """Draw provinces, states and large lakes."""
    from matplotlib.collections import PolyCollection

    # Provinces last, with a darker edge, so that the border itself stands out; lakes over all land.
    for kind, face, edge in (("state", _LAND, _LINES), ("province", _LAND, _BORDER), ("lake", _WATER, _LINES)):
        rings = []
        for ring in (ring for shape in outline() if shape.kind == kind for ring in shape.rings):
            longitude, latitude = np.array(ring).T
            rings.append(np.column_stack(projected(latitude, longitude)))
        shapes = PolyCollection(rings, facecolors=face, edgecolors=edge, linewidths=1.0, label=f"_{kind}")
        ax.add_collection(shapes, autolim=False)


def name_places(ax: Axes, labels: Sequence[Label]) -> None:
    """Write labels, the most important first, where they cover neither one another nor a point."""
    from matplotlib.patheffects import withStroke

    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    points = ax.transData.transform([(each.x, each.y) for each in labels]) * 72.0 / figure.dpi
    taken = [(x - o.radius, y - o.radius, x + o.radius, y + o.radius) for (x, y), o in zip(points, labels, strict=True)]
    west, south, east, north = (each * 72.0 / figure.dpi for each in ax.bbox.extents)
    for point, label in zip(points, labels, strict=True):
        if not label.text:
            continue
        wide, high = 9.6 * len(label.text), 20.0
        for shift in _shifts(label.radius):
            left = point[0] + shift[0] - (0.0 if shift[0] > 0 else wide if shift[0] < 0 else wide / 2.0)
            low = point[1] + shift[1] - high / 2.0
            box = (left, low, left + wide, low + high)
            inside = box[0] > west and box[1] > south and box[2] < east and box[3] < north
            if inside and not any(_overlap(box, other) for other in taken):
                break
        taken.append(box)
        far = abs(shift[1]) > 2.0 * label.radius + 16.0
        ax.annotate(
            label.text, (label.x, label.y), xytext=shift, textcoords="offset points", fontsize=16, va="center",
            ha="left" if shift[0] > 0 else "right" if shift[0] < 0 else "center", zorder=4, color=label.color,
            arrowprops={"arrowstyle": "-", "color": "#555555", "linewidth": 1.0} if far else None,
            path_effects=[withStroke(linewidth=3.5, foreground="white")],
        )  # fmt: skip


def _shifts(radius: float) -> Iterator[tuple[float, float]]:
    """Where a name may stand from its point, in points of print, the nearest first."""
    near = radius + 5.0
    yield from ((near, 0.0), (-near, 0.0), (0.0, near + 10.0), (0.0, -near - 10.0))
    for ring in range(1, 9):
        up = near + 10.0 + 22.0 * ring
        yield from ((near, up), (-near, up), (near, -up), (-near, -up))


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
