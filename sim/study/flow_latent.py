"""The model behind `fit-flow`, for one province and given hyperparameters: a Poisson count around a moving level.

For month t with D days and count y:

    y ~ Poisson(D exp(f)),   f = a + s[month of the year] + log G(b) + w[t]

`a` is the base level, `s` the season, `G(b)` the mean over the days of the month of the product of the drivers, each
1 + q (e^b - 1) with q the weight of its shape on the day (1 for a step that has begun), and `w` what else moves the
level: a stationary AR(1) process from month to month with standard deviation `tau`, correlation `rho`, and
E exp(w) = 1, so that exp(a) is a mean level. Counts are therefore over-dispersed, and months near each other resemble
each other: a negative binomial with independent months has only the first (docs/fit-flow.md).

Parameters have normal priors; their posterior is approximated by a normal one at its mode (Laplace), which also gives
the evidence of the hyperparameters: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), sections
3.4 and 5.5; Rue, Martino and Chopin, J. R. Stat. Soc. B 71 (2009) 319.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.model.arrays import BoolArray, FloatArray, IntArray

SEASON = slice(1, 13)
"""Where the season stands among the parameters; the base level is the first."""
DRIVERS = 13
"""Where the drivers begin; after them one level for each month."""
BASE_SD, DRIVER_SD = 3.0, 2.0
"""Standard deviations of the priors of the base level and of log factors: factors from 1/50 to 50 are within two."""
MOST_STEPS, SHORTEST, TOLERANCE = 60, 1e-6, 1e-8


@dataclass(frozen=True)
class Hyper:
    """What is integrated over, on a grid."""

    tau: float
    """Standard deviation of the level between months, on the log scale; above 0."""
    rho: float
    """Correlation of the level from one month to the next, from 0 to below 1."""
    season: float
    """Standard deviation of the season around what is expected of it, on the log scale; above 0."""


@dataclass(frozen=True)
class Months:
    """A province's months, one after the other without gaps, with what is known of each."""

    counts: FloatArray
    """Persons; NaN where there is no figure or it is held back."""
    days: FloatArray
    month: IntArray
    """Month of the year, 0 to 11."""
    weights: FloatArray
    """Shape of each driver on each day: (drivers, months, 31), 0 to 1; days past a month's end are not looked at."""
    season: FloatArray
    """What is expected of the season, log factors of the twelve months."""

    @cached_property
    def seen(self) -> BoolArray:
        """Months with a figure."""
        return ~np.isnan(self.counts)

    @cached_property
    def in_month(self) -> FloatArray:
        """Share of its month that a day is: (months, 31)."""
        return np.where(np.arange(31) < self.days[:, None], 1.0 / self.days[:, None], 0.0)

    @cached_property
    def observed(self) -> FloatArray:
        """The counts of the months with a figure."""
        return self.counts[self.seen]

    @cached_property
    def log_factorials(self) -> float:
        """Sum of log y! over the months with a figure."""
        from scipy.special import gammaln

        return float(gammaln(self.observed + 1.0).sum())

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.first + len(self.counts)

    @property
    def first(self) -> int:
        """Where the levels of the months begin among the parameters."""
        return DRIVERS + len(self.weights)

    @cached_property
    def fixed_slopes(self) -> FloatArray:
        """Derivative of f by the parameters before the levels, zero for the drivers: (months, `first`)."""
        found = np.zeros((len(self.counts), self.first))
        found[:, 0] = 1.0
        found[np.arange(len(self.counts)), 1 + self.month] = 1.0
        return found

    def driven(self, logs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """log G by month, and its derivative by each log factor: (months), (months, drivers)."""
        if not len(self.weights):
            return np.zeros(len(self.counts)), np.zeros((len(self.counts), 0))
        factors = np.exp(logs)[:, None, None]
        each = 1.0 + self.weights * (factors - 1.0)
        product = each.prod(axis=0) * self.in_month
        mean = product.sum(axis=1)
        slopes = (product * (self.weights * factors / each)).sum(axis=2) / mean
        return np.log(mean), slopes.T

    def log_rate(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """f by month, and its derivative by each parameter before the levels: (months), (months, `first`)."""
        log_driven, of_drivers = self.driven(parameters[DRIVERS : self.first])
        slopes = self.fixed_slopes.copy()
        slopes[:, DRIVERS:] = of_drivers
        return parameters[0] + parameters[1 + self.month] + log_driven + parameters[self.first :], slopes

    def start(self, hyper: Hyper) -> FloatArray:
        """Parameters at the means of their priors; the base at the mean day of the months with a figure."""
        mean = np.zeros(self.size)
        days = self.days[self.seen].sum()
        mean[0] = np.log((self.observed.sum() + 0.5) / days) if days else 0.0
        mean[SEASON] = self.season
        mean[self.first :] = -0.5 * hyper.tau**2
        return mean


class Prior:
    """Precisions of the parameters: one for each before the levels, a tridiagonal matrix for the levels."""

    def __init__(self, months: Months, hyper: Hyper) -> None:
        count = len(months.counts)
        self.mean = months.start(hyper)
        self.single = np.full(months.first, DRIVER_SD**-2)
        self.single[0], self.single[SEASON] = BASE_SD**-2, hyper.season**-2
        fresh = 1.0 / (hyper.tau**2 * (1.0 - hyper.rho**2))
        self.beside = -hyper.rho * fresh
        """Of an AR(1) process, beside the diagonal."""
        self.diagonal = np.full(count, fresh * (1.0 + hyper.rho**2))
        self.diagonal[0] = self.diagonal[-1] = fresh if count > 1 else hyper.tau**-2
        of_levels = (count - 1) * np.log(fresh) - 2.0 * np.log(hyper.tau)
        self.log_determinant = float(np.log(self.single).sum() + of_levels)

    def times(self, off: FloatArray) -> FloatArray:
        """The precision matrix times a vector of all parameters."""
        first = len(self.single)
        levels = off[first:]
        found = np.concatenate([self.single * off[:first], self.diagonal * levels])
        found[first:-1] += self.beside * levels[1:]
        found[first + 1 :] += self.beside * levels[:-1]
        return found


class Curvature:
    """The precision at a point by blocks: A of the parameters before the levels, tridiagonal C of levels, B between.

    All is done with C and the Schur complement S = A - B C^-1 B', so that the work grows with the months, not with
    their cube.
    """

    def __init__(self, prior: Prior, slopes: FloatArray, mean: FloatArray) -> None:
        """`slopes`: derivative of f by the parameters before the levels; `mean`: expected counts, 0 where not seen."""
        from scipy.linalg import cho_solve_banded, cholesky_banded

        self.banded = np.zeros((2, len(mean)))
        self.banded[0, 1:] = prior.beside
        self.banded[1] = prior.diagonal + mean
        self.banded = cholesky_banded(self.banded)
        self.between = (slopes * mean[:, None]).T
        self.solved = cho_solve_banded((self.banded, False), self.between.T)
        schur = self.between @ slopes + np.diag(prior.single) - self.between @ self.solved
        self.root = np.linalg.cholesky(schur)

    @property
    def log_determinant(self) -> float:
        """Of the whole precision matrix."""
        return 2.0 * float(np.log(self.banded[1]).sum() + np.log(np.diag(self.root)).sum())

    def solve(self, right: FloatArray) -> FloatArray:
        """The precision matrix's inverse times a vector."""
        from scipy.linalg import cho_solve, cho_solve_banded

        first = len(self.root)
        before = cho_solve((self.root, True), right[:first] - self.solved.T @ right[first:])
        levels = cho_solve_banded((self.banded, False), right[first:]) - self.solved @ before
        return np.concatenate([before, levels])

    def spread(self, normals: FloatArray) -> FloatArray:
        """Draws with this precision and mean 0, one for each row of standard normal numbers."""
        from scipy.linalg import solve_banded, solve_triangular

        first = len(self.root)
        before = solve_triangular(self.root, normals[:, :first].T, lower=True, trans=1)
        levels = solve_banded((0, 1), self.banded, normals[:, first:].T) - self.solved @ before
        return np.concatenate([before, levels]).T


@dataclass(frozen=True)
class Posterior:
    """The normal approximation of what is known of the parameters, given the hyperparameters."""

    mode: FloatArray
    curvature: Curvature
    """The precision at the mode."""
    evidence: float
    """Log of the probability of the counts, given the hyperparameters."""

    def draw(self, normals: FloatArray) -> FloatArray:
        """Draws of the parameters, one for each row of standard normal numbers."""
        return self.mode + self.curvature.spread(normals)


@dataclass(frozen=True)
class _Look:
    """The log joint density at some parameters, and what its slope and curvature are made of."""

    density: float
    """Without constants."""
    mean: FloatArray
    """Expected counts, 0 where none is seen."""
    slopes: FloatArray


def posterior(months: Months, hyper: Hyper, begin: FloatArray | None = None) -> Posterior:
    """The posterior given the hyperparameters, by Newton's method from `begin` (default: the prior's mean).

    The curvature of log G is left out of the Hessian (Gauss-Newton), which keeps it positive definite.
    """
    prior = Prior(months, hyper)
    counts = np.where(months.seen, months.counts, 0.0)
    at = prior.mean.copy() if begin is None else begin.copy()
    here = _look(months, prior, counts, at)
    for _ in range(MOST_STEPS):
        off = counts - here.mean
        gradient = np.concatenate([here.slopes.T @ off, off]) - prior.times(at - prior.mean)
        step = Curvature(prior, here.slopes, here.mean).solve(gradient)
        gain, length = float(gradient @ step), 1.0
        found = _look(months, prior, counts, at + step)
        while not found.density >= here.density + 1e-4 * length * gain and length > SHORTEST:
            length *= 0.5
            found = _look(months, prior, counts, at + length * step)
        at, here = at + length * step, found
        if gain < TOLERANCE:
            break
    curvature = Curvature(prior, here.slopes, here.mean)
    evidence = here.density - months.log_factorials + 0.5 * (prior.log_determinant - curvature.log_determinant)
    return Posterior(at, curvature, evidence)


def _look(months: Months, prior: Prior, counts: FloatArray, parameters: FloatArray) -> _Look:
    log_rate, slopes = months.log_rate(parameters)
    log_mean = log_rate + np.log(months.days)
    with np.errstate(over="ignore"):
        mean = np.where(months.seen, np.exp(log_mean), 0.0)
    off = parameters - prior.mean
    density = float(counts @ log_mean - mean.sum() - 0.5 * off @ prior.times(off))
    return _Look(density, mean, slopes)
