"""Charts of one facility on the report page: the day, how long parties wait, how busy booths are."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sim.report import page_answers, style, timeline, words
from sim.report.flows import is_flow
from sim.report.page_spec import (
    CHOSEN,
    DASHES,
    LEGEND,
    NUMBER,
    OF_VARIANT,
    Chart,
    Spec,
    band,
    bars,
    between,
    class_labels,
    data,
    digits,
    head,
    intervals,
    lines,
    named,
    role,
    select,
    under_pointer,
    variant_param,
)  # fmt: skip
from sim.report.page_time import (
    STANDARD_DASH,
    Panel,
    bands_words,
    bounds,
    drawn,
    in_the_room,
    level_steps,
    merged_rows,
    panel_title,
    room,
    time_axis,
)
from sim.report.rundata import ALL, RunData, Scope
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd


def facility_charts(run: RunData, facility: str) -> Iterator[Chart]:
    """The day, how long parties wait, and how busy booths are; of an irregular flow those that show something."""
    charts = [day_chart(run, facility), wait_chart(run, facility)] if page_answers.waits(run, facility) else []
    charts.append(busy_chart(run, facility))
    yield from (chart for chart in charts if chart.spec or not is_flow(run, facility))


# ---- the day ----------------------------------------------------------------------------------------------

_DAY = {"wait": "wait_mean", "queue": "queue_mean"}


def day_chart(run: RunData, facility: str) -> Chart:
    """Wait and queue over the horizon with both bands, and open booths beneath; variant and class can be chosen."""
    name, title = f"day-{facility}", f"{facility}: wait and queue over {'the day' if run.horizon <= 1440.0 else 'time'}"
    classes = run.classes(facility)
    variants, chosen = _in_the_room(run, [ALL, *classes] if len(classes) > 1 else [ALL])
    panels = _day_panels(run, facility)
    rows = list(_day_rows(run, facility, panels, variants, chosen))
    if not any(row[4] != "" or row[9] != "" for row in rows):
        return Chart(name, title, "Nobody joined in any time bin, so there is nothing to draw.")
    booths = list(_booth_rows(run, facility, variants))
    lanes = _changing_first(booths)
    columns = ["variant", "class", "minute", "clock", *(column for panel in panels for column in panel.columns)]
    spec: Spec = {
        **head(),
        "params": [*variant_param(variants), *select("shown_class", "Class", chosen, class_labels(chosen, classes))],
        "data": data(columns, rows),
        "transform": [{"filter": OF_VARIANT}, {"filter": "datum.class === shown_class"}, role(), *bounds(panels)],
        "vconcat": [drawn(run, facility, panel, labels=panel.short != "wait") for panel in panels],
        "spacing": 16,
    }
    if lanes:
        spec["params"] += select("shown_lanes", "Booths of", lanes)
        spec["vconcat"].append(_booth_panel(run, facility, booths))
    said = _day_text(run, facility, booths=bool(lanes))
    if len(variants) < len(run.variants):
        said += f" Drawn are the first {words.counted(len(variants) - 1, 'variant')}."
    return Chart(name, title, said, spec)


def _day_panels(run: RunData, facility: str) -> tuple[Panel, Panel]:
    steps = run.standard_steps(facility)
    standard = (level_steps(steps, run.horizon, "standard, min"),) if steps else ()
    wait = Panel("wait", "Mean wait, min", 200, ", min", more=standard)
    return wait, Panel("queue", "Parties in the queue", 170)


def _in_the_room(run: RunData, classes: list[str]) -> tuple[list[str], list[str]]:
    """Variants and classes to draw: all; where that makes the page too large all parties only, then fewer variants."""
    if len(run.variants) * len(classes) <= room(run):
        return list(run.variants), classes
    return list(in_the_room(run)), [ALL]


def _day_text(run: RunData, facility: str, *, booths: bool) -> str:
    standard = run.standard_words(facility)
    dotted = f" Dotted: the standard of {standard}." if standard else ""
    beneath = " Beneath: open booths." if booths else ""
    mean = f"Mean of {words.counted(run.replications, 'replication')}, by {timeline.width_words(timeline.width(run))}"
    return f"{mean}; waits are those of parties that join then. {bands_words(run)}{dotted}{beneath}"


def _day_rows(
    run: RunData, facility: str, panels: Sequence[Panel], variants: Sequence[str], classes: Sequence[str]
) -> Iterator[list[str]]:
    scopes = [(variant, facility, ALL, name) for variant in variants for name in classes]
    curves = _curves(run, facility, scopes, list(_DAY.values()))
    clocks: dict[float, str] = {}
    for scope in scopes:
        own = {short: curves[scope, measure] for short, measure in _DAY.items() if (scope, measure) in curves}
        for cells in merged_rows(run, facility, panels, own, clocks):
            yield [scope[0], scope[3], *cells]


def _booth_rows(run: RunData, facility: str, variants: Sequence[str]) -> Iterator[list[str]]:
    """Open booths where their number changes, and at the end."""
    scopes = [(variant, facility, station, ALL) for station in run.lane_groups(facility) for variant in variants]
    for (scope, _), table in _curves(run, facility, scopes, ["open_booths"]).items():
        last = math.nan
        for at, value in zip(table["bin_start"], table["mean"], strict=True):
            if value != last:
                yield [scope[0], scope[2], digits(at, 8), digits(value)]
                last = value
        yield [scope[0], scope[2], digits(run.horizon, 8), digits(last)]


def _curves(
    run: RunData, facility: str, scopes: Sequence[Scope], measures: Sequence[str]
) -> dict[tuple[Scope, str], pd.DataFrame]:
    """Curves in order of time by scope and measure: one pass over series.csv; of a long run by wider stretches."""
    wanted = [(scope, measure) for scope in scopes for measure in measures]
    if timeline.width(run) != run.bin_minutes:
        tables = {(scope, measure): timeline.curve(run, scope, measure) for scope, measure in wanted}
        return {key: table for key, table in tables.items() if not table.empty}
    table = run.series
    own = table[(table["facility"] == facility) & table["measure"].isin(measures)].sort_values("bin_start")
    found = dict(iter(own.groupby(["variant", "facility", "station", "class", "measure"], sort=False)))
    return {(scope, measure): found[*scope, measure] for scope, measure in wanted if (*scope, measure) in found}


def _changing_first(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lane groups, those first whose booths change: a level line says least."""
    counts = Counter(row[1] for row in rows)
    curves = Counter(name for _, name in {(row[0], row[1]) for row in rows})
    return sorted(counts, key=lambda name: counts[name] == 2 * curves[name])


