"""Irregular flows over time: places taken, drivers of demand, and what truly came against what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, timeline, words
from sim.report.curves import BOTH, column, draw_curve
from sim.report.rundata import ALL, RunData, Scope
from sim.scenario.vocabulary import BASELINE, EVERY

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sim.model.arrays import FloatArray
    from sim.scenario.schema import Event

PLACES, OVERFLOW = "places_mean", "overflow_mean"
CAME, SEEN, MET = "persons", "persons_detected", "persons_intercepted"
LABELS = {
    PLACES: "in places of intake",
    OVERFLOW: "in a hotel, or waiting for a place",
    CAME: "truly came",
    SEEN: "detected",
    MET: "met by a unit",
}
"""What the curves and rows are called."""


def plot_places(run: RunData, facility: str, *, variant: str = BASELINE, ax: Axes | None = None) -> Axes:
    """Draw the persons in places of intake against how many there are, and those who found none.

    Bands as in `plot_day`. Says so where the flow has no places.
    """
    rows = places_rows(run, facility, variant=variant)
    with style.styled():
        ax = ax or style.new_axes()
        if rows.empty:
            style.say(ax, f"{facility}: no places of intake")
            return ax
        for index, measure in enumerate((PLACES, OVERFLOW)):
            own = rows[rows["measure"] == measure]
            middle = column(own, "bin_start") + timeline.width(run) / 2.0
            draw_curve(ax, middle, own, style.look(index), LABELS[measure], BOTH)
        capacity = places_of(run, facility, variant)
        if capacity is not None:
            ax.axhline(
                capacity, color="black", linewidth=2.0, linestyle=style.STANDARD_LINE, label=f"{capacity:,} places"
            )
        ax.set_title("Persons")
        ax.set_ylim(0.0, max(ax.get_ylim()[1], 1.0))
        style.thousands(ax)
        style.clock_axis(ax, run.start, run.horizon, run.zone(facility))
        style.legend_above(ax, [*ax.lines, *style.band_patches(run.confidence, run.replications, run.horizon)])
    return ax


def places_rows(run: RunData, facility: str, *, variant: str = BASELINE) -> pd.DataFrame:
    """Rows of series.csv that are drawn; none where the flow has no places."""
    import pandas as pd

    scope: Scope = (variant, facility, ALL, ALL)
    return pd.concat([timeline.curve(run, scope, measure) for measure in (PLACES, OVERFLOW)], ignore_index=True)


def places_of(run: RunData, facility: str, variant: str = BASELINE) -> int | None:
    """Places of intake of a flow; None where the scenario is not there to say."""
    scenario = run.scenario_of(variant)
    intake = scenario.irregular[facility].intake if scenario and facility in scenario.irregular else None
    return intake.places if intake is not None else None


def plot_drivers(run: RunData, facility: str, *, variant: str = BASELINE, ax: Axes | None = None) -> Axes:
    """Draw who came and who was met a day, with drivers, events and changes of rule, and the factor on demand beneath.

    Bands as in `plot_day`, of those who came. The factor is season times drivers times events; a flow without any has
    no second panel. Returned is the first panel.
    """
    rows = drivers_rows(run, facility, variant=variant)
    with style.styled():
        ax = ax or style.new_axes()
        beneath = rows[rows["measure"] == "factor"]
        top, *others = style.share_out(ax, (2.0, 1.0) if len(beneath) else (1.0,))
        for index, measure in enumerate((CAME, MET)):
            own = rows[rows["measure"] == measure]
            if len(own):
                middle = column(own, "bin_start") + timeline.width(run) / 2.0
                draw_curve(top, middle, own, style.look(index), LABELS[measure], BOTH if measure == CAME else ())
        top.set_title("Persons a day")
        top.set_ylim(0.0, max(1.12 * top.get_ylim()[1], 1.0))
        handles = list(top.lines)
        for panel in others:
            at = np.append(column(beneath, "bin_start"), run.horizon)
            level = column(beneath, "mean")
            panel.step(at, np.append(level, level[-1]), where="post", color="black", label="factor")
            panel.set_title(f"Factor on demand: {factor_words(run, facility, variant)}")
            panel.set_ylim(0.0, 1.15 * max(float(level.max()), 1.0))
            top.tick_params(labelbottom=False)
        _moments(run, facility, variant, [top, *others])
        style.clock_axis((top, *others)[-1], run.start, run.horizon, run.zone(facility))
        style.legend_above(
            top,
            [*handles, *style.band_patches(run.confidence, run.replications, run.horizon, color=style.look(0).color)],
        )
    return top


def drivers_rows(run: RunData, facility: str, *, variant: str = BASELINE) -> pd.DataFrame:
    """Persons a day by bin (series.csv over the width of the bin), and the factor on demand by day (`factor`)."""
    import pandas as pd

    scope: Scope = (variant, facility, ALL, ALL)
    numbers = ["mean", "ci_low", "ci_high", "day_p10", "day_p50", "day_p90"]
    parts = []
    for measure in (CAME, MET):
        own = timeline.curve(run, scope, measure).copy()
        days = np.diff(np.append(column(own, "bin_start"), run.horizon)) / 1440.0
        own[numbers] = own[numbers].to_numpy(dtype=float) / days[:, np.newaxis]
        parts.append(own.assign(unit="persons/d"))
    parts.append(_factor_rows(run, facility, variant))
    return pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else parts[0]


def _factor_rows(run: RunData, facility: str, variant: str) -> pd.DataFrame:
    import pandas as pd

    from sim.model.drivers import factor
    from sim.model.flow_plan import FlowPlan
    from sim.model.steps import product

    scenario = run.scenario_of(variant)
    flow = scenario.irregular.get(facility) if scenario else None
    season = flow.groups.season if flow and flow.groups else None
    if scenario is None or flow is None or not (season or flow.drivers or events_of(run, facility, variant)):
        return pd.DataFrame(columns=["measure", "bin_start", "mean"])
    plan = FlowPlan(facility, scenario, scenario.horizon)
    steps = product((factor(season, flow.drivers, plan.clock), plan.coming()))
    at = np.unique(np.clip(np.array(steps.times[1:] or (0.0,)), 0.0, None))
    at = np.unique(np.append(0.0, at[at < scenario.horizon]))
    said = {"variant": variant, "facility": facility, "station": ALL, "class": ALL, "measure": "factor", "unit": "1"}
    return pd.DataFrame({**said, "bin_start": at / 60.0, "mean": [steps.at(time) for time in at]})


def events_of(run: RunData, facility: str, variant: str = BASELINE) -> list[Event]:
    """Dated events that multiply those who come to a flow, or close it."""
    scenario = run.scenario_of(variant)
    if scenario is None or facility not in scenario.irregular:
        return []
    changing = (event for event in scenario.events if event.closed or any(f != 1.0 for f in event.demand.values()))
    return [event for event in changing if event.touches(facility)]


def factor_words(run: RunData, facility: str, variant: str = BASELINE) -> str:
    """What the factor on demand is made of."""
    return "season, drivers and events" if events_of(run, facility, variant) else "season and drivers"


def moments(run: RunData, facility: str, variant: str = BASELINE) -> list[tuple[float, str]]:
    """(minutes from the start, name) of where a driver or an event begins and the rule changes within the run."""
    scenario = run.scenario_of(variant)
    if scenario is None:
        return []
    flow = scenario.irregular.get(facility)
    named: list[tuple[datetime, str]] = [
        (rule.from_, rule.rule) for rule in scenario.agreement if rule.from_ is not None
    ]
    named += [(driver.from_, f"{driver.name} × {driver.multiply:g}") for driver in (flow.drivers if flow else ())]
    named += [(event.from_, _event_words(event)) for event in events_of(run, facility, variant)]
    found = ((style.minutes_between(run.start, moment, run.zone(facility)), name) for moment, name in sorted(named))
    return [(at, name) for at, name in found if 0.0 <= at <= run.horizon]


def _event_words(event: Event) -> str:
    """Name and factor of an event, or the name alone where the factor is by kind of group."""
    if event.closed:
        return f"{event.name}: closed"
    return event.name if set(event.demand) != {EVERY} else f"{event.name} × {event.demand[EVERY]:g}"


def _moments(run: RunData, facility: str, variant: str, panels: Sequence[Axes]) -> None:
    """Upright lines where a driver or an event begins and where the rule changes, with their names."""
    for row, (at, name) in enumerate(moments(run, facility, variant)):
        for panel in panels:
            panel.axvline(at, color="black", linewidth=1.6, linestyle=style.STANDARD_LINE, label=name)
        late = at > 0.6 * run.horizon
        panels[0].annotate(
            name, (at, 1.0), xycoords=("data", "axes fraction"), xytext=(-6 if late else 6, -4 - 20 * (row % 4)),
            textcoords="offset points", va="top", ha="right" if late else "left", fontsize=15,
        )  # fmt: skip


def plot_true_flow(run: RunData, facility: str, *, variant: str = BASELINE, ax: Axes | None = None) -> Axes:
    """Draw how many truly came, were detected and were met: a point per replication, the middle 80 % and the mean.

    Where detection is given as a range, each replication draws its own: the width of the first row against that of the
    last is what figures of interceptions leave open.
    """
    rows = true_flow_rows(run, facility, variant=variant)
    with style.styled():
        ax = ax or style.new_axes(extra_height=-2.2)
        if rows.empty or not (rows["value"] > 0.0).any():
            style.say(ax, f"{facility}: nobody came")
            return ax
        measures = list(dict.fromkeys(rows["measure"]))
        for place, measure in enumerate(measures):
            values = column(rows[rows["measure"] == measure], "value")
            look = style.look(place)
            low, high = eight_in_ten(values)
            if len(values) > 1:
                ax.barh(
                    place, high - low, left=low, height=0.5, color=look.color, alpha=0.3, label=f"{measure}: 8 in 10"
                )
            marker = style.MARKERS[place]
            ax.plot(
                values, np.full(len(values), place), marker=marker, markersize=9, linestyle="none", color=look.color,
                alpha=0.6, label=measure,
            )  # fmt: skip
            ax.plot(
                [values.mean()] * 2,
                [place - 0.32, place + 0.32],
                color="black",
                linewidth=3.0,
                label=f"{measure}: mean",
            )
            said = f"{words.number(values.mean(), 0)}" + (
                f" ({words.number(low, 0)} to {words.number(high, 0)})" if len(values) > 1 else ""
            )
            ax.annotate(said, (high, place), xytext=(0, 30), textcoords="offset points", fontsize=16, ha="center")
        ax.set_yticks(range(len(measures)), [LABELS[measure] for measure in measures])
        ax.set_ylim(len(measures) - 0.5, -0.6)
        ax.set_xlim(0.0, 1.1 * float(rows["value"].max()))
        ax.grid(axis="y", visible=False)
        style.thousands(ax, "x")
        ax.set_title("Persons: a point a replication, line the mean, bar 8 in 10")
    return ax


def eight_in_ten(values: FloatArray) -> tuple[float, float]:
    """The ends of the middle 80 % of the replications."""
    low, high = np.quantile(values, [0.1, 0.9])
    return float(low), float(high)


def true_flow_rows(run: RunData, facility: str, *, variant: str = BASELINE) -> pd.DataFrame:
    """A row per measure and replication: persons that truly came, were detected, and were met."""
    import pandas as pd

    parts = []
    for measure in (CAME, SEEN, MET):
        values = run.samples.whole((variant, facility, ALL, ALL), measure)  # a flow at a port has the first alone
        said = {"variant": variant, "facility": facility, "measure": measure, "unit": "count"}
        parts.append(pd.DataFrame({**said, "replication": np.arange(len(values)), "value": values}))
    return pd.concat(parts, ignore_index=True)
