"""What the charts of the report page have in common: parts of Vega-Lite specifications.

A specification is data: the library inside the page draws it, and shows the values under the pointer. Its rows stand in
it as CSV, which the page also offers for saving. Widths are left to the page.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sim.report import style, words
from sim.report.page_tables import PageTable
from sim.report.rundata import RunData
from sim.scenario.vocabulary import BASELINE

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
TEXTS = {
    "variant", "class", "station", "clock", "measure", "where", "reading", "weekday", "along", "frontier", "input",
    "line", "end", "at_end", "bank",
}  # fmt: skip
"""Columns that are no numbers."""
CHOSEN = "variant chosen"
"""Role of what is drawn beside the baseline; the key shows its name."""


@dataclass(frozen=True)
class Chart:
    """A chart of the page; without a specification only what is said in its place."""

    name: str
    """Of the exported file, and in the page's addresses."""
    title: str
    said: str
    """What is drawn and how to read it; the text for those who cannot see it."""
    spec: Spec | None = None
    picture: Picture | None = None
    """Shown where there is no specification."""
    table: PageTable | None = None
    """Stands under it, where the numbers saved do not say it as well."""


@dataclass(frozen=True)
class Picture:
    """A drawn figure as the page holds it."""

    address: str
    """A `data:` address with the whole picture in it, so that nothing is fetched."""
    width: int
    height: int
    """Pixels it is wide and high; the page makes it narrower where there is less room."""


NUMBER: Spec = {"type": "quantitative"}
ROLES = {"domain": [BASELINE, CHOSEN], "range": [style.look(0).color, style.look(2).color]}
LEGEND: Spec = {
    "title": None,
    "orient": "top",
    "symbolType": "stroke",
    "symbolStrokeWidth": 3,
    "symbolSize": 700,
    "labelExpr": f"datum.label === '{CHOSEN}' ? shown_variant : datum.label",
}
DASHES = ([1, 0], [8, 3], [10, 3, 2, 3], [2, 2], [14, 4], [5, 2, 2, 2], [4, 4])


def lines(variants: Sequence[str]) -> Spec:
    """Colour and dashes of curves by role; a key only where there is something to tell apart."""
    legend = LEGEND if len(variants) > 1 else None
    dashes = {"domain": ROLES["domain"], "range": [DASHES[0], DASHES[1]]}
    return {
        "color": {"field": "role", "type": "nominal", "scale": ROLES, "legend": legend},
        "strokeDash": {"field": "role", "type": "nominal", "scale": dashes, "legend": legend},
    }


def bars(variants: Sequence[str]) -> Spec:
    """Colour of bars by role, likewise."""
    legend = {**LEGEND, "symbolType": "square", "symbolSize": 200} if len(variants) > 1 else None
    return {"color": {"field": "role", "type": "nominal", "scale": ROLES, "legend": legend}}


def head() -> Spec:
    """What every chart has."""
    font = "system-ui, sans-serif"
    return {
        "$schema": SCHEMA,
        "config": {
            "font": font,
            "aria": False,  # the page describes the whole chart; a thousand named marks would drown a screen reader
            "background": None,
            "axis": {"labelFontSize": 14, "titleFontSize": 14, "titleFontWeight": "normal", "gridColor": "#dddddd"},
            "legend": {"labelFontSize": 14, "labelLimit": 320},
            "view": {"stroke": None},
            "title": {"fontWeight": 600},
        },
    }


def data(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Spec:
    """Rows as CSV, with what is a number in them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    parse = {name: "string" if name in TEXTS else "number" for name in columns}
    return {"values": text.getvalue(), "format": {"type": "csv", "parse": parse}}


def digits(value: float, digits: int = 5) -> str:
    """A number as it stands in the data; blank where there is none."""
    return f"{value:.{digits}g}" if math.isfinite(value) else ""


def named(field: str, title: str) -> list[Spec]:
    """A line of the tooltip with a name in it."""
    return [{"field": field, "type": "nominal", "title": title}]


def under_pointer(name: str, at: Spec, tips: list[Spec], *, plane: bool = False) -> Spec:
    """Points that show, and say their values, when they are the nearest to the pointer."""
    select: Spec = {"type": "point", "on": "pointerover", "nearest": True, "clear": "pointerout"}
    if not plane:
        select["encodings"] = ["x"]
    shown = {"condition": {"param": name, "value": 1, "empty": False}, "value": 0}
    mark = {"type": "point", "filled": True, "size": 120, "color": "black"}
    return {
        "params": [{"name": name, "select": select}],
        "mark": mark,
        "encoding": {**at, "opacity": shown, "tooltip": tips},
    }


def band(test: str, x: Spec, ends: tuple[str, str], color: str, opacity: float) -> Spec:
    """An area between two columns, of the rows that pass a test; of a fixed colour, so that the key shows lines."""
    y = {"y": {"field": ends[0], **NUMBER}, "y2": {"field": ends[1]}}
    mark = {"type": "area", "color": color, "opacity": opacity}
    return {"transform": [{"filter": test}], "mark": mark, "encoding": {"x": x, **y}}


def role() -> Spec:
    """Whether a row is of the baseline or of the variant chosen."""
    return {"calculate": f"datum.variant === '{BASELINE}' ? '{BASELINE}' : '{CHOSEN}'", "as": "role"}


OF_VARIANT = f"datum.variant === '{BASELINE}' || datum.variant === shown_variant"


def variant_param(variants: Sequence[str]) -> list[Spec]:
    """The choice of the variant beside the baseline."""
    others = [name for name in variants if name != BASELINE]
    return select("shown_variant", "Variant beside the baseline", others or [BASELINE])


def select(name: str, title: str, options: Sequence[str], labels: Sequence[str] = ()) -> list[Spec]:
    """A choice above the chart; none where there is nothing to choose, but the name holds all the same."""
    if len(options) == 1:
        return [{"name": name, "value": options[0]}]
    bind: Spec = {"input": "select", "options": list(options), "name": f"{title} "}
    if labels:
        bind["labels"] = list(labels)
    return [{"name": name, "value": options[0], "bind": bind}]


def intervals(run: RunData, field: str = "low_to") -> list[Spec]:
    """The line of the tooltip with the interval; none of a single replication."""
    return named(field, f"{run.confidence} interval") if run.replications > 1 else []


def class_labels(names: Sequence[str], every: Sequence[str]) -> list[str]:
    """Classes in words."""
    return [words.class_words(name, every) for name in names]


def between(low: str, high: str, form: str) -> Spec:
    """Both bounds as one text, `low` with `_to`, for the tooltip; blank where there is no interval."""
    both = f"format(datum.{low}, '{form}') + ' to ' + format(datum.{high}, '{form}')"
    return {"calculate": f"isValid(datum.{low}) ? {both} : 'none'", "as": f"{low}_to"}
