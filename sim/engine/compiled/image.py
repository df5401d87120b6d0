"""Writes a network and the first state of a run as memory images (`sim.engine.compiled.layout`)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from sim.engine.closing import instants_of_change
from sim.engine.compiled import layout as at
from sim.engine.compiled.types import Reals, Words
from sim.model.network import (
    ALWAYS_ONE,
    ENGINE_OUTCOMES,
    NEVER,
    ClassAtStation,
    Network,
    Route,
    Station,
    StationKind,
    Steps,
    Target,
)

T = TypeVar("T", bound=Hashable)
Row = tuple[float | int, ...]


class _Numbered(Generic[T]):
    """Distinct things, each with a number."""

    def __init__(self) -> None:
        self.index: dict[T, int] = {}

    def number(self, item: T) -> int:
        return self.index.setdefault(item, len(self.index))


class _Ragged:
    """Parts of one flat list."""

    def __init__(self) -> None:
        self.flat: list[Any] = []

    def add(self, entries: Sequence[Any]) -> tuple[int, int]:
        """Append a part; where it begins and ends."""
        self.flat.extend(entries)
        return len(self.flat) - len(entries), len(self.flat)


class NetworkImage:
    """A network as one block of words, read as integers (`words`) or as reals (`reals`)."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.steps: _Numbered[Steps] = _Numbered()
        self.targets: _Numbered[Target] = _Numbered()
        self.routes: _Numbered[Route] = _Numbered()
        self.factors, self.reroutes, self.members = _Ragged(), _Ragged(), _Ragged()
        self.lines = 0
        self.booths = 0
        self.finites = [i for i, s in enumerate(network.stations) if s.classes and s.storage < NEVER]
        self.noted = _noted(network, self.finites)
        self._write()

    def _write(self) -> None:
        network = self.network
        stations = [self._station(number, station) for number, station in enumerate(network.stations)]
        cells = [self._cell(s, k) for s in network.stations for k in range(len(network.classes))]
        entry = [self.targets.number(target) for target in network.entry]
        routes, branches = self._routing()
        pools = self._pools()
        alternatives, values = _Ragged(), _Ragged()
        targets: list[Row] = [(t.outcome, *alternatives.add(t.stations), int(t.shorter)) for t in self.targets.index]
        instants = instants_of_change(network)
        watched, ticks = _Ragged(), _Ragged()
        controllers: list[Row] = [
            _row(
                at.CONTROLLER_WIDTH,
                {
                    at.STEERED: c.pool,
                    **dict(zip((at.WATCH_BEGIN, at.WATCH_END), watched.add(c.watch), strict=True)),
                    **dict(zip((at.TICK_BEGIN, at.TICK_END), ticks.add([float(t) for t in c.ticks]), strict=True)),
                    at.BY_WAIT: c.by_wait,
                    at.LEAD: c.lead,
                    at.MOST: self.steps.number(c.most),
                },
                {at.OPEN_ABOVE: c.open_above, at.CLOSE_BELOW: c.close_below},
            )
            for c in network.controllers
        ]
        steps: list[Row] = [
            values.add([(float(t), float(v)) for t, v in zip(s.times, s.values, strict=True)]) for s in self.steps.index
        ]
        tables: dict[int, list[Row]] = {
            at.STATIONS: stations,
            at.CELLS: cells,
            at.ROUTES: routes,
            at.BRANCHES: branches,
            at.TARGETS: targets,
            at.POOLS: pools,
            at.STEPS: steps,
            at.STEP_VALUES: values.flat,
            at.FACTORS: [(over, float(value)) for over, value in self.factors.flat],
            at.ALTERNATIVES: _column(alternatives.flat),
            at.REROUTES: _column(self.reroutes.flat),
            at.MEMBERS: _column(self.members.flat),
            at.ORDER: _column(network.downstream_first),
            at.ENTRY: _column(entry),
            at.LENGTHS: _column([float(c.length) for c in network.classes]),
            at.INSTANTS: _column([float(t) for t in instants]),
            at.CONTROLLERS: controllers,
            at.WATCHED: _column(watched.flat),
            at.TICKS: _column(ticks.flat),
            at.CAPACITIES: _column([float(zone.capacity) for zone in network.zones]),
            at.FOLLOWERS: _column([int(c.after >= 0) for c in network.classes]),
            at.BARRED: _column(_barred(network)),
            at.FINITES: _column(self.finites),
            at.BOOTH_LINES: _column(range(self.lines, self.lines + self.booths)),
        }
        header = [0] * at.HEADER
        size = at.HEADER
        for slot, rows in tables.items():
            header[slot] = size
            size += sum(map(len, rows))
        counts = (len(stations), len(network.classes), len(pools), self.booths, self.lines + self.booths, len(instants))
        header[: len(counts)] = counts
        header[at.N_CONTROLLERS] = len(controllers)
        header[at.N_FINITES] = len(self.finites)
        header[at.STAYS] = -1 if network.following is None else network.following.stays
        self.words: Words = np.zeros(size, np.int64)
        self.reals: Reals = self.words.view(np.float64)
        self.words[: at.HEADER] = header
        self.reals[[at.HORIZON, at.WARM_UP, at.END]] = network.horizon, network.warm_up, network.end
        for slot, rows in tables.items():
            self._fill(header[slot], rows)

    def _fill(self, offset: int, rows: list[Row]) -> None:
        """Write rows: floats as reals, all else as integers."""
        flat = [value for row in rows for value in row]
        is_real = np.array([isinstance(value, float) for value in flat], dtype=bool)
        places = offset + np.arange(len(flat))
        self.reals[places[is_real]] = [value for value in flat if isinstance(value, float)]
        self.words[places[~is_real]] = [int(value) for value in flat if not isinstance(value, float)]

    def _station(self, number: int, station: Station) -> Row:
        lanes = station.lanes if station.kind is StationKind.ROAD else 0
        line = self.lines
        self.lines += at.FIRST_LANE + lanes
        classes = self.network.classes
        shortest = min(station.classes, key=lambda k: (classes[k].length, k), default=-1)
        integers = {
            at.ROAD: station.kind is StationKind.ROAD,
            at.POOL: station.pool,
            at.PER_BOOTH: station.per_booth,
            at.WHEN_FULL: station.when_full,
            at.DIVERT: -1 if station.divert is None else self.targets.number(station.divert),
            at.ADMITS: self._factor(station.admits),
            at.WHEN_CLOSED: station.when_closed,
            at.RUNNING: self._factor(station.running),
            at.BALK_WITH: station.balk_with,
            at.ZONE: station.zone,
            at.SHARES_POOL: station.pool >= 0
            and sum(other.pool == station.pool for other in self.network.stations) > 1,
            at.JOCKEY: station.jockey,
            at.ON_CLOSE: station.on_close,
            at.WAIVES: station.waive_when_full,
            at.RANKED: len({c.rank for c in station.classes.values()}) > 1,
            at.SERVICE_FACTOR: self._factor(station.service_factor),
            at.LINE: line,
            at.LANES: lanes,
            at.SHORTEST: shortest,
            at.NOTED: number in self.noted,
            at.PLAIN: _plain(self.network, number),
        }
        reals = {
            at.STORAGE: station.storage,
            at.BALK_AT: station.balk_at,
            at.TRAVEL: station.travel,
            at.LONGEST: max((k.length for k in classes), default=0.0),
        }
        return _row(at.STATION_WIDTH, integers, reals)

    def _factor(self, steps: Steps) -> int:
        """Number of a step function; -1 for the one that is always 1, which most are: it need not be looked up."""
        return -1 if steps == ALWAYS_ONE else self.steps.number(steps)

    def _cell(self, station: Station, klass: int) -> Row:
        rules = station.classes.get(klass, ClassAtStation())
        factor, reroute = (
            self.factors.add(rules.queue_factor),
            self.reroutes.add((station.reroute or {}).get(klass, ())),
        )
        integers = {
            at.SERVICE: rules.service,
            at.RANK: rules.rank,
            at.PRECEDENCE: rules.precedence,
            at.PATIENCE_SLOT: rules.patience,
            at.ROUTE: -1 if rules.route is None else self.routes.number(rules.route),
            at.FACTOR_BEGIN: factor[0],
            at.FACTOR_END: factor[1],
            at.REROUTE_BEGIN: reroute[0],
            at.REROUTE_END: reroute[1],
        }
        return _row(at.CELL_WIDTH, integers, {at.EXTRA_PERSON: rules.extra_person, at.MOVE_UP: rules.move_up})

    def _routing(self) -> tuple[list[Row], list[Row]]:
        branches = _Ragged()
        routes: list[Row] = []
        for route in self.routes.index:
            rows = [
                (self.targets.number(b.target), self._factor(b.factor), float(b.probability)) for b in route.branches
            ]
            routes.append((route.mark, *branches.add(rows), self.targets.number(route.otherwise)))
        return routes, branches.flat

    def _pools(self) -> list[Row]:
        rows: list[Row] = []
        for index, pool in enumerate(self.network.pools):
            own = [i for i, station in enumerate(self.network.stations) if station.pool == index]
            tandem = max((self.network.stations[i].tandem for i in own), default=0)
            calendar = self.steps.number(pool.calendar)
            rows.append((pool.servers, calendar, tandem, self.booths, *self.members.add(own)))
            self.booths += max(pool.servers, 0)
        return rows


