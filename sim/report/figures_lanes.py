"""How busy each lane group is, hour by hour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.report import cells, style, timeline, words
from sim.report.rundata import ALL, RunData
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sim.model.arrays import FloatArray

MOST_STRETCHES = 26
"""Columns: the hours of a day, with room for one of 25."""
MOST_STATIONS = 10
"""Rows in one figure."""
UTILISATION = "utilisation"
_AND = " + "
"""Between the names of stations that share officers."""


def plot_utilisation(
    run: RunData,
    facility: str,
    *,
    stations: Sequence[str] | None = None,
    variant: str = BASELINE,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of the open booth time in which booths are busy, per cent, by lane group and hour.

    The last column is the whole run. A cell is empty while a lane group is closed. Longer runs have wider columns.
    Rows are those given, of those `lanes` names, else the first MOST_STATIONS of them.
    """
    chosen = (lanes(run, facility, variant) if stations is None else tuple(stations))[:MOST_STATIONS]
    rows = utilisation_rows(run, facility, chosen, variant)
    with style.styled():
        ax = ax or style.new_axes()
        if rows.empty:
            style.say(ax, f"{facility}: no booth was ever open")
            return ax
        binned = rows[rows["bin_start"].notna()]
        starts = np.unique(binned["bin_start"].to_numpy(dtype=float))
        values = 100.0 * binned["mean"].to_numpy(dtype=float).reshape(len(chosen), len(starts))
        whole = 100.0 * rows.loc[rows["bin_start"].isna(), "mean"].to_numpy(dtype=float)
        shown = np.column_stack([values, np.full(len(chosen), np.nan), whole])
        cells.draw_cells(
            ax, shown, [name.replace(_AND, "\n+ ") for name in chosen], lambda value: words.number(value, 0), 0.0, 100.0
        )
        _label_columns(ax, run, facility, starts)
        ax.set_title("Busy share of the open booth time, per cent")
    return ax


def lanes(run: RunData, facility: str, variant: str = BASELINE) -> tuple[str, ...]:
    """Rows of the figure: stations whose booths were open at some time; those that share officers as one, `a + b`."""
    found = ((name, run.estimate((variant, facility, name, ALL), UTILISATION)) for name in run.stations(facility))
    known = [name for name, estimate in found if estimate is not None and np.isfinite(estimate.mean)]
    together = {name: stations for stations in run.pools(facility).values() for name in stations}
    rows = (tuple(each for each in together.get(name, (name,)) if each in known) for name in known)
    return tuple(dict.fromkeys(_AND.join(stations) for stations in rows))


def utilisation_rows(run: RunData, facility: str, stations: Sequence[str], variant: str = BASELINE) -> pd.DataFrame:
    """The cells, by station and stretch of time (`bin_start`, minutes), and of the whole run (blank `bin_start`).

    A row `a + b` is the share of the time of officers that a and b share; another facility may have them, too.
    """
    import pandas as pd

    if not stations:
        return pd.DataFrame(columns=["station", "bin_start", "mean"])
    members = {row: [(variant, facility, name, ALL) for name in row.split(_AND)] for row in stations}
    scopes = [scope for each in members.values() for scope in each]
    run.samples.read_bins(scopes, (UTILISATION, "open_booths", "overtime_hours"))
    wide = max(60.0, timeline.width(run, MOST_STRETCHES))
    group, starts = timeline.stretches(run, variant, wide)
    parts = []
    for row, own in members.items():
        said = {"variant": variant, "facility": facility, "station": row, "class": ALL}
        binned = run.samples.regrouped(own[0], UTILISATION, group, len(starts), own[1:])
        days = np.stack([run.samples.whole(scope, UTILISATION) for scope in own]).sum(axis=0)
        whole = pd.DataFrame(timeline.estimates(days[:, np.newaxis]))
        for part, at in ((binned, starts), (whole, np.full(1, np.nan))):
            parts.append(pd.DataFrame({**said, "bin_start": at, "measure": UTILISATION, "unit": "share", **part}))
    return pd.concat(parts, ignore_index=True)


def _label_columns(ax: Axes, run: RunData, facility: str, starts: FloatArray) -> None:
    """Clock times at the left edges of columns, and a name for the last."""
    wide = float(np.median(np.diff(starts))) if len(starts) > 1 else run.horizon
    ticks = style.clock_ticks(run.start, run.horizon, zone=run.zone(facility))
    at = np.interp([minute for minute, _ in ticks], [*starts, starts[-1] + wide], np.arange(len(starts) + 1.0))
    kept = [(place, text) for place, (_, text) in zip(at, ticks, strict=True) if place <= len(starts) - 0.5]
    ax.set_xticks([place for place, _ in kept], [text for _, text in kept])
    ax.text(len(starts) + 1.5, -0.08, "whole run", ha="center", va="bottom", fontsize=16)
