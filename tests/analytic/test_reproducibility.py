"""The same seed gives the same bytes; one replication is the same alone; a change reaches whom it can reach."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toolbox import Run, run, same_files, scenario

from sim.cli import main

RUNTIME = ["runtime.json", "origins.json"]

PORT = """
    traffic:
      car: {rate: 130 /h, nexus: 30 %, occupants: 2.1}
      truck: {rate: 30 /h, fast: 25 %}
    day_to_day: {cv: 10 %}
    approach: {serves: [car], storage: 60 cars, split: 10 cars, when_full: balk}
    lanes:
      general:
        serves: [car]
        booths: 3
        open: {"00:00": 2, "01:00": 3}
        queue: per_booth
        jockey: 2
        service: {erlang: {mean: 60 s, shape: 3}, move_up: 6 s, per_extra_person: 5 %}
      nexus: {serves: [car.nexus], booths: 1, service: {gamma: {mean: 20 s, cv: 0.5}}}
      truck:
        serves: [truck]
        priority: [truck.fast]
        booths: 1
        service: {gamma: {mean: 100 s, cv: 0.7}}
        patience: {exponential: {mean: 1 h}}
    secondary:
      cars: {bays: 2, storage: 2 cars, referral: {car: 5 %}, service: {lognormal: {mean: 10 min, cv: 1}}}
      trucks: {bays: 1, storage: 3 cars, referral: {truck: 8 %}, service: {lognormal: {mean: 20 min, cv: 1}}}
"""
"""Cars and trucks share neither road nor booths nor bays."""
VARIANTS = """
    variants:
      one-more-booth:
        ports.here.lanes.general.booths: 4
        ports.here.lanes.general.open: {"00:00": 3, "01:00": 4}
      nexus-50: {ports.here.traffic.car.nexus: 50 %}
      more-cars: {ports.here.traffic.car.rate: 160 /h}
      fewer-trucks: {ports.here.traffic.truck.rate: 20 /h}
