"""The measures of a replication (sections of docs/theory.md on measures), vectorised, also over several of them.

`Layout.of` fixes the rows once for a network; `measure` turns the records of a replication into the values of those
rows. A measure of no parties is NaN, never 0; a count of them is 0. Party measures cover parties that joined within
[warm_up, horizon) without the initial queue, however late they are served; time averages cover [warm_up, horizon).
Quantiles are numpy's default (type 7 of Hyndman and Fan 1996, doi 10.1080/00031305.1996.10473566).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from sim.engine.records import Records
from sim.errors import SimulationError
from sim.model.arrays import FloatArray
from sim.model.parties import Parties
from sim.study.bin_tables import put_binned
from sim.study.catalogue import OUTCOME_PREFIX, catalogue
from sim.study.cells import Cells
from sim.study.layout import ALL, Key, Layout, Standard
from sim.study.lines import Integrals, integrals
from sim.study.looked import Looked, OfBins, OfRun, bins_of, look_at, runs_of
from sim.study.rows import Measured, Parts, in_rows
from sim.study.seen import See, see
from sim.study.tallies import SUMS

__all__ = [
    "ALL",
    "FloatArray",
    "Integrals",
    "Key",
    "Layout",
    "Measured",
    "Standard",
    "Together",
    "integrals",
    "measure",
]

VALUES_AT_ONCE = 2**15
"""Replications are measured by bin together while they have no more values than this: longer arrays take as long as
many calls, and the more so where they do not fit in the caches of a processor."""

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
_UNITS = np.array([[unit] for _, _, unit in _RATIOS.values()])

PutBinned = Callable[[Layout, OfBins, FloatArray, FloatArray, FloatArray, FloatArray], None]
Columns = dict[str, FloatArray]
"""Measure to its values, (n_columns of `Cells`, replications)."""


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
    together = Together(layout, 1)
    together.add(look_at(layout, parties, records, look))
    for fault in together.measure().values():
        raise fault
    return Measured(*(of_all[0] for of_all in together.into))


class _Totals(NamedTuple):
    """Over the bins of each replication, the last axis."""

    sums: FloatArray
    """(n_columns, SUMS, replications)"""
    outcomes: FloatArray
    """(n_columns, n_outcomes, replications)"""
    left: FloatArray
    """(n_columns, replications): served."""
    parties: FloatArray
    """(n_columns, replications): most in line at once."""
    metres: FloatArray | None

    @classmethod
    def of(cls, layout: Layout, of: OfBins, sums: FloatArray, outcomes: FloatArray) -> _Totals:
        """Of bins, and of their sums and outcomes by columns."""

        def by_replication(array: FloatArray) -> FloatArray:
            return array.reshape(*array.shape[:-1], -1, len(layout.bin_seconds))

        return cls(
            sums=by_replication(sums).sum(axis=-1),
            outcomes=by_replication(outcomes).sum(axis=-1),
            left=layout.cells.own(by_replication(of.left).sum(axis=-1)),
            parties=by_replication(of.parties).max(axis=-1),
            metres=None if of.metres is None else by_replication(of.metres).max(axis=-1),
        )


class Together:
    """Replications that are measured together."""

    def __init__(self, layout: Layout, most: int, put_binned: PutBinned = put_binned) -> None:
        """No replications yet of as many as `most`; `put_binned` is that of `bin_tables`, or as good."""
        parts = Parts.of(layout)
        self.layout, self._put_binned = layout, put_binned
        self.rows: FloatArray = np.empty((most, parts.width))
        """(replications, width): their rows, in the order in which they are added."""
        self.into = in_rows(self.rows, parts)
        values = layout.cells.n_columns * len(layout.bin_slots) * len(layout.bin_seconds)
        self._at_once = max(1, VALUES_AT_ONCE // values)
        self._runs: list[OfRun] = []
        self._waiting: list[OfBins] = []
        self._totals: list[_Totals] = []

    def add(self, looked: Looked) -> None:
        """One more, to which `measure` is still to come."""
        self._runs.append(looked.of_run)
        self._waiting.append(looked.of_bins)
        if len(self._waiting) == self._at_once:
            self._measure_bins()

    def _measure_bins(self) -> None:
        layout, of = self.layout, bins_of(self._waiting)
        sums, outcomes = layout.cells.own(of.sums), layout.cells.own(of.outcomes)
        self._totals.append(_Totals.of(layout, of, sums, outcomes))
        mine = slice(len(self._runs) - len(self._waiting), len(self._runs))
        self._put_binned(layout, of, sums, outcomes, self.into.bins[mine], self.into.bins_by_start[mine])
        self._waiting.clear()

    def measure(self) -> dict[int, SimulationError]:
        """Finish the rows of all that were added; gives those, by their places, whose records are at fault, and how.

        Fault is an outcome that no rule of the network leads to.
        """
        if self._waiting:
            self._measure_bins()
        layout, of, count = self.layout, runs_of(self._runs), len(self._runs)
        totals = _Totals(*map(_end_to_end, zip(*self._totals, strict=True)))
        columns = (
            _parties(layout, totals, of.waits)
            | _time_in_system(layout.cells, of)
            | _lines(layout, totals, of)
            | _booths(layout.cells, of)
            | _throughput(layout, totals)
            | {"recovery": of.recovery}
            | of.kinds
        )
        table = np.full((len(layout.slots), layout.cells.n_columns, count), np.nan)
        for name, values in columns.items():
            table[layout.slots[name]] = values
        rows = table.reshape(-1, count)
        self.into.values[:count] = rows[layout.take].T
        self.into.survival[:count] = of.survival.transpose(2, 0, 1)
        return _faults(layout, rows)


def _end_to_end(parts: Sequence[Any]) -> Any:
    return None if parts[0] is None else np.concatenate(parts, axis=-1)


def _faults(layout: Layout, rows: FloatArray) -> dict[int, SimulationError]:
    """Every outcome counted has a row, so that arrivals = outcomes + inside can be checked from the rows."""
    places, replications = np.nonzero(rows[layout.unexpected])
    faults: dict[int, SimulationError] = {}
    for place, replication in zip(layout.unexpected[places].tolist(), replications.tolist(), strict=True):
        slot = place // layout.cells.n_columns
        name = catalogue(layout.network.outcomes)[slot].name.removeprefix(OUTCOME_PREFIX)
        said = SimulationError(f"a party ended as {name!r} where no rule of the network leads to it")
        faults.setdefault(replication, said)
    return faults


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient, NaN where the divisor is 0."""
    quotient: FloatArray = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0.0)
    return quotient


