"""The port in SimPy, as its documentation teaches: a process per vehicle, resources for booths and bays.

A closed booth is a request of higher priority than any vehicle's that holds the booth until it opens again; being
not pre-emptive, it waits for the end of an inspection, as a booth does that closes.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

from .port import BAY_CV, BAY_MEAN, BAYS, DAY, GENERAL, HOUR, NEXUS, NEXUS_SHARE, PEAK, Group, rate

CLOSING, VEHICLE = 0, 1
Process = Generator[Any, Any, None]


@dataclass
class Lanes:
    """A group with its booths."""

    group: Group
    booths: simpy.PriorityResource


class Port:
    """One day at the port; `waits` holds the seconds each vehicle waited for primary inspection."""

    def __init__(self, seed: int) -> None:
        self.env = simpy.Environment()
        self.random = random.Random(seed)
        self.waits: list[float] = []
        self.bays = simpy.Resource(self.env, BAYS)
        self.general, self.nexus = (
            Lanes(group, simpy.PriorityResource(self.env, group.booths)) for group in (GENERAL, NEXUS)
        )
        self.env.process(self.calendar(self.general))
        self.env.process(self.calendar(self.nexus))
        self.env.process(self.arrivals())

    def run(self) -> list[float]:
        """Run until the last vehicle has left."""
        self.env.run()
        return self.waits

    def arrivals(self) -> Process:
        """A Poisson process by thinning."""
        time = 0.0
        while True:
            time += self.random.expovariate(PEAK)
            if time >= DAY:
                return
            if self.random.random() * PEAK < rate(time):
                yield self.env.timeout(time - self.env.now)
                lanes = self.nexus if self.random.random() < NEXUS_SHARE else self.general
                self.env.process(self.vehicle(lanes))

    def vehicle(self, lanes: Lanes) -> Process:
        """From joining the line to leaving the port."""
        joined = self.env.now
        booth = lanes.booths.request(priority=VEHICLE)
        yield booth
        self.waits.append(self.env.now - joined)
        group = lanes.group
        yield self.env.timeout(self.random.gammavariate(group.shape, group.mean / group.shape))
        if self.random.random() >= group.referred:
            lanes.booths.release(booth)
            return
        with self.bays.request() as bay:
            yield bay
            lanes.booths.release(booth)
            yield self.env.timeout(self.random.gammavariate(BAY_CV**-2, BAY_MEAN * BAY_CV**2))

    def calendar(self, lanes: Lanes) -> Process:
        """Close and open booths."""
        closed: list[Any] = []
        for hour, count in lanes.group.calendar.items():
            yield self.env.timeout(hour * HOUR - self.env.now)
            while len(closed) < lanes.group.booths - count:
                closed.append(lanes.booths.request(priority=CLOSING))
            while len(closed) > lanes.group.booths - count:
                self.open(lanes, closed.pop())

    @staticmethod
    def open(lanes: Lanes, closing: Any) -> None:
        """Give a booth back, or take back the order to close it where it was still busy."""
        if closing.triggered:
            lanes.booths.release(closing)
        else:
            closing.cancel()


def day(seed: int) -> list[float]:
    """Seconds waited by each vehicle of one day."""
    return Port(seed).run()
