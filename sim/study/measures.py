"""The measures of one replication (sections of docs/theory.md on measures), vectorised.

`Layout.of` fixes the rows once for a network; `measure` turns the records of a replication into the values of those
rows. A measure of no parties is NaN, never 0; a count of them is 0. Party measures cover parties that joined within
[warm_up, horizon) without the initial queue, however late they are served; time averages cover [warm_up, horizon).
Quantiles are numpy's default (type 7 of Hyndman and Fan 1996, doi 10.1080/00031305.1996.10473566).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.engine.records import Records
from sim.errors import SimulationError
from sim.model.arrays import FloatArray
from sim.model.parties import Parties
from sim.study.bin_tables import binned, binned_by_start
from sim.study.bins import full_in_bins
from sim.study.catalogue import OUTCOME_PREFIX, catalogue
from sim.study.cells import Cells
from sim.study.kinds import measures_of_kinds
from sim.study.layout import ALL, Key, Layout, Standard
from sim.study.lines import Integrals, integrals
from sim.study.recovery import recovery
from sim.study.seen import See, Seen, see
from sim.study.staffing import Calendar, Staffing
from sim.study.tallies import SUMS, Tallies

__all__ = ["ALL", "FloatArray", "Integrals", "Key", "Layout", "Measured", "Standard", "integrals", "measure"]

_MINUTE = 60.0
_HOUR = 3600.0
_RATIOS = {
    "wait_mean": ("wait", "waits", _MINUTE),
    "wait_person_mean": ("person_wait", "persons", _MINUTE),
    "wait_left_mean": ("gone_wait", "gone", _MINUTE),
    "over_standard_share": ("over", "waits", 1.0),
    "over_standard_mean": ("over_by", "waits", _MINUTE),
    "inspected_share": ("inspected", "waits", 1.0),
    "censored_share": ("censored", "arrivals", 1.0),
}
"""Measure: which tally over which, and what that is divided by."""
_ABOVE, _BELOW = ([SUMS.index(ratio[side]) for ratio in _RATIOS.values()] for side in (0, 1))
_UNITS = np.array([unit for _, _, unit in _RATIOS.values()])

Columns = dict[str, FloatArray]
"""Measure to its value per column of `Cells`."""


@dataclass(frozen=True, eq=False)
class Measured:
    """The measures of one replication, in the order of the layout's keys."""

    values: FloatArray
    """(n_keys,) for `Layout.keys`."""
    bins: FloatArray
    """(n_bin_keys, n_bins) for `Layout.bin_keys`: waits by the bin of joining."""
    bins_by_start: FloatArray
    """(n_start_bin_keys, n_bins) for `Layout.start_bin_keys`: waits by the bin in which service began."""
    survival: FloatArray
    """(groups, waits) of `sim.study.survival`: share of parties waiting longer."""


def measure(layout: Layout, parties: Parties, records: Records, look: See = see) -> Measured:
    """Measure one replication.

    Args:
        layout: the rows.
        parties: of the replication.
        records: of it.
        look: how the records are read; the numbers do not depend on it.

    Raises:
        SimulationError: the records hold a visit or an outcome that no rule of the network leads to.
    """
    seen = look(layout, parties, records)
    staff = Staffing(Calendar.of(layout, records), seen.overtime)
    special = any(one.hall is not None or one.flow is not None for one in layout.network.facilities)
    of_kinds, of_kinds_by_bin = measures_of_kinds(layout, seen.rows(), staff) if special else ({}, {})
    columns = (
        _parties(layout, seen.tallies, seen.waits.whole)
        | _time_in_system(layout.cells, seen)
        | _lines(layout, records, seen)
        | _booths(layout, records, seen, staff)
        | _throughput(layout, seen)
        | {"recovery": recovery(layout, seen.rows)}
        | of_kinds
    )
    table = np.full((len(layout.slots), layout.cells.n_columns), np.nan)
    for name, values in columns.items():
        table[layout.slots[name]] = values
    _check_outcomes(layout, table)
    full = full_in_bins(layout, records.full_time, records.full_station, records.full_state)
    return Measured(
        values=table.ravel()[layout.take],
        bins=binned(layout, seen, staff, full, of_kinds_by_bin),
        bins_by_start=binned_by_start(layout, seen),
        survival=seen.waits.survival,
    )


