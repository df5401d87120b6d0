"""Drawn figures inside the report page, where a chart of the page's library would have to be written by hand."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.report import style, words
from sim.report.figures_map import PERSONS, VOLUME, WAIT, map_rows, map_why_not, plot_map, sector_rows
from sim.report.page_spec import Chart, Picture
from sim.report.page_tables import Column, PageTable, estimate_cells, estimate_columns, number, text, trimmed
from sim.report.rundata import ALL, RunData
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PIXELS_PER_INCH = 96


def embedded(axes: Axes) -> Picture:
    """A figure as SVG in a `data:` address: its style sheet and its names stay apart from those of the page."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    _lighten(figure)
    written = style.svg(figure)
    wide, high = (round(float(inches) * _PIXELS_PER_INCH) for inches in figure.get_size_inches())
    return Picture(f"data:image/svg+xml;base64,{base64.b64encode(written).decode()}", wide, high)


def _lighten(figure: Figure) -> None:
    """The same in a tenth of the bytes: names on a pale ground instead of outlined letters, bars instead of dots."""
    from matplotlib.patches import Patch
    from matplotlib.text import Text

    for each in figure.findobj():
        if isinstance(each, Text) and each.get_path_effects():
            each.set_path_effects([])
            each.set_bbox({"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 1.0})
        elif isinstance(each, Patch) and "." in (each.get_hatch() or ""):
            each.set_hatch("||||")


def map_charts(run: RunData) -> Iterator[Chart]:
    """Facilities on the outline of both countries, by wait and by volume; none where they are in one place.

    Sectors between ports are on every map; where there is nothing else, on one by the persons intercepted.
    """
    if map_why_not(run):
        return
    found = [(measure, map_rows(run, measure)) for measure in (WAIT, VOLUME)]
    points = [(measure, rows) for measure, rows in found if not rows.empty]
    for measure, rows in points or [(PERSONS, sector_rows(run))]:
        if not rows.empty:
            yield _map_chart(run, measure, rows)


def _map_chart(run: RunData, measure: str, rows: pd.DataFrame) -> Chart:
    what = words.measure_words(measure)
    unit = words.unit_words(str(rows["unit"].iloc[0]))
    head = (Column("facility"), Column("latitude", numeric=True), Column("longitude", numeric=True))
    cells = []
    for each in rows.to_dict("records"):
        found = run.estimate((BASELINE, each["facility"], ALL, ALL), measure)
        place = (number(each[name], 3) for name in ("latitude", "longitude"))
        cells.append((text(each["facility"]), *place, *estimate_cells(found)))
    title = f"{what[:1].upper()}{what[1:]} by place"
    columns = (*head, *estimate_columns(f"{what}, {unit}"))
    table = trimmed(PageTable(f"map-{measure}", title, columns, tuple(cells)))
    whose = " of the baseline" if len(run.variants) > 1 else ""
    shape = "stretch of border" if measure == PERSONS else "point"
    how = "darker" if measure == PERSONS else "larger and darker"
    said = f"The {how} a {shape}, the larger the {what}{whose}; the table names all."
    return Chart(f"map-{measure}", title, said, picture=embedded(plot_map(run, measure)), table=table)
