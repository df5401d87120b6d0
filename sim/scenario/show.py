"""Resolved scenarios as text: complete YAML, and YAML with the origin of each value beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.errors import UsageError
from sim.scenario.operations import is_day, is_table
from sim.scenario.problems import Path, nearest
from sim.scenario.study import Study
from sim.scenario.sweeps import Points
from sim.scenario.tree import dotted
from sim.scenario.vocabulary import BASELINE

_PLAIN = re.compile(r"[A-Za-z0-9/.][A-Za-z0-9 _./+%:()-]*")
_NOT_TEXT = re.compile(r"(?i)[-+]?[0-9.][0-9_.]*(e[-+]?[0-9]*)?|0[xo].*|true|false|null|yes|no|on|off|~|\.inf|\.nan")
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?")
IN_A_LINE = 4
"""Entries of a table by times of day that stand side by side."""
WIDEST = 72
"""Origins stand at most this far to the right."""


def resolved_yaml(study: Study) -> str:
    """The complete scenario with its variants as YAML; reading it gives an equal Study."""
    return "".join(f"{text}\n" for text, _ in _lines(study.tree, (), 0))


def show(study: Study, variant: str | None = None, only: str | None = None) -> str:
    """The resolved baseline or variant as YAML, the origin of each value as a comment at the end of its line.

    `only` keeps what stands below a key of that name, wherever it is. Raises UsageError for a variant that does not
    exist, and where there is no such key.
    """
    name = variant or BASELINE
    _named(study, name)
    tree = study.trees[name]
    return annotated(tree if only is None else below(tree, only), study.origins[name])


def below(tree: dict[str, Any], key: str) -> dict[str, Any]:
    """The part of a tree that stands below keys of a name, with the keys that lead there.

    Raises UsageError, with the nearest key, where there is none.
    """
    keys = dict[str, None]()
    found = _kept(tree, key, keys)
    if not found:
        raise UsageError(f"no key '{key}' in the scenario. {nearest(key, keys)}".rstrip())
    return found


def _kept(tree: dict[str, Any], key: str, seen: dict[str, None]) -> dict[str, Any]:
    found = dict[str, Any]()
    for step, child in tree.items():
        seen[step] = None
        if step == key:
            found[step] = child
        elif isinstance(child, dict) and (inside := _kept(child, key, seen)):
            found[step] = inside
    return found


@dataclass(frozen=True)
class Value:
    """A value of a resolved scenario."""

    path: str
    value: Any
    origin: str
    """As `show` tells it; blank where none is known."""


def values(tree: dict[str, Any], origins: Mapping[str, str]) -> Iterator[Value]:
    """Every value of a resolved tree in its order; a table over the day is one value, and so is a list."""
    first: dict[str, str] = {}
    for name, origin in origins.items():
        parts = name.split(".")
        for end in range(len(parts)):
            first.setdefault(".".join(parts[: end + 1]), origin)
    for path, value in _ends(tree, ()):
        name = dotted(path)
        yield Value(name, value, origins.get(name) or first.get(name, ""))


def _ends(value: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    if not isinstance(value, dict) or not value or is_table(value):
        yield at, value
        return
    for key, child in value.items():
        yield from _ends(child, (*at, key))


@dataclass(frozen=True)
class Difference:
    """A value of a variant that is not that of the baseline; None where there is none."""

    path: str
    baseline: Any
    variant: Any
    baseline_origin: str
    variant_origin: str


def differences(study: Study, variant: str) -> tuple[Difference, ...]:
    """What a variant has otherwise than the baseline, in the order of the tree; a table over the day is one value.

    Raises UsageError for a variant that does not exist.
    """
    _named(study, variant)
    found = _different(study.trees[BASELINE], study.trees[variant], ())
    return tuple(
        Difference(
            dotted(path),
            before,
            after,
            _origin(study.origins[BASELINE], path),
            _origin(study.origins[variant], path, "variant "),
        )
        for path, before, after in found
    )


def show_differences(study: Study, variant: str) -> str:
    """Only what a variant has otherwise than the baseline, as YAML: both values, and where each comes from.

    Raises UsageError for a variant that does not exist.
    """
    found = differences(study, variant)
    count = f"{len(found)} value{'s' if len(found) != 1 else ''}"
    verb = "differs" if len(found) == 1 else "differ"
    lines = [f"# {variant}: {count} {verb} from the baseline; --full shows all"]
    for one in found:
        lines.append(f"{one.path}:")
        rows = (
            (BASELINE, one.baseline, one.baseline_origin),
            (variant, one.variant, one.variant_origin),
        )
        texts = [_beside(name, value) for name, value, _ in rows]
        width = min(WIDEST, max(len(text) for text, *_ in texts))
        for (text, *more), (_, value, origin) in zip(texts, rows, strict=True):
            said = origin if value is not None or origin else "not there"
            lines += [f"{text:<{width}}  # {said}", *more]
    return "".join(f"{line}\n" for line in lines)


def _beside(name: str, value: Any) -> list[str]:
    """A value behind the name of its scenario: on one line, a table by days on a line for each of its keys."""
    if not is_table(value) or is_day(value):
        return [f"  {name}: {_inline(value)}"]
    return [f"  {name}:", *(f"    {_scalar(key)}: {_inline(child)}" for key, child in value.items())]


def _different(base: Any, other: Any, at: Path) -> Iterator[tuple[Path, Any, Any]]:
    if not isinstance(base, dict) or not isinstance(other, dict) or is_table(base) or is_table(other):
        if repr(base) != repr(other):
            yield at, base, other
        return
    for key in dict.fromkeys((*base, *other)):
        yield from _different(base.get(key), other.get(key), (*at, key))


def _origin(origins: Mapping[str, str], path: Path, rather: str = "") -> str:
    """Origin of a value, or of the first part of it, one that begins with `rather` before others."""
    name = dotted(path)
    found = [origin for known, origin in origins.items() if known == name or known.startswith(f"{name}.")]
    return next((origin for origin in found if rather and origin.startswith(rather)), found[0] if found else "")


def _inline(value: Any) -> str:
    """A value on one line, as YAML."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key)}: {_inline(child)}' for key, child in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(_inline(child) for child in value)}]"
    return _scalar(value)


