"""Figures draw the numbers of the run's files, are readable, and are the same bytes every time."""

from __future__ import annotations

import itertools
import json
from datetime import datetime
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox
from report_fake_run import BIN, FACILITY, STANDARD, write_run

from sim.report import style
from sim.report.figures import RunData, day_rows, plot_day, plot_wait_distribution, save_figures

ALL = "all"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def run(full: Path) -> RunData:
    return RunData.open(full)


@pytest.fixture(scope="module")
def saved(full: Path) -> list[Path]:
    return save_figures(full, ["day", "wait", "compare", "forest"])


def series(folder: Path, variant: str, station: str, class_name: str, measure: str) -> pd.DataFrame:
    table = pd.read_csv(folder / "series.csv")
    at = (table["variant"] == variant) & (table["station"] == station) & (table["class"] == class_name)
    return table[at & (table["measure"] == measure)].sort_values("bin_start")


def line(ax: Axes, label: str) -> Line2D:
    return next(each for each in ax.lines if each.get_label() == label)


def panel(ax: Axes, title: str) -> Axes:
    return next(each for each in ax.figure.axes if each.get_title(loc="left").startswith(title))


def band(ax: Axes, label: str) -> dict[float, tuple[float, float]]:
    """Lower and upper edge of a filled band by horizontal position."""
    (area,) = [each for each in ax.collections if each.get_label() == label]
    points = np.concatenate([path.vertices for path in area.get_paths()])
    return {x: (points[points[:, 0] == x, 1].min(), points[points[:, 0] == x, 1].max()) for x in set(points[:, 0])}


@pytest.mark.parametrize("measure", ["wait_mean", "queue_mean"])
@pytest.mark.parametrize("class_name", [ALL, "car"])
def test_day_draws_the_table(full: Path, run: RunData, measure: str, class_name: str) -> None:
    top = plot_day(run, FACILITY, class_name=class_name)
    ax = top if measure == "wait_mean" else panel(top, "Parties")
    rows = series(full, "baseline", ALL, class_name, measure)
    drawn = line(ax, "baseline")
    np.testing.assert_array_equal(drawn.get_ydata(), rows["mean"])
    np.testing.assert_array_equal(drawn.get_xdata(), rows["bin_start"] + BIN / 2)
    for low, high in (("ci_low", "ci_high"), ("day_p10", "day_p90")):
        edges = band(ax, f"baseline: {low} to {high}")
        for at, below, above in zip(rows["bin_start"] + BIN / 2, rows[low], rows[high], strict=True):
            assert edges[at] == (below, above)


def test_bands_are_told_apart_in_the_legend(run: RunData) -> None:
    legend = plot_day(run, FACILITY).get_legend()
    assert legend is not None
    shown = {text.get_text(): patch for text, patch in zip(legend.texts, legend.legend_handles, strict=True)}
    dark, light = shown["95 % interval of the mean"], shown["8 days in 10"]
    assert dark is not None
    assert light is not None
    assert dark.get_facecolor()[3] > 2 * light.get_facecolor()[3]
    assert light.get_linewidth() > 0.0, "its edges are drawn, too"


def test_booths_are_steps_beneath(full: Path, run: RunData) -> None:
    top = plot_day(run, FACILITY)
    booths = panel(top, "Open booths")
    rows = series(full, "baseline", "general", ALL, "open_booths")
    drawn = line(booths, "general")
    assert drawn.get_drawstyle() == "steps-post"
    np.testing.assert_array_equal(drawn.get_ydata()[:-1], rows["mean"])
    np.testing.assert_array_equal(drawn.get_xdata(), [*rows["bin_start"], 1440.0])
    assert booths.get_position().y1 < top.get_position().y0


def test_comparison_draws_both_and_the_booths_that_differ(full: Path, run: RunData) -> None:
    top = plot_day(run, FACILITY, class_name="car", variants=("baseline", "one-more-booth"))
    for variant in ("baseline", "one-more-booth"):
        rows = series(full, variant, ALL, "car", "wait_mean")
        np.testing.assert_array_equal(line(top, variant).get_ydata(), rows["mean"])
        booths = series(full, variant, "general", ALL, "open_booths")
        drawn = line(panel(top, "Open booths, general"), variant)
        np.testing.assert_array_equal(drawn.get_ydata()[:-1], booths["mean"])
    both = [line(top, "baseline"), line(top, "one-more-booth")]
    assert both[0].get_color() != both[1].get_color()
    assert both[0].get_linestyle() != both[1].get_linestyle()


