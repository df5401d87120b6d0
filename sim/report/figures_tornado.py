"""Which uncertain inputs matter: the bars of a tornado, from a sensitivity study."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import RunFolderError
from sim.report import style, words
from sim.report.figures_forest import shorten
from sim.report.figures_sweep import short_path
from sim.report.picture import Picture, write
from sim.report.rundata import RunData
from sim.study.store import SENSITIVITY

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_INPUTS = 12
_TEXTS = ("facility", "measure", "unit", "input", "low", "high")


@dataclass(frozen=True, eq=False)
class StudyData:
    """The files of one sensitivity study."""

    folder: Path
    tornado: pd.DataFrame
    """tornado.csv: a row per facility, measure and input, the widest bar first."""

    subject: str
    """What it is of (`sim.study.sensitivity.subject`); empty where the file does not tell."""

    @classmethod
    def open(cls, folder: Path | str) -> StudyData:
        """Read the folder of a study.

        Raises:
            RunFolderError: it is none, or damaged.
        """
        import pandas as pd

        folder = Path(folder)
        path = folder / "tornado.csv"
        if not is_study(folder):
            raise RunFolderError(f"{folder} is no sensitivity study: it has no {SENSITIVITY}")
        try:
            said = json.loads((folder / SENSITIVITY).read_text(encoding="utf-8"))
            table = pd.read_csv(path, dtype=dict.fromkeys(_TEXTS, str), keep_default_na=False, na_values=[""])
        except (OSError, ValueError) as error:
            raise RunFolderError(f"{path} cannot be read: {error}") from error
        return cls(folder, table, str(said.get("baseline", "")))

    def pairs(self) -> list[tuple[str, str]]:
        """(facility, measure) of each tornado."""
        rows = self.tornado.drop_duplicates(["facility", "measure"])
        return list(zip(rows["facility"], rows["measure"], strict=True))


def is_study(folder: Path) -> bool:
    """True for the folder of a finished sensitivity study."""
    return (folder / SENSITIVITY).is_file()


def studies_of(run: RunData) -> Iterator[StudyData]:
    """The finished studies of the baseline of a run that stand beside its folder, the oldest first.

    Raises:
        RunFolderError: one of them is damaged.
    """
    found = [path.parent for path in run.folder.resolve().parent.glob(f"sensitivity-*/{SENSITIVITY}")]
    if not found or run.study is None:
        return
    from sim.study.sensitivity import subject

    own = subject(run.study)
    for folder in sorted(found, key=lambda each: ((each / SENSITIVITY).stat().st_mtime_ns, each.name)):
        study = StudyData.open(folder)
        if study.subject == own:
            yield study


def plot_tornado(study: StudyData, facility: str, measure: str, *, ax: Axes | None = None) -> Axes:
    """Draw a measure with each input at the low and at the high end of its range, the others as in the baseline.

    The widest MOST_INPUTS bars; the title says how many inputs there are. The values at the ends stand beside the bars.
    """
    rows = tornado_rows(study, facility, measure)
    shown = rows.head(MOST_INPUTS)
    with style.styled():
        ax = ax or style.new_axes(extra_height=min(0.0, 0.55 * (len(shown) - 9)))
        if shown.empty or not np.isfinite(shown["baseline"]).all():
            style.say(ax, f"{facility}: the baseline has no {words.measure_words(measure)}")
            return ax
        unit = str(shown["unit"].iloc[0])
        factor = words.scale(unit)
        base = factor * float(shown["baseline"].iloc[0])
        for place, row in enumerate(shown.to_dict("records")):
            _draw_bar(ax, place, row, base, factor)
        ax.axvline(base, color="black", linewidth=1.8, label="baseline")
        ax.set_ylim(len(shown) - 0.4, -0.6)
        names = [shorten(short_path(str(name), facility)) for name in shown["input"]]
        ax.set_yticks(range(len(names)), names)
        ax.grid(axis="y", visible=False)
        ax.margins(x=0.14)
        least = min(base, factor * float(shown[["at_low", "at_high"]].to_numpy(dtype=float).min()))
        ax.set_xticks(
            [
                tick
                for tick in ax.get_xticks()
                if ax.get_xlim()[0] <= tick <= ax.get_xlim()[1] and (tick >= 0.0 or least < 0.0)
            ]
        )
        some = f"; the {len(shown)} that matter most of {len(rows)} inputs" if len(rows) > len(shown) else ""
        what = words.measure_words(measure)
        ax.set_title(f"{what[:1].upper()}{what[1:]}, {words.unit_words(unit)}; baseline {words.number(base)}{some}")
        _key(ax)
    return ax


def tornado_rows(study: StudyData, facility: str, measure: str) -> pd.DataFrame:
    """Rows of tornado.csv of one facility and measure, the widest bar first."""
    table = study.tornado
    return table[(table["facility"] == facility) & (table["measure"] == measure)].reset_index(drop=True)


def save_tornado_figures(folder: Path | str) -> list[Path]:
    """Draw every tornado of a study as `folder`/figures/tornado-MEASURE-FACILITY; the paths written.

    Raises:
        RunFolderError: the folder is no finished study.
    """
    study = StudyData.open(folder)
    place = study.folder / "figures"
    place.mkdir(exist_ok=True)
    paths: list[Path] = []
    for facility, measure in study.pairs():
        title = f"{facility}: which inputs matter for the {words.measure_words(measure)}"
        axes = plot_tornado(study, facility, measure)
        rows = tornado_rows(study, facility, measure)
        paths += write(Picture(f"tornado-{measure}-{facility}", title, axes, rows), place)
    return paths


def _draw_bar(ax: Axes, place: int, row: dict[object, object], base: float, factor: float) -> None:
    """Two bars from the baseline; where both ends lie on one side the longer is drawn behind."""
    ends = [(factor * float(str(row[f"at_{end}"])), str(row[end]), which) for which, end in enumerate(("low", "high"))]
    same_side = (ends[0][0] - base) * (ends[1][0] - base) > 0.0
    for value, text, which in sorted(ends, key=lambda end: -abs(end[0] - base)):
        look = style.look(which)
        ax.barh(
            place, value - base, left=base, height=0.62, color=look.color, edgecolor="white",
            hatch=("", "///")[which], label=f"{row['input']}: at {('low', 'high')[which]}",
        )  # fmt: skip
        longest = abs(value - base) >= max(abs(end[0] - base) for end in ends)
        if same_side and not longest:
            continue
        side = 1.0 if value > base or (value == base and which == 1) else -1.0
        ax.annotate(
            text, (value, place), xytext=(8 * side, 0), textcoords="offset points", fontsize=15, va="center",
            ha="left" if side > 0.0 else "right",
        )  # fmt: skip


def _key(ax: Axes) -> None:
    from matplotlib.patches import Patch

    low, high = (style.look(which).color for which in (0, 1))
    handles = [
        Patch(facecolor=low, edgecolor="white", label="at the low end of its range"),
        Patch(facecolor=high, edgecolor="white", hatch="///", label="at the high end"),
    ]
    style.legend_above(ax, handles, from_edge=True)
