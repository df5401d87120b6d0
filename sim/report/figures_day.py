"""The day at a facility: wait and queue over the hours with their uncertainty, and the open booths beneath."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, timeline, words
from sim.report.curves import BOTH, column, draw_curve
from sim.report.rundata import ALL, BASELINE, RunData, Scope

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

MEASURES = ("wait_mean", "queue_mean")
"""Measures with a panel of their own, from the top."""
BOOTHS = "open_booths"
_TITLES = {
    "wait_mean": "Mean wait of those who join then, minutes",
    "queue_mean": "Parties in the queue",
}
_GREYS = ("#000000", "#6E6E6E", "#3C3C3C", "#9A9A9A")
"""Lane groups in the booth panel: colours there are kept for variants."""
_HEIGHTS = {"wait_mean": 2.4, "queue_mean": 2.0, BOOTHS: 1.1}


def plot_day(
    run: RunData,
    facility: str,
    *,
    station: str = ALL,
    class_name: str = ALL,
    variants: Sequence[str] = (BASELINE,),
    ax: Axes | None = None,
) -> Axes:
    """Draw wait and queue over the day, and the open booths as steps beneath, from series.csv.

    The dark band is the interval of the mean, the light band the middle 80 % of days (p10 to p90); both are left out
    with a single replication. Points stand in the middle of their bin; a bin in which nobody joined is a gap. Given
    `ax`, the room it takes is shared out between the panels; returned is the first panel, the others follow it in
    `ax.figure.axes`. A measure the run does not have for this station and class has no panel.
    """
    scopes = {variant: (variant, facility, station, class_name) for variant in variants}
    measures = [measure for measure in MEASURES if _has_rows(run, scopes, measure)] or [MEASURES[0]]
    booths = _booth_panels(run, facility, station, variants)
    with style.styled():
        ax = ax or style.new_axes(extra_height=_HEIGHTS[BOOTHS] * max(len(booths) - 1, 0))
        panels = style.share_out(ax, [_HEIGHTS[name] for name in (*measures, *([BOOTHS] * len(booths)))])
        for panel, measure in zip(panels, measures, strict=False):
            _draw_measure(panel, run, scopes, measure)
        if measures[0] == "wait_mean" and station == ALL:
            _draw_standard(panels[0], run.standard(facility))
        for panel, curves in zip(panels[len(measures) :], booths, strict=True):
            key = len(variants) == 1 or len(curves.curves) > len(variants)
            _draw_booths(panel, curves, timeline.width(run), key)
        style.clock_axis(panels[-1], run.start, run.horizon, run.zone(facility))
        for panel in panels[:-1]:
            panel.tick_params(labelbottom=False)
        style.legend_above(panels[0], _legend_handles(run, variants))
    return panels[0]


def day_rows(run: RunData, facility: str, station: str, class_name: str, variants: Sequence[str]) -> pd.DataFrame:
    """The rows of series.csv that `plot_day` draws, with the clock time of each bin: the table behind the figure."""
    import pandas as pd

    scopes = [(variant, facility, station, class_name) for variant in variants]
    parts = [timeline.curve(run, scope, measure) for measure in MEASURES for scope in scopes]
    parts += [rows for panel in _booth_panels(run, facility, station, variants) for _, _, rows in panel.curves]
    table = pd.concat(parts, ignore_index=True)
    clock = [f"{moment:%Y-%m-%d %H:%M}" for moment in run.moments(facility, table["bin_start"])]
    table.insert(list(table.columns).index("bin_start") + 1, "clock", clock)
    return table


def _has_rows(run: RunData, scopes: Mapping[str, Scope], measure: str) -> bool:
    return any(not run.day(scope, measure).empty for scope in scopes.values())


def _draw_measure(ax: Axes, run: RunData, scopes: Mapping[str, Scope], measure: str) -> None:
    ax.set_title(_TITLES[measure])
    seen = False
    for variant, scope in scopes.items():
        rows = timeline.curve(run, scope, measure)
        middle = column(rows, "bin_start") + timeline.width(run) / 2.0
        seen |= draw_curve(ax, middle, rows, variant_look(run, variant), variant, BOTH)
    # Below one minute or one party there is nothing to plan for: do not blow it up to the height of the panel.
    ax.set_ylim(0.0, max(ax.get_ylim()[1], 1.0))
    if not seen:
        style.say(ax, "no parties arrived")


def _draw_standard(ax: Axes, standard: float | None) -> None:
    """The facility's standard as a line across, if it lies in sight or not far above."""
    if standard is None or standard > 2.5 * ax.get_ylim()[1]:
        return
    ax.set_ylim(top=max(ax.get_ylim()[1], 1.15 * standard))
    ax.axhline(standard, color="black", linewidth=1.8, linestyle=(0, (2, 2)), label="standard")
    ax.annotate(
        f"standard {standard:g} min",
        (0.0, standard),
        xycoords=("axes fraction", "data"),
        xytext=(6, 4),
        textcoords="offset points",
        fontsize=16,
    )


