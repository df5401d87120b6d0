"""One pass over the visits: spells, departures and stretches of time (`sim.study.spells` states the rules).

The bin of an instant is looked up once and handed on, and what is counted twice, as a visit and as the stay of which
it is all, is looked up once.
"""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.jit import inlined
from sim.engine.records import INSIDE, MOVED_ON
from sim.model.arrays import FloatArray, IntArray
from sim.model.network import DIVERTED, StationKind
from sim.study.compiled.tables import (
    BLOCKED,
    BUSY,
    ROAD,
    STATES,
    WAITING,
    Found,
    High,
    Late,
    Line,
    Log,
    Network,
    Visits,
    Waits,
)
from sim.study.tallies import SUMS

(
    ARRIVALS, WAITS, WAIT, PERSONS, PERSON_WAIT, OVER, OVER_BY, LEFT, IN_SYSTEM, REFERRED, INSPECTED, CENSORED, GONE,
    GONE_WAIT,
) = range(len(SUMS))  # fmt: skip
MINUTE = 60.0


@inlined
def bin_of(net: Network, time: float) -> int:
    """Bin of an instant in [warm_up, horizon]; the horizon is one past the last bin, where there are several."""
    last = net.bins
    if last == 1:
        return 0
    found = min(max(int(time * net.bins_per_second) - net.first_bin, 0), last)
    if time < net.edges[found]:
        found -= 1
    if time >= net.edges[found + 1]:
        found += 1
    return found


@inlined
def counts(net: Network, v: Visits, joined: float, party: int) -> bool:
    """A spell counts that joined within the window and is not of the initial queue."""
    return bool(net.opens <= joined < net.horizon and v.initial[party] == 0)


@inlined
def promised(net: Network, facility: int, joined: float) -> float:
    """Wait standard in seconds of those who join then; infinite where nothing is promised."""
    begin, at = net.standard_begin[facility], net.standard_begin[facility + 1] - 1
    if at < begin:
        return np.inf
    while net.standard_time[at] > joined:
        at -= 1
    return float(net.standard_value[at])


@inlined
def add_spell(
    net: Network,
    out: Found,
    waits: Waits,
    high: High,
    alone: bool,
    cell: int,
    at: int,
    begun: float,
    begun_in: int,
    wait: float,
    in_system: float,
    size: int,
    outcome: int,
    referred: bool,
    standard: float,
) -> None:
    """A spell that counts; it joined in bin `at` and was begun in bin `begun_in`.

    What nearly all have is counted where it is missing, and what they have twice once: `settle` puts it right.
    """
    place = cell * len(SUMS) * net.bins + at
    waited = not np.isnan(wait)
    out.sums[place + ARRIVALS * net.bins] += 1.0
    if waited:
        if not alone:
            out.sums[place + PERSONS * net.bins] += size
        if wait != 0.0:  # of 0 nothing is added up, and how many are 0 is known
            out.sums[place + WAIT * net.bins] += wait
            if not alone:
                out.sums[place + PERSON_WAIT * net.bins] += wait * size
            n = waits.end[cell]
            waits.seconds[n] = wait
            if net.bins > 1:
                waits.bin[n] = np.int32(at)
            waits.end[cell] = n + 1
        if wait - standard > 0.0:
            out.sums[place + OVER * net.bins] += 1.0
            out.sums[place + OVER_BY * net.bins] += wait - standard
    else:
        out.sums[place + WAITS * net.bins] += 1.0
        if outcome == INSIDE:
            out.sums[place + CENSORED * net.bins] += 1.0
    if np.isnan(in_system):
        out.sums[place + LEFT * net.bins] += 1.0
    else:
        out.sums[place + IN_SYSTEM * net.bins] += in_system
        if net.bins > 1:
            out.system[2 * cell] += in_system
        if in_system > high.above[cell]:
            add_value(high.seconds, high.end, cell, in_system)
    if referred:
        out.sums[place + REFERRED * net.bins] += 1.0
        if waited:
            out.sums[place + INSPECTED * net.bins] += 1.0
    if outcome >= 0:
        out.outcomes[(cell * net.outcomes + outcome) * net.bins + at] += 1.0
    if begun < net.horizon:
        started = 2 * cell * net.bins + begun_in
        if wait != 0.0:
            out.by_start[started] += wait / MINUTE
        out.by_start[started + net.bins] += 1.0


