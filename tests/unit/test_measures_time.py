"""Measures over time: lines, booths, throughput. Numbers worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from measures_world import HORIZON, NAN, Values, comes, inside, lane, network, on, parties, records, station, visit

from sim.model.network import Network, StationKind, Target
from sim.model.parties import Parties
from sim.study.measures import Layout, integrals, measure


def values(model: Network, people: Parties, visits: list, **more) -> Values:
    layout = Layout.of(model, 900.0)
    return Values(layout, measure(layout, people, records(model, visits, **more)))


def approach_and_lanes(**road) -> Network:
    """A road for cars (7.5 m each) and trucks (three lengths), then a lane group for each."""
    return network(
        [
            station(
                "approach", StationKind.ROAD, comes(0, 1, then=Target(stations=(1,))), metres_per_length=7.5, **road
            ),
            station("general", StationKind.LANE_GROUP, comes(0, 1), pool=0, metres_per_length=7.5),
        ],
        classes=[("car", 0, 1.0), ("truck", 0, 3.0)],
    )


def test_queue_mean_and_peak() -> None:
    rows = [visit(0, 0, 0.0, 0.0, 600.0), visit(1, 0, 100.0, 600.0, 900.0), visit(2, 0, 200.0, 900.0, 1200.0)]
    got = values(lane(), parties([0.0, 100.0, 200.0]), rows)
    assert got("queue_mean") == pytest.approx((500.0 + 700.0) / HORIZON)
    assert got("queue_max") == 2
    assert got("queue_mean", "general", "car") == got("queue_mean")


def test_departures_come_first_at_an_instant() -> None:
    rows = [visit(0, 0, 0.0, 100.0, 200.0), visit(1, 0, 100.0, 200.0, 300.0), visit(2, 0, 200.0, 200.0, 300.0)]
    assert values(lane(), parties([0.0, 100.0, 200.0]), rows)("queue_max") == 1


def test_facility_queue_is_the_union_of_its_lines() -> None:
    rows = [
        on(0, 0, 0.0, 0.0, 0.0, 100.0, booth=-1),
        visit(0, 1, 100.0, 300.0, 400.0),
        on(1, 0, 50.0, 50.0, 50.0, 150.0, booth=-1),
        visit(1, 1, 150.0, 400.0, 500.0),
        inside(2, 0, 120.0, booth=-1),
    ]
    got = values(
        approach_and_lanes(storage=10.0), parties([0.0, 50.0, 120.0], klass=[0, 1, 0]), rows, full=[360.0, 0.0]
    )
    assert got("queue_max", "approach") == 2
    assert got("queue_max", "general") == 2
    assert got("queue_max") == 3  # moving from the road to the lanes counts a party once
    assert got("queue_max", klass="truck") == 1
    assert got("queue_mean", "approach") == pytest.approx((100.0 + 100.0 + 3480.0) / HORIZON)
    assert got("queue_mean") == pytest.approx((300.0 + 350.0 + 3480.0) / HORIZON)
    # A truck is three car lengths of 7.5 m.
    assert got("queue_metres_max") == 37.5
    assert got("queue_metres_max", "general", "truck") == 22.5
    assert got("queue_metres_mean", klass="truck") == pytest.approx(350.0 * 22.5 / HORIZON)
    assert got("queue_metres_mean") == pytest.approx((300.0 * 7.5 + 350.0 * 22.5 + 3480.0 * 7.5) / HORIZON)
    assert got("spillback_share", "approach") == 0.1
    assert got("spillback_share") == 0.1


def test_a_road_is_queued_on_after_the_free_drive() -> None:
    rows = [
        on(0, 0, 0.0, 0.0, 60.0, 160.0, booth=-1),
        visit(0, 1, 160.0, 160.0, 200.0),
        inside(1, 0, 3000.0, booth=-1),
        inside(2, 0, 3590.0, booth=-1),  # still driving at the horizon
    ]
    got = values(approach_and_lanes(travel=60.0), parties([0.0, 3000.0, 3590.0], klass=[0, 0, 0]), rows)
    assert got("queue_mean", "approach") == pytest.approx((100.0 + 540.0) / HORIZON)
    assert got("wait_mean") == pytest.approx(100.0 / 60.0)


def test_time_averages_are_cut_to_the_window() -> None:
    model = lane(warm_up=600.0)
    people = parties([-100.0, 0.0, 3500.0, 4000.0], initial=[True, False, False, False])
    rows = [
        visit(0, 0, -100.0, 700.0, 800.0),
        visit(1, 0, 0.0, 600.0, 700.0),  # starts at the very warm-up: never in line within the window
        visit(2, 0, 3500.0, 3700.0, 3800.0),
        visit(3, 0, 4000.0, 4000.0, 4100.0),
    ]
    got = values(model, people, rows)
    assert got("queue_mean") == pytest.approx((100.0 + 100.0) / 3000.0)
    assert got("queue_max") == 1
    assert got("utilisation") == pytest.approx(200.0 / 3000.0)
    assert got("booth_hours") == pytest.approx(3000.0 / 3600.0)
    assert got("throughput") == pytest.approx(2.0 / 3000.0 * 3600.0)  # the initial party left within it too


def test_blocked_time_is_apart_from_busy_time() -> None:
    rows = [visit(0, 0, 0.0, 0.0, 600.0, 960.0), inside(1, 0, 10.0, 960.0, 3240.0, NAN), inside(2, 0, 20.0, booth=-1)]
    got = values(lane(), parties([0.0, 10.0, 20.0]), rows)
    assert got("utilisation") == pytest.approx((600.0 + 2280.0) / 3600.0)
    assert got("blocked_hours") == pytest.approx((360.0 + 360.0) / 3600.0)
    assert got("blocked_hours", "general", "car") == pytest.approx(0.2)


def test_utilisation_under_a_calendar() -> None:
    # Arrivals 2 6 10 10 17, services 4 2 6 6 3, booths 1 then 2 from 9, to 23: 21 / 37.
    spans = [
        (2.0, 2.0, 6.0, 0),
        (6.0, 6.0, 8.0, 0),
        (10.0, 10.0, 16.0, 0),
        (10.0, 10.0, 16.0, 1),
        (17.0, 17.0, 20.0, 0),
    ]
    rows = [visit(i, 0, *span, booth=booth) for i, (*span, booth) in enumerate(spans)]
    people = parties([row[0] for row in spans])
    got = values(lane(horizon=23.0), people, rows, staffing=[(0.0, 0, 1), (9.0, 0, 2)])
    assert got("utilisation") == pytest.approx(21.0 / 37.0)
    assert got("booth_hours", "general") == pytest.approx(37.0 / 3600.0)
    assert got("overtime_hours") == 0.0


def test_overtime_counts_as_open_time() -> None:
    rows = [visit(0, 0, 0.0, 0.0, 1800.0, booth=0), visit(1, 0, 0.0, 0.0, 1800.0, booth=1)]
    log = [(0.0, 0, 2), (900.0, 0, 1)]
    got = values(lane(), parties([0.0, 0.0]), rows, staffing=log, overtime=[900.0])
    assert got("overtime_hours", "general") == 0.25
    assert got("booth_hours") == 1.25
    assert got("utilisation") == pytest.approx(3600.0 / (4500.0 + 900.0))


def test_nobody_open_has_no_utilisation() -> None:
    got = values(lane(), parties([]), [], staffing=[(0.0, 0, 0)])
    assert math.isnan(got("utilisation"))
    assert got("booth_hours") == 0.0


def test_a_tandem_booth_can_serve_two_at_once() -> None:
    model = network([station("general", StationKind.LANE_GROUP, comes(0), pool=0, tandem=1)])
    rows = [visit(i, 0, 0.0, 0.0, HORIZON, booth=0) for i in range(2)] + [visit(2, 0, 0.0, 0.0, 1800.0, booth=1)]
    got = values(model, parties([0.0] * 3), rows, staffing=[(0.0, 0, 2)])
    assert got("utilisation") == pytest.approx(2.5 / 3.0)  # booth 0 has two positions, booth 1 one
    assert got("booth_hours") == 2.0


def test_a_shared_pool_divides_its_time_between_stations() -> None:
    model = network(
        [
            station("car", StationKind.LANE_GROUP, comes(0), pool=0),
            station("bus", StationKind.LANE_GROUP, comes(1), pool=0),
            station("secondary", StationKind.SECONDARY, comes(0, 1), pool=1),
        ],
        classes=[("car", 0, 1.0), ("bus", 0, 3.0)],
        pools=2,
    )
    rows = [visit(0, 0, 0.0, 0.0, 900.0), visit(1, 1, 0.0, 0.0, 1800.0, booth=1)]
    got = values(model, parties([0.0, 0.0], klass=[0, 1]), rows, staffing=[(0.0, 0, 2), (0.0, 1, 3)])
    assert got("utilisation", "car") == 0.125
    assert got("utilisation", "bus") == 0.25
    assert got("utilisation") == 0.375  # one pool, counted once; bays are not primary
    assert got("booth_hours") == 2.0
    assert got("booth_hours", "secondary") == 3.0
    assert got("utilisation", "secondary") == 0.0


def test_integrals_from_the_rows() -> None:
    model = approach_and_lanes()
    rows = [
        on(0, 0, 0.0, 0.0, 0.0, 100.0, booth=-1),
        visit(0, 1, 100.0, 150.0, 400.0, 450.0),
        inside(1, 0, 3600.0 - 40.0, booth=-1),
    ]
    got = integrals(model, parties([0.0, 3560.0], klass=[0, 1]), records(model, rows))
    np.testing.assert_allclose(got.queue, [140.0, 50.0])
    np.testing.assert_allclose(got.busy, [0.0, 250.0])
    np.testing.assert_allclose(got.blocked, [0.0, 50.0])
