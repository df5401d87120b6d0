"""From the visits as the kernel wrote them down to the columns of the records."""

from __future__ import annotations

from collections.abc import Iterator
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
from sim.engine.compiled.types import Words
from sim.engine.records import INSIDE
from sim.model.arrays import FloatArray, IntArray

WHOLE, TIMES = (PARTY, STATION, BOOTH, VISIT_OUTCOME), (JOINED, STARTED, ENDED, LEFT)
"""Columns of integers and of reals, in the order `unpack` gives them."""


def _unpack(version: int) -> Any:
    """`unpack` with the hash of the whole source in its closure, so that no stale code is ever loaded."""

    def unpack(words, reals, place, whole, times):  # type: ignore[no-untyped-def]
        n = len(words) // VISIT_WIDTH
        last = 0.0 if version >= 0 else 1.0
        if whole.size == 0:
            for row in range(n):
                place[words[row * VISIT_WIDTH + PARTY] + 1] += 1
            return last
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
        return last

    return cached(unpack)


unpack = _unpack(source_hash(Path(__file__).parent))
"""Write the visits of a chunk where they belong, or, while `whole` is empty, only count them.

Takes the words of the visits, the same memory as reals, for each party (and one more) the place of its next visit, and
WHOLE and TIMES, each (4, visits); gives the last instant among the times (0 without any). The outcome of a visit that
is not over is INSIDE. Counting adds the visits of a party to the entry behind its own.
"""

SIGNATURE = (numba.int64[::1], numba.float64[::1], numba.int64[::1], numba.int64[:, ::1], numba.float64[:, ::1])


def by_party(chunks: list[Words], parties: int) -> tuple[IntArray, FloatArray, float]:
    """WHOLE and TIMES of all visits, sorted by party, a party's own in order of opening, and the last instant.

    Takes the chunks out of their list one by one, so that the visits do not stand in memory twice.
    """
    place = np.zeros(parties + 1, np.int64)
    whole, times = np.empty((len(WHOLE), 0), np.int64), np.empty((len(TIMES), 0))
    for words in chunks:
        unpack(words, words.view(np.float64), place, whole, times)
    np.cumsum(place, out=place)
    whole, times = np.empty((len(WHOLE), place[-1]), np.int64), np.empty((len(TIMES), place[-1]))
    last = 0.0
    for words in _taken(chunks):
        last = max(last, unpack(words, words.view(np.float64), place, whole, times))
    return whole, times, last


def _taken(chunks: list[Words]) -> Iterator[Words]:
    chunks.reverse()
    while chunks:
        yield chunks.pop()
