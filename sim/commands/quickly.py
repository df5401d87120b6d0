"""What makes a command start sooner that has a process of its own."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from importlib.util import LazyLoader, find_spec, module_from_spec

SELDOM_USED = ("ctypeslib", "f2py", "polynomial", "testing")
"""Parts of numpy that nothing here uses: scipy.special takes all that numpy has, and a third of its start is these.

Not `ma`, which pyarrow looks into from the threads that write tables."""


def leave_out_what_is_seldom_used() -> None:
    """Load parts of numpy only when somebody looks into them, though they are imported.

    Called before scipy is imported, by commands that need numpy. To a caller of `sim.api` nothing is done: the process
    is his, and in Python 3.11 two threads must not look into such a module first at the same time.
    """
    import numpy

    for part in SELDOM_USED:
        name = f"numpy.{part}"
        spec = None if name in sys.modules else find_spec(name)
        if spec is None or spec.loader is None:
            continue
        spec.loader = LazyLoader(spec.loader)
        module = sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(module)
        setattr(numpy, part, module)


def collect_again() -> None:
    """Everything is loaded: from here on memory matters, and garbage is collected, which `sim.cli` put off.

    What there is so far stays to the end. Frozen, it is not looked through, and workers that start as copies of this
    process go on sharing it.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def collecting(advance: Callable[[int], None]) -> Callable[[int], None]:
    """The same, which is called first when the first replication is about to begin: the start is over then."""

    def collecting_too(n: int) -> None:
        collect_again()
        advance(n)

    return collecting_too
