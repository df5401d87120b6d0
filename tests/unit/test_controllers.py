"""Booths that open and close by what is seen in the lines (rule 7)."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import random_case

from sim.engine import engine
from sim.engine.records import Records
from sim.errors import ScenarioError
from sim.model.network import Network, Steps
from sim.model.parties import Parties
from sim.scenario import load
from sim.study.runs import experiment

SCENARIO = """
format: 1
name: Steered
start: 2024-01-01 00:00
horizon: {horizon}
end: cut
seed: 3
replications: 2
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {{car: {{{traffic}}}}}
    {more}
    lanes:
      general:
        serves: [car]
        booths: 3
        open: {open}
        service: 4 min
        control: {{{control}}}
"""
TRACE = "".join(f"{60 * k},car\n" for k in range(60))


def scenario(
    tmp_path: Path, control: str, open_: str = "1", horizon: str = "2 h", more: str = "", **other: Any
) -> Path:
    (tmp_path / "cars.csv").write_text("time,class\n" + TRACE)
    path = tmp_path / "steered.yaml"
    traffic = other.get("traffic", "trace: cars.csv")
    path.write_text(SCENARIO.format(control=control, open=open_, horizon=horizon, more=more, traffic=traffic))
    return path


def run(path: Path, name: str = "reference") -> tuple[Network, Parties, Records]:
    plan = experiment(load(path), name)
    model, _ = plan.model("baseline")
    parties, records = plan.simulate("baseline", 0)
    return model.network, parties, records


def log(records: Records) -> list[tuple[float, int]]:
    """Minutes and open booths."""
    return list(zip((records.staffing_time / 60.0).tolist(), records.staffing_open.tolist(), strict=True))


def test_worked_by_hand(tmp_path: Path) -> None:
    """A car a minute for an hour, 4 minutes each, one booth: the head has waited 3, 6, 9 ... minutes.

    At 5 min the car of minute 1 waits since 4 min: no more than the 5 asked for. At 10 min the head came at 2 min (the
    third car; served from 8 min on) or 3 (waiting 7 min): a booth is ordered and opens at 20. At 20 min the head has
    waited more, so the third is ordered for 30.
    """
    _, _, records = run(scenario(tmp_path, "every: 5 min, open_above: 5 min, close_below: 2 min, lead: 10 min"))
    assert log(records)[:3] == [(0.0, 1), (20.0, 2), (30.0, 3)]
    closing = log(records)[3:]
    assert [count for _, count in closing] == [2, 1], "one by one, down to the calendar and no further"
    assert all(minute % 5 == 0 for minute, _ in closing)


def test_by_the_number_waiting(tmp_path: Path) -> None:
    """At 5 min one is done and one in service: three of the five that came wait (an arrival comes last)."""
    _, _, records = run(scenario(tmp_path, "every: 5 min, open_above: 2, close_below: 1"))
    assert log(records)[1] == (5.0, 2), "at once without a lead"


@pytest.mark.parametrize(
    ("open_", "most"), [("1", "2"), ('{"00:00": 1, "00:30": 2}', '{"00:00": 1, "00:10": 3, "00:40": 2}')]
)
def test_stays_between_the_calendar_and_the_most(tmp_path: Path, open_: str, most: str) -> None:
    control = f"every: 1 min, open_above: 1 min, close_below: 30 s, most: {most}"
    network, _, records = run(scenario(tmp_path, control, open_))
    least, cap = network.pools[0].calendar, network.controllers[0].most
    for time, count in zip(records.staffing_time, records.staffing_open, strict=True):
        assert least.at(time) <= count <= max(cap.at(time), least.at(time))
    assert records.staffing_open.max() == max(cap.values)


def test_sees_the_road_in_front(tmp_path: Path) -> None:
    """With room for one car before the booths, the queue stands on the approach."""
    road = "approach: {storage: 40 cars, split: 1 cars, when_full: balk}"
    _, _, records = run(scenario(tmp_path, "every: 5 min, open_above: 10, close_below: 2", more=road))
    assert records.staffing_open.max() == 3


def test_engines_agree_on_a_scenario(tmp_path: Path) -> None:
    road = "approach: {storage: 60 cars, split: 12 cars, lanes: 2}"
    path = scenario(
        tmp_path, "every: 5 min, open_above: 6 min, close_below: 2 min, lead: 10 min", more=road, horizon="24 h",
        traffic='per_day: 700, profile: {"00:00": 1, "08:00": 4, "12:00": 1}', open_='{"00:00": 1, "09:00": 2}',
    )  # fmt: skip
    first, second = run(path)[2], run(path, "compiled")[2]
    for field in fields(Records):
        assert np.array_equal(getattr(first, field.name), getattr(second, field.name), equal_nan=True), field.name
    assert len(first.staffing_time) > 4


def test_equals_the_calendar_it_wrote() -> None:
    """A run steered by controllers is the run with the calendar they ended up with, whatever else happens."""
    compared = 0
    for seed in range(400):
        network, parties = random_case(seed)
        network = replace(network, end=network.horizon)  # no changes after the horizon are written down
        if not network.controllers:
            continue
        records = engine("reference")(network, parties)
        calendars = {}
        for controller in network.controllers:
            mine = records.staffing_pool == controller.pool
            times, counts = records.staffing_time[mine].tolist(), records.staffing_open[mine].tolist()
            calendars[controller.pool] = Steps((-np.inf, *times[1:]), tuple(map(float, counts)))
        if any(0.0 in calendar.values for calendar in calendars.values()):
            continue  # where all are closed, parties look ahead in the calendar
        pools = tuple(
            replace(pool, calendar=calendars.get(index, pool.calendar)) for index, pool in enumerate(network.pools)
        )
        again = engine("reference")(replace(network, pools=pools, controllers=()), parties)
        for field in fields(Records):
            assert np.array_equal(getattr(records, field.name), getattr(again, field.name), equal_nan=True), seed
        compared += 1
    assert compared > 20


@pytest.mark.parametrize(
    ("control", "found"),
    [
        ("every: 5 min, open_above: 20 min, close_below: 8", "open_above is a wait, close_below a number"),
        ("every: 5 min, open_above: 5 min, close_below: 10 min", "close_below is not below open_above"),
        ("every: 5 min, open_above: 9 min, close_below: 2 min, lead: 7 min", "whole number of ticks"),
        ("every: 5 min, open_above: 9 min, close_below: 2 min, most: 4", "4 booths open, 3 are built"),
        ("every: 5 min, open_above: soon, close_below: 2 min", "a wait, such as"),
    ],
)
def test_faults(tmp_path: Path, control: str, found: str) -> None:
    with pytest.raises(ScenarioError, match=found):
        load(scenario(tmp_path, control))
