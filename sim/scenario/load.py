"""Where a value comes from, first wins:

1. the command line (`--replications`, `--precision`, `--seed`),
2. the variant: written by hand (its own lines before those of the variant it extends), made by a sweep or a policy,
3. the scenario file,
4. the registry, where a port names an entry of it,
5. the documented default in `sim.scenario.schema`.

Loading reads the YAML with positions, applies each variant to the tree as written, puts what the registry knows below,
validates baseline and variants as scenarios of their own, and reports all faults of all of them together. Sweeps become
variants before that; policies are applied to the resolved baseline.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.errors import Fault, ScenarioError, UsageError
from sim.scenario import fill, policies, ranges, resolve, sealing, sweeps, variants
from sim.scenario.clock import check_times
from sim.scenario.faults import placed, problems_of, written_path
from sim.scenario.names import check_names
from sim.scenario.precision import until
from sim.scenario.problems import Path as ProblemPath
from sim.scenario.problems import Problem, once
from sim.scenario.schema import Scenario
from sim.scenario.study import Study
from sim.scenario.tables import TableReader
from sim.scenario.tree import Tree, dotted, places_of
from sim.scenario.variants import Change
from sim.scenario.vocabulary import BASELINE
from sim.scenario.yaml_nodes import read_file

BESIDE = ("variants", "sweeps", "ranges")
"""Keys at the top that change nothing in what a scenario simulates."""
SEEDS = 2**32
"""Seeds drawn are below this."""


def load(
    path: Path | str,
    *,
    replications: int | None = None,
    seed: int | None = None,
    precision: str | None = None,
    policy: Sequence[str] = (),
) -> Study:
    """Read, resolve and validate a scenario and its variants.

    Parameters
    ----------
    path : the scenario file (YAML).
    replications, seed : override what the scenario says, in the baseline and every variant.
    precision : the same, as in `5%`: as many replications as it takes; what else the scenario says of them holds.

    policy : files of policies, or names of those that come with the program; each adds a variant of its name.

    Raises
    ------
    ScenarioError : the file, a table it names or a policy has faults; carries all of them.
    UsageError : an override is out of range; there is no such policy.
    """
    path = Path(path)
    overrides = _overrides(replications, seed)
    chosen = [policies.read(policies.find(text)) for text in policy]
    written = read_file(path)
    if precision is not None:
        if replications is not None:
            raise UsageError("a number of replications and a precision: one of them decides how many there are")
        overrides["replications"] = (until(precision, written.plain.get("replications")), "command line")
    if overrides.get("seed") is None and written.plain.get("seed") is None:
        overrides["seed"] = (secrets.randbelow(SEEDS), "drawn")
    return _Loader(path, written, overrides, chosen).study()


def _overrides(replications: int | None, seed: int | None) -> dict[str, tuple[Any, str]]:
    if replications is not None and replications < 1:
        raise UsageError(f"replications must be 1 or more, found {replications}")
    if seed is not None and seed < 0:
        raise UsageError(f"the seed must be 0 or more, found {seed}")
    stated = {"replications": replications, "seed": seed}
    return {key: (value, "command line") for key, value in stated.items() if value is not None}


class _Loader:
    """One loading: the file as written, what overrides it, and the faults found so far."""

    def __init__(
        self, path: Path, written: Tree, overrides: dict[str, tuple[Any, str]], chosen: Sequence[policies.Policy] = ()
    ) -> None:
        self.path = path
        self.written = written
        self.overrides = overrides
        self.policies = chosen
        self.notes: list[str] = []
        self.tables = TableReader(path.parent)
        self.faults: list[Fault] = []
        self.from_registry = False
        """Something in the baseline or a variant came from the registry."""
        self.unfilled = tuple(fill.unfilled(written))
        """Facilities whose entry of the registry is not known: faults that follow from that are held back."""

    def study(self) -> Study:
        self.faults += variants.signed(self.written)
        swept = sweeps.expand(self.written, self._stated_seed(), self.faults)
        filled = fill.fill(self.written, self.tables)
        trees = {BASELINE: self._sealed(filled)}
        baseline, known = self._validate(trees[BASELINE])
        self.faults += [placed(problem, trees[BASELINE]) for problem in known]
        scenarios: dict[str, Scenario | None] = {}
        self._name_policies()
        for name in variants.check_form(self.written, self.faults):
            # A variant may name any path of the registry; what the registry gives is then found anew below its changes.
            found = list[Fault]()
            tree, changes = variants.apply(filled, name, found)
            self.faults += [fault for fault in found if not self._follows(fault)]
            trees[name] = self._sealed(fill.fill(sealing.strip(tree), self.tables))
            scenarios[name], problems = self._validate(trees[name])
            fresh = [problem for problem in problems if problem not in known]
            self.faults += [self._in_variant(problem, trees[name], changes) for problem in fresh]
        if baseline is not None:
            resolved = _without_studies(resolve.complete(trees[BASELINE].plain, baseline))
            self.faults += ranges.check_ranges(self.written.plain.get("ranges") or {}, resolved, trees[BASELINE])
            for policy in self.policies:
                trees[policy.name], scenarios[policy.name] = self._policy(policy, resolved, trees[BASELINE])
        if self.faults or baseline is None:
            raise ScenarioError(sweeps.relabelled(fault, swept) for fault in self.faults)
        sound = {name: scenario for name, scenario in scenarios.items() if scenario is not None}
        study = self._resolved(trees, {BASELINE: baseline, **sound}, swept)
        made = tuple(policy.name for policy in self.policies)
        return replace(study, registered=dict(fill.registered(filled)), policies=made, notes=tuple(self.notes))

    def _name_policies(self) -> None:
        """A policy whose name is that of a variant makes `policy-NAME`."""
        taken = self.written.plain.get("variants")
        names = set(taken) if isinstance(taken, dict) else set[str]()
        named = [replace(one, name=f"policy-{one.name}") if one.name in names else one for one in self.policies]
        for at, policy in enumerate(named):
            if policy.name in names or any(policy.name == other.name for other in named[:at]):
                raise UsageError(
                    f"the policy {policy.file} would make a second variant '{policy.name}'; rename the file"
                )
        self.policies = named

    def _stated_seed(self) -> int | None:
        """The master seed, unless it was drawn or is none."""
        seed, origin = self.overrides.get("seed", (self.written.plain.get("seed"), ""))
        return (
            seed if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 and origin != "drawn" else None
        )

    def _policy(
        self, policy: policies.Policy, resolved: dict[str, Any], baseline: Tree
    ) -> tuple[Tree, Scenario | None]:
        """The resolved baseline with a policy applied to it, and the scenario that makes where there is no fault."""
        tree = Tree(resolved, baseline.places).copy()
        try:
            applied = policies.apply(policy, resolved)
        except ScenarioError as error:
            self.faults += error.faults
            return tree, None
        for path, (value, place) in applied.changes.items():
            tree.set(path, value, places_of(value, replace(place, variant=policy.name)))
        changes = tuple(Change(path, place.source) for path, (_, place) in applied.changes.items())
        self.notes += [
            f"policy {policy.name}: {pattern} is not there, or stays as it is"
            for pattern in applied.idle
            if resolved.get(pattern.partition(".")[0])
        ]
        scenario, problems = self._validate(tree)
        self.faults += [self._in_variant(problem, tree, changes) for problem in problems]
        return tree, scenario

    def _sealed(self, tree: Tree) -> Tree:
        overridden = self._overridden(tree)
        sealed = sealing.seal(overridden)
        self.from_registry |= sealed.plain != overridden.plain
        return sealed

    def _overridden(self, tree: Tree) -> Tree:
        result = tree.copy()
        for key, (value, _) in self.overrides.items():
            result.plain[key] = value
            result.places.pop((key,), None)
        return result

    def _validate(self, tree: Tree) -> tuple[Scenario | None, list[Problem]]:
        names = [problem for problem in check_names(tree.plain) if not (self.unfilled and _in_an_event(problem.at))]
        problems = [*names, *check_times(tree.plain)]
        try:
            scenario = Scenario.model_validate(tree.plain, context={"tables": self.tables})
        except ValidationError as error:
            return None, once([*problems_of(error, Scenario), *problems])
        return scenario, problems

    def _follows(self, fault: Fault) -> bool:
        """A variant's path into a facility that the registry would have filled."""
        return any(f".{kind}.{name}." in fault.path for kind, name in self.unfilled)

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

    def _resolved(
        self, trees: dict[str, Tree], scenarios: dict[str, Scenario], swept: dict[str, sweeps.Points]
    ) -> Study:
        said = {
            f"{key}.precision" if isinstance(value, dict) else key: origin
            for key, (value, origin) in self.overrides.items()
        }
        complete = {name: resolve.complete(trees[name].plain, scenario) for name, scenario in scenarios.items()}
        whole = complete[BASELINE]
        for tree in complete.values():
            _without_studies(tree)
        written = self.written.plain.get("variants") or {}
        baseline = scenarios.pop(BASELINE)
        if self.from_registry or variants.reckon(
            self.written
        ):  # as written, variants count on the registry, or on the form of a value
            written = {name: resolve.differences(whole, complete[name]) for name in scenarios}
        else:
            made = (policy.name for policy in self.policies)
            written = {**written, **{name: resolve.differences(whole, complete[name]) for name in made}}
        listed = {name: sweeps.written_out(points) for name, points in swept.items()}
        settled = {name: sweeps.Sweep.model_validate(sweep) for name, sweep in listed.items()}
        baseline = baseline.model_copy(update={"variants": written, "sweeps": settled})
        stated = {"sweeps": listed, "ranges": self.written.plain.get("ranges")}
        beside = {key: value for key, value in stated.items() if value}
        return Study(
            path=self.path,
            baseline=baseline,
            variants=scenarios,
            origins={name: resolve.origins(tree, trees[name], said) for name, tree in complete.items()},
            tables=dict(self.tables.files),
            table_hashes=dict(self.tables.hashes),
            tree={**whole, "variants": written, **beside},
            trees=complete,
            written=trees,
            sweeps=swept,
        )


def _without_studies(tree: dict[str, Any]) -> dict[str, Any]:
    """What is simulated, without the variants and sweeps that stand beside it."""
    for key in BESIDE:
        tree.pop(key, None)
    return tree


def _in_an_event(at: ProblemPath) -> bool:
    """Below an event, but for the facilities it names: lane groups and stations are those of the registry."""
    return at[:1] == ("events",) and at[2:3] != ("ports",)


def _common(left: tuple[object, ...], right: tuple[object, ...]) -> int:
    """How many steps two paths share at the start."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
