"""Measures by time bin.

Waits belong to the bin of joining, and in a second table to the bin in which service began. They are kept as sums
and counts, because the mean of a bin over replications is a ratio of means. Time in line and in service is split
exactly across bins: no sampling.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.study.catalogue import OUTCOME_PREFIX, bin_table
from sim.study.cells import FloatArray, IntArray
from sim.study.layout import Layout
from sim.study.lines import Peaks
from sim.study.quantiles import Grouped
from sim.study.spells import Departures, Intervals, Spells
from sim.study.staffing import Staffing, integral
from sim.study.tallies import Tallies

_MINUTE = 60.0
_HOUR = 3600.0
QUANTILES = {"wait_p50": 0.50, "wait_p90": 0.90, "wait_p95": 0.95, "wait_p99": 0.99, "wait_max": 1.0}
_SUMS = {
    "arrivals": ("arrivals", 1.0),
    "wait_sum": ("wait", _MINUTE),
    "wait_count": ("waits", 1.0),
    "person_hours_delay": ("person_wait", _HOUR),
    "wait_persons": ("persons", 1.0),
    "wait_left_sum": ("gone_wait", _MINUTE),
    "wait_left_count": ("gone", 1.0),
    "over_standard_count": ("over", 1.0),
    "over_standard_sum": ("over_by", _MINUTE),
    "in_system_sum": ("in_system", _MINUTE),
    "in_system_count": ("left", 1.0),
    "referrals": ("referred", 1.0),
    "inspected_count": ("inspected", 1.0),
    "censored_count": ("censored", 1.0),
}
"""Binned measure: the tally it is, and what that is divided by."""


def bin_of(layout: Layout, time: FloatArray) -> IntArray:
    """Bin of each instant in [warm_up, horizon]; the horizon itself is one past the last bin."""
    edges = np.append(layout.edges, np.inf)
    first = int(layout.network.warm_up / layout.bin_length)
    found = (time * (1.0 / layout.bin_length)).astype(np.int64)
    found -= first
    np.minimum(np.maximum(found, 0, out=found), len(layout.edges) - 1, out=found)
    # The product is a rounding error off at an edge, and the last bin may be short.
    found -= time < edges[found]
    found += time >= edges[found + 1]
    return found


class Stretches:
    """Stretches of time, each with the bins in which it begins and ends."""

    def __init__(self, layout: Layout, stretches: Intervals) -> None:
        self.layout, self.stretches = layout, stretches
        self.begins, self.stops = bin_of(layout, stretches.start), bin_of(layout, stretches.end)

    def in_bins(self, weights: FloatArray | None = None) -> FloatArray:
        """Seconds (times a weight each) of the stretches by cell and bin, shape (n_cells, n_bins).

        A stretch is what is later than its start less what is later than its end. In a bin, "later than x" is the
        rest of the bin when x lies in it, and the whole bin when x lies before.
        """
        layout, stretches = self.layout, self.stretches
        until = np.append(layout.edges[1:], layout.network.horizon)
        rest = until[self.begins] - stretches.start, until[self.stops] - stretches.end
        if weights is not None:
            rest = rest[0] * weights, rest[1] * weights
        width = len(layout.edges)
        begins, stops = stretches.cell * width + self.begins, stretches.cell * width + self.stops

        def added(place: IntArray, amount: FloatArray | None) -> FloatArray:
            total = np.bincount(place, amount, minlength=layout.cells.n_cells * width)
            return total.astype(np.float64, copy=False).reshape(-1, width)

        partial = added(begins, rest[0]) - added(stops, rest[1])
        open_at_end = added(begins, weights) - added(stops, weights)
        carried = np.cumsum(open_at_end, axis=1) - open_at_end
        return np.asarray(np.maximum(partial[:, :-1] + carried[:, :-1] * layout.bin_seconds, 0.0))


def binned(
    layout: Layout,
    tallies: Tallies,
    waits: Grouped,
    departures: Departures,
    line: Stretches,
    space: FloatArray,
    peaks: Peaks,
    busy: Stretches,
    blocked: Stretches,
    staff: Staffing,
    full: FloatArray,
    kinds: Mapping[str, FloatArray],
) -> FloatArray:
    """Values of `Layout.bin_keys`, shape (n_bin_keys, n_bins).

    Args:
        layout: the rows.
        tallies: of the parties.
        waits: by column and bin.
        departures: who left.
        line: when each visit waited, with the metres it took in `space`, and how long the lines got in `peaks`.
        space: see `line`.
        peaks: see `line`.
        busy: when each visit was in service.
        blocked: when it was held after that.
        staff: open booths.
        full: (n_stations, n_bins) share of the time without room.
        kinds: measures that only some kinds of facility have, (n_columns, n_bins) each.
    """
    cells, bins = layout.cells, len(layout.edges) - 1
    owners = slice(cells.n_cells, None)
    measures = bin_table(layout.network.outcomes)
    table = np.full((len(measures), cells.n_columns, bins), np.nan)
    by_name = dict(zip((measure.name for measure in measures), table, strict=True))  # views, filled below
    for name, (sums, unit) in _SUMS.items():
        np.divide(tallies.binned(sums), unit, out=by_name[name])
    for at, outcome in enumerate(layout.network.outcomes):
        by_name[OUTCOME_PREFIX + outcome][:] = tallies.outcomes[:, at]
    for name, seconds in zip(QUANTILES, waits.quantiles(tuple(QUANTILES.values())), strict=True):
        np.divide(seconds.reshape(-1, bins), _MINUTE, out=by_name[name])
    by_name["queue_mean"][:] = cells.queues(line.in_bins()) / layout.bin_seconds
    by_name["queue_max"][:] = peaks.parties
    if peaks.metres is not None:
        by_name["queue_metres_mean"][:] = cells.queues(line.in_bins(space)) / layout.bin_seconds
        by_name["queue_metres_max"][:] = peaks.metres
    by_name["spillback_share"][:] = _of_roads(layout, full)
    capacity = cells.pools_of_owners(staff.positions + staff.overtime)
    in_service = cells.primary(busy.in_bins())[owners]
    np.divide(in_service, capacity, out=by_name["utilisation"][owners], where=capacity > 0.0)
    by_name["open_booths"][owners] = cells.pools_of_owners(staff.booths) / layout.bin_seconds
    by_name["overtime_hours"][owners] = cells.pools_of_owners(staff.overtime) / _HOUR
    by_name["blocked_hours"][:] = cells.booths(blocked.in_bins()) / _HOUR
    left = np.bincount(departures.cell * bins + bin_of(layout, departures.at), minlength=cells.n_cells * bins)
    by_name["throughput"][:] = cells.own(left.reshape(-1, bins)) / (layout.bin_seconds / _HOUR)
    for name, values in kinds.items():
        by_name[name][:] = values
    return table.reshape(-1, bins)[layout.bin_take]


def _of_roads(layout: Layout, full: FloatArray) -> FloatArray:
    """Per column: a station's own share of time without room, a facility's that of its approach."""
    cells, facilities = layout.cells, len(layout.network.facilities)
    result = np.full((cells.n_columns, full.shape[1]), np.nan)
    result[cells.n_cells + facilities :] = full
    for facility in range(facilities):
        if (approach := cells.approach(facility)) >= 0:
            result[cells.column_of(facility)] = full[approach]
    return result


def full_in_bins(layout: Layout, time: FloatArray, station: IntArray, state: IntArray) -> FloatArray:
    """Share of each bin in which a station had no room, from the log of the records: (n_stations, n_bins)."""
    stations = len(layout.network.stations)
    ends = np.searchsorted(station, np.arange(stations + 1))
    shares = np.zeros((stations, len(layout.edges) - 1))
    for at in np.flatnonzero(np.diff(ends)).tolist():
        mine = slice(int(ends[at]), int(ends[at + 1]))
        since, count = np.append(0.0, time[mine]), np.append(0, state[mine])
        shares[at] = np.diff(integral(since, count, layout.edges)) / layout.bin_seconds
    return shares


def binned_by_start(layout: Layout, spells: Spells) -> FloatArray:
    """Values of `Layout.start_bin_keys`, shape (n_start_bin_keys, n_bins); starts after the horizon are in no bin."""
    cells, bins = layout.cells, len(layout.edges) - 1
    row = np.flatnonzero(spells.begun < layout.network.horizon)
    place = spells.cell[row] * bins + bin_of(layout, spells.begun[row])
    size = cells.n_cells * bins
    total = np.bincount(place, spells.wait[row] / _MINUTE, minlength=size)
    count = np.bincount(place, minlength=size).astype(np.float64)
    # Order of START_BIN_TABLE.
    both: FloatArray = np.stack([total.reshape(-1, bins), count.reshape(-1, bins)], axis=1)
    table = cells.own(both).transpose(1, 0, 2)
    return table.reshape(-1, bins)[layout.start_bin_take]
