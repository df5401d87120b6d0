"""A drawn figure on its way to disk: PNG, SVG, and the table behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sim.report import style
from sim.study import store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Item = TypeVar("Item")


@dataclass(frozen=True)
class Picture:
    """A drawn figure, its headline, and the table behind it."""

    stem: str
    """Name of the files, without ending."""
    title: str
    axes: Axes
    rows: pd.DataFrame


@dataclass(frozen=True)
class LeftOut:
    """A figure that this run does not give, and why, in one sentence."""

    why: str


Drawn = Picture | LeftOut


def write(picture: Picture, folder: Path) -> list[Path]:
    """Write `folder`/STEM.png, .svg and .csv; the same picture gives the same bytes. Returns the paths."""
    figure = picture.axes.get_figure(root=True)
    assert figure is not None
    with style.styled():
        style.write_title(figure, picture.title)
    stem = folder / picture.stem
    paths = style.save(figure, stem, picture.title)
    table = picture.rows.to_csv(index=False, lineterminator="\n").encode()
    beside = stem.with_name(f"{stem.name}.csv")
    store.write_bytes(beside, table)
    return [*paths, beside]


def pages(items: Sequence[Item], most: int) -> Iterator[tuple[str, str, Sequence[Item]]]:
    """What is too much for one figure, in even parts: (ending of the stem, ending of the headline, items)."""
    count = -(-len(items) // most)
    for page in range(count):
        part = items[len(items) * page // count : len(items) * (page + 1) // count]
        yield (f"-{page + 1}", f" ({page + 1} of {count})", part) if count > 1 else ("", "", part)
