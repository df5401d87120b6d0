"""What each command does, in terms of the packages below. Returns exit statuses, raises `BordersimError`s."""

from __future__ import annotations

import json
import math
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import RunFolderError, ScenarioError, UsageError

if TYPE_CHECKING:
    from sim.errors import Fault
    from sim.registry import Entry
    from sim.scenario import Study
    from sim.scenario.cautions import Caution


def new(arguments: Namespace) -> int:
    """List the worked examples, or copy one with its tables and the schema for editors."""
    from sim.scenario import examples

    if arguments.name is None:
        for example in examples.examples():
            print(f"{example.name}\n    {example.title}\n    shows: {example.shows}")
        print("\ncopy one with: bordersim new NAME")
        return 0
    file = examples.copy(examples.find(arguments.name), Path(arguments.to))
    print(f"{file} is yours to change; run it with its variants:\n\n    bordersim run {shlex.quote(str(file))} --all")
    return 0


def schema(arguments: Namespace) -> int:
    """Print the JSON Schema of what users write, or write it to a file: some shells redirect in another encoding."""
    from sim.scenario.editor_schema import text

    if arguments.out is None:
        sys.stdout.write(text())
        return 0
    try:
        Path(arguments.out).write_text(text(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {arguments.out}: {error.strerror}") from None
    return 0


def ports(arguments: Namespace) -> int:
    """List entries of the registry by words or by nearness; print all of one that is named by its id."""
    from sim import registry
    from sim.report.ports import describe, details, ports_table, summary

    text = " ".join(arguments.text)
    if text in registry.ids() and arguments.near is None:
        sys.stdout.write(_json_of(details(text)) if arguments.json else describe(text))
        return 0
    found = _entries(text, arguments.near)
    if arguments.json:
        rows = [summary(each) | ({} if km is None else {"km": round(km, 1)}) for km, each in found]
        sys.stdout.write(_json_of(rows))
        return 0
    from rich.console import Console

    console = Console(highlight=False)
    console.width = max(console.width, WIDEST_TABLE)  # better a folded line than names cut short
    console.print(ports_table(found))
    print(f"{len(found)} of {len(registry.ids())} entries, parties a day; `bordersim ports ID` prints all of one")
    return 0


NEAREST = 10
"""Entries that `ports --near` lists."""


def _entries(text: str, near: str | None) -> list[tuple[float | None, Entry]]:
    """Entries that hold the words, nearest first when a place is given, with their distance in km."""
    from sim import registry

    found = registry.search(text)
    if not found:
        close = registry.nearest_word(text)
        raise UsageError(f"no entry holds '{text}'{f'; did you mean {close!r}?' if close else ''}")
    if near is None:
        return [(None, each) for each in found]
    latitude, longitude = _position(near)
    ranked: list[tuple[float | None, Entry]] = list(registry.near(latitude, longitude, limit=len(registry.ids())))
    return [(km, each) for km, each in ranked if each in found][:NEAREST]


def _position(text: str) -> tuple[float, float]:
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        latitude = longitude = math.nan
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise UsageError(f"--near takes latitude,longitude in degrees, such as 49,-122, found {text}")
    return latitude, longitude


def _json_of(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def check(arguments: Namespace) -> int:
    """Report every fault and warning of a scenario; run nothing."""
    from sim.scenario import load
    from sim.study.preflight import check_memory, warnings_of

    try:
        study = load(Path(arguments.path))
        check_memory(study.only(()))  # what `run` does without --all; with it, it looks again
    except ScenarioError as error:
        if not arguments.json:
            raise
        _print_check(error.faults, ())
        return error.exit_status
    warnings = warnings_of(study)
    if arguments.json:
        _print_check((), warnings)
    else:
        for warning in warnings:
            print(warning)
        variants = f" and {len(study.variants)} variants" if study.variants else ""
        count = f"; {len(warnings)} warning{'s' if len(warnings) != 1 else ''}" if warnings else ""
        print(f"{arguments.path}: no faults in the scenario{variants}{count}")
    return STRICT if arguments.strict and warnings else 0


STRICT = 2
"""Exit status of `check --strict` where there are warnings: as for faults."""


def _print_check(faults: Sequence[Fault], warnings: Sequence[Caution]) -> None:
    """Faults and warnings as JSON, each with the keys of its class."""
    from dataclasses import asdict

    found = {"faults": [asdict(fault) for fault in faults], "warnings": [asdict(warning) for warning in warnings]}
    print(json.dumps(found, ensure_ascii=False, indent=1))


def show(arguments: Namespace) -> int:
    """Print the resolved scenario with the origin of each value."""
    from sim.scenario import show as resolved

    study = _load(arguments)
    text = resolved(study, arguments.variant)  # refuses a variant that does not exist
    if arguments.json:
        name = arguments.variant or "baseline"
        said = {"variant": name, "scenario": study.trees[name], "origins": study.origins[name]}
        text = json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    sys.stdout.write(text)
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


def _look_ahead(arguments: Namespace, study: Study, workers: int) -> None:
    """Refuse what does not fit in memory, and say what is probably not meant, before anything is drawn."""
    from sim.study.preflight import check_memory, for_a_run, warnings_of

    check_memory(study, workers)
    if not arguments.quiet:
        for warning in for_a_run(warnings_of(study)):
            print(warning, file=sys.stderr)


def _run(arguments: Namespace, study: Study) -> tuple[Path, bool]:
    from sim.report.progress import progress
    from sim.study import runs

    _look_ahead(arguments, study, _workers(arguments) or os.cpu_count() or 1)
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
    from sim.study.preflight import check_memory
    from sim.study.runs import replay

    variants = arguments.variant or ["baseline"]
    if arguments.all or len(variants) > 1:
        raise UsageError("--replication replays one variant: name at most one with --variant")
    check_memory(study)
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


def _workers(arguments: Namespace) -> int | None:
    """Processes asked for; None for as many as pay."""
    if arguments.workers is None:
        return None
    if arguments.workers < 1:
        raise UsageError(f"--workers takes a whole number of 1 or more, found {arguments.workers}")
    return int(arguments.workers)


WIDEST_TABLE = 100
"""Characters that `ports` needs for every column."""
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
