"""What each command does, in terms of the packages below. Returns exit statuses, raises `BordersimError`s."""

from __future__ import annotations

import json
import math
import os
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import RunFolderError, UsageError

if TYPE_CHECKING:
    from sim.scenario import Study


def check(arguments: Namespace) -> int:
    """Report every fault of a scenario; run nothing."""
    from sim.scenario import load

    study = load(Path(arguments.path))
    variants = f" and {len(study.variants)} variants" if study.variants else ""
    print(f"{arguments.path}: no faults in the scenario{variants}")
    return 0


def show(arguments: Namespace) -> int:
    """Print the resolved scenario with the origin of each value."""
    from sim.scenario import show as resolved

    sys.stdout.write(resolved(_load(arguments), arguments.variant))
    return 0


def run(arguments: Namespace) -> int:
    """Run a scenario into its folder and print the table a planner reads."""
    study = _chosen(arguments)
    if arguments.replication is not None:
        return _replay(arguments, study)
    folder, fresh = _run(arguments, study)
    if arguments.json:
        _print_json(folder, "summary.csv")
    elif not arguments.quiet:
        from rich.console import Console

        from sim.report.tables import summary_table

        Console(highlight=False).print(summary_table(folder))
        print(f"{'results in' if fresh else 'already run:'} {folder}")
    return 0


def compare(arguments: Namespace) -> int:
    """Print how the variants differ from the baseline; run them first when needed."""
    path = Path(arguments.path)
    if path.is_dir():
        from sim.study.store import verify

        _only_for_a_file(arguments, ("variant", "all", "replications", "seed", "force", "workers"))
        verify(path)
        folder = path
    else:
        if arguments.variant is None:
            arguments.all = True
        folder, _ = _run(arguments, _chosen(arguments))
    if not (folder / "comparison.csv").exists():
        raise RunFolderError(f"{folder} has no variants to compare; run the scenario with --all or --variant NAME")
    if arguments.json:
        _print_json(folder, "comparison.csv")
    elif not arguments.quiet:
        from rich.console import Console

        from sim.report.tables import comparison_table

        Console(highlight=False).print(comparison_table(folder))
        print(f"all differences in {folder / 'comparison.csv'}")
    return 0


def plot(arguments: Namespace) -> int:
    """Draw the figures of a run into its folder."""
    from sim.scenario import load
    from sim.study.runs import find

    path = Path(arguments.path)
    out = Path(arguments.out)
    if path.is_dir():
        _only_for_a_file(arguments, ("replications", "seed"))
    folder = find(path, out, lambda file: load(file, replications=arguments.replications, seed=arguments.seed))
    from sim.report.figures import save_figures

    files = save_figures(folder)
    if not arguments.quiet:
        pictures = [file for file in files if file.suffix == ".png"]
        print(f"{len(pictures)} figures (PNG, SVG, and the numbers drawn as CSV) in {folder / 'figures'}")
    return 0


def _only_for_a_file(arguments: Namespace, flags: tuple[str, ...]) -> None:
    """Refuse flags that say how to run, where a run folder was given that stands already."""
    if given := [flag for flag in flags if getattr(arguments, flag, None)]:
        raise UsageError(f"{arguments.path} is a finished run: --{given[0]} goes with a scenario file")


def _load(arguments: Namespace) -> Study:
    from sim.scenario import load

    return load(Path(arguments.path), replications=arguments.replications, seed=arguments.seed)


def _chosen(arguments: Namespace) -> Study:
    from sim.study.runs import select

    return select(_load(arguments), None if arguments.all else (arguments.variant or []))


def _run(arguments: Namespace, study: Study) -> tuple[Path, bool]:
    from sim.report.progress import progress
    from sim.study import runs

    total = study.baseline.replications * (1 + len(study.variants))
    with progress(total, study.baseline.name, arguments.quiet) as advance:
        return runs.run(
            study,
            Path(arguments.out),
            engine=arguments.engine,
            workers=_workers(arguments),
            force=arguments.force,
            visits=getattr(arguments, "visits", False),
            advance=advance,
            note=_note(arguments),
        )


def _replay(arguments: Namespace, study: Study) -> int:
    from sim.study.runs import replay

    variants = arguments.variant or ["baseline"]
    if arguments.all or len(variants) > 1:
        raise UsageError("--replication replays one variant: name at most one with --variant")
    folder = replay(study, Path(arguments.out), variants[0], arguments.replication, engine=arguments.engine)
    if arguments.json:
        _print_json(folder, "measures.csv")
    elif not arguments.quiet:
        print(folder / "measures.csv")
        print(folder / "visits.parquet")
    return 0


def _note(arguments: Namespace) -> Callable[[str], None]:
    """Where a remark on what takes time goes: to standard error, nowhere when quiet."""
    return lambda text: None if arguments.quiet else print(text, file=sys.stderr)


def _workers(arguments: Namespace) -> int:
    if arguments.workers is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if arguments.workers < 1:
        raise UsageError(f"--workers takes a whole number of 1 or more, found {arguments.workers}")
    return int(arguments.workers)


TEXT_COLUMNS = {"variant", "baseline", "facility", "station", "class", "measure", "unit"}
WHOLE_COLUMNS = {"replication", "replications"}


def _print_json(folder: Path, table: str) -> None:
    """One table of the run and where it stands; blank and infinite numbers as null."""
    import csv

    with (folder / table).open(encoding="utf-8", newline="") as file:
        rows = [{name: _value(name, text) for name, text in row.items()} for row in csv.DictReader(file)]
    print(json.dumps({"run": str(folder), "rows": rows}, ensure_ascii=False, indent=1, allow_nan=False))


def _value(column: str, text: str) -> str | float | int | None:
    if column in TEXT_COLUMNS:
        return text
    number = float(text) if text else math.nan
    if not math.isfinite(number):
        return None
    return int(number) if column in WHOLE_COLUMNS else number
