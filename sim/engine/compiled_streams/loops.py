"""What Python calls: compiled loops over the numbers of one stream each, kept on disk."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numba
import numpy as np

from sim.engine.compiled import jit
from sim.engine.compiled.jit import compiled, inlined
from sim.engine.compiled_streams.pcg64 import (
    A_HIGH,
    A_LOW,
    ELEVEN,
    ONE,
    REACH,
    UNIT,
    U,
    Words,
    after,
    bits_of,
    far,
    jumps,
    seeded,
    uniform_of,
)
from sim.model.arrays import FloatArray, IntArray
from sim.model.gamma_quantile import EDGE, STEP
from sim.model.network import FORCED

try:  # numpy's tables of the ziggurat, which numba keeps to itself
    from numba.np.random._constants import fe_double, ke_double, we_double, ziggurat_exp_r
except ImportError:  # without them `is_numpys_ziggurat` says no
    ziggurat_exp_r = 0.0
    ke_double, we_double, fe_double = np.zeros(256, np.uint64), np.zeros(256), np.zeros(256)

LAYER, BELOW_LAYER, UNUSED = U(0xFF), U(8), U(3)
"""Of 64 random bits numpy's ziggurat leaves three alone; eight name a layer, the rest the place in it."""


@compiled
def _walk(entropy: Words, begin: int, leaps: Words) -> tuple[U, U]:
    """The state from which uniform `begin` of the stream is one step away; fills in the stream's jumps."""
    high, low, c_high, c_low = seeded(entropy)
    jumps(c_high, c_low, leaps)
    return far(high, low, c_high, c_low, begin)


@inlined
def _leap(high: U, low: U, leaps: Words, j: int) -> tuple[U, U]:
    """The state j + 1 steps on."""
    return after(high, low, leaps[j, 0], leaps[j, 1], leaps[j, 2], leaps[j, 3])


@compiled
def _uniforms(entropy: Words, rows: IntArray) -> FloatArray:
    """`Streams.at`."""
    found, leaps = np.empty(len(rows)), np.empty((REACH, 4), np.uint64)
    if len(rows) == 0:
        return found
    begin = rows[0]
    high, low = _walk(entropy, begin, leaps)
    for k in range(len(rows)):
        while rows[k] >= begin + REACH:
            high, low = _leap(high, low, leaps, REACH - 1)
            begin += REACH
        found[k] = uniform_of(*_leap(high, low, leaps, rows[k] - begin))
    return found


@compiled
def _place(values: FloatArray, value: float, after_equal: bool) -> int:
    """`numpy.searchsorted`: how many values, which ascend, lie below this one, and with it where so said.

    numba's own would be loaded with all its linear algebra, and scipy's.
    """
    first, end = 0, len(values)
    while first < end:
        middle = (first + end) >> 1
        if values[middle] < value or (after_equal and values[middle] == value):
            first = middle + 1
        else:
            end = middle
    return first


@compiled
def _kinds(entropy: Words, rows: IntArray, upper: FloatArray) -> IntArray:
    """`Streams.kinds`."""
    marks = _uniforms(entropy, rows)
    kind = np.zeros(len(rows), np.int64)
    for bound in range(len(upper)):
        for k in range(len(rows)):
            kind[k] += marks[k] >= upper[bound]
    return kind


@compiled
def _accepted(
    entropy: Words,
    begin: int,
    times: FloatArray,
    changes: FloatArray,
    chances: FloatArray,
    kept: FloatArray,
    rows: IntArray,
) -> int:
    """`Streams.accepted`, with the step function of the chance as two arrays; fills in `kept` and `rows`, so many."""
    count = U(0)
    if len(times) == 0:
        return 0
    high, low, c_high, c_low = seeded(entropy)
    high, low = far(high, low, c_high, c_low, begin)
    piece, first = _place(changes, times[0], True) - 1, 0
    while first < len(times):
        end = _place(times, changes[piece + 1], False) if piece + 1 < len(changes) else len(times)
        # A uniform is a whole number of units: it is below the chance if that number is below the next whole one.
        limit = U(math.ceil(min(max(chances[piece], 0.0), 1.0) / UNIT))
        for i in range(first, end):
            high, low = after(high, low, A_HIGH, A_LOW, c_high, c_low)
            # Written down in any case and counted if it holds: a branch that nobody can foretell would cost more.
            rows[count] = i
            count += U((bits_of(high, low) >> ELEVEN) < limit)
        piece, first = piece + 1, end
    accepted = np.int64(count)
    for k in range(accepted):
        kept[k] = times[rows[k]]
        rows[k] += begin
    return int(accepted)


