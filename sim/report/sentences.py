"""What a comparison says, in plain sentences.

A change is told on the interval that holds for all rows at once, so that a reader may pick any of them. What cannot be
told is said as such, with the replications it would take.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from sim.report import words
from sim.report.rundata import ALL
from sim.scenario.vocabulary import BASELINE
from sim.study.comparison import Best, Comparison, Row, Verdict
from sim.study.estimators import about
from sim.study.selection import LEAST

NEGLIGIBLE = 0.05
"""Printed units (minutes, percentage points): a change less than this is not worth a sentence, however sure."""

_MAIN = ("wait_p95", "wait_total_p95")
"""Measures that stand for a facility, where they are chosen."""
_MOST_NAMED = 12
"""Names in one sentence."""


def sentences(comparison: Comparison) -> list[str]:
    """One sentence per variant and chosen measure; one for a variant that changes nothing."""
    found = []
    for variant, rows in groupby(comparison.rows, key=lambda row: row.variant):
        own = list(rows)
        if variant in comparison.idle:
            found.append(f"{variant} changes nothing: every measure is the baseline's, in every replication.")
            continue
        for measure in dict.fromkeys(row.key.measure for row in own):
            found.append(_sentence(comparison, variant, [row for row in own if row.key.measure == measure]))
    return found


def _sentence(comparison: Comparison, variant: str, rows: list[Row]) -> str:
    what = words.measure_words(rows[0].key.measure)
    known = [row for row in _told(rows) if math.isfinite(row.difference)]
    if not known:
        return f"{variant}: no {what} to compare."
    if all(row.same for row in rows):
        return f"{variant} leaves the {what} as it is, in every replication."
    if not any(math.isfinite(row.low_all) for row in known):
        return f"{variant}: one replication gives no interval, so a change in the {what} cannot be told from chance."
    clear = [row for row in known if row.is_clear and words.scale(row.key.unit) * abs(row.difference) >= NEGLIGIBLE]
    if not clear:
        return _untold(comparison, variant, what, [row for row in known if not row.same])
    clear.sort(key=lambda row: weight(comparison, row), reverse=True)
    first = clear[0]
    sentence = f"{variant} {_change(comparison, first, f'the {what}')}"
    against = next((row for row in clear if (row.difference > 0.0) != (first.difference > 0.0)), None)
    return f"{sentence}, but {_change(comparison, against, 'that')}." if against else f"{sentence}."


def _told(rows: Sequence[Row]) -> list[Row]:
    """Classes; where only `all` was chosen, that."""
    return [row for row in rows if row.key.klass != ALL] or list(rows)


def weight(comparison: Comparison, row: Row) -> float:
    """How much a change touches: its size times the parties that come."""
    return abs(row.difference) * comparison.weights.get((row.key.facility, row.key.klass), 1.0)


def _change(comparison: Comparison, row: Row, what: str) -> str:
    sign = 1.0 if row.difference > 0.0 else -1.0
    factor, unit = words.scale(row.key.unit), unit_words(row.key.unit, row.key.measure)
    bounds = (words.cut_difference(bound, row.key.unit) for bound in (row.low_all, row.high_all))
    low, high = sorted(sign * factor * bound for bound in bounds)
    places = words.decimals(factor * row.difference, (high - low) / 2.0)
    size, least, most = (words.number(value, places) for value in (factor * abs(row.difference), low, high))
    verb = "raises" if sign > 0.0 else "cuts"
    return f"{verb} {what} of {who(comparison, row)} by {size}{unit} ({least} to {most})"


def _untold(comparison: Comparison, variant: str, what: str, rows: list[Row]) -> str:
    """No interval stands clear of 0: the widest is given, and what it would take to tell it and to measure it."""
    widest = max(rows, key=lambda row: row.high_all - row.low_all if math.isfinite(row.high_all) else -1.0)
    factor, unit = words.scale(widest.key.unit), unit_words(widest.key.unit, widest.key.measure)
    if all(row.is_clear for row in rows):
        return f"{variant} changes the {what} by less than {NEGLIGIBLE:g}{unit}."
    low, high = (factor * words.cut_difference(bound, widest.key.unit) for bound in (widest.low_all, widest.high_all))
    places = words.decimals(factor * widest.difference, (high - low) / 2.0)
    between = f"between {words.signed(low, places)} and {words.signed(high, places)}{unit}"
    name, count = who(comparison, widest), words.counted(len(comparison.rows), "row")
    alone = ""
    if widest.is_clear_alone and len(comparison.rows) > 1:
        ends = (factor * words.cut_difference(bound, widest.key.unit) for bound in (widest.low, widest.high))
        alone = f"; alone, not as one of {count}, {' to '.join(words.signed(end, places) for end in ends)}"
    told = f"any class (widest {between}, {name}{alone})" if len(rows) > 1 else f"{name} ({between}{alone})"
    lead = f"{variant}: no difference can be told in the {what} of {told}"
    zone = comparison.zones.get(widest.key.unit, math.nan)
    if all(max(abs(row.low_all), abs(row.high_all)) <= zone for row in rows):
        return f"{lead}, and none of {zone_words(zone, widest.key.unit)} or more."
    return f"{lead}{_it_would_take(widest, zone, max(row.needed for row in rows), day_word(comparison))}."


def _it_would_take(row: Row, zone: float, needed: int, day: str) -> str:
    """Replications that would tell a difference such as this one from none, and its size to within the zone."""
    tell = row.to_tell if words.scale(row.key.unit) * abs(row.difference) >= NEGLIGIBLE else 0
    size = zone_words(zone, row.key.unit) if needed > row.replications else ""
    if tell and size:
        both = f"about {_about(tell)} replications would tell one, and about {_about(needed)} its size to within {size}"
        return f"; if {day}s go on like these, {both}"
    if tell:
        return f"; if {day}s go on like these, about {_about(tell)} replications would tell one"
    return f"; to within {size} it would take about {_about(needed)} replications" if size else ""


def _about(count: int) -> str:
    return f"{about(count):,}"


def who(comparison: Comparison, row: Row) -> str:
    """A class in words, with the station and the facility where that is needed."""
    samples, key = comparison.samples, row.key
    name = words.class_words(key.klass, samples.classes(key.facility))
    if key.station != ALL:
        name = f"{name} at {key.station}"
    return name if len(samples.facilities) == 1 else f"{name} at {key.facility}"


def unit_words(unit: str, measure: str = "") -> str:
    """What stands after a number that was scaled for printing, with the space before it: ` min`, ` persons`."""
    said = "percentage points" if unit == "share" else words.thing(measure, unit)
    return f" {said}" if said else ""


def day_word(comparison: Comparison) -> str:
    """What a replication is called: a day, or where it is longer than one a replication."""
    return words.day_word(comparison.samples.horizon)


def zone_words(zone: float, unit: str) -> str:
    """An indifference zone: `1 min`, `0.5 min`, `1 percentage point`."""
    size = f"{words.scale(unit) * zone:,.10g}"
    return f"{size} percentage point" if unit == "share" and size == "1" else f"{size}{unit_words(unit)}"


def bad_day_sentences(comparison: Comparison) -> list[str]:
    """Per variant and facility, the change on the baseline's worst days beside that on average, by the main measure."""
    found = []
    for variant in dict.fromkeys(row.variant for row in comparison.rows):
        if variant in comparison.idle:
            continue
        for row in main_rows(comparison, variant):
            if math.isfinite(row.days.worst.low):
                found.append(_on_bad_days(comparison, variant, row))
    return found


