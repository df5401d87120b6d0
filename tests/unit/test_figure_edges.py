"""Runs at the edge: one replication, nobody, one class, a hundred variants, five years. A figure, or one sentence."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from report_fake_run import FACILITY, write_run

from sim.errors import RunFolderError, UsageError
from sim.report import figures, style
from sim.report.figures import KINDS, RunData, plot_day, plot_forest, plot_map, save_figures
from sim.report.figures_forest import MOST_VARIANTS, forest_rows
from sim.report.figures_map import (
    airport_rows,
    interception_rows,
    map_rows,
    map_table,
    map_why_not,
    places,
    plot_airports_map,
    plot_between_ports_map,
    plot_ports_map,
    ports_rows,
    save_ports_maps,
)
from sim.report.figures_tornado import StudyData, plot_tornado, save_tornado_figures, tornado_rows
from sim.report.map_border import stretches
from sim.report.map_ground import projected
from sim.report.page_pictures import map_charts
from sim.report.picture import LeftOut, pages
from sim.report.timeline import MOST_POINTS, curve, width, width_words

ALL = "all"


def said(ax: Axes) -> str:
    """Everything written on the figure of an Axes."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    FigureCanvasAgg(figure).draw()
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_visible())


DRAWN: dict[str, Callable[[RunData], Axes]] = {
    "day": lambda run: plot_day(run, FACILITY),
    "wait": lambda run: figures.plot_wait_distribution(run, FACILITY),
    "histogram": lambda run: figures.plot_wait_histogram(run, FACILITY),
    "heat": lambda run: figures.plot_heat(run, FACILITY),
    "lanes": lambda run: figures.plot_utilisation(run, FACILITY),
    "flow": lambda run: figures.plot_flow(run, FACILITY),
    "programmes": lambda run: figures.plot_programmes(run, FACILITY, run.classes(FACILITY)[:2]),
    "convergence": lambda run: figures.plot_convergence(run, FACILITY),
    "forest": lambda run: plot_forest(run, FACILITY),
    "frontier": lambda run: figures.plot_frontier(run, FACILITY),
    "map": plot_map,
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunData]:
    """Runs at the edge by what is odd about them."""
    place = tmp_path_factory.mktemp("odd")
    return {
        "one replication": RunData.open(write_run(place / "one", days=1)),
        "nobody": RunData.open(write_run(place / "nobody", days=2, traffic=0.0)),
        "one class": RunData.open(write_run(place / "class", days=2, variants=("baseline",), classes=("car",))),
    }


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize("which", ["one replication", "nobody", "one class"])
def test_an_odd_run_is_drawn_or_said(odd: dict[str, RunData], which: str, kind: str) -> None:
    written = said(DRAWN[kind](odd[which]))
    assert "nan" not in written.split()
    assert "inf" not in written.split()


SENTENCES = {
    ("one replication", "convergence"): "a single replication does not converge; run at least two",
    ("one replication", "heat"): "no heat map by hour and weekday, as the run lies within one day",
    ("nobody", "flow"): "no parties arrived",
    ("nobody", "histogram"): "no parties waited",
    ("nobody", "programmes"): "no parties arrived",
    ("one class", "forest"): "no variants to compare; run the scenario with --all",
    ("one class", "frontier"): "a frontier takes the baseline and two variants at least",
    ("one class", "map"): "no map, as no facility names an entry of the registry that has a place",
}


@pytest.mark.parametrize(("which", "kind"), SENTENCES)
def test_why_there_is_no_figure(odd: dict[str, RunData], which: str, kind: str) -> None:
    assert SENTENCES[which, kind] in said(DRAWN[kind](odd[which]))


def test_short_waits_leave_a_far_standard_out_of_the_axes(odd: dict[str, RunData]) -> None:
    run = odd["one class"]
    table = run.wait_distribution.copy()
    for column in ("survival_mean", "ci_low", "ci_high", "survival_low", "survival_high"):
        if column in table:
            table[column] = np.where(table["wait_min"] < 1.0, 0.04, 0.0)
    ax = figures.plot_wait_distribution(replace(run, wait_distribution=table), FACILITY)
    end = ax.get_xlim()[1]
    assert end < 5.0
    assert all(max(line.get_xdata()) <= end for line in ax.lines if line.get_marker() == "o")
    assert "beyond: the standard of 20 min" in ax.get_xlabel()


