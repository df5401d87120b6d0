"""Sweeps: how a measure follows what was varied, and what service each number of booth-hours can buy."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, words
from sim.report.curves import column
from sim.report.rundata import ALL, RunData
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_PANELS = 4
MOST_LINES = 7
_NUMBER = re.compile(r"^\s*([-+]?\d+(?:\.\d+)?)\s*(.*?)\s*$")


def sweeps(run: RunData) -> tuple[str, ...]:
    """Names of the sweeps of a run."""
    return tuple(dict.fromkeys(run.sweep["sweep"]))


def plot_sweep(
    run: RunData,
    facility: str,
    sweep: str,
    measure: str = "wait_mean",
    *,
    class_name: str = ALL,
    ax: Axes | None = None,
) -> Axes:
    """Draw a measure against what a sweep varies, with intervals of the mean.

    A grid of values is drawn as curves: the path with the most values along the axis, the next as curves, the rest as
    panels, MOST_PANELS at most. Points that fill no grid (a list, a Latin hypercube) are drawn against each path in a
    panel of its own. Returned is the first panel.
    """
    rows = sweep_rows(run, facility, sweep, measure, class_name=class_name)
    paths = paths_of(run, sweep)
    with style.styled():
        ax = ax or style.new_axes()
        if rows.empty or not rows["mean"].notna().any():
            style.say(ax, f"{facility}: sweep {sweep} has no {words.measure_words(measure)}")
            return ax
        if _is_grid(rows, paths):
            _draw_grid(ax, run, facility, rows, paths)
        else:
            _draw_scatter(ax, run, facility, rows, paths)
    return ax


def paths_of(run: RunData, sweep: str) -> tuple[str, ...]:
    """Paths a sweep varies."""
    own = run.sweep[run.sweep["sweep"] == sweep]
    return tuple(name for name in own.columns if name not in ("variant", "sweep") and (own[name] != "").any())


def sweep_rows(run: RunData, facility: str, sweep: str, measure: str, *, class_name: str = ALL) -> pd.DataFrame:
    """Values of each point of a sweep as written, with the row of summary.csv of the measure."""
    own = run.sweep[run.sweep["sweep"] == sweep][["variant", *paths_of(run, sweep)]]
    table = run.summary
    wanted = (table["facility"] == facility) & (table["station"] == ALL) & (table["class"] == class_name)
    return own.merge(table[wanted & (table["measure"] == measure)], on="variant", how="inner")


def as_numbers(texts: Sequence[str]) -> tuple[list[float], str]:
    """Values of a path as numbers with their common unit; places in order of first mention where they are words."""
    found = [_NUMBER.match(text) for text in texts]
    units = {match[2] if match else None for match in found}
    if len(units) == 1 and None not in units:
        return [float(match[1]) for match in found if match], str(units.pop() or "")
    order = list(dict.fromkeys(texts))
    return [float(order.index(text)) for text in texts], ""


def short_path(path: str, facility: str) -> str:
    """The end of a path that tells what it is, without the facility."""
    for kind in ("ports", "preclearance", "irregular"):
        path = path.removeprefix(f"{kind}.{facility}.")
    return path


def _is_grid(rows: pd.DataFrame, paths: Sequence[str]) -> bool:
    distinct = [rows[path].nunique() for path in paths]
    return math.prod(distinct) == len(rows.drop_duplicates(list(paths)))


def _draw_grid(ax: Axes, run: RunData, facility: str, rows: pd.DataFrame, paths: Sequence[str]) -> None:
    along, *others = sorted(paths, key=lambda path: -rows[path].nunique())
    lines, panels_by = others[:1], others[1:]
    parts = list(rows.groupby(panels_by, sort=False)) if panels_by else [((), rows)]
    panels = style.share_out(ax, (1.0,), [1.0] * min(len(parts), MOST_PANELS))
    for panel, (values, part) in zip(panels, parts, strict=False):
        said = ", ".join(f"{_last(path)} {value}" for path, value in zip(panels_by, values, strict=True))
        curves = list(part.groupby(lines, sort=False)) if lines else [((), part)]
        for place, (value, own) in enumerate(curves[:MOST_LINES]):
            label = f"{_last(lines[0])} {value[0]}" if lines else "_"
            _draw_curve(panel, own, along, place, label)
        _finish(panel, run, facility, rows, along, said)
    if panels_by and len(parts) > MOST_PANELS:
        ax.set_title(f"{ax.get_title(loc='left')} ({MOST_PANELS} of {len(parts)} shown)")
    handles = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    style.legend_above(ax, handles)


def _draw_scatter(ax: Axes, run: RunData, facility: str, rows: pd.DataFrame, paths: Sequence[str]) -> None:
    panels = style.share_out(ax, (1.0,), [1.0] * min(len(paths), MOST_PANELS), share_x=False)
    for panel, path in zip(panels, paths, strict=False):
        _draw_curve(panel, rows, path, 0, "a point of the sweep", joined=False)
        _finish(panel, run, facility, rows, path, "")
    handles = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    style.legend_above(ax, handles)


def _draw_curve(ax: Axes, rows: pd.DataFrame, along: str, place: int, label: str, *, joined: bool = True) -> None:
    factor, look = words.scale(str(rows["unit"].iloc[0])), style.look(place)
    at, _ = as_numbers(rows[along].tolist())
    order = np.argsort(at, kind="stable")
    x = np.asarray(at)[order]
    mean, low, high = (factor * rows[name].to_numpy(dtype=float)[order] for name in ("mean", "ci_low", "ci_high"))
    for one, below, above in zip(x, low, high, strict=True):
        if np.isfinite(below):
            ax.plot([one, one], [below, above], color=look.color, linewidth=2.0, alpha=0.7, label="_interval")
    dashes = look.dashes if joined else "none"
    marker = style.MARKERS[place % len(style.MARKERS)]
    ax.plot(x, mean, color=look.color, linestyle=dashes, marker=marker, markersize=11, label=label)


def _finish(ax: Axes, run: RunData, facility: str, rows: pd.DataFrame, along: str, said: str) -> None:
    measure, unit = str(rows["measure"].iloc[0]), str(rows["unit"].iloc[0])
    what = words.measure_words(measure)
    first = f"{what[:1].upper()}{what[1:]}, {words.unit_words(unit)}"
    ax.set_title(said or first if ax is ax.figure.axes[0] or said else "")
    scope = (BASELINE, facility, ALL, str(rows["class"].iloc[0]))
    base = run.estimate(scope, measure)
    if base is not None and np.isfinite(base.mean):
        level = words.scale(unit) * base.mean
        ax.axhline(level, color="black", linewidth=1.6, linestyle=style.STANDARD_LINE, label="baseline")
    texts = rows[along].tolist()
    at, name = as_numbers(texts)
    kept = dict(sorted(zip(at, texts, strict=True)))
    if len(kept) <= 8:
        ax.set_xticks(list(kept), list(kept.values()))
    ax.margins(x=0.06)
    ax.set_ylim(0.0, max(ax.get_ylim()[1], 1.0))
    unit_said = f", {name}" if name and len(kept) > 8 else ""
    ax.set_xlabel(f"{short_path(along, facility)}{unit_said}")


def _last(path: str) -> str:
    """The last words of a path, enough to tell what it is: `general booths`."""
    return " ".join(path.split(".")[-2:])


# ---- the frontier -----------------------------------------------------------------------------------------

_PRICES = ("journey_officer_hours", "officer_hours", "booth_hours")
"""The first that a facility has: of a hall with a far side the officers of both ends, as a clearance moves them."""
_GOODS = ("over_standard_share", "missed_share", "wait_p95")
MOST_NAMED = 12


def plot_frontier(run: RunData, facility: str, *, ax: Axes | None = None) -> Axes:
    """Draw what every variant achieves against what it takes: share over the standard against booth-hours.

    A variant is on the frontier when none that takes as little is better. Those are joined and numbered, with their
    names at the right; the others are hollow. Halls are drawn by missed departures and officer-hours, those of both
    ends where there are two; a facility without a standard by its 95th percentile wait.
    """
    rows = frontier_rows(run, facility)
    with style.styled():
        ax = ax or style.new_axes()
        if why := frontier_why_not(run, facility):
            style.say(ax, why)
            return ax
        price, good = rows["price"].to_numpy(dtype=float), rows["mean"].to_numpy(dtype=float)
        factor = words.scale(str(rows["unit"].iloc[0]))
        best = rows["frontier"] == "yes"
        for x, low, high in zip(price, factor * rows["ci_low"], factor * rows["ci_high"], strict=True):
            ax.plot([x, x], [low, high], color="#999999", linewidth=1.6, label="_interval")
        ax.plot(
            price[~best], factor * good[~best], marker="o", markersize=10, markerfacecolor="white", color="#555555",
            markeredgewidth=2.0, linestyle="none", label="does no better than one on the frontier", clip_on=False,
        )  # fmt: skip
        look = style.look(0)
        ax.plot(
            price[best],
            factor * good[best],
            color=look.color,
            marker="o",
            markersize=22,
            label="frontier",
            zorder=3,
            clip_on=False,
        )
        _number_points(ax, rows[best], factor)
        _say_prices(ax, rows)
    return ax


def frontier_why_not(run: RunData, facility: str) -> str:
    """Why there is no such figure, in one sentence; empty when there is one."""
    if len(run.variants) < 3:
        return f"{facility}: a frontier takes the baseline and two variants at least"
    rows = frontier_rows(run, facility)
    if rows.empty:
        return f"{facility}: no frontier, as it has no booths or nobody waited"
    if rows["price"].nunique() < 2:
        price = str(rows["price_measure"].iloc[0]).replace("_", "-")
        return f"{facility}: no frontier, as all variants take the same {price}"
    return ""


def frontier_rows(run: RunData, facility: str) -> pd.DataFrame:
    """A row per variant by booth-hours: price (hours), the measure with its interval, and whether on the frontier."""

    def of(measure: str) -> pd.DataFrame:
        table = run.summary
        wanted = (table["facility"] == facility) & (table["station"] == ALL) & (table["class"] == ALL)
        return table[wanted & (table["measure"] == measure) & table["mean"].notna()]

    goods = next((rows for rows in map(of, _GOODS) if not rows.empty), of(_GOODS[-1]))
    prices = next((rows for rows in map(of, _PRICES) if not rows.empty), of(_PRICES[-1]))
    own = prices[["variant", "mean", "measure"]].rename(columns={"mean": "price", "measure": "price_measure"})
    columns = ["variant", "facility", "measure", "unit", "mean", "ci_low", "ci_high"]
    rows = goods[columns].merge(own, on="variant").sort_values(["price", "mean"], kind="stable")
    best = list(_frontier(rows["mean"].tolist()))
    return rows.assign(frontier=["yes" if each else "no" for each in best]).reset_index(drop=True)


def _frontier(values: Sequence[float]) -> Iterator[bool]:
    """Which values, in order of their price, are below all before them."""
    least = math.inf
    for value in values:
        yield value < least
        least = min(least, value)


def _number_points(ax: Axes, rows: pd.DataFrame, factor: float) -> None:
    lines = []
    named = rows.head(MOST_NAMED)
    points = zip(named["variant"], column(named, "price"), factor * column(named, "mean"), strict=True)
    for place, (variant, price, good) in enumerate(points, start=1):
        ax.annotate(
            str(place), (price, good), ha="center", va="center", color="white", fontsize=15, zorder=4,
            fontweight="bold", annotation_clip=False,
        )  # fmt: skip
        lines.append(f"{place}  {variant}")
    if len(rows) > MOST_NAMED:
        lines.append(f"and {len(rows) - MOST_NAMED} more, in the table")
    ax.annotate(
        "\n".join(lines), (1.0, 1.0), xycoords="axes fraction", xytext=(14, 0), textcoords="offset points", va="top",
        fontsize=16, annotation_clip=False,
    )  # fmt: skip


def _price_words(rows: pd.DataFrame) -> str:
    measure = str(rows["price_measure"].iloc[0])
    where = "both ends" if measure == _PRICES[0] else "the run"
    return f"{measure.removeprefix('journey_').replace('_', '-')} of {where}"


def _say_prices(ax: Axes, rows: pd.DataFrame) -> None:
    measure, unit = str(rows["measure"].iloc[0]), str(rows["unit"].iloc[0])
    what = words.measure_words(measure)
    ax.set_title(f"{what[:1].upper()}{what[1:]}, {words.unit_words(unit)}")
    ax.set_xlabel(_price_words(rows))
    ax.margins(x=0.07)
    ax.set_ylim(0.0, max(1.08 * ax.get_ylim()[1], 1e-9))
    handles = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    style.legend_above(ax, handles[::-1])
