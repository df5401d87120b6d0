"""Booths steered by a rule written in Python, in the reference engine.

A rule looks at the lines at its ticks and says how many servers are to be open, as a controller of a scenario does
(rule 7): it sees what has happened up to that instant and nothing that is drawn for later.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from sim.engine.control import Control, lines_of
from sim.engine.records import Records
from sim.engine.reference import ReferenceEngine
from sim.engine.state import PoolState, StationState
from sim.errors import UsageError
from sim.model.network import Controller, Network, StationKind, Steps
from sim.model.parties import Parties

STEERED = frozenset({StationKind.LANE_GROUP, StationKind.SECONDARY, StationKind.TOLL})
"""Kinds of station with servers that somebody decides on."""


class Rule(ABC):
    """How many servers are open, decided anew every so often. Write a subclass with `look`.

    Every replication begins with a fresh copy, so that what a rule keeps on itself does not pass from one to the next.
    """

    every: float = 300.0
    """Seconds between two looks."""

    @abstractmethod
    def look(self, now: float, lines: Mapping[tuple[str, str], Line]) -> None:
        """Read the lines and set `open` of those that are to change; called at each tick, also after the horizon.

        Args:
            now: seconds from the start of the horizon.
            lines: the stations with servers (and roads, which have none) by (facility, station).
        """


@dataclass
class Line:
    """A station as a rule sees it at a tick."""

    facility: str
    station: str
    waiting: int
    """Parties in its lines."""
    head_wait: float
    """Seconds the longest-waiting head of a line has stood there; 0 with nobody in line."""
    serving: int
    """Parties in service."""
    blocked: int
    """Parties held in a server by what is full behind it."""
    built: int
    """Servers there are; 0 for a road."""
    calendar: int
    """Servers open by the scenario's calendar at this instant."""
    steered: bool
    """False where `open` cannot be set: roads, servers shared by stations, those with a `control` in the scenario."""
    _stands: int
    """Servers open if the rule does nothing now."""
    _set: int | None = field(default=None, repr=False)

    @property
    def open(self) -> int:
        """Servers open from this instant on. Once set it stays, whatever the calendar says, until set again."""
        return self._stands if self._set is None else self._set

    @open.setter
    def open(self, servers: int) -> None:
        name = f"{self.station} of {self.facility}"
        if not self.steered:
            raise UsageError(f"a rule cannot open or close {name}: it has no servers of its own that are free to steer")
        if isinstance(servers, bool) or servers != int(servers) or not 0 <= servers <= self.built:
            raise UsageError(f"{name} can have 0 to {self.built} open, the rule set {servers!r}")
        self._set = int(servers)


def steered(network: Network, rule: Rule) -> Network:
    """The network with a controller, for the ticks, at every pool that a rule can steer.

    Raises:
        UsageError: `every` of the rule is not a positive number.
    """
    if not (isinstance(rule.every, int | float) and 0.0 < rule.every < math.inf):
        raise UsageError(f"every of a rule is a positive number of seconds, found {rule.every!r}")
    every = float(rule.every)
    times = (every * (k + 1) for k in range(math.ceil(network.end / every)))
    ticks = tuple(time for time in times if time < network.end)
    more = [
        Controller(pool, (station,), ticks, math.inf, -math.inf, True, 0, Steps((-math.inf,), (float(built),)))
        for station, pool, built in _free_pools(network)
    ]
    everything = (*network.controllers, *more)
    return replace(network, controllers=tuple(sorted(everything, key=lambda controller: min(controller.watch))))


def run_with(rule: Rule, network: Network, parties: Parties) -> Records:
    """Run one replication of a network that `steered` made; the rule itself is left as it is.

    Raises:
        UsageError: the rule set what cannot be.
    """
    engine = ReferenceEngine(network, parties)
    desk = _Desk(copy.deepcopy(rule), engine)
    for controller in network.controllers:
        if _is_of_a_rule(controller):
            engine.controls[controller.pool] = _RuledControl(controller, network.pools[controller.pool].calendar, desk)
    engine.run()
    return engine.ledger.records(parties, engine.stations, engine.pools)


def _free_pools(network: Network) -> Iterator[tuple[int, int, int]]:
    """(station, pool, servers built) of servers that belong to one station and have no controller."""
    taken = {controller.pool for controller in network.controllers}
    for index, station in enumerate(network.stations):
        sharing = sum(other.pool == station.pool for other in network.stations)
        if station.kind in STEERED and station.pool >= 0 and station.pool not in taken and sharing == 1:
            built = network.pools[station.pool].servers
            if built >= 0:
                yield index, station.pool, built


def _is_of_a_rule(controller: Controller) -> bool:
    return controller.open_above == math.inf and controller.close_below == -math.inf


class _Desk:
    """The rule at work: called once per tick, whoever asks first."""

    def __init__(self, rule: Rule, engine: ReferenceEngine) -> None:
        self.rule, self.engine = rule, engine
        self.looked_at = -math.inf
        self.wanted: dict[int, int] = {}
        """Servers the rule wants open, by pool; the calendar has the others."""

    def look(self, now: float) -> None:
        """Let the rule look at a tick, before anything opens or closes at that instant."""
        if now == self.looked_at:
            return
        self.looked_at = now
        seen = [(line, state) for state in self.engine.stations for line in self._line(state, now)]
        self.rule.look(now, {(line.facility, line.station): line for line, _ in seen})
        for line, state in seen:
            if line._set is not None:
                self.wanted[state.station.pool] = line._set

    def _line(self, state: StationState, now: float) -> Iterator[Line]:
        if state.station.kind is StationKind.TRAVEL:
            return
        pool = state.pool
        control = self.engine.controls.get(state.station.pool) if pool is not None else None
        heads = [line[0] for line in lines_of(state) if line and line[0].queued]
        calendar = 0 if pool is None else int(pool.pool.calendar.at(now))
        yield Line(
            facility=self.engine.network.facilities[state.station.facility].name,
            station=state.station.name,
            waiting=state.waiting.value,
            head_wait=max((now - visit.joined for visit in heads), default=0.0),
            serving=state.busy.value,
            blocked=state.blocked.value,
            built=0 if pool is None else pool.pool.servers,
            calendar=calendar,
            steered=isinstance(control, _RuledControl),
            _stands=self._open_now(state.station.pool, pool, calendar, control),
        )

    def _open_now(self, index: int, pool: PoolState | None, calendar: int, control: Control | None) -> int:
        """Servers open if the rule does nothing now."""
        if pool is None:
            return 0
        if isinstance(control, _RuledControl):
            return self.wanted.get(index, calendar)
        return pool.scheduled


class _RuledControl(Control):
    """Stands where the engine asks a controller, and answers with what the rule wants."""

    def __init__(self, controller: Controller, calendar: Steps, desk: _Desk) -> None:
        self.desk = desk
        super().__init__(controller, calendar)

    def servers(self, now: float, stations: list[StationState]) -> int:
        """How many are to be open from `now`, an instant of change."""
        ticks = self.controller.ticks
        if self.next_tick < len(ticks) and ticks[self.next_tick] == now:
            self.next_tick += 1
            self.desk.look(now)
        self.count = self.desk.wanted.get(self.controller.pool, int(self.calendar.at(now)))
        return self.count
