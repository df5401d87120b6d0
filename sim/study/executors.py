"""One map of tasks to results, in this process or in several; each result comes as it is finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, cast

Task = TypeVar("Task")
Result = TypeVar("Result")

_work: Callable[..., object] | None = None
"""In a worker process: the function its tasks go to, sent once when the process starts."""


def map_unordered(
    work: Callable[[Task], Result], tasks: Sequence[Task], workers: int = 1
) -> Iterator[tuple[Task, Result]]:
    """Each task with the result of `work`, in the order in which they are finished.

    Args:
        work: picklable when `workers` is above 1; sent to each process once.
        tasks: what to do, hashable; a task should take long enough that handing it out costs little.
        workers: processes; 1 runs everything here.
    """
    if workers <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield task, work(task)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    # Spawned processes start clean: no threads or locks of this one are copied half-way.
    pool = ProcessPoolExecutor(
        max_workers=min(workers, len(tasks)), mp_context=get_context("spawn"), initializer=_receive, initargs=(work,)
    )
    with pool:
        try:
            under_way = {pool.submit(_do, task): task for task in tasks}
            for future in as_completed(under_way):
                # Taken out of the mapping, so that a result is not held after it has been used.
                yield under_way.pop(future), cast(Result, future.result())
                del future
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _receive(work: Callable[..., object]) -> None:
    global _work
    _work = work


def _do(task: Task) -> object:
    assert _work is not None
    return _work(task)
