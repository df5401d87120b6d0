"""How likely a wait is to last longer than so many minutes, by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, words
from sim.report.curves import class_look, column
from sim.report.rundata import ALL, RunData
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

_TAIL = 0.005
"""A class ends where no more than this share of it still waits."""
_FEW = 0.05
"""The axis does not go on for a class that makes up less than this share of the parties."""
_IN_REACH = 2.5
"""The axis goes on to a standard that is no more than so many times as long."""
_COLUMNS = ("wait_min", "survival_mean", "survival_low", "survival_high")


def plot_wait_distribution(
    run: RunData,
    facility: str,
    *,
    variant: str = BASELINE,
    classes: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of parties that wait longer than x minutes, a curve per class, from wait_distribution.csv.

    The band is the interval of the share over replications. The facility's standard is a line across the curves, and
    the key says how many of each class wait longer than it (between grid minutes by a straight line). A class of which
    hardly anybody waits is told in the key alone. The axis ends where the classes do that make up most parties; its
    label says what lies beyond.
    """
    chosen = wait_classes(run, facility, variant) if classes is None else tuple(classes)
    standard = run.standard(facility)
    curves = {name: wait_rows(run, facility, variant, [name]).sort_values("wait_min") for name in chosen}
    with style.styled():
        ax = ax or style.new_axes()
        end = _end(run, facility, variant, curves, standard)
        keys = [_draw_class(ax, run, facility, name, rows, standard) for name, rows in curves.items()]
        _scales(ax, end)
        ax.set_title("Share of parties that wait longer")
        ax.set_xlabel(_axis_words(run, facility, curves, end, standard))
        if standard is not None and standard <= end:
            _draw_standard(ax, standard)
        if chosen:
            style.legend_above(ax, keys, heading=f"{run.scenario} · {run.when}\n{_key_words(run, standard)}")
        else:
            style.say(ax, "no parties waited")
    return ax


def _draw_standard(ax: Axes, standard: float) -> None:
    ax.axvline(standard, color="black", linewidth=2.0, linestyle=style.STANDARD_LINE, label="standard")
    ax.annotate(
        f"standard\n{standard:g} min",
        (standard, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(8, -4),
        textcoords="offset points",
        va="top",
        backgroundcolor="white",
    )


def wait_classes(run: RunData, facility: str, variant: str) -> tuple[str, ...]:
    """Classes with a curve: those of the facility in which somebody came; `all` only when it is the only one."""
    table = run.wait_distribution
    own = table[(table["variant"] == variant) & (table["facility"] == facility) & table["survival_mean"].notna()]
    present = tuple(dict.fromkeys(own["class"]))
    return tuple(name for name in present if name != ALL) or present


def wait_rows(run: RunData, facility: str, variant: str, classes: Sequence[str]) -> pd.DataFrame:
    """The rows of wait_distribution.csv that are drawn: the table behind the figure."""
    table = run.wait_distribution
    wanted = (table["variant"] == variant) & (table["facility"] == facility) & table["class"].isin(classes)
    return table[wanted]


def _draw_class(ax: Axes, run: RunData, facility: str, name: str, rows: pd.DataFrame, standard: float | None) -> Line2D:
    """Draw one curve, unless hardly anybody of the class waits at all; returned is its key."""
    from matplotlib.lines import Line2D

    minutes, share, low, high = (column(rows, each) for each in _COLUMNS)
    curve = class_look(run, facility, name)
    label = words.class_words(name, run.classes(facility))
    label = label[0].upper() + label[1:]
    if share[0] <= _TAIL:
        who = f"{words.number(100.0 * share[0])} % wait at all" if share[0] > 0.0 else "nobody waits"
        return Line2D([], [], linestyle="none", label=f"{label}: {who}")
    if standard is not None:
        over = _longer_than(rows, standard)
        label += f": {words.number(100.0 * over)} %"
        ax.plot(standard, over, marker="o", color=curve.color, markersize=13, zorder=4, clip_on=False, label="standard")
    if np.isfinite(low).any():
        ax.fill_between(minutes, low, high, color=curve.color, alpha=style.BAND_OF_CLASS, linewidth=0, label=name)
    (line,) = ax.plot(minutes, share, color=curve.color, linestyle=curve.dashes, label=label)
    return line


def _longer_than(rows: pd.DataFrame, minutes: float) -> float:
    """Share of parties that wait longer than so many minutes; between those of the file by a straight line."""
    return float(np.interp(minutes, column(rows, "wait_min"), column(rows, "survival_mean")))


def _key_words(run: RunData, standard: float | None) -> str:
    """What the numbers in the key are, and what the bands."""
    bands = f"Bands: {run.confidence} interval." if run.replications > 1 else ""
    return bands if standard is None else f"Beside the names: share that waits longer than {standard:g} min. {bands}"


def _end(
    run: RunData, facility: str, variant: str, curves: Mapping[str, pd.DataFrame], standard: float | None
) -> float:
    """Minutes at which the axis ends: where the classes do that many parties belong to, past a standard in reach."""
    parties = {name: _parties(run, facility, variant, name) for name in curves}
    many = [name for name, count in parties.items() if count >= _FEW * sum(parties.values())]
    end = max([_longest(curves[name]) for name in many], default=1.0)
    if standard is not None and standard <= _IN_REACH * end:
        end = max(end, 1.15 * standard)
    return max(end, 1.0)


def _parties(run: RunData, facility: str, variant: str, name: str) -> float:
    row = run.estimate((variant, facility, ALL, name), "arrivals")
    return 0.0 if row is None or not np.isfinite(row.mean) else row.mean


def _longest(rows: pd.DataFrame) -> float:
    """Minutes beyond which next to nobody of a class waits, by the upper bound; 0 where next to nobody does."""
    minutes, upper = column(rows, "wait_min"), rows["survival_high"].fillna(rows["survival_mean"]).to_numpy()
    waiting = np.flatnonzero(upper > _TAIL)
    return float(minutes[min(waiting[-1] + 1, len(minutes) - 1)]) if waiting.size else 0.0


def _axis_words(
    run: RunData, facility: str, curves: Mapping[str, pd.DataFrame], end: float, standard: float | None
) -> str:
    """The label of the axis, and what lies beyond its end."""
    beyond = []
    for name, rows in curves.items():
        if (share := _longer_than(rows, end)) > _TAIL:
            until = float(column(rows, "wait_min")[-1])
            who = words.class_words(name, run.classes(facility))
            beyond.append(f"{words.number(100.0 * share, 0)} % of {who}, up to {until:g} min")
    if standard is not None and standard > end:
        beyond.append(f"the standard of {standard:g} min")
    return f"minutes of waiting{'; beyond: ' if beyond else ''}{'; '.join(beyond)}"


def _scales(ax: Axes, end: float) -> None:
    from matplotlib.ticker import PercentFormatter

    ax.set_xlim(0.0, end)
    ax.set_ylim(0.0, 1.0)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
