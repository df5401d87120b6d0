"""The one port of the benchmark: its numbers, which the peers read, and the same as a scenario of this package.

A day of about 8,000 vehicles, 38 % of them NEXUS. Six general booths behind one line, two NEXUS booths behind
another, each with a calendar; whoever is referred goes on to one of four bays and holds the booth until one is free.
The numbers are made up for the benchmark, of the size of a large land port.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

DAY = 86_400.0
HOUR = 3_600.0

VEHICLES_PER_DAY = 8_000.0
WEIGHTS = {0: 1.0, 5: 2.0, 7: 4.0, 10: 5.5, 16: 5.0, 19: 3.0, 22: 1.5}
"""Hour from which it holds: relative rate of arrival."""
NEXUS_SHARE = 0.38
BAYS = 4
BAY_MEAN, BAY_CV = 240.0, 0.8
"""Seconds in secondary inspection, gamma distributed."""


@dataclass(frozen=True)
class Group:
    """Booths behind one shared line, and the vehicles that use them."""

    booths: int
    calendar: dict[int, int]
    """Hour from which it holds: booths open."""
    mean: float
    """Seconds of primary inspection."""
    shape: int
    """Of the gamma distribution of primary inspection: whole, so an Erlang as well."""
    referred: float
    """Share that goes on to secondary inspection."""


GENERAL = Group(6, {0: 2, 5: 3, 7: 5, 10: 6, 19: 4, 22: 3}, mean=60.0, shape=3, referred=0.05)
NEXUS = Group(2, {0: 1, 6: 2, 21: 1}, mean=12.0, shape=4, referred=0.01)


def pieces() -> tuple[list[float], list[float]]:
    """Seconds at which the pieces of the arrival rate begin, and vehicles per second in each."""
    hours = [*WEIGHTS, 24]
    total = sum(weight * (hours[i + 1] - hours[i]) for i, weight in enumerate(WEIGHTS.values()))
    rates = [VEHICLES_PER_DAY * weight / total / HOUR for weight in WEIGHTS.values()]
    return [hour * HOUR for hour in WEIGHTS], rates


_BEGINS, _RATES = pieces()
PEAK = max(_RATES)
"""Vehicles per second in the busiest hours."""


def rate(time: float) -> float:
    """Vehicles per second at a time of the day, in seconds from 0 to 86,400."""
    return _RATES[bisect_right(_BEGINS, time) - 1]


def scenario(*, ports: int = 1, hours: int = 24, replications: int = 1, time_bin: str = "15 min", seed: int = 1) -> str:
    """The port as a scenario file.

    Args:
        ports: copies of the port side by side, each with its own traffic.
        hours: length of the horizon; each day is like the first.
        replications: of that horizon.
        time_bin: length of a time bin; as long as the horizon for a run without bins.
        seed: master seed.
    """
    names = ["port"] if ports == 1 else [f"port-{number:03d}" for number in range(ports)]
    head = f"""\
format: 1
name: The port of the benchmark
start: 2024-07-08 00:00
horizon: {hours} h
replications: {replications}
seed: {seed}
bin: {time_bin}
ports:
"""
    return head + "".join(_port(name) for name in names)


def _port(name: str) -> str:
    return f"""\
  {name}:
    direction: southbound
    zone: UTC
    traffic:
      car:
        per_day: {VEHICLES_PER_DAY:g}
        profile: {_week(WEIGHTS)}
        nexus: {NEXUS_SHARE:.0%}
    lanes:
      general: {_lanes("car", GENERAL)}
      nexus: {_lanes("car.nexus", NEXUS)}
    secondary:
      bays: {BAYS}
      storage: 0 cars
      referral: {{car: {GENERAL.referred:.0%}, car.nexus: {NEXUS.referred:.0%}}}
      service: {{gamma: {{mean: {BAY_MEAN:g} s, cv: {BAY_CV:g}}}}}
"""


def _lanes(serves: str, group: Group) -> str:
    service = f"{{erlang: {{mean: {group.mean:g} s, shape: {group.shape}}}}}"
    return f"{{serves: [{serves}], booths: {group.booths}, open: {_week(group.calendar)}, service: {service}}}"


def _week(values: dict[int, float] | dict[int, int]) -> str:
    return "{" + ", ".join(f'"{hour:02d}:00": {value:g}' for hour, value in values.items()) + "}"
