"""The compiled engine: the rules of `sim.engine.reference` on one block of memory, equal to the last bit."""

from __future__ import annotations

import numpy as np

from sim.engine.books import last_instant, staffing_log
from sim.engine.compiled import layout as at
from sim.engine.compiled.image import NetworkImage, new_block
from sim.engine.compiled.kernel import entry
from sim.engine.compiled.types import Words
from sim.engine.records import INSIDE, Records
from sim.model.network import Network
from sim.model.parties import Parties

VISITS_PER_PARTY = 4
"""Room made for visits at first; doubled when it does not do."""


def run(network: Network, parties: Parties) -> Records:
    """Run one replication; the same records as `sim.engine.reference.run`."""
    image = _image(network)
    room = VISITS_PER_PARTY * len(parties) + 16
    while True:
        words = new_block(image, parties, room)
        if entry(words, words.view(np.float64)):
            return _records(network, parties, words)
        room *= 2


_images: dict[int, tuple[Network, NetworkImage]] = {}
"""Images of the networks run last, by identity (the network is kept, so that no other takes its place)."""
IMAGES_KEPT = 8


def _image(network: Network) -> NetworkImage:
    """The network's image, made once for its replications."""
    if id(network) not in _images:
        while len(_images) >= IMAGES_KEPT:
            del _images[next(iter(_images))]
        _images[id(network)] = network, NetworkImage(network)
    return _images[id(network)][1]


def _records(network: Network, parties: Parties, w: Words) -> Records:
    """Arrays of everything written; visits sorted by party, a party's own in order of opening."""
    written = w[w[at.VISITS] : w[at.NEXT_VISIT]].reshape(-1, at.VISIT_WIDTH)
    order = np.argsort(written[:, at.PARTY], kind="stable")
    times = written.view(np.float64)
    party, station, booth, outcome = (written[order, c] for c in (at.PARTY, at.STATION, at.BOOTH, at.VISIT_OUTCOME))
    joined, started, ended, left = (times[order, c] for c in (at.JOINED, at.STARTED, at.ENDED, at.LEFT))
    outcome[np.isnan(left)] = INSIDE
    away = w[w[at.AWAY] : w[at.AWAY] + 2 * w[at.N_AWAY]].reshape(-1, 2)
    away = away[np.argsort(away[:, 0], kind="stable")].copy()
    stopped_at = last_instant(parties, away[:, 0], joined, started, ended, left)
    staffing_time, staffing_pool, staffing_open = staffing_log(network, stopped_at)
    stations, pools = len(network.stations), len(network.pools)
    rows = stations * at.GAUGE_KINDS + pools
    gauges = w[w[at.GAUGES] : w[at.GAUGES] + rows * at.GAUGE_WIDTH].reshape(rows, at.GAUGE_WIDTH)
    integrals = gauges.view(np.float64)[:, at.INTEGRAL]
    own = integrals[: stations * at.GAUGE_KINDS].reshape(stations, at.GAUGE_KINDS)
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
        queue_integral=own[:, at.WAITING].copy(),
        busy_integral=own[:, at.BUSY].copy(),
        blocked_integral=own[:, at.BLOCKED].copy(),
        full_integral=own[:, at.FULL].copy(),
        queue_max=gauges[: stations * at.GAUGE_KINDS, at.HIGH].reshape(stations, at.GAUGE_KINDS)[:, at.WAITING].copy(),
        overtime=integrals[stations * at.GAUGE_KINDS :].copy(),
        stopped_at=stopped_at,
    )
