"""Variants: paths into the scenario's tree with the values that replace what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sim.errors import Fault
from sim.scenario.fields import adding
from sim.scenario.operations import TABLES, is_table, quantity
from sim.scenario.problems import Path, Problem, ProblemError, in_words, nearest, nearest_word
from sim.scenario.reckoning import HOURS, OPERATIONS, SAME, changed, check_operation, is_operation, value_there
from sim.scenario.tree import Place, Tree, dotted, places_of
from sim.scenario.vocabulary import BASELINE, CLASS_NAMES, NAME

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
        own, before = list[Change](), result.copy() if _reckons(tree.plain["variants"][ancestor]) else result
        for text in tree.plain["variants"][ancestor]:
            if text == EXTENDS:
                continue
            change = _change(tree, result, ancestor, text, faults)
            if change is None:
                continue
            if _overlaps(tree, change, own, faults):
                continue
            own.append(change)
            try:
                _put(tree, result, before, change, ancestor)
            except ProblemError as trouble:
                faults += [_fault_of(tree, change, problem) for problem in trouble.problems]
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


def _put(tree: Tree, result: Tree, before: Tree, change: Change, name: str) -> None:
    """Put the value of a line where it belongs, or what it makes of the value that stood there before the variant."""
    said = tree.get(change.source)
    if is_operation(said) and change.path[0] != "replications":
        value = _reckoned(before, change.path, said)
        place = replace(tree.nearest_place(change.source)[1], variant=name, source=change.source, reckoned=True)
        result.set(change.path, value, places_of(value, place))
        return
    places = {
        below: replace(place, variant=name, source=(*change.source, *below))
        for below, place in tree.below(change.source)
    }
    result.set(change.path, said, places)


def _reckoned(before: Tree, path: Path, said: Any) -> Any:
    """What an operation makes of the value at a path. Raises ProblemError where it does not go with that."""
    check_operation(said)
    holder = before.get(path[:-1])
    there = value_there(holder, path[-1], holder)
    hours = [key for key in HOURS if key in said]
    if hours and path[-1] not in TABLES and not is_table(there):
        found = f"'{hours[0]}' for a value that holds at all hours"
        raise ProblemError(Problem(found, f"hours for a table ({', '.join(TABLES)})", at=(hours[0],), on_key=True))
    new = changed(there, said)
    if new is SAME:
        what = "nothing is stated there" if there is None else f"there stands {in_words(there)}"
        doing = next(key for key in OPERATIONS if key in said)
        raise ProblemError(Problem(f"'{doing}', and {what}", "a number, a quantity or a table to start from"))
    return new


def _reckons(lines: Any) -> bool:
    return isinstance(lines, dict) and any(map(is_operation, lines.values()))


def reckon(tree: Tree) -> bool:
    """Some variant says what to do to a value rather than what stands in its place."""
    written = tree.plain.get("variants")
    return isinstance(written, dict) and any(map(_reckons, written.values()))


def signed(tree: Tree) -> Iterator[Fault]:
    """Numbers written with a plus sign, which would replace what stands there and not be added to it."""
    for path, text in tree.signed.items():
        number = tree.get(path)
        if path[-1] in (*OPERATIONS, "only_above") or quantity(number) is None:
            continue  # where a sign says what it seems to say, or text
        bare = text.strip().removeprefix("+").strip()
        mend = f"write {{plus: {bare}}} to add to what is there" if path[0] == "variants" else ""
        found = f"'{text}', which would be {bare}, not {bare} more"
        yield _fault(tree, path, found, f"the value itself, such as {bare}", mend or adding(bare))


def _fault_of(tree: Tree, change: Change, problem: Problem) -> Fault:
    return _fault(tree, (*change.source, *problem.at), problem.found, problem.allowed, problem.mend, problem.on_key)


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
        if name == BASELINE:
            faults.append(_fault(tree, ("variants", name), "a variant called 'baseline'", "another name", on_key=True))
        elif lines == {}:
            faults.append(_fault(tree, ("variants", name), "a variant without changes", "paths with values"))
        elif isinstance(lines, dict) and NAME.fullmatch(name):
            sound.append(name)
    return tuple(sound)
