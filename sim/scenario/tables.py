"""Tables a scenario names: traces, counts, profiles, empirical distributions. Paths never leave its folder."""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sim.scenario.csvfile import Cell, CsvTable
from sim.scenario.problems import Problem, ProblemError, in_words, nearest, nearest_word
from sim.scenario.units import LONGEST
from sim.scenario.vocabulary import CLASS_NAMES
from sim.scenario.weektable import DAYS, HOLIDAY_INDEX, Day, WeekTable, parse_days

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

T = TypeVar("T")

NOT_STATED = -1
NOT_REFERRED = 0


class _SameArrays:
    """Equality of dataclasses that hold arrays: same fields, NaN equal to NaN."""

    def __eq__(self, other: object) -> bool:
        import numpy as np

        if type(self) is not type(other):
            return NotImplemented
        return all(
            np.array_equal(value, vars(other)[name], equal_nan=value.dtype.kind == "f")
            if isinstance(value, np.ndarray)
            else value == vars(other)[name]
            for name, value in vars(self).items()
        )

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class TraceTable(_SameArrays):
    """One row per party, in order of time. Arrays have one entry per party; NaN where a cell is empty."""

    file: str
    """Path relative to the scenario's folder."""
    classes: tuple[str, ...]
    """Classes that occur, in the order of the vocabulary."""
    time: npt.NDArray[np.float64]
    """Arrival, seconds from the start of the horizon."""
    klass: npt.NDArray[np.int64]
    """Index into `classes`."""
    size: npt.NDArray[np.int64]
    """Persons in the party."""
    service: npt.NDArray[np.float64]
    """Primary inspection, seconds."""
    referral: npt.NDArray[np.int64]
    """-1 not stated, 0 not referred, k > 0 referred to `kinds[k - 1]`."""
    kinds: tuple[str, ...]
    """Kinds of secondary named, `yes` among them when a row says just that."""
    secondary: npt.NDArray[np.float64]
    """Secondary inspection, seconds."""
    patience: npt.NDArray[np.float64]
    """Patience, seconds."""

    def __len__(self) -> int:
        return int(self.time.shape[0])


@dataclass(frozen=True, eq=False)
class CountsTable(_SameArrays):
    """Counts of arrivals per interval and class."""

    file: str
    """Path relative to the scenario's folder."""
    classes: tuple[str, ...]
    """Classes that have a column, in the order of the vocabulary."""
    edges: npt.NDArray[np.float64]
    """Shape (n + 1,): interval i is [edges[i], edges[i + 1]), seconds from the start of the horizon."""
    counts: npt.NDArray[np.float64]
    """Shape (n, len(classes)): parties in each interval, 0 or more."""

    def __len__(self) -> int:
        return int(self.counts.shape[0])


class TableReader:
    """Reads tables below one folder, each once, and remembers which and with what bytes.

    `files` maps the path as written to the file, `hashes` to the SHA-256 of its bytes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._shown = folder
        self.files: dict[str, Path] = {}
        self.hashes: dict[str, str] = {}
        self._read: dict[tuple[str, str], Any] = {}

    def trace(self, file: Any) -> TraceTable:
        """Trace with columns time, class and more. Raises ProblemError with every fault of the table."""
        return self._once("trace", file, _trace)

    def counts(self, file: Any) -> CountsTable:
        """Counts with a column time and one per class. Raises ProblemError with every fault of the table."""
        return self._once("counts", file, _counts)

    def profile(self, file: Any) -> WeekTable:
        """Weights with columns hour or time, weight, and maybe day. Raises ProblemError with every fault."""
        return self._once("profile", file, _profile)

    def empirical(self, file: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Values in seconds and weights (1 when no column says), from seconds or minutes. Raises ProblemError."""
        return self._once("empirical", file, _empirical)

    def table(self, kind: str, file: Any, read: Callable[[Path, str, str], T]) -> T:
        """A table of another kind, read by `read(path, file, shown)`. Raises ProblemError with what that raises."""
        return self._once(kind, file, read)

    def _once(self, kind: str, file: Any, read: Callable[[Path, str, str], T]) -> T:
        path = self.locate(file)
        if (kind, file) not in self._read:
            try:
                result: T | ProblemError = read(path, file, str(self._shown / file))
            except ProblemError as trouble:
                result = trouble
            except OSError as error:
                result = ProblemError(Problem(f"the table {in_words(file)} cannot be read ({error.strerror})"))
            self._read[kind, file] = result
        found = self._read[kind, file]
        if isinstance(found, ProblemError):
            raise ProblemError(*found.problems)
        self.files[file] = path
        if file not in self.hashes:
            self.hashes[file] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found  # type: ignore[no-any-return]

    def locate(self, file: Any) -> Path:
        """The file behind a relative path. Raises ProblemError when it is missing or outside the folder."""
        allowed = "a CSV file in the scenario's folder, such as tables/cars.csv"
        if not isinstance(file, str) or not file.strip() or "\0" in file:
            raise ProblemError(Problem(f"{in_words(file)} as a table", allowed))
        if Path(file).is_absolute() or re.match(r"[A-Za-z]:|\\", file):
            raise ProblemError(
                Problem(f"the absolute path {in_words(file)}", allowed, "write it relative to the scenario file")
            )
        path = Path(os.path.realpath(self.folder / file))
        if not path.is_relative_to(self.folder):
            raise ProblemError(Problem(f"{in_words(file)} leads out of the scenario's folder", allowed))
        try:
            there, folder = path.is_file(), path.is_dir()
        except OSError:  # a name longer than the file system takes
            there = folder = False
        if not there:
            found = f"{in_words(file)} is a folder" if folder else f"no file {in_words(file)}"
            raise ProblemError(Problem(found, allowed, "" if folder else self._near(file)))
        return path

    def _near(self, file: str) -> str:
        """The table below the folder whose name, without folder and ending, is nearest."""
        tables = [path for pattern in ("*.csv", "*/*.csv") for path in sorted(self.folder.glob(pattern))]
        by_stem = {path.stem: path.relative_to(self.folder).as_posix() for path in reversed(tables)}
        close = nearest_word(Path(file).stem, by_stem)
        return f"did you mean '{by_stem[close]}'?" if close else ""


