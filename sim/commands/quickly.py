"""What makes a command start sooner that has a process of its own."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import LazyLoader, find_spec, module_from_spec
from pathlib import Path
from types import ModuleType

SELDOM_USED = ("ctypeslib", "f2py", "polynomial", "testing")
"""Parts of numpy that nothing here uses: scipy and numba take all that numpy has.

Not `ma`, which pyarrow looks into from the threads that write tables."""
ALONE = ("1.17.",)
"""Versions of scipy of which it is known that the special functions are loaded without the package around them."""


def leave_out_what_is_seldom_used() -> None:
    """Load neither parts of numpy until somebody looks into them, nor more of scipy than its special functions.

    Called before anything imports scipy, by commands that need numpy. To a caller of `sim.api` nothing is done: the
    process is his, and two threads must not look into such a module first at the same time, nor see half of scipy.
    """
    _numpy_in_part()
    _special_functions_alone()


def _numpy_in_part() -> None:
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


def _special_functions_alone() -> None:
    """What `sim.model.special` takes, 5 ms; `scipy.special` with all else takes 0.1 s.

    While they are loaded, an empty package stands where scipy's would. Whoever imports that afterwards gets all of it,
    with these very functions.
    """
    import scipy

    package = "scipy.special"
    if not scipy.__version__.startswith(ALONE) or package in sys.modules:
        return
    empty = ModuleType(package)
    empty.__path__ = [str(Path(scipy.__path__[0], "special"))]
    sys.modules[package] = empty
    with contextlib.suppress(ImportError):  # which `sim.model.special` will meet too, and say
        import_module(f"{package}._ufuncs")
    del sys.modules[package]


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
