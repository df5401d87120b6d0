"""What the terminal shows: the numbers of the run's files, whole, in every width and in a pipe."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pandas as pd
import pytest
from report_fake_run import FACILITY, write_run
from rich.console import Console

from sim.errors import RunFolderError
from sim.report import words
from sim.report.rundata import RunData, SummaryData
from sim.report.tables import summary_table


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("full"))


def piped(width: int = 100) -> Console:
    return Console(file=io.StringIO(), width=width)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def summary_text(folder: Path, width: int = 100) -> str:
    console = piped(width)
    console.print(summary_table(folder), highlight=False)
    return text_of(console)


def row_after(text: str, heading: str, first: str) -> list[str]:
    """Cells of the first row that starts with `first` after `heading`, split where columns are apart."""
    lines = text[text.index(heading) :].splitlines()
    line = next(line for line in lines if line.split()[:1] == [first])
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


@pytest.mark.parametrize("class_name", ["car", "car.nexus", "truck", "all"])
def test_summary_shows_the_numbers_of_the_file(full: Path, class_name: str) -> None:
    table = pd.read_csv(full / "summary.csv")
    own = table[(table["variant"] == "nexus-40") & (table["station"] == "all") & (table["class"] == class_name)]
    rows = own.set_index("measure")
    cells = row_after(summary_text(full), f"{FACILITY} · nexus-40", class_name)
    assert cells[1] == f"{rows.loc['arrivals', 'mean']:,.0f}"
    for cell, measure in ((cells[2], "wait_mean"), (cells[3], "wait_p95")):
        mean, low, high = (f"{rows.loc[measure, column]:.1f}" for column in ("mean", "ci_low", "ci_high"))
        assert cell == (mean if mean == low == high else f"{mean} ({low} to {high})")
    over = rows.loc["over_standard_share"]
    mean, low, high = (f"{100 * (1 - over[column]):.0f}" for column in ("mean", "ci_high", "ci_low"))
    assert cells[4] == (mean if mean == low == high else f"{mean} ({low} to {high})")


def test_summary_shows_queue_utilisation_and_overtime_of_stations(full: Path) -> None:
    table = pd.read_csv(full / "summary.csv")
    own = table[(table["variant"] == "baseline") & (table["station"] == "truck")].set_index("measure")["mean"]
    text = summary_text(full)
    cells = row_after(text[text.index("station") :], "station", "truck")
    assert [cell.split(" (")[0] for cell in cells[1:]] == [
        f"{own['queue_mean']:.1f}",
        f"{own['queue_max']:.0f}",
        f"{100 * own['utilisation']:.0f}",
        f"{own['overtime_hours']:.1f}",
    ]


def test_summary_states_the_spread_of_days(full: Path) -> None:
    run = RunData.open(full)
    row = run.estimate(("baseline", FACILITY, "all", "all"), "wait_mean")
    assert row is not None
    assert f"the mean wait is {row.day_p10:.1f} to {row.day_p90:.1f} min" in summary_text(full)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_tables_fit_and_nothing_is_cut(full: Path, width: int) -> None:
    text = summary_text(full, width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    assert "..." not in text
    narrow, wide = ([row.split() for row in summary_text(full, w).splitlines() if " to " in row] for w in (80, width))
    narrow, wide = ([row for row in rows if row[0] in ("car", "truck", "general")] for rows in (narrow, wide))
    assert len(narrow) == 12
    assert narrow == wide


def test_the_widest_numbers_fit_eighty_columns(tmp_path: Path) -> None:
    folder = write_run(tmp_path, variants=("baseline",))
    path = folder / "summary.csv"
    table = pd.read_csv(path)
    for unit, numbers in {"min": (88.8, -10.0, 99.9), "share": (0.5, -0.2, 1.3), "parties": (1e4, 9e3, 2e4)}.items():
        table.loc[table["unit"] == unit, ["mean", "ci_low", "ci_high"]] = numbers
    table.to_csv(path, index=False)
    text = summary_text(folder, 80)
    assert row_after(text, "baseline", "car") == [
        "car",
        "10,000",
        "88.8 (0.0 to 99.9)",
        "88.8 (0.0 to 99.9)",
        "50 (0 to 100)",
    ]
    assert "10,000 (9,000 to 20,000)" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_long_class_name_folds_and_spares_the_numbers(tmp_path: Path) -> None:
    folder = write_run(tmp_path, variants=("baseline",))
    for name in ("summary", "series", "wait_distribution"):
        path = folder / f"{name}.csv"
        path.write_text(path.read_text().replace(",truck,", ",a-truck-with-a-name-that-never-seems-to-end,"))
    table = pd.read_csv(folder / "summary.csv")
    trucks = table[table["class"].str.startswith("a-truck") & (table["measure"] == "wait_p95")].iloc[0]
    text = summary_text(folder, 80)
    assert f"{trucks['mean']:.1f} ({trucks['ci_low']:.1f} to {trucks['ci_high']:.1f})" in text
    assert max(map(len, text.splitlines())) <= 80


def test_no_colour_codes_in_a_pipe_and_some_on_a_terminal(full: Path) -> None:
    assert "\x1b" not in summary_text(full)
    terminal = Console(file=io.StringIO(), width=100, force_terminal=True, color_system="standard", no_color=False)
    terminal.print(summary_table(full), highlight=False)
    assert "\x1b[1m" in text_of(terminal)


def test_one_replication_shows_means_without_intervals(tmp_path: Path) -> None:
    folder = write_run(tmp_path, days=1)
    text = summary_text(folder)
    assert " to " not in text
    assert "nan" not in text.lower()
    assert "One replication: it says nothing about other days" in text


def test_zero_arrivals_are_blank_not_nought(tmp_path: Path) -> None:
    folder = write_run(tmp_path, traffic=0.0)
    text = summary_text(folder)
    assert row_after(text, f"{FACILITY} · baseline", "car")[1:] == ["0", "-", "-", "-"]
    assert "Nobody arrived" in text


def test_one_class_is_not_told_twice(tmp_path: Path) -> None:
    text = summary_text(write_run(tmp_path, variants=("baseline",), classes=("car",)))
    assert [line.split()[0] for line in text.splitlines() if line.startswith(("car", "all"))] == ["car"]


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"no manifest\.json"):
        RunData.open(tmp_path)


@pytest.mark.parametrize("data", [RunData, SummaryData])
def test_damaged_files_are_named(tmp_path: Path, data: type[RunData] | type[SummaryData]) -> None:
    folder = write_run(tmp_path, variants=("baseline",), classes=("car",), days=2)
    summary = folder / "summary.csv"
    kept = summary.read_text()
    summary.write_text(kept.replace("ci_high", "ci_hgih"))
    with pytest.raises(RunFolderError, match=r"summary\.csv is damaged: it lacks the column ci_high"):
        data.open(folder)
    summary.write_text(kept + "baseline,x,all,car,arrivals,parties,many,1,1,1,1,1,2\n")
    with pytest.raises(RunFolderError, match=r"summary\.csv cannot be read"):
        data.open(folder)
    summary.unlink()
    with pytest.raises(RunFolderError, match=r"no summary\.csv"):
        data.open(folder)
    (folder / "manifest.json").write_text(json.dumps({"scenario": "x"}))
    with pytest.raises(RunFolderError, match="lacks start, horizon_minutes"):
        data.open(folder)


def test_the_summary_alone_reads_as_with_pandas(tmp_path: Path) -> None:
    folder = write_run(tmp_path, variants=("baseline",), classes=("car",), days=2)
    summary = folder / "summary.csv"
    summary.write_text(summary.read_text() + "null,x,all,car,arrivals,parties,,0.1,-1e-7,123456789.1,inf,nan,2\n")
    whole, alone = RunData.open(folder), SummaryData.open(folder)
    assert str(alone.rows) == str(whole.rows)  # NaN is not equal to itself
    assert whole.variants == alone.variants == ("baseline", "null")
    assert alone.replications == whole.replications


@pytest.mark.parametrize(
    ("numbers", "unit", "shown"),
    [
        ((18.26, 17.4, 21.9), "min", "18.3 (17.4 to 21.9)"),
        ((0.3, 0.298, 0.303), "min", "0.3"),
        ((98.7, 80.2, 131.4), "min", "99 (80 to 131)"),
        ((12345.6, 12000.0, 13000.0), "min", "12,346 (12,000 to 13,000)"),
        ((0.926, 0.914, 0.941), "share", "93 (91 to 94)"),
        ((0.926, 0.414, 1.2), "share", "93 (41 to 100)"),
        ((3.4, -1.4, 8.2), "min", "3.4 (0.0 to 8.2)"),
        ((4.0, math.nan, math.nan), "min", "4.0"),
        ((math.nan, math.nan, math.nan), "min", "-"),
    ],
)
def test_with_interval(numbers: tuple[float, float, float], unit: str, shown: str) -> None:
    assert words.with_interval(*numbers, unit) == shown


def test_numbers_never_read_minus_nought() -> None:
    assert words.number(-0.04) == "0.0"
    assert words.signed(-0.04, 1) == "0.0"
    assert words.signed(0.04, 1) == "0.0"
    assert words.signed(-1234.5, 0) == "-1,234"


@pytest.mark.parametrize(
    ("name", "among", "shown"),
    [
        ("car", ("car", "car.nexus"), "general cars"),
        ("car", ("car", "truck.fast"), "cars"),
        ("truck.fast", (), "FAST trucks"),
        ("all", (), "all parties"),
        ("visitor", (), "visitor"),
    ],
)
def test_class_words(name: str, among: tuple[str, ...], shown: str) -> None:
    assert words.class_words(name, among) == shown


def test_a_standard_that_changes_is_told_with_its_ends(tmp_path: Path) -> None:
    folder = write_run(tmp_path, days=3, variants=("baseline",))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= {"standard": {}, "standard_steps": {FACILITY: [[0.0, 10.0], [720.0, 20.0]]}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert "in 10 to 20 min %" in summary_text(folder, 80)
    assert RunData.open(folder).standard(FACILITY) is None