"""
REPLICATIONS = 6
"""More than one task of the workers holds."""


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return scenario(
        tmp_path_factory.mktemp("port"), PORT, horizon="2 h", replications=REPLICATIONS, seed=11, more=VARIANTS
    )


@pytest.fixture(scope="module")
def done(path) -> Run:
    return run(path, "--all")


def test_same_seed_same_bytes_whatever_the_workers(path, done) -> None:
    again = run(path, "--all", out="again", workers=2)
    assert again.folder.name == done.folder.name
    files = same_files(done.folder, again.folder, but=RUNTIME)
    assert {"manifest.json", "summary.csv", "comparison.csv", "visits/nexus-50-00005.parquet"} <= files.keys()


def test_the_resolved_scenario_gives_the_same_bytes(path, done, tmp_path) -> None:
    copy = shutil.copy(done.folder / "scenario.resolved.yaml", tmp_path / "case.yaml")
    again = run(Path(copy), "--all")
    same_files(done.folder, again.folder, but=RUNTIME)


def test_another_seed_gives_other_numbers(path, done) -> None:
    other = run(path, "--seed", "12", out="other-seed")
    assert other.folder.name != done.folder.name
    assert not np.any(other.values("wait_mean") == done.values("wait_mean"))


def test_more_replications_begin_with_the_fewer(path, done) -> None:
    longer = run(path, "--replications", str(REPLICATIONS + 1), out="longer")
    assert np.array_equal(longer.values("wait_mean")[:REPLICATIONS], done.values("wait_mean"))


def test_a_variant_run_alone_has_the_same_numbers(path, done) -> None:
    alone = run(path, "--variant", "nexus-50", out="alone")
    for replication in range(REPLICATIONS):
        name = f"visits/nexus-50-{replication:05d}.parquet"
        assert (alone.folder / name).read_bytes() == (done.folder / name).read_bytes()


@pytest.mark.parametrize(("variant", "replication"), [("baseline", 0), ("baseline", 5), ("nexus-50", 3)])
def test_one_replication_replayed_is_the_one_of_the_batch(path, done, variant, replication) -> None:
    out = path.parent / "replays"
    named = [] if variant == "baseline" else ["--variant", variant]
    asked = ["run", str(path), "--out", str(out), "--replication", str(replication), *named, "--quiet"]
    assert main(asked) == 0
    (folder,) = out.glob(f"case/replays/*-{variant}-{replication}")
    visits = done.folder / "visits" / f"{variant}-{replication:05d}.parquet"
    assert (folder / "visits.parquet").read_bytes() == visits.read_bytes()

    alone = pd.read_csv(folder / "measures.csv")
    batch = done.replications
    batch = batch[(batch["variant"] == variant) & (batch["replication"] == replication)].reset_index(drop=True)
    names = ["variant", "replication", "facility", "station", "class", "measure", "unit"]
    assert (alone[names].astype(str) == batch[names].astype(str)).all(axis=None)
    ten_digits = [float(f"{value:.10g}") for value in batch["value"]]
    assert np.array_equal(alone["value"], ten_digits, equal_nan=True)
    assert np.isfinite(alone["value"]).sum() > 100


# ---- common random numbers ----------------------------------------------------------------------------

TRUCK_STATIONS = ["truck", "trucks"]


def records(done: Run, mode: str, variant: str, replication: int) -> pd.DataFrame:
    """Visits of a mode, without the number of the party: it counts other modes as well."""
    visits = done.visits(variant=variant, replication=replication)
    visits = visits[visits["class"].str.startswith(mode)].reset_index(drop=True)
    return visits.drop(columns="party").astype(dict.fromkeys(("class", "station", "outcome"), str))


@pytest.mark.parametrize("variant", ["one-more-booth", "nexus-50", "more-cars"])
def test_what_changes_for_cars_leaves_trucks_alone(done, variant) -> None:
    for replication in range(REPLICATIONS):
        before, after = (records(done, "truck", v, replication) for v in ("baseline", variant))
        pd.testing.assert_frame_equal(before, after, check_exact=True)
        assert set(before["station"]) <= set(TRUCK_STATIONS)
        changed = records(done, "car", variant, replication)
        assert not changed.equals(records(done, "car", "baseline", replication))


def test_what_changes_for_trucks_leaves_cars_alone(done) -> None:
    for replication in range(REPLICATIONS):
        before, after = (records(done, "car", v, replication) for v in ("baseline", "fewer-trucks"))
        pd.testing.assert_frame_equal(before, after, check_exact=True)


def arrivals(done: Run, variant: str, replication: int) -> pd.DataFrame:
    """First visit of each car: when it came and what it is."""
    visits = records(done, "car", variant, replication)
    return visits[visits["station"] == "approach"][["joined", "class", "size"]]


def test_more_demand_keeps_every_common_car(done) -> None:
    """Cars turned away have no visit, so the two are compared where both came in."""
    for replication in range(REPLICATIONS):
        before, after = (arrivals(done, v, replication) for v in ("baseline", "more-cars"))
        both = before.merge(after, on="joined", suffixes=("", " after"))
        assert len(both) > 0.8 * len(before)
        assert (both["class"] == both["class after"]).all()
        assert (both["size"] == both["size after"]).all()
    came = done.values("arrivals", klass="car") + done.values("arrivals", klass="car.nexus")
    more = [done.values("arrivals", klass=k, variant="more-cars") for k in ("car", "car.nexus")]
    assert (sum(more) > came).all()


def test_more_enrolment_keeps_the_car_and_its_time(done) -> None:
    for replication in range(REPLICATIONS):
        before, after = (arrivals(done, v, replication) for v in ("baseline", "nexus-50"))
        both = before.merge(after, on="joined", suffixes=("", " after"))
        assert len(both) > 0.8 * len(before)
        assert (both["size"] == both["size after"]).all()
        members = both["class"] == "car.nexus"
        assert (both.loc[members, "class after"] == "car.nexus").all()
        assert (both.loc[~members, "class after"] == "car.nexus").any()


def test_fewer_trucks_are_some_of_the_trucks(done) -> None:
    fewer = 0
    for replication in range(REPLICATIONS):
        before, after = (records(done, "truck", v, replication) for v in ("baseline", "fewer-trucks"))
        before, after = (v[v["station"] == "truck"] for v in (before, after))
        assert set(after["joined"]) <= set(before["joined"])
        fewer += len(before) - len(after)
        # Service is drawn once: the same truck takes as long, whenever its service begins.
        both = before.merge(after, on="joined", suffixes=("", " after")).dropna(subset=["ended", "ended after"])
        assert both["class"].equals(both["class after"])
        takes = (both["ended"] - both["started"], both["ended after"] - both["started after"])
        np.testing.assert_allclose(*takes, rtol=1e-9)
    assert fewer > 0
