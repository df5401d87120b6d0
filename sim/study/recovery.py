"""How long a queue outlasts a dated event."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.model.arrays import FloatArray
from sim.study.cells import QUEUE_KINDS
from sim.study.layout import Layout
from sim.study.spells import Rows, waiting


def recovery(layout: Layout, visits: Callable[[], Rows]) -> FloatArray:
    """Minutes from the end of an event until the queue is no longer than when it began, per column.

    The longest over the dated events of a facility that begin and end in [warm_up, horizon); a queue that has not
    come down by the horizon counts until there. NaN where there is no such event, and for all but facilities.

    Args:
        layout: the columns.
        visits: gives the visits; asked only where there is such an event.
    """
    cells, network = layout.cells, layout.network
    result = np.full(cells.n_columns, np.nan)
    for index, facility in enumerate(network.facilities):
        events = [(a, b) for a, b in facility.events if network.warm_up <= a and b < network.horizon]
        if not events:
            continue
        rows = visits()
        line = waiting(rows)
        queues = np.isin(rows.kind[line.row], [int(kind) for kind in QUEUE_KINDS])
        mine = queues & (rows.facility[line.row] == index)
        joins, leaves = np.sort(line.start[mine]), np.sort(line.end[mine])
        last = max(_outlasts(joins, leaves, since, until, network.horizon) for since, until in events)
        result[cells.column_of(index)] = last / 60.0
    return result


def _outlasts(joins: FloatArray, leaves: FloatArray, since: float, until: float, horizon: float) -> float:
    """Seconds from `until` to the first instant at which no more wait than did at `since`."""
    # A party that leaves one line of the facility joins the next at that instant, so both count at the instant.
    instants = np.concatenate([[until], leaves[(leaves > until) & (leaves < horizon)]])
    waiting = np.searchsorted(joins, instants, side="right") - np.searchsorted(leaves, instants, side="right")
    before = np.searchsorted(joins, since, side="right") - np.searchsorted(leaves, since, side="right")
    down = np.flatnonzero(waiting <= before)
    return float(instants[down[0]] if down.size else horizon) - until