@inlined
def settle(net: Network, out: Found, alone: bool) -> None:
    """Make counts of those who had what `add_spell` counts where it is missing, and persons of parties of one."""
    for cell in range(net.cells):
        for at in range(net.bins):
            place = cell * len(SUMS) * net.bins + at
            arrivals = out.sums[place + ARRIVALS * net.bins]
            for kind in (WAITS, LEFT):
                out.sums[place + kind * net.bins] = arrivals - out.sums[place + kind * net.bins]
            if alone:
                out.sums[place + PERSONS * net.bins] = out.sums[place + WAITS * net.bins]
                out.sums[place + PERSON_WAIT * net.bins] = out.sums[place + WAIT * net.bins]
            if net.bins == 1:
                out.system[2 * cell] = out.sums[place + IN_SYSTEM]
            out.system[2 * cell + 1] += out.sums[place + LEFT * net.bins]


@inlined
def spread(net: Network, out: Found) -> None:
    """`sim.study.bins.spread`: seconds by bin of the stretches that begin and end in them."""
    width = net.bins + 1
    for row in range(STATES * net.cells):
        carried = 0.0
        for at in range(net.bins):
            place = 2 * row * width + at
            partial = out.begins[place] - out.stops[place]
            seconds = partial + carried * (net.edges[at + 1] - net.edges[at])
            out.in_bins[row * net.bins + at] = seconds if seconds > 0.0 else 0.0
            carried += out.begins[place + width] - out.stops[place + width]


@inlined
def all_alone(v: Visits) -> bool:
    """Every party is one person (or whatever parties are counted in)."""
    other = 0
    for party in range(v.parties):
        other |= v.size[party] ^ 1
    return bool(other == 0)


@inlined
def add_gone(net: Network, out: Found, cell: int, at: int, wait: float) -> None:
    """Someone who joined in a bin of the window and left without service."""
    place = cell * len(SUMS) * net.bins + at
    out.sums[place + GONE * net.bins] += 1.0
    out.sums[place + GONE_WAIT * net.bins] += max(wait, 0.0)


@inlined
def cut(net: Network, time: float) -> float:
    """An instant moved into the window; NaN stands for one beyond the horizon."""
    within = time if time < net.horizon else net.horizon
    return within if within > net.opens else net.opens


@inlined
def add_stretch(
    net: Network, out: Found, state: int, cell: int, start: float, end: float, begins: int, stops: int, weight: float
) -> None:
    """A stretch of time within the window, from an instant in one bin to one in another or the same."""
    width, row = net.bins + 1, state * net.cells + cell
    out.seconds[row] += (end - start) * weight
    place = 2 * row * width + begins
    out.begins[place] += (net.edges[begins + 1] - start) * weight
    if net.bins > 1:  # what stands in line is carried to the next bin, if there is one
        out.begins[place + width] += weight
    place = 2 * row * width + stops
    out.stops[place] += (net.edges[min(stops + 1, net.bins)] - end) * weight
    if net.bins > 1:
        out.stops[place + width] += weight


@inlined
def add_wait(
    net: Network,
    out: Found,
    line: Line,
    n: int,
    cell: int,
    start: float,
    end: float,
    begins: int,
    stops: int,
    metres: float,
) -> int:
    """The n-th visit that stood in line, from `start` to `end`, if it did; returns how many there are now."""
    if not start < end:
        return n
    add_stretch(net, out, WAITING, cell, start, end, begins, stops, 1.0)
    line.start[n], line.end[n], line.cell[n] = start, end, np.int32(cell)
    if net.takes_road:
        add_stretch(net, out, ROAD, cell, start, end, begins, stops, metres)
        line.metres[n] = metres
    return n + 1


