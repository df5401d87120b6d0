"""Where a value comes from, first wins:

1. the command line (`--replications`, `--seed`),
2. the variant (its own lines before those of the variant it extends),
3. the scenario file,
4. the registry, where a port names an entry of it,
5. the documented default in `sim.scenario.schema`.

Loading reads the YAML with positions, applies each variant to the tree as written, puts what the registry knows below,
validates baseline and variants as scenarios of their own, and reports all faults of all of them together.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from pydantic import ValidationError

from sim.errors import Fault, ScenarioError, UsageError
from sim.scenario import fill, resolve, variants
from sim.scenario.clock import check_times
from sim.scenario.faults import placed, problems_of, written_path
from sim.scenario.names import check_names
from sim.scenario.problems import Problem
from sim.scenario.schema import Scenario
from sim.scenario.study import BASELINE, Study
from sim.scenario.tables import TableReader
from sim.scenario.tree import Tree, dotted
from sim.scenario.variants import Change
from sim.scenario.yaml_nodes import read_file

SEEDS = 2**32
"""Seeds drawn are below this."""


def load(path: Path | str, *, replications: int | None = None, seed: int | None = None) -> Study:
    """Read, resolve and validate a scenario and its variants.

    Parameters
    ----------
    path : the scenario file (YAML).
    replications, seed : override what the scenario says, in the baseline and every variant.

    Raises
    ------
    ScenarioError : the file or a table it names has faults; carries all of them.
    UsageError : an override is out of range.
    """
    path = Path(path)
    overrides = _overrides(replications, seed)
    written = read_file(path)
    if overrides.get("seed") is None and written.plain.get("seed") is None:
        overrides["seed"] = (secrets.randbelow(SEEDS), "drawn")
    return _Loader(path, written, overrides).study()


def _overrides(replications: int | None, seed: int | None) -> dict[str, tuple[int, str]]:
    if replications is not None and replications < 1:
        raise UsageError(f"replications must be 1 or more, found {replications}")
    if seed is not None and seed < 0:
        raise UsageError(f"the seed must be 0 or more, found {seed}")
    stated = {"replications": replications, "seed": seed}
    return {key: (value, "command line") for key, value in stated.items() if value is not None}


class _Loader:
    """One loading: the file as written, what overrides it, and the faults found so far."""

    def __init__(self, path: Path, written: Tree, overrides: dict[str, tuple[int, str]]) -> None:
        self.path = path
        self.written = written
        self.overrides = overrides
        self.tables = TableReader(path.parent)
        self.faults: list[Fault] = []
        self.from_registry = False
        """Something in the baseline or a variant came from the registry."""

    def study(self) -> Study:
        filled = fill.fill(self.written, self.tables)
        trees = {BASELINE: self._sealed(filled)}
        baseline, known = self._validate(trees[BASELINE])
        self.faults += [placed(problem, trees[BASELINE]) for problem in known]
        scenarios: dict[str, Scenario | None] = {}
        for name in variants.check_form(self.written, self.faults):
            # A variant may name any path of the registry; what the registry gives is then found anew below its changes.
            tree, changes = variants.apply(filled, name, self.faults)
            trees[name] = self._sealed(fill.fill(fill.strip(tree), self.tables))
            scenarios[name], problems = self._validate(trees[name])
            fresh = [problem for problem in problems if problem not in known]
            self.faults += [self._in_variant(problem, trees[name], changes) for problem in fresh]
        if self.faults or baseline is None:
            raise ScenarioError(self.faults)
        sound = {name: scenario for name, scenario in scenarios.items() if scenario is not None}
        return self._resolved(trees, {BASELINE: baseline, **sound})

    def _sealed(self, tree: Tree) -> Tree:
        overridden = self._overridden(tree)
        sealed = fill.seal(overridden)
        self.from_registry |= sealed.plain != overridden.plain
        return sealed

    def _overridden(self, tree: Tree) -> Tree:
        result = tree.copy()
        for key, (value, _) in self.overrides.items():
            result.plain[key] = value
            result.places.pop((key,), None)
        return result

    def _validate(self, tree: Tree) -> tuple[Scenario | None, list[Problem]]:
        problems = [*check_names(tree.plain), *check_times(tree.plain)]
        try:
            scenario = Scenario.model_validate(tree.plain, context={"tables": self.tables})
        except ValidationError as error:
            return None, [*problems_of(error, Scenario), *problems]
        return scenario, problems

    def _in_variant(self, problem: Problem, tree: Tree, changes: tuple[Change, ...]) -> Fault:
        """A fault that only this variant has, placed in the variant: at the value, or at the line that causes it."""
        fault = placed(problem, tree)
        path = written_path(tree.plain, problem.at)
        place = tree.nearest_place(path)[1]
        if problem.place is not None or place.variant or not changes:
            return fault
        cause = max(changes, key=lambda change: _common(change.path, path))
        where = tree.nearest_place(cause.path)[1]
        found = f"with this, {fault.path}: {fault.found}" if fault.path else f"with this, {fault.found}"
        return Fault(
            where.file, where.key_line, where.key_column, dotted(where.source), found, fault.allowed, fault.mend
        )

    def _resolved(self, trees: dict[str, Tree], scenarios: dict[str, Scenario]) -> Study:
        said = {key: origin for key, (_, origin) in self.overrides.items()}
        complete = {name: resolve.complete(trees[name].plain, scenario) for name, scenario in scenarios.items()}
        whole = complete[BASELINE]
        for tree in complete.values():
            tree.pop("variants", None)
        written = self.written.plain.get("variants") or {}
        baseline = scenarios.pop(BASELINE)
        if self.from_registry:  # as written, variants count on the registry: the resolved form has what it gave
            written = {name: resolve.differences(whole, complete[name]) for name in scenarios}
            baseline = baseline.model_copy(update={"variants": written})
        return Study(
            path=self.path,
            baseline=baseline,
            variants=scenarios,
            origins={name: resolve.origins(tree, trees[name], said) for name, tree in complete.items()},
            tables=dict(self.tables.files),
            table_hashes=dict(self.tables.hashes),
            tree={**whole, "variants": written},
            trees=complete,
            written=trees,
        )


def _common(left: tuple[object, ...], right: tuple[object, ...]) -> int:
    """How many steps two paths share at the start."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
