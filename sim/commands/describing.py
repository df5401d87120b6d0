"""What `new`, `schema`, `ports`, `check` and `show` do: nothing is run."""

from __future__ import annotations

import json
import math
import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.commands.shared import console, json_of, load_study
from sim.errors import ScenarioError, UsageError
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    from sim.errors import Fault
    from sim.registry import Entry
    from sim.scenario.cautions import Caution


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
    if arguments.map is not None:
        return _map(arguments)
    if text in registry.ids() and arguments.near is None:
        sys.stdout.write(json_of(details(text)) if arguments.json else describe(text))
        return 0
    found = _entries(text, arguments.near)
    if arguments.json:
        rows = [summary(each) | ({} if km is None else {"km": round(km, 1)}) for km, each in found]
        sys.stdout.write(json_of(rows))
        return 0
    wide = console()
    wide.width = max(wide.width, WIDEST_TABLE)  # better a folded line than names cut short
    wide.print(ports_table(found))
    print(
        f"{len(found)} of {len(registry.ids())} entries; parties a day, lanes for cars + for trucks. "
        "`bordersim ports ID` prints all"
    )
    return 0


def _map(arguments: Namespace) -> int:
    from sim.report.figures_map import save_ports_maps

    if arguments.text or arguments.near is not None or arguments.json:
        raise UsageError("--map draws the whole registry: leave the rest out")
    try:
        files = save_ports_maps(Path(arguments.map))
    except OSError as error:
        raise UsageError(f"{arguments.map}: {error.strerror or error}") from error
    count = sum(file.suffix == ".png" for file in files)
    print(f"{count} maps (PNG, SVG, and the numbers drawn as CSV) in {arguments.map}")
    return 0


NEAREST = 10
"""Entries that `ports --near` lists."""

WIDEST_TABLE = 100
"""Characters that `ports` needs for every column."""


def _entries(text: str, near: str | None) -> list[tuple[float | None, Entry]]:
    """Entries that hold the words, nearest first when a place is given, with their distance in km."""
    from sim import registry

    found = registry.search(text)
    if not found:
        found = registry.search_most(text)
        if not found:
            close = registry.nearest_word(text)
            raise UsageError(f"no entry holds '{text}'{f'; did you mean {close!r}?' if close else ''}")
        print(f"no entry holds all of '{text}'; the nearest:", file=sys.stderr)
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

    study = load_study(arguments)
    name = arguments.variant or next(iter(study.policies), None)
    whole = name is None or arguments.full
    if arguments.only is not None and (arguments.json or not whole):
        raise UsageError("--only goes with the whole scenario as YAML: without --json, and with --full for a variant")
    only = arguments.only  # of a wrong name either refuses to speak
    text = resolved(study, name, only) if whole or name is None else show_differences(study, name)
    if arguments.json:
        said: dict[str, object] = {"variant": name or BASELINE}
        if name is not None:
            said["differences"] = [asdict(one) for one in differences(study, name)]
        name = name or BASELINE
        said |= {"scenario": study.trees[name], "origins": study.origins[name]}
        text = json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    sys.stdout.write(text)
    return 0
