"""Finding runs again, JSON, and flags that do not go together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.cli import main

SCENARIO = """
format: 1
name: Small
start: 2024-01-01 00:00
horizon: 1 h
SEED
replications: 3
ports:
  "2024":
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {rate: 100 /h}}
    lanes: {general: {serves: [car], booths: 2, open: 1, service: 30 s}}
    secondary: {bays: 1, referral: {car: 20 %}, service: 2 min}
events: EVENTS
variants:
  "40": {ports.2024.traffic.car.rate: 110 /h}
  idle: {ports.2024.lanes.general.booths: 3}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


def write(folder: Path, seed: str = "seed: 1", events: str = "[]") -> None:
    (folder / "small.yaml").write_text(SCENARIO.replace("SEED", seed).replace("EVENTS", events))


def bordersim(folder: Path, *arguments: str) -> int:
    command, *rest = arguments
    return main([command, str(folder / "small.yaml"), *rest, "--out", str(folder / "out")])


def test_plot_finds_the_newest_run_whatever_its_variants(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bordersim(folder, "run", "--quiet") == 0
    assert bordersim(folder, "run", "--variant", "40", "--quiet") == 0
    assert bordersim(folder, "plot") == 0
    assert "figures (PNG" in capsys.readouterr().out
    (with_variant,) = [path.parent for path in (folder / "out").rglob("comparison.csv")]
    assert (with_variant / "figures").is_dir()


def test_plot_finds_a_run_whose_seed_was_drawn(folder: Path) -> None:
    write(folder, seed="")
    assert bordersim(folder, "run", "--quiet") == 0
    assert bordersim(folder, "plot", "--quiet") == 0
    write(folder, seed="", events='[{name: Later, from: "2024-01-01 00:10", demand: 1.1}]')
    assert bordersim(folder, "plot", "--quiet") == 2, "the scenario is another now"


def test_plot_notices_a_changed_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bordersim(folder, "run", "--quiet") == 0
    (summary,) = (folder / "out").rglob("summary.csv")
    summary.write_text(summary.read_text() + "\n")
    assert main(["plot", str(summary.parent)]) == 2
    assert "was changed since the run" in capsys.readouterr().err


def test_json_is_json_and_names_stay_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    assert bordersim(folder, "compare", "--json") == 0
    rows = json.loads(capsys.readouterr().out, parse_constant=refuse)["rows"]
    assert {row["variant"] for row in rows} == {"40", "idle"}
    assert {row["facility"] for row in rows} == {"2024"}
    assert {row["replications"] for row in rows} <= {0, 1, 2, 3}
    assert bordersim(folder, "run", "--replication", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["replication"] == 1


def test_a_variant_that_changes_nothing_is_called_that(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bordersim(folder, "compare") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "idle changes nothing: every measure is the baseline's, in every replication." in told
    assert "40 changes nothing" not in told


def test_flags_of_a_run_are_refused_with_a_finished_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bordersim(folder, "compare", "--quiet") == 0
    (run,) = [path.parent for path in (folder / "out").rglob("comparison.csv")]
    for flag, *value in (
        ("--seed", "0"),
        ("--precision", "5%"),
        ("--engine", "auto"),
        ("--workers", "1"),
        ("--resume",),
        ("--policy", "one-more-booth"),
    ):
        assert main(["compare", str(run), flag, *value]) == 2
        assert f"{flag} goes with a scenario file" in capsys.readouterr().err
    assert main(["plot", str(run), "--seed", "0"]) == 2
    assert "--seed goes with a scenario file" in capsys.readouterr().err
    assert main(["compare", str(run), "--quiet"]) == 0


def test_runs_that_share_their_days_are_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("40", "idle"):
        assert bordersim(folder, "run", "--variant", name, "--quiet") == 0
    first, second = sorted(path.parent for path in (folder / "out").rglob("comparison.csv"))
    assert main(["compare", str(first), str(second), "--measure", "wait_mean", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["runs"] == [str(first), str(second)]
    assert {row["variant"] for row in said["comparison_chosen"]} == {"40", "idle"}
    assert {row["measure"] for row in said["comparison_chosen"]} == {"wait_mean"}
    tables = first.parent / "comparisons" / f"{first.name}+{second.name}"
    assert {path.name for path in tables.iterdir()} == {f"comparison_{t}.csv" for t in ("chosen", "days", "best")}
    assert bordersim(folder, "run", "--all", "--seed", "2", "--quiet") == 0
    (third,) = {path.parent for path in (folder / "out").rglob("comparison.csv")} - {first, second, tables}
    assert main(["compare", str(first), str(third)]) == 2
    assert "they differ in seed: 1 and 2; replications are paired only" in capsys.readouterr().err


def test_what_is_not_there_is_not_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bordersim(folder, "compare", "--quiet", "--measure", "wait_meen") == 2
    assert "did you mean 'wait_mean'" in capsys.readouterr().err
    assert bordersim(folder, "compare", "--quiet", "--indifference", "5") == 2
    assert "such as '1 min'" in capsys.readouterr().err
    assert bordersim(folder, "compare", str(folder / "small.yaml"), "--quiet") == 2
    assert "only the first may be a scenario file" in capsys.readouterr().err
    assert bordersim(folder, "run", "--quiet") == 0
    (plain,) = [p.parent for p in (folder / "out").rglob("manifest.json") if not (p.parent / "comparison.csv").exists()]
    assert main(["compare", str(plain)]) == 2
    assert "has no variants to compare; run the scenario with --all" in capsys.readouterr().err


def test_an_outage_everywhere_stops_every_inspection(folder: Path) -> None:
    import pandas as pd

    write(folder, events='[{name: Outage, from: "2024-01-01 00:10", until: "2024-01-01 00:30", stopped: all}]')
    assert bordersim(folder, "run", "--visits", "--quiet") == 0
    visits = pd.concat(pd.read_parquet(path) for path in (folder / "out").rglob("visits/*.parquet"))
    served = visits[visits["started"].notna()]
    assert set(served["station"]) == {"general", "secondary"}
    assert not ((served["started"] >= 600.0) & (served["started"] < 1800.0)).any()
    assert (served["started"] == 1800.0).any(), "the line is taken up when it ends"
