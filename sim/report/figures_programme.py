"""Members of a trusted-traveller programme against the others of their mode: NEXUS cars against general cars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, timeline, words
from sim.report.curves import INTERVAL, class_look, column, draw_curve
from sim.report.rundata import ALL, RunData
from sim.scenario.vocabulary import BASELINE
from sim.study.estimators import paired_difference

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

WAIT, BAD_WAIT, SAVED = "wait_mean", "wait_p95", "wait_mean_saved"
MOST_CLASSES = 7
Whole = dict[tuple[str, str], tuple[float, float, float]]
"""Mean and interval over the whole run, by class and measure."""


def groups(run: RunData, facility: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(mode, classes) of what can be set side by side: the classes of one mode."""
    scopes = ((name, (BASELINE, facility, ALL, name)) for name in run.classes(facility))
    known = [name for name, scope in scopes if run.estimate(scope, WAIT) is not None]
    for mode in dict.fromkeys(name.partition(".")[0] for name in known):
        own = tuple(name for name in known if name.partition(".")[0] == mode)
        if len(own) > 1:
            yield mode, own[:MOST_CLASSES]


def plot_programmes(
    run: RunData, facility: str, classes: Sequence[str], *, variant: str = BASELINE, ax: Axes | None = None
) -> Axes:
    """Draw the wait over the day of several classes, and the mean and the 95th percentile of each beneath.

    Bands and whiskers are intervals of the mean. Beneath stands what members save: the mean over replications of the
    difference to the class without a programme, with its interval. Returned is the first
    panel, the other follows it in `ax.figure.axes`.
    """
    rows = programme_rows(run, facility, classes, variant=variant)
    with style.styled():
        height = 0.55 * len(classes) + 0.3
        ax = ax or style.new_axes(extra_height=max(0.0, height - 1.7))
        top, below = style.share_out(ax, (3.0, height), share_x=False)
        for name in classes:
            own = rows[(rows["class"] == name) & rows["bin_start"].notna()]
            middle = column(own, "bin_start") + timeline.width(run) / 2.0
            draw_curve(top, middle, own, class_look(run, facility, name), _word(run, facility, name), INTERVAL)
        top.set_title("Mean wait of those who join then, minutes")
        top.set_ylim(0.0, max(top.get_ylim()[1], 1.0))
        if not rows["mean"].notna().any():
            style.say(top, "no parties arrived")
        style.clock_axis(top, run.start, run.horizon, run.zone(facility))
        whole = _whole(rows)
        _draw_whole(below, run, whole, facility, classes)
        below.set_xlabel("\n".join(["minutes of waiting", *_sentences(run, whole, facility, classes)]))
        handles: list[Artist] = list(top.lines)
        style.legend_above(
            top, handles + style.band_patches(run.confidence, run.replications, days=False), from_edge=True
        )
    return top


def programme_rows(run: RunData, facility: str, classes: Sequence[str], *, variant: str = BASELINE) -> pd.DataFrame:
    """Rows of series.csv (with bin_start) and summary.csv (without) that are drawn, and the differences.

    A difference has the measure `wait_mean_saved`: of the class in `class` against the first class without a programme,
    paired by replication.
    """
    import pandas as pd

    scopes = [(variant, facility, ALL, name) for name in classes]
    parts = [timeline.curve(run, scope, WAIT) for scope in scopes]
    own = run.summary[(run.summary["variant"] == variant) & (run.summary["facility"] == facility)]
    own = own[(own["station"] == ALL) & own["class"].isin(classes) & own["measure"].isin([WAIT, BAD_WAIT])]
    parts.append(own.assign(bin_start=np.nan))
    parts.append(pd.DataFrame(_saved(run, facility, classes, variant)))
    front = ["variant", "facility", "station", "class", "bin_start", "measure", "unit"]
    shown = [part[[*front, *(c for c in ("mean", "ci_low", "ci_high") if c in part)]] for part in parts if len(part)]
    return pd.concat(shown, ignore_index=True) if shown else parts[1][[*front, "mean", "ci_low", "ci_high"]]


def _saved(run: RunData, facility: str, classes: Sequence[str], variant: str) -> Iterator[dict[str, object]]:
    general = next((name for name in classes if "." not in name), None)
    if general is None:
        return
    for name in classes:
        if name == general:
            continue
        mine, base = (run.samples.whole((variant, facility, ALL, each), WAIT) for each in (name, general))
        if mine.size and mine.shape == base.shape:
            found = paired_difference(base, mine)
            said = {"variant": variant, "facility": facility, "station": ALL, "class": name, "bin_start": np.nan}
            numbers = {"mean": float(found.mean), "ci_low": float(found.low), "ci_high": float(found.high)}
            yield {**said, "measure": SAVED, "unit": "min", **numbers}


def _word(run: RunData, facility: str, name: str) -> str:
    return words.class_words(name, run.classes(facility))


def _whole(rows: pd.DataFrame) -> Whole:
    own = rows[rows["bin_start"].isna()]
    numbers = (column(own, name).tolist() for name in ("mean", "ci_low", "ci_high"))
    return dict(zip(zip(own["class"], own["measure"], strict=True), zip(*numbers, strict=True), strict=True))


def _draw_whole(ax: Axes, run: RunData, whole: Whole, facility: str, classes: Sequence[str]) -> None:
    """Mean (filled) and 95th percentile (hollow) of each class, with whiskers."""
    for place, name in enumerate(classes):
        look = class_look(run, facility, name)
        for measure, offset, marker in ((WAIT, -0.14, "o"), (BAD_WAIT, 0.14, "D")):
            if (name, measure) not in whole:
                continue
            mean, low, high = whole[name, measure]
            if not np.isfinite(mean):
                continue
            at = place + offset
            if np.isfinite(low):
                ax.plot(
                    [low, high], [at, at], color=look.color, linewidth=4.0, solid_capstyle="butt", label="_interval"
                )
            face = look.color if measure == WAIT else "white"
            ax.plot(
                mean, at, marker=marker, markersize=13, color=look.color, markerfacecolor=face, markeredgewidth=2.5,
                linestyle="none", label=f"{name} {measure}",
            )  # fmt: skip
            ax.annotate(
                words.number(mean), (max(mean, high if np.isfinite(high) else mean), at), xytext=(12, 0),
                textcoords="offset points", va="center", fontsize=16,
            )  # fmt: skip
    ax.set_ylim(len(classes) - 0.5, -0.5)
    ax.set_yticks(range(len(classes)), [_word(run, facility, name) for name in classes])
    ax.set_title("Whole run: mean ●, 95th percentile ◇")
    ax.set_xlim(0.0, 1.12 * max(float(ax.dataLim.x1), 1.0) if np.isfinite(ax.dataLim.x1) else 1.0)
    ax.grid(axis="y", visible=False)


def _sentences(run: RunData, whole: Whole, facility: str, classes: Sequence[str]) -> Iterator[str]:
    for name in classes:
        if (name, SAVED) in whole:
            mean, low, high = whole[name, SAVED]
            if np.isfinite(mean):
                more = "less" if mean >= 0.0 else "more"
                low, high = (low, high) if mean >= 0.0 else (-high, -low)
                interval = f" ({words.number(low)} to {words.number(high)})" if np.isfinite(low) else ""
                yield f"{_word(run, facility, name)} wait {words.number(abs(mean))} min {more}{interval}"
