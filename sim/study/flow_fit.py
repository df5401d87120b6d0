"""Fitting the demand of irregular flows: base rate, season, drivers and bands of months, with their uncertainty.

What is known given the hyperparameters is in `sim.study.flow_latent`. Here they are integrated over on a fixed grid,
each point weighted by its evidence and prior, and everything that is stated comes from draws of that mixture. So bands
hold the uncertainty of the parameters, of the over-dispersion and of chance. The same data give the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import product

import numpy as np

from sim.model.arrays import FloatArray
from sim.model.drivers import at_age
from sim.scenario.drivers import DAYS_OF_MONTHS, Driver
from sim.study.flow_data import FlowSeries, Month, OfAProvince
from sim.study.flow_latent import DRIVER_SD, DRIVERS, SEASON, Hyper, Months, Posterior, posterior

TAUS = (0.05, 0.1, 0.2, 0.3, 0.45, 0.65, 0.9, 1.3, 1.8)
RHOS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
SEASONS = (0.05, 0.15, 0.3)
"""Grid of the hyperparameters: level, its correlation, season."""
TAU_MEAN = 0.33
"""Mean of the exponential prior of tau: a level that moves by more than a factor 4 has probability 1.5 %."""
SEASON_SCALE = 0.25
"""Scale of the half-normal prior of the season's standard deviation."""
DRAWS = 4000
SEED = 20230325
"""Of the draws: fixed, so that a fit can be repeated."""
BANDS = (0.5, 0.8, 0.95)
"""Probability of a month's figure to be inside each band."""
LEVEL = 0.95
"""Probability of the intervals of parameters."""
LEAST_MONTHS, LEAST_PERSONS = 12, 30
"""A province with fewer is not fitted."""
OWN_MONTHS, OWN_PERSONS = 24, 500
"""A province with fewer takes the season of the others for what is expected of its own."""
SIDE = 2
"""Months with a figure that a driver needs with it and without it."""
UNMET = f"fewer than {SIDE} months with a figure while it acts"
"""Why a driver is not told that the fit has hardly met."""
MONTH = 86400.0 * 365.25 / 12.0
LEAST_CARRIED = 0.1
"""A level at the end that is nearer to the usual one is not carried on."""


@dataclass(frozen=True)
class Estimate:
    """A posterior median with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class FittedDriver:
    """A driver with the factor that was estimated."""

    driver: Driver
    """`multiply` is the posterior median, rounded."""
    factor: Estimate
    found: bool
    """Found by the search for breaks, not given."""
    evidence: float
    """Of one that was found: log Bayes factor, less the log of how many were looked at. NaN of one given."""


@dataclass(frozen=True)
class Forecast:
    """A month that was held back."""

    month: Month
    observed: int
    median: float
    bands: dict[float, tuple[float, float]]
    """Lowest and highest figure by probability."""

    def inside(self, band: float) -> bool:
        """The figure lies in the band."""
        low, high = self.bands[band]
        return low <= self.observed <= high


@dataclass(frozen=True)
class Carried:
    """Where the level stands after the last month, and how fast it is expected to come back."""

    multiply: float
    half_life: float
    """Seconds."""


@dataclass(frozen=True)
class FlowFit(OfAProvince):
    """What the months of one province tell."""

    series: FlowSeries
    """The months that were fitted."""
    base: Estimate
    """Persons intercepted on the mean day of the year, without drivers."""
    season: tuple[Estimate, ...]
    """Factors of the twelve months, January first, with the mean 1 over the year."""
    own_season: bool
    """False where the season of the other provinces was expected."""
    spread: Estimate
    """Standard deviation of the level between months, on the log scale (tau)."""
    memory: Estimate
    """Correlation of the level from one month to the next (rho)."""
    drivers: tuple[FittedDriver, ...]
    untold: dict[str, str]
    """Drivers that these months cannot tell, with why."""
    held_back: tuple[Forecast, ...]
    carried: Carried | None
    """None where the level stands where it is expected."""


# ---- months and shapes ------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def shape_weights(driver: Driver, months: tuple[Month, ...]) -> FloatArray:
    """Weight of the driver's shape at noon of each day, 0 before and after it: (months, 31). Not to be written to."""
    unit = driver.model_copy(update={"multiply": 2.0})  # 1 + weight
    found = np.zeros((len(months), 31))
    for row, month in enumerate(months):
        for day in range(month.days):
            noon = datetime(month.year, month.month, day + 1, 12)
            if driver.from_ <= noon and (driver.until is None or noon < driver.until):
                found[row, day] = at_age(unit, (noon - driver.from_).total_seconds()) - 1.0
    return found


