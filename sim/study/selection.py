"""Which of several variants is best, with a guarantee: KN, the fully sequential procedure with an indifference zone.

KN (Kim and Nelson, A fully sequential procedure for indifference-zone selection in simulation, ACM TOMACS 11 (2001)
251-273) takes replications one by one and drops a contender as soon as its mean lies too far behind another's. Of k
contenders whose best is at least the zone d better than every other, it keeps the best with probability 1 - alpha or
more, for normal data that may be paired by common random numbers. With S2_il the variance of the difference of i and l
over the first n0 replications,

    eta = ((2 alpha / (k - 1))^(-2 / (n0 - 1)) - 1) / 2,   h2 = 2 eta (n0 - 1)
    i is dropped after r replications where  mean_i - mean_l > max(0, h2 S2_il / (2 d r) - d / 2)  for some l still in

(smaller is better). It ends with one contender, or after floor(h2 S2_il / d^2) + 1 replications, when the best mean is
taken. Here it is applied to replications that stand already, in their order; when they are used up before it ends, the
best is among those left with probability 1 - alpha, in the same sense. n0 does not depend on how many replications
there are (from 20 on), so that going on with more of them is the same procedure, not a second look.

Beside it stands what the replications say whatever the zone: by how much a contender can be worse than the best. By
multiple comparisons with the best (Hsu, Ann. Statist. 12 (1984) 1136-1144; Nelson and Matejcik, Management Science 41
(1995) 1935-1945), with probability 1 - alpha, every contender i is worse than the best by at most the largest over l
of the upper bound of i - l, each bound taken one-sided at alpha / (k - 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.errors import UsageError
from sim.model.arrays import FloatArray
from sim.study.estimators import outer_interval

FIRST_STAGE = 20
"""Replications whose variances KN is based on, or all of them where there are fewer."""
LEAST = 5
"""Replications below which nothing is dropped: variances of so few would ask for thousands more."""


@dataclass(frozen=True)
class Selection:
    """What KN found among contenders 0..k-1."""

    survivors: tuple[int, ...]
    """Not dropped, best mean first."""
    decided: bool
    """One is left, or those left have the same mean where it ends: the first is best, as guaranteed."""
    used: int
    """Replications after which it was decided; all of them where it was not."""
    replications: int
    first_stage: int
    zone: float
    guarantee: float
    """Probability that the best is among the survivors, if it is better than the others by the zone or more."""
    at_most_worse: tuple[float, ...]
    """For each contender, in the unit of the measure: it is worse than the best by no more, with the same
    probability for all of them at once. NaN with fewer than two replications."""
    more: int | None
    """About how many more replications until it is decided, if the means stay as they are; 0 when it is, None where
    there are too few replications (`LEAST`) to tell."""
    more_at_most: int | None
    """How many more it takes at most."""

    @property
    def best(self) -> int:
        """The survivor with the best mean."""
        return self.survivors[0]


def select_best(
    samples: npt.ArrayLike, zone: float, *, lower_is_better: bool = True, confidence: float = 0.95
) -> Selection:
    """Apply KN to the replications in hand.

    Args:
        samples: (replications, contenders), paired by rows; rows with a NaN are left out.
        zone: the difference worth detecting, above 0, in the unit of the samples.
        lower_is_better: False where the largest mean is the best.
        confidence: 1 - alpha, above 1 / contenders.

    Raises:
        UsageError: the zone or the confidence is out of range, or there is nothing to choose from.
    """
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 2:
        raise UsageError("a selection needs at least two contenders")
    if not 0.0 < zone < np.inf:
        raise UsageError(f"the indifference zone is above 0, found {zone:g}")
    if not 1.0 / values.shape[1] < confidence < 1.0:
        raise UsageError(f"the probability of a correct selection lies above 1 / contenders, found {confidence:g}")
    values = values[~np.isnan(values).any(axis=1)]
    if not lower_is_better:
        values = -values
    n, k = values.shape
    if n < LEAST:
        order = np.argsort(values.mean(axis=0), kind="stable") if n else np.arange(k)
        bounds = _at_most_worse(values, 1.0 - confidence)
        left = tuple(int(i) for i in order)
        return Selection(left, False, n, n, n, zone, confidence, bounds, None, None)
    return _kn(values, zone, confidence)


def _kn(values: FloatArray, zone: float, confidence: float) -> Selection:
    n, k = values.shape
    first = min(n, FIRST_STAGE)
    alpha = 1.0 - confidence
    eta = ((2.0 * alpha / (k - 1)) ** (-2.0 / (first - 1)) - 1.0) / 2.0
    reach = 2.0 * eta * (first - 1) * _variances(values[:first])
    last = np.floor(reach / zone**2)
    sums = np.cumsum(values, axis=0)
    left = np.arange(k)
    used, decided = n, False
    for r in range(first, n + 1):
        mean = sums[r - 1, left] / r
        slack = np.maximum(0.0, reach[np.ix_(left, left)] / (2.0 * zone * r) - zone / 2.0)
        left = left[~(mean[:, None] > mean[None, :] + slack).any(axis=1)]
        if len(left) == 1 or r > last[np.ix_(left, left)].max():
            used, decided = r, True
            break
    mean = sums[n - 1] / n
    survivors = left[np.argsort((sums[used - 1] / used)[left], kind="stable")]
    more, most = (0, 0) if decided else _more(mean[survivors], reach[np.ix_(survivors, survivors)], zone, n)
    return Selection(
        survivors=tuple(int(i) for i in survivors),
        decided=decided,
        used=used,
        replications=n,
        first_stage=first,
        zone=zone,
        guarantee=confidence,
        at_most_worse=_at_most_worse(values, alpha),
        more=more,
        more_at_most=most,
    )


def _more(mean: FloatArray, reach: FloatArray, zone: float, n: int) -> tuple[int, int]:
    """Replications beyond n at which every other survivor is dropped by the first, as means stand; and at most."""
    gaps = mean[1:] - mean[0]
    falls = np.ceil(reach[0, 1:] / (zone * (2.0 * gaps + zone)))
    most = int(np.floor(reach / zone**2).max()) + 1
    return max(1, min(int(falls.max()), most) - n), max(1, most - n)


def _variances(values: FloatArray) -> FloatArray:
    """(k, k): variance of the difference of every two contenders."""
    return np.asarray((values[:, :, None] - values[:, None, :]).var(axis=0, ddof=1))


def _at_most_worse(values: FloatArray, alpha: float) -> tuple[float, ...]:
    k = int(values.shape[1])
    if len(values) < 2:
        return (float("nan"),) * k
    level = max(1.0 - 2.0 * alpha / (k - 1), 0.01)  # the upper bound of a two-sided interval is one-sided at half
    high = outer_interval(values[:, :, None] - values[:, None, :], level).high
    np.fill_diagonal(high, 0.0)
    worst: list[float] = high.max(axis=1).tolist()
    return tuple(max(bound, 0.0) for bound in worst)
