"""Estimates by hand, the rules for missing and constant samples, and coverage on small seeded experiments."""

import math
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from sim.errors import UsageError
from sim.study.estimators import (
    Interval,
    crn_variance_ratio,
    day_spread,
    mean_interval,
    outer_interval,
    paired_difference,
    ratio_interval,
    relative_half_width,
    simultaneous_level,
)

NAN = math.nan
FloatArray = npt.NDArray[np.float64]


def test_symmetric_sample_has_students_interval() -> None:
    """1..5: mean 3, sd sqrt(2.5), skewness 0, t(4) at 0.975 = 2.776445."""
    interval = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.7764451051977987 * math.sqrt(2.5 / 5)
    assert float(interval.mean) == 3.0
    assert float(interval.low) == pytest.approx(3.0 - half, rel=1e-12)
    assert float(interval.high) == pytest.approx(3.0 + half, rel=1e-12)
    assert int(interval.n) == 5


def test_skewed_sample_by_hand() -> None:
    """Mean 2, sd sqrt(20), skewness sqrt(5), a = 1/6: beyond the largest correction, so the root's argument is 0.1.

    The largest a solves 1 - 6 a (t + a) = 0.1 with t = 2.776445: a = 0.0530; the upper arm is (1 - cbrt(0.1)) / 2a.
    """
    interval = mean_interval([0.0, 0.0, 0.0, 0.0, 10.0])
    t = 2.7764451051977987
    a = (math.sqrt(t * t + 0.6) - t) / 2.0
    assert 1.0 - 6.0 * a * (t + a) == pytest.approx(0.1, rel=1e-12)
    assert float(interval.mean) == 2.0
    lower = ((1.0 + 6.0 * a * (t - a)) ** (1.0 / 3.0) - 1.0) / (2.0 * a)
    assert float(interval.low) == pytest.approx(2.0 - 2.0 * lower, rel=1e-12)
    assert float(interval.high) == pytest.approx(2.0 + 2.0 * (1.0 - 0.1 ** (1.0 / 3.0)) / (2.0 * a), rel=1e-12)
    outer = outer_interval([0.0, 0.0, 0.0, 0.0, 10.0])
    a = (math.sqrt(t * t + 0.97 * 2.0 / 3.0) - t) / 2.0
    assert 1.0 - 6.0 * a * (t + a) == pytest.approx(0.03, rel=1e-12)
    assert float(outer.low) == pytest.approx(2.0 - 2.0 * t, rel=1e-12)
    assert float(outer.high) == pytest.approx(2.0 + 2.0 * (1.0 - 0.03 ** (1.0 / 3.0)) / (2.0 * a), rel=1e-12)


def test_mildly_skewed_sample_by_hand() -> None:
    """Skewness by its definition, both of Hall's arms as they are; of the outer interval, Student's lower arm."""
    sample = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0]
    mean, n, t = 0.9, 10, 2.2621571627409915
    sd = math.sqrt(sum((x - mean) ** 2 for x in sample) / (n - 1))
    skewness = sum(((x - mean) / sd) ** 3 for x in sample) * n / ((n - 1) * (n - 2))
    a = skewness / (6.0 * math.sqrt(n))
    root = 1.0 - 6.0 * a * (t + a)
    assert root > 0.1  # the correction is not held back
    interval = mean_interval(sample)
    assert float(interval.high) == pytest.approx(mean + (1.0 - root ** (1.0 / 3.0)) / (2.0 * a) * sd / math.sqrt(n))
    lower = ((1.0 + 6.0 * a * (t - a)) ** (1.0 / 3.0) - 1.0) / (2.0 * a)
    assert float(interval.low) == pytest.approx(mean - lower * sd / math.sqrt(n))
    outer = outer_interval(sample)
    assert float(outer.high) == float(interval.high)
    assert float(outer.low) == pytest.approx(mean - t * sd / math.sqrt(n))


def test_mirrored_sample_has_the_mirrored_interval() -> None:
    sample = np.random.default_rng(3).lognormal(size=12)
    right, left = mean_interval(sample), mean_interval(-sample)
    assert float(right.low) == pytest.approx(-float(left.high), rel=1e-12)
    assert float(right.high) == pytest.approx(-float(left.low), rel=1e-12)


