"""Compiling from nothing in less than half the time: what only compiled functions call is not made into code itself.

numba optimises each function together with all that it calls and makes machine code of it, and then does both once
more for each function that calls it, and so on up to what Python calls. Here only that becomes machine code. What it
consists of is handed on as it is, or optimised: a small part of the code gets a few percent faster by being optimised
at every step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.runtime.nrt import rtsys


class Part(JITCodeLibrary):
    """What compiled functions call: optimised, and never run by itself."""

    def _finalize_final_module(self) -> None:
        self._finalized = True


class RawPart(Part):
    """The same, to be optimised only as part of what calls it."""

    def _optimize_final_module(self) -> None:
        pass


_waiting: dict[str, Any] = {}
"""Constants (numba's environments) of functions, by name, that are in no machine code so far."""


@contextlib.contextmanager
def only_parts_of(function: Any, in_steps: bool) -> Iterator[None]:
    """While the block runs, all that is compiled besides `function` becomes a part of it.

    Args:
        function: what Python calls.
        in_steps: whether parts are optimised, and again within each other, or only all at once.
    """
    codegen, kind = function.targetctx.codegen(), Part if in_steps else RawPart
    rtsys.initialize(function.targetctx)  # numba's runtime is no part of anything

    def library(codegen: Any, name: str) -> Any:
        whole: Any = JITCodeLibrary
        return (whole if name == function.py_func.__qualname__ else kind)(codegen, name)

    with global_compiler_lock:
        codegen._library_class, codegen.set_env = library, _waiting.__setitem__
        try:
            yield
        finally:
            del codegen._library_class, codegen.set_env
            _give_constants(codegen)


def _give_constants(codegen: Any) -> None:
    """Tell machine code where the constants are of the functions that are in it by now."""
    for name in [name for name in _waiting if codegen._engine.get_global_value_address(name)]:
        codegen.set_env(name, _waiting.pop(name))