@dataclass(frozen=True)
class BoothPanel:
    """Step curves of open booths that share a panel: label, look, rows of series.csv."""

    title: str
    curves: tuple[tuple[str, style.Look, pd.DataFrame], ...]


def _booth_panels(run: RunData, facility: str, station: str, variants: Sequence[str]) -> list[BoothPanel]:
    """One panel with a curve per lane group; in a comparison one per lane group that differs, a curve per variant."""
    stations = {}
    for name in run.lane_groups(facility) if station == ALL else (station,):
        rows = {variant: timeline.curve(run, (variant, facility, name, ALL), BOOTHS) for variant in variants}
        if not any(each.empty for each in rows.values()):
            stations[name] = rows
    differing = [
        BoothPanel(f"Open booths, {name}", tuple((v, variant_look(run, v), each) for v, each in rows.items()))
        for name, rows in stations.items()
        if _differ(list(rows.values()))
    ]
    if differing or not stations:
        return differing
    title = "Open booths" if len(variants) == 1 else "Open booths, the same in both"
    curves = [
        (name, style.Look(_GREYS[place % len(_GREYS)], style.DASHES[place % len(style.DASHES)]), rows[variants[0]])
        for place, (name, rows) in enumerate(stations.items())
    ]
    return [BoothPanel(title, tuple(curves))]


def _differ(tables: Sequence[pd.DataFrame]) -> bool:
    first, *others = (column(table, "mean") for table in tables)
    return any(not np.array_equal(first, other, equal_nan=True) for other in others)


def _draw_booths(ax: Axes, panel: BoothPanel, width: float, key: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    for label, curve, rows in panel.curves:
        starts, level = column(rows, "bin_start"), column(rows, "mean")
        edges = np.append(starts, starts[-1] + width)
        level = np.append(level, level[-1])
        ax.step(edges, level, where="post", color=curve.color, linestyle=curve.dashes, label=label)
    title = ax.set_title(panel.title)
    ax.set_ylim(0.0, 1.15 * max(1.0, ax.dataLim.y1))
    ax.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    if key:
        style.legend_beside_title(ax, title)


def variant_look(run: RunData, variant: str) -> style.Look:
    """A variant looks the same in every figure of a run; the baseline comes first."""
    return style.look(run.variants.index(variant))


def _legend_handles(run: RunData, variants: Sequence[str]) -> list[Artist]:
    from matplotlib.lines import Line2D

    looks = [variant_look(run, variant) for variant in variants]
    alone = f"{variants[0]}, mean of {words.counted(run.replications, 'replication')}"
    if (wide := timeline.width(run)) != run.bin_minutes:
        alone += f", {timeline.width_words(wide)} a point"
    names = variants if len(variants) > 1 else [alone]
    handles: list[Artist] = [
        Line2D([], [], color=each.color, linestyle=each.dashes, label=name)
        for name, each in zip(names, looks, strict=True)
    ]
    color = looks[0].color if len(looks) == 1 else "black"
    return handles + style.band_patches(run.confidence, run.replications, color=color)