def _noted(network: Network, finites: list[int]) -> set[int]:
    """Stations where a change may make one of the finite stations full, or no longer so: what `has_room` looks at.

    These are the station itself, the others of its pool, and where those on a road without an end go on to.
    """
    noted, asked = set[int](), list(finites)
    while asked:
        number = asked.pop()
        if number in noted:
            continue
        noted.add(number)
        station = network.stations[number]
        if station.pool >= 0:
            asked += [i for i, other in enumerate(network.stations) if other.pool == station.pool]
        routes = [rules.route for rules in station.classes.values() if rules.route is not None]
        asked += [onto for route in routes for onto in route.otherwise.stations]
    return noted


def _plain(network: Network, number: int) -> bool:
    """Who arrives at the station, or is served there and leaves, lets nobody move but the next of its line.

    One line stands before booths that are nobody else's and always run, one party at each; nobody inside chooses
    between this station and another by how many are there. And there is room to spare, which the kernel looks at.
    """
    station = network.stations[number]
    if station.kind is StationKind.ROAD or station.pool < 0 or station.zone >= 0:
        return False
    own = station.running == ALWAYS_ONE and not station.per_booth and not station.jockey and station.tandem == 0
    alone = sum(other.pool == station.pool for other in network.stations) == 1
    return own and alone and network.pools[station.pool].servers >= 0 and number not in _weighed(network)


def _weighed(network: Network) -> set[int]:
    """Stations one of which parties inside choose by how many are there."""
    routes = [c.route for station in network.stations for c in station.classes.values() if c.route is not None]
    targets = [target for route in routes for target in (route.otherwise, *(b.target for b in route.branches))]
    return {number for target in targets if target.shorter for number in target.stations}


def _barred(network: Network) -> list[int]:
    """For each outcome whether nobody comes after a party that ends with it."""
    also = () if network.following is None else network.following.barred
    return [int(index < len(ENGINE_OUTCOMES) or index in also) for index in range(len(network.outcomes))]


def _row(width: int, integers: dict[int, int], reals: dict[int, float]) -> Row:
    columns: dict[int, float | int] = {
        **{c: int(v) for c, v in integers.items()},
        **{c: float(v) for c, v in reals.items()},
    }
    return tuple(columns[column] for column in range(width))


def _column(values: Sequence[Any] | range) -> list[Row]:
    return [(value,) for value in values]
