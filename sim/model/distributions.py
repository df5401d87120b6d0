"""Distributions drawn by inverse transform: one uniform in [0, 1) per draw.

`quantile` is the sampler. A party's uniform stays the same when a parameter changes, so a slower booth
serves the same car longer and common random numbers stay coupled: values are monotone in `u`, except across
the parts of a `Mixture`. Durations are in seconds wherever a duration is meant.

The parameters are the mean and coefficient of variation of the distribution itself, except for
`TruncatedNormal`, whose parameters are those of the normal before truncation. Parameters that make no
distribution raise `UsageError`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.errors import UsageError
from sim.model.arrays import FloatArray, IntArray
from sim.model.distribution import BELOW_ONE, Distribution, require, uniforms_of
from sim.model.gamma_quantile import gamma_quantile
from sim.model.special import special
from sim.model.truncated_normal import TruncatedNormal


@dataclass(frozen=True)
class Deterministic(Distribution):
    """Always `value`."""

    value: float

    def __post_init__(self) -> None:
        require(math.isfinite(self.value), "value must be finite", self)

    def mean(self) -> float:
        return self.value

    def variance(self) -> float:
        return 0.0

    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        return np.full(np.shape(u), self.value, dtype=np.float64)


@dataclass(frozen=True)
class Exponential(Distribution):
    """Exponential with mean `average`."""

    average: float

    def __post_init__(self) -> None:
        require(0.0 < self.average < math.inf, "mean must be positive", self)

    def mean(self) -> float:
        return self.average

    def variance(self) -> float:
        return self.average**2

    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        return -self.average * np.log1p(-uniforms_of(u))


@dataclass(frozen=True)
class Erlang(Distribution):
    """Sum of `shape` exponentials, with mean `average`; its coefficient of variation is 1 / sqrt(shape)."""

    average: float
    shape: int

    def __post_init__(self) -> None:
        require(0.0 < self.average < math.inf, "mean must be positive", self)
        require(self.shape >= 1 and self.shape % 1 == 0, "shape must be 1, 2, 3, ...", self)

    def mean(self) -> float:
        return self.average

    def variance(self) -> float:
        return self.average**2 / self.shape

    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        return _gamma_quantile(uniforms_of(u), self.average, float(self.shape))


@dataclass(frozen=True)
class _MeanAndCv(Distribution):
    """Given by its mean `average` and coefficient of variation `cv`; 0 makes it a constant."""

    average: float
    cv: float

    def __post_init__(self) -> None:
        require(0.0 < self.average < math.inf, "mean must be positive", self)
        require(0.0 <= self.cv < math.inf, "cv must not be negative", self)

    def mean(self) -> float:
        return self.average

    def variance(self) -> float:
        return (self.average * self.cv) ** 2


@dataclass(frozen=True)
class Gamma(_MeanAndCv):
    """Gamma with mean `average` and coefficient of variation `cv`."""

    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        if self.cv == 0.0:
            return np.full(np.shape(u), self.average, dtype=np.float64)
        return _gamma_quantile(uniforms_of(u), self.average, self.cv**-2)


@dataclass(frozen=True)
class Lognormal(_MeanAndCv):
    """Lognormal with mean `average` and coefficient of variation `cv`, both of the value, not of its log."""

    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        if self.cv == 0.0:
            return np.full(np.shape(u), self.average, dtype=np.float64)
        log_variance = math.log1p(self.cv**2)
        log_mean = math.log(self.average) - log_variance / 2.0
        return np.exp(log_mean + math.sqrt(log_variance) * special.ndtri(uniforms_of(u)))


@dataclass(frozen=True)
class Weibull(Distribution):
    """Weibull with mean `average`; `shape` 1 is the exponential, above 1 the hazard rises."""

    average: float
    shape: float

    def __post_init__(self) -> None:
        require(0.0 < self.average < math.inf, "mean must be positive", self)
        require(0.0 < self.shape < math.inf, "shape must be positive", self)

    def mean(self) -> float:
        return self.average

    def variance(self) -> float:
        power = 1.0 / self.shape
        # E[X^2] / E[X]^2 - 1 without the cancellation of nearly equal moments at a large shape.
        return self.average**2 * math.expm1(math.lgamma(1.0 + 2.0 * power) - 2.0 * math.lgamma(1.0 + power))

    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        power = 1.0 / self.shape
        log_scale = math.log(self.average) - math.lgamma(1.0 + power)
        hazard: FloatArray = -np.log1p(-uniforms_of(u))
        return math.exp(log_scale) * hazard**power


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform between `low` and `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        require(-math.inf < self.low <= self.high < math.inf, "low must not exceed high", self)

    def mean(self) -> float:
        return self.low + (self.high - self.low) / 2.0

    def variance(self) -> float:
        return (self.high - self.low) ** 2 / 12.0

    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        return self.low + (self.high - self.low) * uniforms_of(u)


@dataclass(frozen=True)
class Triangular(Distribution):
    """Triangular between `low` and `high` with its peak at `mode`."""

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        ordered = -math.inf < self.low <= self.mode <= self.high < math.inf
        require(ordered, "low, mode and high must be in this order", self)

    def mean(self) -> float:
        return (self.low + self.mode + self.high) / 3.0

    def variance(self) -> float:
        rise, fall = self.mode - self.low, self.high - self.mode
        return (rise**2 + rise * fall + fall**2) / 18.0

    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        uniforms = uniforms_of(u)
        width, rise, fall = self.high - self.low, self.mode - self.low, self.high - self.mode
        rising: FloatArray = self.low + np.sqrt(uniforms * (width * rise))
        falling: FloatArray = self.high - np.sqrt((1.0 - uniforms) * (width * fall))
        return np.where(uniforms * width < rise, rising, falling)


@dataclass(frozen=True)
class Empirical(Distribution):
    """Resamples `values`, each with probability proportional to its weight (equal weights when None)."""

    values: tuple[float, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        require(len(self.values) > 0, "empirical: at least one value is needed", None)
        require(all(map(math.isfinite, self.values)), "empirical: values must be finite", None)
        if self.weights is not None:
            require(len(self.weights) == len(self.values), "empirical: one weight per value is needed", None)
            usable = all(0.0 <= weight < math.inf for weight in self.weights) and sum(self.weights) > 0.0
            require(usable, "empirical: weights must not be negative, and not all 0", None)

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Values ascending, their probabilities, and the cumulated probabilities."""
        values = np.asarray(self.values, dtype=np.float64)
        weights = np.ones_like(values) if self.weights is None else np.asarray(self.weights, dtype=np.float64)
        order = np.argsort(values, kind="stable")
        cumulated = np.cumsum(weights[order])
        return values[order], weights[order] / cumulated[-1], cumulated / cumulated[-1]

    def mean(self) -> float:
        values, shares, _ = self._table
        return float(np.sum(values * shares))

    def variance(self) -> float:
        values, shares, _ = self._table
        return float(np.sum(shares * (values - self.mean()) ** 2))

    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        values, _, cumulated = self._table
        # The last cumulated probability is exactly 1, above every uniform, so the index stays inside; a value
        # of weight 0 repeats the one before it and is never picked.
        picked: FloatArray = values[np.searchsorted(cumulated, uniforms_of(u), side="right")]
        return picked


