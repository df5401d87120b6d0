"""SimPy's environment and clock, with events ordered at an instant by rule 12."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any

import simpy

SERVICE_ENDS, CALENDAR, SETTLE, PATIENCE, ARRIVAL = range(1, 6)
"""The steps of an instant: the lowest with work runs first (docs/theory.md, rule 12)."""


class Agenda(simpy.Environment):
    """A SimPy environment whose events are due at (absolute time, step, station, party).

    SimPy's own `timeout(t - now)` re-derives the instant as now + (t - now), which misses `t` by a bit on some
    long jumps, and orders simultaneous events by when they were scheduled. Both would break exact replay, so
    events go on SimPy's queue with their absolute time and a key.
    """

    def at(self, time: float, step: int, station: int, party: int, action: Callable[[], None]) -> None:
        """Have `action` run at `time`, in the order of (step, station, party) within the instant."""
        event = simpy.Event(self)
        event._ok, event._value = True, None
        event.callbacks.append(lambda _event: action())
        queue: list[Any] = self._queue
        heappush(queue, (time, (step, station, party), next(self._eid), event))

    def earlier_step_waits(self, step: int) -> bool:
        """True when something of a lower step than `step` is due at this very instant."""
        queue: list[Any] = self._queue
        if not queue:
            return False
        time, key, *_ = queue[0]
        return bool(time == self.now and key[0] < step)
