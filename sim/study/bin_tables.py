"""Measures by time bin, in the order of the layout's keys (`sim.study.bins` says what falls into which bin)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from sim.model.arrays import FloatArray, IntArray
from sim.study.catalogue import OUTCOME_PREFIX
from sim.study.layout import Layout
from sim.study.seen import Seen
from sim.study.staffing import Staffing
from sim.study.tallies import SUMS

_MINUTE = 60.0
_HOUR = 3600.0
_OF_TIME = (
    "queue_mean", "queue_max", "queue_metres_mean", "queue_metres_max", "spillback_share", "utilisation",
    "open_booths", "overtime_hours", "blocked_hours", "throughput",
)  # fmt: skip
QUANTILES = ("wait_p50", "wait_p90", "wait_p95", "wait_p99", "wait_max")
"""At `SHARES` of the waits."""
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
_TALLIES = [SUMS.index(tally) for tally, _ in _SUMS.values()]
_UNITS = np.array([[unit] for _, unit in _SUMS.values()])


def binned(
    layout: Layout, seen: Seen, staff: Staffing, full: FloatArray, kinds: Mapping[str, FloatArray]
) -> FloatArray:
    """Values of `Layout.bin_keys`, shape (n_bin_keys, n_bins).

    Args:
        layout: the rows.
        seen: of one replication.
        staff: open booths.
        full: (n_stations, n_bins) share of the time without room.
        kinds: measures that only some kinds of facility have, (n_columns, n_bins) each.
    """
    cells, bins, slots = layout.cells, len(layout.edges) - 1, layout.bin_slots
    owners = slice(cells.n_cells, None)
    table = np.full((len(slots), cells.n_columns, bins), np.nan)

    sums, outcomes, quantiles = _slots(layout)
    table[sums] = (seen.tallies.sums[:, _TALLIES] / _UNITS).transpose(1, 0, 2)
    table[outcomes] = seen.tallies.outcomes.transpose(1, 0, 2)
    table[quantiles] = seen.waits.in_bins / _MINUTE
    by_name = {name: table[slots[name]] for name in _OF_TIME}  # views, filled below
    by_name["queue_mean"][:] = cells.queues(seen.line.in_bins) / layout.bin_seconds
    by_name["queue_max"][:] = seen.peaks.parties
    if seen.road is not None and seen.peaks.metres is not None:
        by_name["queue_metres_mean"][:] = cells.queues(seen.road.in_bins) / layout.bin_seconds
        by_name["queue_metres_max"][:] = seen.peaks.metres
    by_name["spillback_share"][:] = _of_roads(layout, full)
    capacity = cells.pools_of_owners(staff.positions + staff.overtime)
    in_service = cells.primary(seen.busy.in_bins)[owners]
    np.divide(in_service, capacity, out=by_name["utilisation"][owners], where=capacity > 0.0)
    by_name["open_booths"][owners] = staff.calendar.booths_of_owners / layout.bin_seconds
    by_name["overtime_hours"][owners] = cells.pools_of_owners(staff.overtime) / _HOUR
    by_name["blocked_hours"][:] = cells.booths(seen.blocked.in_bins) / _HOUR
    by_name["throughput"][:] = cells.own(seen.left) / (layout.bin_seconds / _HOUR)
    for name, values in kinds.items():
        table[slots[name]] = values
    return table.reshape(-1, bins)[layout.bin_take]


@lru_cache(maxsize=8)
def _slots(layout: Layout) -> tuple[IntArray, IntArray, IntArray]:
    """Places in the table of the sums, of how parties ended, and of the quantiles."""
    groups = _SUMS, [OUTCOME_PREFIX + name for name in layout.network.outcomes], QUANTILES
    sums, ends, quantiles = (np.array([layout.bin_slots[name] for name in names], np.int64) for names in groups)
    return sums, ends, quantiles


def _of_roads(layout: Layout, full: FloatArray) -> FloatArray:
    """Per column: a station's own share of time without room, a facility's that of its approach."""
    cells, facilities = layout.cells, len(layout.network.facilities)
    result = np.full((cells.n_columns, full.shape[1]), np.nan)
    result[cells.n_cells + facilities :] = full
    columns, approaches = cells.approaches
    result[columns] = full[approaches]
    return result


def binned_by_start(layout: Layout, seen: Seen) -> FloatArray:
    """Values of `Layout.start_bin_keys`, shape (n_start_bin_keys, n_bins)."""
    table = layout.cells.own(seen.by_start).transpose(1, 0, 2)
    return table.reshape(-1, table.shape[2])[layout.start_bin_take]
