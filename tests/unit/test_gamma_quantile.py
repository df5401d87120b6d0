"""The tabulated gamma quantile against the inverse incomplete gamma function."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from sim.model.gamma_quantile import gamma_quantile

SHAPES = [0.1, 0.39, 0.5, 1.0, 2.04, 3.0, 4.0, 11.1, 25.0, 400.0]


@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_to_ten_digits(shape: float) -> None:
    u = np.random.default_rng(1).random(20_000)
    exact = special.gammaincinv(shape, u)
    # Upper tail by the complement, where scipy's own inverse from below has lost digits.
    high = u > 0.5
    exact[high] = special.gammainccinv(shape, 1.0 - u[high])
    assert np.max(np.abs(gamma_quantile(u, shape) / exact - 1.0)) < 1e-10


@pytest.mark.parametrize("shape", SHAPES)
def test_extremes_are_finite_and_in_order(shape: float) -> None:
    u = np.array([0.0, 2.0**-53, 1e-12, 1e-6, 0.5, 1 - 1e-6, 1 - 1e-12, 1 - 2.0**-53])
    found = gamma_quantile(u, shape)
    assert found[0] == 0.0
    assert np.all(np.isfinite(found))
    assert np.all(np.diff(found) >= 0.0)
    assert np.max(np.abs(gamma_quantile(u[3:6], shape) / special.gammaincinv(shape, u[3:6]) - 1.0)) < 1e-9


@pytest.mark.parametrize("shape", SHAPES)
def test_never_falls(shape: float) -> None:
    u = np.sort(np.random.default_rng(2).random(50_000))
    assert np.all(np.diff(gamma_quantile(u, shape)) >= 0.0)


def test_shape_one_is_exponential() -> None:
    u = np.random.default_rng(3).random(1000)
    assert gamma_quantile(u, 1.0) == pytest.approx(-np.log1p(-u), rel=1e-10)
