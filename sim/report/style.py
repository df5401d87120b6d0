"""How figures look and how they are written: one style file, one set of line looks, the same bytes on every run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sim.report import words
from sim.study import store

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Text
    from matplotlib.transforms import Transform

STYLE_FILE = Path(__file__).with_name("style.mplstyle")
BAND_OF_MEAN = 0.50
"""Opacity of the dark band: the interval of the mean."""
BAND_OF_DAYS = 0.18
"""Opacity of the light band: the spread of days."""
BAND_OF_CLASS = 0.25
"""Opacity of an interval where the bands of several classes lie over one another."""
GREY = "#555555"
DASHES: tuple[Any, ...] = (
    "solid",
    (0, (5, 1.6)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (1.2, 1.2)),
    (0, (9, 2.5)),
    (0, (3, 1.2, 1.2, 1.2, 1.2, 1.2)),
    (0, (2.5, 2.5)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""Points of series are told apart by their shape as well."""
HATCHES = ("", "////", "....", "xxxx", "----", "\\\\\\\\", "++++")
"""Areas are told apart by their hatching as well."""
STANDARD_LINE: tuple[Any, ...] = (0, (2, 2))
_TICK_STEPS = (15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 10080, 20160, 40320)
"""Minutes between labels on a clock axis."""
_MONTHS_FROM = 100.0 * 1440.0
"""Axes longer than this have months and years for labels."""
_MOST_STEPS = 8
_POINTS_PER_LABEL = 85.0
HEADING = 15
"""Points of the heading of a legend: which scenario, which day."""
_POINTS_PER_CHARACTER = 0.58 * HEADING
_TITLE_WIDTH = 67
"""Characters of a headline that fit on one line."""


@dataclass(frozen=True)
class Look:
    """Colour and line style of one curve; both differ between curves, so grey prints stay readable."""

    color: str
    dashes: Any


def look(index: int) -> Look:
    """The look of curve `index`; after the palette is used up, colours return with another line style."""
    from matplotlib import rc_params_from_file

    colors = rc_params_from_file(STYLE_FILE, use_default_template=False)["axes.prop_cycle"].by_key()["color"]
    turn, place = divmod(index, len(colors))
    return Look(f"#{colors[place].lstrip('#')}", DASHES[(place + turn) % len(DASHES)])


@contextmanager
def styled() -> Iterator[None]:
    """Everything drawn or saved inside has the project's look; matplotlib's settings return afterwards."""
    import matplotlib.style

    with matplotlib.style.context(["default", STYLE_FILE]):
        yield


def new_axes(extra_height: float = 0.0) -> Axes:
    """Axes on a new slide-sized figure (or taller by some inches) that belongs to no window and no global state."""
    from matplotlib.figure import Figure

    with styled():
        figure = Figure()
        figure.set_figheight(figure.get_figheight() + extra_height)
        return figure.add_subplot()


def clock_axis(ax: Axes, start: datetime, minutes: float, zone: ZoneInfo | None = None) -> None:
    """Label a horizontal axis in minutes from `start` with clock times, dates where the axis spans days."""
    ax.set_xlim(0.0, minutes)
    points = ax.get_window_extent().width / ax.get_figure(root=True).dpi * 72.0  # type: ignore[union-attr]
    ticks = clock_ticks(start, minutes, max(1, min(_MOST_STEPS, int(points / _POINTS_PER_LABEL))), zone)
    ax.set_xticks([at for at, _ in ticks], [text for _, text in ticks])


def clock_ticks(
    start: datetime, minutes: float, steps: int = _MOST_STEPS, zone: ZoneInfo | None = None
) -> list[tuple[float, str]]:
    """Minutes from `start` and labels at round clock times, no more than `steps` apart over the whole axis.

    With a zone the clock is that of the place, also on a day on which it changes.
    """
    moments = _months(start, minutes, steps) if minutes > _MONTHS_FROM else _hours(start, minutes, steps)
    ticks: list[tuple[float, str]] = []
    for moment in moments:
        at = minutes_between(start, moment, zone)
        if 0.0 <= at <= minutes and (not ticks or at > ticks[-1][0]):
            ticks.append((at, _clock(moment, at, minutes)))
    return ticks


