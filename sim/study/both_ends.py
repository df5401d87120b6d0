"""Measures of a journey whose travellers are inspected here, at the far side, or at both: each person counted once.

A traveller is a party at either end, and both carry the same number (`Parties.traveller`). Who is refused here or
misses the departure does not travel: their party never comes to the far side, and their wait is that of here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.model.arrays import BoolArray, FloatArray, IntArray
from sim.study.quantiles import mean_of, quantile_of

_MINUTE, _HOUR = 60.0, 3600.0


@dataclass(frozen=True, eq=False)
class Journeys:
    """The travellers of a hall with what became of them at its far side; one entry per party here."""

    size: FloatArray
    waited: FloatArray
    """Seconds waited at all stations of both ends; NaN where that is not over, or begins after the horizon."""
    arrived: BoolArray
    """Travelled and was let in over there."""
    refused_there: BoolArray
    travelled: BoolArray

    @classmethod
    def of(
        cls, number: IntArray, size: FloatArray, waited: FloatArray, travelled: BoolArray, there: OtherEnd
    ) -> Journeys:
        """Join both ends by the travellers' numbers."""
        order = np.argsort(there.number, kind="stable")
        place = np.searchsorted(there.number[order], number)
        found = np.zeros(len(number), np.bool_)
        within = place < len(order)
        found[within] = there.number[order[place[within]]] == number[within]
        row = np.zeros(len(number), np.int64)
        row[found] = order[place[found]]
        came = found & travelled

        def taken(values: FloatArray | BoolArray, on_the_way: float = 0.0) -> FloatArray:
            """Values of the far side by party here, 0 for who did not travel."""
            result = np.where(travelled, on_the_way, 0.0)
            result[came] = values[row[came]]
            return result

        both = waited + taken(there.waited, on_the_way=np.nan)
        return cls(size, both, taken(there.through) > 0.0, taken(there.refused) > 0.0, travelled)

    def measures(self, group: BoolArray) -> dict[str, float]:
        """Of the parties of a group; NaN for a mean of nobody."""
        persons, over = self.size[group], group & ~np.isnan(self.waited)
        waited = self.waited[over]
        arrived, refused = (float(persons[mask[group]].sum()) for mask in (self.arrived, self.refused_there))
        return {
            "journey_wait_mean": mean_of(waited) / _MINUTE,
            "journey_wait_p95": quantile_of(waited, 0.95) / _MINUTE,
            "journey_person_hours": float((waited * self.size[over]).sum()) / _HOUR,
            "passengers_arrived": arrived,
            "passengers_refused_there": refused,
            "passengers_on_the_way": float(persons[self.travelled[group]].sum()) - arrived - refused,
        }


@dataclass(frozen=True, eq=False)
class OtherEnd:
    """The parties at a far side; one entry per party."""

    number: IntArray
    waited: FloatArray
    through: BoolArray
    refused: BoolArray
