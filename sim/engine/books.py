"""Parts of the records that follow from the network and the visits alone, so that every engine has the same."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from sim.model.arrays import FloatArray, IntArray
from sim.model.network import Network
from sim.model.parties import Parties


def last_instant(parties: Parties, turned_away: IntArray, *times: FloatArray) -> float:
    """The last instant at which something happened to a party; 0 when nothing did."""
    instants = [parties.time[turned_away], *(column[~np.isnan(column)] for column in times)]
    return max((float(column.max()) for column in instants if column.size), default=0.0)


def staffing_log(
    network: Network, stopped_at: float, controlled: Iterable[tuple[float, int, int]] = ()
) -> tuple[FloatArray, IntArray, IntArray]:
    """Open servers of every pool at 0, then each change before the run was over: time, pool, number open.

    `controlled` are the changes that controllers made before the horizon, which is as far as measures look; those of
    calendars follow from the network.

    In order of time, then pool. A run is over at its horizon or at the last instant of a party, the later of the
    two, and never after `Network.end`.
    """
    over = min(max(network.horizon, stopped_at), network.end)
    controlled = list(controlled)
    if controlled:
        return _columns(network, over, controlled)
    times, pools, counts = _of_calendars(network)
    rows = max(int(times.searchsorted(over)), sum(pool.servers >= 0 for pool in network.pools))
    return times[:rows].copy(), pools[:rows].copy(), counts[:rows].copy()


StaffingLog = tuple[FloatArray, IntArray, IntArray]
KEPT = 8
_known: dict[int, tuple[Network, StaffingLog]] = {}
"""Of the networks seen last, by identity (each is kept, so that no other takes its place)."""


def _of_calendars(network: Network) -> StaffingLog:
    """The whole log of a network whose booths nothing but calendars opens."""
    if id(network) not in _known:
        while len(_known) >= KEPT:
            _known.pop(next(iter(_known)), None)
        _known[id(network)] = network, _columns(network, math.inf, [])
    return _known[id(network)][1]


def _columns(network: Network, over: float, controlled: list[tuple[float, int, int]]) -> StaffingLog:
    served = [(index, pool.calendar) for index, pool in enumerate(network.pools) if pool.servers >= 0]
    rows = [(0.0, index, int(calendar.at(0.0))) for index, calendar in served]
    steered = {controller.pool for controller in network.controllers}
    changes = [
        (time, index, int(value))
        for index, calendar in served
        if index not in steered
        for time, value in zip(calendar.times, calendar.values, strict=True)
        if 0.0 < time < over
    ]
    rows += sorted([*changes, *controlled])
    return (
        np.array([time for time, _, _ in rows], dtype=np.float64),
        np.array([pool for _, pool, _ in rows], dtype=np.int64),
        np.array([count for _, _, count in rows], dtype=np.int64),
    )


def full_log(
    network: Network, time: FloatArray, station: IntArray, state: IntArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """When stations became full and had room again, station by station in order of time, from changes as they came.

    Of several changes at an instant only the outcome is kept: what lasts no time depends on when an engine looks. So
    does what changes after the horizon, where measures do not reach: parts of a network end at instants of their own.
    """
    within = np.flatnonzero(time < network.horizon)
    order = within[np.argsort(station[within], kind="stable")]
    time, station, state = time[order], station[order], state[order]
    last = np.append((station[1:] != station[:-1]) | (time[1:] != time[:-1]), True)[: len(time)]
    time, station, state = time[last], station[last], state[last]
    first = np.append(True, station[1:] != station[:-1])[: len(time)]
    before = np.where(first, 0, np.append(0, state[:-1])[: len(time)])
    kept = state != before
    return time[kept], station[kept], state[kept]
