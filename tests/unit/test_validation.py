"""The validation: what the detector would read, what is screened and split, and what the page shows.

None of it needs the published files, but the last test, which runs where BORDERSIM_RAW_DATA names their folder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.errors import UsageError
from tools.validate import northbound, page, scores, southbound
from tools.validate.case import DAY, HOUR, means, model_of, periods
from tools.validate.data import northbound_days, southbound_hours, with_calendar
from tools.validate.detector import NORTHBOUND, SOUTHBOUND, Detector
from tools.validate.fit import fit

ROOT = Path(__file__).resolve().parents[2]
RAW_DATA = os.environ.get("BORDERSIM_RAW_DATA")


# --- the detector --------------------------------------------------------------------------------------------


def test_delay_worked_by_hand() -> None:
    """Six vehicles at 0 s leave every 100 s from 100 s on; the rate is taken over the last 300 s.

    At 300 s three have left (100, 200, 300), three are between the detectors, and 3 left in 300 s: 300 s = 5 min.
    At 600 s all have left. At 900 s one that came at 850 s stands there, and nobody left since 600 s: the last rate,
    3 in 300 s, makes it 100 s, which is published as 2 min.
    """
    joined = np.array([0.0] * 6 + [850.0])
    started = np.array([100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 950.0])
    readings = Detector(cut_off=0.0, window=300.0).readings(joined, started, 3)
    assert readings.tolist() == [5.0, 0.0, 2.0]


def test_the_window_reaches_back_to_the_start_at_most() -> None:
    """At 300 s one has left in 300 s although the window is 900 s: two between the detectors are 600 s."""
    readings = Detector(cut_off=0.0).readings(np.zeros(3), np.array([200.0, 1e4, 1e4]), 1)
    assert readings.tolist() == [10.0]


def test_who_never_leaves_stays_between_the_detectors() -> None:
    readings = Detector(cut_off=0.0, window=300.0).readings(np.zeros(2), np.array([10.0, np.nan]), 2)
    assert readings.tolist() == [5.0, 5.0]


def test_nobody_has_left_yet() -> None:
    assert Detector(cut_off=0.0).readings(np.zeros(4), np.full(4, 1e4), 2).tolist() == [0.0, 0.0]


def test_delays_are_published_in_whole_minutes() -> None:
    assert SOUTHBOUND.published(np.array([0.0, 29.9, 30.0, 89.9, 90.0, 600.0])).tolist() == [0, 0, 60, 60, 120, 600]


def test_northbound_delays_are_published_from_ten_minutes_up() -> None:
    assert NORTHBOUND.published(np.array([300.0, 569.9, 570.0, 600.0, 661.0])).tolist() == [0, 0, 600, 600, 660]


def test_a_mean_is_the_unweighted_one_of_five_minute_values() -> None:
    readings = np.array([0.0, 0.0, 12.0, 30.0, 10.0])
    assert means(readings, np.array([0, 0, 0, 1, 1])).tolist() == [4.0, 20.0]


# --- time ----------------------------------------------------------------------------------------------------


def test_periods_of_days_with_a_clock_change() -> None:
    """11 March 2018 lacks an hour, 4 November has one twice, published as one."""
    spring = periods(pd.Timestamp("2018-03-11"), 23 * 3600.0, HOUR)["time"]
    assert spring.dt.hour.tolist() == [0, 1, *range(3, 24)]
    autumn = periods(pd.Timestamp("2018-11-04"), 25 * 3600.0, HOUR)["time"]
    assert autumn.dt.hour.tolist() == list(range(24))
    assert len(periods(pd.Timestamp("2018-01-01"), 365 * 86400.0, DAY)) == 365


def test_odd_and_even_weeks() -> None:
    """31 December 2018 is a Monday of ISO week 1 of 2019; 3 January 2016 a Sunday of week 53 of 2015."""
    days = ["2018-01-01", "2018-01-07", "2018-01-08", "2018-12-30", "2018-12-31", "2016-01-03", "2016-01-04"]
    table = with_calendar(pd.DataFrame({"time": pd.to_datetime(days)}))
    assert table["odd"].tolist() == [True, True, False, False, True, True, True]
    assert table["weekday"].tolist() == [0, 6, 0, 6, 0, 6, 0]


# --- the published files -------------------------------------------------------------------------------------


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Small files of the published form: 2018 with faults where they were, and two hours of which one is empty."""
    dates = pd.date_range("2018-01-01", "2018-12-31")
    frames = []
    for lane, volume in (("cars", 3000.0), ("nexus", 2800.0)):
        day = pd.DataFrame({"date": dates, "crossing": "Peace Arch", "direction": "NB", "lane": lane})
        frames.append(day.assign(volume=volume + 10.0 * dates.day_of_week, avg_delay_min=5.0 + dates.day_of_week))
    other = frames[0].assign(crossing="Pacific Highway", volume=9.0)
    table = pd.concat([*frames, other], ignore_index=True)
    nexus = (table["lane"] == "nexus") & (table["crossing"] == "Peace Arch")
    table.loc[nexus & (table["date"] == "2018-08-07"), "volume"] = 700.0  # just below a quarter of the median
    table.loc[nexus & (table["date"] == "2018-08-08"), "volume"] = 720.0  # just above
    table.loc[nexus & (table["date"] == "2018-10-24"), "avg_delay_min"] = np.nan
    table = table[table["date"] != "2018-07-14"]
    table.to_csv(tmp_path / "cascade_daily_volume_2018.csv", index=False)
    hours = pd.DataFrame({"time": ["2013-01-01 00:00:00", "2013-01-01 01:00:00"], "delay_min": [3.5, np.nan]})
    hours.to_csv(tmp_path / "cascade_peace_arch_sb_hourly_wait_2013_2016.csv", index=False)
    return tmp_path


