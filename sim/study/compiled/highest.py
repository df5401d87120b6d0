"""The 95th percentile of the time in system: of most parties it is enough to know that they are not among the highest.

A part of the visits tells above what time the percentiles very likely are. Only longer ones are kept while all are
read, and should those be too few after all, all are looked at once more.
"""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.jit import compiled, inlined, pointer
from sim.model.arrays import FloatArray, IntArray
from sim.study.compiled.distribution import close_up, of_columns, room_for
from sim.study.compiled.reading import add_value, counts
from sim.study.compiled.tables import High, Network, Visits

SHARE = 0.95
P95, WELL_BELOW = np.array([SHARE]), np.array([SHARE - 0.1])
"""The quantile that is wanted, and that which is taken of a part of the visits."""
EVERY, ENOUGH = 17, 64
"""Of so many visits one is in that part; and how many of them tell anything about a cell."""


@inlined
def add_times_in_system(net: Network, v: Visits, every: int, high: High) -> None:
    """Time in system of the spells that count, where it is above `high.above`.

    Of every so many visits only one is looked at, and as if it were all of its stay, where `every` is above 1.
    """
    before, facility, whole, stay_counts, joined, left = -1, -1, 0, False, 0.0, 0.0
    for row in range(0, v.visits, every):
        party, station, since = v.party[row], v.station[row], v.joined[row]
        klass, here = v.klass[party], net.facility[station]
        counted = counts(net, v, since, party)
        if party != before or here != facility:
            if stay_counts and left - joined > high.above[whole]:
                add_value(high.seconds, high.end, whole, left - joined)
            before, facility, joined, stay_counts = party, here, since, counted
            whole = net.cell[here * net.classes + klass]
        left = v.left[row]
        cell = net.cell[(net.facilities + station) * net.classes + klass]
        if counted and left - since > high.above[cell]:
            add_value(high.seconds, high.end, cell, left - since)
    if stay_counts and left - joined > high.above[whole]:
        add_value(high.seconds, high.end, whole, left - joined)


@compiled
def lowest_wanted(net: Network, v: Visits, begin: IntArray, seconds: FloatArray, columns: int) -> FloatArray:
    """(n_cells,): what times in system have to be above to be kept; 0 where there are too few to tell.

    Args:
        net: the network.
        v: the visits.
        begin: (n_cells + 1,): where there is room for each cell.
        seconds: the room, which is overwritten.
        columns: how many there are.
    """
    above = np.zeros(net.cells)
    if v.visits < ENOUGH * EVERY:
        return above
    here, end = begin.copy(), begin[:-1].copy()
    add_times_in_system(net, v, EVERY, High(pointer(above), pointer(seconds), pointer(end)))
    guess = np.empty((1, columns))
    p95_of(net, here, High(above, seconds, end), here[1:] - here[:-1], WELL_BELOW, guess)
    for owner in range(columns - net.cells):
        for cell in range(net.begin[owner], net.begin[owner + 1]):
            if here[cell + 1] - here[cell] >= ENOUGH:
                above[cell] = min(guess[0, cell], guess[0, net.cells + owner])
    return above


@compiled
def p95_of(net: Network, begin: IntArray, high: High, count: IntArray, shares: FloatArray, result: FloatArray) -> None:
    """Quantiles by column, (shares, n_columns), of the times kept, `count` of each cell with those that are not.

    The times of each cell move next to those of the cell before, and `begin` with them.
    """
    close_up(high.seconds, np.empty(0, np.int32), begin, high.end)
    nobody, room = np.full(net.cells, -1), room_for(begin[net.cells], len(shares))
    of_columns(net, high.seconds.view(np.uint64), begin, count, nobody, shares, room, result)


@compiled
def is_certain(high: High, begin: IntArray, count: IntArray, first: int, last: int) -> bool:
    """Whether the percentile of some neighbouring cells together is among the times kept of them.

    It is if as many of those as lie from it upwards are above all that are not kept.
    """
    whole, higher, most = 0, 0, 0.0
    for cell in range(first, last):
        whole += count[cell]
        most = max(most, high.above[cell])
    if most == 0.0:
        return True
    for at in range(begin[first], begin[last]):
        higher += high.seconds[at] > most
    return bool(higher >= whole - int(SHARE * (whole - 1)))


@compiled
def times_in_system(net: Network, v: Visits, begin: IntArray, high: High, system: FloatArray, p95: FloatArray) -> None:
    """The 95th percentile of the time in system by column.

    Args:
        net: the network.
        v: the visits.
        begin: (n_cells + 1,): where there is room for each cell.
        high: the times that were kept; may be overwritten.
        system: as in `Found`: how many have left by cell.
        p95: filled.
    """
    count, here, result = np.empty(net.cells, np.int64), begin.copy(), p95.reshape(1, -1)
    for cell in range(net.cells):
        count[cell] = int(system[cell, 1])
    p95_of(net, here, high, count, P95, result)
    certain = True
    for cell in range(net.cells):
        certain &= is_certain(high, here, count, cell, cell + 1)
    for owner in range(len(p95) - net.cells):
        certain &= is_certain(high, here, count, net.begin[owner], net.begin[owner + 1])
    if certain:
        return
    high.above[:], high.end[:] = 0.0, begin[:-1]
    add_times_in_system(net, v, 1, High(pointer(high.above), pointer(high.seconds), pointer(high.end)))
    p95_of(net, begin.copy(), high, count, P95, result)
