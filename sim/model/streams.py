"""Named random streams: master seed -> replication -> stream name.

A stream's numbers depend on (seed, replication, name) and on nothing else: not on the variant, on what other
streams exist, or on the order of drawing. Two variants that share a stream name share its numbers, which is
what makes common random numbers exact.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from sim.errors import SimulationError
from sim.model.arrays import BoolArray, FloatArray, IntArray
from sim.model.gamma_quantile import gamma_of_normal
from sim.model.network import FORCED
from sim.model.steps import StepTable


@lru_cache(maxsize=2**16)
def stable_hash(name: str) -> int:
    """A 64-bit hash of a stream's name that is the same in every process and version of Python."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def check_clashes(names: Iterable[str]) -> None:
    """Refuse two streams that would draw the same numbers.

    Raises:
        SimulationError: two different names with the same hash, or one name used twice.
    """
    seen: dict[int, str] = {}
    for name in names:
        key = stable_hash(name)
        if key in seen:
            raise SimulationError(f"random streams {seen[key]!r} and {name!r} would draw the same numbers")
        seen[key] = name


def room_for(expected: float, most: int) -> int:
    """How many instants to draw where about so many are expected: more than ever come, but no more than `most`."""
    expected = max(expected, 0.0)
    return min(int(expected + 6.0 * math.sqrt(expected)) + 16, most)


class Streams:
    """The streams of one replication, drawn with numpy.

    `sim.engine.compiled_streams` draws the same numbers in compiled loops, to the last bit.
    """

    anywhere = False
    """Few numbers of a stream cost little, wherever they stand in it."""

    def __init__(self, seed: int, replication: int) -> None:
        self.seed, self.replication = seed, replication

    def generator(self, name: str) -> np.random.Generator:
        """The generator of a named stream, at its beginning."""
        key = (self.replication, stable_hash(name))
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key)))

    def uniform(self, name: str, count: int, begin: int = 0) -> FloatArray:
        """Uniforms number `begin` to `begin + count` of a stream in [0, 1); a longer draw begins with a shorter one."""
        generator = self.generator(name)
        if begin:
            generator.bit_generator.advance(begin)  # type: ignore[attr-defined]  # one step per uniform
        return generator.random(count)

    def at(self, name: str, rows: IntArray) -> FloatArray:
        """Uniforms of a stream by number, (rows,). Numbers never fall; some may be left out, or stand twice."""
        if not rows.size:
            return np.empty(0)
        first = int(rows[0])
        return self.uniform(name, int(rows[-1]) + 1 - first, first)[rows - first]

    def once(self, name: str) -> float:
        """One uniform in [0, 1) for the whole replication."""
        return float(self.uniform(name, 1)[0])

    def poisson(self, name: str, rate: float, horizon: float, stretch: int) -> Iterator[FloatArray]:
        """Instants of a Poisson process on [0, horizon), no more than `stretch` at a time.

        A longer horizon keeps the earlier instants.
        """
        generator = self.generator(name)
        expected, reached = rate * horizon, 0.0
        while True:
            gaps = generator.standard_exponential(room_for(expected - reached, stretch))
            gaps[0] += reached  # one sum from the first gap on, whatever the stretches
            sums = np.cumsum(gaps, out=gaps)
            reached = float(sums[-1])
            times = np.divide(sums, rate, out=sums)
            if times[-1] >= horizon:
                yield times[: int(np.searchsorted(times, horizon))]
                return
            yield times

    def accepted(self, name: str, begin: int, times: FloatArray, chance: StepTable) -> tuple[FloatArray, IntArray]:
        """Times and numbers of those whose uniform is below their chance.

        Args:
            name: of the stream.
            begin: number of the first candidate.
            times: of the candidates from there on, ascending.
            chance: of being accepted, by time.
        """
        kept = np.flatnonzero(self.uniform(name, times.size, begin) < chance.along(times))
        return times[kept], kept + begin

    def kinds(self, name: str, rows: IntArray, upper: FloatArray) -> IntArray:
        """How many of the bounds `upper` each uniform of a stream, told by its number, has reached: (rows,)."""
        mark = self.at(name, rows)
        kind = np.zeros(rows.size, np.int64)
        for bound in upper.tolist():
            kind += mark >= bound
        return kind

    def gamma(self, z: FloatArray, shape: float) -> FloatArray:
        """Values of the gamma distribution of scale 1 at normal quantiles, which are overwritten."""
        return gamma_of_normal(z, shape)

    def begins(self, kind: IntArray, widths: IntArray) -> tuple[IntArray, int]:
        """Where the draws of each party begin, and how many there are: tables of the programmes, one after the other.

        Args:
            kind: (parties,): programme of each.
            widths: (programmes,): draws of a party of each.
        """
        first, used = np.empty(kind.size, np.int64), 0
        for programme, width in enumerate(widths.tolist()):
            mine = np.flatnonzero(kind == programme)
            first[mine] = used + width * np.arange(mine.size)
            used += width * mine.size
        return first, used

    def put(
        self,
        draws: FloatArray,
        first: IntArray,
        kind: IntArray,
        columns: IntArray,
        values: FloatArray,
        mine: IntArray | None = None,
    ) -> None:
        """Put a value of each party where it belongs among its draws: as far from the first as `columns` say.

        Args:
            draws: of all parties.
            first: (parties,): where the draws of each begin.
            kind: (parties,): programme of each.
            columns: (programmes,): which of its draws it is.
            values: of all parties, or of those told by their positions in `mine`.
            mine: positions; None for all.
        """
        if mine is not None:
            first, kind = first[mine], kind[mine]
        draws[first + columns[kind]] = values

    def ascend(self, times: FloatArray) -> bool:
        """No instant is before the one it follows."""
        return bool(np.all(times[1:] >= times[:-1]))

    def marked(
        self, draws: FloatArray, first: IntArray, kind: IntArray, marks: IntArray, below: FloatArray
    ) -> IntArray:
        """Who has a draw below a limit, or is forced to what it decides: positions.

        Args:
            draws: of all parties.
            first: (parties,): where the draws of each begin.
            kind: (parties,): programme of each.
            marks: (programmes,): which of its draws it is; -1 for none.
            below: (programmes,): the limit.
        """
        mine = np.flatnonzero((marks >= 0)[kind])
        mark = draws[first[mine] + marks[kind[mine]]]
        needed: BoolArray = (mark < below[kind[mine]]) | (mark >= FORCED)
        return mine[needed]
