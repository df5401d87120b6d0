"""What the reference engine writes down while it runs, and its conversion to arrays."""

from __future__ import annotations

import numpy as np

from sim.engine.records import FloatArray, IntArray, Records
from sim.engine.state import Gauge, PoolState, StationState, Visit
from sim.model.network import Network


def _floats(values: list[float]) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _ints(values: list[int]) -> IntArray:
    return np.asarray(values, dtype=np.int64)


class Ledger:
    """Visits in order of opening, parties turned away, and the log of staffing."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.visits: list[Visit] = []
        self.turned_away: list[tuple[int, int]] = []
        self.staffed: list[tuple[float, int, int]] = []

    def open(self, visit: Visit) -> None:
        self.visits.append(visit)

    def turn_away(self, party: int, outcome: int) -> None:
        self.turned_away.append((party, outcome))

    def staffing(self, time: float, pool: int, scheduled: int) -> None:
        self.staffed.append((time, pool, scheduled))

    def records(self, stations: list[StationState], pools: list[PoolState], stopped_at: float) -> Records:
        """Arrays of everything written; visits sorted by party, a party's own in order of opening."""
        visits = sorted(self.visits, key=lambda visit: visit.party)  # stable
        away = sorted(self.turned_away)

        def integral(gauges: list[Gauge]) -> FloatArray:
            return _floats([gauge.integral for gauge in gauges])

        return Records(
            party=_ints([v.party for v in visits]),
            station=_ints([v.station for v in visits]),
            joined=_floats([v.joined for v in visits]),
            started=_floats([v.started for v in visits]),
            ended=_floats([v.ended for v in visits]),
            left=_floats([v.left for v in visits]),
            booth=_ints([v.booth for v in visits]),
            outcome=_ints([v.outcome for v in visits]),
            turned_away=_ints([party for party, _ in away]),
            turned_away_outcome=_ints([outcome for _, outcome in away]),
            staffing_time=_floats([time for time, _, _ in self.staffed]),
            staffing_pool=_ints([pool for _, pool, _ in self.staffed]),
            staffing_open=_ints([count for _, _, count in self.staffed]),
            queue_integral=integral([s.waiting for s in stations]),
            busy_integral=integral([s.busy for s in stations]),
            blocked_integral=integral([s.blocked for s in stations]),
            full_integral=integral([s.full for s in stations]),
            queue_max=_ints([s.waiting.high for s in stations]),
            overtime=integral([p.overtime for p in pools]),
            stopped_at=stopped_at,
        )
