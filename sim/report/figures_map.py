"""Where the waits are: ports, airports and stretches of the border on the outline of the two countries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import registry
from sim.report import style, words
from sim.report.cells import COLORS
from sim.report.map_border import stretches
from sim.report.map_ground import Label, draw_outline, name_places, projected, window
from sim.report.picture import Picture, write
from sim.report.rundata import ALL, RunData
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

    from sim.model.arrays import FloatArray

WAIT, VOLUME, PERSONS = "wait_mean", "arrivals", "persons_intercepted"
MOST_NAMED = 12
_PLACE = ["facility", "place", "latitude", "longitude"]
PORT, AIRPORT, SECTOR = "port", "airport", "sector"
"""What a place is: drawn as a circle, a square, and the stretch of border of a province."""
_MARKERS = {PORT: "o", AIRPORT: "s"}
_SAID = {PORT: "port of entry", AIRPORT: "preclearance at an airport", SECTOR: "between ports, by province"}
_TITLES = {WAIT: "Mean wait, minutes", VOLUME: "Parties that arrived", PERSONS: "Persons intercepted between ports"}
_SECOND_COLORS, _SECOND_INK = "Blues", "#08519C"
"""Of what has a colour bar of its own under the map; light to dark too."""
_DOT = "#303030"
_STRETCH_POINTS = 9.0
"""Width of a drawn stretch in points of print."""


@dataclass(frozen=True)
class Layer:
    """Places with a number each, on one scale of colours."""

    rows: pd.DataFrame
    """facility, place, latitude, longitude, mean; `registry` of a sector; the largest first."""
    said: str
    factor: float = 1.0

    @property
    def values(self) -> FloatArray:
        """As printed."""
        return self.factor * self.rows["mean"].to_numpy(dtype=float)

    @property
    def most(self) -> float:
        """The end of the scale of colours."""
        return max(float(self.values.max()), 1e-9)

    @property
    def xy(self) -> tuple[FloatArray, FloatArray]:
        """Kilometres."""
        latitude, longitude = (self.rows[name].to_numpy(dtype=float) for name in ("latitude", "longitude"))
        return projected(latitude, longitude)


def plot_map(run: RunData, measure: str = WAIT, *, variant: str = BASELINE, ax: Axes | None = None) -> Axes:
    """Draw the facilities of a run whose place the registry knows, coloured and sized by a measure of the whole run.

    Irregular flows that name a sector of the registry are drawn along the border of its province, coloured by the
    persons intercepted, on a scale of their own (alone with `persons_intercepted`, or where there is nothing else). The
    MOST_NAMED largest have their name and number beside them; where several share a place, one above the other.
    """
    with style.styled():
        ax = ax or style.new_axes()
        if why := map_why_not(run):
            style.say(ax, why)
            return ax
        layers = _layers_of(run, measure, variant)
        if not layers:
            style.say(ax, f"no facility with a place has {words.measure_words(measure)}")
            return ax
        _draw(ax, layers)
    return ax


def _layers_of(run: RunData, measure: str, variant: str) -> list[Layer]:
    points = map_rows(run, measure, variant=variant)
    found = []
    if not points.empty:
        unit = str(points["unit"].iloc[0])
        what = words.measure_words(measure)
        said = _TITLES.get(measure, f"{what[:1].upper()}{what[1:]}, {words.unit_words(unit)}")
        found.append(Layer(points, said, words.scale(unit)))
    flows = sector_rows(run, variant=variant)
    return found if flows.empty else [*found, Layer(flows, _TITLES[PERSONS])]


def plot_ports_map(mode: str = "car", direction: str = "southbound", *, ax: Axes | None = None) -> Axes:
    """Draw every port of entry of the registry, coloured and sized by its parties of a mode on a mean day."""
    rows = ports_rows(mode, direction)
    with style.styled():
        ax = ax or style.new_axes()
        if rows.empty:
            style.say(ax, f"the registry counts no {words.class_words(mode)} {direction}")
            return ax
        many = words.class_words(mode)
        _draw(ax, [Layer(rows, f"{many[:1].upper()}{many[1:]} a day, {direction}")])
    return ax


def plot_airports_map(*, ax: Axes | None = None) -> Axes:
    """Draw the airports with preclearance by their passengers on a mean day, among the ports of entry as dots."""
    return _plot_beside(Layer(airport_rows(), "Passengers a day through preclearance"), ax)


def plot_between_ports_map(*, ax: Axes | None = None) -> Axes:
    """Draw the border of each province by the persons met between ports, among the ports of entry as dots."""
    rows, year = interception_rows()
    return _plot_beside(Layer(rows, f"Persons intercepted between ports by the RCMP, {year}"), ax)


def _plot_beside(layer: Layer, ax: Axes | None) -> Axes:
    with style.styled():
        ax = ax or style.new_axes()
        _draw(ax, [layer], ports_rows("car", "southbound"))
    return ax


def map_why_not(run: RunData) -> str:
    """Why there is no such figure, in one sentence; empty when there is one."""
    found = len({place for _, place in places(run)}) + len(set(run.sectors.values()) & set(stretches()))
    if found == 0:
        return "no map, as no facility names an entry of the registry that has a place"
    return "no map, as all facilities are in one place" if found == 1 else ""


def places(run: RunData) -> Iterator[tuple[str, tuple[float, float]]]:
    """(facility, (latitude, longitude)) of the ports and halls that name an entry of the registry."""
    for facility, name in run.registry_names.items():
        known = registry.airport(name) or (registry.entry(name) if name in registry.ids() else None)
        if known is not None:
            yield facility, (known.latitude, known.longitude)


def map_rows(run: RunData, measure: str, *, variant: str = BASELINE) -> pd.DataFrame:
    """Ports and halls with their place and the measure, the largest first."""
    kinds = {name: AIRPORT if registry.airport(entry) else PORT for name, entry in run.registry_names.items()}
    where = [(facility, kinds[facility], *place) for facility, place in places(run)]
    return _measured(run, where, _PLACE, measure, variant)


def sector_rows(run: RunData, *, variant: str = BASELINE) -> pd.DataFrame:
    """Irregular flows of sectors of the registry with the middle of their stretch and the persons intercepted."""
    where = [
        (facility, SECTOR, *reversed(stretches()[name].middle), name)
        for facility, name in run.sectors.items()
        if name in stretches()
    ]
    return _measured(run, where, [*_PLACE, "registry"], PERSONS, variant)


def _measured(
    run: RunData, where: Sequence[tuple[Any, ...]], columns: Sequence[str], measure: str, variant: str
) -> pd.DataFrame:
    """Places with rows of summary.csv, the largest first."""
    import pandas as pd

    table = run.summary
    own = table[(table["variant"] == variant) & (table["station"] == ALL) & (table["class"] == ALL)]
    rows = pd.DataFrame(where, columns=list(columns)).merge(
        own[(own["measure"] == measure) & own["mean"].notna()], on="facility"
    )
    return rows.sort_values("mean", ascending=False, kind="stable").reset_index(drop=True)


def map_table(run: RunData, measure: str) -> pd.DataFrame:
    """The table behind a map of the baseline: places and what was drawn of them; no rows where there is nothing."""
    import pandas as pd

    layers = _layers_of(run, measure, BASELINE)
    return pd.concat([layer.rows for layer in layers], ignore_index=True) if layers else pd.DataFrame()


def save_ports_maps(folder: Path) -> list[Path]:
    """Write maps of the registry to a folder, with their tables; the paths written.

    Cars and trucks in both directions, airports with preclearance, and what was met between ports.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [
        Picture(
            f"ports-{mode}-{direction}", f"Ports of entry: {words.class_words(mode)} {direction}",
            plot_ports_map(mode, direction), ports_rows(mode, direction),
        )
        for mode in ("car", "truck")
        for direction in ("southbound", "northbound")
    ]  # fmt: skip
    drawn.append(Picture("airports", "Airports with preclearance", plot_airports_map(), airport_rows()))
    between = plot_between_ports_map()
    drawn.append(Picture("between-ports", "Between ports of entry, northbound", between, interception_rows()[0]))
    return [path for one in drawn for path in write(one, folder)]


