"""Intervals and bands of `fit-flow` hold what they state, and its search for breaks does not see what is not there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flow_worlds import World, driver

from sim.study.flow_breaks import search
from sim.study.flow_fit import BANDS, fit

pytestmark = pytest.mark.verification

WORLDS = 60
HELD_BACK = 6
FALL = driver("fall", "2016-05-20")


def at_least(share: float, tries: int) -> float:
    """Below this a share would be with probability 1/1000 were it what is stated (normal approximation)."""
    return share - 3.1 * math.sqrt(share * (1.0 - share) / tries)


@pytest.mark.parametrize(("tau", "rho"), [(0.25, 0.5), (0.5, 0.8)])
def test_intervals_and_bands_hold_what_they_state(tau: float, rho: float) -> None:
    """Months held back in one world resemble each other: (1 + rho) / (1 - rho) of them count as one."""
    world = World(base=15.0, tau=tau, rho=rho, months=60, drivers=(FALL,), factors=(0.3,))
    fits = [fit(world.task(seed, HELD_BACK), world.drivers) for seed in range(WORLDS)]
    base = np.mean([each.base.low < world.base < each.base.high for each in fits])
    factor = np.mean([each.drivers[0].factor.low < 0.3 < each.drivers[0].factor.high for each in fits])
    assert base >= at_least(0.95, WORLDS)
    assert factor >= at_least(0.95, WORLDS)
    alike = (1.0 + rho) / (1.0 - rho)
    for band in BANDS:
        inside = float(np.mean([month.inside(band) for each in fits for month in each.held_back]))
        tries = int(WORLDS * max(1.0, HELD_BACK / alike))
        assert at_least(band, tries) <= inside
        assert inside <= 1.0 - at_least(1.0 - band, tries) + 0.05  # discrete counts and wide grids make bands wider


def test_a_level_that_drifts_is_not_taken_for_breaks() -> None:
    """The penalty asks for odds of 3 to 1 over all places together: at most a quarter of worlds without a break."""
    found = [bool(search(World(tau=0.4, rho=0.7, months=48).task(seed), ())) for seed in range(20)]
    assert np.mean(found) <= 0.25 + 3.1 * math.sqrt(0.25 * 0.75 / 20)


def test_a_strong_break_is_found() -> None:
    """The fall of the protocol, to a sixteenth, in a level that drifts."""
    fall = driver("fall", "2016-05-01")
    world = World(base=100.0, tau=0.4, rho=0.7, months=48, drivers=(fall,), factors=(1 / 16,))
    found = [[str(one.from_.date()) for one, _ in search(world.task(seed), ())] for seed in range(10)]
    assert sum(any(each.startswith("2016-0") for each in dates) for dates in found) >= 8
