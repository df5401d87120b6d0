"""Network + Parties -> Records. Engines know nothing of borders, and nothing above knows which one ran."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.engine.records import INSIDE, MOVED_ON, Records
from sim.errors import UsageError
from sim.model.network import Network
from sim.model.parties import Parties

if TYPE_CHECKING:
    from sim.model.streams import Streams

AUTO, REFERENCE, COMPILED = "auto", "reference", "compiled"
ENGINES = (AUTO, COMPILED, REFERENCE)
"""Names `--engine` takes. The records are the same, to the last bit."""

WORTH_LOADING = 20_000
"""Parties of a land port in all from which loading the compiled engine (about a second) pays."""
WORTH_COMPILING = 2_000_000
"""Parties of a land port in all from which compiling it (about a minute, once per installation) pays."""

Engine = Callable[[Network, Parties], Records]


def choose_engine(name: str, parties: float) -> str:
    """The engine to run about this many parties of a land port with: `name` itself unless it is `auto`.

    Raises:
        UsageError: there is no such engine.
    """
    if name not in ENGINES:
        raise UsageError(f"no engine {name!r}; there are: {', '.join(ENGINES)}")
    if name != AUTO:
        return name
    if parties < WORTH_LOADING:
        return REFERENCE
    if parties >= WORTH_COMPILING or is_compiled():
        return COMPILED
    return REFERENCE


def is_compiled() -> bool:
    """The compiled engine stands ready on disk, compiled from this very source."""
    from sim.engine import compiled_streams
    from sim.engine.compiled.kernel import stands_in_cache

    return stands_in_cache() and compiled_streams.stands_in_cache()


def prepare() -> None:
    """Compile the compiled engine, or load it, so that worker processes find it on disk."""
    from sim.engine import compiled_streams
    from sim.engine.compiled.kernel import compile_now

    compile_now()
    compiled_streams.compile_now()


def engine(name: str) -> Engine:
    """The engine called `reference` or `compiled`, imported when it is asked for.

    Raises:
        UsageError: there is no such engine.
    """
    if name == REFERENCE:
        from sim.engine.reference import run as run_reference

        return run_reference
    if name == COMPILED:
        from sim.engine.compiled import run as run_compiled

        return run_compiled
    raise UsageError(f"no engine {name!r}; there are: {COMPILED}, {REFERENCE}")


def streams_of(name: str) -> type[Streams]:
    """Who draws the parties for the engine of that name: as fast as the engine, the numbers do not depend on it."""
    if name == COMPILED:
        from sim.engine.compiled_streams import CompiledStreams

        return CompiledStreams
    from sim.model.streams import Streams

    return Streams


__all__ = [
    "AUTO",
    "COMPILED",
    "ENGINES",
    "INSIDE",
    "MOVED_ON",
    "REFERENCE",
    "Engine",
    "Records",
    "choose_engine",
    "engine",
    "is_compiled",
    "prepare",
    "streams_of",
]
