"""One quantile of one group is numpy's, to the last bit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.study.quantiles import quantile_of


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.95, 0.99, 1.0])
def test_quantile_of_is_that_of_numpy(share: float) -> None:
    draw = np.random.default_rng(5)
    for size in range(1, 60):
        values = draw.exponential(100.0, size)
        for tried in (values, np.round(values, -1)):  # the second has ties
            assert quantile_of(tried, share) == float(np.quantile(tried, share))


def test_quantile_of_nothing_is_nan() -> None:
    assert math.isnan(quantile_of(np.empty(0), 0.5))
