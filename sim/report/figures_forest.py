"""All variants against the baseline in one picture: differences with paired and with simultaneous intervals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, words
from sim.report.flows import decides
from sim.report.halls import is_hall
from sim.report.rundata import ALL, RunData

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MEASURES = ("wait_mean", "wait_p95", "over_standard_share", "missed_share")
"""Measures that get a figure of their own, where the run has them."""
OF_A_HALL = ("wait_total_mean", "wait_total_p95", *MEASURES[2:])
"""The same of a hall: under another clearance nobody may come to an officer, and no mean wait there is known."""
OF_A_FLOW = ("persons", "persons_intercepted", "persons_returned", "claims_eligible", "overflow_nights")
"""The same of an irregular flow, of which nobody asks how long it waits."""
MOST_VARIANTS = 16
"""Rows in one figure."""
_LEAST_SPAN = 0.01
"""As printed: differences that span less are shown as the nothing they are."""
_COLUMNS = ("difference", "ci_low", "ci_high", "ci_low_simultaneous", "ci_high_simultaneous")


def compared(has: Collection[str]) -> tuple[str, ...]:
    """Measures that get a figure of their own at a facility that has these."""
    if "claims" in has:
        return OF_A_FLOW
    return OF_A_HALL if OF_A_HALL[0] in has else MEASURES


def compared_of(run: RunData, facility: str) -> tuple[str, ...]:
    """The same of a facility of a run."""
    return compared(("claims",) if decides(run, facility) else OF_A_HALL[:1] if is_hall(run, facility) else ())


def plot_forest(
    run: RunData,
    facility: str,
    measure: str = "wait_mean",
    *,
    station: str = ALL,
    class_name: str = ALL,
    variants: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the difference of each variant from the baseline, the most wanted change on top, from comparison.csv.

    The thick bar is the paired interval of that variant alone, the thin one holds for all variants of the run at once.
    The point is filled where the thin bar lies clear of 0. Shares are drawn in points of a per cent.

    Args:
        run: with variants.
        facility: which.
        measure: as in comparison.csv.
        station, class_name: whose measure.
        variants: which to draw; None draws the first MOST_VARIANTS and says how many there are.
        ax: where; a new figure when None.
    """
    rows = forest_rows(run, facility, measure, station=station, class_name=class_name)
    base = run.estimate(("baseline", facility, station, class_name), measure)
    about = Told(measure, base.mean if base else np.nan, run.confidence, run.replications)
    why = forest_why_not(run, facility, measure) or f"{facility}: none of these variants was run"
    return draw_forest(rows, about, why, variants, ax)


@dataclass(frozen=True)
class Told:
    """What a forest says beside its rows."""

    measure: str
    baseline: float
    """Its mean, as in the files."""
    confidence: str
    replications: int


