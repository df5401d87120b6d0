"""Intervals that hold all at once, and bad days, on arrays whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.study.baddays import bad_days
from sim.study.estimators import Interval, mean_interval, outer_interval, simultaneous_level
from sim.study.simultaneous import BONFERRONI, DRAWS, MAX_T, joint_level, method_of, simultaneous_intervals

RNG = np.random.default_rng(7)


def test_unrelated_rows_pay_in_full() -> None:
    """k independent rows: each at 0.95^(1/k), Sidak's level; within the error of the drawn quantile."""
    joint = joint_level(np.linalg.qr(RNG.normal(size=(200, 21)))[0][:, :20])
    error = math.sqrt(0.95 * 0.05 / DRAWS)
    assert 0.95 - 4 * error < joint**20 < 0.95 + 4 * error + 0.01  # centring leaves correlations of about 1 / 200
    assert joint <= simultaneous_level(20)


def test_rows_that_say_the_same_pay_once() -> None:
    one = RNG.normal(size=(50, 1))
    joint = joint_level(one * np.array([[1.0, -2.0, 0.001, 60.0, 1e6]]))
    assert joint == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / DRAWS))


def test_the_level_lies_between_one_row_and_bonferroni() -> None:
    shared = RNG.gamma(2.0, size=(40, 1))
    rows = shared + 0.5 * RNG.normal(size=(40, 12))
    joint = joint_level(rows)
    assert 0.95 < joint < simultaneous_level(12)
    assert joint == joint_level(rows), "the same data give the same level"


def test_rows_without_a_spread_take_no_part() -> None:
    rows = RNG.normal(size=(40, 3))
    still = np.column_stack([rows, np.full(40, 0.1), np.full(40, np.nan), np.zeros(40)])
    assert joint_level(still) == joint_level(rows)
    assert joint_level(rows[:, :1]) == 0.95
    assert joint_level(np.full((40, 2), 0.1)) == 0.95


def test_few_replications_are_not_asked_for_correlations() -> None:
    rows = np.repeat(RNG.normal(size=(29, 1)), 4, axis=1)
    assert method_of(rows) == BONFERRONI
    assert joint_level(rows) == simultaneous_level(4)
    assert method_of(np.zeros((30, 4))) == MAX_T


def test_intervals_hold_all_at_once() -> None:
    """Eight skewed rows that share their days: intervals at 95 % each miss together far too often, these do not."""
    rng = np.random.default_rng(11)
    experiments, days = 400, 30
    shared = rng.gamma(1.0, size=(experiments, days, 1))
    rows = shared * np.array([1.0, -0.5, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0]) + rng.gamma(2.0, size=(experiments, days, 8))
    truth = 2.0 + np.array([1.0, -0.5, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0])

    def held(interval: Interval) -> bool:
        return bool(((interval.low <= truth) & (truth <= interval.high)).all())

    together = sum(held(simultaneous_intervals(each)[0]) for each in rows) / experiments
    alone = sum(held(mean_interval(each)) for each in rows) / experiments
    assert together > 0.95 - 3.3 * math.sqrt(0.95 * 0.05 / experiments)
    assert alone < 0.8


def test_one_row_has_the_interval_it_has_alone() -> None:
    row = RNG.gamma(1.0, size=(30, 1))
    (ours, level), alone = simultaneous_intervals(row), mean_interval(row)
    assert level == 0.95
    assert (float(ours.low[0]), float(ours.high[0])) == (float(alone.low[0]), float(alone.high[0]))


def test_missing_replications_do_not_break_the_others() -> None:
    rows = RNG.normal(size=(30, 3))
    rows[3, 1] = np.nan
    assert 0.95 < joint_level(rows) <= simultaneous_level(3)


def test_bad_days_by_hand() -> None:
    """40 days, the baseline waiting 1..40: its four worst are 37..40; a change that helps those by 10, others by 2."""
    base = np.arange(1.0, 41.0)
    mine = base - np.where(base >= 37.0, 10.0, 2.0)
    found = bad_days(mine, base)
    assert found.days == 4
    assert found.worst.difference == -10.0
    assert found.worst.low == found.worst.high == -10.0, "all four alike"
    assert found.quantile.difference == pytest.approx(np.quantile(mine, 0.9) - np.quantile(base, 0.9))
    assert found.quantile.low < found.quantile.difference < found.quantile.high


def test_the_interval_of_the_worst_days_is_longer_where_the_change_grows_towards_them() -> None:
    base = np.arange(1.0, 101.0)
    noise = np.tile([1.0, -1.0], 50)
    level, steep = bad_days(base - 5.0 + noise, base).worst, bad_days(0.5 * base + noise, base).worst
    plain = outer_interval((0.5 * base + noise - base)[-10:])
    assert steep.high - steep.low > float(plain.high - plain.low)
    assert steep.high - steep.low > level.high - level.low


def test_both_intervals_of_bad_days_widen_with_the_level() -> None:
    base = np.arange(1.0, 61.0)
    mine = base - 5.0 + np.random.default_rng(12).normal(0.0, 2.0, 60)
    for part in ("quantile", "worst"):
        low, usual, high = (getattr(bad_days(mine, base, level), part) for level in (0.8, 0.95, 0.99))
        assert high.low < usual.low < low.low < usual.difference < low.high < usual.high < high.high, part


def test_the_ninety_percent_day_is_bounded_from_29_days_on() -> None:
    """All 28 days lie below it with 0.9^28 = 5.2 %, all 29 with 4.7 %: only then does the worst day bound it."""
    base = RNG.gamma(2.0, size=29)
    mine = 0.5 * base + 0.1 * RNG.normal(size=29)
    assert math.isnan(bad_days(mine[:28], base[:28]).quantile.high)
    found = bad_days(mine, base).quantile
    by_rank = np.sort(mine) - np.sort(base)
    assert found.low <= by_rank[20:].min()
    assert found.high >= by_rank[20:].max(), "ranks 21 to 29 hold the quantile with 95.1 %"
    assert found.low <= by_rank[-1] <= found.high
    assert math.isfinite(bad_days(mine[:28], base[:28], 0.9).quantile.low), "a lower level takes fewer days"


def test_a_shift_is_the_same_on_every_day() -> None:
    base = RNG.gamma(2.0, size=64)
    found = bad_days(base - 0.5, base)
    for estimate in (found.quantile, found.worst):
        assert estimate == pytest.approx((-0.5, -0.5, -0.5))


def test_few_days_say_nothing_about_the_worst() -> None:
    base = RNG.gamma(2.0, size=20)
    found = bad_days(0.9 * base, base)
    assert found.days == 0
    assert math.isnan(found.worst.difference)
    assert math.isfinite(found.quantile.difference)
    assert math.isnan(found.quantile.low)
    assert bad_days(np.append(0.9 * base, 1.0), np.append(base, 1.0)).days == 3
    one = bad_days(base[:1] - 1.0, base[:1])
    assert one.quantile.difference == -1.0
    assert math.isnan(one.quantile.low)
    assert math.isnan(bad_days(np.full(5, np.nan), base[:5]).quantile.difference)
