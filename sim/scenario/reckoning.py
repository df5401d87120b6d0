"""What is done to a value that is there already: `{plus: 1, from: "12:00", until: "20:00"}`.

Policies say it of what their patterns lead to, variants of the path they name.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sim.scenario import operations
from sim.scenario.checks import unknown_key
from sim.scenario.operations import ROUNDS, SPREAD, Quantity, quantity
from sim.scenario.problems import Collector, Problem, ProblemError, Step, in_words, nearest
from sim.scenario.units import positive_duration, second_of_day
from sim.scenario.weektable import parse_days

ARITHMETIC = ("times", "plus", "at_least", "at_most")
OPERATIONS = ("set", *ARITHMETIC, "widen")
HOURS = ("from", "until", "days")
"""Keep an operation to some hours of the day and days of the week."""
BESIDE = ("round", "only_above", *HOURS)
"""What may stand beside an operation."""
SERVERS = ("booths", "bays", "officers")
"""What `open` is when it is not stated."""


def is_operation(raw: Any) -> bool:
    """A value as written that says what to do to the value there, rather than what stands there instead."""
    return isinstance(raw, dict) and any(key in raw for key in OPERATIONS)


def check_operation(said: Any, beside: Sequence[str] = BESIDE) -> None:
    """Raises ProblemError with everything that is wrong with one operation as written.

    `beside` are the keys that may stand beside those that do something; who takes more of them checks those.
    """
    if not isinstance(said, dict):
        raise ProblemError(
            Problem(in_words(said), f"a mapping with one of {', '.join(OPERATIONS)}, such as {{plus: 1}}")
        )
    found = [unknown_key(key, (*OPERATIONS, *beside)) for key in said if key not in (*OPERATIONS, *beside)]
    given = [key for key in OPERATIONS if key in said]
    if not given:
        found.append(Problem("nothing to do", f"one of {', '.join(OPERATIONS)}, such as plus: 1"))
    for key in ("set", "widen"):
        if key in said and len(given) > 1:
            found.append(Problem(f"'{key}' beside '{given[-1]}'", f"{key} alone", at=(key,), on_key=True))
    found += _checked_numbers(said)
    found += _checked_hours(said)
    if "round" in said and said["round"] not in (*ROUNDS, SPREAD):
        words = (*ROUNDS, SPREAD)
        mend = nearest(str(said["round"]), words)
        found.append(Problem(in_words(said["round"]), f"one of {', '.join(words)}", mend, ("round",)))
    if found:
        raise ProblemError(*found)


def _checked_numbers(said: Mapping[str, Any]) -> Iterator[Problem]:
    for key in (*ARITHMETIC, "only_above"):
        if key in said and quantity(said[key]) is None:
            yield Problem(in_words(said[key]), "a number, or a quantity with its unit, such as 5 s", at=(key,))
    times = quantity(said["times"]) if "times" in said else None
    if times is not None and (times.unit or times.number < 0):
        yield Problem(in_words(said["times"]), "a plain factor of 0 or more, such as 1.3", at=("times",))
    if "widen" in said:
        try:
            positive_duration(said["widen"])
        except ProblemError as trouble:
            yield from (problem.under("widen") for problem in trouble.problems)


def _checked_hours(said: Mapping[str, Any]) -> Iterator[Problem]:
    """The hours and days to which an operation on a table is kept."""
    collector = Collector()
    for key in ("from", "until"):
        if key in said:
            collector.attempt((key,), second_of_day, said[key])
    if "days" in said:
        collector.attempt(("days",), _days, said["days"])
    yield from collector.problems
    if given := [key for key in HOURS if key in said]:
        if "widen" in said or said.get("round") == SPREAD:
            other = "widen" if "widen" in said else "round: spread"
            yield Problem(f"'{given[0]}' beside '{other}'", "the whole day", at=(given[0],), on_key=True)
        elif "from" in said and said.get("from") == said.get("until"):
            yield Problem("hours that end as they begin", "another time, or neither for the whole day", at=("until",))


def _days(raw: Any) -> tuple[int, ...]:
    """Indices of `sat-sun`, or of a list of such. Raises ProblemError."""
    words = raw if isinstance(raw, list) else [raw]
    return tuple(index for word in words for index in parse_days(word if isinstance(word, str) else str(word)))


def value_there(holder: Any, step: Step, built: Any) -> Any:
    """What stands in a mapping or list; of `open` that is not stated, all that is built; None for nothing."""
    value = holder[int(step)] if isinstance(holder, list) else holder.get(step)
    if value is None and step == "open":
        return next((built[key] for key in SERVERS if built.get(key) is not None), None)
    return value


SAME = object()
"""What `changed` gives for a value that an operation has nothing to do with."""


def changed(value: Any, said: Mapping[str, Any]) -> Any:
    """The value after an operation; a mark of its own when the operation does not go with such a value.

    Raises ProblemError where the value is a quantity of another kind than the operation's, or a table without the days
    that it names.
    """
    if any(key in said for key in HOURS):
        return _changed_in_hours(value, said)
    if "set" in said:
        return copy.deepcopy(said["set"])
    if "widen" in said:
        if not operations.is_table(value):
            return SAME
        return operations.widened(value, int(positive_duration(said["widen"])))
    if said.get("round") == SPREAD:
        if any(quantity(entry) is None for entry in _entries(value)):
            return SAME
        return operations.spread(value, lambda v: _clipped(v, said), lambda v: _least(v, said))
    if not _entries(value) or all(quantity(entry) is None for entry in _entries(value)):
        return SAME
    return operations.on_table(value, lambda entry: _reckoned(entry, said))


def _changed_in_hours(value: Any, said: Mapping[str, Any]) -> Any:
    """A table, or a value that holds all day, changed in some hours of some days."""
    whole = {key: given for key, given in said.items() if key not in HOURS}
    if isinstance(value, dict) and not operations.is_table(value):
        return SAME
    since, until = (int(second_of_day(said[key])) if key in said else 0 for key in ("from", "until"))
    days = _days(said["days"]) if "days" in said else None
    entries: list[Any] = []
    new = operations.in_hours(value, lambda entry: changed(entry, whole), (since, until or operations.DAY), days)
    operations.on_table(new, entries.append)
    return SAME if any(entry is SAME for entry in entries) else new


def _entries(value: Any) -> list[Any]:
    """What stands in a table, or the value alone."""
    found: list[Any] = []
    operations.on_table(value, found.append)
    return found


def _reckoned(raw: Any, said: Mapping[str, Any]) -> Any:
    value = quantity(raw)
    if value is None:
        return raw
    operands = {key: _operand(said[key], value, key) for key in (*ARITHMETIC[1:], "only_above") if key in said}
    if "only_above" in operands and value.inside <= operands["only_above"]:
        return raw
    new = _within(value.inside * float(said.get("times", 1)) + operands.get("plus", 0.0), operands)
    return value.at(ROUNDS[said["round"]](new) if "round" in said else new)


def _within(new: float, operands: Mapping[str, float]) -> float:
    return min(max(new, operands.get("at_least", new)), operands.get("at_most", float("inf")))


def _operand(raw: Any, value: Quantity, key: str) -> float:
    operand = quantity(raw)
    assert operand is not None, "checked when the policy was read"
    if operand.dimension != value.dimension:
        kind = value.dimension or "a plain number"
        raise ProblemError(Problem(f"{in_words(raw)} for a value that is {kind}", f"{kind}", at=(key,)))
    return operand.inside


def _clipped(value: float, said: Mapping[str, Any]) -> float:
    """What is wanted of a number of servers before it is made whole."""
    if value <= float(said.get("only_above", -1.0)):
        return value
    new = value * float(said.get("times", 1)) + float(said.get("plus", 0))
    return min(new, float(said.get("at_most", new)))


def _least(value: float, said: Mapping[str, Any]) -> float:
    if value <= float(said.get("only_above", -1.0)):
        return value
    return min(value, float(said.get("at_least", 0)))
