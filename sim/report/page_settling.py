"""Charts of the report page on how a run settles: with more replications, and over time where it has a steady state."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, words
from sim.report.curves import column
from sim.report.figures_convergence import convergence_rows, convergence_why_not, usual_measures
from sim.report.figures_warmup import QUEUE, TITLES, WAIT, WarmUp, sentences, series_rows, warm_up, windows
from sim.report.page_spec import (
    DASHES,
    LEGEND,
    NUMBER,
    Chart,
    Spec,
    band,
    between,
    data,
    digits,
    head,
    named,
    select,
    under_pointer,
)
from sim.report.page_time import BAND_OF_MEAN, panel_title
from sim.report.rundata import RunData
from sim.scenario.vocabulary import BASELINE
from sim.study.steady import BATCH, LEAST_BATCHES, why_not

if TYPE_CHECKING:
    import pandas as pd

MOST_DRAWN = 700
"""Points of a curve: of more replications, or of a longer series, every so many and the last."""


def settling_charts(run: RunData, facility: str) -> Iterator[Chart]:
    """Those the run has."""
    if not convergence_why_not(run, facility) and (chart := convergence_chart(run, facility)):
        yield chart
    if settles(run):
        rows = series_rows(run, facility, BASELINE)
        if len(rows) >= BATCH * LEAST_BATCHES:
            yield welch_chart(run, facility, rows)


def settles(run: RunData) -> bool:
    """True for a run whose baseline has a steady state, so that there is a start to leave out."""
    scenario = run.scenario_of(BASELINE)
    return scenario is not None and not any(True for _ in why_not(scenario))


# ---- with more replications -------------------------------------------------------------------------------


def convergence_chart(run: RunData, facility: str) -> Chart | None:
    """The mean after 1, 2, ... replications with its interval; None where nobody came."""
    found = convergence_rows(run, facility, usual_measures(run, facility))
    rows: list[list[str]] = []
    tops: dict[str, float] = {}
    for (measure, unit), own in found.groupby(["measure", "unit"], sort=False) if len(found) else ():
        title = f"{words.measure_words(str(measure))}, {words.unit_words(str(unit))}"
        kept, factor = own.iloc[_thinned(len(own))], words.scale(str(unit))
        numbers = zip(*(factor * column(kept, each) for each in _CONVERGED), strict=True)
        for count, values in zip(kept["replications"], numbers, strict=True):
            rows.append([title, str(count), *(digits(value) for value in values)])
        tops[title] = _top(own, factor)
    if not rows:
        return None
    measures = list(tops)
    x = {"field": "replications", **NUMBER, "title": "replications", "axis": {"tickMinStep": 1}}
    y: Spec = {"title": None, **NUMBER, "scale": {"domainMin": 0}}
    color = style.look(0).color
    tips: list[Spec] = [{"field": "replications", **NUMBER, "title": "replications"}]
    tips += [{"field": "mean", **NUMBER, "title": "mean of all so far", "format": ",.2f"}]
    tips += [*named("low_to", f"{run.confidence} interval"), {"field": "value", **NUMBER, "title": "this one alone"}]
    top = " : ".join(f"datum.measure === {json.dumps(each)} ? {tops[each]:.6g}" for each in measures) + " : 0"
    cut = {"calculate": f"min(datum.high, {top})", "as": "high_drawn"}
    points = {"type": "point", "filled": True, "size": 40, "color": "#333333", "opacity": 0.8}
    spec: Spec = {
        **head(),
        "params": select("shown_measure", "Measure", measures),
        "data": data(["measure", "replications", "value", "mean", "low", "high"], rows),
        "transform": [{"filter": "datum.measure === shown_measure"}, between("low", "high", ",.2f"), cut],
        "height": 240,
        "layer": [
            band("isValid(datum.low)", x, ("low", "high_drawn"), color, BAND_OF_MEAN),
            {"mark": points, "encoding": {"x": x, "y": {**y, "field": "value"}}},
            {
                "mark": {"type": "line", "strokeWidth": 3, "color": color},
                "encoding": {"x": x, "y": {**y, "field": "mean"}},
            },
            under_pointer("near", {"x": x, "y": {**y, "field": "mean"}}, tips),
        ],
    }
    said = (
        f"Line: the mean of the baseline after so many replications; band: its {run.confidence} interval, cut where it "
        "is very wide; points: each replication. A line that still climbs, or a band wider than the question "
        "allows, asks for more replications."
    )
    if len(found) / len(measures) > MOST_DRAWN:
        said += f" Drawn are {MOST_DRAWN} of them."
    return Chart(f"convergence-{facility}", f"{facility}: are there enough replications?", said, spec)


_CONVERGED = ("value", "mean", "ci_low", "ci_high")


def _top(rows: pd.DataFrame, factor: float) -> float:
    """Where the band is cut: above every replication, and above the intervals from the fifth on."""
    high, value = factor * column(rows, "ci_high"), factor * column(rows, "value")
    settled = high[min(4, len(high) - 1) :]
    ends = [each.max() for each in (value[np.isfinite(value)], settled[np.isfinite(settled)]) if each.size]
    return 1.05 * float(max(ends, default=0.0))


def _thinned(count: int) -> list[int]:
    """Places of at most MOST_DRAWN of so many rows, with the first and the last."""
    return [round(place) for place in np.linspace(0, count - 1, min(count, MOST_DRAWN))]


# ---- over time --------------------------------------------------------------------------------------------


def welch_chart(run: RunData, facility: str, table: pd.DataFrame) -> Chart:
    """Queue and wait by time bin with Welch's moving averages, and in grey what MSER-5 leaves out."""
    found = warm_up(run, facility)
    starts = column(table, "bin_start")
    hours = (starts + (starts[1] - starts[0]) / 2.0) / 60.0
    names = {"by time bin": ""}
    for window in windows(len(table)):
        names[f"moving average over {words.counted(2 * window + 1, 'bin')}"] = f"_moving_{window}"
    kept = _thinned(len(table))
    rows = [
        [name, digits(hours[at], 8), *(digits(table[f"{measure}{end}"].iloc[at]) for measure in (QUEUE, WAIT))]
        for name, end in names.items()
        for at in kept
    ]
    looks = ["#9A9A9A", *(style.look(place).color for place in range(len(names) - 1))]
    spec: Spec = {
        **head(),
        "data": data(["line", "hours", QUEUE, WAIT], rows),
        "vconcat": [_welch_panel(measure, list(names), looks, found) for measure in (QUEUE, WAIT)],
        "spacing": 16,
    }
    said = [
        f"Grey: each time bin, mean of {words.counted(run.replications, 'replication')}; over it moving averages.",
        *(f"{line}." for line in sentences([found])),
    ]
    if found.settled and found.minutes:
        said.append("Shaded: what is to be left out.")
    return Chart(f"welch-{facility}", f"{facility}: how long the start takes", " ".join(said), spec)


