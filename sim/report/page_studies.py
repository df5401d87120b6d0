"""Charts of the report page that only some runs have: hour and weekday, sweeps, and what service booth-hours buy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.report import style, words
from sim.report.figures_forest import compared_of
from sim.report.figures_heat import heat_rows, heat_why_not
from sim.report.figures_sweep import (
    as_numbers,
    frontier_rows,
    frontier_why_not,
    paths_of,
    short_path,
    sweep_rows,
    sweeps,
)  # fmt: skip
from sim.report.page_spec import NUMBER, Chart, Spec, between, data, digits, head, intervals, named, select
from sim.report.rundata import RunData

_SPACED = {"zero": False, "padding": 20}


def study_charts(run: RunData, facility: str) -> Iterator[Chart]:
    """Those the run has."""
    if not heat_why_not(run, facility):
        yield heat_chart(run, facility)
    for sweep in sweeps(run):
        for path in paths_of(run, sweep):
            if chart := sweep_chart(run, facility, sweep, path):
                yield chart
    if not frontier_why_not(run, facility):
        yield frontier_chart(run, facility)


def heat_chart(run: RunData, facility: str) -> Chart:
    """The baseline's mean wait by hour and weekday, as cells."""
    found = heat_rows(run, facility)
    names = ["weekday", "hour", "mean", "ci_low", "ci_high"]
    table = zip(*(found[name] for name in names), strict=True)
    rows = [[str(day), str(hour), *(digits(value) for value in values)] for day, hour, *values in table]
    days = list(dict.fromkeys(row[0] for row in rows))
    color = {"field": "mean", **NUMBER, "title": "min", "scale": {"scheme": "cividis", "reverse": True, "domainMin": 0}}
    tips = [*named("weekday", "weekday"), {"field": "hour", **NUMBER, "title": "hour from"}]
    tips.append({"field": "mean", **NUMBER, "title": "mean wait, min", "format": ",.1f"})
    tips += intervals(run, "ci_low_to")
    spec: Spec = {
        **head(),
        "data": data(names, rows),
        "transform": [{"filter": "isValid(datum.mean)"}, between("ci_low", "ci_high", ",.1f")],
        "height": 34 * len(days),
        "mark": {"type": "rect"},
        "encoding": {
            "x": {"field": "hour", "type": "ordinal", "title": "hour of the day", "axis": {"labelAngle": 0}},
            "y": {"field": "weekday", "type": "ordinal", "sort": days, "title": None},
            "color": color,
            "tooltip": tips,
        },
    }
    said = "Mean wait of those who join in that hour, by the clock of the facility; an empty cell: nobody joined."
    return Chart(f"heat-{facility}", f"{facility}: waits by hour and weekday", said, spec)


def sweep_chart(run: RunData, facility: str, sweep: str, path: str) -> Chart | None:
    """A measure against the values of one path of a sweep, with intervals; None where the run has no such measure."""
    rows: list[list[str]] = []
    for measure in compared_of(run, facility):
        found = sweep_rows(run, facility, sweep, measure)
        found = found[found["mean"].notna()]
        if found.empty:
            continue
        unit = str(found["unit"].iloc[0])
        title = f"{words.measure_words(measure)}, {'%' if unit == 'share' else unit}"
        texts = [str(text) for text in found[path]]
        numbers = zip(*(words.scale(unit) * found[name] for name in ("mean", "ci_low", "ci_high")), strict=True)
        for variant, text, at, values in zip(found["variant"], texts, as_numbers(texts)[0], numbers, strict=True):
            rows.append([title, str(variant), text, digits(at), *(digits(value) for value in values)])
    if not rows:
        return None
    measures = list(dict.fromkeys(row[0] for row in rows))
    places = {row[3]: row[2] for row in sorted(rows, key=lambda row: float(row[3]))}
    worded = _are_words(list(places.values()))
    x: Spec = {"field": "at", **NUMBER, "title": short_path(path, facility), "scale": _SPACED, "axis": {"tickCount": 8}}
    if worded:
        x |= {"field": "along", "type": "nominal", "sort": list(places.values()), "axis": {"labelAngle": 0}}
        x.pop("scale")
    spec: Spec = {
        **head(),
        "params": select("shown_measure", "Measure", measures),
        "data": data(["measure", "variant", "along", "at", "mean", "low", "high"], rows),
        "transform": [{"filter": "datum.measure === shown_measure"}, between("low", "high", ",.2f")],
        "height": 280,
        "layer": _points(run, x, named("along", "value")),
    }
    said = f"One point for each variant of the sweep. Lines: {run.confidence} interval of the mean."
    if len(paths_of(run, sweep)) > 1:
        said += " The sweep varies other values too, so points of one value differ."
    ending = "" if len(paths_of(run, sweep)) == 1 else f", {short_path(path, facility)}"
    name = f"sweep-{sweep}-{facility}" + ("" if not ending else f"-{short_path(path, facility)}")
    return Chart(name, f"{facility}: sweep {sweep}{ending}", said, spec)


