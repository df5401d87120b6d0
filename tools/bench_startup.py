"""How long the program takes to start: `--help` and `check` of the README's scenario, in fresh processes.

    python tools/bench_startup.py

prints the median beside the target of each. It measures and judges nothing: a slow or busy machine is no failure.
A command that does not work is one.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 11


@dataclass(frozen=True)
class Start:
    """A command line and the seconds it should take at most."""

    arguments: tuple[str, ...]
    target: float


STARTS = (
    Start(("--help",), 0.3),
    Start(("check", "scenarios/pacific-highway-southbound.yaml"), 0.6),
)


def seconds(arguments: Sequence[str]) -> float:
    """Wall time of `bordersim ARGUMENTS` in a process of its own.

    Raises:
        RuntimeError: the command failed; carries what it said.
    """
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "sim", *arguments], cwd=ROOT, capture_output=True, text=True)
    took = time.perf_counter() - began
    if done.returncode != 0:
        raise RuntimeError(
            f"bordersim {' '.join(arguments)} ended with status {done.returncode}: {done.stderr.strip()}"
        )
    return took


def median(arguments: Sequence[str], runs: int = RUNS) -> float:
    """Median wall time over `runs` starts."""
    return statistics.median(seconds(arguments) for _ in range(runs))


def table(rows: Sequence[tuple[Start, float]]) -> str:
    """Target and measured seconds of each command, one line each under a header."""
    names = [f"bordersim {' '.join(start.arguments)}" for start, _ in rows]
    width = max(map(len, (*names, "command")))
    lines = [f"{'command':<{width}}  target s  median s"]
    for name, (start, measured) in zip(names, rows, strict=True):
        lines.append(f"{name:<{width}}  {start.target:8.2f}  {measured:8.2f}")
    return "\n".join(lines)


def main() -> int:
    """Measure every command and print the table."""
    print(table([(start, median(start.arguments)) for start in STARTS]))
    print(f"median of {RUNS} fresh processes each, on this machine as busy as it is now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
