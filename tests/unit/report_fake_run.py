"""A believable run folder without an engine: a fluid queue per lane group, day by day, in the files' own format.

The numbers are invented but hang together: the same days for every variant, queues that build and drain, waits that
follow from queues. Tests read the files back; nothing here is compared with an engine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

BIN = 15.0
FACILITY = "pacific-highway"
STANDARD = 20.0
SHAPE = np.interp(np.arange(0.0, 24.0, 0.25), [0, 4, 7, 10, 14, 18, 21, 24], [0.25, 0.12, 0.9, 1.5, 1.7, 1.5, 0.8, 0.3])


@dataclass
class Lane:
    per_day: float
    service: float
    """Seconds per party and booth."""
    booths: np.ndarray
    classes: tuple[str, ...]


def _open(*steps: tuple[float, int]) -> np.ndarray:
    hours = np.arange(0.0, 24.0, 0.25)
    return np.array([[n for at, n in steps if at <= hour][-1] for hour in hours], dtype=float)


def lanes(nexus: float = 0.30, extra: int = 0) -> dict[str, Lane]:
    general = _open((0, 2), (6, 4), (10, 6), (22, 3))
    general[40:88] += extra
    cars = 5200.0
    return {
        "general": Lane(cars * (1 - nexus) * 1.05, 82.0, general, ("car",)),
        "nexus": Lane(cars * nexus, 14.0, _open((0, 1), (7, 2), (22, 1)), ("car.nexus",)),
        "truck": Lane(1300.0, 104.0, _open((0, 1), (6, 2), (9, 3), (20, 1)), ("truck",)),
    }


VARIANTS = {"baseline": {}, "one-more-booth": {"extra": 1}, "nexus-40": {"nexus": 0.40}}


@dataclass
class Book:
    """Values per replication under their key; written as the tidy tables."""

    summary: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict)
    series: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict)
    waits: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)


def _spread(values: np.ndarray) -> dict[str, float]:
    """`values` over replications, NaN where a day had no party."""
    known = values[np.isfinite(values)]
    n = known.size
    blank = dict.fromkeys(("mean", "ci_low", "ci_high", "day_p10", "day_p50", "day_p90"), np.nan)
    if n == 0:
        return blank | {"replications": values.size}
    half = stats.t.ppf(0.975, n - 1) * known.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    low, middle, high = np.quantile(known, [0.1, 0.5, 0.9])
    return {
        "mean": known.mean(),
        "ci_low": known.mean() - half,
        "ci_high": known.mean() + half,
        "day_p10": low,
        "day_p50": middle,
        "day_p90": high,
        "replications": values.size,
    }


def _simulate(book: Book, variant: str, facility: str, days: int, traffic: float, only: tuple[str, ...]) -> None:
    rng = np.random.default_rng(7)
    factor = traffic * np.clip(rng.normal(1.0, 0.08, days), 0.7, 1.3)
    noise = rng.normal(0.0, 1.0, (3, days, SHAPE.size))
    totals: dict[str, Any] = {"arrivals": 0.0, "queue_mean": 0.0, "weighted": 0.0, "served": 0.0}
    for index, (station, lane) in enumerate(lanes(**VARIANTS[variant]).items()):
        if only and not set(lane.classes) & set(only):
            continue
        rate = lane.per_day * SHAPE / SHAPE.sum()
        arrivals = np.maximum(rate * factor[:, None] + np.sqrt(rate) * noise[index], 0.0) * (traffic > 0)
        capacity = lane.booths * BIN * 60.0 / lane.service
        queue = np.zeros((days, SHAPE.size))
        for b in range(SHAPE.size):
            before = queue[:, b - 1] if b else 0.0
            queue[:, b] = np.maximum(before + arrivals[:, b] - capacity[b], 0.0)
        queue += 0.3 * arrivals / capacity
        wait = np.where(arrivals > 0, queue / capacity * BIN, np.nan)
        served = np.minimum(arrivals + np.pad(queue, ((0, 0), (1, 0)))[:, :-1], capacity)
        keyed = (variant, facility)
        for name in lane.classes:
            _note(book, (*keyed, "all", name), arrivals, wait)
            book.series[(*keyed, "all", name, "queue_mean", "parties")] = queue
        _note(book, (*keyed, station, "all"), arrivals, wait)
        at = (*keyed, station, "all")
        book.series[(*at, "queue_mean", "parties")] = queue
        book.series[(*at, "utilisation", "share")] = served / capacity
        book.series[(*at, "throughput", "parties/h")] = served * 60.0 / BIN
        book.series[(*at, "open_booths", "booths")] = np.tile(lane.booths, (days, 1))
        book.summary[(*at, "queue_mean", "parties")] = queue.mean(axis=1)
        book.summary[(*at, "queue_max", "parties")] = np.ceil(queue.max(axis=1))
        book.summary[(*at, "utilisation", "share")] = (served.sum(axis=1) / capacity.sum()).clip(0, 1)
        book.summary[(*at, "overtime_hours", "h")] = queue[:, -1] * lane.service / 3600.0
        totals["arrivals"] = totals["arrivals"] + arrivals
        totals["served"] = totals["served"] + served
        totals["queue_mean"] = totals["queue_mean"] + queue
        totals["weighted"] = totals["weighted"] + np.nan_to_num(wait) * arrivals
    arrivals = totals["arrivals"]
    wait = np.divide(totals["weighted"], arrivals, out=np.full_like(arrivals, np.nan), where=arrivals > 0)
    _note(book, (variant, facility, "all", "all"), arrivals, wait)
    book.series[(variant, facility, "all", "all", "queue_mean", "parties")] = totals["queue_mean"]
    book.series[(variant, facility, "all", "all", "throughput", "parties/h")] = totals["served"] * 60.0 / BIN


def _note(book: Book, at: tuple[str, ...], arrivals: np.ndarray, wait: np.ndarray) -> None:
    """Whole-horizon and binned party measures of one scope; waits spread around their bin's mean."""
    variant, facility, station, name = at
    book.series[(*at, "arrivals", "parties")] = arrivals
    book.series[(*at, "wait_mean", "min")] = wait
    rows = {key: np.full(len(arrivals), np.nan) for key in ("mean", "p95", "over")}
    grid = np.arange(0.0, 241.0)
    survival = np.full((len(arrivals), grid.size), np.nan)
    for day, (count, minutes) in enumerate(zip(arrivals, wait, strict=True)):
        if not count.sum() > 0:
            continue
        spread = np.nan_to_num(minutes)[:, None] * np.linspace(0.6, 1.4, 9) + np.linspace(0.0, 0.6, 9)
        weight = np.repeat(count / count.sum() / 9.0, 9)
        order = np.argsort(spread, axis=None)
        values, cumulated = spread.ravel()[order], np.cumsum(weight[order])
        rows["mean"][day] = (values * weight[order]).sum()
        rows["p95"][day] = values[min(np.searchsorted(cumulated, 0.95), values.size - 1)]
        survival[day] = 1.0 - np.concatenate([[0.0], cumulated])[np.searchsorted(values, grid, "right")]
        rows["over"][day] = survival[day][int(STANDARD)]
    book.summary[(*at, "arrivals", "parties")] = arrivals.sum(axis=1)
    book.summary[(*at, "wait_mean", "min")] = rows["mean"]
    book.summary[(*at, "wait_p95", "min")] = rows["p95"]
    book.summary[(*at, "over_standard_share", "share")] = rows["over"]
    if station == "all":
        book.waits[(variant, facility, name)] = survival.clip(0.0, 1.0)


