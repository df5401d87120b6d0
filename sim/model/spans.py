"""Probabilities that are known between two bounds, and the flow that follows from what was detected with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.model.network import Steps
from sim.model.steps import combine


@dataclass(frozen=True)
class Span:
    """A probability over time that is known between two bounds; a replication has one place between them."""

    low: Steps
    high: Steps
    stream: str
    """Stream of the place, the same for everybody it is for."""

    def drawn(self, once: Callable[[str], float]) -> Steps:
        """The probability of one replication."""
        if self.low == self.high:
            return self.low
        place = once(self.stream)
        return combine(self.low, self.high, lambda low, high: low + (high - low) * place)


def true_rate(detected: Steps, share: Steps) -> Steps:
    """Groups that come, from those detected and the share of groups that is."""
    return combine(detected, share, lambda groups, seen: groups / seen)
