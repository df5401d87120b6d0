"""What the reference engine writes down while it runs, and its conversion to arrays."""

from __future__ import annotations

import numpy as np

from sim.engine.books import full_log, last_instant, staffing_log
from sim.engine.records import Records
from sim.engine.state import Gauge, PoolState, StationState, Visit
from sim.model.arrays import FloatArray, IntArray
from sim.model.network import Network
from sim.model.parties import Parties


def _floats(values: list[float]) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _ints(values: list[int]) -> IntArray:
    return np.asarray(values, dtype=np.int64)


class Ledger:
    """Visits in order of opening, and parties turned away."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.visits: list[Visit] = []
        self.turned_away: list[tuple[int, int]] = []
        self.full_changes: list[tuple[float, int, int]] = []
        self.staffing_changes: list[tuple[float, int, int]] = []

    def open(self, visit: Visit) -> None:
        self.visits.append(visit)

    def turn_away(self, party: int, outcome: int) -> None:
        self.turned_away.append((party, outcome))

    def change_full(self, now: float, station: int, full: int) -> None:
        self.full_changes.append((now, station, full))

    def change_staffing(self, now: float, pool: int, servers: int) -> None:
        self.staffing_changes.append((now, pool, servers))

    def records(self, parties: Parties, stations: list[StationState], pools: list[PoolState]) -> Records:
        """Arrays of everything written; visits sorted by party, a party's own in order of opening."""
        visits = sorted(self.visits, key=lambda visit: visit.party)  # stable
        away = sorted(self.turned_away)
        full = self.full_changes
        full_time, full_station, full_state = full_log(
            self.network,
            _floats([time for time, _, _ in full]),
            _ints([station for _, station, _ in full]),
            _ints([state for _, _, state in full]),
        )

        def integral(gauges: list[Gauge]) -> FloatArray:
            return _floats([gauge.integral for gauge in gauges])

        joined, started = _floats([v.joined for v in visits]), _floats([v.started for v in visits])
        ended, left = _floats([v.ended for v in visits]), _floats([v.left for v in visits])
        turned_away = _ints([party for party, _ in away])
        stopped_at = last_instant(parties, turned_away, joined, started, ended, left)
        staffing_time, staffing_pool, staffing_open = staffing_log(self.network, stopped_at, self.staffing_changes)
        return Records(
            party=_ints([v.party for v in visits]),
            station=_ints([v.station for v in visits]),
            joined=joined,
            started=started,
            ended=ended,
            left=left,
            booth=_ints([v.booth for v in visits]),
            outcome=_ints([v.outcome for v in visits]),
            turned_away=turned_away,
            turned_away_outcome=_ints([outcome for _, outcome in away]),
            staffing_time=staffing_time,
            staffing_pool=staffing_pool,
            staffing_open=staffing_open,
            queue_integral=integral([s.waiting for s in stations]),
            busy_integral=integral([s.busy for s in stations]),
            blocked_integral=integral([s.blocked for s in stations]),
            full_integral=integral([s.full for s in stations]),
            full_time=full_time,
            full_station=full_station,
            full_state=full_state,
            queue_max=_ints([s.waiting.high for s in stations]),
            overtime=integral([p.overtime for p in pools]),
            stopped_at=stopped_at,
        )