def _welch_panel(measure: str, names: list[str], looks: list[str], found: WarmUp) -> Spec:
    x: Spec = {"field": "hours", **NUMBER, "scale": {"domain": [0, found.horizon / 60.0], "nice": False}}
    x["title"] = "hours from the start" if measure == WAIT else None
    y = {"field": measure, **NUMBER, "title": None, "scale": {"zero": True}}
    scale = {"field": "line", "type": "nominal", "legend": {**LEGEND, "labelExpr": "datum.label"}}
    look = {
        "color": {**scale, "scale": {"domain": names, "range": looks}},
        "strokeDash": {**scale, "scale": {"domain": names, "range": [[1, 0], *DASHES[: len(names) - 1]]}},
    }
    tips = [*named("line", "curve"), {"field": "hours", **NUMBER, "title": "hours from the start", "format": ",.2f"}]
    tips += [{"field": measure, **NUMBER, "title": TITLES[measure], "format": ",.2f"}]
    layers: list[Spec] = []
    if found.settled and found.minutes:
        shade = {"values": [{"from": 0.0, "hours": found.minutes / 60.0}]}
        ends = {"x": {"field": "from", **NUMBER}, "x2": {"field": "hours"}}
        layers.append({"data": shade, "mark": {"type": "rect", "color": "black", "opacity": 0.1}, "encoding": ends})
    layers += [
        {"mark": {"type": "line", "strokeWidth": 2}, "encoding": {"x": x, "y": y, **look}},
        under_pointer(f"near_{measure}", {"x": x, "y": y}, tips, plane=True),
    ]
    return {"title": panel_title(TITLES[measure]), "height": 170, "layer": layers}
