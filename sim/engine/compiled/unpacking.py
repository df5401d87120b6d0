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
from sim.engine.compiled.types import Words
from sim.engine.records import INSIDE
from sim.model.arrays import FloatArray, IntArray

WHOLE, TIMES = (PARTY, STATION, BOOTH, VISIT_OUTCOME), (JOINED, STARTED, ENDED, LEFT)
"""Columns of integers and of reals, in the order `unpack` gives them."""


def _unpack(version: int) -> Any:
    """`unpack` with the hash of the whole source in its closure, so that no stale code is ever loaded."""

    def unpack(words, reals, first, below, begin, whole, times):  # type: ignore[no-untyped-def]
        n = len(words) // VISIT_WIDTH
        place = np.zeros(below - first + 1, np.int64)
        for row in range(n):
            party = words[row * VISIT_WIDTH + PARTY]
            if party < below:
                place[party - first + 1] += 1
        place[0] = begin if version >= 0 else -1
        for party in range(below - first):
            place[party + 1] += place[party]
        last, left_over = 0.0, 0
        for row in range(n):
            at = row * VISIT_WIDTH
            party = words[at + PARTY]
            if party >= below:
                for column in range(VISIT_WIDTH):
                    words[left_over + column] = words[at + column]
                left_over += VISIT_WIDTH
                continue
            to = place[party - first]
            place[party - first] += 1
            whole[0, to], whole[1, to], whole[2, to] = party, words[at + STATION], words[at + BOOTH]
            inside = np.isnan(reals[at + LEFT])
            whole[3, to] = INSIDE if inside else words[at + VISIT_OUTCOME]
            joined, started, ended, left = reals[at + JOINED], reals[at + STARTED], reals[at + ENDED], reals[at + LEFT]
            times[0, to], times[1, to], times[2, to], times[3, to] = joined, started, ended, left
            if joined > last:  # NaN is not
                last = joined
            if started > last:
                last = started
            if ended > last:
                last = ended
            if left > last:
                last = left
        return left_over // VISIT_WIDTH, last

    return cached(unpack)


unpack = _unpack(source_hash(Path(__file__).parent))
"""Write the visits of the parties from `first` up to `below` where they belong, from the place `begin` on.

Takes the words of the visits, the same memory as reals, those three, and WHOLE and TIMES, each (4, room for visits).
The visits of later parties stay, in their order, at the beginning of the words; those of earlier ones are not among
them. Gives how many stay, and the last instant among the times of the others (0 without any). The outcome of a visit
that is not over is INSIDE.
"""

SIGNATURE = (
    numba.int64[::1],
    numba.float64[::1],
    numba.int64,
    numba.int64,
    numba.int64,
    numba.int64[:, ::1],
    numba.float64[:, ::1],
)


class ByParty:
    """Visits sorted by party, a party's own in order of opening, as far as they are known; piece by piece."""

    def __init__(self) -> None:
        self.count, self.below, self.last = 0, 0, 0.0
        """Visits that have their place; the parties below that have all theirs; the last instant among their times."""
        self._whole, self._times = np.empty((len(WHOLE), 0), np.int64), np.empty((len(TIMES), 0))

    def add(self, rows: Words, below: int, expected: int) -> int:
        """Give the visits of the parties below `below` their places, all of them; the others stay where they are.

        Takes the words of visits in order of opening and how many visits are expected in all.

        Returns:
            How many visits stay, at the beginning of the words.
        """
        most = self.count + rows.size // VISIT_WIDTH
        if most > self._whole.shape[1]:
            self._grow(max(most, expected))
        left, last = unpack(rows, rows.view(np.float64), self.below, below, self.count, self._whole, self._times)
        self.count, self.below, self.last = most - left, below, max(self.last, last)
        return int(left)

    def renumbered(self, begin: int, parties: IntArray | None, stations: IntArray) -> None:
        """A piece is through: from the visit `begin` on, parties and stations get their numbers in the whole network.

        The parties of another piece begin at 0 again. `parties` is None where the piece has all of them.
        """
        self.below = 0
        if parties is not None:
            own = self._whole[:, begin : self.count]
            own[0], own[1] = parties[own[0]], stations[own[1]]

    def _grow(self, room: int) -> None:
        # Memory that is not written to is not taken.
        whole, times = np.empty((len(WHOLE), room), np.int64), np.empty((len(TIMES), room))
        whole[:, : self.count], times[:, : self.count] = self._whole[:, : self.count], self._times[:, : self.count]
        self._whole, self._times = whole, times

    def columns(self) -> tuple[IntArray, FloatArray]:
        """WHOLE and TIMES, each (4, visits)."""
        return self._whole[:, : self.count], self._times[:, : self.count]