@dataclass(frozen=True)
class Mixture(Distribution):
    """Draws from one of `parts`, each a (share, distribution); shares sum to 1.

    One uniform does both. `u` picks the part whose interval [lower, lower + share) holds it, and given that
    it lies there (u - lower) / share is again exactly uniform on [0, 1) and independent of the choice, so it
    serves as the part's own uniform.
    """

    parts: tuple[tuple[float, Distribution], ...]

    def __post_init__(self) -> None:
        shares = [share for share, _ in self.parts]
        usable = all(share >= 0.0 for share in shares) and abs(math.fsum(shares) - 1.0) <= 1e-9
        require(usable, "mixture: shares must not be negative and must sum to 1", shares)

    def mean(self) -> float:
        return math.fsum(share * part.mean() for share, part in self.parts)

    def variance(self) -> float:
        mean = self.mean()
        return math.fsum(share * (part.variance() + (part.mean() - mean) ** 2) for share, part in self.parts)

    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        uniforms = uniforms_of(u)
        drawn = [(share, part) for share, part in self.parts if share > 0.0]
        upper = np.cumsum([share for share, _ in drawn])
        chosen = np.searchsorted(upper[:-1], uniforms, side="right")
        values = np.empty_like(uniforms)
        for index, (share, part) in enumerate(drawn):
            here = chosen == index
            lower = upper[index - 1] if index else 0.0
            values[here] = part.quantile(np.minimum((uniforms[here] - lower) / share, BELOW_ONE))
        return values


