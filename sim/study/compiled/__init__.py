"""`sim.study.seen.see` in compiled loops: the same sums in the same order, equal to the last bit."""

from __future__ import annotations

import numpy as np

from sim.engine.records import Records
from sim.model.arrays import FloatArray, IntArray
from sim.model.network import Steps
from sim.model.parties import Parties
from sim.study.bins import spread
from sim.study.compiled import tables
from sim.study.compiled.kernel import compile_now, entry, stands_in_cache
from sim.study.layout import Layout
from sim.study.lines import Peaks
from sim.study.quantiles import SHARES, Grouped
from sim.study.seen import InState, Seen, TimeInSystem, Waits
from sim.study.seen import see as see_in_numpy
from sim.study.spells import Rows
from sim.study.staffing import logs
from sim.study.survival import survival
from sim.study.tallies import SUMS, Tallies

__all__ = ["compile_now", "see", "stands_in_cache"]

_networks: dict[int, tuple[Layout, tables.Network]] = {}
"""Tables of the layouts seen last, by identity (each keeps its layout, so that no other takes its place)."""
KEPT = 8


def _network_of(layout: Layout) -> tables.Network:
    if id(layout) not in _networks:
        while len(_networks) >= KEPT:
            del _networks[next(iter(_networks))]
        _networks[id(layout)] = layout, tables.network_of(layout)
    return _networks[id(layout)][1]


def see(layout: Layout, parties: Parties, records: Records) -> Seen:
    """Take everything from the records of one replication; the same as `sim.study.seen.see`.

    Raises:
        SimulationError: the records hold a visit that no rule of the network leads to.
    """
    if any(standard is not None and not isinstance(standard, Steps) for standard in layout.standards):
        return see_in_numpy(layout, parties, records)  # a function of Python's is not for compiled loops
    cells, net, visits = layout.cells, _network_of(layout), tables.visits_of(layout.network, parties, records)
    spells, line = tables.new_spells(layout, visits, len(SUMS)), tables.new_line(visits)
    waiting, road, busy, blocked = (tables.new_stretches(layout) for _ in range(4))
    parties_in_line, metres_of_line = tables.new_standing(layout), tables.new_standing(layout)
    states = waiting, road, busy, blocked, parties_in_line, metres_of_line
    stray, waits, count, waits_in_bins, count_in_bins, p95, late = entry(
        net, visits, spells, line, *states, *_logs(layout, records), records.overtime
    )
    if stray >= 0:
        Rows.of(cells, parties, records)  # raises, and says what it is
    return Seen(
        tallies=Tallies(cells.own(spells.sums), cells.own(spells.outcomes)),
        waits=Waits(
            np.stack(Grouped(waits, count).quantiles(SHARES)),
            np.stack(Grouped(waits_in_bins, count_in_bins).quantiles(SHARES)).reshape(len(SHARES), -1, net.bins),
            survival(layout, Grouped(waits, count)),
        ),
        in_system=TimeInSystem(spells.system, p95),
        line=_in_state(layout, waiting),
        road=_in_state(layout, road) if cells.takes_road else None,
        busy=_in_state(layout, busy),
        blocked=_in_state(layout, blocked),
        peaks=Peaks(parties_in_line.most, metres_of_line.most if cells.takes_road else None),
        left=spells.left,
        by_start=spells.by_start,
        overtime=late,
        rows=lambda: Rows.of(cells, parties, records),
    )


def _in_state(layout: Layout, found: tables.Stretches) -> InState:
    return InState(found.seconds, spread(layout, found.begins - found.stops))


def _logs(layout: Layout, records: Records) -> tuple[IntArray, FloatArray, IntArray]:
    """The staffing log by pool: where each begins, since when how many are open."""
    found = logs(records, len(layout.network.pools))
    begin = np.cumsum([0, *(len(log.since) for log in found)]).astype(np.int64)
    if not found:
        return begin, np.zeros(0), np.zeros(0, np.int64)
    return begin, np.concatenate([log.since for log in found]), np.concatenate([log.count for log in found])
