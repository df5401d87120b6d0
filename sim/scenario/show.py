"""Resolved scenarios as text: complete YAML, and YAML with the origin of each value beside it."""

from __future__ import annotations

import json
import re
from typing import Any

from sim.errors import UsageError
from sim.scenario.problems import Path, nearest
from sim.scenario.study import BASELINE, Study
from sim.scenario.tree import dotted

_PLAIN = re.compile(r"[A-Za-z0-9/.][A-Za-z0-9 _./+%:()-]*")
_NOT_TEXT = re.compile(r"(?i)[-+]?[0-9.][0-9_.]*(e[-+]?[0-9]*)?|0[xo].*|true|false|null|yes|no|on|off|~|\.inf|\.nan")
WIDEST = 72
"""Origins stand at most this far to the right."""


def resolved_yaml(study: Study) -> str:
    """The complete scenario with its variants as YAML; reading it gives an equal Study."""
    return "".join(f"{text}\n" for text, _ in _lines(study.tree, (), 0))


def show(study: Study, variant: str | None = None) -> str:
    """The resolved baseline or variant as YAML, the origin of each value as a comment at the end of its line.

    Raises UsageError for a variant that does not exist.
    """
    name = variant or BASELINE
    if name not in study.trees:
        names = ", ".join(study.variants) or "none"
        raise UsageError(f"no variant '{name}'; there are: {names}. {nearest(name, study.variants)}".rstrip())
    lines = _lines(study.trees[name], (), 0)
    origins = study.origins[name]
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


def _lines(value: Any, path: Path, depth: int) -> list[tuple[str, Path | None]]:
    """Lines of YAML, each with the path of the value on it, None where it only opens a collection."""
    pad, lines = "  " * depth, list[tuple[str, Path | None]]()
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in items:
        below = (*path, key)
        head = f"{_scalar(key)}:" if isinstance(value, dict) else "-"
        if _on_one_line(child):
            lines.append((f"{pad}{head} {_flow(child)}", below))
        elif isinstance(value, dict):
            lines.append((f"{pad}{head}", None))
            lines += _lines(child, below, depth + 1)
        else:
            (first, first_path), *others = _lines(child, below, depth + 1)
            lines += [(f"{pad}- {first.lstrip()}", first_path), *others]
    return lines


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
