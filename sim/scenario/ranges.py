"""Inputs that are not known for sure, with the range each may lie in: of the registry, and stated by the scenario.

The registry gives a range to every value it assumes; a scenario states more under `ranges`, which go before those of
the registry. `with_values` makes the scenario with other values of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from sim.errors import Fault, ScenarioError
from sim.scenario import fill
from sim.scenario.faults import placed, problems_of
from sim.scenario.operations import Quantity, on_table, quantity
from sim.scenario.problems import Path, Problem, ProblemError, in_words
from sim.scenario.reckoning import SERVERS
from sim.scenario.resolve import FIXED_TIME
from sim.scenario.schema import Scenario
from sim.scenario.study import Study
from sim.scenario.sweeps import between, ends
from sim.scenario.tables import TableReader
from sim.scenario.tree import Tree, dotted, value_at
from sim.scenario.variants import UnknownPathError, resolve_path
from sim.scenario.vocabulary import BASELINE


@dataclass(frozen=True)
class Input:
    """One value of the baseline that may lie anywhere between two ends."""

    path: Path
    value: Any
    """As the baseline has it."""
    low: Quantity
    high: Quantity
    origin: str
    """Where the range comes from."""

    @property
    def name(self) -> str:
        """The dotted path."""
        return dotted(self.path)

    def at(self, share: float) -> Any:
        """The value that far from the low to the high end, 0 to 1; whole numbers to the nearest."""
        if self.whole:
            return round(self.low.number + share * (self.high.number - self.low.number))
        return between(self.low, self.high, share)

    def taken(self, share: float) -> float:
        """How far from the low to the high end the value lies that `at` gives: another share for whole numbers."""
        if not self.whole:
            return share
        return float((self.at(share) - self.low.number) / (self.high.number - self.low.number))

    @property
    def whole(self) -> bool:
        """Only whole numbers can be taken."""
        return self.low.whole and self.high.whole


def inputs_of(study: Study) -> tuple[Input, ...]:
    """Every input with a range: those of `ranges` in the scenario, then those of the registry, in order of the tree."""
    tree = study.trees[BASELINE]
    stated = {resolve_path(tree, text): values for text, values in (study.tree.get("ranges") or {}).items()}
    found = [_input(tree, path, values, "ranges of the scenario") for path, values in stated.items()]
    for at, id in study.registered.items():
        for below, origin in fill.defaults_at(at, id, tree).origins.items():
            path: Path = (*at, *below)
            place = study.written[BASELINE].places.get(path)
            of_registry = place is not None and bool(place.registry)
            if origin.low is None or origin.high is None or not of_registry or path in stated:
                continue
            try:
                found.append(_input(tree, path, [_number(origin.low), _number(origin.high)], fill.said(id, origin)))
            except (ProblemError, KeyError):
                continue  # hours and the like, which no factor scales; or a value that was left out
    return tuple(found)


def _number(text: str) -> Any:
    """A number of the registry's tables, which hold text, or a quantity as it stands."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _input(tree: Mapping[str, Any], path: Path, values: Any, origin: str) -> Input:
    value = value_at(tree, path)
    if isinstance(value, dict) and list(value) == [FIXED_TIME[0]]:  # a service that always takes the same time
        path = (*path, *FIXED_TIME)
        value = value_at(tree, path)
    low, high = ends(values)
    here = quantity(value)
    if here is None or here.dimension != low.dimension:
        raise ProblemError(Problem(f"a range for {in_words(value)}", "a range of the same kind as the value"))
    if not (here.whole and low.whole and high.whole):
        low, high = replace(low, whole=False), replace(high, whole=False)
    return Input(path, value, low, high, origin)


def check_ranges(stated: Mapping[str, Any], tree: Mapping[str, Any], written: Tree) -> Iterator[Fault]:
    """Faults of what stands under `ranges`, held against a resolved baseline; `written` tells their places."""
    for text, values in stated.items():
        at: Path = ("ranges", text)
        try:
            _input(tree, resolve_path(tree, text), values, "")
        except UnknownPathError as error:
            yield placed(Problem(error.problem.found, error.problem.allowed, error.problem.mend, at, True), written)
        except KeyError:
            found = f"a range for '{text}', which is not there"
            yield placed(Problem(found, "a value of the baseline", at=at, on_key=True), written)
        except ProblemError as trouble:
            yield from (placed(problem.under(*at), written) for problem in trouble.problems)


def with_values(study: Study, values: Mapping[Path, Any], tables: TableReader | None = None) -> Scenario:
    """The baseline with other values, by path in its resolved tree.

    Fewer booths than its calendar opens cap the calendar. Raises ScenarioError where the values do not go together.
    """
    tree = copy.deepcopy(study.trees[BASELINE])
    for path, value in values.items():
        holder = value_at(tree, path[:-1])
        holder[path[-1]] = value
        if path[-1] in SERVERS and holder.get("open") is not None:
            holder["open"] = on_table(holder["open"], _at_most(value))
    try:
        return Scenario.model_validate(tree, context={"tables": tables or TableReader(study.path.parent)})
    except ValidationError as error:
        written = study.written[BASELINE]
        problems = problems_of(error, Scenario)
        raise ScenarioError(
            [placed(problem, written, "with other values of its inputs, ") for problem in problems]
        ) from None


def _at_most(most: int) -> Callable[[int], int]:
    return lambda opened: min(opened, most)
