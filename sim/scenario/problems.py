"""What a parser of one value reports, before anybody knows where in a file the value stands.

A `Problem` is a `Fault` without its place: it carries the path below the value that was being read.
`sim.scenario.faults` turns problems into faults with file, line and column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, TypeVar

Step = str | int
"""A key of a mapping or an index of a list."""
Path = tuple[Step, ...]

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """One fault found while reading a value, placed relative to that value."""

    found: str
    allowed: str = ""
    mend: str = ""
    at: Path = ()
    """Path below the value being read."""
    on_key: bool = False
    """The fault is the key at the end of `at`, not what stands behind it."""
    place: tuple[str, int, int] | None = None
    """(file, line, column) when the fault is in another file, such as a table."""

    def under(self, *steps: Step) -> Problem:
        """The same problem seen from a container that holds the value at `steps`."""
        return replace(self, at=(*steps, *self.at))


class ProblemError(ValueError):
    """What parsers and checks raise; carries every problem found in one value."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(problem.found for problem in problems))


class Collector:
    """Gathers the problems of several values so that they come out together."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, found: str, allowed: str = "", mend: str = "", *, at: Path = (), on_key: bool = False) -> None:
        """Note one problem."""
        self.problems.append(Problem(found, allowed, mend, at, on_key))

    def attempt(self, at: Path, parse: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Result of `parse`, or None after noting what it found at fault below `at`."""
        try:
            return parse(*args, **kwargs)
        except ProblemError as trouble:
            self.problems.extend(problem.under(*at) for problem in trouble.problems)
            return None

    def done(self) -> None:
        """Raise `ProblemError` with everything noted, if anything was."""
        if self.problems:
            raise ProblemError(*self.problems)


def once(problems: Iterable[Problem]) -> list[Problem]:
    """The problems in order; one of a table that several keys share is told at the first of these."""
    found: dict[object, Problem] = {}
    for number, one in enumerate(problems):
        found.setdefault((one.place, one.found, one.allowed) if one.place else number, one)
    return list(found.values())


def nearest_word(word: str, words: Iterable[str]) -> str:
    """The word nearest to `word`, or an empty text when none is near."""
    import difflib

    close = difflib.get_close_matches(str(word), list(words), n=1, cutoff=0.6)
    return close[0] if close else ""


def nearest(word: str, words: Iterable[str]) -> str:
    """``did you mean 'booths'?`` for the word nearest to `word`, or an empty text when none is near."""
    close = nearest_word(word, words)
    return f"did you mean '{close}'?" if close else ""


def in_words(value: Any) -> str:
    """How a fault quotes what was found: ``'6'``, ``the number 6``, ``a list``."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}...'"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return f"'{value}'"
