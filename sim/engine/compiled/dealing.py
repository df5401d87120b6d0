"""The parties of a replication dealt out to the pieces of the network, and what becomes of them put together again.

Each piece has its parties in arrays of their own, under numbers of its own: where a hundred ports stand side by side,
of what lies next to each other in the arrays of all parties a port has one in a hundred, and would read all of it.
"""

from __future__ import annotations

import numpy as np

from sim.engine.compiled.block import Images
from sim.model.arrays import FloatArray, IntArray
from sim.model.parties import Parties


class Deal:
    """Whose party is whose. Where there is one piece, all are its own, and nothing is copied."""

    def __init__(self, images: Images, parties: Parties) -> None:
        self.images, self.parties = images, parties
        self.alone = len(images.pieces) == 1
        if self.alone:
            return
        piece = images.piece_of_class[parties.klass]
        narrow = piece.astype(np.int16) if len(images.pieces) < 2**15 else piece  # sorted by digits: many times as fast
        self._order = np.argsort(narrow, kind="stable")
        self._first = np.append(0, np.cumsum(np.bincount(piece, minlength=len(images.pieces))))

    def members(self, piece: int) -> IntArray:
        """The parties that come to a piece, by their numbers among all; only where there are several pieces."""
        return self._order[self._first[piece] : self._first[piece + 1]]

    def share(self, piece: int) -> Parties:
        """The same with what the engine needs to know of them, in numbers of the piece."""
        whole = self.parties
        if self.alone:
            return whole
        mine = self.members(piece)
        return Parties(
            time=whole.time[mine],
            klass=self.images.class_in_piece[whole.klass[mine]],
            size=whole.size[mine],
            first_draw=whole.first_draw[mine],
            draws=whole.draws,
            initial=whole.initial[mine],
            follows=None if whole.follows is None else _number_among(mine, whole.follows[mine]),
            until=None if whole.until is None else whole.until[mine],
        )

    def gather(self, whole: IntArray, times: FloatArray) -> None:
        """Put visits in order of the party that stand in order of the piece and, within it, of the party.

        Both are columns, (4, visits), the first of them the party's number among all.
        """
        if self.alone:
            return
        # Each visit is taken from one of as many places as there are pieces, each of which goes on where it was.
        count = np.bincount(whole[0], minlength=len(self.parties))
        to = np.cumsum(count) - count
        mine = count[self._order]
        at = np.cumsum(mine) - mine
        visits = np.arange(whole.shape[1])
        source = np.empty_like(visits)
        source[np.repeat(to[self._order] - at, mine) + visits] = visits
        for column in (*whole, *times):  # one after the other, for memory
            column[:] = column[source]


def _number_among(mine: IntArray, parties: IntArray) -> IntArray:
    """The numbers among `mine`, which ascend, of parties that are of them; -1 stays what it is."""
    return np.where(parties < 0, -1, np.searchsorted(mine, parties))
