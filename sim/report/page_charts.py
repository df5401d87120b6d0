"""Charts of one facility on the report page: the day, how long parties wait, how busy booths are."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sim.report import style, timeline, words
from sim.report.page_spec import (
    CHOSEN,
    DASHES,
    LEGEND,
    NUMBER,
    OF_VARIANT,
    ROLES,
    Chart,
    Spec,
    band,
    bars,
    between,
    class_labels,
    data,
    digits,
    head,
    lines,
    named,
    role,
    select,
    under_pointer,
    variant_param,
)  # fmt: skip
from sim.report.rundata import ALL, RunData, Scope
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 30_000
"""Points of the curves over the day on one page, shared by the facilities; it is these that make a page large."""
BAND_OF_DAYS, BAND_OF_MEAN = 0.18, 0.4
"""Opacity of the bands: how days differ, and where the mean lies."""


def facility_charts(run: RunData, facility: str) -> Iterator[Chart]:
    """The day, how long parties wait, and how busy booths are."""
    yield day_chart(run, facility)
    yield wait_chart(run, facility)
    yield busy_chart(run, facility)


# ---- the day ----------------------------------------------------------------------------------------------

_DAY = {"wait": "wait_mean", "queue": "queue_mean"}
_BOUNDS = {"": "mean", "_low": "ci_low", "_high": "ci_high", "_p10": "day_p10", "_p90": "day_p90"}
_ENDS = (("_p10", "_p90"), ("_low", "_high"))
_PANELS = (("wait", "Mean wait, min", 200), ("queue", "Parties in the queue", 170))


def day_chart(run: RunData, facility: str) -> Chart:
    """Wait and queue over the horizon with both bands, and open booths beneath; variant and class can be chosen."""
    name, title = f"day-{facility}", f"{facility}: wait and queue over {'the day' if run.horizon <= 1440.0 else 'time'}"
    classes = run.classes(facility)
    variants, chosen = _in_the_room(run, [ALL, *classes] if len(classes) > 1 else [ALL])
    rows = list(_day_rows(run, facility, variants, chosen))
    if not any(row[4] != "" or row[9] != "" for row in rows):
        return Chart(name, title, "Nobody joined in any time bin, so there is nothing to draw.")
    booths = list(_booth_rows(run, facility, variants))
    lanes = list(dict.fromkeys(row[1] for row in booths))
    columns = ["variant", "class", "minute", "clock", *(f"{short}{end}" for short in _DAY for end in _BOUNDS)]
    spec: Spec = {
        **head(),
        "params": [*variant_param(variants), *select("shown_class", "Class", chosen, class_labels(chosen, classes))],
        "data": data(columns, rows),
        "transform": [OF_VARIANT, "datum.class === shown_class"],
        "vconcat": [_day_panel(run, facility, *panel) for panel in _PANELS],
        "spacing": 16,
    }
    bounds = [between(f"{short}{low}", f"{short}{high}", ",.1f") for short in _DAY for low, high in _ENDS]
    spec["transform"] = [{"filter": text} for text in spec["transform"]] + [role(), *bounds]
    if lanes:
        spec["params"] += select("shown_lanes", "Booths of", lanes)
        spec["vconcat"].append(_booth_panel(run, facility, booths))
    said = _day_text(run, facility, booths=bool(lanes))
    if len(variants) < len(run.variants):
        said += f" Drawn are the first {words.counted(len(variants) - 1, 'variant')}."
    return Chart(name, title, said, spec)


def _in_the_room(run: RunData, classes: list[str]) -> tuple[list[str], list[str]]:
    """Variants and classes to draw: all; where that makes the page too large all parties only, then fewer variants."""
    curves = int(MOST_POINTS / len(run.facilities) / max(run.horizon / timeline.width(run), 1.0))
    variants = list(run.variants)
    if len(variants) * len(classes) <= curves:
        return variants, classes
    return variants[: max(2, curves)], [ALL]


def _day_text(run: RunData, facility: str, *, booths: bool) -> str:
    bands = (
        f" Dark bands: where the mean lies ({run.confidence} interval). Light bands: 8 days in 10."
        if run.replications > 1
        else " One replication: no bands."
    )
    standard = run.standard(facility)
    dotted = "" if standard is None else f" Dotted: the standard of {standard:g} min."
    beneath = " Beneath: open booths." if booths else ""
    mean = f"Mean of {words.counted(run.replications, 'replication')}, by {timeline.width_words(timeline.width(run))}"
    return f"{mean}; waits are those of parties that join then.{bands}{dotted}{beneath}"


def _day_rows(run: RunData, facility: str, variants: Sequence[str], classes: Sequence[str]) -> Iterator[list[str]]:
    wide = timeline.width(run)
    scopes = [(variant, facility, ALL, name) for variant in variants for name in classes]
    curves = _curves(run, facility, scopes, list(_DAY.values()))
    clocks: dict[float, str] = {}
    for scope in scopes:
        found: dict[float, dict[str, str]] = {}
        for short, measure in _DAY.items():
            table = curves.get((scope, measure))
            if table is None:
                continue
            for at, *values in zip(table["bin_start"], *(table[c] for c in _BOUNDS.values()), strict=True):
                row = found.setdefault(at, {})
                row |= {f"{short}{end}": digits(v) for end, v in zip(_BOUNDS, values, strict=True)}
        clocks |= _clocks(run, facility, [at for at in found if at not in clocks])
        for at in sorted(found):
            cells = (found[at].get(f"{short}{end}", "") for short in _DAY for end in _BOUNDS)
            yield [scope[0], scope[3], digits(at + wide / 2.0, 8), clocks[at], *cells]


def _clocks(run: RunData, facility: str, minutes: Sequence[float]) -> dict[float, str]:
    """When bins begin by the clock of the facility; the day is told where there are several."""
    form = "%H:%M" if run.horizon <= 1440.0 else "%a %d %b %Y %H:%M"
    return {at: f"{moment:{form}}" for at, moment in zip(minutes, run.moments(facility, minutes), strict=True)}


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


def _day_panel(run: RunData, facility: str, short: str, title: str, height: int) -> Spec:
    x = _time_axis(run, facility, labels=short != "wait")
    layers: list[Spec] = []
    if run.replications > 1:
        for ends, opacity in zip(_ENDS, (BAND_OF_DAYS, BAND_OF_MEAN), strict=True):
            low, high = (f"{short}{end}" for end in ends)
            roles = zip(ROLES["domain"], ROLES["range"], strict=True)
            layers += [band(f"datum.role === '{role}'", x, (low, high), color, opacity) for role, color in roles]
    y = {"field": short, **NUMBER, "title": None, "scale": {"zero": True}}
    layers.append({"mark": {"type": "line", "strokeWidth": 3}, "encoding": {"x": x, "y": y, **lines(run.variants)}})
    layers.append(under_pointer(f"near_{short}", {"x": x, "y": y}, _day_tooltip(run, short)))
    standard = run.standard(facility)
    if short == "wait" and standard is not None:
        rule: Spec = {
            "data": {"values": [{"standard": standard}]},
            "mark": {"type": "rule", "strokeDash": [3, 3], "size": 2},
        }
        layers.append(
            {**rule, "encoding": {"y": {"field": "standard", **NUMBER}, "tooltip": named("standard", "standard, min")}}
        )
    return {"title": _panel_title(title), "height": height, "layer": layers}


def _panel_title(text: str) -> Spec:
    return {"text": text, "anchor": "start", "fontSize": 15}


def _day_tooltip(run: RunData, short: str) -> list[Spec]:
    unit = ", min" if short == "wait" else ""
    mean: Spec = {"field": short, **NUMBER, "title": f"mean{unit}", "format": ",.1f"}
    tips = [*named("clock", "from"), *named("variant", "variant"), mean]
    if run.replications > 1:
        tips += [*named(f"{short}_low_to", f"{run.confidence} interval"), *named(f"{short}_p10_to", "8 days in 10")]
    return tips


def _booth_panel(run: RunData, facility: str, rows: Sequence[Sequence[str]]) -> Spec:
    x = _time_axis(run, facility, labels=True)
    y = {"field": "open", **NUMBER, "title": None, "axis": {"tickMinStep": 1}, "scale": {"zero": True}}
    line = {"type": "line", "interpolate": "step-after", "strokeWidth": 3}
    return {
        "title": _panel_title("Open booths"),
        "height": 90,
        "data": data(["variant", "station", "minute", "open"], rows),
        "transform": [{"filter": OF_VARIANT}, {"filter": "datum.station === shown_lanes"}, role()],
        "layer": [{"mark": line, "encoding": {"x": x, "y": y, **lines(run.variants)}}],
    }


def _time_axis(run: RunData, facility: str, *, labels: bool) -> Spec:
    """Minutes on the axis at round clock times, as the figures have them."""
    ticks = style.clock_ticks(run.start, run.horizon, zone=run.zone(facility))
    said = {f"{minute:.10g}": label.split("\n") for minute, label in ticks}
    label = f"({json.dumps(said)})[toString(datum.value)]"
    axis = {"values": [minute for minute, _ in ticks], "labels": labels, "labelExpr": label, "title": None}
    return {"field": "minute", **NUMBER, "scale": {"domain": [0, run.horizon], "nice": False}, "axis": axis}


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
    tips += named("low_to", f"{run.confidence} interval") if run.replications > 1 else []
    layers.append(under_pointer("near", {"x": x, "y": y}, tips, plane=True))
    standard = run.standard(facility)
    said = "Share of parties that wait longer than so many minutes, by class."
    if standard is not None:
        at = {"x": {"field": "standard", **NUMBER}, "tooltip": named("standard", "standard, min")}
        rule = {"type": "rule", "strokeDash": [3, 3], "size": 2}
        layers.append({"data": {"values": [{"standard": standard}]}, "mark": rule, "encoding": at})
        said += f" Dotted: the standard of {standard:g} min."
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
    tips += named("low_to", f"{run.confidence} interval") if run.replications > 1 else []
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
