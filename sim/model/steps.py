"""Arithmetic on step functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.model.network import ALWAYS_ONE, Steps

if TYPE_CHECKING:  # `check` has step functions and no arrays: it starts without numpy
    from sim.model.arrays import FloatArray


def from_changes(changes: Iterable[tuple[float, float]]) -> Steps:
    """A step function from (time, value) pairs in order of time; the first value also holds before.

    Changes at or before time 0 are folded into the start, and repeats of a value are dropped.
    """
    times: list[float] = []
    values: list[float] = []
    for time, value in changes:
        if times and (time <= 0.0 or time == times[-1]):
            values[-1] = value
        elif not times:
            times, values = [-math.inf], [value]
        elif value != values[-1]:
            times.append(time)
            values.append(value)
        if len(values) > 1 and values[-1] == values[-2]:
            times.pop()
            values.pop()
    return Steps(tuple(times), tuple(values)) if times else ALWAYS_ONE


def combine(first: Steps, second: Steps, operation: Callable[[float, float], float]) -> Steps:
    """The step function t -> operation(first(t), second(t))."""
    times = sorted({*first.times, *second.times})
    return from_changes((time, operation(first.at(time), second.at(time))) for time in times)


def mapped(steps: Steps, function: Callable[[float], float]) -> Steps:
    """The step function t -> function(steps(t))."""
    return from_changes((time, function(value)) for time, value in zip(steps.times, steps.values, strict=True))


def product(factors: Iterable[Steps]) -> Steps:
    """The product of step functions, left to right."""
    result = ALWAYS_ONE
    for factor in factors:
        if not factor.is_one():
            result = factor if result is ALWAYS_ONE else combine(result, factor, lambda a, b: a * b)
    return result


def window(since: float, until: float, inside: float, outside: float = 1.0) -> Steps:
    """`inside` from `since` up to `until` (infinity for good), `outside` elsewhere."""
    changes = [(-math.inf, outside), (since, inside)]
    if math.isfinite(until):
        changes.append((until, outside))
    return from_changes(changes)


def most_of(steps: Steps, end: float) -> float:
    """The highest value within [0, end)."""
    return max(steps.at(time) for time in (0.0, *(time for time in steps.times if 0.0 < time < end)))


@dataclass(frozen=True, eq=False)
class StepTable:
    """A step function as arrays, for who looks up many instants."""

    times: FloatArray
    values: FloatArray

    @classmethod
    def of(cls, steps: Steps) -> StepTable:
        """The same function."""
        import numpy as np

        return cls(np.asarray(steps.times), np.asarray(steps.values))

    def along(self, times: FloatArray) -> FloatArray:
        """Value at each of `times`, which ascend."""
        import numpy as np

        if not times.size:
            return np.empty(0)
        first, last = np.searchsorted(self.times, times[[0, -1]], side="right")  # of months, a stretch is an hour
        ends = np.searchsorted(times, self.times[first:last])
        return np.repeat(self.values[first - 1 : last], np.diff(ends, prepend=0, append=times.size))


def values_at(steps: Steps, times: FloatArray) -> FloatArray:
    """Value of the step function at each of `times`."""
    import numpy as np

    if len(steps.times) == 1:
        return np.full(times.shape, steps.values[0])
    table = StepTable.of(steps)
    if times.size > len(steps.times) and bool(np.all(times[1:] >= times[:-1])):
        return table.along(times)
    return table.values[np.searchsorted(table.times, times, side="right") - 1]
