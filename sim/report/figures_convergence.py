"""How the means settle with the number of replications, and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, words
from sim.report.figures_irregular import CAME, MET
from sim.report.flows import decides
from sim.report.rundata import ALL, RunData, Scope
from sim.scenario.vocabulary import BASELINE
from sim.study.estimators import mean_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MEASURES = ("wait_mean", "wait_p95")
OF_A_FLOW = (CAME, MET)


def usual_measures(run: RunData, facility: str) -> Sequence[str]:
    """What is asked of a facility: how long one waits; of an irregular flow, how many come and how many are met."""
    return OF_A_FLOW if decides(run, facility) else MEASURES


def plot_convergence(
    run: RunData,
    facility: str,
    *,
    measures: Sequence[str] = MEASURES,
    station: str = ALL,
    class_name: str = ALL,
    variant: str = BASELINE,
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean after 1, 2, ... replications with its interval, and each replication as a point, a panel a measure.

    A curve that still climbs, or an interval wider than the question allows, asks for more replications. Returned is
    the first panel, the others follow it in `ax.figure.axes`. A single replication is said, not drawn.
    """
    rows = convergence_rows(run, facility, measures, station=station, class_name=class_name, variant=variant)
    shown = [name for name in measures if (rows["measure"] == name).any()] or list(measures[:1])
    with style.styled():
        ax = ax or style.new_axes()
        if why := convergence_why_not(run, facility):
            style.say(ax, why)
            return ax
        panels = style.share_out(ax, [1.0] * len(shown))
        for panel, measure in zip(panels, shown, strict=True):
            _draw(panel, rows[rows["measure"] == measure], measure)
        panels[-1].set_xlabel("replications")
        for panel in panels[:-1]:
            panel.tick_params(labelbottom=False)
        handles = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
        style.legend_above(
            ax, [*handles, *style.band_patches(run.confidence, 2, days=False, color=style.look(0).color)]
        )
    return ax


def convergence_why_not(run: RunData, facility: str) -> str:
    """Why there is no such figure, in one sentence; empty when there is one."""
    return f"{facility}: a single replication does not converge; run at least two" if run.replications < 2 else ""


def convergence_rows(
    run: RunData,
    facility: str,
    measures: Sequence[str] = MEASURES,
    *,
    station: str = ALL,
    class_name: str = ALL,
    variant: str = BASELINE,
) -> pd.DataFrame:
    """By measure and number of replications: the value of the last, the mean of all so far, and its interval."""
    import pandas as pd

    scope: Scope = (variant, facility, station, class_name)
    said = dict(zip(("variant", "facility", "station", "class"), scope, strict=True))
    parts = []
    for measure in measures:
        values = run.samples.whole(scope, measure)
        if not np.isfinite(values).any():
            continue
        counts = np.arange(1, len(values) + 1)
        so_far = np.where(np.arange(len(values))[:, np.newaxis] < counts, values[:, np.newaxis], np.nan)
        found = mean_interval(so_far)
        estimate = run.estimate(scope, measure)
        columns = {"replications": counts, "value": values, "mean": found.mean}
        columns |= {"ci_low": np.maximum(found.low, 0.0), "ci_high": found.high}
        unit = estimate.unit if estimate else ""
        parts.append(pd.DataFrame({**said, "measure": measure, "unit": unit, **columns}))
    front = ["variant", "facility", "station", "class", "measure", "unit"]
    names = [*front, "replications", "value", "mean", "ci_low", "ci_high"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)


def _draw(ax: Axes, rows: pd.DataFrame, measure: str) -> None:
    from matplotlib.ticker import MaxNLocator

    unit = str(rows["unit"].iloc[0]) if len(rows) else ""
    what = words.measure_words(measure)
    ax.set_title(f"{what[:1].upper()}{what[1:]}, {words.unit_words(unit)}")
    if rows.empty:
        style.say(ax, "no parties arrived")
        return
    factor, look = words.scale(unit), style.look(0)
    count, value, mean, low, high = (
        rows[name].to_numpy(dtype=float) * (1.0 if name == "replications" else factor)
        for name in ("replications", "value", "mean", "ci_low", "ci_high")
    )
    ax.fill_between(count, low, high, color=look.color, alpha=style.BAND_OF_MEAN, linewidth=0, label="_interval")
    size = 7 if len(rows) <= 100 else 3
    ax.plot(count, value, marker="o", markersize=size, linestyle="none", color="#333333", label="one replication")
    ax.plot(count, mean, color=look.color, label="mean of all so far")
    ax.axhline(mean[-1], color="black", linewidth=1.4, linestyle=style.STANDARD_LINE, label="_mean of all")
    text = f"{words.number(mean[-1])} ({words.number(low[-1])} to {words.number(high[-1])})"
    ax.annotate(
        text, (1.0, 1.02), xycoords="axes fraction", ha="right", va="bottom", fontsize=18, annotation_clip=False
    )
    # The first intervals are as wide as anything; the axis is for what follows.
    settled = high[min(4, len(high) - 1) :]
    top = max(float(np.nanmax(value)), float(np.nanmax(settled)) if np.isfinite(settled).any() else 0.0)
    ax.set_ylim(0.0, 1.08 * max(top, 1e-9))
    ax.set_xlim(0.5, len(rows) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