def main_rows(comparison: Comparison, variant: str) -> list[Row]:
    """The row that stands for each facility: the 95th percentile wait where it is chosen, of the class most touched."""
    own = [row for row in comparison.rows if row.variant == variant and math.isfinite(row.difference) and not row.same]
    found = []
    for facility in dict.fromkeys(row.key.facility for row in own):
        measures = dict.fromkeys(row.key.measure for row in own if row.key.facility == facility)
        main = next((name for name in _MAIN if name in measures), next(iter(measures), ""))
        rows = [row for row in own if row.key.facility == facility and row.key.measure == main]
        if rows:
            found.append(max(_told(rows), key=lambda row: weight(comparison, row)))
    return found


def _on_bad_days(comparison: Comparison, variant: str, row: Row) -> str:
    factor, unit = words.scale(row.key.unit), unit_words(row.key.unit, row.key.measure)
    worst = row.days.worst
    places = words.decimals(factor * worst.difference, factor * (worst.high - worst.low) / 2.0)
    mean, low, high = (
        words.signed(factor * words.cut_difference(v, row.key.unit), places)
        for v in (worst.difference, worst.low, worst.high)
    )
    average = words.signed(factor * row.difference, words.decimals(factor * row.difference, 1.0))
    return (
        f"{variant}: on the worst {row.days.days} of {row.replications} {day_word(comparison)}s the "
        f"{words.measure_words(row.key.measure)} of {who(comparison, row)} changes by {mean}{unit} "
        f"({low} to {high}), on average by {average}."
    )


def best_sentences(comparison: Comparison) -> list[str]:
    """Which variant is best, by each measure that was selected by."""
    return [_best(comparison, replace(best, contenders=_as_names(best.contenders))) for best in comparison.best]


def _as_names(variants: Sequence[str]) -> tuple[str, ...]:
    """Variants as a sentence names them: in quotes where the name is a plain word, such as 'none'."""
    return tuple(f"'{name}'" if len(name) > 1 and name.isalpha() and name != BASELINE else name for name in variants)


def _best(comparison: Comparison, best: Best) -> str:
    key = best.key
    where = "" if len(comparison.samples.facilities) == 1 else f" at {key.facility}"
    place = "" if key.station == ALL else f" at {key.station}"
    klass = words.class_words(key.klass, comparison.samples.classes(key.facility))
    return f"By the {words.measure_words(key.measure)} of {klass}{place}{where}, {_said(best)}."


