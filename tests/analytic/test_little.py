"""Little's law from two sources: what the engine counts as its clock runs, and what the visits add up to.

From one source alone it cannot fail: a mean wait and a mean queue computed from the same rows agree whatever
the rows are. So the engine counts its lines, booths and blocked parties at events, and here the two meet.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from random_ports import random_scenario
from toolbox import FloatArray, scenario

from sim.engine import Records
from sim.model.parties import Parties
from sim.scenario import load
from sim.scenario.vocabulary import BASELINE
from sim.study.experiment import Experiment
from sim.study.measures import integrals, measure
from sim.study.runs import experiment

PACIFIC_HIGHWAY = Path(__file__).parents[2] / "scenarios" / "pacific-highway-southbound.yaml"
ROUNDING = 1e-9
"""Relative: the two add the same stretches in another order."""


def hold_counts_against_visits(plan: Experiment, variant: str, replication: int) -> tuple[Parties, Records]:
    """Integrals and peaks of every station, and overtime of every pool, from both sides."""
    model, layout = plan.model(variant)
    network = model.network
    parties, records = plan.simulate(variant, replication)
    found = integrals(network, parties, records)
    scale = network.horizon - network.warm_up
    for counted, derived in (
        (records.queue_integral, found.queue),
        (records.busy_integral, found.busy),
        (records.blocked_integral, found.blocked),
        (records.overtime, overtime(records, plan, variant)),
    ):
        np.testing.assert_allclose(counted, derived, rtol=ROUNDING, atol=ROUNDING * scale)

    values = dict(zip((key[:4] for key in layout.keys), measure(layout, parties, records).values, strict=True))
    for station, most in zip(network.stations, records.queue_max, strict=True):
        place = (network.facilities[station.facility].name, station.name, "all")
        if (*place, "queue_max") in values:
            assert values[*place, "queue_max"] == most
            mean = values[*place, "queue_mean"] * scale
            counted = records.queue_integral[network.stations.index(station)]
            assert mean == pytest.approx(counted, rel=ROUNDING, abs=ROUNDING * scale)
    return parties, records


def overtime(records: Records, plan: Experiment, variant: str) -> FloatArray:
    """Seconds within the window that booths were occupied beyond those open: visit by visit, opening by opening."""
    network = plan.model(variant)[0].network
    seconds = np.zeros(len(network.pools))
    until = np.where(np.isnan(records.left), network.horizon, records.left)
    for pool in range(len(network.pools)):
        mine = np.array([station.pool == pool for station in network.stations])[records.station]
        mine &= (records.booth >= 0) & ~np.isnan(records.started)
        log = records.staffing_pool == pool
        times, counts = records.staffing_time[log], records.staffing_open[log]
        for since, to, count in zip(times, [*times[1:], np.inf], counts, strict=True):
            late = mine & (records.booth >= count)
            opens, shuts = max(since, network.warm_up), min(to, network.horizon)
            seconds[pool] += np.maximum(
                np.minimum(until[late], shuts) - np.maximum(records.started[late], opens), 0
            ).sum()
    return seconds


def loaded(path: Path) -> Experiment:
    return experiment(load(path), "reference")


@pytest.mark.parametrize("variant", [BASELINE, "one-more-booth"])
def test_pacific_highway(variant) -> None:
    _, records = hold_counts_against_visits(loaded(PACIFIC_HIGHWAY), variant, 0)
    assert (records.queue_integral > 0.0).sum() >= 4
    assert (records.busy_integral > 0.0).sum() >= 5


@pytest.mark.parametrize("seed", range(40))
def test_random_ports(tmp_path, seed) -> None:
    plan = loaded(random_scenario(tmp_path, seed))
    for replication in range(plan.replications):
        parties, _ = hold_counts_against_visits(plan, BASELINE, replication)
        assert len(parties) > 20


def test_random_ports_reach_what_they_are_made_for(tmp_path) -> None:
    """Together they block, work overtime, fill, turn away, lose patience, and stop with parties inside."""
    seen = {"queue": 0.0, "blocked": 0.0, "overtime": 0.0, "full": 0.0}
    outcomes: set[str] = set()
    for seed in range(40):
        plan = loaded(random_scenario(tmp_path, seed))
        _, records = plan.simulate(BASELINE, 0)
        seen["queue"] += records.queue_integral.sum()
        seen["blocked"] += records.blocked_integral.sum()
        seen["overtime"] += records.overtime.sum()
        seen["full"] += records.full_integral.sum()
        names = np.array([*plan.model(BASELINE)[0].network.outcomes, "inside", "moved on"])
        outcomes |= {*names[records.outcome], *names[records.turned_away_outcome]}
    assert all(seconds > 600.0 for seconds in seen.values()), seen
    assert outcomes >= {"admitted", "released", "refused", "balked", "closed", "reneged", "inside", "moved on"}


def test_little_by_hand(tmp_path) -> None:
    """Waits of all who came and left within the horizon add up to the integral of the queue."""
    port = """
        traffic: {car: {rate: 50 /h}}
        lanes: {general: {serves: [car], booths: 1, service: {exponential: {mean: 60 s}}, open: {"00:00": 1}}}
        hours: {"00:00": open, "04:00": closed}
        outside_hours: balk
    """
    plan = loaded(scenario(tmp_path, port, horizon="12 h", seed=5))
    _, records = plan.simulate(BASELINE, 0)
    assert records.left.max() < 12 * 3600.0
    assert records.queue_integral[0] == pytest.approx((records.started - records.joined).sum(), rel=ROUNDING)
    assert records.busy_integral[0] == pytest.approx((records.ended - records.started).sum(), rel=ROUNDING)