def _summary(book: Book) -> pd.DataFrame:
    names = ("variant", "facility", "station", "class", "measure", "unit")
    return pd.DataFrame([dict(zip(names, key, strict=True)) | _spread(v) for key, v in book.summary.items()])


def _series(book: Book) -> pd.DataFrame:
    rows = []
    for (variant, facility, station, name, measure, unit), values in book.series.items():
        scope = {"variant": variant, "facility": facility, "station": station, "class": name}
        rows += [
            scope | {"bin_start": b * BIN, "measure": measure, "unit": unit} | _spread(values[:, b])
            for b in range(values.shape[1])
        ]
    return pd.DataFrame(rows)


def _comparison(book: Book) -> pd.DataFrame:
    rows = []
    for (variant, facility, station, name, measure, unit), values in book.summary.items():
        if variant == "baseline":
            continue
        gap = _spread(values - book.summary[("baseline", facility, station, name, measure, unit)])
        half = gap["ci_high"] - gap["mean"]
        rows.append(
            {"variant": variant, "baseline": "baseline", "facility": facility, "station": station, "class": name}
            | {"measure": measure, "unit": unit, "difference": gap["mean"]}
            | {"ci_low": gap["ci_low"], "ci_high": gap["ci_high"]}
            | {"ci_low_simultaneous": gap["mean"] - 1.2 * half, "ci_high_simultaneous": gap["mean"] + 1.2 * half}
            | {"crn_variance_ratio": 4.2, "replications": gap["replications"]}
        )
    return pd.DataFrame(rows)


