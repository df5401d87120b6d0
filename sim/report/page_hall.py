"""Charts of a preclearance hall on the report page: people inside against departures, and who misses which bank."""

from __future__ import annotations

from collections.abc import Iterator

from sim.report import timeline, words
from sim.report.curves import column
from sim.report.figures_hall import INSIDE, LEAVING, hall_rows, is_hall, missed_rows
from sim.report.page_spec import (
    CHOSEN,
    NUMBER,
    OF_VARIANT,
    Chart,
    Spec,
    bars,
    between,
    data,
    digits,
    head,
    intervals,
    named,
    role,
    variant_param,
)  # fmt: skip
from sim.report.page_time import Panel, bands_words, in_the_room, of_panels, time_chart, variant_rows
from sim.report.rundata import RunData
from sim.scenario.vocabulary import BASELINE


def hall_charts(run: RunData, facility: str) -> Iterator[Chart]:
    """Both; none of a facility where nobody boards."""
    if is_hall(run, facility):
        yield hall_chart(run, facility)
        yield missed_chart(run, facility)


def hall_chart(run: RunData, facility: str) -> Chart:
    """People in the hall over the day, and beneath the passengers of the departures that leave then."""
    wide = timeline.width_words(timeline.width(run))
    panels = (
        Panel("inside", "People in the hall", 200),
        Panel("leaving", f"Passengers of the departures that leave then, per {wide}", 130, bands=False, steps=True),
    )
    tables = {}
    for variant in in_the_room(run):
        rows = hall_rows(run, facility, variant=variant)
        tables[variant] = of_panels(panels, (INSIDE, LEAVING), rows)
    above = f"Above: people in the hall, by {wide}. {bands_words(run)}"
    said = f"{above} Beneath: passengers of the departures that leave then."
    title = f"{facility}: people in the hall against departures"
    return time_chart(
        run, facility, f"hall-{facility}", (title, said), panels, variant_rows(run, facility, panels, tables)
    )


def missed_chart(run: RunData, facility: str) -> Chart:
    """Passengers who miss their departure by bank of departures, the baseline beside the variant chosen."""
    name, title = f"missed-{facility}", f"{facility}: missed departures by bank"
    rows: list[list[str]] = []
    banks: dict[float, str] = {}
    for variant in in_the_room(run):
        found = missed_rows(run, facility, variant=variant)
        if found.empty:
            continue
        numbers = zip(*(column(found, each) for each in ("from_min", "departing", *_MISSED)), strict=True)
        for label, (start, booked, missed, low, high) in zip(found["label"], numbers, strict=True):
            banks[start] = bank = str(label).replace("\n", " ")
            share = missed / booked if booked > 0.0 else 0.0
            rows.append([variant, bank, *(digits(each) for each in (booked, missed, low, high, share))])
    if not rows:
        return Chart(name, title, "Nothing departs, so nobody misses it.")
    order = list(dict.fromkeys(banks[start] for start in sorted(banks)))
    flat = {"labelAngle": 0, "labelExpr": "split(datum.label, ' to ')"}
    x: Spec = {"field": "bank", "type": "nominal", "sort": order, "title": "departures that leave from, to"}
    x["axis"] = flat if len(order) <= 9 else {"labelAngle": -40}
    beside = len(run.variants) > 1
    offset = {"xOffset": {"field": "role", "type": "nominal", "sort": [BASELINE, CHOSEN]}} if beside else {}
    tips: list[Spec] = [*named("variant", "variant"), *named("bank", "leaves")]
    told = (("booked", "passengers booked", ",.0f"), ("missed", "of whom miss it", ",.1f"), ("share", "share", ".1%"))
    tips += [{"field": field, **NUMBER, "title": said, "format": form} for field, said, form in told]
    tips += intervals(run)
    spec: Spec = {
        **head(),
        "params": variant_param(run.variants),
        "data": data(["variant", "bank", "booked", "missed", "low", "high", "share"], rows),
        "transform": [{"filter": OF_VARIANT}, role(), between("low", "high", ",.1f")],
        "height": 260,
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "x": x,
                    "y": {"field": "missed", **NUMBER, "title": "passengers"},
                    **offset,
                    **bars(run.variants),
                    "tooltip": tips,
                },
            },
            {
                "mark": {"type": "rule", "size": 2, "color": "black"},
                "encoding": {
                    "x": x, "y": {"field": "low", **NUMBER}, "y2": {"field": "high"}, **offset, "tooltip": tips,
                },
            },
        ],
    }  # fmt: skip
    mean = f"mean of {words.counted(run.replications, 'replication')}"
    lines = f" Lines: {run.confidence} interval." if run.replications > 1 else ""
    return Chart(name, title, f"Passengers of each bank of departures who miss it, {mean}.{lines}", spec)


_MISSED = ("mean", "ci_low", "ci_high")
