"""Demand of an irregular flow over time: season x driver x driver ..., as a step function by civil day."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sim.model.civil import CivilClock
from sim.model.network import ALWAYS_ONE, Steps
from sim.model.steps import from_changes
from sim.scenario.drivers import Driver


def factor(season: Sequence[float] | None, drivers: Sequence[Driver], clock: CivilClock) -> Steps:
    """Factor on the base rate over the run: the season's of the month, times each driver's, left to right.

    Constant over pieces: the civil days of `clock`, cut where a driver begins or ends inside a day. What changes
    smoothly (a ramp, a pulse) has in each piece the value at the piece's middle. `season` has twelve factors, January
    first; None is a flat one.
    """
    if season is None and not drivers:
        return ALWAYS_ONE
    spans = [_span(driver, clock) for driver in drivers]
    changes = []
    for moment, begin, end in _pieces(clock, {edge for span in spans for edge in span if math.isfinite(edge)}):
        value = season[moment.month - 1] if season is not None else 1.0
        for driver, (since, until) in zip(drivers, spans, strict=True):
            if since <= begin < until:
                value *= at_age(driver, (begin + end) / 2.0 - since)
        changes.append((begin, value))
    return from_changes(changes)


def at_age(driver: Driver, age: float) -> float:
    """Factor of a driver that began `age` seconds ago (0 or more) and has not ended.

    A step is m; a ramp 1 + (m - 1) age / over, then m; a pulse 1 + (m - 1) 2^(-age / half_life).
    """
    excess = driver.multiply - 1.0
    if driver.over is not None:
        return 1.0 + excess * min(1.0, age / driver.over)
    if driver.half_life is not None:
        return 1.0 + excess * math.pow(2.0, -age / driver.half_life)
    return driver.multiply


def _span(driver: Driver, clock: CivilClock) -> tuple[float, float]:
    """Seconds from the start of the horizon at which it begins and ends."""
    return clock.seconds(driver.from_), clock.seconds(driver.until) if driver.until is not None else math.inf


def _pieces(clock: CivilClock, cuts: set[float]) -> Iterator[tuple[datetime, float, float]]:
    """(a civil moment of the day, begin, end) of each piece, in order of time."""
    ordered = sorted(cuts)
    for day in clock.dates():
        begin, end = clock.at(day, 0.0), clock.at(day + timedelta(days=1), 0.0)
        edges = [begin, *(cut for cut in ordered if begin < cut < end), end]
        for first, last in pairwise(edges):
            yield datetime(day.year, day.month, day.day), first, last
