"""The picture of forecast months of irregular flows in docs/validation.md."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from sim.report import style
from sim.study.flow_data import read_flows

from .figures import new, save
from .irregular import AFTER_A_GAP, FILE, PROVINCES, Irregular, Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

BAND = 0.8
LEAST = 0.5
"""Where a logarithmic axis has its zero."""
YEARS = (2016.9, 2025.1)


def draw(irregular: Irregular, raw: Path, folder: Path) -> Path:
    """Figures published and bands of the months forecast, a province a panel; the same numbers give the same bytes."""
    series = read_flows(raw / FILE)
    with style.styled():
        figure, grid = new(len(PROVINCES), 1)
        figure.set_size_inches(11.0, 12.0)
        for ax, province in zip(grid[:, 0], PROVINCES, strict=True):
            months = [(month.year + (month.month - 0.5) / 12.0, n) for month, n in series[province].counts.items()]
            ax.plot(*zip(*[(at, max(n, LEAST)) for at, n in months], strict=True), "o", color=style.GREY, markersize=5)
            scored = [each for each in irregular.scored["alike"] if each.province == province]
            for window, found in groupby(scored, key=lambda each: each.window):
                _band(ax, list(found), 1 if window in AFTER_A_GAP else 0)
            ax.set_yscale("log")
            ax.set_xlim(*YEARS)
            ax.set_title(province)
            ax.set_ylabel("persons a month")
        ax.set_xlabel("year")
        words = ("80 % band and median, months known before", "the same after a gap", "published")
        marks = [*(_mark(style.look(index).color) for index in (0, 1)), _dot()]
        figure.legend(marks, words, loc="outside lower center", ncols=1, fontsize=15)
        style.write_title(figure, "Persons intercepted between ports: half years held back")
        folder.mkdir(parents=True, exist_ok=True)
        return save(figure, folder / "validation-irregular.png")


def _band(ax: Axes, months: Sequence[Scored], index: int) -> None:
    look = style.look(index)
    at = [each.forecast.month.year + (each.forecast.month.month - 0.5) / 12.0 for each in months]
    low, high = zip(*(each.forecast.bands[BAND] for each in months), strict=True)
    ax.fill_between(at, [max(end, LEAST) for end in low], high, color=look.color, alpha=0.3, linewidth=0)
    ax.plot(at, [max(each.forecast.median, LEAST) for each in months], color=look.color)


def _mark(color: str) -> Line2D:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=color, linewidth=6, alpha=0.6)


def _dot() -> Line2D:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=style.GREY, marker="o", linestyle="none", markersize=6)
