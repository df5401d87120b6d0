"""What `plot`, `report` and `sensitivity` do."""

from __future__ import annotations

import contextlib
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from sim.commands.quickly import collecting, leave_out_what_is_seldom_used
from sim.commands.shared import (
    console,
    further_runs,
    json_of,
    load_file,
    load_study,
    look_ahead,
    note_to,
    only_for_a_file,
    print_json,
    working_place,
)
from sim.errors import UsageError


def plot(arguments: Namespace) -> int:
    """Draw the figures of a run, or of a sensitivity study, into its folder."""
    leave_out_what_is_seldom_used()
    from sim.report.figures_tornado import is_study, save_tornado_figures

    if is_study(Path(arguments.path)) and not arguments.more:
        return _told(arguments, save_tornado_figures(arguments.path), Path(arguments.path))
    folder = _found(arguments)
    if arguments.more:
        return _several(arguments, folder)
    if arguments.warm_up:
        return _warm_up(arguments, folder)
    from sim.report.figures import save_figures

    return _told(arguments, save_figures(folder, arguments.only, note_to(arguments)), folder)


def _several(arguments: Namespace, first: Path) -> int:
    """Draw the forests of several runs."""
    from sim.report.figures_runs import save_forests_of_runs

    if arguments.warm_up:
        raise UsageError("--warm-up looks at one run")
    files, place = save_forests_of_runs([first, *further_runs(arguments)], arguments.only, note_to(arguments))
    return _told(arguments, files, place)


def _told(arguments: Namespace, files: list[Path], folder: Path) -> int:
    """Say what was written."""
    if not arguments.quiet:
        count = sum(file.suffix == ".png" for file in files)
        many = f"{count} figure{'' if count == 1 else 's'}"
        print(f"{many} (PNG, SVG, and the numbers drawn as CSV) in {folder / 'figures'}")
    return 0


def report(arguments: Namespace) -> int:
    """Write the page of a run into its folder."""
    leave_out_what_is_seldom_used()
    from sim.report.page import write_report

    folder = _found(arguments)
    file = write_report(folder)
    if arguments.json:
        sys.stdout.write(json_of({"run": str(folder), "report": str(file), "bytes": file.stat().st_size}))
    elif not arguments.quiet:
        print(f"{file}: open it in a browser; it needs nothing else")
    return 0


def _found(arguments: Namespace) -> Path:
    """The run folder that is meant: the one named, or that of a scenario file."""
    from sim.study.runs import find

    path = Path(arguments.path)
    if path.is_dir():
        only_for_a_file(arguments, ("replications", "precision", "seed"))
    return find(path, Path(arguments.out), lambda file: load_file(arguments, file))


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
    leave_out_what_is_seldom_used()
    from sim.engine import AUTO
    from sim.report.progress import progress
    from sim.study import sensitivity as study_of

    if arguments.precision is not None:
        raise UsageError("a sensitivity study has a fixed number of replications: --replications, not --precision")
    study = load_study(arguments).only(())
    look_ahead(arguments, study, keeps_bins=False, unsaid=("few-replications",))  # which make no intervals here
    with contextlib.ExitStack() as stack:
        bars = list[Callable[[int], None]]()
        workers = stack.enter_context(working_place(arguments))
        folder, fresh = study_of.run(
            study,
            Path(arguments.out),
            measures=arguments.measure,
            trajectories=arguments.trajectories,
            input_uncertainty=arguments.input_uncertainty,
            replications=arguments.replications,
            engine=arguments.engine or AUTO,
            workers=workers,
            force=arguments.force,
            advance=lambda count: bars[0](count),
            expect=lambda count: bars.append(
                collecting(stack.enter_context(progress(count, study.baseline.name, arguments.quiet)))
            ),
            note=note_to(arguments),
        )
    if arguments.json:
        print_json(folder, "sensitivity.csv")
    elif not arguments.quiet:
        from sim.report.sensitivity import tables

        for table in tables(folder):
            console().print(table, "")
        print(f"{'results in' if fresh else 'already there:'} {folder}")
    return 0
