"""`sim.model.streams.Streams` in compiled loops: the same numbers, equal to the last bit.

A stream is read only where somebody looks: four in ten candidates arrive, and of them few are referred.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

import numpy as np

from sim.engine.compiled_streams import loops
from sim.engine.compiled_streams.loops import compile_now, stands_in_cache
from sim.engine.compiled_streams.pcg64 import POOL, Words
from sim.model.arrays import FloatArray, IntArray
from sim.model.gamma_quantile import gamma_of_normal
from sim.model.steps import StepTable
from sim.model.streams import Streams, room_for, stable_hash

__all__ = ["CompiledStreams", "compile_now", "stands_in_cache"]


class CompiledStreams(Streams):
    """The streams of one replication, drawn in compiled loops."""

    anywhere = True

    def __init__(self, seed: int, replication: int) -> None:
        super().__init__(seed, replication)
        words = _words(seed)
        # As `SeedSequence` lays out its entropy: where there is a spawn key, the seed fills the pool at least.
        self._before = (*words, *[0] * (POOL - len(words)), *_words(replication))

    def _entropy(self, name: str) -> Words:
        return np.array(self._before + _words_of(name), np.uint64)

    def uniform(self, name: str, count: int, begin: int = 0) -> FloatArray:
        """As in numpy."""
        return self.at(name, np.arange(begin, begin + count))

    def at(self, name: str, rows: IntArray) -> FloatArray:
        """As in numpy, without drawing what stands between the rows."""
        found: FloatArray = loops.uniforms(self._entropy(name), rows)
        return found

    def poisson(self, name: str, rate: float, horizon: float, stretch: int) -> Iterator[FloatArray]:
        """As in numpy."""
        if not is_numpys_ziggurat():
            yield from super().poisson(name, rate, horizon, stretch)
            return
        yield from self._instants(name, rate, horizon, stretch)

    def _instants(self, name: str, rate: float, horizon: float, stretch: int) -> Iterator[FloatArray]:
        entropy, state = self._entropy(name), np.zeros(4, np.uint64)
        expected, reached, whole = rate * horizon, 0.0, True
        while whole:
            times = np.empty(room_for(expected - reached, stretch))
            count, reached = loops.instants(entropy, state, reached, rate, horizon, times)
            whole = count == times.size
            yield times[:count]

    def accepted(self, name: str, begin: int, times: FloatArray, chance: StepTable) -> tuple[FloatArray, IntArray]:
        """As in numpy."""
        kept, rows = np.empty(times.size), np.empty(times.size, np.int64)
        count = loops.accepted(self._entropy(name), begin, times, chance.times, chance.values, kept, rows)
        return kept[:count], rows[:count]

    def kinds(self, name: str, rows: IntArray, upper: FloatArray) -> IntArray:
        """As in numpy."""
        found: IntArray = loops.kinds(self._entropy(name), rows, upper)
        return found

    def gamma(self, z: FloatArray, shape: float) -> FloatArray:
        """As in numpy."""
        return gamma_of_normal(z, shape, loops.cubics)

    def begins(self, kind: IntArray, widths: IntArray) -> tuple[IntArray, int]:
        """As in numpy."""
        found: tuple[IntArray, int] = loops.begins(kind, widths)
        return found

    def put(
        self,
        draws: FloatArray,
        first: IntArray,
        kind: IntArray,
        columns: IntArray,
        values: FloatArray,
        mine: IntArray | None = None,
    ) -> None:
        """As in numpy."""
        if mine is None:
            loops.put(draws, first, kind, columns, values)
        else:
            loops.put_some(draws, first, kind, columns, values, mine)

    def ascend(self, times: FloatArray) -> bool:
        """As in numpy."""
        return bool(loops.ascend(times))

    def marked(
        self, draws: FloatArray, first: IntArray, kind: IntArray, marks: IntArray, below: FloatArray
    ) -> IntArray:
        """As in numpy."""
        found: IntArray = loops.marked(draws, first, kind, marks, below)
        return found


@cache
def is_numpys_ziggurat() -> bool:
    """Exponentials are drawn here as numpy does. Unlike uniforms, numpy may draw them otherwise one day (NEP 19)."""
    some, other = (
        next(kind("ziggurat", 1.0, 1e4, 4096)) for kind in (Streams(1, 0).poisson, CompiledStreams(1, 0)._instants)
    )
    return np.array_equal(some, other)


@lru_cache
def _words(number: int) -> tuple[int, ...]:
    """A number in words of 32 bits, the lowest first; at least one."""
    return tuple((number >> at) & 0xFFFFFFFF for at in range(0, max(number.bit_length(), 1), 32))


@lru_cache(maxsize=2**16)
def _words_of(name: str) -> tuple[int, ...]:
    return _words(stable_hash(name))
