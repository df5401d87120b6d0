"""Charts over time on the report page: panels that stand above one another on one clock, with their bands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from sim.report import style, timeline, words
from sim.report.page_spec import (
    NUMBER,
    OF_VARIANT,
    ROLES,
    Chart,
    Spec,
    band,
    between,
    data,
    digits,
    head,
    intervals,
    lines,
    named,
    role,
    under_pointer,
    variant_param,
)
from sim.report.rundata import RunData

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 30_000
"""Points of the curves over the day on one page, shared by the facilities; it is these that make a page large."""
BAND_OF_DAYS, BAND_OF_MEAN = 0.18, 0.4
"""Opacity of the bands: how days differ, and where the mean lies."""
BOUNDS = {"": "mean", "_low": "ci_low", "_high": "ci_high", "_p10": "day_p10", "_p90": "day_p90"}
"""Columns of the data by their ending, and the columns of the result files they come from."""
ENDS = (("_p10", "_p90"), ("_low", "_high"))
REACH = 2.0
"""An interval is drawn up to so many times the most of all means and days."""
AT_LEAST_ONE: Spec = {"mark": {"type": "rule", "opacity": 0}, "encoding": {"y": {"datum": 1, **NUMBER}}}
"""Nothing seen, but the axis reaches to 1: below one minute or one party there is nothing to plan for."""
STANDARD_DASH = [3, 3]


@dataclass(frozen=True)
class Panel:
    """One panel: a curve for the baseline and one for the variant chosen."""

    short: str
    """The column of its mean; its bands have the endings of `BOUNDS`."""
    title: str
    height: int
    unit: str = ""
    """What follows `mean` under the pointer, as in `, min`."""
    bands: bool = True
    steps: bool = False
    """Drawn as steps, a step a bin."""
    more: tuple[Spec, ...] = ()
    """Layers drawn over it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What it needs in the data."""
        return tuple(f"{self.short}{end}" for end in BOUNDS) if self.bands else (self.short,)


def time_chart(
    run: RunData,
    facility: str,
    name: str,
    titles: tuple[str, str],
    panels: Sequence[Panel],
    rows: Sequence[Sequence[str]],
    more: Sequence[Spec] = (),
) -> Chart:
    """Panels above one another; `titles` are the title and what is said, `rows` as of `variant_rows`.

    `more` are further panels with data of their own; the last panel has the clock.
    """
    title, said = titles
    variants = list(dict.fromkeys(row[0] for row in rows))
    if len(variants) < len(run.variants):
        said += f" Drawn are the first {words.counted(len(variants) - 1, 'variant')}."
    last = len(panels) - 1 if not more else -1
    spec: Spec = {
        **head(),
        "params": variant_param(variants),
        "data": data(["variant", "minute", "clock", *(c for panel in panels for c in panel.columns)], rows),
        "transform": [{"filter": OF_VARIANT}, role(), *bounds(panels)],
        "vconcat": [
            *(drawn(run, facility, panel, labels=place == last) for place, panel in enumerate(panels)),
            *more,
        ],
        "spacing": 16,
    }
    return Chart(name, title, said, spec)


def bounds(panels: Sequence[Panel]) -> list[Spec]:
    """Both ends of each band as one text."""
    ends = [(f"{panel.short}{low}", f"{panel.short}{high}") for panel in panels if panel.bands for low, high in ENDS]
    return [between(low, high, ",.1f") for low, high in ends]


def drawn(run: RunData, facility: str, panel: Panel, *, labels: bool) -> Spec:
    """The specification of a panel; the lowest alone has labels on its axis."""
    x = time_axis(run, facility, labels=labels)
    layers: list[Spec] = []
    if panel.bands and run.replications > 1:
        for ends, opacity in ((("_p10", "_p90"), BAND_OF_DAYS), (("_low_drawn", "_high_drawn"), BAND_OF_MEAN)):
            low, high = (f"{panel.short}{end}" for end in ends)
            roles = zip(ROLES["domain"], ROLES["range"], strict=True)
            layers += [band(f"datum.role === '{role}'", x, (low, high), color, opacity) for role, color in roles]
    y = {"field": panel.short, **NUMBER, "title": None, "scale": {"domainMin": 0}, "axis": {"tickCount": 5}}
    layers.append(AT_LEAST_ONE)
    line: Spec = {"type": "line", "strokeWidth": 3, **({"interpolate": "step"} if panel.steps else {})}
    layers.append({"mark": line, "encoding": {"x": x, "y": y, **lines(run.variants)}})
    layers.append(under_pointer(f"near_{panel.short}", {"x": x, "y": y}, _tooltip(run, panel)))
    own: Spec = {"title": panel_title(panel.title), "height": panel.height, "layer": [*layers, *panel.more]}
    return {**own, "transform": _within_reach(panel.short)} if panel.bands else own


def _within_reach(short: str) -> list[Spec]:
    """The interval of the mean as drawn: where few replications met a bin, no wider than lets the rest be read."""
    most = [{"op": "max", "field": f"{short}{end}", "as": f"{short}{end}_most"} for end in ("", "_p90")]
    top = f"{REACH} * max(datum.{short}_most, datum.{short}_p90_most)"
    return [
        {"joinaggregate": most},
        {"calculate": f"isValid(datum.{short}_low) ? max(datum.{short}_low, 0) : null", "as": f"{short}_low_drawn"},
        {"calculate": f"min(datum.{short}_high, {top})", "as": f"{short}_high_drawn"},
    ]


def _tooltip(run: RunData, panel: Panel) -> list[Spec]:
    mean: Spec = {"field": panel.short, **NUMBER, "title": f"mean{panel.unit}", "format": ",.1f"}
    tips = [*named("clock", "from"), *named("variant", "variant"), mean]
    if panel.bands and run.replications > 1:
        tips += [
            *intervals(run, f"{panel.short}_low_to"),
            *named(f"{panel.short}_p10_to", words.eight_in_ten(run.horizon)),
        ]
    return tips


def panel_title(text: str) -> Spec:
    """The title of a panel, at its left."""
    return {"text": text, "anchor": "start", "fontSize": 15}


def time_axis(run: RunData, facility: str, *, labels: bool) -> Spec:
    """Minutes on the axis at round clock times, as the figures have them."""
    ticks = style.clock_ticks(run.start, run.horizon, zone=run.zone(facility))
    said = {f"{minute:.10g}": label.split("\n") for minute, label in ticks}
    label = f"({json.dumps(said)})[toString(datum.value)]"
    axis = {"values": [minute for minute, _ in ticks], "labels": labels, "labelExpr": label, "title": None}
    return {"field": "minute", **NUMBER, "scale": {"domain": [0, run.horizon], "nice": False}, "axis": axis}


# ---- rows -------------------------------------------------------------------------------------------------


def in_the_room(run: RunData, curves: int = 1) -> tuple[str, ...]:
    """Variants of which so many curves can be drawn; where all make the page too large the first, at least two."""
    return run.variants[: max(2, room(run) // curves)]


def room(run: RunData) -> int:
    """How many curves of a facility the page has room for."""
    return int(MOST_POINTS / len(run.facilities) / max(run.horizon / timeline.width(run), 1.0))


def variant_rows(
    run: RunData, facility: str, panels: Sequence[Panel], tables: Mapping[str, Mapping[str, pd.DataFrame]]
) -> list[list[str]]:
    """variant, minute, clock, and the columns of the panels, from the rows of each panel's curve by variant."""
    clocks: dict[float, str] = {}
    return [
        [variant, *cells]
        for variant, curves in tables.items()
        for cells in merged_rows(run, facility, panels, curves, clocks)
    ]


