"""`sim.study.seen.see` in compiled loops: the same sums in the same order, equal to the last bit."""

from __future__ import annotations

from sim.engine.records import Records
from sim.model.network import Steps
from sim.model.parties import Parties
from sim.study.compiled import binning, conserving, estimating, kernel, tables
from sim.study.compiled.binning import put_binned
from sim.study.compiled.conserving import check_conservation
from sim.study.layout import Layout
from sim.study.lines import Peaks
from sim.study.seen import InState, Seen, TimeInSystem, Waits
from sim.study.seen import see as see_in_numpy
from sim.study.spells import Rows
from sim.study.staffing import Calendar
from sim.study.tallies import Tallies

__all__ = ["check_conservation", "compile_now", "put_binned", "see", "stands_in_cache"]

_PARTS = (conserving, kernel, binning, estimating)

_networks: dict[int, tuple[Layout, tables.Network]] = {}
"""Tables of the layouts seen last, by identity (each keeps its layout, so that no other takes its place)."""
KEPT = 8


def _network_of(layout: Layout) -> tables.Network:
    if id(layout) not in _networks:
        while len(_networks) >= KEPT:
            del _networks[next(iter(_networks))]
        _networks[id(layout)] = layout, tables.network_of(layout)
    return _networks[id(layout)][1]


def stands_in_cache() -> bool:
    """Checking, measuring and estimating would load the code and not compile it."""
    return all(part.stands_in_cache() for part in _PARTS)


def compile_now() -> None:
    """Load the code, or compile it, now."""
    for part in _PARTS:
        part.compile_now()


def see(layout: Layout, parties: Parties, records: Records) -> Seen:
    """Take everything from the records of one replication; the same as `sim.study.seen.see`.

    Raises:
        SimulationError: the records hold a visit that no rule of the network leads to.
    """
    if any(standard is not None and not isinstance(standard, Steps) for standard in layout.standards):
        return see_in_numpy(layout, parties, records)  # a function of Python's is not for compiled loops
    cells, net, visits = layout.cells, _network_of(layout), tables.visits_of(layout.network, parties, records)
    found = tables.new_found(layout)
    if kernel.entry(net, visits, tables.log_of(Calendar.of(layout, records), records), found) >= 0:
        Rows.of(cells, parties, records)  # raises, and says what it is

    def in_state(state: int) -> InState:
        return InState(found.seconds[state], found.in_bins[state])

    return Seen(
        tallies=Tallies(found.sums, found.outcomes),
        waits=Waits(found.waits, found.waits_in_bins, found.survival),
        in_system=TimeInSystem(found.system, found.p95),
        line=in_state(tables.WAITING),
        road=in_state(tables.ROAD) if cells.takes_road else None,
        busy=in_state(tables.BUSY),
        blocked=in_state(tables.BLOCKED),
        peaks=Peaks(found.parties.T, found.metres.T if cells.takes_road else None),
        left=found.left,
        by_start=found.by_start,
        overtime=found.overtime,
        full=found.full,
        rows=lambda: Rows.of(cells, parties, records),
    )
