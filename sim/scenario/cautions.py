"""Warnings: what is valid and yet probably not what was meant, each with a stable name and a place.

A *look* examines one resolved scenario and yields doubts; `collect` runs looks over the baseline and every variant of
a study and places what they find in the file. The looks that need nothing but the scenario are in
`sim.scenario.doubts`, those that need calendars and demand in `sim.study.preflight`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sim.scenario.faults import placed
from sim.scenario.problems import Path, Problem
from sim.scenario.schema import Scenario
from sim.scenario.study import Study
from sim.scenario.tree import Tree
from sim.scenario.vocabulary import BASELINE


@dataclass(frozen=True, order=True)
class Caution:
    """One warning. A scenario with warnings runs all the same."""

    file: str
    line: int
    """From 1, as `column`."""
    column: int
    path: str
    """Dotted path of what the warning is about."""
    name: str
    """Stable name of the check, such as `overloaded-lane`; docs/errors.md lists them."""
    found: str
    """What was found, with the numbers."""
    mend: str
    """What to do about it."""
    variant: str = ""
    """The variant that has it; empty for the baseline."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: warning: "
        subject = " ".join(part for part in (self.variant and f"variant {self.variant},", self.path) if part)
        return f"{place}{f'{subject}: ' if subject else ''}{self.found}; {self.mend} [{self.name}]"


@dataclass(frozen=True)
class Doubt:
    """A warning before it has a place: the path in the scenario is `at`."""

    name: str
    found: str
    mend: str
    at: Path
    on_key: bool = False
    amount: float = 0.0
    """How far it goes, where a variant can go further than the baseline in the same place."""
    place: tuple[str, int, int] | None = None
    """File, line and column, where that is not the scenario's: a row of a table."""
    once: bool = False
    """One word is enough for all variants that have it in this place."""


WITHOUT_EFFECT = "without-effect"
"""Name of the doubt that a key can do nothing."""
Look = Callable[[Scenario], Iterable[Doubt]]
LookAtText = Callable[[Scenario, Tree], Iterable[Doubt]]
"""A look that asks who wrote a value, and how: the tree is that of the scenario, with the registry filled in."""


def collect(study: Study, looks: Iterable[Look], at_text: Iterable[LookAtText] = ()) -> tuple[Caution, ...]:
    """The warnings of a study in the order of the file. A variant's are those that the baseline does not have."""
    looks, at_text = tuple(looks), tuple(at_text)
    found = {
        name: tuple(_doubts(scenario, study.written[name], looks, at_text)) for name, scenario in _scenarios(study)
    }
    known = {(doubt.name, doubt.at): doubt.amount for doubt in found[BASELINE]}
    cautions = list[Caution]()
    for name, doubts in found.items():
        fresh = [doubt for doubt in doubts if name == BASELINE or _is_new(doubt, known)]
        known |= {(doubt.name, doubt.at): doubt.amount for doubt in fresh if doubt.once}
        cautions += [
            _caution(study, name, doubt)
            for doubt in fresh
            if not _of_the_registry(study, name, doubt)
            and not (doubt.name == WITHOUT_EFFECT and _has_effect_elsewhere(study, name, doubt, found))
        ]
    return tuple(sorted(set(cautions)))


def _is_new(doubt: Doubt, known: dict[tuple[str, Path], float]) -> bool:
    """The baseline does not have it, or not so much of it."""
    return doubt.amount > known.get((doubt.name, doubt.at), -1.0)


def _has_effect_elsewhere(study: Study, name: str, doubt: Doubt, found: dict[str, tuple[Doubt, ...]]) -> bool:
    """What is written once for a baseline and its variants does something in one of them."""
    if name == BASELINE:
        return any(all(doubt.at != other.at for other in found[variant]) for variant in study.variants)
    here, there = (study.written[of].nearest_place(doubt.at) for of in (name, BASELINE))
    return here == there


def _of_the_registry(study: Study, name: str, doubt: Doubt) -> bool:
    """Such as booths as published, more than its calendar opens in the season: nothing the user wrote."""
    tree = study.written[name]
    return doubt.name in ("never-open-booth", WITHOUT_EFFECT) and bool(tree.nearest_place(doubt.at)[1].registry)


def _scenarios(study: Study) -> Iterator[tuple[str, Scenario]]:
    yield BASELINE, study.baseline
    yield from study.variants.items()


def _doubts(scenario: Scenario, tree: Tree, looks: Iterable[Look], at_text: Iterable[LookAtText]) -> Iterator[Doubt]:
    for look in looks:
        yield from look(scenario)
    for look_at_text in at_text:
        yield from look_at_text(scenario, tree)


def _caution(study: Study, name: str, doubt: Doubt) -> Caution:
    fault = placed(Problem(doubt.found, at=doubt.at, on_key=doubt.on_key, place=doubt.place), study.written[name])
    variant = "" if name == BASELINE else name
    return Caution(fault.file, fault.line, fault.column, fault.path, doubt.name, doubt.found, doubt.mend, variant)