LONGEST_SECONDS = LONGEST * 86400.0
MOST_PERSONS = 1000
MOST_PARTIES = 1e7
MOST_WEIGHT = 1e9


def _number(cell: Cell, what: str, at_least: float = 0.0, at_most: float = LONGEST_SECONDS) -> float:
    try:
        value = float(cell.text)
    except ValueError:
        value = math.nan
    if at_least <= value <= at_most:
        return value
    allowed = f"{what}, a number of {at_least:g} or more"
    mend = ""
    if value > at_most:
        allowed = f"{what}, a number from {at_least:g} to {at_most:.0f}"
    elif re.search(r"\d,\d", cell.text):
        mend = "write a point, not a comma"
    raise ProblemError(cell.problem(in_words(cell.text), allowed, mend))


def _seconds(cell: Cell) -> float:
    return _number(cell, "seconds")


def _persons(cell: Cell) -> int:
    return _whole(cell, "persons", 1, MOST_PERSONS)


def _weight(cell: Cell) -> float:
    return _number(cell, "a weight", at_most=MOST_WEIGHT)


def _parties(cell: Cell) -> float:
    return _number(cell, "parties", at_most=MOST_PARTIES)


def _whole(cell: Cell, what: str, at_least: int, at_most: int) -> int:
    value = _number(cell, what, at_least, at_most)
    if value != int(value):
        raise ProblemError(cell.problem(in_words(cell.text), f"{what}, a whole number"))
    return int(value)


def _since_start(cell: Cell) -> float:
    """Seconds from a number, or from HH:MM[:SS] whose hours may pass 24."""
    if match := re.fullmatch(r"(\d{1,5}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?", cell.text):
        return int(match[1]) * 3600.0 + int(match[2]) * 60.0 + float(match[3] or 0)
    try:
        return _seconds(cell)
    except ProblemError:
        allowed = "seconds or HH:MM:SS from the start of the horizon, such as 5400 or 01:30:00"
        raise ProblemError(cell.problem(in_words(cell.text), allowed)) from None


def _class(cell: Cell) -> str:
    if cell.text in CLASS_NAMES:
        return cell.text
    found = f"unknown class {in_words(cell.text)}"
    raise ProblemError(cell.problem(found, f"one of {', '.join(CLASS_NAMES)}", nearest(cell.text, CLASS_NAMES)))


def _referral(cell: Cell) -> str | None:
    """None when not stated, an empty text for no, else the kind (`yes` when none is named)."""
    text = cell.text.lower()
    if text in ("", "no", "0"):
        return "" if text else None
    if text in ("yes", "1"):
        return "yes"
    if re.fullmatch(r"[a-z0-9][a-z0-9-]*", cell.text):
        return cell.text
    raise ProblemError(cell.problem(in_words(cell.text), "yes, no, or the name of a kind of secondary inspection"))


_TRACE_COLUMNS = ("time", "class", "size", "service", "referral", "secondary", "patience")


