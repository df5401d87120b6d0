"""Queues worked by hand: every instant comes out of the run to the bit.

Arrivals and service times are given in tables, in minutes. Several of these cases stand in the test suites of
Ciw and simmer as well; here no service is pre-empted and a closing booth finishes its party.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import toolbox
from toolbox import Run, minutes, run, scenario, trace

from sim.engine import ENGINES

CARS = "traffic: {car: {trace: cars.csv}}\n"


@pytest.fixture(autouse=True, params=[name for name in ENGINES if name != "auto"])
def _each_engine(request, monkeypatch) -> None:
    monkeypatch.setattr(toolbox, "ENGINE", request.param)


def cars(folder: Path, lane: str, horizon: str, time: Sequence[float], more: str = "end: cut", **columns) -> Run:
    """Run one lane group called `general` for these cars; a time of service not given is 1 min."""
    trace(folder, "cars.csv", time, **columns)
    port = f"{CARS}lanes:\n  general: {{serves: [car], service: 1 min, {lane}}}"
    return run(scenario(folder, port, horizon=horizon, more=more))


def every(step: float, until: float) -> np.ndarray:
    """step, 2 step, ... up to but not at `until`."""
    return np.arange(step, until, step)


def waits(visits: pd.DataFrame) -> list[float]:
    return minutes(visits["started"] - visits["joined"])


def lanes(queue: str) -> str:
    """One booth, so both kinds of line are the same."""
    return f"booths: 1, queue: {queue}"


@pytest.mark.parametrize("queue", ["shared", "per_booth"])
def test_first_come_first_served(tmp_path, queue) -> None:
    came = every(1.0, 9.0)
    visits = cars(tmp_path, lanes(queue), "9 min", came, service=[1.5] * len(came)).visits()
    assert minutes(visits["ended"]) == [2.5, 4.0, 5.5, 7.0, 8.5]
    assert minutes(visits["started"]) == [1.0, 2.5, 4.0, 5.5, 7.0, 8.5]
    assert visits["outcome"].tolist() == ["admitted"] * 5 + ["inside"] * 3


@pytest.mark.parametrize("queue", ["shared", "per_booth"])
def test_balk_at_three_in_the_system(tmp_path, queue) -> None:
    came = every(5.0, 51.0)
    done = cars(tmp_path, f"{lanes(queue)}, balk_at: 3", "51 min", came, service=[21] * len(came))
    visits = done.visits()
    assert np.delete(came, visits["party"]).tolist() == [20, 25, 35, 40, 45]
    assert waits(visits) == [0, 16, 32]
    assert minutes(visits["ended"]) == [26, 47]
    assert done.summary("outcome_balked") == 5
    assert done.summary("arrivals") == 10


@pytest.mark.parametrize("queue", ["shared", "per_booth"])
def test_renege(tmp_path, queue) -> None:
    came = every(7.0, 31.5)
    lane = f"{lanes(queue)}, patience: 3 min"
    visits = cars(tmp_path, lane, "31 min 30 s", came, service=[11] * len(came)).visits()
    gone = visits[visits["outcome"] == "reneged"]
    assert minutes(gone["joined"]) == [14, 28]
    assert minutes(gone["left"]) == [17, 31]
    assert gone["started"].isna().all()
    assert minutes(visits["started"]) == [7, 21]


def test_renege_by_patience_given_in_the_table(tmp_path) -> None:
    """The cells of a trace replace the patience of the lane."""
    came = every(7.0, 31.5)
    lane = "booths: 1, patience: {exponential: {mean: 1 min}}"
    patience = [3] * len(came)
    visits = cars(tmp_path, lane, "31 min 30 s", came, service=[11] * len(came), patience=patience).visits()
    assert minutes(visits.loc[visits["outcome"] == "reneged", "left"]) == [17, 31]


@pytest.mark.parametrize("queue", ["shared", "per_booth"])
def test_renege_while_the_booth_closes(tmp_path, queue) -> None:
    came = every(7.0, 25.0)
    lane = f'{lanes(queue)}, patience: 3 min, on_close: wait, open: {{"00:00": 1, "00:16": 0}}'
    done = cars(tmp_path, lane, "25 min", came, service=[11] * len(came))
    visits = done.visits()
    assert minutes(visits["ended"]) == [18]
    assert visits["outcome"].tolist() == ["admitted", "reneged", "reneged"]
    assert minutes(visits["left"]) == [18, 17, 24]
    assert done.summary("overtime_hours") == pytest.approx(2 / 60, rel=1e-9)


@pytest.mark.parametrize("queue", ["shared", "per_booth"])
def test_overtime_at_shift_ends(tmp_path, queue) -> None:
    """Booths 3 and 2 close with a party and stay 3 minutes longer each."""
    lane = f'booths: 3, queue: {queue}, open: {{"00:00": 3, "00:07": 2, "00:11": 1}}'
    done = cars(tmp_path, lane, "20 min", [1, 1, 1, 9, 9, 12], service=[5, 7, 9, 4, 5, 5])
    visits = done.visits()
    assert minutes(visits["ended"]) == [6, 8, 10, 13, 14, 18]
    assert visits["booth"].tolist() == [0, 1, 2, 0, 1, 0]
    assert done.summary("overtime_hours", station="general") == pytest.approx(6 / 60, rel=1e-9)
    assert done.summary("booth_hours", station="general") == pytest.approx((3 * 7 + 2 * 4 + 9) / 60, rel=1e-9)
    assert done.summary("utilisation", station="general") == pytest.approx(35 / (38 + 6), rel=1e-9)


def test_utilisation_under_a_calendar(tmp_path) -> None:
    lane = 'booths: 2, open: {"00:00": 1, "00:09": 2}'
    done = cars(tmp_path, lane, "23 min", [2, 6, 10, 10, 17], service=[4, 2, 6, 6, 3])
    assert done.summary("utilisation") == pytest.approx(21 / 37, rel=1e-9)
    assert minutes(done.visits()["ended"]) == [6, 8, 16, 16, 20]


def test_utilisation_of_a_fixed_staff(tmp_path) -> None:
    done = cars(tmp_path, "booths: 3", "20 min", [2, 5], service=[10, 6])
    assert done.summary("utilisation") == pytest.approx(4 / 15, rel=1e-9)


def test_utilisation_counts_service_only_inside_the_horizon(tmp_path) -> None:
    done = cars(tmp_path, "booths: 1", "10 min", [4], more="end: drain", service=[20])
    assert minutes(done.visits()["ended"]) == [24]
    assert done.summary("utilisation") == pytest.approx(6 / 10, rel=1e-9)


@pytest.mark.parametrize("queue", ["shared", "per_booth"])
def test_batches_of_two(tmp_path, queue) -> None:
    came = np.repeat([5, 10, 12, 13, 18], 2)
    visits = cars(tmp_path, lanes(queue), "20 min", came, more="end: drain", service=[2, 3] * 5).visits()
    assert waits(visits) == [0, 2, 0, 2, 3, 5, 7, 9, 7, 9]


def test_blocking_after_service(tmp_path) -> None:
    trace(tmp_path, "cars.csv", [0, 5], service=[1, 1], referral=["yes", "yes"], secondary=[9, 9])
    port = f"""
        {CARS.strip()}
        lanes: {{general: {{serves: [car], booths: 1, service: 1 min}}}}
        secondary: {{bays: 1, storage: 0 cars, referral: {{car: 0 %}}, service: 9 min}}
    """
    done = run(scenario(tmp_path, port, horizon="20 min"))
    booth, bay = done.visits("general"), done.visits("secondary")
    assert minutes(booth["started"]) == [0, 5]
    assert minutes(booth["ended"]) == [1, 6]
    assert minutes(booth["left"]) == [1, 10]
    assert minutes(bay["joined"]) == minutes(bay["started"]) == [1, 10]
    assert minutes(bay["ended"]) == [10, 19]
    assert done.summary("blocked_hours", station="general") == pytest.approx(4 / 60, rel=1e-9)
    assert done.summary("utilisation", station="general") == pytest.approx(2 / 20, rel=1e-9)
    assert done.summary("wait_mean") == 0.0  # held in the booth is not a wait


def test_one_blocked_car_holds_back_the_next(tmp_path) -> None:
    """As above with a third car behind: it starts when the second leaves the booth for the bay."""
    trace(tmp_path, "cars.csv", [0, 5, 7], service=[1, 1, 1], referral=["yes", "yes", "no"], secondary=[9, 9, None])
    port = f"""
        {CARS.strip()}
        lanes: {{general: {{serves: [car], booths: 1, service: 1 min}}}}
        secondary: {{bays: 1, referral: {{car: 0 %}}, service: 9 min}}
    """
    booth = run(scenario(tmp_path, port, horizon="20 min")).visits("general")
    assert minutes(booth["started"]) == [0, 5, 10]
    assert minutes(booth["left"]) == [1, 10, 11]


@pytest.mark.parametrize("queue", ["shared", "per_booth"])
def test_capacity_up_and_down(tmp_path, queue) -> None:
    """With lines of their own the three stand in the first booth's line, so only they can move on by jockeying."""
    jockey = ", jockey: 2" if queue == "per_booth" else ""
    lane = f'booths: 3, queue: {queue}{jockey}, open: {{"00:00": 1, "00:01": 3, "00:02": 1}}'
    visits = cars(tmp_path, lane, "10 min", [0, 0, 0], service=[2, 2, 2]).visits()
    assert minutes(visits["ended"]) == [2, 3, 3]
    assert visits["booth"].tolist()[0] == 0
    assert sorted(visits["booth"]) == [0, 1, 2]


