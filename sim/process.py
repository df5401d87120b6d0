"""The process that a command has to itself: what it says goes somewhere from beginning to end, and it ends at once."""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import sys
from collections.abc import Callable
from typing import NoReturn, TextIO

NO_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
"""What the system says of a stream that takes no more."""


def leave_with(main: Callable[[], int]) -> NoReturn:
    """Do `main` and end the process with its status."""
    end = _End()
    # What is registered first is done last: after all that is imported below, but instead of what was there before.
    if getattr(atexit, "_ncallbacks", lambda: 1)() == 0:
        atexit.register(end.leave)
    _give_streams()
    try:
        status = main()
    except SystemExit as leaving:  # as after `--help`
        if not isinstance(leaving.code, int):
            raise
        status = leaving.code
    end.status = _hand_over(status)
    sys.exit(end.status)


class _End:
    """The end of the process, when all is done that anybody registered for it.

    Python would then take a thousand modules and the compiled code apart, for most of a tenth of a second. The system
    takes all back at once.
    """

    status: int | None = None

    def leave(self) -> None:
        """Leave at once, if the program got as far as its exit status and what it said can be handed over."""
        if self.status is None:
            return
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):  # nobody reads it, or it was closed: Python has words for that
            return
        os._exit(self.status)


def _give_streams() -> None:
    """Where a standard stream is closed (`>&-`), nothing is read, and what is written goes nowhere.

    Otherwise the next file that is opened, a result, would take its place, and what is meant for standard error would
    be printed among the output.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _hand_over(status: int) -> int:
    """Hand over what was said; the exit status with which to end.

    A reader who went away, as in `bordersim ports | head`, has seen enough, and that is no fault. A disk that is full
    is one.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            _let_go(stream)
            if not isinstance(error, BrokenPipeError) and status == 0:
                say(unwritten(error))
                status = 2
        except ValueError:  # it was closed
            continue
    return status


def _let_go(stream: TextIO) -> None:
    """What is still to be written goes nowhere."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(text: str) -> None:
    """Print to standard error, if that can be."""
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr)


def unwritten(error: OSError) -> str:
    """What is said where the output cannot be written."""
    return f"bordersim: cannot write the output: {error.strerror or error}"