@inlined
def may_be_late(log: Log, late: Late, pool: int, booth: int, start: float, end: float) -> bool:
    """A visit may have taken up a booth that was closed: one of a number above those open, or at a change."""
    if not log.has_overtime[pool] > 0.0:
        return False
    first, last, piece = log.begin[pool], log.begin[pool + 1], late.piece[pool]
    while piece > first and log.since[piece] > start:
        piece -= 1
    while piece + 1 < last and log.since[piece + 1] <= start:
        piece += 1
    late.piece[pool] = piece
    return bool((piece + 1 < last and log.since[piece + 1] <= end) or log.open[piece] <= booth)


@inlined
def passing_time(net: Network, v: Visits, row: int) -> float:
    """Seconds of a visit on the way that are no wait."""
    station = v.station[row]
    if net.kind[station] == StationKind.ROAD:
        drive = v.left[row] - v.joined[row]
        return float(min(drive, net.travel[station]) if drive == drive else net.travel[station])
    service = v.ended[row] - v.started[row]
    return 0.0 if np.isnan(service) else float(service)


@inlined
def read_all(
    net: Network, v: Visits, log: Log, out: Found, waits: Waits, high: High, line: Line, late: Late, alone: bool
) -> tuple[int, int]:
    """Add up everything; returns how many visits stood in line, and how many may have been late."""
    waiting, lates = 0, 0
    first, stay_counts, stay_in, stay_joined = 0, False, 0, 0.0
    begun, begun_in, on_the_way, referred = np.nan, 0, 0.0, False
    for row in range(v.visits):
        party, station, outcome = v.party[row], v.station[row], v.outcome[row]
        klass, size = v.klass[party], v.size[party]
        kind, facility = net.kind[station], net.facility[station]
        cell = net.cell[(net.facilities + station) * net.classes + klass]
        joined, started, ended, left = v.joined[row], v.started[row], v.ended[row], v.left[row]
        stays_on = row + 1 < v.visits and v.party[row + 1] == party
        follows = v.station[row + 1] if stays_on else station
        to_secondary = stays_on and net.kind[follows] == StationKind.SECONDARY

        # When, and in which bins.
        on_road, unserved, travel = kind == StationKind.ROAD, np.isnan(started), net.travel[station]
        since = joined + travel
        until = left if unserved or on_road else started
        counted = counts(net, v, joined, party)
        joined_in, left_cut, until_cut = bin_of(net, cut(net, joined)), cut(net, left), cut(net, until)
        left_in, until_in = bin_of(net, left_cut), bin_of(net, until_cut)
        departs_in = left_in if net.opens <= left < net.horizon else -1

        # The visit.
        if counted:
            never = np.nan if unserved else until
            add_spell(
                net, out, waits, high, alone, cell, joined_in, never, until_in, never - since, left - joined, size,
                outcome, to_secondary, np.inf,
            )  # fmt: skip
            if unserved and not np.isnan(left) and outcome != MOVED_ON:
                add_gone(net, out, cell, joined_in, until - since)
        if not unserved and departs_in >= 0 and (outcome == MOVED_ON or net.good[outcome + 2] != 0):
            out.left[cell * net.bins + departs_in] += 1.0
        since_cut = cut(net, since)
        since_in = joined_in if travel == 0.0 else bin_of(net, since_cut)
        metres = net.road[station * net.classes + klass] if net.takes_road else 0.0
        waiting = add_wait(net, out, line, waiting, cell, since_cut, until_cut, since_in, until_in, metres)
        if not (on_road or unserved):
            ended_cut = cut(net, ended)
            ended_in = left_in if ended_cut == left_cut else bin_of(net, ended_cut)
            if until_cut < ended_cut:
                add_stretch(net, out, BUSY, cell, until_cut, ended_cut, until_in, ended_in, 1.0)
            if ended_cut < left_cut:
                add_stretch(net, out, BLOCKED, cell, ended_cut, left_cut, ended_in, left_in, 1.0)
            pool = net.pool[station]
            occupied = pool >= 0 and until_cut < left_cut
            if occupied and may_be_late(log, late, pool, v.booth[row], until_cut, left_cut):
                late.row[lates] = np.int32(row)
                lates += 1

        # The stay it is part of.
        if row == first:
            stay_counts, stay_in, stay_joined = counted, joined_in, joined
        referred = referred or kind == StationKind.SECONDARY
        if np.isnan(begun):
            if kind == StationKind.LANE_GROUP and not unserved:
                begun, begun_in = started, until_in
            elif net.on_the_way[station] != 0:
                on_the_way += passing_time(net, v, row)
        if stays_on and net.facility[follows] == facility:
            continue
        whole, ends = net.cell[facility * net.classes + klass], outcome if outcome != MOVED_ON else DIVERTED
        if stay_counts:
            wait = begun - stay_joined - on_the_way
            if wait < 0.0:
                wait = 0.0
            standard = promised(net, facility, stay_joined)
            add_spell(
                net, out, waits, high, alone, whole, stay_in, begun, begun_in, wait, left - stay_joined, size, ends,
                referred, standard,
            )  # fmt: skip
            if np.isnan(begun) and not np.isnan(left):
                add_gone(net, out, whole, stay_in, left - stay_joined - on_the_way)
        if net.good[ends + 2] != 0 and departs_in >= 0:
            out.left[whole * net.bins + departs_in] += 1.0
        first, begun, on_the_way, referred = row + 1, np.nan, 0.0, False
    add_turned_away(net, v, out)
    return waiting, lates


