"""Fitting irregular flows: the approximation against exact sums, and known parameters found again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flow_worlds import FIRST, World, driver

from sim.errors import UsageError
from sim.study.flow_breaks import given_driver, known_drivers, search
from sim.study.flow_data import FlowSeries, Month
from sim.study.flow_fit import (
    BANDS,
    UNMET,
    Task,
    carried,
    fit,
    forecast,
    mixture,
    months_of,
    shape_weights,
    shared_season,
    told,
)
from sim.study.flow_latent import BASE_SD, Curvature, Hyper, Months, Prior, posterior

HYPER = Hyper(tau=0.4, rho=0.6, season=0.2)


def log_poisson(count: float, mean: np.ndarray) -> np.ndarray:
    return count * np.log(mean) - mean - math.lgamma(count + 1.0)


# ---- the approximation ------------------------------------------------------------------------------------------


def test_evidence_of_two_months_is_that_of_a_sum_over_their_levels() -> None:
    """Two Januaries apart share base and season; the exact evidence is an integral over two correlated log rates."""
    series = FlowSeries("Here", {Month(2020, 1): 40, Month(2021, 1): 75})
    months = months_of(series, Month(2021, 1), ())
    found = posterior(months, HYPER).evidence
    mean = math.log(115.5 / 62.0) - HYPER.tau**2 / 2.0
    common = BASE_SD**2 + HYPER.season**2
    covariance = np.array([[1.0, HYPER.rho**12], [HYPER.rho**12, 1.0]]) * HYPER.tau**2 + common
    axis = np.linspace(-1.0, 3.0, 1201)
    first, second = np.meshgrid(axis, axis, indexing="ij")
    off = np.stack([first.ravel(), second.ravel()]) - mean
    log_prior = -0.5 * (off * np.linalg.solve(covariance, off)).sum(axis=0)
    log_prior -= math.log(2.0 * math.pi) + 0.5 * math.log(np.linalg.det(covariance))
    log_joint = (
        log_prior + log_poisson(40, 31.0 * np.exp(first.ravel())) + log_poisson(75, 31.0 * np.exp(second.ravel()))
    )
    exact = math.log(np.exp(log_joint - log_joint.max()).sum() * (axis[1] - axis[0]) ** 2) + log_joint.max()
    assert found == pytest.approx(exact, abs=0.01)


def months_with_drivers() -> Months:
    world = World(
        drivers=(driver("one", "2015-03-10"), driver("two", "2016-01-01", half_life="60 d")), factors=(0.5, 3.0)
    )
    series = world.draw(1)
    missing = [month for month in series.counts if month not in (FIRST.plus(5), FIRST.plus(6))]
    return months_of(series.only(missing), FIRST.plus(61), world.drivers)


def test_curvature_by_blocks_is_the_whole_matrix() -> None:
    months = months_with_drivers()
    prior, generator = Prior(months, HYPER), np.random.default_rng(2)
    parameters = generator.normal(0.0, 0.1, months.size)
    mean = np.where(months.seen, generator.uniform(1.0, 50.0, len(months.counts)), 0.0)
    _, slopes = months.log_rate(parameters)
    whole = np.hstack([slopes, np.eye(len(months.counts))])
    precision = np.column_stack([prior.times(column) for column in np.eye(months.size)])
    hessian = (whole.T * mean) @ whole + precision
    blocks = Curvature(prior, slopes, mean)
    assert prior.log_determinant == pytest.approx(np.linalg.slogdet(precision)[1], rel=1e-10)
    assert blocks.log_determinant == pytest.approx(np.linalg.slogdet(hessian)[1], rel=1e-10)
    assert blocks.solve(parameters) == pytest.approx(np.linalg.solve(hessian, parameters), rel=1e-8)
    root = blocks.spread(np.eye(months.size))
    assert root.T @ root == pytest.approx(np.linalg.inv(hessian), abs=1e-9)


def test_the_prior_of_the_level_is_an_ar1_process() -> None:
    months = months_with_drivers()
    prior = Prior(months, HYPER)
    precision = np.column_stack([prior.times(column) for column in np.eye(months.size)])[months.first :, months.first :]
    apart = np.abs(np.subtract.outer(np.arange(len(months.counts)), np.arange(len(months.counts))))
    assert np.linalg.inv(precision) == pytest.approx(HYPER.tau**2 * HYPER.rho**apart, abs=1e-9)


def test_slopes_of_the_drivers_are_those_of_small_differences() -> None:
    months = months_with_drivers()
    logs = np.array([-0.8, 1.3])
    value, slopes = months.driven(logs)
    for index in range(2):
        moved = logs + np.eye(2)[index] * 1e-6
        assert (months.driven(moved)[0] - value) / 1e-6 == pytest.approx(slopes[:, index], abs=1e-5)


def test_a_month_in_which_a_step_begins_is_part_with_and_part_without_it() -> None:
    series = FlowSeries("Here", {Month(2023, 3): 1, Month(2023, 4): 1})
    months = months_of(series, Month(2023, 4), (driver("protocol", "2023-03-25"),))
    log_driven, _ = months.driven(np.log([0.06]))
    assert np.exp(log_driven) == pytest.approx([(24 + 7 * 0.06) / 31, 0.06])


def test_weights_of_a_ramp_and_of_a_step_that_ends() -> None:
    months = (Month(2023, 1),)
    assert shape_weights(driver("r", "2023-01-11", over="4 d"), months)[0, 9:15] == pytest.approx(
        [0.0, 0.125, 0.375, 0.625, 0.875, 1.0]
    )
    assert shape_weights(driver("s", "2023-01-02", until="2023-01-04"), months)[0, :5] == pytest.approx([0, 1, 1, 0, 0])


def test_the_search_for_the_mode_comes_from_far_away() -> None:
    months = months_with_drivers()
    near = posterior(months, HYPER)
    far = posterior(months, HYPER, near.mode + np.random.default_rng(3).normal(0.0, 2.0, months.size))
    assert far.mode == pytest.approx(near.mode, abs=1e-3)
    assert far.evidence == pytest.approx(near.evidence, abs=1e-4)


# ---- known parameters found again -----------------------------------------------------------------------------


def test_base_season_and_drivers_are_found_again() -> None:
    world = World(
        drivers=(driver("fall", "2017-06-15"), driver("surge", "2015-07-01", half_life="60 d")),
        factors=(0.1, 4.0),
        months=72,
    )
    found = fit(world.task(11, held_back=6), world.drivers)
    assert found.base.low < world.base < found.base.high
    assert found.base.high / found.base.low < 2.0
    for fitted, factor in zip(found.drivers, world.factors, strict=True):
        assert fitted.factor.low < factor < fitted.factor.high
        assert fitted.factor.high / fitted.factor.low < 3.0
        assert fitted.driver.multiply == pytest.approx(fitted.factor.value, rel=0.01)
    inside = [one.low < true < one.high for one, true in zip(found.season, world.season, strict=True)]
    assert sum(inside) >= 10
    assert found.season[6].value > 1.1 > 0.9 > found.season[0].value
    assert found.spread.low <= world.tau <= found.spread.high


def test_the_same_months_give_the_same_numbers() -> None:
    task = World(months=30).task(4, held_back=3)
    assert fit(task, ()) == fit(task, ())


def test_more_than_chance_makes_bands_wider_and_they_grow_with_time() -> None:
    """Of months alike but for chance the bands are near those of a Poisson count; where the level drifts, wider."""
    task = World(tau=0.6, rho=0.9, months=48).task(5, held_back=12)
    widths = [month.bands[0.8][1] / max(month.bands[0.8][0], 1.0) for month in fit(task, ()).held_back]
    assert widths[-1] > 1.3 * widths[0]
    calm = fit(World(tau=0.001, season=(1.0,) * 12, base=100.0).task(5, held_back=3), ())
    for month in calm.held_back:
        low, high = month.bands[0.95]
        assert (high - low) / month.median < 0.35
        assert month.inside(0.95)


def test_months_that_are_missing_are_not_zero() -> None:
    world = World(months=60)
    series = world.draw(6)
    kept = [month for index, month in enumerate(series.counts) if index % 3 != 1]
    whole, part = fit(Task(series, series.only([])), ()), fit(Task(series.only(kept), series.only([])), ())
    assert part.base.value == pytest.approx(whole.base.value, rel=0.15)


def test_a_province_with_few_figures_takes_the_season_of_the_others() -> None:
    rich, poor = World(base=50.0, months=72, tau=0.1).task(7), World(base=0.15, months=40).task(8)
    season = shared_season([rich, poor], ())
    assert np.exp(season) == pytest.approx(World().season, rel=0.2)
    found = fit(poor, (), season)
    assert not found.own_season
    assert found.season[6].value > found.season[0].value
    assert shared_season([poor], ()) == pytest.approx(np.zeros(12))


def test_drivers_that_the_months_cannot_tell_are_named() -> None:
    months = months_of(World().draw(9), FIRST.plus(59), ())
    later, early = driver("later", "2030-01-01"), driver("early", "2010-01-01")
    kept, untold = told(
        months_of(
            World().draw(9), FIRST.plus(59), (later, early, driver("one", "2016-01-01"), driver("same", "2016-01-01"))
        ),
        (later, early, driver("one", "2016-01-01"), driver("same", "2016-01-01")),
    )
    assert [each.name for each in kept] == ["one"]
    assert "while it acts" in untold["later"]
    assert "without it" in untold["early"]
    assert "cannot be told from one" in untold["same"]
    assert len(months.counts) == 60


def test_a_change_in_the_gap_before_the_months_held_back_may_do_anything() -> None:
    """Its factor has its prior, exp of a normal of 2: bands are wider by that from then on, and medians stay."""
    world = World(drivers=(), months=60)
    task = world.task(4, held_back=9)
    held = list(task.held_back.counts)
    rule = driver("rule", f"{held[3]}-01")
    without, known = fit(task, (), rhos=(0.5,)), fit(task, (rule,), rhos=(0.5,))
    assert known.untold == {"rule": UNMET}
    for one, other in zip(known.held_back[:3], without.held_back[:3], strict=True):
        assert one.bands[0.8] == pytest.approx(other.bands[0.8], rel=0.05)
    for one, other in zip(known.held_back[3:], without.held_back[3:], strict=True):
        assert one.median == pytest.approx(other.median, rel=0.15)
        widths = [math.log(high / low) / (2 * 1.96) for low, high in (one.bands[0.95], other.bands[0.95])]
        assert math.sqrt(widths[0] ** 2 - widths[1] ** 2) == pytest.approx(2.0, rel=0.1)


def test_the_level_after_the_last_month_comes_back_by_halves() -> None:
    """With every draw alike: exp(rho^h (w + tau^2 / 2) - rho^(2h) tau^2 / 2), at half a month and after."""
    usual, levels, hypers = np.zeros(5), np.full(5, 0.8), np.tile([0.4, 0.8], (5, 1))
    found = carried(usual, levels, hypers)
    assert found is not None
    left = 0.8**0.5
    assert found.multiply == pytest.approx(math.exp(left * 0.88 - left**2 * 0.08))
    assert found.half_life / 86400.0 == pytest.approx(math.log(0.5) / math.log(0.8) * 30.4, rel=0.35)
    assert carried(usual, np.zeros(5), hypers) is None
    assert carried(usual, levels, np.tile([0.4, 0.0], (5, 1))) is None


def test_base_drivers_and_the_level_at_the_end_make_the_forecast() -> None:
    world = World(drivers=(driver("fall", "2017-01-01"),), factors=(0.4,), tau=0.5, rho=0.9)
    found = fit(world.task(15, held_back=1), world.drivers)
    (month,) = found.held_back
    level = found.carried.multiply if found.carried is not None else 1.0
    stated = found.base.value * found.drivers[0].driver.multiply * found.season[month.month.month - 1].value * level
    assert stated * month.month.days == pytest.approx(month.median, rel=0.1)


def test_a_month_is_inside_its_bands_or_not() -> None:
    found = forecast(Month(2022, 7), 5, np.arange(1000.0))
    assert found.median == pytest.approx(499.5)
    assert [found.inside(band) for band in BANDS] == [False, False, False]
    assert found.bands[0.5] == (249.0, 749.0)


# ---- breaks -----------------------------------------------------------------------------------------------------


def test_a_step_and_a_surge_are_found_where_they_are() -> None:
    world = World(
        drivers=(driver("fall", "2016-05-01"), driver("up", "2017-07-01", half_life="30 d")), factors=(0.2, 8.0)
    )
    found = search(world.task(12), ())
    assert sorted(str(each.from_.date())[:7] for each, _ in found) == ["2016-05", "2017-07"]
    assert [each.shape for each, _ in sorted(found, key=lambda one: one[0].from_)] == ["step", "pulse"]
    assert all(strength > math.log(3.0) for _, strength in found)


def test_what_is_known_is_not_found_again() -> None:
    world = World(drivers=(driver("fall", "2016-05-01"),), factors=(0.2,))
    assert search(world.task(13), world.drivers) == []


def test_the_registry_knows_the_protocol() -> None:
    known = {each.name: each for each in known_drivers()}
    assert str(known["protocol-2023"].from_) == "2023-03-25 00:00:00"
    assert known["directed-back"].until is not None


def test_drivers_given_in_words() -> None:
    assert given_driver("a=2023-03-25").shape == "step"
    assert given_driver("a=2020-03-21..2021-11-21").until is not None
    assert given_driver("a=2017-07-01:pulse:60 d").half_life == 60 * 86400.0
    assert given_driver("a=2017-07-01:ramp:30 d").over == 30 * 86400.0
    for text in (
        "2023-03-25",
        "a=2023-03-25:step",
        "a=2023-03-25:wave:3 d",
        "a=soon",
        "A B=2023-03-25",
        "a=2023-01-01:ramp:3",
    ):
        with pytest.raises(UsageError, match="--break"):
            given_driver(text)


def test_evidence_does_not_fall_when_the_grid_holds_the_truth() -> None:
    months = months_of(World(tau=0.3, rho=0.5).draw(14), FIRST.plus(59), ())
    found = mixture(months)
    assert 0.1 <= found.best[0].tau <= 0.65
