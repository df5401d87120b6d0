"""Scenarios written as people write them, run as people run them, and what came out of the run folder."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import dedent, indent
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from sim.cli import main

FloatArray = npt.NDArray[np.float64]

MINUTE = 60.0
ENGINE = "auto"
"""What `run` asks for."""
SURE = 1.0 - 0.0005 / 2
"""Quantile of a two-sided test that errs once in 2,000: 3.48 standard errors of many replications."""

HEAD = """\
format: 1
name: {name}
start: 2024-01-01 00:00
horizon: {horizon}
replications: {replications}
seed: {seed}
{more}
ports:
  here:
    direction: southbound
    zone: America/Vancouver
"""


def scenario(
    folder: Path, port: str, *, horizon: str, replications: int = 1, seed: int = 1, more: str = "", name: str = "case"
) -> Path:
    """Write a scenario with one port called `here`.

    Args:
        folder: where it is written, `<name>.yaml`; tables stand beside it.
        port: YAML of the port below its direction and zone.
        horizon: such as `24 min`.
        replications: independent replications.
        seed: master seed.
        more: YAML of further keys of the scenario, such as `end: cut` or variants.
        name: of the file and the scenario.
    """
    head = HEAD.format(name=name, horizon=horizon, replications=replications, seed=seed, more=dedent(more).strip())
    path = folder / f"{name}.yaml"
    path.write_text(head + indent(dedent(port).strip(), "    ") + "\n", encoding="utf-8")
    return path


def trace(
    folder: Path,
    name: str,
    time: Sequence[float],
    klass: str | Sequence[str] = "car",
    unit: float = MINUTE,
    **columns: Sequence[float | str | None],
) -> None:
    """Write a table of arrivals; numbers in `unit` seconds, None for an empty cell."""
    table = pd.DataFrame({"time": np.asarray(time) * unit, "class": klass})
    for column, cells in columns.items():
        table[column] = [c * unit if isinstance(c, int | float) else c for c in cells]
    table.to_csv(folder / name, index=False)  # floats are written so that they read back equal


@dataclass(frozen=True)
class Run:
    """The folder of a finished run."""

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """manifest.json."""
        found: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return found

    @cached_property
    def replications(self) -> pd.DataFrame:
        """replications.parquet."""
        return pd.read_parquet(self.folder / "replications.parquet")

    @cached_property
    def table(self) -> pd.DataFrame:
        """summary.csv."""
        return pd.read_csv(self.folder / "summary.csv")

    def values(self, measure: str, station: str = "all", klass: str = "all", variant: str = "baseline") -> FloatArray:
        """The measure in each replication, in order."""
        rows = _pick(self.replications, measure, station, klass, variant)
        return rows.sort_values("replication")["value"].to_numpy()

    def summary(self, measure: str, station: str = "all", klass: str = "all", variant: str = "baseline") -> float:
        """The mean that summary.csv prints, to 10 digits."""
        (mean,) = _pick(self.table, measure, station, klass, variant)["mean"]
        return float(mean)

    def visits(self, station: str = "", replication: int = 0, variant: str = "baseline") -> pd.DataFrame:
        """One row per visit, of all stations or of one; seconds."""
        visits = pd.read_parquet(self.folder / "visits" / f"{variant}-{replication:05d}.parquet")
        return visits[visits["station"] == station] if station else visits


def _pick(table: pd.DataFrame, measure: str, station: str, klass: str, variant: str) -> pd.DataFrame:
    wanted = {"variant": variant, "station": station, "class": klass, "measure": measure}
    found = table[np.logical_and.reduce([table[column] == value for column, value in wanted.items()])]
    assert len(found), f"the run has no {measure} of station {station}, class {klass}"
    return found


def run(path: Path, *options: str, out: str = "out", visits: bool = True, workers: int = 1) -> Run:
    """`bordersim run PATH`, into `<out>` beside the scenario; visits are asked for unless told not to."""
    target = path.parent / out
    asked = [*options, "--engine", ENGINE, *(["--visits"] if visits else [])]
    status = main(["run", str(path), "--out", str(target), "--workers", str(workers), "--quiet", *asked])
    assert status == 0, f"{path.name} ended with status {status}"
    (folder,) = (path.parent for path in target.glob(f"{path.stem}/*/manifest.json"))
    return Run(folder)


def minutes(times: pd.Series | FloatArray) -> list[float]:
    """Seconds as minutes, NaN (what never happened) left out."""
    seconds = np.asarray(times, dtype=np.float64)
    return (seconds[~np.isnan(seconds)] / MINUTE).tolist()


class Estimate(NamedTuple):
    """A mean over replications and how far it may lie from the truth by chance."""

    mean: float
    half: float

    def agrees(self, answer: float, precision: float) -> None:
        """Hold the estimate against a known answer.

        Args:
            answer: what theory says.
            precision: the widest sampling error, as a share of the answer, that still makes it a test.
        """
        assert self.half < precision * abs(answer), f"{self.mean} +- {self.half} is too wide for {answer}"
        assert abs(self.mean - answer) < self.half, f"{self.mean} +- {self.half}, not {answer}"


def estimate(values: FloatArray) -> Estimate:
    """The mean of independent replications, one value each."""
    return Estimate(float(values.mean()), _half(values))


def ratio(above: FloatArray, below: FloatArray) -> Estimate:
    """Sum over sum, both one value per replication, its error linearised: a mean per party is such a ratio."""
    quotient = float(above.sum() / below.sum())
    return Estimate(quotient, _half((above - quotient * below) / below.mean()))


def _half(values: FloatArray) -> float:
    n = len(values)
    return float(stats.t.ppf(SURE, n - 1) * values.std(ddof=1) / math.sqrt(n))


def same_files(one: Path, other: Path, but: Sequence[str] = ()) -> Mapping[str, bytes]:
    """The files below two folders, which must have the same names and bytes but for those named."""

    def read(folder: Path) -> dict[str, bytes]:
        files = (file for file in sorted(folder.rglob("*")) if file.is_file() and file.name not in but)
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}

    left, right = read(one), read(other)
    assert left.keys() == right.keys()
    differing = [name for name in left if left[name] != right[name]]
    assert not differing
    return left
