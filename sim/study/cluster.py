"""Tasks on an existing Dask cluster: a thin adapter, imported only for `--cluster ADDRESS`.

Workers need bordersim and the libraries that fix the numbers in the versions of this process, and no shared files:
a worker is sent the experiment and sends rows back, and this process writes them. A worker that dies is Dask's
affair, which gives its tasks to another.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from sim.errors import SimulationError, UsageError
from sim.study.store import versions

if TYPE_CHECKING:
    from distributed import Client

Task = TypeVar("Task")
Result = TypeVar("Result")

INSTALL = 'pip install "bordersim[cluster]"'
ANSWERS_WITHIN = 10.0
"""Seconds in which a scheduler has to answer."""
WORKERS_WITHIN = 30.0
"""Seconds in which the first worker has to be there."""
AHEAD = 2
"""Tasks handed out per thread: enough that none waits for the next, few enough that the death of a worker casts
suspicion on few (Dask gives a task up that was with several workers when they died)."""


@contextlib.contextmanager
def connected(
    address: str, *, answers_within: float = ANSWERS_WITHIN, workers_within: float = WORKERS_WITHIN
) -> Iterator[DaskCluster]:
    """The cluster whose scheduler listens at `address`, such as `tcp://10.0.0.5:8786`, while the block runs.

    Args:
        address: of the scheduler.
        answers_within: seconds in which the scheduler has to answer.
        workers_within: seconds in which the first worker has to be there.

    Raises:
        UsageError: Dask is not installed, or no scheduler answers there, or it has no workers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(f"--cluster needs Dask, which is not installed here; install it with: {INSTALL}") from None
    try:
        client = Client(address, timeout=answers_within, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # a timeout is an OSError
        raise UsageError(f"no Dask scheduler answers at {address} (such as tcp://10.0.0.5:8786): {error}") from error
    try:
        try:
            client.wait_for_workers(1, timeout=workers_within)
        except TimeoutError:
            raise UsageError(f"the Dask scheduler at {address} has no workers; start some and run again") from None
        yield DaskCluster(client, address)
    finally:
        with contextlib.suppress(Exception):  # who went away cannot be told goodbye, in many ways
            client.close(timeout=2.0)


class DaskCluster:
    """An `Executor` (`sim.study.executors`) of the workers of a Dask cluster."""

    def __init__(self, client: Client, address: str) -> None:
        self.client, self.address = client, address

    @property
    def threads(self) -> int:
        """Tasks that run side by side now; workers may come and go."""
        return sum(self.client.nthreads().values())

    def map(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Result]]:
        """Each task with its result, as they are finished.

        Raises:
            UsageError: workers lack bordersim or have other versions of what fixes the numbers.
            SimulationError: the cluster went away, or a task again and again took its worker with it.
        """
        from distributed import KilledWorker, as_completed

        waiting, lost = list(reversed(tasks)), list[Task]()
        # As a task of its own the experiment reaches each worker once, and is made anew when its holder dies.
        there = self.client.submit(_unpacked, pickle.dumps(work), pure=False)
        under_way: dict[Any, Task] = {}
        finished = as_completed(loop=self.client.loop)

        def hand_out() -> None:
            while waiting and len(under_way) < AHEAD * max(self.threads, 1):
                task = waiting.pop()
                future = self.client.submit(_do, there, versions(), task, pure=False)
                under_way[future] = task
                finished.add(future)

        try:
            hand_out()
            for future in finished:
                task = under_way.pop(future)
                try:
                    result = future.result()
                except KilledWorker:
                    lost.append(task)
                else:
                    yield task, result
                    del result
                future.release()
                hand_out()
        except ModuleNotFoundError as error:
            found = f"a worker of {self.address} lacks the module {error.name!r}"
            raise UsageError(f"{found}; install bordersim {versions()['bordersim']} on all of them") from error
        except Exception as error:
            if isinstance(error, OSError) or type(error).__name__ in _GONE:
                raise SimulationError(
                    f"the Dask cluster at {self.address} went away ({type(error).__name__})"
                ) from error
            raise
        finally:
            with contextlib.suppress(Exception):  # it may have gone away, which has been told by now
                self.client.cancel([there, *under_way], force=True)
        if lost:
            raise SimulationError(
                f"{len(lost)} tasks took worker after worker with them (out of memory?), the first {lost[0]}"
            )


_GONE = ("CancelledError", "FutureCancelledError", "FuturesCancelledError", "CommClosedError")
"""Names of what Dask raises where its scheduler is lost; they have moved between its versions."""


def _unpacked(packed: bytes) -> Any:
    """On a worker: the function that tasks go to."""
    return pickle.loads(packed)


def _do(work: Callable[[Task], Result], expected: dict[str, str], task: Task) -> Result:
    """On a worker: one task, unless it would give other numbers here."""
    found = _versions()
    if different := [f"{name} {found.get(name)}" for name in expected if found.get(name) != expected[name]]:
        here = ", ".join(f"{name} {expected[name]}" for name in expected if found.get(name) != expected[name])
        raise UsageError(
            f"a Dask worker has {', '.join(different)} where this run has {here}: the numbers could differ; install "
            "the same versions on all workers"
        )
    return work(task)


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    return versions()
