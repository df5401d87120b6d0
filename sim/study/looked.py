"""What was read from the visits of a replication, and of several put together: what measures are formed of.

A call to numpy takes longer than what it does to the few numbers of one replication. Measures of several are formed
in one call, each of its own numbers: as if replications were further bins, or along an axis of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from sim.engine.records import Records
from sim.model.arrays import FloatArray
from sim.model.parties import Parties
from sim.study.kinds import measures_of_kinds
from sim.study.layout import Layout
from sim.study.recovery import recovery
from sim.study.seen import See, Seen
from sim.study.staffing import Calendar, Staffing


class OfRun(NamedTuple):
    """Of all bins together; several replications have a last axis of their own."""

    waits: FloatArray
    """(SHARES, n_columns): quantiles, as in `sim.study.seen.Waits`."""
    survival: FloatArray
    """(groups, waits): as in `sim.study.survival`."""
    in_system: FloatArray
    """(n_cells, 2): seconds from joining to leaving, and how many left."""
    in_system_p95: FloatArray
    """(n_columns,): seconds."""
    line: FloatArray
    """(n_cells,): seconds in line, as the following of other states."""
    road: FloatArray | None
    """Times metres; None where no station states how much road a party takes, as below."""
    busy: FloatArray
    blocked: FloatArray
    full: FloatArray
    """(n_stations,): seconds without room."""
    overtime: FloatArray
    """(n_pools,): seconds that positions of closed booths were occupied."""
    staff: FloatArray
    """(n_owners, 2): seconds of open booths, then of positions."""
    recovery: FloatArray
    """(n_columns,): as in `sim.study.recovery`."""
    kinds: dict[str, FloatArray]
    """Measures that only some kinds of facility have, (n_columns,) each."""


class OfBins(NamedTuple):
    """By time bin, the last axis, on which the bins of several replications follow each other."""

    sums: FloatArray
    """(n_cells, SUMS, n_bins): as in `sim.study.tallies`, as the following."""
    outcomes: FloatArray
    """(n_cells, n_outcomes, n_bins)"""
    waits: FloatArray
    """(SHARES, n_columns, n_bins): quantiles, of those who joined in a bin."""
    line: FloatArray
    """(n_cells, n_bins): seconds in line, as the following of other states."""
    road: FloatArray | None
    busy: FloatArray
    blocked: FloatArray
    parties: FloatArray
    """(n_columns, n_bins): most in line at once."""
    metres: FloatArray | None
    left: FloatArray
    """(n_cells, n_bins): served, by the bin of leaving."""
    by_start: FloatArray
    """(n_cells, 2, n_bins): minutes waited, and parties, by the bin in which service began."""
    full: FloatArray
    """(n_stations, n_bins): share of the time without room."""
    overtime: FloatArray
    """(n_pools, n_bins): seconds that positions of closed booths were occupied."""
    positions: FloatArray
    """(n_pools, n_bins): seconds of open positions."""
    booths: FloatArray
    """(n_owners, n_bins): seconds of open booths."""
    kinds: dict[str, FloatArray]
    """Measures that only some kinds of facility have, (n_columns, n_bins) each."""


class Looked(NamedTuple):
    """Everything that the measures of a replication are formed of."""

    of_run: OfRun
    of_bins: OfBins


def look_at(layout: Layout, parties: Parties, records: Records, look: See) -> Looked:
    """Read one replication.

    Raises:
        SimulationError: the records hold a visit that no rule of the network leads to.
    """
    seen, calendar = look(layout, parties, records), Calendar.of(layout, records)
    special = any(one.hall is not None or one.flow is not None for one in layout.network.facilities)
    staff = Staffing(calendar, seen.overtime)
    kinds, kinds_by_bin = measures_of_kinds(layout, seen.rows(), staff) if special else ({}, {})
    return Looked(_of_run(layout, records, seen, calendar, kinds), _of_bins(seen, calendar, kinds_by_bin))


def _of_run(layout: Layout, records: Records, seen: Seen, calendar: Calendar, kinds: dict[str, FloatArray]) -> OfRun:
    return OfRun(
        waits=seen.waits.whole,
        survival=seen.waits.survival,
        in_system=seen.in_system.sums,
        in_system_p95=seen.in_system.p95,
        line=seen.line.seconds,
        road=None if seen.road is None else seen.road.seconds,
        busy=seen.busy.seconds,
        blocked=seen.blocked.seconds,
        full=records.full_integral,
        overtime=records.overtime,
        staff=calendar.hours_of_owners,
        recovery=recovery(layout, seen.rows),
        kinds=kinds,
    )


def _of_bins(seen: Seen, calendar: Calendar, kinds: dict[str, FloatArray]) -> OfBins:
    return OfBins(
        sums=seen.tallies.sums,
        outcomes=seen.tallies.outcomes,
        waits=seen.waits.in_bins,
        line=seen.line.in_bins,
        road=None if seen.road is None else seen.road.in_bins,
        busy=seen.busy.in_bins,
        blocked=seen.blocked.in_bins,
        parties=seen.peaks.parties,
        metres=seen.peaks.metres,
        left=seen.left,
        by_start=seen.by_start,
        full=seen.full,
        overtime=seen.overtime,
        positions=calendar.positions,
        booths=calendar.booths_of_owners,
        kinds=kinds,
    )


def runs_of(several: Sequence[OfRun]) -> OfRun:
    """Replications beside each other, on an axis of their own."""
    return OfRun(*(_joined(parts, _beside) for parts in zip(*several, strict=True)))


def bins_of(several: Sequence[OfBins]) -> OfBins:
    """The bins of replications one after the other."""
    return several[0] if len(several) == 1 else OfBins(*(_joined(p, _following) for p in zip(*several, strict=True)))


def _beside(parts: Sequence[FloatArray]) -> FloatArray:
    return np.array(parts).transpose(*range(1, parts[0].ndim + 1), 0)


def _following(parts: Sequence[FloatArray]) -> FloatArray:
    return np.concatenate(parts, axis=-1)


def _joined(parts: Sequence[Any], join: Callable[[Sequence[FloatArray]], FloatArray]) -> Any:
    """Arrays joined, or those of the same names; None where there are none."""
    if isinstance(parts[0], dict):
        return {name: join([part[name] for part in parts]) for name in parts[0]}
    return None if parts[0] is None else join(parts)
