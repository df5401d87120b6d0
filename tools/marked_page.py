"""Pages written by hand with tables that are measured: the tables are put in, everything else is kept.

A table stands between `<!-- KIND: NAME -->` and `<!-- end -->`; the kind tells which program writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


def _places(kind: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=<!-- {kind}: )(?P<name>[\w-]+)(?P<head> -->\n).*?(?=<!-- end -->)", re.DOTALL)


def names(page: Path, kind: str) -> list[str]:
    """The tables of a kind that the page has a place for, in order."""
    return [place["name"] for place in _places(kind).finditer(page.read_text(encoding="utf-8"))]


def write(page: Path, kind: str, tables: Mapping[str, str], only: bool = False) -> Path:
    """Put tables of a kind into the page.

    Args:
        page: the file.
        kind: such as `bench`.
        tables: by name.
        only: leave the other tables of the kind as they are.

    Raises:
        KeyError: the page has a place for a table there is not or, with `only`, no place for one there is.
    """
    if only and (lost := [name for name in tables if name not in names(page, kind)]):
        raise KeyError(lost[0])

    def filled(place: re.Match[str]) -> str:
        if only and place["name"] not in tables:
            return place[0]
        return f"{place['name']}{place['head']}\n{tables[place['name']]}\n\n"

    page.write_text(_places(kind).sub(filled, page.read_text(encoding="utf-8")), encoding="utf-8")
    return page


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
