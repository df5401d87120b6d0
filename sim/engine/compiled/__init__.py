"""The compiled engine: the rules of `sim.engine.reference` on one block of memory, equal to the last bit."""

from __future__ import annotations

import mmap
from dataclasses import dataclass

import numpy as np

from sim.engine.books import full_log, last_instant, staffing_log
from sim.engine.compiled import layout as at
from sim.engine.compiled.block import Block, Images, make_room_for_patience, new_block
from sim.engine.compiled.kernel import entry
from sim.engine.compiled.pieces import Piece
from sim.engine.compiled.types import Words
from sim.engine.compiled.unpacking import by_party
from sim.engine.records import Records
from sim.model.arrays import FloatArray, IntArray
from sim.model.network import Network
from sim.model.parties import Parties


def run(network: Network, parties: Parties) -> Records:
    """Run one replication; the same records as `sim.engine.reference.run`."""
    images = _images_of(network)
    return _records(network, parties, _Written.of(images, new_block(images, parties)))


_images: dict[int, Images] = {}
"""Images of the networks run last, by identity (each keeps its network, so that no other takes its place)."""
IMAGES_KEPT = 8


def _images_of(network: Network) -> Images:
    if id(network) not in _images:
        while len(_images) >= IMAGES_KEPT:
            del _images[next(iter(_images))]
        _images[id(network)] = Images(network)
    return _images[id(network)]


class _Log:
    """Visits and changes of fullness as they are written down: taken out of the block when it is full of them.

    Stations have their numbers in the whole network as soon as the piece has run.
    """

    def __init__(self, block: Block) -> None:
        self.block = block
        first, base = block.words[block.bases[0] :], block.bases[0]
        self.begins = {at.NEXT_VISIT: base + int(first[at.VISITS]), at.NEXT_FULL: base + int(first[at.FULL_LOG])}
        self.ends = dict(self.begins)
        self.taken: dict[int, list[Words]] = {at.NEXT_VISIT: [], at.NEXT_FULL: []}

    def run(self, piece: Piece, base: int) -> None:
        """Run a piece; what it writes down comes after what the pieces before have written."""
        own = self.block.words[base:]
        over = False
        while not over:
            for slot, end in self.ends.items():
                own[slot] = end - base
            over = entry(own, own.view(np.float64))
            for slot, (width, column) in _STATIONS.items():
                begin, self.ends[slot] = self.ends[slot], base + int(own[slot])
                if len(self.block.bases) > 1:
                    stations = self.block.words[begin : self.ends[slot]].reshape(-1, width)[:, column]
                    stations[:] = piece.stations[stations]
            if not over:
                self._take()
                if own[at.N_PATIENCE] > own[at.PATIENCE_ROOM]:
                    make_room_for_patience(self.block, own)

    def _take(self) -> None:
        for slot, begin in self.begins.items():
            self.taken[slot].append(_apart(self.block.words[begin : self.ends[slot]]))
        self.ends = dict(self.begins)

    def chunks(self, slot: int) -> list[Words]:
        """All that was written down of a kind, in order; the last chunk is still that of the block."""
        return [*self.taken[slot], self.block.words[self.begins[slot] : self.ends[slot]]]


def _apart(words: Words) -> Words:
    """A copy in memory of its own, which goes back to the system at once when it is let go."""
    copy = np.frombuffer(mmap.mmap(-1, max(words.nbytes, 1)), np.int64, words.size)
    copy[:] = words
    return copy


_STATIONS = {at.NEXT_VISIT: (at.VISIT_WIDTH, at.STATION), at.NEXT_FULL: (at.FULL_WIDTH, at.FULL_STATION)}
"""Width of the rows that are written down, and the column of the station."""


