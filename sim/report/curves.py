"""Curves with their bands, drawn alike in every figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report import style
from sim.report.rundata import RunData

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sim.model.arrays import FloatArray

BOTH = (("day_p10", "day_p90", style.BAND_OF_DAYS), ("ci_low", "ci_high", style.BAND_OF_MEAN))
"""Spread of days, and over it the interval of the mean: (low, high, opacity)."""
INTERVAL = (("ci_low", "ci_high", style.BAND_OF_CLASS),)
"""The interval alone, faint enough for several curves over one another."""
Bands = tuple[tuple[str, str, float], ...]


def column(rows: pd.DataFrame, name: str) -> FloatArray:
    """A column of numbers, NaN where blank."""
    return rows[name].to_numpy(dtype=float)


def draw_curve(
    ax: Axes, at: FloatArray, rows: pd.DataFrame, look: style.Look, label: str, bands: Bands, factor: float = 1.0
) -> bool:
    """Draw the mean of each row at its place, and its bands; True when there is anything to see.

    A gap where nothing is known; a point between two gaps is a dot. Bands of a single replication are left out.
    """
    mean = factor * column(rows, "mean")
    for low, high, opacity in bands if np.isfinite(column(rows, "ci_low")).any() else ():
        below, above = (factor * column(rows, name) for name in (low, high))
        name = f"{label}: {low} to {high}"
        ax.fill_between(at, below, above, color=look.color, alpha=opacity, linewidth=0, label=name)
    known = np.isfinite(mean)
    lonely = np.flatnonzero(known & ~np.r_[False, known[:-1]] & ~np.r_[known[1:], False])
    dots: dict[str, Any] = {"marker": "o", "markevery": lonely.tolist()} if lonely.size else {}
    ax.plot(at, mean, color=look.color, linestyle=look.dashes, label=label, **dots)
    return bool(known.any())


def class_look(run: RunData, facility: str, name: str) -> style.Look:
    """A class looks the same in every figure of a facility."""
    every = run.classes(facility)
    return style.look(every.index(name) if name in every else 0)


def variant_look(run: RunData, variant: str) -> style.Look:
    """A variant looks the same in every figure of a run; the baseline comes first."""
    return style.look(run.variants.index(variant))
