"""One pass over the visits: spells, departures and stretches of time (`sim.study.spells` states the rules)."""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.jit import inlined
from sim.engine.records import INSIDE, MOVED_ON
from sim.model.network import DIVERTED, StationKind
from sim.study.compiled.tables import Line, Network, Spells, Stretches, Visits
from sim.study.tallies import SUMS

(
    ARRIVALS, WAITS, WAIT, PERSONS, PERSON_WAIT, OVER, OVER_BY, LEFT, IN_SYSTEM, REFERRED, INSPECTED, CENSORED, GONE,
    GONE_WAIT,
) = range(len(SUMS))  # fmt: skip
MINUTE = 60.0


@inlined
def bin_of(net: Network, time: float) -> int:
    """Bin of an instant in [warm_up, horizon]; the horizon is one past the last bin."""
    last = net.bins
    found = min(max(int(time * net.bins_per_second) - net.first_bin, 0), last)
    if time < net.edges[found]:
        found -= 1
    if time >= net.edges[found + 1]:
        found += 1
    return found


@inlined
def counts(net: Network, v: Visits, joined: float, party: int) -> bool:
    """A spell counts that joined within the window and is not of the initial queue."""
    return bool(net.edges[0] <= joined < net.edges[net.bins] and v.initial[party] == 0)


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
    out: Spells,
    cell: int,
    joined: float,
    begun: float,
    wait: float,
    in_system: float,
    size: int,
    outcome: int,
    referred: bool,
    standard: float,
) -> None:
    """A spell that counts."""
    at = bin_of(net, joined)
    place = cell * len(SUMS) * net.bins + at
    waited = not np.isnan(wait)
    out.sums[place + ARRIVALS * net.bins] += 1.0
    if waited:
        out.sums[place + WAITS * net.bins] += 1.0
        out.sums[place + WAIT * net.bins] += wait
        out.sums[place + PERSONS * net.bins] += size
        out.sums[place + PERSON_WAIT * net.bins] += wait * size
        if wait - standard > 0.0:
            out.sums[place + OVER * net.bins] += 1.0
            out.sums[place + OVER_BY * net.bins] += wait - standard
        n = out.counts[0]
        out.wait[n], out.wait_cell[n], out.wait_bin[n] = wait, cell, at
        out.counts[0] = n + 1
    elif outcome == INSIDE:
        out.sums[place + CENSORED * net.bins] += 1.0
    if not np.isnan(in_system):
        out.sums[place + LEFT * net.bins] += 1.0
        out.sums[place + IN_SYSTEM * net.bins] += in_system
        out.system[2 * cell] += in_system
        out.system[2 * cell + 1] += 1.0
        n = out.counts[1]
        out.system_time[n], out.system_cell[n] = in_system, cell
        out.counts[1] = n + 1
    if referred:
        out.sums[place + REFERRED * net.bins] += 1.0
        if waited:
            out.sums[place + INSPECTED * net.bins] += 1.0
    if outcome >= 0:
        out.outcomes[(cell * net.outcomes + outcome) * net.bins + at] += 1.0
    if begun < net.edges[net.bins]:
        started = 2 * cell * net.bins + bin_of(net, begun)
        out.by_start[started] += wait / MINUTE
        out.by_start[started + net.bins] += 1.0


@inlined
def add_gone(net: Network, out: Spells, cell: int, joined: float, wait: float) -> None:
    """Someone who joined within the window and left without service."""
    place = cell * len(SUMS) * net.bins + bin_of(net, joined)
    out.sums[place + GONE * net.bins] += 1.0
    out.sums[place + GONE_WAIT * net.bins] += max(wait, 0.0)


@inlined
def add_departure(net: Network, out: Spells, cell: int, left: float) -> None:
    """Someone served who left, perhaps within the window."""
    if net.edges[0] <= left < net.edges[net.bins]:
        out.left[cell * net.bins + bin_of(net, left)] += 1.0


@inlined
def cut(net: Network, time: float) -> float:
    """An instant moved into the window; NaN stands for one beyond the horizon."""
    horizon, opens = net.edges[net.bins], net.edges[0]
    within = time if time < horizon else horizon
    return within if within > opens else opens


@inlined
def add_stretch(
    net: Network, into: Stretches, cell: int, start: float, end: float, begins: int, stops: int, weight: float
) -> None:
    """A stretch of time within the window."""
    width = net.bins + 1
    into.seconds[cell] += (end - start) * weight
    place = 2 * cell * width + begins
    into.begins[place] += (net.edges[begins + 1] - start) * weight
    into.begins[place + width] += weight
    place = 2 * cell * width + stops
    into.stops[place] += (net.edges[min(stops + 1, net.bins)] - end) * weight
    into.stops[place + width] += weight


@inlined
def add_state(net: Network, into: Stretches, cell: int, start: float, end: float) -> None:
    """A visit was in a state from `start` to `end`."""
    begin, until = cut(net, start), cut(net, end)
    if begin < until:
        add_stretch(net, into, cell, begin, until, bin_of(net, begin), bin_of(net, until), 1.0)


