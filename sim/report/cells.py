"""Heat maps: a cell per row and stretch of time, coloured by a number that also stands in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sim.model.arrays import FloatArray

COLORS = "YlOrBr"
"""Light to dark without a turn, so that grey prints keep the order; told apart with any colour vision."""
_MOST_NUMBERS = 400
"""Cells in which a number can still be read."""


def draw_cells(
    ax: Axes, values: FloatArray, rows: Sequence[str], say: Callable[[float], str], least: float, most: float
) -> None:
    """Draw (rows, columns) of values, NaN as an empty cell; columns are 1 wide from 0, the first row on top."""
    from matplotlib import colormaps
    from matplotlib.colors import Normalize

    count, columns = values.shape
    scale = Normalize(least, max(most, least + 1e-12))
    edges, sides = np.arange(columns + 1.0), np.arange(count + 1.0)
    ax.pcolormesh(edges, sides, np.ma.masked_invalid(values), cmap=COLORS, norm=scale, edgecolor="white", linewidth=1.5)
    ax.set_xlim(0.0, columns)
    ax.set_ylim(count, 0.0)
    ax.grid(visible=False)
    ax.set_yticks(np.arange(count) + 0.5, rows)
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    if values.size > _MOST_NUMBERS:
        return
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            red, green, blue, _ = colormaps[COLORS](scale(value))
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
            color = "white" if dark else "black"
            ax.text(column + 0.5, row + 0.5, say(value), ha="center", va="center", fontsize=16, color=color)


def hour_labels(ax: Axes, hours: int = 24) -> None:
    """Label columns of an hour each at every third hour."""
    at = range(0, hours + 1, 3)
    ax.set_xticks(list(at), [f"{hour:02d}:00" for hour in at])
