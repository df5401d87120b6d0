"""Cumulative arrivals and departures, and how many are inside between the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, timeline, words
from sim.report.curves import BOTH, column, draw_curve
from sim.report.rundata import ALL, RunData, Scope
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sim.model.arrays import FloatArray, IntArray

ARRIVED, LEFT, INSIDE = "arrivals", "departures", "inside"
_GONE = ("balked", "closed", "diverted", "reneged")
"""Ways to end without being served: parties who do not come out at the other end."""
_LABELS = {ARRIVED: "came and stayed", LEFT: "served and gone"}


def plot_flow(
    run: RunData, facility: str, *, class_name: str = ALL, variant: str = BASELINE, ax: Axes | None = None
) -> Axes:
    """Draw how many parties have come and how many have been served, since the start, and the difference beneath.

    The height between the curves is how many are inside, the width how long they stay. Parties that are turned away or
    give up are left out of both. Bands, of those inside, as in `plot_day`. Returned is the first panel, the other
    follows it in `ax.figure.axes`.
    """
    rows = flow_rows(run, facility, class_name=class_name, variant=variant)
    with style.styled():
        ax = ax or style.new_axes()
        top, below = style.share_out(ax, (2.0, 1.4))
        looks = {ARRIVED: style.look(0), LEFT: style.look(1), INSIDE: style.look(2)}
        by = {measure: rows[rows["measure"] == measure] for measure in looks}
        for measure, label in _LABELS.items():
            draw_curve(top, column(by[measure], "minute"), by[measure], looks[measure], label, ())
        _shade(top, by[ARRIVED], by[LEFT])
        draw_curve(below, column(by[INSIDE], "minute"), by[INSIDE], looks[INSIDE], INSIDE, BOTH)
        came = by[ARRIVED]["mean"]
        if came.empty or not float(came.iloc[-1]) > 0.0:
            style.say(top, "no parties arrived")
        top.set_title(f"{words.class_words(class_name, run.classes(facility)).capitalize()} since the start")
        below.set_title("Inside: came and not yet gone")
        for panel in (top, below):
            panel.set_ylim(0.0, max(panel.get_ylim()[1], 1.0))
            style.thousands(panel)
        style.clock_axis(below, run.start, run.horizon, run.zone(facility))
        top.tick_params(labelbottom=False)
        bands = style.band_patches(run.confidence, run.replications, run.horizon, color=looks[INSIDE].color)
        style.legend_above(top, [*top.lines, *bands])
    return top


def flow_rows(run: RunData, facility: str, *, class_name: str = ALL, variant: str = BASELINE) -> pd.DataFrame:
    """The curves: `measure` is arrivals, departures or inside, counted from the end of the warm-up to `minute`.

    Estimated from the replications of bins.parquet: those who came in a bin less those of them who went unserved, and
    the throughput of the bin.
    """
    import pandas as pd

    scope: Scope = (variant, facility, ALL, class_name)
    lost = [f"outcome_{name}" for name in _GONE if run.estimate(scope, f"outcome_{name}") is not None]
    run.samples.read_bins([scope], ["arrivals", "throughput", *lost])
    came, rate = run.samples.bins(scope, "arrivals"), run.samples.bins(scope, "throughput")
    if not came.size:
        return pd.DataFrame(columns=["minute", "measure", "mean", "ci_low"], dtype=float)
    for name in lost:
        came = came - run.samples.bins(scope, name)
    minutes = run.samples.minutes(variant)
    arrived, left = (_cumulated(part) for part in (came, np.nan_to_num(rate) * minutes / 60.0))
    starts = run.samples.starts(variant)
    edges = np.append(starts, starts[-1] + minutes[-1])
    kept = _kept(run, edges)
    parts = []
    for measure, values in ((ARRIVED, arrived), (LEFT, left), (INSIDE, arrived - left)):
        found = timeline.estimates(values[:, kept])
        said = dict(zip(("variant", "facility", "station", "class"), scope, strict=True))
        parts.append(pd.DataFrame({**said, "minute": edges[kept], "measure": measure, "unit": "count", **found}))
    return pd.concat(parts, ignore_index=True)


def _cumulated(values: FloatArray) -> FloatArray:
    """(replications, bins + 1): sums from the start to each edge of the bins."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _kept(run: RunData, edges: FloatArray) -> IntArray:
    """Which edges are drawn: all, or every so many of a long run, and the last."""
    step = max(1, round(timeline.width(run) / run.bin_minutes))
    return np.unique(np.append(np.arange(0, len(edges), step), len(edges) - 1))


def _shade(ax: Axes, came: pd.DataFrame, gone: pd.DataFrame) -> None:
    """Grey between the curves: those who are inside."""
    if len(came):
        low, high = column(gone, "mean"), column(came, "mean")
        minutes = column(came, "minute")
        ax.fill_between(minutes, low, high, color="black", alpha=style.BAND_OF_DAYS, linewidth=0, label=INSIDE)
