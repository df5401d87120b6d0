"""What a user sees when something of ours goes wrong."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from sim.cli import main
from sim.errors import ReplicationError

SCENARIO = """
format: 1
name: Small
start: 2024-01-01 00:00
horizon: 1 h
seed: 1
replications: 3
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {rate: 60 /h}}
    lanes: {general: {serves: [car], booths: 1, service: 30 s}}
variants: {busy: {ports.here.traffic.car.rate: 90 /h}}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "a small one.yaml"
    path.write_text(SCENARIO)
    return path


def test_a_failed_replication_names_itself_and_its_replay(
    scenario: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sim.study.experiment as experiment

    real = experiment.check_conservation

    def failing(network, parties, records):  # type: ignore[no-untyped-def]
        real(network, parties, records)
        if len(parties) > 75:  # only the busy variant has so many
            raise ZeroDivisionError("made to fail")

    monkeypatch.setattr(experiment, "check_conservation", failing)
    status = main(["run", str(scenario), "--all", "--workers", "1", "--out", str(scenario.parent / "out")])
    told = capsys.readouterr().err
    assert status == 3
    assert "of busy failed: ZeroDivisionError: made to fail" in told
    assert f"bordersim --debug run '{scenario}' --replication" in told
    assert "--variant busy" in told
    assert "Traceback" not in told
    out = scenario.parent / "out"
    assert not list(out.rglob("manifest.json")), "a half-written result"
    assert "finished replications are kept, running again goes on from there" in told
    # What did not fail is kept: the next run makes only the rest, and ends like one that never failed.
    monkeypatch.undo()
    simulated: list[tuple[str, int]] = []
    honest = experiment.Experiment.simulate

    def noted(self, variant, replication):  # type: ignore[no-untyped-def]
        simulated.append((variant, replication))
        return honest(self, variant, replication)

    monkeypatch.setattr(experiment.Experiment, "simulate", noted)
    assert main(["run", str(scenario), "--all", "--quiet", "--workers", "1", "--out", str(out)]) == 0
    assert simulated
    assert {variant for variant, _ in simulated} == {"busy"}
    assert not list(out.rglob("*.npy")), "the journal of a finished run"
    other = scenario.parent / "other"
    assert main(["run", str(scenario), "--all", "--quiet", "--workers", "1", "--out", str(other)]) == 0
    first, second = (next(folder.rglob("manifest.json")).read_bytes() for folder in (out, other))
    assert first == second


def test_a_failure_travels_between_processes() -> None:
    failure = pickle.loads(pickle.dumps(ReplicationError("busy", 7, "made to fail")))
    assert str(failure) == "replication 7 of busy failed: made to fail"


def test_a_fault_of_the_program_is_one_line(
    scenario: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sim.commands.check", lambda arguments: 1 // 0)
    assert main(["check", str(scenario)]) == 1
    told = capsys.readouterr().err
    assert "internal error: ZeroDivisionError" in told
    assert "Traceback" not in told
    with pytest.raises(ZeroDivisionError):
        main(["--debug", "check", str(scenario)])


def test_an_unwritable_folder_is_a_clear_error(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = scenario.parent / "a-file"
    blocked.write_text("")
    assert main(["run", str(scenario), "--quiet", "--out", str(blocked)]) == 2
    assert f"cannot write results to {blocked}" in capsys.readouterr().err


def test_a_changed_result_is_noticed(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = scenario.parent / "out"
    assert main(["run", str(scenario), "--quiet", "--out", str(out)]) == 0
    (summary,) = out.rglob("summary.csv")
    summary.write_text(summary.read_text() + "x\n")
    assert main(["run", str(scenario), "--quiet", "--out", str(out)]) == 2
    assert "summary.csv was changed since the run" in capsys.readouterr().err
    assert main(["run", str(scenario), "--quiet", "--force", "--out", str(out)]) == 0
    assert main(["run", str(scenario), "--quiet", "--out", str(out)]) == 0
