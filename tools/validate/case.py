"""A scenario as text, simulated and measured as the detectors do it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.engine import engine
from sim.model.build import Model, build
from sim.scenario import load

from .detector import EVERY, Detector, FloatArray

ZONE = "America/Vancouver"
HOUR, DAY = "hour", "day"
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """What is simulated, and how it is looked at. Hashable, and sent to other processes."""

    text: str
    """The scenario, YAML; one port."""
    detector: Detector
    lanes: tuple[str, ...]
    """Lane groups whose delay is published."""
    by: str
    """`hour` or `day`: the published mean is the unweighted one of the five-minute values of each."""
    tables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Tables the scenario names: file name and content."""


@lru_cache(maxsize=2)
def model_of(case: Case) -> tuple[Model, int, pd.Timestamp]:
    """The case's model, its seed, and its start in civil time, through the public loader.

    Raises:
        ScenarioError: the text has faults.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, content in case.tables:
            Path(folder, name).write_text(content, encoding="utf-8")
        path = Path(folder, "scenario.yaml")
        path.write_text(case.text, encoding="utf-8")
        scenario = load(path).baseline
    assert scenario.seed is not None
    return build(scenario), scenario.seed, pd.Timestamp(scenario.start)


def simulate(case: Case, replication: int) -> dict[str, FloatArray]:
    """One replication: per lane group the published means, in minutes, in order of time (see `periods`)."""
    model, seed, _ = model_of(case)
    parties = model.draw(seed, replication)
    records = engine("compiled")(model.network, parties)
    count = round(model.network.horizon / EVERY)
    names = [station.name for station in model.network.stations]
    result = {}
    for lane in case.lanes:
        # Who was sent on to another group when this one closed is counted where inspection began.
        here = (records.station == names.index(lane)) & ~np.isnan(records.started)
        joined = parties.time[records.party[here]]
        result[lane] = means(case.detector.readings(joined, records.started[here], count), _cells(case))
    return result


def means(readings: FloatArray, cell: IntArray) -> FloatArray:
    """Unweighted mean of the readings of each cell."""
    return np.asarray(np.bincount(cell, readings) / np.bincount(cell), dtype=np.float64)


def periods(start: pd.Timestamp, horizon: float, by: str) -> pd.DataFrame:
    """The civil hours or days of a horizon: column `time`, one row per published mean.

    The hour that a clock change repeats is one period, as it is in the published series.
    """
    return pd.DataFrame({"time": _instants(start, horizon).dt.floor("h" if by == HOUR else "D").unique()})


def _instants(start: pd.Timestamp, horizon: float) -> pd.Series[pd.Timestamp]:
    """Civil time at the beginning of each stretch of five minutes."""
    count = round(horizon / EVERY)
    first = start.tz_localize(ZONE).tz_convert("UTC")
    utc = pd.date_range(first, periods=count, freq=f"{EVERY:.0f}s")
    return pd.Series(utc.tz_convert(ZONE).tz_localize(None))


def _cells(case: Case) -> IntArray:
    """Which period each five-minute value belongs to."""
    model, _, start = model_of(case)
    return _cells_of(start, model.network.horizon, case.by)


@lru_cache(maxsize=4)
def _cells_of(start: pd.Timestamp, horizon: float, by: str) -> IntArray:
    instants = _instants(start, horizon).dt.floor("h" if by == HOUR else "D")
    return pd.factorize(instants)[0].astype(np.int64)