def span(first: Month, last: Month) -> tuple[Month, ...]:
    """Every month from the first to the last."""
    return tuple(first.plus(step) for step in range(first.until(last) + 1))


def months_of(series: FlowSeries, until: Month, drivers: Sequence[Driver], season: FloatArray | None = None) -> Months:
    """The months of a series from its first to `until`, for the model."""
    every = span(next(iter(series.counts)), until)
    weights = np.zeros((len(drivers), len(every), 31))
    for row, driver in enumerate(drivers):
        weights[row] = shape_weights(driver, every)
    return Months(
        counts=np.array([series.counts.get(month, math.nan) for month in every], dtype=np.float64),
        days=np.array([month.days for month in every], dtype=np.float64),
        month=np.array([month.month - 1 for month in every], dtype=np.int64),
        weights=weights,
        season=np.zeros(12) if season is None else season,
    )


def told(months: Months, drivers: Sequence[Driver]) -> tuple[list[Driver], dict[str, str]]:
    """The drivers whose factor these months can tell, and why not the others."""
    kept: list[tuple[Driver, FloatArray]] = []
    untold: dict[str, str] = {}
    for driver, weights in zip(drivers, months.weights, strict=True):
        of_month = (weights * months.in_month).sum(axis=1)[months.seen]
        most = max(float(of_month.max(initial=0.0)), 0.1)
        if int((of_month > 0.5 * most).sum()) < SIDE:
            untold[driver.name] = UNMET
        elif int((of_month < 0.1 * most).sum()) < SIDE:
            untold[driver.name] = f"fewer than {SIDE} months with a figure without it"
        elif same := next((other.name for other, row in kept if np.abs(row - of_month).max() < 0.05), None):
            untold[driver.name] = f"cannot be told from {same}: no figures between"
        else:
            kept.append((driver, of_month))
    return [driver for driver, _ in kept], untold


# ---- posterior over the grid ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mixture:
    """The posterior of everything: a normal one at each point of the grid, with its weight."""

    months: Months
    points: tuple[tuple[Hyper, Posterior], ...]
    log_weights: FloatArray
    """Log of evidence times prior."""

    @cached_property
    def evidence(self) -> float:
        """Log of the probability of the counts, up to a constant of the grid."""
        return float(np.logaddexp.reduce(self.log_weights))

    @cached_property
    def best(self) -> tuple[Hyper, Posterior]:
        """The point of the greatest weight."""
        return self.points[int(self.log_weights.argmax())]

    def draws(self, count: int = DRAWS) -> tuple[FloatArray, FloatArray]:
        """Draws of the parameters, and tau and rho of each: (draws, parameters), (draws, 2)."""
        generator = np.random.default_rng(SEED)
        shares = np.exp(self.log_weights - self.evidence)
        edges = np.concatenate([[0.0], np.cumsum(shares)]) / shares.sum()
        ends = np.floor(edges * count + 0.5).astype(int)
        parts, hypers = [], []
        for (hyper, each), number in zip(self.points, np.diff(ends), strict=True):
            if number:
                parts.append(each.draw(generator.standard_normal((number, self.months.size))))
                hypers.append(np.tile([hyper.tau, hyper.rho], (number, 1)))
        return np.concatenate(parts), np.concatenate(hypers)


def mixture(
    months: Months,
    taus: Sequence[float] = TAUS,
    rhos: Sequence[float] = RHOS,
    seasons: Sequence[float] = SEASONS,
) -> Mixture:
    """The posterior over a grid. Each point's search begins at the mode of the one before."""
    points, weights = [], []
    begin: FloatArray | None = None
    for tau, rho, season in product(taus, rhos, seasons):
        hyper = Hyper(tau, rho, season)
        found = posterior(months, hyper, begin)
        begin = found.mode
        points.append((hyper, found))
        prior = math.log(tau) - tau / TAU_MEAN - 0.5 * (season / SEASON_SCALE) ** 2  # the grid of tau is one of its log
        weights.append(found.evidence + prior)
    return Mixture(months, tuple(points), np.array(weights))