def minutes_between(start: datetime, moment: datetime, zone: ZoneInfo | None) -> float:
    """Minutes from one civil time to another, of a place where its zone is given."""
    if zone is None:
        return (moment - start).total_seconds() / 60.0
    there, here = (each.replace(tzinfo=zone).astimezone(UTC) for each in (moment, start))
    return (there - here).total_seconds() / 60.0


def _hours(start: datetime, minutes: float, steps: int) -> Iterator[datetime]:
    step = timedelta(minutes=next((size for size in _TICK_STEPS if minutes / size <= steps), _TICK_STEPS[-1]))
    moment = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while moment <= start + timedelta(minutes=minutes + 60.0):  # the clocks may have been put forward by an hour
        yield moment
        moment += step


def _months(start: datetime, minutes: float, steps: int) -> Iterator[datetime]:
    months = minutes / (30.4 * 1440.0)
    step = next((size for size in (1, 2, 3, 6, 12, 24, 60, 120, 240) if months / size <= steps), 600)
    first = start.year * 12 + (start.month - 1) // min(step, 12) * min(step, 12)
    for month in range(first, first + int(months) + 2 * step, step):
        yield datetime(month // 12, month % 12 + 1, 1)


def _clock(moment: datetime, at: float, minutes: float) -> str:
    if minutes > _MONTHS_FROM:
        return f"{moment:%b %Y}"
    if minutes > 4 * 1440.0:
        return f"{moment:%a} {moment.day} {moment:%b}"
    if moment.hour == moment.minute == 0 and minutes > 1440.0:
        return f"00:00\n{moment:%a} {moment.day}"
    if moment.hour == moment.minute == 0 and at == minutes:
        return "24:00"
    return f"{moment:%H:%M}"


def share_out(ax: Axes, heights: Sequence[float], widths: Sequence[float] = (1.0,), share_x: bool = True) -> list[Axes]:
    """Split the room of `ax` into panels, row by row, that share its horizontal axis; `ax` is the first."""
    from matplotlib.gridspec import GridSpec

    figure, spec = ax.get_figure(root=True), ax.get_subplotspec()
    assert figure is not None
    if spec is None:
        box = ax.get_position()
        spec = GridSpec(1, 1, figure, left=box.x0, right=box.x1, bottom=box.y0, top=box.y1)[0]
    cells = spec.subgridspec(len(heights), len(widths), height_ratios=heights, width_ratios=widths)
    places = [cells[row, column] for row in range(len(heights)) for column in range(len(widths))]
    ax.set_subplotspec(places[0])
    return [ax, *(figure.add_subplot(place, sharex=ax if share_x else None) for place in places[1:])]


def legend_above(ax: Axes, handles: list[Any], *, from_edge: bool = False, heading: str = "") -> Legend:
    """A legend above the panel's title, where it can hide no data, in as many columns as there is room for.

    It begins where the panel does, or `from_edge` of the figure, beside a panel with long labels. A heading stands
    over it, broken into lines that fit. A handle may be a tuple of which the last, on top, has the label.
    """
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    figure, spec = ax.get_figure(root=True), ax.get_subplotspec()
    assert figure is not None
    beside = 1 if spec is None else spec.get_topmost_subplotspec().get_gridspec().ncols
    room = max(ax.bbox.width, 0.93 * figure.bbox.width / beside)
    title = 1.15 * float(ax.title.get_fontsize()) + 14.0
    base = blended_transform_factory(figure.transFigure, ax.transAxes) if from_edge else ax.transAxes
    above = base + ScaledTranslation(0.0, title / 72.0, figure.dpi_scale_trans)
    start = 0.012 if from_edge else 0.0
    labels = [str((each[-1] if isinstance(each, tuple) else each).get_label()) for each in handles]
    for columns in range(len(handles), 0, -1):
        legend = ax.legend(
            handles, labels, loc="lower left", bbox_to_anchor=(start, 1.0), bbox_transform=above, ncols=columns,
            title=wrapped(heading, room / figure.dpi * 72.0) or None, alignment="left",
            title_fontproperties={"size": HEADING},
        )  # fmt: skip
        if legend.get_window_extent().width <= room:
            break
    return legend


def band_patches(
    confidence: str,
    replications: int,
    horizon: float = 0.0,
    *,
    days: bool = True,
    color: str = "black",
    edge: float = 0.0,
) -> list[Artist]:
    """What the bands are, for a legend; nothing with a single replication, which has none.

    `horizon` is that of a replication, in minutes: one longer than a day is not called one.
    `edge` is the width of the lines that bound the spread of days, 0 where it has none.
    """
    from matplotlib.patches import Patch

    if replications < 2:
        return []
    dark = Patch(color=color, alpha=BAND_OF_MEAN, linewidth=0, label=f"{confidence} interval of the mean")
    light = Patch(
        facecolor=(color, BAND_OF_DAYS),
        edgecolor=color if edge else "none",
        linewidth=edge,
        label=words.eight_in_ten(horizon),
    )
    return [dark, light] if days else [dark]


def legend_beside_title(ax: Axes, title: Text) -> None:
    """A legend in one row with the panel's title; where that is too wide, under the labels of the axis."""
    from matplotlib.transforms import ScaledTranslation

    handles = ax.get_legend_handles_labels()[0]
    legend = ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.03), ncols=len(handles))
    if legend.get_window_extent().width + title.get_window_extent().width <= ax.bbox.width:
        return
    figure = ax.get_figure(root=True)
    assert figure is not None
    below = ax.transAxes + ScaledTranslation(0.0, -40.0 / 72.0, figure.dpi_scale_trans)
    ax.legend(loc="upper left", bbox_to_anchor=(0.0, 0.0), bbox_transform=below, ncols=len(handles))


