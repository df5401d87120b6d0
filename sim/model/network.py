"""The queueing network every facility compiles to. Inert: no clock, no randomness, no borders.

A builder (`sim.model.land_port`) turns a scenario into a `Network`; an engine (`sim.engine`) runs it on the
`Parties` drawn for one replication. The rules an engine follows on this description are docs/theory.md.

Times are float seconds from the start of the horizon, lengths are car lengths. `NEVER` (infinity) stands for
"no limit". Indices are positions in the tuples of `Network`.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

NEVER = math.inf


class StationKind(IntEnum):
    """What a station is to the rules: road and travel stages have no officers."""

    LANE_GROUP = 0
    """Primary inspection: a group of booths."""
    SECONDARY = 1
    """Secondary inspection: bays."""
    ROAD = 2
    """A holding road whose lane heads move on as soon as they can (approach, lane before the split)."""
    TOLL = 3
    """A plaza with servers upstream of the border queue."""
    TRAVEL = 4
    """Free-flow travel: as many servers as parties."""


class OnClose(IntEnum):
    """What becomes of the line when the last booth of a group closes (rule 5)."""

    FINISH = 0
    REROUTE = 1
    WAIT = 2


class WhenFull(IntEnum):
    """What an arrival from outside does when its first station has no room (rule 9)."""

    WAIT = 0
    BALK = 1
    DIVERT = 2


@dataclass(frozen=True)
class Steps:
    """A right-continuous step function: `values[i]` holds from `times[i]` on; `times[0]` is -infinity."""

    times: tuple[float, ...] = (-math.inf,)
    values: tuple[float, ...] = (1.0,)

    def at(self, time: float) -> float:
        """Value at `time`; a change at `time` itself has already happened."""
        return self.values[bisect.bisect_right(self.times, time) - 1]

    def is_one(self) -> bool:
        """True when the function is 1 everywhere, so a factor that changes nothing."""
        return all(value == 1.0 for value in self.values)


ALWAYS_ONE = Steps()


@dataclass(frozen=True)
class PartyClass:
    """A class of party at the facility it starts from, such as `car.nexus` at `pacific-highway`."""

    name: str
    facility: int
    length: float
    """Car lengths a party takes in storage (rule 4); a multiple of 1/1024, so that sums are exact."""
    after: int = -1
    """Facility of the parties that those of this class follow (`Parties.follows`); -1 for a class that follows none."""


@dataclass(frozen=True)
class Target:
    """Where a party goes next: out, or to one of several stations chosen when it moves."""

    outcome: int = -1
    """Index into `Network.outcomes` when the party leaves; -1 when it goes to a station."""
    stations: tuple[int, ...] = ()
    """Alternatives, the one that names the class most exactly first (rule 2)."""
    shorter: bool = False
    """Choose the shortest open alternative (parties per open booth) instead of the first open one."""


@dataclass(frozen=True)
class Branch:
    """One way on from a station, taken with `probability` times `factor` read at the end of service (rule 10)."""

    probability: float
    target: Target
    factor: Steps = ALWAYS_ONE


FORCED = 2.0
"""A mark of FORCED + k sends the party to branch k whatever its probability; beyond the last branch, to none."""


@dataclass(frozen=True)
class Route:
    """Where a class goes after a station: the first branch whose cumulated probability exceeds the mark."""

    mark: int
    """Slot of the party's uniform mark; -1 when there are no branches."""
    branches: tuple[Branch, ...]
    otherwise: Target


@dataclass(frozen=True)
class ClassAtStation:
    """How one class is treated at one station. Slots are columns of the class's draws (`Parties`)."""

    service: int = -1
    """Slot of the service draw in seconds; -1 for a station without service (a road)."""
    extra_person: float = 0.0
    """Share of the service added by each person beyond the first (rule 10)."""
    queue_factor: tuple[tuple[int, float], ...] = ()
    """(threshold, factor) ascending: the last whose threshold the line exceeds multiplies the service."""
    move_up: float = 0.0
    """Seconds the server is taken up while the party pulls in, added to the service."""
    rank: int = 0
    """Priority in the line: a lower rank is served first."""
    precedence: int = 0
    """Priority among the heads of the lines of a shared pool's stations: a lower one is served first."""
    patience: int = -1
    """Slot of the patience draw in seconds; -1 when the class waits for ever."""
    route: Route | None = None
    """None for a class that never comes here."""