def test_a_variant_looks_the_same_in_every_figure(run: RunData) -> None:
    alone = plot_day(run, FACILITY, variants=("nexus-40",))
    beside = plot_day(run, FACILITY, variants=("baseline", "nexus-40"))
    assert line(alone, "nexus-40").get_color() == line(beside, "nexus-40").get_color()


def test_wait_distribution_draws_the_table_and_the_standard(full: Path, run: RunData) -> None:
    ax = plot_wait_distribution(run, FACILITY)
    table = pd.read_csv(full / "wait_distribution.csv")
    rows = table[(table["variant"] == "baseline") & (table["class"] == "truck")]
    over = float(rows.loc[rows["wait_min"] == STANDARD, "survival_mean"].iloc[0])
    drawn = line(ax, f"Trucks: {100 * over:.1f} %")
    np.testing.assert_array_equal(drawn.get_ydata(), rows["survival_mean"])
    np.testing.assert_array_equal(drawn.get_xdata(), rows["wait_min"])
    edges = band(ax, "truck")
    assert edges[30.0] == tuple(rows.loc[rows["wait_min"] == 30, ["survival_low", "survival_high"]].to_numpy()[0])
    upright = [each for each in ax.lines if set(each.get_xdata()) == {STANDARD} and len(each.get_xdata()) == 2]
    assert len(upright) == 1
    assert any("standard" in text.get_text() for text in ax.texts)


def test_every_picture_comes_as_png_svg_and_table(full: Path, saved: list[Path]) -> None:
    assert len(saved) == len(set(saved))
    assert {path.parent for path in saved} == {full / "figures"}
    stems = {path.with_suffix("") for path in saved if path.suffix == ".png"}
    for stem, suffix in itertools.product(stems, ("png", "svg", "csv")):
        path = stem.with_name(f"{stem.name}.{suffix}")
        assert path in saved
        assert path.stat().st_size > 200
    assert sorted(full.joinpath("figures").iterdir()) == sorted(saved)
    names = {path.name for path in saved}
    assert {f"day-{FACILITY}.png", f"day-{FACILITY}-car.nexus.png", f"wait-{FACILITY}.png"} <= names
    assert f"compare-one-more-booth-{FACILITY}-car.png" in names


def test_a_comparison_without_a_difference_is_left_out(saved: list[Path]) -> None:
    assert not [path for path in saved if path.name.startswith("compare") and "truck" in path.name]


def test_table_behind_a_figure_holds_what_is_drawn(full: Path, saved: list[Path]) -> None:
    table = pd.read_csv(full / "figures" / f"compare-one-more-booth-{FACILITY}-car.csv")
    assert set(table["measure"]) == {"wait_mean", "queue_mean", "open_booths"}
    assert set(table["variant"]) == {"baseline", "one-more-booth"}
    waits = table[(table["measure"] == "wait_mean") & (table["variant"] == "one-more-booth")]
    wanted = series(full, "one-more-booth", ALL, "car", "wait_mean")
    np.testing.assert_array_equal(waits["mean"], wanted["mean"])
    assert list(waits["clock"][:2]) == ["2024-07-06 00:00", "2024-07-06 00:15"]


def settings() -> dict[str, object]:
    """matplotlib's global settings; asking for the backend would choose one."""
    return {name: matplotlib.rcParams[name] for name in matplotlib.rcParams if name != "backend"}


def test_same_run_same_bytes_and_settings_untouched(tmp_path: Path) -> None:
    folder = write_run(tmp_path, variants=("baseline",), classes=("car",), days=3)
    before = settings()
    kinds = ["day", "wait", "lanes", "flow"]
    first = {path: path.read_bytes() for path in save_figures(folder, kinds)}
    with matplotlib.rc_context({"font.size": 7, "svg.hashsalt": "other", "lines.linewidth": 9}):
        second = {path: path.read_bytes() for path in save_figures(folder, kinds)}
    assert first == second
    assert b"<dc:date>" not in b"".join(first.values())
    assert settings() == before