@pytest.mark.parametrize("queue", ["shared", "per_booth"])
def test_closing_at_the_instant_of_an_end(tmp_path, queue) -> None:
    """The booth that closes as a service ends takes nobody new."""
    lane = f'{lanes(queue)}, on_close: wait, open: {{"00:00": 0, "00:05": 1, "00:10": 0, "00:15": 1}}'
    visits = cars(tmp_path, lane, "30 min", [0, 0, 0], service=[5, 5, 5]).visits()
    assert minutes(visits["ended"]) == [10, 20, 25]


def test_closing_booth_that_finishes_its_line(tmp_path) -> None:
    """The same calendar with `on_close: finish`: the line of the closing booth is served out."""
    lane = 'booths: 1, on_close: finish, open: {"00:00": 0, "00:05": 1, "00:10": 0, "00:15": 1}'
    visits = cars(tmp_path, lane, "30 min", [0, 0, 0], service=[5, 5, 5]).visits()
    assert minutes(visits["ended"]) == [10, 15, 20]


@pytest.mark.parametrize(("split", "starts"), [("1 car", [0, 10, 20, 10, 30, 20]), ("2 cars", [0, 10, 20, 3, 30, 10])])
def test_head_of_line(tmp_path, split, starts) -> None:
    """A general queue traps NEXUS cars until they reach the split."""
    names = {"G": "car", "N": "car.nexus"}
    klass = [names[letter] for letter in "GGGNGN"]
    trace(tmp_path, "cars.csv", range(6), klass=klass)
    port = f"""
        {CARS.strip()}
        approach: {{split: {split}}}
        lanes:
          general: {{serves: [car], booths: 1, service: 10 min}}
          nexus: {{serves: [car.nexus], booths: 1, service: 1 min}}
    """
    done = run(scenario(tmp_path, port, horizon="20 min"))
    visits = done.visits()
    booths = visits[visits["station"] != "approach"]
    assert minutes(booths["started"]) == starts
    assert booths["class"].tolist() == klass
    # The wait of a car is from joining the road to its booth, however it is split between the two.
    assert done.summary("wait_mean") == pytest.approx(np.mean(np.subtract(starts, range(6))), rel=1e-9)


