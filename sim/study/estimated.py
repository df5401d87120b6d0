"""What the tables say of measures by replication: mean or ratio with bounds, how days differ, days within limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.model.arrays import FloatArray, IntArray
from sim.study.estimators import DaySpread, Interval, day_spread, mean_interval, ratio_interval
from sim.study.matrix import VALUES
from sim.study.standards import days_within


class Estimated(NamedTuple):
    """Estimates of some columns, each array of their shape."""

    interval: Interval
    spread: DaySpread
    within: FloatArray
    """Share of the days within the limit, NaN where there is none."""


class Terms(NamedTuple):
    """How some measures by bin are made of keys by bin, told by their places among these; (measures,) each."""

    value: IntArray
    """Times the factor it is the measure of a day; of a ratio what stands above."""
    factor: FloatArray
    """(measures, bins)"""
    total: IntArray
    """Over `below` it is a mean, and the measure what the value has beyond that, in parts of it: NaN unless it is above
    0. -1 where the measure is the value itself, and of a ratio."""
    below: IntArray
    """-1 where the measure is the value itself."""


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


def means_by_bin(values: FloatArray, terms: Terms, limits: FloatArray) -> Estimated:
    """Of measures that are averaged over replications.

    Args:
        values: (replications, keys, bins).
        terms: how the measures are made of them.
        limits: (measures, bins), the most allowed of a day; NaN for any.
    """

    def estimated(bins: slice) -> Estimated:
        days = values[:, terms.value, bins] * terms.factor[:, bins]
        relative = np.flatnonzero(terms.total >= 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = values[:, terms.total[relative], bins] / values[:, terms.below[relative], bins]
            days[:, relative] = np.where(mean > 0.0, (days[:, relative] - mean) / mean, np.nan)
        return of_means(days, limits[:, bins])

    return _by_stretches(estimated, values, limits)


def ratios_by_bin(values: FloatArray, terms: Terms, limits: FloatArray) -> Estimated:
    """Of measures that are a sum over all replications over another; as `means_by_bin`."""

    def estimated(bins: slice) -> Estimated:
        above = values[:, terms.value, bins] * terms.factor[:, bins]
        return of_ratios(above, values[:, terms.below, bins], limits[:, bins])

    return _by_stretches(estimated, values, limits)


def _by_stretches(estimated: Callable[[slice], Estimated], values: FloatArray, limits: FloatArray) -> Estimated:
    """Estimates of all bins, of as many at once as make VALUES: numpy takes some ten times their memory."""
    n, keys, bins = values.shape
    width = max(1, VALUES // max(1, n * keys))
    found = [estimated(slice(begin, min(begin + width, bins))) for begin in range(0, bins, width)]
    if len(found) == 1:
        return found[0]
    interval = Interval(*(np.hstack([getattr(one.interval, name) for one in found]) for name in Interval.FIELDS))
    spread = DaySpread(*(np.hstack(parts) for parts in zip(*(one.spread for one in found), strict=True)))
    return Estimated(interval, spread, np.hstack([one.within for one in found]))


class Estimators(NamedTuple):
    """Who estimates: numpy, or compiled loops that find the same."""

    of_means: Callable[[FloatArray, FloatArray], Estimated] = of_means
    means_by_bin: Callable[[FloatArray, Terms, FloatArray], Estimated] = means_by_bin
    ratios_by_bin: Callable[[FloatArray, Terms, FloatArray], Estimated] = ratios_by_bin
