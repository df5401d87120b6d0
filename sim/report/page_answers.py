"""What the report page says first: how things stand, what each variant changes, which is best. In plain sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sim.report import sentences, words
from sim.report.rundata import ALL, RunData
from sim.report.tables import spread_sentence
from sim.scenario.vocabulary import BASELINE
from sim.study.comparison import Comparison

MOST_TOLD = 12
"""Variants told at once; the others stand behind a button."""


@dataclass(frozen=True)
class VariantAnswer:
    """A variant: what it changes in the scenario, and what comes of it."""

    name: str
    changes: tuple[tuple[str, str], ...]
    """Paths of the scenario, and their new values."""
    said: tuple[str, ...]


def standing(run: RunData, facility: str) -> list[str]:
    """How a facility does as the scenario has it: waits with intervals, who waits longest, how days differ."""
    scope = (BASELINE, facility, ALL, ALL)
    arrivals, wait = run.estimate(scope, "arrivals"), run.estimate(scope, "wait_mean")
    said = []
    if arrivals is not None and arrivals.mean > 0.0:
        whom = f"{words.number(arrivals.mean, 0)} parties come in the {span_words(run.horizon - run.warm_up)} measured"
        if wait is not None and math.isfinite(wait.mean):
            mean = words.with_interval(wait.mean, wait.low, wait.high)
            said.append(f"{whom}; they wait {mean} min on average{_tail(run, facility)}.")
        else:
            said.append(f"{whom}.")
    said += [*_over_standard(run, facility), *_longest(run, facility), *_missed(run, facility)]
    return [*said, spread_sentence(run, facility, BASELINE)]


def span_words(minutes: float) -> str:
    """A length of time: `24 h`, `90 min`, `28 days`."""
    if minutes >= 2 * 1440.0:
        return f"{minutes / 1440.0:,.4g} days"
    return f"{minutes / 60.0:g} h" if minutes >= 120.0 else f"{minutes:g} min"


def _tail(run: RunData, facility: str) -> str:
    row = run.estimate((BASELINE, facility, ALL, ALL), "wait_p95")
    if row is None or not math.isfinite(row.mean):
        return ""
    return f", and 1 in 20 longer than {words.with_interval(row.mean, row.low, row.high)} min"


def _over_standard(run: RunData, facility: str) -> Iterator[str]:
    row = run.estimate((BASELINE, facility, ALL, ALL), "over_standard_share")
    if row is None or not math.isfinite(row.mean):
        return
    standard = run.standard_words(facility)
    than = f"the standard of {standard}" if run.standard(facility) is not None else "the standard of their day"
    if standard and run.standard(facility) is None:
        than += f" ({standard})"
    share = _per_cent(words.with_interval(row.mean, row.low, row.high, row.unit))
    yield f"{share} of the waits are longer than {than}."


def _per_cent(text: str) -> str:
    """`42 (30 to 55)` as `42 % (30 to 55)`."""
    value, bracket, rest = text.partition(" (")
    return f"{value} %{bracket}{rest}"


def _longest(run: RunData, facility: str) -> Iterator[str]:
    names = run.classes(facility)
    found = [(run.estimate((BASELINE, facility, ALL, name), "wait_mean"), name) for name in names]
    known = [(row.mean, name, row) for row, name in found if row is not None and math.isfinite(row.mean)]
    if len(known) < 2 or not max(known)[0] > 0.0:
        return
    (most, first, row), (least, last, _) = max(known, key=lambda one: one[0]), min(known, key=lambda one: one[0])
    if most == least:
        return
    mean = words.with_interval(row.mean, row.low, row.high)
    who, others = words.class_words(first, names), words.class_words(last, names)
    who = who[0].upper() + who[1:]
    yield f"{who} wait longest, {mean} min on average; {others} least, {words.number(least)} min."


def _missed(run: RunData, facility: str) -> Iterator[str]:
    scope = (BASELINE, facility, ALL, ALL)
    missed, share = run.estimate(scope, "passengers_missed"), run.estimate(scope, "missed_share")
    if missed is None or share is None or not (math.isfinite(missed.mean) and math.isfinite(share.mean)):
        return
    count = words.with_interval(missed.mean, missed.low, missed.high)
    yield f"{count} persons miss their departure, {words.number(100.0 * share.mean, 2)} % of those who come."


def variant_answers(comparison: Comparison, changes: dict[str, list[tuple[str, str]]]) -> list[VariantAnswer]:
    """Each variant with its sentences; of many, those first whose clear changes touch most."""
    answers = []
    for variant in dict.fromkeys(row.variant for row in comparison.rows):
        own = replace(comparison, rows=tuple(row for row in comparison.rows if row.variant == variant))
        said = (*sentences.sentences(own), *sentences.bad_day_sentences(own))
        answers.append(VariantAnswer(variant, tuple(changes.get(variant, ())), said))
    if len(answers) <= MOST_TOLD:
        return answers
    return sorted(answers, key=lambda answer: -_touches(comparison, answer.name))


def _touches(comparison: Comparison, variant: str) -> float:
    """How much the variant's clear changes touch: minutes times parties of its main rows."""
    rows = [row for row in sentences.main_rows(comparison, variant) if row.is_clear]
    return sum(sentences.weight(comparison, row) for row in rows)
