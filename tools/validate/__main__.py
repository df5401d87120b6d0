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

from . import northbound, southbound
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
    arguments = parser.parse_args()
    effort = QUICK if arguments.quick else FULL
    began = time.monotonic()
    try:
        hours, days = southbound_hours(arguments.folder), northbound_days(arguments.folder)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    prepare()
    with Workers(arguments.workers) as workers:
        south = southbound.run(hours, workers, effort.years, effort.sweeps)
        print(f"southbound done, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        north = northbound.run(days, workers, effort.northbound, effort.sweeps)
        print(f"northbound done, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    tables = blocks(south, north)
    print("\n\n".join(tables.values()))
    if not arguments.quick:
        for path in (write(tables), *draw(south, north, PAGE.parent / "figures")):
            print(f"written: {path.relative_to(PAGE.parents[1])}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
