"""The chart of a comparison on the report page: what each variant changes, with both intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sim.report import sentences, words
from sim.report.page_spec import NUMBER, Chart, Spec, between, data, digits, head, named, select
from sim.report.page_tables import verdict
from sim.report.rundata import ALL
from sim.study.comparison import Comparison, Row

MOST_BARS = 40
"""Variants of a comparison chart."""


def comparison_chart(comparison: Comparison) -> Chart:
    """Differences from the baseline with their intervals, a row per variant; facility, class and measure are chosen."""
    name, title = "comparison-chart", "Change against the baseline"
    known = [row for row in comparison.rows if math.isfinite(row.difference)]
    if not known:
        return Chart(name, title, "No variant has a measure to compare.")
    groups: dict[str, list[Row]] = {}
    for row in known:
        groups.setdefault(_measure_title(row), []).append(row)
    rows, cut = list[list[str]](), False
    for own in groups.values():
        for part in _scopes(own).values():
            cut = cut or len(part) > MOST_BARS
            keep = sorted(part, key=lambda row: -abs(row.difference))[:MOST_BARS]
            rows += [_forest_row(comparison, row) for row in part if row in keep]
    whole = words.class_words(ALL)
    where = sorted(dict.fromkeys(row[1] for row in rows), key=lambda name: not name.startswith(whole))
    y = {"field": "variant", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 240, "grid": True}}
    x = {"field": "change", **NUMBER, "title": "variant minus baseline, in the unit of the measure"}
    verdicts = {"domain": list(_VERDICTS), "range": [color for color, _ in _VERDICTS.values()]}
    shapes = {"domain": list(_VERDICTS), "range": [shape for _, shape in _VERDICTS.values()]}
    legend = {"title": None, "orient": "top", "symbolSize": 160}
    color = {"color": {"field": "reading", "type": "nominal", "scale": verdicts, "legend": legend}}
    shape = {"shape": {"field": "reading", "type": "nominal", "scale": shapes, "legend": legend}}
    tips = [*named("variant", "variant"), *named("reading", "reading")]
    tips.append({"field": "change", **NUMBER, "title": "change", "format": "+,.2f"})
    tips += [*named("low_to", "interval, this row alone"), *named("low_all_to", "interval, all rows at once")]
    layers: list[Spec] = [
        {
            "data": {"values": [{"zero": 0}]},
            "mark": {"type": "rule", "color": "black", "size": 1.5},
            "encoding": {"x": {"field": "zero", **NUMBER}},
        },
        _span("low_all", "high_all", 2, y, color, tips),
        _span("low", "high", 6, y, color, tips),
        {
            "mark": {"type": "point", "filled": True, "size": 190, "opacity": 1},
            "encoding": {"x": x, "y": y, **color, **shape, "tooltip": tips},
        },
    ]
    spec: Spec = {
        **head(),
        "params": [
            *select("shown_measure", "Measure", list(groups)),
            *select("shown_where", "Parties", where),
        ],
        "data": data(["measure", "where", "variant", "change", "low", "high", "low_all", "high_all", "reading"], rows),
        "transform": [
            {"filter": "datum.measure === shown_measure && datum.where === shown_where"},
            between("low", "high", "+,.2f"),
            between("low_all", "high_all", "+,.2f"),
        ],
        "height": 34 * max(len({row[2] for row in rows}), 2),
        "layer": layers,
    }
    sure = f"{100.0 * comparison.level:g} %"
    said = (
        f"Thick: the {sure} interval of this row alone. Thin: wide enough that all rows hold at once with {sure}. "
        "Where the thin line stays clear of 0 the change is told from chance."
    )
    if cut:
        said += f" Drawn are the {MOST_BARS} variants that differ most; the table has all."
    return Chart(name, title, said, spec)


_VERDICTS = {
    "better": ("#0072B2", "circle"),
    "worse": ("#D55E00", "square"),
    "changed": ("#000000", "diamond"),
    "no clear change": ("#767676", "triangle-up"),
}


def _measure_title(row: Row) -> str:
    unit = "percentage points" if row.key.unit == "share" else row.key.unit
    return f"{words.measure_words(row.key.measure)}, {unit}"


def _scopes(rows: Iterable[Row]) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault((row.key.facility, row.key.station, row.key.klass), []).append(row)
    return found


def _forest_row(comparison: Comparison, row: Row) -> list[str]:
    key, factor = row.key, words.scale(row.key.unit)
    bounds = [words.cut_difference(b, key.unit) for b in (row.low, row.high, row.low_all, row.high_all)]
    said = verdict(row)
    reading = said if said in _VERDICTS else "no clear change"
    where = sentences.who(comparison, row)
    numbers = (digits(factor * value, 6) for value in (row.difference, *bounds))
    return [_measure_title(row), where, row.variant, *numbers, reading]


def _span(low: str, high: str, size: int, y: Spec, color: Spec, tips: list[Spec]) -> Spec:
    bounds = {"x": {"field": low, **NUMBER}, "x2": {"field": high}}
    return {
        "mark": {"type": "rule", "size": size, "strokeCap": "butt"},
        "encoding": {**bounds, "y": y, **color, "tooltip": tips},
    }
