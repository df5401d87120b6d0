"""The tornado on the report page: which uncertain inputs matter, from the sensitivity studies beside a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.report import style, words
from sim.report.figures_sweep import short_path
from sim.report.figures_tornado import MOST_INPUTS, studies_of, tornado_rows
from sim.report.page_spec import NUMBER, Chart, Spec, data, digits, head, named, select
from sim.report.page_tables import Cell, Column, PageTable, number, text
from sim.report.rundata import RunData

if TYPE_CHECKING:
    import pandas as pd

_ENDS = {"at_low": "at the low end of its range", "at_high": "at the high end"}


def tornado_charts(run: RunData, facility: str) -> Iterator[Chart]:
    """A chart of the measures that studies of the baseline looked at; none without such a study."""
    tables: dict[str, pd.DataFrame] = {}
    for study in studies_of(run):
        for where, measure in study.pairs():
            rows = tornado_rows(study, facility, measure)
            if where == facility and rows["baseline"].notna().all():
                tables[measure] = rows
    if tables:
        yield tornado_chart(facility, tables)


def tornado_chart(facility: str, tables: dict[str, pd.DataFrame]) -> Chart:
    """A measure with each input at either end of its range, the others as in the baseline; the measure is chosen."""
    rows, least = list[list[str]](), 0
    for measure, table in tables.items():
        rows += _bars(facility, measure, table.head(MOST_INPUTS))
        least = max(least, min(len(table), MOST_INPUTS))
    measures = list(dict.fromkeys(row[0] for row in rows))
    look = {"domain": list(_ENDS.values()), "range": [style.look(0).color, style.look(1).color]}
    legend = {"title": None, "orient": "top", "labelLimit": 320}
    y = {"field": "input", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 300}}
    x = {
        "field": "value",
        **NUMBER,
        "title": "the measure with this input there",
        "scale": {"zero": False},
        "axis": {"tickCount": 8},
    }
    tips: list[Spec] = [*named("input", "input"), *named("at_end", "is"), *named("end", "which lies")]
    tips += [{"field": "value", **NUMBER, "title": "gives", "format": ",.2f"}]
    tips += [{"field": "base", **NUMBER, "title": "baseline", "format": ",.2f"}]
    spec: Spec = {
        **head(),
        "params": select("shown_measure", "Measure", measures),
        "data": data(["measure", "input", "end", "at_end", "value", "base"], rows),
        "transform": [{"filter": "datum.measure === shown_measure"}],
        "height": 34 * least,
        "layer": [
            {
                "mark": {"type": "bar", "opacity": 0.85},
                "encoding": {
                    "x": x,
                    "x2": {"field": "base"},
                    "y": y,
                    "color": {"field": "end", "type": "nominal", "scale": look, "legend": legend},
                    "tooltip": tips,
                },
            },
            {
                "mark": {"type": "rule", "size": 2, "color": "black"},
                "encoding": {"x": {"field": "base", **NUMBER, "aggregate": "max"}},
            },
        ],
    }
    said = "Each input at the low and at the high end of its range, the others as in the baseline (the upright)."
    if any(len(table) > MOST_INPUTS for table in tables.values()):
        said += f" Drawn are the {MOST_INPUTS} that matter most; the table has all."
    title = f"{facility}: which inputs matter"
    return Chart(f"tornado-{facility}", title, said, spec, table=_table(facility, tables))


def _bars(facility: str, measure: str, table: pd.DataFrame) -> Iterator[list[str]]:
    """Two bars an input, the longer first, so that the shorter is seen where both lie on one side."""
    for row in table.to_dict("records"):
        unit = str(row["unit"])
        title, factor = f"{words.measure_words(measure)}, {words.unit_words(unit)}", words.scale(unit)
        base = factor * float(row["baseline"])
        ends = [(factor * float(row[end]), end) for end in _ENDS]
        for value, end in sorted(ends, key=lambda one: -abs(one[0] - base)):
            at = str(row[end.removeprefix("at_")])
            name = short_path(str(row["input"]), facility)
            yield [title, name, _ENDS[end], at, digits(value, 8), digits(base, 8)]


def _table(facility: str, tables: dict[str, pd.DataFrame]) -> PageTable:
    columns = (
        *(Column(title) for title in ("measure", "input", "low end", "high end")),
        *(Column(title, numeric=True) for title in ("baseline", "at the low end", "at the high end", "difference")),
    )
    return PageTable(f"tornado-{facility}", f"{facility}: inputs and what they do", columns, tuple(_rows(tables)))


def _rows(tables: dict[str, pd.DataFrame]) -> Iterator[tuple[Cell, ...]]:
    for measure, table in tables.items():
        for row in table.to_dict("records"):
            unit = str(row["unit"])
            said = f"{words.measure_words(measure)}, {'%' if unit == 'share' else unit}"
            numbers = (number(float(row[each]), 2, unit) for each in ("baseline", "at_low", "at_high", "swing"))
            yield (text(said), *(text(row[each]) for each in ("input", "low", "high")), *numbers)