def test_a_convergence_of_nothing_has_its_unit(odd: dict[str, RunData]) -> None:
    assert "Mean wait, minutes" in said(figures.plot_convergence(odd["nobody"], FACILITY))


def test_what_is_left_out_is_told(odd: dict[str, RunData]) -> None:
    told: list[str] = []
    paths = save_figures(odd["one replication"].folder, ["heat", "convergence"], told.append)
    assert not paths
    assert len(told) == 2
    assert all(sentence.startswith(FACILITY) for sentence in told)


def test_one_replication_has_no_bands_in_any_figure(odd: dict[str, RunData]) -> None:
    ax = figures.plot_flow(odd["one replication"], FACILITY)
    assert not ax.figure.axes[1].collections
    forest = plot_forest(odd["one replication"], FACILITY)
    assert not [each for each in forest.lines if "paired" in str(each.get_label())]


def test_an_unknown_kind_is_named(odd: dict[str, RunData]) -> None:
    with pytest.raises(UsageError, match=r"no kind of figure 'heatmap'.*heat"):
        save_figures(odd["one class"].folder, ["heatmap"])


def test_a_run_without_its_parquet_files_says_so(tmp_path: Path) -> None:
    folder = write_run(tmp_path, days=2, variants=("baseline",))
    (folder / "bins.parquet").unlink()
    with pytest.raises(RunFolderError, match=r"bins\.parquet"):
        figures.plot_flow(RunData.open(folder), FACILITY)


# ---- a hundred variants -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    folder = write_run(tmp_path_factory.mktemp("hundred"), days=3, variants=("baseline", "one-more-booth"))
    for name in ("comparison.csv", "summary.csv"):
        table = pd.read_csv(folder / name)
        pattern = table[table["variant"] == "one-more-booth"]
        parts = [table[table["variant"] != "one-more-booth"]]
        for number in range(100):
            shift = 0.01 * number
            column = "difference" if name == "comparison.csv" else "mean"
            own = pattern.assign(variant=f"safe-third-country-agreement-variant-number-{number}")
            parts.append(own.assign(**{column: own[column] + shift}))
        pd.concat(parts).to_csv(folder / name, index=False)
    return RunData.open(folder)


def test_a_hundred_variants_take_several_forests(hundred: RunData) -> None:
    rows = forest_rows(hundred, FACILITY, "wait_mean")
    assert len(rows) == 100
    parts = list(pages(rows["variant"].tolist(), MOST_VARIANTS))
    assert sum(len(part) for _, _, part in parts) == 100
    assert max(len(part) for _, _, part in parts) <= MOST_VARIANTS
    assert [ending for ending, _, _ in parts] == [f"-{page}" for page in range(1, 8)]
    alone = plot_forest(hundred, FACILITY)
    assert f"{MOST_VARIANTS} of 100 shown" in said(alone)
    labels = [label.get_window_extent() for label in alone.get_yticklabels() if label.get_text()]
    assert len(labels) == MOST_VARIANTS
    assert not any(one.overlaps(other) for one, other in itertools.combinations(labels, 2))


def test_a_hundred_variants_are_not_all_drawn_over_the_day(hundred: RunData) -> None:
    drawn = next(KINDS["compare"](hundred, FACILITY))
    assert isinstance(drawn, LeftOut)
    assert "of 100 variants" in drawn.why


def test_a_hundred_variants_on_the_frontier(hundred: RunData) -> None:
    """Each takes an hour less than the one before and is a little worse: all are on the frontier."""
    table = hundred.summary
    shares = table[(table["measure"] == "over_standard_share") & (table["station"] == ALL) & (table["class"] == ALL)]
    hours = shares.assign(measure="booth_hours", unit="booth-h", mean=200.0 - np.arange(len(shares)))
    shares = shares.assign(mean=0.001 * np.arange(len(shares)))
    run = replace(hundred, summary=pd.concat([shares, hours]))
    ax = figures.plot_frontier(run, FACILITY)
    written = said(ax)
    assert "and 89 more, in the table" in written
    assert len(next(each for each in ax.lines if each.get_label() == "frontier").get_xdata()) == 101
    assert "it has no booths or nobody waited" in said(figures.plot_frontier(hundred, FACILITY))