def test_interval_moves_with_a_change_of_unit() -> None:
    sample = np.random.default_rng(4).gamma(0.8, size=(15, 3))
    seconds, minutes = mean_interval(sample * 60.0 + 30.0), mean_interval(sample)
    for name in ("mean", "low", "high"):
        np.testing.assert_allclose(getattr(seconds, name), getattr(minutes, name) * 60.0 + 30.0, rtol=1e-10)


def test_missing_replications_are_left_out_and_counted() -> None:
    samples = np.array([[1.0, NAN, NAN], [2.0, 7.0, NAN], [NAN, NAN, NAN], [6.0, NAN, NAN]])
    interval, alone = mean_interval(samples), mean_interval([1.0, 2.0, 6.0])
    np.testing.assert_array_equal(interval.n, [3, 1, 0])
    np.testing.assert_array_equal(interval.mean, [3.0, 7.0, NAN])
    np.testing.assert_array_equal(interval.low, [alone.low, NAN, NAN])
    np.testing.assert_array_equal(interval.high, [alone.high, NAN, NAN])


def test_equal_replications_have_no_spread() -> None:
    """0.1 has no exact sum, yet thirty equal days leave no doubt about the mean."""
    interval = mean_interval(np.full((30, 2), [0.1, 1e9 / 3.0]))
    for bound in (interval.mean, interval.low, interval.high):
        np.testing.assert_array_equal(bound, [0.1, 1e9 / 3.0])


def test_columns_do_not_depend_on_their_neighbours() -> None:
    samples = np.random.default_rng(5).lognormal(size=(37, 6))
    together = mean_interval(samples)
    for column in range(6):
        alone = mean_interval(np.asfortranarray(samples)[:, column])
        assert (alone.mean, alone.low, alone.high) == (
            together.mean[column],
            together.low[column],
            together.high[column],
        )


@pytest.mark.parametrize(("kind", "levels"), [(mean_interval, (0.6, 0.8)), (outer_interval, (0.2, 0.5))])
def test_bounds_are_finite_ordered_and_widen_with_the_level(kind: Any, levels: tuple[float, float]) -> None:
    rng = np.random.default_rng(6)
    for replications in (2, 3, 4, 5, 10, 40):
        samples = rng.lognormal(sigma=3.0, size=(replications, 500)) * rng.choice([-1.0, 1.0], 500)
        previous = kind(samples, levels[0])
        for level in (levels[1], 0.9, 0.95, 0.99, 0.9999):
            interval = kind(samples, level)
            assert np.all(np.isfinite(interval.low) & np.isfinite(interval.high))
            assert np.all((interval.low < previous.low) & (previous.low <= interval.mean))
            assert np.all((interval.high > previous.high) & (previous.high >= interval.mean))
            previous = interval


def test_at_a_low_level_the_mean_stays_inside() -> None:
    """Hall's short arm would pass it where the level says next to nothing."""
    interval = mean_interval([0.0, 0.0, 0.0, 0.0, 10.0], 0.05)
    assert interval.low <= interval.mean <= interval.high


def test_the_outer_interval_holds_both() -> None:
    samples = np.random.default_rng(8).exponential(size=(10, 300))
    interval, hall = outer_interval(samples), mean_interval(samples)
    half = stats.t.ppf(0.975, 9) * samples.std(axis=0, ddof=1) / math.sqrt(10)
    assert np.all(interval.low <= np.minimum(hall.low, samples.mean(axis=0) - half * (1.0 - 1e-12)))
    assert np.all(interval.high >= np.maximum(hall.high, samples.mean(axis=0) + half * (1.0 - 1e-12)))
    right = stats.skew(samples) > 0.0
    assert right.any()
    assert np.all(hall.low[right] > interval.low[right]), "the short arm of Hall's is left out"


def test_infinite_sample_shows_and_warns_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        interval = mean_interval([[1.0, 1.0], [math.inf, 2.0], [2.0, 6.0]])
    np.testing.assert_array_equal(interval.mean, [math.inf, 3.0])
    np.testing.assert_array_equal(np.isnan(interval.low), [True, False])


def _coverage(interval: Interval, truth: float) -> float:
    return float(np.mean((interval.low <= truth) & (truth <= interval.high)))


EXPERIMENTS = 4000


def _as_expected(coverage: float, expected: float) -> bool:
    """As far off as chance goes, once in a thousand: binomial."""
    return abs(coverage - expected) < 3.3 * math.sqrt(expected * (1.0 - expected) / EXPERIMENTS)


