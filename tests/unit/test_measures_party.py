"""Measures over parties: arrivals, outcomes, waits, standards. Numbers worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from measures_world import (
    HORIZON,
    NAN,
    REFUSED,
    RELEASED,
    Values,
    comes,
    inside,
    lane,
    network,
    on,
    parties,
    records,
    station,
    visit,
)

from sim.errors import SimulationError
from sim.model.network import (
    BALKED,
    CLOSED,
    DIVERTED,
    RENEGED,
    Network,
    StationKind,
    Steps,
    Target,
    WhenFull,
)
from sim.model.parties import Parties
from sim.study.layout import Standard
from sim.study.measures import Layout, measure


def values(
    model: Network, people: Parties, visits: list, standards: dict[str, Standard] | None = None, **more
) -> Values:
    layout = Layout.of(model, 900.0, standards)
    return Values(layout, measure(layout, people, records(model, visits, **more)))


def port_with_secondary() -> Network:
    """A lane group whose parties may be referred, and two bays."""
    referred = comes(0, sometimes=[Target(stations=(1,))])
    lanes = station("general", StationKind.LANE_GROUP, referred, pool=0)
    bays = station("secondary", StationKind.SECONDARY, comes(0, then=Target(outcome=REFUSED)), pool=1)
    return network([lanes, bays], pools=2)


def two_ports() -> Network:
    """Cars and trucks at `east`, who divert to `west` when it is full; `west` has cars of its own."""
    to_west = Target(stations=(1,))
    east = station(
        "lanes", StationKind.LANE_GROUP, comes(0, 1), pool=0, storage=5.0, when_full=WhenFull.DIVERT, divert=to_west
    )
    road = station("detour", StationKind.TRAVEL, comes(0, 1, then=Target(stations=(2,))), facility=1, pool=2)
    west = station("lanes", StationKind.LANE_GROUP, comes(0, 1, 2), facility=1, pool=1)
    return network(
        [east, road, west],
        classes=[("car", 0, 1.0), ("truck", 0, 3.0), ("car", 1, 1.0)],
        facilities=["east", "west"],
        pools=3,
    )


def test_wait_statistics_by_hand() -> None:
    waits = [0.0, 60.0, 120.0, 180.0, 600.0]
    got = values(
        lane(), parties([0.0] * 5, size=[1, 2, 1, 1, 5]), [visit(i, 0, 0.0, w, w + 10.0) for i, w in enumerate(waits)]
    )
    for row in [("all", "all"), ("all", "car"), ("general", "all"), ("general", "car")]:
        assert got("wait_mean", *row) == pytest.approx(3.2)
        assert got("wait_p50", *row) == 2.0
        assert got("wait_p90", *row) == pytest.approx(7.2)  # place 3.6: 180 s + 0.6 x 420 s
        assert got("wait_p95", *row) == pytest.approx(8.6)
        assert got("wait_p99", *row) == pytest.approx(9.72)
        assert got("wait_max", *row) == 10.0
        assert got("buffer_index", *row) == pytest.approx(1.6875)  # (8.6 - 3.2) / 3.2
        assert got("wait_person_mean", *row) == pytest.approx(5.7)  # 3420 person-s over 10 persons
        assert got("person_hours_delay", *row) == pytest.approx(0.95)
        assert got("time_in_system_mean", *row) == pytest.approx(202.0 / 60.0)
        assert got("time_in_system_p95", *row) == pytest.approx((190.0 + 0.8 * 420.0) / 60.0)
        assert got("arrivals", *row) == 5
        assert got("outcome_released", *row) == 5


def test_nobody_gives_nan_for_measures_and_zero_for_counts() -> None:
    got = values(lane(), parties([]), [], standards={"port": Steps((-math.inf,), (60.0,))})
    nothing = {"arrivals", "outcome_released", "queue_mean", "queue_max", "blocked_hours", "utilisation"}
    nothing |= {"overtime_hours", "throughput", "person_hours_delay"}
    for (*_, name), value in got.whole.items():
        if name == "booth_hours":
            assert value == 1.0
        elif name in nothing:
            assert value == 0.0, name
        else:
            assert math.isnan(value), name


def test_a_mean_wait_of_zero_has_no_buffer_index() -> None:
    got = values(lane(), parties([0.0]), [visit(0, 0, 0.0, 0.0, 30.0)])
    assert got("wait_mean") == 0.0
    assert math.isnan(got("buffer_index"))


def test_party_measures_cover_those_who_joined_in_the_window() -> None:
    model = lane(warm_up=600.0)
    people = parties([-10.0, 599.0, 600.0, 3599.0, 3600.0, 700.0], initial=[True, False, False, False, False, True])
    rows = [visit(i, 0, float(t), float(t) + 60.0 * (i + 1), 5000.0) for i, t in enumerate(people.time)]
    got = values(model, people, rows)
    assert got("arrivals") == 2
    assert got("wait_mean") == pytest.approx(3.5)  # of 3 min and 4 min: the last is served after the horizon
    assert got("arrivals", "general") == 2
    assert got("outcome_released") == 2


def test_driving_tolls_and_travel_are_not_wait() -> None:
    model = network(
        [
            station("detour", StationKind.TRAVEL, comes(0, then=Target(stations=(1,))), pool=0),
            station("toll", StationKind.TOLL, comes(0, then=Target(stations=(2,))), pool=1),
            station("approach", StationKind.ROAD, comes(0, then=Target(stations=(3,))), travel=30.0),
            station("general", StationKind.LANE_GROUP, comes(0), pool=2),
        ],
        pools=3,
    )
    rows = [
        on(0, 0, 0.0, 0.0, 300.0),
        on(0, 1, 300.0, 310.0, 340.0, 345.0),  # 10 s waiting, 30 s paying, 5 s blocked
        on(0, 2, 345.0, 345.0, 375.0, 400.0),  # 30 s driving, 25 s queued
        visit(0, 3, 400.0, 460.0, 500.0),
    ]
    got = values(model, parties([0.0]), rows)
    assert got("wait_mean") == pytest.approx(100.0 / 60.0)
    assert got("time_in_system_mean") == pytest.approx(500.0 / 60.0)
    assert got("wait_mean", "toll") == pytest.approx(10.0 / 60.0)
    assert got("wait_mean", "approach") == pytest.approx(25.0 / 60.0)
    assert got("wait_mean", "general") == 1.0
    assert got("blocked_hours", "toll") == pytest.approx(5.0 / 3600.0)
    assert ("port", "detour", "all", "wait_mean") not in got.whole


def test_leaving_without_service_is_not_in_wait() -> None:
    model = network([station("general", StationKind.LANE_GROUP, comes(0, patience=0), pool=0)])
    rows = [
        visit(0, 0, 0.0, 60.0, 90.0),
        visit(1, 0, 0.0, left=240.0, then=RENEGED, booth=-1),
        visit(2, 0, 0.0, left=480.0, then=RENEGED, booth=-1),
    ]
    got = values(model, parties([0.0] * 3), rows)
    for row in ("all", "general"):
        assert got("wait_mean", row) == 1.0
        assert got("wait_left_mean", row) == 6.0
        assert got("outcome_reneged", row) == 2
        assert got("outcome_released", row) == 1
        assert got("throughput", row) == 1.0
        assert got("person_hours_delay", row) == pytest.approx(1.0 / 60.0)
    assert got("time_in_system_mean") == pytest.approx((1.5 + 4.0 + 8.0) / 3.0)


def test_giving_up_on_the_free_drive_is_no_wait() -> None:
    model = network(
        [
            station("approach", StationKind.ROAD, comes(0, then=Target(stations=(1,)), patience=0), travel=100.0),
            station("general", StationKind.LANE_GROUP, comes(0), pool=0),
        ]
    )
    rows = [visit(i, 0, 0.0, left=t, then=RENEGED, booth=-1) for i, t in enumerate([40.0, 220.0])]
    got = values(model, parties([0.0, 0.0]), rows)
    assert got("wait_left_mean", "approach") == 1.0  # of 0 s and 120 s
    assert got("wait_left_mean") == 1.0
    assert got("queue_mean", "approach") == pytest.approx(120.0 / HORIZON)


def test_a_rerouted_party_waits_once_and_leaves_no_one_behind() -> None:
    model = network(
        [
            station("nexus", StationKind.LANE_GROUP, comes(0, patience=0), pool=0),
            station("general", StationKind.LANE_GROUP, comes(0, patience=0), pool=1),
        ],
        pools=2,
    )
    got = values(model, parties([0.0]), [on(0, 0, 0.0, left=60.0, booth=-1), visit(0, 1, 60.0, 180.0, 200.0)])
    assert got("wait_mean") == 3.0
    assert math.isnan(got("wait_mean", "nexus"))
    assert got("wait_mean", "general") == 2.0
    assert got("throughput", "nexus") == 0.0
    assert math.isnan(got("wait_left_mean", "nexus"))
    assert math.isnan(got("wait_left_mean"))


def test_what_comes_after_primary_does_not_shorten_the_wait() -> None:
    onward = comes(0, then=Target(stations=(1,)))
    model = network(
        [
            station("general", StationKind.LANE_GROUP, onward, pool=0),
            station("walk", StationKind.TRAVEL, comes(0), pool=1),
        ],
        pools=2,
    )
    got = values(model, parties([0.0]), [on(0, 0, 0.0, 120.0, 150.0), visit(0, 1, 150.0, 150.0, 210.0)])
    assert got("wait_mean") == 2.0
    assert got("time_in_system_mean") == 3.5


def test_a_party_that_never_sees_primary_is_not_among_the_inspected_share() -> None:
    model = network(
        [
            station("general", StationKind.LANE_GROUP, comes(0, sometimes=[Target(stations=(1,))]), pool=0),
            station("secondary", StationKind.SECONDARY, comes(0, 1), pool=1),
        ],
        classes=[("car", 0, 1.0), ("bus", 0, 3.0)],
        pools=2,
    )
    people = parties([0.0, 0.0], klass=[0, 1])
    got = values(model, people, [visit(0, 0, 0.0, 0.0, 30.0), visit(1, 1, 0.0, 60.0, 90.0)])
    assert got("referrals") == 1
    assert got("referrals", "general") == 0
    assert got("inspected_share") == 0.0
    assert math.isnan(got("inspected_share", klass="bus"))
    # Nor is its line part of the facility's queue, or its bay a booth of primary.
    assert got("queue_mean", "secondary") == pytest.approx(60.0 / HORIZON)
    assert got("queue_mean") == got("queue_max") == 0.0
    assert got("utilisation") == pytest.approx(30.0 / HORIZON)


def test_only_those_inside_without_primary_are_censored() -> None:
    rows = [
        visit(0, 0, 0.0, 0.0, 100.0),
        inside(1, 0, 10.0, 100.0),  # in the booth when the run stopped: its wait is known
        inside(2, 0, 20.0, booth=-1),
        inside(3, 0, 30.0, booth=-1),
    ]
    got = values(lane(), parties([0.0, 10.0, 20.0, 30.0]), rows)
    for row in ("all", "general"):
        assert got("censored_share", row) == 0.5
        assert got("wait_mean", row) == 0.75  # of 0 s and 90 s
        assert got("arrivals", row) == 4
        assert got("outcome_released", row) == 1
    assert math.isnan(got("wait_left_mean"))
    assert got("time_in_system_mean") == pytest.approx(100.0 / 60.0)


def test_referrals_and_share_inspected() -> None:
    model = port_with_secondary()
    rows = [
        visit(0, 0, 0.0, 0.0, 30.0),
        on(1, 0, 0.0, 30.0, 60.0, 90.0),
        visit(1, 1, 90.0, 150.0, 690.0, then=REFUSED),
        visit(2, 0, 0.0, 90.0, 120.0),
        visit(3, 0, 0.0, 120.0, 150.0),
        inside(4, 0, 0.0, booth=-1),
    ]
    got = values(model, parties([0.0] * 5), rows)
    assert got("referrals") == 1
    assert got("inspected_share") == 0.25  # of the four who reached primary
    assert got("referrals", "general") == 1
    assert got("inspected_share", "general", "car") == 0.25
    assert got("outcome_refused") == 1
    assert got("outcome_refused", "secondary") == 1
    assert got("wait_mean", "secondary") == 1.0
    assert got("wait_mean") == pytest.approx(1.0)  # of 0, 30, 90 and 120 s: secondary is not in it
    assert got("throughput") == 4.0
    assert got("blocked_hours", "general") == pytest.approx(30.0 / 3600.0)


def test_turned_away_parties_arrive_and_end_but_do_not_wait() -> None:
    hours = Steps((-math.inf, 1800.0), (1.0, 0.0))
    lanes = station(
        "general", StationKind.LANE_GROUP, comes(0), pool=0, storage=9.0, admits=hours, when_closed=WhenFull.BALK
    )
    people = parties([0.0, 10.0, 1900.0, -5.0], initial=[False, False, False, True])
    away = [(1, BALKED), (2, CLOSED), (3, BALKED)]
    got = values(network([lanes]), people, [visit(0, 0, 0.0, 60.0, 90.0)], away=away)
    assert got("arrivals") == 3
    assert got("outcome_balked") == 1
    assert got("outcome_closed") == 1
    assert got("outcome_released") == 1
    assert got("wait_mean") == 1.0
    assert got("arrivals", "general") == 1
    assert got("censored_share") == 0.0


def test_a_diverted_party_counts_at_both_facilities() -> None:
    people = parties([0.0, 5.0, 10.0, 20.0], klass=[0, 0, 2, 1])
    rows = [
        visit(0, 0, 0.0, 60.0, 90.0),
        on(1, 1, 5.0, 5.0, 605.0, booth=-1),
        visit(1, 2, 605.0, 725.0, 800.0),
        visit(2, 2, 10.0, 10.0, 40.0),
        visit(3, 0, 20.0, 90.0, 200.0),
    ]
    got = values(two_ports(), people, rows, away=[(1, DIVERTED)])
    assert got("arrivals", facility="east") == 3
    assert got("arrivals", klass="car", facility="east") == 2
    assert got("outcome_diverted", facility="east") == 1
    assert got("outcome_diverted", klass="truck", facility="east") == 0
    assert got("wait_mean", klass="car", facility="east") == 1.0
    # Cars of both ports share one row: 120 s after the drive, and 0 s.
    assert got("arrivals", klass="car", facility="west") == 2
    assert got("wait_mean", klass="car", facility="west") == 1.0
    assert got("time_in_system_mean", klass="car", facility="west") == pytest.approx((795.0 + 30.0) / 120.0)
    assert got("arrivals", klass="truck", facility="west") == 0
    assert math.isnan(got("wait_mean", klass="truck", facility="west"))
    assert got("throughput", facility="west") == 2.0
    assert got("throughput", "detour", facility="west") == 1.0


def test_a_party_that_moves_on_to_another_facility_ends_as_diverted() -> None:
    first = station("lanes", StationKind.LANE_GROUP, comes(0, then=Target(stations=(1,))), pool=0)
    second = station("lanes", StationKind.LANE_GROUP, comes(0), facility=1, pool=1)
    model = network([first, second], facilities=["east", "west"], pools=2)
    got = values(model, parties([0.0]), [on(0, 0, 0.0, 60.0, 90.0), visit(0, 1, 90.0, 210.0, 300.0)])
    assert got("outcome_diverted", facility="east") == 1
    assert got("throughput", facility="east") == 0.0
    assert got("throughput", "lanes", facility="east") == 1.0
    assert got("wait_mean", facility="east") == 1.0
    assert got("wait_mean", facility="west") == 2.0
    assert got("outcome_released", facility="west") == 1


@pytest.mark.parametrize(
    "standard",
    [
        Steps((-math.inf, 1000.0), (60.0, 300.0)),
        lambda joined: np.where(joined < 1000.0, 60.0, 300.0),
    ],
)
def test_standard_is_the_one_that_held_on_joining(standard: Standard) -> None:
    waits = {0.0: 60.0, 10.0: 180.0, 1000.0: 240.0, 1100.0: 540.0}
    rows = [visit(i, 0, t, t + w, t + w) for i, (t, w) in enumerate(waits.items())]
    got = values(lane(), parties(list(waits)), rows, standards={"port": standard})
    for label in ("all", "car"):
        assert got("over_standard_share", klass=label) == 0.5  # a wait equal to the standard keeps it
        assert got("over_standard_mean", klass=label) == 1.5  # 2 min and 4 min, over four waits
    assert ("port", "general", "all", "over_standard_share") not in got.whole


def test_classes_of_one_station_are_measured_apart() -> None:
    model = network(
        [station("general", StationKind.LANE_GROUP, comes(0, 1), pool=0)], classes=[("car", 0, 1.0), ("bus", 0, 3.0)]
    )
    people = parties([0.0] * 4, klass=[0, 1, 0, 1], size=[1, 40, 3, 20])
    rows = [visit(i, 0, 0.0, w, w) for i, w in enumerate([60.0, 120.0, 180.0, 600.0])]
    got = values(model, people, rows)
    assert got("wait_mean", klass="car") == 2.0
    assert got("wait_mean", klass="bus") == 6.0
    assert got("wait_mean") == 4.0
    assert got("wait_max", "general", "car") == 3.0
    assert got("wait_person_mean", klass="bus") == pytest.approx((120.0 * 40 + 600.0 * 20) / 60.0 / 60.0)


def test_an_outcome_without_a_row_is_an_error() -> None:
    with pytest.raises(SimulationError, match="'refused'"):
        values(lane(), parties([0.0]), [visit(0, 0, 0.0, 0.0, 1.0, then=REFUSED)])


def test_a_visit_where_the_class_never_comes_is_an_error() -> None:
    model = two_ports()
    with pytest.raises(SimulationError, match="'car' visited 'lanes'"):
        values(model, parties([0.0], klass=[2]), [visit(0, 0, 0.0, 0.0, 1.0)])


def test_released_is_the_last_outcome_of_a_stay() -> None:
    got = values(lane(), parties([0.0]), [visit(0, 0, 0.0, 0.0, NAN, 50.0, then=RELEASED)])
    assert got("outcome_released") == 1