def _are_words(texts: Sequence[str]) -> bool:
    """Values that are no numbers of one unit, which `as_numbers` places in order of mention."""
    numbers, _ = as_numbers(texts)
    return numbers == [float(at) for at in range(len(texts))] and not texts[0][:1].isdigit()


def frontier_chart(run: RunData, facility: str) -> Chart:
    """Every variant by what it takes and what it achieves; those that none beats for as little are marked."""
    found = frontier_rows(run, facility)
    measure, unit = str(found["measure"].iloc[0]), str(found["unit"].iloc[0])
    price = str(found["price_measure"].iloc[0]).replace("_", "-")
    numbers = zip(*(words.scale(unit) * found[name] for name in ("mean", "ci_low", "ci_high")), strict=True)
    told = zip(found["variant"], found["frontier"], found["price"], numbers, strict=True)
    rows = [[str(name), str(best), digits(at), *(digits(v) for v in values)] for name, best, at, values in told]
    shown = {"domain": ["yes", "no"], "range": [style.look(0).color, "#767676"]}
    legend = {"title": "on the frontier", "orient": "top", "symbolSize": 160}
    color = {"color": {"field": "frontier", "type": "nominal", "scale": shown, "legend": legend}}
    shapes = {"domain": ["yes", "no"], "range": ["circle", "triangle-up"]}
    shape = {"shape": {"field": "frontier", "type": "nominal", "scale": shapes, "legend": legend}}
    x = {"field": "at", **NUMBER, "title": price, "scale": _SPACED, "axis": {"tickCount": 8}}
    tips = [{"field": "at", **NUMBER, "title": price, "format": ",.1f"}]
    title = f"{words.measure_words(measure)}, {'%' if unit == 'share' else unit}"
    spec: Spec = {
        **head(),
        "data": data(["variant", "frontier", "at", "mean", "low", "high"], rows),
        "transform": [between("low", "high", ",.2f")],
        "height": 300,
        "layer": _points(run, x, tips, {**color, **shape}, title),
    }
    said = (
        f"What each variant achieves ({title}) against the {price} it takes. On the frontier are those that none beats "
        f"for as little. Lines: {run.confidence} interval of the mean."
    )
    return Chart(f"frontier-{facility}", f"{facility}: what service {price} buy", said, spec)


def _points(run: RunData, x: Spec, more: list[Spec], looks: Spec | None = None, title: str | None = None) -> list[Spec]:
    """Points with their intervals, and what is said under the pointer."""
    tips = [*named("variant", "variant"), *more, {"field": "mean", **NUMBER, "title": "mean", "format": ",.2f"}]
    tips += intervals(run)
    y = {"field": "mean", **NUMBER, "title": title, "scale": {"zero": True, "domainMin": 0}, "axis": {"tickCount": 6}}
    bounds = {"y": {"field": "low", **NUMBER}, "y2": {"field": "high"}}
    mark: Spec = {"type": "point", "filled": True, "size": 170, "opacity": 1}
    return [
        {"mark": {"type": "rule", "size": 2, "color": "#767676"}, "encoding": {"x": x, **bounds, "tooltip": tips}},
        {
            "mark": mark if looks else {**mark, "color": style.look(0).color},
            "encoding": {"x": x, "y": y, "tooltip": tips, **(looks or {})},
        },
    ]
