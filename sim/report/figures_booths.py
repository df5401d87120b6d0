"""Open booths over the day, beneath the figures of wait and queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, timeline
from sim.report.curves import column, variant_look
from sim.report.rundata import ALL, RunData

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

BOOTHS = "open_booths"
_GREYS = ("#000000", "#7A7A7A", "#4A4A4A", "#A8A8A8")
"""Lane groups: colours are kept for variants."""
_WIDEST, _NARROWER, _NARROWEST = 5.8, 1.4, 1.4
"""Points: of the first lane group's line, how much narrower each next is, and the least. All stand at their true number
of booths; where two are the same the wider one is seen on both sides of the other, and in the gaps of its dashes."""
_SMALL = 13
"""Size of the ticks where every number of booths has one."""
_MOST_TICKS = 5
_MOST_TOLD = 4
"""Lane groups with the same booths throughout that a title names."""
_TOLD_WIDTH, _TOLD_LINES = 80, 3
"""Characters of a line, and lines, of a panel that tells of all of them, as none opens or closes."""


@dataclass(frozen=True)
class BoothPanel:
    """Step curves of open booths that share a panel: label, look, rows of series.csv."""

    title: str
    curves: tuple[tuple[str, style.Look, pd.DataFrame], ...]
    of_groups: bool = False
    """A curve per lane group, which need a key of their own, instead of one per variant."""
    steady: tuple[pd.DataFrame, ...] = ()
    """Rows of the lane groups that words tell of, as nothing changes there."""
    told: str = ""
    """The words in the panel of a facility where nothing changes."""


def booth_panels(run: RunData, facility: str, station: str, variants: Sequence[str]) -> list[BoothPanel]:
    """One panel with a curve per lane group; in a comparison one per lane group that differs, a curve per variant."""
    stations = {}
    for name in run.lane_groups(facility) if station == ALL else (station,):
        rows = {variant: timeline.curve(run, (variant, facility, name, ALL), BOOTHS) for variant in variants}
        if not any(each.empty for each in rows.values()):
            stations[name] = rows
    differing = [
        BoothPanel(f"Open booths, {name}", tuple((v, variant_look(run, v), each) for v, each in rows.items()))
        for name, rows in stations.items()
        if _differ(list(rows.values()))
    ]
    if differing or not stations:
        return differing
    title = "Open booths" if len(variants) == 1 else "Open booths, the same in both"
    return [_together(title, {name: rows[variants[0]] for name, rows in stations.items()})]


def _together(title: str, stations: Mapping[str, pd.DataFrame]) -> BoothPanel:
    """A curve for each lane group that opens or closes booths, or for the only one; the others in words."""
    steady = {name: rows for name, rows in stations.items() if np.ptp(column(rows, "mean")) == 0.0}
    drawn = {name: rows for name, rows in stations.items() if name not in steady}
    if len(stations) == 1:
        drawn, steady = dict(stations), {}
    levels = [f"{name} {column(rows, 'mean')[0]:g}" for name, rows in steady.items()]
    if not drawn:
        return BoothPanel(f"{title} (the same throughout)", (), True, tuple(steady.values()), _in_lines(levels))
    if steady:
        more = len(levels) - _MOST_TOLD
        told = [*levels[:_MOST_TOLD], f"{more} more"] if more > 0 else levels
        title += f" (throughout: {', '.join(told)})"
    curves = [
        (name, style.Look(_GREYS[place % len(_GREYS)], style.DASHES[place % len(style.DASHES)]), rows)
        for place, (name, rows) in enumerate(drawn.items())
    ]
    return BoothPanel(title, tuple(curves), True, tuple(steady.values()))


def _in_lines(levels: Sequence[str]) -> str:
    """Names and numbers of booths in a few lines; of very many the first."""
    import textwrap

    unbroken = ", ".join(level.replace(" ", "\N{NO-BREAK SPACE}") for level in levels)
    lines = textwrap.wrap(unbroken, _TOLD_WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines[:_TOLD_LINES]) + (" …" if len(lines) > _TOLD_LINES else "")


def _differ(tables: Sequence[pd.DataFrame]) -> bool:
    first, *others = (column(table, "mean") for table in tables)
    return any(not np.array_equal(first, other, equal_nan=True) for other in others)


def draw_booths(ax: Axes, panel: BoothPanel, width: float) -> None:
    """Draw the steps of a panel; `width` is that of a bin in minutes."""
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    if panel.told:
        ax.set_title(panel.title)
        ax.set_yticks([])
        style.say(ax, panel.told)
        return
    most = 1.0
    for place, (label, curve, rows) in enumerate(panel.curves):
        starts, level = column(rows, "bin_start"), column(rows, "mean")
        edges = np.append(starts, starts[-1] + width)
        level = np.append(level, level[-1])
        most = max(most, float(np.nanmax(level)))
        (line,) = ax.step(edges, level, where="post", color=curve.color, linestyle=curve.dashes, label=label)
        if panel.of_groups and len(panel.curves) > 1:
            line.set_linewidth(max(_WIDEST - place * _NARROWER, _NARROWEST))
    title = ax.set_title(panel.title)
    ax.set_ylim(0.0, 1.06 * most + 0.3)
    if most <= _MOST_TICKS:
        ax.yaxis.set_major_locator(MultipleLocator(1))
        ax.tick_params(axis="y", labelsize=_SMALL)
    else:
        ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    if panel.of_groups or len(panel.curves) == 1:
        style.legend_beside_title(ax, title)
