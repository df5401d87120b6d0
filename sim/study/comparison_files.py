"""What `compare` leaves on disk: three small tables, described column by column in docs/results.md."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from sim.scenario.vocabulary import BASELINE
from sim.study.comparison import Comparison, Row
from sim.study.store import write_csv

_SCOPE = ("facility", "station", "class", "measure", "unit")
CHOSEN = (
    "variant", "baseline", *_SCOPE, "baseline_mean", "difference", "ci_low", "ci_high", "ci_low_simultaneous",
    "ci_high_simultaneous", "crn_correlation", "crn_variance_ratio", "replications", "replications_needed",
)  # fmt: skip
DAYS = (
    "variant", "baseline", *_SCOPE, "difference", "day_p90_difference", "day_p90_ci_low", "day_p90_ci_high",
    "worst_days", "worst_days_difference", "worst_days_ci_low", "worst_days_ci_high", "replications",
)  # fmt: skip
BEST = (
    *_SCOPE, "indifference", "contender", "mean", "survives", "best", "decided", "guarantee", "at_most_worse",
    "replications_used", "replications", "more_replications", "more_replications_at_most",
)  # fmt: skip
TABLES = {
    "comparison_chosen.csv": CHOSEN,
    "comparison_days.csv": DAYS,
    "comparison_best.csv": BEST,
}
Cell = str | int | float
"""Blank numbers are NaN."""


def place_of(folders: tuple[Path, ...]) -> Path:
    """Where the tables go: the run's folder; for several runs one of their own beside the first."""
    if len(folders) == 1:
        return folders[0]
    first = folders[0].resolve()
    return first.parent / "comparisons" / "+".join(folder.resolve().name for folder in folders)


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Write the tables; returns their paths.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables(comparison).items():
        write_csv(folder / name, TABLES[name], rows)
    return [folder / name for name in TABLES]


def tables(comparison: Comparison) -> dict[str, list[tuple[Cell, ...]]]:
    """Rows of each of `TABLES`."""
    return {
        "comparison_chosen.csv": [_chosen(row) for row in comparison.rows],
        "comparison_days.csv": [_days(row) for row in comparison.rows],
        "comparison_best.csv": list(_best(comparison)),
    }


def _chosen(row: Row) -> tuple[Cell, ...]:
    intervals = (row.difference, row.low, row.high, row.low_all, row.high_all)
    saved = (row.correlation, row.variance_ratio)
    needed = row.needed or math.nan
    return (row.variant, BASELINE, *row.key, row.baseline, *intervals, *saved, row.replications, needed)


def _days(row: Row) -> tuple[Cell, ...]:
    days = row.days
    bad = (*days.quantile, days.days, *days.worst)
    return (row.variant, BASELINE, *row.key, row.difference, *bad, row.replications)


def _best(comparison: Comparison) -> Iterator[tuple[Cell, ...]]:
    for best in comparison.best:
        found = best.selection
        for at, contender in enumerate(best.contenders):
            survives, first = at in found.survivors, at == found.best
            said = (_word(survives), _word(first), _word(found.decided), found.guarantee, found.at_most_worse[at])
            to_go = (math.nan if count is None else count for count in (found.more, found.more_at_most))
            counts = (found.used, found.replications, *to_go)
            yield (*best.key, found.zone, contender, best.means[at], *said, *counts)


def _word(yes: bool) -> str:
    return "yes" if yes else "no"