@inlined
def _exponential(high: U, low: U, c_high: U, c_low: U) -> tuple[float, U, U]:
    """numpy's standard exponential by the ziggurat, and the state after it."""
    high, low = after(high, low, A_HIGH, A_LOW, c_high, c_low)
    bits = bits_of(high, low) >> UNUSED
    layer, place = bits & LAYER, bits >> BELOW_LAYER
    x = np.int64(place) * we_double[layer]
    if place >= ke_double[layer]:
        x, high, low = _at_the_edge(layer, x, high, low, c_high, c_low)
    return x, high, low


@compiled
def _at_the_edge(layer: U, x: float, high: U, low: U, c_high: U, c_low: U) -> tuple[float, U, U]:
    """The same for one in ninety, which does not lie well inside its layer."""
    while True:
        high, low = after(high, low, A_HIGH, A_LOW, c_high, c_low)
        u = uniform_of(high, low)
        if layer == U(0):
            return ziggurat_exp_r - math.log1p(-u), high, low
        if (fe_double[layer - ONE] - fe_double[layer]) * u + fe_double[layer] < math.exp(-x):
            return x, high, low
        high, low = after(high, low, A_HIGH, A_LOW, c_high, c_low)
        bits = bits_of(high, low) >> UNUSED
        layer, place = bits & LAYER, bits >> BELOW_LAYER
        x = np.int64(place) * we_double[layer]
        if place < ke_double[layer]:
            return x, high, low


@compiled
def _instants(entropy: Words, state: Words, reached: float, rate: float, horizon: float, times: FloatArray) -> Any:
    """Fill `times` with a stretch of `Streams.poisson`; how many are before the horizon, and the sum of gaps so far.

    `state` keeps the stream between stretches; it has no constant (which is odd) before the first.
    """
    if state[3] == U(0):
        state[0], state[1], state[2], state[3] = seeded(entropy)
    high, low, c_high, c_low = state[0], state[1], state[2], state[3]
    count = 0
    while count < len(times):
        gap, high, low = _exponential(high, low, c_high, c_low)
        reached += gap
        time = reached / rate
        if time >= horizon:
            break
        times[count] = time
        count += 1
    state[0], state[1] = high, low
    return count, reached


@compiled
def _cubics(z: FloatArray, table: FloatArray) -> None:
    """`sim.model.gamma_quantile.interpolate`."""
    for i in range(len(z)):
        place = (min(max(z[i], -EDGE), EDGE - STEP / 2.0) + EDGE) / STEP
        left = int(place)
        part = place - left
        rest = 1.0 - part
        value = table[3, left] * part
        value += table[2, left] * rest
        rest *= part
        value *= rest
        part *= table[1, left]
        part += table[0, left]
        z[i] = value + part if z[i] != -np.inf else z[i]


@compiled
def _begins(kind: IntArray, widths: IntArray) -> Any:
    """`Streams.begins`."""
    following, first, used = np.zeros(len(widths), np.int64), np.empty(len(kind), np.int64), 0
    for party in range(len(kind)):
        following[kind[party]] += 1
    for programme in range(len(widths)):
        count = following[programme] * widths[programme]
        following[programme] = used
        used += count
    for party in range(len(kind)):
        programme = kind[party]
        first[party] = following[programme]
        following[programme] += widths[programme]
    return first, used


@compiled
def _put(draws: FloatArray, first: IntArray, kind: IntArray, columns: IntArray, values: FloatArray) -> None:
    """`Streams.put`."""
    for party in range(len(kind)):
        draws[first[party] + columns[kind[party]]] = values[party]