def _booth_panel(run: RunData, facility: str, rows: Sequence[Sequence[str]]) -> Spec:
    x = time_axis(run, facility, labels=True)
    y = {"field": "open", **NUMBER, "title": None, "axis": {"tickMinStep": 1}, "scale": {"zero": True}}
    line = {"type": "line", "interpolate": "step-after", "strokeWidth": 3}
    return {
        "title": panel_title("Open booths"),
        "height": 90,
        "data": data(["variant", "station", "minute", "open"], rows),
        "transform": [{"filter": OF_VARIANT}, {"filter": "datum.station === shown_lanes"}, role()],
        "layer": [{"mark": line, "encoding": {"x": x, "y": y, **lines(run.variants)}}],
    }


# ---- how long parties wait --------------------------------------------------------------------------------


def wait_chart(run: RunData, facility: str) -> Chart:
    """The share of parties that wait longer than x minutes, a curve per class; the variant can be chosen."""
    name, title = f"waits-longer-{facility}", f"{facility}: how long parties wait"
    rows = list(_survival_rows(run, facility))
    if not rows:
        return Chart(name, title, "Nobody waited, or the run kept no distribution of waits.")
    classes = list(dict.fromkeys(row[1] for row in rows))
    x = {"field": "minutes", **NUMBER, "title": "minutes of waiting", "scale": {"nice": False}}
    y = {"field": "share", **NUMBER, "title": None, "axis": {"format": "%"}, "scale": {"domain": [0, 1]}}
    color = _class_scales(run, facility, classes)
    layers: list[Spec] = []
    if run.replications > 1:
        looks = zip(classes, color["color"]["scale"]["range"], strict=True)
        layers += [band(f"datum.class === {json.dumps(c)}", x, ("low", "high"), own, 0.22) for c, own in looks]
    layers.append({"mark": {"type": "line", "strokeWidth": 3}, "encoding": {"x": x, "y": y, **color}})
    tips = [*named("class", "class"), {"field": "minutes", **NUMBER, "title": "longer than, min"}]
    tips.append({"field": "share", **NUMBER, "title": "share of parties", "format": ".1%"})
    tips += intervals(run)
    layers.append(under_pointer("near", {"x": x, "y": y}, tips, plane=True))
    standards = sorted({minutes for _, minutes in run.standard_steps(facility)})
    said = "Share of parties that wait longer than so many minutes, by class."
    if standards:
        at = {"x": {"field": "standard", **NUMBER}, "tooltip": named("standard", "standard, min")}
        rule = {"type": "rule", "strokeDash": STANDARD_DASH, "size": 2}
        layers.append({"data": {"values": [{"standard": each} for each in standards]}, "mark": rule, "encoding": at})
        said += f" Dotted: the standard of {run.standard_words(facility)}."
    if run.replications > 1:
        said += f" Bands: {run.confidence} interval."
    spec: Spec = {
        **head(),
        "params": select("shown_variant", "Variant", list(run.variants)),
        "data": data(["variant", "class", "minutes", "share", "low", "high"], rows),
        "transform": [{"filter": "datum.variant === shown_variant"}, between("low", "high", ".1%")],
        "height": 300,
        "layer": layers,
    }
    return Chart(name, title, said, spec)


