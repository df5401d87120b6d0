"""KN by hand, its order of events, and its promise on normal data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.errors import UsageError
from sim.study.selection import FIRST_STAGE, select_best

RNG = np.random.default_rng(2001)


def reach(first: int, k: int, alpha: float = 0.05) -> float:
    """h squared of the procedure: 2 eta (n0 - 1)."""
    return ((2.0 * alpha / (k - 1)) ** (-2.0 / (first - 1)) - 1.0) * (first - 1)


def pair(gap: float, n: int) -> np.ndarray:
    """Two contenders whose differences alternate `gap` +- 1."""
    base = RNG.normal(0.0, 5.0, n)
    return np.stack([base, base + gap + np.where(np.arange(n) % 2, 1.0, -1.0)], axis=1)


def test_it_ends_where_the_boundary_is_crossed_by_hand() -> None:
    """Variance of 20 alternating +-1 is 20/19; dropped at the first r with mean > h2 S2 / (2 d r) - d / 2."""
    gap, zone = 0.2, 0.3
    bound = reach(20, 2) * 20.0 / 19.0
    differences = gap + np.where(np.arange(60) % 2, 1.0, -1.0)
    means = np.cumsum(differences) / np.arange(1, 61)
    crossed = next(r for r in range(20, 61) if means[r - 1] > max(0.0, bound / (2 * zone * r) - zone / 2))
    found = select_best(pair(gap, 60), zone)
    assert 20 < crossed < 60
    assert (found.survivors, found.decided, found.used) == ((0,), True, crossed)
    assert (found.more, found.more_at_most) == (0, 0)


def test_it_goes_on_with_more_replications_as_if_it_had_never_stopped() -> None:
    samples = RNG.normal([0.0, 0.3, 0.5, 2.0], 1.0, (400, 4))
    whole = select_best(samples, 0.3)
    assert whole.decided
    assert FIRST_STAGE < whole.used < 400
    before = select_best(samples[: whole.used - 1], 0.3)
    assert not before.decided
    assert set(whole.survivors) < set(before.survivors)
    assert select_best(samples[: whole.used], 0.3).used == whole.used


def test_replications_that_do_not_suffice_say_how_many_more() -> None:
    gap, zone, n = 0.1, 0.1, 30
    found = select_best(pair(gap, n), zone)
    bound = reach(20, 2) * 20.0 / 19.0
    assert not found.decided
    assert found.survivors == (0, 1)
    assert found.more == math.ceil(bound / (zone * (2 * gap + zone))) - n
    assert found.more_at_most == math.floor(bound / zone**2) + 1 - n
    enough = select_best(pair(gap, n + found.more_at_most), zone)
    assert enough.decided


def test_larger_may_be_better() -> None:
    samples = pair(3.0, 40)
    assert select_best(samples, 1.0).best == 0
    assert select_best(samples, 1.0, lower_is_better=False).best == 1


def test_equal_contenders_end_it_together() -> None:
    base = RNG.normal(size=30)
    found = select_best(np.stack([base, base, base + 1.0], axis=1), 0.5)
    assert found.decided
    assert found.survivors == (0, 1)
    assert found.at_most_worse == (0.0, 0.0, 1.0)


def test_nobody_is_worse_than_the_bound_says() -> None:
    """Three normal contenders, 5 % of the experiments may fail; fewer do, as the bound is conservative."""
    held = 0
    for _ in range(400):
        shared = RNG.normal(size=(25, 1))
        found = select_best(shared + RNG.normal([0.0, 0.2, 1.0], 1.0, (25, 3)), 0.5)
        held += all(bound >= gap for bound, gap in zip(found.at_most_worse, (0.0, 0.2, 1.0), strict=True))
    assert held / 400 > 0.95 - 3.3 * math.sqrt(0.95 * 0.05 / 400)


def test_the_best_is_chosen_as_often_as_promised() -> None:
    """The best exactly the zone ahead of four others, correlated: at least 95 %, less three standard errors."""
    right = 0
    for _ in range(400):
        shared = RNG.normal(0.0, 2.0, (300, 1))
        found = select_best(shared + RNG.normal([0.0, 0.5, 0.5, 0.5, 0.5], 1.0, (300, 5)), 0.5)
        right += found.decided and found.best == 0
    assert right / 400 > 0.95 - 3.3 * math.sqrt(0.95 * 0.05 / 400)


def test_days_without_the_measure_are_left_out() -> None:
    samples = pair(3.0, 40)
    samples[5, 1] = np.nan
    assert select_best(samples, 1.0).replications == 39


def test_few_replications_drop_nobody() -> None:
    found = select_best(np.array([[1.0, 9.0], [1.5, 9.0], [1.0, 9.5]]), 1.0)
    assert (found.survivors, found.decided) == ((0, 1), False)
    assert (found.more, found.more_at_most) == (None, None), "how many it takes cannot be told"


@pytest.mark.parametrize(
    ("zone", "confidence", "columns", "said"),
    [
        (0.0, 0.95, 2, "above 0"),
        (math.inf, 0.95, 2, "above 0"),
        (1.0, 0.5, 2, "above 1 / contenders"),
        (1.0, 1.0, 2, "above 1 / contenders"),
        (1.0, 0.95, 1, "at least two contenders"),
    ],
)
def test_what_cannot_be_promised(zone: float, confidence: float, columns: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        select_best(np.zeros((30, columns)), zone, confidence=confidence)
