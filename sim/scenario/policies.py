"""Policies: changes stated as patterns in a file of their own, which apply to any scenario.

A policy file says what it is about, where its numbers come from, and what it changes:

    policy: 1
    name: NEXUS enrolment up by 30 %
    story: ...
    source: assumed
    changes:
      ports.*.traffic.car.nexus: {times: 1.3, at_most: 60 %, range: [1.1, 2]}

It is applied to the resolved baseline, registry and defaults filled in, and gives a variant like any other, whose
values point to the line of the policy that set them. docs/sweeps.md tells the format.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from sim.errors import Fault, ScenarioError, UsageError
from sim.scenario import patterns
from sim.scenario.checks import unknown_key
from sim.scenario.operations import quantity
from sim.scenario.problems import Collector, Path, Problem, ProblemError, in_words, nearest
from sim.scenario.reckoning import BESIDE, OPERATIONS, SAME, changed, check_operation, value_there
from sim.scenario.tree import Place, Tree, dotted, value_at
from sim.scenario.vocabulary import BASELINE, NAME
from sim.scenario.yaml_nodes import read_bytes, read_file

FORMAT = 1
_PACKAGE = FilePath(__file__).resolve().parents[1]
FOLDERS = (_PACKAGE / "examples" / "policies", _PACKAGE.parent / "scenarios" / "policies")
"""Where the policies that come with the program may stand: in an installed package, in the project."""
KEYS = ("policy", "name", "story", "source", "changes")
MORE = (*BESIDE, "where", "range", "because")
FIXED = ("format", "seed", "variants", "sweeps", "ranges")


@dataclass(frozen=True)
class Operation:
    """What is done to every value a pattern leads to."""

    pattern: str
    place: Place
    said: Mapping[str, Any]
    """As written, checked: one or more of OPERATIONS, and what goes with them."""
    at: Path
    """Path in the policy file."""


@dataclass(frozen=True)
class Policy:
    """A policy file, read and checked."""

    name: str
    """Name of the variant it makes: that of the file without its ending."""
    title: str
    story: str
    source: str
    """Where its numbers come from; `assumed` where nobody published them."""
    file: str
    operations: tuple[Operation, ...]


@dataclass
class Applied:
    """What a policy does to a scenario."""

    changes: dict[Path, tuple[Any, Place]] = field(default_factory=dict)
    """New values by path in the resolved tree, in the order in which they are made."""
    idle: list[str] = field(default_factory=list)
    """Patterns that lead to nothing in this scenario, or to values that stay as they are."""


# ---- finding and reading ----------------------------------------------------------------------------------


def names() -> tuple[str, ...]:
    """Names of the policies that come with the program; none where they were not installed."""
    return tuple(sorted({file.stem for folder in FOLDERS for file in folder.glob("*.yaml")}))


def find(text: str) -> FilePath:
    """The file of a policy, given by its path or by the name of one that comes with the program.

    Raises UsageError, with the nearest name, when there is neither.
    """
    path = FilePath(text)
    if path.is_file():
        return path
    for folder in FOLDERS:
        if NAME.fullmatch(text) and (folder / f"{text}.yaml").is_file():
            return folder / f"{text}.yaml"
    known = names()
    raise UsageError(
        f"no policy file '{text}'; the policies that come with the program are: {', '.join(known) or 'none'}. "
        f"{nearest(path.stem, known)}".rstrip(". ")
    )


def read(path: FilePath) -> Policy:
    """A policy from its file. Raises ScenarioError with every fault of the file.

    One that comes with the program is told by its name, wherever it was installed.
    """
    if path.parent in FOLDERS:
        return _Reader(path, read_bytes(path.read_bytes(), f"policies/{path.name}")).policy()
    return _Reader(path, read_file(path)).policy()


class _Reader:
    """Checks one file; faults are gathered and raised together."""

    def __init__(self, path: FilePath, tree: Tree) -> None:
        self.path, self.tree = path, tree
        self.faults: list[Fault] = []

    def policy(self) -> Policy:
        plain = self.tree.plain
        for key in plain:
            if key not in KEYS:
                self.problem(unknown_key(key, KEYS))
        if plain.get("policy") != FORMAT:
            found = f"policy {in_words(plain['policy'])}" if "policy" in plain else "no 'policy'"
            self.problem(Problem(found, f"policy: {FORMAT}, the format this program reads", at=("policy",)))
        for key in ("name", "story", "source"):
            if not isinstance(plain.get(key), str) or not plain[key].strip():
                found = in_words(plain[key]) if key in plain else f"no '{key}'"
                allowed = "where the numbers come from, or 'assumed'" if key == "source" else "some text"
                self.problem(Problem(found, allowed, at=(key,)))
        if not NAME.fullmatch(self.path.stem) or self.path.stem == BASELINE:
            allowed = "small letters, digits and hyphens, such as one-more-booth.yaml, and not 'baseline'"
            self.faults.append(Fault(str(self.path), 0, 0, "", f"a policy file called '{self.path.name}'", allowed))
        operations = tuple(self.operations(plain.get("changes")))
        if self.faults:
            raise ScenarioError(self.faults)
        return Policy(
            self.path.stem, plain["name"], plain["story"], plain["source"], self.tree.places[()].file, operations
        )

    def operations(self, changes: Any) -> Iterator[Operation]:
        if not isinstance(changes, dict) or not changes:
            found = in_words(changes) if changes else "no changes"
            allowed = "patterns with what to do, such as ports.*.lanes.*.booths: {plus: 1}"
            self.problem(Problem(found, allowed, at=("changes",)))
            return
        for pattern, stated in changes.items():
            at: Path = ("changes", pattern)
            if pattern.split(".")[0] in FIXED:
                allowed = f"a pattern for anything but {', '.join(FIXED)}"
                self.problem(Problem(f"a policy that changes '{pattern}'", allowed, at=at, on_key=True))
                continue
            for index, said in enumerate(stated if isinstance(stated, list) else [stated]):
                here = (*at, index) if isinstance(stated, list) else at
                try:
                    _check(said)
                except ProblemError as trouble:
                    for problem in trouble.problems:
                        self.problem(problem.under(*here))
                else:
                    yield Operation(pattern, self.tree.places[here], said, here)

    def problem(self, problem: Problem) -> None:
        path, place = self.tree.nearest_place(problem.at)
        on_key = problem.on_key or path != problem.at
        line, column = (place.key_line, place.key_column) if on_key else (place.line, place.column)
        found = Fault(place.file, line, column, dotted(problem.at), problem.found, problem.allowed, problem.mend)
        self.faults.append(found)


def _check(said: Any) -> None:
    """Raises ProblemError with what is wrong with an operation, its filters and its range."""
    collector = Collector()
    collector.attempt((), check_operation, said, MORE)
    if isinstance(said, dict):
        collector.problems += _checked_filters(said.get("where", {}))
        if "range" in said:
            collector.problems += _checked_range(said)
        if "because" in said and not isinstance(said["because"], str):
            collector.add(in_words(said["because"]), "some text", at=("because",))
    collector.done()


def _checked_range(said: Mapping[str, Any]) -> Iterator[Problem]:
    ends = [quantity(end) for end in said["range"]] if isinstance(said["range"], list) else []
    operand = quantity(said[next(key for key in OPERATIONS if key in said)]) if set(said) & set(OPERATIONS) else None
    low, high = ends if len(ends) == 2 else (None, None)
    if low is None or high is None or low.dimension != high.dimension or low.inside >= high.inside:
        yield Problem("no range", "two quantities of one kind, the lower first, such as [1, 2]", at=("range",))
    elif operand is None or operand.dimension != low.dimension or not low.inside <= operand.inside <= high.inside:
        yield Problem("a range that does not hold the value", "the lowest and highest it may be", at=("range",))


def _checked_filters(where: Any) -> Iterator[Problem]:
    if not isinstance(where, dict):
        yield Problem(in_words(where), f"a mapping with {', '.join(patterns.FILTERS)}", at=("where",))
        return
    for word, wanted in where.items():
        if word not in patterns.FILTERS:
            yield unknown_key(word, patterns.FILTERS).under("where")
        elif not isinstance(wanted, str):
            yield Problem(in_words(wanted), "a word, such as car.nexus", at=("where", word))


# ---- applying ---------------------------------------------------------------------------------------------


def apply(policy: Policy, tree: Mapping[str, Any]) -> Applied:
    """What a policy changes in a resolved baseline (`sim.scenario.resolve.complete`, without variants).

    Raises ScenarioError when it changes nothing there, or an operation does not go with a value it comes to.
    """
    work, result, faults = copy.deepcopy(dict(tree)), Applied(), list[Fault]()
    for operation in policy.operations:
        before = len(result.changes), [value for value, _ in result.changes.values()]
        for path in patterns.matches(tree, operation.pattern, new="set" in operation.said):
            if path[0] in FIXED or not patterns.passes(tree, path, operation.said.get("where", {})):
                continue
            try:
                _change(operation, path, tree, work, result)
            except ProblemError as trouble:
                faults += [_fault(policy, operation, problem, path) for problem in trouble.problems]
        if before == (len(result.changes), [value for value, _ in result.changes.values()]):
            result.idle.append(operation.pattern)
    if faults:
        raise ScenarioError(faults)
    if not result.changes:
        raise ScenarioError([_changes_nothing(policy, tree)])
    result.idle = [pattern for pattern in dict.fromkeys(result.idle) if not _acts(policy, pattern, result.idle)]
    return result


def _acts(policy: Policy, pattern: str, idle: Sequence[str]) -> bool:
    """Of several operations on one pattern, some changed a value."""
    return sum(one.pattern == pattern for one in policy.operations) > idle.count(pattern)


def _change(operation: Operation, path: Path, tree: Mapping[str, Any], work: dict[str, Any], result: Applied) -> None:
    holder = value_at(work, path[:-1])
    there = isinstance(holder, list) or path[-1] in holder
    value = value_there(holder, path[-1], value_at(tree, path[:-1])) if there else None
    new = changed(value, operation.said)
    if new is not SAME and not (there and _alike(new, holder[path[-1]])) and not _alike(new, value):
        holder[path[-1]] = new
        result.changes.pop(path, None)
        result.changes[path] = (copy.deepcopy(new), replace(operation.place, reckoned="set" not in operation.said))


def _alike(one: Any, other: Any) -> bool:
    """Equal as written: `true` is not 1."""
    return type(one) is type(other) and bool(one == other)


def _fault(policy: Policy, operation: Operation, problem: Problem, path: Path) -> Fault:
    place = operation.place
    found = f"{problem.found}, at '{dotted(path)}' of the scenario"
    said = dotted((*operation.at, *problem.at))
    return Fault(policy.file, place.line, place.column, said, found, problem.allowed, problem.mend)


def _changes_nothing(policy: Policy, tree: Mapping[str, Any]) -> Fault:
    first = policy.operations[0]
    found = f"the policy changes nothing in '{tree.get('name', '')}'"
    wanted = ", ".join(dict.fromkeys(operation.pattern for operation in policy.operations))
    mend = "a value it would change is not there, or is already as the policy wants it"
    return Fault(
        policy.file, first.place.key_line, first.place.key_column, "changes", found, f"a scenario with {wanted}", mend
    )
