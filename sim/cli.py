"""The command line: verbs only. What a verb does stands in `sim.commands`, imported when it is used."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from sim.process import NO_PLACE, leave_with, say, unwritten

if TYPE_CHECKING:
    from sim.errors import ReplicationError

EPILOG = """\
exit status: 0 done; 1 a fault of the program; 2 faults in what was given; 3 a replication failed; 130 interrupted
example:     bordersim run scenarios/pacific-highway-southbound.yaml --all
"""


def program() -> NoReturn:
    """`main` in a process of its own, which ends with it."""
    leave_with(main)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. No traceback reaches a user without `--debug`.

    Without `argv` it is the program itself, in a process of its own, and may set that up for a quick start.
    """
    arguments = None
    try:
        if argv is None:
            _start_quickly()
        arguments = parser().parse_args(argv)
        return run_command(arguments)
    except (Exception, KeyboardInterrupt) as error:
        if arguments is not None and arguments.debug:
            raise
        return _told(error, arguments)


def _told(error: BaseException, arguments: argparse.Namespace | None) -> int:
    """Say what stopped a command; the exit status that it has."""
    from sim.errors import BordersimError, IncompleteRunError, ReplicationError, ScenarioError

    status = error.exit_status if isinstance(error, BordersimError) else 1
    match error:
        case BrokenPipeError():  # the reader of our output went away, as in `bordersim show ... | head`
            return 0
        case ScenarioError():
            count = len(error.faults)
            say(f"{error}\n{count} fault{'s' if count != 1 else ''}; nothing was run")
        case ReplicationError() if arguments:
            _tell_failures(arguments, [error])
        case IncompleteRunError() if arguments:
            _tell_failures(arguments, error.failures)
            if error.again:
                say(error.again)
        case BordersimError():
            say(f"bordersim: {error}")
        case KeyboardInterrupt():
            say("; ".join(["bordersim: interrupted", *getattr(error, "__notes__", ())]))
            return 130
        case OSError() if error.filename is None and error.errno in NO_PLACE:
            say(unwritten(error))
            return 2
        case _:  # a fault of ours: say so in one line, keep the details for --debug
            say(f"bordersim: internal error: {type(error).__name__}: {error}; `--debug` shows where")
    return status


def _start_quickly() -> None:
    """Leave out what takes time and is of no use while everything is loaded, and when it is let go.

    All that is imported stays to the end: looking through it for garbage takes a tenth of the start, and as long
    again when the process ends. Commands that work on afterwards call `sim.commands.quickly.collect_again`.
    """
    gc.disable()
    atexit.register(gc.freeze)
    settle()


def settle() -> None:
    """Tell libraries that are not loaded yet what suits this work, unless the environment says otherwise.

    Pydantic need not look for plugins among all that is installed. Matrices here are small, and BLAS need not start
    a thread for each core. Arrays are written once and read a few times in order, which huge pages do not make faster,
    while a virtual machine may take seconds for a gigabyte of them that it has not handed out lately.
    """
    for name, value in (
        ("PYDANTIC_DISABLE_PLUGINS", "__all__"),
        ("OPENBLAS_NUM_THREADS", "1"),
        ("NUMPY_MADVISE_HUGEPAGE", "0"),
    ):
        os.environ.setdefault(name, value)


