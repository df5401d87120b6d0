"""The normal between two bounds, also far out in a tail."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sim.model.arrays import FloatArray
from sim.model.distribution import Distribution, require, uniforms_of
from sim.model.special import special


@dataclass(frozen=True)
class TruncatedNormal(Distribution):
    """Normal with mean `centre` and standard deviation `sd`, kept only between `low` and `high`.

    `centre` and `sd` are those before truncation, so `mean()` differs from `centre`. Either bound may be
    infinite. Formulas: Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions 1 (1994), ch. 13.
    """

    centre: float
    sd: float
    low: float
    high: float

    def __post_init__(self) -> None:
        require(math.isfinite(self.centre), "mean must be finite", self)
        require(0.0 < self.sd < math.inf, "sd must be positive", self)
        require(self.low < self.high, "low must be below high", self)
        require(math.isfinite(self._log_mass), "no probability between low and high", self)

    @cached_property
    def _bounds(self) -> tuple[float, float]:
        """The bounds in standard units."""
        return (self.low - self.centre) / self.sd, (self.high - self.centre) / self.sd

    @cached_property
    def _log_mass(self) -> float:
        """Log of the probability between the bounds before truncation."""
        a, b = self._bounds
        if a <= 0.0 <= b:
            return math.log1p(-float(special.ndtr(a)) - float(special.ndtr(-b)))
        return _log_tail_mass(-b, -a) if a > 0.0 else _log_tail_mass(a, b)

    def mean(self) -> float:
        a, b = self._bounds
        return self.centre + self.sd * (self._density(a) - self._density(b))

    def variance(self) -> float:
        a, b = self._bounds
        at_a, at_b = self._density(a), self._density(b)
        first = a * at_a if math.isfinite(a) else 0.0
        second = b * at_b if math.isfinite(b) else 0.0
        return self.sd**2 * max(0.0, 1.0 + first - second - (at_a - at_b) ** 2)

    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        uniforms = uniforms_of(u)
        a, b = self._bounds
        if a > 0.0:
            z: FloatArray = -_left_tail_quantile(1.0 - uniforms, -b, -a, self._log_mass)
        elif b < 0.0:
            z = _left_tail_quantile(uniforms, a, b, self._log_mass)
        else:
            # Each half from its own tail: 1 - p would lose the digits of a small upper tail.
            mass = math.exp(self._log_mass)
            below = float(special.ndtr(a)) + uniforms * mass
            above = float(special.ndtr(-b)) + (1.0 - uniforms) * mass
            z = np.where(below < 0.5, special.ndtri(below), -special.ndtri(above))
        return np.clip(self.centre + self.sd * z, self.low, self.high)

    def _density(self, z: float) -> float:
        """Density of the truncated standard normal at `z`, 0 at infinity."""
        return math.exp(-0.5 * z * z - self._log_mass) / math.sqrt(2.0 * math.pi)


def _log_tail_mass(a: float, b: float) -> float:
    """log(Phi(b) - Phi(a)) for a < b <= 0, without underflow far out in the tail; -inf when they coincide."""
    log_a, log_b = float(special.log_ndtr(a)), float(special.log_ndtr(b))
    return log_b + math.log(-math.expm1(log_a - log_b)) if log_a < log_b else -math.inf


def _left_tail_quantile(u: FloatArray, a: float, b: float, log_mass: float) -> FloatArray:
    """Quantile of the standard normal kept between a < b <= 0, in logs for the same reason."""
    with np.errstate(divide="ignore"):  # log(0) = -inf is right at u = 0
        log_p: FloatArray = np.logaddexp(float(special.log_ndtr(a)), np.log(u) + log_mass)
    return np.clip(np.asarray(special.ndtri_exp(log_p), dtype=np.float64), a, b)
