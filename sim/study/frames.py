"""Measures of many replications to the rows of the result files (DESIGN of the run folder: docs/results.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.model.arrays import FloatArray
from sim.scenario.vocabulary import BASELINE
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
from sim.study.estimated import Estimators, Terms
from sim.study.estimators import (
    DaySpread,
    Interval,
    crn_variance_ratio,
    mean_interval,
    paired_differences,
)
from sim.study.experiment import Experiment
from sim.study.layout import Key, Layout
from sim.study.matrix import HELD_VALUES, VALUES, Found
from sim.study.standards import limits_by_bin, limits_of_run
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


def summary(experiment: Experiment, found: Mapping[str, Found], variant: str) -> Iterator[Columns]:
    """Every whole-run measure with its interval and the spread across days."""
    _, layout = experiment.model(variant)
    interval, spread, within = experiment.estimators().of_means(found[variant].values, limits_of_run(layout))
    bounds = _bounded(layout.keys, interval)
    yield [variant, *_names(layout.keys), *bounds, *spread, within, interval.n]


class _Block(NamedTuple):
    """Estimates of some binned measures, each array (n_keys, n_bins)."""

    keys: list[Key]
    interval: Interval
    spread: DaySpread
    within: FloatArray

    def arrays(self) -> list[npt.NDArray[Any]]:
        """All of them, in a fixed order."""
        return [*(getattr(self.interval, name) for name in Interval.FIELDS), *self.spread, self.within]

    @classmethod
    def of(cls, keys: list[Key], arrays: Sequence[npt.NDArray[Any]]) -> _Block:
        """What `arrays` gave."""
        fields = len(Interval.FIELDS)
        return cls(keys, Interval(*arrays[:fields]), DaySpread(*arrays[fields:-1]), arrays[-1])


def series(experiment: Experiment, found: Mapping[str, Found], variant: str) -> Iterator[Iterator[Columns]]:
    """Every time-binned measure; means of parties by bin are ratios over replications with jackknife intervals.

    In pieces that several threads may make, each some whole groups of a facility, station and class.
    """
    rows, (_, layout) = found[variant], experiment.model(variant)
    starts = layout.edges[:-1] / 60.0
    for keys, make in ((layout.bin_keys, _of_bins), (layout.start_bin_keys, _of_start_bins)):
        for first, last in _stretches(keys, rows):
            blocks = make(layout, rows, experiment.estimators(), first, last)
            yield (_series_rows(variant, starts, block) for block in blocks)


def _series_rows(variant: str, starts: FloatArray, block: _Block) -> Columns:
    """A block as it stands in the table."""
    facility, station, klass, measure, unit = (texts.repeat(len(starts)) for texts in _names(block.keys))
    numbers = [*_bounded(block.keys, block.interval), *block.spread, block.within, block.interval.n]
    when = np.tile(starts, len(block.keys))
    return [variant, facility, station, klass, when, measure, unit, *(array.ravel() for array in numbers)]


def _of_bins(layout: Layout, rows: Found, estimators: Estimators, first: int, last: int) -> Iterator[_Block]:
    """The series of these keys in the order of the catalogue, for each facility, station and class."""
    order = {measure.name: at for at, measure in enumerate(catalogue(layout.network.outcomes))}
    keys, pieces = layout.bin_keys[first:last], []
    for bins, block in _by_bins(rows.series, rows, first, last):
        piece = _Piece(layout, estimators, keys, block, bins)
        pieces.append(_joined([*_plain(piece), *_ratios(piece, RATIOS)], axis=0))
    yield _ordered(_joined(pieces, axis=1), keys, order)


def _of_start_bins(layout: Layout, rows: Found, estimators: Estimators, first: int, last: int) -> Iterator[_Block]:
    """The same of measures by the bin of starting."""
    keys = layout.start_bin_keys[first:last]
    ratios = [
        _joined(list(_ratios(_Piece(layout, estimators, keys, block, bins), START_RATIOS)), axis=0)
        for bins, block in _by_bins(rows.start_series, rows, first, last)
    ]
    yield _joined(ratios, axis=1)


def _stretches(keys: Sequence[Key], rows: Found) -> Iterator[tuple[int, int]]:
    """Stretches [first, last) of the keys: whole groups of a facility, station and class, of VALUES together or one."""
    most = VALUES // (rows.replications * rows.parts.bins)
    first = end = 0
    for at in range(1, len(keys) + 1):
        if at == len(keys) or keys[at][:3] != keys[at - 1][:3]:
            if at - first > most and end > first:
                yield first, end
                first = end
            end = at
    if end > first:
        yield first, end


def _by_bins(
    read: Callable[[int, int, slice], FloatArray], rows: Found, first: int, last: int
) -> Iterator[tuple[slice, FloatArray]]:
    """Stretches of bins, (replications, keys, bins) of each, as long as may be held: all of them, mostly.

    To open the files for each bin would take longer than all else.
    """
    bins, n = rows.parts.bins, rows.replications * (last - first)
    held = max(1, HELD_VALUES // n)
    for start in range(0, bins, held):
        there = slice(start, min(start + held, bins))
        yield there, read(first, last, there)


def _joined(blocks: Sequence[_Block], axis: int) -> _Block:
    """One block of several: of other keys (0) or of other bins (1)."""
    if len(blocks) == 1:
        return blocks[0]
    keys = [key for block in blocks for key in block.keys] if axis == 0 else blocks[0].keys
    return _Block.of(keys, [np.concatenate(parts, axis) for parts in zip(*(b.arrays() for b in blocks), strict=True)])


def _ordered(block: _Block, keys: Sequence[Key], order: Mapping[str, int]) -> _Block:
    """A block by facility, station and class as they stand in `keys`, each in the order of the catalogue."""
    group = {own: at for at, own in enumerate(dict.fromkeys(key[:3] for key in keys))}
    places = [(group[key[:3]], order.get(key.measure, len(order))) for key in block.keys]
    by = sorted(range(len(places)), key=places.__getitem__)
    return _Block.of([block.keys[at] for at in by], [array[by] for array in block.arrays()])


class _Piece(NamedTuple):
    """Values of some keys in some bins, and who estimates from them."""

    layout: Layout
    estimators: Estimators
    keys: Sequence[Key]
    values: FloatArray
    """(replications, keys, bins)"""
    bins: slice

    def limits(self, names: Sequence[Key]) -> FloatArray:
        """The most these measures may be, (len(names), bins)."""
        return limits_by_bin(self.layout, names)[:, self.bins]

    @property
    def columns(self) -> dict[tuple[str, ...], int]:
        """Place of each facility, station, class and measure among the keys."""
        return {key[:4]: at for at, key in enumerate(self.keys)}


def _plain(piece: _Piece) -> Iterator[_Block]:
    """Measures that are averaged over replications."""
    keys, column = piece.keys, piece.columns
    shown = [at for at, key in enumerate(keys) if key.measure not in ONLY_IN_RATIOS]
    names, terms, hours = [keys[at] for at in shown], _Terms(), piece.layout.bin_seconds[piece.bins] / 3600.0
    for at in shown:
        terms.add(at)
    for at, key in enumerate(keys):
        if key.measure == "wait_p95":
            terms.add(at, total=column[*key[:3], "wait_sum"], below=column[*key[:3], "wait_count"])
            names.append(key._replace(measure=BUFFER_INDEX.name, unit=BUFFER_INDEX.unit))
        elif key.measure == "open_booths":
            terms.add(at, hours)
            names.append(key._replace(measure=BOOTH_HOURS.name, unit=BOOTH_HOURS.unit))
    if names:
        limits = piece.limits(names)
        yield _Block(names, *piece.estimators.means_by_bin(piece.values, terms.of(limits.shape), limits))


def _ratios(piece: _Piece, ratios: Sequence[Ratio]) -> Iterator[_Block]:
    """Measures that are a sum over all replications over another."""
    names, terms, column = list[Key](), _Terms(), piece.columns
    for klass in dict.fromkeys(key[:3] for key in piece.keys):
        for ratio in ratios:
            at, over = column.get((*klass, ratio.above)), column.get((*klass, ratio.below))
            if at is not None and over is not None:
                names.append(Key(*klass, ratio.measure.name, ratio.measure.unit))
                terms.add(at, ratio.factor, below=over)
    if names:
        limits = piece.limits(names)
        yield _Block(names, *piece.estimators.ratios_by_bin(piece.values, terms.of(limits.shape), limits))


class _Terms:
    """`Terms`, measure by measure."""

    def __init__(self) -> None:
        self._places, self._factors = list[tuple[int, int, int]](), list[FloatArray | float]()

    def add(self, value: int, factor: FloatArray | float = 1.0, total: int = -1, below: int = -1) -> None:
        """One more: its value, its factor in each bin, and what that is held against."""
        self._places.append((value, total, below))
        self._factors.append(factor)

    def of(self, shape: tuple[int, ...]) -> Terms:
        """All of them, (measures, bins)."""
        value, total, below = np.array(self._places, np.int64).T.copy()
        factors = np.empty(shape)
        for row, factor in zip(factors, self._factors, strict=True):
            row[:] = factor
        return Terms(value, factors, total, below)


def comparison(experiment: Experiment, found: Mapping[str, Found], variant: str) -> Iterator[Columns]:
    """Paired differences from the baseline, of every variant but that; simultaneous over them, for each row."""
    if variant == BASELINE:
        return
    (_, layout), (_, base_layout) = experiment.model(variant), experiment.model(BASELINE)
    position = {key: column for column, key in enumerate(base_layout.keys)}
    common = [(column, position[key]) for column, key in enumerate(layout.keys) if key in position]
    mine = found[variant].values[:, [column for column, _ in common]]
    base = found[BASELINE].values[:, [column for _, column in common]]
    plain, wide = paired_differences(mine, base, len(found) - 1)
    names = _names([layout.keys[column] for column, _ in common])
    numbers = (plain.mean, plain.low, plain.high, wide.low, wide.high, crn_variance_ratio(mine, base), plain.n)
    yield [variant, BASELINE, *names, *numbers]


def wait_distribution(experiment: Experiment, found: Mapping[str, Found], variant: str) -> Iterator[Columns]:
    """Share of parties that wait longer than a time, by facility and class, up to where nobody does."""
    _, layout = experiment.model(variant)
    grid = np.array(GRID_MINUTES)
    every = within_what_can_be(mean_interval(found[variant].survival()), 1.0)
    for at, (facility, klass) in enumerate(groups(layout)):
        mean = every.mean[at]
        somebody = np.flatnonzero(np.nan_to_num(mean) > 0.0)
        until = min(int(somebody[-1]) + 2, len(grid)) if somebody.size else 1
        kept = np.flatnonzero(~np.isnan(mean[:until]))
        low, high = _falling(every.low[at], every.high[at])
        yield [variant, facility, klass, grid[kept], mean[kept], low[kept], high[kept]]


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
