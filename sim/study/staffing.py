"""Open booth time and overtime of every pool, split over the time bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.engine.records import Records
from sim.study.cells import FloatArray, IntArray
from sim.study.layout import Layout
from sim.study.spells import Rows, occupied


@dataclass(frozen=True, eq=False)
class Staffing:
    """Seconds, each of shape (n_pools, n_bins)."""

    booths: FloatArray
    """Booth time open by the calendar."""
    positions: FloatArray
    """The same, a tandem booth counting for each of its two positions: what can be busy at once."""
    overtime: FloatArray
    """Time positions of closed booths were occupied, from the visits."""


@dataclass(frozen=True, eq=False)
class _Log:
    """Changes of one pool: `count[i]` servers are open over [since[i], since[i + 1])."""

    since: FloatArray
    count: IntArray


def staffing(layout: Layout, rows: Rows) -> Staffing:
    """Split the staffing log and the overtime of the visits over the bins of the layout."""
    records, edges = rows.records, layout.edges
    n_pools = len(layout.network.pools)
    booths, positions, overtime = (np.zeros((n_pools, len(edges) - 1)) for _ in range(3))
    for pool, log in enumerate(_logs(records, n_pools)):
        tandem = max((s.tandem for s in layout.network.stations if s.pool == pool), default=0)
        booths[pool] = np.diff(_integral(log.since, log.count, edges))
        positions[pool] = booths[pool]
        if tandem:
            positions[pool] += np.diff(_integral(log.since, np.minimum(log.count, tandem), edges))
        if records.overtime[pool] > 0.0:
            overtime[pool] = _overtime(rows, pool, log, edges)
    return Staffing(booths, positions, overtime)


def _logs(records: Records, n_pools: int) -> list[_Log]:
    """The log of each pool, in order of time."""
    order = np.argsort(records.staffing_pool, kind="stable")
    ends = np.searchsorted(records.staffing_pool[order], np.arange(n_pools + 1))
    parts = [order[ends[pool] : ends[pool + 1]] for pool in range(n_pools)]
    return [_Log(records.staffing_time[part], records.staffing_open[part]) for part in parts]


def _integral(since: FloatArray, count: IntArray, at: FloatArray) -> FloatArray:
    """Integral of the step function from its first instant to each of `at`."""
    if not since.size:
        return np.zeros(len(at))
    until = np.concatenate([[0.0], np.cumsum(count[:-1] * np.diff(since))])
    piece = np.maximum(np.searchsorted(since, at, side="right") - 1, 0)
    return np.asarray(until[piece] + count[piece] * (at - since[piece]))


def _overtime(rows: Rows, pool: int, log: _Log, edges: FloatArray) -> FloatArray:
    """Occupied time of booths with a number above those open, by bin.

    A loop over the pieces of the log: at most the changes of one pool's calendar in the horizon.
    """
    stretches = occupied(rows)
    stations = np.array([station.pool == pool for station in rows.network.stations])
    mine = np.flatnonzero(stations[rows.records.station[stretches.row]])
    start, end, booth = stretches.start[mine], stretches.end[mine], rows.records.booth[stretches.row[mine]]
    total = np.zeros(len(edges) - 1)
    for since, until, count in zip(log.since, [*log.since[1:], np.inf], log.count, strict=True):
        late = (booth >= count) & (start < until) & (end > since)
        begins, stops = np.maximum(start[late], since), np.minimum(end[late], until)
        inside = np.clip(stops[:, None], edges[:-1], edges[1:]) - np.clip(begins[:, None], edges[:-1], edges[1:])
        total += inside.sum(axis=0)
    return total
