"""When stations became full and had room again: from what the kernel wrote down to the log of the records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np

from sim.engine.compiled.jit import cached, source_hash
from sim.engine.compiled.layout import FULL_STATE, FULL_STATION, FULL_TIME, FULL_WIDTH


def _log_of(version: int) -> Any:
    """`log_of` with the hash of the whole source in its closure, so that no stale code is ever loaded."""

    def log_of(words, reals, stations, horizon):  # type: ignore[no-untyped-def]
        rows = len(words) // FULL_WIDTH if version >= 0 else 0
        begin = np.zeros(stations + 1, np.int64)
        for row in range(rows):
            if reals[row * FULL_WIDTH + FULL_TIME] < horizon:
                begin[words[row * FULL_WIDTH + FULL_STATION] + 1] += 1
        for station in range(stations):
            begin[station + 1] += begin[station]
        order, end = np.empty(begin[stations], np.int64), begin[:stations].copy()
        for row in range(rows):
            at = row * FULL_WIDTH
            if reals[at + FULL_TIME] < horizon:
                station = words[at + FULL_STATION]
                order[end[station]] = at
                end[station] += 1
        count, time = 0, np.empty(len(order))
        of, state = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
        for station in range(stations):
            before = 0
            for place in range(begin[station], begin[station + 1]):
                at, over = order[place], place + 1 == begin[station + 1]
                if not over and reals[order[place + 1] + FULL_TIME] == reals[at + FULL_TIME]:
                    continue
                if words[at + FULL_STATE] != before:
                    time[count], of[count] = reals[at + FULL_TIME], station
                    state[count] = before = words[at + FULL_STATE]
                    count += 1
        return time[:count], of[:count], state[:count]

    return cached(log_of)


log_of = _log_of(source_hash(Path(__file__).parent))
"""`sim.engine.books.full_log` of rows of FULL_WIDTH words, the same as reals, how many stations, and the horizon."""

SIGNATURE = (numba.int64[::1], numba.float64[::1], numba.int64, numba.float64)
