"""Draws that few parties need: the time at a station where only a mark sends them, such as secondary inspection.

To turn a uniform into a time is the dearest part of drawing, and of a hundred cars some five are referred. Who is not
sent there by any calendar or event of the run gets no time there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sim.model.network import Network, Route, Target
from sim.model.sources import Programme, Seldom, Source

SELDOM = 0.5
"""Where more are sent, all are given a time."""
ROUNDING = 1e-12
"""The engine adds up shares in floating point; so much above their sum none is sent any more."""


def with_seldom(sources: tuple[Source, ...], network: Network) -> tuple[Source, ...]:
    """The sources, told which of their draws few parties need."""
    return tuple(
        replace(source, programmes=tuple(_told(programme, network) for programme in source.programmes))
        for source in sources
    )


def _told(programme: Programme, network: Network) -> Programme:
    elsewhere = {index for target in _other_ways(network, programme.klass) for index in target.stations}
    users: dict[int, set[int]] = {}
    for index, station in enumerate(network.stations):
        rules = station.classes.get(programme.klass)
        if rules is not None and rules.service >= 0:
            users.setdefault(rules.service, set()).add(index)
    found = {}
    for slot, stations in users.items():
        by_mark = list(_by_mark(network, programme.klass, stations))
        marks = {mark for mark, _ in by_mark}
        if stations & elsewhere or len(marks) != 1:
            continue
        mark, below = marks.pop(), max(share for _, share in by_mark)
        if below < SELDOM and programme.slots[mark].is_uniform:
            found[slot] = Seldom(mark, below + ROUNDING)
    return replace(programme, seldom=found)


def _other_ways(network: Network, klass: int) -> Iterator[Target]:
    """Where a class gets to without a mark."""
    yield from network.entry  # of any class: who is diverted keeps its own
    for station in network.stations:
        rules = station.classes.get(klass)
        if rules is not None and rules.route is not None:
            yield rules.route.otherwise
        if station.divert is not None:
            yield station.divert
        yield from (Target(stations=others) for others in (station.reroute or {}).values())


def _by_mark(network: Network, klass: int, stations: set[int]) -> Iterator[tuple[int, float]]:
    """Slots of marks that send the class to one of the stations, and the share below which they do at the most."""
    for station in network.stations:
        rules = station.classes.get(klass)
        if rules is not None and rules.route is not None:
            share = _reach(rules.route, stations)
            if share > 0.0:
                yield rules.route.mark, share


def _reach(route: Route, stations: set[int]) -> float:
    reached, last = 0.0, 0.0
    for branch in route.branches:
        reached += branch.probability * max(branch.factor.values)
        if stations & set(branch.target.stations):
            last = reached
    return last
