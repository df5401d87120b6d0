"""The block of memory of one replication: for each piece of the network its image and state, then what they share."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from sim.engine.compiled import layout as at
from sim.engine.compiled.ends import LIST_SIZE
from sim.engine.compiled.image import NetworkImage
from sim.engine.compiled.pieces import Piece, pieces_of
from sim.engine.compiled.types import Reals, Words
from sim.model.network import Network
from sim.model.parties import Parties


class Images:
    """A network's pieces and their images, made once for all replications."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.pieces: list[Piece] = pieces_of(network)
        self.starts = [_start(NetworkImage(piece.network)) for piece in self.pieces]
        """Of each piece its image, and the state it begins in, as far as that is the same for every replication."""
        self.piece_of_class = np.zeros(len(network.classes), np.int64)
        """The piece a class enters; all its parties are there."""
        self.class_in_piece = np.arange(len(network.classes))
        """Its index there."""
        self._plans: dict[tuple[int, bool], Plan] = {}
        for number, piece in enumerate(self.pieces):
            here = set(piece.stations.tolist())
            for own, klass in enumerate(piece.classes):
                if here & set(network.entry[klass].stations):
                    self.piece_of_class[klass], self.class_in_piece[klass] = number, own

    def plan(self, parties: Parties) -> Plan:
        """How a block for so many parties is laid out: the same for about as many."""
        room, follows = _room_for(len(parties)), parties.follows is not None
        if (room, follows) not in self._plans:
            if len(self._plans) == PLANS_KEPT:
                del self._plans[next(iter(self._plans))]
            self._plans[room, follows] = Plan.of(self, room, follows)
        return self._plans[room, follows]


VISITS_AT_ONCE = 1 << 16
"""Visits that are over for which a block has room; then they are taken out of it."""
EVENTS_AT_FIRST = 1 << 12
"""Room for events of patience, of which those stay that have become pointless; doubled when it does not do."""
KEPT = 1 << 22
"""Words of a block up to which its memory is kept for the next replication: fresh memory costs time."""


@dataclass(frozen=True, eq=False)
class Block:
    """The words, where each piece lies in them, and what they refer to outside.

    A piece sees the words from its own base on, and its header says where the shared parts begin from there.
    """

    words: Words
    bases: list[int]
    margin: int
    """Rows beyond the end of what is written down, and of the events of patience, that one move may still take."""
    grown: list[Words]
    """The array that took the place of the events of patience where there were too many for the block."""


PLANS_KEPT = 8
MANY = 1 << 17
"""Parties up to which a block has room for some more than there are: the next replication has about as many."""


