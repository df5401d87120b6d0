"""Quantiles against scipy.stats, moments against integrals of the quantile, and the rules of `from_spec`."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from sim.errors import UsageError
from sim.model.distributions import (
    BELOW_ONE,
    Deterministic,
    Distribution,
    Empirical,
    Erlang,
    Exponential,
    Gamma,
    Lognormal,
    Mixture,
    Triangular,
    TruncatedNormal,
    Uniform,
    Weibull,
    from_spec,
    geometric_quantile,
    shifted_poisson_quantile,
)

INF = math.inf
GRID = np.concatenate([np.geomspace(1e-6, 0.5, 60), 1.0 - np.geomspace(0.5, 1e-12, 60)])


def _truncnorm(centre: float, sd: float, low: float, high: float) -> stats.rv_continuous:
    return stats.truncnorm((low - centre) / sd, (high - centre) / sd, loc=centre, scale=sd)


def _lognorm(mean: float, cv: float) -> stats.rv_continuous:
    sigma = math.sqrt(math.log1p(cv**2))
    return stats.lognorm(sigma, scale=mean * math.exp(-(sigma**2) / 2.0))


ONE_SIDED = TruncatedNormal(30.0, 20.0, 0.0, INF)
CONTINUOUS = [
    pytest.param(Exponential(45.0), stats.expon(scale=45.0), id="exponential"),
    pytest.param(Erlang(50.0, 3), stats.gamma(3, scale=50.0 / 3), id="erlang"),
    pytest.param(Gamma(10.0, 0.5), stats.gamma(4.0, scale=2.5), id="gamma"),
    pytest.param(Gamma(75.0, 1.6), stats.gamma(1.6**-2, scale=75.0 * 1.6**2), id="gamma, cv above 1"),
    pytest.param(Lognormal(900.0, 1.0), _lognorm(900.0, 1.0), id="lognormal"),
    pytest.param(Weibull(40.0, 2.0), stats.weibull_min(2.0, scale=80.0 / math.sqrt(math.pi)), id="weibull"),
    pytest.param(Uniform(20.0, 40.0), stats.uniform(20.0, 20.0), id="uniform"),
    pytest.param(Triangular(10.0, 25.0, 90.0), stats.triang(15 / 80, 10.0, 80.0), id="triangular"),
    pytest.param(Triangular(0.0, 0.0, 5.0), stats.triang(0.0, 0.0, 5.0), id="triangular, peak at low"),
    pytest.param(TruncatedNormal(50.0, 20.0, 0.0, 120.0), _truncnorm(50, 20, 0, 120), id="normal, two sides"),
    pytest.param(ONE_SIDED, _truncnorm(30, 20, 0, INF), id="normal, one side"),
    pytest.param(TruncatedNormal(-40.0, 10.0, 0.0, INF), _truncnorm(-40, 10, 0, INF), id="upper tail"),
    pytest.param(TruncatedNormal(90.0, 10.0, 1.0, 45.0), _truncnorm(90, 10, 1, 45), id="lower tail"),
]


@pytest.mark.parametrize(("ours", "reference"), CONTINUOUS)
def test_quantile_agrees_with_scipy_stats(ours: Distribution, reference: stats.rv_continuous) -> None:
    # scipy's own truncnorm.ppf is off by 2e-7 near 1 there; the test below has that tail.
    grid = GRID[GRID < 0.99] if ours == ONE_SIDED else GRID
    np.testing.assert_allclose(ours.quantile(grid), reference.ppf(grid), rtol=1e-9)


def test_one_sided_truncated_normal_keeps_its_upper_tail() -> None:
    u = GRID[GRID > 0.5]
    survival = stats.norm.sf(ONE_SIDED.quantile(u), 30.0, 20.0) / stats.norm.sf(0.0, 30.0, 20.0)
    np.testing.assert_allclose(survival, 1.0 - u, rtol=1e-9)


@pytest.mark.parametrize(("ours", "reference"), CONTINUOUS)
def test_moments_agree_with_scipy_stats(ours: Distribution, reference: stats.rv_continuous) -> None:
    assert ours.mean() == pytest.approx(reference.mean(), rel=1e-9)
    assert ours.variance() == pytest.approx(reference.var(), rel=1e-7)


PARTS = Mixture(((0.3, Gamma(60.0, 0.7)), (0.5, Deterministic(20.0)), (0.2, Uniform(5.0, 10.0))))
EVERY = [*(case.values[0] for case in CONTINUOUS), Deterministic(7.0), Empirical((3.0, 1.0, 2.0)), PARTS]


@pytest.mark.parametrize("distribution", EVERY, ids=lambda d: type(d).__name__)
def test_moments_are_those_of_the_sampler(distribution: Distribution) -> None:
    """E[X] and E[X^2] as integrals of the quantile over (0, 1): what is drawn is what is promised."""
    edges = [0.3, 0.8, 1 / 3, 2 / 3]

    def moment(power: int) -> float:
        value, _ = integrate.quad(lambda u: distribution.quantile(u) ** power, 0, 1, points=edges, limit=400)
        return float(value)

    assert moment(1) == pytest.approx(distribution.mean(), rel=1e-5)
    assert moment(2) - moment(1) ** 2 == pytest.approx(distribution.variance(), rel=2e-3, abs=1e-6)


@pytest.mark.parametrize("distribution", EVERY, ids=lambda d: type(d).__name__)
def test_extreme_uniforms_give_finite_values(distribution: Distribution) -> None:
    values = distribution.quantile(np.array([0.0, 5e-324, 2.0**-53, 0.5, BELOW_ONE]))
    assert np.all(np.isfinite(values))
    assert np.all(values >= 0.0)


@pytest.mark.parametrize("distribution", EVERY[:-1], ids=lambda d: type(d).__name__)
def test_quantile_never_falls(distribution: Distribution) -> None:
    values = distribution.quantile(np.linspace(0.0, BELOW_ONE, 20_001))
    assert np.all(np.diff(values) >= -1e-12 * values[1:])


@pytest.mark.parametrize("distribution", EVERY, ids=lambda d: type(d).__name__)
def test_sample_takes_one_uniform_per_draw(distribution: Distribution) -> None:
    drawn, plain = np.random.default_rng(49), np.random.default_rng(49)
    np.testing.assert_array_equal(distribution.sample(drawn, 40), distribution.quantile(plain.random(40)))
    assert drawn.random() == plain.random()


def test_quantile_keeps_the_shape() -> None:
    assert PARTS.quantile(np.full((2, 3), 0.4)).shape == (2, 3)
    assert PARTS.quantile(0.9).shape == ()
    assert Gamma(1.0, 0.0).quantile(np.zeros((4, 0))).shape == (4, 0)


def test_a_longer_mean_lengthens_every_draw() -> None:
    """What couples common random numbers: the same uniforms, each value scaled."""
    u = np.random.default_rng(1).random(1000)
    np.testing.assert_allclose(Erlang(55.0, 3).quantile(u), 1.1 * Erlang(50.0, 3).quantile(u), rtol=1e-12)


def test_zero_cv_is_a_constant() -> None:
    u = np.array([0.0, 0.3, BELOW_ONE])
    for distribution in (Gamma(30.0, 0.0), Lognormal(30.0, 0.0)):
        np.testing.assert_array_equal(distribution.quantile(u), [30.0, 30.0, 30.0])
        assert distribution.variance() == 0.0


def test_truncated_normal_far_in_a_tail_stays_accurate() -> None:
    """Beyond 40 sd the plain normal distribution function is 0; the excess is nearly exponential there."""
    far = TruncatedNormal(0.0, 1.0, 50.0, math.inf)
    median = float(far.quantile(0.5))
    log_half = stats.norm.logsf(median) - stats.norm.logsf(50.0)
    assert log_half == pytest.approx(math.log(0.5), rel=1e-9)
    assert far.mean() == pytest.approx(50.0 + 1 / 50 - 2 / 50**3, abs=1e-6)  # Mills ratio


def test_empirical_picks_each_value_for_its_share() -> None:
    weighted = Empirical((5.0, 1.0, 9.0, 7.0), (1.0, 2.0, 0.0, 1.0))
    u = np.array([0.0, 0.499, 0.5, 0.749, 0.75, BELOW_ONE])
    np.testing.assert_array_equal(weighted.quantile(u), [1.0, 1.0, 5.0, 5.0, 7.0, 7.0])
    assert Empirical((1.0, 5.0, 9.0), (0.0, 1.0, 1.0)).quantile(0.0) == 5.0
    assert weighted.mean() == 3.5
    assert weighted.variance() == 6.75
    tenths = Empirical(tuple(float(value) for value in range(10)))
    assert tenths.quantile(BELOW_ONE) == 9.0


def test_mixture_reuses_the_uniform_within_the_part() -> None:
    mixture = Mixture(((0.25, Uniform(0.0, 1.0)), (0.0, Deterministic(-1.0)), (0.75, Uniform(10.0, 11.0))))
    u = np.array([0.0, 0.125, 0.25, 0.625, BELOW_ONE])
    np.testing.assert_allclose(mixture.quantile(u), [0.0, 0.5, 10.0, 10.5, 11.0], rtol=1e-12, atol=0.0)
    assert mixture.mean() == pytest.approx(0.25 * 0.5 + 0.75 * 10.5)
    within, between = 1 / 12, 0.25 * 0.75 * 10.0**2
    assert mixture.variance() == pytest.approx(within + between)


def test_mixture_of_one_third_each_reaches_every_part() -> None:
    thirds = Mixture(tuple((1 / 3, Deterministic(float(value))) for value in (1, 2, 3)))
    values = thirds.quantile([0.0, 0.33, 0.34, 0.66, 0.67, BELOW_ONE])
    np.testing.assert_array_equal(values, [1, 1, 2, 2, 3, 3])


def test_mixture_whose_shares_sum_to_just_below_one() -> None:
    """Ten tenths cumulate to 1 - 2**-53, which is itself a uniform."""
    tenths = Mixture(tuple((0.1, Deterministic(float(value))) for value in range(10)))
    assert tenths.quantile([BELOW_ONE]) == [9.0]


def test_uniform_of_a_part_stays_below_one() -> None:
    """(1 - 2**-53 - 0.3) / 0.7 rounds to 1, where an exponential is infinite."""
    longest = Mixture(((0.3, Deterministic(1.0)), (0.7, Exponential(1.0)))).quantile([BELOW_ONE])
    assert longest == Exponential(1.0).quantile([BELOW_ONE])


@pytest.mark.parametrize("mean", [1.0, 1.3, 2.0, 38.0, 3000.0])
def test_occupants_are_one_plus_poisson(mean: float) -> None:
    u = np.random.default_rng(7).random(2000)
    ours = shifted_poisson_quantile(u, mean)
    assert ours.dtype == np.int64
    np.testing.assert_array_equal(ours, 1 + stats.poisson.ppf(u, mean - 1.0) if mean > 1.0 else np.ones(2000))


def test_occupants_at_extreme_uniforms() -> None:
    least, most = shifted_poisson_quantile([0.0, BELOW_ONE], 2.0)
    assert least == 1
    assert stats.poisson.sf(most - 1, 1.0) < 2.0**-53 < stats.poisson.sf(most - 4, 1.0)


SPECS = [
    ("deterministic", {"value": 50.0}, Deterministic(50.0)),
    ("exponential", {"mean": 50.0}, Exponential(50.0)),
    ("erlang", {"mean": 50.0, "shape": 3}, Erlang(50.0, 3)),
    ("gamma", {"cv": 0.5, "mean": 10.0}, Gamma(10.0, 0.5)),
    ("lognormal", {"mean": 900.0, "cv": 1.0}, Lognormal(900.0, 1.0)),
    ("weibull", {"mean": 40.0, "shape": 1.7}, Weibull(40.0, 1.7)),
    ("uniform", {"low": 1.0, "high": 2.0}, Uniform(1.0, 2.0)),
    ("triangular", {"low": 1.0, "mode": 2.0, "high": 4.0}, Triangular(1.0, 2.0, 4.0)),
    (
        "truncated_normal",
        {"mean": 5.0, "sd": 1.0, "low": 0.0, "high": 9.0},
        TruncatedNormal(5.0, 1.0, 0.0, 9.0),
    ),
    ("empirical", {"values": [1.0, 2.0]}, Empirical((1.0, 2.0))),
    ("empirical", {"values": (1.0, 2.0), "weights": (3.0, 1.0)}, Empirical((1.0, 2.0), (3.0, 1.0))),
    (
        "mixture",
        {"parts": ((0.3, "gamma", {"mean": 1.0, "cv": 2.0}), (0.7, "deterministic", {"value": 4.0}))},
        Mixture(((0.3, Gamma(1.0, 2.0)), (0.7, Deterministic(4.0)))),
    ),
]


@pytest.mark.parametrize(("kind", "parameters", "expected"), SPECS)
def test_from_spec(kind: str, parameters: dict[str, object], expected: Distribution) -> None:
    assert from_spec(kind, parameters) == expected


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("gama", {"mean": 1.0, "cv": 1.0}, "unknown distribution 'gama'; allowed: .*gamma"),
        ("gamma", {"mean": 1.0}, "parameters must be mean, cv"),
        ("gamma", {"mean": 1.0, "cv": 1.0, "shape": 2}, "parameters must be mean, cv"),
        ("exponential", {"mean": 0.0}, "mean must be positive"),
        ("exponential", {"mean": math.nan}, "mean must be positive"),
        ("deterministic", {"value": math.inf}, "finite"),
        ("erlang", {"mean": 1.0, "shape": 2.5}, "shape"),
        ("lognormal", {"mean": 1.0, "cv": -0.1}, "cv"),
        ("weibull", {"mean": 1.0, "shape": 0.0}, "shape"),
        ("uniform", {"low": 2.0, "high": 1.0}, "low"),
        ("triangular", {"low": 0.0, "mode": 3.0, "high": 2.0}, "order"),
        ("truncated_normal", {"mean": 1.0, "sd": 0.0, "low": 0.0, "high": 2.0}, "sd"),
        ("truncated_normal", {"mean": 1.0, "sd": 1.0, "low": 2.0, "high": 2.0}, "low"),
        ("truncated_normal", {"mean": 0.0, "sd": 1e-200, "low": 1.0, "high": 2.0}, "no probability"),
        ("empirical", {"values": ()}, "at least one"),
        ("empirical", {"values": (1.0, 2.0), "weights": (1.0,)}, "one weight per value"),
        ("empirical", {"values": (1.0, 2.0), "weights": (0.0, 0.0)}, "not all 0"),
        ("mixture", {"parts": ((0.5, "deterministic", {"value": 1.0}),)}, "sum to 1"),
    ],
)
def test_no_distribution_is_refused(kind: str, parameters: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        from_spec(kind, parameters)


def test_fewer_than_one_occupant_is_refused() -> None:
    with pytest.raises(UsageError, match="1 or more"):
        shifted_poisson_quantile([0.5], 0.9)


def test_geometric_persons_are_those_of_the_textbook() -> None:
    """P(N = k) = (1 - p)^(k - 1) p with p = 1 / mean, at evenly spread uniforms; the edges of each step belong up."""
    uniforms = (np.arange(200_000) + 0.5) / 200_000
    drawn = geometric_quantile(uniforms, 2.5)
    for number in range(1, 9):
        assert (drawn == number).mean() == pytest.approx(0.6 ** (number - 1) * 0.4, abs=1e-5)
    assert drawn.mean() == pytest.approx(2.5, abs=1e-3)
    assert geometric_quantile(np.array([0.0, 0.39, 0.41]), 2.5).tolist() == [1, 1, 2]
