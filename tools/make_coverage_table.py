"""Measure how often the intervals and the selection of `compare` hold, and write it to docs/comparing.md.

    python -m tools.make_coverage_table [--experiments N] [--print]

simulates the two queues of `tools/coverage_worlds.py` (about 400,000 days each for 4,000 experiments, more than ten
minutes of one core), applies the functions that `compare` uses, and puts the tables into the page.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import special

from sim.study.baddays import bad_days
from sim.study.estimators import mean_interval, outer_interval, simultaneous_level
from sim.study.selection import select_best
from sim.study.simultaneous import joint_level
from tools import marked_page
from tools.coverage_worlds import MEASURES, WORLDS, FloatArray, World, pool

PAGE, KIND = Path(__file__).resolve().parents[1] / "docs" / "comparing.md", "coverage"
EXPERIMENTS, MOST = 4000, 100
"""Experiments per cell, and the most replications of one."""
SLOW = 4
"""The bootstrap of bad days is held against so many times fewer experiments."""
DRAWS = 4000
"""Normal vectors per experiment, a fifth of what `compare` draws."""
LEVEL = 0.95
KN_DAYS = 500
WORDS = {"wait_mean": "mean", "wait_p95": "p95", "over_standard_share": "share over"}
CHANGES = ("one-more-booth", "demand-up-2")


class Cell(NamedTuple):
    """What one row of a table says: names, then shares of experiments that held."""

    names: tuple[str, ...]
    shares: tuple[float, ...]
    experiments: int


def cut(days: FloatArray, experiments: int, n: int) -> FloatArray:
    """(n, experiments, ...): the first days of a pool as experiments of n replications."""
    return days[: experiments * n].reshape(experiments, n, *days.shape[1:]).swapaxes(0, 1)


def single(world: World, days: FloatArray, experiments: int) -> list[Cell]:
    """Coverage of one interval: Student's, and that of `mean_interval`."""
    cells = []
    names = [change.name for change in world.changes]
    for n in (10, 30, 100):
        for what in ("baseline", *CHANGES):
            at = names.index(what)
            values = days[:, at] if what == "baseline" else days[:, at] - days[:, 0]
            truth, samples = values.mean(axis=0), cut(values, experiments, n)
            mean, error = samples.mean(axis=0), samples.std(axis=0, ddof=1) / math.sqrt(n)
            student = np.abs(mean - truth) <= special.stdtrit(n - 1, 0.5 + LEVEL / 2.0) * error
            here = mean_interval(samples, LEVEL)
            held = (here.low <= truth) & (truth <= here.high)
            for m in (0, 1):
                label = what if what == "baseline" else f"difference, {what}"
                shares = (float(student[:, m].mean()), float(held[:, m].mean()))
                cells.append(Cell((world.name, str(n), label, WORDS[MEASURES[m]]), shares, experiments))
    return cells


def families(world: World, days: FloatArray, experiments: int) -> list[Cell]:
    """How often all intervals of a family hold: Bonferroni's, and those of `joint_level`; and the ratio of widths."""
    cells = []
    changes = len(world.changes) - 1
    for n in (10, 30, 100):
        for measures in (2, 3):
            values = (days[:, 1:, :measures] - days[:, :1, :measures]).reshape(len(days), -1)
            truth, samples = values.mean(axis=0), cut(values, experiments, n)
            plain = outer_interval(samples, simultaneous_level(values.shape[1], LEVEL))
            held, ratios = [], []
            for e in range(experiments):
                own = outer_interval(samples[:, e], joint_level(samples[:, e], LEVEL, DRAWS))
                held.append(bool(((own.low <= truth) & (truth <= own.high)).all()))
                ratios.append(float((own.high - own.low).sum() / (plain.high[e] - plain.low[e]).sum()))
            bonferroni = float(((plain.low <= truth) & (truth <= plain.high)).all(axis=1).mean())
            names = (world.name, str(n), f"{changes} variants x {measures} measures")
            cells.append(Cell(names, (bonferroni, float(np.mean(held)), float(np.mean(ratios))), experiments))
    return cells


