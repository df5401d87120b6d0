"""CSV tables read with the place of every cell, so that a fault names file, line and column."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sim.scenario.problems import Problem, ProblemError, in_words, nearest

T = TypeVar("T")

MAX_BYTES = 200_000_000
MAX_PROBLEMS = 20
"""A broken table has the same fault on every row: the first few say enough."""


@dataclass(frozen=True)
class Cell:
    """One cell: its text without blanks around it, and its place."""

    text: str
    file: str
    line: int
    column: int

    def problem(self, found: str, allowed: str = "", mend: str = "") -> Problem:
        """A problem at this cell."""
        return Problem(found, allowed, mend, place=(self.file, self.line, self.column))


class CsvTable:
    """A table with a header; rows are mappings from column name to Cell. Blank lines and `#` lines are skipped.

    Parameters
    ----------
    path : where the file is.
    file : how faults call it.
    known : columns that may be there; others are refused with the nearest. None accepts any.
    needed : columns that must be there.

    Raises ProblemError for a file that is empty, not UTF-8, too large, or whose header or rows are malformed.
    """

    def __init__(self, path: Path, file: str, known: Iterable[str] | None, needed: Iterable[str] = ()) -> None:
        self.file = file
        self.problems: list[Problem] = []
        lines = self._lines(path)
        if not lines:
            raise ProblemError(self._whole("an empty table", f"a header with {', '.join(needed)}, then rows"))
        self.header = self._cells(*lines[0])
        self._check_header(known, needed)
        self._body = lines[1:]
        if not self._body:
            raise ProblemError(self._whole("a table without rows", "at least one row under the header"))

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(cell.text for cell in self.header)

    def rows(self) -> Iterator[dict[str, Cell]]:
        """The rows in order; one with too few or too many cells is noted as a problem and left out."""
        for line, text in self._body:
            try:
                cells = self._cells(line, text)
            except ProblemError as trouble:
                self.note(*trouble.problems)
                continue
            if len(cells) != len(self.header):
                allowed = f"{len(self.header)}, one for each column of the header"
                self.note(Problem(f"{len(cells)} cells", allowed, place=(self.file, line, 1)))
                continue
            yield dict(zip(self.columns, cells, strict=True))

    def read(self, cell: Cell, parse: Callable[[Cell], T], default: T) -> T:
        """Result of `parse`, or `default` after noting what it found at fault."""
        try:
            return parse(cell)
        except ProblemError as trouble:
            self.note(*trouble.problems)
            return default

    def note(self, *problems: Problem) -> None:
        """Keep problems; too many end the reading."""
        self.problems.extend(problems)
        if len(self.problems) >= MAX_PROBLEMS:
            self.done()

    def done(self) -> None:
        """Raise ProblemError with the problems noted, if any were."""
        if self.problems:
            raise ProblemError(*self.problems)

    def _whole(self, found: str, allowed: str = "") -> Problem:
        return Problem(found, allowed, place=(self.file, 1, 1))

    def _lines(self, path: Path) -> list[tuple[int, str]]:
        if path.stat().st_size > MAX_BYTES:
            raise ProblemError(self._whole(f"a table of more than {MAX_BYTES // 1_000_000} MB", "a smaller table"))
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - data.rfind(b"\n", 0, error.start)
            found = f"a byte that is not UTF-8 (0x{data[error.start]:02x})"
            raise ProblemError(Problem(found, "text in UTF-8", place=(self.file, line, column))) from None
        numbered = enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1)
        return [(line, row) for line, row in numbered if row.strip() and not row.startswith("#")]

    def _cells(self, line: int, text: str) -> list[Cell]:
        try:
            values = next(csv.reader([text], strict=True))
        except csv.Error as error:
            raise ProblemError(
                Problem(f"a malformed row ({error})", "cells with commas between", place=(self.file, line, 1))
            ) from None
        return [
            Cell(value.strip(), self.file, line, column)
            for value, column in zip(values, _starts(text, len(values)), strict=False)
        ]

    def _check_header(self, known: Iterable[str] | None, needed: Iterable[str]) -> None:
        names, seen = tuple(known) if known is not None else None, set[str]()
        for cell in self.header:
            if cell.text in seen:
                self.note(cell.problem(f"column {in_words(cell.text)} stands twice", "each column once"))
            elif names is not None and cell.text not in names:
                self.note(
                    cell.problem(
                        f"unknown column {in_words(cell.text)}",
                        f"columns {', '.join(names)}",
                        nearest(cell.text, names),
                    )
                )
            seen.add(cell.text)
        for name in needed:
            if name not in seen:
                self.note(self._whole(f"no column '{name}'", f"a header with {', '.join(needed)}"))
        self.done()


def _starts(text: str, count: int) -> list[int]:
    """Column, from 1, at which each cell of a row starts."""
    if '"' not in text:
        starts, position = [1], 0
        while len(starts) < count:
            position = text.index(",", position) + 1
            starts.append(position + 1)
        return starts
    starts, quoted = [1], False
    for position, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            starts.append(position + 2)
    return starts