@compiled
def _put_some(
    draws: FloatArray, first: IntArray, kind: IntArray, columns: IntArray, values: FloatArray, mine: IntArray
) -> None:
    """`Streams.put` of those told by their positions."""
    for k in range(len(mine)):
        party = mine[k]
        draws[first[party] + columns[kind[party]]] = values[k]


@compiled
def _ascend(times: FloatArray) -> bool:
    """`Streams.ascend`."""
    falls = 0
    for k in range(1, len(times)):
        falls |= not times[k] >= times[k - 1]
    return falls == 0


@compiled
def _marked(draws: FloatArray, first: IntArray, kind: IntArray, marks: IntArray, below: FloatArray) -> IntArray:
    """`Streams.marked`."""
    found, count = np.empty(len(kind), np.int64), 0
    for party in range(len(kind)):
        programme = kind[party]
        if marks[programme] >= 0:
            mark = draws[first[party] + marks[programme]]
            if mark < below[programme] or mark >= FORCED:
                found[count] = party
                count += 1
    return found[:count]


def _entries(version: int) -> tuple[Any, ...]:
    """The functions with the hash of the whole source in their closure, so that no stale code is ever loaded."""

    def uniforms(entropy, rows):  # type: ignore[no-untyped-def]
        return _uniforms(entropy, rows) if version >= 0 else np.empty(0)

    def kinds(entropy, rows, upper):  # type: ignore[no-untyped-def]
        return _kinds(entropy, rows, upper) if version >= 0 else np.empty(0, np.int64)

    def accepted(entropy, begin, times, changes, chances, kept, rows):  # type: ignore[no-untyped-def]
        return _accepted(entropy, begin, times, changes, chances, kept, rows) if version >= 0 else -1

    def instants(entropy, state, reached, rate, horizon, times):  # type: ignore[no-untyped-def]
        return _instants(entropy, state, reached, rate, horizon, times) if version >= 0 else (-1, 0.0)

    def cubics(z, table):  # type: ignore[no-untyped-def]
        if version >= 0:
            _cubics(z, table)

    def begins(kind, widths):  # type: ignore[no-untyped-def]
        return _begins(kind, widths) if version >= 0 else (kind, -1)

    def put(draws, first, kind, columns, values):  # type: ignore[no-untyped-def]
        if version >= 0:
            _put(draws, first, kind, columns, values)

    def put_some(draws, first, kind, columns, values, mine):  # type: ignore[no-untyped-def]
        if version >= 0:
            _put_some(draws, first, kind, columns, values, mine)

    def ascend(times):  # type: ignore[no-untyped-def]
        return _ascend(times) if version >= 0 else False

    def marked(draws, first, kind, marks, below):  # type: ignore[no-untyped-def]
        return _marked(draws, first, kind, marks, below) if version >= 0 else np.empty(0, np.int64)

    functions = (uniforms, kinds, accepted, instants, cubics, begins, put, put_some, ascend, marked)
    return tuple(jit.cached(function) for function in functions)


uniforms, kinds, accepted, instants, cubics, begins, put, put_some, ascend, marked = _entries(
    jit.source_hash(Path(__file__).parent, Path(jit.__file__).parent)
)

_U, _I, _F = numba.uint64[::1], numba.int64[::1], numba.float64[::1]
SIGNATURES = (
    (uniforms, (_U, _I)),
    (kinds, (_U, _I, _F)),
    (accepted, (_U, numba.int64, _F, _F, _F, _F, _I)),
    (instants, (_U, _U, numba.float64, numba.float64, numba.float64, _F)),
    (cubics, (_F, numba.float64[:, ::1])),
    (begins, (_I, _I)),
    (put, (_F, _I, _I, _I, _F)),
    (put_some, (_F, _I, _I, _I, _F, _I)),
    (ascend, (_F,)),
    (marked, (_F, _I, _I, _I, _F)),
)


def stands_in_cache() -> bool:
    """Drawing would load the code and not compile it."""
    return all(function.signatures or jit.is_on_disk(function, signature) for function, signature in SIGNATURES)


def compile_now() -> None:
    """Load the code, or compile it, now."""
    for function, signature in SIGNATURES:
        jit.ready(function, signature)