def draw_forest(
    rows: pd.DataFrame, told: Told, why_not: str, variants: Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw rows of comparison.csv, one variant each, in their order; `why_not` is said where there are none."""
    shown = rows[rows["variant"].isin(variants)] if variants is not None else rows.head(MOST_VARIANTS)
    with style.styled():
        ax = ax or style.new_axes(extra_height=min(0.0, 0.62 * (len(shown) - 9)))
        if shown.empty:
            style.say(ax, why_not)
            return ax
        factor = words.scale(str(shown["unit"].iloc[0]))
        values = factor * shown[list(_COLUMNS)].to_numpy(dtype=float)
        for place, (name, row) in enumerate(zip(shown["variant"], values, strict=True)):
            _draw_row(ax, place, str(name), row, variant_clear(row))
        _label_rows(ax, shown["variant"].tolist(), values, str(shown["unit"].iloc[0]) == "share")
        _titles(ax, told.measure, str(shown["unit"].iloc[0]), told.baseline * factor)
        if variants is None and len(rows) > len(shown):
            ax.set_title(f"{ax.get_title(loc='left')}; {len(shown)} of {len(rows)} shown")
        _key(ax, told, len(rows))
    return ax


def forest_why_not(run: RunData, facility: str, measure: str) -> str:
    """Why there is no such figure, in one sentence; empty when there is one."""
    if run.comparison.empty:
        return f"{facility}: no variants to compare; run the scenario with --all"
    table = run.comparison
    found = (table["facility"] == facility) & (table["measure"] == measure) & table["difference"].notna()
    return "" if found.any() else f"{facility}: no variant has a difference in {words.measure_words(measure)}"


def forest_rows(
    run: RunData, facility: str, measure: str, *, station: str = ALL, class_name: str = ALL
) -> pd.DataFrame:
    """Rows of comparison.csv with a difference, the most wanted first: the table behind the figure."""
    table = run.comparison
    wanted = (table["facility"] == facility) & (table["station"] == station) & (table["class"] == class_name)
    rows = table[wanted & (table["measure"] == measure) & table["difference"].notna()]
    return most_wanted_first(rows, measure)


def most_wanted_first(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Rows of comparison.csv of one measure in the order of a forest."""
    from sim.study.catalogue import describe

    better = describe(measure).lower_is_better
    return rows.sort_values("difference", ascending=better is not False, kind="stable").reset_index(drop=True)


def variant_clear(row: Sequence[float]) -> bool:
    """True when the simultaneous interval exists and does not hold 0."""
    low, high = row[3], row[4]
    return bool(low > 0.0 or high < 0.0)


def _draw_row(ax: Axes, place: int, name: str, row: Sequence[float], clear: bool) -> None:
    value, low, high, wide_low, wide_high = row
    look = style.look(0 if value <= 0.0 else 1) if clear else style.Look("#555555", "solid")
    if np.isfinite(wide_low):
        ax.plot([wide_low, wide_high], [place, place], color=look.color, linewidth=2.2, label=f"{name}: simultaneous")
        for end in (wide_low, wide_high):
            ax.plot([end, end], [place - 0.14, place + 0.14], color=look.color, linewidth=2.2, label="_cap")
    if np.isfinite(low):
        ax.plot(
            [low, high], [place, place], color=look.color, linewidth=8.0, solid_capstyle="butt", label=f"{name}: paired"
        )
    face = look.color if clear else "white"
    ax.plot(
        value, place, marker="o", markersize=14, color=look.color, markerfacecolor=face, markeredgewidth=2.5,
        linestyle="none", label=name, zorder=4,
    )  # fmt: skip


def _label_rows(ax: Axes, names: Sequence[str], values: np.ndarray, share: bool) -> None:
    """Names at the left, numbers at the right, a line at 0."""
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_yticks(range(len(names)), [shorten(name) for name in names])
    ax.grid(axis="y", visible=False)
    ax.axvline(0.0, color="black", linewidth=1.8, label="baseline")
    finite = values[np.isfinite(values)]
    low, high = min(float(finite.min()), 0.0), max(float(finite.max()), 0.0)
    room = 0.06 * (high - low) if high - low > _LEAST_SPAN else 1.0
    # No share changes by more than 100 points, whatever an interval says.
    most = 100.0 if share else np.inf
    ax.set_xlim(max(low - room, -most), min(high + room, most))
    right = ax.secondary_yaxis("right")
    right.set_yticks(range(len(names)), [_number(row) for row in values])
    right.tick_params(length=0, labelsize=16)
    right.spines["right"].set_visible(False)


def shorten(name: str, most: int = 34) -> str:
    """A name that fits beside an axis; the middle of a longer one is left out."""
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-(most - most // 2 - 1) :]}"


def _number(row: Sequence[float]) -> str:
    value, low, high = row[:3]
    most = max(abs(each) for each in (value, low, high) if np.isfinite(each))
    places = 0 if most >= 100.0 else 1 if most >= 1.0 else 2
    text = words.signed(value, places)
    if not np.isfinite(low) or low == high:
        return text
    return f"{text} ({words.signed(low, places)} to {words.signed(high, places)})"


def _titles(ax: Axes, measure: str, unit: str, base: float) -> None:
    what, said = words.measure_words(measure), "points" if unit == "share" else words.unit_words(unit)
    ax.set_title(f"Change in {what}, {said}; baseline {words.number(base)}{' %' if unit == 'share' else ''}")
    low, high = ax.get_xlim()
    if low < 0.15 * (low - high):
        ax.set_xlabel("← less than the baseline", loc="left")
    if high > 0.15 * (high - low):
        ax.text(1.0, 0.0, "more than the baseline →", transform=style.below(ax), ha="right", va="top")


def _key(ax: Axes, told: Told, count: int) -> None:
    from matplotlib.lines import Line2D

    if told.replications < 2:
        return
    handles = [
        Line2D(
            [], [], color="black", linewidth=8.0, solid_capstyle="butt", label=f"{told.confidence} interval, paired"
        ),
        Line2D([], [], color="black", linewidth=2.2, label=f"for {words.counted(count, 'variant')} at once"),
        Line2D([], [], color="black", marker="o", markersize=14, linestyle="none", label="clear"),
        Line2D(
            [], [], color="#555555", marker="o", markersize=14, markerfacecolor="white", markeredgewidth=2.5,
            linestyle="none", label="may be nothing",
        ),
    ]  # fmt: skip
    style.legend_above(ax, handles, from_edge=True)
