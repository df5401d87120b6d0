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


def _terms(rng: np.random.Generator, *, ratios: bool) -> estimated.Terms:
    """Measures of every kind made of others, some as they are, some times a factor that differs from bin to bin."""
    value, none = rng.permutation(SHAPE[0]), np.full(SHAPE[0], -1)
    factor = np.where(np.arange(SHAPE[0])[:, np.newaxis] % 2, 1.0, rng.choice([0.25, 60.0, 1.1], SHAPE))
    total, below = rng.permutation(SHAPE[0]), rng.permutation(SHAPE[0])
    if ratios:
        return estimated.Terms(value, factor, none, below)
    relative = np.arange(SHAPE[0]) % 3 == 0
    return estimated.Terms(value, factor, np.where(relative, total, -1), np.where(relative, below, -1))


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
    both = np.concatenate([days, below], axis=1)
    ratios = estimated.Terms(np.arange(9), np.ones(SHAPE), np.full(9, -1), np.arange(9, 18))
    _assert_same(estimated.of_ratios(days, below, limits), estimating.ratios_by_bin(both, ratios, limits))
    days[:, 8] = 0.0  # which of 0 and -0 comes first, nobody says
    nothing = np.where(rng.random(days.shape) < 0.5, days, 0.0)
    both = np.concatenate([nothing, below], axis=1)
    _assert_same(estimated.of_ratios(nothing, below, limits), estimating.ratios_by_bin(both, ratios, limits))
    _assert_same(estimated.of_means(nothing, limits), estimating.of_means(nothing, limits))
    assert estimating.entry.signatures == [estimating.SIGNATURE], "what is made ready is what is called"


@pytest.mark.parametrize("replications", [1, 2, 30])
@pytest.mark.parametrize("at_once", [1, 1000, 2**19])
def test_measures_made_of_others(replications: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever they are made of, and however many bins numpy looks at together."""
    monkeypatch.setattr(estimated, "VALUES", at_once)
    rng = np.random.default_rng(replications)
    days, limits = np.abs(_days(replications, rng)), np.where(rng.random(SHAPE) < 0.5, 1.0, np.nan)
    means, ratios = _terms(rng, ratios=False), _terms(rng, ratios=True)
    _assert_same(estimated.means_by_bin(days, means, limits), estimating.means_by_bin(days, means, limits))
    _assert_same(estimated.ratios_by_bin(days, ratios, limits), estimating.ratios_by_bin(days, ratios, limits))


def test_what_a_measure_is_made_of() -> None:
    """Values times a factor, and what they have beyond a mean; a ratio of sums over all replications."""
    values = np.array([[[6.0], [8.0], [4.0]], [[9.0], [0.0], [5.0]]])
    half, limits = np.array([[0.5], [1.0]]), np.full((2, 1), np.nan)
    means = estimated.Terms(np.array([0, 0]), half, np.array([-1, 1]), np.array([-1, 2]))
    for of in (estimated, estimating):
        found = of.means_by_bin(values, means, limits)
        assert found.interval.mean.tolist() == [[3.75], [2.0]]  # (6 + 9) / 2 / 2; (6 - 8 / 4) / (8 / 4), where above 0
        assert found.interval.n.tolist() == [[2], [1]]
        ratios = estimated.Terms(np.array([0, 1]), half, np.array([-1, -1]), np.array([2, 2]))
        assert of.ratios_by_bin(values, ratios, limits).interval.mean.tolist() == [[7.5 / 9.0], [8.0 / 9.0]]


def test_of_nothing() -> None:
    for of in (estimated, estimating):
        assert of.of_means(np.empty((3, 0)), np.empty(0)).within.shape == (0,)