@inlined
def add_turned_away(net: Network, v: Visits, out: Found) -> None:
    """Arrivals that never joined the facility their class comes to."""
    for at in range(v.turned_away):
        party = v.away[at]
        klass, joined = v.klass[party], v.time[party]
        if counts(net, v, joined, party):
            cell, at_bin = net.cell[net.home[klass] * net.classes + klass], bin_of(net, joined)
            for kind in (ARRIVALS, WAITS, LEFT):  # of the latter those without (`settle`)
                out.sums[(cell * len(SUMS) + kind) * net.bins + at_bin] += 1.0
            if v.away_outcome[at] >= 0:
                out.outcomes[(cell * net.outcomes + v.away_outcome[at]) * net.bins + at_bin] += 1.0


@inlined
def room_by_cell(net: Network, v: Visits, begin: IntArray) -> int:
    """Where the spells of each cell begin if every visit is a stay; returns a row that no rule leads to, or -1."""
    visits = np.zeros(net.stations * net.classes, np.int64)
    for row in range(v.visits):
        visits[v.station[row] * net.classes + v.klass[v.party[row]]] += 1
    for place in range(len(visits)):
        if visits[place] == 0:
            continue
        station, klass = place // net.classes, place % net.classes
        cell = net.cell[net.facilities * net.classes + place]
        if cell < 0:
            return first_of(net, v, place)
        begin[cell + 1] += visits[place]
        begin[net.cell[net.facility[station] * net.classes + klass] + 1] += visits[place]
    for cell in range(net.cells):
        begin[cell + 1] += begin[cell]
    return -1


@inlined
def first_of(net: Network, v: Visits, place: int) -> int:
    """The first visit of a class to a station, at `place` in a table (n_stations, n_classes)."""
    row = 0
    while v.station[row] * net.classes + v.klass[v.party[row]] != place:
        row += 1
    return row


@inlined
def add_value(values: FloatArray, end: IntArray, cell: int, value: float) -> None:
    """One more value of a cell."""
    values[end[cell]] = value
    end[cell] += 1