def _check_outcomes(layout: Layout, table: FloatArray) -> None:
    """Every outcome counted has a row, so that arrivals = outcomes + inside can be checked from the rows."""
    found = layout.unexpected[table.ravel()[layout.unexpected] != 0.0]
    if found.size:
        slot = int(found[0]) // layout.cells.n_columns
        name = catalogue(layout.network.outcomes)[slot].name.removeprefix(OUTCOME_PREFIX)
        raise SimulationError(f"a party ended as {name!r} where no rule of the network leads to it")


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient, NaN where the divisor is 0."""
    quotient: FloatArray = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0.0)
    return quotient


def _parties(layout: Layout, tallies: Tallies, waits: FloatArray) -> Columns:
    """Arrivals, how they ended, their waits, and who was inspected: sums over the bins and quantiles."""
    total = tallies.whole()
    ratios = dict(zip(_RATIOS, (_ratio(total[:, _ABOVE], total[:, _BELOW]) / _UNITS).T, strict=True))
    p50, p90, p95, p99, longest = waits / _MINUTE
    mean = ratios["wait_mean"]
    outcomes = tallies.outcomes.sum(axis=2).T
    return {
        **{OUTCOME_PREFIX + name: outcomes[at] for at, name in enumerate(layout.network.outcomes)},
        **ratios,
        "arrivals": total[:, SUMS.index("arrivals")],
        "wait_p50": p50,
        "wait_p90": p90,
        "wait_p95": p95,
        "wait_p99": p99,
        "wait_max": longest,
        "buffer_index": _ratio(p95 - mean, mean),
        "person_hours_delay": total[:, SUMS.index("person_wait")] / _HOUR,
        "referrals": total[:, SUMS.index("referred")],
    }


def _time_in_system(cells: Cells, seen: Seen) -> Columns:
    seconds, count = cells.own(seen.in_system.sums).T
    return {"time_in_system_mean": _ratio(seconds, count) / _MINUTE, "time_in_system_p95": seen.in_system.p95 / _MINUTE}


def _lines(layout: Layout, records: Records, seen: Seen) -> Columns:
    """Queue lengths, and how long there was no room for more."""
    cells, network = layout.cells, layout.network
    window = network.horizon - network.warm_up
    full = np.full(cells.n_columns, np.nan)
    full[len(network.facilities) + cells.n_cells :] = records.full_integral / window
    columns, approaches = cells.approaches
    full[columns] = records.full_integral[approaches] / window
    found = {
        "queue_mean": cells.queues(seen.line.seconds) / window,
        "queue_max": seen.peaks.parties.max(axis=1),
        "spillback_share": full,
    }
    if seen.road is not None and seen.peaks.metres is not None:
        found["queue_metres_mean"] = cells.queues(seen.road.seconds) / window
        found["queue_metres_max"] = seen.peaks.metres.max(axis=1)
    return found


def _booths(layout: Layout, records: Records, seen: Seen, staff: Staffing) -> Columns:
    """Busy, blocked and open booth time; a facility's utilisation and booth-hours are those of primary."""
    cells = layout.cells
    held, in_service = cells.booths(seen.blocked.seconds), cells.primary(seen.busy.seconds)
    of_owners = np.full((3, cells.n_columns), np.nan)
    overtime = cells.pools_of_owners(records.overtime)
    booths, positions = staff.calendar.hours_of_owners.T
    of_owners[:, cells.n_cells :] = (
        _ratio(in_service[cells.n_cells :], positions + overtime),
        booths / _HOUR,
        overtime / _HOUR,
    )
    return {
        "blocked_hours": held / _HOUR,
        "utilisation": of_owners[0],
        "booth_hours": of_owners[1],
        "overtime_hours": of_owners[2],
    }


def _throughput(layout: Layout, seen: Seen) -> Columns:
    network = layout.network
    hours = (network.horizon - network.warm_up) / _HOUR
    return {"throughput": layout.cells.own(seen.left.sum(axis=1)) / hours}
