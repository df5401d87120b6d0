"""Estimates of compiled loops are those of numpy to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from sim.study import estimated
from sim.study.compiled import estimating

SHAPE = (9, 23)
"""Measures and bins: more columns than a strip has, and not a multiple of it."""


def _days(replications: int, rng: np.random.Generator) -> np.ndarray:
    """Measures of every kind: some days missing, all of them, all but one, all alike, infinite, below 0, rounded."""
    days = rng.lognormal(0.0, 1.0, (replications, *SHAPE))
    days[rng.random(days.shape) < 0.1] = np.nan
    days[:, 1], days[:, 2], days[:, 3] = np.nan, 0.0, 3.3
    days[1:, 4], days[0, 5] = np.nan, np.inf
    days[:, 6] -= 1.0
    days[:, 7] = np.ceil(days[:, 7])
    days[:, 8] = -0.0
    return days


def _arrays(found: estimated.Estimated) -> list[np.ndarray]:
    interval = found.interval
    return [interval.mean, interval.low, interval.high, interval.n, *found.spread, found.within]


def _assert_same(first: estimated.Estimated, second: estimated.Estimated) -> None:
    for one, other in zip(_arrays(first), _arrays(second), strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape == SHAPE
        assert np.all((one.view(np.int64) == other.view(np.int64)) | (np.isnan(one) & np.isnan(other)))


@pytest.mark.parametrize("replications", [1, 2, 3, 30, 200])
def test_the_same_estimates(replications: int) -> None:
    rng = np.random.default_rng(replications)
    days, limits = _days(replications, rng), np.where(rng.random(SHAPE) < 0.5, 1.0, np.nan)
    _assert_same(estimated.of_means(days, limits), estimating.of_means(days, limits))
    days.flags.writeable = False  # as those of a journal
    _assert_same(estimated.of_means(days, limits), estimating.of_means(days, limits))
    days.flags.writeable = True
    below = np.floor(3.0 * np.abs(rng.normal(size=days.shape)))
    below[:, 0] = 0.0
    below[1:, 3] = 0.0
    _assert_same(estimated.of_ratios(days, below, limits), estimating.of_ratios(days, below, limits))
    days[:, 8] = 0.0  # which of 0 and -0 comes first, nobody says
    nothing = np.where(rng.random(days.shape) < 0.5, days, 0.0)
    _assert_same(estimated.of_ratios(nothing, below, limits), estimating.of_ratios(nothing, below, limits))
    _assert_same(estimated.of_means(nothing, limits), estimating.of_means(nothing, limits))
    assert estimating.entry.signatures == [estimating.SIGNATURE], "what is made ready is what is called"