def extents(figure: Figure) -> dict[str, list[Bbox]]:
    """Boxes of everything written on a figure, after layout; each list must be free of overlaps."""
    FigureCanvasAgg(figure).draw()
    groups: dict[str, list[Bbox]] = {}
    headings = [*figure.texts]
    for index, ax in enumerate(figure.axes):
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            labels = [tick.label1 for tick in ticks if tick.label1.get_text() and tick.label1.get_visible()]
            groups[f"{axis.axis_name} labels {index}"] = [label.get_window_extent() for label in labels]
        headings += [text for text in ax.texts if text.get_text()]
        groups.setdefault("headings", []).append(ax.title.get_window_extent())
        # The left title is the one in use; it is among the children of the axes.
        headings += [
            child
            for child in ax.get_children()
            if getattr(child, "get_text", str)() and child.get_text() == ax.get_title(loc="left")
        ]
        legend = ax.get_legend()
        if legend is not None:
            groups["headings"].append(legend.get_window_extent())
    groups["headings"] += [text.get_window_extent() for text in headings]
    return {name: [box for box in boxes if box.width > 0 and box.height > 0] for name, boxes in groups.items()}


LONG = "safe-third-country-agreement-lapses-and-no-officers"


@pytest.mark.parametrize("kind", ["day", "compare", "long", "wait"])
def test_nothing_written_overlaps_or_leaves_the_page(full: Path, tmp_path: Path, kind: str) -> None:
    run = RunData.open(full)
    if kind == "long":
        write_run(tmp_path, days=3)
        for path in tmp_path.glob("*.csv"):
            path.write_text(path.read_text().replace("one-more-booth", LONG))
        run = RunData.open(tmp_path)
    ax = {
        "day": lambda: plot_day(run, FACILITY),
        "compare": lambda: plot_day(run, FACILITY, class_name="car", variants=("baseline", "one-more-booth")),
        "long": lambda: plot_day(run, FACILITY, variants=("baseline", LONG)),
        "wait": lambda: plot_wait_distribution(run, FACILITY),
    }[kind]()
    figure = ax.get_figure(root=True)
    assert figure is not None
    with style.styled():
        style.write_title(figure, f"{FACILITY}, general cars: {LONG} against the baseline")
        groups = extents(figure)
    for name, boxes in groups.items():
        for one, other in itertools.combinations(boxes, 2):
            assert not one.overlaps(other), f"{name}: {one} and {other}"
        for box in boxes:
            assert box.x0 >= 0, name
            assert box.y0 >= 0, name
            assert box.x1 <= figure.bbox.x1 + 1, name
            assert box.y1 <= figure.bbox.y1 + 1, name
    assert len(groups["headings"]) >= 4


def test_given_axes_are_used_and_shared_out(run: RunData) -> None:
    figure = Figure(figsize=(20, 8))
    left, right = figure.subplots(1, 2)
    room = left.get_position()
    assert plot_day(run, FACILITY, ax=left) is left
    assert plot_wait_distribution(run, FACILITY, ax=right) is right
    assert len(figure.axes) == 4
    panels = [ax.get_position() for ax in figure.axes if ax is not right]
    assert all(box.x0 == pytest.approx(room.x0) and box.x1 == pytest.approx(room.x1) for box in panels)
    assert max(box.y1 for box in panels) == pytest.approx(room.y1)
    assert min(box.y0 for box in panels) == pytest.approx(room.y0)


def test_one_replication_has_no_bands(tmp_path: Path) -> None:
    run = RunData.open(write_run(tmp_path, days=1, variants=("baseline",)))
    ax = plot_day(run, FACILITY)
    assert not ax.collections
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.texts] == ["baseline, mean of 1 replication"]
    assert not plot_wait_distribution(run, FACILITY).collections


def test_zero_arrivals_are_said_not_drawn(tmp_path: Path) -> None:
    folder = write_run(tmp_path, traffic=0.0, variants=("baseline", "nexus-40"), days=2)
    run = RunData.open(folder)
    ax = plot_day(run, FACILITY)
    assert "no parties arrived" in [text.get_text() for text in ax.texts]
    assert np.isnan(line(ax, "baseline").get_ydata()).all()
    assert "no parties waited" in [text.get_text() for text in plot_wait_distribution(run, FACILITY).texts]
    assert not save_figures(folder, ["wait", "compare"])


def test_one_class_has_one_day_figure(tmp_path: Path) -> None:
    folder = write_run(tmp_path, variants=("baseline",), classes=("car",), days=2)
    kinds = ("day", "wait", "histogram", "lanes", "flow", "convergence")
    assert {path.stem for path in save_figures(folder)} == {f"{kind}-{FACILITY}" for kind in kinds}


def test_an_empty_bin_is_a_gap_and_a_lonely_bin_a_dot(tmp_path: Path) -> None:
    folder = write_run(tmp_path, variants=("baseline",), classes=("car",), days=2)
    path = folder / "series.csv"
    table = pd.read_csv(path)
    at = (table["measure"] == "wait_mean") & table["bin_start"].isin([600.0, 630.0])
    table.loc[at, ["mean", "ci_low", "ci_high", "day_p10", "day_p50", "day_p90"]] = np.nan
    table.to_csv(path, index=False)
    drawn = line(plot_day(RunData.open(folder), FACILITY), "baseline")
    assert np.isnan(drawn.get_ydata()[[40, 42]]).all()
    assert drawn.get_markevery() == [41]


