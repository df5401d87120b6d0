"""Quantities with units."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from sim.scenario import units
from sim.scenario.problems import ProblemError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45 s", 45.0),
        ("45s", 45.0),
        ("1.5 h", 5400.0),
        ("1 h 30 min", 5400.0),
        ("1h30min", 5400.0),
        ("0.1 min", 0.1 * 60),
        ("2 d", 172800.0),
        ("0 s", 0.0),
        ("1e2 s", 100.0),
    ],
)
def test_duration_is_exact_seconds(text: str, seconds: float) -> None:
    assert units.duration(text) == seconds


@pytest.mark.parametrize(("text", "value"), [("30 %", 30 / 100), ("1.75%", 1.75 / 100), ("100 %", 1.0), ("0 %", 0.0)])
def test_share_divides_by_hundred_exactly(text: str, value: float) -> None:
    assert units.share(text) == value


@pytest.mark.parametrize(
    ("text", "per_second"), [("600 /h", 600 / 3600), ("10 /min", 10 / 60), ("2/s", 2.0), ("86400 /d", 1.0)]
)
def test_rate_is_per_second(text: str, per_second: float) -> None:
    assert units.rate(text) == per_second


@pytest.mark.parametrize("text", ["60 cars", "60 vehicles", "60cars", "60 car", "60 vehicle"])
def test_lengths_of_queue_are_car_lengths(text: str) -> None:
    assert units.car_lengths(text) == 60.0


def test_metres() -> None:
    assert units.metres("7.5 m") == 7.5


@pytest.mark.parametrize(
    ("parse", "raw", "words"),
    [
        (units.duration, 45, "write '45 s'"),
        (units.duration, 0, "write '0 s'"),
        (units.duration, "45", "write '45 s'"),
        (units.duration, "45 sec", "unknown unit 'sec'"),
        (units.duration, "45 m", "did you mean 'min'?"),
        (units.duration, "-5 s", "below 0"),
        (units.duration, "1,5 h", "write a point"),
        (units.duration, "1 h and 5 s", "is not a duration"),
        (units.duration, True, "true is not a duration"),
        (units.duration, None, "nothing (null)"),
        (units.duration, "1e999 s", "not a finite quantity"),
        (units.positive_duration, "0 s", "no time at all"),
        (units.share, "101 %", "more than all"),
        (units.duration, 45, "write '45 s' or '45 min'"),
        (units.HORIZON.parse, 24, "write '24 h'"),
        (units.BIN.parse, "15", "write '15 min'"),
        (units.duration, "4000 d", "at most '3660 d'"),
        (units.duration, "45 seconds", "did you mean 's'?"),
        (units.duration, "2 hours", "did you mean 'h'?"),
        (units.share, 0.3, "write '30 %'"),
        (units.share, 0.07, "write '7 %'"),
        (units.share, "0.25", "write '25 %'"),
        (units.share, 30, "write '30 %'"),
        (units.share, 1, "write '100 %', or '1 %'"),
        (units.share, "30 percent", "did you mean '%'?"),
        (units.rate, "600 per hour", "write '600 /h'"),
        (units.rate, "600 / h", "write '600 /h'"),
        (units.rate, "600 /hour", "did you mean '/h'?"),
        (units.rate, "1e9 /s", "at most '1000 /s'"),
        (units.car_lengths, "1e300 cars", "at most '1000000 cars'"),
        (units.rate, "5 /h 3 /min", "is not a rate"),
        (units.rate, 600, "write '600 /h'"),
        (units.car_lengths, "5 trucks", "unknown unit 'trucks'"),
        (units.metres, "0 m", "no length at all"),
        (units.positive_car_lengths, "0 cars", "no room at all"),
    ],
)
def test_faults_say_what_is_wrong(parse: object, raw: object, words: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse(raw)  # type: ignore[operator]
    (problem,) = caught.value.problems
    assert words in f"{problem.found}; {problem.allowed}; {problem.mend}"
    assert any(word in problem.allowed for word in ("such as", "from", "of 0 or more", "of at most"))


@pytest.mark.parametrize("text", ["1899-12-31 00:00", "0001-01-01 00:00", "9999-12-31 23:59", "2200-01-01 00:00"])
def test_years_out_of_the_calendar_of_zones_are_refused(text: str) -> None:
    with pytest.raises(ProblemError, match="not of our time"):
        units.civil_time(text)
    with pytest.raises(ProblemError, match="not of our time"):
        units.civil_date(text[:10])


def test_every_refused_bare_number_shows_an_example() -> None:
    for dimension in (units.DURATION, units.RATE, units.SHARE, units.CAR_LENGTHS, units.METRES):
        with pytest.raises(ProblemError) as caught:
            dimension.parse(5)
        assert dimension.example in caught.value.problems[0].allowed
        assert dimension.parse(dimension.example) > 0


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:00", 0.0), ("08:30", 30600.0), ("8:30", 30600.0), ("23:59:59", 86399.0)]
)
def test_time_of_day(text: str, seconds: float) -> None:
    assert units.second_of_day(text) == seconds


@pytest.mark.parametrize("raw", ["24:00", "12:60", "noon", 510, "12:30:61", ""])
def test_time_of_day_refuses(raw: object) -> None:
    with pytest.raises(ProblemError):
        units.second_of_day(raw)


def test_civil_time_and_date() -> None:
    assert units.civil_time("2024-07-06 08:30") == datetime(2024, 7, 6, 8, 30)
    assert units.civil_time("2024-07-06T08:30:15") == datetime(2024, 7, 6, 8, 30, 15)
    assert units.civil_date("2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("2024-07-06", "add the time of day"),
        ("2024-07-06 08:30Z", "leave the zone out"),
        ("2024-07-06 08:30+02:00", "leave the zone out"),
        ("2023-02-29 00:00", "not in the calendar"),
        ("6 July 2024", "not a date and time"),
        (20240706, "not a date and time"),
    ],
)
def test_civil_time_refuses(raw: object, words: str) -> None:
    with pytest.raises(ProblemError) as caught:
        units.civil_time(raw)
    problem = caught.value.problems[0]
    assert words in problem.found + problem.mend
