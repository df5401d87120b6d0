"""How far a forecast is from what was published, the same for the model and for the yardsticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .detector import FloatArray

LONG = 10.0
"""Minutes: delays above this are scored apart."""
LOW, HIGH = 0.05, 0.95
"""Ends of a 90 % band."""


@dataclass(frozen=True)
class Score:
    """Errors in minutes; `bias` is forecast less published."""

    error: float
    """Mean absolute error."""
    error_long: float
    """The same where the published delay is above `LONG`."""
    bias: float
    count: int
    count_long: int
    inside: float
    """Share of days inside the 90 % band."""


def score(published: FloatArray, forecast: FloatArray, inside: float) -> Score:
    """Score a forecast; arrays of one length, minutes. Without a long delay `error_long` is NaN."""
    off = forecast - published
    long = published > LONG
    return Score(
        error=float(np.abs(off).mean()),
        error_long=float(np.abs(off[long]).mean()) if long.any() else float("nan"),
        bias=float(off.mean()),
        count=len(off),
        count_long=int(long.sum()),
        inside=inside,
    )


def share_inside(published: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Share of values in [low, high]."""
    return float(((published >= low) & (published <= high)).mean())


def profile(table: pd.DataFrame, by: Sequence[str], column: str = "delay") -> pd.DataFrame:
    """Columns `mean` and `p90` of a column, a row per group."""
    groups = table.groupby(list(by))[column]
    return pd.DataFrame({"mean": groups.mean(), "p90": groups.quantile(0.9)})


def apart(one: pd.DataFrame, other: pd.DataFrame) -> tuple[float, float]:
    """Mean absolute difference of two profiles over their groups: of the means, and of the P90s."""
    off = (one - other).abs().mean()
    return float(off["mean"]), float(off["p90"])


def tail(values: FloatArray) -> float:
    """95th percentile over median; infinite where the median is 0."""
    median, high = np.quantile(values, (0.5, HIGH))
    return float(high / median) if median > 0.0 else math.inf
