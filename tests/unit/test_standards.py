"""Days within standard: held against the values of the replications themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.cli import main

SCENARIO = """
format: 1
name: Promised
start: 2024-01-05 00:00
horizon: {horizon}
bin: 1 h
seed: 5
replications: 12
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {{car: {{rate: 50 /h}}}}
    lanes: {{general: {{serves: [car], booths: 1, service: {{exponential: {{mean: 60 s}}}}}}}}
    standard: {{wait: {standard}}}
"""


def run(tmp_path: Path, horizon: str, standard: str) -> Path:
    path = tmp_path / "promised.yaml"
    path.write_text(SCENARIO.format(horizon=horizon, standard=standard))
    assert main(["run", str(path), "--quiet", "--out", str(tmp_path / "out")]) == 0
    return next((tmp_path / "out").rglob("manifest.json")).parent


def column(table: pd.DataFrame, measure: str, station: str = "all") -> pd.DataFrame:
    return table[(table.measure == measure) & (table.station == station) & (table["class"] == "all")]


def test_share_of_days_is_counted_over_replications(tmp_path: Path) -> None:
    folder = run(tmp_path, "6 h", "5 min")
    summary, days = pd.read_csv(folder / "summary.csv"), pd.read_parquet(folder / "replications.parquet")
    seen = set()
    for measure, limit in (("wait_mean", 5.0), ("wait_p95", 5.0), ("wait_max", 5.0), ("over_standard_share", 0.1)):
        expected = float((column(days, measure).value <= limit).mean())
        assert column(summary, measure).days_within_standard.item() == pytest.approx(expected)
        seen.add(expected)
    assert len(seen) > 1, "days of both kinds"
    assert column(summary, "queue_mean").days_within_standard.isna().all()
    assert column(summary, "wait_mean", "general").days_within_standard.isna().all()


def test_share_of_days_by_bin(tmp_path: Path) -> None:
    folder = run(tmp_path, "6 h", "5 min")
    series, days = column(pd.read_csv(folder / "series.csv"), "wait_p90"), pd.read_parquet(folder / "bins.parquet")
    by_bin = column(days, "wait_p90").dropna().groupby("bin_start").value.apply(lambda waits: (waits <= 5.0).mean())
    np.testing.assert_allclose(series.days_within_standard.to_numpy(), by_bin.to_numpy())
    assert 0.0 < by_bin.mean() < 1.0


def test_a_standard_that_changes_is_held_where_it_holds(tmp_path: Path) -> None:
    """From Friday noon to Saturday noon: 10 minutes first, then 20."""
    path = run(tmp_path, "30 h", "{mon-fri: 10 min, sat-sun: 20 min}")
    summary, series = pd.read_csv(path / "summary.csv"), pd.read_csv(path / "series.csv")
    assert column(summary, "wait_mean").days_within_standard.isna().all()
    assert column(summary, "over_standard_share").days_within_standard.notna().all()
    assert column(series, "wait_mean").days_within_standard.notna().all()


def test_no_bins_is_one_bin_over_everything(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    path.write_text(SCENARIO.format(horizon="6 h", standard="5 min").replace("bin: 1 h", "bin: none"))
    assert main(["run", str(path), "--quiet", "--out", str(tmp_path / "out")]) == 0
    folder = next((tmp_path / "out").rglob("manifest.json")).parent
    series, summary = pd.read_csv(folder / "series.csv"), pd.read_csv(folder / "summary.csv")
    assert set(series.bin_start) == {0.0}
    assert column(series, "queue_max")["mean"].item() == column(summary, "queue_max")["mean"].item()
    assert "bin: none" in (folder / "scenario.resolved.yaml").read_text()


def manifest(tmp_path: Path, start: str, horizon: str) -> dict[str, Any]:
    text = SCENARIO.replace("replications: 12", "replications: 1").replace("2024-01-05 00:00", start)
    path = tmp_path / "promised.yaml"
    path.write_text(text.format(horizon=horizon, standard="{mon-thu: 10 min, fri-sun: 20 min}"))
    assert main(["run", str(path), "--quiet", "--out", str(tmp_path / "out")]) == 0
    return dict(json.loads(next((tmp_path / "out").rglob("manifest.json")).read_text()))


@pytest.mark.parametrize(("start", "minutes"), [("2024-01-03 00:00", 10.0), ("2024-01-06 00:00", 20.0)])
def test_a_run_within_one_kind_of_day_has_one_standard(tmp_path: Path, start: str, minutes: float) -> None:
    found = manifest(tmp_path, start, "24 h")
    assert found["standard"] == {"here": minutes}
    assert found["standard_steps"] == {}


def test_a_standard_that_changes_is_kept_as_steps(tmp_path: Path) -> None:
    found = manifest(tmp_path, "2024-01-04 12:00", "96 h")
    assert found["standard"] == {}
    assert found["standard_steps"] == {"here": [[0.0, 10.0], [720.0, 20.0], [5040.0, 10.0]]}
