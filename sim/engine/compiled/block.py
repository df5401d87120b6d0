"""The block of memory of one replication: for each piece of the network its image and state, then what they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.engine.compiled import layout as at
from sim.engine.compiled.image import NetworkImage
from sim.engine.compiled.pieces import Piece, pieces_of
from sim.engine.compiled.types import Reals, Words
from sim.model.arrays import IntArray
from sim.model.network import Network
from sim.model.parties import Parties


class Images:
    """A network's pieces and their images, made once for all replications."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.pieces: list[Piece] = pieces_of(network)
        self.images = [NetworkImage(piece.network) for piece in self.pieces]
        self.piece_of_class = np.zeros(len(network.classes), np.int64)
        self.class_in_piece = np.zeros(len(network.classes), np.int64)
        """The piece a class enters; all its parties are there."""
        for number, piece in enumerate(self.pieces):
            here = set(piece.stations.tolist())
            for own, klass in enumerate(piece.classes):
                if here & set(network.entry[klass].stations):
                    self.piece_of_class[klass], self.class_in_piece[klass] = number, own


@dataclass(frozen=True, eq=False)
class Block:
    """The words, where each piece lies in them, and whose parties are whose.

    A piece sees the words from its own base on, and its header says where the shared parts begin from there.
    """

    words: Words
    bases: list[int]
    order: IntArray | None
    """Parties by piece, in order of arrival within each; None where there is one piece."""
    first: IntArray
    """(pieces + 1,): where the parties of each piece begin in that order."""


def new_block(images: Images, parties: Parties, visits: int) -> Block:
    """The block at the start of a run with room for that many visits."""
    order, first = _by_piece(images, parties)
    states = [_state_sizes(image) for image in images.images]
    shared = _shared_sizes(images, parties, visits)
    bases, size = list[int](), 0
    for image, sizes in zip(images.images, states, strict=True):
        bases.append(size)
        size += image.words.size + sum(sizes.values())
    begins = dict[int, int]()
    for slot, length in shared.items():
        begins[slot] = size
        size += length
    words: Words = np.empty(size, np.int64)
    for number, (image, sizes, base) in enumerate(zip(images.images, states, bases, strict=True)):
        own = words[base:]
        _write_state(own, image, sizes)
        for slot, begin in begins.items():
            own[slot] = begin - base
        own[at.PARTIES] += first[number] * at.PARTY_WIDTH
        own[at.ARRIVALS] += first[number]
        if parties.follows is None:
            own[at.STAYS] = -1
        else:
            own[at.FOLLOW] += first[number] * at.FOLLOW_WIDTH
        own[at.NEXT_STAFF] = own[at.STAFF_LOG]
        own[at.NEXT_LIVE], own[at.FREE] = own[at.LIVE], -1
        own[at.NEXT_VISIT], own[at.NEXT_FULL] = own[at.VISITS], own[at.FULL_LOG]
        own[at.VISITS_END] = own[at.VISITS] + visits * at.VISIT_WIDTH
        own[at.FULL_END] = own[at.FULL_LOG] + visits * at.FULL_WIDTH
        own[at.N_PARTIES] = first[number + 1] - first[number]
    _write_parties(words, begins, images, parties, order)
    _write_following(words[begins[at.FOLLOW] : begins[at.FULL_LOG]], parties, order, first)
    return Block(words, bases, order, first)


def _by_piece(images: Images, parties: Parties) -> tuple[IntArray | None, IntArray]:
    pieces = len(images.pieces)
    if pieces == 1:
        return None, np.array([0, len(parties)])
    piece = images.piece_of_class[parties.klass]
    count = np.bincount(piece, minlength=pieces)
    return np.argsort(piece.astype(np.int16 if pieces < 2**15 else np.int64), kind="stable"), np.append(
        0, np.cumsum(count)
    )


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
        at.GAUGES: (stations * at.GAUGE_KINDS + pools) * at.GAUGE_WIDTH,
        at.CONTROL: controllers * at.CONTROL_WIDTH,
        at.STAFF_LOG: controllers * instants * at.STAFF_WIDTH,
    }


def _shared_sizes(images: Images, parties: Parties, visits: int) -> dict[int, int]:
    """What one piece after the other uses, or appends to."""
    count, stations = len(parties), len(images.network.stations)
    return {
        at.BLOCKED_LIST: count + 1,
        at.ENDS: (count + 1) * at.EVENT_WIDTH,
        at.LIVE: (count + 1) * at.LIVE_WIDTH,  # a party has one visit at a time
        at.PATIENCE: (visits + count + 1) * at.EVENT_WIDTH,  # of visits that are over, and of those under way
        at.AWAY: 2 * count,
        at.PARTIES: count * at.PARTY_WIDTH,
        at.ARRIVALS: count,
        at.DRAWS: parties.draws.size,
        at.FOLLOW: 0 if parties.follows is None else count * at.FOLLOW_WIDTH,
        at.FULL_LOG: (visits + 1 + stations) * at.FULL_WIDTH,  # once past its end it still takes one settling
        at.VISITS: (visits + 2 + stations) * at.VISIT_WIDTH,  # past its end one move may still end some
    }


def _write_state(own: Words, image: NetworkImage, sizes: dict[int, int]) -> None:
    size = image.words.size
    own[:size] = image.words
    own[size : size + sum(sizes.values())] = 0  # zero is 0.0 as well
    offset = size
    for slot, length in sizes.items():
        own[slot] = offset
        if slot in (at.FRONT, at.REAR, at.HEAD, at.TAIL):
            own[offset : offset + length] = -1
        offset += length


def _write_parties(
    words: Words, begins: dict[int, int], images: Images, parties: Parties, order: IntArray | None
) -> None:
    reals: Reals = words.view(np.float64)
    rows = words[begins[at.PARTIES] : begins[at.ARRIVALS]].reshape(len(parties), at.PARTY_WIDTH)
    arrivals = reals[begins[at.ARRIVALS] : begins[at.DRAWS]]
    columns = {
        at.PARTY_KLASS: parties.klass if order is None else images.class_in_piece[parties.klass],
        at.PARTY_SIZE: parties.size,
        at.FIRST_DRAW: parties.first_draw,
        at.INITIAL: parties.initial,
    }
    for column, values in columns.items():
        rows[:, column] = values if order is None else values[order]
    arrivals[:] = parties.time if order is None else parties.time[order]
    reals[begins[at.DRAWS] : begins[at.FOLLOW]] = parties.draws


def _write_following(words: Words, parties: Parties, order: IntArray | None, first: IntArray) -> None:
    """Forerunners by their numbers in the piece, which is that of their followers."""
    if parties.follows is None or parties.until is None:
        return
    rows = words.reshape(len(parties), at.FOLLOW_WIDTH)
    forerunner, until = parties.follows, parties.until
    if order is not None:
        number = np.empty(len(parties), np.int64)
        number[order] = np.arange(len(parties)) - np.repeat(first[:-1], np.diff(first))
        forerunner = np.where(forerunner >= 0, number[forerunner], -1)[order]
        until = until[order]
    rows[:, at.FORERUNNER], rows[:, at.END_OUTCOME] = forerunner, -1
    rows.view(np.float64)[:, at.UNTIL] = until
