"""Measures of many replications to the rows of the result files (DESIGN of the run folder: docs/results.md)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.study.estimators import (
    Interval,
    crn_variance_ratio,
    day_spread,
    mean_interval,
    paired_difference,
    ratio_interval,
    simultaneous_level,
)
from sim.study.experiment import BASELINE, Experiment, Measures
from sim.study.layout import Key, Layout
from sim.study.survival import GRID_MINUTES, groups

Row = tuple[object, ...]

SUMMARY = ("variant", "facility", "station", "class", "measure", "unit", "mean", "ci_low", "ci_high")
SPREAD = ("day_p10", "day_p50", "day_p90", "replications")
SUMMARY_COLUMNS = (*SUMMARY, *SPREAD)
SERIES_COLUMNS = (*SUMMARY[:4], "bin_start", *SUMMARY[4:], *SPREAD)
COMPARISON_COLUMNS = (
    "variant", "baseline", "facility", "station", "class", "measure", "unit", "difference", "ci_low", "ci_high",
    "ci_low_simultaneous", "ci_high_simultaneous", "crn_variance_ratio", "replications",
)  # fmt: skip
SURVIVAL_COLUMNS = ("variant", "facility", "class", "wait_min", "survival_mean", "survival_low", "survival_high")


def summary_rows(experiment: Experiment, measures: dict[str, Measures]) -> Iterator[Row]:
    """Every whole-run measure with its interval and the spread across days."""
    for variant, found in measures.items():
        _, layout = experiment.model(variant)
        interval, spread = mean_interval(found.values), day_spread(found.values)
        for column, key in enumerate(layout.keys):
            yield (
                variant,
                *_names(key),
                *_bounded(key, interval, column),
                *(s[column] for s in spread),
                interval.n[column],
            )


def series_rows(experiment: Experiment, measures: dict[str, Measures]) -> Iterator[Row]:
    """Every time-binned measure; per-bin mean waits are ratios over replications with jackknife intervals."""
    for variant, found in measures.items():
        _, layout = experiment.model(variant)
        starts = layout.edges[:-1] / 60.0
        for key, per_bin in _series(layout, found):
            numerator, denominator = per_bin
            with np.errstate(invalid="ignore", divide="ignore"):
                days = numerator if denominator is None else numerator / denominator
            interval = mean_interval(days) if denominator is None else ratio_interval(numerator, denominator)
            spread = day_spread(days)
            for at, start in enumerate(starts):
                yield (
                    variant, key.facility, key.station, key.klass, float(start), key.measure, key.unit,
                    *_bounded(key, interval, at), *(s[at] for s in spread), interval.n[at],
                )  # fmt: skip


def comparison_rows(experiment: Experiment, measures: dict[str, Measures]) -> Iterator[Row]:
    """Paired differences from the baseline; simultaneous over the variants of the run, for each row."""
    others = [variant for variant in measures if variant != BASELINE]
    _, base_layout = experiment.model(BASELINE)
    position = {key: column for column, key in enumerate(base_layout.keys)}
    for variant in others:
        _, layout = experiment.model(variant)
        common = [(column, position[key]) for column, key in enumerate(layout.keys) if key in position]
        mine = measures[variant].values[:, [column for column, _ in common]]
        base = measures[BASELINE].values[:, [column for _, column in common]]
        plain = paired_difference(mine, base)
        wide = paired_difference(mine, base, level=simultaneous_level(len(others)))
        ratio = crn_variance_ratio(mine, base)
        for at, (column, _) in enumerate(common):
            yield (
                variant, BASELINE, *_names(layout.keys[column]), *_estimate(plain, at), wide.low[at], wide.high[at],
                ratio[at], plain.n[at],
            )  # fmt: skip


def survival_rows(experiment: Experiment, measures: dict[str, Measures]) -> Iterator[Row]:
    """Share of parties that wait longer than a time, by facility and class, up to where nobody does."""
    for variant, found in measures.items():
        _, layout = experiment.model(variant)
        for at, (facility, klass) in enumerate(groups(layout)):
            shares = found.survival[:, at, :]
            interval = mean_interval(shares)
            somebody = np.flatnonzero(np.nan_to_num(interval.mean) > 0.0)
            until = min(int(somebody[-1]) + 2, len(GRID_MINUTES)) if somebody.size else 1
            for minute in range(until):
                if not np.isnan(interval.mean[minute]):
                    low, high = max(interval.low[minute], 0.0), min(interval.high[minute], 1.0)
                    yield (variant, facility, klass, GRID_MINUTES[minute], interval.mean[minute], low, high)


def replication_rows(experiment: Experiment, measures: dict[str, Measures]) -> dict[str, np.ndarray]:
    """Columns of replications.parquet: one row per variant x replication x measure."""
    names: list[list[object]] = [[] for _ in range(7)]
    values = []
    for variant, found in measures.items():
        _, layout = experiment.model(variant)
        for replication, row in enumerate(found.values):
            for key in layout.keys:
                for column, name in zip(names, (variant, replication, *_names(key)), strict=True):
                    column.append(name)
            values.append(row)
    columns = ("variant", "replication", "facility", "station", "class", "measure", "unit")
    table = {column: np.array(found) for column, found in zip(columns, names, strict=True)}
    return {**table, "value": np.concatenate(values)}


def bin_rows(experiment: Experiment, measures: dict[str, Measures]) -> dict[str, np.ndarray]:
    """Columns of bins.parquet: one row per variant x replication x bin x measure."""
    parts: list[dict[str, np.ndarray]] = []
    for variant, found in measures.items():
        _, layout = experiment.model(variant)
        starts = layout.edges[:-1] / 60.0
        for keys, array in ((layout.bin_keys, found.bins), (layout.start_bin_keys, found.start_bins)):
            replications, bins, width = array.shape
            size = replications * bins
            part = {
                "variant": np.full(size * width, variant),
                "replication": np.repeat(np.arange(replications), bins * width),
                "bin_start": np.tile(np.repeat(starts, width), replications),
            }
            for name, position in (("facility", 0), ("station", 1), ("class", 2), ("measure", 3), ("unit", 4)):
                part[name] = np.tile(np.array([key[position] for key in keys]), size)
            parts.append({**part, "value": array.reshape(-1)})
    return {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}


def _names(key: Key) -> tuple[str, ...]:
    return (key.facility, key.station, key.klass, key.measure, key.unit)


def _estimate(interval: Interval, at: int) -> tuple[float, float, float]:
    return (interval.mean[at], interval.low[at], interval.high[at])


def _bounded(key: Key, interval: Interval, at: int) -> tuple[float, float, float]:
    """An estimate whose interval keeps to what the measure can be: no wait is below 0, no share above 1."""
    mean, low, high = _estimate(interval, at)
    most = 1.0 if key.unit == "share" and key.measure != "buffer_index" else np.inf
    return mean, max(low, 0.0), min(high, max(mean, most))


def _series(layout: Layout, found: Measures) -> Iterator[tuple[Key, tuple[np.ndarray, np.ndarray | None]]]:
    """Each series: its key and, per replication and bin, its value, or a numerator and denominator."""
    for keys, array, total, count, ratio in (
        (layout.bin_keys, found.bins, "wait_sum", "wait_count", "wait_mean"),
        (layout.start_bin_keys, found.start_bins, "started_wait_sum", "started_count", "wait_mean_by_start"),
    ):
        column = {key[:4]: at for at, key in enumerate(keys)}
        for at, key in enumerate(keys):
            if key.measure == total:
                counts = array[:, :, column[(*key[:3], count)]]
                yield key._replace(measure=ratio, unit="min"), (array[:, :, at], counts)
            elif key.measure != count:
                yield key, (array[:, :, at], None)
