"""What a change does on bad days: the difference of the 90 % day, and the mean over the baseline's worst tenth of days.

A replication is a day. Both arrays hold one value per day and are paired by common random numbers. Days are worst where
the measure is largest (smallest, for a measure of which more is better: negate both).

The 90 % day
------------
Difference of the 90 % quantiles over days (type 7, as in `day_spread`) of variant and baseline. Its interval is the
hull of three:

- percentiles of a paired bootstrap over days (Efron and Tibshirani, An introduction to the bootstrap, 1993);
- Student's interval with the standard error of that bootstrap;
- the differences of the order statistics of the two, rank by rank, over the ranks between which the quantile of one
  variable lies with the level asked for, whatever its distribution (binomial).

The first two cover only 91 to 98 % with 30 days, least where the change is large: no resample goes beyond the worst
day there was, and with 0.9^30 = 4 % probability all days lie below the 90 % day. The third says how far the tail may
reach; it covers 91 to 98 % by itself, as the quantiles of the two need not have the same rank. The hull covers 95 % or
more, small changes up to 99. Ranks exist from 29 days on, as 0.9^28 > 5 % > 0.9^29: with fewer days there is no
interval. With fewer than 36 the upper rank is the last, and the lower takes what the upper leaves of the 5 %.

The baseline's worst days
-------------------------
Mean difference over the tenth of the days on which the baseline was worst. Which days these are is chance too: with h
the difference at the border of the tail, the variance of the estimate is (var of the tail + 0.9 (mean - h)^2) / days
in the tail, from the influence function of a tail mean. The interval is `outer_interval` on the days in the tail, its
arms lengthened by the square root of that variance over the plain one. It asks for three days in the tail.

The coverage of both is in docs/comparing.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.model.arrays import FloatArray
from sim.model.special import special
from sim.study.estimators import outer_interval

QUANTILE = 0.9
LEAST_DAYS = 3
"""Days in the tail below which its mean says nothing: 21 replications have three."""
RESAMPLES = 1000
SEED = 19930013
"""The same days give the same interval."""
Counts = npt.NDArray[np.unsignedinteger[Any]]


class Estimate(NamedTuple):
    """A difference with its interval; NaN where the days do not suffice."""

    difference: float
    low: float
    high: float


NONE = Estimate(float("nan"), float("nan"), float("nan"))


class BadDays(NamedTuple):
    """What a change does on bad days."""

    quantile: Estimate
    """Of the 90 % day."""
    worst: Estimate
    """Mean over the baseline's worst days."""
    days: int
    """How many those are; 0 where too few for an estimate."""


def bad_days(variant: FloatArray, baseline: FloatArray, level: float = 0.95) -> BadDays:
    """Both differences of a measure; arrays are (replications,), pairs with a NaN are left out."""
    both = ~(np.isnan(variant) | np.isnan(baseline))
    mine, base = variant[both], baseline[both]
    if not mine.size:
        return BadDays(NONE, NONE, 0)
    worst, days = _worst(mine - base, base, level)
    return BadDays(_quantile_difference(mine, base, level), worst, days)


def _quantile_difference(mine: FloatArray, base: FloatArray, level: float) -> Estimate:
    n = len(mine)
    difference = float(np.quantile(mine, QUANTILE) - np.quantile(base, QUANTILE))
    if n > 1 and np.ptp(mine - base) == 0.0:  # the same shift on every day: no resample says otherwise
        return Estimate(difference, difference, difference)
    ranks = _ranks(n, level)
    if ranks is None:
        return Estimate(difference, NONE.low, NONE.high)
    resampled = _quantiles(mine, _drawn(n)) - _quantiles(base, _drawn(n))
    low, high = np.quantile(resampled, [0.5 - level / 2.0, 0.5 + level / 2.0])
    half = float(special.stdtrit(n - 1, 0.5 + level / 2.0)) * float(resampled.std(ddof=1))
    by_rank = (np.sort(mine) - np.sort(base))[ranks[0] - 1 : ranks[1]]
    return Estimate(
        difference,
        min(float(low), difference - half, float(by_rank.min())),
        max(float(high), difference + half, float(by_rank.max())),
    )


def _worst(difference: FloatArray, base: FloatArray, level: float) -> tuple[Estimate, int]:
    n = len(base)
    days = -(-n // round(1.0 / (1.0 - QUANTILE)))  # a tenth, rounded up
    if days < LEAST_DAYS:
        return NONE, 0
    ordered = difference[np.argsort(-base, kind="stable")]
    tail = outer_interval(ordered[:days], level)
    mean, half = float(tail.mean), max(days // 2, 1)
    border = float(ordered[days - half : days + half].mean())
    plain = float(ordered[:days].var(ddof=1))
    if plain == 0.0:
        return Estimate(mean, mean, mean), days
    longer = np.sqrt((plain + QUANTILE * (mean - border) ** 2) / plain)
    return Estimate(mean, mean - longer * (mean - float(tail.low)), mean + longer * (float(tail.high) - mean)), days


@lru_cache(maxsize=4)
def _ranks(n: int, level: float) -> tuple[int, int] | None:
    """Ranks from 1 on between which the quantile of n values lies with `level` or more; None where there are none.

    So many of n values are below it: binomial. Half of the error is spent on either side, where that goes.
    """
    error = 1.0 - level
    below = special.bdtr(np.arange(n + 1), n, QUANTILE)  # probability of at most k below
    if 1.0 - below[n - 1] > error:
        return None
    last = min(int(np.argmax(below >= 1.0 - error / 2.0)) + 1, n)
    rest = error - max(1.0 - below[last - 1], error / 2.0)
    first = int(np.argmax(below > rest))
    return max(first, 1), last


def _quantiles(values: FloatArray, drawn: Counts) -> FloatArray:
    """Type 7 quantile of each resample: its days in the order of their values, counted up to the place."""
    order = np.argsort(values)
    reached = drawn[order]
    for day in range(1, len(order)):  # a third of what `cumsum` takes along this axis
        reached[day] += reached[day - 1]
    place = QUANTILE * (len(order) - 1)
    below, ordered = int(place), values[order]
    low, high = (ordered[(reached <= at).sum(axis=0, dtype=drawn.dtype)] for at in (below, below + 1))
    return np.asarray(low + (place - below) * (high - low))


@lru_cache(maxsize=4)
def _drawn(n: int) -> Counts:
    """(n, RESAMPLES): how often each day is in each resample, days being drawn with replacement."""
    days = np.random.default_rng([SEED, n]).integers(0, n, (RESAMPLES, n))
    found = np.zeros((n, RESAMPLES), np.min_scalar_type(n))
    np.add.at(found, (days, np.arange(RESAMPLES)[:, np.newaxis]), 1)
    return found
