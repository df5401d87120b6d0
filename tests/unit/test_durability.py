"""A run that is stopped in whatever way loses nothing that was finished, and says what it kept."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from multiprocessing import parent_process
from pathlib import Path

import numpy as np
import pytest
import stopped_runs as stopped

from sim.cli import main
from sim.errors import IncompleteRunError, RunFolderError, SimulationError
from sim.scenario import load
from sim.study import store
from sim.study.executors import Processes, way_to_start
from sim.study.journal import Journal
from sim.study.kept import going_on, kept, telling_what_is_kept

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stopped.write_scenario(tmp_path_factory.mktemp("scenario"))


@pytest.fixture(scope="module")
def unbroken(scenario: Path) -> dict[str, bytes]:
    """The files of a run that nothing stopped."""
    out = scenario.parent / "unbroken"
    assert main(stopped.arguments(scenario, out, "--workers", "1")) == 0
    return stopped.contents(stopped.run_folder(scenario, out))


@pytest.fixture
def finished(scenario: Path, unbroken: dict[str, bytes], tmp_path: Path) -> Path:
    """The folder of a finished run below `tmp_path`, to be harmed."""
    folder = stopped.run_folder(scenario, tmp_path)
    shutil.copytree(stopped.run_folder(scenario, scenario.parent / "unbroken"), folder)
    assert stopped.contents(folder) == unbroken
    return folder


def test_killed_five_times_and_resumed(scenario: Path, unbroken: dict[str, bytes], tmp_path: Path) -> None:
    had = stopped.kill_and_resume(scenario, tmp_path, kills=5, seed=1, workers=1)
    assert len(had) >= 3, "the run was over before it was killed"
    assert had == sorted(had), "something finished was lost"
    assert any(0 < count < stopped.REPLICATIONS for count in had)
    assert stopped.contents(stopped.run_folder(scenario, tmp_path)) == unbroken


def test_killed_with_two_workers(scenario: Path, unbroken: dict[str, bytes], tmp_path: Path) -> None:
    """The workers of a killed run end with it."""
    folder = stopped.run_folder(scenario, tmp_path)
    process = stopped.start(stopped.arguments(scenario, tmp_path, "--workers", "2"))
    assert stopped.begun(process, folder, 1), process.communicate()
    assert len(stopped.of_session(process.pid)) >= 2
    process.kill()
    process.communicate()
    assert stopped.wait_for(lambda: not stopped.of_session(process.pid), 10.0)
    assert main(stopped.arguments(scenario, tmp_path, "--workers", "1")) == 0
    assert stopped.contents(folder) == unbroken


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_keeps_what_is_finished(
    workers: int, scenario: Path, unbroken: dict[str, bytes], tmp_path: Path
) -> None:
    folder = stopped.run_folder(scenario, tmp_path)
    process = stopped.start(stopped.arguments(scenario, tmp_path, "--workers", str(workers)))
    assert stopped.begun(process, folder, 1)
    told = stopped.interrupt(process)
    assert process.returncode == 130
    count = kept(folder)
    assert 0 < count < stopped.REPLICATIONS
    said = f"{count} finished replications are kept, running again goes on from there"
    assert told == f"bordersim: interrupted; {said}\n"
    assert stopped.wait_for(lambda: not stopped.of_session(process.pid), 10.0)
    assert main(stopped.arguments(scenario, tmp_path, "--workers", "1")) == 0
    assert stopped.contents(folder) == unbroken


def test_a_drawn_seed_is_named_where_the_run_is_to_go_on(tmp_path: Path) -> None:
    """Without it, running again would be another run."""
    scenario = stopped.write_scenario(tmp_path)
    scenario.write_text(scenario.read_text(encoding="utf-8").replace("seed: 5\n", ""), encoding="utf-8")
    process = stopped.start(stopped.arguments(scenario, tmp_path, "--workers", "1"))
    assert stopped.wait_for(lambda: list(tmp_path.rglob("*.npy")) or process.poll() is not None)
    told = stopped.interrupt(process)
    seed = told.partition("running again --seed ")[2].partition(" ")[0]
    chunks = len(list(tmp_path.rglob("*.npy")))
    assert chunks > 0
    assert main(stopped.arguments(scenario, tmp_path, "--workers", "1", "--seed", seed)) == 0
    assert not list(tmp_path.rglob("*.npy")), "it went on in another folder"


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are a matter of POSIX")
@pytest.mark.parametrize("most", [100_000, 5_000])
def test_a_full_disk(most: int, scenario: Path, unbroken: dict[str, bytes], tmp_path: Path) -> None:
    """No file may grow above a size: either the results or already the finished replications do not fit."""
    process = stopped.start(stopped.arguments(scenario, tmp_path, "--workers", "1"), largest_file=most)
    _, told = process.communicate(timeout=60)
    folder = stopped.run_folder(scenario, tmp_path)
    assert process.returncode == 2, told
    assert "cannot write results to" in told
    assert "Traceback" not in told
    count = kept(folder)
    assert count == (stopped.REPLICATIONS if most == 100_000 else 0)
    assert (f"; {count} finished replications are kept" in told) == (count > 0)
    assert not folder.exists(), "a half-written result"
    assert main(stopped.arguments(scenario, tmp_path, "--workers", "1")) == 0
    assert stopped.contents(folder) == unbroken


def test_the_message_counts_what_is_kept(tmp_path: Path) -> None:
    journal = store.workplace_of(tmp_path / "run") / "journal"
    journal.mkdir(parents=True)
    for name in ("baseline-0-3.npy", "one-more-5-7.npy", ".one-more-7-9.npy.12.part", "journal.json"):
        (journal / name).write_bytes(b"")
    assert kept(tmp_path / "run") == 5
    said = (
        r"No space left on device; 5 finished replications are kept in .*unfinished.*: running again --seed 7 goes on"
    )
    with (
        pytest.raises(RunFolderError, match=said),
        telling_what_is_kept(tmp_path / "run", "running again --seed 7 goes on"),
    ):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("stops", [SimulationError("a worker was killed"), IncompleteRunError([]), KeyboardInterrupt()])
def test_whatever_stops_a_run_tells_how_to_go_on(stops: BaseException, scenario: Path, tmp_path: Path) -> None:
    """With the seed that was drawn, without which it is another run; nothing where running again begins anew."""
    study, seedless = load(scenario), tmp_path / "seedless.yaml"
    seedless.write_text(scenario.read_text(encoding="utf-8").replace("seed: 5\n", ""), encoding="utf-8")
    drawn, folder = load(seedless), tmp_path / "run"
    (store.workplace_of(folder) / "journal").mkdir(parents=True)
    (store.workplace_of(folder) / "journal" / "baseline-0-3.npy").write_bytes(b"")
    assert going_on(drawn, folder, python=True) == f"running again with seed={drawn.baseline.seed} goes on from there"
    assert going_on(study, folder, force=True) == "running again without --force goes on from there"
    for again in (going_on(drawn, folder), going_on(study, folder), ""):
        with pytest.raises(type(stops)) as caught, telling_what_is_kept(folder, again):
            raise stops
        told = "".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
        assert told.endswith(f"3 finished replications are kept, {again}") == bool(again)
        vars(caught.value).pop("__notes__", None)
    assert f"--seed {drawn.baseline.seed} goes on" in going_on(drawn, folder)
    folder.mkdir()
    assert going_on(study, folder, force=True) == "", "without it, the run of before is found"


def test_an_interrupt_of_what_keeps_nothing_promises_nothing(
    scenario: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.commands.check", interrupted)
    assert main(["check", str(scenario)]) == 130
    assert capsys.readouterr().err == "bordersim: interrupted\n"


def test_other_errors_pass_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"^run format 9$"), telling_what_is_kept(tmp_path / "run", ""):
        raise RunFolderError("run format 9")
    with pytest.raises(BrokenPipeError), telling_what_is_kept(tmp_path / "run", ""):
        raise BrokenPipeError


@pytest.mark.parametrize("out", ["/dev/null/out", "/proc/out"])
def test_a_folder_that_cannot_be_written(out: str, scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(stopped.arguments(scenario, Path(out), "--workers", "1")) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"bordersim: cannot write results to {out}")
    assert len(told.splitlines()) == 1


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="the superuser writes anywhere")
def test_a_folder_without_permission(scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o500)
    assert main(stopped.arguments(scenario, tmp_path / "out", "--workers", "1")) == 2
    assert "Permission denied" in capsys.readouterr().err


def test_two_runs_at_once(
    scenario: Path, unbroken: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = stopped.run_folder(scenario, tmp_path)
    with store.claimed(folder):
        assert main(stopped.arguments(scenario, tmp_path, "--workers", "1")) == 2
        assert "is being made by another process" in capsys.readouterr().err
        assert not folder.exists()
    assert main(stopped.arguments(scenario, tmp_path, "--workers", "1")) == 0
    assert stopped.contents(folder) == unbroken


def test_a_run_leaves_the_workplace_of_another_alone(tmp_path: Path) -> None:
    """The folder of a run with a rule begins with the name of the run without; what a killed one left is removed."""
    left = tmp_path / f".run.abc{store.SCRATCH}"
    left.mkdir()
    with store.claimed(tmp_path / "run-rule-Mine") as other, store.writing(tmp_path / "run-rule-Mine") as half_written:
        with store.claimed(tmp_path / "run") as own, store.writing(tmp_path / "run"):
            assert own != other
        assert other.is_dir()
        assert half_written.is_dir()
        assert not left.exists()


def test_a_lock_on_a_workplace_that_was_taken_away_binds_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opened the lock before its holder ended gets one that nobody else will ever see, and has to ask again."""
    workplace, honest, asked = store.workplace_of(tmp_path / "run"), store._locked, list[int]()

    def late(descriptor: int) -> bool:
        asked.append(descriptor)
        if len(asked) == 1:
            shutil.rmtree(workplace)  # the holder ends between our opening the file and our locking it
        return honest(descriptor)

    monkeypatch.setattr(store, "_locked", late)
    with store.claimed(tmp_path / "run"):
        assert len(asked) == 2
        with pytest.raises(RunFolderError, match="another process"), store.claimed(tmp_path / "run"):
            pass


