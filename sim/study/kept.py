"""What a run that stopped half-way has kept, and how that is said."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sim.errors import RunFolderError, SimulationError
from sim.scenario import Study
from sim.study.journal import finished
from sim.study.runs import JOURNAL
from sim.study.store import workplace_of


def kept(folder: Path) -> int:
    """Replications, over all variants, that an unfinished run has on disk."""
    return finished(workplace_of(folder) / JOURNAL)


def going_on(study: Study, folder: Path, *, force: bool = False, python: bool = False) -> str:
    """How to go on with a run that is stopped; empty where running again would not.

    Args:
        study: as it was loaded. A seed that was drawn has to be named, or running again is another run.
        folder: of the run.
        force: it was to be made anew.
        python: name the seed as the Python interface takes it, not as the command line does.
    """
    if force and folder.exists():  # without force the run of before is found, with it all begins anew
        return ""
    seed, parts = study.drawn_seed, ["running again"]
    if seed is not None:
        parts.append(f"with seed={seed}" if python else f"--seed {seed}")
    if force:
        parts.append("without force" if python else "without --force")
    return " ".join([*parts, "goes on from there"])


@contextlib.contextmanager
def telling_what_is_kept(folder: Path, again: str) -> Iterator[None]:
    """Say, of whatever stops a run half-way, what is kept and how to go on.

    A fault of the disk becomes one sentence, a `SimulationError` says it after its message, and an interrupt carries it
    as a note.

    Args:
        folder: of the run.
        again: how to go on (`going_on`); empty where running again begins anew, and nothing is said of what is kept.

    Raises:
        RunFolderError: the disk is full, or a file or folder cannot be written.
    """
    try:
        yield
    except SimulationError as error:
        error.again = _what_is_kept(folder, again)
        raise
    except KeyboardInterrupt as error:
        if said := _what_is_kept(folder, again):
            error.add_note(said)
        raise
    except (OSError, RunFolderError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError) or isinstance(error, BrokenPipeError):
            raise
        what = str(error) if isinstance(error, RunFolderError) else f"cannot write results to {folder.parent}"
        why = f": {cause.strerror or cause}" if isinstance(error, OSError) else ""
        place = f" in {workplace_of(folder)}, and nothing half-written is taken for a result; mend it (make room?):"
        said = _what_is_kept(folder, again, place)
        raise RunFolderError("; ".join(part for part in (f"{what}{why}", said) if part)) from error


def _what_is_kept(folder: Path, again: str, place: str = ",") -> str:
    count = kept(folder)
    return f"{count} finished replications are kept{place} {again}" if again and count else ""
