"""Where the waits are: ports and airports on the outline of the two countries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim import registry
from sim.registry.outline import outline
from sim.report import style, words
from sim.report.cells import COLORS
from sim.report.picture import Picture, write
from sim.report.rundata import ALL, RunData
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sim.model.arrays import FloatArray

WAIT, VOLUME = "wait_mean", "arrivals"
MOST_NAMED = 12
_LAND, _WATER, _LINES, _BORDER = "#ECECEC", "#FFFFFF", "#B4B4B4", "#606060"
_PARALLELS, _ORIGIN = (44.0, 58.0), (50.0, -96.0)
"""Degrees: standard parallels, and the point of the map that is (0, 0)."""
_LEAST_SPAN = 300.0
"""Kilometres: a map is no narrower."""
_EARTH_KM = 6371.0


def plot_map(run: RunData, measure: str = WAIT, *, variant: str = BASELINE, ax: Axes | None = None) -> Axes:
    """Draw the facilities of a run whose place the registry knows, coloured and sized by a measure of the whole run.

    The MOST_NAMED largest have their name and number beside them; where several share a place, one above the other.
    """
    rows = map_rows(run, measure, variant=variant)
    with style.styled():
        ax = ax or style.new_axes()
        if why := map_why_not(run):
            style.say(ax, why)
            return ax
        unit = str(rows["unit"].iloc[0])
        _draw(ax, rows, words.scale(unit))
        what = words.measure_words(measure)
        ax.set_title(f"{what[:1].upper()}{what[1:]}, {words.unit_words(unit)}")
    return ax


def plot_ports_map(mode: str = "car", direction: str = "southbound", *, ax: Axes | None = None) -> Axes:
    """Draw every port of entry of the registry, coloured and sized by its parties of a mode on a mean day."""
    rows = ports_rows(mode, direction)
    with style.styled():
        ax = ax or style.new_axes()
        if rows.empty:
            style.say(ax, f"the registry counts no {words.class_words(mode)} {direction}")
            return ax
        _draw(ax, rows, 1.0)
        many = words.class_words(mode)
        ax.set_title(f"{many[:1].upper()}{many[1:]} a day, {direction}")
    return ax


def map_why_not(run: RunData) -> str:
    """Why there is no such figure, in one sentence; empty when there is one."""
    found = len({place for _, place in places(run)})
    if found == 0:
        return "no map, as no facility names an entry of the registry that has a place"
    return "no map, as all facilities are in one place" if found == 1 else ""


def places(run: RunData) -> Iterator[tuple[str, tuple[float, float]]]:
    """(facility, (latitude, longitude)) of the facilities that name an entry of the registry."""
    for facility, name in run.registry_names.items():
        known = registry.airport(name) or (registry.entry(name) if name in registry.ids() else None)
        if known is not None:
            yield facility, (known.latitude, known.longitude)


def map_rows(run: RunData, measure: str, *, variant: str = BASELINE) -> pd.DataFrame:
    """Facilities with their place and the measure, the largest first."""
    import pandas as pd

    table = run.summary
    own = table[(table["variant"] == variant) & (table["station"] == ALL) & (table["class"] == ALL)]
    where = pd.DataFrame(
        [(facility, *place) for facility, place in places(run)], columns=["facility", "latitude", "longitude"]
    )
    rows = where.merge(own[(own["measure"] == measure) & own["mean"].notna()], on="facility")
    return rows.sort_values("mean", ascending=False, kind="stable").reset_index(drop=True)


def save_ports_maps(folder: Path) -> list[Path]:
    """Write the maps of cars and trucks in both directions to a folder, with their tables; the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for mode in ("car", "truck"):
        for direction in ("southbound", "northbound"):
            title = f"Ports of entry: {words.class_words(mode)} {direction}"
            drawn = Picture(
                f"ports-{mode}-{direction}", title, plot_ports_map(mode, direction), ports_rows(mode, direction)
            )
            paths += write(drawn, folder)
    return paths