def ports_rows(mode: str, direction: str) -> pd.DataFrame:
    """Ports of the counts, or offices northbound, with their parties a day of a mode, the busiest first."""
    kind = "port" if direction == "southbound" else "office"
    return _ranked(
        (each.id, each.name, PORT, each.latitude, each.longitude, each.volumes[mode].per_day)
        for each in registry.entries()
        if each.kind == kind and mode in each.volumes
    )


def airport_rows() -> pd.DataFrame:
    """Airports with preclearance, with their precleared passengers of a mean day, the busiest first."""
    from sim.registry.halls import DAYS_OF_A_YEAR, airport_volume

    return _ranked(
        (one.iata, one.iata, AIRPORT, one.latitude, one.longitude, airport_volume(one.iata).passengers / DAYS_OF_A_YEAR)
        for one in registry.airports()
    )


def interception_rows() -> tuple[pd.DataFrame, int]:
    """Provinces with the persons the RCMP met between ports, in the last year published for all of them; that year."""
    counted = {
        sector.id: {each.year: sum(each.months) for each in sector.northbound if None not in each.months}  # type: ignore[arg-type]
        for sector in registry.sectors()
    }
    year = max(set[int].intersection(*(set(years) for years in counted.values())))
    rows = _ranked(
        (one.id, one.province, SECTOR, *reversed(stretches()[one.id].middle), counted[one.id][year])
        for one in registry.sectors()
    )
    return rows.assign(registry=rows["id"]), year


