"""The rule about claims at the border that is in force: one for the whole horizon, or several with their dates.

The Canada-US Safe Third Country Agreement returns who claims at a land port (from 29 December 2004) and, by the
additional protocol, who crosses anywhere on the land border and the waters within it and claims within 14 days
(from 25 March 2023).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from sim.scenario.drivers import CivilMoment
from sim.scenario.fields import Model, as_tuple, optional, required
from sim.scenario.problems import Collector, Problem, ProblemError, in_words, nearest
from sim.scenario.vocabulary import EVERY

Rule = Literal["none", "ports-2004", "whole-border-14-days", "suspended"]
RULES: tuple[Rule, ...] = get_args(Rule)
Place = Literal["land", "marine", "port", "airport", "inland"]
"""Where a claim begins: between ports on land or water, at a land port, at an airport, inland."""
RETURNS: dict[Rule, frozenset[Place]] = {
    "none": frozenset(),
    "ports-2004": frozenset({"port"}),
    "whole-border-14-days": frozenset({"land", "marine", "port"}),
    "suspended": frozenset(),
}
"""Where a rule returns those without an exception."""


class DatedRule(Model):
    """A rule and when it begins to hold."""

    quiet: ClassVar[frozenset[str]] = frozenset({"from_", "from"})

    from_: CivilMoment | None = optional(
        None, "When it begins, in civil time at each place; none, for the first: it holds from the start.", alias="from"
    )
    rule: Rule = required(
        "none: everybody may claim; ports-2004: who claims at a land port is returned; whole-border-14-days: so is who "
        "crosses between ports and is met, taken to be within 14 days; suspended: as none."
    )


def _dated(raw: Any) -> Any:
    if isinstance(raw, str):
        if raw not in RULES:
            allowed = f"one of {', '.join(RULES)}, or a list of them with their dates"
            raise ProblemError(Problem(f"no rule {in_words(raw)}", allowed, nearest(raw, RULES)))
        return ({"rule": raw},)
    return as_tuple(raw)


def _in_order(rules: tuple[DatedRule, ...]) -> tuple[DatedRule, ...]:
    collector = Collector()
    if not rules:
        collector.add("no rule", f"one of {', '.join(RULES)}")
    for index, one in enumerate(rules):
        before = rules[index - 1].from_ if index else None
        if index and one.from_ is None:
            collector.add("a later rule without its date", "from, such as from: 2023-03-25", at=(index,))
        elif before is not None and one.from_ is not None and one.from_ <= before:
            collector.add("a rule that begins before the one above it", "rules in order of time", at=(index, "from"))
    collector.done()
    return rules


Agreement = Annotated[
    tuple[DatedRule, ...],
    BeforeValidator(_dated),
    AfterValidator(_in_order),
    WithJsonSchema({"anyOf": [{"type": "string", "enum": list(RULES)}, {"type": "array"}]}),
]
"""Rules in order of time; the first holds before its date as well."""


def rule_at(agreement: tuple[DatedRule, ...], moment: datetime) -> Rule:
    """The rule in force at a civil moment; the first holds before its date as well."""
    begun = [one.rule for one in agreement[1:] if one.from_ is not None and one.from_ <= moment]
    return begun[-1] if begun else agreement[0].rule


def _rule_or_every(raw: Any) -> str:
    if raw == EVERY or raw in RULES:
        return str(raw)
    allowed = f"one of {', '.join(RULES)}, or '{EVERY}' for the others"
    raise ProblemError(Problem(f"no rule {in_words(raw)}", allowed, nearest(str(raw), RULES), on_key=True))


RuleOrEvery = Annotated[str, BeforeValidator(_rule_or_every), WithJsonSchema({"type": "string"})]
"""A rule, or `*` for the others."""
