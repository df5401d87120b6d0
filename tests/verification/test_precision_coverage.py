"""Intervals of runs that stopped once they were narrow: how often they hold, and how many replications it took."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from sim.scenario.precision import UntilPrecise
from sim.study.estimators import mean_interval
from sim.study.precision import half_widths, next_goal, stop

pytestmark = pytest.mark.verification

EXPERIMENTS = 1500
FloatArray = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], FloatArray]
SIGMA = 0.551
"""Of the normal behind a lognormal of skewness 2.0 and coefficient of variation 0.6."""
MEASURES: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(1.0, 0.4, n),
    "lognormal": lambda rng, n: rng.lognormal(-(SIGMA**2) / 2.0, SIGMA, n),
    "exponential": lambda rng, n: rng.exponential(1.0, n),
}


def stopped(values: FloatArray, rule: UntilPrecise) -> FloatArray:
    """The values of the replications that such a run would have made."""
    widths, goal = np.empty(0), rule.at_least
    while True:
        widths = np.concatenate([widths, half_widths(values[:goal, None], rule.at_least + len(widths))])
        if (end := stop(rule, widths)) is not None:
            assert end.precise_from is not None, "the ceiling came first"
            return values[: end.replications]
        goal = next_goal(rule, widths)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("precision", ["20 %", "10 %"])
@pytest.mark.parametrize("at_least", [10, 30])
def test_coverage_where_a_run_stops_by_itself(measure: str, precision: str, at_least: int) -> None:
    """93 % at the least, whatever the skewness: what chance does once in a thousand is let pass."""
    rule = UntilPrecise.model_validate({"precision": precision, "at_least": at_least, "at_most": 1500})
    rng, held, made = np.random.default_rng(5), 0, 0
    for _ in range(EXPERIMENTS):
        kept = stopped(MEASURES[measure](rng, rule.at_most), rule)
        interval = mean_interval(kept)
        held += bool(interval.low <= 1.0 <= interval.high)
        made += len(kept)
    share, mean = held / EXPERIMENTS, made / EXPERIMENTS
    print(f"{measure}, {precision}, at least {at_least}: {100 * share:.1f} %, {mean:.0f} replications")
    assert share >= 0.93 - 3.3 * np.sqrt(0.93 * 0.07 / EXPERIMENTS)
