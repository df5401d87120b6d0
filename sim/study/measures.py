"""The measures of one replication (sections of docs/theory.md on measures), vectorised.

`Layout.of` fixes the rows once for a network; `measure` turns the records of a replication into the values of those
rows. A measure of no parties is NaN, never 0; a count of them is 0. Party measures cover parties that joined within
[warm_up, horizon) without the initial queue, however late they are served; time averages cover [warm_up, horizon).
Quantiles are numpy's default (type 7 of Hyndman and Fan 1996, doi 10.1080/00031305.1996.10473566).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.engine.records import INSIDE, Records
from sim.errors import SimulationError
from sim.model.parties import Parties
from sim.study.bins import binned, binned_by_start
from sim.study.catalogue import OUTCOME_PREFIX, catalogue
from sim.study.cells import Cells, FloatArray, IntArray
from sim.study.layout import ALL, Key, Layout, Standard, promised
from sim.study.lines import Integrals, integrals, metres, peaks, time_in_state
from sim.study.recovery import recovery
from sim.study.spells import Departures, Intervals, Rows, Spells, blocked, busy, read, waiting
from sim.study.staffing import Staffing, staffing
from sim.study.survival import survival

__all__ = ["ALL", "FloatArray", "Integrals", "Key", "Layout", "Measured", "Standard", "integrals", "measure"]

_MINUTE = 60.0
_HOUR = 3600.0
_SHARES = (0.50, 0.90, 0.95, 0.99, 1.0)

Columns = dict[str, FloatArray]
"""Measure to its value per column of `Cells`."""


@dataclass(frozen=True, eq=False)
class Measured:
    """The measures of one replication, in the order of the layout's keys."""

    values: FloatArray
    """(n_keys,) for `Layout.keys`."""
    bins: FloatArray
    """(n_bins, n_bin_keys) for `Layout.bin_keys`: waits by the bin of joining."""
    bins_by_start: FloatArray
    """(n_bins, n_start_bin_keys) for `Layout.start_bin_keys`: waits by the bin in which service began."""
    survival: FloatArray
    """(groups, waits) of `sim.study.survival`: share of parties waiting longer."""


def measure(layout: Layout, parties: Parties, records: Records) -> Measured:
    """Measure one replication.

    Raises:
        SimulationError: the records hold a visit or an outcome that no rule of the network leads to.
    """
    cells = layout.cells
    rows = Rows.of(cells, parties, records)
    spells, departures = read(rows)
    line, service, held = waiting(rows), busy(rows), blocked(rows)
    staff = staffing(layout, rows)
    columns = (
        _counts(layout, spells)
        | _waits(cells, spells, departures)
        | _over_standard(layout, spells)
        | _time_in_system(cells, spells)
        | _lines(layout, rows, line)
        | _booths(layout, rows, service, held, staff)
        | _throughput(layout, departures)
        | {"recovery": recovery(rows, line)}
    )
    blank = np.full(cells.n_columns, np.nan)
    table = np.stack([columns.get(m.name, blank) for m in catalogue(layout.network.outcomes)])
    _check_outcomes(layout, table)
    return Measured(
        values=table.ravel()[layout.take],
        bins=binned(layout, spells, departures, line, service, held, staff),
        bins_by_start=binned_by_start(layout, spells),
        survival=survival(layout, spells),
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
    quotient: FloatArray = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0.0)
    return quotient


def _count(cells: Cells, cell: IntArray, weights: FloatArray | None = None) -> FloatArray:
    """Rows (or their weights added up) per column."""
    return cells.own(np.bincount(cell, weights, minlength=cells.n_cells))


def _counts(layout: Layout, spells: Spells) -> Columns:
    """Arrivals, outcomes, referrals, and who was still waiting at the end."""
    cells, names = layout.cells, layout.network.outcomes
    begun = ~np.isnan(spells.begun)
    arrivals = _count(cells, spells.cell)
    # Column 0 is INSIDE, column 1 MOVED_ON, then the outcomes.
    place = spells.cell * (len(names) + 2) + (spells.outcome + 2)
    tally = np.bincount(place, minlength=cells.n_cells * (len(names) + 2)).reshape(-1, len(names) + 2)
    outcomes = cells.own(tally)[:, 2:].T
    waiting_at_end = _count(cells, spells.cell[(spells.outcome == INSIDE) & ~begun])
    inspected = _count(cells, spells.cell[spells.referred & begun])
    counts = {OUTCOME_PREFIX + name: outcomes[i] for i, name in enumerate(names)}
    return counts | {
        "arrivals": arrivals,
        "referrals": _count(cells, spells.cell[spells.referred]),
        "inspected_share": _ratio(inspected, _count(cells, spells.cell[begun])),
        "censored_share": _ratio(waiting_at_end, arrivals),
    }


def _waits(cells: Cells, spells: Spells, departures: Departures) -> Columns:
    waited = ~np.isnan(spells.wait)
    cell, wait, size = spells.cell[waited], spells.wait[waited], spells.size[waited].astype(np.float64)
    gone = departures.gone_cell
    mean = _ratio(_count(cells, cell, wait), _count(cells, cell)) / _MINUTE
    person_seconds = _count(cells, cell, wait * size)
    quantiles = [q / _MINUTE for q in _quantiles(cells, cell, wait, _SHARES)]
    p50, p90, p95, p99, longest = quantiles
    return {
        "wait_mean": mean,
        "wait_p50": p50,
        "wait_p90": p90,
        "wait_p95": p95,
        "wait_p99": p99,
        "wait_max": longest,
        "buffer_index": _ratio(p95 - mean, mean),
        "wait_person_mean": _ratio(person_seconds, _count(cells, cell, size)) / _MINUTE,
        "wait_left_mean": _ratio(_count(cells, gone, departures.gone_wait), _count(cells, gone)) / _MINUTE,
        "person_hours_delay": person_seconds / _HOUR,
    }


