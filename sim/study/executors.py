"""One map of tasks to results, in this process, in several, or elsewhere; each result comes as it is finished.

What runs the tasks is an `Executor`. `map_unordered` takes one of processes unless another is in force (`using`):
what lies between, and makes the tasks, need not know where they go. `sim.study.cluster` has one for Dask.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from sim.errors import SimulationError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Task = TypeVar("Task")
Result = TypeVar("Result")


ENDS_WITHIN = 5.0
"""Seconds in which a process that is stopped has ended: it does so at once, but where the machine is very busy."""


class Executor(Protocol):
    """Where tasks are done."""

    def map(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Result]]:
        """Each task with its result, as they are finished; both the function and what it returns are picklable.

        Raises:
            SimulationError: something that does the tasks went away for good; what was yielded counts.
        """


_in_force: ContextVar[Executor | None] = ContextVar("executor", default=None)


@contextlib.contextmanager
def using(executor: Executor) -> Iterator[None]:
    """While the block runs, `map_unordered` gives its tasks to this executor."""
    token = _in_force.set(executor)
    try:
        yield
    finally:
        _in_force.reset(token)


def on_this_machine() -> bool:
    """Tasks are done by processes of this machine, which share its disk, and not by an executor that is in force."""
    return _in_force.get() is None


def map_unordered(
    work: Callable[[Task], Result], tasks: Sequence[Task], workers: int = 1
) -> Iterator[tuple[Task, Result]]:
    """Each task with the result of `work`, in the order in which they are finished.

    Args:
        work: picklable when `workers` is above 1; goes to each process once.
        tasks: what to do, hashable; a task should take long enough that handing it out costs little.
        workers: processes, this one included; 1 runs everything here. Without meaning where an executor is in force.

    Raises:
        SimulationError: a process was killed; what was yielded before counts.
    """
    executor = _in_force.get()
    if executor is not None:
        yield from executor.map(work, tasks)
    elif workers <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield task, work(task)
    else:
        yield from Processes(workers).map(work, tasks)


class Processes:
    """An `Executor` of processes on this machine, of which this one is one: it does not wait for the others to load."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        """Processes, this one included; two or more."""

    def map(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Result]]:
        """Each task with its result, as they are finished."""
        from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
        from concurrent.futures.process import BrokenProcessPool
        from multiprocessing import active_children, get_context

        before = set(active_children())
        others = max(1, min(self.workers, len(tasks)) - 1)
        left, under_way = deque(tasks), dict[Future[Any], Task]()
        how = way_to_start()
        pool = ProcessPoolExecutor(others, get_context(how), initializer=_receive, initargs=(work,))
        with pool, _no_word_on_threads():
            try:
                while left or under_way:
                    # Each has one to go on with while this process works, but not of the last.
                    room = others * (2 if len(left) > self.workers else 1) - len(under_way)
                    with _interrupts_held():  # processes inherit it: an interrupt is this process's affair alone
                        for task in [left.popleft() for _ in range(min(room, len(left)))]:
                            under_way[pool.submit(_do, task)] = task
                    if left:
                        own = left.popleft()
                        yield own, work(own)
                    else:
                        wait(under_way, return_when=FIRST_COMPLETED)
                    for future in [future for future in under_way if future.done()]:
                        # Taken out of the mapping, so that a result is not held after it has been used.
                        yield under_way.pop(future), future.result()
                        del future
            except BrokenProcessPool as error:
                # Processes that are started anew read the script that asks for them: it would do so once more in each.
                script = "" if how == "fork" else ', or a script without `if __name__ == "__main__":`'
                raise SimulationError(
                    f"a worker process was killed (out of memory{script}?); fewer --workers need less memory"
                ) from error
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                own_children = set(active_children()) - before
                for child in own_children:  # nobody waits for what will not be used
                    child.terminate()
                for child in own_children:  # but for their end: they hold what is locked, and who goes on needs it
                    child.join(ENDS_WITHIN)
                raise


class Aside(Generic[Result]):
    """Work that another process does meanwhile, begun as a copy of this one (`way_to_start` must say so)."""

    def __init__(self, work: Callable[[], Result]) -> None:
        from multiprocessing import get_context

        context = get_context("fork")
        self._result, there = context.Pipe(duplex=False)
        self._process = context.Process(target=_do_aside, args=(work, there), daemon=True)
        with _interrupts_held(), _no_word_on_threads():
            self._process.start()
        there.close()

    def result(self) -> Result | None:
        """What the work gave, once it is done; None where it failed, for whatever reason. To be asked once."""
        try:
            found: Result | None = self._result.recv()
        except (EOFError, OSError):
            found = None
        self._process.join()
        return found

    def stop(self) -> None:
        """Nobody waits for it any more."""
        self._process.terminate()
        self._process.join()
        self._result.close()


def _do_aside(work: Callable[[], object], there: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(Exception):  # whoever waits does it himself then, and tells what is wrong
        there.send(work())


def way_to_start() -> str:
    """How another process begins: on Linux as a copy of this one, which has the libraries and the compiled code there.

    A copy is ready in some milliseconds; a process that is started anew takes two seconds of processor time. A copy
    holds only the thread that makes it, and a lock that another held would stay shut in it for ever, so that a
    program with threads of its own (a notebook, say) starts processes anew, as do other systems, whose libraries do
    not all bear to be copied. The threads of numpy's BLAS are no matter: it puts them in order in a copy.
    """
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


@contextlib.contextmanager
def _no_word_on_threads() -> Iterator[None]:
    """From Python 3.12 on a copy is warned of where any library has threads, as numpy's BLAS does."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        yield


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """A Ctrl-C during the block arrives after it; processes started within never see one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_work: Callable[..., object] | None = None
"""In a worker process: the function its tasks go to, had once when the process starts."""


def _receive(work: Callable[..., object]) -> None:
    global _work
    _work = work
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for its next task for ever."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(task: object) -> object:
    assert _work is not None
    return _work(task)