def ports_rows(mode: str, direction: str) -> pd.DataFrame:
    """Ports of the counts, or offices northbound, with their parties a day of a mode, the busiest first."""
    import pandas as pd

    kind = "port" if direction == "southbound" else "office"
    rows = [
        (each.id, each.name, each.latitude, each.longitude, each.volumes[mode].per_day)
        for each in registry.entries()
        if each.kind == kind and mode in each.volumes
    ]
    table = pd.DataFrame(rows, columns=["id", "facility", "latitude", "longitude", "mean"])
    table["mean"] = table["mean"].round(2)
    return table.sort_values("mean", ascending=False, kind="stable").reset_index(drop=True)


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


def _draw(ax: Axes, rows: pd.DataFrame, factor: float) -> None:
    latitude, longitude = (rows[name].to_numpy(dtype=float) for name in ("latitude", "longitude"))
    x, y = projected(latitude, longitude)
    values = factor * rows["mean"].to_numpy(dtype=float)
    _window(ax, x, y)
    _outline(ax)
    most = max(float(values.max()), 1e-9)
    # Small ones on top, so that a large neighbour hides none of them.
    order = np.argsort(-values, kind="stable")
    size = 60.0 + 700.0 * np.maximum(values, 0.0) / most
    points = ax.scatter(
        x[order], y[order], s=size[order], c=values[order], cmap=COLORS, vmin=0.0, vmax=most, edgecolors="black",
        linewidths=1.4, zorder=3, label="facilities",
    )  # fmt: skip
    figure = ax.get_figure(root=True)
    assert figure is not None
    bar = figure.colorbar(points, ax=ax, shrink=0.7, pad=0.01, aspect=28)
    bar.outline.set_visible(False)
    style.thousands(bar.ax)
    _name(ax, rows["facility"].tolist(), x, y, values, size)


def _window(ax: Axes, x: FloatArray, y: FloatArray) -> None:
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


def _outline(ax: Axes) -> None:
    from matplotlib.collections import PolyCollection

    # Provinces last, with a darker edge, so that the border itself stands out; lakes over all land.
    for kind, face, edge in (("state", _LAND, _LINES), ("province", _LAND, _BORDER), ("lake", _WATER, _LINES)):
        rings = []
        for ring in (ring for shape in outline() if shape.kind == kind for ring in shape.rings):
            longitude, latitude = np.array(ring).T
            rings.append(np.column_stack(projected(latitude, longitude)))
        shapes = PolyCollection(rings, facecolors=face, edgecolors=edge, linewidths=1.0, label=f"_{kind}")
        ax.add_collection(shapes, autolim=False)


def _name(ax: Axes, names: Sequence[str], x: FloatArray, y: FloatArray, values: FloatArray, size: FloatArray) -> None:
    """Names and numbers beside the largest, where they cover neither one another nor a point."""
    from matplotlib.patheffects import withStroke

    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    points = ax.transData.transform(np.column_stack([x, y])) * 72.0 / figure.dpi
    radius = np.sqrt(size) / 2.0
    taken = [(px - r, py - r, px + r, py + r) for (px, py), r in zip(points, radius, strict=True)]
    for place in np.argsort(-values, kind="stable")[:MOST_NAMED]:
        text = f"{names[place]} {words.number(float(values[place]), 1 if values.max() < 100.0 else 0)}"
        wide, high = 9.6 * len(text), 20.0
        for shift in _shifts(radius[place]):
            left = points[place, 0] + shift[0] - (0.0 if shift[0] > 0 else wide if shift[0] < 0 else wide / 2.0)
            low = points[place, 1] + shift[1] - high / 2.0
            box = (left, low, left + wide, low + high)
            if not any(_overlap(box, other) for other in taken):
                break
        taken.append(box)
        far = abs(shift[1]) > 2.0 * radius[place] + 16.0
        ax.annotate(
            text, (x[place], y[place]), xytext=shift, textcoords="offset points", fontsize=16, va="center",
            ha="left" if shift[0] > 0 else "right" if shift[0] < 0 else "center", zorder=4,
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
