"""A scenario with its variants, all resolved: what the rest of the program works on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sim.scenario.schema import FORMAT, Scenario
from sim.scenario.sweeps import Points, written_out
from sim.scenario.tree import Tree
from sim.scenario.vocabulary import BASELINE


@dataclass(frozen=True)
class Study:
    """A baseline and its variants. Two studies are equal when they simulate the same."""

    path: Path = field(compare=False)
    """The scenario file."""
    baseline: Scenario
    variants: dict[str, Scenario]
    """Variants by name, each a whole scenario without variants of its own."""
    origins: dict[str, dict[str, str]] = field(compare=False)
    """Per `baseline` or variant, the origin of each value by dotted path: `file:line:column`, `variant NAME,
    file:line:column`, `default`, `command line` or `drawn`."""
    tables: dict[str, Path] = field(compare=False)
    """Tables read, by the path written in the scenario."""
    table_hashes: dict[str, str]
    """SHA-256 of the bytes of each table."""
    tree: dict[str, Any]
    """The resolved baseline as plain values, with the variants as written."""
    trees: dict[str, dict[str, Any]]
    """Per `baseline` or variant, its resolved tree without variants."""
    written: dict[str, Tree] = field(default_factory=dict, compare=False, repr=False)
    """Per `baseline` or variant, its tree as written with the place of every value: where a warning points."""
    sweeps: dict[str, Points] = field(default_factory=dict)
    """By name of the sweep, its variants with the values each has, by dotted path."""
    registered: dict[tuple[str, str], str] = field(default_factory=dict, compare=False)
    """Facilities of the baseline that name an entry of the registry, by path, with its id."""
    policies: tuple[str, ...] = field(default=(), compare=False)
    """Variants that policies made."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """Sentences on what policies do not change here."""

    @property
    def drawn_seed(self) -> int | None:
        """The master seed where none was given and it was drawn: loaded again, it would be another. Else None."""
        return self.baseline.seed if self.origins[BASELINE].get("seed") == "drawn" else None

    def with_seed(self, seed: int) -> Study:
        """The same study with another master seed."""
        scenarios = {name: scenario.model_copy(update={"seed": seed}) for name, scenario in self.variants.items()}
        return replace(
            self,
            baseline=self.baseline.model_copy(update={"seed": seed}),
            variants=scenarios,
            tree={**self.tree, "seed": seed},
            trees={name: {**tree, "seed": seed} for name, tree in self.trees.items()},
        )

    def chosen(self, names: Iterable[str]) -> list[str]:
        """Variants by name, where the name of a sweep stands for all of its variants."""
        return [one for name in names for one in self.sweeps.get(name, (name,))]

    def only(self, names: Iterable[str]) -> Study:
        """The same study with only these variants; `tree` also keeps those they extend."""
        kept = [name for name in self.variants if name in set(names)]
        written = self.tree["variants"]
        needed, queue = set[str](), list(kept)
        while queue:
            needed.add(name := queue.pop())
            if (parent := written[name].get("extends")) is not None and parent not in needed:
                queue.append(parent)
        tree = {**self.tree, "variants": {name: what for name, what in written.items() if name in needed}}
        sweeps = {name: {one: at[one] for one in at if one in kept} for name, at in self.sweeps.items()}
        sweeps = {name: points for name, points in sweeps.items() if points}
        if sweeps:
            tree["sweeps"] = {name: written_out(points) for name, points in sweeps.items()}
        else:
            tree.pop("sweeps", None)
        return replace(
            self,
            variants={name: self.variants[name] for name in kept},
            origins={name: self.origins[name] for name in (BASELINE, *kept)},
            trees={name: self.trees[name] for name in (BASELINE, *kept)},
            tree=tree,
            sweeps=sweeps,
        )


def fingerprint(study: Study) -> str:
    """SHA-256 (hex) over the resolved baseline and variants and the bytes of the tables.

    The order of keys counts: it is the order of stations, which decides ties.
    """
    content = {"format": FORMAT, "trees": study.trees, "tables": sorted(study.table_hashes.items())}
    if study.sweeps:
        content["sweeps"] = study.sweeps
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
