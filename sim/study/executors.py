"""One map of tasks to results in order, in this process or in several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, cast

Task = TypeVar("Task")
Result = TypeVar("Result")

_work: Callable[..., object] | None = None
"""In a worker process: the function its tasks go to, sent once when the process starts."""


def map_ordered(work: Callable[[Task], Result], tasks: Sequence[Task], workers: int = 1) -> Iterator[Result]:
    """Results of `work` for each task, in the order of the tasks, whatever finishes first.

    Args:
        work: picklable when `workers` is above 1; sent to each process once.
        tasks: what to do; a task should take long enough that handing it out costs little.
        workers: processes; 1 runs everything here.
    """
    if workers <= 1 or len(tasks) <= 1:
        yield from map(work, tasks)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Spawned processes start clean: no threads or locks of this one are copied half-way.
    pool = ProcessPoolExecutor(
        max_workers=min(workers, len(tasks)), mp_context=get_context("spawn"), initializer=_receive, initargs=(work,)
    )
    with pool:
        try:
            yield from cast(Iterator[Result], pool.map(_do, tasks))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _receive(work: Callable[..., object]) -> None:
    global _work
    _work = work


def _do(task: Task) -> object:
    assert _work is not None
    return _work(task)
