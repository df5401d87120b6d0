"""What the report page says first: how things stand, what each variant changes, which is best. In plain sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sim.report import halls, sentences, words
from sim.report.figures_irregular import CAME, MET
from sim.report.figures_stages import DECIDED
from sim.report.flows import decides, is_flow, unknown_sentence, until_sent
from sim.report.rundata import ALL, RunData
from sim.report.tables import spread_sentence
from sim.scenario.vocabulary import BASELINE
from sim.study.comparison import Comparison

_LEAST_WAIT = 0.05
"""Minutes: less is printed as none."""
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
    """How a facility does as the scenario has it: waits with intervals, who waits longest, how days differ.

    Of an irregular flow first who came and what became of them; its waits only where there are any.
    """
    people = list(_people(run, facility))
    return [*people, *_waiting(run, facility)] if waits(run, facility) else people


def waits(run: RunData, facility: str) -> bool:
    """True where waits are to be told: at every facility but an irregular flow whose stations nobody waits for."""
    wait = run.estimate((BASELINE, facility, ALL, ALL), "wait_mean")
    return not is_flow(run, facility) or (wait is not None and wait.mean >= _LEAST_WAIT)


def _people(run: RunData, facility: str) -> Iterator[str]:
    """Who came in an irregular flow, who was met, and what was decided; what figures leave open."""
    if not decides(run, facility):
        if stayed := is_flow(run, facility) and _persons(run, facility, CAME):
            yield f"{stayed} persons stay away in the {span_words(run.horizon - run.warm_up)} measured."
        return
    told = {name: found for name in (CAME, MET, *DECIDED) if (found := _persons(run, facility, name))}
    if CAME not in told:
        yield "Nobody comes."
        return
    met = f"; {told[MET]} of them are met by a unit" if MET in told else ""
    yield f"{told[CAME]} persons come in the {span_words(run.horizon - run.warm_up)} measured{met}."
    decided = [f"{words_}: {told[name]}" for name, words_ in DECIDED.items() if name in told]
    if decided:
        yield f"Persons by decision: {'; '.join(decided)}."
    if open_ := unknown_sentence(run, facility, BASELINE):
        yield open_


def _persons(run: RunData, facility: str, measure: str) -> str:
    """A number of persons with its interval; empty where there are none."""
    row = run.estimate((BASELINE, facility, ALL, ALL), measure)
    if row is None or not row.mean > 0.0:
        return ""
    return words.with_interval(row.mean, row.low, row.high)


def _waiting(run: RunData, facility: str) -> list[str]:
    scope = (BASELINE, facility, ALL, ALL)
    arrivals, wait = run.estimate(scope, "arrivals"), run.estimate(scope, halls.waits_of(run, facility)[0])
    persons = run.estimate(scope, "passengers")
    said = []
    if arrivals is not None and arrivals.mean > 0.0:
        whom = f"{words.number(arrivals.mean, 0)} parties"
        whom += f" ({words.number(persons.mean, 0)} passengers)" if persons is not None else ""
        whom += f" come in the {span_words(run.horizon - run.warm_up)} measured"
        if wait is not None and math.isfinite(wait.mean):
            mean = words.with_interval(wait.mean, wait.low, wait.high)
            said.append(f"{whom}; they wait {mean} min on average{until_sent(run, facility)}{_tail(run, facility)}.")
        else:
            said.append(f"{whom}.")
    said += [*_over_standard(run, facility), *_longest(run, facility), *_missed(run, facility)]
    said += [*halls.come_sentence(run, facility, BASELINE), *halls.cost_sentence(run, facility, BASELINE)]
    return [*said, spread_sentence(run, facility, BASELINE)]


def span_words(minutes: float) -> str:
    """A length of time: `24 h`, `90 min`, `28 days`."""
    if minutes >= 2 * 1440.0:
        return f"{minutes / 1440.0:,.4g} days"
    return f"{minutes / 60.0:g} h" if minutes >= 120.0 else f"{minutes:g} min"


def _tail(run: RunData, facility: str) -> str:
    row = run.estimate((BASELINE, facility, ALL, ALL), halls.waits_of(run, facility)[1])
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
    yield f"{share} of the waits{until_sent(run, facility)} are longer than {than}."


def _per_cent(text: str) -> str:
    """`42 (30 to 55)` as `42 % (30 to 55)`."""
    value, bracket, rest = text.partition(" (")
    return f"{value} %{bracket}{rest}"


def _longest(run: RunData, facility: str) -> Iterator[str]:
    names = run.classes(facility)
    mean_wait = halls.waits_of(run, facility)[0]
    found = [(run.estimate((BASELINE, facility, ALL, name), mean_wait), name) for name in names]
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
