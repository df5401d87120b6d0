"""Who is somewhere over time: stretches of visits weighted by persons, their integral and their peak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.model.arrays import FloatArray, IntArray
from sim.model.network import Network


@dataclass(frozen=True, eq=False)
class Presence:
    """Stretches [start, end) within [warm_up, horizon), each of so many persons."""

    start: FloatArray
    end: FloatArray
    size: FloatArray

    @classmethod
    def of(cls, network: Network, start: FloatArray, end: FloatArray, size: FloatArray | IntArray) -> Presence:
        """Cut stretches to the window; NaN as an end lasts on, NaN as a start never begins."""
        since, until = np.maximum(start, network.warm_up), np.fmin(end, network.horizon)
        lasting = since < until
        return cls(since[lasting], until[lasting], size[lasting].astype(np.float64))

    @property
    def total(self) -> float:
        """Person-seconds."""
        return float(((self.end - self.start) * self.size).sum())

    @property
    def most(self) -> float:
        """Most persons at once. At one instant those who leave count first: they go to the next station."""
        if not self.start.size:
            return 0.0
        time = np.concatenate([self.end, self.start])
        change = np.concatenate([-self.size, self.size])[np.argsort(time, kind="stable")]
        return float(np.cumsum(change).max(initial=0.0))

    def until(self, at: FloatArray) -> FloatArray:
        """Person-seconds from the beginning until each of `at`."""
        return _after(self.start, self.size, at) - _after(self.end, self.size, at)

    def in_bins(self, edges: FloatArray) -> FloatArray:
        """Mean persons in each bin."""
        if not self.start.size:
            return np.zeros(len(edges) - 1)
        return np.diff(self.until(edges)) / np.diff(edges)


def _after(since: FloatArray, size: FloatArray, at: FloatArray) -> FloatArray:
    order = np.argsort(since, kind="stable")
    weight = np.append(0.0, np.cumsum(size[order]))
    moment = np.append(0.0, np.cumsum(size[order] * since[order]))
    reached = np.searchsorted(since[order], at, side="right")
    return np.asarray(weight[reached] * at - moment[reached])