@dataclass(frozen=True, eq=False)
class _Written:
    """What the pieces wrote down, in the numbers of the whole network."""

    visits: list[Words]
    """Rows of VISIT_WIDTH words, as they came."""
    full: Words
    """(changes, FULL_WIDTH)"""
    away: IntArray
    """(turned away, 2): party and outcome"""
    gauges: FloatArray
    """(stations, GAUGE_KINDS, GAUGE_WIDTH)"""
    high: IntArray
    """(stations,): most parties waiting"""
    overtime: FloatArray
    """(pools,)"""
    staffing: list[tuple[float, int, int]]
    """Changes that controllers made: time, pool, servers open"""

    @classmethod
    def of(cls, images: Images, block: Block) -> _Written:
        """Run every piece."""
        network, log = images.network, _Log(block)
        stations, pools = len(network.stations), len(network.pools)
        gauges = np.zeros((stations, at.GAUGE_KINDS, at.GAUGE_WIDTH))
        high, overtime, away = np.zeros(stations, np.int64), np.zeros(pools), list[IntArray]()
        staffing = list[tuple[float, int, int]]()
        for piece, base in zip(images.pieces, block.bases, strict=True):
            log.run(piece, base)
            own = block.words[base:]
            away.append(own[own[at.AWAY] : own[at.AWAY] + 2 * own[at.N_AWAY]].reshape(-1, 2).copy())
            staffing += _staffing(own, piece)
            count = len(piece.stations) * at.GAUGE_KINDS
            rows = own[own[at.GAUGES] : own[at.GAUGES] + (count + len(piece.pools)) * at.GAUGE_WIDTH]
            table = rows.reshape(-1, at.GAUGE_WIDTH)
            shape = (len(piece.stations), at.GAUGE_KINDS, at.GAUGE_WIDTH)
            gauges[piece.stations] = table[:count].view(np.float64).reshape(shape)
            high[piece.stations] = table[:count, at.HIGH].reshape(shape[:2])[:, at.WAITING]
            overtime[piece.pools] = table[count:].view(np.float64)[:, at.INTEGRAL]
        return cls(
            visits=log.chunks(at.NEXT_VISIT),
            full=np.concatenate(log.chunks(at.NEXT_FULL)).reshape(-1, at.FULL_WIDTH),
            away=np.concatenate(away),
            gauges=gauges,
            high=high,
            overtime=overtime,
            staffing=staffing,
        )


def _staffing(own: Words, piece: Piece) -> list[tuple[float, int, int]]:
    rows = own[own[at.STAFF_LOG] : own[at.NEXT_STAFF]].reshape(-1, at.STAFF_WIDTH)
    times, pools = rows.view(np.float64)[:, at.STAFF_TIME], piece.pools[rows[:, at.STAFF_POOL]]
    return list(zip(times.tolist(), pools.tolist(), rows[:, at.STAFF_OPEN].tolist(), strict=True))


def _records(network: Network, parties: Parties, written: _Written) -> Records:
    """Arrays of everything written; visits sorted by party, a party's own in order of opening."""
    (party, station, booth, outcome), (joined, started, ended, left), last = by_party(written.visits, len(parties))
    away = written.away[np.argsort(written.away[:, 0], kind="stable")]
    stopped_at = max(last, last_instant(parties, away[:, 0]))
    staffing_time, staffing_pool, staffing_open = staffing_log(network, stopped_at, written.staffing)
    full = written.full
    full_time, full_station, full_state = full_log(
        network, full.view(np.float64)[:, at.FULL_TIME], full[:, at.FULL_STATION], full[:, at.FULL_STATE]
    )
    return Records(
        party=party,
        station=station,
        joined=joined,
        started=started,
        ended=ended,
        left=left,
        booth=booth,
        outcome=outcome,
        turned_away=away[:, 0].copy(),
        turned_away_outcome=away[:, 1].copy(),
        staffing_time=staffing_time,
        staffing_pool=staffing_pool,
        staffing_open=staffing_open,
        queue_integral=written.gauges[:, at.WAITING, at.INTEGRAL].copy(),
        busy_integral=written.gauges[:, at.BUSY, at.INTEGRAL].copy(),
        blocked_integral=written.gauges[:, at.BLOCKED, at.INTEGRAL].copy(),
        full_integral=written.gauges[:, at.FULL, at.INTEGRAL].copy(),
        full_time=full_time,
        full_station=full_station,
        full_state=full_state,
        queue_max=written.high,
        overtime=written.overtime,
        stopped_at=stopped_at,
    )