@pytest.mark.parametrize("replications", [10, 30, 100])
def test_coverage_of_a_normal_mean(replications: int) -> None:
    samples = np.random.default_rng(10).normal(20.0, 3.0, size=(replications, EXPERIMENTS))
    assert _as_expected(_coverage(mean_interval(samples), 20.0), 0.95)


@pytest.mark.parametrize(("replications", "expected"), [(10, 0.935), (30, 0.942), (100, 0.946)])
def test_coverage_of_a_skewed_mean(replications: int, expected: float) -> None:
    """Lognormal with cv 0.65 has skewness 3 x 0.65 + 0.65^3 = 2.2; Student's t covers 91.0 / 92.9 / 94.3.

    What is expected are 100,000 other experiments, whose own error is a fifth of what is let pass.
    """
    sigma = math.sqrt(math.log1p(0.65**2))
    samples = np.random.default_rng(11).lognormal(-(sigma**2) / 2.0, sigma, size=(replications, EXPERIMENTS))
    assert _as_expected(_coverage(mean_interval(samples), 1.0), expected)


def test_ratio_by_hand() -> None:
    """Waiting 10, 30, 20 over 1, 2, 3 parties: R = 10; without each: 50/5, 30/4, 40/3.

    Pseudo-values 3 R - 2 R_(-i): 10, 15, 10/3.
    """
    interval = ratio_interval([10.0, 30.0, 20.0], [1.0, 2.0, 3.0])
    pseudo = mean_interval([10.0, 15.0, 10.0 / 3.0])
    assert float(interval.mean) == 10.0
    assert float(interval.low) == pytest.approx(10.0 - float(pseudo.mean - pseudo.low), rel=1e-12)
    assert float(interval.high) == pytest.approx(10.0 + float(pseudo.high - pseudo.mean), rel=1e-12)
    assert int(interval.n) == 3


def test_ratio_over_constant_denominators_is_the_mean() -> None:
    waits = np.random.default_rng(12).exponential(size=(20, 4))
    ratio, mean = ratio_interval(5.0 * waits, np.full((20, 4), 5.0)), mean_interval(waits)
    for name in ("mean", "low", "high"):
        np.testing.assert_allclose(getattr(ratio, name), getattr(mean, name), rtol=1e-10)