def _ranked(rows: Iterator[tuple[Any, ...]]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(list(rows), columns=["id", *_PLACE, "mean"])
    table["mean"] = table["mean"].astype(float).round(2)
    return table.sort_values("mean", ascending=False, kind="stable").reset_index(drop=True)


# ---- drawing ----------------------------------------------------------------------------------------------


def _draw(ax: Axes, layers: Sequence[Layer], dots: pd.DataFrame | None = None) -> None:
    """Draw one layer, with its bar at the right, or two, the second with a bar under the map; `dots` are ports."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    drawn = [_lines_of(layer) for layer in layers]
    ends = [layer.xy for layer in layers] + [(line[:, 0], line[:, 1]) for lines in drawn for line in lines]
    window(ax, *(np.concatenate([end[at] for end in ends]) for at in (0, 1)))
    draw_outline(ax)
    if dots is not None:
        x, y = Layer(dots, "").xy
        ax.scatter(x, y, s=34, color=_DOT, edgecolors="white", linewidths=0.9, zorder=2.5, label="_ports")
    for place, layer in enumerate(layers):
        shades = _draw_layer(ax, layer, drawn[place], _SECOND_COLORS if place else COLORS)
        if place:
            bar = figure.colorbar(shades, ax=ax, location="bottom", shrink=0.5, pad=0.01, aspect=40)
            bar.set_label(layer.said)
            bar.ax.locator_params(nbins=5)
            style.thousands(bar.ax, "x")
        else:
            bar = figure.colorbar(shades, ax=ax, shrink=0.7, pad=0.01, aspect=28)
            ax.set_title(layer.said)
            style.thousands(bar.ax)
        bar.outline.set_visible(False)
    _key(ax, layers, dots is not None)
    labels = [label for place, layer in enumerate(layers) for label in _labels(layer, bool(place))]
    bends = [Label("", x, y, _STRETCH_POINTS / 2.0) for lines in drawn for line in lines for x, y in line]
    name_places(ax, [*labels, *bends])


def _lines_of(layer: Layer) -> list[FloatArray]:
    """(points, 2) in kilometres of every line of the sectors of a layer."""
    return [line for _, lines in _stretches_of(layer) for line in lines]


def _stretches_of(layer: Layer) -> Iterator[tuple[float, list[FloatArray]]]:
    """(value, lines) of each sector, the smallest first: two flows of one province show the larger."""
    sectors = (layer.rows["place"] == SECTOR).to_numpy()
    if not sectors.any():
        return
    names = layer.rows["registry"].tolist()
    for at in reversed(np.flatnonzero(sectors)):
        lines = [np.array(line) for line in stretches()[names[at]].lines]
        yield float(layer.values[at]), [np.column_stack(projected(line[:, 1], line[:, 0])) for line in lines]


def _draw_layer(ax: Axes, layer: Layer, lines: Sequence[FloatArray], colors: str) -> ScalarMappable:
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import LineCollection
    from matplotlib.colors import Normalize

    scale = Normalize(0.0, layer.most)
    x, y = layer.xy
    values, size = layer.values, _sizes(layer)
    for kind, marker in _MARKERS.items():
        # The largest come first, small ones on top, so that a large neighbour hides none of them.
        own = (layer.rows["place"] == kind).to_numpy()
        if own.any():
            ax.scatter(
                x[own], y[own], s=size[own], c=values[own], cmap=colors, norm=scale, edgecolors="black",
                linewidths=1.4, zorder=3, label=f"{kind}s", marker=marker,
            )  # fmt: skip
    if lines:
        many = [value for value, parts in _stretches_of(layer) for _ in parts]
        edge = LineCollection(lines, colors="black", linewidths=_STRETCH_POINTS + 2.4, label="_edge", zorder=2)
        inner = LineCollection(
            lines, array=many, cmap=colors, norm=scale, linewidths=_STRETCH_POINTS, label=f"{SECTOR}s", zorder=2
        )
        for each in (edge, inner):
            each.set_capstyle("butt")
            ax.add_collection(each, autolim=False)
    return ScalarMappable(scale, colors)


def _sizes(layer: Layer) -> FloatArray:
    """Areas of the points in square points of print; a stretch is as thick everywhere."""
    areas = 60.0 + 700.0 * np.maximum(layer.values, 0.0) / layer.most
    return np.asarray(np.where(layer.rows["place"] == SECTOR, _STRETCH_POINTS**2, areas), dtype=np.float64)


def _labels(layer: Layer, second: bool) -> Iterator[Label]:
    """Name and number of the largest; of the others, that they stand there."""
    places = 1 if layer.most < 100.0 else 0
    x, y = layer.xy
    radius = np.sqrt(_sizes(layer)) / 2.0
    for at, (name, value) in enumerate(zip(layer.rows["facility"], layer.values, strict=True)):
        text = f"{name} {words.number(float(value), places)}" if at < MOST_NAMED else ""
        yield Label(text, float(x[at]), float(y[at]), float(radius[at]), _SECOND_INK if second else "black")


def _key(ax: Axes, layers: Sequence[Layer], dots: bool) -> None:
    """What the shapes are, where there is more than one."""
    from matplotlib.lines import Line2D

    inks = ("#8C4A08", _SECOND_INK)
    shapes = {str(place): ink for layer, ink in zip(layers, inks, strict=False) for place in layer.rows["place"]}
    handles = []
    for place, ink in shapes.items():
        if place == SECTOR:
            handles.append(Line2D([], [], color=ink, linewidth=_STRETCH_POINTS, label=_SAID[place]))
        else:
            point = Line2D([], [], color=ink, marker=_MARKERS[place], markersize=14, linestyle="none")
            point.set(markeredgecolor="black", label=_SAID[place])
            handles.append(point)
    if dots:
        handles.append(Line2D([], [], color=_DOT, marker="o", markersize=6, linestyle="none", label=_SAID[PORT]))
    if len(handles) > 1:
        style.legend_above(ax, handles)