def test_faulty_days_are_screened(raw: Path) -> None:
    days = northbound_days(raw)
    faulty = set(days.loc[~days["sound"], "time"].dt.strftime("%Y-%m-%d"))
    stretch = set(pd.date_range("2018-04-28", "2018-05-17").strftime("%Y-%m-%d"))
    assert faulty == stretch | {"2018-01-16", "2018-08-07", "2018-10-24"}
    assert len(days) == 364
    assert days.loc[days["time"] == "2018-01-02", "cars"].tolist() == [3010.0]


def test_spring_is_marked(raw: Path) -> None:
    days = northbound_days(raw)
    spring = days.loc[days["spring"], "time"]
    assert (spring.min(), spring.max()) == (pd.Timestamp("2018-03-10"), pd.Timestamp("2018-05-31"))


def test_hours_without_a_value_are_left_out(raw: Path) -> None:
    hours = southbound_hours(raw)
    assert hours["delay"].tolist() == [3.5]
    assert hours["hour"].tolist() == [0]


def test_a_missing_file_and_a_missing_column_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cascade_daily_volume_2018\.csv is missing"):
        northbound_days(tmp_path)
    (tmp_path / "cascade_daily_volume_2018.csv").write_text("date,lane\n2018-01-01,cars\n", encoding="utf-8")
    with pytest.raises(UsageError, match="volume"):
        northbound_days(tmp_path)


def test_the_hourly_table_keeps_the_volume_of_each_day_and_lane(raw: Path) -> None:
    days = northbound_days(raw)
    lines = northbound.volumes_table(days, odd_only=False).splitlines()
    assert lines[0] == "time,car,car.nexus"
    counts = np.array([line.split(",")[1:] for line in lines[1:]], dtype=float)
    assert counts.shape == (365 * 24, 2)
    tuesday = counts[24:48]
    assert tuesday.sum(axis=0) == pytest.approx([3010.0, 2810.0], abs=0.02)
    assert (tuesday[:7, 1] == 0.0).all()
    assert (tuesday[7:, 1] > 0.0).all()