def test_no_standard_no_line(tmp_path: Path) -> None:
    run = RunData.open(write_run(tmp_path, variants=("baseline",), days=2, standard=False))
    for ax in (plot_day(run, FACILITY), plot_wait_distribution(run, FACILITY)):
        assert not [each for each in ax.lines if each.get_label() == "standard"]
        assert not ax.texts


@pytest.mark.parametrize(
    ("start", "minutes", "first", "last"),
    [
        ("2024-07-06 00:00", 1440, (0.0, "00:00"), (1440.0, "24:00")),
        ("2024-07-06 05:20", 360, (40.0, "06:00"), (340.0, "11:00")),
        ("2024-07-05 17:30", 4320, (390.0, "00:00\nSat 6"), (3990.0, "12:00")),
        ("2024-12-30 00:00", 8 * 1440, (0.0, "Mon 30 Dec"), (8 * 1440.0, "Tue 7 Jan")),
    ],
)
def test_clock_labels_stand_at_round_times(
    start: str, minutes: float, first: tuple[float, str], last: tuple[float, str]
) -> None:
    ticks = style.clock_ticks(datetime.fromisoformat(start), minutes)
    assert ticks[0] == first
    assert ticks[-1] == last
    assert 3 <= len(ticks) <= 9


def test_curves_differ_in_colour_and_in_grey() -> None:
    looks = [style.look(index) for index in range(14)]
    assert len({each.color for each in looks[:7]}) == 7
    assert len({each.dashes for each in looks[:7]}) == 7
    assert len(set(looks)) == 14


def with_manifest(folder: Path, **said: object) -> RunData:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | said))
    return RunData.open(folder)


def test_a_standard_that_changes_is_drawn_as_steps(tmp_path: Path) -> None:
    folder = write_run(tmp_path, days=3, variants=("baseline",))
    steps = {FACILITY: [[0.0, 10.0], [720.0, 20.0]]}
    ax = plot_day(with_manifest(folder, standard={}, standard_steps=steps), FACILITY)
    drawn = line(ax, "standard")
    assert drawn.get_drawstyle() == "steps-post"
    np.testing.assert_array_equal(drawn.get_xdata(), [0.0, 720.0, 1440.0])
    np.testing.assert_array_equal(drawn.get_ydata(), [10.0, 20.0, 20.0])
    assert "standard 10 to 20 min" in [text.get_text() for text in ax.texts]
    assert ax.get_ylim()[1] > 20.0


def test_the_spread_of_days_shows_by_its_edges(full: Path, run: RunData) -> None:
    ax = plot_day(run, FACILITY)
    rows = series(full, "baseline", ALL, ALL, "wait_mean")
    edges = [each for each in ax.lines if each.get_label() == "baseline: day_p10 to day_p90"]
    for drawn, column in zip(edges, ("day_p10", "day_p90"), strict=True):
        np.testing.assert_array_equal(drawn.get_ydata(), rows[column])


def test_intervals_of_two_variants_are_filled_and_hatched_as_their_keys(run: RunData) -> None:
    ax = plot_day(run, FACILITY, class_name="car", variants=("baseline", "one-more-booth"))
    fills = {str(area.get_label()).partition(":")[0]: area for area in ax.collections}
    assert len(ax.collections) == 2, "the spread of days is left to the figure of one variant"
    assert fills["baseline"].get_hatch() is None
    assert fills["one-more-booth"].get_hatch()
    assert not fills["one-more-booth"].get_facecolor().size
    legend = ax.get_legend()
    assert legend is not None
    said = [text.get_text() for text in legend.texts]
    assert said == ["baseline", "one-more-booth", "bands: 95 % interval of the mean"]
    assert {patch.get_hatch() for patch in legend.get_patches()} == {None, fills["one-more-booth"].get_hatch()}


def test_scenario_and_day_stand_over_a_figure(run: RunData) -> None:
    for ax in (plot_day(run, FACILITY), plot_wait_distribution(run, FACILITY)):
        legend = ax.get_legend()
        assert legend is not None
        assert legend.get_title().get_text().startswith(f"{run.scenario} · Saturday 6 July 2024")


