"""Replications on a Dask cluster of real processes: the same bytes, also when workers are killed."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stopped_runs as stopped

from sim.cli import main
from sim.errors import SimulationError, UsageError
from sim.study import cluster as adapter
from sim.study import runs
from sim.study.cluster import connected
from sim.study.executors import map_unordered, using

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def dask() -> Iterator[Any]:
    """A scheduler in this process and two workers in processes of their own."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    ) as started:
        yield started


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stopped.write_scenario(tmp_path_factory.mktemp("scenario"))


@pytest.fixture(scope="module")
def serial(scenario: Path) -> dict[str, bytes]:
    """The files of the run in this process."""
    assert main(stopped.arguments(scenario, scenario.parent / "serial", "--workers", "1")) == 0
    return stopped.contents(stopped.run_folder(scenario, scenario.parent / "serial"))


def square(number: int) -> int:
    return number * number


class DiesOnce:
    """Takes its worker with it the first time it comes to a number."""

    def __init__(self, marker: Path, at: int) -> None:
        self.marker, self.at = marker, at

    def __call__(self, number: int) -> int:
        if number == self.at and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number


def dies_at_two(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


# ---- runs -------------------------------------------------------------------------------------------------


def test_the_same_bytes(dask: Any, scenario: Path, serial: dict[str, bytes], tmp_path: Path) -> None:
    assert main(stopped.arguments(scenario, tmp_path, "--cluster", dask.scheduler_address)) == 0
    assert stopped.contents(stopped.run_folder(scenario, tmp_path)) == serial


def test_the_same_bytes_with_a_worker_killed(
    dask: Any, scenario: Path, serial: dict[str, bytes], tmp_path: Path
) -> None:
    """Killed as soon as the first results are there; another worker does what it had."""
    victims = [worker.process.pid for worker in dask.workers.values()][:1]
    killed = []

    def kill(finished: int) -> None:
        if finished and victims:
            os.kill(victims[0], signal.SIGKILL)
            killed.append(victims.pop())

    from sim.scenario import load

    with connected(dask.scheduler_address) as there, using(there):
        folder, fresh = runs.run(load(scenario), tmp_path, engine="reference", advance=kill)
    assert fresh
    assert killed
    assert stopped.contents(folder) == serial


def test_visits_travel_too(dask: Any, scenario: Path, tmp_path: Path) -> None:
    few = ["--visits", "--replications", "2"]
    assert main(stopped.arguments(scenario, tmp_path / "far", *few, "--cluster", dask.scheduler_address)) == 0
    assert main(stopped.arguments(scenario, tmp_path / "here", *few, "--workers", "1")) == 0
    far, here = (
        {path.name: path.read_bytes() for path in (tmp_path / where).rglob("visits/*")} for where in ("far", "here")
    )
    assert len(far) == 4
    assert far == here


def test_a_failed_replication_leaves_the_others(
    dask: Any, scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Workers report a failure as this process would."""
    from sim.scenario import load
    from sim.study.journal import Journal

    plan = Failing(**vars(runs.experiment(load(scenario), "reference")))
    with connected(dask.scheduler_address) as there, using(there):
        failures = plan.run(Journal(tmp_path, {}))
    assert [(failure.variant, failure.replication) for failure in failures] == [("baseline", 4), ("busy", 4)]
    assert "made to fail" in str(failures[0])
    assert len(list(tmp_path.glob("*.npy"))) == stopped.REPLICATIONS - 2


class Failing(runs.Experiment):
    """Replication 4 fails."""

    def simulate(self, variant: str, replication: int) -> Any:
        if replication == 4:
            raise ZeroDivisionError("made to fail")
        return super().simulate(variant, replication)


# ---- the adapter ------------------------------------------------------------------------------------------


def test_every_task_has_its_result(dask: Any) -> None:
    tasks = range(50)
    with connected(dask.scheduler_address) as there, using(there):
        found = list(map_unordered(square, tasks))
    assert sorted(found) == [(number, number * number) for number in tasks]


def test_a_task_of_a_killed_worker_is_done_by_another(dask: Any, tmp_path: Path) -> None:
    marker = tmp_path / "died"
    with connected(dask.scheduler_address) as there:
        found = dict(there.map(DiesOnce(marker, 5), range(12)))
    assert marker.exists()
    assert found == {number: number * number for number in range(12)}


def test_a_task_that_kills_every_worker_is_told(dask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask.scheduler, "allowed_failures", 0)
    with connected(dask.scheduler_address) as there:
        assert list(there.map(square, [7])) == [(7, 49)]
        with pytest.raises(SimulationError, match=r"1 tasks took worker after worker .* the first 2"):
            list(there.map(dies_at_two, [2]))
        assert list(there.map(square, [8])) == [(8, 64)], "the cluster itself goes on"


def test_no_task_at_all(dask: Any) -> None:
    with connected(dask.scheduler_address) as there:
        assert list(there.map(square, [])) == []


def test_another_version_on_a_worker_is_refused(dask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of another numpy could differ in the last bit."""
    other = {**adapter.versions(), "numpy": "1.0"}
    monkeypatch.setattr(adapter, "versions", lambda: other)
    with connected(dask.scheduler_address) as there, pytest.raises(UsageError, match=r"where this run has numpy 1[.]0"):
        list(there.map(square, [1]))


def test_a_worker_without_the_program_is_told(dask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("only_in_this_process")
    exec("def work(task):\n    return task", vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert pickle.loads(pickle.dumps(module.work))(1) == 1
    with connected(dask.scheduler_address) as there, pytest.raises(UsageError, match="lacks the module 'only_in"):
        list(there.map(module.work, [1]))


def test_an_error_of_the_work_is_its_own(dask: Any) -> None:
    with connected(dask.scheduler_address) as there, pytest.raises(ZeroDivisionError):
        list(there.map(divide, [1, 0]))


def divide(number: int) -> float:
    return 1 / number


def test_a_cluster_that_goes_away_is_told() -> None:
    found = list[int]()

    def closing(short_lived: Any) -> None:
        with connected(short_lived.scheduler_address) as there:
            for number, _ in there.map(square, range(10_000)):
                found.append(number)
                if len(found) == 4:
                    short_lived.close()

    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as short_lived,
        pytest.raises(SimulationError, match="went away"),
    ):
        closing(short_lived)
    assert 4 <= len(found) < 10_000


# ---- what a user gets wrong -------------------------------------------------------------------------------


def test_without_dask_the_command_that_installs_it_is_printed(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(stopped.arguments(scenario, tmp_path, "--cluster", "tcp://127.0.0.1:8786")) == 2
    assert 'install it with: pip install "bordersim[cluster]"\n' in capsys.readouterr().err


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "http://127.0.0.1:1"])
def test_nobody_answers(address: str) -> None:
    with (
        pytest.raises(UsageError, match=f"no Dask scheduler answers at {address} "),
        connected(address, answers_within=0.5),
    ):
        pass


def test_a_cluster_without_workers() -> None:
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=50) as empty,
        pytest.raises(UsageError, match="has no workers"),
        connected(empty.scheduler_address, workers_within=0.2),
    ):
        pass


def test_workers_and_cluster_exclude_each_other(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ["--workers", "2", "--cluster", "tcp://127.0.0.1:8786"]
    assert main(stopped.arguments(scenario, tmp_path, *both)) == 2
    assert "--workers and --cluster exclude each other" in capsys.readouterr().err
