"""What changes while the reference engine runs: visits, lines, booths, and the gauges that count them."""

from __future__ import annotations

import math

from sim.engine.records import MOVED_ON
from sim.model.network import NEVER, Network, Pool, Station, StationKind, Target

NAN = math.nan


class Gauge:
    """A count over time: its integral and maximum over the window, maximum over states that lasted."""

    __slots__ = ("high", "integral", "last", "opens", "shuts", "value")

    def __init__(self, opens: float, shuts: float) -> None:
        self.opens, self.shuts = opens, shuts
        self.value = 0
        self.integral = 0.0
        self.high = 0
        self.last = 0.0

    def set(self, now: float, value: int) -> None:
        """The count becomes `value` at `now`."""
        if value == self.value:
            return
        self.settle(now)
        self.value = value

    def settle(self, now: float) -> None:
        """Account for the time since the last change."""
        since = max(self.last, self.opens)
        until = min(now, self.shuts)
        if until > since:
            self.integral += self.value * (until - since)
            self.high = max(self.high, self.value)
        self.last = now


class Visit:
    """One party at one station: a row of the records while it is being written."""

    __slots__ = (
        "booth", "deadline", "ended", "joined", "klass", "left", "line", "outcome", "party", "queued", "rear",
        "skip", "started", "station", "target",
    )  # fmt: skip

    def __init__(self, party: int, klass: int, station: int, joined: float) -> None:
        self.party, self.klass, self.station, self.joined = party, klass, station, joined
        self.started = self.ended = self.left = NAN
        self.booth = -1
        self.rear = False
        self.outcome = MOVED_ON
        self.queued = False
        """Waiting: it stands in a line and is not on a free drive."""
        self.deadline = NEVER
        self.target: Target | None = None
        self.line: list[Visit] = []
        """The line it stands in while waiting."""
        self.skip: Target | None = None
        """Where the party goes instead when its target is full and its lane waives (rule 8)."""

    def stand_in(self, line: list[Visit]) -> None:
        """Take the tail of a line."""
        line.append(self)
        self.line = line

    @property
    def in_order(self) -> tuple[float, int]:
        """Order of joining: time, then party."""
        return (self.joined, self.party)

    @property
    def longest_blocked(self) -> tuple[float, int, int]:
        """Order of moving on: longest blocked, then station, then party."""
        return (self.ended, self.station, self.party)


class Booth:
    """A server: one position, or two for a tandem booth."""

    __slots__ = ("front", "line", "number", "rear", "tandem")

    def __init__(self, number: int, tandem: bool) -> None:
        self.number, self.tandem = number, tandem
        self.front: Visit | None = None
        self.rear: Visit | None = None
        self.line: list[Visit] = []
        """Parties waiting for this booth alone (`Station.per_booth`)."""

    @property
    def occupants(self) -> int:
        return (self.front is not None) + (self.rear is not None)

    @property
    def parties(self) -> int:
        """Waiting and in the booth, blocked ones included (rule 3)."""
        return len(self.line) + self.occupants

    def free_front(self) -> bool:
        """The front can be filled: it is empty and nobody stands behind it (rule 6)."""
        return self.front is None and self.rear is None

    def free_rear(self) -> bool:
        """The rear can be filled: the front is taken and the rear is empty (rule 6)."""
        return self.tandem and self.front is not None and self.rear is None


class PoolState:
    """Servers and how many of them are open."""

    def __init__(self, pool: Pool, members: list[int], tandem: int, opens: float, shuts: float) -> None:
        self.pool = pool
        self.members = members
        self.endless = pool.servers < 0
        self.booths = [Booth(number, number < tandem) for number in range(max(pool.servers, 0))]
        self.scheduled = int(pool.calendar.at(0.0)) if not self.endless else 1
        self.open = self.scheduled
        """Booths that take parties: `scheduled`, or more while a closed group serves out its line."""
        self.overtime = Gauge(opens, shuts)

    def free(self) -> tuple[Booth, bool] | None:
        """The first free position of an open booth and whether it is a rear one; empty booths before rears."""
        for booth in self.booths[: self.open]:
            if booth.free_front():
                return booth, False
        for booth in self.booths[: self.open]:
            if booth.free_rear():
                return booth, True
        return None

    def count_overtime(self, now: float) -> None:
        self.overtime.set(now, sum(booth.occupants for booth in self.booths[self.scheduled :]))

    def next_opening(self, now: float) -> float:
        """When the calendar next has somebody open; infinity when never."""
        calendar = self.pool.calendar
        later = (t for t, n in zip(calendar.times, calendar.values, strict=True) if t > now and n > 0)
        return min(later, default=NEVER)


class StationState:
    """The lines of one station and what is counted about it."""

    def __init__(self, index: int, station: Station, network: Network, pools: list[PoolState]) -> None:
        self.index, self.station = index, station
        self.pool = pools[station.pool] if station.pool >= 0 else None
        self.line: list[Visit] = []
        """The shared line (unused with one line per booth)."""
        self.holding: list[Visit] = []
        """Parties in front of a group with nobody open."""
        self.lanes: list[list[Visit]] = [[] for _ in range(station.lanes)]
        """Lanes of a road."""
        self.lengths = [party_class.length for party_class in network.classes]
        self.shortest = min(station.classes, key=lambda k: (self.lengths[k], k), default=-1)
        """The shortest class that comes here, the first of them on a tie."""
        self.ranked = len({c.rank for c in station.classes.values()}) > 1
        self.standing = 0
        """Parties in a line, on a free drive or queued."""
        self.length = 0.0
        """Car lengths they take."""
        window = (network.warm_up, network.horizon)
        self.waiting, self.busy, self.blocked, self.full = (Gauge(*window) for _ in range(4))

    @property
    def is_road(self) -> bool:
        return self.station.kind is StationKind.ROAD

    @property
    def is_open(self) -> bool:
        """Somebody is, by the calendar, there to serve; a road is always open."""
        return self.pool is None or self.pool.scheduled > 0

    @property
    def parties(self) -> int:
        """Parties here: in a line, in service, blocked."""
        return self.standing + self.busy.value + self.blocked.value

    def fits(self, length: float) -> bool:
        return self.length + length <= self.station.storage

    def occupy(self, visit: Visit, by: int) -> None:
        """A party takes up (`by` = 1) or gives back (-1) its length of the line."""
        self.standing += by
        self.length += by * self.lengths[visit.klass]

    def queue(self, now: float, visit: Visit) -> None:
        """The party counts as waiting from now on."""
        visit.queued = True
        self.waiting.set(now, self.waiting.value + 1)

    def unqueue(self, now: float, visit: Visit) -> None:
        """The party no longer waits."""
        visit.queued = False
        self.waiting.set(now, self.waiting.value - 1)

    def head(self, line: list[Visit]) -> Visit:
        """Who is served next: the lowest rank, first come first served within it (rule 3)."""
        if not self.ranked:
            return line[0]
        return min(line, key=lambda visit: self.station.classes[visit.klass].rank)

    def shortest_booth(self) -> Booth:
        """The open booth with the fewest parties, the lowest number on a tie (rule 3)."""
        assert self.pool is not None
        return min(self.pool.booths[: self.pool.open], key=lambda booth: booth.parties)