def test_even_weeks_stay_out_of_the_fit(raw: Path) -> None:
    lines = northbound.volumes_table(northbound_days(raw), odd_only=True).splitlines()[1:]
    counts = np.array([line.split(",")[1:] for line in lines], dtype=float)
    by_week = counts[: 52 * 168].reshape(52, 168, 2).sum(axis=(1, 2))
    # Clock changes move an hour across midnight, so a week may borrow an hour from its neighbour.
    assert (by_week[::2] > 30_000.0).all()
    assert (by_week[1::2] < 300.0).all()


# --- fitting and scoring -------------------------------------------------------------------------------------


def test_a_fit_walks_down_a_grid_and_tries_nothing_twice() -> None:
    tried: list[tuple[float, float]] = []

    def losses(settings: list[dict[str, float]]) -> list[float]:
        tried.extend((each["x"], each["y"]) for each in settings)
        return [(each["x"] - 3.0) ** 2 + (each["y"] + 1.0) ** 2 for each in settings]

    starts = [{"x": 0.0, "y": 0.0}, {"x": 4.0, "y": -2.0}]
    found = fit({"x": (0.0, 1.0, 2.0, 3.0, 4.0), "y": (-2.0, -1.0, 0.0)}, starts, losses)
    assert found.values == {"x": 3.0, "y": -1.0}
    assert found.loss == 0.0
    assert found.tried == len(tried) == len(set(tried))


def test_a_score_by_hand() -> None:
    found = scores.score(np.array([0.0, 5.0, 20.0, 30.0]), np.array([1.0, 3.0, 26.0, 20.0]), inside=0.5)
    assert found == scores.Score(error=4.75, error_long=8.0, bias=-1.25, count=4, count_long=2, inside=0.5)


def test_ends_of_a_band_are_inside() -> None:
    assert scores.share_inside(np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, 2.0), np.full(4, 3.0)) == 0.5


def test_profiles_apart() -> None:
    one = pd.DataFrame({"hour": [0, 0, 1, 1], "delay": [0.0, 10.0, 4.0, 4.0]})
    other = pd.DataFrame({"hour": [0, 1], "delay": [6.0, 4.0]})
    assert scores.apart(scores.profile(one, ["hour"]), scores.profile(other, ["hour"])) == pytest.approx((0.5, 1.5))


def test_the_yardstick_scores_its_own_weeks_without_bias() -> None:
    """The mean of a cell, held against the cell, has no bias; a shift of the forecast is its bias."""
    hours = with_calendar(pd.DataFrame({"time": pd.date_range("2014-01-01", periods=24 * 364, freq="h")}))
    hours["delay"] = np.random.default_rng(49).gamma(2.0, 4.0, len(hours))
    assert southbound.evaluate(hours, hours).score.bias == pytest.approx(0.0, abs=1e-9)
    shifted = hours.assign(delay=hours["delay"] + 2.0)
    assert southbound.evaluate(hours, shifted).score.bias == pytest.approx(2.0)


def test_scenarios_of_both_directions_load() -> None:
    table = "time,car,car.nexus\n0:00,100,0\n1:00,100,50\n"
    for values in (*southbound.CONTROL_STARTS, *southbound.CALENDAR_STARTS):
        make = southbound.MAKE["calendar" if "day" in values else "control"]
        model, *_ = model_of(make(values))
        assert len(model.network.controllers) == ("open_above" in values)
    for values in (*northbound.CONTROL_STARTS, *northbound.CALENDAR_STARTS):
        make = northbound.MAKE["calendar" if "day" in values else "control"]
        model, *_ = model_of(make(values, table))
        assert len(model.network.controllers) == 2 * ("open_above" in values)


# --- the page ------------------------------------------------------------------------------------------------


def tables() -> dict[str, str]:
    """What stands between the markers of the page."""
    text = page.PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"<!-- validate: ([\w-]+) -->\n(.*?)<!-- end -->", text, re.DOTALL))


