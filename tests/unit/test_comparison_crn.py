"""Common random numbers between variants: who is out of reach of a change has the very same day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.scenario import load
from sim.study.runs import run

SCENARIO = """
format: 1
name: Two ports
start: 2024-07-06 08:00
horizon: 3 h
replications: 12
seed: 49
ports:
  near:
    direction: southbound
    zone: America/Vancouver
    traffic:
      car: {rate: 190 /h, nexus: 20 %}
      truck: {rate: 30 /h}
    lanes:
      general: {serves: [car], booths: 4, open: 3, service: {erlang: {mean: 60 s, shape: 3}}}
      truck: {serves: [truck], booths: 1, service: {gamma: {mean: 75 s, cv: 0.7}}}
    secondary:
      cars: {bays: 4, referral: {car: 5 %}, service: 10 min}
  far:
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {rate: 100 /h}}
    lanes: {general: {serves: [car], booths: 2, service: {erlang: {mean: 60 s, shape: 3}}}}
variants:
  one-more-booth: {ports.near.lanes.general.open: 4}
  demand-up-2: {ports.near.traffic.car.rate: 193.8 /h}
"""
WHEN = ["joined", "started", "ended", "left"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scratch = tmp_path_factory.mktemp("crn")
    (scratch / "two.yaml").write_text(SCENARIO, encoding="utf-8")
    return run(load(scratch / "two.yaml"), scratch / "out", engine="reference", visits=True)[0]


def visits(folder: Path, variant: str, replication: int) -> pd.DataFrame:
    return pd.read_parquet(folder / "visits" / f"{variant}-{replication:05d}.parquet")


@pytest.mark.parametrize("variant", ["one-more-booth", "demand-up-2"])
def test_parties_a_change_cannot_reach_have_identical_records(folder: Path, variant: str) -> None:
    for replication in range(12):
        mine, base = visits(folder, variant, replication), visits(folder, "baseline", replication)
        for facility, classes in (("far", ["car"]), ("near", ["truck"])):
            own, its = (
                v[(v["facility"] == facility) & v["class"].isin(classes)].drop(columns="party") for v in (mine, base)
            )
            assert len(own) > 20
            pd.testing.assert_frame_equal(own.reset_index(drop=True), its.reset_index(drop=True), check_exact=True)
        changed = mine[(mine["facility"] == "near") & (mine["class"] == "car")]
        before = base[(base["facility"] == "near") & (base["class"] == "car")]
        assert not np.array_equal(changed[WHEN].to_numpy(), before[WHEN].to_numpy()), "those it reaches do differ"


def test_a_little_more_demand_keeps_every_car_there_was(folder: Path) -> None:
    for replication in range(12):
        mine, base = (visits(folder, variant, replication) for variant in ("demand-up-2", "baseline"))
        joined = [
            set(v[(v["facility"] == "near") & (v["station"] == "general")]["joined"].round(9)) for v in (mine, base)
        ]
        assert joined[1] <= joined[0]
