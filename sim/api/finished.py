"""A finished run from Python: its files as DataFrames, its figures, and how it looks in a notebook."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.api.pages import table, text
from sim.errors import RunFolderError, UsageError
from sim.report.rundata import OfARun
from sim.scenario import load
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RESULTS = "results"
"""Where runs land by default, as from the command line."""
_TEXTS = ("variant", "baseline", "facility", "station", "class", "measure", "unit")
_SHOWN = ("arrivals", "wait_mean", "wait_p95", "queue_max")
"""Measures of a facility in the notebook view of a run."""


class Run(OfARun):
    """A finished run: its folder, and its files as DataFrames, each read when first asked for.

    Waits are in minutes, `bin_start` in minutes from the start of the horizon; columns: docs/results.md.
    """

    def __init__(self, folder: str | Path) -> None:
        """The run in a folder.

        Raises:
            RunFolderError: it is none, or of a format this version does not read.
        """
        from sim.study.store import read_manifest

        self.folder = Path(folder)
        self.manifest: dict[str, Any] = read_manifest(self.folder)

    @classmethod
    def open(cls, path: str | Path, *, out: str | Path = RESULTS) -> Run:
        """The run in a folder, or the newest of a scenario file as it stands now; every file held against its hash.

        Raises:
            RunFolderError: there is none, or a file was changed since.
        """
        from sim.study.runs import find

        return cls(find(Path(path), Path(out), load))

    @property
    def variants(self) -> tuple[str, ...]:
        """The baseline, then the variants that were run."""
        return (BASELINE, *self.manifest["variants"])

    @property
    def facilities(self) -> tuple[str, ...]:
        """Facilities of the scenario."""
        return tuple(self.manifest["facilities"])

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Every measure over the whole horizon, with its interval and the spread across days."""
        return self._csv("summary.csv")

    @cached_property
    def series(self) -> pd.DataFrame:
        """The same by time bin."""
        return self._csv("series.csv")

    @cached_property
    def wait_distribution(self) -> pd.DataFrame:
        """Share of parties that wait longer than a time."""
        return self._csv("wait_distribution.csv")

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """Differences of variants from the baseline.

        Raises:
            RunFolderError: the run has no variants.
        """
        if len(self.variants) == 1:
            raise RunFolderError(f'{self.folder} has no variants to compare; run the scenario with variants="all"')
        return self._csv("comparison.csv")

    @cached_property
    def replications(self) -> pd.DataFrame:
        """One row per variant, replication and measure."""
        return self._parquet("replications.parquet")

    @cached_property
    def bins(self) -> pd.DataFrame:
        """One row per variant, replication, measure and time bin; large."""
        return self._parquet("bins.parquet")

    def _csv(self, name: str) -> pd.DataFrame:
        """Names are never taken for missing values (a port may be called `null`); blank numbers are NaN."""
        import pandas as pd

        path = self.folder / name
        try:
            columns = path.open(encoding="utf-8").readline().rstrip("\n").split(",")
            blank = {column: [""] for column in columns if column not in _TEXTS}
            texts = dict.fromkeys((column for column in columns if column in _TEXTS), "str")
            return pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=blank)
        except (OSError, ValueError) as error:
            raise RunFolderError(f"{path} cannot be read: {error}") from error

    def _parquet(self, name: str) -> pd.DataFrame:
        import pandas as pd

        path = self.folder / name
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise RunFolderError(f"{path} cannot be read: {error}") from error

    def plot(
        self,
        facility: str | None = None,
        *,
        kind: str = "day",
        station: str = "all",
        class_: str = "all",
        variants: Sequence[str] | None = None,
        measure: str = "",
        ax: Axes | None = None,
    ) -> Figure:
        """Draw a figure; `figure.savefig("name.png")` writes it.

        Args:
            facility: its name; the first when None.
            kind: `day`, wait and queue and open booths over the day; `wait`, how long parties wait, by class;
                `histogram`, the same as bars; `heat`, wait by hour and weekday; `lanes`, how busy the booths are;
                `flow`, who has come and who has gone; `programmes`, NEXUS against the others; `convergence`;
                `forest`, all variants against the baseline; `frontier`, service against booth-hours; `map`, all
                facilities by place; of a hall `hall` and `missed`; of an irregular flow `stages`, `places`, `drivers`
                and `true-flow`.
            station: of `day`, `forest` and `convergence`, one station instead of the whole facility.
            class_: of `day`, `heat`, `flow`, `forest` and `convergence`, one class instead of all parties.
            variants: which to draw; None draws the baseline and, of `day`, the first variant beside it. Only `day` and
                `forest` draw several.
            measure: of `forest`, `convergence` and `map`: as in summary.csv; empty for the mean wait, or what is
                compared first of the facility (all waits of a hall together, persons of an irregular flow).
            ax: Axes to draw on; a new figure when None.

        Raises:
            UsageError: the run has no such facility, station, class, variant, measure or kind.
        """
        from sim.report.choice import Choice, draw
        from sim.report.rundata import RunData

        facility = facility or self.facilities[0]
        data = RunData.open(self.folder)
        check_known("facility", facility, self.facilities)
        for variant in variants or ():
            check_known("variant", variant, self.variants)
        check_known("station", station, ("all", *data.stations(facility)))
        check_known("class", class_, ("all", *data.classes(facility)))
        if measure:
            check_known("measure", measure, tuple(dict.fromkeys(data.summary["measure"])))
        drawn = draw(data, kind, Choice(facility, station, class_, tuple(variants or ()), measure), ax)
        figure = drawn.get_figure(root=True)
        assert figure is not None
        return figure

    def save_figures(self) -> list[Path]:
        """Write every figure of the run below its folder, as `bordersim plot` does; the paths written."""
        from sim.report.figures import save_figures

        return save_figures(self.folder)

    def report(self) -> Path:
        """Write the run's page, `report.html`, as `bordersim report` does; the file written."""
        from sim.report.page import write_report

        return write_report(self.folder)

    def checklist(self) -> str:
        """The STRESS-DES reporting checklist filled from the run, as Markdown, with its gaps named."""
        from sim.report.checklist import checklist

        return checklist(self.folder)

    def __repr__(self) -> str:
        others = len(self.variants) - 1
        count = "" if not others else f" and {others} variant{'s' if others > 1 else ''}"
        what = f"baseline{count}, {self.manifest['replications']} replications"
        return f"<Run of {self.scenario!r}: {what}; {self.folder}>"

    def _repr_html_(self) -> str:
        """The run in a notebook: what it is, and the main measures of every facility."""
        said = f"<p><b>{text(self.scenario)}</b><br>{text(self._about())}</p>"
        try:
            head, *rows = self._main_rows()
        except RunFolderError as error:
            return f"{said}<p>{text(error)}</p>"
        return said + table(head, rows)

    def _about(self) -> str:
        hours = self.manifest["horizon_minutes"] / 60.0
        many = f"{self.manifest['replications']} replications, seed {self.manifest['seed']}"
        return f"{self.manifest['start']}, {hours:g} h, {many}; {self.folder}"

    def _main_rows(self) -> list[list[str]]:
        """A head, then per facility and variant the main measures with their intervals."""
        table = self.summary[(self.summary["station"] == "all") & (self.summary["class"] == "all")]
        cells = {
            (row.facility, row.variant, row.measure): _cell(row.mean, row.ci_low, row.ci_high)
            for row in table.itertuples()
        }
        units = dict(zip(table["measure"], table["unit"], strict=True))
        shown = [name for name in _SHOWN if name in units]
        rows = [["facility", "variant", *(f"{name}, {units[name]}" for name in shown)]]
        for facility in self.facilities:
            for variant in self.variants:
                rows.append([facility, variant, *(cells.get((facility, variant, name), "") for name in shown)])
        return rows


def check_known(what: str, name: str, names: Sequence[str]) -> None:
    """Raise UsageError with what there is, and the nearest, where a name is not among these."""
    from sim.scenario.problems import nearest

    if name not in names:
        found = f"the run has no {what} {name!r}; there are: {', '.join(names)}"
        raise UsageError(f"{found}. {nearest(name, names)}".rstrip(". "))


def _cell(mean: Any, low: Any, high: Any) -> str:
    """An estimate with its interval, as a person reads it; blank where there is none."""
    if math.isnan(mean):
        return ""
    return f"{mean:.4g}" if math.isnan(low) or math.isnan(high) else f"{mean:.4g} ({low:.4g} to {high:.4g})"
