"""What replications say about a mean, a ratio, a day, or a difference: estimates with intervals.

Every array has replications along its first axis and any columns behind it (one column per facility, station, class,
measure, bin); results have the shape of the columns. NaN marks a replication without the measure (an empty bin, a
class nobody used): it is left out of its column and not counted. An infinite sample makes the mean infinite and the
bounds NaN, or infinite too where all samples are. Replications are summed in index order, so a column's figures do
not depend, to the last bit, on which columns stand beside it. `level` is the coverage aimed at, 0.95 by default.
Arguments that make no interval raise `UsageError`.

The interval
------------
Waits of a day are skewed, and Student's t then misses the mean too often, nearly always because the interval
lies too low. Hall (1992) removes the skewness of t by a cubic transformation with an inverse in closed form;
with Student's quantiles instead of normal ones (Willink 2005) it serves small samples. It moves the bound on
the side of the long tail outwards and the other bound inwards. That is `mean_interval`: it is to hold as often
as it says, neither less often nor more.

The move inwards costs coverage where the sample skewness is only chance (symmetric, heavy-tailed differences
between variants), and it does so the more the higher the level. `outer_interval` leaves it out: each bound is the
outer of Student's and Hall's. It is for what is promised as *at least* so sure: several intervals at once, and how
much worse than the best a variant can be.

Coverage in percent at level 95 %, 100,000 experiments (40,000 at n = 100), and mean width over Student's:

    data                      n   Student  Johnson   Hall  outer   widths: Hall, outer
    lognormal, skewness 2.0  10      91.3     91.6   93.6   94.6    1.15   1.28
                             30      93.3     93.4   94.4   95.7    1.09   1.18
                            100      94.4     94.4   94.8   95.8    1.03   1.09
    gamma, skewness 2.2      10      89.3     89.7   93.8   94.6    1.20   1.37
                             30      92.3     92.6   94.8   96.0    1.13   1.24
                            100      94.0     94.1   94.9   96.0    1.04   1.10
    normal                   10      95.0     95.0   94.9   96.2    1.06   1.13
                             30      95.1     95.1   95.1   95.6    1.01   1.03
                            100      95.0     95.0   95.0   95.1    1.00   1.01
    Laplace                  10      95.8     95.6   92.9   96.2    1.11   1.22
                             30      95.3     95.1   93.2   95.5    1.03   1.07
                            100      95.1     95.0   94.2   95.2    1.00   1.02

Johnson (1978) only shifts Student's interval, which hardly helps a two-sided one. Hall's bound is the cube
root of something that passes zero where the sample skewness is large: there the bound leaps to several times
Student's on a little more skewness. The correction is therefore held at the skewness where the root's argument
is LEAST_ROOT; without that the intervals above are up to a third wider and cover no better. `outer_interval` lets
it go further, to LEAST_OUTER_ROOT: families with the share of parties over a standard, which is 0 on many days,
then hold with 30 replications and not only with 50.

- Hall, On the removal of skewness by transformation, J. R. Statist. Soc. B 54 (1992) 221-228.
- Willink, A confidence interval and test for the mean of an asymmetric distribution, Communications in
  Statistics: Theory and Methods 34 (2005) 753-766.
- Johnson, Modified t tests and confidence intervals for asymmetrical populations, J. Amer. Statist. Assoc. 73
  (1978) 536-544.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.errors import UsageError
from sim.model.arrays import BoolArray, FloatArray, IntArray
from sim.model.special import special

Arms = Callable[[FloatArray, IntArray, float], tuple[FloatArray, FloatArray]]

LEAST_ROOT = 0.1
"""Hall's correction grows with the skewness only until the argument of its cube root has come down to this."""
LEAST_OUTER_ROOT = 0.03
"""The same of `outer_interval`."""
DAYS = (0.1, 0.5, 0.9)
"""Which quantiles over days `day_spread` takes."""
NEGLIGIBLE_SKEW = 1e-8
"""Hall's correction below this is smaller than its own rounding error."""


@dataclass(frozen=True)
class Interval:
    """An estimate and its confidence bounds, each of the shape of the columns (0-d for a single series)."""

    mean: FloatArray
    """NaN where no replication has the measure."""
    low: FloatArray
    """NaN where fewer than two replications have the measure, as for `high`."""
    high: FloatArray
    n: IntArray
    """Replications that have the measure."""

    FIELDS: ClassVar[tuple[str, ...]] = ("mean", "low", "high", "n")


