"""YAML 1.2 to a plain tree with the place of every key and value.

Built from the parser's events, so that depth and size are checked while reading. Scalars follow the YAML 1.2
core schema: `NO` and `08:30` and dates are text, `0o17` and `0x1F` numbers. Keys are always text.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from sim.errors import Fault, ScenarioError
from sim.scenario.problems import Path, nearest
from sim.scenario.tree import Place, Tree, dotted

MAX_BYTES = 1_000_000
MAX_LINE = 100_000
MAX_KEY = 200
MAX_DEPTH = 50
MAX_NODES = 100_000
"""Limit on nodes after aliases are expanded."""

_NULL = re.compile(r"|~|null|Null|NULL")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_SIGNED = re.compile(r"\+\s*[0-9.]")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TAG = "tag:yaml.org,2002:"


def read_file(path: FilePath) -> Tree:
    """The tree of a YAML file. Raises ScenarioError with every fault that reading alone can find."""
    name = str(path)
    try:
        with path.open("rb") as file:  # a bound on what is read, as a pipe or device has no size
            data = file.read(MAX_BYTES + 1)
            size = max(path.stat().st_size, len(data))
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error))
        raise ScenarioError([Fault(name, 0, 0, "", reason, "a scenario file in YAML", _near_file(path))]) from None
    except ValueError:  # a null character in the path
        raise ScenarioError([Fault(name, 0, 0, "", "no such file", "a scenario file in YAML")]) from None
    if len(data) > MAX_BYTES:
        allowed = f"at most {MAX_BYTES // 1_000_000} MB; long tables belong in CSV files"
        raise ScenarioError([Fault(name, 1, 1, "", f"a file of {size:,} bytes", allowed)])
    return read_bytes(data, name)


def _near_file(path: FilePath) -> str:
    """The scenario beside it whose name is nearest to that of a missing file."""
    try:
        return nearest(path.name, sorted(other.name for other in path.parent.glob("*.yaml")))
    except OSError:
        return ""


def read_bytes(data: bytes, file: str) -> Tree:
    """The tree of YAML text in UTF-8; `file` is how faults call it. Raises ScenarioError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        found = f"a byte that is not UTF-8 (0x{data[error.start]:02x})"
        raise ScenarioError([Fault(file, line, column, "", found, "text in UTF-8", "save it as UTF-8")]) from None
    for line, row in enumerate(text.split("\n"), start=1):
        if len(row) > MAX_LINE:
            found = f"a line of {len(row)} characters"
            raise ScenarioError([Fault(file, line, MAX_LINE, "", found, f"lines of at most {MAX_LINE} characters")])
    return _Builder(file).build(text)


@dataclass
class _Open:
    """A collection being read."""

    value: Any
    path: Path
    anchor: str | None
    key: str | None = None
    key_mark: tuple[int, int] = (1, 1)
    waiting_for_key: bool = True


