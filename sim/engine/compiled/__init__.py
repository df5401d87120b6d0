"""The compiled engine: the rules of `sim.engine.reference` on one block of memory, equal to the last bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.engine.books import full_log, last_instant, staffing_log
from sim.engine.compiled import layout as at
from sim.engine.compiled.block import Block, Images, new_block
from sim.engine.compiled.kernel import entry
from sim.engine.compiled.pieces import Piece
from sim.engine.compiled.types import Words
from sim.engine.compiled.unpacking import unpack
from sim.engine.records import Records
from sim.model.arrays import FloatArray, IntArray
from sim.model.network import Network
from sim.model.parties import Parties

VISITS_PER_PARTY = 4
"""Room made for visits at first; doubled when it does not do."""


def run(network: Network, parties: Parties) -> Records:
    """Run one replication; the same records as `sim.engine.reference.run`."""
    images = _images_of(network)
    room = VISITS_PER_PARTY * len(parties) + 16
    while True:
        block = new_block(images, parties, room)
        written = _Written.of(images, block)
        if written is not None:
            return _records(network, parties, written)
        room *= 2


_images: dict[int, Images] = {}
"""Images of the networks run last, by identity (each keeps its network, so that no other takes its place)."""
IMAGES_KEPT = 8


def _images_of(network: Network) -> Images:
    if id(network) not in _images:
        while len(_images) >= IMAGES_KEPT:
            del _images[next(iter(_images))]
        _images[id(network)] = Images(network)
    return _images[id(network)]


@dataclass(frozen=True, eq=False)
class _Written:
    """What the pieces wrote down, in the numbers of the whole network."""

    visits: Words
    """(visits, VISIT_WIDTH)"""
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
    def of(cls, images: Images, block: Block) -> _Written | None:
        """Run every piece; None when there was more to write than the block has room for."""
        network, words = images.network, block.words
        stations, pools = len(network.stations), len(network.pools)
        gauges = np.zeros((stations, at.GAUGE_KINDS, at.GAUGE_WIDTH))
        high, overtime, away = np.zeros(stations, np.int64), np.zeros(pools), list[IntArray]()
        staffing = list[tuple[float, int, int]]()
        ends = {at.NEXT_VISIT: 0, at.NEXT_FULL: 0}
        for number, (piece, base) in enumerate(zip(images.pieces, block.bases, strict=True)):
            own = words[base:]
            if number > 0:  # append to what the piece before has written
                for slot, end in ends.items():
                    own[slot] = end - base
            begins = {slot: int(own[slot]) for slot in ends}
            if not entry(own, own.view(np.float64)):
                return None
            ends = {slot: base + int(own[slot]) for slot in ends}
            _renumber(own, begins, piece, block, number)
            away.append(_turned_away(own, block, number))
            staffing += _staffing(own, piece)
            count = len(piece.stations) * at.GAUGE_KINDS
            rows = own[own[at.GAUGES] : own[at.GAUGES] + (count + len(piece.pools)) * at.GAUGE_WIDTH]
            table = rows.reshape(-1, at.GAUGE_WIDTH)
            shape = (len(piece.stations), at.GAUGE_KINDS, at.GAUGE_WIDTH)
            gauges[piece.stations] = table[:count].view(np.float64).reshape(shape)
            high[piece.stations] = table[:count, at.HIGH].reshape(shape[:2])[:, at.WAITING]
            overtime[piece.pools] = table[count:].view(np.float64)[:, at.INTEGRAL]
        first, base = words[block.bases[0] :], block.bases[0]
        return cls(
            visits=words[base + first[at.VISITS] : ends[at.NEXT_VISIT]].reshape(-1, at.VISIT_WIDTH),
            full=words[base + first[at.FULL_LOG] : ends[at.NEXT_FULL]].reshape(-1, at.FULL_WIDTH),
            away=np.concatenate(away),
            gauges=gauges,
            high=high,
            overtime=overtime,
            staffing=staffing,
        )


def _renumber(own: Words, begins: dict[int, int], piece: Piece, block: Block, number: int) -> None:
    """Parties and stations in what a piece has just written get their numbers in the whole."""
    if block.order is None:
        return
    visits = own[begins[at.NEXT_VISIT] : own[at.NEXT_VISIT]].reshape(-1, at.VISIT_WIDTH)
    visits[:, at.PARTY] = block.order[block.first[number] + visits[:, at.PARTY]]
    visits[:, at.STATION] = piece.stations[visits[:, at.STATION]]
    full = own[begins[at.NEXT_FULL] : own[at.NEXT_FULL]].reshape(-1, at.FULL_WIDTH)
    full[:, at.FULL_STATION] = piece.stations[full[:, at.FULL_STATION]]


def _staffing(own: Words, piece: Piece) -> list[tuple[float, int, int]]:
    rows = own[own[at.STAFF_LOG] : own[at.NEXT_STAFF]].reshape(-1, at.STAFF_WIDTH)
    times, pools = rows.view(np.float64)[:, at.STAFF_TIME], piece.pools[rows[:, at.STAFF_POOL]]
    return list(zip(times.tolist(), pools.tolist(), rows[:, at.STAFF_OPEN].tolist(), strict=True))


def _turned_away(own: Words, block: Block, number: int) -> IntArray:
    rows = own[own[at.AWAY] : own[at.AWAY] + 2 * own[at.N_AWAY]].reshape(-1, 2).copy()
    if block.order is not None:
        rows[:, 0] = block.order[block.first[number] + rows[:, 0]]
    return rows


def _records(network: Network, parties: Parties, written: _Written) -> Records:
    """Arrays of everything written; visits sorted by party, a party's own in order of opening."""
    words = written.visits.ravel()
    (party, station, booth, outcome), (joined, started, ended, left), last = unpack(
        words, words.view(np.float64), len(parties)
    )
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