def rows(block: str) -> list[list[str]]:
    """Cells of the lines of a Markdown table, its head first."""
    lines = [line for line in block.splitlines() if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_table_of_the_page_is_filled() -> None:
    names = {"southbound", "southbound-shape", "southbound-fit"}
    names |= {"northbound", "northbound-spring", "northbound-shape", "northbound-fit"}
    names |= {"irregular-bands", "irregular-2022", "irregular-protocol"}
    assert set(tables()) == names
    assert all(len(rows(block)) > 2 for block in tables().values())


@pytest.mark.parametrize(("name", "first"), [("southbound", 1), ("northbound", 3), ("northbound-spring", 3)])
def test_errors_on_the_page_are_numbers(name: str, first: int) -> None:
    head, *body = rows(tables()[name])
    assert head[first] == "mean absolute error"
    models = [row for row in body if row[0].startswith("model")]
    assert {row[0] for row in models} == {page.NAMES["control"], page.NAMES["calendar"]}
    for row in body:
        assert 0.0 < float(row[first]) < 60.0
        assert abs(float(row[first + 2])) <= float(row[first])
    for row in models:
        assert 0 <= int(row[first + 3].removesuffix(" %")) <= 100


def test_tables_go_between_their_markers(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("a\n<!-- validate: one-two -->\nold\n<!-- end -->\nb\n", encoding="utf-8")
    page.write({"one-two": page.table(("x", "y"), [("1", "2")])}, file)
    table = "| x | y |\n| --- | ---: |\n| 1 | 2 |"
    assert file.read_text(encoding="utf-8") == f"a\n<!-- validate: one-two -->\n\n{table}\n\n<!-- end -->\nb\n"
    with pytest.raises(KeyError):
        page.write({}, file)


def test_shares_inside_the_bands_of_irregular_flows_follow_from_the_months_on_the_page() -> None:
    """The months of 2022 are one row of the table of bands."""
    months = rows(tables()["irregular-2022"])[1:]
    row = next(row for row in rows(tables()["irregular-bands"]) if row[0] == "2022-07 to 2022-12")
    assert row[1] == str(len(months))
    for place, said in enumerate(row[2:5], start=4):
        inside = sum(not month[place].endswith("*") for month in months)
        assert said == page.percent(inside / len(months))
        for month in months:
            low, high = (float(end.replace(",", "")) for end in month[place].rstrip(" *").split(" to "))
            assert (low <= float(month[2].replace(",", "")) <= high) == (not month[place].endswith("*"))


def test_the_protocol_on_the_page_is_a_fall_and_a_rise_of_the_published_order() -> None:
    """Within a third of what is published: about 165 to about 10 or 12 by the road, 44 to 145 at airports."""
    found = {
        row[0]: [float(cell.split(" ")[0]) for cell in (row[1], row[3])]
        for row in rows(tables()["irregular-protocol"])[1:]
    }
    for name, published in (("come by the road", (165.0, 12.0)), ("claim at airports", (44.0, 145.0))):
        for simulated, said in zip(found[name], published, strict=True):
            assert 2 / 3 < simulated / said < 4 / 3


@pytest.mark.skipif(RAW_DATA is None, reason="BORDERSIM_RAW_DATA names no folder of the published files")
def test_the_yardstick_of_the_page_follows_from_the_published_hours() -> None:
    assert RAW_DATA is not None
    hours = southbound_hours(Path(RAW_DATA))
    found = southbound.evaluate(hours[~hours["odd"]], hours[hours["odd"]]).score
    row = next(row for row in rows(tables()["southbound"])[1:] if row[0] == page.NAMES["yardstick"])
    assert row[1:4] == [f"{found.error:.2f}", f"{found.error_long:.2f}", f"{found.bias:+.2f}"]


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.validate", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "cascade_peace_arch_sb_hourly_wait_2013_2016.csv is missing" in done.stderr
    assert "Traceback" not in done.stderr
