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
from sim.engine.compiled.unpacking import ByParty
from sim.engine.records import Records
from sim.model.arrays import FloatArray, IntArray
from sim.model.network import Network
from sim.model.parties import Parties


def run(network: Network, parties: Parties) -> Records:
    """Run one replication; the same records as `sim.engine.reference.run`."""
    images = _images_of(network)
    return _records(network, parties, _Written.of(images, new_block(images, parties), len(parties)))


_images: dict[int, Images] = {}
"""Images of the networks run last, by identity (each keeps its network, so that no other takes its place)."""
IMAGES_KEPT = 8


def _images_of(network: Network) -> Images:
    if id(network) not in _images:
        while len(_images) >= IMAGES_KEPT:
            del _images[next(iter(_images))]
        _images[id(network)] = Images(network)
    return _images[id(network)]


VISITS_OF_A_PARTY = 4
"""Visits a party is taken to have at most when room is made for all: should there be more, there is made more."""


class _Log:
    """Visits and changes of fullness as they are written down: taken out of the block when it is full of them.

    Stations have their numbers in the whole network as soon as the piece has run. Visits of parties that are through
    get their place at once, as long as one piece is all there is and few visits have to wait for those of others.
    """

    def __init__(self, block: Block, parties: int) -> None:
        self.block, self.parties = block, parties
        first, base = block.words[block.bases[0] :], block.bases[0]
        self.begins = {at.NEXT_VISIT: base + int(first[at.VISITS]), at.NEXT_FULL: base + int(first[at.FULL_LOG])}
        self.ends = dict(self.begins)
        self.taken: dict[int, list[Words]] = {at.NEXT_VISIT: [], at.NEXT_FULL: []}
        self.visits, self.at_once = ByParty(), len(block.bases) == 1

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
                self._take(own)
                if own[at.N_PATIENCE] > own[at.PATIENCE_ROOM]:
                    make_room_for_patience(self.block, own)

    def _take(self, own: Words) -> None:
        rows = {slot: self.block.words[begin : self.ends[slot]] for slot, begin in self.begins.items()}
        self.ends = dict(self.begins)
        self.taken[at.NEXT_FULL].append(rows[at.NEXT_FULL].copy())
        visits = rows[at.NEXT_VISIT]
        if not self.at_once:
            self.taken[at.NEXT_VISIT].append(_apart(visits))
            return
        through = _all_through(own)
        a_party = min((self.visits.count + visits.size // at.VISIT_WIDTH) / max(through, 1), VISITS_OF_A_PARTY)
        left = self.visits.add(visits, through, int(1.1 * a_party * self.parties))
        self.ends[at.NEXT_VISIT] += left * at.VISIT_WIDTH
        self.at_once = 2 * left * at.VISIT_WIDTH < visits.size

    def finish(self) -> tuple[ByParty, Words]:
        """All visits and all changes of fullness, when every piece has run."""
        visits, full = (
            [*self.taken[slot], self.block.words[begin : self.ends[slot]]] for slot, begin in self.begins.items()
        )
        self.taken.clear()
        rows = visits[0] if len(visits) == 1 else np.concatenate(visits)
        visits.clear()
        self.visits.add(rows, self.parties, 0)
        return self.visits, np.concatenate(full).reshape(-1, at.FULL_WIDTH)


def _all_through(own: Words) -> int:
    """The first party that is inside or has yet to come: all before have left for good."""
    live = own[own[at.LIVE] : own[at.NEXT_LIVE]].reshape(-1, at.LIVE_WIDTH)[:, at.PARTY]
    return int(np.min(live[live >= 0], initial=own[at.NEXT_COMING]))


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

    visits: ByParty
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
    def of(cls, images: Images, block: Block, parties: int) -> _Written:
        """Run every piece."""
        network, log = images.network, _Log(block, parties)
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
        visits, full = log.finish()
        return cls(
            visits=visits,
            full=full,
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
    (party, station, booth, outcome), (joined, started, ended, left) = written.visits.columns()
    away = written.away[np.argsort(written.away[:, 0], kind="stable")]
    stopped_at = max(written.visits.last, last_instant(parties, away[:, 0]))
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