def bad(world: World, days: FloatArray, experiments: int) -> list[Cell]:
    """Coverage of the difference of the 90 % day and of the mean over the baseline's worst days."""
    cells = []
    names = [change.name for change in world.changes]
    for n in (30, 100):
        for what in CHANGES:
            for m in (0, 1):
                mine, base = days[:, names.index(what), m], days[:, 0, m]
                border = np.quantile(base, 0.9)
                quantile = float(np.quantile(mine, 0.9) - border)
                worst = float((mine - base)[base >= border].mean())
                found = [bad_days(mine[e * n : (e + 1) * n], base[e * n : (e + 1) * n]) for e in range(experiments)]
                shares = (
                    float(np.mean([f.quantile.low <= quantile <= f.quantile.high for f in found])),
                    float(np.mean([f.worst.low <= worst <= f.worst.high for f in found])),
                )
                cells.append(Cell((world.name, str(n), what, WORDS[MEASURES[m]]), shares, experiments))
    return cells


def selections(world: World, days: FloatArray, experiments: int) -> list[Cell]:
    """How often KN ends with the best, keeps it when cut short at 50, and how often nobody is worse than said.

    Means are moved so that one contender is better than all others by exactly the zone, the hardest case; the zone is
    a third of the largest standard deviation of a difference.
    """
    cells = []
    rng = np.random.default_rng(2001)
    contenders = len(world.changes)
    for m in (0, 1):
        values = days[:, :, m] - days[:, :, m].mean(axis=0)
        zone = float((values[:, 1:] - values[:, :1]).std(axis=0).max() / 3.0)
        for best in (0, 1):
            moved = values + np.where(np.arange(contenders) == best, 0.0, zone)
            right = kept = bounded = 0
            for _ in range(experiments):
                sample = moved[rng.integers(0, len(moved), KN_DAYS)]
                right += select_best(sample, zone).best == best
                short = select_best(sample[:50], zone)
                kept += best in short.survivors
                bounded += all(b >= zone or c == best for c, b in enumerate(short.at_most_worse))
            shares = (right / experiments, kept / experiments, bounded / experiments)
            cells.append(Cell((world.name, WORDS[MEASURES[m]], world.changes[best].name), shares, experiments))
    return cells


TABLES = {
    "single": (single, ("queue", "n", "of", "measure", "Student", "here"), 1),
    "families": (families, ("queue", "n", "rows", "Bonferroni", "here", "width / Bonferroni's"), 1),
    "bad": (bad, ("queue", "n", "variant", "measure", "90 % day", "worst days"), SLOW),
    "kn": (selections, ("queue", "measure", "best", "best chosen", "best kept at 50", "bound holds at 50"), 1),
}
RATIOS = frozenset({"width / Bonferroni's"})


def markdown(columns: Sequence[str], cells: Sequence[Cell]) -> str:
    """A table; shares in per cent."""
    lines = [f"| {' | '.join(columns)} |", f"|{'|'.join('---' for _ in columns)}|"]
    for cell in cells:
        heads = columns[len(cell.names) :]
        numbers = [
            f"{x:.2f}" if head in RATIOS else f"{100.0 * x:.1f}" for head, x in zip(heads, cell.shares, strict=True)
        ]
        lines.append(f"| {' | '.join((*cell.names, *numbers))} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=EXPERIMENTS, help="per cell")
    parser.add_argument("--print", action="store_true", help="print the tables, write nothing")
    given = parser.parse_args(arguments)
    found: dict[str, list[Cell]] = {name: [] for name in TABLES}
    for world in WORLDS:
        days = pool(world, given.experiments * MOST)
        for name, (measure, _, share) in TABLES.items():
            found[name] += measure(world, days, max(given.experiments // share, 1))
            print(f"{world.name}: {name} measured", file=sys.stderr)
    tables = {name: markdown(columns, found[name]) for name, (_, columns, _) in TABLES.items()}
    if given.print:
        print("\n\n".join(tables.values()))
    else:
        marked_page.write(PAGE, KIND, tables, only=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
