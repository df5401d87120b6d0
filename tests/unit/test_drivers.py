"""Season and drivers of irregular flows: what may be written, and their factor over time, worked by hand."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from sim import registry
from sim.model.civil import CivilClock
from sim.model.drivers import factor
from sim.model.network import Steps
from sim.scenario.drivers import Driver, Drivers, Season, mean_of_season
from sim.scenario.faults import problems_of
from sim.scenario.fields import Model, optional

DAY = 86400.0
FLAT = [1.0] * 12


class Flow(Model):
    """What a facility with a season and drivers looks like."""

    season: Season = optional("flat", "Season.")
    drivers: Drivers = optional([], "Drivers.")


def problems(tree: dict[str, Any]) -> list[str]:
    try:
        Flow.model_validate(tree)
    except ValidationError as error:
        return [f"{'.'.join(map(str, p.at))}: {p.found}; {p.allowed}; {p.mend}" for p in problems_of(error, Flow)]
    return []


def driver(**more: Any) -> Driver:
    return Driver.model_validate({"name": "one", "from": "2025-01-03", "multiply": 3.0, **more})


def steps(*drivers: Driver, season: Any = None, start: str = "2025-01-01", days: float = 10) -> Steps:
    clock = CivilClock(datetime.fromisoformat(start), "America/Vancouver", days * DAY)
    return factor(season, drivers, clock)


# ---- what may be written --------------------------------------------------------------------------------------


def test_the_shape_is_that_of_the_length_given() -> None:
    assert driver().shape == "step"
    assert driver(over="30 d").shape == "ramp"
    assert driver(half_life="90 d").shape == "pulse"
    assert driver(**{"from": "2025-01-20 12:00"}).from_ == datetime(2025, 1, 20, 12)


def test_seasons_by_name_list_and_month_are_the_same() -> None:
    factors = registry.flow_seasons()["quebec"].factors
    months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    by_month = dict(zip(months, factors, strict=True))
    read = [Flow.model_validate({"season": raw}).season for raw in ("quebec", list(factors), by_month)]
    assert read == [factors] * 3


def test_seasons_of_the_registry_have_the_mean_one() -> None:
    assert {"flat", "canada", "quebec", "manitoba", "british-columbia", "blaine"} <= set(registry.flow_seasons())
    for season in registry.flow_seasons().values():
        assert mean_of_season(season.factors) == pytest.approx(1.0, abs=6e-4), season.name
        assert season.name == "flat" or season.source in registry.sources()


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"season": "quebeck"}, "season: 'quebeck' names no season of irregular flows"),
        ({"season": "quebeck"}, "did you mean 'quebec'?"),
        ({"season": [1.0] * 11}, "season: 11 numbers"),
        ({"season": [2.0] * 12}, "season: twelve factors with the mean 2 over the year"),
        ({"season": [2.0] * 12}, "divide each by 2"),
        ({"season": [0.0] * 12}, "the mean 0 over the year"),
        ({"season": [1.0] * 11 + ["20 %"]}, "season.11: '20 %'"),
        ({"season": [1.0] * 11 + [-1]}, "season.11: the number -1"),
        ({"season": {"jan": 1.0}}, "season: no factor for feb, mar"),
        ({"season": dict.fromkeys(("january",), 1.0)}, "unknown month 'january'; months jan"),
        ({"season": 3}, "season: the number 3"),
        ({"drivers": {}}, "drivers: a mapping"),
    ],
)
def test_nonsense_in_the_season_is_a_fault_with_a_place(tree: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in problems(tree)), problems(tree)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"from": "2025-13-01"}, "from: '2025-13-01'"),
        ({"from": "soon"}, "from: 'soon' is not a date; a date such as 2025-01-20"),
        ({"from": 2025}, "from: the number 2025"),
        ({"until": "2025-01-03"}, "until: 'until' is not after 'from'"),
        ({"until": "2025-01-10", "over": "30 d"}, "until: 'until' comes before the ramp is through"),
        ({"multiply": 0}, "multiply: the number 0"),
        ({"multiply": "20 %"}, "write a factor: '20 %' more is 1.2"),
        ({"multiply": 1e6}, "at most 1000"),
        ({"over": "0 d"}, "over: '0 d' is no time at all"),
        ({"half_life": 90}, "half_life: the number 90"),
        ({"over": "30 d", "half_life": "90 d"}, "of a step"),
        ({"shape": "ramp"}, "a ramp without 'over'"),
        ({"shape": "pulse"}, "a pulse without 'half_life'"),
        ({"shape": "step", "over": "30 d"}, "'over' of a step; over with shape: ramp; leave over out"),
        ({"shape": "wave"}, "'wave'; one of step, ramp, pulse"),
        ({"untill": "2025-03-01"}, "unknown key 'untill'"),
        ({"name": "Not A Name"}, "name: 'Not A Name'"),
    ],
)
def test_nonsense_in_a_driver_is_a_fault_with_a_place(keys: dict[str, Any], said: str) -> None:
    found = problems({"drivers": [{"name": "one", "from": "2025-01-03", "multiply": 3.0, **keys}]})
    assert any(said in problem for problem in found), found


def test_a_name_stands_once() -> None:
    one = {"name": "one", "from": "2025-01-03", "multiply": 3.0}
    assert problems({"drivers": [one, one]}) == ["drivers.1.name: a second driver 'one'; each name once; "]


# ---- factor over time -----------------------------------------------------------------------------------------


def test_without_season_and_drivers_the_factor_is_one() -> None:
    assert steps().is_one()


def test_a_step_holds_between_its_ends_to_the_second() -> None:
    found = steps(driver(**{"from": "2025-01-03 06:00"}, until="2025-01-05"))
    assert found.times == (-math.inf, 2.25 * DAY, 4 * DAY)
    assert found.values == (1.0, 3.0, 1.0)


def test_a_ramp_has_each_day_the_value_at_its_middle() -> None:
    found = steps(driver(over="4 d"))
    assert found.times == (-math.inf, *(n * DAY for n in (2, 3, 4, 5, 6)))
    assert found.values == pytest.approx((1.0, 1.25, 1.75, 2.25, 2.75, 3.0), rel=1e-12)


def test_a_pulse_falls_to_half_in_a_half_life() -> None:
    found = steps(driver(half_life="2 d"))
    assert [found.at((2.5 + n) * DAY) for n in (0, 2, 4)] == pytest.approx(
        [1 + 2 * 2**-0.25, 1 + 2 * 2**-1.25, 1 + 2 * 2**-2.25], rel=1e-12
    )


def test_a_pulse_below_one_comes_back_from_below() -> None:
    found = steps(driver(half_life="1 d", multiply=0.2), days=20)
    assert found.at(2.5 * DAY) == pytest.approx(1 - 0.8 * 2**-0.5)
    assert 0.999 < found.at(19.5 * DAY) < 1.0


def test_what_began_before_the_run_is_at_its_age() -> None:
    found = steps(driver(**{"from": "2024-12-30"}, half_life="4 d"), days=1)
    assert found.at(0.0) == pytest.approx(1 + 2 * 2 ** (-2.5 / 4), rel=1e-12)


def test_season_and_drivers_multiply_left_to_right() -> None:
    season = [0.5, 1.5, *FLAT[2:]]
    found = steps(driver(), driver(name="two", **{"from": "2025-02-02"}, multiply=0.1), season=season, days=40)
    assert [found.at(day * DAY) for day in (0.5, 2.5, 31.5, 32.5)] == [0.5, 0.5 * 3.0, 1.5 * 3.0, 1.5 * 3.0 * 0.1]


def test_a_day_on_which_clocks_change_is_one_piece_with_its_own_middle() -> None:
    found = steps(driver(**{"from": "2025-03-09"}, half_life="1 d"), start="2025-03-08", days=3)
    assert found.times[:3] == (-math.inf, DAY, DAY + 23 * 3600)
    assert found.at(DAY) == pytest.approx(1 + 2 * 2 ** (-11.5 / 24), rel=1e-12)
    assert found.at(DAY + 23 * 3600) == pytest.approx(1 + 2 * 2 ** (-(23 + 12) / 24), rel=1e-12)
