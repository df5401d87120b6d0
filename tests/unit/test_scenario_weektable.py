"""Tables over the day and week."""

from __future__ import annotations

import pytest

from sim.scenario.problems import ProblemError
from sim.scenario.units import duration
from sim.scenario.weektable import DAYS, WeekTable, parse_days, parse_week_table


def number(raw: object) -> float:
    assert isinstance(raw, int)
    return float(raw)


def test_bare_value_holds_always() -> None:
    table = parse_week_table("10 min", duration)
    assert table == WeekTable.constant(600.0)
    assert [table.at(day, 40000.0) for day in range(7)] == [600.0] * 7


def test_before_the_first_time_the_last_value_holds() -> None:
    table = parse_week_table({"06:00": 4, "22:00": 2}, number)
    assert table.days[0] == ((0.0, 2.0), (21600.0, 4.0), (79200.0, 2.0))
    assert table.at(0, 21599.9) == 2.0
    assert table.at(0, 21600.0) == 4.0
    assert table.at(6, 86399.0) == 2.0


def test_times_need_not_be_in_order() -> None:
    assert parse_week_table({"22:00": 2, "00:00": 1}, number).days[3] == ((0.0, 1.0), (79200.0, 2.0))


def test_days_wrap_around_the_week() -> None:
    table = parse_week_table({"fri-mon": 1, "tue-thu": {"12:00": 5, "13:00": 6}, "holiday": 9}, number)
    assert [table.at(day, 0.0) for day in range(7)] == [1.0, 6.0, 6.0, 6.0, 1.0, 1.0, 1.0]
    assert table.at(7, 0.0) == 9.0
    assert table.day(2, holiday=True) == ((0.0, 9.0),)
    assert table.day(2) != table.day(2, holiday=True)


def test_without_holidays_of_its_own_a_holiday_is_like_its_weekday() -> None:
    table = parse_week_table({"mon-fri": 1, "sat-sun": 2}, number)
    assert table.day(5, holiday=True) == ((0.0, 2.0),)
    with pytest.raises(KeyError):
        table.at(7, 0.0)


def test_day_ranges() -> None:
    assert parse_days("mon-sun") == tuple(range(7))
    assert parse_days("sun-mon") == (6, 0)
    assert parse_days("wed") == parse_days("wed-wed") == (2,)
    assert parse_days("thu-wed") == (3, 4, 5, 6, 0, 1, 2)
    assert [parse_days(day) for day in DAYS] == [(index,) for index in range(7)]


@pytest.mark.parametrize(
    ("raw", "at", "words"),
    [
        ({"mon-fri": "1 s"}, (), "no value for sat, sun"),
        ({"mon-fri": "1 s", "fri-sun": "2 s"}, ("fri-sun",), "fri is in both 'mon-fri' and 'fri-sun'"),
        ({"mon-fri": "1 s", "sat-sunday": "2 s"}, ("sat-sunday",), "'sat-sunday' is not a day"),
        ({"mon-sun": {"06:00": 5}}, ("mon-sun", "06:00"), "the number 5 has no unit"),
        ({"06:00": "1 s", "6:00": "2 s"}, ("6:00",), "stands twice"),
        ({"06:00": "1 s", "25:00": "2 s"}, ("25:00",), "not a time of day"),
        ({}, (), "an empty mapping"),
        ({"mon-sun": {}}, ("mon-sun",), "an empty mapping"),
        ([], (), "a list is not a duration"),
    ],
)
def test_faults_stand_at_their_key(raw: object, at: tuple[str, ...], words: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_week_table(raw, duration)
    (problem,) = caught.value.problems
    assert problem.at == at
    assert words in problem.found


def test_all_faults_of_a_table_come_together() -> None:
    with pytest.raises(ProblemError) as caught:
        parse_week_table({"mon-thu": 5, "fri": {"6": "1 s", "08:00": 2}, "sat-sun": "3 x"}, duration)
    assert [problem.at for problem in caught.value.problems] == [
        ("mon-thu",),
        ("fri", "6"),
        ("fri", "08:00"),
        ("sat-sun",),
    ]