def _over_standard(layout: Layout, spells: Spells) -> Columns:
    """How often and by how much waits exceed the standard that held when the party joined."""
    cells = layout.cells
    over, counted = np.zeros((2, cells.n_cells)), np.zeros(cells.n_cells)
    for facility, standard in enumerate(layout.standards):
        if standard is None:
            continue
        begin, end = np.searchsorted(spells.cell, cells.begin[facility : facility + 2])
        mine = begin + np.flatnonzero(~np.isnan(spells.wait[begin:end]))
        cell = spells.cell[mine]
        excess = np.maximum(spells.wait[mine] - promised(standard, spells.joined[mine]), 0.0)
        over[0] += np.bincount(cell, excess > 0.0, minlength=cells.n_cells)
        over[1] += np.bincount(cell, excess, minlength=cells.n_cells)
        counted += np.bincount(cell, minlength=cells.n_cells)
    total = cells.own(counted)
    return {
        "over_standard_share": _ratio(cells.own(over[0]), total),
        "over_standard_mean": _ratio(cells.own(over[1]), total) / _MINUTE,
    }


def _time_in_system(cells: Cells, spells: Spells) -> Columns:
    left = ~np.isnan(spells.in_system)
    cell, seconds = spells.cell[left], spells.in_system[left]
    (p95,) = _quantiles(cells, cell, seconds, (0.95,))
    return {
        "time_in_system_mean": _ratio(_count(cells, cell, seconds), _count(cells, cell)) / _MINUTE,
        "time_in_system_p95": p95 / _MINUTE,
    }


def _lines(layout: Layout, rows: Rows, line: Intervals) -> Columns:
    """Queue lengths, and how long there was no room for more."""
    cells, network = layout.cells, layout.network
    window = network.horizon - network.warm_up
    space = metres(rows, line)
    most, most_metres = peaks(cells, line, space)
    full = np.full(cells.n_columns, np.nan)
    stations = len(network.facilities) + cells.n_cells
    full[stations:] = rows.records.full_integral / window
    for facility in range(len(network.facilities)):
        if (approach := cells.approach(facility)) >= 0:
            full[cells.column_of(facility)] = full[stations + approach]
    return {
        "queue_mean": cells.queues(time_in_state(cells, line)) / window,
        "queue_max": most,
        "queue_metres_mean": cells.queues(time_in_state(cells, line, space)) / window,
        "queue_metres_max": most_metres,
        "spillback_share": full,
    }


def _booths(layout: Layout, rows: Rows, service: Intervals, blocking: Intervals, staff: Staffing) -> Columns:
    """Busy, blocked and open booth time; a facility's utilisation and booth-hours are those of primary."""
    cells, records = layout.cells, rows.records
    held = cells.booths(time_in_state(cells, blocking))
    in_service = cells.primary(time_in_state(cells, service))
    blank = np.full(cells.n_cells, np.nan)
    overtime = cells.pools_of_owners(records.overtime)
    capacity = cells.pools_of_owners(staff.positions.sum(axis=1)) + overtime
    booths = cells.pools_of_owners(staff.booths.sum(axis=1))
    return {
        "blocked_hours": held / _HOUR,
        "utilisation": np.concatenate([blank, _ratio(in_service[cells.n_cells :], capacity)]),
        "booth_hours": np.concatenate([blank, booths / _HOUR]),
        "overtime_hours": np.concatenate([blank, overtime / _HOUR]),
    }


def _throughput(layout: Layout, departures: Departures) -> Columns:
    network = layout.network
    hours = (network.horizon - network.warm_up) / _HOUR
    return {"throughput": _count(layout.cells, departures.cell) / hours}


def _quantiles(cells: Cells, cell: IntArray, values: FloatArray, shares: Sequence[float]) -> list[FloatArray]:
    """Quantiles per column, exactly as `numpy.quantile` gives them; NaN for an empty column.

    Values come sorted by cell, and an owner's cells are neighbours, so every column is a slice. A quantile needs two
    order statistics, which a partial sort finds in linear time. The loop is over columns, not parties.
    """
    until = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=cells.n_cells))])
    owners = until[cells.begin]
    begin = np.concatenate([until[:-1], owners[:-1] + len(values)])
    count = np.concatenate([np.diff(until), np.diff(owners)])
    filled = np.flatnonzero(count)
    begin, count = begin[filled], count[filled]
    place = np.asarray(shares)[:, None] * (count - 1)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, count - 1)
    wanted = np.concatenate([below, above]).T
    both = np.concatenate([values, values])
    for first, size, ranks in zip(begin.tolist(), count.tolist(), wanted, strict=True):
        both[first : first + size].partition(ranks)
    low, high = both[begin + below], both[begin + above]
    part, step = place - below, high - low
    result = np.full((len(shares), cells.n_columns), np.nan)
    result[:, filled] = np.where(part < 0.5, low + step * part, high - step * (1.0 - part))
    return list(result)
