"""Scenarios damaged at random: each loads, or is refused with the place of every fault. None crashes, none hangs.

A case is a sound scenario of the corpus, changed in its tree (keys deleted, doubled, misspelt, values swapped, retyped,
set to limits, given wrong units), in its bytes, or in the bytes of a table it names. Case N is always the same:
`python tests/verification/test_mutated_scenarios.py N` shows it.
"""

from __future__ import annotations

import copy
import functools
import json
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import pytest

from sim.errors import ScenarioError
from sim.model.build import build
from sim.scenario import Study, load
from sim.scenario.tree import Place, Tree
from sim.scenario.yaml_nodes import read_bytes, read_file
from sim.study.preflight import check_memory, warnings_of

CORPUS = Path(__file__).parents[1] / "scenarios" / "valid"
SEED = 20240706
CASES, CHUNK = 100_000, 1_000
QUICK, QUICK_CHUNK = 2_000, 500
SECONDS = 2.0
"""Processor time one case may take."""


# ---- the sound scenarios -----------------------------------------------------------------------------------


@functools.cache
def sources() -> tuple[tuple[str, bytes, Any], ...]:
    """Name, bytes and plain tree of each scenario of the corpus."""
    paths = sorted(CORPUS.glob("*.yaml"))
    return tuple((path.name, path.read_bytes(), read_file(path).plain) for path in paths)


@functools.cache
def tables() -> tuple[tuple[str, bytes], ...]:
    return tuple((path.name, path.read_bytes()) for path in sorted((CORPUS / "tables").glob("*.csv")))


@functools.cache
def pairs() -> tuple[tuple[str, Any], ...]:
    """Every key of the corpus with a value it has somewhere."""

    def walk(value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict):
            for key, child in value.items():
                yield key, child
                yield from walk(child)
        elif isinstance(value, list):
            for child in value:
                yield from walk(child)

    seen: dict[str, tuple[str, Any]] = {}
    for _, _, plain in sources():
        for key, value in walk(plain):
            seen.setdefault(json.dumps([key, value]), (key, value))
    return tuple(seen.values())


# ---- damage ------------------------------------------------------------------------------------------------

NUMBERS = (0, 1, -1, 2, 7, 100, 10_000, 100_000, 2**31, 2**63, 10**25, 0.0, 0.25, 1.0, -0.5, 1e-300, 1e300, 1e16, 99.5)
UNITS = ("s", "min", "h", "d", "%", "/h", "/s", "cars", "m", "kg", "hours", "", "µs", "/", "% h", "H")
TEXTS = (
    "", " ", "0 s", "3660 d", "3661 d", "1e999 s", "1e-9 s", "-0 s", "100 %", "0 %", "100.0001 %", "50 %", "NaN", "~",
    "2024-02-30 00:00", "2024-03-10 02:30", "2024-11-03 01:30", "0001-01-01 00:00", "2199-12-31 23:59",
    "2024-07-06",
    "../secret.csv", "tables", "tables/cars.csv", "tables/none.csv", "/etc/passwd", "\0", "C:\\x.csv", "x" * 300,
    "car", "car.nexus", "truck.fast", "*", "all", "bus", "here", "there", "general", "open", "closed", "outside",
    "toll",
    "America/Vancouver", "Europe/Berlin", "UTC", "Mars/Base", "drain", "cut", "balk", "divert", "wait", "per_booth",
    "24:00", "23:59:59", "mon-sun", "holiday", "sun-mon", "us-3004-blaine", "baseline", "extends",
    "\u202e", "Ä", "🚗",
)  # fmt: skip


def any_value(rng: random.Random) -> Any:
    """A value of any type, often at a limit."""
    kind = rng.randrange(10)
    if kind < 3:
        return rng.choice(NUMBERS)
    if kind < 5:
        return f"{rng.choice(NUMBERS)} {rng.choice(UNITS)}"
    if kind < 7:
        return rng.choice(TEXTS)
    if kind == 7:
        return copy.deepcopy(rng.choice(pairs())[1])
    return rng.choice([None, True, False, [], {}, [1], {"car": 1}, [[]], {"": ""}])


def spoilt(word: str, rng: random.Random) -> str:
    """The word with a slip of the fingers."""
    at = rng.randrange(len(word) + 1)
    kind = rng.randrange(6)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + rng.choice("abcxyz-_.0é ") + word[at:]
    if kind == 2:
        return word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    if kind == 3:
        return word.upper()
    if kind == 4:
        return word.replace("_", "-") if "_" in word else word + "s"
    return rng.choice(TEXTS)


