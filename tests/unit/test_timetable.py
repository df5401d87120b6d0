"""Timetables of departures: what is read, and every fault with its file and line."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from sim.errors import ScenarioError
from sim.model.hall_plan import hall_plans
from sim.scenario import load
from sim.study.preflight import warnings_of

YAML = """\
format: 1
name: A hall
start: {start}
horizon: 24 h
seed: 1
preclearance:
  here:
    registry: YVR
    departures: {{timetable: day.csv}}
    classes: {{everybody: 100 %}}
    show_up: 90 min
    stations: {{primary: {{kind: primary, booths: 3, service: 50 s}}}}
"""
SPRING, AUTUMN, PLAIN = "2024-03-10 00:00", "2024-11-03 00:00", "2024-07-06 04:00"


def write(folder: Path, rows: str, start: str = PLAIN) -> Path:
    (folder / "day.csv").write_text(dedent(rows), encoding="utf-8")
    path = folder / "hall.yaml"
    path.write_text(YAML.format(start=start), encoding="utf-8")
    return path


FAULTS = {
    "unknown airport": (
        PLAIN,
        "flight,departs,seats,load,airport\nAC1,06:00,100,80 %,YVR\nAC2,07:00,100,80 %,YVX\n",
        [(3, 20, "unknown airport 'YVX'")],
    ),
    "another airport alone": (
        PLAIN,
        "flight,departs,seats,load,airport\nAC1,06:00,100,80 %,YYZ\n",
        [(9, 29, "no departure of 'YVR' in day.csv")],
    ),
    "in the past": (
        PLAIN,
        "flight,departs,seats,load\nAC1,03:59,100,80 %\nAC2,04:00,100,80 %\nAC3,2024-07-05 23:00,100,80 %\n",
        [
            (2, 5, "'03:59' is in the past: the horizon begins 2024-07-06 04:00"),
            (4, 5, "'2024-07-05 23:00' is in the past: the horizon begins 2024-07-06 04:00"),
        ],
    ),
    "after the horizon": (
        PLAIN,
        "flight,departs,seats,load\nAC1,28:00,100,80 %\nAC2,28:01,100,80 %\n",
        [(3, 5, "'28:01' is after the end of the horizon")],
    ),
    "seats": (
        PLAIN,
        "flight,departs,seats,load\nAC1,06:00,-5,80 %\nAC2,06:00,0,80 %\nAC3,06:00,7.5,80 %\n",
        [(2, 11, "'-5' seats"), (3, 11, "'0' seats"), (4, 11, "'7.5' seats")],
    ),
    "load": (
        PLAIN,
        "flight,departs,seats,load\nAC1,06:00,100,0.8\nAC2,06:00,100,120 %\n",
        [(2, 15, "'0.8' has no unit"), (3, 15, "'120 %' is more than all")],
    ),
    "twice": (
        PLAIN,
        "flight,departs,seats,load\nAC1,06:00,100,80 %\nAC1,09:00,100,80 %\nAC1,26:00,100,80 %\n",
        [(3, 5, "flight 'AC1' departs twice on 2024-07-06, here and in line 2")],
    ),
    "across midnight": (
        PLAIN,
        "flight,departs,seats,load\nAC1,23:50,100,80 %\nAC2,00:10,100,80 %\n",
        [(3, 5, "'00:10' after a departure late in the day: unsorted, or across midnight")],
    ),
    "across midnight, with a row between": (
        PLAIN,
        "flight,departs,seats,load\nAC1,23:50,100,80 %\nAC2,12:00,100,80 %\nAC3,00:10,100,80 %\n",
        [(4, 5, "'00:10' after a departure late in the day: unsorted, or across midnight")],
    ),
    "twice, spelt otherwise": (
        PLAIN,
        "flight,departs,seats,load\nAC 1,06:00,100,80 %\nac1,09:00,100,80 %\n",
        [(3, 5, "flight 'ac1' departs twice on 2024-07-06, here and in line 2")],
    ),
    "no airport where others have one": (
        PLAIN,
        "flight,departs,seats,load,airport\nAC1,06:00,100,80 %,YVR\nAC2,07:00,100,80 %,\n",
        [(3, 20, "no airport")],
    ),
    "skipped by the clocks": (
        SPRING,
        "flight,departs,seats,load\nAC1,02:30,100,80 %\nAC2,2024-03-10 02:59,100,80 %\nAC3,03:00,100,80 %\n",
        [
            (2, 5, "'02:30' does not exist in America/Vancouver, where clocks go forward over it"),
            (3, 5, "'2024-03-10 02:59' does not exist in America/Vancouver, where clocks go forward over it"),
        ],
    ),
    "twice by the clocks": (
        AUTUMN,
        "flight,departs,seats,load\nAC1,01:30,100,80 %\nAC2,00:59,100,80 %\nAC3,02:00,100,80 %\n",
        [(2, 5, "'01:30' comes twice in America/Vancouver, where clocks go back")],
    ),
    "wrong offset": (
        AUTUMN,
        "flight,departs,seats,load\nAC1,2024-11-03 01:30-05:00,100,80 %\n",
        [(2, 5, "'2024-11-03 01:30-05:00' has another offset")],
    ),
    "no time": (
        PLAIN,
        "flight,departs,seats,load\nAC1,6 am,100,80 %\nAC2,06:60,100,80 %\n",
        [(2, 5, "'6 am' is no time of departure"), (3, 5, "'06:60' is no time of departure")],
    ),
    "no flight": (PLAIN, "flight,departs,seats,load\n,06:00,100,80 %\n", [(2, 1, "''")]),
    "columns": (PLAIN, "flight,departs,load\nAC1,06:00,80 %\n", [(1, 1, "no column 'seats'")]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_its_file_and_line(name: str, tmp_path: Path) -> None:
    start, rows, expected = FAULTS[name]
    path = write(tmp_path, rows, start)
    with pytest.raises(ScenarioError) as caught:
        load(path)
    shown = [(fault.line, fault.column, fault.found) for fault in caught.value.faults]
    assert shown == expected
    file = path.name if "alone" in name else "day.csv"
    assert all(Path(fault.file).name == file and fault.allowed for fault in caught.value.faults)


def test_an_airport_in_small_letters_is_guessed(tmp_path: Path) -> None:
    path = write(tmp_path, "flight,departs,seats,load,airport\nAC1,06:00,100,80 %,yvr\n")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert "did you mean 'YVR'?" in str(caught.value.faults[0])


@pytest.mark.parametrize(("departs", "lost"), [("04:15", True), ("04:16", False)])
def test_a_gate_that_has_closed_at_the_start_is_warned_of(tmp_path: Path, departs: str, lost: bool) -> None:
    path = write(tmp_path, f"flight,departs,seats,load\nAC1,{departs},100,80 %\nAC2,07:00,100,80 %\n")
    path.write_text(path.read_text(encoding="utf-8") + "    closes: 15 min\n", encoding="utf-8")
    found = [one for one in warnings_of(load(path)) if one.name == "gate-closed-at-start"]
    assert [(Path(one.file).name, one.line) for one in found] == ([("day.csv", 2)] if lost else [])
    assert all("all 80 passengers miss it" in one.found for one in found)


TWO = """\
  there:
    zone: America/Toronto
    departures: {timetable: day.csv}
    classes: {everybody: 100 %}
    show_up: 90 min
    stations: {primary: {kind: primary, booths: 3, service: 50 s}}