def from_spec(kind: str, parameters: Mapping[str, Any]) -> Distribution:
    """The distribution a scenario names.

    Kinds and parameters, durations in seconds: deterministic {value}, exponential {mean},
    erlang {mean, shape}, gamma {mean, cv}, lognormal {mean, cv}, weibull {mean, shape}, uniform {low, high},
    triangular {low, mode, high}, truncated_normal {mean, sd, low, high}, empirical {values, weights} (weights
    None or left out for equal ones), mixture {parts: ((share, kind, parameters), ...)}. Raises `UsageError`
    for any other kind or name.
    """
    if kind not in _KINDS:
        raise UsageError(f"unknown distribution '{kind}'; allowed: {', '.join(_KINDS)}")
    make, names = _KINDS[kind]
    given = {"weights": None, **parameters} if kind == "empirical" else parameters
    if set(given) != set(names):
        raise UsageError(f"{kind}: parameters must be {', '.join(names)}, not {', '.join(given) or 'none'}")
    return make(*(given[name] for name in names))


def shifted_poisson_quantile(u: npt.ArrayLike, mean: float) -> IntArray:
    """Occupants of a party, 1 + Poisson(mean - 1), at the uniforms `u` in [0, 1); same shape, int64.

    `mean` is the mean number of persons, 1 or more (`UsageError` otherwise).
    """
    require(1.0 <= mean < math.inf, "occupants: the mean must be 1 or more", mean)
    return 1 + np.searchsorted(_poisson_table(mean - 1.0), uniforms_of(u), side="right").astype(np.int64)


def geometric_quantile(u: npt.ArrayLike, mean: float) -> IntArray:
    """A geometric number of 1 or more at the uniforms `u` in [0, 1); same shape, int64.

    P(N > k) = (1 - 1 / mean)^k, so that N is 1 + floor(log(1 - u) / log(1 - 1 / mean)). `mean` is above 1
    (`UsageError` otherwise).
    """
    require(1.0 < mean < math.inf, "persons: the mean of a geometric number must be above 1", mean)
    return 1 + np.floor(np.log1p(-uniforms_of(u)) / math.log1p(-1.0 / mean)).astype(np.int64)


def gamma_shape(distribution: Distribution) -> float | None:
    """Shape of a distribution that is a gamma distribution; None for any other."""
    if isinstance(distribution, Erlang):
        return float(distribution.shape)
    return distribution.cv**-2 if isinstance(distribution, Gamma) and distribution.cv > 0.0 else None


def _gamma_quantile(u: FloatArray, mean: float, shape: float) -> FloatArray:
    return gamma_quantile(u, shape) * (mean / shape)


@lru_cache(maxsize=256)
def _poisson_table(mean: float) -> FloatArray:
    """P(N <= k) for k = 0, 1, ... up to where it can no longer be told from 1 by a uniform.

    The last k is left out: a uniform beyond the table gets it, so every u below 1 has a finite value.
    """
    most = int(mean + 9.0 * math.sqrt(mean)) + 30
    cumulated = np.asarray(special.pdtr(np.arange(most), mean), dtype=np.float64)
    table: FloatArray = cumulated[cumulated <= BELOW_ONE]
    table.flags.writeable = False
    return table


def _empirical(values: Iterable[float], weights: Iterable[float] | None) -> Empirical:
    return Empirical(tuple(values), None if weights is None else tuple(weights))


def _mixture(parts: Iterable[tuple[float, str, Mapping[str, Any]]]) -> Mixture:
    return Mixture(tuple((share, from_spec(kind, parameters)) for share, kind, parameters in parts))


_KINDS: dict[str, tuple[Callable[..., Distribution], tuple[str, ...]]] = {
    "deterministic": (Deterministic, ("value",)),
    "exponential": (Exponential, ("mean",)),
    "erlang": (Erlang, ("mean", "shape")),
    "gamma": (Gamma, ("mean", "cv")),
    "lognormal": (Lognormal, ("mean", "cv")),
    "weibull": (Weibull, ("mean", "shape")),
    "uniform": (Uniform, ("low", "high")),
    "triangular": (Triangular, ("low", "mode", "high")),
    "truncated_normal": (TruncatedNormal, ("mean", "sd", "low", "high")),
    "empirical": (_empirical, ("values", "weights")),
    "mixture": (_mixture, ("parts",)),
}
