"""The files of a run folder as they are read: with pandas, which takes long to load, only where tables are wanted."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import RunFolderError

if TYPE_CHECKING:
    import pandas as pd

SPREAD = ("mean", "ci_low", "ci_high", "day_p10", "day_p50", "day_p90", "replications")
DIFFERENCE = (
    "difference",
    "ci_low",
    "ci_high",
    "ci_low_simultaneous",
    "ci_high_simultaneous",
    "crn_variance_ratio",
    "replications",
)
SCOPE = ("variant", "facility", "station", "class")
NAMES = {
    "summary.csv": (*SCOPE, "measure", "unit"),
    "series.csv": (*SCOPE, "measure", "unit"),
    "comparison.csv": ("variant", "baseline", "facility", "station", "class", "measure", "unit"),
    "wait_distribution.csv": ("variant", "facility", "class"),
}
NUMBERS = {
    "summary.csv": SPREAD,
    "series.csv": ("bin_start", *SPREAD),
    "comparison.csv": DIFFERENCE,
    "wait_distribution.csv": ("wait_min", "survival_mean", "survival_low", "survival_high"),
}
"""Columns of texts, and of numbers, of each file."""


def read_manifest(path: Path) -> Mapping[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunFolderError(f"{path.parent} is no run folder: it has no {path.name}") from None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    missing = [key for key in ("scenario", "start", "horizon_minutes") if key not in manifest]
    if missing:
        raise RunFolderError(f"{path} is damaged: it lacks {', '.join(missing)}")
    return dict(manifest)


def read_table(path: Path, *, required: bool = True) -> pd.DataFrame:
    """One CSV file as a table.

    Names are never taken for missing values (a port may be called `null`); blank numbers are NaN.
    """
    import pandas as pd

    names, numbers = NAMES[path.name], NUMBERS[path.name]
    if not path.exists():
        if required:
            raise RunFolderError(f"{path.parent} is no finished run: it has no {path.name}")
        return pd.DataFrame(columns=[*names, *numbers])
    try:
        table = pd.read_csv(
            path,
            dtype=dict.fromkeys(names, str) | dict.fromkeys(numbers, float),
            keep_default_na=False,
            na_values={column: ["", "nan"] for column in numbers},
            usecols=lambda column: column in (*names, *numbers),
        )
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    _check_columns(path, list(table.columns))
    return table


def read_summary(path: Path) -> tuple[tuple[Any, ...], ...]:
    """The rows of summary.csv, their texts and then their numbers, as `read_table` reads them."""
    texts, numbers = NAMES[path.name], NUMBERS[path.name]
    if not path.exists():
        raise RunFolderError(f"{path.parent} is no finished run: it has no {path.name}")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
        _check_columns(path, header)
        place = {name: header.index(name) for name in (*texts, *numbers)}
        return tuple(
            (*(row[place[name]] for name in texts), *(float(row[place[name]] or math.nan) for name in numbers))
            for row in rows
        )
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error


def _check_columns(path: Path, found: Sequence[str]) -> None:
    columns = (*NAMES[path.name], *NUMBERS[path.name])
    if missing := [column for column in columns if column not in found]:
        raise RunFolderError(f"{path} is damaged: it lacks the column {', '.join(missing)}")
