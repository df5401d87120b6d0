"""What the figures draw is what their tables say, and the tables are what the files of the run say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_runs import port_run
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sim.report import words
from sim.report.figures import (
    RunData,
    plot_convergence,
    plot_flow,
    plot_forest,
    plot_frontier,
    plot_hall,
    plot_heat,
    plot_missed,
    plot_programmes,
    plot_sweep,
    plot_utilisation,
    plot_wait_histogram,
)
from sim.report.figures_convergence import convergence_rows
from sim.report.figures_flow import flow_rows
from sim.report.figures_forest import forest_rows
from sim.report.figures_hall import hall_rows, is_hall, missed_rows
from sim.report.figures_heat import heat_rows
from sim.report.figures_histogram import histogram_rows
from sim.report.figures_lanes import lanes, utilisation_rows
from sim.report.figures_programme import programme_rows
from sim.report.figures_sweep import as_numbers, frontier_rows, sweep_rows
from sim.report.rundata import ALL
from sim.scenario import load
from sim.study import runs

PORT = "crossing"
BASE = ("baseline", PORT, ALL, ALL)
NUMBERS = ["mean", "ci_low", "ci_high", "day_p10", "day_p50", "day_p90", "replications"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    return RunData.open(port_run(tmp_path_factory.mktemp("drawn")))


def line(ax: Axes, label: str) -> Line2D:
    return next(each for each in ax.lines if each.get_label() == label)


def cells(ax: Axes) -> dict[tuple[int, int], str]:
    """Text of each cell of a heat map by row and column."""
    inside = [text for text in ax.texts if text.get_text() != "whole run"]
    return {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in inside}


# ---- bins put together anew -------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", ["wait_mean", "queue_mean", "throughput", "arrivals", "over_standard_share"])
def test_bins_left_as_they_are_give_the_rows_of_series_csv(run: RunData, measure: str) -> None:
    rows = run.day(BASE, measure)
    run.samples.bins(BASE, "arrivals")
    group = np.arange(len(rows))
    found = run.samples.regrouped(BASE, measure, group, len(rows))
    np.testing.assert_allclose(found[NUMBERS], rows[NUMBERS].to_numpy(), rtol=1e-7, atol=1e-9)


def test_all_bins_together_give_the_utilisation_of_the_run(run: RunData) -> None:
    scope = ("baseline", PORT, "general", ALL)
    run.samples.bins(scope, "utilisation")
    group = np.zeros(len(run.samples.starts("baseline")), np.int64)
    found = run.samples.regrouped(scope, "utilisation", group, 1)
    whole = run.samples.whole(scope, "utilisation")
    assert found["day_p50"].iloc[0] == pytest.approx(np.median(whole), rel=1e-9)


def test_a_quantile_is_not_told_from_its_bins(run: RunData) -> None:
    with pytest.raises(ValueError, match="wait_p95"):
        run.samples.regrouped(BASE, "wait_p95", np.zeros(1, np.int64), 1)


# ---- figures ----------------------------------------------------------------------------------------------


def test_heat_pools_the_hour_that_comes_twice(run: RunData) -> None:
    rows = heat_rows(run, PORT)
    assert list(dict.fromkeys(rows["weekday"])) == ["Saturday", "Sunday"]
    bins = pd.read_parquet(run.folder / "bins.parquet").query(
        "variant == 'baseline' and station == 'all' and `class` == 'all'"
    )
    zone = "America/Vancouver"
    at = pd.Timestamp("2024-11-02", tz=zone).tz_convert("UTC") + pd.to_timedelta(bins["bin_start"], unit="min")
    local = at.dt.tz_convert(zone)
    bins = bins.assign(day=local.dt.day_name(), hour=local.dt.hour)
    sums = bins.groupby(["day", "hour", "measure"], observed=True)["value"].sum().unstack()
    for row in rows.itertuples():
        if np.isfinite(row.mean):
            own = sums.loc[(row.weekday, row.hour)]
            assert row.mean == pytest.approx(own["wait_sum"] / own["wait_count"], rel=1e-9)
    twice = bins[(bins["day"] == "Sunday") & (bins["hour"] == 1) & (bins["measure"] == "arrivals")]
    assert twice["bin_start"].nunique() == 8
    # The 48 hours of the run end at 23:00 by the clock that was put back.
    assert np.isnan(rows.loc[(rows["weekday"] == "Sunday") & (rows["hour"] == 23), "mean"]).all()


def test_heat_shows_its_table(run: RunData) -> None:
    shown = cells(plot_heat(run, PORT))
    rows = heat_rows(run, PORT)
    places = 0 if rows["mean"].max() >= 10.0 else 1
    expected = {
        (index // 24, index % 24): f"{mean:.{places}f}" for index, mean in enumerate(rows["mean"]) if np.isfinite(mean)
    }
    assert shown == expected


def test_lanes_show_their_table_and_the_whole_run(run: RunData) -> None:
    ax = plot_utilisation(run, PORT)
    rows = utilisation_rows(run, PORT, ["general", "nexus"])
    binned = rows[rows["bin_start"].notna()]
    columns = binned["bin_start"].nunique()
    shown = cells(ax)
    values = 100.0 * binned["mean"].to_numpy().reshape(2, columns)
    for (row, column), value in np.ndenumerate(values):
        assert shown.get((row, column)) == (f"{value:.0f}" if np.isfinite(value) else None)
    for row, station in enumerate(("general", "nexus")):
        whole = run.estimate(("baseline", PORT, station, ALL), "utilisation")
        assert whole is not None
        assert shown[row, columns + 1] == f"{100.0 * whole.mean:.0f}"
    assert (row, 0) not in shown, "NEXUS is closed when the run begins"


def test_flow_draws_its_table_which_balances(run: RunData) -> None:
    top = plot_flow(run, PORT)
    rows = flow_rows(run, PORT)
    by = {name: rows[rows["measure"] == name] for name in ("arrivals", "departures", "inside")}
    below = top.figure.axes[1]
    for ax, label, name in (
        (top, "came and stayed", "arrivals"),
        (top, "served and gone", "departures"),
        (below, "inside", "inside"),
    ):
        np.testing.assert_array_equal(line(ax, label).get_ydata(), by[name]["mean"])
        np.testing.assert_array_equal(line(ax, label).get_xdata(), by[name]["minute"])
    difference = by["arrivals"]["mean"].to_numpy() - by["departures"]["mean"].to_numpy()
    np.testing.assert_allclose(by["inside"]["mean"], difference, atol=1e-9)
    arrivals = run.estimate(BASE, "arrivals")
    assert arrivals is not None
    assert by["arrivals"]["mean"].iloc[-1] == pytest.approx(arrivals.mean)
    assert (by["inside"]["mean"] >= -1e-9).all()


def test_programmes_draw_their_table_and_say_what_members_save(run: RunData) -> None:
    classes = ["car", "car.nexus"]
    top = plot_programmes(run, PORT, classes)
    rows = programme_rows(run, PORT, classes)
    for name, label in (("car", "general cars"), ("car.nexus", "NEXUS cars")):
        own = run.day(("baseline", PORT, ALL, name), "wait_mean")
        np.testing.assert_array_equal(line(top, label).get_ydata(), own["mean"])
    below = top.figure.axes[1]
    for name in classes:
        for measure in ("wait_mean", "wait_p95"):
            estimate = run.estimate(("baseline", PORT, ALL, name), measure)
            assert estimate is not None
            assert line(below, f"{name} {measure}").get_xdata() == [estimate.mean]
    saved = rows[rows["measure"] == "wait_mean_saved"]
    waits = [run.samples.whole(("baseline", PORT, ALL, name), "wait_mean") for name in classes]
    assert saved["mean"].tolist() == [pytest.approx((waits[0] - waits[1]).mean())]
    assert f"NEXUS cars wait {saved['mean'].iloc[0]:.1f} min less" in below.get_xlabel()


def test_convergence_ends_at_the_summary(run: RunData) -> None:
    ax = plot_convergence(run, PORT)
    rows = convergence_rows(run, PORT)
    for panel, measure in zip(ax.figure.axes, ("wait_mean", "wait_p95"), strict=True):
        own = rows[rows["measure"] == measure]
        np.testing.assert_array_equal(line(panel, "mean of all so far").get_ydata(), own["mean"])
        np.testing.assert_array_equal(line(panel, "one replication").get_ydata(), own["value"])
        whole = run.estimate(BASE, measure)
        assert whole is not None
        last = own.iloc[-1]
        assert (last["mean"], last["ci_low"], last["ci_high"]) == pytest.approx((whole.mean, whole.low, whole.high))
        assert np.isnan(own["ci_high"].iloc[0])


def test_forest_draws_both_intervals_of_the_comparison(run: RunData) -> None:
    ax = plot_forest(run, PORT)
    table = run.comparison.query("station == 'all' and `class` == 'all' and measure == 'wait_mean'")
    rows = forest_rows(run, PORT, "wait_mean")
    assert rows["difference"].is_monotonic_increasing
    assert set(rows["variant"]) == set(table["variant"])
    for place, (_, row) in enumerate(rows.iterrows()):
        point = line(ax, row["variant"])
        assert (point.get_xdata(), point.get_ydata()) == ([row["difference"]], [place])
        for kind, ends in (
            ("paired", ("ci_low", "ci_high")),
            ("simultaneous", ("ci_low_simultaneous", "ci_high_simultaneous")),
        ):
            assert list(line(ax, f"{row['variant']}: {kind}").get_xdata()) == [row[end] for end in ends]
        clear = row["ci_low_simultaneous"] > 0.0 or row["ci_high_simultaneous"] < 0.0
        assert (point.get_markerfacecolor() != "white") == clear


def test_histogram_holds_everybody_and_splits_at_the_standard(run: RunData) -> None:
    rows = histogram_rows(run, PORT, ["car", "car.nexus"])
    assert rows.groupby("class")["share"].sum().tolist() == [pytest.approx(1.0)] * 2
    table = run.wait_distribution.query("variant == 'baseline' and `class` == 'car' and wait_min == 10")
    beyond = rows[(rows["class"] == "car") & (rows["from_min"] >= 10.0)]["share"].sum()
    assert beyond == pytest.approx(table["survival_mean"].iloc[0])
    ax = plot_wait_histogram(run, PORT)
    own = rows[rows["class"] == "car"]
    assert sorted(bar.get_height() for bar in ax.patches) == pytest.approx(sorted(100.0 * own["share"]))
    hatched = [bar for bar in ax.patches if bar.get_hatch()]
    assert hatched
    assert min(bar.get_x() for bar in hatched) == 10.0


def test_sweep_draws_a_curve_per_value(run: RunData) -> None:
    ax = plot_sweep(run, PORT, "staff", "wait_p95")
    rows = sweep_rows(run, PORT, "staff", "wait_p95")
    assert len(rows) == 4
    open_path, nexus_path = "ports.crossing.lanes.general.open", "ports.crossing.traffic.car.nexus"
    for nexus in ("20 %", "40 %"):
        own = rows[rows[nexus_path] == nexus].sort_values(open_path)
        drawn = line(ax, f"car nexus {nexus}")
        np.testing.assert_array_equal(drawn.get_ydata(), own["mean"])
        np.testing.assert_array_equal(drawn.get_xdata(), own[open_path].astype(float))


@pytest.mark.parametrize(
    ("texts", "numbers", "unit"),
    [
        (["20 %", "2.5 %"], [20.0, 2.5], "%"),
        (["3", "4"], [3.0, 4.0], ""),
        (["-10 s", "5 min"], [0.0, 1.0], ""),
        (["shared", "per_booth", "shared"], [0.0, 1.0, 0.0], ""),
    ],
)
def test_values_of_a_sweep_as_numbers(texts: list[str], numbers: list[float], unit: str) -> None:
    assert as_numbers(texts) == (numbers, unit)


def test_the_frontier_has_the_variants_that_none_beats(run: RunData) -> None:
    rows = frontier_rows(run, PORT)
    for _, row in rows.iterrows():
        beaten = ((rows["price"] <= row["price"]) & (rows["mean"] < row["mean"])).any()
        if row["frontier"] == "yes":
            assert not beaten
        else:
            assert (
                (rows["price"] <= row["price"]) & (rows["mean"] <= row["mean"]) & (rows["variant"] != row["variant"])
            ).any()
    drawn = line(plot_frontier(run, PORT), "frontier")
    best = rows[rows["frontier"] == "yes"]
    np.testing.assert_allclose(drawn.get_xdata(), best["price"])
    np.testing.assert_allclose(drawn.get_ydata(), 100.0 * best["mean"])


def test_stations_that_share_officers_are_one_row(tmp_path: Path) -> None:
    scenario = tmp_path / "shared.yaml"
    scenario.write_text(SHARED, encoding="utf-8")
    run = RunData.open(runs.run(load(scenario), tmp_path / "results", workers=1)[0])
    assert lanes(run, "here") == ("cars + secondary",)
    rows = utilisation_rows(run, "here", lanes(run, "here"))
    parts = [run.samples.whole(("baseline", "here", name, ALL), "utilisation") for name in ("cars", "secondary")]
    whole = rows[rows["bin_start"].isna()]
    assert whole["mean"].tolist() == [pytest.approx(np.mean(parts[0] + parts[1]))]
    for start, mean in zip(rows["bin_start"], rows["mean"], strict=True):
        if np.isfinite(start):  # busy time of both over the time of the two officers, by hand
            bins = [run.samples.bins(("baseline", "here", name, ALL), "utilisation") for name in ("cars", "secondary")]
            inside = (run.samples.starts("baseline") >= start) & (run.samples.starts("baseline") < start + 60.0)
            assert mean == pytest.approx((bins[0] + bins[1])[:, inside].mean(), rel=1e-6)


SHARED = """\
format: 1
name: Two officers for everything
start: 2024-07-05 06:00
horizon: 3 h
replications: 3
seed: 5
end: cut
officers: {both: {officers: 2, open: 2}}
ports:
  here:
    direction: northbound
    zone: America/Vancouver
    traffic: {car: {rate: 30 /h}}
    lanes: {cars: {serves: [car], pool: both, service: 90 s}}
    secondary: {pool: both, referral: {car: 20 %}, service: 5 min}
