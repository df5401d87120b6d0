"""bins.parquet is written while replications still run, and is the same file as one written when they are over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import pytest
import stopped_runs as stopped

from sim.errors import IncompleteRunError
from sim.scenario import Study, load
from sim.study import alongside, runs
from sim.study import experiment as experiments
from sim.study.executors import way_to_start
from sim.study.store import MANIFEST

pytestmark = pytest.mark.skipif(
    experiments.cores() == 1 or way_to_start() != "fork", reason="nothing is written alongside here"
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    path = stopped.write_scenario(tmp_path_factory.mktemp("scenario"))
    path.write_text(path.read_text(encoding="utf-8").replace("horizon: 2 h", "horizon: 2 h\nbin: 30 min"))
    return load(path)


@pytest.fixture(scope="module")
def one_by_one(study: Study, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the run in one process."""
    folder, _ = runs.run(study, tmp_path_factory.mktemp("one"), engine="reference", workers=1)
    return stopped.contents(folder)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str | None]]:
    """What the other process gave, run by run, where few replications are many; none of them outlives its run."""
    found, honest = list[str | None](), alongside._put

    def put(*of: object) -> str | None:
        found.append(honest(*of))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(alongside, "MANY", 1)
    monkeypatch.setattr(alongside, "_put", put)
    yield found
    assert stopped.wait_for(lambda: not active_children(), 10.0)


def files_of(study: Study, out: Path, **how: object) -> dict[str, bytes]:
    folder, _ = runs.run(study, out, engine="reference", workers=2, **how)  # type: ignore[arg-type]
    return stopped.contents(folder)


def test_the_same_file(study: Study, one_by_one: dict[str, bytes], tmp_path: Path, given: list[str | None]) -> None:
    assert files_of(study, tmp_path) == one_by_one
    assert given[0] is not None
    assert given[0] in one_by_one[MANIFEST].decode()


@pytest.mark.parametrize("how", ["fails", "is killed"])
def test_a_writer_that_fails_is_replaced(
    how: str,
    study: Study,
    one_by_one: dict[str, bytes],
    tmp_path: Path,
    given: list[str | None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def failing(*of: object) -> str:
        if how == "fails":
            raise OSError(28, "No space left on device")
        os._exit(9)

    monkeypatch.setattr(alongside, "write_table", failing)
    assert files_of(study, tmp_path) == one_by_one
    assert given == [None]
    assert capfd.readouterr() == ("", "")


def test_a_run_that_goes_on(
    study: Study, one_by_one: dict[str, bytes], tmp_path: Path, given: list[str | None]
) -> None:
    """Some chunks stand there from the beginning, in one variant or both."""

    for _ in range(3):
        told = list[int]()

        def stop(n: int, told: list[int] = told) -> None:
            told.append(n)
            if len(told) == 3:  # the first says what stands there
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            files_of(study, tmp_path, advance=stop)
        assert not active_children(), "they would hold the lock that who goes on needs"
    done: list[int] = []
    assert files_of(study, tmp_path, advance=done.append) == one_by_one
    assert 0 < done[0] < sum(done)
    assert given[-1] is not None


def test_a_replication_that_fails(
    study: Study, tmp_path: Path, given: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for what will never come."""
    honest = experiments.Experiment.simulate

    def failing(plan: experiments.Experiment, variant: str, replication: int) -> object:
        if replication == 3:
            raise ZeroDivisionError("made to fail")
        return honest(plan, variant, replication)

    monkeypatch.setattr(experiments.Experiment, "simulate", failing)
    with pytest.raises(IncompleteRunError):
        files_of(study, tmp_path)
    assert given == []


def test_few_replications_are_written_afterwards(
    study: Study, one_by_one: dict[str, bytes], tmp_path: Path, given: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alongside, "MANY", study.baseline.most_replications + 1)
    assert files_of(study, tmp_path) == one_by_one
    assert given == []


def test_replications_that_nobody_knows_the_number_of(study: Study, tmp_path: Path, given: list[str | None]) -> None:
    path = tmp_path / "precise.yaml"
    precise = "replications: {precision: 50 %, of: wait_mean, at_least: 4, at_most: 12}"
    path.write_text(study.path.read_text(encoding="utf-8").replace("replications: 12", precise))
    files_of(load(path), tmp_path)
    assert given == []