def _trace(path: Path, file: str, shown: str) -> TraceTable:
    import numpy as np

    table = CsvTable(path, shown, _TRACE_COLUMNS, ("time", "class"))
    times, names, sizes, referrals = list[float](), list[str](), list[int](), list[str | None]()
    spans: dict[str, list[float]] = {"service": [], "secondary": [], "patience": []}
    for row in table.rows():
        time = table.read(row, "time", _since_start, math.nan)
        if times and time < times[-1]:
            found = f"{in_words(row['time'].text)} is earlier than the row before"
            table.note(row["time"].problem(found, "rows in order of time"))
        if not math.isnan(time):
            times.append(time)
        names.append(table.read(row, "class", _class, ""))
        sizes.append(table.read_stated(row, "size", _persons, 1))
        referrals.append(table.read(row, "referral", _referral, None))
        for name, values in spans.items():
            values.append(table.read_stated(row, name, _seconds, math.nan))
    table.done()
    seen = set(names)
    classes = tuple(name for name in CLASS_NAMES if name in seen)
    kinds = tuple(dict.fromkeys(kind for kind in referrals if kind))
    codes: dict[str | None, int] = {
        None: NOT_STATED,
        "": NOT_REFERRED,
        **{kind: index for index, kind in enumerate(kinds, start=1)},
    }
    return TraceTable(
        file=file,
        classes=classes,
        time=np.array(times, dtype=np.float64),
        klass=np.array([classes.index(name) for name in names], dtype=np.int64),
        size=np.array(sizes, dtype=np.int64),
        service=np.array(spans["service"], dtype=np.float64),
        referral=np.array([codes[kind] for kind in referrals], dtype=np.int64),
        kinds=kinds,
        secondary=np.array(spans["secondary"], dtype=np.float64),
        patience=np.array(spans["patience"], dtype=np.float64),
    )


def _counts(path: Path, file: str, shown: str) -> CountsTable:
    import numpy as np

    table = CsvTable(path, shown, ("time", *CLASS_NAMES), ("time",))
    classes = tuple(name for name in CLASS_NAMES if name in table.columns)
    if not classes:
        table.note(
            table.header[0].problem("no column of a class", f"a column for each class, such as {CLASS_NAMES[0]}")
        )
    times, counts = list[float](), list[list[float]]()
    for row in table.rows():
        time = table.read(row, "time", _since_start, math.nan)
        if times and time <= times[-1]:
            found = f"{in_words(row['time'].text)} is not later than the row before"
            table.note(row["time"].problem(found, "rows in order of time"))
        times.append(time)
        counts.append([table.read(row, name, _parties, 0.0) for name in classes])
    table.done()
    if len(times) < 2:
        raise ProblemError(table.header[0].problem("a single row", "two rows or more: a row lasts until the next"))
    times.append(2 * times[-1] - times[-2])
    return CountsTable(file, classes, np.array(times, dtype=np.float64), np.array(counts, dtype=np.float64))


_NO_DAYS: tuple[int, ...] = ()


def _profile(path: Path, file: str, shown: str) -> WeekTable:
    table = CsvTable(path, shown, ("day", "hour", "time", "weight"), ("weight",))
    if ("hour" in table.columns) == ("time" in table.columns):
        allowed = "one column hour (0 to 23) or time (HH:MM)"
        table.note(table.header[0].problem("neither hour nor time, or both", allowed))
    by_day: dict[int, dict[float, float]] = {}
    for row in table.rows():
        hour = table.read(row, "hour", _hour, math.nan)
        second = table.read(row, "time", _clock, hour)
        weight = table.read(row, "weight", _weight, 0.0)
        days = table.read(row, "day", _days, _NO_DAYS) if "day" in row else tuple(range(7))
        if any(second in by_day.get(day, {}) for day in days):
            place = row.get("time") or row["hour"]
            table.note(place.problem("a second weight for the same day and time", "each time once"))
        for day in days if not math.isnan(second) else ():
            by_day.setdefault(day, {})[second] = weight
    table.done()
    if missing := [DAYS[day] for day in range(7) if day not in by_day]:
        raise ProblemError(
            table.header[0].problem(f"no rows for {', '.join(missing)}", "rows for every day of the week")
        )
    return WeekTable(tuple(_steps(by_day.get(day)) for day in range(HOLIDAY_INDEX + 1)))


def _steps(weights: dict[float, float] | None) -> Day | None:
    if weights is None:
        return None
    ordered = tuple(sorted(weights.items()))
    return ordered if ordered[0][0] == 0.0 else ((0.0, ordered[-1][1]), *ordered)


def _hour(cell: Cell) -> float:
    return _whole(cell, "an hour", 0, 23) * 3600.0


def _clock(cell: Cell) -> float:
    from sim.scenario.units import second_of_day

    return _at_cell(cell, second_of_day)


def _days(cell: Cell) -> tuple[int, ...]:
    return _at_cell(cell, parse_days)


def _at_cell(cell: Cell, parse: Callable[[str], T]) -> T:
    try:
        return parse(cell.text)
    except ProblemError as trouble:
        raise ProblemError(*(cell.problem(p.found, p.allowed, p.mend) for p in trouble.problems)) from None


def _empirical(path: Path, file: str, shown: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    table = CsvTable(path, shown, ("seconds", "minutes", "weight"))
    if ("seconds" in table.columns) == ("minutes" in table.columns):
        table.note(table.header[0].problem("neither seconds nor minutes, or both", "one column seconds or minutes"))
    column, factor = ("seconds", 1.0) if "seconds" in table.columns else ("minutes", 60.0)
    values, weights = list[float](), list[float]()
    for row in table.rows():
        values.append(factor * table.read(row, column, _seconds, 0.0))
        weights.append(table.read(row, "weight", _weight, 1.0))
    table.done()
    if not sum(weights):
        raise ProblemError(table.header[0].problem("every weight is 0", "some weight above 0"))
    return tuple(values), tuple(weights)