@pytest.mark.parametrize("queue", ["shared", "per_booth"])
def test_tandem_pair(tmp_path, queue) -> None:
    """The front fills first, stays empty while the rear is taken, and a finished rear waits for the front."""
    lane = f"{lanes(queue)}, tandem: true"
    done = cars(tmp_path, lane, "20 min", [0, 0, 0, 0], service=[3, 5, 4, 2])
    visits = done.visits()
    assert minutes(visits["left"]) == [3, 5, 9, 9]
    assert minutes(visits["ended"]) == [3, 5, 9, 7]
    assert minutes(visits["started"]) == [0, 0, 5, 5]
    assert done.summary("blocked_hours", station="general") == pytest.approx(2 / 60, rel=1e-9)
    assert done.summary("utilisation", station="general") == pytest.approx(14 / 40, rel=1e-9)


@pytest.mark.parametrize("queue", ["shared", "per_booth"])
def test_arrival_at_the_instant_a_booth_frees_is_not_turned_away(tmp_path, queue) -> None:
    """Rule 12: services end before arrivals from outside."""
    lane = f"{lanes(queue)}, storage: 0 cars, when_full: balk"
    done = cars(tmp_path, lane, "20 min", [0, 1, 2, 4], service=[2, 2, 2, 2])
    assert minutes(done.visits()["started"]) == [0, 2, 4]
    assert done.summary("outcome_balked") == 1


