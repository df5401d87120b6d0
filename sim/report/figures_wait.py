"""How likely a wait is to last longer than so many minutes, by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, words
from sim.report.curves import class_look
from sim.report.rundata import ALL, BASELINE, RunData

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_TAIL = 0.005
"""The axis ends where no class has more than this share still waiting."""


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
    the key says how many of each class wait longer than it (between grid minutes by a straight line).
    """
    chosen = wait_classes(run, facility, variant) if classes is None else tuple(classes)
    standard = run.standard(facility)
    with style.styled():
        ax = ax or style.new_axes()
        for name in chosen:
            _draw_class(ax, run, facility, variant, name, standard)
        _scales(ax, wait_rows(run, facility, variant, chosen), standard)
        ax.set_title("Share of parties that wait longer")
        ax.set_xlabel("minutes of waiting")
        if standard is not None:
            ax.axvline(standard, color="black", linewidth=2.0, linestyle=(0, (2, 2)), label="standard")
            ax.annotate(
                f"standard\n{standard:g} min",
                (standard, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(8, -4),
                textcoords="offset points",
                va="top",
                backgroundcolor="white",
            )
        if chosen:
            curves = [line for line in ax.lines if line.get_label() != "standard"]
            ax.legend(
                handles=curves, loc="upper right", alignment="left", title=_key_title(run, standard), frameon=True
            )
        else:
            style.say(ax, "no parties waited")
    return ax


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


def _draw_class(ax: Axes, run: RunData, facility: str, variant: str, name: str, standard: float | None) -> None:
    rows = wait_rows(run, facility, variant, [name]).sort_values("wait_min")
    minutes, share, low, high = (
        rows[column].to_numpy(dtype=float) for column in ("wait_min", "survival_mean", "survival_low", "survival_high")
    )
    every = run.classes(facility)
    curve = class_look(run, facility, name)
    label = words.class_words(name, every)
    label = label[0].upper() + label[1:]
    if standard is not None and minutes[0] <= standard <= minutes[-1]:
        over = float(np.interp(standard, minutes, share))
        label += f": {words.number(100.0 * over)} %"
        ax.plot(standard, over, marker="o", color=curve.color, markersize=13, zorder=4, clip_on=False, label="standard")
    if np.isfinite(low).any():
        ax.fill_between(minutes, low, high, color=curve.color, alpha=style.BAND_OF_CLASS, linewidth=0, label=name)
    ax.plot(minutes, share, color=curve.color, linestyle=curve.dashes, label=label)


def _key_title(run: RunData, standard: float | None) -> str | None:
    bands = f"bands: {run.confidence} interval" if run.replications > 1 else None
    if standard is None:
        return bands
    over = f"Waiting longer than {standard:g} min"
    return f"{over}\n({bands})" if bands else over


def _scales(ax: Axes, rows: pd.DataFrame, standard: float | None) -> None:
    from matplotlib.ticker import PercentFormatter

    upper = rows["survival_high"].fillna(rows["survival_mean"])
    longest = float(rows.loc[upper > _TAIL, "wait_min"].max()) if (upper > _TAIL).any() else 1.0
    ax.set_xlim(0.0, max(1.05 * longest, 2.0 * (standard or 0.0), 1.0))
    ax.set_ylim(0.0, 1.0)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