@dataclass
class _Builder:
    file: str
    faults: list[Fault] = field(default_factory=list)
    places: dict[Path, Place] = field(default_factory=dict)
    signed: dict[Path, str] = field(default_factory=dict)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    root: Any = None
    documents: int = 0
    nodes: int = 0

    def build(self, text: str) -> Tree:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            for event in YAML(typ="safe", pure=True).parse(text):
                self._take(event)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            self._fault((line, column), (), *_explained(str(error.problem or error.context), text, line))
        except YAMLError as error:
            line, column = _position(text, getattr(error, "position", 0))
            found = f"not YAML: {str(error).splitlines()[0]}"
            self._fault((line, column), (), found, "printable text")
        if not self.faults and not isinstance(self.root, dict):
            found = "an empty file" if self.root is None else "a file that is not a mapping"
            self._fault((1, 1), (), found, "a mapping that starts with 'format: 1'")
        if self.faults:
            raise ScenarioError(self.faults)
        return Tree(self.root, self.places, self.signed)

    def _take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            self.documents += 1
            if self.documents == 2:
                self._stop(event, "a second document", "one document in a file")
        elif kind == "ScalarEvent":
            self._scalar(event)
        elif kind == "AliasEvent":
            self._alias(event)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._start(event, {} if kind == "MappingStartEvent" else [])
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            done = self.stack.pop()
            if done.anchor:
                self.anchors[done.anchor] = (done.value, _size(done.value))

    def _scalar(self, event: Any) -> None:
        mark = _mark(event)
        if any("\ud800" <= char <= "\udfff" for char in event.value):
            self._stop(event, "half a character (a lone surrogate)", "text in UTF-8")
        if self.stack and isinstance(self.stack[-1].value, dict) and self.stack[-1].waiting_for_key:
            self._key(str(event.value), mark, plain=not event.style)
            if event.anchor:
                self.anchors[event.anchor] = (str(event.value), 1)
            return
        value = self._resolve(event, mark)
        path = self._put(value, mark, 1)
        if _SIGNED.match(event.value):
            self.signed[path] = event.value
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)

    def _key(self, key: str, mark: tuple[int, int], plain: bool = False) -> None:
        parent = self.stack[-1]
        path = (*parent.path, key)
        if len(key) > MAX_KEY:
            self._fault(mark, parent.path, f"a key of {len(key)} characters", f"keys of at most {MAX_KEY} characters")
            raise ScenarioError(self.faults)
        if key == "<<" and plain:
            self._fault(mark, path, "a merge key '<<'", "plain keys; YAML 1.2 has no merge", "write the keys out")
        elif key in parent.value:
            first = self.places[path]
            found = f"the key '{key}' stands twice, first in line {first.key_line}"
            self._fault(mark, path, found, "each key once", "remove or rename one of them")
        parent.key, parent.key_mark, parent.waiting_for_key = key, mark, False

    def _start(self, event: Any, value: Any) -> None:
        mark = _mark(event)
        if self.stack and isinstance(self.stack[-1].value, dict) and self.stack[-1].waiting_for_key:
            self._stop(event, "a key that is a list or a mapping", "keys that are text")
        if len(self.stack) >= MAX_DEPTH:
            self._stop(event, f"more than {MAX_DEPTH} levels", f"at most {MAX_DEPTH} levels")
        if event.tag and event.tag not in (f"{_TAG}map", f"{_TAG}seq"):
            self._fault(
                mark, self._here(), f"the tag {_short(event.tag)}", "plain mappings, lists and values without tags"
            )
        path = self._put(value, mark, 1)
        self.stack.append(_Open(value, path, event.anchor))

    def _alias(self, event: Any) -> None:
        mark = _mark(event)
        if event.anchor not in self.anchors:
            self._stop(
                event, f"an alias '*{_short(event.anchor)}' without its anchor", "an anchor written before its alias"
            )
        value, size = self.anchors[event.anchor]
        if self.stack and isinstance(self.stack[-1].value, dict) and self.stack[-1].waiting_for_key:
            if not isinstance(value, str):
                self._stop(event, "a key that is not text", "keys that are text")
            self._key(value, mark)
            return
        if len(self.stack) + _depth(value) > MAX_DEPTH:
            self._stop(event, f"more than {MAX_DEPTH} levels", f"at most {MAX_DEPTH} levels")
        path = self._put(None, mark, size)
        self._replace(path, value, mark)

    def _replace(self, path: Path, value: Any, mark: tuple[int, int]) -> None:
        """Put an expanded copy of an anchored value at `path`; its parts are placed where the alias stands."""
        copied = _copy(value, path, self.places, Place(self.file, *mark, *mark))
        if not path:
            self.root = copied
        elif isinstance(self.stack[-1].value, list):
            self.stack[-1].value[-1] = copied
        else:
            self.stack[-1].value[path[-1]] = copied

    def _here(self) -> Path:
        if not self.stack:
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            return (*top.path, len(top.value))
        return top.path if top.key is None or top.waiting_for_key else (*top.path, top.key)

    def _put(self, value: Any, mark: tuple[int, int], size: int) -> Path:
        self.nodes += size
        if self.nodes > MAX_NODES:
            self._fault(
                mark, (), f"more than {MAX_NODES} values", "long tables in CSV files, and no aliases of aliases"
            )
            raise ScenarioError(self.faults)
        path = self._here()
        key_mark = mark
        if not self.stack:
            self.root = value
        elif isinstance(self.stack[-1].value, list):
            self.stack[-1].value.append(value)
        else:
            top = self.stack[-1]
            top.value[top.key] = value
            key_mark, top.waiting_for_key = top.key_mark, True
        self.places[path] = Place(self.file, *mark, *key_mark, source=path)
        return path

    def _resolve(self, event: Any, mark: tuple[int, int]) -> Any:
        text: str = event.value
        if event.tag == f"{_TAG}str" or event.tag == "!" or (event.tag is None and event.style):
            return text
        if event.tag and event.tag not in tuple(f"{_TAG}{name}" for name in ("int", "float", "bool", "null")):
            self._fault(mark, self._here(), f"the tag {_short(event.tag)}", "plain values without tags")
            return text
        if _NULL.fullmatch(text):
            return None
        if _BOOL.fullmatch(text):
            return text.lower() == "true"
        if _OTHER_BASE.fullmatch(text) and len(text) < 20:
            return int(text[2:], 8 if text[1] == "o" else 16)
        if _INT.fullmatch(text) and len(text) < 30:
            return int(text)
        if _NOT_FINITE.fullmatch(text):
            self._fault(mark, self._here(), f"'{text}'", "finite numbers")
            return 0.0
        if _FLOAT.fullmatch(text):
            value = float(text)
            if not math.isfinite(value) or len(text) >= 30:
                self._fault(
                    mark, self._here(), f"a number out of range ({text[:30]})", "finite numbers of less than 30 digits"
                )
                return 0.0
            return value
        return text

    def _fault(self, mark: tuple[int, int], path: Path, found: str, allowed: str = "", mend: str = "") -> None:
        self.faults.append(Fault(self.file, *mark, dotted(path), found, allowed, mend))

    def _stop(self, event: Any, found: str, allowed: str) -> None:
        """A fault after which reading on makes no sense."""
        self._fault(_mark(event), self._here(), found, allowed)
        raise ScenarioError(self.faults)


