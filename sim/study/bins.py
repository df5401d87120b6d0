"""Measures by time bin.

Waits belong to the bin of joining, and in a second table to the bin in which service began. They are kept as a sum
and a count, because the mean of a bin over replications is a ratio of means. Time in line and in service is split
exactly across bins: no sampling.
"""

from __future__ import annotations

import numpy as np

from sim.study.bin_waits import over_standard, wait_quantiles
from sim.study.catalogue import OUTCOME_PREFIX, bin_table
from sim.study.cells import BoolArray, FloatArray, IntArray
from sim.study.layout import Layout
from sim.study.spells import Departures, Intervals, Spells
from sim.study.staffing import Staffing

_MINUTE = 60.0
_HOUR = 3600.0


def bin_of(layout: Layout, time: FloatArray) -> IntArray:
    """Bin of each instant in [warm_up, horizon]; the horizon itself is one past the last bin."""
    edges = np.append(layout.edges, np.inf)
    first = int(layout.network.warm_up / layout.bin_length)
    found = (time * (1.0 / layout.bin_length)).astype(np.int64)
    found -= first
    np.clip(found, 0, len(layout.edges) - 1, out=found)
    # The product is a rounding error off at an edge, and the last bin may be short.
    found -= time < edges[found]
    found += time >= edges[found + 1]
    return found


def _per_bin(layout: Layout, cell: IntArray, found: IntArray, weights: FloatArray | None = None) -> FloatArray:
    """Sum of the weights (or number) of rows by cell and bin, shape (n_cells, n_bins + 1)."""
    width = len(layout.edges)
    place = cell * width + found
    total = np.bincount(place, weights, minlength=layout.cells.n_cells * width)
    return total.astype(np.float64, copy=False).reshape(-1, width)


def time_in_bins(layout: Layout, stretches: Intervals) -> FloatArray:
    """Seconds of the stretches by cell and bin, shape (n_cells, n_bins).

    A stretch is what is later than its start less what is later than its end. In a bin, "later than x" is the rest
    of the bin when x lies in it, and the whole bin when x lies before.
    """
    until = np.append(layout.edges[1:], layout.network.horizon)
    begins, stops = bin_of(layout, stretches.start), bin_of(layout, stretches.end)
    partial = _per_bin(layout, stretches.cell, begins, until[begins] - stretches.start)
    partial = partial - _per_bin(layout, stretches.cell, stops, until[stops] - stretches.end)
    open_at_end = _per_bin(layout, stretches.cell, begins) - _per_bin(layout, stretches.cell, stops)
    carried = np.cumsum(open_at_end, axis=1) - open_at_end
    whole = np.maximum(partial[:, :-1] + carried[:, :-1] * layout.bin_seconds, 0.0)
    return np.asarray(whole)


