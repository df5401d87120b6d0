"""How many wait how long, by class: bars of equal stretches of waiting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, words
from sim.report.curves import class_look
from sim.report.figures_wait import wait_classes, wait_rows
from sim.report.rundata import RunData
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_CLASSES = 6
_WIDTHS = (1.0, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Minutes of a bar; their edges are on the grid of wait_distribution.csv."""
_MOST_BARS = 26
_TAIL = 0.005
"""The axis ends where no class has more than this share still waiting."""


def plot_wait_histogram(
    run: RunData,
    facility: str,
    *,
    variant: str = BASELINE,
    classes: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of parties by how long they wait, a panel per class, MOST_CLASSES at most.

    Bars beyond the facility's standard are hatched, and the share of the parties in them is written beside. Returned
    is the first panel, the others follow it in `ax.figure.axes`.
    """
    chosen = (wait_classes(run, facility, variant) if classes is None else tuple(classes))[:MOST_CLASSES]
    rows = histogram_rows(run, facility, chosen, variant=variant)
    with style.styled():
        ax = ax or style.new_axes(extra_height=max(0.0, 0.8 * (len(chosen) - 4)))
        if rows.empty:
            style.say(ax, "no parties waited")
            return ax
        panels = style.share_out(ax, [1.0] * len(chosen))
        for panel, name in zip(panels, chosen, strict=True):
            _draw(panel, run, facility, variant, name, rows[rows["class"] == name])
        panels[-1].set_xlabel("minutes of waiting")
        for panel in panels[:-1]:
            panel.tick_params(labelbottom=False)
    return ax


def histogram_rows(run: RunData, facility: str, classes: Sequence[str], *, variant: str = BASELINE) -> pd.DataFrame:
    """Share of the parties of each class that wait from `from_min` to `to_min`, from wait_distribution.csv.

    The first bar holds those who do not wait; the last all who wait longer than where it begins (blank `to_min`).
    Edges lie on the standard, too.
    """
    import pandas as pd

    table = wait_rows(run, facility, variant, classes)
    if table.empty:
        return pd.DataFrame(columns=["class", "from_min", "to_min", "share"])
    edges = _edges(table, run.standard(facility))
    parts = []
    for name in classes:
        own = table[table["class"] == name].sort_values("wait_min")
        minutes, longer = own["wait_min"].to_numpy(dtype=float), own["survival_mean"].to_numpy(dtype=float)
        left = np.interp(edges, minutes, longer, right=0.0)
        left[0] = 1.0
        said = {"variant": variant, "facility": facility, "class": name}
        to = np.append(edges[1:], np.nan)
        share = left - np.append(left[1:], 0.0)
        parts.append(pd.DataFrame({**said, "from_min": edges, "to_min": to, "share": share}))
    return pd.concat(parts, ignore_index=True)


def _edges(table: pd.DataFrame, standard: float | None) -> np.ndarray:
    longest = float(table.loc[table["survival_mean"] > _TAIL, "wait_min"].max())
    longest = max(longest if np.isfinite(longest) else 0.0, standard or 0.0, 4.0)
    width = next((each for each in _WIDTHS if longest / each <= _MOST_BARS), _WIDTHS[-1])
    edges = np.arange(0.0, longest + width, width)
    return edges if standard is None else np.unique(np.append(edges, standard))


def _draw(ax: Axes, run: RunData, facility: str, variant: str, name: str, rows: pd.DataFrame) -> None:
    from matplotlib.ticker import MaxNLocator

    every = run.classes(facility)
    look = class_look(run, facility, name)
    low, to, share = (rows[column].to_numpy(dtype=float) for column in ("from_min", "to_min", "share"))
    standard = run.standard(facility)
    width = float(np.nanmax(to - low))
    high = np.where(np.isnan(to), low + width, to)
    beyond = low >= standard if standard is not None else np.zeros(len(low), np.bool_)
    for group, hatch in ((~beyond, ""), (beyond, "////")):
        ax.bar(
            low[group], 100.0 * share[group], width=(high - low)[group], align="edge", color=look.color,
            edgecolor="white", hatch=hatch, label=f"{name}{': beyond the standard' if hatch else ''}",
        )  # fmt: skip
    for left, right, part in zip(low, high, 100.0 * share, strict=True):
        if part >= 0.5 and len(low) <= _MOST_BARS + 1:
            ax.annotate(
                words.number(part, 0), ((left + right) / 2.0, part), xytext=(0, 2), textcoords="offset points",
                ha="center", va="bottom", fontsize=14,
            )  # fmt: skip
    label = words.class_words(name, every)
    said = label[:1].upper() + label[1:]
    if standard is not None:
        ax.axvline(standard, color="black", linewidth=2.0, linestyle=style.STANDARD_LINE, label="standard")
        over = words.number(100.0 * float(share[beyond].sum()))
        said += f": {over} % wait longer than the standard of {standard:g} min"
    ax.set_title(f"{said}{', per cent of the parties' if ax is ax.figure.axes[0] else ''}")
    ax.set_xlim(0.0, float(high[-1]))
    ax.set_ylim(0.0, max(1.45 * float(np.nanmax(100.0 * share)), 1.0))
    ax.yaxis.set_major_locator(MaxNLocator(2))
