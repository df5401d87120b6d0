"""Pieces of HTML for a notebook; whatever a user wrote is shown as written."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


def text(what: object) -> str:
    """Anything as text that no browser takes for tags."""
    return html.escape(str(what))


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A table of texts."""
    top = "".join(f"<th>{text(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def lines(sentences: Iterable[object]) -> str:
    """Sentences as a list."""
    items = "".join(f"<li>{text(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""