def _said(best: Best) -> str:
    """The verdict in words."""
    match best.verdict:
        case Verdict.SAME:
            return f"{_everyone(best)} are the same in every replication"
        case Verdict.NO_CHOICE:
            return _no_choice(best)
        case Verdict.EQUAL:
            better = f"{zone_words(best.selection.zone, best.key.unit)} or more better"
            return f"{_and(best.survivors)} come out equal and none is {better}, with at least {_sure(best)}"
        case Verdict.SURE:
            return _by_intervals(best)
        case Verdict.CHOSEN | Verdict.NOT_SURE:
            return _chosen(best)
        case Verdict.IN_FRONT | Verdict.OPEN:
            return _not_chosen(best)


def _everyone(best: Best) -> str:
    return _and(best.contenders) if len(best.contenders) == 2 else f"all {len(best.contenders)}"


def _no_choice(best: Best) -> str:
    """Several are no worse than the best by more than the zone."""
    zone, near = zone_words(best.selection.zone, best.key.unit), best.near
    if len(near) == len(best.contenders):
        within = f"{_everyone(best)} are within {zone} of each other with at least {_sure(best)}"
        return f"{within}: no choice at that zone{_in_front(best)}"
    within = f"{_and(near)} are within {zone} of the best with at least {_sure(best)}"
    return f"{within}: no choice between them at that zone{_in_front(best)}{_ruled_out(best, near)}"


def _chosen(best: Best) -> str:
    """KN has ended with one: its promise, and whether what it asks for is to be seen."""
    selection, name = best.selection, best.survivors[0]
    zone, sure = zone_words(selection.zone, best.key.unit), _sure(best)
    after = f"after {selection.used} of {selection.replications} replications"
    if best.verdict is Verdict.CHOSEN:
        promise = f"right with at least {sure} where the best is {zone} or more ahead"
        return f"{name} is best: chosen {after}, {promise}; it is {_gap(best)}"
    promise = f"KN's promise of {sure} is for a best that is {zone} or more ahead"
    return f"{name} is chosen {after}, but the choice is not sure: it is {_gap(best)}, and {promise}"


def _gap(best: Best) -> str:
    ahead, second = best.lead
    return f"{_amount(abs(ahead), best)} {'behind' if ahead < 0.0 else 'ahead of'} {second}"


def _by_intervals(best: Best) -> str:
    """Nobody can be better, whatever KN says at its zone."""
    sure = f"{best.survivors[0]} is best with {_sure(best)}, by the intervals of these"
    known = f"{sure} {words.counted(best.selection.replications, 'replication')}"
    if best.selection.decided:
        zone = zone_words(best.selection.zone, best.key.unit)
        return f"{known}, though only {_gap(best)}, which is less than {zone}"
    return f"{known}. {_what_kn_would_take(best)}"


def _not_chosen(best: Best) -> str:
    """KN has not ended: who is in front, how bad that choice can be, what KN would take."""
    selection, names = best.selection, best.survivors
    sure, loss = _sure(best), selection.at_most_worse[selection.best]
    if best.verdict is Verdict.IN_FRONT:
        front = f"{names[0]} is in front, and no more than {_amount(loss, best)} worse than the best with {sure}"
        return f"{front}. {_what_kn_would_take(best)}"
    bound = f", at most {_amount(loss, best)} worse than the best with {sure}" if math.isfinite(loss) else ""
    zone, guess = zone_words(selection.zone, best.key.unit), _guess(best)
    why = f"it takes {guess}" if guess else f"too few replications for KN, which begins at {LEAST}"
    open_still = f"the best of {_and(names)} is not decided at a zone of {zone}: {why}"
    return f"{open_still}; {names[0]} is in front{bound}{_ruled_out(best, names)}"


def _what_kn_would_take(best: Best) -> str:
    guess = _guess(best)
    if not guess:
        return f"They are too few for KN, which begins at {LEAST}"
    return f"KN would choose at a zone of {zone_words(best.selection.zone, best.key.unit)} after {guess}"


def _guess(best: Best) -> str:
    """How many more replications KN would take; empty where there are too few to tell."""
    more, most = best.selection.more, best.selection.more_at_most
    if more is None or most is None:
        return ""
    guess = f"about {_about(more)} more replications"
    return f"{guess}, at most {_about(most)}" if most > more else guess


def _sure(best: Best) -> str:
    return f"{100.0 * best.selection.guarantee:g} %"


def _in_front(best: Best) -> str:
    ahead, second = best.lead
    return f" ({best.survivors[0]} is in front, {_amount(ahead, best)} ahead of {second})" if ahead > 0.0 else ""


def _ruled_out(best: Best, names: Sequence[str]) -> str:
    dropped = [name for name in best.contenders if name not in names]
    if not dropped:
        return ""
    return f"; {_and(dropped)} {'are' if len(dropped) > 1 else 'is'} ruled out with at least {_sure(best)}"


def _amount(value: float, best: Best) -> str:
    """A difference in the measure selected by, with its unit."""
    scaled = words.scale(best.key.unit) * value
    return f"{words.number(scaled, words.decimals(scaled, scaled))}{unit_words(best.key.unit, best.key.measure)}"


def _and(names: Sequence[str]) -> str:
    """Names in a row; of very many the first, and how many more."""
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 1], f"{len(names) - _MOST_NAMED + 1} others"]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