def binned(
    layout: Layout,
    spells: Spells,
    departures: Departures,
    waiting: Intervals,
    busy: Intervals,
    blocked: Intervals,
    staff: Staffing,
) -> FloatArray:
    """Values of `Layout.bin_keys`, shape (n_bins, n_bin_keys)."""
    cells = layout.cells
    owners = slice(cells.n_cells, None)
    joined = bin_of(layout, spells.joined)
    waited = ~np.isnan(spells.wait)
    measures = bin_table(layout.network.outcomes)
    table = np.full((len(measures), cells.n_columns, len(layout.edges) - 1), np.nan)
    by_name = dict(zip((measure.name for measure in measures), table, strict=True))  # views, filled below
    arrivals, wait_sum, wait_count, queue, utilisation, open_booths, throughput = table[:7]  # order of BIN_TABLE
    arrivals[:] = cells.own(_per_bin(layout, spells.cell, joined)[:, :-1])
    wait_sum[:], wait_count[:] = _waits(layout, spells, joined, waited)
    queue[:] = cells.queues(time_in_bins(layout, waiting)) / layout.bin_seconds
    capacity = cells.pools_of_owners(staff.positions + staff.overtime)
    in_service = cells.primary(time_in_bins(layout, busy))[owners]
    np.divide(in_service, capacity, out=utilisation[owners], where=capacity > 0.0)
    open_booths[owners] = cells.pools_of_owners(staff.booths) / layout.bin_seconds
    left = bin_of(layout, departures.at)
    throughput[:] = cells.own(_per_bin(layout, departures.cell, left)[:, :-1]) / (layout.bin_seconds / _HOUR)
    for name, minutes in wait_quantiles(layout, spells, joined).items():
        by_name[name][:] = minutes
    over = over_standard(layout, spells)
    judged = ~np.isnan(over)
    longer = cells.own(_per_bin(layout, spells.cell[judged], joined[judged], over[judged])[:, :-1])
    of = cells.own(_per_bin(layout, spells.cell[judged], joined[judged])[:, :-1])
    np.divide(longer, of, out=by_name["over_standard_share"], where=of > 0.0)
    delay = spells.wait[waited] * spells.size[waited]
    by_name["person_hours_delay"][:] = cells.own(_per_bin(layout, spells.cell[waited], joined[waited], delay)[:, :-1])
    by_name["person_hours_delay"] /= _HOUR
    by_name["referrals"][:] = cells.own(_per_bin(layout, spells.cell[spells.referred], joined[spells.referred])[:, :-1])
    _fill_the_rest(layout, by_name, spells, joined, blocked, staff)
    return np.ascontiguousarray(table.reshape(-1, table.shape[-1])[layout.bin_take].T)


def _fill_the_rest(
    layout: Layout,
    by_name: dict[str, FloatArray],
    spells: Spells,
    joined: IntArray,
    blocked: Intervals,
    staff: Staffing,
) -> None:
    """Outcomes and time in system by the bin of joining; blocked, open and overtime by the bin they fall in."""
    cells = layout.cells
    owners = slice(cells.n_cells, None)
    left = ~np.isnan(spells.in_system)
    total = cells.own(_per_bin(layout, spells.cell[left], joined[left], spells.in_system[left])[:, :-1]) / _MINUTE
    count = cells.own(_per_bin(layout, spells.cell[left], joined[left])[:, :-1])
    np.divide(total, count, out=by_name["time_in_system_mean"], where=count > 0.0)
    for index, name in enumerate(layout.network.outcomes):
        ended = spells.outcome == index
        by_name[OUTCOME_PREFIX + name][:] = cells.own(_per_bin(layout, spells.cell[ended], joined[ended])[:, :-1])
    by_name["blocked_hours"][:] = cells.booths(time_in_bins(layout, blocked)) / _HOUR
    by_name["booth_hours"][owners] = cells.pools_of_owners(staff.booths) / _HOUR
    by_name["overtime_hours"][owners] = cells.pools_of_owners(staff.overtime) / _HOUR


def binned_by_start(layout: Layout, spells: Spells) -> FloatArray:
    """Values of `Layout.start_bin_keys`, shape (n_bins, n_start_bin_keys); starts after the horizon are in no bin."""
    started = spells.begun < layout.network.horizon
    found = bin_of(layout, np.where(started, spells.begun, layout.network.horizon))
    table = np.stack(_waits(layout, spells, found, started))  # order of START_BIN_TABLE
    return np.ascontiguousarray(table.reshape(-1, table.shape[-1])[layout.start_bin_take].T)


def _waits(layout: Layout, spells: Spells, found: IntArray, kept: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Sum in minutes and count of the waits kept, by column and bin."""
    cell, found = spells.cell[kept], found[kept]
    total = _per_bin(layout, cell, found, spells.wait[kept])[:, :-1]
    count = _per_bin(layout, cell, found)[:, :-1]
    return layout.cells.own(total) / _MINUTE, layout.cells.own(count)
