"""A run folder as tables and figures see it: its CSV files, read once.

`RunData.open(folder)` is the way in, `SummaryData.open(folder)` to the summary alone. Nothing is computed here: every
number that is printed or drawn stands in one of the files.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sim.report.runfiles import DIFFERENCE, NAMES, NUMBERS, SCOPE, read_manifest, read_summary, read_table
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd

    from sim.report.samples import Samples
    from sim.scenario import Scenario, Study

ALL = "all"
"""Station and class of a facility's own row."""

_LANE_KINDS = frozenset({"lane_group", "toll"})

Scope = tuple[str, str, str, str]
"""(variant, facility, station, class)."""


@dataclass(frozen=True)
class Estimate:
    """One row of summary.csv: a mean over replications, its interval, and the spread of days. NaN where blank."""

    unit: str
    mean: float
    low: float
    high: float
    day_p10: float
    day_p50: float
    day_p90: float
    replications: float


@dataclass(frozen=True)
class Difference:
    """One row of comparison.csv: variant minus baseline. Intervals are NaN with a single replication."""

    variant: str
    facility: str
    station: str
    class_name: str
    measure: str
    unit: str
    value: float
    low: float
    high: float
    low_simultaneous: float
    high_simultaneous: float

    @property
    def safe_interval(self) -> tuple[float, float]:
        """The simultaneous interval (it stays honest when the reader picks a row), else the plain one."""
        if math.isfinite(self.low_simultaneous) and math.isfinite(self.high_simultaneous):
            return self.low_simultaneous, self.high_simultaneous
        return self.low, self.high

    @property
    def is_clear(self) -> bool:
        """True when the safe interval exists and does not contain 0."""
        low, high = self.safe_interval
        return low > 0.0 or high < 0.0


class OfARun:
    """What has the manifest of a run."""

    manifest: Mapping[str, Any]

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return str(self.manifest["scenario"])


