"""Two queues simulated often enough that what an interval should hold is known: M/M/3, and a day at a port.

Hundreds of thousands of days of a queue with several booths and one shared line, each day under the same few
variants on the same draws. A day is a replication; experiments are cut from the pool, and the pool's mean stands for
the truth (its own error is a sixtieth of an experiment's, or less). The queue is solved by which booth is free first
(Kiefer and Wolfowitz 1955), not by the engines: what is judged here is the statistics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
MEASURES = ("wait_mean", "wait_p95", "over_standard_share")
CHUNK = 2000
"""Days whose waits are held at once."""


class Change(NamedTuple):
    """A variant: booths, and factors of demand and of service times."""

    name: str
    booths: int
    demand: float = 1.0
    service: float = 1.0


@dataclass(frozen=True)
class World:
    """A queue and its variants, the baseline first. Times are in minutes."""

    name: str
    hourly: tuple[float, ...]
    """Parties per hour, hour by hour; of a world of `parties`, their rate throughout."""
    parties: int
    """Parties of a day; 0: as many as come by chance within the hours."""
    service: float
    shape: int
    """Phases of the Erlang service."""
    day_cv: float
    """Of the gamma factor on a day's demand."""
    standard: float
    changes: tuple[Change, ...]


MARKOV = World(
    name="M/M/3",
    hourly=(162.0,),
    parties=200,
    service=1.0,
    shape=1,
    day_cv=0.0,
    standard=5.0,
    changes=(
        Change("baseline", 3),
        Change("one-more-booth", 4),
        Change("demand-up-2", 3, demand=1.02),
        Change("demand-down-5", 3, demand=0.95),
        Change("faster-3", 3, service=0.97),
        Change("slower-1", 3, service=1.01),
    ),
)
PORT = World(
    name="Mt/E3/6",
    # Up to 1.04 of what six booths pass, from 11 to 13 h; the line is gone in the evening of most days.
    hourly=tuple(69.0 * x for x in (
        0.15, 0.10, 0.10, 0.15, 0.25, 0.40, 0.55, 0.70, 0.85, 0.97, 1.05, 1.09,
        1.09, 1.05, 1.00, 0.95, 0.90, 0.80, 0.65, 0.50, 0.40, 0.30, 0.25, 0.20,
    )),
    parties=0,
    service=5.0,
    shape=3,
    day_cv=0.08,
    standard=20.0,
    changes=(
        Change("baseline", 6),
        Change("one-more-booth", 7),
        Change("demand-up-2", 6, demand=1.02),
        Change("demand-down-5", 6, demand=0.95),
        Change("faster-3", 6, service=0.97),
        Change("slower-1", 6, service=1.01),
    ),
)  # fmt: skip
WORLDS = (MARKOV, PORT)


SEED = 57
"""Of the days that are reported; the methods were chosen on those of seed 49."""


def pool(world: World, days: int, seed: int = SEED) -> FloatArray:
    """(days, variants, measures) of a world; the first days do not depend on how many there are."""
    kernel = _kernel()
    changes = np.array([[c.booths, c.demand, c.service] for c in world.changes])
    most = world.parties or int(sum(world.hourly) * 2.0)
    found = np.empty((days, len(world.changes), len(MEASURES)))
    factors = np.ones(CHUNK)
    for first in range(0, days, CHUNK):
        n = min(CHUNK, days - first)
        if world.day_cv:
            shape = world.day_cv**-2
            factors = np.random.default_rng([seed, first]).gamma(shape, 1.0 / shape, CHUNK)
        waits = np.full((n, len(changes), most), np.inf)
        count = np.zeros((n, len(changes)), dtype=np.int64)
        rates = np.array(world.hourly) / 60.0
        kernel(
            seed * 1_000_003 + first, rates, world.parties, world.service, world.shape, factors, changes, waits, count
        )
        found[first : first + n] = _measures(waits[:, :, : int(count.max()) + 1], count, world.standard)
    return found


def _measures(waits: FloatArray, count: npt.NDArray[np.int64], standard: float) -> FloatArray:
    """Mean, 95th percentile (type 7) and share over the standard of each day and variant; unused places are inf."""
    used = np.isfinite(waits)
    mean = np.where(used, waits, 0.0).sum(axis=2) / count
    over = ((waits > standard) & used).sum(axis=2) / count
    place = 0.95 * (count - 1)
    below = place.astype(np.int64)
    least, most = int(below.min()), int(below.max()) + 1
    ordered = np.sort(np.partition(waits, (least, most), axis=2)[:, :, least : most + 1], axis=2)
    low, high = (np.take_along_axis(ordered, (at - least)[:, :, None], 2)[:, :, 0] for at in (below, below + 1))
    return np.stack([mean, low + (place - below) * (high - low), over], axis=2)


@cache
def _kernel() -> Callable[..., Any]:
    import numba

    @numba.njit(cache=False)
    def days(seed, rates, parties, service, shape, factors, changes, waits, count):  # type: ignore[no-untyped-def]
        top = 1.5 * rates.max()
        free = np.zeros((len(changes), 32))
        clock = np.zeros(len(changes))
        np.random.seed(seed % 2**31)  # noqa: NPY002
        for day in range(waits.shape[0]):
            free[:] = 0.0
            clock[:] = 0.0
            now = 0.0
            index = 0
            while parties == 0 or index < parties:
                index += 1
                gap = -np.log(1.0 - np.random.random())  # noqa: NPY002
                mark = np.random.random() * top  # noqa: NPY002
                took = 0.0
                for _ in range(shape):
                    took -= np.log(1.0 - np.random.random()) * service / shape  # noqa: NPY002
                now += gap / top
                if parties == 0 and now >= 60.0 * len(rates):
                    break
                for v in range(len(changes)):
                    if parties:
                        clock[v] += gap / (rates[0] * changes[v, 1])
                    elif mark < rates[int(now / 60.0)] * factors[day] * changes[v, 1]:
                        clock[v] = now
                    else:
                        continue
                    first = 0
                    for b in range(1, int(changes[v, 0])):
                        if free[v, b] < free[v, first]:
                            first = b
                    begin = max(clock[v], free[v, first])
                    waits[day, v, count[day, v]] = begin - clock[v]
                    count[day, v] += 1
                    free[v, first] = begin + took * changes[v, 2]

    return days
