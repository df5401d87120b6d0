"""Where the values of a run came from, for the report page: assumed, published, stated in the scenario, or default."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sim import registry
from sim.errors import RunFolderError
from sim.report.page_tables import Column, PageTable, text
from sim.scenario import Study
from sim.scenario.show import as_text, values
from sim.study import store
from sim.study.experiment import BASELINE

GROUPS = {
    "assumed": "Assumed: nobody publishes them; the range is what is thought possible",
    "published": "From the registry, with their source",
    "stated": "Stated by the scenario, the command line, or drawn",
    "default": "Documented defaults, which the scenario does not state",
}
OPEN = ("assumed", "published", "stated")
"""Groups that are shown at once; the others stand behind a button."""


def read_origins(folder: Path) -> dict[str, dict[str, str]] | None:
    """The origins a run kept; None where it was passed on without them.

    Raises:
        RunFolderError: the file is damaged.
    """
    path = folder / store.ORIGINS
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get(BASELINE), dict):
        raise RunFolderError(f"{path} is damaged: it has no origins of the baseline")
    return found


def input_tables(study: Study, origins: Mapping[str, str]) -> Iterator[tuple[str, PageTable]]:
    """The values of the baseline by kind of origin, in the order of `GROUPS`; then ranges the scenario states."""
    rows: dict[str, list[tuple[str, str, str]]] = {group: [] for group in GROUPS}
    for one in values(study.trees[BASELINE], origins):
        rows[group_of(one.origin)].append((one.path, as_text(one.value), one.origin))
    for group, title in GROUPS.items():
        columns = tuple(Column(name) for name in ("value of", "is", "origin"))
        cells = tuple(tuple(text(part) for part in row) for row in rows[group])
        yield group, PageTable(f"inputs-{group}", title, columns, cells)
    stated = study.tree.get("ranges") or {}
    columns = tuple(Column(name) for name in ("value of", "may lie in"))
    cells = tuple((text(path), text(as_text(value))) for path, value in stated.items())
    yield (
        "stated",
        PageTable("inputs-ranges", "Ranges the scenario states for what is not known for sure", columns, cells),
    )


def group_of(origin: str) -> str:
    """Which of `GROUPS` an origin, as `bordersim show` tells it, belongs to."""
    if origin.startswith("registry (assumed"):
        return "assumed"
    if origin.startswith("registry "):
        return "published"
    return "default" if origin == "default" else "stated"


def source_table(origins: Mapping[str, str]) -> PageTable:
    """Publications that the registry's values of this run come from."""
    said = " ".join(set(origins.values()))
    columns = tuple(Column(name) for name in ("source", "publisher", "title", "years", "licence", "address"))
    rows = tuple(
        tuple(text(part) for part in (s.label, s.publisher, s.title, s.years, s.licence, s.address))
        for s in registry.sources().values()
        if s.label in said
    )
    return PageTable("sources", "Publications behind the registry's values here", columns, rows)


def variant_changes(study: Study, variants: tuple[str, ...]) -> dict[str, list[tuple[str, str]]]:
    """What each variant writes otherwise than the baseline: paths and new values."""
    written: dict[str, dict[str, Any]] = study.tree["variants"]
    return {name: [(path, as_text(value)) for path, value in written[name].items()] for name in variants}
