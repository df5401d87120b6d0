"""The port in salabim: a component per vehicle, resources whose capacity follows the calendar.

Written with `yield`, which needs no further package, and without the monitors of resources, which cost time and
which the other peers do not have either.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import salabim as sim

from .port import BAY_CV, BAY_MEAN, BAYS, DAY, GENERAL, HOUR, NEXUS, NEXUS_SHARE, PEAK, Group, rate

Process = Generator[Any, Any, None]


class Lanes:
    """A group with its booths."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.booths = sim.Resource(capacity=next(iter(group.calendar.values())), monitor=False)
        self.service = sim.Gamma(group.shape, group.mean / group.shape)


class Port:
    """What vehicles meet; `waits` holds the seconds each waited for primary inspection."""

    def __init__(self) -> None:
        self.general, self.nexus = Lanes(GENERAL), Lanes(NEXUS)
        self.bays = sim.Resource(capacity=BAYS, monitor=False)
        self.inspection = sim.Gamma(BAY_CV**-2, BAY_MEAN * BAY_CV**2)
        self.uniform = sim.Uniform(0.0, 1.0)
        self.waits: list[float] = []


class Vehicle(sim.Component):  # type: ignore[misc]  # salabim has no types
    """From joining the line to leaving the port."""

    def setup(self, port: Port, lanes: Lanes) -> None:
        self.port, self.lanes = port, lanes

    def process(self) -> Process:
        port, lanes = self.port, self.lanes
        joined = self.env.now()
        yield self.request(lanes.booths)
        port.waits.append(self.env.now() - joined)
        yield self.hold(lanes.service.sample())
        if port.uniform.sample() < lanes.group.referred:
            yield self.request(port.bays)
            self.release(lanes.booths)
            yield self.hold(port.inspection.sample())
            self.release(port.bays)
        else:
            self.release(lanes.booths)


class Arrivals(sim.Component):  # type: ignore[misc]
    """A Poisson process by thinning."""

    def setup(self, port: Port) -> None:
        self.port = port

    def process(self) -> Process:
        gap, uniform = sim.Exponential(1.0 / PEAK), self.port.uniform
        time = 0.0
        while True:
            time += gap.sample()
            if time >= DAY:
                return
            if uniform.sample() * PEAK < rate(time):
                yield self.hold(till=time)
                lanes = self.port.nexus if uniform.sample() < NEXUS_SHARE else self.port.general
                Vehicle(port=self.port, lanes=lanes)


class Calendar(sim.Component):  # type: ignore[misc]
    """Closes and opens booths; a busy one closes when it is free."""

    def setup(self, lanes: Lanes) -> None:
        self.lanes = lanes

    def process(self) -> Process:
        for hour, count in self.lanes.group.calendar.items():
            yield self.hold(till=hour * HOUR)
            self.lanes.booths.set_capacity(count)


def day(seed: int) -> list[float]:
    """Seconds waited by each vehicle of one day."""
    environment = sim.Environment(random_seed=seed, yieldless=False)
    port = Port()
    Calendar(lanes=port.general)
    Calendar(lanes=port.nexus)
    Arrivals(port=port)
    environment.run()
    return port.waits
