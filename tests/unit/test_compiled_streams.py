"""Streams in compiled loops against numpy's own: the same numbers, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from sim.engine import COMPILED, REFERENCE, streams_of
from sim.model.gamma_quantile import gamma_quantile
from sim.model.network import Steps
from sim.model.steps import StepTable
from sim.model.streams import Streams

SEEDS = [(0, 0), (1, 7), (2024, 2**33), (2**32 - 1, 3), (2**70 + 5, 1), (2**300 + 11, 2**32)]
"""Seed and replication, of one and of several words of 32 bits."""


def both(seed: int = 2024, replication: int = 3) -> tuple[Streams, Streams]:
    return Streams(seed, replication), streams_of(COMPILED)(seed, replication)


@pytest.mark.parametrize(("seed", "replication"), SEEDS)
def test_a_stream_begins_as_numpy_would(seed: int, replication: int) -> None:
    one, two = both(seed, replication)
    for name in ("port/car/accept", "port/car/class", ""):
        assert np.array_equal(one.uniform(name, 200), two.uniform(name, 200)), name
        assert one.once(name) == two.once(name)


@pytest.mark.parametrize("begin", [0, 1, 63, 64, 65, 2**16, 10**9 + 7])
def test_a_stream_is_read_anywhere(begin: int) -> None:
    one, two = both()
    rng = np.random.default_rng(begin)
    assert np.array_equal(one.uniform("here", 300, begin), two.uniform("here", 300, begin))
    for gap in (1, 2, 70, 5000):
        rows = begin + np.cumsum(rng.integers(0, gap + 1, 500))
        assert np.array_equal(one.at("here", rows), two.at("here", rows)), gap
    assert two.at("here", rows[:0]).size == 0


@pytest.mark.parametrize("stretch", [1000, 2**16])
@pytest.mark.parametrize(("rate", "horizon"), [(1.7, 60_000.0), (0.01, 90.0), (1e-9, 1.0), (0.3, 3.3e5)])
def test_instants_are_those_of_numpy(rate: float, horizon: float, stretch: int) -> None:
    """A hundred thousand gaps: some two thousand lie at the edge of the ziggurat's layers, and some in its tail."""
    one, two = both()
    stretches = zip(
        one.poisson("times", rate, horizon, stretch), two.poisson("times", rate, horizon, stretch), strict=True
    )
    for some, other in stretches:
        assert np.array_equal(some, other)
        assert np.all(other < horizon)


def test_where_numpy_draws_otherwise_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.engine import compiled_streams

    assert compiled_streams.is_numpys_ziggurat()
    monkeypatch.setattr(compiled_streams, "is_numpys_ziggurat", lambda: False)
    monkeypatch.setattr(compiled_streams.loops, "instants", None)
    one, two = both()
    assert np.array_equal(
        np.concatenate(list(one.poisson("t", 1.0, 5e3, 2000))), next(two.poisson("t", 1.0, 5e3, 9000))
    )


def test_the_same_are_accepted() -> None:
    one, two = both()
    rng = np.random.default_rng(5)
    for begin, pieces in ((0, 1), (1, 2), (100, 40), (77_777, 3000)):
        changes = np.sort(rng.random(pieces - 1) * 1000.0)
        chance = StepTable.of(Steps((-np.inf, *changes.tolist()), tuple((rng.random(pieces) * 1.4 - 0.2).tolist())))
        times = np.sort(np.concatenate([rng.random(700) * 1000.0, changes[:50]]))  # some at a change itself
        for mine in (times, times[300:], times[:0], times[times > 900.0]):
            some, other = (np.array(streams.accepted("accept", begin, mine, chance)) for streams in (one, two))
            assert np.array_equal(some, other)


@pytest.mark.parametrize("shape", [0.39, 1.0, 3.0, 400.0])
def test_gamma_quantiles_are_the_same(shape: float) -> None:
    one, two = both()
    edges = [0.0, 5e-324, 2.0**-53, 1e-300, 0.5, 1.0 - 2.0**-53]
    u = np.concatenate([edges, np.random.default_rng(9).random(20_000)])
    for mine in (u, u[1:], u[:0]):
        z = special.ndtri(mine)
        some, other = one.gamma(z.copy(), shape), two.gamma(z.copy(), shape)
        assert np.array_equal(some, other)
        assert np.array_equal(some, gamma_quantile(mine, shape))


def test_the_reference_draws_with_numpy() -> None:
    assert streams_of(REFERENCE) is Streams
    assert streams_of(COMPILED) is not Streams