def _parties(layout: Layout, totals: _Totals, waits: FloatArray) -> Columns:
    """Arrivals, how they ended, their waits, and who was inspected: sums over the bins and quantiles."""
    total = totals.sums
    ratios = dict(zip(_RATIOS, (_ratio(total[:, _ABOVE], total[:, _BELOW]) / _UNITS).swapaxes(0, 1), strict=True))
    p50, p90, p95, p99, longest = waits / _MINUTE
    mean = ratios["wait_mean"]
    return {
        **{OUTCOME_PREFIX + name: totals.outcomes[:, at] for at, name in enumerate(layout.network.outcomes)},
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


def _time_in_system(cells: Cells, of: OfRun) -> Columns:
    seconds, count = cells.own(of.in_system).swapaxes(0, 1)
    return {"time_in_system_mean": _ratio(seconds, count) / _MINUTE, "time_in_system_p95": of.in_system_p95 / _MINUTE}


def _lines(layout: Layout, totals: _Totals, of: OfRun) -> Columns:
    """Queue lengths, and how long there was no room for more."""
    cells, network = layout.cells, layout.network
    window = network.horizon - network.warm_up
    share = of.full / window
    full = np.full(totals.left.shape, np.nan)
    full[len(network.facilities) + cells.n_cells :] = share
    columns, approaches = cells.approaches
    full[columns] = share[approaches]
    found = {"queue_mean": cells.queues(of.line) / window, "queue_max": totals.parties, "spillback_share": full}
    if of.road is not None and totals.metres is not None:
        found["queue_metres_mean"] = cells.queues(of.road) / window
        found["queue_metres_max"] = totals.metres
    return found


def _booths(cells: Cells, of: OfRun) -> Columns:
    """Busy, blocked and open booth time; a facility's utilisation and booth-hours are those of primary."""
    in_service, overtime = cells.primary(of.busy), cells.pools_of_owners(of.overtime)
    booths, positions = of.staff.swapaxes(0, 1)
    of_owners = np.full((3, *in_service.shape), np.nan)
    of_owners[:, cells.n_cells :] = (
        _ratio(in_service[cells.n_cells :], positions + overtime),
        booths / _HOUR,
        overtime / _HOUR,
    )
    return {
        "blocked_hours": cells.booths(of.blocked) / _HOUR,
        "utilisation": of_owners[0],
        "booth_hours": of_owners[1],
        "overtime_hours": of_owners[2],
    }


def _throughput(layout: Layout, totals: _Totals) -> Columns:
    return {"throughput": totals.left / ((layout.network.horizon - layout.network.warm_up) / _HOUR)}