# ---- what is stated -----------------------------------------------------------------------------------------


def estimate(draws: FloatArray) -> Estimate:
    """Median and interval of draws."""
    low, value, high = np.quantile(draws, ((1.0 - LEVEL) / 2.0, 0.5, (1.0 + LEVEL) / 2.0))
    return Estimate(float(value), float(low), float(high))


def seasons_of(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Season of each draw with the mean 1 over the year, and the mean it was divided by: (draws, 12), (draws)."""
    days = np.array(DAYS_OF_MONTHS, dtype=np.float64)
    factors = np.exp(draws[:, SEASON])
    mean = factors @ days / days.sum()
    return factors / mean[:, None], mean


def driven_of(months: Months, draws: FloatArray) -> FloatArray:
    """log G of every month: (draws, months)."""
    return np.array([months.driven(row)[0] for row in draws[:, DRIVERS : months.first]])


def predicted(months: Months, draws: FloatArray, unknown: FloatArray | float = 0.0) -> FloatArray:
    """Drawn counts of every month, seen or not: (draws, months).

    Args:
        months: of the fit.
        draws: of its parameters.
        unknown: log factors beside the drivers of the fit, (draws, months).
    """
    levels = draws[:, months.first :]
    log_mean = draws[:, :1] + draws[:, 1 + months.month] + driven_of(months, draws) + levels + np.log(months.days)
    log_mean = log_mean + unknown
    return np.random.default_rng(SEED + 1).poisson(np.exp(np.minimum(log_mean, 40.0))).astype(np.float64)


def unmet(task: Task, every: Sequence[Driver], untold: Mapping[str, str], count: int) -> FloatArray:
    """Log factors of drivers that the fit met in too few months to tell: draws of their prior, (count, months).

    A rule that changes after the last figures, or in a gap before those held back, may do anything: that it does
    nothing would be a claim. Its factor has the prior it has where it is told, of which 95 % lie between 1/50 and 50.
    One that is always there is part of the base, one that is not told from another part of that one.
    """
    fresh = [driver for driver in every if untold.get(driver.name) == UNMET]
    months = months_of(task.fitted, task.last, fresh)
    draws = np.random.default_rng(SEED + 2).normal(0.0, DRIVER_SD, (count, len(fresh)))
    found = np.array([months.driven(row)[0] for row in draws])
    # Of the months held back alone, and where a driver acts: elsewhere there is nothing to add, not even rounding.
    held = [month in task.held_back.counts for month in span(next(iter(task.fitted.counts)), task.last)]
    return np.where(months.weights.any(axis=(0, 2)) & np.array(held), found, 0.0)


def forecast(month: Month, observed: int, counts: FloatArray) -> Forecast:
    """A held-back month beside the drawn counts of it."""
    bands = {}
    for band in BANDS:
        low, high = np.quantile(counts, ((1.0 - band) / 2.0, (1.0 + band) / 2.0), method="inverted_cdf")
        bands[band] = (float(low), float(high))
    return Forecast(month, observed, float(np.median(counts)), bands)


def carried(usual: FloatArray, levels: FloatArray, hypers: FloatArray) -> Carried | None:
    """The level after the last month as a pulse on what is stated: its factor, and when half of it is gone.

    Args:
        usual: of each draw the log of base and drivers after the last month, over those that are stated.
        levels: of each draw the level in the last month, w.
        hypers: tau and rho of each draw.

    Of a level w now, exp(w) is expected at exp(rho^h (w + tau^2 / 2) - rho^(2h) tau^2 / 2) h months on: the mean of a
    lognormal AR(1) process with E exp(w) = 1. Over the draws the median is taken: the base is known loosely where the
    level moves much, base and level together are not.
    """
    tau, rho = hypers.T
    now = levels + tau**2 / 2.0

    def after(steps: float) -> float:
        left = rho**steps
        return float(np.exp(np.median(usual + left * now - left**2 * tau**2 / 2.0)))

    off = after(0.5) - 1.0  # the middle of the next month: with rho = 0 all is forgotten
    if abs(off) < LEAST_CARRIED:
        return None
    halved = next((step for step in range(1, 120) if abs(after(0.5 + step / 4.0) - 1.0) < abs(off) / 2.0), 120)
    return Carried(1.0 + off, halved / 4.0 * MONTH)


# ---- fitting --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """One province, split into what is fitted and what is held back."""

    fitted: FlowSeries
    held_back: FlowSeries

    @property
    def last(self) -> Month:
        """The last month that is looked at."""
        return max((*self.fitted.counts, *self.held_back.counts))

    @property
    def enough(self) -> bool:
        """There is enough to fit."""
        return len(self.fitted.counts) >= LEAST_MONTHS and self.fitted.total >= LEAST_PERSONS

    @property
    def tells_season(self) -> bool:
        """There is enough for a season of its own."""
        return len(self.fitted.counts) >= OWN_MONTHS and self.fitted.total >= OWN_PERSONS


def fit(
    task: Task,
    drivers: Sequence[Driver],
    season: FloatArray | None = None,
    found: Sequence[tuple[Driver, float]] = (),
    rhos: Sequence[float] = RHOS,
) -> FlowFit:
    """Fit one province.

    Args:
        task: what is fitted and what is held back.
        drivers: those given, their factors to be estimated.
        season: what is expected of it (log factors) where the province has too few figures of its own.
        found: drivers of the search for breaks, with their evidence.
        rhos: correlations of the level that are considered.
    """
    every = (*drivers, *(driver for driver, _ in found))
    kept, untold = told(months_of(task.fitted, task.last, every), every)
    months = months_of(task.fitted, task.last, kept, season)
    whole = mixture(months, rhos=rhos, seasons=SEASONS if season is None else SEASONS[:2])
    draws, hypers = whole.draws()
    factors, mean = seasons_of(draws)
    strength = {driver.name: value for driver, value in found}
    counts = predicted(months, draws, unmet(task, every, untold, len(draws)))
    start = next(iter(task.fitted.counts))
    last = start.until(max(task.fitted.counts))
    stated = tuple(
        fitted_driver(driver, np.exp(draws[:, DRIVERS + index]), strength.get(driver.name))
        for index, driver in enumerate(kept)
    )
    base = estimate(np.exp(draws[:, 0]) * mean)
    usual = draws[:, 0] + np.log(mean) + driven_of(months, draws)[:, last]
    usual -= math.log(base.value) + months.driven(np.log([one.driver.multiply for one in stated]))[0][last]
    return FlowFit(
        series=task.fitted,
        base=base,
        season=tuple(estimate(column) for column in factors.T),
        own_season=season is None,
        spread=estimate(hypers[:, 0]),
        memory=estimate(hypers[:, 1]),
        drivers=stated,
        untold=untold,
        held_back=tuple(
            forecast(month, observed, counts[:, start.until(month)])
            for month, observed in task.held_back.counts.items()
            if month > start
        ),
        carried=carried(usual, draws[:, months.first + last], hypers),
    )


def fitted_driver(driver: Driver, factors: FloatArray, evidence: float | None) -> FittedDriver:
    """A driver with its factor."""
    factor = estimate(factors)
    multiply = min(max(float(f"{factor.value:.3g}"), 1e-3), 1000.0)
    stated = driver.model_copy(update={"multiply": multiply})
    return FittedDriver(stated, factor, evidence is not None, math.nan if evidence is None else evidence)


def shared_season(tasks: Sequence[Task], drivers: Sequence[Driver], rhos: Sequence[float] = RHOS) -> FloatArray:
    """Log factors expected of provinces with few figures: the mean of the others', weighted by their precision.

    Flat where no province tells a season.
    """
    total, weight = np.zeros(12), np.zeros(12)
    for task in tasks:
        if task.tells_season:
            kept, _ = told(months_of(task.fitted, task.last, drivers), drivers)
            draws, _ = mixture(months_of(task.fitted, task.last, kept), rhos=rhos).draws()
            logs = np.log(seasons_of(draws)[0])
            total += logs.mean(axis=0) / logs.var(axis=0)
            weight += 1.0 / logs.var(axis=0)
    return np.divide(total, weight, out=np.zeros(12), where=weight > 0.0)