def _room_for(parties: int) -> int:
    """Up to an eighth more."""
    step = 1 << max(parties.bit_length() - 4, 0)
    return parties if parties > MANY else -(-parties // step) * step


@dataclass(frozen=True, eq=False)
class Plan:
    """What blocks for about so many parties begin as."""

    starts: list[Words]
    """Of each piece, what stands at its base."""
    bases: list[int]
    size: int
    margin: int

    @classmethod
    def of(cls, images: Images, parties: int, follows: bool) -> Plan:
        """For up to so many parties, of whom some come after others (`Parties.follows`) or not."""
        visits = min(VISITS_AT_ONCE, 4 * parties + 16)
        margin = len(images.network.stations) + 2
        shared = _shared_sizes(parties, follows, visits, margin)
        *bases, size = accumulate((start.size for start in images.starts), initial=0)
        *begins, size = accumulate(shared.values(), initial=size)
        starts, slots, offsets = [], list(shared), np.array(begins)
        for start, base in zip(images.starts, bases, strict=True):
            own = start.copy()
            own[slots] = offsets - base
            own[at.NEXT_LIVE], own[at.PATIENCE_ROOM] = own[at.LIVE], EVENTS_AT_FIRST
            own[at.VISITS_END] = own[at.VISITS] + visits * at.VISIT_WIDTH
            own[at.FULL_END] = own[at.FULL_LOG] + visits * at.FULL_WIDTH
            starts.append(own)
        return cls(starts, bases, size, margin)


def new_block(images: Images, parties: Parties) -> Block:
    """The block at the start of a run, before anybody is handed over to a piece."""
    plan = images.plan(parties)
    words = _memory(plan.size)
    for start, base in zip(plan.starts, plan.bases, strict=True):
        words[base : base + start.size] = start
    return Block(words, plan.bases, plan.margin, [])


Columns = tuple[Reals, Words, Words, Words, Reals, Words]


def columns_of(parties: Parties) -> Columns:
    """What a piece reads of its parties where it is: times, classes, sizes, first draws, draws, and who was there
    before the start, empty where nobody was."""
    return (
        np.ascontiguousarray(parties.time, np.float64),
        np.ascontiguousarray(parties.klass, np.int64),
        np.ascontiguousarray(parties.size, np.int64),
        np.ascontiguousarray(parties.first_draw, np.int64),
        np.ascontiguousarray(parties.draws, np.float64),
        parties.initial.astype(np.int64) if parties.initial.any() else _NOBODY,
    )


_NOBODY: Words = np.empty(0, np.int64)


def hand_over(own: Words, parties: Parties) -> None:
    """Tell the piece with these words how many come there, and who after whom."""
    own[at.N_COMING] = len(parties)
    if parties.follows is None or parties.until is None:
        own[at.STAYS] = -1
        return
    begin = int(own[at.FOLLOW])
    rows = own[begin : begin + len(parties) * at.FOLLOW_WIDTH].reshape(-1, at.FOLLOW_WIDTH)
    rows[:, at.FORERUNNER], rows[:, at.END_OUTCOME] = parties.follows, -1
    rows.view(np.float64)[:, at.UNTIL] = parties.until


def make_room_for_patience(block: Block, own: Words) -> None:
    """More room for the events of patience of the piece with these words, in an array of its own."""
    begin, room = int(own[at.PATIENCE]), 2 * int(own[at.PATIENCE_ROOM])
    count = int(own[at.N_PATIENCE]) * at.EVENT_WIDTH
    old = next((array for array in block.grown if offset_of(own, array) == begin), None)
    events = own[begin : begin + count] if old is None else old[:count]
    fresh: Words = np.empty((room + block.margin) * at.EVENT_WIDTH, np.int64)
    fresh[:count] = events
    block.grown[:] = [fresh]
    own[at.PATIENCE], own[at.PATIENCE_ROOM] = offset_of(own, fresh), room


def offset_of(words: Words, array: Words | Reals) -> int:
    """Where an array begins, in words from the first of `words`."""
    words_apart, bytes_over = divmod(_address(array) - _address(words), 8)
    assert bytes_over == 0, "an array that does not begin at a whole word"
    return words_apart


def _address(array: Words | Reals) -> int:
    return int(array.__array_interface__["data"][0])


_own = threading.local()


def _memory(size: int) -> Words:
    """So many words, which hold anything: those of the last replication of this thread, where they do."""
    if size > KEPT:
        return np.empty(size, np.int64)
    if not hasattr(_own, "words") or _own.words.size < size:
        _own.words = np.empty(min(KEPT, size + size // 4), np.int64)
    kept: Words = _own.words
    return kept[:size]


def _state_sizes(image: NetworkImage) -> dict[int, int]:
    stations, _, pools, booths, lines, instants = (int(count) for count in image.words[:6])
    controllers = int(image.words[at.N_CONTROLLERS])
    return {
        at.SCHEDULED: pools,
        at.OPEN: pools,
        at.BEFORE: pools,
        at.FRONT: booths,
        at.REAR: booths,
        at.HEAD: lines + 1,  # the last line is scratch
        at.TAIL: lines + 1,
        at.COUNT: lines + 1,
        at.STANDING: stations,
        at.IN_ZONE: int(image.words[at.FOLLOWERS] - image.words[at.CAPACITIES]),
        at.SPACE: stations,
        at.NEXT_ENDS: LIST_SIZE,
        at.GAUGES: (stations * at.GAUGE_KINDS + pools) * at.GAUGE_WIDTH,
        at.CONTROL: controllers * at.CONTROL_WIDTH,
        at.STAFF_LOG: controllers * instants * at.STAFF_WIDTH,
    }


def _shared_sizes(count: int, follows: bool, visits: int, margin: int) -> dict[int, int]:
    """What one piece after the other uses."""
    return {
        at.BLOCKED_LIST: count + 1,
        at.ENDS: (count + 1) * at.EVENT_WIDTH,
        at.LIVE: (count + 1) * at.LIVE_WIDTH,  # a party has one visit at a time
        at.PATIENCE: (EVENTS_AT_FIRST + margin) * at.EVENT_WIDTH,
        at.AWAY: 2 * count,
        at.FOLLOW: count * at.FOLLOW_WIDTH if follows else 0,
        at.FULL_LOG: (visits + margin) * at.FULL_WIDTH,
        at.VISITS: (visits + margin) * at.VISIT_WIDTH,
    }


def _start(image: NetworkImage) -> Words:
    """An image and the first state behind it, where zero is 0.0 as well."""
    sizes = _state_sizes(image)
    offset = image.words.size
    start: Words = np.zeros(offset + sum(sizes.values()), np.int64)
    start[:offset] = image.words
    for slot, length in sizes.items():
        start[slot] = offset
        if slot in (at.FRONT, at.REAR, at.HEAD, at.TAIL):
            start[offset : offset + length] = -1
        offset += length
    start[at.NEXT_STAFF], start[at.FREE] = start[at.STAFF_LOG], -1
    return start