def of_panels(panels: Sequence[Panel], measures: Sequence[str], rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each panel's measure, for `variant_rows`."""
    by = zip(panels, measures, strict=True)
    return {panel.short: rows[rows["measure"] == measure] for panel, measure in by}


def merged_rows(
    run: RunData,
    facility: str,
    panels: Sequence[Panel],
    curves: Mapping[str, pd.DataFrame],
    clocks: dict[float, str],
) -> Iterator[list[str]]:
    """minute (middle of the bin), clock, and the columns of the panels by bin; `clocks` are those known already."""
    wide = timeline.width(run)
    found: dict[float, dict[str, str]] = {}
    for panel in panels:
        table = curves.get(panel.short)
        if table is None or table.empty:
            continue
        sources = zip(panel.columns, BOUNDS.values(), strict=False)  # a panel without bands has the mean alone
        columns = {name: table[source] for name, source in sources}
        for at, *values in zip(table["bin_start"], *columns.values(), strict=True):
            row = found.setdefault(at, {})
            row |= {name: digits(value) for name, value in zip(columns, values, strict=True)}
    clocks |= clock_words(run, facility, [at for at in found if at not in clocks])
    for at in sorted(found):
        cells = (found[at].get(column, "") for panel in panels for column in panel.columns)
        yield [digits(at + wide / 2.0, 8), clocks[at], *cells]


def clock_words(run: RunData, facility: str, minutes: Sequence[float]) -> dict[float, str]:
    """When bins begin by the clock of the facility; the day is told where there are several."""
    form = "%H:%M" if run.horizon <= 1440.0 else "%a %d %b %Y %H:%M"
    return {at: f"{moment:{form}}" for at, moment in zip(minutes, run.moments(facility, minutes), strict=True)}


def level_steps(steps: Sequence[tuple[float, float]], until: float, title: str, form: str = ",.4g") -> Spec:
    """A dotted line over steps of (minute, level), each until the next; `title` under the pointer."""
    rows = [
        {"minute": at, "until": later, "level": level}
        for (at, level), (later, _) in zip(steps, [*steps[1:], (until, 0.0)], strict=True)
    ]
    joined = [
        {"minute": later["minute"], "level": before["level"], "to": later["level"]}
        for before, later in pairwise(rows)
        if before["level"] != later["level"]
    ]
    mark = {"type": "rule", "strokeDash": STANDARD_DASH, "size": 2}
    tips = [{"field": "level", **NUMBER, "title": title, "format": form}]
    x, y = {"field": "minute", **NUMBER}, {"field": "level", **NUMBER}
    flat: Spec = {
        "data": {"values": rows},
        "mark": mark,
        "encoding": {"x": x, "x2": {"field": "until"}, "y": y, "tooltip": tips},
    }
    if not joined:
        return flat
    upright = {"data": {"values": joined}, "mark": mark, "encoding": {"x": x, "y": y, "y2": {"field": "to"}}}
    return {"layer": [flat, upright]}


def bands_words(run: RunData) -> str:
    """What the bands are, as a sentence of a chart's text."""
    if run.replications < 2:
        return "One replication: no bands."
    return (
        f"Dark bands: where the mean lies ({run.confidence} interval, cut where very wide). "
        f"Light bands: {words.eight_in_ten(run.horizon)}."
    )
