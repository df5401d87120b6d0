"""`sim.study.estimated` in compiled loops: the same sums in the same order, equal to the last bit.

numpy passes some thirty times over every value, through memory; here a strip of columns stays in the cache until
everything is known of it. Along a strip the compiler works on several columns at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np

from sim.engine.compiled import jit
from sim.engine.compiled.jit import compiled
from sim.model.arrays import FloatArray
from sim.study.compiled.ordering import KeyArray, Room, order_statistics
from sim.study.estimated import Estimated, Terms
from sim.study.estimators import DAYS, DaySpread, Interval, Moments, ratio_of_sums

STRIP = 64
"""Columns that are looked at together: 30 replications of them are 15 KB."""
SHARES = np.array(DAYS)
SIGN = np.uint64(1 << 63)
Table = FloatArray
"""(replications, keys times bins): a row of each replication. It is only read."""


class Into(NamedTuple):
    """What is found of each column, (columns,) each; counts are whole numbers."""

    ratio: FloatArray
    """Sum over sum, and `used`, the replications that say something about it; of a ratio only."""
    used: FloatArray
    mean: FloatArray
    """As in `Moments`, as the following; of a ratio those of the pseudo-values."""
    error: FloatArray
    skewness: FloatArray
    days: FloatArray
    equal: FloatArray
    p10: FloatArray
    """As in `DaySpread`, as the following."""
    p50: FloatArray
    p90: FloatArray
    within: FloatArray
    """Share of the days within the limit."""


@compiled
def moments(values: FloatArray, width: int, into: Into, first: int) -> None:
    """`Moments.of` of a strip of columns from number `first` on, which stand in `values`, (n, STRIP)."""
    n = len(values)
    total, mean = np.zeros(width), np.empty(width)
    squares, cubes, sd, count = np.zeros(width), np.zeros(width), np.empty(width), np.zeros(width)
    least, most = np.full(width, np.inf), np.full(width, -np.inf)
    for day in range(n):
        for at in range(width):
            value = values[day, at]
            there = value == value
            total[at] += value if there else 0.0
            count[at] += 1.0 if there else 0.0
            least[at] = value if value < least[at] else least[at]
            most[at] = value if value > most[at] else most[at]
    for at in range(width):
        mean[at] = total[at] / count[at]
    for day in range(n):
        for at in range(width):
            value = values[day, at]
            deviation = value - mean[at]
            squares[at] += deviation * deviation if value == value else 0.0
    for at in range(width):
        sd[at] = np.sqrt(squares[at] / (count[at] - 1.0))
    for day in range(n):
        for at in range(width):
            value = values[day, at]
            standard = (value - mean[at]) / sd[at]
            cubes[at] += standard * standard * standard if value == value else 0.0
    for at in range(width):
        column, c = first + at, count[at]
        equal = least[at] == most[at]
        into.mean[column] = least[at] if equal else mean[at]
        into.error[column] = sd[at] / np.sqrt(c)
        into.skewness[column] = cubes[at] * c / ((c - 1.0) * (c - 2.0)) if c > 2.0 else 0.0
        into.days[column], into.equal[column] = c, equal


@compiled
def days(
    values: FloatArray, width: int, limits: FloatArray, room: Room, keys: KeyArray, into: Into, first: int
) -> None:
    """`day_spread` and `days_within` of a strip of columns.

    Zeros are counted and not ordered: they are two of five values, and the boxes of `order_statistics` are as wide as
    the way from 0 to the least of the others, which has far more numbers on it than that to the largest.
    """
    quantiles = into.p10, into.p50, into.p90
    for at in range(width):
        column, n, kept, zeros, negative, alike = first + at, 0, 0, 0, 0, True
        limit = limits[column]
        for day in range(values.shape[0]):
            value = values[day, at]
            bits = np.float64(value).view(np.uint64)
            kept += value <= limit
            if bits == 0:
                zeros += 1
            elif value == value:
                keys[n] = ~bits if bits & SIGN else bits | SIGN  # in the order of the numbers, below 0 as well
                negative += int(bits >= SIGN)
                alike &= keys[n] == keys[0]
                n += 1
        there = n + zeros
        into.within[column] = kept / there if there > 0 and limit == limit else np.nan
        if there == 0:
            for into_one in quantiles:
                into_one[column] = np.nan
            continue
        _look_up(keys, n, zeros, negative, alike, room)
        for share in range(len(SHARES)):
            position = SHARES[share] * (there - 1)
            low, high = _number(room.found[2 * share]), _number(room.found[2 * share + 1])
            between = low if low == high else low + (position - int(position)) * (high - low)
            quantiles[share][column] = between


@compiled
def _look_up(keys: KeyArray, n: int, zeros: int, negative: int, alike: bool, room: Room) -> None:
    """The values that each quantile lies between, to `room.found`: of `keys[:n]`, of which some are below 0, and zeros.

    They are called `alike` where all keys are equal.
    """
    wanted = False
    for share in range(len(SHARES)):
        below = int(SHARES[share] * (n + zeros - 1))
        for to, place in (2 * share, below), (2 * share + 1, min(below + 1, n + zeros - 1)):
            if negative <= place < negative + zeros:
                room.place[to], room.found[to] = -1, SIGN  # the key of 0
            else:
                room.place[to], room.found[to] = place if place < negative else place - zeros, keys[0]
                wanted = True
    if wanted and not alike:
        order_statistics(keys, 0, n, room)


@compiled
def _number(key: Any) -> float:
    """What the key is of."""
    bits = key & ~SIGN if key & SIGN else ~key
    return np.uint64(bits).view(np.float64)


@compiled
def of_ratio(
    table: Table,
    above: int,
    below: int,
    factor: FloatArray,
    shares: FloatArray,
    pseudo: FloatArray,
    into: Into,
    first: int,
) -> None:
    """Ratio, quotient of every day, and jackknife pseudo-values (`estimators.ratio_interval`) of a strip.

    Its columns begin at `above` and `below` in the table, and at `first` in what is found.
    """
    n, width = len(shares), len(factor)
    total_above, total_below, count = np.zeros(width), np.zeros(width), np.zeros(width)
    for day in range(n):
        for at in range(width):
            over, under = table[day, above + at] * factor[at], table[day, below + at]
            used = (over == over) & (under == under) & ((over != 0.0) | (under != 0.0))
            total_above[at] += over if used else 0.0
            total_below[at] += under if used else 0.0
            count[at] += 1.0 if used else 0.0
            shares[day, at], pseudo[day, at] = over, under
    for at in range(width):
        ratio = total_above[at] / total_below[at] if total_below[at] != 0.0 else np.nan
        into.ratio[first + at], into.used[first + at] = ratio, count[at]
    for day in range(n):
        for at in range(width):
            over, under = shares[day, at], pseudo[day, at]
            used = (over == over) & (under == under) & ((over != 0.0) | (under != 0.0))
            without = (total_above[at] - over) / (total_below[at] - under)
            found = count[at] * into.ratio[first + at] - (count[at] - 1.0) * without
            shares[day, at], pseudo[day, at] = over / under, found if used else np.nan


@compiled
def of_mean(table: Table, value: int, total: int, below: int, factor: FloatArray, shares: FloatArray) -> None:
    """The measure of every day (`estimated.Terms`) of a strip, whose columns begin at these in the table.

    `total` is -1 where there is none.
    """
    for day in range(len(shares)):
        for at in range(len(factor)):
            shares[day, at] = table[day, value + at] * factor[at]
        if total < 0:
            continue
        for at in range(len(factor)):
            mean = table[day, total + at] / table[day, below + at]
            shares[day, at] = (shares[day, at] - mean) / mean if mean > 0.0 else np.nan


@compiled
def estimate(table: Table, terms: Terms, ratios: bool, limits: FloatArray, into: Into) -> None:
    """Everything of all measures in all bins, strip by strip; `table` is (n, keys times bins)."""
    n, bins = table.shape[0], terms.factor.shape[1]
    places = 2 * len(SHARES)
    room = Room(np.empty(n, np.uint64), np.empty(places, np.int64), np.empty(places, np.uint64))
    keys, shares, pseudo = np.empty(n, np.uint64), np.empty((n, STRIP)), np.empty((n, STRIP))
    for measure in range(len(terms.value)):
        for begin in range(0, bins, STRIP):
            width, first = min(STRIP, bins - begin), measure * bins + begin
            factor = terms.factor[measure, begin : begin + width]
            # Where the bins from `begin` on stand in the table, of each of the keys.
            value, below = terms.value[measure] * bins + begin, terms.below[measure] * bins + begin
            if ratios:
                of_ratio(table, value, below, factor, shares, pseudo, into, first)
                moments(pseudo, width, into, first)
            else:
                total = terms.total[measure] * bins + begin if terms.total[measure] >= 0 else -1
                of_mean(table, value, total, below, factor, shares)
                moments(shares, width, into, first)
            days(shares, width, limits, room, keys, into, first)


def _entry(version: int) -> Any:
    """The function with the hash of the whole source in its closure, so that no stale code is ever loaded."""

    def entry(table, terms, ratios, limits, into):  # type: ignore[no-untyped-def]
        if version >= 0:
            estimate(table, terms, ratios, limits, into)

    return jit.cached(entry)


entry = _entry(jit.source_hash(Path(__file__).parent, Path(jit.__file__).parent))
_COLUMN = numba.float64[::1]
_PLACES = numba.int64[::1]
_TABLE = numba.types.Array(numba.float64, 2, "C", readonly=True)
_TERMS = numba.types.NamedTuple((_PLACES, numba.float64[:, ::1], _PLACES, _PLACES), Terms)  # type: ignore[no-untyped-call]
_INTO = numba.types.NamedUniTuple(_COLUMN, len(Into._fields), Into)  # type: ignore[no-untyped-call]
SIGNATURE = (_TABLE, _TERMS, numba.boolean, _COLUMN, _INTO)


def stands_in_cache() -> bool:
    """Calling would load the code and not compile it."""
    return bool(entry.signatures) or jit.is_on_disk(entry, SIGNATURE)


def compile_now() -> None:
    """Load the code, or compile it, now."""
    jit.ready(entry, SIGNATURE)


def _found(values: FloatArray, terms: Terms, ratios: bool, limits: FloatArray) -> Into:
    """Estimates of measures, of the shape of their limits."""
    into = Into(*np.empty((len(Into._fields), limits.size)))
    table = np.ascontiguousarray(values).reshape(len(values), -1 if values.size else 0).view()
    table.flags.writeable = False  # as rows that are held: for what could be written to there would be code of its own
    entry(table, terms, ratios, np.ascontiguousarray(limits.ravel()), into)
    return Into(*(array.reshape(limits.shape) for array in into))


def _estimated(found: Into, interval: Interval) -> Estimated:
    return Estimated(interval, DaySpread(found.p10, found.p50, found.p90), found.within)


def _moments(found: Into) -> Moments:
    return Moments(found.mean, found.error, found.skewness, found.days.astype(np.int64), found.equal > 0.0)


def of_means(days: FloatArray, limits: FloatArray) -> Estimated:
    """As in `sim.study.estimated`."""
    none = np.array([-1])
    return means_by_bin(days, Terms(np.array([0]), np.ones((1, limits.size)), none, none), limits)


def means_by_bin(values: FloatArray, terms: Terms, limits: FloatArray) -> Estimated:
    """As in `sim.study.estimated`."""
    found = _found(values, terms, False, limits)
    return _estimated(found, _moments(found).interval())


def ratios_by_bin(values: FloatArray, terms: Terms, limits: FloatArray) -> Estimated:
    """As in `sim.study.estimated`."""
    found = _found(values, terms, True, limits)
    return _estimated(found, ratio_of_sums(found.ratio, found.used.astype(np.int64), _moments(found).interval()))
