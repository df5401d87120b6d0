"""What each command does, in terms of the packages below. Returns exit statuses, raises `BordersimError`s."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import ScenarioError, UsageError

if TYPE_CHECKING:
    from sim.errors import Fault
    from sim.registry import Entry
    from sim.scenario import Study
    from sim.scenario.cautions import Caution
    from sim.study.comparison import Comparison


def new(arguments: Namespace) -> int:
    """List the worked examples, or copy one with its tables and the schema for editors."""
    from sim.scenario import examples

    if arguments.name is None:
        for example in examples.examples():
            print(f"{example.name}\n    {example.title}\n    shows: {example.shows}")
        print("\ncopy one with: bordersim new NAME")
        if arguments.list:
            _print_policies()
        return 0
    file = examples.copy(examples.find(arguments.name), Path(arguments.to))
    print(f"{file} is yours to change; run it with its variants:\n\n    bordersim run {shlex.quote(str(file))} --all")
    return 0


def _print_policies() -> None:
    """The policies that come with the program."""
    from sim.scenario import policies

    print("\npolicies, which apply to any scenario:\n")
    for name in policies.names():
        print(f"{name}\n    {policies.read(policies.find(name)).title}")
    print("\ntry one with: bordersim run FILE --policy NAME")


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
    from sim.study.preflight import check_memory, check_precision, warnings_of

    try:
        study = load(Path(arguments.path))
        check_memory(study.only(()))  # what `run` does without --all; with it, it looks again
        check_precision(study)
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
    from dataclasses import asdict

    from sim.scenario import show as resolved
    from sim.scenario.show import differences, show_differences

    study = _load(arguments)
    name = arguments.variant or next(iter(study.policies), None)
    whole = name is None or arguments.full
    text = resolved(study, name) if whole or name is None else show_differences(study, name)  # a wrong name is refused
    if arguments.json:
        said: dict[str, object] = {"variant": name or "baseline"}
        if name is not None:
            said["differences"] = [asdict(one) for one in differences(study, name)]
        name = name or "baseline"
        said |= {"scenario": study.trees[name], "origins": study.origins[name]}
        text = json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    sys.stdout.write(text)
    return 0


def run(arguments: Namespace) -> int:
    """Run a scenario into its folder and print the table a planner reads."""
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
        _print_json(folder, "summary.csv")
    elif not arguments.quiet:
        from rich.console import Console

        from sim.report.tables import summary_table

        Console(highlight=False).print(summary_table(folder))
        print(f"{'results in' if fresh else 'already run:'} {folder}")
    return 0


def compare(arguments: Namespace) -> int:
    """Print how the variants differ from the baseline; run them first when needed."""
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
        from rich.console import Console

        from sim.report.tables import comparison_table

        Console(highlight=False).print(comparison_table(found))
        print(f"\nthese numbers in {place / 'comparison_*.csv'}")
        if len(folders) == 1:
            print(f"all differences in {folders[0] / 'comparison.csv'}")
    return 0


def _runs_to_compare(arguments: Namespace) -> list[Path]:
    """The run folders that were named; the run of a scenario file, which is made when needed."""
    path = Path(arguments.path)
    others = [Path(other) for other in arguments.more]
    for other in others:
        if not other.is_dir():
            raise UsageError(f"{other} is no run folder; only the first may be a scenario file")
    if path.is_dir():
        _only_for_a_file(arguments, ("variant", "all", "policy", "replications", "seed", "force", "workers", "cluster"))
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
        said["rows"] = _rows_of(folders[0] / "comparison.csv")
    said |= {"method": found.method, "level": found.level, "row_level": found.row_level}
    for name, rows in comparison_files.tables(found).items():
        columns = comparison_files.TABLES[name]
        table = [dict(zip(columns, (_finite(cell) for cell in row), strict=True)) for row in rows]
        said[Path(name).stem] = table
    return json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False)


def _finite(cell: str | int | float) -> str | int | float | None:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def plot(arguments: Namespace) -> int:
    """Draw the figures of a run into its folder."""
    from sim.study.runs import find

    path = Path(arguments.path)
    out = Path(arguments.out)
    if path.is_dir():
        _only_for_a_file(arguments, ("replications", "precision", "seed"))
    folder = find(path, out, lambda file: _load_file(arguments, file))
    if arguments.warm_up:
        return _warm_up(arguments, folder)
    from sim.report.figures import save_figures

    files = save_figures(folder)
    if not arguments.quiet:
        pictures = [file for file in files if file.suffix == ".png"]
        print(f"{len(pictures)} figures (PNG, SVG, and the numbers drawn as CSV) in {folder / 'figures'}")
    return 0


def _warm_up(arguments: Namespace, folder: Path) -> int:
    """Say how much of the start a run that settles should leave out, and draw what that is judged by."""
    from sim.report.figures_warmup import save_warm_up_figures, sentences
    from sim.scenario import load
    from sim.study.steady import check_settles

    check_settles(load(folder / "scenario.resolved.yaml"))
    found, _ = save_warm_up_figures(folder)
    if not arguments.quiet:
        for line in sentences(found):
            print(line)
        print(f"{len(found)} figure{'s' if len(found) != 1 else ''} (PNG, SVG, CSV) in {folder / 'figures'}")
    return 0


def sensitivity(arguments: Namespace) -> int:
    """Screen the uncertain inputs of a scenario and print those that matter most."""
    from sim.report.progress import progress
    from sim.study import sensitivity as study_of

    if arguments.precision is not None:
        raise UsageError("a sensitivity study has a fixed number of replications: --replications, not --precision")
    study = _load(arguments)
    with contextlib.ExitStack() as stack:
        bars = list[Callable[[int], None]]()
        workers = stack.enter_context(_place(arguments))
        folder, fresh = study_of.run(
            study,
            Path(arguments.out),
            measures=arguments.measure,
            trajectories=arguments.trajectories,
            input_uncertainty=arguments.input_uncertainty,
            replications=arguments.replications,
            engine=arguments.engine,
            workers=workers,
            force=arguments.force,
            advance=lambda count: bars[0](count),
            expect=lambda count: bars.append(
                stack.enter_context(progress(count, study.baseline.name, arguments.quiet))
            ),
            note=_note(arguments),
        )
    if arguments.json:
        _print_json(folder, "sensitivity.csv")
    elif not arguments.quiet:
        from rich.console import Console

        from sim.report.sensitivity import tables

        for table in tables(folder):
            Console(highlight=False).print(table, "")
        print(f"{'results in' if fresh else 'already there:'} {folder}")
    return 0


def _only_for_a_file(arguments: Namespace, flags: tuple[str, ...]) -> None:
    """Refuse flags that say how to run, where a run folder was given that stands already."""
    if given := [flag for flag in flags if getattr(arguments, flag, None)]:
        raise UsageError(f"{arguments.path} is a finished run: --{given[0]} goes with a scenario file")


def _load(arguments: Namespace) -> Study:
    return _load_file(arguments, Path(arguments.path))


def _load_file(arguments: Namespace, file: Path) -> Study:
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
    if not getattr(arguments, "quiet", False):
        for note in study.notes:
            print(note, file=sys.stderr)
    return study


def _chosen(arguments: Namespace) -> Study:
    from sim.study.runs import select

    study = _load(arguments)
    return select(study, None if arguments.all else [*study.chosen(arguments.variant or []), *study.policies])


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
    from sim.study.kept import telling_what_is_kept

    if study.origins["baseline"].get("seed") == "drawn":
        arguments.drawn_seed = study.baseline.seed  # a message on how to go on has to name it
    _look_ahead(arguments, study, 1 if arguments.cluster else _workers(arguments) or os.cpu_count() or 1)
    total = study.baseline.most_replications * (1 + len(study.variants))
    with (
        telling_what_is_kept(runs.folder_of(study, Path(arguments.out))),
        _place(arguments) as workers,
        progress(total, study.baseline.name, arguments.quiet) as advance,
    ):
        return runs.run(
            study,
            Path(arguments.out),
            engine=arguments.engine,
            workers=workers,
            force=arguments.force,
            visits=getattr(arguments, "visits", False),
            advance=advance,
            note=_note(arguments),
        )


@contextlib.contextmanager
def _place(arguments: Namespace) -> Iterator[int | None]:
    """Where the work is done while the block runs; yields how many do it, None for as many as pay."""
    if arguments.cluster is None:
        yield _workers(arguments)
        return
    if arguments.workers is not None:
        raise UsageError("--workers and --cluster exclude each other: the work is done here or there")
    from sim.study.cluster import connected
    from sim.study.executors import using

    with connected(arguments.cluster) as there, using(there):
        yield there.threads


def _replay(arguments: Namespace, study: Study) -> int:
    from sim.study.preflight import check_memory
    from sim.study.runs import replay

    variants = arguments.variant or (list(study.policies) or ["baseline"])
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
OF_INPUTS = {"input", "baseline_value", "low", "high", "origin"}
TEXT_COLUMNS = OF_INPUTS | {"variant", "baseline", "facility", "station", "class", "measure", "unit"}
WHOLE_COLUMNS = {"replication", "replications"}


def _print_json(folder: Path, table: str) -> None:
    """One table of the run and where it stands; blank and infinite numbers as null."""
    said = {"run": str(folder), "rows": _rows_of(folder / table)}
    print(json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False))


def _rows_of(table: Path) -> list[dict[str, str | float | int | None]]:
    import csv

    with table.open(encoding="utf-8", newline="") as file:
        return [{name: _value(name, text) for name, text in row.items()} for row in csv.DictReader(file)]


def _value(column: str, text: str) -> str | float | int | None:
    if column in TEXT_COLUMNS:
        return text
    number = float(text) if text else math.nan
    if not math.isfinite(number):
        return None
    return int(number) if column in WHOLE_COLUMNS else number
