"""Civil times that do not exist, or come twice, where clocks change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from sim.scenario.clock import Reading, check_times, reading, seconds_between


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        ("2024-03-10 01:59:59", "America/Vancouver", Reading.ONCE),
        ("2024-03-10 02:00", "America/Vancouver", Reading.NEVER),
        ("2024-03-10 02:59:59", "America/Vancouver", Reading.NEVER),
        ("2024-03-10 03:00", "America/Vancouver", Reading.ONCE),
        ("2024-11-03 00:59:59", "America/Vancouver", Reading.ONCE),
        ("2024-11-03 01:00", "America/Vancouver", Reading.TWICE),
        ("2024-11-03 01:59:59", "America/Vancouver", Reading.TWICE),
        ("2024-11-03 02:00", "America/Vancouver", Reading.ONCE),
        ("2024-03-10 02:30", "America/Regina", Reading.ONCE),
        ("2024-03-10 02:30", "America/Whitehorse", Reading.ONCE),
        ("2024-03-10 02:30", "Europe/Berlin", Reading.ONCE),
        ("2024-03-31 02:30", "Europe/Berlin", Reading.NEVER),
        ("2024-10-06 02:15", "Australia/Lord_Howe", Reading.NEVER),
        ("2024-10-06 02:30", "Australia/Lord_Howe", Reading.ONCE),
    ],
)
def test_how_often_a_time_comes(moment: str, zone: str, expected: Reading) -> None:
    assert reading(datetime.fromisoformat(moment), zone) is expected


def test_seconds_between_count_the_hour_that_is_skipped_or_doubled() -> None:
    midnight, noon = datetime(2024, 3, 10), datetime(2024, 3, 10, 12)
    assert seconds_between(midnight, noon, "America/Vancouver") == 11 * 3600.0
    assert seconds_between(midnight, noon, "America/Regina") == 12 * 3600.0
    autumn = datetime(2024, 11, 3)
    assert seconds_between(autumn, datetime(2024, 11, 3, 1, 30), "America/Vancouver") == 1.5 * 3600.0
    assert seconds_between(autumn, datetime(2024, 11, 3, 2), "America/Vancouver") == 3 * 3600.0


def scenario(start: str, event: dict[str, Any] | None = None) -> dict[str, Any]:
    ports = {"coast": {"zone": "America/Vancouver"}, "plain": {"zone": "America/Regina"}}
    return {"start": start, "ports": ports, "events": [event] if event else []}


def test_a_start_must_exist_at_every_port() -> None:
    (problem,) = check_times(scenario("2024-03-10 02:30"))
    assert problem.at == ("start",)
    assert "does not exist in America/Vancouver" in problem.found
    assert problem.mend == "write '2024-03-10 03:00'"


@pytest.mark.parametrize(
    ("ports", "faults"), [(["coast"], 1), (["plain"], 0), (["coast", "plain"], 1), ([], 1), (None, 1), (["gone"], 0)]
)
def test_an_event_must_exist_at_the_ports_it_touches(ports: list[str] | None, faults: int) -> None:
    event = {"from": "2024-03-10 02:30", "until": "2024-03-10 09:00", "ports": ports}
    found = list(check_times(scenario("2024-03-10 00:00", event)))
    assert [problem.at for problem in found] == [("events", 0, "from")] * faults


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"start": 5, "ports": []},
        {"start": "2024-03-10 02:30", "ports": {"here": None}},
        {"start": "2024-03-10 02:30", "ports": {"here": {"zone": "Mars/Base"}, "there": {"zone": "../etc"}}},
        {"start": "soon", "ports": {"here": {"zone": "America/Vancouver"}}, "events": {"a": 1}},
        {"ports": {"here": {"zone": "America/Vancouver"}}, "events": [5, {"from": "x", "ports": "here"}]},
    ],
)
def test_what_cannot_be_read_is_left_to_others(broken: dict[str, Any]) -> None:
    assert list(check_times(broken)) == []