def test_patience_that_ends_as_a_booth_frees_is_served(tmp_path) -> None:
    """Rule 12: the free booth takes its head before patience acts."""
    visits = cars(tmp_path, "booths: 1, patience: 3 min", "20 min", [0, 1], service=[4, 2]).visits()
    assert minutes(visits["started"]) == [0, 4]


def test_service_that_ends_as_a_booth_closes_frees_its_place_first(tmp_path) -> None:
    """Rule 12: services end before calendars. At 10 booth 2 frees and booth 3 closes: its line goes to booth 2."""
    lane = 'booths: 3, queue: per_booth, open: {"00:00": 3, "00:10": 2}'
    service = [20, 10, 30, 1, 1, 1]
    visits = cars(tmp_path, lane, "30 min", [0, 0, 0, 1, 2, 3], service=service, more="end: drain").visits()
    assert minutes(visits["started"]) == [0, 0, 0, 20, 10, 11]
    assert visits["booth"].tolist() == [0, 1, 2, 0, 1, 1]


@pytest.mark.parametrize("other", ["", ", patience: 30 min"])
def test_patience_survives_the_closing_of_a_group(tmp_path, other) -> None:
    """The line of a closed group moves to one whose own parties wait for ever, or longer, and gives up on time."""
    trace(tmp_path, "cars.csv", [0, 1, 2], klass=["car.nexus", "car.nexus", "car"], service=[6, 6, 20])
    port = f"""
        {CARS.strip()}
        lanes:
          nexus:
            serves: [car.nexus]
            booths: 1
            open: {{"00:00": 1, "00:04": 0}}
            patience: 8 min
            on_close: reroute
            service: 1 min
          general: {{serves: [car], booths: 1, service: 1 min{other}}}
    """
    done = run(scenario(tmp_path, port, horizon="40 min"))
    moved = done.visits("general")
    moved = moved[moved["class"] == "car.nexus"]
    assert minutes(moved["joined"]) == [4]
    assert minutes(moved["left"]) == [9]
    assert moved["outcome"].tolist() == ["reneged"]
    assert done.summary("outcome_reneged") == 1
    assert done.summary("outcome_reneged", station="general") == 1


@pytest.mark.parametrize("queue", ["shared", "per_booth"])
def test_service_hastens_while_the_line_is_longer_than_said(tmp_path, queue) -> None:
    """Five at once: the second leaves three in line, more than two, and takes half the time; the third leaves two."""
    trace(tmp_path, "cars.csv", [0, 0, 0, 0, 0], service=[10] * 5)
    port = f"""
        {CARS.strip()}
        lanes:
          general:
            serves: [car]
            booths: 1
            queue: {queue}
            service: {{deterministic: {{value: 1 min}}, when_queue_over: {{2: 0.5}}}}
    """
    visits = run(scenario(tmp_path, port, horizon="60 min")).visits()
    assert minutes(visits["ended"]) == [10, 15, 25, 35, 45]
