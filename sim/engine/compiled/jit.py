"""How functions are compiled here: never with fast-math, which would reorder sums and lose the last bit."""

from __future__ import annotations

import contextlib
import hashlib
import pickle
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite.binding import parse_assembly
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.environment import Environment
from numba.core.registry import CPUDispatcher
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])


_FOR_COMPILED_CALLERS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,  # a tenth of compiling is what would let Python and C call each of them
    "no_cfunc_wrapper": True,
}


def compiled(function: F) -> F:
    """Compile a function that compiled functions call; it becomes part of its callers."""
    return cast(F, _guarded(numba.njit(**_FOR_COMPILED_CALLERS)(function)))


def inlined(function: F) -> F:
    """The same, always written out where it is called: what hands on many tables would only move them about."""
    return cast(F, _guarded(numba.njit(**_FOR_COMPILED_CALLERS, forceinline=True)(function)))


def _guarded(function: Any) -> Any:
    function.__class__ = _PartOfItsCallers
    return function


class _PartOfItsCallers(CPUDispatcher):
    """Has nothing that Python could call. Called from there, as in a test, it is compiled once more with that."""

    def __call__(self, *arguments: Any) -> Any:
        return _for_python(self.py_func)(*arguments)


@cache
def _for_python(function: Any) -> Any:
    return numba.njit(nogil=True, error_model="numpy")(function)


@intrinsic
def _pointer(typing_context, array):  # type: ignore[no-untyped-def]
    """Pointer to the first element of an array, for compiled code. The array must outlive its use."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return numba.types.CPointer(array.dtype)(array), code  # type: ignore[no-untyped-call]


pointer: Any = _pointer


@intrinsic
def _address(typing_context, array):  # type: ignore[no-untyped-def]
    """Where an array begins in memory, in bytes. The array must outlive its use."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.ptrtoint(data, context.get_value_type(signature.return_type))

    return numba.int64(array), code


address: Any = _address


LOADS_ALONE = ((0, 68),)
"""Versions of numba of which it is known that code is loaded from disk without what compiling takes, how it is kept
there, and how it is made of its parts."""


def source_hash(*folders: Path) -> int:
    """A number that changes with any line of the modules in these folders."""
    files = [file for folder in folders for file in sorted(folder.glob("*.py"))]
    digest = hashlib.blake2b(b"".join(file.read_bytes() for file in files), digest_size=6).digest()
    return int.from_bytes(digest, "little")


def cached(function: Any) -> Any:
    """Compile a function that Python calls and keep it on disk between processes.

    Where no folder can be written to, it is compiled anew in each process. numba looks only at this function's own
    file and at what its closure holds when it asks whether the code on disk is still right: see `kernel.entry`.
    """
    try:
        entry = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:
        return numba.njit(nogil=True, error_model="numpy")(function)
    if numba.version_info.short in LOADS_ALONE:
        _keep_what_running_needs(entry)
        _keep_it_safely(entry)
    return entry


def _keep_it_safely(function: Any) -> None:
    """Neither a full disk nor damaged files stop what calls the function."""
    function._cache.__class__, function._cache._cache_file.__class__ = _IfItCanBe, _WholeFiles


class _IfItCanBe(FunctionCache):
    """Keeps compiled code where there is a place for it; else the next process compiles once more."""

    def save_overload(self, sig: Any, data: Any) -> None:
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


