"""Variants: paths into the scenario's tree with the values that replace what stands there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sim.errors import Fault
from sim.scenario.problems import Path, Problem, in_words, nearest, nearest_word
from sim.scenario.tree import Place, Tree, dotted
from sim.scenario.vocabulary import CLASS_NAMES, NAME

EXTENDS = "extends"
FIXED = ("format", "variants", "seed", "sweeps", "ranges")
"""Keys at the top that a variant may not set: they would end the comparison."""


@dataclass(frozen=True)
class Change:
    """One line of a variant, resolved: where it applies, its value, and where it was written."""

    path: Path
    source: Path
    """Path of the line in the file: ("variants", name, path text)."""


class UnknownPathError(LookupError):
    """A variant's path that leads nowhere; carries the problem without its place."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.found)


def apply(tree: Tree, name: str, faults: list[Fault]) -> tuple[Tree, tuple[Change, ...]]:
    """The tree with a variant applied to it, its parents first, and the changes made.

    `tree` is the scenario as written; the result has no variants. Adds to `faults` what is wrong with the
    variant itself: unknown paths, parents and cycles.
    """
    result, changes = tree.copy(), list[Change]()
    for ancestor in _lineage(tree, name, faults):
        own: list[Change] = []
        for text in tree.plain["variants"][ancestor]:
            if text == EXTENDS:
                continue
            change = _change(tree, result, ancestor, text, faults)
            if change is None:
                continue
            if _overlaps(tree, change, own, faults):
                continue
            own.append(change)
            _put(tree, result, change, ancestor)
        changes += own
    result.plain.pop("variants", None)
    result.plain.pop("sweeps", None)
    result.plain.pop("ranges", None)
    result.places = {path: place for path, place in result.places.items() if path[:1] != ("variants",)}
    return result, tuple(changes)


def resolve_path(plain: Any, text: str) -> Path:
    """Path of steps for a dotted text. At each level the longest existing key is taken; the last may be new.

    Raises UnknownPathError naming the first part that leads nowhere and the nearest path that exists.
    """
    path, value, rest = list[Any](), plain, text.split(".")
    step: str | int
    while rest:
        if isinstance(value, list):
            step, used = _index(value, rest, path), 1
        elif isinstance(value, dict):
            step, used = _key(value, rest, path)
        else:
            found = f"'{dotted(tuple(path))}' is {in_words(value)} and holds nothing below it"
            raise UnknownPathError(Problem(found, "a path of the scenario", f"set '{dotted(tuple(path))}' as a whole"))
        path.append(step)
        rest = rest[used:]
        value = (value.get(step) if isinstance(value, dict) else value[step]) if rest else None
    return tuple(path)


def _key(value: dict[str, Any], rest: list[str], path: list[Any]) -> tuple[str, int]:
    for used in range(len(rest), 0, -1):
        key = ".".join(rest[:used])
        if key in value and (used == len(rest) or isinstance(value[key], dict | list)):
            return key, used
    if len(rest) == 1 or ".".join(rest) in CLASS_NAMES:
        return ".".join(rest), len(rest)
    if rest[0] in value:
        return rest[0], 1
    before = f"{dotted(tuple(path))}." if path else ""
    close = nearest_word(rest[0], value)
    mend = f"did you mean '{before}{'.'.join((close, *rest[1:]))}'?" if close else ""
    allowed = f"one of {', '.join(value)}" if value else "an existing path"
    raise UnknownPathError(Problem(f"no '{before}{rest[0]}' in the scenario", allowed, mend))


def _index(value: list[Any], rest: list[str], path: list[Any]) -> int:
    if rest[0].isdigit() and int(rest[0]) < len(value):
        return int(rest[0])
    found = f"no entry '{rest[0]}' in the list '{dotted(tuple(path))}'"
    raise UnknownPathError(Problem(found, f"a number from 0 to {len(value) - 1}" if value else "a list with entries"))


def _lineage(tree: Tree, name: str, faults: list[Fault]) -> list[str]:
    """The variant and those it extends, the oldest first."""
    variants, chain = tree.plain["variants"], [name]
    while (parent := variants[chain[-1]].get(EXTENDS)) is not None:
        at: Path = ("variants", chain[-1], EXTENDS)
        if parent in chain:
            faults.append(
                _fault(tree, at, f"'{chain[-1]}' extends '{parent}', which extends it", "variants without a cycle")
            )
            break
        if not isinstance(variants.get(parent) if isinstance(parent, str) else None, dict):
            names = [known for known in variants if known != chain[-1]]
            allowed = f"the name of another variant: {', '.join(names) or 'there is none'}"
            faults.append(_fault(tree, at, f"no variant {in_words(parent)}", allowed, nearest(str(parent), names)))
            break
        chain.append(parent)
    return chain[::-1]


def _change(tree: Tree, result: Tree, name: str, text: str, faults: list[Fault]) -> Change | None:
    source: Path = ("variants", name, text)
    try:
        path = resolve_path({key: value for key, value in result.plain.items() if key != "variants"}, text)
    except UnknownPathError as error:
        problem = error.problem
        faults.append(_fault(tree, source, problem.found, problem.allowed, problem.mend, on_key=True))
        return None
    if path[0] in FIXED:
        found = f"a variant that sets '{path[0]}'"
        faults.append(_fault(tree, source, found, f"anything but {', '.join(FIXED)}", on_key=True))
        return None
    return Change(path, source)


def _overlaps(tree: Tree, change: Change, others: list[Change], faults: list[Fault]) -> bool:
    for other in others:
        shorter = min(len(change.path), len(other.path))
        if change.path[:shorter] == other.path[:shorter]:
            found = f"'{change.source[-1]}' and '{other.source[-1]}' set the same place"
            faults.append(
                _fault(tree, change.source, found, "paths apart from one another", "write it once", on_key=True)
            )
            return True
    return False


def _put(tree: Tree, result: Tree, change: Change, name: str) -> None:
    places = {
        below: replace(place, variant=name, source=(*change.source, *below))
        for below, place in tree.below(change.source)
    }
    result.set(change.path, tree.get(change.source), places)


def _fault(tree: Tree, path: Path, found: str, allowed: str = "", mend: str = "", on_key: bool = False) -> Fault:
    place: Place = tree.nearest_place(path)[1]
    line, column = (place.key_line, place.key_column) if on_key else (place.line, place.column)
    return Fault(place.file, line, column, dotted(path), found, allowed, mend)


def check_form(tree: Tree, faults: list[Fault]) -> tuple[str, ...]:
    """Names of the variants that can be applied; adds a fault for each without changes or of a reserved name.

    What is no mapping, or badly named, is left to the schema.
    """
    variants = tree.plain.get("variants")
    sound = list[str]()
    for name, lines in variants.items() if isinstance(variants, dict) else ():
        if name == "baseline":
            faults.append(_fault(tree, ("variants", name), "a variant called 'baseline'", "another name", on_key=True))
        elif lines == {}:
            faults.append(_fault(tree, ("variants", name), "a variant without changes", "paths with values"))
        elif isinstance(lines, dict) and NAME.fullmatch(name):
            sound.append(name)
    return tuple(sound)
