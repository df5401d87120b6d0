"""Section 2 of the reporting checklist but for its components: diagram, rules, what variants change."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from sim.model.network import Network, Target
from sim.report.checklist_facts import Answer, Facts, label, said, table, value_of


def diagram(facts: Facts) -> Answer:
    """2.1."""
    network = facts.network
    nodes = [f'  s{i}["{label(s.name, network, s.facility)}"]' for i, s in enumerate(network.stations) if s.classes]
    edges = dict.fromkeys(_edges(network))
    ends = sorted({end for _, end in edges if end.startswith("o")}, key=lambda end: int(end[1:]))
    nodes += [f'  {end}(["{html.escape(network.outcomes[int(end[1:])])}"])' for end in ends]
    drawn = [f"  {source} --> {end}" for source, end in edges]
    return Answer(("```mermaid", "flowchart LR", '  arrivals(["arrivals"])', *nodes, *drawn, "```"))


def _edges(network: Network) -> Iterator[tuple[str, str]]:
    entered = [end for target in network.entry for end in _ends(target)]
    yield from (("arrivals", end) for end in entered)
    for index, station in enumerate(network.stations):
        for treated in station.classes.values():
            if treated.route is not None:
                for target in (*(branch.target for branch in treated.route.branches), treated.route.otherwise):
                    yield from ((f"s{index}", end) for end in _ends(target))
        if station.divert is not None and f"s{index}" in entered:
            yield from ((f"s{index}", end) for end in _ends(station.divert))


def _ends(target: Target) -> list[str]:
    return [f"o{target.outcome}"] if target.outcome >= 0 else [f"s{index}" for index in target.stations]


def base_logic(facts: Facts) -> Answer:
    """2.2."""
    end = "runs on until everybody is gone" if facts.tree["end"] == "drain" else "stops at the horizon"
    return Answer(
        (
            "Parties arrive from outside, queue at stations and are served, move on, are held where what is behind is "
            "full, and end in a named outcome: the rules are written out in docs/theory.md, The rules (1 to 12), and "
            f"the order of what happens at one instant in rule 12. This run {end}.",
        )
    )


def scenario_logic(facts: Facts) -> Answer:
    """2.3."""
    rows = []
    for name in facts.manifest["variants"]:
        for path, value in facts.study.tree["variants"][name].items():
            rows.append([f"`{name}`", f"`{said(path)}`", value_of(value)])
    if not rows:
        return Answer(("Only the baseline was run.",))
    return Answer((*table(["variant", "what it changes", "to"], rows), "", "Everything else is as in the baseline."))


def algorithms(facts: Facts) -> Answer:
    """2.4."""
    rows = [
        [where, f"`{key}`", value_of(value)] for where, tree in _ruled(facts) for key, value in _rules(tree).items()
    ]
    lines = [
        "Choice of lane group, closing of booths, blocking and patience: docs/theory.md, rules 2 to 9.",
    ]
    if rows:
        lines += ["", *table(["where", "decision rule", "as set"], rows)]
    if "rule" in facts.manifest:
        lines += [
            "",
            f"Booths are steered by the Python rule `{said(facts.manifest['rule'])}`; its text is `rule.py`.",
        ]
        if "rule.py" not in facts.manifest["files"]:
            return Answer(
                tuple(lines[:-1]), f"give the text of the Python rule {facts.manifest['rule']}: it was not kept"
            )
    return Answer(tuple(lines))


_RULES = ("control", "jockey", "priority", "tandem", "handover", "tight", "holds", "waive_when_full", "agreement")
"""Keys that say how something is decided."""


def _ruled(facts: Facts) -> Iterator[tuple[str, dict[str, Any]]]:
    """What may have rules of its own, with its keys: the scenario, facilities and their parts."""
    yield "everywhere", facts.tree
    for kind in ("ports", "preclearance", "irregular"):
        for name, place in (facts.tree.get(kind) or {}).items():
            yield name, place
            for within in (place, *(place[key] for key in ("lanes", "stations") if isinstance(place.get(key), dict))):
                yield from ((f"{name}, {part}", what) for part, what in within.items() if isinstance(what, dict))


def _rules(tree: dict[str, Any]) -> dict[str, Any]:
    used = {key: tree[key] for key in _RULES if tree.get(key) and tree[key] != "0 s"}
    service = tree.get("service")
    queue = service.get("when_queue_over") if isinstance(service, dict) else None
    return used | ({"when_queue_over": queue} if queue else {})
