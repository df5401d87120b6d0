"""Which hours of which days are bad: the mean wait by hour and weekday."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.report import cells, style, words
from sim.report.rundata import ALL, RunData, Scope
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS = 24


def plot_heat(
    run: RunData,
    facility: str,
    *,
    station: str = ALL,
    class_name: str = ALL,
    variant: str = BASELINE,
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean wait, in minutes, of those who join in each hour of each weekday, by the clock of the facility.

    A cell is over all replications and all such hours of the run; it is empty where nobody joined. A run that does not
    reach into a second weekday says so instead.
    """
    rows = heat_rows(run, facility, station=station, class_name=class_name, variant=variant)
    with style.styled():
        ax = ax or style.new_axes()
        if why := heat_why_not(run, facility):
            style.say(ax, why)
            return ax
        days = list(dict.fromkeys(rows["weekday"]))
        values = rows["mean"].to_numpy(dtype=float).reshape(len(days), _HOURS)
        most = float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
        places = 0 if most >= 10.0 else 1
        cells.draw_cells(ax, values, days, lambda value: words.number(value, places), 0.0, max(most, 1.0))
        cells.hour_labels(ax)
        ax.set_title("Mean wait of those who join in that hour, minutes")
        if not np.isfinite(values).any():
            style.say(ax, "no parties arrived")
    return ax


def heat_why_not(run: RunData, facility: str) -> str:
    """Why there is no such figure, in one sentence; empty when there is one."""
    if len({moment.date() for moment in run.moments(facility, (run.warm_up, run.horizon - 1.0))}) == 1:
        return f"{facility}: no heat map by hour and weekday, as the run lies within one day"
    if run.bin_minutes > 60.0:
        return f"{facility}: no heat map by hour and weekday, as its time bins are wider than an hour"
    return ""


def heat_rows(
    run: RunData, facility: str, *, station: str = ALL, class_name: str = ALL, variant: str = BASELINE
) -> pd.DataFrame:
    """The cells: weekday, hour (0 to 23), mean wait with its interval and spread of days, in minutes.

    Estimated from the replications (`Samples.regrouped`); every weekday the run touches has all of its hours.
    """
    import pandas as pd

    scope: Scope = (variant, facility, station, class_name)
    run.samples.read_bins([scope], ["wait_sum", "wait_count"])
    moments = run.moments(facility, run.samples.starts(variant))
    weekday = np.array([moment.weekday() for moment in moments], dtype=np.int64)
    hour = np.array([moment.hour for moment in moments], dtype=np.int64)
    found = run.samples.regrouped(scope, "wait_mean", weekday * _HOURS + hour, len(_DAYS) * _HOURS)
    found = found.reindex(range(len(_DAYS) * _HOURS))
    names = pd.DataFrame({"weekday": np.repeat(_DAYS, _HOURS), "hour": np.tile(np.arange(_HOURS), len(_DAYS))})
    touched = [_DAYS[day] for day in sorted(set(weekday.tolist()))]
    said = dict(zip(("variant", "facility", "station", "class"), scope, strict=True))
    table = pd.concat([names.assign(**said, measure="wait_mean", unit="min"), found], axis=1)
    return table[table["weekday"].isin(touched)].reset_index(drop=True)
