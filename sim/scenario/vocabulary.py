"""Modes, programmes and class names, and how a class pattern matches a class.

A class is a mode with or without a programme: `car`, `car.nexus`. A pattern `car` means every programme of
the mode, `car.nexus` exactly that class, and `*` every class.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeVar, get_args

from sim.scenario.problems import Problem, ProblemError, in_words, nearest

T = TypeVar("T")

Mode = Literal["car", "truck", "bus", "pedestrian"]
HallMode = Literal["air", "rail", "ferry", "cruise"]
Programme = Literal["nexus", "fast", "ready"]

MODES: tuple[Mode, ...] = get_args(Mode)
HALL_MODES: tuple[HallMode, ...] = get_args(HallMode)
"""Modes of preclearance facilities, whose classes have names of the scenario's own: `air.visitor`."""
IRREGULAR = "irregular"
"""Mode of the groups of irregular flows, whose classes are their kinds: `irregular.family`."""
PROGRAMMES: tuple[Programme, ...] = get_args(Programme)
PROGRAMMES_OF: dict[Mode, tuple[Programme, ...]] = {
    "car": ("nexus", "ready"),
    "truck": ("fast",),
    "bus": (),
    "pedestrian": ("nexus", "ready"),
}
BASELINE = "baseline"
"""What the scenario without a variant is called."""
EVERY = "*"
"""Key of a mapping by class that holds for all classes not named."""

CLASS_NAMES: tuple[str, ...] = tuple(
    name for mode in MODES for name in (mode, *(f"{mode}.{programme}" for programme in PROGRAMMES_OF[mode]))
)
"""Every class there can be, modes in order, each mode followed by its programmes."""

NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def serves(pattern: str, class_name: str) -> bool:
    """True when `pattern` (`*`, a mode, or a full class name) covers the class."""
    return pattern in (EVERY, class_name, class_name.partition(".")[0])


def covers(patterns: Collection[str], class_name: str) -> bool:
    """True when one of the patterns covers the class, and where none is named: a part without `serves` serves all."""
    return not patterns or any(serves(pattern, class_name) for pattern in patterns)


def most_exact(mapping: Mapping[str, T], class_name: str) -> T | None:
    """The value that names the class most exactly: its own name, then its mode, then `*`; None without one."""
    for key in (class_name, class_name.partition(".")[0], EVERY):
        if key in mapping:
            return mapping[key]
    return None


def check_class(raw: Any) -> str:
    """A class name or pattern as written. Raises ProblemError for a class that does not exist."""
    if raw in CLASS_NAMES:
        return str(raw)
    raise ProblemError(
        Problem(
            f"unknown class {in_words(raw)}",
            f"one of {', '.join(CLASS_NAMES)}",
            nearest(str(raw), CLASS_NAMES),
        )
    )


def check_class_or_every(raw: Any) -> str:
    """As `check_class`, and `*` for every class."""
    return EVERY if raw == EVERY else check_class(raw)


def check_class_anywhere(raw: Any) -> str:
    """As `check_class_or_every`, and modes and classes of preclearance facilities and of irregular flows."""
    mode, dot, rest = str(raw).partition(".")
    if isinstance(raw, str) and mode in (*HALL_MODES, IRREGULAR) and (NAME.fullmatch(rest) if dot else True):
        return raw
    try:
        return check_class_or_every(raw)
    except ProblemError as trouble:
        (problem,) = trouble.problems
        allowed = f"{problem.allowed}; of travellers {', '.join(HALL_MODES)}, or one class of them such as air.visitor"
        allowed += f"; of groups {IRREGULAR}, or one kind such as {IRREGULAR}.family"
        raise ProblemError(replace(problem, allowed=allowed)) from None


def check_name(raw: Any) -> str:
    """A name of a port, lane, pool or variant. Raises ProblemError for anything but `[a-z0-9][a-z0-9-]*`."""
    if isinstance(raw, str) and NAME.fullmatch(raw):
        return raw
    mend = ""
    if isinstance(raw, str):
        better = re.sub(r"[^a-z0-9]+", "-", raw.lower()).strip("-")
        mend = f"write '{better}'" if better else ""
    raise ProblemError(
        Problem(
            f"{in_words(raw)} is not a name",
            "small letters, digits and hyphens, starting with a letter or digit, such as 'pacific-highway'",
            mend,
        )
    )
