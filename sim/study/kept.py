"""What a run that stopped half-way has kept, and how that is said."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sim.errors import RunFolderError
from sim.study.journal import finished
from sim.study.runs import JOURNAL
from sim.study.store import workplace_of


def kept(folder: Path) -> int:
    """Replications, over all variants, that an unfinished run has on disk."""
    return finished(workplace_of(folder) / JOURNAL)


@contextlib.contextmanager
def telling_what_is_kept(folder: Path) -> Iterator[None]:
    """Turn what goes wrong on the disk while a run is made into one sentence on what is kept and how to go on.

    Args:
        folder: of the run.

    Raises:
        RunFolderError: the disk is full, or a file or folder cannot be written.
    """
    try:
        yield
    except (OSError, RunFolderError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError) or isinstance(error, BrokenPipeError):
            raise
        what = str(error) if isinstance(error, RunFolderError) else f"cannot write results to {folder.parent}"
        why = f": {cause.strerror or cause}" if isinstance(error, OSError) else ""
        count = kept(folder)
        if not count:
            raise RunFolderError(f"{what}{why}") from error
        raise RunFolderError(
            f"{what}{why}; {count} finished replications are kept in {workplace_of(folder)}, and nothing half-written "
            "is taken for a result; mend it (make room?) and run the same again: without --force, it goes on from there"
        ) from error
