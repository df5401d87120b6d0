"""`python -m tools.validate FOLDER`: fit, score, print the tables, write docs/validation.md and its figures."""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sim.errors import UserError
from sim.study.runs import prepare
from tools import marked_page

from . import figures_irregular, irregular, northbound, protocol, southbound
from .data import northbound_days, southbound_hours
from .figures import draw
from .fit import SWEEPS
from .page import PAGE, blocks, write
from .workers import Workers


@dataclass(frozen=True)
class Effort:
    """How much is simulated."""

    sweeps: int
    years: int
    """Replications of the scored year southbound, each of which holds some four of every weekday and month."""
    northbound: int


FULL = Effort(SWEEPS, years=10, northbound=12)
QUICK = Effort(sweeps=0, years=1, northbound=2)


def main() -> int:
    """Do all of it; a model that scores badly is a result, not a failure."""
    parser = argparse.ArgumentParser(prog="python -m tools.validate", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the published files named in docs/data.md")
    parser.add_argument("--quick", action="store_true", help="no fit, few replications, printed and not written")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)")
    what = "what is validated: waits at ports, irregular flows (default: both)"
    parser.add_argument("--part", choices=("ports", "irregular"), help=what)
    arguments = parser.parse_args()
    try:
        tables = {} if arguments.part == "irregular" else _ports(arguments)
        if arguments.part != "ports":
            tables |= irregular.blocks(forecasts := irregular.run(arguments.folder))
            if not arguments.quick:
                drawn = figures_irregular.draw(forecasts, arguments.folder, PAGE.parent / "figures")
                print(f"written: {drawn.relative_to(PAGE.parents[1])}", file=sys.stderr)
            tables |= protocol.blocks(protocol.run(2 if arguments.quick else None))
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    print("\n\n".join(tables.values()))
    if not arguments.quick:
        written = marked_page.write(PAGE, "validate", tables, only=True) if arguments.part else write(tables)
        print(f"written: {written.relative_to(PAGE.parents[1])}", file=sys.stderr)
    return 0


def _ports(arguments: argparse.Namespace) -> dict[str, str]:
    """Tables of the waits at ports; draws their figures."""
    effort = QUICK if arguments.quick else FULL
    began = time.monotonic()
    hours, days = southbound_hours(arguments.folder), northbound_days(arguments.folder)
    prepare()
    with Workers(arguments.workers) as workers:
        south = southbound.run(hours, workers, effort.years, effort.sweeps)
        print(f"southbound done, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        north = northbound.run(days, workers, effort.northbound, effort.sweeps)
        print(f"northbound done, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    if not arguments.quick:
        for path in draw(south, north, PAGE.parent / "figures"):
            print(f"written: {path.relative_to(PAGE.parents[1])}", file=sys.stderr)
    return blocks(south, north)


if __name__ == "__main__":
    sys.exit(main())
