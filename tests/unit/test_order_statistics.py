"""Order statistics from a histogram, and instants put in order, are those of sorting."""

from __future__ import annotations

import numpy as np
import pytest

from sim.study.compiled import ordering

SHARES = np.array([0.5, 0.9, 0.95, 0.99, 1.0])
RNG = np.random.default_rng(1)
VALUES = {
    "one": np.array([3.0]),
    "few": RNG.exponential(30.0, 40),
    "more": RNG.exponential(30.0, 2_000),
    "so many that the histogram is finer": RNG.exponential(30.0, 1 << 17),
    "many that are equal": np.repeat([60.0, 61.0, 1e-9], 500),
    "all equal": np.full(200, 7.0),
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("zeros", [0, 900])
def test_quantiles_of_zeros_and_others(values: np.ndarray, zeros: int) -> None:
    keys, into = values.view(np.uint64), np.empty(len(SHARES))
    room = ordering.Room(*(np.empty(n, t) for n, t in ((len(keys), np.uint64), (10, np.int64), (10, np.uint64))))
    before = keys.copy()
    ordering.quantiles(keys, 0, len(keys), zeros, SHARES, room, into, 0, 1)
    assert np.array_equal(into, np.quantile(np.concatenate([np.zeros(zeros), values]), SHARES))
    assert np.array_equal(keys, before)


@pytest.mark.parametrize("spread", [0.0, 1.0, 1e6])
def test_instants_in_order(spread: float) -> None:
    nearly = np.cumsum(RNG.exponential(1.0, 2_000)) + spread * RNG.exponential(1.0, 2_000)
    time = np.concatenate([np.zeros(300), nearly])
    order = ordering.in_order(time, len(time))
    assert np.array_equal(np.sort(order), np.arange(len(time)))
    assert np.array_equal(time[order], np.sort(time))
