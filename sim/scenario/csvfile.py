"""CSV tables read with the place of every cell, so that a fault names file, line and column."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from sim.scenario.problems import Collector, Problem, ProblemError, in_words, nearest_word

T = TypeVar("T")

MAX_BYTES = 50_000_000
"""Some two million rows: as many parties as one port sees in a year."""
MAX_PROBLEMS = 20
"""A broken table has the same fault on every row: the first few say enough."""


class Cell(NamedTuple):
    """One cell: its text without blanks around it, and its place."""

    text: str
    file: str
    line: int
    column: int

    def problem(self, found: str, allowed: str = "", mend: str = "") -> Problem:
        """A problem at this cell."""
        return Problem(found, allowed, mend, place=(self.file, self.line, self.column))


class CsvTable(Collector):
    """A table with a header; rows are mappings from column name to Cell. Blank lines and `#` lines are skipped.

    Parameters
    ----------
    path : where the file is.
    file : how faults call it.
    known : columns that may be there; others are refused with the nearest. None accepts any.
    needed : columns that must be there.

    A fault of the header is noted and the rows are read all the same: a column that is misspelt is read as the one it
    is nearest to, so that one look finds the faults of the cells as well. `done` raises what was noted.

    Raises ProblemError for a file that cannot be read as a table at all: empty, not UTF-8, too large.
    """

    def __init__(self, path: Path, file: str, known: Iterable[str] | None, needed: Iterable[str] = ()) -> None:
        super().__init__()
        self.file = file
        lines = self._lines(path)
        if not lines:
            raise ProblemError(self._whole("an empty table", f"a header with {', '.join(needed)}, then rows"))
        self.header = self._cells(*lines[0])
        self.columns: tuple[str, ...] = self._meant(known, tuple(needed))
        """Column names in order; a misspelt one by the name it was meant to have."""
        self._body = lines[1:]
        if not self._body:
            self.note(self._whole("a table without rows", "at least one row under the header"))
            self.done()

    def rows(self) -> Iterator[dict[str, Cell]]:
        """The rows in order, cells by column; one with too few or too many cells is noted and left out."""
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

    def read(self, row: Mapping[str, Cell], column: str, parse: Callable[[Cell], T], default: T) -> T:
        """Result of `parse` for the row's cell; `default` without such a column, or after noting what is at fault."""
        if column not in row:
            return default
        try:
            return parse(row[column])
        except ProblemError as trouble:
            self.note(*trouble.problems)
            return default

    def read_stated(self, row: Mapping[str, Cell], column: str, parse: Callable[[Cell], T], default: T) -> T:
        """As `read`, where an empty cell stands for `default` too."""
        if column in row and row[column].text == "":
            return default
        return self.read(row, column, parse, default)

    def note(self, *problems: Problem) -> None:
        """Keep problems; too many end the reading."""
        self.problems.extend(problems)
        if len(self.problems) >= MAX_PROBLEMS:
            self.done()

    def _whole(self, found: str, allowed: str = "", mend: str = "") -> Problem:
        return Problem(found, allowed, mend, place=(self.file, 1, 1))

    def _lines(self, path: Path) -> list[tuple[int, str]]:
        if (size := path.stat().st_size) > MAX_BYTES:
            allowed = f"at most {MAX_BYTES // 1_000_000} MB, some two million rows"
            raise ProblemError(
                self._whole(f"a table of {size / 1e6:.0f} MB", allowed, "counts per interval are smaller")
            )
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - data.rfind(b"\n", 0, error.start)
            found = f"a byte that is not UTF-8 (0x{data[error.start]:02x})"
            raise ProblemError(
                Problem(found, "text in UTF-8", "save it as UTF-8", place=(self.file, line, column))
            ) from None
        numbered = enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1)
        return [(line, row) for line, row in numbered if row.strip() and not row.startswith("#")]

    def _cells(self, line: int, text: str) -> list[Cell]:
        if '"' not in text:
            cells, column = [], 1
            for value in text.split(","):
                cells.append(Cell(value.strip(), self.file, line, column))
                column += len(value) + 1
            return cells
        try:
            values = next(csv.reader([text], strict=True))
        except csv.Error as error:
            raise ProblemError(
                Problem(f"a malformed row ({error})", "cells with commas between", place=(self.file, line, 1))
            ) from None
        starts = _starts(text)
        return [Cell(value.strip(), self.file, line, at) for value, at in zip(values, starts, strict=False)]

    def _meant(self, known: Iterable[str] | None, needed: tuple[str, ...]) -> tuple[str, ...]:
        """The name each column was meant to have, after noting what is at fault with the header."""
        names = tuple(known) if known is not None else None
        meant: list[str] = []
        for mark, word in ((";", "semicolons"), ("\t", "tabs")):
            if len(self.header) == 1 and mark in self.header[0].text:
                mend = f"put commas for the {word}"
                raise ProblemError(self._whole(f"a table with {word} between its cells", "commas between", mend))
        for cell in self.header:
            name = cell.text
            if name in meant:
                self.note(cell.problem(f"column {in_words(name)} stands twice", "each column once"))
                name = ""
            elif names is not None and name not in names:
                near = nearest_word(name, names)
                mend = f"did you mean '{near}'?" if near else ""
                self.note(cell.problem(f"unknown column {in_words(name)}", f"columns {', '.join(names)}", mend))
                name = near
            meant.append(name)
        for name in needed:
            if name not in meant:
                self.note(self._whole(f"no column '{name}'", f"a header with {', '.join(needed)}"))
        return tuple(meant)


def _starts(text: str) -> list[int]:
    """Column, from 1, at which each cell of a row with quotes starts."""
    starts, quoted = [1], False
    for position, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            starts.append(position + 2)
    return starts
