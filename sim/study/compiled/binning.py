"""`sim.study.bin_tables` in one compiled loop that writes each measure where it belongs in a row.

numpy makes a table of every measure at every column and takes from it those that have a row: it passes over all of it
several times, and through memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np

from sim.engine.compiled import jit
from sim.engine.compiled.jit import pointer
from sim.model.arrays import FloatArray, IntArray
from sim.study import bin_tables
from sim.study.bin_tables import HOUR, MINUTE, QUANTILES, SUMS_OF
from sim.study.catalogue import OUTCOME_PREFIX
from sim.study.layout import Layout
from sim.study.looked import OfBins
from sim.study.tallies import SUMS


class Sources(NamedTuple):
    """What measures are read from; `Plan` says where in it."""

    sums: FloatArray
    """(n_columns, SUMS, n_bins)"""
    outcomes: FloatArray
    """(n_columns, n_outcomes, n_bins)"""
    waits: FloatArray
    """(SHARES, n_columns, n_bins)"""
    queue: FloatArray
    """(n_columns, n_bins), as of the others where nothing is said."""
    parties: FloatArray
    """(n_bins, n_columns)"""
    road: FloatArray
    """Empty where there is none, as `metres`."""
    metres: FloatArray
    """(n_bins, n_columns)"""
    full: FloatArray
    """(n_stations, n_bins)"""
    utilisation: FloatArray
    """(n_owners, n_bins), as the following."""
    booths: FloatArray
    overtime: FloatArray
    blocked: FloatArray
    left: FloatArray
    by_start: FloatArray
    """(n_columns, 2, n_bins)"""


(
    OF_SUMS, OF_OUTCOMES, OF_WAITS, OF_QUEUE, OF_PARTIES, OF_ROAD, OF_METRES, OF_FULL, OF_UTILISATION, OF_BOOTHS,
    OF_OVERTIME, OF_BLOCKED, OF_LEFT, OF_BY_START,
) = range(len(Sources._fields))  # fmt: skip
AS_IT_IS, PER_MINUTE, PER_HOUR, PER_SECOND_OF_BIN, PER_HOUR_OF_BIN = range(5)
UNITS = {1.0: AS_IT_IS, MINUTE: PER_MINUTE, HOUR: PER_HOUR}

Place = tuple[int, int, int, int]
"""One row of `Plan`."""


class Plan(NamedTuple):
    """Where the values of each key are, (keys,) each."""

    source: IntArray
    begin: IntArray
    """Place of the first bin in the source."""
    step: IntArray
    """From a bin to the next."""
    unit: IntArray
    """What it is divided by."""


@lru_cache(maxsize=32)
def plans_of(layout: Layout) -> tuple[Plan, Plan] | None:
    """Of the binned measures, and of those by the bin of starting; None where some are not made here."""
    bins, columns = len(layout.bin_seconds), layout.cells.n_columns
    names = {slot: name for name, slot in layout.bin_slots.items()}
    binned = [_place(layout, names[place // columns], place % columns) for place in layout.bin_take.tolist()]
    started = [divmod(place, columns) for place in layout.start_bin_take.tolist()]
    if None in binned:
        return None
    return _plan(binned), _plan([(OF_BY_START, (2 * column + slot) * bins, 1, AS_IT_IS) for slot, column in started])


def _plan(rows: Sequence[Place | None]) -> Plan:
    return Plan(*np.array(rows, np.int64).reshape(-1, len(Plan._fields)).T.copy())


def _place(layout: Layout, name: str, column: int) -> Place | None:
    """Source, place of the first bin, step and unit of a measure of a column; None of one that few networks have."""
    cells, bins, outcomes = layout.cells, len(layout.bin_seconds), layout.network.outcomes
    row, owner = column * bins, (column - cells.n_cells) * bins
    places = {
        "queue_mean": (OF_QUEUE, row, 1, PER_SECOND_OF_BIN),
        "queue_max": (OF_PARTIES, column, cells.n_columns, AS_IT_IS),
        "queue_metres_mean": (OF_ROAD, row, 1, PER_SECOND_OF_BIN),
        "queue_metres_max": (OF_METRES, column, cells.n_columns, AS_IT_IS),
        "utilisation": (OF_UTILISATION, owner, 1, AS_IT_IS),
        "open_booths": (OF_BOOTHS, owner, 1, PER_SECOND_OF_BIN),
        "overtime_hours": (OF_OVERTIME, owner, 1, PER_HOUR),
        "blocked_hours": (OF_BLOCKED, row, 1, PER_HOUR),
        "throughput": (OF_LEFT, row, 1, PER_HOUR_OF_BIN),
    }
    if name in places:
        return places[name]
    if name in SUMS_OF:
        tally, unit = SUMS_OF[name]
        return OF_SUMS, (column * len(SUMS) + SUMS.index(tally)) * bins, 1, UNITS[unit]
    if name in QUANTILES:
        return OF_WAITS, (QUANTILES.index(name) * cells.n_columns + column) * bins, 1, PER_MINUTE
    outcome = name.removeprefix(OUTCOME_PREFIX)
    if outcome in outcomes:
        return OF_OUTCOMES, (column * len(outcomes) + outcomes.index(outcome)) * bins, 1, AS_IT_IS
    if name != "spillback_share":
        return None
    of_owner, facilities = column - cells.n_cells, len(layout.network.facilities)
    station = of_owner - facilities if of_owner >= facilities else cells.approach(of_owner)
    return OF_FULL, station * bins, 1, AS_IT_IS


def _entry(version: int) -> Any:
    """The function with the hash of the whole source in its closure, so that no stale code is ever loaded."""

    def entry(sources, source, begin, step, unit, units, into):  # type: ignore[no-untyped-def]
        bins = into.shape[1] if version >= 0 else 0
        for key in range(len(source)):
            # One after the other, since tuples are not indexed by what is known only when it runs.
            of = pointer(sources.sums)
            if source[key] == OF_OUTCOMES:
                of = pointer(sources.outcomes)
            elif source[key] == OF_WAITS:
                of = pointer(sources.waits)
            elif source[key] == OF_QUEUE:
                of = pointer(sources.queue)
            elif source[key] == OF_PARTIES:
                of = pointer(sources.parties)
            elif source[key] == OF_ROAD:
                of = pointer(sources.road)
            elif source[key] == OF_METRES:
                of = pointer(sources.metres)
            elif source[key] == OF_FULL:
                of = pointer(sources.full)
            elif source[key] == OF_UTILISATION:
                of = pointer(sources.utilisation)
            elif source[key] == OF_BOOTHS:
                of = pointer(sources.booths)
            elif source[key] == OF_OVERTIME:
                of = pointer(sources.overtime)
            elif source[key] == OF_BLOCKED:
                of = pointer(sources.blocked)
            elif source[key] == OF_LEFT:
                of = pointer(sources.left)
            elif source[key] == OF_BY_START:
                of = pointer(sources.by_start)
            at, by = begin[key], unit[key]
            if by == AS_IT_IS:
                for number in range(bins):
                    into[key, number] = of[at + number * step[key]]
            else:
                for number in range(bins):
                    into[key, number] = of[at + number * step[key]] / units[by, number]

    return jit.cached(entry)


entry = _entry(jit.source_hash(Path(__file__).parent, Path(jit.__file__).parent))
_SOURCES = numba.types.NamedTuple(  # type: ignore[no-untyped-call]
    tuple(
        numba.float64[:, :, ::1] if name in ("sums", "outcomes", "waits", "by_start") else numba.float64[:, ::1]
        for name in Sources._fields
    ),
    Sources,
)
_WHOLE = numba.int64[::1]
SIGNATURE = (_SOURCES, _WHOLE, _WHOLE, _WHOLE, _WHOLE, numba.float64[:, ::1], numba.float64[:, ::1])


def put_binned(
    layout: Layout, of: OfBins, sums: FloatArray, outcomes: FloatArray, bins: FloatArray, by_start: FloatArray
) -> None:
    """As `bin_tables.put_binned`, which makes those that few networks have."""
    plans = plans_of(layout)
    if plans is None or len(bins) > 1:
        bin_tables.put_binned(layout, of, sums, outcomes, bins, by_start)
        return
    cells, none = layout.cells, np.empty((0, 0))
    sources = Sources(
        sums=sums,
        outcomes=outcomes,
        waits=np.ascontiguousarray(of.waits),
        queue=cells.queues(of.line),
        parties=np.ascontiguousarray(of.parties.T),
        road=none if of.road is None else cells.queues(of.road),
        metres=none if of.metres is None else np.ascontiguousarray(of.metres.T),
        full=of.full,
        utilisation=bin_tables.utilisation(cells, of),
        booths=of.booths,
        overtime=cells.pools_of_owners(of.overtime),
        blocked=cells.booths(of.blocked),
        left=cells.own(of.left),
        by_start=cells.own(of.by_start),
    )
    for plan, into in zip(plans, (bins, by_start), strict=True):
        entry(sources, *plan, _units(layout), into[0])


@lru_cache(maxsize=32)
def _units(layout: Layout) -> FloatArray:
    """(units, n_bins): what each unit divides by."""
    seconds = layout.bin_seconds
    of_bins = {PER_SECOND_OF_BIN: seconds, PER_HOUR_OF_BIN: seconds / HOUR}
    fixed = {place: np.full_like(seconds, unit) for unit, place in UNITS.items()}
    return np.array([(of_bins | fixed)[place] for place in range(len(of_bins | fixed))])


def stands_in_cache() -> bool:
    """Calling would load the code and not compile it."""
    return bool(entry.signatures) or jit.is_on_disk(entry, SIGNATURE)


def compile_now() -> None:
    """Load the code, or compile it, now."""
    jit.ready(entry, SIGNATURE)
