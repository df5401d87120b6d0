"""Load a scenario, and run it."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sim import scenario
from sim.api.finished import RESULTS, Run
from sim.engine import REFERENCE
from sim.engine.rules import Rule
from sim.errors import UsageError
from sim.scenario import Study

Policy = str | Path | Sequence[str | Path]
"""One policy or several: files, or names of those that come with the program."""


def load(
    path: str | Path,
    *,
    replications: int | None = None,
    seed: int | None = None,
    precision: str | None = None,
    policy: Policy = (),
) -> Study:
    """Read, resolve and check a scenario with its variants; what policies leave as it is comes as Python warnings.

    Args:
        path: the scenario file.
        replications: instead of the scenario's number.
        seed: instead of the scenario's master seed.
        precision: as many replications as make the measures so precise, such as `"5 %"`, instead of a number.
        policy: each adds a variant of its name, which `run` and `compare` run without being asked.

    Raises:
        ScenarioError: the file, a table it names or a policy has faults; all of them are told.
        UsageError: a number is out of range, or there is no such policy.
    """
    policies = [policy] if isinstance(policy, str | Path) else policy
    study = scenario.load(
        path, replications=replications, seed=seed, precision=precision, policy=[str(one) for one in policies]
    )
    for note in study.notes:
        warnings.warn(note, stacklevel=2)
    return study


def run(
    source: str | Path | Study,
    variants: str | Sequence[str] | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    precision: str | None = None,
    policy: Policy = (),
    out: str | Path = RESULTS,
    workers: int | None = 1,
    engine: str = "auto",
    cluster: str | None = None,
    rule: Rule | None = None,
    visits: bool = False,
    force: bool = False,
    progress: bool = False,
) -> Run:
    """Run a scenario, or find the run where it stands finished; a run that was stopped goes on.

    Args:
        source: a scenario file, or what `load` made of one.
        variants: names of variants or sweeps to run beside the baseline; `"all"` for all of them, None for none but
            those that policies made.
        replications, seed, precision, policy: as `load` takes them, where `source` is a file.
        out: folder of results.
        workers: processes, None for as many as pay; the numbers do not depend on it. A script that asks for more than
            one needs the guard `if __name__ == "__main__":`, as every program that starts processes this way.
        engine: `auto`, `compiled` or `reference`; the numbers do not depend on it.
        cluster: address of the scheduler of a Dask cluster that does the work instead; the numbers do not depend on it.
        rule: steers the booths (`Rule`), on the reference engine and in this process; such a run is always made anew,
            in a folder of its own.
        visits: also write one row per visit.
        force: run again even when finished.
        progress: show a bar on a terminal.

    Returns:
        The run; what is probably not meant in the scenario, and a precision that was not reached, come as Python
        warnings.

    Raises:
        ScenarioError: the scenario has faults, or does not fit in memory.
        UsageError: an argument is at fault.
        RunFolderError: results cannot be written, or were changed.
        SimulationError: replications failed; the others are kept for the next attempt.
    """
    from sim.study import runs
    from sim.study.kept import going_on, telling_what_is_kept
    from sim.study.preflight import check_memory, for_a_run, warnings_of

    given = {"replications": replications, "seed": seed, "precision": precision, "policy": policy}
    study = _chosen(_study(source, given), variants)
    _check_arguments(workers, engine, cluster, rule)
    check_memory(study, workers or os.cpu_count() or 1, engine=REFERENCE if rule is not None else engine)
    for warning in for_a_run(warnings_of(study)):
        warnings.warn(str(warning), stacklevel=2)
    if rule is not None:
        from sim.study import ruled

        with telling_what_is_kept(ruled.folder_of(study, Path(out), rule), ""), _bar(study, progress) as advance:
            return Run(ruled.run(study, Path(out), rule, visits=visits, advance=advance))
    folder = runs.folder_of(study, Path(out))
    again = going_on(study, folder, force=force, python=True)
    with telling_what_is_kept(folder, again), _place(cluster, workers) as hands, _bar(study, progress) as advance:
        folder, _ = runs.run(
            study,
            Path(out),
            engine=engine,
            workers=hands,
            force=force,
            visits=visits,
            advance=advance,
            note=_tell_a_warning,
        )
    return Run(folder)


def _study(source: str | Path | Study, given: dict[str, Any]) -> Study:
    stated = {name: value for name, value in given.items() if value is not None and value != ()}
    if not isinstance(source, Study):
        return load(source, **stated)
    if stated:
        name = next(iter(stated))
        raise UsageError(f"the study is loaded already: sim.load({str(source.path)!r}, {name}=...) sets its {name}")
    return source


def _chosen(study: Study, variants: str | Sequence[str] | None) -> Study:
    from sim.study.runs import select

    if variants == "all":
        return select(study, None)
    names = [] if variants is None else [variants] if isinstance(variants, str) else variants
    return select(study, [*study.chosen(names), *study.policies])


def _tell_a_warning(note: str) -> None:
    """A remark of a run goes on as a Python warning where it is one."""
    mark = "warning: "
    if note.startswith(mark):
        warnings.warn(note.removeprefix(mark), stacklevel=2)


def _check_arguments(workers: int | None, engine: str, cluster: str | None, rule: Rule | None) -> None:
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise UsageError(f"workers is a whole number of 1 or more, found {workers!r}")
    if cluster is not None and workers != 1:
        raise UsageError("give workers or cluster: the work is done here or there")
    if rule is None:
        return
    if not isinstance(rule, Rule):
        hint = (
            f"write {rule.__name__}()"
            if isinstance(rule, type) and issubclass(rule, Rule)
            else "a subclass of sim.Rule"
        )
        raise UsageError(f"rule is an instance of a subclass of sim.Rule, found {rule!r}; {hint}")
    if workers != 1 or cluster is not None:
        raise UsageError("a rule runs in this process: leave workers and cluster out")
    if engine == "compiled":
        raise UsageError("a rule runs on the reference engine: leave engine out")


@contextlib.contextmanager
def _place(cluster: str | None, workers: int | None) -> Iterator[int | None]:
    """Where the work is done while the block runs; yields how many do it, None for as many as pay."""
    if cluster is None:
        yield workers
        return
    from sim.study.cluster import connected
    from sim.study.executors import using

    with connected(cluster) as there, using(there):
        yield there.threads


@contextlib.contextmanager
def _bar(study: Study, wanted: bool) -> Iterator[Any]:
    from sim.report.progress import progress

    total = study.baseline.most_replications * (1 + len(study.variants))
    with progress(total, study.baseline.name, quiet=not wanted) as advance:
        yield advance