"""


def test_facilities_without_a_code_share_a_table_by_their_names(tmp_path: Path) -> None:
    path = write(tmp_path, "flight,departs,seats,load,airport\nA,06:00,9,80 %,there\nB,07:00,9,80 %,YVR\n")
    path.write_text(path.read_text(encoding="utf-8") + TWO, encoding="utf-8")
    here, there = hall_plans(load(path).baseline, 86400.0)
    assert [[one.name for one in plan.departures()] for plan in (here, there)] == [["B@2024-07-06"], ["A@2024-07-06"]]


@pytest.mark.parametrize("row", ["C,08:00,9,80 %,nowhere", "C,08:00,9,180 %,there"])
def test_a_fault_of_a_shared_table_is_told_once(row: str, tmp_path: Path) -> None:
    table = f"flight,departs,seats,load,airport\nA,06:00,9,80 %,there\nB,07:00,9,80 %,YVR\n{row}\n"
    path = write(tmp_path, table)
    path.write_text(path.read_text(encoding="utf-8") + TWO, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert [fault.line for fault in caught.value.faults] == [4]


def test_rows_with_a_date_stand_in_any_order(tmp_path: Path) -> None:
    rows = "flight,departs,seats,load\nA,2024-07-06 23:00,9,80 %\nB,2024-07-06 06:00,9,80 %\n"
    assert [seconds / 3600 for _, seconds, _ in departures(write(tmp_path, rows))] == [19, 2]


def departures(path: Path) -> list[tuple[str, float, int]]:
    (plan,) = hall_plans(load(path).baseline, 86400.0)
    return [(d.name, d.departs, d.passengers) for d in plan.departures()]


def test_departures_in_time(tmp_path: Path) -> None:
    rows = "flight,departs,seats,load\nAC1,06:00,100,80 %\nAC1,25:10,75,50 %\nAC2,2024-07-06 07:15,10,0 %\n"
    found = departures(write(tmp_path, rows))
    hour = 3600.0
    assert found == [
        ("AC1@2024-07-06", 2 * hour, 80),
        ("AC1@2024-07-07", 21 * hour + 600, 38),  # 37.5, half up
        ("AC2@2024-07-06", 3.25 * hour, 0),
    ]


def test_a_day_of_25_hours(tmp_path: Path) -> None:
    """Both of the hours that come twice can be told by their offset; what follows is an hour later than the clock."""
    rows = """\
        flight,departs,seats,load
        AC1,2024-11-03 01:30-07:00,100,80 %
        AC2,2024-11-03 01:30-08:00,100,80 %
        AC3,06:00,100,80 %
    """
    found = departures(write(tmp_path, rows, AUTUMN))
    assert [seconds / 3600 for _, seconds, _ in found] == [1.5, 2.5, 7.0]


def test_generated_departures_follow_the_profile(tmp_path: Path) -> None:
    """Six departures, two thirds of the weight before noon: four there, each in the middle of its part."""
    path = write(tmp_path, "", "2024-07-06 00:00")
    profile = 'per_day: 6, seats: 50, profile: {"00:00": 0, "06:00": 2, "12:00": 1, "18:00": 0}'
    path.write_text(path.read_text(encoding="utf-8").replace("timetable: day.csv", profile), encoding="utf-8")
    found = departures(path)
    assert [seconds / 3600 for _, seconds, _ in found] == [6.75, 8.25, 9.75, 11.25, 13.5, 16.5]
    assert {passengers for _, _, passengers in found} == {40}


def test_weights_of_the_skipped_hour_have_no_departures(tmp_path: Path) -> None:
    """Four hours of equal weight from 00:00 to 05:00 on a day that has no 02:00 to 03:00: one every 24 minutes."""
    path = write(tmp_path, "", SPRING)
    profile = 'per_day: 10, seats: 50, profile: {"00:00": 1, "02:30": 8, "03:00": 1, "05:00": 0}'
    path.write_text(path.read_text(encoding="utf-8").replace("timetable: day.csv", profile), encoding="utf-8")
    assert [seconds / 60 for _, seconds, _ in departures(path)][:10] == [12 + 24 * number for number in range(10)]


def test_banks(tmp_path: Path) -> None:
    path = write(tmp_path, "", "2024-07-06 00:00")
    banks = 'banks: {"06:00": 3, "17:30": 1}, within: 30 min, seats: 50, load: 100 %'
    path.write_text(path.read_text(encoding="utf-8").replace("timetable: day.csv", banks), encoding="utf-8")
    assert [seconds / 60 for _, seconds, _ in departures(path)] == [360, 370, 380, 1050]
