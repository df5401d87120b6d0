"""Measures of many replications to the rows of the result files (DESIGN of the run folder: docs/results.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.study.catalogue import (
    BOOTH_HOURS,
    BUFFER_INDEX,
    ONLY_IN_RATIOS,
    RATIOS,
    START_RATIOS,
    Ratio,
    catalogue,
    largest,
    within_what_can_be,
)
from sim.study.cells import FloatArray
from sim.study.estimators import (
    DaySpread,
    Interval,
    crn_variance_ratio,
    day_spread,
    mean_interval,
    paired_difference,
    ratio_interval,
)
from sim.study.experiment import BASELINE, Experiment
from sim.study.layout import Key, Layout
from sim.study.matrix import VALUES, Found
from sim.study.standards import days_within, limits_by_bin, limits_of_run
from sim.study.store import Columns, Texts
from sim.study.survival import GRID_MINUTES, groups

SUMMARY = ("variant", "facility", "station", "class", "measure", "unit", "mean", "ci_low", "ci_high")
SPREAD = ("day_p10", "day_p50", "day_p90", "days_within_standard", "replications")
SUMMARY_COLUMNS = (*SUMMARY, *SPREAD)
SERIES_COLUMNS = (*SUMMARY[:4], "bin_start", *SUMMARY[4:], *SPREAD)
COMPARISON_COLUMNS = (
    "variant", "baseline", "facility", "station", "class", "measure", "unit", "difference", "ci_low", "ci_high",
    "ci_low_simultaneous", "ci_high_simultaneous", "crn_variance_ratio", "replications",
)  # fmt: skip
SURVIVAL_COLUMNS = ("variant", "facility", "class", "wait_min", "survival_mean", "survival_low", "survival_high")


def summary(experiment: Experiment, found: Mapping[str, Found]) -> Iterator[Columns]:
    """Every whole-run measure with its interval and the spread across days; a piece per variant."""
    for variant, rows in found.items():
        _, layout = experiment.model(variant)
        values = rows.values
        interval = mean_interval(values)
        within = days_within(values, limits_of_run(layout))
        bounds = _bounded(layout.keys, interval)
        yield [variant, *_names(layout.keys), *bounds, *day_spread(values), within, interval.n]


class _Series(NamedTuple):
    """Estimates of one binned measure, each array (n_bins,)."""

    key: Key
    interval: Interval
    spread: DaySpread
    within: FloatArray


def series(experiment: Experiment, found: Mapping[str, Found]) -> Iterator[Columns]:
    """Every time-binned measure; means of parties by bin are ratios over replications with jackknife intervals."""
    for variant, rows in found.items():
        _, layout = experiment.model(variant)
        starts = layout.edges[:-1] / 60.0
        for block in _series(layout, rows):
            facility, station, klass, measure, unit = (
                texts.repeat(len(starts)) for texts in _names([key for key, *_ in block])
            )
            interval = Interval(*(np.stack([getattr(s.interval, f) for s in block]) for f in Interval.FIELDS))
            bounds = _bounded([key for key, *_ in block], interval)
            numbers = [*bounds, *(np.stack(part) for part in zip(*(s.spread for s in block), strict=True))]
            numbers += [np.stack([s.within for s in block]), interval.n]
            when = np.tile(starts, len(block))
            yield [variant, facility, station, klass, when, measure, unit, *(array.ravel() for array in numbers)]


def _series(layout: Layout, rows: Found) -> Iterator[list[_Series]]:
    """The series in the order of the catalogue, for each facility, station and class."""
    order = {measure.name: at for at, measure in enumerate(catalogue(layout.network.outcomes))}
    for first, last in _blocks(layout.bin_keys):
        keys = layout.bin_keys[first:last]
        pieces = []
        for bins in _bins_at_once(rows, last - first):
            block = rows.series(first, last, bins)
            pieces.append([*_plain(layout, keys, block, bins), *_ratios(layout, keys, block, bins, RATIOS)])
        found = [_joined(parts) for parts in zip(*pieces, strict=True)]
        yield sorted(found, key=lambda s: order.get(s.key.measure, len(order)))
    for first, last in _blocks(layout.start_bin_keys):
        keys = layout.start_bin_keys[first:last]
        pieces = [
            list(_ratios(layout, keys, rows.start_series(first, last, bins), bins, START_RATIOS))
            for bins in _bins_at_once(rows, last - first)
        ]
        yield [_joined(parts) for parts in zip(*pieces, strict=True)]


def _blocks(keys: Sequence[Key]) -> Iterator[tuple[int, int]]:
    """Stretches [first, last) of keys of one facility, station and class."""
    first = 0
    for at in range(1, len(keys) + 1):
        if at == len(keys) or keys[at][:3] != keys[at - 1][:3]:
            yield first, at
            first = at


def _bins_at_once(rows: Found, keys: int) -> Iterator[slice]:
    """The bins in stretches of which VALUES are held."""
    width = max(1, VALUES // (rows.replications * keys))
    for begin in range(0, rows.parts.bins, width):
        yield slice(begin, min(begin + width, rows.parts.bins))


def _joined(parts: Sequence[_Series]) -> _Series:
    """One series of its stretches."""
    intervals = (np.concatenate([getattr(part.interval, name) for part in parts]) for name in Interval.FIELDS)
    spreads = (np.concatenate(spread) for spread in zip(*(part.spread for part in parts), strict=True))
    within = np.concatenate([part.within for part in parts])
    return _Series(parts[0].key, Interval(*intervals), DaySpread(*spreads), within)


def _plain(layout: Layout, keys: Sequence[Key], block: FloatArray, bins: slice) -> Iterator[_Series]:
    """Measures that are averaged over replications."""
    shown = [at for at, key in enumerate(keys) if key.measure not in ONLY_IN_RATIOS]
    names, columns = [keys[at] for at in shown], [block[:, at] for at in shown]
    column = {key[:4]: at for at, key in enumerate(keys)}
    hours = layout.bin_seconds[bins] / 3600.0
    for at, key in enumerate(keys):
        if key.measure == "wait_p95":
            waits, count = (block[:, column[(*key[:3], name)]] for name in ("wait_sum", "wait_count"))
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = waits / count
                columns.append(np.where(mean > 0.0, (block[:, at] - mean) / mean, np.nan))
            names.append(key._replace(measure=BUFFER_INDEX.name, unit=BUFFER_INDEX.unit))
        elif key.measure == "open_booths":
            columns.append(block[:, at] * hours)
            names.append(key._replace(measure=BOOTH_HOURS.name, unit=BOOTH_HOURS.unit))
    if columns:
        days = np.stack(columns, axis=1)
        yield from _estimates(layout, names, days, mean_interval(days), bins)


def _ratios(
    layout: Layout, keys: Sequence[Key], block: FloatArray, bins: slice, ratios: Sequence[Ratio]
) -> Iterator[_Series]:
    """Measures that are a sum over all replications over another."""
    column = {key[:4]: at for at, key in enumerate(keys)}
    names, above, below = list[Key](), list[FloatArray](), list[FloatArray]()
    for klass in dict.fromkeys(key[:3] for key in keys):
        for ratio in ratios:
            at, over = column.get((*klass, ratio.above)), column.get((*klass, ratio.below))
            if at is not None and over is not None:
                names.append(Key(*klass, ratio.measure.name, ratio.measure.unit))
                above.append(block[:, at] * ratio.factor)
                below.append(block[:, over])
    if names:
        numerator, denominator = np.stack(above, axis=1), np.stack(below, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            days = numerator / denominator
        yield from _estimates(layout, names, days, ratio_interval(numerator, denominator), bins)


def _estimates(
    layout: Layout, names: Sequence[Key], days: FloatArray, interval: Interval, bins: slice
) -> Iterator[_Series]:
    spread = day_spread(days)
    within = days_within(days, limits_by_bin(layout, names)[:, bins])
    for at, key in enumerate(names):
        own = Interval(interval.mean[at], interval.low[at], interval.high[at], interval.n[at])
        yield _Series(key, own, DaySpread(*(s[at] for s in spread)), within[at])


def comparison(experiment: Experiment, found: Mapping[str, Found]) -> Iterator[Columns]:
    """Paired differences from the baseline; simultaneous over the variants of the run, for each row."""
    others = [variant for variant in found if variant != BASELINE]
    _, base_layout = experiment.model(BASELINE)
    position = {key: column for column, key in enumerate(base_layout.keys)}
    baseline = found[BASELINE].values
    for variant in others:
        _, layout = experiment.model(variant)
        common = [(column, position[key]) for column, key in enumerate(layout.keys) if key in position]
        mine = found[variant].values[:, [column for column, _ in common]]
        base = baseline[:, [column for _, column in common]]
        plain = paired_difference(mine, base)
        wide = paired_difference(mine, base, variants=len(others))
        names = _names([layout.keys[column] for column, _ in common])
        numbers = (plain.mean, plain.low, plain.high, wide.low, wide.high, crn_variance_ratio(mine, base), plain.n)
        yield [variant, BASELINE, *names, *numbers]


def wait_distribution(experiment: Experiment, found: Mapping[str, Found]) -> Iterator[Columns]:
    """Share of parties that wait longer than a time, by facility and class, up to where nobody does."""
    grid = np.array(GRID_MINUTES)
    for variant, rows in found.items():
        _, layout = experiment.model(variant)
        for at, (facility, klass) in enumerate(groups(layout)):
            interval = within_what_can_be(mean_interval(rows.survival(at)), 1.0)
            somebody = np.flatnonzero(np.nan_to_num(interval.mean) > 0.0)
            until = min(int(somebody[-1]) + 2, len(grid)) if somebody.size else 1
            kept = np.flatnonzero(~np.isnan(interval.mean[:until]))
            low, high = _falling(interval.low, interval.high)
            yield [variant, facility, klass, grid[kept], interval.mean[kept], low[kept], high[kept]]


def _falling(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Bounds of a share that cannot rise with the wait, widened until they do not rise either.

    An interval of few days may rise by chance where the share falls. The bounds only move outwards, so that none of
    them holds less often than before.
    """
    return np.fmin.accumulate(low), np.fmax.accumulate(high[::-1])[::-1]


def _names(keys: Sequence[Key]) -> list[Texts]:
    return [Texts.of([key[position] for key in keys]) for position in range(5)]


def _bounded(keys: Sequence[Key], interval: Interval) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Estimates by key whose intervals keep to what the measure can be."""
    most = np.array([largest(key.measure, key.unit) for key in keys])
    kept = within_what_can_be(interval, most.reshape(-1, *(1 for _ in interval.mean.shape[1:])))
    return kept.mean, kept.low, kept.high