class DaySpread(NamedTuple):
    """How days differ: quantiles over replications, each a day."""

    p10: FloatArray
    p50: FloatArray
    p90: FloatArray


def mean_interval(samples: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Mean over replications with the skewness-corrected interval described above: Hall's.

    `samples` is (replications, ...). Bounds hold the mean, widen with `level`, and coincide with it where all
    replications are equal; they are NaN where fewer than two have the measure.
    """
    return Moments.of(samples).interval(level)


def outer_interval(samples: npt.ArrayLike, level: float = 0.95) -> Interval:
    """The same with an interval that is to miss no more often than it says: each bound the outer of two.

    It holds the one of `mean_interval` at this level or a lower one.
    """
    return Moments.of(samples).interval(level, _outer_arms)


class Moments(NamedTuple):
    """What an interval is made of, of each column."""

    mean: FloatArray
    error: FloatArray
    """Standard error of the mean."""
    skewness: FloatArray
    n: IntArray
    equal: BoolArray
    """All replications agree."""

    @classmethod
    def of(cls, samples: npt.ArrayLike) -> Moments:
        """Of the replications that have the measure."""
        values = _replications(samples)
        present = ~np.isnan(values)
        count = _count(present)
        with np.errstate(all="ignore"):
            mean = _sum(values, present) / count
            deviation = values - mean
            sd = np.sqrt(_sum(deviation**2, present) / (count - 1))
            standard = deviation / sd
            skewness = _sum(standard * standard * standard, present) * count / ((count - 1) * (count - 2))
            error = sd / np.sqrt(count)
        equal, common = _all_equal(values, present)
        return cls(np.where(equal, common, mean), error, np.where(count > 2, skewness, 0.0), count, equal)

    def interval(self, level: float = 0.95, arms: Arms | None = None) -> Interval:
        """Mean and bounds, whose distances from it in standard errors follow from skewness, count and level: Hall's.

        Args:
            level: coverage aimed at.
            arms: other distances.
        """
        _check_level(level)
        with np.errstate(all="ignore"):
            below, above = (arms or _arms)(self.skewness, self.n, level)
            low, high = self.mean - below * self.error, self.mean + above * self.error
        low, high = (np.where(self.equal, self.mean, bound) for bound in (low, high))
        low, high = (np.where(self.n > 1, bound, np.nan) for bound in (low, high))
        return Interval(self.mean, low, high, self.n)


def ratio_interval(numerator: npt.ArrayLike, denominator: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Sum of `numerator` over sum of `denominator`, such as a bin's waiting over its parties, with bounds.

    Both are (replications, ...) of one shape. The interval is `mean_interval` of the jackknife pseudo-values
    n R - (n - 1) R_(-i), moved from their mean to the ratio R itself (Miller, The jackknife: a review,
    Biometrika 61 (1974) 1-15). A replication with 0 over 0 says nothing about the ratio and is not counted.
    NaN where the denominators sum to 0; the bounds also where they do so without one of the replications.
    """
    above, below = _replications(numerator), _replications(denominator)
    if above.shape != below.shape:
        raise UsageError(f"numerator and denominator differ in shape: {above.shape} and {below.shape}")
    used = ~(np.isnan(above) | np.isnan(below) | ((above == 0.0) & (below == 0.0)))
    count = _count(used)
    total_above, total_below = _sum(above, used), _sum(below, used)
    with np.errstate(all="ignore"):
        ratio = np.where(total_below != 0.0, total_above / total_below, np.nan)
        without = (total_above - above) / (total_below - below)
        pseudo = count * ratio - (count - 1) * without
    return ratio_of_sums(ratio, count, mean_interval(np.where(used, pseudo, np.nan), level))


def ratio_of_sums(ratio: FloatArray, count: IntArray, pseudo: Interval) -> Interval:
    """`ratio_interval` of a ratio, the replications that say something about it, and the interval of pseudo-values."""
    with np.errstate(invalid="ignore"):
        whole = pseudo.n == count  # a pseudo-value is NaN where nothing is left
        low = np.where(whole, ratio + (pseudo.low - pseudo.mean), np.nan)
        high = np.where(whole, ratio + (pseudo.high - pseudo.mean), np.nan)
    return Interval(ratio, low, high, count)


def paired_difference(variant: npt.ArrayLike, baseline: npt.ArrayLike, variants: int = 1) -> Interval:
    """Mean of variant - baseline over replications paired by common random numbers.

    Both are (replications, ...) of one shape, replication i of each run on the same streams. A pair with a
    NaN is left out. The interval is one of `variants` that hold together with 95 %: Bonferroni's level, and
    `outer_interval` where there are several.
    """
    return paired_differences(variant, baseline, variants)[1]


def paired_differences(variant: npt.ArrayLike, baseline: npt.ArrayLike, variants: int) -> tuple[Interval, Interval]:
    """The same with the interval that holds alone, and with the one that is one of `variants`."""
    moments = Moments.of(_differences(variant, baseline))
    together = _outer_arms if variants > 1 else _arms
    return moments.interval(), moments.interval(simultaneous_level(variants), together)


def simultaneous_level(comparisons: int, level: float = 0.95) -> float:
    """Level for each of `comparisons` intervals so that all hold together with probability `level` or more.

    Bonferroni's inequality: 1 - (1 - level) / comparisons; no independence is needed.
    """
    _check_level(level)
    if comparisons < 1:
        raise UsageError(f"at least one comparison is needed, not {comparisons}")
    return 1.0 - (1.0 - level) / comparisons


def crn_variance_ratio(variant: npt.ArrayLike, baseline: npt.ArrayLike) -> FloatArray:
    """How much common random numbers save: (var v + var b) / var(v - b), over the pairs without NaN.

    1 is what independent runs would give; 4 means a quarter of the replications for the same half-width;
    below 1 the pairing hurts. Infinite where every pair differs by the same amount, NaN where also nothing
    varies or fewer than two pairs are left.
    """
    difference = _differences(variant, baseline)
    paired = np.where(np.isnan(difference), np.nan, 1.0)
    separate = _variance(_replications(variant) * paired) + _variance(_replications(baseline) * paired)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(separate / _variance(difference))


def day_spread(samples: npt.ArrayLike) -> DaySpread:
    """10 %, 50 % and 90 % quantiles over replications, by linear interpolation between order statistics.

    `samples` is (replications, ...). The definition is numpy's, pandas' and R's default, type 7 of Hyndman
    and Fan, The American Statistician 50 (1996) 361-365. NaN where no replication has the measure.
    """
    values = _replications(samples)
    # Each column's replications side by side: several times faster to order.
    columns = np.array(np.moveaxis(values, 0, -1), order="C").reshape(-1, len(values))  # a copy: it is put in order
    whole = ~np.isnan(columns).any(axis=1)
    if whole.any():  # of whole columns only the places that are asked for need be in order
        columns[whole] = np.partition(columns[whole], _places(len(values)), axis=1)
    columns[~whole] = np.sort(columns[~whole], axis=1)  # NaN comes last
    ordered = np.moveaxis(columns.reshape(*values.shape[1:], len(values)), -1, 0)
    count = _count(~np.isnan(ordered))
    return DaySpread(*(_ordered_quantile(ordered, count, share) for share in DAYS))


def relative_half_width(interval: Interval) -> FloatArray:
    """Longer arm of the interval over the absolute mean: the precision that holds on both sides.

    0 where the bounds coincide with the mean, infinite where only the mean is 0, NaN without bounds.
    """
    arm = np.maximum(interval.high - interval.mean, interval.mean - interval.low)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(arm == 0.0, 0.0, arm / np.abs(interval.mean))


def _arms(
    skewness: FloatArray, count: IntArray, level: float, least_root: float = LEAST_ROOT
) -> tuple[FloatArray, FloatArray]:
    """Lengths of the lower and the upper arm in standard errors: Hall's; at low levels one may shrink to nothing.

    The largest correction `a` solves 1 - 6 a (t + a) = least_root.
    """
    t = _student(count, level)
    most = (np.sqrt(t * t + (1.0 - least_root) * 2.0 / 3.0) - t) / 2.0
    a = np.clip(skewness / (6.0 * np.sqrt(count)), -most, most)
    return np.maximum(_hall(t, a), 0.0), np.maximum(-_hall(-t, a), 0.0)


def _outer_arms(skewness: FloatArray, count: IntArray, level: float) -> tuple[FloatArray, FloatArray]:
    """The same, never shorter than Student's."""
    t = _student(count, level)
    below, above = _arms(skewness, count, level, LEAST_OUTER_ROOT)
    return np.maximum(t, below), np.maximum(t, above)


def _student(count: IntArray, level: float) -> FloatArray:
    """Student's quantile of a two-sided interval."""
    distinct = np.arange(np.max(count, initial=0) + 1)
    if len(distinct) > np.size(count):
        return np.asarray(special.stdtrit(np.maximum(count - 1, 1), 0.5 + level / 2.0), dtype=np.float64)
    return np.asarray(special.stdtrit(np.maximum(distinct - 1, 1), 0.5 + level / 2.0)[count], dtype=np.float64)


def _hall(t: FloatArray, a: FloatArray) -> FloatArray:
    """Inverse of Hall's transformation x + 2 a x^2 + (4/3) a^2 x^3 + a at `t`."""
    skewed = np.abs(a) > NEGLIGIBLE_SKEW
    safe = np.where(skewed, a, 1.0)
    return np.where(skewed, (np.cbrt(1.0 + 6.0 * safe * (t - safe)) - 1.0) / (2.0 * safe), t)


def _places(count: int) -> list[int]:
    """Where the quantiles of so many values lie when these are in order."""
    below = [int(share * (count - 1)) for share in DAYS]
    return sorted({*below, *(min(place + 1, count - 1) for place in below)})


def _ordered_quantile(ordered: FloatArray, count: IntArray, share: float) -> FloatArray:
    position = share * np.maximum(count - 1, 0)
    index = np.floor(position).astype(np.int64)
    below = np.take_along_axis(ordered, index[np.newaxis], axis=0)[0]
    following = np.minimum(index + 1, np.maximum(count - 1, 0))
    above = np.take_along_axis(ordered, following[np.newaxis], axis=0)[0]
    with np.errstate(invalid="ignore"):  # inf - inf, where `below` is the answer
        between = below + (position - index) * (above - below)
    return np.asarray(np.where(below == above, below, between), dtype=np.float64)


def _differences(variant: npt.ArrayLike, baseline: npt.ArrayLike) -> FloatArray:
    first, second = _replications(variant), _replications(baseline)
    if first.shape != second.shape:
        raise UsageError(f"variant and baseline differ in shape: {first.shape} and {second.shape}")
    return first - second


def _variance(values: FloatArray) -> FloatArray:
    """Unbiased variance over the replications that are not NaN, exactly 0 where they are equal."""
    present = ~np.isnan(values)
    count = _count(present)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = _sum(values, present) / count
        variance = _sum((values - mean) ** 2, present) / (count - 1)
    equal, _ = _all_equal(values, present)
    return np.where(count > 1, np.where(equal, 0.0, variance), np.nan)


def _all_equal(values: FloatArray, present: BoolArray) -> tuple[BoolArray, FloatArray]:
    """Where all replications agree, and on what: rounding in a mean must not pass for a spread."""
    least = np.min(values, axis=0, initial=np.inf, where=present)
    most = np.max(values, axis=0, initial=-np.inf, where=present)
    return least == most, least


def _count(present: BoolArray) -> IntArray:
    return np.asarray(np.sum(present, axis=0), dtype=np.int64)


def _sum(values: FloatArray, present: BoolArray) -> FloatArray:
    """Sum over the replications present, strictly in index order."""
    rows = np.ascontiguousarray(values if present.all() else np.where(present, values, 0.0)).reshape(len(values), -1)
    if rows.shape[1] == 1:  # a single column numpy would sum in pairs
        rows = np.repeat(rows, 2, axis=1)
        return np.asarray(np.add.reduce(rows, axis=0)[:1].reshape(values.shape[1:]))
    return np.asarray(np.add.reduce(rows, axis=0).reshape(values.shape[1:]))


def _replications(samples: npt.ArrayLike) -> FloatArray:
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim == 0 or values.shape[0] == 0:
        raise UsageError("samples must have at least one replication along the first axis")
    return values


def _check_level(level: float) -> None:
    if not 0.0 < level < 1.0:
        raise UsageError(f"the level of an interval lies between 0 and 1, such as 0.95; found {level}")


def about(count: float) -> int:
    """A number of replications to come, above 0, rounded up to two digits: a guess should not look like a count."""
    whole = math.ceil(count)
    step = int(10 ** max(len(str(whole)) - 2, 0))
    return -(-whole // step) * step
