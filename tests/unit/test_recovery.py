"""Time from the end of a dated event until the queue is as it was, on a day worked by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.cli import main

SCENARIO = """
format: 1
name: Outage
start: 2024-01-01 00:00
horizon: 2 h
seed: 1
replications: 1
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {trace: cars.csv}}
    lanes: {general: {serves: [car], booths: 1, service: 30 s}}
events:
  - {name: Outage, from: 2024-01-01 00:10, until: 2024-01-01 00:20, stopped: [general]}
"""


def recovery(folder: Path, minutes: list[float]) -> float:
    (folder / "outage.yaml").write_text(SCENARIO)
    rows = "".join(f"{60 * minute:g},car\n" for minute in minutes)
    (folder / "cars.csv").write_text("time,class\n" + rows)
    assert main(["run", str(folder / "outage.yaml"), "--quiet", "--force", "--out", str(folder / "out")]) == 0
    (path,) = (folder / "out").rglob("summary.csv")
    summary = pd.read_csv(path).set_index(["facility", "station", "class", "measure"])
    return float(summary.loc[("here", "all", "all", "recovery"), "mean"])


def test_a_queue_built_up_in_an_outage_is_worked_off(tmp_path: Path) -> None:
    """Ten cars come in the ten minutes; from 20:00 one starts each 30 s and one more comes each minute.

    At 20:00 one of the ten starts; n starts by 20 + n/2 min against arrivals at 20.5, 21.5, ...: the queue at 20 + t
    is 10 + floor(t + 0.5) - (1 + floor(2 t)), first 0 at t = 9 (10 + 9 - 19).
    """
    assert recovery(tmp_path, [0.5 + minute for minute in range(60)]) == pytest.approx(9.0)


def test_nothing_to_recover_from(tmp_path: Path) -> None:
    assert recovery(tmp_path, [1.0, 30.0]) == 0.0


def test_a_queue_that_stays_counts_to_the_horizon(tmp_path: Path) -> None:
    """240 cars during the outage take two hours: the horizon comes first, 100 min after the event."""
    assert recovery(tmp_path, [10.5 + car / 60 for car in range(240)]) == pytest.approx(100.0)
