"""Intervals for many comparisons that hold all at once, without paying for what the comparisons share.

Rows of a comparison (a variant, a class, a measure) come from the same replications: the mean wait and the 95th
percentile of one class rise and fall together. Bonferroni's inequality pays for each as if it were new. The level used
here asks instead how far the farthest of the rows strays, given how they go together (single-step max-t: Hothorn,
Bretz and Westfall, Simultaneous inference in general parametric models, Biometrical Journal 50 (2008) 346-363).

With standardised differences u_rj of replication r and row j, whose correlation is that of the sample, and independent
standard normal w_r, the vector sum_r w_r u_rj / sqrt(n - 1) is normal with exactly that correlation. The 95 % quantile
of the largest absolute entry over many draws of w is the number of standard errors that all rows keep to together; the
level at which one normal row keeps to it is the level each row's own interval is then taken at, as `outer_interval` of
`sim.study.estimators`: all of them are to hold with the probability asked for or more. It is never above what
Bonferroni would give, and never below the level asked for. Few replications of many rows show correlations that are
chance: below FEW of them Bonferroni's inequality is used. The coverage of both is measured in docs/comparing.md.
"""

from __future__ import annotations

import numpy as np

from sim.model.arrays import FloatArray
from sim.model.special import special
from sim.study.estimators import Interval, mean_interval, outer_interval, simultaneous_level

FEW = 30
"""Replications below which correlations are not relied on."""
MAX_T = "single-step max-t"
BONFERRONI = "Bonferroni"
DRAWS = 20_000
"""Of the normal vectors: the level's own error is then about a tenth of what the intervals can miss by."""
SEED = 20080346
"""The same data give the same intervals."""


def joint_level(differences: FloatArray, level: float = 0.95, draws: int = DRAWS) -> float:
    """Level for each row's interval so that all rows hold together with probability about `level`.

    `differences` is (replications, rows), NaN where a replication lacks a row. Rows that are equal in all replications,
    or have fewer than two, have no spread and take no part.
    """
    standard = _standardised(differences)
    rows = standard.shape[1]
    if method_of(differences) == BONFERRONI:
        return simultaneous_level(max(rows, 1), level)
    if rows < 2:
        return level
    weights = np.random.default_rng(SEED).standard_normal((draws, len(standard)))
    farthest = np.zeros(draws)
    for first in range(0, rows, 256):  # a block of rows at a time, so that thousands of them fit in memory
        farthest = np.maximum(farthest, np.abs(weights @ standard[:, first : first + 256]).max(axis=1))
    errors = float(np.quantile(farthest, level))
    joint = float(2.0 * special.ndtr(errors) - 1.0)
    return min(max(joint, level), simultaneous_level(rows, level))


def method_of(differences: FloatArray) -> str:
    """Name of the method `joint_level` uses for so many replications."""
    return BONFERRONI if len(differences) < FEW else MAX_T


def simultaneous_intervals(differences: FloatArray, level: float = 0.95) -> tuple[Interval, float]:
    """Means of the rows with intervals that hold all at once, of the shape of the rows; the level each is taken at.

    A single row has the interval that it has alone.
    """
    joint = joint_level(differences, level)
    return (outer_interval if differences.shape[1] > 1 else mean_interval)(differences, joint), joint


def _standardised(differences: FloatArray) -> FloatArray:
    """Rows with a spread, centred, with squares that add up to 1; a missing replication stands at the mean."""
    present = ~np.isnan(differences)
    count = present.sum(axis=0)
    filled = np.where(present, differences, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = np.where(present, differences - filled.sum(axis=0) / count, 0.0)
        length = np.sqrt((centred**2).sum(axis=0))
        most = np.nanmax(np.abs(np.where(present, differences, 0.0)), axis=0, initial=0.0)
        spread = (count > 1) & np.isfinite(length) & (length > 1e-12 * most)
    return np.asarray(centred[:, spread] / length[spread])