# ---- five years -------------------------------------------------------------------------------------------

DAYS = 5 * 365 + 1
START = "2020-01-01 00:00"


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    """Five years by the day: a queue with a season, in two replications."""
    folder = tmp_path_factory.mktemp("years")
    day = np.arange(DAYS)
    season = 10.0 + 5.0 * np.sin(2.0 * np.pi * day / 365.25)
    values = {
        "queue_mean": np.stack([season, season + 2.0]),
        "arrivals": np.stack([100.0 * season, 110.0 * season]),
        "throughput": np.stack([100.0 * season, 110.0 * season]) / 24.0,
        "wait_count": np.stack([100.0 * season, 110.0 * season]),
        "wait_sum": np.stack([100.0 * season**2, 110.0 * season**2]),
    }
    scope = {"variant": "baseline", "facility": FACILITY, "station": ALL, "class": ALL}
    parts = [
        pd.DataFrame({**scope, "replication": at, "bin_start": 1440.0 * day, "measure": name, "unit": "", "value": row})
        for name, rows in values.items()
        for at, row in enumerate(rows)
    ]
    pd.concat(parts).sort_values(["replication", "measure", "bin_start"]).to_parquet(folder / "bins.parquet")
    means = {name: rows.mean(axis=0) for name, rows in values.items() if name not in ("wait_sum", "wait_count")}
    means["wait_mean"] = season
    blank = dict.fromkeys(("ci_low", "ci_high", "day_p10", "day_p50", "day_p90"), math.nan)
    series = pd.concat(
        pd.DataFrame({**scope, "bin_start": 1440.0 * day, "measure": name, "unit": "", "mean": row, **blank})
        for name, row in means.items()
    )
    series.assign(replications=2).to_csv(folder / "series.csv", index=False)
    rows = [{**scope, "measure": "wait_mean", "unit": "min", "mean": 10.0, **blank, "replications": 2}]
    pd.DataFrame(rows).to_csv(folder / "summary.csv", index=False)
    manifest = {"scenario": "Five years", "start": START, "horizon_minutes": 1440.0 * DAYS}
    facility = {"mode": "car", "zone": "America/Toronto", "stations": {}}
    (folder / "manifest.json").write_text(json.dumps({**manifest, "facilities": {FACILITY: facility}}))
    return RunData.open(folder)


def test_five_years_are_drawn_by_the_week(years: RunData) -> None:
    assert width(years) == 7 * 1440.0
    assert width_words(width(years)) == "1 week"
    rows = curve(years, ("baseline", FACILITY, ALL, ALL), "wait_mean")
    assert 200 < len(rows) <= MOST_POINTS
    # The second whole week by hand: days 7 to 13, parties of both replications together.
    season = 10.0 + 5.0 * np.sin(2.0 * np.pi * np.arange(7, 14) / 365.25)
    assert rows["mean"].iloc[1] == pytest.approx((season**2).sum() / season.sum())
    assert rows["bin_start"].iloc[1] == 7 * 1440.0
    written = said(plot_day(years, FACILITY))
    assert "1 week a point" in written
    assert "Jan 2022" in written


def test_five_years_of_flow_end_where_the_bins_do(years: RunData) -> None:
    ax = figures.plot_flow(years, FACILITY)
    drawn = next(each for each in ax.lines if each.get_label() == "came and stayed")
    assert len(drawn.get_xdata()) <= MOST_POINTS
    assert drawn.get_xdata()[-1] == 1440.0 * DAYS
    total = years.samples.bins(("baseline", FACILITY, ALL, ALL), "arrivals").sum(axis=1).mean()
    assert drawn.get_ydata()[-1] == pytest.approx(total)


