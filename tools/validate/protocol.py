"""The protocol of March 2023 as a scenario: persons a day by each way before and after, beside what is published."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.api import run as run_scenario
from sim.study.estimators import Interval, mean_interval
from tools.marked_page import table

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "irregular-quebec-protocol-2023.yaml"
DAY = 1440.0
"""In the minutes of the bins."""
BEFORE = (0, 77)
"""Days from 1 January to 18 March, eleven whole bins."""
AFTER = (119, 175)
"""Days from 30 April to 24 June, eight whole bins in which nothing changes any more."""


@dataclass(frozen=True)
class Way:
    """One way to a claim in the scenario, with what is published of it."""

    name: str
    facility: str
    measure: str
    before: str
    """Published persons a day of all of Canada; empty where nothing is. Where, stands in docs/data.md."""
    after: str


JANUARY, JUNE = 31, 30
"""Days of the months whose counts are published."""
WAYS = (
    # IRCC to the Standing Committee on Citizenship and Immigration, 7 February 2024: 165 irregular claims a day in
    # March 2023, 12 a day on average from 25 March to the end of the year.
    Way("come by the road", "quebec-road", "persons", "165 claims", "12 claims"),
    # The Canadian Press, 13 August 2023, of the RCMP: 4,994 intercepted in January, 36 in June.
    Way("met on the road", "quebec-road", "persons_intercepted", f"{4994 / JANUARY:.0f}", f"{36 / JUNE:.1f}"),
    # The same, of the CBSA: 1,370 claims at airports in January, 4,350 in June.
    Way("claim at airports", "airports", "persons", f"{1370 / JANUARY:.0f}", f"{4350 / JUNE:.0f}"),
    Way("claim at the port beside the road", "lacolle", "persons", "", ""),
    Way("claim inland, coming otherwise", "inland", "persons", "", ""),
)


@dataclass(frozen=True)
class Protocol:
    """Persons a day by way: simulated before and after, mean with interval."""

    simulated: dict[Way, tuple[Interval, Interval]]


def run(replications: int | None = None) -> Protocol:
    """Run the scenario (default: its own number of replications)."""
    with tempfile.TemporaryDirectory() as folder:
        bins = run_scenario(SCENARIO, replications=replications, out=folder).bins
    whole = bins[(bins["station"] == "all") & (bins["class"] == "all")]
    found = {}
    for way in WAYS:
        rows = whole[(whole["facility"] == way.facility) & (whole["measure"] == way.measure)]
        found[way] = (_per_day(rows, *BEFORE), _per_day(rows, *AFTER))
    return Protocol(found)


def _per_day(rows: pd.DataFrame, first: int, last: int) -> Interval:
    """Mean over replications of the persons a day between two days of the run."""
    inside = rows[(rows["bin_start"] >= first * DAY) & (rows["bin_start"] < last * DAY)]
    return mean_interval(inside.groupby("replication")["value"].sum().to_numpy() / (last - first))


def blocks(protocol: Protocol) -> dict[str, str]:
    """The table of the page by its name."""
    head = ("persons a day", "before, simulated", "published", "after, simulated", "published")
    rows = (
        (way.name, _said(before), way.before, _said(after), way.after)
        for way, (before, after) in protocol.simulated.items()
    )
    return {"irregular-protocol": table(head, rows)}


def _said(interval: Interval) -> str:
    mean, low, high = (float(each) for each in (interval.mean, interval.low, interval.high))
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"