def inner(plain: Any) -> list[Any]:
    """Every mapping and list of the tree that has something in it."""
    found, queue = [], [plain]
    while queue:
        value = queue.pop()
        if isinstance(value, dict | list) and value:
            found.append(value)
            queue += value.values() if isinstance(value, dict) else value
    return found


def other_value(value: Any, rng: random.Random) -> Any:
    """A value in place of one: near to it half of the time."""
    if rng.random() < 0.3:
        return any_value(rng)
    if isinstance(value, str):
        number, blank, unit = value.partition(" ")
        if unit and number[:1].isdecimal() and rng.random() < 0.5:
            return f"{rng.choice((0, 0.001, 1, 3, 20, 60, 99, 100, 1000, 1e5, 1e9))} {unit}"
        choices = [
            spoilt(value, rng),
            number,
            f"{number}{blank}{rng.choice(UNITS)}",
            f"{rng.choice(NUMBERS)} {unit}",
            [value],
        ]
        return rng.choice(choices)
    if isinstance(value, bool) or value is None:
        return rng.choice([str(value), not value, 0, 1])
    if isinstance(value, int | float):
        return rng.choice(
            [-value, value + 1, value + 1, value // 2, value * 1000, value / 3, str(value), f"{value} s", [value]]
        )
    return rng.choice([[value], {"x": value}, str(value)[:50], [value, value]])


def damage(plain: Any, rng: random.Random) -> None:
    """Change one thing in the tree."""
    places = inner(plain)
    if not places:
        return
    place = rng.choice(places)
    keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
    key = rng.choice(keys)
    kind = rng.randrange(9)
    if kind == 0:
        del place[key]
    elif kind == 1:
        place[key] = other_value(place[key], rng)
    elif kind == 2:
        place[key] = any_value(rng)
    elif kind == 3 and isinstance(place, dict):
        place[spoilt(key, rng)] = place.pop(key)
    elif kind == 4 and isinstance(place, dict):
        place[spoilt(key, rng)] = copy.deepcopy(place[key])
    elif kind == 5:
        other = rng.choice(places)
        there = rng.choice(list(other) if isinstance(other, dict) else list(range(len(other))))
        place[key], other[there] = copy.deepcopy(other[there]), copy.deepcopy(place[key])
    elif kind == 6 and isinstance(place, dict):
        name, value = rng.choice(pairs())
        place[name] = copy.deepcopy(value)
    elif kind == 7 and isinstance(plain, dict):
        path = ".".join(str(step) for step in some_path(plain, rng))
        plain["variants"] = {
            "mutant": {path or "x": any_value(rng), **({"extends": "other"} if rng.random() < 0.1 else {})}
        }
    elif isinstance(place, list):
        place.insert(rng.randrange(len(place) + 1), any_value(rng))
    else:
        place[key] = other_value(place[key], rng)


def some_path(plain: Any, rng: random.Random) -> list[Any]:
    path: list[Any] = []
    while isinstance(plain, dict | list) and plain and rng.random() < 0.9:
        path.append(rng.choice(list(plain) if isinstance(plain, dict) else list(range(len(plain)))))
        plain = plain[path[-1]]
    return path


def damaged_bytes(data: bytes, rng: random.Random) -> bytes:
    """The bytes with a few changed, lost, doubled or moved, sometimes cut short."""
    found = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        at, length = rng.randrange(len(found) + 1), rng.choice([0, 1, 1, 2, 20])
        kind = rng.randrange(5)
        if kind == 0:
            found[at : at + length] = b""
        elif kind == 1:
            found[at : at + length] = bytes(
                rng.choice(b"{}[]:,-#&*!|>'\"%@` \n\t\\a0.\x00\xff\xc3\r;<=?~") for _ in range(length)
            )
        elif kind == 2:
            found[at:at] = found[at : at + rng.randrange(60)]
        elif kind == 3:
            there = rng.randrange(len(found) + 1)
            found[there:there] = found[at : at + rng.randrange(30)]
        elif rng.random() < 0.2:
            del found[at:]
        if not found:
            break
    return bytes(found)


def placed(plain: Any) -> Tree:
    """The tree with a place for everything in it, each of its own."""
    places: dict[tuple[str | int, ...], Place] = {}

    def walk(value: Any, path: tuple[str | int, ...]) -> None:
        line = len(places) + 1
        places[path] = Place("s.yaml", line, 2, line, 1, source=path)
        for key, child in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            walk(child, (*path, key))

    walk(plain, ())
    return Tree(plain, places)


# ---- a case ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A damaged scenario: as a tree, or as bytes; and perhaps a damaged table beside it."""

    source: str
    tree: Any = None
    data: bytes | None = None
    table: tuple[str, bytes] | None = None

    def load(self, folder: Path) -> Study:
        """Load it in a folder that has the tables."""
        if self.table is not None:
            (folder / "tables" / self.table[0]).write_bytes(self.table[1])
        try:
            tree = placed(self.tree) if self.data is None else read_bytes(self.data, "s.yaml")
            with mock.patch("sim.scenario.load.read_file", return_value=tree):
                return load(folder / "s.yaml")
        finally:
            if self.table is not None:
                (folder / "tables" / self.table[0]).write_bytes(dict(tables())[self.table[0]])


def case(number: int) -> Case:
    """The case of that number."""
    rng = random.Random(f"{SEED}-{number}")
    name, data, plain = rng.choice(sources())
    kind = rng.random()
    if kind < 0.12:
        return Case(name, data=damaged_bytes(data, rng))
    if kind < 0.20:
        table, content = rng.choice(tables())
        users = [source for source in sources() if f"tables/{table}".encode() in source[1]]
        name, _, plain = rng.choice(users)
        return Case(name, tree=plain, table=(table, damaged_bytes(content, rng)))
    tree = copy.deepcopy(plain)
    for _ in range(rng.choice([1, 1, 1, 1, 2, 4])):
        damage(tree, rng)
    if not isinstance(tree, dict) or not tree:
        return Case(name, data=b"[]")
    if kind < 0.26:
        return Case(name, data=json.dumps(tree, ensure_ascii=rng.random() < 0.5).encode())
    return Case(name, tree=tree)


class TooSlowError(BaseException):
    """Not an Exception, so that nothing on the way takes it for a fault of the scenario."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooSlowError inside when it takes more processor time."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlowError(f"more than {seconds} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def trouble(number: int, folder: Path) -> str | None:
    """What is wrong with the answer to a case; None when it is as it must be, and `refused` is counted apart."""
    try:
        with at_most(SECONDS):
            study = case(number).load(folder)
            check_memory(study, available=8e9)
            [str(warning) for warning in warnings_of(study)]
            for scenario in (study.baseline, *list(study.variants.values())[:1]):
                build(scenario, study.baseline)
    except ScenarioError as error:
        for fault in error.faults:
            if not (fault.file and fault.line >= 1 and fault.column >= 1 and fault.found and fault.allowed):
                return f"a refusal without a place or without what is allowed: {fault!r}"
            if len(fault.found) > 500 or len(str(fault).encode()) > 5000:
                return f"a fault that quotes without end: {fault!r:.300}"
        return None if error.faults else "a refusal without a fault"
    except (Exception, TooSlowError) as error:
        return f"{type(error).__name__}: {error}"
    return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("mutants"))


def prepared(folder: Path) -> Path:
    shutil.copytree(CORPUS / "tables", folder / "tables")
    return folder


def troubles(first: int, count: int, folder: Path) -> list[str]:
    found = ((number, trouble(number, folder)) for number in range(first, first + count))
    return [f"case {number}: {what}" for number, what in found if what is not None]


@pytest.mark.parametrize("first", range(0, QUICK, QUICK_CHUNK))
def test_some_damaged_scenarios(first: int, folder: Path) -> None:
    assert troubles(first, QUICK_CHUNK, folder) == []


@pytest.mark.verification
@pytest.mark.parametrize("first", range(0, CASES, CHUNK))
def test_damaged_scenarios(first: int, folder: Path) -> None:
    assert troubles(first, CHUNK, folder) == []


def test_the_damage_is_of_every_kind(folder: Path) -> None:
    """Among the first cases some load and most are refused, by trees, by bytes and by tables."""
    loaded = {"tree": 0, "bytes": 0, "table": 0}
    refused = dict(loaded)
    for number in range(400):
        found = case(number)
        kind = "table" if found.table else "bytes" if found.data is not None else "tree"
        try:
            found.load(folder)
        except ScenarioError:
            refused[kind] += 1
        else:
            loaded[kind] += 1
    assert min(loaded.values()) > 2
    assert min(refused.values()) > 5
    assert sum(refused.values()) > sum(loaded.values())


def test_a_case_that_hangs_is_stopped() -> None:
    def hang() -> None:
        while True:
            pass

    with pytest.raises(TooSlowError), at_most(0.05):
        hang()


def show(number: int) -> None:
    """Print a case and its answer."""
    found = case(number)
    print(f"from {found.source}")
    data = json.dumps(found.tree, indent=1).encode() if found.data is None else found.data
    print(data.decode(errors="replace"))
    if found.table:
        print(found.table[0], found.table[1].decode(errors="replace"), sep="\n")
    with tempfile.TemporaryDirectory() as name:
        study = found.load(prepared(Path(name)))
        check_memory(study, available=8e9)
        warnings_of(study)
        build(study.baseline)


if __name__ == "__main__":
    show(int(sys.argv[1]))
