"""Measures by time bin: exact splits, edges, and sums that agree with the whole run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from measures_world import Values, comes, inside, lane, network, parties, records, station, visit

from sim.model.network import Network, StationKind
from sim.model.parties import Parties
from sim.study.bins import bin_of
from sim.study.measures import Layout, measure


def values(model: Network, people: Parties, visits: list, bin_seconds: float = 900.0, **more) -> Values:
    layout = Layout.of(model, bin_seconds)
    return Values(layout, measure(layout, people, records(model, visits, **more)))


@pytest.mark.parametrize(
    ("warm_up", "horizon", "length", "edges"),
    [
        (0.0, 3600.0, 900.0, [0.0, 900.0, 1800.0, 2700.0, 3600.0]),
        (600.0, 2000.0, 900.0, [600.0, 900.0, 1800.0, 2000.0]),
        (900.0, 1800.0, 900.0, [900.0, 1800.0]),
        (0.0, 100.0, 900.0, [0.0, 100.0]),
    ],
)
def test_bins_tile_the_window(warm_up: float, horizon: float, length: float, edges: list[float]) -> None:
    assert Layout.of(lane(warm_up=warm_up, horizon=horizon), length).edges.tolist() == edges


@pytest.mark.parametrize("length", [0.1, 0.3, 7.0, 900.0 / 7.0])
def test_an_edge_belongs_to_the_bin_it_opens(length: float) -> None:
    layout = Layout.of(lane(warm_up=length * 2.5, horizon=length * 1000.5), length)
    edges = layout.edges
    np.testing.assert_array_equal(bin_of(layout, edges), np.arange(len(edges)))
    np.testing.assert_array_equal(bin_of(layout, np.nextafter(edges[1:], 0.0)), np.arange(len(edges) - 1))


def test_waits_belong_to_the_bin_of_joining_and_of_starting() -> None:
    rows = [visit(0, 0, 100.0, 160.0, 200.0), visit(1, 0, 800.0, 1100.0, 1200.0), visit(2, 0, 900.0, 1200.0, 1900.0)]
    rows.append(inside(3, 0, 3000.0, booth=-1))
    got = values(lane(), parties([100.0, 800.0, 900.0, 3000.0]), rows)
    for row in [("all", "all"), ("all", "car"), ("general", "all"), ("general", "car")]:
        assert got.bin("arrivals", *row) == [2, 1, 0, 1]
        assert got.bin("wait_sum", *row) == [6.0, 5.0, 0.0, 0.0]
        assert got.bin("wait_count", *row) == [2, 1, 0, 0]
        assert got.starts["port", *row, "started_wait_sum"] == [1.0, 10.0, 0.0, 0.0]
        assert got.starts["port", *row, "started_count"] == [1, 2, 0, 0]
        assert got.bin("throughput", *row) == [4.0, 4.0, 4.0, 0.0]  # per hour: one in each quarter


def test_a_start_after_the_horizon_is_in_no_bin() -> None:
    got = values(lane(), parties([3500.0]), [visit(0, 0, 3500.0, 3700.0, 3800.0)])
    assert got.bin("wait_count") == [0, 0, 0, 1]
    assert sum(got.starts["port", "all", "all", "started_count"]) == 0
    assert sum(got.bin("throughput")) == 0.0


def test_time_is_split_exactly_across_bins() -> None:
    rows = [visit(0, 0, 450.0, 2250.0, 3150.0)]  # in line for half, all and half a bin; then in service
    got = values(lane(), parties([450.0]), rows)
    assert got.bin("queue_mean") == [0.5, 1.0, 0.5, 0.0]
    assert got.bin("utilisation", "general") == [0.0, 0.0, 0.5, 0.5]
    assert got.bin("open_booths") == [1.0, 1.0, 1.0, 1.0]


def test_a_wait_within_one_bin() -> None:
    got = values(lane(), parties([910.0]), [visit(0, 0, 910.0, 1000.0, 1090.0)])
    assert got.bin("queue_mean") == pytest.approx([0.0, 0.1, 0.0, 0.0])


def test_warm_up_and_initial_parties_in_bins() -> None:
    model = lane(warm_up=600.0)
    people = parties([-10.0, 500.0, 700.0], initial=[True, False, False])
    rows = [visit(0, 0, -10.0, 750.0, 800.0), visit(1, 0, 500.0, 800.0, 900.0), visit(2, 0, 700.0, 900.0, 1000.0)]
    got = values(model, people, rows)
    assert got.bin("arrivals") == [1, 0, 0, 0]
    assert got.bin("wait_count") == [1, 0, 0, 0]
    assert got.bin("queue_mean") == pytest.approx([(150.0 + 200.0 + 200.0) / 300.0, 0.0, 0.0, 0.0])
    assert got.bin("throughput") == pytest.approx([12.0, 8.0, 0.0, 0.0])  # 1 in 300 s, 2 in 900 s: all who left
    assert got.starts["port", "all", "all", "started_count"] == [0, 1, 0, 0]


def test_open_booths_and_overtime_by_bin() -> None:
    rows = [visit(0, 0, 0.0, 0.0, 1350.0, booth=1), visit(1, 0, 2000.0, 2000.0, 2100.0, booth=0)]
    log = [(0.0, 0, 2), (900.0, 0, 0), (1800.0, 0, 1), (2250.0, 0, 3)]
    got = values(lane(), parties([0.0, 2000.0]), rows, staffing=log, overtime=[450.0])
    assert got.bin("open_booths") == [2.0, 0.0, 2.0, 3.0]
    assert got.bin("utilisation") == pytest.approx([0.5, 1.0, 100.0 / 1800.0, 0.0])


def test_service_begun_after_closing_is_overtime() -> None:
    rows = [visit(0, 0, 0.0, 0.0, 1000.0), visit(1, 0, 0.0, 1000.0, 1700.0)]  # the closed group serves out its line
    got = values(lane(), parties([0.0, 0.0]), rows, staffing=[(0.0, 0, 1), (900.0, 0, 0)], overtime=[800.0])
    assert got.bin("utilisation")[:2] == [1.0, 1.0]
    assert math.isnan(got.bin("utilisation")[2])  # nobody open, nobody busy
    assert got("utilisation") == 1.0


def test_overtime_ends_when_the_booth_reopens() -> None:
    rows = [visit(0, 0, 0.0, 0.0, 3600.0)]
    log = [(0.0, 0, 1), (600.0, 0, 0), (1200.0, 0, 1)]
    got = values(lane(), parties([0.0]), rows, staffing=log, overtime=[600.0])
    assert got.bin("utilisation") == pytest.approx([1.0] * 4)
    assert got("utilisation") == 1.0


def test_turned_away_parties_arrive_in_their_bin() -> None:
    model = network([station("general", StationKind.LANE_GROUP, comes(0), pool=0, storage=1.0)])
    got = values(model, parties([950.0]), [], away=[(0, 0)])
    assert got.bin("arrivals") == [0, 1, 0, 0]
    assert got.bin("arrivals", "general") == [0, 0, 0, 0]
