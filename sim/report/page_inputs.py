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
from sim.scenario.vocabulary import BASELINE
from sim.study import store

GROUPS = {
    "assumed": "Assumed, with what is thought possible",
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
    """The values of the baseline by kind of origin, in the order of `GROUPS`.

    A value for which the scenario states a range is assumed, whoever wrote it; a range of what is no single value here
    stands in a row of its own.
    """
    ranges = {path: as_text(value) for path, value in (study.tree.get("ranges") or {}).items()}
    rows: dict[str, list[tuple[str, ...]]] = {group: [] for group in GROUPS}
    for one in values(study.trees[BASELINE], origins):
        stated = ranges.pop(one.path, None)
        group = "assumed" if stated is not None else group_of(one.origin)
        row = (one.path, as_text(one.value), one.origin)
        rows[group].append((*row[:2], _range(stated, one.origin), row[2]) if group == "assumed" else row)
    rows["assumed"] += [(path, "", stated, "ranges of the scenario") for path, stated in ranges.items()]
    for group, title in GROUPS.items():
        names = ("value of", "is", "may lie in, or follows", "origin") if group == "assumed" else _NAMES
        cells = tuple(tuple(text(part) for part in row) for row in rows[group])
        yield group, PageTable(f"inputs-{group}", title, tuple(Column(name) for name in names), cells)


_NAMES = ("value of", "is", "origin")


def _range(stated: str | None, origin: str) -> str:
    """The range of a value: that of the scenario, or what the registry says in its brackets."""
    if stated is not None:
        return stated.strip("[]").replace(", ", " to ")
    return origin.removeprefix("registry (assumed").strip(": ").removesuffix(")")


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