def test_days_of_one_bin_have_no_hours(years: RunData) -> None:
    assert "as its time bins are wider than an hour" in said(figures.plot_heat(years, FACILITY))


@pytest.mark.parametrize(
    ("minutes", "words"), [(15.0, "15 min"), (60.0, "1 h"), (180.0, "3 h"), (1440.0, "1 day"), (40320.0, "4 weeks")]
)
def test_widths_in_words(minutes: float, words: str) -> None:
    assert width_words(minutes) == words


# ---- clocks -----------------------------------------------------------------------------------------------


def test_labels_stand_where_the_clock_says_on_the_day_it_changes() -> None:
    ticks = style.clock_ticks(datetime(2024, 11, 3), 1500.0, zone=ZoneInfo("America/Vancouver"))
    noon = next(at for at, text in ticks if text.startswith("12:00"))
    assert noon == 13 * 60.0


# ---- maps -------------------------------------------------------------------------------------------------


def test_the_projection_has_the_numbers_of_its_source() -> None:
    """Snyder, USGS Professional Paper 1395, page 295: the numerical example for the sphere."""
    x, y = projected(np.array([35.0]), np.array([-75.0]), (33.0, 45.0), (23.0, -96.0), 1.0)
    assert (x[0], y[0]) == pytest.approx((0.2966785, 0.2462112), abs=5e-7)


def drawn(ax: Axes, label: str) -> Any:
    """The one collection of that label."""
    (found,) = [each for each in ax.collections if each.get_label() == label]
    return found


def test_a_map_shows_the_facilities_where_the_registry_has_them(tmp_path: Path) -> None:
    names = ("here", "there", "nowhere")
    folder = write_run(tmp_path, days=2, variants=("baseline",), facilities=names)
    (folder / "scenario.resolved.yaml").write_text(
        "ports:\n  here: {registry: us-3009-sumas}\n  nowhere: {registry: no}\n"
        "preclearance:\n  there: {registry: YYZ}\n"
    )
    run = RunData.open(folder)
    assert dict(places(run))["there"] == (43.7, -79.6)
    rows = map_rows(run, "wait_mean")
    ax = plot_map(run)
    for place in ("port", "airport"):
        own = rows[rows["place"] == place]
        points = drawn(ax, f"{place}s")
        x, y = projected(own["latitude"].to_numpy(), own["longitude"].to_numpy())
        np.testing.assert_allclose(np.asarray(points.get_offsets()), np.column_stack([x, y]))
        np.testing.assert_allclose(points.get_array(), own["mean"])
    assert {text.get_text().split()[0] for text in ax.texts} == {"here", "there"}
    assert "preclearance at an airport" in said(ax)


def test_a_map_shows_flows_between_ports_on_a_scale_of_their_own(tmp_path: Path) -> None:
    folder = write_run(tmp_path, days=2, variants=("baseline",), facilities=("here", "road", "fields"))
    table = pd.read_csv(folder / "summary.csv")
    flows = table[table["facility"].isin(["road", "fields"]) & (table["measure"] == "wait_mean")]
    met = flows.assign(
        measure="persons_intercepted", unit="count", mean=flows["facility"].map({"road": 90, "fields": 3})
    )
    pd.concat([table, met]).to_csv(folder / "summary.csv", index=False)
    (folder / "scenario.resolved.yaml").write_text(
        "ports:\n  here: {registry: us-3009-sumas}\n"
        "irregular:\n  road: {registry: quebec}\n  fields: {registry: manitoba}\n"
    )
    run = RunData.open(folder)
    assert not map_why_not(run)
    ax = plot_map(run)
    stretch = drawn(ax, "sectors")
    assert dict(zip(np.asarray(stretch.get_array()), map(len, stretch.get_segments()), strict=True)).keys() == {
        3.0,
        90.0,
    }
    assert list(drawn(ax, "ports").get_array()) == [map_rows(run, "wait_mean")["mean"].iloc[0]]
    assert {"road 90.0", "fields 3.0"} <= {text.get_text() for text in ax.texts}
    assert "Persons intercepted between ports" in said(ax)
    table = map_table(run, "wait_mean")
    assert dict(zip(table["facility"], table["place"], strict=True)) == {
        "here": "port",
        "road": "sector",
        "fields": "sector",
    }
    assert [chart.name for chart in map_charts(run)] == ["map-wait_mean", "map-arrivals"]
    (folder / "scenario.resolved.yaml").write_text(
        "irregular:\n  road: {registry: quebec}\n  fields: {registry: manitoba}\n"
    )
    (chart,) = map_charts(RunData.open(folder))
    assert chart.name == "map-persons_intercepted"
    assert chart.table is not None
    assert [row[0].text for row in chart.table.rows] == ["road", "fields"]


