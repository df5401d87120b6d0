"""What a distribution is, and what all of them are made of."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from sim.errors import UsageError
from sim.model.arrays import FloatArray

BELOW_ONE = math.nextafter(1.0, 0.0)
"""1 - 2**-53, the largest uniform there is."""


class Distribution(ABC):
    """A distribution of one real quantity. Implementations are frozen and compare by value."""

    @abstractmethod
    def mean(self) -> float:
        """Expected value."""

    @abstractmethod
    def variance(self) -> float:
        """Variance, in the squared unit of the mean."""

    @abstractmethod
    def quantile(self, u: npt.ArrayLike) -> FloatArray:
        """Values at the uniforms `u` in [0, 1), of any shape; the result has the same shape."""

    def sample(self, rng: np.random.Generator, n: int) -> FloatArray:
        """`n` draws, taking exactly `n` uniforms from `rng`."""
        return self.quantile(rng.random(n))


def require(condition: bool, message: str, found: object) -> None:
    """Raise UsageError with the message and what was found, unless the condition holds."""
    if not condition:
        raise UsageError(message if found is None else f"{message}; found {found}")


def uniforms_of(u: npt.ArrayLike) -> FloatArray:
    """The uniforms as an array."""
    return np.asarray(u, dtype=np.float64)
