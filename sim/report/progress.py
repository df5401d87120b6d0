"""A progress bar on a terminal, silence in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(total: int, label: str, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Show how many of `total` steps are done and the time left, while the block runs.

    Yields `advance(n)`, to be called with the number of steps just finished. The bar goes to standard error, so that
    standard output stays clean, and is not drawn at all when `quiet`, when standard error is no terminal, or when
    there is nothing to do. An error inside the block passes through, the bar closed before it.
    """
    if quiet or total <= 0 or not sys.stderr.isatty():
        yield lambda n: None
        return

    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[clock]}"),
        console=Console(stderr=True),
        # Drawn when there is something new: a thread that draws all the time would forbid that workers start as copies
        # of this process.
        auto_refresh=False,
    )
    with bar:
        task = bar.add_task(escape(label), total=total, clock="left")

        def advance(n: int) -> None:
            bar.advance(task, n)
            bar.update(task, clock="in all" if bar.tasks[0].finished else "left", refresh=True)

        yield advance
