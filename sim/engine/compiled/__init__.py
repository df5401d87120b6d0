"""The compiled engine: the rules of `sim.engine.reference` on one block of memory, equal to the last bit."""

from __future__ import annotations

import mmap
from typing import NamedTuple

import numpy as np

from sim.engine.books import last_instant, staffing_log
from sim.engine.compiled import fullness
from sim.engine.compiled import layout as at
from sim.engine.compiled.block import Block, Columns, Images, columns_of, hand_over, make_room_for_patience, new_block
from sim.engine.compiled.dealing import Deal
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
    return _records(network, parties, _Written.of(images, parties))


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

    Visits of parties that are through get their place at once, as long as few have to wait for those of others.
    """

    def __init__(self, block: Block, parties: int) -> None:
        self.block, self.parties = block, parties
        self.visits, self.through = ByParty(), 0
        """Of the pieces that have run, the visits, and how many parties are through."""
        self.full: list[Words] = []
        self.apart: list[Words] = []
        """Visits of the piece that runs which have yet to get their place."""

    def run(self, piece: Piece, own: Words, columns: Columns, members: IntArray | None) -> None:
        """Run the piece with these words, whose parties these are (None: all), with their columns."""
        reals, coming, first = own.view(np.float64), int(own[at.N_COMING]), self.visits.count
        own[at.NEXT_VISIT], own[at.NEXT_FULL] = own[at.VISITS], own[at.FULL_LOG]
        while not entry(own, reals, *columns):
            self._take(piece, own, _all_through(own))
            if own[at.N_PATIENCE] > own[at.PATIENCE_ROOM]:
                make_room_for_patience(self.block, own)
        self._take(piece, own, coming)
        self.visits.renumbered(first, members, piece.stations)
        self.through += coming

    def _take(self, piece: Piece, own: Words, through: int) -> None:
        """Take out what is written down; the parties of the piece below `through` have left for good."""
        full = own[own[at.FULL_LOG] : own[at.NEXT_FULL]].reshape(-1, at.FULL_WIDTH).copy()
        full[:, at.FULL_STATION] = piece.stations[full[:, at.FULL_STATION]]
        self.full.append(full)
        own[at.NEXT_FULL] = own[at.FULL_LOG]
        over = through == own[at.N_COMING]
        visits, left = own[own[at.VISITS] : own[at.NEXT_VISIT]], 0
        if self.apart and not over:
            self.apart.append(_apart(visits))
        else:
            rows = np.concatenate([*self.apart, visits]) if self.apart else visits
            self.apart.clear()
            left = self.visits.add(rows, through, self._expected(rows.size, through))
            if 2 * left * at.VISIT_WIDTH >= max(rows.size, 1):
                self.apart.append(_apart(rows[: left * at.VISIT_WIDTH]))
                left = 0
        own[at.NEXT_VISIT] = own[at.VISITS] + left * at.VISIT_WIDTH

    def _expected(self, words: int, through: int) -> int:
        """How many visits there may be in all, from those that are known and these; 0 when they are all."""
        known = self.through + through
        if known == self.parties:
            return 0
        a_party = min((self.visits.count + words // at.VISIT_WIDTH) / max(known, 1), VISITS_OF_A_PARTY)
        return int(1.1 * a_party * self.parties)


def _all_through(own: Words) -> int:
    """The first party that is inside or has yet to come: all before have left for good."""
    live = own[own[at.LIVE] : own[at.NEXT_LIVE]].reshape(-1, at.LIVE_WIDTH)[:, at.PARTY]
    return int(np.min(live[live >= 0], initial=own[at.NEXT_COMING]))


def _apart(words: Words) -> Words:
    """A copy in memory of its own, which goes back to the system at once when it is let go."""
    copy = np.frombuffer(mmap.mmap(-1, max(words.nbytes, 1)), np.int64, words.size)
    copy[:] = words
    return copy


class _Written(NamedTuple):
    """What the pieces wrote down, in the numbers of the whole network."""

    whole: IntArray
    """(4, visits), see `unpacking.WHOLE`; sorted by party, a party's own in order of opening"""
    times: FloatArray
    """(4, visits), see `unpacking.TIMES`"""
    last: float
    """Last instant among them"""
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
    def of(cls, images: Images, parties: Parties) -> _Written:
        """Run every piece."""
        network, deal, block = images.network, Deal(images, parties), new_block(images, parties)
        log, stations, pools = _Log(block, len(parties)), len(network.stations), len(network.pools)
        gauges = np.zeros((stations, at.GAUGE_KINDS, at.GAUGE_WIDTH))
        high, overtime, away = np.zeros(stations, np.int64), np.zeros(pools), list[IntArray]()
        staffing = list[tuple[float, int, int]]()
        for number, (piece, base) in enumerate(zip(images.pieces, block.bases, strict=True)):
            own, members = block.words[base:], None if deal.alone else deal.members(number)
            share = deal.share(number)
            hand_over(own, share)
            log.run(piece, own, columns_of(share), members)
            away.append(_away(own, members))
            staffing += _staffing(own, piece)
            count = len(piece.stations) * at.GAUGE_KINDS
            rows = own[own[at.GAUGES] : own[at.GAUGES] + (count + len(piece.pools)) * at.GAUGE_WIDTH]
            table = rows.reshape(-1, at.GAUGE_WIDTH)
            shape = (len(piece.stations), at.GAUGE_KINDS, at.GAUGE_WIDTH)
            gauges[piece.stations] = table[:count].view(np.float64).reshape(shape)
            high[piece.stations] = table[:count, at.HIGH].reshape(shape[:2])[:, at.WAITING]
            overtime[piece.pools] = table[count:].view(np.float64)[:, at.INTEGRAL]
        whole, times = log.visits.columns()
        deal.gather(whole, times)
        return cls(
            whole=whole,
            times=times,
            last=log.visits.last,
            full=np.concatenate(log.full),
            away=np.concatenate(away),
            gauges=gauges,
            high=high,
            overtime=overtime,
            staffing=staffing,
        )


def _away(own: Words, members: IntArray | None) -> IntArray:
    """Who was turned away by a piece, and the outcome."""
    rows = own[own[at.AWAY] : own[at.AWAY] + 2 * own[at.N_AWAY]].reshape(-1, 2).copy()
    if members is not None:
        rows[:, 0] = members[rows[:, 0]]
    return rows


def _staffing(own: Words, piece: Piece) -> list[tuple[float, int, int]]:
    """Changes that the controllers of a piece made: time, pool, servers open."""
    if own[at.NEXT_STAFF] == own[at.STAFF_LOG]:
        return []
    rows = own[own[at.STAFF_LOG] : own[at.NEXT_STAFF]].reshape(-1, at.STAFF_WIDTH)
    times, pools = rows.view(np.float64)[:, at.STAFF_TIME], piece.pools[rows[:, at.STAFF_POOL]]
    return list(zip(times.tolist(), pools.tolist(), rows[:, at.STAFF_OPEN].tolist(), strict=True))


def _records(network: Network, parties: Parties, written: _Written) -> Records:
    """Arrays of everything written; visits sorted by party, a party's own in order of opening."""
    (party, station, booth, outcome), (joined, started, ended, left) = written.whole, written.times
    away = written.away
    if len(away) > 1:
        away = away[np.argsort(away[:, 0], kind="stable")]
    stopped_at = max(written.last, last_instant(parties, away[:, 0]))
    staffing_time, staffing_pool, staffing_open = staffing_log(network, stopped_at, written.staffing)
    full = written.full.ravel()
    full_time, full_station, full_state = fullness.log_of(
        full, full.view(np.float64), len(network.stations), network.horizon
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