def _mark(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _short(word: Any) -> str:
    text = str(word).replace(_TAG, "!!")
    return text if len(text) <= 40 else f"{text[:37]}..."


def _size(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(_size(child) for child in children)


def _depth(value: Any) -> int:
    children = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return 1 + max((_depth(child) for child in children), default=0) if isinstance(value, dict | list) else 0


def _copy(value: Any, path: Path, places: dict[Path, Place], place: Place) -> Any:
    places[path] = Place(place.file, place.line, place.column, place.key_line, place.key_column, source=path)
    if isinstance(value, dict):
        return {key: _copy(child, (*path, key), places, place) for key, child in value.items()}
    if isinstance(value, list):
        return [_copy(child, (*path, index), places, place) for index, child in enumerate(value)]
    return value


def _position(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _explained(problem: str, text: str, line: int) -> tuple[str, str, str]:
    """What a parser's complaint means, what is allowed, and the usual cure."""
    lines = text.splitlines()
    row = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in row[: len(row) - len(row.lstrip())] or "'\\t'" in problem:
        return "a tab", "blanks for indentation", "replace the tab by blanks"
    if "mapping values are not allowed" in problem:
        return "a second ':' in one line", "one key and value per line", "put text with ': ' in quotes"
    if "could not find expected ':'" in problem:
        return "a line without ':'", "key: value", ""
    if bracket := re.search(r"expected ',' or '([]}])'", problem):
        what = "list" if bracket[1] == "]" else "mapping"
        return f"a {what} in brackets that is not closed before this", f"'{bracket[1]}' at its end", ""
    if "expected <block end>" in problem or "block end" in problem:
        return (
            "a line that is indented differently from its neighbours",
            "the same indentation for all keys of a mapping",
            "",
        )
    if "found character '%'" in problem or "found character '@'" in problem or "found character '`'" in problem:
        return f"not YAML: {problem}", "such text in quotes", ""
    return f"not YAML: {problem}", "YAML 1.2", ""