def test_empty_bins() -> None:
    """Columns: never used; used in one replication; two of four used; numerator without denominator."""
    waiting = np.transpose([[0, 0, 0, 0], [0, 9, 0, NAN], [4, 0, 9, 0], [4, 1, 2, 5]])
    parties = np.transpose([[0, 0, 0, 0], [0, 3, 0, 1], [2, 0, 3, 0], [0, 0, 1, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        interval = ratio_interval(waiting, parties)
    np.testing.assert_array_equal(interval.n, [0, 1, 2, 4])
    np.testing.assert_array_equal(interval.mean, [NAN, 3.0, 2.6, 12.0])
    np.testing.assert_array_equal(np.isnan(interval.low), [True, True, False, True])
    assert np.isnan(ratio_interval([1.0, -1.0, 5.0], [0.0, 0.0, 2.0]).low)
    pair = ratio_interval([4.0, 9.0], [2.0, 3.0])
    assert (interval.low[2], interval.high[2]) == (pair.low, pair.high)


def test_coverage_of_a_ratio_of_means() -> None:
    """Parties Poisson(4) per bin, waits exponential around a day factor: bins weigh by their parties."""
    rng = np.random.default_rng(13)
    parties = rng.poisson(4.0, size=(30, EXPERIMENTS)).astype(float)
    waiting = np.where(parties > 0, rng.gamma(np.maximum(parties, 1e-9)), 0.0)
    assert _as_expected(_coverage(ratio_interval(waiting, parties), 1.0), 0.948)  # of 100,000 other experiments


def test_paired_difference() -> None:
    variant, baseline = [3.0, 5.0, NAN, 8.0], [1.0, 2.0, 3.0, 4.0]
    interval, direct = paired_difference(variant, baseline), mean_interval([2.0, 3.0, 4.0])
    assert (interval.mean, interval.low, interval.high, interval.n) == (3.0, direct.low, direct.high, 3)


def test_simultaneous_level_is_bonferroni() -> None:
    assert simultaneous_level(1) == pytest.approx(0.95, rel=1e-15)
    assert simultaneous_level(5) == pytest.approx(0.99, rel=1e-15)
    assert simultaneous_level(2, 0.9) == pytest.approx(0.95, rel=1e-15)


def test_simultaneous_intervals_hold_together() -> None:
    """Four variants against one baseline: all four differences at once, which a single level misses."""
    rng = np.random.default_rng(14)
    days = rng.normal(size=(20, EXPERIMENTS, 1))
    baseline = days + rng.normal(size=(20, EXPERIMENTS, 1)) * 0.5
    variants = days + rng.normal(size=(20, EXPERIMENTS, 4)) * 0.5

    def all_cover(together: int) -> float:
        interval = paired_difference(variants, np.broadcast_to(baseline, variants.shape), together)
        return float(np.mean(np.all((interval.low <= 0.0) & (interval.high >= 0.0), axis=-1)))

    together = all_cover(4)
    assert together > 0.95
    assert _as_expected(together, 0.964)  # of 40,000 other experiments: Bonferroni errs on the safe side
    assert _as_expected(all_cover(1), 0.839)


def test_crn_variance_ratio_by_hand() -> None:
    """1, 2, 3 against 1, 3, 5: variances 1 and 4, differences 0, 1, 2 of variance 1; a NaN drops its pair."""
    assert float(crn_variance_ratio([1.0, 3.0, 5.0], [1.0, 2.0, 3.0])) == pytest.approx(5.0)
    assert float(crn_variance_ratio([1.0, 3.0, NAN, 5.0], [1.0, 2.0, 99.0, 3.0])) == pytest.approx(5.0)


def test_crn_variance_ratio_at_its_ends() -> None:
    variant = np.array([[1.0, 4.0, 1.0], [2.0, 4.0, NAN], [3.0, 4.0, NAN]])
    baseline = np.array([[3.0, 4.0, 1.0], [4.0, 4.0, 1.0], [5.0, 4.0, 1.0]])
    np.testing.assert_array_equal(crn_variance_ratio(variant, baseline), [math.inf, NAN, NAN])


def test_day_spread_is_numpys_quantile() -> None:
    samples = np.random.default_rng(15).exponential(size=(23, 3, 5))
    np.testing.assert_allclose(day_spread(samples), np.quantile(samples, [0.1, 0.5, 0.9], axis=0), rtol=1e-13)


def test_day_spread_leaves_the_samples_as_they_are() -> None:
    samples = np.array([[3.0, 1.0, 2.0]])
    samples.flags.writeable = False
    np.testing.assert_array_equal(day_spread(samples).p50, [3.0, 1.0, 2.0])


def test_day_spread_leaves_out_missing_days() -> None:
    samples = np.array([[NAN, 5.0, NAN, 1.0], [10.0, NAN, NAN, math.inf], [0.0, NAN, NAN, math.inf]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spread = day_spread(samples)
    np.testing.assert_allclose(spread.p10, [1.0, 5.0, NAN, math.inf])
    np.testing.assert_allclose(spread.p50, [5.0, 5.0, NAN, math.inf])
    np.testing.assert_allclose(spread.p90, [9.0, 5.0, NAN, math.inf])


def test_relative_half_width_takes_the_longer_arm() -> None:
    interval = Interval(
        mean=np.array([10.0, -10.0, 0.0, 0.0, 5.0]),
        low=np.array([9.0, -12.0, 0.0, -1.0, NAN]),
        high=np.array([12.0, -9.0, 0.0, 1.0, NAN]),
        n=np.array([5, 5, 5, 5, 1]),
    )
    np.testing.assert_allclose(relative_half_width(interval), [0.2, 0.2, 0.0, math.inf, NAN])


@pytest.mark.parametrize(
    "call",
    [
        lambda: mean_interval([1.0, 2.0], 1.0),
        lambda: mean_interval([1.0, 2.0], 95.0),
        lambda: mean_interval(3.0),
        lambda: mean_interval([]),
        lambda: ratio_interval([1.0, 2.0], [1.0]),
        lambda: paired_difference([1.0, 2.0], [[1.0], [2.0]]),
        lambda: simultaneous_level(0),
    ],
)
def test_what_makes_no_interval_is_refused(call) -> None:
    with pytest.raises(UsageError):
        call()