def _survival_rows(run: RunData, facility: str) -> Iterator[list[str]]:
    """Every minute where there are few, else what a line between needs; `all` where it is the only class."""
    table = run.wait_distribution
    own = table[(table["facility"] == facility) & table["survival_mean"].notna()].sort_values("wait_min", kind="stable")
    several = any(name != ALL for name in own["class"])
    groups = ((tuple(map(str, key)), rows) for key, rows in own.groupby(["variant", "class"], sort=False))
    curves = {key: rows for key, rows in groups if not several or key[1] != ALL}
    order = (run.variants, (*run.classes(facility), ALL))
    for variant, name in sorted(
        curves, key=lambda key: tuple(known.index(one) for known, one in zip(order, key, strict=True))
    ):
        rows = curves[variant, name][["wait_min", "survival_mean", "survival_low", "survival_high"]].to_numpy()
        step = max(1, len(rows) // 150)
        for at, values in enumerate(rows):
            if at % step == 0 or at == len(rows) - 1:
                yield [variant, name, *(digits(value) for value in values)]


def _class_scales(run: RunData, facility: str, classes: Sequence[str]) -> Spec:
    every = run.classes(facility)
    places = [every.index(name) if name in every else 0 for name in classes]
    labels = {name: words.class_words(name, every) for name in classes}
    legend = {**LEGEND, "labelExpr": f"({json.dumps(labels)})[datum.label]", "labelLimit": 260}
    colors, dashes = [style.look(place).color for place in places], [DASHES[place % len(DASHES)] for place in places]
    return {
        "color": {
            "field": "class",
            "type": "nominal",
            "scale": {"domain": list(classes), "range": colors},
            "legend": legend,
        },
        "strokeDash": {
            "field": "class",
            "type": "nominal",
            "scale": {"domain": list(classes), "range": dashes},
            "legend": legend,
        },
    }


# ---- how busy booths are ----------------------------------------------------------------------------------


def busy_chart(run: RunData, facility: str) -> Chart:
    """Utilisation of every station that has one, the baseline beside the variant chosen."""
    name, title = f"busy-{facility}", f"{facility}: how busy booths and bays are"
    rows = []
    names = run.stations(facility)
    for variant in run.variants:
        for station in names:
            found = run.estimate((variant, facility, station, ALL), "utilisation")
            if found is not None and math.isfinite(found.mean):
                rows.append([variant, station, *(digits(v) for v in (found.mean, found.low, found.high))])
    if not rows:
        return Chart(name, title, "No booth or bay was open, so there is no utilisation.")
    stations = list(dict.fromkeys(row[1] for row in rows))
    y = {"field": "station", "type": "nominal", "sort": stations, "title": None, "axis": {"labelLimit": 170}}
    x = {"field": "busy", **NUMBER, "title": "share of open time", "axis": {"format": "%"}, "scale": {"domain": [0, 1]}}
    offset = (
        {"yOffset": {"field": "role", "type": "nominal", "sort": [BASELINE, CHOSEN]}} if len(run.variants) > 1 else {}
    )
    tips = [*named("variant", "variant"), *named("station", "station")]
    tips.append({"field": "busy", **NUMBER, "title": "busy", "format": ".1%"})
    tips += intervals(run)
    bounds = {"x": {"field": "low", **NUMBER}, "x2": {"field": "high"}}
    layers: list[Spec] = [
        {"mark": {"type": "bar"}, "encoding": {"x": x, "y": y, **offset, **bars(run.variants), "tooltip": tips}},
        {
            "mark": {"type": "rule", "size": 2, "color": "black"},
            "encoding": {**bounds, "y": y, **offset, "tooltip": tips},
        },
    ]
    spec: Spec = {
        **head(),
        "params": variant_param(run.variants),
        "data": data(["variant", "station", "busy", "low", "high"], rows),
        "transform": [{"filter": OF_VARIANT}, role(), between("low", "high", ".1%")],
        "height": len(stations) * (26 if len(run.variants) == 1 else 44),
        "layer": layers,
    }
    said = "Busy over open time, mean over replications; blocked is not busy."
    return Chart(name, title, said + (f" Lines: {run.confidence} interval." if run.replications > 1 else ""), spec)
