"""Cases and replications handed to processes that stay."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType

from .case import Case, simulate
from .detector import FloatArray


class Workers:
    """Processes that simulate; use as a context. The numbers do not depend on how many there are."""

    def __init__(self, processes: int) -> None:
        self._pool = ProcessPoolExecutor(max_workers=processes, mp_context=get_context("spawn"))

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def simulate(self, cases: Sequence[Case], replications: int) -> list[list[dict[str, FloatArray]]]:
        """Per case, what each of its replications gave (`case.simulate`)."""
        under_way = [[self._pool.submit(simulate, case, index) for index in range(replications)] for case in cases]
        return [[future.result() for future in futures] for futures in under_way]
