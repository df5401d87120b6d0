"""Parts of the records that follow from the network and the visits alone, so that every engine has the same."""

from __future__ import annotations

import numpy as np

from sim.engine.records import FloatArray, IntArray
from sim.model.network import Network
from sim.model.parties import Parties


def last_instant(parties: Parties, turned_away: IntArray, *times: FloatArray) -> float:
    """The last instant at which something happened to a party; 0 when nothing did."""
    instants = [parties.time[turned_away], *(column[~np.isnan(column)] for column in times)]
    return max((float(column.max()) for column in instants if column.size), default=0.0)


def staffing_log(network: Network, stopped_at: float) -> tuple[FloatArray, IntArray, IntArray]:
    """Open servers of every pool at 0, then each change before the run was over: time, pool, number open.

    In order of time, then pool. A run is over at its horizon or at the last instant of a party, the later of the
    two, and never after `Network.end`.
    """
    over = min(max(network.horizon, stopped_at), network.end)
    served = [(index, pool.calendar) for index, pool in enumerate(network.pools) if pool.servers >= 0]
    rows = [(0.0, index, int(calendar.at(0.0))) for index, calendar in served]
    rows += sorted(
        (time, index, int(value))
        for index, calendar in served
        for time, value in zip(calendar.times, calendar.values, strict=True)
        if 0.0 < time < over
    )
    return (
        np.array([time for time, _, _ in rows], dtype=np.float64),
        np.array([pool for _, pool, _ in rows], dtype=np.int64),
        np.array([count for _, _, count in rows], dtype=np.int64),
    )