class _WholeFiles(IndexDataCacheFile):
    """Compiled code on disk that a crash, a full disk or a bad copy may damage, and that is then compiled anew.

    numba takes what it finds: code of which the end is missing is an error, and code with a wrong byte in it ends the
    process without a word. Each file therefore ends with the hash of what is before it.
    """

    _seen: tuple[Any, Any] | None = None
    """What was read last to see that it is there, with its key: it is loaded next, and need not be read once more."""

    def is_there(self, key: Any) -> bool:
        """The code with this key can be loaded."""
        data = self.load(key)
        self._seen = None if data is None else (key, data)
        return data is not None

    def load(self, key: Any) -> Any:
        """The code with this key, None where there is none."""
        seen, self._seen = self._seen, None
        if seen is not None and seen[0] == key:
            return seen[1]
        return super().load(key)  # type: ignore[no-untyped-call]

    def _load_index(self) -> dict[Any, str]:
        try:
            return dict(super()._load_index())  # type: ignore[no-untyped-call]
        except Exception:  # whatever unpickling makes of other bytes
            return {}

    def _dump(self, obj: Any) -> bytes:
        data: bytes = super()._dump(obj)  # type: ignore[no-untyped-call]
        return data + _digest(data)

    def _load_data(self, name: str) -> Any:
        data = Path(self._data_path(name)).read_bytes()  # type: ignore[no-untyped-call]
        whole, digest = data[:-DIGEST], data[-DIGEST:]
        if digest != _digest(whole):
            raise OSError(f"{name} is damaged")  # to numba a file that is not there
        return pickle.loads(whole)


DIGEST = 16
"""Bytes of the hash that a file of compiled code ends with."""


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST).digest()


def _keep_what_running_needs(function: Any) -> None:
    """Keep on disk what the processor runs, not what is for compiled callers: this is called from Python alone.

    That is the bitcode of all it consists of, of which only the name that Python calls is left, and the modules of
    numba that parts of it come from, which only compiling looks into. Loading them takes 60 and 35 ms of a start.
    """
    kept = function._cache._impl
    whole = kept.reduce

    def reduce(result: Any) -> Any:
        (name, kind, (code, _)), described, *rest, environments = whole(result)
        signpost = f'define void @"{described.llvm_cpython_wrapper_name}"() {{ unreachable }}'
        library = name, kind, (code, parse_assembly(signpost).as_bitcode())
        return library, described, *rest, tuple(_of_no_module(each) for each in environments)

    kept.reduce = reduce


def _of_no_module(environment: Any) -> Any:
    """The constants of a function of numba's, without the module that it is from."""
    if not environment.globals["__name__"].startswith("numba."):
        return environment
    alone = Environment({"__name__": numba.__name__})
    alone.consts.extend(environment.consts)
    alone.env_name = environment.env_name
    return alone


def is_on_disk(function: Any, signature: Any) -> bool:
    """A compiled form of the function for this signature and processor can be loaded.

    numba has no public question for this; where its inside is not as known here, the answer is no, which costs
    time but never a result.
    """
    try:
        # Read, but not made into code that can be run: that takes ten times as long, and is done once it is wanted.
        cache = function._cache
        key = cache._index_key(signature, function.targetctx.codegen())
        return bool(cache._cache_file.is_there(key))
    except Exception:
        return False


def ready(function: Any, signature: Any, *, in_steps: bool = False) -> None:
    """Load the compiled form of the function for this signature from the disk, or compile it.

    Args:
        function: from `cached`.
        signature: types of what it takes.
        in_steps: compile twice as long for code that is a few percent faster (`parts`).
    """
    if function.signatures or numba.version_info.short not in LOADS_ALONE:
        function.compile(signature)
        return
    if is_on_disk(function, signature):
        with _nothing_to_compile(function.targetctx):
            function.compile(signature)
        return
    from sim.engine.compiled.parts import only_parts_of

    with only_parts_of(function, in_steps):
        function.compile(signature)


@contextlib.contextmanager
def _nothing_to_compile(context: Any) -> Iterator[None]:
    """While the block runs, the next refresh of numba's context imports no implementations of what may be compiled.

    They take a tenth of a second, and code that stands on the disk has them in it: all it calls is numba's runtime.
    A refresh is what loading begins with. Should the code be compiled after all, that refreshes the context once
    more, and then, as at any time later, it is done.
    """
    from numba.core.runtime.nrt import rtsys

    rtsys.initialize(context)
    context.refresh = lambda: vars(context).pop("refresh")
    try:
        yield
    finally:
        vars(context).pop("refresh", None)
