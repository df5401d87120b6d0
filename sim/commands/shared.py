"""What several commands need: the scenario with what the command line says instead, workers, JSON."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from sim.scenario import Study


def load_study(arguments: Namespace) -> Study:
    return load_file(arguments, Path(arguments.path))


def load_file(arguments: Namespace, file: Path) -> Study:
    """A scenario file, with what the command line says instead."""
    from sim.scenario import load

    given = getattr(arguments, "policy", None) or ()
    study = load(
        file,
        replications=arguments.replications,
        seed=arguments.seed,
        precision=arguments.precision,
        policy=(given,) if isinstance(given, str) else given,
    )
    arguments.drawn_seed = study.drawn_seed  # the command that replays a replication has to name it
    if not getattr(arguments, "quiet", False):
        for note in study.notes:
            print(note, file=sys.stderr)
    return study


def only_for_a_file(arguments: Namespace, flags: tuple[str, ...]) -> None:
    """Refuse flags that say how to run, where a run folder was given that stands already."""
    values = {flag: getattr(arguments, flag, None) for flag in flags}
    if given := [flag for flag, value in values.items() if not (value is None or value is False or value == [])]:
        raise UsageError(f"{arguments.path} is a finished run: --{given[0]} goes with a scenario file")


def further_runs(arguments: Namespace) -> list[Path]:
    """The run folders named after the first, which alone may be a scenario file."""
    others = [Path(other) for other in arguments.more]
    for other in others:
        if not other.is_dir():
            raise UsageError(f"{other} is no run folder; only the first may be a scenario file")
    return others


def look_ahead(arguments: Namespace, study: Study, *, keeps_bins: bool = True, unsaid: tuple[str, ...] = ()) -> None:
    """Refuse what does not fit in memory, and say what is probably not meant, before anything is drawn.

    Args:
        arguments: of the command line.
        study: with the variants to be run.
        keeps_bins: as `check_memory` takes it.
        unsaid: names of warnings that do not hold here.
    """
    from sim.study.preflight import check_memory, for_a_run, warnings_of

    workers = 1 if arguments.cluster else workers_asked(arguments) or os.cpu_count() or 1
    check_memory(study, workers, keeps_bins=keeps_bins, engine=getattr(arguments, "engine", None))
    if not arguments.quiet:
        for warning in for_a_run(warnings_of(study)):
            if warning.name not in unsaid:
                print(warning, file=sys.stderr)


@contextlib.contextmanager
def working_place(arguments: Namespace) -> Iterator[int | None]:
    """Where the work is done while the block runs; yields how many do it, None for as many as pay."""
    if arguments.cluster is None:
        yield workers_asked(arguments)
        return
    if arguments.workers is not None:
        raise UsageError("--workers and --cluster exclude each other: the work is done here or there")
    from sim.study.cluster import connected
    from sim.study.executors import using

    with connected(arguments.cluster) as there, using(there):
        yield there.threads


def note_to(arguments: Namespace) -> Callable[[str], None]:
    """Where a remark on what takes time goes: to standard error, nowhere when quiet."""
    return lambda text: None if arguments.quiet else print(text, file=sys.stderr)


def workers_asked(arguments: Namespace) -> int | None:
    """Processes asked for; None for as many as pay."""
    if arguments.workers is None:
        return None
    if arguments.workers < 1:
        raise UsageError(f"--workers takes a whole number of 1 or more, found {arguments.workers}")
    return int(arguments.workers)


def console() -> Console:
    """What prints tables on standard output; says a `BrokenPipeError` where nobody reads them, as `print` does."""
    from rich import console as rich

    class Saying(rich.Console):
        def on_broken_pipe(self) -> None:
            """Not as rich has it, which ends the process with status 1."""
            raise

    return Saying(highlight=False)


def json_of(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


OF_INPUTS = {"input", "baseline_value", "low", "high", "origin"}

TEXT_COLUMNS = OF_INPUTS | {"variant", "baseline", "facility", "station", "class", "measure", "unit"}

WHOLE_COLUMNS = {"replication", "replications", "trajectories"}


def print_json(folder: Path, table: str) -> None:
    """One table of the run and where it stands; blank and infinite numbers as null."""
    said = {"run": str(folder), "rows": rows_of(folder / table)}
    print(json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False))


def rows_of(table: Path) -> list[dict[str, str | float | int | None]]:
    with table.open(encoding="utf-8", newline="") as file:
        return [{name: _value(name, text) for name, text in row.items()} for row in csv.DictReader(file)]


def _value(column: str, text: str) -> str | float | int | None:
    if column in TEXT_COLUMNS:
        return text
    number = float(text) if text else math.nan
    if not math.isfinite(number):
        return None
    return int(number) if column in WHOLE_COLUMNS else number
