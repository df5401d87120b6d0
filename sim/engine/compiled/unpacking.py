"""From the visits as the kernel wrote them down to the columns of the records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np

from sim.engine.compiled.jit import cached, source_hash
from sim.engine.compiled.layout import (
    BOOTH,
    ENDED,
    JOINED,
    LEFT,
    PARTY,
    STARTED,
    STATION,
    VISIT_OUTCOME,
    VISIT_WIDTH,
)
from sim.engine.records import INSIDE

WHOLE, TIMES = (PARTY, STATION, BOOTH, VISIT_OUTCOME), (JOINED, STARTED, ENDED, LEFT)
"""Columns of integers and of reals, in the order `unpack` gives them."""


def _unpack(version: int) -> Any:
    """`unpack` with the hash of the whole source in its closure, so that no stale code is ever loaded."""

    def unpack(words, reals, n_parties):  # type: ignore[no-untyped-def]
        n = len(words) // VISIT_WIDTH
        place = np.zeros(n_parties + 1, np.int64)
        for row in range(n):
            place[words[row * VISIT_WIDTH + PARTY] + 1] += 1
        for party in range(n_parties):
            place[party + 1] += place[party]
        whole, times = np.empty((len(WHOLE), n), np.int64), np.empty((len(TIMES), n))
        last = 0.0 if version >= 0 else 1.0
        for row in range(n):
            begin = row * VISIT_WIDTH
            party = words[begin + PARTY]
            to = place[party]
            place[party] += 1
            whole[0, to], whole[1, to], whole[2, to] = party, words[begin + STATION], words[begin + BOOTH]
            inside = np.isnan(reals[begin + LEFT])
            whole[3, to] = INSIDE if inside else words[begin + VISIT_OUTCOME]
            joined, started, ended, left = (
                reals[begin + JOINED], reals[begin + STARTED], reals[begin + ENDED], reals[begin + LEFT],
            )  # fmt: skip
            times[0, to], times[1, to], times[2, to], times[3, to] = joined, started, ended, left
            if joined > last:  # NaN is not
                last = joined
            if started > last:
                last = started
            if ended > last:
                last = ended
            if left > last:
                last = left
        return whole, times, last

    return cached(unpack)


unpack = _unpack(source_hash(Path(__file__).parent))
"""Visits sorted by party, a party's own in order of opening.

Takes the words of the visits, the same memory as reals, and the number of parties; gives WHOLE and TIMES, each
(4, visits), and the last instant among the times (0 without any). The outcome of a visit that is not over is INSIDE.
"""

SIGNATURE = (numba.int64[::1], numba.float64[::1], numba.int64)
