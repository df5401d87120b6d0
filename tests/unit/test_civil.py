"""Tables by the clock on days when clocks change: what is written in order happens in order."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.model.civil import CivilClock
from sim.scenario.clock import Reading, instant, reading
from sim.scenario.weektable import WeekTable

DAY = 86400.0
ZONES = (
    "America/Vancouver",
    "America/Regina",
    "America/St_Johns",  # changed at a minute past midnight until 2011
    "America/Havana",  # midnight itself is skipped
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # left out the whole of 30 December 2011
    "America/Sao_Paulo",  # went back over midnight
)
CHANGES = tuple(
    day
    for zone in ZONES
    for day in (date(2009, 1, 1) + timedelta(days=number) for number in range(3 * 365))
    if ZoneInfo(zone).utcoffset(datetime(day.year, day.month, day.day))
    != ZoneInfo(zone).utcoffset(datetime(day.year, day.month, day.day) + timedelta(days=1))
)
SPRING = date(2024, 3, 10)


def every_day(entries: dict[float, float]) -> WeekTable:
    return WeekTable((tuple(entries.items()),) * 7 + (None,))


def clock(day: date, zone: str, days: int = 3) -> CivilClock:
    before = day - timedelta(days=1)
    return CivilClock(datetime(before.year, before.month, before.day), zone, days * DAY)


@given(
    zone=st.sampled_from(ZONES),
    day=st.sampled_from((*CHANGES, SPRING)) | st.dates(date(1990, 1, 2), date(2035, 1, 1)),
    minutes=st.lists(st.integers(0, 1440), min_size=2, max_size=12).map(sorted),
)
@example(zone="America/Vancouver", day=SPRING, minutes=[0, 120, 150, 180, 240, 1440])
@settings(max_examples=80, deadline=None)
def test_moments_in_order_come_in_order(zone: str, day: date, minutes: list[int]) -> None:
    here = clock(day, zone)
    times = [here.at(day, 60.0 * minute) for minute in minutes]
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert here.at(day - timedelta(days=1), DAY) == here.at(day, 0.0)


@given(zone=st.sampled_from(ZONES), day=st.sampled_from(CHANGES), second=st.integers(0, 86399))
@settings(max_examples=60, deadline=None)
def test_a_skipped_moment_is_when_the_clocks_jump(zone: str, day: date, second: int) -> None:
    there, moment = ZoneInfo(zone), datetime(day.year, day.month, day.day) + timedelta(seconds=second)
    found = instant(moment, there)
    shown = found.astimezone(there).replace(tzinfo=None)
    if reading(moment, zone) is Reading.NEVER:
        second_before = (found - timedelta(seconds=1)).astimezone(there).replace(tzinfo=None)
        assert second_before < moment < shown or second_before < moment == shown
    else:
        assert shown == moment


def test_an_entry_in_the_skipped_hour_holds_from_the_jump() -> None:
    """02:30 is not there on 10 March 2024: nobody is open until 03:00, and what 03:00 says then holds all day."""
    here = CivilClock(datetime(2024, 3, 10), "America/Vancouver", DAY)
    steps = here.steps(every_day({0.0: 0.0, 2.5 * 3600: 5.0, 3 * 3600.0: 10.0}))
    assert [steps.at(hour * 3600.0) for hour in (0.0, 1.99, 2.0, 2.49, 2.5, 12.0)] == [0, 0, 10, 10, 10, 10]
    last = here.steps(every_day({0.0: 0.0, 2.5 * 3600: 5.0}))
    assert [last.at(hour * 3600.0) for hour in (1.99, 2.0, 12.0)] == [0, 5, 5]


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_has_its_arrivals_whatever_the_clocks_do(zone: str) -> None:
    """Weights inside an hour that may be skipped: the rate is never below 0, and the day has what it should."""
    week = every_day({0.0: 1.0, 60.0: 8.0, 1800.0: 2.0, 2.5 * 3600: 8.0, 3 * 3600.0: 1.0, 5 * 3600.0: 0.5})
    for day in (SPRING, *CHANGES):
        here = clock(day, zone)
        rate = here.daily_rate(week, 1000.0)
        assert min(rate.values) >= 0.0
        begin, end = here.at(day, 0.0), here.at(day + timedelta(days=1), 0.0)
        edges = [begin, *(time for time in rate.times if begin < time < end), end]
        total = sum(rate.at(a) * (b - a) for a, b in pairwise(edges))
        assert total == pytest.approx(1000.0 if end > begin else 0.0)
