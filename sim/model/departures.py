"""Travellers drawn by departure: who is booked, with whom, and when each party shows up.

A departure has as many *candidates* (parties) as it has passengers, each with its own class, size and time of showing
up; the first whose sizes add up to the passengers travel, the last of them cut to fit. Streams are named by departure
and a candidate's numbers do not depend on how many there are: a fuller flight keeps the parties of an emptier one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.model.arrays import FloatArray, IntArray
from sim.model.distribution import Distribution
from sim.model.distributions import Deterministic
from sim.model.sources import Arrivals, Sizes, Source, day_factors
from sim.model.steps import values_at
from sim.model.streams import Streams
from sim.scenario.timetable import Departure

SHARED = ("class", "size", "show-up")
"""Streams that describe the travellers themselves: their far side draws the same."""


@dataclass(frozen=True)
class DepartureSource(Source):
    """The travellers of a facility's departures, where they board or, with `journey`, where they arrive."""

    departures: tuple[Departure, ...] = ()
    shares: tuple[float, ...] = ()
    """Share of parties by class; the last takes what the others leave."""
    of_class: tuple[Sizes, ...] = ()
    """Sizes by class."""
    show_up: tuple[Distribution, ...] = ()
    """Seconds before departure, by class."""
    tight: float | None = None
    """Who shows up less than this before departure is of the tight class, which follow the others in `programmes`."""
    home: str = ""
    """Name of the facility they leave from: the beginning of the streams in SHARED."""
    journey: float | None = None
    """Seconds from departure until they come to this facility; None where they board."""
    closes: float = 0.0
    """Seconds before departure at which the gate closes."""
    holds: float = 0.0
    """Seconds a departure is held for those who come after that."""

    def candidates(self, streams: Streams) -> IntArray:
        """(departures,): passengers of each in this replication, on a busy day no more than there are seats."""
        passengers = np.array([departure.passengers for departure in self.departures], dtype=np.int64)
        factors = day_factors(self, streams)
        if factors.is_one():
            return passengers
        seats = np.array([departure.seats for departure in self.departures], dtype=np.int64)
        departs = np.array([departure.departs for departure in self.departures])
        return np.minimum(seats, np.floor(passengers * values_at(factors, departs) + 0.5).astype(np.int64))

    def expected(self, horizon: float) -> float:
        """About how many parties there are."""
        mean = sum(share * sizes.mean for share, sizes in zip(self.shares, self.of_class, strict=True))
        return sum(departure.passengers for departure in self.departures) / max(mean, 1.0)

    def stream_names(self) -> list[str]:
        """Every stream the source may draw from, but for those it shares with the facility the travellers left."""
        roles = sorted({role for programme in self.programmes for slot in programme.slots for role in slot.roles})
        if self.journey is None:
            roles += SHARED
        return [f"{self.name}/{departure.name}/{role}" for departure in self.departures for role in roles]

    def uniforms(self, prefix: str, role: str, rows: IntArray, streams: Streams) -> FloatArray:
        """The uniforms of a role for candidates told by their numbers, departure after departure."""
        return self._of_all(prefix, role, streams)[rows]

    def _of_all(self, prefix: str, role: str, streams: Streams) -> FloatArray:
        """The uniforms of a role, departure after departure."""
        whose = self.home if role in SHARED else prefix
        counts = self.candidates(streams).tolist()
        drawn = [streams.uniform(f"{whose}/{d.name}/{role}", n) for d, n in zip(self.departures, counts, strict=True)]
        return np.concatenate([np.empty(0), *drawn])

    def arrivals(self, horizon: float, streams: Streams) -> Iterator[Arrivals]:
        """Parties in order of departure and candidate. Who would come before the horizon is there when it begins."""
        counts = self.candidates(streams)
        rows = int(counts.sum())
        flight = np.repeat(np.arange(len(counts)), counts)
        departs = np.array([departure.departs for departure in self.departures])[flight]
        kind = self._classes(flight, streams)
        size = self._sizes(kind, rows, streams)
        before = np.cumsum(size) - size
        first = np.cumsum(counts) - counts
        seats_left = counts[flight] - (before - before[first[flight]])
        row = np.flatnonzero(seats_left > 0)
        size = np.minimum(size, seats_left)
        if self.journey is None:
            ahead = self._show_up(kind, rows, streams)
            time = np.maximum(departs - ahead, 0.0)
            if self.tight is not None:
                kind = np.where(ahead < self.tight, kind + len(self.shares), kind)
        else:
            time = departs + self.journey
        row = row[time[row] < horizon]
        if self.journey is None:
            yield Arrivals(time[row], kind[row], size[row], row, self.name, departs[row], flight[row], row)
            return
        until = departs[row] - self.closes + self.holds
        came = time[row], kind[row], size[row], row, self.name
        yield Arrivals(*came, traveller=row, home=self.home, until=until)

    def _classes(self, flight: IntArray, streams: Streams) -> IntArray:
        """Class of each candidate: one uniform against the cumulated shares, those of its departure."""
        if len(self.shares) == 1:
            return np.zeros(len(flight), np.int64)
        mark = self._of_all(self.name, "class", streams)
        kind = np.searchsorted(np.cumsum(self.shares)[:-1], mark, side="right")
        for number, departure in enumerate(self.departures):
            if departure.mix:
                mine = flight == number
                kind[mine] = np.searchsorted(np.cumsum(departure.mix)[:-1], mark[mine], side="right")
        return kind

    def _sizes(self, kind: IntArray, rows: int, streams: Streams) -> IntArray:
        size = np.ones(rows, np.int64)
        mark: FloatArray | None = None
        for klass, sizes in enumerate(self.of_class):
            mine = kind == klass
            if sizes.fixed or sizes.mean <= 1.0:
                size[mine] = int(sizes.mean)
            else:
                mark = self._of_all(self.name, "size", streams) if mark is None else mark
                size[mine] = sizes.quantile(mark[mine])
        return size

    def _show_up(self, kind: IntArray, rows: int, streams: Streams) -> FloatArray:
        ahead = np.zeros(rows)
        mark: FloatArray | None = None
        for klass, distribution in enumerate(self.show_up):
            mine = kind == klass
            if isinstance(distribution, Deterministic):
                ahead[mine] = distribution.value
            else:
                mark = self._of_all(self.name, "show-up", streams) if mark is None else mark
                ahead[mine] = distribution.quantile(mark[mine])
        return ahead