@inlined
def add_wait(
    net: Network, line: Line, waiting: Stretches, road: Stretches, cell: int, start: float, end: float, metres: float
) -> None:
    """A visit stood in line from `start` to `end`."""
    begin, until = cut(net, start), cut(net, end)
    if not begin < until:
        return
    begins, stops = bin_of(net, begin), bin_of(net, until)
    add_stretch(net, waiting, cell, begin, until, begins, stops, 1.0)
    add_stretch(net, road, cell, begin, until, begins, stops, metres)
    within = min(stops, net.bins - 1)
    if until <= net.edges[within]:
        within -= 1
    n = line.waits[0]
    line.cell[n], line.start[n], line.end[n], line.begins[n] = cell, begin, until, begins
    line.within[n], line.road[n] = within, metres
    line.waits[0] = n + 1


@inlined
def add_visit(
    net: Network,
    v: Visits,
    row: int,
    cell: int,
    to_secondary: bool,
    out: Spells,
    line: Line,
    waiting: Stretches,
    road: Stretches,
    busy: Stretches,
    blocked: Stretches,
) -> None:
    """One row of the records: a spell at a station, and the states it went through."""
    party, station = v.party[row], v.station[row]
    joined, started, ended, left = v.joined[row], v.started[row], v.ended[row], v.left[row]
    on_road, unserved, outcome = net.kind[station] == StationKind.ROAD, np.isnan(started), v.outcome[row]
    since = joined + net.travel[station]
    until = left if unserved or on_road else started
    if counts(net, v, joined, party):
        begun = np.nan if unserved else until
        add_spell(
            net, out, cell, joined, begun, begun - since, left - joined, v.size[party], outcome, to_secondary, np.inf
        )
        if unserved and not np.isnan(left) and outcome != MOVED_ON:
            add_gone(net, out, cell, joined, until - since)
    if not unserved and (outcome == MOVED_ON or net.good[outcome + 2] != 0):
        add_departure(net, out, cell, left)
    add_wait(net, line, waiting, road, cell, since, until, net.road[station * net.classes + v.klass[party]])
    if not on_road:
        add_state(net, busy, cell, started, ended)
        add_state(net, blocked, cell, ended, left)


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
def add_stay(
    net: Network, v: Visits, first: int, last: int, begun: float, on_the_way: float, referred: bool, out: Spells
) -> None:
    """A party at a facility, from row `first` to `last`."""
    party, facility = v.party[first], net.facility[v.station[first]]
    cell, joined, left = net.cell[facility * net.classes + v.klass[party]], v.joined[first], v.left[last]
    outcome = v.outcome[last] if v.outcome[last] != MOVED_ON else DIVERTED
    if counts(net, v, joined, party):
        wait = begun - joined - on_the_way
        if wait < 0.0:
            wait = 0.0
        standard = promised(net, facility, joined)
        add_spell(net, out, cell, joined, begun, wait, left - joined, v.size[party], outcome, referred, standard)
        if np.isnan(begun) and not np.isnan(left):
            add_gone(net, out, cell, joined, left - joined - on_the_way)
    if net.good[outcome + 2] != 0:
        add_departure(net, out, cell, left)


@inlined
def read_all(
    net: Network,
    v: Visits,
    out: Spells,
    line: Line,
    waiting: Stretches,
    road: Stretches,
    busy: Stretches,
    blocked: Stretches,
) -> int:
    """Add up everything; returns the row of a visit that no rule leads to, or -1."""
    first, begun, on_the_way, referred = 0, np.nan, 0.0, False
    for row in range(v.visits):
        party, station = v.party[row], v.station[row]
        kind, facility = net.kind[station], net.facility[station]
        cell = net.cell[(net.facilities + station) * net.classes + v.klass[party]]
        if cell < 0:
            return row
        stays_on = row + 1 < v.visits and v.party[row + 1] == party
        to_secondary = stays_on and net.kind[v.station[row + 1]] == StationKind.SECONDARY
        add_visit(net, v, row, cell, to_secondary, out, line, waiting, road, busy, blocked)
        referred = referred or kind == StationKind.SECONDARY
        if np.isnan(begun):
            if kind == StationKind.LANE_GROUP and not np.isnan(v.started[row]):
                begun = v.started[row]
            elif net.on_the_way[station] != 0:
                on_the_way += passing_time(net, v, row)
        if not stays_on or net.facility[v.station[row + 1]] != facility:
            add_stay(net, v, first, row, begun, on_the_way, referred, out)
            first, begun, on_the_way, referred = row + 1, np.nan, 0.0, False
    for at in range(v.turned_away):
        party = v.away[at]
        klass, joined = v.klass[party], v.time[party]
        if counts(net, v, joined, party):
            cell = net.cell[net.home[klass] * net.classes + klass]
            never = np.nan
            add_spell(net, out, cell, joined, never, never, never, v.size[party], v.away_outcome[at], False, np.inf)
    return -1
