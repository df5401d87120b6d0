"""Small networks and hand-written records for the tests of the measures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.engine.records import INSIDE, MOVED_ON, Records
from sim.model.network import (
    ENGINE_OUTCOMES,
    Branch,
    ClassAtStation,
    Facility,
    Network,
    PartyClass,
    Pool,
    Route,
    Station,
    StationKind,
    Steps,
    Target,
)
from sim.model.parties import Parties
from sim.study.measures import Layout, Measured

NAN = math.nan
RELEASED, REFUSED = len(ENGINE_OUTCOMES), len(ENGINE_OUTCOMES) + 1
OUTCOMES = (*ENGINE_OUTCOMES, "released", "refused")
OUT = Target(outcome=RELEASED)
HORIZON = 3600.0


def comes(
    *klasses: int, then: Target = OUT, sometimes: Sequence[Target] = (), patience: int = -1
) -> dict[int, ClassAtStation]:
    """These classes come to a station and go on to `then`, or to one of `sometimes`."""
    route = Route(mark=0, branches=tuple(Branch(0.1, target) for target in sometimes), otherwise=then)
    return {k: ClassAtStation(service=0, patience=patience, route=route) for k in klasses}


def station(name: str, kind: StationKind, classes: dict[int, ClassAtStation], **more: Any) -> Station:
    """A station of the first facility unless `facility` says otherwise."""
    return Station(name, more.pop("facility", 0), kind, classes, **more)


def network(
    stations: Sequence[Station],
    *,
    classes: Sequence[tuple[str, int, float]] = (("car", 0, 1.0),),
    pools: int = 1,
    facilities: Sequence[str] = ("port",),
    horizon: float = HORIZON,
    warm_up: float = 0.0,
) -> Network:
    """A network whose classes enter at the first station of their facility that they come to."""
    entry = []
    for k, (_, facility, _) in enumerate(classes):
        own = [i for i, s in enumerate(stations) if s.facility == facility and k in s.classes]
        entry.append(Target(stations=(own[0],)))
    return Network(
        facilities=tuple(Facility(name, "land", "America/Vancouver") for name in facilities),
        classes=tuple(PartyClass(*klass) for klass in classes),
        pools=tuple(Pool(f"pool-{i}", 9, Steps()) for i in range(pools)),
        stations=tuple(stations),
        outcomes=OUTCOMES,
        entry=tuple(entry),
        downstream_first=tuple(reversed(range(len(stations)))),
        horizon=horizon,
        warm_up=warm_up,
        end=horizon + 86400.0,
    )


def lane(**more: Any) -> Network:
    """One lane group for cars."""
    return network([station("general", StationKind.LANE_GROUP, comes(0), pool=0)], **more)


def parties(
    time: Sequence[float],
    klass: Sequence[int] | None = None,
    size: Sequence[int] | None = None,
    initial: Sequence[bool] | None = None,
) -> Parties:
    """Parties without draws: nothing is simulated."""
    n = len(time)
    return Parties(
        time=np.array(time, dtype=np.float64),
        klass=np.array(klass if klass is not None else [0] * n, dtype=np.int64),
        size=np.array(size if size is not None else [1] * n, dtype=np.int64),
        first_draw=np.zeros(n, dtype=np.int64),
        draws=np.zeros(1),
        initial=np.array(initial if initial is not None else [False] * n, dtype=np.bool_),
    )


Visit = tuple[int, int, float, float, float, float, int, int]
"""Party, station, joined, started, ended, left, booth, outcome."""


def visit(
    party: int,
    at: int,
    joined: float,
    started: float = NAN,
    ended: float = NAN,
    left: float | None = None,
    *,
    booth: int = 0,
    then: int = RELEASED,
) -> Visit:
    """One row; it leaves at the end of its service unless said otherwise."""
    return (party, at, joined, started, ended, ended if left is None else left, booth, then)


def on(*row: Any, **more: Any) -> Visit:
    """A visit after which the party goes to another station."""
    return visit(*row, then=MOVED_ON, **more)


def inside(*row: Any, **more: Any) -> Visit:
    """A visit the party was in when the run stopped."""
    return visit(*row, then=INSIDE, **more)


def records(
    model: Network,
    visits: Sequence[Visit],
    *,
    away: Sequence[tuple[int, int]] = (),
    staffing: Sequence[tuple[float, int, int]] | None = None,
    overtime: Sequence[float] | None = None,
    full: Sequence[float] | None = None,
) -> Records:
    """Records of these visits; every pool has one server open throughout unless `staffing` says otherwise."""
    columns = list(zip(*visits, strict=True)) if visits else [()] * 8
    log = staffing if staffing is not None else [(0.0, pool, 1) for pool in range(len(model.pools))]
    zeros = np.zeros(len(model.stations))
    ints = [np.array(columns[i], dtype=np.int64) for i in (0, 1, 6, 7)]
    floats = [np.array(columns[i], dtype=np.float64) for i in (2, 3, 4, 5)]
    return Records(
        ints[0],
        ints[1],
        *floats,
        ints[2],
        ints[3],
        turned_away=np.array([party for party, _ in away], dtype=np.int64),
        turned_away_outcome=np.array([outcome for _, outcome in away], dtype=np.int64),
        staffing_time=np.array([entry[0] for entry in log], dtype=np.float64),
        staffing_pool=np.array([entry[1] for entry in log], dtype=np.int64),
        staffing_open=np.array([entry[2] for entry in log], dtype=np.int64),
        queue_integral=zeros,
        busy_integral=zeros,
        blocked_integral=zeros,
        full_integral=zeros if full is None else np.array(full, dtype=np.float64),
        full_time=np.zeros(0),
        full_station=np.zeros(0, dtype=np.int64),
        full_state=np.zeros(0, dtype=np.int64),
        queue_max=np.zeros(len(model.stations), dtype=np.int64),
        overtime=np.zeros(len(model.pools)) if overtime is None else np.array(overtime, dtype=np.float64),
        stopped_at=model.horizon,
    )


class Values:
    """Values by name instead of by position."""

    def __init__(self, layout: Layout, measured: Measured) -> None:
        self.whole = {key[:4]: value for key, value in zip(layout.keys, measured.values.tolist(), strict=True)}
        self.bins = {key[:4]: column.tolist() for key, column in zip(layout.bin_keys, measured.bins, strict=True)}
        self.starts = {
            key[:4]: column.tolist() for key, column in zip(layout.start_bin_keys, measured.bins_by_start, strict=True)
        }

    def __call__(self, measure: str, station: str = "all", klass: str = "all", facility: str = "port") -> float:
        """Whole-run value."""
        return self.whole[facility, station, klass, measure]

    def bin(self, measure: str, station: str = "all", klass: str = "all", facility: str = "port") -> list[float]:
        """Values by bin."""
        return self.bins[facility, station, klass, measure]