def test_a_stretch_of_border_ends_where_the_next_begins() -> None:
    found = stretches()
    west_to_east = ["british-columbia", "alberta", "saskatchewan", "manitoba", "ontario", "quebec", "new-brunswick"]
    assert list(found) == west_to_east
    for one, other in itertools.pairwise(west_to_east):
        np.testing.assert_allclose(found[one].lines[-1][-1], found[other].lines[0][0], atol=0.011)
    # The 49th parallel from 114.06 to 110 degrees west: its middle is half way.
    assert found["alberta"].middle == pytest.approx((-112.03, 48.99), abs=0.011)


def test_the_map_between_ports_has_the_last_year_published_for_all() -> None:
    rows, year = interception_rows()
    assert (len(rows), year) == (7, 2022)
    # IRCC and the RCMP: 39,171 of 39,540 in Quebec in 2022.
    assert rows["mean"].iloc[0] == 39171.0
    assert rows["mean"].sum() == 39540.0
    assert len(drawn(plot_between_ports_map(), "sectors").get_segments()) >= 7
    np.testing.assert_allclose(drawn(plot_airports_map(), "airports").get_array(), airport_rows()["mean"])


def test_every_port_lies_on_the_map_of_ports(tmp_path: Path) -> None:
    rows = ports_rows("car", "southbound")
    ax = plot_ports_map()
    points = drawn(ax, "ports")
    assert len(points.get_offsets()) == len(rows) > 80
    (low, high), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert all(low < x < high and bottom < y < top for x, y in np.asarray(points.get_offsets()))
    assert len(save_ports_maps(tmp_path / "maps")) == 18


# ---- tornado ----------------------------------------------------------------------------------------------


def study(folder: Path, inputs: int) -> StudyData:
    """A sensitivity study of so many inputs, the widest first; the last two on one side of the baseline."""
    rows = [
        {
            "facility": "here", "measure": "wait_mean", "unit": "min", "input": f"ports.here.lanes.general.input-{at}",
            "low": "1 s", "high": "2 s", "baseline": 10.0, "at_low": 10.0 - 9.0 / (at + 1),
            "at_high": 10.0 + (9.0 if at < inputs - 2 else -4.0) / (at + 1), "swing": 18.0 / (at + 1),
        }
        for at in range(inputs)
    ]  # fmt: skip
    folder.mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / "tornado.csv", index=False)
    (folder / "sensitivity.json").write_text("{}")
    return StudyData.open(folder)


def test_a_tornado_draws_its_table(tmp_path: Path) -> None:
    found = study(tmp_path, 5)
    ax = plot_tornado(found, "here", "wait_mean")
    rows = tornado_rows(found, "here", "wait_mean")
    bars = {container.get_label(): container.patches[0] for container in ax.containers}
    for place, row in rows.iterrows():
        for end in ("low", "high"):
            bar = bars[f"{row['input']}: at {end}"]
            assert bar.get_width() == pytest.approx(row[f"at_{end}"] - row["baseline"])
            assert bar.get_y() + bar.get_height() / 2.0 == pytest.approx(place)
            assert bool(bar.get_hatch()) == (end == "high")


def test_a_tornado_of_many_inputs_says_how_many(tmp_path: Path) -> None:
    written = said(plot_tornado(study(tmp_path, 40), "here", "wait_mean"))
    assert "the 12 that matter most of 40 inputs" in written
    assert len(save_tornado_figures(tmp_path)) == 3


def test_a_run_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"no sensitivity study"):
        StudyData.open(tmp_path)
