"""bordersim: a discrete-event simulation of border crossings.

`sim.load`, `sim.run` and `sim.compare` are the program from Python; each name is imported when it is first used, so
that `import sim` costs nothing.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.api import BordersimError as BordersimError
    from sim.api import Comparison as Comparison
    from sim.api import Line as Line
    from sim.api import Rule as Rule
    from sim.api import Run as Run
    from sim.api import ScenarioError as ScenarioError
    from sim.api import Study as Study
    from sim.api import compare as compare
    from sim.api import load as load
    from sim.api import run as run

__all__ = ["BordersimError", "Comparison", "Line", "Rule", "Run", "ScenarioError", "Study", "compare", "load", "run"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    from sim import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
