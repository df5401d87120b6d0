"""The port in SimPy, as its documentation teaches: a process per vehicle, resources for booths and bays.

It writes down what queue statistics are made of: when each vehicle joined, was served and left at each place, and the
length of each line whenever it changes. Ciw and salabim do so of themselves.

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

    name: str
    group: Group
    booths: simpy.PriorityResource


class Port:
    """One day at the port.

    `visits` holds a row per vehicle and place: place, joined, started, ended, left; `lines` the time and the length
    of each line at its changes.
    """

    def __init__(self, seed: int) -> None:
        self.env = simpy.Environment()
        self.random = random.Random(seed)
        self.visits: list[tuple[str, float, float, float, float]] = []
        self.lines: dict[str, list[tuple[float, int]]] = {"general": [], "nexus": [], "bays": []}
        self.bays = simpy.Resource(self.env, BAYS)
        self.general, self.nexus = (
            Lanes(name, group, simpy.PriorityResource(self.env, group.booths))
            for name, group in (("general", GENERAL), ("nexus", NEXUS))
        )
        self.env.process(self.calendar(self.general))
        self.env.process(self.calendar(self.nexus))
        self.env.process(self.arrivals())

    def run(self) -> list[float]:
        """Run until the last vehicle has left; the seconds each waited for primary inspection."""
        self.env.run()
        return [started - joined for place, joined, started, _, _ in self.visits if place != "bays"]

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
        group, line = lanes.group, self.lines[lanes.name]
        joined = self.env.now
        booth = lanes.booths.request(priority=VEHICLE)
        line.append((joined, len(lanes.booths.queue)))
        yield booth
        started = self.env.now
        line.append((started, len(lanes.booths.queue)))
        yield self.env.timeout(self.random.gammavariate(group.shape, group.mean / group.shape))
        ended = self.env.now
        if self.random.random() >= group.referred:
            lanes.booths.release(booth)
            self.visits.append((lanes.name, joined, started, ended, ended))
            return
        with self.bays.request() as bay:
            self.lines["bays"].append((ended, len(self.bays.queue)))
            yield bay
            lanes.booths.release(booth)
            left = self.env.now
            self.lines["bays"].append((left, len(self.bays.queue)))
            self.visits.append((lanes.name, joined, started, ended, left))
            yield self.env.timeout(self.random.gammavariate(BAY_CV**-2, BAY_MEAN * BAY_CV**2))
            self.visits.append(("bays", ended, left, self.env.now, self.env.now))

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
