"""The CSV files of the registry: read when first asked for, then kept."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
"""Where the tables lie. `sources.csv`, `assumptions.csv`, `sectors.csv`, `airports.csv`, `airport_volumes.csv` and
`flow_events.csv` are kept by hand."""

Row = Mapping[str, str]


@cache
def rows(name: str) -> tuple[Row, ...]:
    """The rows of a table of the registry, all cells text, in the order of the file."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@dataclass(frozen=True)
class Source:
    """Where values of the registry were published."""

    id: str
    label: str
    """A short name to put beside a value, such as BTS."""
    publisher: str
    title: str
    licence: str
    years: str
    address: str
    """Empty where the address stands in each row of the table, or none is known."""


@cache
def sources() -> Mapping[str, Source]:
    """Every source by its id."""
    return {row["id"]: Source(**row) for row in rows("sources.csv")}


@dataclass(frozen=True)
class Assumption:
    """A value the registry uses where none is published for the place, with a range worth sweeping."""

    key: str
    """Such as `car.service.mean`; see `sim/registry/data/assumptions.csv`."""
    value: str
    """As written in a scenario, with its unit."""
    low: str
    high: str
    source: str
    """Id of the source that published it for one place; empty when it was not published at all."""
    why: str

    @property
    def number(self) -> float:
        """The value in plain numbers: seconds, fractions of 1, or as it stands."""
        return plain_number(self.value)


UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "%": 0.01, "cars": 1.0}


def plain_number(text: str) -> float:
    """`52.5 s` as 52.5, `20 min` as 1200, `5 %` as 0.05, `3` as 3."""
    number, _, unit = text.partition(" ")
    return float(number) * UNITS.get(unit, 1.0)


@cache
def assumptions() -> Mapping[str, Assumption]:
    """Every assumption by its key, in the order of the file: what a sensitivity screening goes through."""
    return {row["key"]: Assumption(**row) for row in rows("assumptions.csv")}


def assumption(key: str) -> Assumption:
    """One assumption. Raises KeyError when there is none of that key."""
    return assumptions()[key]


@dataclass(frozen=True)
class Origin:
    """Where a value of a port comes from.

    Published means published for this place and direction. A figure read for another place, direction or kind of
    traveller is assumed here, with the source it was read in; so is a range nobody published.
    """

    text: str
    """What to print of the source, such as `BTS 2024`; for an assumed value the reason."""
    assumed: bool = False
    low: str | None = None
    high: str | None = None
    """The ends of the range worth sweeping, as written in a scenario; None where there is no range of numbers."""
    source: str = ""
    """Id of the source; empty for what is assumed without one."""

    def __str__(self) -> str:
        """`BTS 2024`, `BPRI 2009, range assumed 10 % to 40 %`, `assumed 5 s to 10 s`, `assumed: the reason`."""
        span = f"{self.low} to {self.high}" if self.low is not None and self.high is not None else ""
        if self.assumed:
            return f"assumed {span}" if span else f"assumed: {self.text}"
        if not span:
            return self.text
        return f"{self.text}, range assumed {span}"


def origin_of(entry: Assumption) -> Origin:
    """The origin of a value taken from the table of assumptions: assumed, whatever place its source read it at."""
    return Origin(entry.why, assumed=True, low=entry.low, high=entry.high, source=entry.source)


def taken(source: str, why: str, low: str | None = None, high: str | None = None) -> Origin:
    """The origin of a figure published for something else than this place and direction: assumed here."""
    known = sources()[source]
    return Origin(f"{why} ({known.label} {known.years})", assumed=True, low=low, high=high, source=source)


def published(source: str, years: str = "", low: str | None = None, high: str | None = None) -> Origin:
    """The origin of a published value; `years` replaces the years of the source."""
    known = sources()[source]
    return Origin(f"{known.label} {years or known.years}".strip(), low=low, high=high, source=source)
