"""Patterns of paths in a scenario: `ports.*.traffic.car.nexus`, and filters on what they lead to.

A step is a key, `*` (any key or entry of a list), `a|b` (either), or `**` (any number of steps, none among them). A key
with a dot, such as `car.nexus`, is matched by two steps or by one `*`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sim.scenario.problems import Path, Step
from sim.scenario.tree import value_at
from sim.scenario.vocabulary import covers, serves

ANY, DEEP = "*", "**"


def matches(tree: Any, pattern: str, new: bool = False) -> list[Path]:
    """Paths in the tree that the pattern leads to, in the order of the tree.

    With `new`, a last step that is a plain key also leads to where that key may be put in a mapping; a pattern with
    `**` finds no such places.
    """
    steps = pattern.split(".")
    found = list(dict.fromkeys(_walk(tree, steps)))
    if new and DEEP not in steps and ANY not in steps[-1] and "|" not in steps[-1]:
        for parent in _walk(tree, steps[:-1]):
            there = value_at(tree, parent)
            if isinstance(there, dict) and steps[-1] not in there:
                found.append((*parent, steps[-1]))
    return found


def _walk(value: Any, steps: list[str]) -> Iterator[Path]:
    if not steps:
        yield ()
        return
    if steps[0] == DEEP:
        yield from _walk(value, steps[1:])
        for key, child in _children(value):
            yield from ((key, *below) for below in _walk(child, steps))
        return
    for key, child in _children(value):
        parts = [str(key)] if steps[0] == ANY else str(key).split(".")
        if len(parts) <= len(steps) and all(_fits(step, part) for step, part in zip(steps, parts, strict=False)):
            yield from ((key, *below) for below in _walk(child, steps[len(parts) :]))


def _children(value: Any) -> Iterator[tuple[Step, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _fits(step: str, part: str) -> bool:
    return step == ANY or part in step.split("|")


# ---- filters ----------------------------------------------------------------------------------------------


def _serves(around: list[Any], wanted: str) -> bool:
    """The lane group serves the class; one that names none serves all."""
    patterns = _served(around)
    return patterns is not None and covers(patterns, wanted)


def _only(around: list[Any], wanted: str) -> bool:
    """The lane group serves nothing else."""
    patterns = _served(around)
    return bool(patterns) and all(serves(wanted, pattern) for pattern in patterns or ())


def _mode(around: list[Any], wanted: str) -> bool:
    """The lane group serves some class of the mode."""
    patterns = _served(around)
    return patterns is not None and (not patterns or any(serves(wanted, pattern) for pattern in patterns))


def _served(around: list[Any]) -> list[str] | None:
    """What the nearest mapping around a value serves; None where none says so."""
    return next((each["serves"] for each in around if isinstance(each.get("serves"), list)), None)


def _direction(around: list[Any], wanted: str) -> bool:
    return any(each.get("direction") == wanted for each in around)


def _has(around: list[Any], wanted: str) -> bool:
    """The mapping that holds the value has the key."""
    return bool(around) and around[0].get(wanted) is not None


def _without(around: list[Any], wanted: str) -> bool:
    return bool(around) and around[0].get(wanted) is None


def _kind(around: list[Any], wanted: str) -> bool:
    """The mapping that holds the value is a station of one of these kinds, with `|` between them."""
    return bool(around) and around[0].get("kind") in wanted.split("|")


FILTERS: Mapping[str, Callable[[list[Any], str], bool]] = {
    "serves": _serves,
    "only": _only,
    "mode": _mode,
    "direction": _direction,
    "has": _has,
    "kind": _kind,
    "without": _without,
}
"""By word in a policy file; each takes the mappings around a value, nearest first."""


def passes(tree: Any, path: Path, where: Mapping[str, str]) -> bool:
    """True when the value at the path passes every filter."""
    around, value = list[Any](), tree
    for step in path:
        if isinstance(value, dict):
            around.insert(0, value)
        value = value.get(step) if isinstance(value, dict) else value[step]
    return all(FILTERS[word](around, wanted) for word, wanted in where.items())
