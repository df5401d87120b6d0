"""The mean day of a year brought to each date: exact expected counts, day by day."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sim import registry
from sim.model.build import build
from sim.model.drawing import draw_parties
from sim.model.sources import Source
from sim.scenario import Scenario, load

PORT = """\
format: 1
name: mean day
start: {start} 00:00
horizon: {days} d
seed: 11
{more}
ports:
  here:
    direction: northbound
    zone: {zone}
    traffic:
      car: {{per_day: 1000, average: yes, profile: {{"00:00": 1, "08:00": 5, "20:00": 2}}{traffic}}}
    lanes: {{booth: {{serves: [car], booths: 1, service: 1 s}}}}
"""


def scenario(
    folder: Path, start: str, days: int, traffic: str = "", more: str = "", zone: str = "America/Vancouver"
) -> Scenario:
    path = folder / "s.yaml"
    path.write_text(PORT.format(start=start, days=days, traffic=traffic, more=more, zone=zone), encoding="utf-8")
    return load(path).baseline


def source(scenario: Scenario) -> Source:
    (found,) = build(scenario).sources
    return found


def per_day(scenario: Scenario) -> list[float]:
    """Expected cars on each civil day of the horizon, from the rate the model draws from."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(scenario.ports["here"].zone)
    begin = scenario.start.replace(tzinfo=zone)
    days = round(scenario.horizon / 86400)
    edges = [
        (scenario.start + timedelta(days=n)).replace(tzinfo=zone).timestamp() - begin.timestamp()
        for n in range(days + 1)
    ]
    rate = source(scenario).rate
    assert rate is not None
    found = []
    for since, until in pairwise(edges):
        cuts = [since, *(t for t in rate.times if since < t < until), until]
        found.append(math.fsum(rate.at(a) * (b - a) for a, b in pairwise(cuts)))
    return found


SEASON = "[0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6]"
WEEK = "[0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3]"


def test_season_and_weekday_multiply_each_civil_day(tmp_path: Path) -> None:
    """31 January 2024 is a Wednesday; the month turns at midnight."""
    found = per_day(scenario(tmp_path, "2024-01-31", 4, f", season: {SEASON}, weekday: {WEEK}"))
    assert found == pytest.approx([1000 * 0.5 * 0.9, 1000 * 0.6 * 1.0, 1000 * 0.6 * 1.1, 1000 * 0.6 * 1.2], rel=1e-12)


def test_a_holiday_has_its_factor_beside_that_of_its_weekday(tmp_path: Path) -> None:
    text = f", season: {SEASON}, weekday: {WEEK}, holiday: 2.5"
    found = per_day(scenario(tmp_path, "2024-05-19", 3, text, more="holidays: [2024-05-20]"))
    assert found == pytest.approx([1000 * 0.9 * 1.3, 1000 * 0.9 * 0.7 * 2.5, 1000 * 0.9 * 0.8], rel=1e-12)


def test_a_day_with_an_event_that_makes_it_a_holiday(tmp_path: Path) -> None:
    event = "events: [{name: off, from: 2024-05-20 00:00, until: 2024-05-20 12:00, holiday: true}]"
    text = f", season: {SEASON}, weekday: {WEEK}, holiday: 2.5"
    found = per_day(scenario(tmp_path, "2024-05-20", 1, text, more=event))
    assert found == pytest.approx([1000 * 0.9 * 0.7 * 2.5], rel=1e-12)


def test_a_day_of_23_or_25_hours_has_its_count_all_the_same(tmp_path: Path) -> None:
    text = f", season: {SEASON}, weekday: {WEEK}"
    assert per_day(scenario(tmp_path, "2024-03-10", 1, text)) == pytest.approx([1000 * 0.7 * 1.3], rel=1e-12)
    assert per_day(scenario(tmp_path, "2024-11-03", 1, text)) == pytest.approx([1000 * 1.5 * 1.3], rel=1e-12)


def test_not_given_they_are_those_of_the_mode_in_the_registry(tmp_path: Path) -> None:
    found = per_day(scenario(tmp_path, "2024-08-03", 1))
    assert found == pytest.approx([1000 * registry.season("car")[7] * registry.weekday("car")[5]], rel=1e-12)
    flat = per_day(scenario(tmp_path, "2024-08-03", 1, ", season: flat, weekday: flat"))
    assert flat == pytest.approx([1000.0], rel=1e-12)


def test_a_year_adds_up_to_its_mean_day(tmp_path: Path) -> None:
    """Over 2024 the factors of the registry leave the mean day within a part in a thousand, for weeks begin anew."""
    found = per_day(scenario(tmp_path, "2024-01-01", 366, ", season: us-3004-car"))
    assert len(found) == 366
    assert math.fsum(found) / 366 == pytest.approx(1000.0, rel=3e-3)


def test_a_registry_port_brings_the_counts_of_its_month(tmp_path: Path) -> None:
    """July 2024 at Blaine: the expected cars of the month are those that were counted, as far as weekdays fall."""
    path = tmp_path / "s.yaml"
    path.write_text(
        "format: 1\nname: x\nstart: 2024-07-01 00:00\nhorizon: 31 d\nseed: 1\n"
        "ports: {here: {registry: us-3004-blaine, traffic: {truck: null, bus: null, pedestrian: null}}}\n"
    )
    study = load(path)
    july = [registry.weekday("car")[date(2024, 7, day).weekday()] for day in range(1, 32)]
    counted = registry.monthly_counts("3004", "cars")[2024][6]
    assert counted is not None
    assert source(study.baseline).expected(31 * 86400.0) == pytest.approx(counted * sum(july) / 31, rel=1e-3)


def test_drawn_counts_follow(tmp_path: Path) -> None:
    """200 replications: the mean count of each day within 3.5 standard errors of a Poisson count."""
    found = scenario(tmp_path, "2024-01-31", 2, f", season: {SEASON}, weekday: {WEEK}")
    expected = np.array([450.0, 600.0])
    network = build(found)
    counts = np.zeros((200, 2))
    for replication in range(200):
        time = draw_parties(network.sources, found.horizon, 11, replication).time
        counts[replication] = np.histogram(time, [0.0, 86400.0, 172800.0])[0]
    assert np.all(np.abs(counts.mean(axis=0) - expected) < 3.5 * np.sqrt(expected / 200))


def test_without_average_nothing_changes(tmp_path: Path) -> None:
    plain = scenario(tmp_path, "2024-08-03", 1, more="").ports["here"].traffic["car"]
    assert plain.factor(date(2024, 8, 3), holiday=False) != 1.0
    never = plain.model_copy(update={"average": False})
    assert never.factor(date(2024, 8, 3), holiday=True) == 1.0


def test_an_initial_queue_of_several_modes_has_the_persons_of_each(tmp_path: Path) -> None:
    scenario = tmp_path / "queue.yaml"
    scenario.write_text(
        """format: 1
name: A line at the start
start: 2024-07-08 00:00
horizon: 1 h
seed: 1
ports:
  here:
    direction: southbound
    zone: UTC
    traffic:
      car: {rate: 1 /h, occupants: 2}
      bus: {rate: 1 /h, occupants: 38}
    initial_queue: {bus: 2, car: 3}
    lanes: {booths: {serves: [car, bus], booths: 2, service: {deterministic: {value: 30 s}}}}
"""
    )
    model = build(load(scenario).baseline)
    parties = model.draw(1, 0)
    first = parties.initial
    names = [model.network.classes[k].name for k in parties.klass[first]]
    assert names == ["bus"] * 2 + ["car"] * 3
    assert parties.size[first][2:].max() <= 5 < 10 < parties.size[first][:2].min()