def _named(study: Study, name: str) -> None:
    if name not in study.trees:
        names = ", ".join(study.variants) or "none"
        raise UsageError(f"no variant '{name}'; there are: {names}. {nearest(name, study.variants)}".rstrip())


def annotated(tree: dict[str, Any], origins: Mapping[str, str]) -> str:
    """A plain tree as YAML, with the origin of each value by its dotted path as a comment at the end of its line."""
    lines = _lines(tree, (), 0, origins)
    column = min(WIDEST, max(len(text) for text, path in lines if path is not None) + 2)
    shown = []
    for text, path in lines:
        origin = origins.get(dotted(path)) if path is not None else None
        shown.append(
            f"{text:<{column}}# {origin}"
            if len(text) < column and origin
            else f"{text}  # {origin}"
            if origin
            else text
        )
    return "".join(f"{line}\n" for line in shown)


def _lines(
    value: Any, path: Path, depth: int, origins: Mapping[str, str] | None = None
) -> list[tuple[str, Path | None]]:
    """Lines of YAML, each with the path of the value on it, None where it only opens a collection.

    With `origins`, a long table by times of day that is all of one origin is set in a few lines.
    """
    pad, lines = "  " * depth, list[tuple[str, Path | None]]()
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in items:
        below = (*path, key)
        head = f"{_scalar(key)}:" if isinstance(value, dict) else "-"
        if _on_one_line(child):
            lines.append((f"{pad}{head} {_flow(child)}", below))
        elif isinstance(value, dict) and origins is not None and _of_one_origin(child, below, origins):
            lines += _table(f"{pad}{head} {{", child, below)
        elif isinstance(value, dict):
            lines.append((f"{pad}{head}", None))
            lines += _lines(child, below, depth + 1, origins)
        else:
            (first, first_path), *others = _lines(child, below, depth + 1, origins)
            lines += [(f"{pad}- {first.lstrip()}", first_path), *others]
    return lines


def _of_one_origin(value: Any, path: Path, origins: Mapping[str, str]) -> bool:
    """A table by times of day, longer than a line, whose values all have the same origin, not each its own place."""
    if not isinstance(value, dict) or len(value) <= IN_A_LINE or not all(_TIME.fullmatch(key) for key in value):
        return False
    return len({origins.get(dotted((*path, key))) for key in value}) == 1


def _table(head: str, table: dict[str, Any], path: Path) -> list[tuple[str, Path | None]]:
    """A table as a flow mapping, some entries to a line."""
    entries = [f"{_scalar(key)}: {_flow(child)}" for key, child in table.items()]
    rows = [", ".join(entries[first : first + IN_A_LINE]) for first in range(0, len(entries), IN_A_LINE)]
    starts = [head, *[" " * len(head)] * (len(rows) - 1)]
    ends = [*[","] * (len(rows) - 1), "}"]
    first_key = next(iter(table))
    return [
        (f"{start}{row}{end}", (*path, first_key) if start is head else None)
        for start, row, end in zip(starts, rows, ends, strict=True)
    ]


def _on_one_line(value: Any) -> bool:
    if isinstance(value, dict):
        return not value
    return not (isinstance(value, list) and any(isinstance(item, dict | list) for item in value))


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return f"[{', '.join(_scalar(item) for item in value)}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if _PLAIN.fullmatch(value) and not _NOT_TEXT.fullmatch(value) and ":" not in value and value == value.strip():
        return str(value)
    return "".join(char if char.isprintable() else _escaped(char) for char in json.dumps(value, ensure_ascii=False))


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def sweep_table(sweeps: Mapping[str, Points]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of sweep.csv: each variant of a sweep with the value of every path that was varied.

    A path that another sweep varies is blank.
    """
    paths = list(dict.fromkeys(path for points in sweeps.values() for point in points.values() for path in point))
    rows = [
        [variant, sweep, *(as_text(point[path]) if path in point else "" for path in paths)]
        for sweep, points in sweeps.items()
        for variant, point in points.items()
    ]
    return ["variant", "sweep", *paths], rows


def as_text(value: Any) -> str:
    """Text as it is, anything else as YAML."""
    return value if isinstance(value, str) else _inline(value)
