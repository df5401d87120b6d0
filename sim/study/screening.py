"""Which inputs matter: screening by elementary effects, and one input at a time.

Morris, Factorial sampling plans for preliminary computational experiments, Technometrics 33 (1991) 161-174, walks
through the unit cube of the inputs along trajectories: from a random start each input is moved once, in random order,
by DELTA, and the change of a measure over the step is the *elementary effect* of that input there. Over trajectories,

- `mu`, its mean, is the effect on the whole and may cancel where the sign changes,
- `mu_star`, the mean of its absolute value (Campolongo, Cariboni and Saltelli, Environmental Modelling and Software 22
  (2007) 1509-1518), ranks the inputs,
- `sigma`, its standard deviation, is large where the effect depends on the other inputs or is not straight.

Effects are for the whole range of an input: the change of the measure, in its unit, for a move from low to high at the
slope of the step. Intervals of `mu_star` are percentiles of a bootstrap over trajectories. All points use the same
replications, so that an effect is not blurred by other days.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields

import numpy as np

from sim.errors import UsageError
from sim.model.arrays import BoolArray, FloatArray, IntArray
from sim.model.streams import Streams

LEVELS = 4
"""Levels of each input: 0, 1/3, 2/3 and 1."""
DELTA = LEVELS / (2 * (LEVELS - 1))
"""Length of a step, 2/3: every level is then as likely (Morris 1991, section 3)."""
BOOTSTRAP = 2000
"""Resamples of the trajectories."""


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Walks through the unit cube."""

    points: FloatArray
    """(trajectories, inputs + 1, inputs): coordinates 0 to 1."""
    moved: IntArray
    """(trajectories, inputs): the input that the step from point i to point i + 1 moves."""

    @classmethod
    def draw(cls, count: int, inputs: int, seed: int) -> Trajectories:
        """Random trajectories from a named stream of the master seed; a longer draw begins with a shorter one.

        Raises:
            UsageError: fewer than two trajectories, of which no spread can be told; no inputs.
        """
        if count < 2:
            raise UsageError(f"a screening takes 2 trajectories or more, found {count}")
        if inputs < 1:
            raise UsageError("there is no input to screen")
        generator = Streams(seed, 0).generator("sensitivity/morris")
        points, moved = np.empty((count, inputs + 1, inputs)), np.empty((count, inputs), dtype=np.int64)
        for at in range(count):
            low = generator.integers(0, LEVELS // 2, size=inputs) / (LEVELS - 1)
            down = generator.integers(0, 2, size=inputs).astype(bool)
            moved[at] = generator.permutation(inputs)
            points[at, 0] = np.where(down, low + DELTA, low)
            for step, which in enumerate(moved[at]):
                points[at, step + 1] = points[at, step]
                points[at, step + 1, which] += -DELTA if down[which] else DELTA
        return cls(np.clip(points, 0.0, 1.0), moved)

    def effects(self, outputs: FloatArray) -> FloatArray:
        """Elementary effects (trajectories, inputs, ...) of outputs (trajectories, inputs + 1, ...)."""
        result = np.empty((*self.moved.shape, *outputs.shape[2:]))
        for at, order in enumerate(self.moved):
            for step, which in enumerate(order):
                length = self.points[at, step + 1, which] - self.points[at, step, which]
                result[at, which] = (outputs[at, step + 1] - outputs[at, step]) / length
        return result


@dataclass(frozen=True, eq=False)
class Screened:
    """What elementary effects say of each input; arrays (inputs, ...)."""

    mu: FloatArray
    mu_star: FloatArray
    sigma: FloatArray
    low: FloatArray
    """Bounds of `mu_star`, 95 %."""
    high: FloatArray
    trajectories: IntArray
    """Those that have an effect of the input."""


def screened(effects: FloatArray, seed: int) -> Screened:
    """Means and spread of elementary effects (trajectories, inputs, ...) over the trajectories.

    A NaN is an effect on a measure that nobody had at one end of the step: that trajectory is left out of the input and
    measure, and not counted. NaN where none is left, `sigma` where fewer than two are.
    """
    there, size = ~np.isnan(effects), np.abs(effects)
    generator = Streams(seed, 0).generator("sensitivity/bootstrap")
    drawn = generator.integers(0, len(effects), size=(BOOTSTRAP, len(effects)))
    resampled = np.stack([_mean(size[rows], there[rows]) for rows in drawn])
    mu, count = _mean(effects, there), there.sum(axis=0)
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # of inputs without any effect
        low, high = np.nanpercentile(resampled, [2.5, 97.5], axis=0)
        sigma = np.sqrt(np.where(there, (effects - mu) ** 2, 0.0).sum(axis=0) / np.maximum(count - 1, 0))
    return Screened(mu, _mean(size, there), sigma, low, high, count)


def _mean(values: FloatArray, there: BoolArray) -> FloatArray:
    """Over the trajectories that have an effect; NaN where none has."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, values, 0.0).sum(axis=0) / there.sum(axis=0))


# ---- input uncertainty ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Carried:
    """A mean whose interval carries what is not known of the inputs, beside the chance of days; arrays (...)."""

    mean: FloatArray
    """Over draws of the inputs and over days."""
    low: FloatArray
    high: FloatArray
    """Bounds with both, 95 %."""
    sd_inputs: FloatArray
    """Standard deviation of the mean measure between inputs, the chance of days taken out."""
    sd_days: FloatArray
    """Standard deviation between days that all inputs share."""
    sd_rest: FloatArray
    """Standard deviation of what inputs and day do together, with the chance inside a day."""
    days: IntArray
    """Replications it is told from: those in which every draw has the measure."""


def carried(outputs: FloatArray, seed: int) -> Carried:
    """Two-level estimates from outputs (draws, replications, ...), where every draw has the same replications.

    Components are those of a two-way layout without repetition (Searle, Casella and McCulloch, Variance Components,
    1992, ch. 4). The interval is meant to hold the mean under the true inputs, taken for one more draw: 2.5 % to 97.5 %
    of the mean of a draw, each draw as often, with the error that its few days leave, a Student t with days - 1 degrees
    of freedom. What such intervals are for: Barton, Nelson and Xie, Quantifying input uncertainty via simulation
    confidence intervals, INFORMS Journal on Computing 26 (2014) 74-87; they estimate inputs from data, here only ranges
    are known.

    A layout has no gaps: a replication in which a draw lacks the measure (NaN) is left out of it in every draw. NaN
    where fewer than two are left.

    Coverage in percent of the mean under a further draw, 400 experiments (standard error 1.1), uniform inputs and
    normal days, where the variance of a mean over 5 days is 0.03 / 1 / 13 times that between inputs: 20 draws of 5
    days 93.8 / 96.8 / 94.0, 50 draws of 5 days 96.2 / 96.5 / 95.5, 50 draws of 20 days 94.2 / 95.5 / 96.0.

    Raises:
        UsageError: fewer than two draws or replications, of which no spread can be told.
    """
    draws, days = outputs.shape[:2]
    if draws < 2 or days < 2:
        raise UsageError(f"input uncertainty takes 2 draws and 2 replications or more, found {draws} and {days}")
    there = ~np.isnan(outputs).any(axis=0)
    if there.all():
        return _carried(outputs, seed)
    columns = zip(np.moveaxis(outputs.reshape(draws, days, -1), 2, 0), there.reshape(days, -1).T, strict=True)
    parts = [_carried(column[:, whole], seed) for column, whole in columns]
    numbers = ([getattr(part, one.name) for part in parts] for one in fields(Carried))
    return Carried(*(np.array(each).reshape(there.shape[1:]) for each in numbers))


def _carried(outputs: FloatArray, seed: int) -> Carried:
    """The same from outputs without gaps."""
    draws, days = outputs.shape[:2]
    counted = np.full(outputs.shape[2:], days)
    if days < 2:
        none = np.full(counted.shape, np.nan)
        return Carried(none, none, none, none, none, none, counted)
    mean = outputs.mean(axis=(0, 1))
    by_draw, by_day = outputs.mean(axis=1), outputs.mean(axis=0)
    rest = outputs - by_draw[:, np.newaxis] - by_day[np.newaxis] + mean
    of_rest = (rest**2).sum(axis=(0, 1)) / ((draws - 1) * (days - 1))
    of_inputs = np.maximum(by_draw.var(axis=0, ddof=1) - of_rest / days, 0.0)
    of_days = np.maximum(by_day.var(axis=0, ddof=1) - of_rest / draws, 0.0)
    generator = Streams(seed, 0).generator("sensitivity/carried")
    chosen = np.resize(generator.permutation(draws), BOOTSTRAP)  # each draw as often as any other
    error = outputs.std(axis=1, ddof=1) / np.sqrt(days)
    noise = generator.standard_t(days - 1, size=BOOTSTRAP).reshape(-1, *(1,) * mean.ndim)
    low, high = np.percentile(by_draw[chosen] + noise * error[chosen], [2.5, 97.5], axis=0)
    return Carried(mean, low, high, np.sqrt(of_inputs), np.sqrt(of_days), np.sqrt(of_rest), counted)
