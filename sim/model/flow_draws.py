"""Groups of irregular flows, drawn before the clock starts: who they are, where they go, and what is decided of them.

What depends on the instant a group sets out (the rule in force, aircraft in use) is decided here, so that engines meet
marks alone. A candidate's uniforms do not depend on the variant: where a sector is closed the same groups go elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from sim.model.arrays import FloatArray, IntArray
from sim.model.distribution import Distribution
from sim.model.network import ALWAYS_ONE, FORCED, Steps
from sim.model.sources import Arrivals, Drawing, Sizes, Source, layers_of
from sim.model.spans import Span, true_rate
from sim.model.steps import values_at
from sim.model.streams import Streams

# ---- columns ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chances:
    """A mark that names the branch a party takes, by shares that hold when it arrives; beyond them, none."""

    role: str
    shares: tuple[Steps, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        return (self.role,)

    def column(self, drawing: Drawing) -> FloatArray:
        """FORCED + number of the branch."""
        mark = drawing.uniform(self.role)
        branch, reached = np.zeros(mark.size), np.zeros(mark.size)
        for share in self.shares:
            reached = reached + values_at(share, drawing.time)
            branch += mark >= reached
        return FORCED + branch


UNDETECTED, CLAIMS_LATER, DETECTED = range(3)
"""Branches of an alert; the last is none of them."""


@dataclass(frozen=True)
class Alerted:
    """Whether a group that hides is detected, and if not, whether it claims later."""

    role: str
    detection: Span
    claims: Steps
    """Share of the undetected that claim later."""

    @property
    def roles(self) -> tuple[str, ...]:
        return (self.role, f"{self.role}/claims")

    def column(self, drawing: Drawing) -> FloatArray:
        """FORCED + UNDETECTED, CLAIMS_LATER or DETECTED."""
        detected = drawing.uniform(self.role) < values_at(self.detection.drawn(drawing.once), drawing.time)
        claims = drawing.uniform(f"{self.role}/claims") < values_at(self.claims, drawing.time)
        return FORCED + np.where(detected, DETECTED, np.where(claims, CLAIMS_LATER, UNDETECTED))


Part = Literal["service", "patience", "late", "travel"]
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True)
class Meeting:
    """What a unit's way to a group and the group's leaving make of each other.

    A unit reaches the group `travel` after it was sent. The group is gone `leaves` after the alert: a unit that is sent
    later than `leaves - travel` is not sent for nothing, unless `travel` alone is longer.
    """

    what: Part
    """Time the unit is taken up; longest wait for one; FORCED + 0 for a group gone before any unit could come, else
    FORCED + 1; the way itself."""
    role: str
    travel: Distribution
    with_group: Distribution
    leaves: Distribution | None
    pace: Steps = ALWAYS_ONE
    """Factor on the way."""

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(f"{self.role}/{part}" for part in ("travel", "with-group", "leaves"))

    def column(self, drawing: Drawing) -> FloatArray:
        travel_role, with_role, leaves_role = self.roles
        travel = self.travel.quantile(drawing.uniform(travel_role)) * values_at(self.pace, drawing.time)
        if self.what == "travel":
            return travel
        if self.leaves is None:
            leaves = np.full(travel.size, np.inf)
        else:
            leaves = self.leaves.quantile(drawing.uniform(leaves_role))
        late = travel > leaves
        if self.what == "late":
            return FORCED + np.where(late, 0.0, 1.0)
        if self.what == "patience":
            return np.where(late, leaves, leaves - travel)
        return travel + np.where(late, 0.0, self.with_group.quantile(drawing.uniform(with_role)))


# ---- groups -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GroupSizes:
    """Persons in a group: at least so many, the rest as in any party."""

    sizes: Sizes
    least: int = 1

    @property
    def mean(self) -> float:
        return self.sizes.mean + self.least - 1

    def quantile(self, u: FloatArray) -> IntArray:
        """Sizes at uniforms."""
        if self.sizes.fixed or self.sizes.mean <= 1.0:
            return np.full(u.size, int(self.sizes.mean) + self.least - 1, np.int64)
        return self.sizes.quantile(u) + (self.least - 1)


@dataclass(frozen=True)
class Towards:
    """One way that the groups of a source can take."""

    name: str
    utility: Steps = ALWAYS_ONE
    """By the instant a group sets out; -infinity while the way is shut."""
    hide: Steps = ALWAYS_ONE
    """Share of groups that hide there."""


@dataclass(frozen=True)
class GroupSource(Source):
    """Groups of a sector, or of an origin that choose among ways.

    Its programmes are, way by way, kind by kind, those who want to be met and then those who hide.
    """

    shares: tuple[float, ...] = (1.0,)
    """Share of groups by kind; the last takes what the others leave."""
    of_kind: tuple[GroupSizes, ...] = ()
    ways: tuple[Towards, ...] = ()
    seen: Span | None = None
    """Share of the groups that is detected in what `rate` counts, where it counts those detected."""

    def arrivals(self, horizon: float, streams: Streams) -> Iterator[Arrivals]:
        """Layer by layer; where the rate is of those detected, the true one follows from this replication's chance."""
        assert self.rate is not None
        rate = self.rate
        if self.seen is not None:
            rate = true_rate(rate, self.seen.drawn(streams.once))
        return layers_of(self, rate, horizon, streams)

    def expected(self, horizon: float) -> float:
        """About how many groups come, at the lowest chance of detection."""
        if self.seen is None or self.rate is None:
            return super().expected(horizon)
        true = true_rate(self.rate, self.seen.low)
        return Source(self.name, (), self.sizes, rate=true).expected(horizon)

    def marks(self, prefix: str, times: FloatArray, rows: IntArray, streams: Streams) -> tuple[IntArray, IntArray]:
        """Kind of group, size, way and whether it hides: programme and size of candidates told by their numbers."""
        edges = np.cumsum(self.shares)[:-1]
        kind = np.searchsorted(edges, streams.at(f"{prefix}/class", rows), side="right")
        mark = streams.at(f"{prefix}/size", rows)
        size = np.ones(rows.size, np.int64)
        for index, sizes in enumerate(self.of_kind):
            mine = kind == index
            size[mine] = sizes.quantile(mark[mine])
        way = self._chosen(prefix, times, rows, streams)
        secrecy = streams.at(f"{prefix}/hide", rows)
        hides = np.zeros(rows.size, np.int64)
        for index, towards in enumerate(self.ways):
            mine = way == index
            hides[mine] = secrecy[mine] < values_at(towards.hide, times[mine])
        return (way * len(self.shares) + kind) * 2 + hides, size

    def _chosen(self, prefix: str, times: FloatArray, rows: IntArray, streams: Streams) -> IntArray:
        """The way of highest utility, a draw of the Gumbel distribution of its own added to each."""
        if len(self.ways) == 1:
            return np.zeros(times.size, np.int64)
        with np.errstate(divide="ignore"):
            drawn = (streams.at(f"{prefix}/to/{way.name}", rows) for way in self.ways)
            spread = [-np.log(-np.log(u)) for u in drawn]
        utility = [values_at(way.utility, times) + own for way, own in zip(self.ways, spread, strict=True)]
        return np.asarray(np.argmax(np.stack(utility), axis=0), dtype=np.int64)

    def stream_names(self) -> list[str]:
        """As any source, those of hiding and of choice beside."""
        more = ["hide", *(f"to/{way.name}" for way in self.ways)]
        return [*super().stream_names(), *(f"{self.name}/{name}" for name in more)]
