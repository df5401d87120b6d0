"""What `run` and `compare` do."""

from __future__ import annotations

import json
import math
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.commands.quickly import collecting, leave_out_what_is_seldom_used
from sim.commands.shared import (
    console,
    further_runs,
    load_study,
    look_ahead,
    note_to,
    only_for_a_file,
    print_json,
    rows_of,
    working_place,
)
from sim.errors import UsageError
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    from sim.scenario import Study
    from sim.study.comparison import Comparison


HOW_TO_RUN = ("replications", "precision", "seed", "engine", "workers", "cluster", "force", "resume")
"""Flags that say how replications are made."""


def run(arguments: Namespace) -> int:
    """Run a scenario into its folder and print the table a planner reads."""
    leave_out_what_is_seldom_used()
    study = _chosen(arguments)
    if arguments.replication is not None:
        return _replay(arguments, study)
    folder, fresh = _run(arguments, study)
    if arguments.checklist:
        from sim.report.checklist import write_checklist

        written = write_checklist(folder)
        if not arguments.quiet and not arguments.json:
            print(f"reporting checklist in {written}")
    if arguments.json:
        print_json(folder, "summary.csv")
    elif not arguments.quiet:
        from sim.report.tables import summary_table

        console().print(summary_table(folder))
        _print_note([folder])
        print(f"{'results in' if fresh else 'already run:'} {folder}")
    return 0


def compare(arguments: Namespace) -> int:
    """Print how the variants differ from the baseline; run them first when needed."""
    leave_out_what_is_seldom_used()
    from sim.study import comparison_files
    from sim.study.comparison import compare_runs
    from sim.study.samples import Choice

    folders = _runs_to_compare(arguments)
    choice = Choice(*(tuple(getattr(arguments, name)) for name in ("measure", "klass", "facility", "station")))
    found = compare_runs(folders, choice, arguments.indifference)
    place = comparison_files.place_of(found.samples.folders)
    try:
        comparison_files.write(found, place)
    except OSError as error:  # a run on a read-only disk can be compared all the same
        print(f"bordersim: {place}: {error.strerror or error}; the tables are not written", file=sys.stderr)
    if arguments.json:
        print(_comparison_json(folders, found))
    elif not arguments.quiet:
        from sim.report.tables import comparison_table

        console().print(comparison_table(found))
        _print_note(folders)
        print(f"\nthese numbers in {place / 'comparison_*.csv'}")
        if len(folders) == 1:
            print(f"all differences in {folders[0] / 'comparison.csv'}")
    return 0


def _print_note(folders: Sequence[Path]) -> None:
    """What decides the waits of a port that is the registry's, under its table."""
    from rich.text import Text

    from sim.report.staffing_note import staffing_note

    if note := staffing_note(folders):
        console().print(Text(note))


def _runs_to_compare(arguments: Namespace) -> list[Path]:
    """The run folders that were named; the run of a scenario file, which is made when needed."""
    path = Path(arguments.path)
    others = further_runs(arguments)
    if path.is_dir():
        only_for_a_file(arguments, ("variant", "all", "policy", *HOW_TO_RUN))
        return [path, *others]
    if arguments.variant is None and not arguments.policy:
        arguments.all = True
    folder, _ = _run(arguments, _chosen(arguments))
    return [folder, *others]


def _comparison_json(folders: Sequence[Path], found: Comparison) -> str:
    """What was found by name of table; for one run also every row of comparison.csv, as `rows`."""
    from sim.study import comparison_files

    said: dict[str, object] = {"run": str(folders[0]), "runs": [str(folder) for folder in folders]}
    if len(folders) == 1:
        said["rows"] = rows_of(folders[0] / "comparison.csv")
    said |= {"method": found.method, "level": found.level, "row_level": found.row_level}
    for name, rows in comparison_files.tables(found).items():
        columns = comparison_files.TABLES[name]
        table = [dict(zip(columns, (_finite(cell) for cell in row), strict=True)) for row in rows]
        said[Path(name).stem] = table
    return json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False)


def _finite(cell: str | int | float) -> str | int | float | None:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _chosen(arguments: Namespace) -> Study:
    from sim.study.runs import select

    study = load_study(arguments)
    return select(study, None if arguments.all else [*study.chosen(arguments.variant or []), *study.policies])


def _run(arguments: Namespace, study: Study) -> tuple[Path, bool]:
    from sim.engine import AUTO
    from sim.report.progress import progress
    from sim.study import runs
    from sim.study.kept import going_on, telling_what_is_kept

    look_ahead(arguments, study)
    total = study.baseline.most_replications * (1 + len(study.variants))
    folder = runs.folder_of(study, Path(arguments.out))
    with (
        telling_what_is_kept(folder, going_on(study, folder, force=arguments.force)),
        working_place(arguments) as workers,
        progress(total, study.baseline.name, arguments.quiet) as advance,
    ):
        return runs.run(
            study,
            Path(arguments.out),
            engine=arguments.engine or AUTO,
            workers=workers,
            force=arguments.force,
            visits=getattr(arguments, "visits", False),
            advance=collecting(advance),
            note=note_to(arguments),
        )


def _replay(arguments: Namespace, study: Study) -> int:
    from sim.engine import AUTO
    from sim.study.preflight import check_memory
    from sim.study.runs import replay

    variants = arguments.variant or (list(study.policies) or [BASELINE])
    if arguments.all or len(variants) > 1:
        raise UsageError("--replication replays one variant: name at most one with --variant")
    engine = arguments.engine or AUTO
    check_memory(study, engine=engine)
    folder = replay(study, Path(arguments.out), variants[0], arguments.replication, engine=engine)
    if arguments.json:
        print_json(folder, "measures.csv")
    elif not arguments.quiet:
        print(folder / "measures.csv")
        print(folder / "visits.parquet")
    return 0
