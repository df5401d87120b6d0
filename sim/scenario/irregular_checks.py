"""Checks across the keys of irregular flows: what is sound alone and contradicts its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sim.scenario.checks import SLACK, servers
from sim.scenario.problems import Path, Problem, nearest
from sim.scenario.vocabulary import EVERY

if TYPE_CHECKING:
    from datetime import datetime

    from sim.scenario.agreement import Rule
    from sim.scenario.irregular import ClaimStage, Eligibility, Groups, Intercept, Irregular
    from sim.scenario.schema import Scenario

LOWEST_DETECTION = 0.001
"""True flow is what is detected over the probability: below this the data say nothing about it."""


def _kinds() -> tuple[str, ...]:
    from sim.scenario.irregular import COMPOSITIONS

    return COMPOSITIONS


def groups(stated: Groups) -> Iterator[Problem]:
    """One way of saying how many; kinds that sum to all; families of two."""
    from sim.scenario.preclearance import REST

    ways = [key for key in ("per_day", "detected_per_day") if getattr(stated, key) is not None]
    if len(ways) != 1:
        found = f"both {' and '.join(ways)}" if ways else "no demand"
        yield Problem(found, "exactly one of per_day and detected_per_day, such as per_day: 2.5")
    rests = [kind for kind, share in stated.composition.items() if share == REST]
    total = sum(share for share in stated.composition.values() if share != REST)
    if len(rests) > 1:
        yield Problem(f"rest for {' and '.join(rests)}", "rest for one kind", at=("composition", rests[1]))
    elif total > 1 + SLACK or (not rests and abs(total - 1) > SLACK):
        allowed = "at most 100 %" if rests else "100 %, or rest for one of them"
        yield Problem(f"kinds of groups sum to {100 * total:g} %", allowed, at=("composition",), on_key=True)
    yield from _of_kinds(stated.size, ("size",))
    for kind, size in stated.size.items():
        if kind == "family" and size.average < 2:
            yield Problem(f"families of {size.average:g}", "2 persons or more", at=("size", "family"))


def stage(one: ClaimStage) -> Iterator[Problem]:
    """Officers of its own or of a pool; services for every kind of group."""
    given = one.model_fields_set
    yield from servers("officers" in given, one.pool, one.officers, one.open, "officers", given)
    if one.pool is None and "officers" in given and one.officers < 1:
        yield Problem("0 officers", "1 officer or more", at=("officers",))
    yield from _of_kinds(one.service, ("service",))
    missing = [kind for kind in _kinds() if kind not in one.service and EVERY not in one.service]
    if missing:
        yield Problem(f"nothing for {', '.join(missing)}", f"every kind, or '{EVERY}' for the others", at=("service",))


def eligibility(one: Eligibility) -> Iterator[Problem]:
    """As a stage, and shares of at most all."""
    yield from stage(one)
    for ground, shares in one.exceptions.items():
        yield from _of_kinds(shares, ("exceptions", ground))
    for name, exemption in one.exemptions.items():
        yield from _of_kinds(exemption.share, ("exemptions", name, "share"))
    for kind in ("adults", "family"):
        total = sum(shares.get(kind, shares.get(EVERY, 0.0)) for shares in one.exceptions.values())
        total += sum(other.share.get(kind, other.share.get(EVERY, 0.0)) for other in one.exemptions.values())
        if total > 1 + SLACK:
            found = f"exceptions and exemptions of {kind} sum to {100 * total:g} %"
            yield Problem(found, "at most 100 %", at=("exceptions",), on_key=True)
            break
    if one.inadmissible + one.detained > 1 + SLACK:
        yield Problem("inadmissible and detained are more than all", "at most 100 %", at=("detained",))


def intercept(one: Intercept) -> Iterator[Problem]:
    """Units of its own or of a pool."""
    given = one.model_fields_set
    if not (one.joint_patrols and "patrols" not in given and one.pool is None):
        yield from servers("patrols" in given, one.pool, one.patrols, one.open, "patrols", given)
    if one.pool is not None and one.joint_patrols:
        yield Problem("joint patrols with a pool", "joint_patrols beside patrols", at=("joint_patrols",), on_key=True)


def sector(one: Irregular) -> Iterator[Problem]:
    """The zone, and parts that do not go with the kind of place."""
    from sim.scenario.preclearance import check_zone_of

    yield from check_zone_of(one.zone, "quebec")
    crossing = ("intercept", "processing", "transfer", "weather", "resources", "deterrence", "claims_inland")
    if one.between_ports:
        if one.intercept is None:
            yield Problem(
                f"a {one.kind} sector without 'intercept'", "intercept, such as {detect: 40 %, patrols: 3, ...}"
            )
        elif one.intercept.joint_patrols and one.kind != "marine":
            at = ("intercept", "joint_patrols")
            yield Problem(
                f"joint patrols on {one.kind}", "joint_patrols of a sector of kind: marine", at=at, on_key=True
            )
    else:
        for key in crossing:
            if getattr(one, key):
                allowed = f"{key} of a sector of kind: land or marine"
                yield Problem(f"'{key}' where nobody crosses between ports", allowed, at=(key,), on_key=True)
        if one.groups is not None and any(one.groups.hide.values()):
            yield Problem(
                "groups that hide where nobody crosses", "hide of a sector", at=("groups", "hide"), on_key=True
            )
        if one.groups is not None and one.groups.detected_per_day is not None:
            allowed = "per_day: here everybody is seen"
            yield Problem("detected_per_day of claims", allowed, at=("groups", "detected_per_day"), on_key=True)
    if one.drivers and one.groups is None:
        allowed = "drivers of a flow with groups of its own, or of the origin they come from"
        yield Problem("drivers where no groups are stated", allowed, at=("drivers",), on_key=True)
    if one.deterrence is not None and one.intercept is not None and one.intercept.pool is not None:
        yield Problem("deterrence by a pool of officers", "patrols under intercept", at=("deterrence",), on_key=True)


def least_seen(one: Irregular, rule: Rule, start: datetime) -> float:
    """Lowest share of the groups of a flow that is detected at the start, those who do not hide among them."""
    from sim.scenario.preclearance import of_traveller

    assert one.groups is not None
    assert one.intercept is not None
    missed = one.intercept.missed(0)
    for resource in one.resources.values():
        if resource.from_ is None or resource.from_ <= start:
            missed *= resource.missed
    return 1.0 - float(of_traveller(dict(one.groups.hide), rule) or 0.0) * missed


def _of_kinds(mapping: Mapping[str, Any], at: Path) -> Iterator[Problem]:
    """Keys that name no kind of group."""
    kinds = _kinds()
    for name in mapping:
        if name != EVERY and name not in kinds:
            allowed = f"one of {', '.join(kinds)}, or '{EVERY}'"
            yield Problem(f"no kind of group '{name}'", allowed, nearest(name, kinds), (*at, name), on_key=True)


def scenario(whole: Scenario, taken: list[str]) -> Iterator[Problem]:
    """What needs the other parts: names of facilities, ways of displacement, what stands without a use.

    Args:
        whole: the scenario.
        taken: names of the facilities of other kinds.
    """
    from sim.scenario.agreement import rule_at
    from sim.scenario.displacement import STAYING

    for name, one in whole.irregular.items():
        if name in taken or name == STAYING:
            yield Problem(f"a second facility '{name}'", "a name of its own", at=("irregular", name))
        counted = one.intercept is not None and one.groups is not None and one.groups.detected_per_day is not None
        if counted and least_seen(one, rule_at(whole.agreement, whole.start), whole.start) < LOWEST_DETECTION:
            found = "detected_per_day of groups that may never be detected"
            at_detect = ("irregular", name, "intercept", "detect")
            yield Problem(found, "a share of groups detected above 0.1 %, of those who hide and others", at=at_detect)
    ways = {way for origin in _origins(whole).values() for way in origin.to}
    for name, one in whole.irregular.items():
        if one.groups is None and name not in ways:
            yield Problem(
                "nobody comes here", "groups, or a way here from an origin of displacement", at=("irregular", name)
            )
    if not whole.irregular:
        for key in ("displacement", "board"):
            if getattr(whole, key) is not None:
                yield Problem(f"'{key}' without irregular flows", f"{key} beside irregular", at=(key,), on_key=True)
    for name, origin in _origins(whole).items():
        at: Path = ("displacement", "origins", name)
        if name in whole.irregular or name in taken:
            yield Problem(f"an origin with the name of a facility, '{name}'", "a name of its own", at=at, on_key=True)
        for way in origin.to:
            if way != STAYING and way not in whole.irregular:
                known = [*whole.irregular, STAYING]
                allowed = f"one of {', '.join(known)}"
                yield Problem(f"no irregular flow '{way}'", allowed, nearest(way, known), (*at, "to", way), on_key=True)


def _origins(whole: Scenario) -> dict[str, Any]:
    return whole.displacement.origins if whole.displacement is not None else {}
