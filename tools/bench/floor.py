"""The floor: drawing the variates of the port in bulk and doing nothing with them.

Whoever simulates the port with the same random quantities takes at least this long: a thinned Poisson process, a
class, a service and a referral for each vehicle, a second service for those referred. numpy's own generators are
used, one call per quantity and day.
"""

from __future__ import annotations

import numpy as np

from .port import BAY_CV, BAY_MEAN, DAY, GENERAL, NEXUS, NEXUS_SHARE, PEAK, Group, pieces

_BEGINS, _RATES = (np.array(column) for column in pieces())


def day(seed: int) -> int:
    """Draw one day; the number of its vehicles."""
    generator = np.random.default_rng(seed)
    candidates = np.sort(generator.random(generator.poisson(PEAK * DAY))) * DAY
    rates = _RATES[np.searchsorted(_BEGINS, candidates, side="right") - 1]
    times = candidates[generator.random(candidates.size) * PEAK < rates]
    nexus = int(np.count_nonzero(generator.random(times.size) < NEXUS_SHARE))
    _services(generator, NEXUS, nexus)
    _services(generator, GENERAL, times.size - nexus)
    return int(times.size)


def _services(generator: np.random.Generator, group: Group, count: int) -> None:
    generator.gamma(group.shape, group.mean / group.shape, count)
    referred = int(np.count_nonzero(generator.random(count) < group.referred))
    generator.gamma(BAY_CV**-2, BAY_MEAN * BAY_CV**2, referred)
