"""What each replication gave, from the Parquet files of a run: for running means, totals, and bins put together anew.

Every figure that shows something no CSV file holds takes it from here, with the estimators the CSV files were made
with (`sim.study.estimators`), and saves it beside the picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import RunFolderError
from sim.model.arrays import FloatArray, IntArray
from sim.study.catalogue import RATIOS, describe, largest, within_what_can_be
from sim.study.estimators import day_spread, mean_interval, ratio_interval

if TYPE_CHECKING:
    import pandas as pd

Scope = tuple[str, str, str, str]
"""(variant, facility, station, class)."""
_SCOPE = ("variant", "facility", "station", "class")
_SUMS = {ratio.measure.name: (ratio.above, ratio.below, ratio.factor) for ratio in RATIOS}
_ADDED_UP = frozenset({"count", "booth-h", "person-h"})
"""Units of what is added up over bins."""
_BUSY = ("utilisation", "open_booths", "overtime_hours")


@dataclass
class Samples:
    """The Parquet files of a run folder; each curve is read once."""

    folder: Path
    horizon: float
    """Minutes."""
    _runs: dict[tuple[Scope, str], FloatArray] = field(default_factory=dict, repr=False)
    _bins: dict[tuple[Scope, str], FloatArray] = field(default_factory=dict, repr=False)
    _starts: dict[str, FloatArray] = field(default_factory=dict, repr=False)

    def whole(self, scope: Scope, measure: str) -> FloatArray:
        """(replications,): a measure of the whole run in each; empty when the run does not have it.

        Raises:
            RunFolderError: replications.parquet is missing or damaged.
        """
        if not self._runs:
            table = _read(self.folder / "replications.parquet")
            for key, rows in table.groupby([*_SCOPE, "measure"], observed=True, sort=False):
                self._runs[_curve(key)] = rows["value"].to_numpy(dtype=float)
        return self._runs.get((scope, measure), np.empty(0))

    def starts(self, variant: str) -> FloatArray:
        """(bins,): minutes from the start of the horizon to the start of each bin of a variant that was read."""
        return self._starts.get(variant, np.empty(0))

    def minutes(self, variant: str) -> FloatArray:
        """(bins,): width of each bin of a variant that was read."""
        starts = self.starts(variant)
        widths = np.diff(np.append(starts, self.horizon))
        if len(widths) > 1:  # a variant may end before the baseline
            widths[-1] = min(widths[-1], widths[:-1].max()) if widths[-1] > 0.0 else widths[:-1].max()
        return widths

    def read_bins(self, scopes: Sequence[Scope], measures: Sequence[str]) -> None:
        """Read all of these from bins.parquet at once, where they were not read before.

        Raises:
            RunFolderError: bins.parquet is missing or damaged.
        """
        wanted = [key for scope in scopes for key in ((scope, name) for name in measures) if key not in self._bins]
        if not wanted:
            return
        parts = [sorted({scope[at] for scope, _ in wanted}) for at in range(4)]
        filters = [(name, "in", values) for name, values in zip(_SCOPE, parts, strict=True)]
        filters.append(("measure", "in", sorted({name for _, name in wanted})))
        table = _read(self.folder / "bins.parquet", filters)
        for variant, rows in table.groupby("variant", observed=True, sort=False):
            self._starts[str(variant)] = np.unique(rows["bin_start"].to_numpy(dtype=float))
        for key, rows in table.groupby([*_SCOPE, "measure"], observed=True, sort=False):
            count = rows["replication"].nunique()
            self._bins[_curve(key)] = rows["value"].to_numpy(dtype=float).reshape(count, -1)
        for key in wanted:
            self._bins.setdefault(key, np.empty((0, 0)))

    def bins(self, scope: Scope, measure: str) -> FloatArray:
        """(replications, bins): a binned measure in each; (0, 0) when the run does not have it.

        Raises:
            RunFolderError: bins.parquet is missing or damaged.
        """
        self.read_bins([scope], [measure])
        return self._bins[scope, measure]

    def regrouped(
        self, scope: Scope, measure: str, group: IntArray, groups: int, also: Sequence[Scope] = ()
    ) -> pd.DataFrame:
        """A measure of series.csv over other stretches of time than its bins.

        A mean of parties is again one sum over another, a mean over time is weighted by the width of the bins, and a
        count is added up; intervals and the spread of days are estimated anew from the replications.

        Args:
            scope: whose.
            measure: name in series.csv.
            group: (bins,) which stretch each bin belongs to, -1 for none.
            groups: how many stretches there are.
            also: further scopes whose sums are added; of `utilisation`, stations that share the officers of `scope`.

        Returns:
            mean, ci_low, ci_high, day_p10, day_p50, day_p90, replications by stretch; no rows when the run lacks the
            measure.

        Raises:
            RunFolderError: bins.parquet is missing or damaged.
            ValueError: a quantile, which its bins do not tell.
        """
        import pandas as pd

        above, below = self._sums(scope, measure)
        for other in also:
            above = above + self._sums(other, measure)[0]
        if not above.size:
            return pd.DataFrame(columns=["mean", "ci_low", "ci_high", "day_p10", "day_p50", "day_p90", "replications"])
        over = _added(above, group, groups)
        if below is None:
            found, days = mean_interval(over), over
        else:
            under = _added(below, group, groups)
            with np.errstate(invalid="ignore", divide="ignore"):
                days = over / under
            found = ratio_interval(over, under)
        spread = day_spread(days)
        found = within_what_can_be(found, largest(measure, describe(measure).unit))
        columns = {"mean": found.mean, "ci_low": found.low, "ci_high": found.high}
        columns |= {"day_p10": spread.p10, "day_p50": spread.p50, "day_p90": spread.p90}
        return pd.DataFrame({**columns, "replications": found.n.astype(float)})

    def _sums(self, scope: Scope, measure: str) -> tuple[FloatArray, FloatArray | None]:
        """What is added up over bins, above and below the line; nothing below for a count."""
        if measure in _SUMS:
            name, base, factor = _SUMS[measure]
            self.read_bins([scope], [name, base])
            return self.bins(scope, name) * factor, self.bins(scope, base)
        if measure == "utilisation":
            self.read_bins([scope], _BUSY)
            share, booths, overtime = (self.bins(scope, name) for name in _BUSY)
            if not share.size:
                return share, None
            open_hours = booths * self.minutes(scope[0]) / 60.0 + overtime
            return np.nan_to_num(share) * open_hours, open_hours
        known = describe(measure)
        values = self.bins(scope, measure)
        if not values.size or known.unit in _ADDED_UP:
            return values, None
        if known.kind != "time":
            raise ValueError(f"{measure} cannot be told from its bins")
        widths = np.where(np.isnan(values), 0.0, self.minutes(scope[0]))
        return np.nan_to_num(values) * widths, widths


def _added(values: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """(replications, groups): sums over the bins of each group."""
    kept = group >= 0
    found = np.zeros((len(values), groups))
    for row, each in zip(found, values, strict=True):
        row += np.bincount(group[kept], each[kept], minlength=groups)[:groups]
    return found


def _curve(key: Any) -> tuple[Scope, str]:
    variant, facility, station, klass, measure = map(str, key)
    return (variant, facility, station, klass), measure


def _read(path: Path, filters: list[tuple[str, str, list[str]]] | None = None) -> pd.DataFrame:
    import pandas as pd

    try:
        options: Mapping[str, Any] = {} if filters is None else {"filters": filters}
        return pd.read_parquet(path, **options)
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
