"""What the tables say of measures by replication: mean or ratio with bounds, how days differ, days within limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.model.arrays import FloatArray
from sim.study.estimators import DaySpread, Interval, day_spread, mean_interval, ratio_interval
from sim.study.standards import days_within


class Estimated(NamedTuple):
    """Estimates of some columns, each array of their shape."""

    interval: Interval
    spread: DaySpread
    within: FloatArray
    """Share of the days within the limit, NaN where there is none."""


def of_means(days: FloatArray, limits: FloatArray) -> Estimated:
    """Of a measure that is averaged over replications.

    Args:
        days: (replications, ...), NaN where a replication has none.
        limits: (...), the most allowed of a day; NaN for any.
    """
    return Estimated(mean_interval(days), day_spread(days), days_within(days, limits))


def of_ratios(numerator: FloatArray, denominator: FloatArray, limits: FloatArray) -> Estimated:
    """Of a measure that is a sum over all replications over another; both (replications, ...) of one shape."""
    with np.errstate(invalid="ignore", divide="ignore"):
        days = numerator / denominator
    return Estimated(ratio_interval(numerator, denominator), day_spread(days), days_within(days, limits))


class Estimators(NamedTuple):
    """Who estimates: numpy, or compiled loops that find the same."""

    of_means: Callable[[FloatArray, FloatArray], Estimated] = of_means
    of_ratios: Callable[[FloatArray, FloatArray, FloatArray], Estimated] = of_ratios
