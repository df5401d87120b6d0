"""Network + Parties -> Records. Engines know nothing of borders, and nothing above knows which one ran."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.records import INSIDE, MOVED_ON, Records
from sim.errors import UsageError
from sim.model.network import Network
from sim.model.parties import Parties

ENGINES = ("reference",)
"""Names `--engine` takes."""

Engine = Callable[[Network, Parties], Records]


def engine(name: str) -> Engine:
    """The engine called `name`, imported when it is asked for.

    Raises:
        UsageError: there is no such engine.
    """
    if name == "reference":
        from sim.engine.reference import run

        return run
    raise UsageError(f"no engine {name!r}; there are: {', '.join(ENGINES)}")


__all__ = ["ENGINES", "INSIDE", "MOVED_ON", "Engine", "Records", "engine"]