def test_booths_that_never_change_are_told_in_the_title(tmp_path: Path) -> None:
    folder = write_run(tmp_path, days=3, variants=("baseline",))
    table = pd.read_csv(folder / "series.csv")
    table.loc[(table["station"] == "truck") & (table["measure"] == "open_booths"), "mean"] = 2.0
    table.to_csv(folder / "series.csv", index=False)
    run = RunData.open(folder)
    booths = panel(plot_day(run, FACILITY), "Open booths (throughout: truck 2)")
    assert [each.get_label() for each in booths.lines] == ["general", "nexus"]
    assert "truck" in set(day_rows(run, FACILITY, ALL, ALL, ("baseline",))["station"]), "the table has them all"


def test_booths_stand_at_their_true_number(run: RunData) -> None:
    """Lines on the same level are told apart by their widths and dashes, not by where they are."""
    booths = panel(plot_day(run, FACILITY), "Open booths")
    for line in booths.lines:
        own = run.day(("baseline", FACILITY, str(line.get_label()), ALL), "open_booths")["mean"].tolist()
        seen = booths.transData.inverted().transform(line.get_transform().transform(line.get_xydata()))[:, 1]
        assert seen == pytest.approx([*own, own[-1]])
    widths = [line.get_linewidth() for line in booths.lines]
    assert len(set(widths)) == len(widths) > 1
    assert widths == sorted(widths, reverse=True), "the narrower over the wider"


def test_booths_of_which_none_ever_changes_are_told_in_words(tmp_path: Path) -> None:
    folder = write_run(tmp_path, days=3, variants=("baseline",))
    table = pd.read_csv(folder / "series.csv")
    for name, level in (("general", 3.0), ("nexus", 1.0), ("truck", 2.0)):
        table.loc[(table["station"] == name) & (table["measure"] == "open_booths"), "mean"] = level
    table.to_csv(folder / "series.csv", index=False)
    booths = panel(plot_day(RunData.open(folder), FACILITY), "Open booths (the same throughout)")
    assert not booths.lines
    said = booths.texts[0].get_text().replace("\N{NO-BREAK SPACE}", " ")
    assert said == "general 3, nexus 1, truck 2"


def waits(folder: Path, name: str, minutes: list[float], shares: list[float]) -> pd.DataFrame:
    table = pd.read_csv(folder / "wait_distribution.csv")
    said = {"variant": "baseline", "facility": FACILITY, "class": name}
    columns = {"wait_min": minutes, "survival_mean": shares, "survival_low": shares, "survival_high": shares}
    kept = table[table["class"] != name]
    return pd.concat([kept, pd.DataFrame({**said, **columns})], ignore_index=True)


@pytest.mark.parametrize(("per_day", "cut"), [(20.0, True), (4000.0, False)])
def test_a_rare_class_does_not_stretch_the_waits(tmp_path: Path, per_day: float, cut: bool) -> None:
    folder = write_run(tmp_path, days=3, variants=("baseline",))
    waits(folder, "truck", [0.0, 600.0, 660.0], [0.9, 0.1, 0.0]).to_csv(folder / "wait_distribution.csv", index=False)
    summary = pd.read_csv(folder / "summary.csv")
    own = (summary["class"] == "truck") & (summary["measure"] == "arrivals")
    summary.loc[own, "mean"] = per_day
    summary.to_csv(folder / "summary.csv", index=False)
    ax = plot_wait_distribution(RunData.open(folder), FACILITY)
    assert (ax.get_xlim()[1] < 600.0) == cut
    assert ("% of trucks, up to 660 min" in ax.get_xlabel()) == cut


def test_a_class_that_never_waits_is_told_in_the_key_alone(tmp_path: Path) -> None:
    folder = write_run(tmp_path, days=3, variants=("baseline",))
    waits(folder, "truck", [0.0], [0.0]).to_csv(folder / "wait_distribution.csv", index=False)
    ax = plot_wait_distribution(RunData.open(folder), FACILITY)
    legend = ax.get_legend()
    assert legend is not None
    assert "Trucks: nobody waits" in [text.get_text() for text in legend.texts]
    assert not [each for each in ax.lines if str(each.get_label()).startswith("Trucks")]


def test_a_standard_far_beyond_the_waits_is_told_at_the_axis(tmp_path: Path) -> None:
    run = with_manifest(write_run(tmp_path, days=3, variants=("baseline",)), standard={FACILITY: 2000.0})
    ax = plot_wait_distribution(run, FACILITY)
    assert ax.get_xlim()[1] < 1000.0
    assert "the standard of 2000 min" in ax.get_xlabel()
