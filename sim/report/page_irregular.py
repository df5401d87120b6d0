"""Charts of an irregular flow on the report page: stages, places, who came and what drives it, true flow and seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.report import style, words
from sim.report.curves import column
from sim.report.figures_irregular import (
    CAME,
    LABELS,
    MET,
    OVERFLOW,
    PLACES,
    drivers_rows,
    eight_in_ten,
    factor_words,
    moments,
    places_of,
    places_rows,
    true_flow_rows,
)
from sim.report.figures_stages import plot_stages, stage_rows
from sim.report.flows import decides
from sim.report.page_pictures import embedded
from sim.report.page_spec import (
    NUMBER,
    OF_VARIANT,
    Chart,
    Spec,
    data,
    digits,
    head,
    lines,
    named,
    role,
    select,
)  # fmt: skip
from sim.report.page_tables import MOST_TABLES, Column, PageTable, number, text
from sim.report.page_time import (
    STANDARD_DASH,
    Panel,
    bands_words,
    in_the_room,
    level_steps,
    of_panels,
    panel_title,
    time_axis,
    time_chart,
    variant_rows,
)
from sim.report.rundata import RunData
from sim.scenario.vocabulary import BASELINE


def irregular_charts(run: RunData, facility: str) -> Iterator[Chart]:
    """Those the flow has; none of a facility that is no irregular flow."""
    if not decides(run, facility):
        return
    yield stages_chart(run, facility)
    if chart := places_chart(run, facility):
        yield chart
    yield drivers_chart(run, facility)
    if chart := true_flow_chart(run, facility):
        yield chart


# ---- from the border to a decision ------------------------------------------------------------------------


def stages_chart(run: RunData, facility: str) -> Chart:
    """The stages of the baseline as a picture, and those of every variant as a table."""
    title = f"{facility}: from the border to a decision"
    variants = run.variants if len(run.variants) <= MOST_TABLES else (BASELINE,)
    rows = []
    for variant in variants:
        for each in stage_rows(run, facility, variant=variant).to_dict("records"):
            cells = (text(variant), text(each["stage"]), text(each["of"] or words.BLANK))
            rows.append((*cells, number(each["persons"]), number(each["share"], 1, "share")))
    numbers = (Column("persons", numeric=True), Column("share of those who came, %", numeric=True))
    columns = (Column("variant"), Column("stage"), Column("out of"), *numbers)
    table = PageTable(f"stages-{facility}", f"{facility}: persons by stage", columns, tuple(rows))
    whose = " It is the baseline; the table has the variants too." if len(run.variants) > 1 else ""
    said = f"How many came, were seen, were met, and what was decided. Heights are means of the run.{whose}"
    if not any(number_ > 0.5 for number_ in stage_rows(run, facility)["persons"]):
        return Chart(f"stages-{facility}", title, "Nobody came.", table=table)
    return Chart(f"stages-{facility}", title, said, picture=embedded(plot_stages(run, facility)), table=table)


# ---- places of intake -------------------------------------------------------------------------------------


def places_chart(run: RunData, facility: str) -> Chart | None:
    """Persons in places of intake against how many there are, and those who found none; None without places."""
    capacity = places_of(run, facility)
    most = () if capacity is None else (level_steps([(0.0, float(capacity))], run.horizon, "places"),)
    panels = (
        Panel("places", f"Persons {LABELS[PLACES]}", 190, more=most),
        Panel("without", f"Persons {LABELS[OVERFLOW]}", 120),
    )
    tables = {}
    for variant in in_the_room(run):
        found = places_rows(run, facility, variant=variant)
        tables[variant] = of_panels(panels, (PLACES, OVERFLOW), found)
    rows = variant_rows(run, facility, panels, tables)
    if not rows:
        return None
    said = f"Mean over time. {bands_words(run)}"
    if capacity is not None:
        said += f" Dotted: the {words.counted(capacity, 'place')} of the baseline."
    title = f"{facility}: places of intake"
    return time_chart(run, facility, f"places-{facility}", (title, said), panels, rows)


# ---- who came, and what drives it -------------------------------------------------------------------------


def drivers_chart(run: RunData, facility: str) -> Chart:
    """Who came and who was met a day, with the drivers and the changes of rule, and the factor on demand beneath."""
    named_ = moments(run, facility)
    panels: tuple[Panel, ...] = (
        Panel("came", "Persons who came, a day", 210, more=tuple(_names(run, named_))),
        Panel("met", "Persons met by a unit, a day", 130, more=tuple(_uprights(named_))),
    )
    tables, factors = {}, list[list[str]]()
    for variant in in_the_room(run):
        found = drivers_rows(run, facility, variant=variant)
        tables[variant] = of_panels(panels, (CAME, MET), found)
        beneath = found[found["measure"] == "factor"]
        factors += _factor_rows(run, variant, column(beneath, "bin_start"), column(beneath, "mean"))
    rows = variant_rows(run, facility, panels, tables)
    if not any(len(curves["met"]) for curves in tables.values()):  # a flow at a port: nobody is looked for
        panels, rows = panels[:1], [row[: 3 + len(panels[0].columns)] for row in rows]
    more = [_factor_panel(run, facility, factors, named_)] if factors else []
    said = f"Persons a day. {bands_words(run)}"
    if named_:
        said += f" Dotted: {'; '.join(f'{name} from {_date(run, facility, at)}' for at, name in named_)}."
    if factors:
        said += f" Beneath: the factor on demand, of {factor_words(run, facility)}."
    title = f"{facility}: who came, and what drives it"
    return time_chart(run, facility, f"drivers-{facility}", (title, said), panels, rows, more)


def _date(run: RunData, facility: str, at: float) -> str:
    (moment,) = run.moments(facility, (at,))
    return f"{moment.day} {moment:%B %Y}"


def _factor_rows(run: RunData, variant: str, at: np.ndarray, level: np.ndarray) -> Iterator[list[str]]:
    """The factor where it changes by what can be seen, and at the end."""
    last = np.nan
    for minute, value in zip(at, level, strict=True):
        if digits(value, 4) != digits(last, 4):
            yield [variant, digits(minute, 8), digits(value, 4)]
            last = value
    if len(at):
        yield [variant, digits(run.horizon, 8), digits(last, 4)]


def _uprights(named_: list[tuple[float, str]]) -> Iterator[Spec]:
    """Upright lines, with their names under the pointer."""
    if named_:
        yield {
            "data": {"values": [{"minute": at, "name": name} for at, name in named_]},
            "mark": {"type": "rule", "strokeDash": STANDARD_DASH, "size": 2},
            "encoding": {"x": {"field": "minute", **NUMBER}, "tooltip": named("name", "from here")},
        }


def _names(run: RunData, named_: list[tuple[float, str]]) -> Iterator[Spec]:
    """Upright lines with their names beside them, one under the other."""
    yield from _uprights(named_)
    for row, (at, name) in enumerate(named_):
        late = at > 0.6 * run.horizon
        mark = {"type": "text", "align": "right" if late else "left", "dx": -6 if late else 6, "fontSize": 13}
        yield {
            "data": {"values": [{"minute": at, "name": name}]},
            "mark": {**mark, "baseline": "top", "y": 2 + 16 * (row % 4)},
            "encoding": {"x": {"field": "minute", **NUMBER}, "text": {"field": "name", "type": "nominal"}},
        }


def _factor_panel(run: RunData, facility: str, rows: list[list[str]], named_: list[tuple[float, str]]) -> Spec:
    x = time_axis(run, facility, labels=True)
    y = {"field": "factor", **NUMBER, "title": None, "scale": {"zero": True}}
    line = {"type": "line", "interpolate": "step-after", "strokeWidth": 3}
    return {
        "title": panel_title(f"Factor on demand: {factor_words(run, facility)}"),
        "height": 90,
        "layer": [
            {
                "data": data(["variant", "minute", "factor"], rows),
                "transform": [{"filter": OF_VARIANT}, role()],
                "mark": line,
                "encoding": {"x": x, "y": y, **lines(run.variants)},
            },
            *_uprights(named_),
        ],
    }


# ---- what truly came, and what was seen of it -------------------------------------------------------------


def true_flow_chart(run: RunData, facility: str) -> Chart | None:
    """How many truly came, were detected and were met, a point a replication; None where it is all the same."""
    points, spreads = list[list[str]](), list[dict[str, object]]()
    variants = in_the_room(run)
    for variant in variants:
        found = true_flow_rows(run, facility, variant=variant)
        for measure, own in found.groupby("measure", sort=False):
            values, where = column(own, "value"), LABELS[str(measure)]
            numbers = zip(own["replication"], values, strict=True)
            points += [[variant, where, str(at + 1), digits(value, 8)] for at, value in numbers]
            low, high = eight_in_ten(values)
            spreads.append({"variant": variant, "where": where, "mean": values.mean(), "low": low, "high": high})
    places = list(dict.fromkeys(row[1] for row in points))
    if len(places) < 2:
        return None
    mine = {"filter": "datum.variant === shown_variant"}
    y = {"field": "where", "type": "nominal", "sort": places, "title": None}
    x = {"title": "persons", **NUMBER, "scale": {"zero": True}, "axis": {"tickCount": 10}}
    looks = [style.look(place).color for place in range(len(places))]
    color = {
        "color": {"field": "where", "type": "nominal", "scale": {"domain": places, "range": looks}, "legend": None}
    }
    tips = [*named("where", "persons"), *({**NUMBER, "format": ",.0f", **each} for each in _SPREAD)]
    spread: Spec = {"data": {"values": spreads}, "transform": [mine]}
    spec: Spec = {
        **head(),
        "params": select("shown_variant", "Variant", variants),
        "data": data(["variant", "where", "replication", "persons"], points),
        "height": 70 * len(places),
        "layer": [
            {
                **spread,
                "mark": {"type": "bar", "opacity": 0.3, "height": 36},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": y, **color, "tooltip": tips},
            },
            {
                "transform": [mine],
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 0.6},
                "encoding": {
                    "x": {**x, "field": "persons"},
                    "y": y,
                    **color,
                    "tooltip": [*named("where", "persons"), *({**NUMBER, **each} for each in _POINT)],
                },
            },
            {
                **spread,
                "mark": {"type": "tick", "thickness": 4, "size": 46, "color": "black"},
                "encoding": {"x": {**x, "field": "mean"}, "y": y, "tooltip": tips},
            },
        ],
    }
    said = "A point for each replication, upright the mean, shaded 8 replications in 10."
    if run.replications > 1:
        said += " Where detection is a range, each replication draws its own: figures of those met leave that open."
    return Chart(f"true-flow-{facility}", f"{facility}: what truly came, and what was seen of it", said, spec)


_SPREAD: tuple[Spec, ...] = (
    {"field": "mean", "title": "mean"},
    {"field": "low", "title": "8 in 10 from"},
    {"field": "high", "title": "to"},
)
_POINT: tuple[Spec, ...] = (
    {"field": "replication", "title": "replication"},
    {"field": "persons", "title": "number", "format": ",.0f"},
)