def test_a_newer_format(scenario: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, manifest = finished, finished / "manifest.json"
    newer = {**json.loads(manifest.read_text(encoding="utf-8")), "format": 99}
    manifest.write_text(json.dumps(newer), encoding="utf-8")
    before = stopped.contents(folder)
    for command in (stopped.arguments(scenario, tmp_path), ["compare", str(folder)], ["plot", str(folder)]):
        assert main(command) == 2
        assert "has run format 99; this version reads format 1" in capsys.readouterr().err
    assert stopped.contents(folder) == before


@pytest.mark.parametrize("name", ["replications.parquet", "scenario.resolved.yaml"])
@pytest.mark.parametrize("change", ["changed", "missing"])
def test_a_changed_file(
    name: str, change: str, scenario: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = finished / name
    if change == "changed":
        file.write_bytes(file.read_bytes() + b" ")
    else:
        file.unlink()
    assert main(stopped.arguments(scenario, tmp_path)) == 2
    told = capsys.readouterr().err
    assert f"{name} {'was changed since the run' if change == 'changed' else 'is missing'}" in told
    assert "--force" in told


def test_resume_and_force_exclude_each_other(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["run", str(scenario), "--resume", "--force"])
    assert "not allowed with argument" in capsys.readouterr().err


def die(task: int) -> int:
    if task == 0 and parent_process() is not None:
        os._exit(9)
    return task


def test_a_killed_worker_is_told() -> None:
    with pytest.raises(SimulationError, match="a worker process was killed"):
        list(Processes(2).map(die, range(6)))


def who(task: int) -> int:
    time.sleep(0.02)
    return os.getpid()


def test_the_first_process_works_while_the_others_start() -> None:
    done = dict(Processes(2).map(who, range(40)))
    assert sorted(done) == list(range(40))
    assert done[0] != os.getpid() in done.values()
    assert len(set(done.values())) == 2
    assert len(set(dict(Processes(3).map(who, range(2))).values())) == 2  # of two tasks one is for each


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are started anew")
def test_a_process_with_threads_is_not_copied() -> None:
    """A lock that a thread holds would stay shut in the copy."""
    over = threading.Event()
    beside = threading.Thread(target=over.wait)
    beside.start()
    try:
        assert way_to_start() == "spawn"
    finally:
        over.set()
        beside.join()


def test_a_replay_names_what_makes_it_the_same(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sim.study.experiment as experiment

    def failing(*of: object) -> None:
        raise ZeroDivisionError("made to fail")

    monkeypatch.setattr(experiment, "check_conservation", failing)
    changed = ["--seed", "8", "--replications", "2", "--workers", "1"]
    assert main(stopped.arguments(scenario, tmp_path, *changed)) == 3
    told = capsys.readouterr().err
    assert f"replay it: bordersim --debug run {scenario} --replication 1 --replications 2 --seed 8\n" in told


def test_a_chunk_that_a_power_cut_left_short_is_made_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path, {})
    for first in (0, 3):
        journal.keep("baseline", first, np.ones((3, 5)))
    damaged = tmp_path / "baseline-3-6.npy"
    damaged.write_bytes(damaged.read_bytes()[:-8])
    (tmp_path / "baseline-6-9.npy").touch()
    assert Journal(tmp_path, {}).missing("baseline", 9) == [(3, 9)]
