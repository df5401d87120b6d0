"""The share of parties that wait longer falls with the wait, and so do its bounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sim.cli import main
from sim.study.frames import _falling

SCENARIO = """
format: 1
name: Few buses
start: 2024-01-05 00:00
horizon: 12 h
bin: none
seed: 5
replications: 8
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {rate: 50 /h}, bus: {rate: 2 /h}}
    lanes:
      general: {serves: [car], booths: 1, service: {exponential: {mean: 60 s}}}
      bus: {serves: [bus], booths: 1, service: {exponential: {mean: 15 min}}}
"""


def test_bounds_only_move_outwards() -> None:
    low, high = np.array([0.5, 0.2, 0.3, 0.0]), np.array([0.9, 0.6, 0.7, 0.1])
    lower, upper = _falling(low, high)
    np.testing.assert_array_equal(lower, [0.5, 0.2, 0.2, 0.0])
    np.testing.assert_array_equal(upper, [0.9, 0.7, 0.7, 0.1])
    blank = np.full(3, np.nan)
    assert np.isnan(_falling(blank, blank)).all()


def test_no_band_of_a_run_rises(tmp_path: Path) -> None:
    path = tmp_path / "buses.yaml"
    path.write_text(SCENARIO)
    assert main(["run", str(path), "--quiet", "--out", str(tmp_path / "out")]) == 0
    table = pd.read_csv(next((tmp_path / "out").rglob("wait_distribution.csv")))
    for _, rows in table.groupby("class"):
        for column in ("survival_low", "survival_mean", "survival_high"):
            assert (rows[column].diff().dropna() <= 0.0).all()
        assert (rows["survival_low"] <= rows["survival_mean"]).all()
        assert (rows["survival_mean"] <= rows["survival_high"]).all()
