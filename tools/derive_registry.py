"""Derive the registry's tables from the published files.

    python -m tools.derive_registry RAW_FOLDER [--out FOLDER]

writes the derived CSV files of `sim/registry/data` and prints the totals they add up to. RAW_FOLDER holds the
published files named in docs/data.md. The same files give the same bytes. `sources.csv` and `assumptions.csv`
are kept by hand beside them, as are `airports.csv`, `sectors.csv` and `flow_events.csv`. Ports are derived in
`derive_registry_base`, crossings, offices of CBSA, tables of time and all else in the modules of those names.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tools import derive_registry_crossings as crossings
from tools import derive_registry_offices as offices
from tools import derive_registry_others as others
from tools import derive_registry_times as times
from tools.derive_pacific_highway import RawDataError
from tools.derive_registry_base import MEASURES, MONTHS, YEAR, Counts, Table, us_monthly, us_ports


def write(path: Path, table: Sequence[Mapping[str, str]]) -> None:
    """Write a table; the columns are those of its first row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def derive(folder: Path) -> dict[str, Table]:
    """Every derived table by file name; raises `RawDataError` when the raw folder lacks something."""
    counts = Counts(folder)
    ports = us_ports(counts)
    listed = crossings.crossings(folder, ports)
    irregular = others.irregular_monthly(folder)
    return {
        "us_ports.csv": ports,
        "us_monthly.csv": us_monthly(counts),
        "crossings.csv": listed,
        "offices.csv": offices.offices(folder, counts, listed),
        "seasons.csv": times.seasons(counts),
        "weekdays.csv": times.weekdays(folder),
        "holidays.csv": times.holidays(folder),
        "profiles.csv": times.profiles(folder),
        "hours.csv": others.hours(folder, ports),
        "airport_facts.csv": others.airport_facts(folder),
        "irregular_monthly.csv": irregular,
        "flow_seasons.csv": others.flow_seasons(irregular),
        "published_waits.csv": others.published_waits(folder),
    }


def totals(monthly: Iterable[Mapping[str, str]], year: int) -> dict[str, int]:
    """Count of each measure over all ports in a year."""
    found = dict.fromkeys(MEASURES.values(), 0)
    for row in monthly:
        if int(row["year"]) == year:
            found[row["measure"]] += sum(int(row[month] or 0) for month in MONTHS)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables and print their totals; 0 when done, 2 when the raw folder lacks something."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("raw", type=Path, help="folder with the published files named in docs/data.md")
    default = Path(__file__).resolve().parents[1] / "sim" / "registry" / "data"
    parser.add_argument("--out", type=Path, default=default, help="where the tables go")
    options = parser.parse_args(arguments)
    try:
        tables = derive(options.raw)
    except RawDataError as error:
        print(f"derive_registry: {error}", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        write(options.out / name, table)
        print(f"{name}: {len(table)} rows")
    for year in (2019, YEAR):
        print(
            year, ", ".join(f"{measure} {count:,}" for measure, count in totals(tables["us_monthly.csv"], year).items())
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
