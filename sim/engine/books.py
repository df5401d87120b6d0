"""Parts of the records that follow from the network and the visits alone, so that every engine has the same."""

from __future__ import annotations

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
