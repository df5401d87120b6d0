"""Open booth time and overtime of every pool, split over the time bins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from sim.engine.records import Records
from sim.model.arrays import FloatArray, IntArray
from sim.study.layout import Layout
from sim.study.spells import Rows, occupied


@dataclass(frozen=True, eq=False)
class Log:
    """Changes of one pool: `count[i]` servers are open over [since[i], since[i + 1])."""

    since: FloatArray
    count: IntArray


@dataclass(frozen=True, eq=False)
class Calendar:
    """What the staffing log says of every pool, the same in every replication unless something steers the booths."""

    logs: tuple[Log, ...]
    booths: FloatArray
    """(n_pools, n_bins): as in `Staffing`."""
    positions: FloatArray
    """The same."""
    booths_of_owners: FloatArray
    """(n_owners, n_bins)"""
    hours_of_owners: FloatArray
    """(n_owners, 2): seconds of booths, then of positions, over all bins."""

    @cached_property
    def one_after_another(self) -> tuple[IntArray, FloatArray, IntArray]:
        """Where the log of each pool begins, (n_pools + 1,), and the logs themselves."""
        begin = np.cumsum([0, *(len(log.since) for log in self.logs)]).astype(np.int64)
        since = np.concatenate([np.zeros(0), *(log.since for log in self.logs)])
        return begin, since, np.concatenate([np.zeros(0, np.int64), *(log.count for log in self.logs)])

    @classmethod
    def of(cls, layout: Layout, records: Records) -> Calendar:
        """Of one replication; that of the one before where the log has not changed, as bytes tell at once.

        Of what comes at the horizon or later, which some replications last to see, nothing here is made.
        """
        until = int(records.staffing_time.searchsorted(layout.network.horizon))
        parts = records.staffing_time, records.staffing_pool, records.staffing_open
        said = b"".join(part[:until].tobytes() for part in parts)
        known = _known.get(layout)
        if known is None or known[0] != said:
            known = _known[layout] = said, cls._read(layout, records)
        return known[1]

    @classmethod
    def _read(cls, layout: Layout, records: Records) -> Calendar:
        edges, n_pools = layout.edges, len(layout.network.pools)
        found = logs(records, n_pools)
        booths, positions = (np.zeros((n_pools, len(edges) - 1)) for _ in range(2))
        tandems = np.zeros(n_pools, np.int64)
        for station in layout.network.stations:
            if station.pool >= 0:
                tandems[station.pool] = max(tandems[station.pool], station.tandem)
        for pool, (log, tandem) in enumerate(zip(found, tandems.tolist(), strict=True)):
            if not log.since.size:
                continue  # as many servers as there are parties: no log, no booths
            booths[pool] = np.diff(integral(log.since, log.count, edges))
            positions[pool] = booths[pool]
            if tandem:
                positions[pool] += np.diff(integral(log.since, np.minimum(log.count, tandem), edges))
        of_owners = layout.cells.pools_of_owners
        hours = np.stack([of_owners(seconds.sum(axis=1)) for seconds in (booths, positions)], axis=1)
        return cls(tuple(found), booths, positions, of_owners(booths), hours)


_known: WeakKeyDictionary[Layout, tuple[bytes, Calendar]] = WeakKeyDictionary()
"""The calendar seen last with each layout, and the log it is of."""


@dataclass(frozen=True, eq=False)
class Staffing:
    """Open booths and overtime of one replication."""

    calendar: Calendar
    overtime: FloatArray
    """(n_pools, n_bins): seconds that positions of closed booths were occupied, from the visits."""

    @property
    def booths(self) -> FloatArray:
        """(n_pools, n_bins): seconds of booths open by the calendar."""
        return self.calendar.booths

    @property
    def positions(self) -> FloatArray:
        """The same, a tandem booth counting for each of its two positions: what can be busy at once."""
        return self.calendar.positions


def overtime(layout: Layout, rows: Rows) -> FloatArray:
    """Seconds that positions of closed booths were occupied, by pool and bin."""
    records, n_pools = rows.records, len(layout.network.pools)
    result = np.zeros((n_pools, len(layout.edges) - 1))
    if records.overtime.any():
        late = _Late(rows)
        for pool, log in enumerate(logs(records, n_pools)):
            if records.overtime[pool] > 0.0:
                result[pool] = late.overtime(pool, log, layout.edges)
    return result


def logs(records: Records, n_pools: int) -> list[Log]:
    """The log of each pool, in order of time."""
    order = np.argsort(records.staffing_pool, kind="stable")
    ends = np.searchsorted(records.staffing_pool[order], np.arange(n_pools + 1))
    parts = [order[ends[pool] : ends[pool + 1]] for pool in range(n_pools)]
    return [Log(records.staffing_time[part], records.staffing_open[part]) for part in parts]


def integral(since: FloatArray, count: IntArray, at: FloatArray) -> FloatArray:
    """Integral of the step function from its first instant to each of `at`."""
    if not since.size:
        return np.zeros(len(at))
    until = np.zeros(len(since))
    np.cumsum(count[:-1] * (since[1:] - since[:-1]), out=until[1:])
    piece = np.maximum(since.searchsorted(at, side="right") - 1, 0)
    return np.asarray(until[piece] + count[piece] * (at - since[piece]))


class _Late:
    """Occupied booths, of which some have closed."""

    def __init__(self, rows: Rows) -> None:
        stretches = occupied(rows)
        pools = np.array([station.pool for station in rows.network.stations])
        self.pool = pools[rows.records.station[stretches.row]]
        self.booth = rows.records.booth[stretches.row]
        self.start, self.end = stretches.start, stretches.end

    def overtime(self, pool: int, log: Log, edges: FloatArray) -> FloatArray:
        """Occupied time of booths with a number above those open, by bin.

        A loop over the pieces of the log: at most the changes of one pool's calendar in the horizon.
        """
        mine = np.flatnonzero(self.pool == pool)
        first, last = (np.searchsorted(log.since, at[mine], side="right") - 1 for at in (self.start, self.end))
        # Within one piece of the log a booth is open or it is not; the few that last longer are looked at below.
        mine = mine[(log.count[first] <= self.booth[mine]) | (first != last)]
        start, end, booth = self.start[mine], self.end[mine], self.booth[mine]
        total = np.zeros(len(edges) - 1)
        for since, until, count in zip(log.since, [*log.since[1:], np.inf], log.count, strict=True):
            late = np.flatnonzero((booth >= count) & (start < until) & (end > since))
            if not late.size:
                continue
            begins, stops = np.maximum(start[late], since), np.minimum(end[late], until)
            inside = np.clip(stops[:, None], edges[:-1], edges[1:]) - np.clip(begins[:, None], edges[:-1], edges[1:])
            total += np.cumsum(inside, axis=0)[-1]  # one after another, however many bins there are
        return total
