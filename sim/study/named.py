"""The rows of the results that a scenario names as those to be precise."""

from __future__ import annotations

from collections.abc import Iterable

from sim.errors import ScenarioError
from sim.model.build import build
from sim.scenario import Study
from sim.scenario.faults import placed
from sim.scenario.precision import PreciseMeasure, UntilPrecise
from sim.scenario.problems import Problem, nearest
from sim.scenario.vocabulary import BASELINE
from sim.study.layout import Key, Layout


def is_meant(target: PreciseMeasure, key: Key) -> bool:
    """A row of the results is one of those a scenario names."""
    place = target.port in (None, key.facility) and target.station == key.station
    return place and target.class_ == key.klass and target.measure == key.measure


def columns(rule: UntilPrecise, layout: Layout) -> list[int]:
    """Positions in `layout.keys` of what has to be precise."""
    return [at for at, key in enumerate(layout.keys) if any(is_meant(target, key) for target in rule.of)]


def check_measures(study: Study) -> None:
    """Refuse measures that the baseline does not have; a variant may lack some of them.

    Raises:
        ScenarioError: at `replications.of`, with what there is.
    """
    rule = study.baseline.replications
    if not isinstance(rule, UntilPrecise):
        return
    model = build(study.baseline)
    keys = Layout.of(model.network, study.baseline.bin, model.standards).keys
    problems = [
        problem.under("replications", "of", index)
        for index, target in enumerate(rule.of)
        if (problem := _unknown(target, keys)) is not None
    ]
    if problems:
        raise ScenarioError(placed(problem, study.written[BASELINE]) for problem in problems)


def _unknown(target: PreciseMeasure, keys: Iterable[Key]) -> Problem | None:
    """The first part of a target that leads to no row of the results."""
    left = list(keys)
    for part, field, wanted in (
        ("port", "facility", target.port),
        ("station", "station", target.station),
        ("class", "klass", target.class_),
        ("measure", "measure", target.measure),
    ):
        there = list(dict.fromkeys(str(getattr(key, field)) for key in left))
        left = [key for key in left if wanted in (None, getattr(key, field))]
        if not left:
            allowed = f"one of {', '.join(there)}"
            return Problem(f"no {part} '{wanted}' here", allowed, nearest(str(wanted), there), (part,))
    return None
