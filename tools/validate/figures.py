"""The pictures of docs/validation.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report import style
from sim.study import store

from .detector import FloatArray
from .northbound import LANES, Northbound
from .scores import HIGH, LOW, profile
from .southbound import Southbound, days_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WEEKDAYS = {"Tuesday": 1, "Friday": 4, "Saturday": 5, "Sunday": 6}
"""Days whose profiles are drawn: a quiet one, and the three that differ most from it."""
RAREST = 1.0
"""Percent of days down to which the tail is drawn: a few published days."""
NAMES = {"published": "published", "control": "opened by wait", "calendar": "opened by clock"}


def draw(south: Southbound, north: Northbound, folder: Path) -> list[Path]:
    """Write all of them; the same numbers give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    with style.styled():
        drawn = {
            "validation-southbound-profile": _profile(south),
            "validation-southbound-days": _spread(south),
            "validation-northbound-days": _days(north),
        }
    return [save(figure, folder / f"{name}.png") for name, figure in drawn.items()]


def new(rows: int, columns: int) -> tuple[Figure, Any]:
    """A figure, and its axes as an array of so many rows and columns."""
    from matplotlib.figure import Figure

    figure = Figure()
    return figure, figure.subplots(rows, columns, squeeze=False, sharey=rows > 1)


def _profile(south: Southbound) -> Figure:
    figure, grid = new(2, 2)
    profiles = {name: profile(south.hours[name], ["weekday", "hour"]) for name in ("published", "control")}
    for ax, (title, weekday) in zip(grid.flat, WEEKDAYS.items(), strict=True):
        for index, (name, of) in enumerate(profiles.items()):
            day, look = of.loc[weekday], style.look(index)
            ax.plot(day.index + 0.5, day["mean"], color=look.color, label=f"{NAMES[name]}, mean")
            ax.plot(day.index + 0.5, day["p90"], color=look.color, linestyle=(0, (3, 1.5)), label=f"{NAMES[name]}, P90")
        ax.set_title(title)
        ax.set_xlim(0, 24)
        ax.set_xticks(range(0, 25, 4))
    for ax in grid[:, 0]:
        ax.set_ylabel("delay, min")
    for ax in grid[1]:
        ax.set_xlabel("hour of the day")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=15)
    style.write_title(figure, "Peace Arch southbound: the scored weeks beside the model that opens booths by wait")
    return figure


def _spread(south: Southbound) -> Figure:
    figure, grid = new(1, 1)
    ax = grid[0, 0]
    for index, name in enumerate(NAMES):
        days, look = np.sort(days_of(south.hours[name])["delay"].to_numpy()), style.look(index)
        above = 100.0 * (1.0 - np.arange(days.size) / days.size)
        shown = above >= RAREST
        ax.plot(days[shown], above[shown], color=look.color, linestyle=look.dashes, label=NAMES[name])
    ax.set_yscale("log")
    ax.set_ylim(RAREST, 100.0)
    ax.set_yticks([100, 50, 20, 10, 5, 2, 1], ["100", "50", "20", "10", "5", "2", "1"])
    ax.set_xlim(left=0.0)
    ax.set_xlabel("mean delay of the day, min")
    ax.set_ylabel("% of days above it")
    ax.legend(loc="upper right")
    style.write_title(figure, "Peace Arch southbound: how bad the bad days are")
    return figure


def _days(north: Northbound) -> Figure:
    figure, grid = new(1, 2)
    chosen = (~north.days["odd"] & ~north.days["spring"]).to_numpy()
    for ax, lane, title in zip(grid[0], LANES, ("Cars", "NEXUS cars"), strict=True):
        published = north.days.loc[chosen, f"{lane}_delay"].to_numpy()
        found = north.forecasts["control"][lane][:, chosen]
        low, high = np.quantile(found, (LOW, HIGH), axis=0)
        _bands(ax, published, found.mean(axis=0), low, high)
        ax.set_title(title)
        ax.set_xlabel("published mean delay of the day, min")
    grid[0, 0].set_ylabel("simulated, min")
    style.write_title(figure, "Peace Arch northbound 2018, scored days: mean and 90 % band of the model")
    return figure


def _bands(ax: Axes, published: FloatArray, mean: FloatArray, low: FloatArray, high: FloatArray) -> None:
    look = style.look(0)
    inside = (published >= low) & (published <= high)
    for hit, color in ((True, look.color), (False, style.look(1).color)):
        at = inside == hit
        words = f"published {'inside' if hit else 'outside'} the band"
        ax.vlines(published[at], low[at], high[at], color=color, alpha=0.45, linewidth=1.6)
        ax.plot(published[at], mean[at], "o" if hit else "x", color=color, markersize=6, label=f"{words}: {at.sum()}")
    most = max(float(published.max()), float(high.max())) * 1.05
    ax.plot([0.0, most], [0.0, most], color=style.GREY, linewidth=1.2)
    ax.set_xlim(0.0, most)
    ax.set_ylim(0.0, most)
    ax.legend(loc="upper left", fontsize=15)


def save(figure: Figure, path: Path) -> Path:
    """Write a picture, the same bytes for the same numbers."""
    from io import BytesIO

    buffer = BytesIO()
    with style.styled():
        figure.savefig(buffer, format="png", dpi=60, metadata={"Software": None})
    store.write_bytes(path, buffer.getvalue())
    return path
