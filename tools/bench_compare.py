"""How long ten variants of Pacific Highway with 30 replications take from the command line: run and comparison.

    python -m tools.bench_compare

Each is a fresh process that finds compiled code on the disk, as a second use of the program does. Printed are the
median seconds by the clock and of processor time beside the target, on as many cores as there are. It measures and
judges nothing: a slow or busy machine is no failure.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sim.study.experiment import cores
from tools.bench.measure import as_installed
from tools.make_variants_table import ROOT, with_ten

TARGET = 6.0
"""Seconds by the clock for both, on two cores."""
RUNS = 3


@dataclass(frozen=True)
class Took:
    """Seconds of a command."""

    clock: float
    processor: float
    """Of all its processes."""


def took(*arguments: str) -> Took:
    """Run a command of the program in a process of its own.

    Raises:
        RuntimeError: it failed; carries what it said.
    """
    began, before = time.perf_counter(), _processor()
    words = [sys.executable, "-m", "sim", *arguments]
    done = subprocess.run(words, cwd=ROOT, env=as_installed(), capture_output=True, text=True)
    found = Took(time.perf_counter() - began, _processor() - before)
    if done.returncode:
        raise RuntimeError(f"bordersim {arguments[0]} failed: {done.stderr.strip()}")
    return found


def _processor() -> float:
    """Of the processes that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rounds(folder: Path, runs: int = RUNS) -> dict[str, list[Took]]:
    """What each command took, by name, in `runs` rounds after one that compiles."""
    file, out = str(with_ten(folder)), str(folder / "out")
    found: dict[str, list[Took]] = {"run": [], "compare": []}
    for _ in range(runs + 1):
        found["run"].append(took("run", file, "--all", "--force", "--replications", "30", "--out", out))
        (run,) = [path.parent for path in Path(out).rglob("manifest.json")]
        found["compare"].append(took("compare", str(run)))
    return {name: each[1:] for name, each in found.items()}


def table(found: dict[str, list[Took]]) -> str:
    """Medians, and their sum beside the target."""
    lines = [f"{'ten variants':<14}{'seconds':>9}{'processor':>11}   {cores()} cores"]
    sums = [0.0, 0.0]
    for name, each in found.items():
        clock, processor = (statistics.median(getattr(one, of) for one in each) for of in ("clock", "processor"))
        sums = [sums[0] + clock, sums[1] + processor]
        lines.append(f"{name:<14}{clock:>9.1f}{processor:>11.1f}")
    return "\n".join([*lines, f"{'both':<14}{sums[0]:>9.1f}{sums[1]:>11.1f}   target {TARGET:g}"])


def main() -> int:
    """Print the table; 0 always."""
    with tempfile.TemporaryDirectory() as scratch:
        print(table(rounds(Path(scratch))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
