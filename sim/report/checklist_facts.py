"""What a run is to the reporting checklist, what an answer is, and how both are put into words."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.model.build import Model
from sim.model.network import Network
from sim.scenario import Study
from sim.scenario.vocabulary import BASELINE

FILLED, PARTLY, GAP = "filled", "partly filled", "gap"


@dataclass(frozen=True)
class Facts:
    """A run as the checklist sees it."""

    manifest: dict[str, Any]
    runtime: dict[str, Any]
    study: Study
    model: Model
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each value of the baseline came from, by dotted path; empty where the run was passed on without."""

    @property
    def network(self) -> Network:
        """The baseline's network."""
        return self.model.network

    @property
    def tree(self) -> dict[str, Any]:
        """The resolved baseline as plain values."""
        return self.study.trees[BASELINE]

    @property
    def ports(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Ports of entry by name."""
        yield from self.tree["ports"].items()


@dataclass(frozen=True)
class Answer:
    """What is said to an item, and what only the author of the study can add."""

    lines: tuple[str, ...]
    gap: str = ""

    @property
    def state(self) -> str:
        """`filled`, `partly filled` or `gap`."""
        if not self.gap:
            return FILLED
        return PARTLY if self.lines else GAP


def label(name: str, network: Network, facility: int) -> str:
    """A station as the diagram names it."""
    return html.escape(f"{network.facilities[facility].name}: {name}")


def table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """A Markdown table, line by line."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def said(text: object) -> str:
    """A person's text as Markdown that shows it: no tags, no table cells, one line."""
    return html.escape(" ".join(str(text).split()), quote=False).replace("|", "\\|")


def value_of(value: object) -> str:
    """A value of a scenario on one line, without the keys that say nothing."""
    if isinstance(value, dict):
        stated = {key: what for key, what in value.items() if what not in (None, {}, [])}
        return ", ".join(f"{said(key)}: {value_of(what)}" for key, what in stated.items()) or "none"
    if isinstance(value, list):
        return ", ".join(value_of(each) for each in value) or "none"
    return said(value)