@dataclass(frozen=True)
class Pool:
    """Servers with a calendar, owned by one station or shared by several."""

    name: str
    servers: int
    """Servers built; -1 for as many as there are parties (travel)."""
    calendar: Steps
    """Number open over time: servers 1..n are the open ones (rule 5)."""


@dataclass(frozen=True)
class Station:
    """Any place with a queue: a lane group, secondary, a road, a toll plaza, a stretch of travel."""

    name: str
    facility: int
    kind: StationKind
    classes: dict[int, ClassAtStation]
    """Keyed by class index: the classes that can come here."""
    pool: int = -1
    """Index of the pool that serves it; -1 for a road."""
    per_booth: bool = False
    """One line per booth instead of one shared line (rule 3)."""
    tandem: int = 0
    """How many booths, from the first, have a second position behind the first (rule 6)."""
    storage: float = NEVER
    """Car lengths that fit in the line, parties being served not counted (rule 4)."""
    zone: int = -1
    """Index of the zone it lies in; -1 for none."""
    balk_at: float = NEVER
    """An arrival from outside that finds this many parties here, waiting and in service, leaves."""
    balk_with: int = -1
    """Another station whose parties count towards `balk_at` as well; -1 for none."""
    when_full: WhenFull = WhenFull.WAIT
    """Who comes from outside to a station with an end and `WAIT` is turned away: builders put a road in front of it."""
    divert: Target | None = None
    """Where an arrival that diverts goes: a travel station of another facility's chain."""
    admits: Steps = ALWAYS_ONE
    """0 while arrivals from outside find the facility closed (opening hours)."""
    when_closed: WhenFull = WhenFull.WAIT
    """What an arrival from outside does while `admits` is 0."""
    running: Steps = ALWAYS_ONE
    """0 while no new service starts (an outage); the line stays and parties keep joining it."""
    jockey: int = 0
    """Difference of line lengths at which the last party of the longest moves; 0 for never (rule 3)."""
    on_close: OnClose = OnClose.WAIT
    reroute: dict[int, tuple[int, ...]] | None = None
    """Per class, the other stations that serve it, in order, for `OnClose.REROUTE`."""
    waive_when_full: bool = False
    """A party referred to a full station skips the inspection and takes the route's `otherwise` (rule 8)."""
    lanes: int = 1
    """Parallel lanes of a road, each blocked by its own head."""
    service_factor: Steps = ALWAYS_ONE
    """Multiplier of dated events, read at the start of service."""
    travel: float = 0.0
    """Seconds it takes at the least to drive a road; not counted as wait."""
    metres_per_length: float = 0.0
    """Metres of road per car length, for queue lengths in metres."""


@dataclass(frozen=True)
class Zone:
    """Stations that together hold so many people, in line, in service and blocked (rule 4).

    A party that comes from elsewhere enters when its people fit, or when nobody is there; within the zone it moves on
    whatever the number. An arrival that diverts, and the initial queue, are let in without asking.
    """

    name: str
    capacity: float


@dataclass(frozen=True)
class Following:
    """What holds for parties that come only if another one got through before (`Parties.follows`, rule 9)."""

    stays: int
    """Outcome of a party whose forerunner did not get through in time: it never comes."""
    barred: tuple[int, ...] = ()
    """Outcomes, besides `ENGINE_OUTCOMES`, with which the forerunner did not get through."""


@dataclass(frozen=True)
class Controller:
    """Opens and closes the servers of a pool, one at a time, by what it sees at its ticks (rule 7).

    At a tick one more server is ordered when the reading is above `open_above`, none is on its way and fewer than
    `most` are open; one closes at once when the reading is below `close_below` and none is on its way. The number open
    never falls below the pool's calendar.
    """

    pool: int
    watch: tuple[int, ...]
    """Stations whose lines are seen."""
    ticks: tuple[float, ...]
    """Instants, ascending, all after 0."""
    open_above: float
    close_below: float
    """Seconds the head of a line has waited, or parties waiting."""
    by_wait: bool
    lead: int
    """Ticks from the order until the server opens."""
    most: Steps
    """Servers open at most, unless the calendar says more."""


