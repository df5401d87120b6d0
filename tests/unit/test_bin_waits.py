"""Quantiles and shares by time bin, held against numpy on the waits of one replication."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.engine import engine
from sim.scenario import load
from sim.study.experiment import Experiment
from sim.study.measures import measure
from sim.study.runs import experiment

SCENARIO = """
format: 1
name: Binned
start: 2024-01-01 00:00
horizon: 3 h
bin: 20 min
seed: 5
replications: 1
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {rate: 130 /h, nexus: 25 %, occupants: 2}}
    lanes:
      general: {serves: [car], booths: 2, service: {exponential: {mean: 70 s}}}
      nexus: {serves: [car.nexus], booths: 1, service: 20 s}
    secondary: {bays: 2, referral: {car: 10 %}, service: 6 min}
    standard: {wait: 3 min}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Experiment:
    path = tmp_path / "binned.yaml"
    path.write_text(SCENARIO)
    return experiment(load(path), "reference")


def test_every_bin_is_what_numpy_says(plan: Experiment) -> None:
    model, layout = plan.model("baseline")
    parties, records = plan.simulate("baseline", 0)
    measured = measure(layout, parties, records)
    series = {key[:4]: measured.bins[at] for at, key in enumerate(layout.bin_keys)}
    names = [c.name for c in model.network.classes]
    secondary = [s.kind.name for s in model.network.stations].index("SECONDARY")
    primary = np.flatnonzero((records.station != secondary) & ~np.isnan(records.started))
    referred = set(records.party[records.station == secondary].tolist())
    wait = (records.started - records.joined)[primary] / 60.0
    party = records.party[primary]
    joined = records.joined[primary]
    compared = 0
    for klass in ("all", *names):
        mine = np.array([klass == "all" or names[parties.klass[p]] == klass for p in party])
        for at, (since, until) in enumerate(zip(layout.edges[:-1], layout.edges[1:], strict=True)):
            here = mine & (joined >= since) & (joined < until)
            waits = wait[here]
            if not waits.size:
                continue
            compared += 1
            for name, share in (
                ("wait_p50", 0.5), ("wait_p90", 0.9), ("wait_p95", 0.95), ("wait_p99", 0.99), ("wait_max", 1.0),
            ):  # fmt: skip
                found = series[("here", "all", klass, name)][at]
                assert found == pytest.approx(np.quantile(waits, share), rel=1e-12)
            size = parties.size[party[here]]
            expected = {
                "wait_sum": waits.sum(),
                "wait_count": waits.size,
                "over_standard_count": np.sum(waits > 3.0),
                "over_standard_sum": np.sum(np.maximum(waits - 3.0, 0.0)),
                "person_hours_delay": np.sum(waits * size) / 60.0,
                "wait_persons": size.sum(),
            }
            for name, value in expected.items():
                assert series[("here", "all", klass, name)][at] == pytest.approx(value, rel=1e-12), name
            sent = sum(p in referred for p in party[here].tolist())
            assert series[("here", "all", klass, "referrals")][at] == sent
    assert compared > 15


def test_an_empty_bin_is_blank(plan: Experiment) -> None:
    model, layout = plan.model("baseline")
    early = model.draw(plan.seed, 0)
    few = early.time < 1200.0
    cut = {name: getattr(early, name)[few] for name in ("time", "klass", "size", "first_draw", "initial")}
    parties = replace(early, **cut)
    measured = measure(layout, parties, engine("reference")(model.network, parties))
    at = [key[:4] for key in layout.bin_keys].index(("here", "all", "all", "wait_p95"))
    assert np.isfinite(measured.bins[at, 0])
    assert np.isnan(measured.bins[at, 1:]).all()


def test_bins_add_up_to_the_whole_run(plan: Experiment) -> None:
    _, layout = plan.model("baseline")
    measured = measure(layout, *plan.simulate("baseline", 0))
    whole = dict(zip((key[:4] for key in layout.keys), measured.values, strict=True))
    totals = ("arrivals", "referrals", "person_hours_delay", "blocked_hours", "overtime_hours")
    compared = 0
    for at, key in enumerate(layout.bin_keys):
        if key.measure in totals or key.measure.startswith("outcome_"):
            assert np.nansum(measured.bins[at]) == pytest.approx(whole[key[:4]], rel=1e-9, abs=1e-12), key
            compared += 1
        elif key.measure in ("queue_max", "queue_metres_max", "wait_max"):
            if np.isfinite(whole[key[:4]]):
                assert np.nanmax(measured.bins[at]) == pytest.approx(whole[key[:4]], rel=1e-12), key
                compared += 1
            else:
                assert np.isnan(measured.bins[at]).all(), key
        elif key.measure in ("queue_mean", "queue_metres_mean", "spillback_share", "open_booths"):
            whole_run = "booth_hours" if key.measure == "open_booths" else key.measure
            mean = np.nansum(measured.bins[at] * layout.bin_seconds) / layout.bin_seconds.sum()
            hours = layout.bin_seconds.sum() / 3600.0 if key.measure == "open_booths" else 1.0
            assert mean * hours == pytest.approx(whole[(*key[:3], whole_run)], rel=1e-9, abs=1e-12), key
            compared += 1
    assert compared > 60
    assert whole[("here", "all", "all", "outcome_admitted")] > 0
    assert whole[("here", "secondary", "all", "booth_hours")] == 6.0