def say(ax: Axes, text: str) -> None:
    """Say in the middle of an empty panel why it is empty."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=GREY, backgroundcolor="white")


def save(figure: Figure, stem: Path, title: str) -> list[Path]:
    """Write `stem`.png and `stem`.svg whole; the same figure gives the same bytes. Returns both paths."""
    _lay_out(figure)
    paths = []
    for kind in ("png", "svg"):
        paths.append(stem.with_name(f"{stem.name}.{kind}"))
        store.write_bytes(paths[-1], _drawn(figure, kind, title))
    return paths


def svg(figure: Figure) -> bytes:
    """A figure as SVG; the same figure gives the same bytes."""
    _lay_out(figure)
    return _drawn(figure, "svg", None)


def _drawn(figure: Figure, kind: str, title: str | None) -> bytes:
    from io import BytesIO

    said: dict[str, Any] = {"Title": title} if title else {}
    said |= {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    buffer = BytesIO()
    with styled():
        figure.savefig(buffer, format=kind, metadata=said)
    return buffer.getvalue()


def _lay_out(figure: Figure) -> None:
    """Place everything once for both files, rounded: the last bits of what the solver finds may vary."""
    with styled():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        for ax in figure.axes:
            ax.set_position(tuple(round(each, 6) for each in ax.get_position().bounds))


def wrapped(text: str, points: float) -> str:
    """A heading broken into lines that fit into so many points."""
    from textwrap import wrap

    width = max(10, int(points / _POINTS_PER_CHARACTER))
    return "\n".join(part for line in text.splitlines() for part in wrap(line, width))


def write_title(figure: Figure, title: str) -> None:
    """A headline over the whole figure, broken into lines that fit a slide."""
    from textwrap import wrap

    figure.suptitle("\n".join(wrap(title, width=_TITLE_WIDTH)), x=0.012, ha="left")


def thousands(ax: Axes, axis: str = "y") -> None:
    """Numbers of an axis as they are printed elsewhere: `1,200`."""
    from matplotlib.ticker import FuncFormatter

    which = ax.yaxis if axis == "y" else ax.xaxis
    which.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def below(ax: Axes) -> Transform:
    """Coordinates of the axes, moved down to where the label of the horizontal axis stands."""
    from matplotlib.transforms import ScaledTranslation

    figure = ax.get_figure(root=True)
    assert figure is not None
    return ax.transAxes + ScaledTranslation(0.0, -30.0 / 72.0, figure.dpi_scale_trans)
