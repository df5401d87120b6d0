"""The day at a facility: wait and queue over the hours with their uncertainty, and the open booths beneath."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report import style, timeline, words
from sim.report.curves import column, draw_curve, variant_look
from sim.report.figures_booths import BOOTHS, booth_panels, draw_booths
from sim.report.rundata import ALL, RunData, Scope
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sim.model.arrays import FloatArray

MEASURES = ("wait_mean", "queue_mean")
"""Measures with a panel of their own, from the top."""
_TITLES = {
    "wait_mean": "Mean wait of those who join then, minutes",
    "queue_mean": "Parties in the queue",
}
_HEIGHTS = {"wait_mean": 2.2, "queue_mean": 1.8, BOOTHS: 1.6}
_EDGE = 1.3
"""Width of the lines that bound the spread of days: they show where the spread is the narrower of the bands, too."""


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

    The dark band is the interval of the mean, the light band between thin lines the middle 80 % of days (p10 to p90);
    both are left out with a single replication. With several variants only the interval is drawn, filled for the
    first and hatched for the others, so that none hides another. Points stand in the middle of their bin; a bin in
    which nobody joined is a gap. Lane groups whose booths stay the same throughout are told in words, in the title of
    the booths or in their panel. Given `ax`, the room it takes is shared out between the panels; returned is the
    first panel, the others follow it in `ax.figure.axes`. A measure the run does not have for this station and class
    has no panel.
    """
    scopes = {variant: (variant, facility, station, class_name) for variant in variants}
    measures = [measure for measure in MEASURES if _has_rows(run, scopes, measure)] or [MEASURES[0]]
    booths = booth_panels(run, facility, station, variants)
    with style.styled():
        ax = ax or style.new_axes(extra_height=_HEIGHTS[BOOTHS] * max(len(booths) - 1, 0))
        panels = style.share_out(ax, [_HEIGHTS[name] for name in (*measures, *([BOOTHS] * len(booths)))])
        for panel, measure in zip(panels, measures, strict=False):
            _draw_measure(panel, run, scopes, measure)
        if measures[0] == "wait_mean" and station == ALL:
            _draw_standard(panels[0], run, facility)
        for panel, curves in zip(panels[len(measures) :], booths, strict=True):
            draw_booths(panel, curves, timeline.width(run))
        style.clock_axis(panels[-1], run.start, run.horizon, run.zone(facility))
        for panel in panels[:-1]:
            panel.tick_params(labelbottom=False)
        style.legend_above(panels[0], _legend_handles(run, variants), heading=f"{run.scenario} · {run.when}")
    return panels[0]


def day_rows(run: RunData, facility: str, station: str, class_name: str, variants: Sequence[str]) -> pd.DataFrame:
    """The rows of series.csv that `plot_day` draws, with the clock time of each bin: the table behind the figure."""
    import pandas as pd

    scopes = [(variant, facility, station, class_name) for variant in variants]
    parts = [timeline.curve(run, scope, measure) for measure in MEASURES for scope in scopes]
    for panel in booth_panels(run, facility, station, variants):
        parts += [rows for _, _, rows in panel.curves] + list(panel.steady)
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
        if np.isfinite(column(rows, "ci_low")).any():
            _draw_bands(ax, middle, rows, variant_look(run, variant), variant, _hatch(tuple(scopes), variant))
            if len(scopes) == 1:
                _draw_days(ax, middle, rows, variant_look(run, variant), variant)
        seen |= draw_curve(ax, middle, rows, variant_look(run, variant), variant, ())
    # Below one minute or one party there is nothing to plan for: do not blow it up to the height of the panel.
    ax.set_ylim(0.0, max(ax.get_ylim()[1], 1.0))
    if not seen:
        style.say(ax, "no parties arrived")


def _hatch(variants: Sequence[str], variant: str) -> str | None:
    """The hatching of a variant's interval; None for the first, which is filled."""
    place = variants.index(variant)
    return style.HATCHES[(place - 1) % (len(style.HATCHES) - 1) + 1] if place else None


def _draw_bands(ax: Axes, at: FloatArray, rows: pd.DataFrame, look: style.Look, label: str, hatch: str | None) -> None:
    """The interval of the mean: filled, or hatched over what is filled."""
    low, high = column(rows, "ci_low"), column(rows, "ci_high")
    ax.fill_between(at, low, high, label=f"{label}: ci_low to ci_high", **_face(look.color, hatch))


def _face(color: str, hatch: str | None) -> dict[str, Any]:
    if hatch is None:
        return {"color": color, "alpha": style.BAND_OF_MEAN, "linewidth": 0}
    return {"facecolor": "none", "edgecolor": color, "hatch": hatch, "linewidth": _EDGE}


def _draw_days(ax: Axes, at: FloatArray, rows: pd.DataFrame, look: style.Look, label: str) -> None:
    """The spread of days: a light band between thin lines."""
    low, high = column(rows, "day_p10"), column(rows, "day_p90")
    name = f"{label}: day_p10 to day_p90"
    ax.fill_between(at, low, high, color=look.color, alpha=style.BAND_OF_DAYS, linewidth=0, label=name)
    for edge in (low, high):
        ax.plot(at, edge, color=look.color, linewidth=_EDGE, label=name)


def _draw_standard(ax: Axes, run: RunData, facility: str) -> None:
    """The facility's standard as a line across, or as steps where it changes; if in sight or not far above."""
    steps = run.standard_steps(facility)
    if not steps or min(minutes for _, minutes in steps) > 2.5 * ax.get_ylim()[1]:
        return
    ax.set_ylim(top=max(ax.get_ylim()[1], *(1.15 * minutes for _, minutes in steps)))
    looks: dict[str, Any] = {"color": "black", "linewidth": 1.8, "linestyle": style.STANDARD_LINE, "label": "standard"}
    if len(steps) == 1:
        ax.axhline(steps[0][1], **looks)
    else:
        at, minutes = zip(*steps, (run.horizon, steps[-1][1]), strict=True)
        ax.step(at, minutes, where="post", **looks)
    ax.annotate(
        f"standard {run.standard_words(facility)}",
        (0.0, steps[0][1]),
        xycoords=("axes fraction", "data"),
        xytext=(6, 4),
        textcoords="offset points",
        fontsize=16,
    )


def _legend_handles(run: RunData, variants: Sequence[str]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    looks = [variant_look(run, variant) for variant in variants]
    alone = f"{variants[0]}, mean of {words.counted(run.replications, 'replication')}"
    if (wide := timeline.width(run)) != run.bin_minutes:
        alone += f", {timeline.width_words(wide)} a point"
    names = variants if len(variants) > 1 else [alone]
    handles: list[Any] = [
        Line2D([], [], color=each.color, linestyle=each.dashes, label=name)
        for name, each in zip(names, looks, strict=True)
    ]
    if run.replications < 2:
        return handles
    if len(variants) == 1:
        return handles + style.band_patches(
            run.confidence, run.replications, run.horizon, color=looks[0].color, edge=_EDGE
        )
    bands = [Patch(**_face(look.color, _hatch(variants, name))) for name, look in zip(variants, looks, strict=True)]
    said = Line2D([], [], linestyle="none", label=f"bands: {run.confidence} interval of the mean")
    return [*zip(bands, handles, strict=True), said]
