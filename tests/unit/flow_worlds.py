"""Months of interceptions drawn from known parameters, for the tests of fitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.scenario.drivers import Driver
from sim.study.flow_data import FlowSeries, Month
from sim.study.flow_fit import Task, months_of, seasons_of, span

FIRST = Month(2014, 1)


def driver(name: str, since: str, **more: Any) -> Driver:
    return Driver.model_validate({"name": name, "from": since, "multiply": 1.0, **more})


@dataclass(frozen=True)
class World:
    """Parameters that months are drawn from; `factors` are those of the drivers, in order."""

    base: float = 20.0
    """Persons on the mean day, with the season's mean 1."""
    season: tuple[float, ...] = (0.7, 0.75, 0.9, 1.0, 1.1, 1.2, 1.3, 1.25, 1.1, 1.0, 0.9, 0.8)
    tau: float = 0.25
    rho: float = 0.5
    drivers: tuple[Driver, ...] = ()
    factors: tuple[float, ...] = ()
    months: int = 60

    def draw(self, seed: int) -> FlowSeries:
        """Counts of the months, each Poisson around a level that is an AR(1) process."""
        generator = np.random.default_rng(seed)
        every = span(FIRST, FIRST.plus(self.months - 1))
        months = months_of(FlowSeries("Here", dict.fromkeys(every, 0)), every[-1], self.drivers)
        _, mean = seasons_of(np.log([[1.0, *self.season]]))
        level = np.empty(self.months)
        level[0] = generator.normal(0.0, self.tau)
        for index in range(1, self.months):
            fresh = generator.normal(0.0, self.tau * np.sqrt(1.0 - self.rho**2))
            level[index] = self.rho * level[index - 1] + fresh
        log_driven, _ = months.driven(np.log(self.factors)) if self.drivers else (np.zeros(self.months), None)
        rate = np.log(self.base * np.asarray(self.season)[months.month] / mean[0]) + log_driven + level
        counts = generator.poisson(np.exp(rate - self.tau**2 / 2.0) * months.days)
        return FlowSeries("Here", dict(zip(every, map(int, counts), strict=True)))

    def task(self, seed: int, held_back: int = 0) -> Task:
        """A draw with its last months held back."""
        series = self.draw(seed)
        every = list(series.counts)
        kept = every[: len(every) - held_back]
        return Task(series.only(kept), series.only(every[len(kept) :]))