BALKED, CLOSED, DIVERTED, RENEGED = range(4)
ENGINE_OUTCOMES = ("balked", "closed", "diverted", "reneged")
"""Outcomes an engine itself decides on; every `Network.outcomes` begins with them."""


@dataclass(frozen=True)
class Hall:
    """What the measures of a preclearance facility or its far side need to know. Engines take no notice of it."""

    closes: float = 0.0
    """Seconds before departure at which the gate closes."""
    holds: float = 0.0
    """Seconds a departure is held for those who come after that."""
    boards: bool = False
    """Its parties leave for a departure; False at a far side, where they come from one."""
    far: int = -1
    """Facility where its travellers come to, where that is looked at; -1 for none."""
    inside: tuple[int, ...] = ()
    """Stations within the hall, for its occupancy."""
    officers: tuple[int, ...] = ()
    """Pools of officers: those of primary and secondary inspection."""
    officer_hour: float = 0.0
    """Money for an hour of an officer."""
    per_day: float = 0.0
    """Money for the facility on a day of 24 h."""


@dataclass(frozen=True)
class Flow:
    """What the measures of an irregular flow need to know. Engines take no notice of it."""

    crossing: bool = False
    """People cross here between ports; False for the other ways to a claim, and for those who stay."""
    stations: Mapping[str, int] = field(default_factory=dict)
    """Station index by stage."""
    hides: frozenset[int] = frozenset()
    """Classes of groups that hide."""
    travel: Mapping[int, int] = field(default_factory=dict)
    """Per class, the slot of a unit's way to the group in seconds."""
    decision: Mapping[int, int] = field(default_factory=dict)
    """Per class, the slot of the mark that decides on the claim."""
    cold: Steps = ALWAYS_ONE
    """Share of the time that is dangerously cold."""
    cold_after: float = NEVER
    """Seconds outside after which a person counts as exposed; never, where nothing is said of cold."""
    custody_standard: float = 0.0
    """Seconds from being met to the decision; 0 for none."""
    board_rate: float = 0.0
    """Persons the refugee board decides in a second; 0 where it is not looked at."""
    board_inventory: float = 0.0
    """Persons pending there when the horizon begins."""
    officers: tuple[int, ...] = ()
    """Pools of officers of its own stages."""
    units: int = -1
    """Pool of the units that respond; -1 for none."""
    unit_hour: float = 0.0
    """Money for an hour of a unit, and so on for what follows."""
    officer_hour: float = 0.0
    place_night: float = 0.0
    hotel_night: float = 0.0
    spending: Steps = ALWAYS_ONE
    """Money a second for resources and all else."""


@dataclass(frozen=True)
class Facility:
    """A port of entry, a preclearance hall, a sector: what measures are reported for."""

    name: str
    mode: str
    zone: str
    events: tuple[tuple[float, float], ...] = ()
    """From and until of its dated events, in seconds; infinity for one without end."""
    hall: Hall | None = None
    """For a preclearance facility and its far side."""
    flow: Flow | None = None
    """For an irregular flow."""


@dataclass(frozen=True)
class Network:
    """Facilities, classes, pools and stations of one resolved scenario. Order is the order of the scenario."""

    facilities: tuple[Facility, ...]
    classes: tuple[PartyClass, ...]
    pools: tuple[Pool, ...]
    stations: tuple[Station, ...]
    outcomes: tuple[str, ...]
    """Names of the ways a party can end; begins with `ENGINE_OUTCOMES`."""
    entry: tuple[Target, ...]
    """Per class, where a party from outside first goes."""
    downstream_first: tuple[int, ...]
    """Station indices so that every station comes before those that lead to it (rule 12, settling)."""
    horizon: float
    warm_up: float
    end: float
    """Instant the run stops at the latest: the horizon for `cut`, the drain cap for `drain`."""
    controllers: tuple[Controller, ...] = ()
    """In the order of their stations; at most one per pool."""
    zones: tuple[Zone, ...] = ()
    following: Following | None = None
    """Where a class has `after`."""

    def outcome(self, name: str) -> int:
        """Index of the outcome called `name`."""
        return self.outcomes.index(name)
