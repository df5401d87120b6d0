"""Named random streams: master seed -> replication -> stream name.

A stream's numbers depend on (seed, replication, name) and on nothing else: not on the variant, on what other
streams exist, or on the order of drawing. Two variants that share a stream name share its numbers, which is
what makes common random numbers exact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from sim.errors import SimulationError


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


class Streams:
    """The streams of one replication."""

    def __init__(self, seed: int, replication: int) -> None:
        self.seed, self.replication = seed, replication

    def generator(self, name: str) -> np.random.Generator:
        """The generator of a named stream, at its beginning."""
        key = (self.replication, stable_hash(name))
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key)))

    def uniform(self, name: str, count: int, begin: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Uniforms number `begin` to `begin + count` of a stream in [0, 1); a longer draw begins with a shorter one."""
        generator = self.generator(name)
        if begin:
            generator.bit_generator.advance(begin)  # type: ignore[attr-defined]  # one step per uniform
        return generator.random(count)

    def once(self, name: str) -> float:
        """One uniform in [0, 1) for the whole replication."""
        return float(self.uniform(name, 1)[0])
