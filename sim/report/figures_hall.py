"""A preclearance hall: people inside against departures, and who missed which bank of them."""

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

INSIDE, LEAVING, MISSED = "hall_mean", "departing", "departing_missed"
GAP = 30.0
"""Minutes without a departure that part two banks."""
MOST_BANKS = 18


def plot_hall(run: RunData, facility: str, *, variant: str = BASELINE, ax: Axes | None = None) -> Axes:
    """Draw the people in the hall over the day, and beneath how many are booked on departures that leave then.

    Bands as in `plot_day`. Returned is the first panel, the other follows it in `ax.figure.axes`.
    """
    rows = hall_rows(run, facility, variant=variant)
    with style.styled():
        ax = ax or style.new_axes()
        top, below = style.share_out(ax, (1.5, 1.0))
        by = {measure: rows[rows["measure"] == measure] for measure in (INSIDE, LEAVING)}
        wide, look = timeline.width(run), style.look(0)
        draw_curve(top, column(by[INSIDE], "bin_start") + wide / 2.0, by[INSIDE], look, INSIDE, BOTH)
        leaving = style.look(1)
        at, booked = column(by[LEAVING], "bin_start"), column(by[LEAVING], "mean")
        below.bar(at, booked, width=wide, align="edge", color=leaving.color, edgecolor="white", label=LEAVING)
        top.set_title("People in the hall")
        below.set_title(f"Passengers of the departures that leave then, per {timeline.width_words(wide)}")
        if not (booked > 0.0).any():
            style.say(below, "nothing departs")
        for panel in (top, below):
            panel.set_ylim(0.0, max(panel.get_ylim()[1], 1.0))
            style.thousands(panel)
        style.clock_axis(below, run.start, run.horizon, run.zone(facility))
        top.tick_params(labelbottom=False)
        top.lines[0].set_label(f"{variant}, mean of {words.counted(run.replications, 'replication')}")
        style.legend_above(
            top, [*top.lines, *style.band_patches(run.confidence, run.replications, run.horizon, color=look.color)]
        )
    return top


def plot_missed(run: RunData, facility: str, *, variant: str = BASELINE, ax: Axes | None = None) -> Axes:
    """Draw how many passengers miss each bank of departures, with the interval, and their share beside the bar.

    A bank is what departs without a gap of GAP minutes; where there are more than MOST_BANKS, or only one, hours (or
    wider stretches of a long run) stand instead.
    """
    rows = missed_rows(run, facility, variant=variant)
    with style.styled():
        ax = ax or style.new_axes()
        if rows.empty:
            style.say(ax, f"{facility}: nothing departs")
            return ax
        missed, booked = column(rows, "mean"), column(rows, "departing")
        low, high = column(rows, "ci_low"), column(rows, "ci_high")
        place = np.arange(len(rows), dtype=float)
        look = style.look(1)
        ax.bar(place, missed, width=0.7, color=look.color, edgecolor="white", label="missed")
        for at, below, above in zip(place, low, high, strict=True):
            if np.isfinite(below) and above > 0.0:
                ax.plot([at, at], [below, above], color="black", linewidth=2.2, label="_interval")
        top = np.fmax(np.nan_to_num(high), missed)
        for at, height, lost, all_of_them in zip(place, top, missed, booked, strict=True):
            share = 100.0 * lost / all_of_them if all_of_them > 0.0 else 0.0
            said = f"{words.number(share)} %" if lost > 0.0 else "0"
            ax.annotate(said, (at, height), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=15)
        ax.set_xticks(place, rows["label"].tolist(), rotation=0 if len(rows) <= 9 else 45, fontsize=15)
        ax.set_xlim(-0.6, len(rows) - 0.4)
        ax.set_ylim(0.0, 1.15 * max(float(top.max()), 1.0))
        ax.set_title("Passengers who miss their departure, and their share of those booked")
        ax.set_xlabel("departures that leave")
    return ax


def is_hall(run: RunData, facility: str) -> bool:
    """True for a facility whose passengers board there."""
    return run.estimate((BASELINE, facility, ALL, ALL), "departures") is not None


def hall_rows(run: RunData, facility: str, *, variant: str = BASELINE) -> pd.DataFrame:
    """Rows of series.csv that are drawn: people in the hall, and passengers of departures, by bin."""
    import pandas as pd

    scope: Scope = (variant, facility, ALL, ALL)
    return pd.concat([timeline.curve(run, scope, measure) for measure in (INSIDE, LEAVING)], ignore_index=True)


def missed_rows(run: RunData, facility: str, *, variant: str = BASELINE) -> pd.DataFrame:
    """A row per bank: when it leaves, passengers booked (`departing`), and those who miss it with their interval."""
    scope: Scope = (variant, facility, ALL, ALL)
    run.samples.read_bins([scope], [LEAVING, MISSED])
    booked = run.samples.bins(scope, LEAVING)
    if not booked.size or not (booked > 0.0).any():
        return run.series.iloc[:0].assign(label="")
    starts, minutes = run.samples.starts(variant), run.samples.minutes(variant)
    leaves = np.asarray((booked > 0.0).any(axis=0))
    group = _banks(starts, minutes, leaves)
    if not 1 < group.max() + 1 <= MOST_BANKS:
        wide = max(60.0, timeline.width(run, MOST_BANKS))
        group = np.where(leaves, timeline.stretches(run, variant, wide)[0], -1)
        group = np.where(group >= 0, np.searchsorted(np.unique(group[group >= 0]), group), -1)
    count = int(group.max()) + 1
    missed = run.samples.regrouped(scope, MISSED, group, count)
    everybody = run.samples.regrouped(scope, LEAVING, group, count)
    first = np.array([starts[group == bank].min() for bank in range(count)])
    until = np.array([(starts + minutes)[group == bank].max() for bank in range(count)])
    label = [_clock(run, facility, *ends) for ends in zip(first, until, strict=True)]
    said = missed.assign(variant=variant, facility=facility, measure=MISSED, unit="count")
    return said.assign(from_min=first, to_min=until, label=label, departing=everybody["mean"])


def _banks(starts: FloatArray, minutes: FloatArray, leaves: np.ndarray) -> IntArray:
    """Which bank each bin belongs to, -1 where nothing leaves."""
    group, bank, last = np.full(len(starts), -1, np.int64), -1, -np.inf
    for at in np.flatnonzero(leaves):
        if starts[at] - last >= GAP:
            bank += 1
        group[at], last = bank, starts[at] + minutes[at]
    return group


def _clock(run: RunData, facility: str, first: float, until: float) -> str:
    begin, end = run.moments(facility, (first, until))
    day = f"{begin:%a} " if run.horizon > 1500.0 else ""
    return f"{day}{begin:%H:%M}\nto {end:%H:%M}"
