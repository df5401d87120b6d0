"""Parts of a network that do not interact, such as ports without a diversion between them.

Each part is run on its own: at every event the kernel looks over the stations it has, so that a hundred ports at once
would cost a hundred times a port's work for each of their parties. Parties of different parts never meet, so the
records are those of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from sim.model.arrays import IntArray
from sim.model.network import Network, Route, Station, Target


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a network as a network of its own, and what its indices are in the whole."""

    network: Network
    stations: IntArray
    classes: IntArray
    """Those with rules at one of the stations, whether or not they ever come there."""
    pools: IntArray


def pieces_of(network: Network) -> list[Piece]:
    """The parts, in order of their first station; the network itself where it has only one."""
    root = _Joined(len(network.stations))
    for group in _interacting(network):
        root.join(group)
    groups: dict[int, list[int]] = {}
    for index in range(len(network.stations)):
        groups.setdefault(root.of(index), []).append(index)
    if len(groups) <= 1:
        stations, classes, pools = (np.arange(len(x)) for x in (network.stations, network.classes, network.pools))
        return [Piece(network, stations, classes, pools)]
    return [_piece(network, stations) for stations in groups.values()]


class _Joined:
    """Which indices belong together (disjoint sets, named by their smallest member)."""

    def __init__(self, size: int) -> None:
        self.parent = list(range(size))

    def of(self, index: int) -> int:
        while self.parent[index] != index:
            index = self.parent[index]
        return index

    def join(self, group: list[int]) -> None:
        roots = {self.of(index) for index in group}
        for root in roots:
            self.parent[root] = min(roots)


def _interacting(network: Network) -> Iterator[list[int]]:
    """Groups of stations that parties, servers or rules connect."""
    for index, station in enumerate(network.stations):
        yield [index, *_mentioned(station)]
    for pool in range(len(network.pools)):
        yield [index for index, station in enumerate(network.stations) if station.pool == pool]
    for target in network.entry:
        yield list(target.stations)
    for zone in range(len(network.zones)):
        yield [index for index, station in enumerate(network.stations) if station.zone == zone]
    for index, klass in enumerate(network.classes):
        if klass.after >= 0:  # a party and the one it follows
            before = [k for k, other in enumerate(network.classes) if other.facility == klass.after]
            yield [station for k in (index, *before) for station in network.entry[k].stations]
    for controller in network.controllers:
        steered = [index for index, station in enumerate(network.stations) if station.pool == controller.pool]
        yield [*controller.watch, *steered]


def _mentioned(station: Station) -> Iterator[int]:
    for rules in station.classes.values():
        if rules.route is not None:
            for target in (*(branch.target for branch in rules.route.branches), rules.route.otherwise):
                yield from target.stations
    for others in (station.reroute or {}).values():
        yield from others
    if station.divert is not None:
        yield from station.divert.stations
    if station.balk_with >= 0:
        yield station.balk_with


def _piece(network: Network, stations: list[int]) -> Piece:
    """The stations as a network."""
    mine = set(stations)
    classes = [
        k
        for k, entry in enumerate(network.entry)
        if mine & set(entry.stations) or any(k in network.stations[s].classes for s in stations)
    ]
    pools = sorted({network.stations[s].pool for s in stations} - {-1})
    station_number = {s: number for number, s in enumerate(stations)}
    class_number = {k: number for number, k in enumerate(classes)}
    pool_number = {pool: number for number, pool in enumerate(pools)} | {-1: -1}
    part = replace(
        network,
        classes=tuple(network.classes[k] for k in classes),
        pools=tuple(network.pools[pool] for pool in pools),
        stations=tuple(_renumbered(network.stations[s], station_number, class_number, pool_number) for s in stations),
        entry=tuple(_target(network.entry[k], station_number) for k in classes),
        controllers=tuple(
            replace(c, pool=pool_number[c.pool], watch=tuple(station_number[s] for s in c.watch))
            for c in network.controllers
            if c.pool in pool_number
        ),
        downstream_first=tuple(station_number[s] for s in network.downstream_first if s in mine),
    )
    return Piece(
        part, np.array(stations, dtype=np.int64), np.array(classes, dtype=np.int64), np.array(pools, dtype=np.int64)
    )


def _renumbered(
    station: Station, stations: Mapping[int, int], classes: Mapping[int, int], pools: Mapping[int, int]
) -> Station:
    reroute = station.reroute
    return replace(
        station,
        classes={
            classes[k]: replace(rules, route=None if rules.route is None else _route(rules.route, stations))
            for k, rules in station.classes.items()
        },
        pool=pools[station.pool],
        divert=None if station.divert is None else _target(station.divert, stations),
        balk_with=stations[station.balk_with] if station.balk_with >= 0 else -1,
        reroute=reroute and {classes[k]: tuple(stations[s] for s in others) for k, others in reroute.items()},
    )


def _route(route: Route, stations: Mapping[int, int]) -> Route:
    branches = tuple(replace(branch, target=_target(branch.target, stations)) for branch in route.branches)
    return replace(route, branches=branches, otherwise=_target(route.otherwise, stations))


def _target(target: Target, stations: Mapping[int, int]) -> Target:
    """Of the entry of a class that never comes here, nothing is left; it is never taken."""
    return replace(target, stations=tuple(stations[s] for s in target.stations if s in stations))