def _waits(book: Book) -> pd.DataFrame:
    rows = []
    for (variant, facility, name), survival in book.waits.items():
        for wait in range(survival.shape[1]):
            at = _spread(survival[:, wait])
            rows.append(
                {"variant": variant, "facility": facility, "class": name, "wait_min": float(wait)}
                | {"survival_mean": at["mean"]}
                | {"survival_low": np.clip(at["ci_low"], 0, 1), "survival_high": np.clip(at["ci_high"], 0, 1)}
            )
    return pd.DataFrame(rows)


def _write_samples(book: Book, folder: Path) -> None:
    """replications.parquet and bins.parquet: replication by replication, as the program writes them."""
    names = ("variant", "facility", "station", "class", "measure", "unit")
    rows = [
        {"replication": replication, **dict(zip(names, key, strict=True)), "value": value}
        for key, values in book.summary.items()
        for replication, value in enumerate(values)
    ]
    pd.DataFrame(rows).to_parquet(folder / "replications.parquet")
    parts = []
    for key, values in _binned(book).items():
        days, bins = values.shape
        columns = {"replication": np.repeat(np.arange(days), bins), "bin_start": np.tile(np.arange(bins) * BIN, days)}
        parts.append(pd.DataFrame({**dict(zip(names, key, strict=True)), **columns, "value": values.ravel()}))
    pd.concat(parts).to_parquet(folder / "bins.parquet")


def _binned(book: Book) -> dict[tuple[str, ...], np.ndarray]:
    """Values by bin: of waits the sums and counts, and no overtime."""
    found: dict[tuple[str, ...], np.ndarray] = {}
    for (*scope, measure, unit), values in book.series.items():
        if measure == "wait_mean":
            came = book.series[(*scope, "arrivals", "parties")]
            found[(*scope, "wait_sum", "min")] = np.nan_to_num(values) * came
            found[(*scope, "wait_count", "count")] = came
        else:
            found[(*scope, measure, unit)] = values
        if measure == "utilisation":
            found[(*scope, "overtime_hours", "booth-h")] = np.zeros_like(values)
    return found


def write_run(
    folder: Path,
    *,
    days: int = 20,
    variants: tuple[str, ...] = tuple(VARIANTS),
    facilities: tuple[str, ...] = (FACILITY,),
    traffic: float = 1.0,
    classes: tuple[str, ...] = (),
    standard: bool = True,
    start: str = "2024-07-06 00:00",
) -> Path:
    """Write a run folder and return it; `traffic=0` is a run in which nobody comes."""
    book = Book()
    for facility in facilities:
        for variant in variants:
            _simulate(book, variant, facility, days, traffic, classes)
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"summary": _summary, "series": _series, "wait_distribution": _waits}
    if len(variants) > 1:
        tables["comparison"] = _comparison
    for name, build in tables.items():
        build(book).to_csv(folder / f"{name}.csv", index=False)
    _write_samples(book, folder)
    stations = {"general": "lane_group", "nexus": "lane_group", "truck": "lane_group"}
    manifest = {
        "scenario": "Pacific Highway southbound, summer Saturday",
        "start": start,
        "horizon_minutes": 1440,
        "variants": [name for name in variants if name != "baseline"],
        "replications": days,
        "facilities": {name: {"mode": "car", "stations": stations} for name in facilities},
    }
    if standard:
        manifest["standard"] = dict.fromkeys(facilities, STANDARD)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