class OfASummary(OfARun):
    """What is known of a run by its manifest, summary.csv and scenario.resolved.yaml."""

    folder: Path
    rows: tuple[tuple[Any, ...], ...]
    """summary.csv, row by row: SCOPE, measure, unit and SPREAD."""

    @property
    def start(self) -> datetime:
        """Civil time at which the horizon starts."""
        return datetime.fromisoformat(str(self.manifest["start"]))

    @property
    def horizon(self) -> float:
        """Length of the horizon in minutes."""
        return float(self.manifest["horizon_minutes"])

    @property
    def when(self) -> str:
        """The day of the run, `Sunday 11 August 2024`; with hour and length unless it is one day from midnight on."""
        day = f"{self.start:%A} {self.start.day} {self.start:%B %Y}"
        whole = self.horizon == 1440.0 and self.start.hour == self.start.minute == 0
        if whole:
            return day
        days, rest = divmod(self.horizon, 1440.0)
        long = f"{days:,.0f} days" if days > 1.0 and not rest else f"{self.horizon / 60.0:g} h"
        return f"{day} {self.start:%H:%M}, {long}"

    @property
    def warm_up(self) -> float:
        """Minutes at the start left out of measures."""
        return float(self.manifest.get("warm_up_minutes", 0.0))

    @property
    def confidence(self) -> str:
        """Level of the intervals in words: `95 %` unless the manifest states another `confidence` (0..1)."""
        return f"{100.0 * float(self.manifest.get('confidence', 0.95)):g} %"

    @property
    def replications(self) -> int:
        """The most replications any variant has."""
        return int(max((row[-1] for row in self.rows), default=0))

    @property
    def variants(self) -> tuple[str, ...]:
        """Baseline first, then the others in the order of the file."""
        return tuple(sorted(_seen(row[0] for row in self.rows), key=lambda name: name != BASELINE))

    @property
    def facilities(self) -> tuple[str, ...]:
        return _seen(row[1] for row in self.rows)

    def classes(self, facility: str) -> tuple[str, ...]:
        """Classes of a facility without `all`, in the order of the file."""
        found = _seen(row[3] for row in self.rows if row[1] == facility)
        return tuple(name for name in found if name != ALL)

    def stations(self, facility: str) -> tuple[str, ...]:
        """Stations of a facility without `all`, in the order of the file."""
        found = _seen(row[2] for row in self.rows if row[1] == facility)
        return tuple(name for name in found if name != ALL)

    def lane_groups(self, facility: str) -> tuple[str, ...]:
        """Stations with booths; every station when the manifest does not tell the kinds."""
        names = self.stations(facility)
        if not self._kinds(facility):
            return names
        return tuple(name for name in names if self.kind(facility, name) in _LANE_KINDS)

    def kind(self, facility: str, station: str) -> str:
        """What a station is, such as `secondary`; empty where the manifest does not tell."""
        return str(self._kinds(facility).get(station, "")).lower()

    def _kinds(self, facility: str) -> Mapping[str, Any]:
        kinds: Mapping[str, Any] = self.manifest.get("facilities", {}).get(facility, {}).get("stations", {})
        return kinds

    def standard(self, facility: str) -> float | None:
        """The facility's standard for the wait in minutes; None without one, or where it changes within the run."""
        minutes = (self.manifest.get("standard") or {}).get(facility)
        return None if minutes is None else float(minutes)

    def standard_steps(self, facility: str) -> tuple[tuple[float, float], ...]:
        """(minutes from the start, standard in minutes) of each stretch with a standard; none without one."""
        steps = (self.manifest.get("standard_steps") or {}).get(facility)
        if steps is not None:
            return tuple((float(at), float(minutes)) for at, minutes in steps)
        whole = self.standard(facility)
        return () if whole is None else ((self.warm_up, whole),)

    def standard_words(self, facility: str) -> str:
        """`20 min`, or `10 to 20 min` where the standard changes within the run; empty without one."""
        ends = [minutes for _, minutes in self.standard_steps(facility)]
        if not ends:
            return ""
        low, high = min(ends), max(ends)
        return f"{low:g} min" if low == high else f"{low:g} to {high:g} min"

    @cached_property
    def estimates(self) -> dict[tuple[Scope, str], Estimate]:
        """summary.csv by (scope, measure)."""
        return {((row[0], row[1], row[2], row[3]), row[4]): Estimate(*row[5:]) for row in self.rows}

    def estimate(self, scope: Scope, measure: str) -> Estimate | None:
        """One row of summary.csv; None when the run has no such row."""
        return self.estimates.get((scope, measure))

    @cached_property
    def registry_names(self) -> dict[str, str]:
        """Entry of the registry, or code of the airport, by port or hall; those without one are left out."""
        return self._registry(("ports", "preclearance"))

    @cached_property
    def sectors(self) -> dict[str, str]:
        """Sector of the registry by irregular flow; flows without one are left out."""
        return self._registry(("irregular",))

    def _registry(self, kinds: Sequence[str]) -> dict[str, str]:
        written = (item for kind in kinds for item in self._written_of(kind).items())
        found = {name: each.get("registry") or each.get("code") for name, each in written}
        return {name: str(entry) for name, entry in found.items() if entry}

    @cached_property
    def _tree(self) -> Mapping[str, Any]:
        """scenario.resolved.yaml; nothing where the file is missing."""
        path = self.folder / "scenario.resolved.yaml"
        if not path.exists():
            return {}
        from ruamel.yaml import YAML

        tree: Mapping[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return tree

    def _written_of(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """What scenario.resolved.yaml says of each facility of a kind."""
        found = (self._tree.get(kind) or {}).items()
        return {str(name): each for name, each in found if isinstance(each, Mapping)}

    @cached_property
    def study(self) -> Study | None:
        """What was run, read back from scenario.resolved.yaml; None where the file is missing."""
        path = self.folder / "scenario.resolved.yaml"
        if not path.exists():
            return None
        from sim.scenario import load

        return load(path)

    def scenario_of(self, variant: str) -> Scenario | None:
        """What was run of a variant, read back from scenario.resolved.yaml; None where the file is missing."""
        if self.study is None:
            return None
        return self.study.baseline if variant == BASELINE else self.study.variants.get(variant)

    def pools(self, facility: str) -> dict[str, tuple[str, ...]]:
        """Stations of a facility by the officers they share; only pools that two of them or more share."""
        written = {**self._written_of("ports"), **self._written_of("preclearance")}
        found: dict[str, list[str]] = {}
        for station, pool in _pooled(written.get(facility, {})):
            if station in self.stations(facility):
                found.setdefault(pool, []).append(station)
        return {pool: tuple(stations) for pool, stations in found.items() if len(stations) > 1}

    def zone(self, facility: str) -> ZoneInfo | None:
        """Time zone of a facility; None when the manifest does not tell."""
        name = self.manifest.get("facilities", {}).get(facility, {}).get("zone")
        return None if name is None else ZoneInfo(str(name))

    def moments(self, facility: str, minutes: Iterable[float]) -> list[datetime]:
        """Civil time at a facility that many minutes from the start, also where the clocks change."""
        zone = self.zone(facility)
        if zone is None:
            return [self.start + timedelta(minutes=each) for each in minutes]
        origin = self.start.replace(tzinfo=zone).astimezone(UTC)
        return [(origin + timedelta(minutes=each)).astimezone(zone).replace(tzinfo=None) for each in minutes]


@dataclass(frozen=True, eq=False)
class SummaryData(OfASummary):
    """The same alone, read without pandas: for the table at the end of a run."""

    folder: Path
    manifest: Mapping[str, Any]
    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def open(cls, folder: Path | str) -> SummaryData:
        """Read a run folder.

        Raises `RunFolderError` when the manifest or summary.csv is missing or damaged.
        """
        folder = Path(folder)
        return cls(folder, read_manifest(folder / "manifest.json"), read_summary(folder / "summary.csv"))


@dataclass(frozen=True, eq=False)
class RunData(OfASummary):
    """The files of one run. Frames are as on disk; waits in minutes, `bin_start` in minutes from the start."""

    folder: Path
    manifest: Mapping[str, Any]
    summary: pd.DataFrame
    series: pd.DataFrame
    comparison: pd.DataFrame
    """Empty when the run has no variants."""
    wait_distribution: pd.DataFrame
    """Empty when the run kept none."""

    @classmethod
    def open(cls, folder: Path | str) -> RunData:
        """Read a run folder.

        Raises `RunFolderError` when the manifest, summary.csv or series.csv is missing, or a file is damaged.
        """
        folder = Path(folder)
        return cls(
            folder=folder,
            manifest=read_manifest(folder / "manifest.json"),
            summary=read_table(folder / "summary.csv"),
            series=read_table(folder / "series.csv"),
            comparison=read_table(folder / "comparison.csv", required=False),
            wait_distribution=read_table(folder / "wait_distribution.csv", required=False),
        )

    @cached_property
    def rows(self) -> tuple[tuple[Any, ...], ...]:  # type: ignore[override]
        return tuple(_tuples(self.summary, (*NAMES["summary.csv"], *NUMBERS["summary.csv"])))

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """comparison.csv, row by row."""
        columns = ("variant", *NAMES["comparison.csv"][2:], *DIFFERENCE[:5])
        return tuple(Difference(*row) for row in _tuples(self.comparison, columns))

    def day(self, scope: Scope, measure: str) -> pd.DataFrame:
        """Rows of series.csv for one curve, in order of time; empty when the run has no such curve."""
        rows = self._curves.get((*scope, measure))
        return self.series.iloc[:0] if rows is None else self.series.iloc[rows].sort_values("bin_start")

    @cached_property
    def _curves(self) -> Mapping[Any, Any]:
        """Positions in series.csv of the rows of each (variant, facility, station, class, measure)."""
        indices: Mapping[Any, Any] = self.series.groupby([*SCOPE, "measure"], sort=False).indices
        return indices

    @cached_property
    def samples(self) -> Samples:
        """What each replication gave, from the Parquet files."""
        from sim.report.samples import Samples

        return Samples(self.folder, self.horizon)

    @cached_property
    def sweep(self) -> pd.DataFrame:
        """sweep.csv as texts: variant, sweep, and a column for each path that varies; empty without sweeps."""
        import pandas as pd

        path = self.folder / "sweep.csv"
        if not path.exists():
            return pd.DataFrame(columns=["variant", "sweep"])
        return pd.read_csv(path, dtype=str, keep_default_na=False)

    @cached_property
    def bin_minutes(self) -> float:
        """Width of a time bin in minutes: the shortest step between bins, the horizon when there is one bin."""
        starts = sorted(set(self.series["bin_start"].tolist()))
        steps = [later - earlier for earlier, later in pairwise(starts)]
        return min(steps, default=self.horizon)


def _pooled(tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(station, pool) of every station in what is written of a facility."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            if value.get("pool") is not None:
                yield str(name), str(value["pool"])
            yield from _pooled(value)


def _seen(column: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(column))


def _tuples(table: pd.DataFrame, columns: Iterable[str]) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[column].tolist() for column in columns), strict=True)
