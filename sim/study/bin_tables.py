"""Measures by time bin, in the order of the layout's keys (`sim.study.bins` says what falls into which bin)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sim.model.arrays import FloatArray, IntArray
from sim.study.catalogue import OUTCOME_PREFIX
from sim.study.cells import Cells
from sim.study.layout import Layout
from sim.study.looked import OfBins
from sim.study.tallies import SUMS

MINUTE = 60.0
HOUR = 3600.0
_OF_TIME = (
    "queue_mean", "queue_max", "queue_metres_mean", "queue_metres_max", "spillback_share", "utilisation",
    "open_booths", "overtime_hours", "blocked_hours", "throughput",
)  # fmt: skip
_OF_ALL = {"queue_mean", "queue_max", "blocked_hours", "throughput"}
"""Those of them that every column has."""
QUANTILES = ("wait_p50", "wait_p90", "wait_p95", "wait_p99", "wait_max")
"""At `SHARES` of the waits."""
SUMS_OF = {
    "arrivals": ("arrivals", 1.0),
    "wait_sum": ("wait", MINUTE),
    "wait_count": ("waits", 1.0),
    "person_hours_delay": ("person_wait", HOUR),
    "wait_persons": ("persons", 1.0),
    "wait_left_sum": ("gone_wait", MINUTE),
    "wait_left_count": ("gone", 1.0),
    "over_standard_count": ("over", 1.0),
    "over_standard_sum": ("over_by", MINUTE),
    "in_system_sum": ("in_system", MINUTE),
    "in_system_count": ("left", 1.0),
    "referrals": ("referred", 1.0),
    "inspected_count": ("inspected", 1.0),
    "censored_count": ("censored", 1.0),
}
"""Binned measure: the tally it is, and what that is divided by."""
_TALLIES = [SUMS.index(tally) for tally, _ in SUMS_OF.values()]
_UNITS = np.array([[unit] for _, unit in SUMS_OF.values()])


def put_binned(
    layout: Layout, of: OfBins, sums: FloatArray, outcomes: FloatArray, bins: FloatArray, by_start: FloatArray
) -> None:
    """Values of `Layout.bin_keys` and `Layout.start_bin_keys` of replications, where they belong.

    Args:
        layout: the rows.
        of: the replications.
        sums: those of `of` by columns instead of cells, (n_columns, SUMS, n_bins).
        outcomes: the same.
        bins: what is written to, (replications, n_bin_keys, n_bins).
        by_start: the same of measures by the bin of starting.
    """
    shape = (-1, len(bins), len(layout.bin_seconds))
    bins[:] = binned(layout, of, sums, outcomes).reshape(shape).swapaxes(0, 1)
    by_start[:] = binned_by_start(layout, of).reshape(shape).swapaxes(0, 1)


def binned(layout: Layout, of: OfBins, sums: FloatArray, outcomes: FloatArray) -> FloatArray:
    """Values of `Layout.bin_keys`, shape (n_bin_keys, n_bins), of the bins of a replication or of several.

    Args:
        layout: the rows.
        of: the replications.
        sums: those of `of` by columns instead of cells, (n_columns, SUMS, n_bins).
        outcomes: the same.
    """
    cells, slots, bins = layout.cells, layout.bin_slots, sums.shape[2]
    owners, seconds = slice(cells.n_cells, None), np.tile(layout.bin_seconds, bins // len(layout.bin_seconds))
    table = np.empty((len(slots), cells.n_columns, bins))

    places_of_sums, places_of_outcomes, quantiles, not_of_all = _slots(layout)
    table[not_of_all] = np.nan
    table[places_of_sums] = (sums[:, _TALLIES] / _UNITS).transpose(1, 0, 2)
    table[places_of_outcomes] = outcomes.transpose(1, 0, 2)
    table[quantiles] = of.waits / MINUTE
    by_name = {name: table[slots[name]] for name in _OF_TIME}  # views, filled below
    np.divide(cells.queues(of.line), seconds, out=by_name["queue_mean"])
    by_name["queue_max"][:] = of.parties
    if of.road is not None and of.metres is not None:
        np.divide(cells.queues(of.road), seconds, out=by_name["queue_metres_mean"])
        by_name["queue_metres_max"][:] = of.metres
    _put_roads(layout, of.full, by_name["spillback_share"])
    by_name["utilisation"][owners] = utilisation(cells, of)
    np.divide(of.booths, seconds, out=by_name["open_booths"][owners])
    np.divide(cells.pools_of_owners(of.overtime), HOUR, out=by_name["overtime_hours"][owners])
    np.divide(cells.booths(of.blocked), HOUR, out=by_name["blocked_hours"])
    np.divide(cells.own(of.left), seconds / HOUR, out=by_name["throughput"])
    for name, values in of.kinds.items():
        table[slots[name]] = values
    return table.reshape(-1, bins)[layout.bin_take]


def utilisation(cells: Cells, of: OfBins) -> FloatArray:
    """Share of the open positions that were busy, (n_owners, n_bins); NaN where none was open."""
    capacity, in_service = cells.pools_of_owners(of.positions + of.overtime), cells.primary(of.busy)[cells.n_cells :]
    share: FloatArray = np.divide(in_service, capacity, out=np.full(capacity.shape, np.nan), where=capacity > 0.0)
    return share


@lru_cache(maxsize=8)
def _slots(layout: Layout) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Places in the table of the sums, of how parties ended, of the quantiles, and of what not every column has."""
    named = SUMS_OF, [OUTCOME_PREFIX + name for name in layout.network.outcomes], QUANTILES
    everywhere = {name for names in named for name in names} | _OF_ALL
    groups = *named, [name for name in layout.bin_slots if name not in everywhere]
    sums, ends, quantiles, rest = (np.array([layout.bin_slots[name] for name in names], np.int64) for names in groups)
    return sums, ends, quantiles, rest


def _put_roads(layout: Layout, full: FloatArray, shares: FloatArray) -> None:
    """Per column: a station's own share of time without room, a facility's that of its approach."""
    cells, facilities = layout.cells, len(layout.network.facilities)
    shares[cells.n_cells + facilities :] = full
    columns, approaches = cells.approaches
    shares[columns] = full[approaches]


def binned_by_start(layout: Layout, of: OfBins) -> FloatArray:
    """Values of `Layout.start_bin_keys`, shape (n_start_bin_keys, n_bins), likewise."""
    table = layout.cells.own(of.by_start).transpose(1, 0, 2)
    return table.reshape(-1, table.shape[2])[layout.start_bin_take]