"""


# ---- halls ------------------------------------------------------------------------------------------------

HALL = """\
format: 1
name: Two banks
start: 2024-06-14 00:00
horizon: 6 h
replications: 3
seed: 3
preclearance:
  hall:
    mode: air
    zone: America/Vancouver
    departures: {banks: {"02:00": 2, "04:30": 2}, within: 20 min, seats: 60, load: 100 %}
    classes: {citizen: 60 %, visitor: rest}
    show_up: {lognormal: {mean: 70 min, cv: 0.4}}
    closes: 15 min
    stations:
      primary: {kind: primary, booths: 2, service: {gamma: {mean: 100 s, cv: 0.5}}}
"""


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    folder = tmp_path_factory.mktemp("hall")
    (folder / "hall.yaml").write_text(HALL, encoding="utf-8")
    return RunData.open(runs.run(load(folder / "hall.yaml"), folder / "results", workers=1)[0])


def test_the_hall_is_drawn_above_its_departures(hall: RunData) -> None:
    top = plot_hall(hall, "hall")
    scope = ("baseline", "hall", ALL, ALL)
    (people,) = top.lines
    np.testing.assert_array_equal(people.get_ydata(), hall.day(scope, "hall_mean")["mean"])
    below = top.figure.axes[1]
    booked = hall.day(scope, "departing")
    assert [bar.get_height() for bar in below.patches] == booked["mean"].tolist()
    assert [bar.get_x() for bar in below.patches] == booked["bin_start"].tolist()
    assert booked["mean"].sum() == 4 * 60
    assert {"hall_mean", "departing"} == set(hall_rows(hall, "hall")["measure"])


def test_missed_departures_stand_by_bank(hall: RunData) -> None:
    rows = missed_rows(hall, "hall")
    assert [label[:5] for label in rows["label"]] == ["02:00", "04:30"]
    assert rows["departing"].tolist() == [120.0, 120.0]
    missed = hall.samples.whole(("baseline", "hall", ALL, ALL), "passengers_missed")
    assert rows["mean"].sum() == pytest.approx(missed.mean())
    assert rows["mean"].sum() > 0.0, "nobody misses anything: the test shows nothing"
    ax = plot_missed(hall, "hall")
    assert [bar.get_height() for bar in ax.patches] == rows["mean"].tolist()
    shares = [text.get_text() for text in ax.texts]
    assert shares == [f"{100.0 * mean / 120.0:.1f} %" if mean else "0" for mean in rows["mean"]]


def test_a_port_is_no_hall(run: RunData) -> None:
    assert not is_hall(run, PORT)


def test_a_secondary_says_what_it_is() -> None:
    assert words.station_words("cars", "secondary") == "cars (secondary)"
    assert words.station_words("secondary", "secondary") == "secondary"
    assert words.station_words("general", "lane group") == "general"
