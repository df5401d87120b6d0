"""Curves over time that can be read: a long run by the hour, day or week instead of by its bins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.report.rundata import RunData, Scope
from sim.study.estimators import day_spread, mean_interval

if TYPE_CHECKING:
    import pandas as pd

    from sim.model.arrays import FloatArray, IntArray

MOST_POINTS = 700
"""A week of quarters of an hour; more points than this are a smear on a slide."""
_WIDTHS = (15, 30, 60, 120, 180, 240, 360, 720, 1440, 10080, 40320, 524160)
_NUMBERS = ("mean", "ci_low", "ci_high", "day_p10", "day_p50", "day_p90", "replications")


def width(run: RunData, most: int = MOST_POINTS) -> float:
    """Minutes of each point of a curve: the bins of the run, or wider where these are more than `most`."""
    if run.horizon / run.bin_minutes <= most:
        return run.bin_minutes
    return next((each for each in _WIDTHS if each > run.bin_minutes and run.horizon / each <= most), _WIDTHS[-1])


def width_words(minutes: float) -> str:
    """`15 min`, `3 h`, `1 week`."""
    for size, name in ((10080.0, "week"), (1440.0, "day"), (60.0, "h")):
        if minutes >= size:
            count = minutes / size
            return f"{count:g} {name}{'s' if count != 1.0 and name != 'h' else ''}"
    return f"{minutes:g} min"


def stretches(run: RunData, variant: str, wide: float) -> tuple[IntArray, FloatArray]:
    """Stretches of `wide` minutes by the clock: which of them each bin lies in, and (stretches,) where they start.

    The bins of the variant must have been read (`Samples.read_bins`).
    """
    starts = run.samples.starts(variant)
    midnight = run.start.replace(hour=0, minute=0, second=0, microsecond=0)
    offset = (run.start - midnight).total_seconds() / 60.0
    place = np.floor((starts + offset) / wide + 1e-9).astype(np.int64)
    known, group = np.unique(place, return_inverse=True)
    return group.astype(np.int64), np.maximum(known * wide - offset, starts[0] if len(starts) else 0.0)


def curve(run: RunData, scope: Scope, measure: str) -> pd.DataFrame:
    """Rows of series.csv for one curve; of a long run over wider stretches, estimated anew (`Samples.regrouped`)."""
    rows = run.day(scope, measure)
    wide = width(run)
    if rows.empty or wide == run.bin_minutes:
        return rows
    import pandas as pd

    run.samples.bins(scope, "arrivals")
    group, starts = stretches(run, scope[0], wide)
    found = run.samples.regrouped(scope, measure, group, len(starts))
    names = dict(zip(("variant", "facility", "station", "class"), scope, strict=True))
    said = {**names, "bin_start": starts, "measure": measure, "unit": rows["unit"].iloc[0]}
    return pd.DataFrame({**said, **{name: found[name] for name in _NUMBERS}})


def estimates(values: FloatArray) -> dict[str, FloatArray]:
    """Mean, interval and spread of days of (replications, columns), by column of the result files."""
    found, spread = mean_interval(values), day_spread(values)
    columns = (found.mean, found.low, found.high, spread.p10, spread.p50, spread.p90, found.n.astype(float))
    return dict(zip(_NUMBERS, columns, strict=True))
