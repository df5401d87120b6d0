"""The published delays and volumes, screened and split into the weeks to fit on and the weeks to score."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sim.errors import UsageError

HOURS_FILE = "cascade_peace_arch_sb_hourly_wait_2013_2016.csv"
DAYS_FILE = "cascade_daily_volume_2018.csv"
FAULTY_FROM, FAULTY_TO = "2018-04-28", "2018-05-17"
"""NEXUS cars are booked as cars; so they are on 16 January."""
FAULTY_DAY = "2018-01-16"
LEAST_NEXUS = 0.25
"""Of the median NEXUS volume: a day with less has a detector fault."""
SPRING_FROM, SPRING_TO = "2018-03-10", "2018-05-31"
"""Out of line with the rest of 2018: other delays at the same volumes. Not fitted on, and scored apart."""


def southbound_hours(folder: Path) -> pd.DataFrame:
    """Hourly mean delays at Peace Arch southbound, hours without a value left out.

    Returns:
        Columns `time`, `delay` (minutes), `weekday` (Monday 0), `hour`, `month`, `odd` (ISO week).

    Raises:
        UsageError: the file is missing, or lacks a column.
    """
    table = _read(folder / HOURS_FILE, ["time", "delay_min"]).rename(columns={"delay_min": "delay"})
    table["time"] = pd.to_datetime(table["time"])
    return with_calendar(table.dropna(subset=["delay"]).reset_index(drop=True))


def northbound_days(folder: Path) -> pd.DataFrame:
    """Days of 2018 at Peace Arch northbound, faulty ones marked.

    Returns:
        Columns `time` (the date), `cars`, `nexus` (volumes), `cars_delay`, `nexus_delay` (minutes, mean of the day),
        `sound`, `spring`, `weekday`, `month`, `odd`.

    Raises:
        UsageError: the file is missing, or lacks a column.
    """
    table = _read(folder / DAYS_FILE, ["date", "crossing", "direction", "lane", "volume", "avg_delay_min"])
    here = table[(table["crossing"] == "Peace Arch") & (table["direction"] == "NB")]
    wide = here.pivot_table(index="date", columns="lane", values=["volume", "avg_delay_min"], sort=True)
    days = pd.DataFrame(
        {
            "time": pd.to_datetime(wide.index),
            "cars": wide["volume", "cars"].to_numpy(),
            "nexus": wide["volume", "nexus"].to_numpy(),
            "cars_delay": wide["avg_delay_min", "cars"].to_numpy(),
            "nexus_delay": wide["avg_delay_min", "nexus"].to_numpy(),
        }
    )
    days["sound"] = sound(days)
    days["spring"] = days["time"].between(SPRING_FROM, SPRING_TO)
    return with_calendar(days)


def sound(days: pd.DataFrame) -> pd.Series[bool]:
    """Which days have no known detector fault: by date, by their NEXUS volume, and by having every value."""
    known = days["time"].between(FAULTY_FROM, FAULTY_TO) | (days["time"] == pd.Timestamp(FAULTY_DAY))
    enough = days["nexus"] >= LEAST_NEXUS * days["nexus"].median()
    whole = days[["cars", "nexus", "cars_delay", "nexus_delay"]].notna().all(axis=1)
    return ~known & enough & whole


def with_calendar(table: pd.DataFrame) -> pd.DataFrame:
    """The table with `weekday`, `hour`, `month` and `odd` of its `time`."""
    time = table["time"].dt
    odd = time.isocalendar()["week"].to_numpy(dtype=int) % 2 == 1
    return table.assign(weekday=time.day_of_week, hour=time.hour, month=time.month, odd=odd)


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    try:
        return pd.read_csv(path, usecols=columns)
    except FileNotFoundError:
        raise UsageError(f"{path} is missing; docs/data.md says where it comes from") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
