"""What a sensitivity study found, as tables for people."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from sim.study.store import SENSITIVITY

if TYPE_CHECKING:
    from rich.table import Table

MOST_ROWS = 12
"""Inputs shown of each port and measure; the files have all of them."""
Row = dict[str, str]


def tables(folder: Path) -> Iterator[Table]:
    """For each port and measure the inputs that matter most, then intervals that carry input uncertainty, if any."""
    bars = {(*_key(row), row["input"]): row for row in _rows(folder / "tornado.csv")}
    said = json.loads((folder / SENSITIVITY).read_text(encoding="utf-8"))
    for (facility, measure, unit), rows in groupby(_rows(folder / "sensitivity.csv"), key=_key):
        yield _inputs(f"{facility}: {measure}, {unit}", list(rows), bars, said["trajectories"])
    carried = folder / "input_uncertainty.csv"
    if carried.exists():
        yield _carried(list(_rows(carried)))


def _key(row: Row) -> tuple[str, ...]:
    return row["facility"], row["measure"], row["unit"]


def _inputs(title: str, rows: list[Row], bars: dict[tuple[str, ...], Row], trajectories: int) -> Table:
    from rich.table import Table

    counts = sorted(int(row["trajectories"]) for row in rows)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("input", overflow="fold")
    for name in ("range", "at low", "at high", "mu*", "sigma"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows[:MOST_ROWS]:
        bar = bars[(*_key(row), row["input"])]
        numbers = [_number(text) for text in (bar["at_low"], bar["at_high"], row["mu_star"], row["sigma"])]
        name = row["input"].removeprefix(f"ports.{row['facility']}.")
        table.add_row(name, f"{row['low']} to {row['high']}", *numbers)
    said = [f"and {len(rows) - MOST_ROWS} inputs that matter less"] if len(rows) > MOST_ROWS else []
    if counts[0] < trajectories:
        many = " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
        said.append(f"effects of {many} of {trajectories} trajectories: in the others nobody had it")
    table.caption = "; ".join(said) or None
    return table


def _carried(rows: list[Row]) -> Table:
    from rich.table import Table

    table = Table(title="with the uncertainty of the inputs", title_justify="left", box=None, pad_edge=False)
    table.add_column("measure", overflow="fold")
    for name in ("baseline", "95 %, days", "95 %, inputs and days", "sd of inputs"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        alone, both = (
            f"{_number(row[low])} to {_number(row[high])}"
            for low, high in (("ci_low", "ci_high"), ("ci_low_inputs", "ci_high_inputs"))
        )
        numbers = (_number(row["baseline"]), alone, both, _number(row["sd_inputs"]))
        table.add_row(f"{row['facility']}: {row['measure']}, {row['unit']}", *numbers)
    return table


def _number(text: str) -> str:
    return f"{float(text):.3g}" if text else ""


def _rows(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)