class _Version(argparse.Action):
    """Say which version this is; what is installed is looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version

        print(f"{parser.prog} {version(parser.prog)}")
        parser.exit()


MOST_TOLD = 5
"""Failed replications told one by one."""


def _tell_failures(arguments: argparse.Namespace, failures: Sequence[ReplicationError]) -> None:
    """Each failed replication with the command that runs it alone."""
    from sim.scenario.vocabulary import BASELINE

    for error in failures[:MOST_TOLD]:
        say(f"bordersim: {error}")
        which = "" if error.variant == BASELINE else f" --variant {error.variant}"
        path = shlex.quote(str(arguments.path))
        replay = f"bordersim --debug run {path} --replication {error.replication}{which}{_how(arguments)}"
        say(f"replay it: {replay}")
    if len(failures) > MOST_TOLD:
        say(f"and {len(failures) - MOST_TOLD} more")


def _how(arguments: argparse.Namespace) -> str:
    """The flags without which another replication, or none, would be replayed."""
    many, precision = getattr(arguments, "replications", None), getattr(arguments, "precision", None)
    seed = getattr(arguments, "seed", None)
    seed = getattr(arguments, "drawn_seed", None) if seed is None else seed
    said = ["--precision", precision] if precision else [] if many is None else ["--replications", str(many)]
    for name in getattr(arguments, "policy", None) or ():
        said += ["--policy", str(name)]
    if seed is not None:
        said += ["--seed", str(seed)]
    return "".join(f" {shlex.quote(word)}" for word in said)


def run_command(arguments: argparse.Namespace) -> int:
    """Hand the arguments to the command of that name."""
    from sim import commands

    status: int = getattr(commands, arguments.command.replace("-", "_"))(arguments)
    return status


def parser() -> argparse.ArgumentParser:
    """The arguments of every command."""
    top = argparse.ArgumentParser(
        prog="bordersim",
        description="Simulate border crossings: run scenario files, compare policy variants, plot results.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    top.add_argument("--debug", action="store_true", help="show the traceback of an error")
    verbs = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    new = verbs.add_parser("new", help="list the worked examples, or copy one to start from")
    new.add_argument("name", metavar="NAME", nargs="?", help="the example to copy (default: list them)")
    new.add_argument("--list", action="store_true", help="list the policies too, which apply to any scenario")
    new.add_argument("--to", metavar="FOLDER", default=".", help="folder to copy it to (default: this one)")

    check = verbs.add_parser("check", help="every fault and warning with file:line:column, nothing run")
    _scenario(check)
    check.add_argument("--strict", action="store_true", help="exit status 2 also where there are only warnings")
    check.add_argument("--json", action="store_true", help="print faults and warnings as JSON")

    show = verbs.add_parser("show", help="the resolved scenario, and where each value came from")
    _scenario(show)
    group = show.add_mutually_exclusive_group()
    group.add_argument("--variant", metavar="NAME", help="what this variant has otherwise than the baseline")
    group.add_argument("--policy", metavar="FILE|NAME", help="what a policy changes; `new --list` has them")
    show.add_argument("--only", metavar="KEY", help="what stands below this key alone, such as lanes or traffic")
    show.add_argument("--full", action="store_true", help="all of the variant, not only what differs")
    show.add_argument("--json", action="store_true", help="print the values and their origins as JSON")
    _overrides(show)

    run = verbs.add_parser("run", help="replications of the baseline and of variants, written to a run folder")
    _scenario(run)
    _which(run)
    run.add_argument("--replication", metavar="K", type=int, help="replay replication K alone (from 0)")
    run.add_argument("--visits", action="store_true", help="also write one row per visit (parquet)")
    run.add_argument(
        "--checklist", action="store_true", help="also write the STRESS-DES reporting checklist, filled from the run"
    )
    _running(run)

    compare = verbs.add_parser("compare", help="differences of variants from the baseline, with paired intervals")
    compare.add_argument("path", metavar="FILE|RUN", help="a scenario file (run first when needed) or a run folder")
    compare.add_argument("more", metavar="RUN", nargs="*", help="run folders of the same days to compare with as well")
    _what(compare)
    _which(compare)
    _running(compare)

    plot = verbs.add_parser("plot", help="figures of a run (PNG and SVG), with the table behind each")
    what = "a run folder, or the scenario file it was run from; or the folder of a sensitivity study (tornado)"
    plot.add_argument("path", metavar="FILE|RUN", help=what)
    further = "further runs of the same days: forests of all against the baseline of the first, and no other figure"
    plot.add_argument("more", metavar="RUN", nargs="*", help=further)
    kinds = "only this kind: day, wait, heat, lanes, flow, programmes, ... (repeatable; default: all)"
    plot.add_argument("--only", metavar="KIND", action="append", default=[], help=kinds)
    plot.add_argument("--warm-up", action="store_true", help="of a run that settles: how long its start takes (Welch)")
    _overrides(plot)
    _out(plot)
    _quiet(plot)

    report = verbs.add_parser(
        "report", help="one HTML page of a run: answers, figures, tables, assumptions, provenance"
    )
    report.add_argument("path", metavar="FILE|RUN", help="a run folder, or the scenario file it was run from")
    _overrides(report)
    _out(report)
    _quiet(report)
    report.add_argument("--json", action="store_true", help="print where the page is as JSON")

    sensitivity = verbs.add_parser("sensitivity", help="which inputs that are not known for sure matter, and how much")
    _scenario(sensitivity)
    usual = "repeatable (default: wait_mean; of irregular flows alone persons and persons_intercepted)"
    sensitivity.add_argument("--measure", metavar="NAME", action="append", default=[], help=usual)
    sensitivity.add_argument(
        "--trajectories", metavar="N", type=int, default=10, help="Morris trajectories (default: 10), 2 or more"
    )
    carried = "also intervals that carry the uncertainty of the inputs, by N draws of them"
    sensitivity.add_argument("--input-uncertainty", metavar="N", type=int, help=carried)
    _running(sensitivity)

    _fit_flow(
        verbs.add_parser("fit-flow", help="base rate, season and drivers of irregular flows, from monthly counts")
    )

    ports = verbs.add_parser("ports", help="the registry of ports of entry: a list to search, or all of one entry")
    ports.add_argument("text", metavar="TEXT", nargs="*", help="words to search for, or the id of an entry")
    ports.add_argument("--near", metavar="LAT,LON", help="the nearest to this place, such as 49,-122")
    ports.add_argument(
        "--map", metavar="FOLDER", help="draw maps of ports, airports and what is between ports into a folder"
    )
    ports.add_argument("--json", action="store_true", help="print the result as JSON")

    schema = verbs.add_parser("schema", help="the JSON Schema of scenario files, for editors")
    schema.add_argument("--out", metavar="FILE", help="write it to a file (default: print it)")
    return top


def _scenario(command: argparse.ArgumentParser) -> None:
    command.add_argument("path", metavar="FILE", help="a scenario file (YAML)")


def _fit_flow(command: argparse.ArgumentParser) -> None:
    command.add_argument("path", metavar="DATA", help="CSV file: year, month, province, interceptions")
    usual = "repeatable (default: all but Total)"
    command.add_argument("--province", metavar="P", action="append", default=[], help=usual)
    command.add_argument(
        "--hold-back", metavar="N|A..B", help="months to forecast and not to fit, as in 2022-07..2022-12"
    )
    dated = "a driver, as in surge=2017-07-01 or surge=2017-07-01:pulse:60 d (repeatable)"
    command.add_argument("--break", metavar="NAME=DATE", dest="given", action="append", default=[], help=dated)
    where = "known: dated changes of rule (default); find: also search for breaks; none: neither"
    command.add_argument("--breaks", default="known", choices=("known", "find", "none"), help=where)
    command.add_argument("--complete", action="store_true", help="only figures that the file calls complete")
    command.add_argument("--out", metavar="FILE", help="write the scenario to this file")
    chance = "probability of detection to write, as in 35%% or 20%%..60%% (default: 100%%, those intercepted alone)"
    command.add_argument("--detect", metavar="SHARE", help=chance)
    command.add_argument("--group-size", metavar="N", type=float, default=1.0, help="persons in a group (default: 1)")
    command.add_argument("--force", action="store_true", help="write over a file that stands there")
    command.add_argument("--json", action="store_true", help="print the fit as JSON")


def _which(command: argparse.ArgumentParser) -> None:
    group = command.add_mutually_exclusive_group()
    group.add_argument("--variant", metavar="NAME", action="append", help="also this variant (repeatable)")
    group.add_argument("--all", action="store_true", help="all variants of the scenario")
    policy = "also what a policy makes of the scenario (repeatable; `new --list` names those there are)"
    command.add_argument("--policy", metavar="FILE|NAME", action="append", default=[], help=policy)


def _what(command: argparse.ArgumentParser) -> None:
    usual = "waits and the standard at ports; what counts at halls and of irregular flows"
    command.add_argument(
        "--measure", metavar="NAME", action="append", default=[], help=f"repeatable (default: {usual})"
    )
    command.add_argument(
        "--class", metavar="C", dest="klass", action="append", default=[], help="only this (repeatable)"
    )
    command.add_argument("--facility", metavar="F", action="append", default=[], help="only this (repeatable)")
    command.add_argument("--station", metavar="S", action="append", default=[], help="default: whole facilities")
    zone = "difference not worth detecting, with its unit (repeatable; default: '1 min' and '1 %%')"
    command.add_argument("--indifference", metavar="D", action="append", default=[], help=zone)


def _overrides(command: argparse.ArgumentParser) -> None:
    many = command.add_mutually_exclusive_group()
    many.add_argument("--replications", metavar="N", type=int, help="instead of the scenario's number")
    many.add_argument(
        "--precision", metavar="P", help="as many replications as make the measures so precise, as in 5%%"
    )
    command.add_argument("--seed", metavar="S", type=int, help="instead of the scenario's master seed")


def _running(command: argparse.ArgumentParser) -> None:
    _overrides(command)
    command.add_argument("--engine", choices=("auto", "compiled", "reference"), help="default: auto")
    command.add_argument("--workers", metavar="N", type=int, help="processes (default: as many as pay); same numbers")
    command.add_argument("--cluster", metavar="ADDRESS", help="work on this Dask cluster instead; same numbers")
    again = command.add_mutually_exclusive_group()
    again.add_argument("--force", action="store_true", help="run again even when the run stands finished")
    again.add_argument("--resume", action="store_true", help="go on with a stopped run; running again does so anyway")
    _out(command)
    _quiet(command)
    command.add_argument("--json", action="store_true", help="print the result as JSON")


def _out(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", metavar="DIR", default="results", help="folder of results (default: results)")


def _quiet(command: argparse.ArgumentParser) -> None:
    command.add_argument("--quiet", action="store_true", help="print nothing but errors")


if __name__ == "__main__":
    program()
