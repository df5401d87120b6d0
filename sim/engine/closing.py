"""Opening and closing of booths (rule 5): who rejoins which line, and what a last booth's closing does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from sim.engine.control import Control
from sim.engine.state import PoolState, StationState, Visit
from sim.model.network import Network, OnClose


def instants_of_change(network: Network) -> list[float]:
    """Every instant before the end at which a calendar, an outage or opening hours change, ascending."""
    steps = [pool.calendar for pool in network.pools]
    steps += [s for station in network.stations for s in (station.running, station.admits)]
    steps += [controller.most for controller in network.controllers]
    instants = {time for step in steps for time in step.times}
    instants.update(time for controller in network.controllers for time in controller.ticks)
    return sorted(t for t in instants if 0.0 < t < network.end and math.isfinite(t))


def apply_calendar(
    pools: list[PoolState], stations: list[StationState], controls: Mapping[int, Control], now: float
) -> list[int]:
    """Set every pool to what its calendar, or its controller, says now, then deal with the lines.

    All pools change before any line moves, so that a group closing at the same instant is not moved to.

    Returns:
        The pools with a controller that have changed.
    """
    changed = []
    for index, state in enumerate(pools):
        if state.endless:
            continue
        control = controls.get(index)
        servers = int(state.pool.calendar.at(now)) if control is None else control.servers(now, stations)
        if servers != state.scheduled:
            changed.append((index, state.scheduled))
            state.scheduled = servers
            state.count_overtime(now)
    for index, before in changed:
        pool = pools[index]
        if pool.scheduled == 0:
            close_last(pool, [stations[i] for i in pool.members], stations)
        else:
            change_open(pool, [stations[i] for i in pool.members], reopened=before == 0)
    return [index for index, _ in changed if index in controls]


def change_open(pool: PoolState, members: list[StationState], reopened: bool) -> None:
    """Booths 1..scheduled are open: the lines of the others, and those held outside, rejoin at the tails."""
    pool.open = pool.scheduled
    for state in members:
        displaced = take_all(booth.line for booth in pool.booths[pool.open :]) if state.station.per_booth else []
        if reopened:
            displaced = sorted([*displaced, *take_all([state.holding])], key=lambda v: v.in_order)
        for visit in displaced:
            joins_reopened(state, visit)


def close_last(pool: PoolState, members: list[StationState], stations: list[StationState]) -> None:
    """Nobody is open any more: the line is served out, moves elsewhere, or waits (`OnClose`)."""
    finishing = False
    for state in members:
        lines = [state.line, *(booth.line for booth in pool.booths if state.station.per_booth)]
        leaving: list[Visit] = []
        for line in lines:
            staying = [v for v in line if serves_out(state, v, stations)]
            leaving += [v for v in line if not serves_out(state, v, stations)]
            line[:] = staying
            finishing = finishing or bool(line)
        for visit in sorted([*take_all([state.holding]), *leaving], key=lambda v: v.in_order):
            visit.stand_in(state.holding)
    if not finishing:
        pool.open = 0


def serves_out(state: StationState, visit: Visit, stations: list[StationState]) -> bool:
    """The closing group still serves this waiting party: told to finish, or no other group is open to it."""
    station = state.station
    if station.on_close is OnClose.REROUTE:
        others = (station.reroute or {}).get(visit.klass, ())
        return not any(stations[i].is_open for i in others)
    return station.on_close is OnClose.FINISH


def joins_reopened(state: StationState, visit: Visit) -> None:
    """To the tail of the shared line, or of the open booth with the fewest parties (rules 3 and 5)."""
    if state.station.per_booth:
        visit.stand_in(state.shortest_booth().line)
    else:
        visit.stand_in(state.line)


def take_all(lines: Iterator[list[Visit]] | list[list[Visit]]) -> list[Visit]:
    """Empty the lines and return those who stood there in order of joining."""
    taken: list[Visit] = []
    for line in lines:
        taken += line
        line.clear()
    return sorted(taken, key=lambda v: v.in_order)
