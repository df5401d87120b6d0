"""Warm-up of runs that settle: MSER-5, Welch's averages, the figure, and which scenarios have none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from sim.cli import main
from sim.errors import UsageError
from sim.report.figures_warmup import (
    WarmUp,
    plot_warm_up,
    save_warm_up_figures,
    sentences,
    series_rows,
    warm_up,
    windows,
)
from sim.report.rundata import RunData
from sim.scenario import load
from sim.study import runs
from sim.study.steady import Truncation, check_settles, moving_average, mser5, span, why_not

PORT = """format: 1
name: Settling
start: 2024-07-06 00:00
horizon: 40 h
bin: 10 min
seed: 8
replications: 12
ports:
  here:
    direction: northbound
    zone: America/Vancouver
    traffic:
      car: {rate: 42 /h}
    lanes:
      general: {serves: [car], booths: 1, service: {exponential: {mean: 1 min}}}
    initial_queue: {car: 90}
"""
"""Load 0.7. The 90 cars of the start are worked off at 0.3 a minute: in about 300 minutes."""
DRAINED = 300.0


def write(folder: Path, text: str) -> Path:
    file = folder / "settling.yaml"
    file.write_text(text, encoding="utf-8")
    return file


# ---- MSER-5 -----------------------------------------------------------------------------------------------


def slowly(values: list[float]) -> int:
    """The rule by plain loops."""
    means = [sum(values[at : at + 5]) / 5 for at in range(0, len(values) - len(values) % 5, 5)]
    best, least = 0, float("inf")
    for left_out in range(len(means) // 2 + 1):
        rest = means[left_out:]
        middle = sum(rest) / len(rest)
        error = sum((value - middle) ** 2 for value in rest) / len(rest) ** 2
        if error < least:
            best, least = left_out, error
    return 5 * best


@pytest.mark.parametrize("seed", range(8))
def test_mser_is_what_its_formula_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(50, 140))
    values = 10.0 * np.exp(-np.arange(count) / 12.0) + rng.normal(5.0, 1.0, count)
    assert mser5(values).values == slowly(values.tolist())


def test_mser_of_a_start_that_is_known() -> None:
    noise = np.tile([1.0, -1.0, 2.0, -2.0, 0.5], 20)
    assert mser5(noise) == Truncation(0, settled=True)
    assert mser5(np.full(60, 3.0)) == Truncation(0, settled=True)
    assert mser5(np.concatenate([np.full(15, 40.0), noise])) == Truncation(15, settled=True)
    # A batch that the start ends within goes with it.
    assert mser5(np.concatenate([np.full(12, 40.0), noise[2:]])) == Truncation(15, settled=True)


def test_a_series_that_never_settles_is_told() -> None:
    assert not mser5(np.arange(100.0)).settled
    assert not mser5(100.0 * np.exp(-np.arange(100) / 100.0)).settled


def test_mser_needs_fifty_values() -> None:
    with pytest.raises(UsageError, match="needs 50 values, found 49"):
        mser5(np.zeros(49))
    assert mser5(np.zeros(50)).settled


# ---- Welch ------------------------------------------------------------------------------------------------


def test_a_moving_average_by_hand() -> None:
    nan = np.nan
    found = moving_average([1.0, 2.0, 6.0, 3.0, 8.0, 4.0], 2)
    np.testing.assert_allclose(found, [1.0, 3.0, 4.0, 23.0 / 5.0, nan, nan])
    np.testing.assert_allclose(moving_average([1.0, nan, 6.0, 3.0], 1), [1.0, 3.5, 4.5, nan])
    np.testing.assert_array_equal(moving_average([nan, nan, nan, 2.0], 1), [nan, nan, 2.0, nan])
    np.testing.assert_array_equal(moving_average([4.0, 5.0], 0), [4.0, 5.0])
    np.testing.assert_array_equal(moving_average([4.0, 5.0], 9), [nan, nan])
    with pytest.raises(UsageError):
        moving_average([1.0], -1)


def test_minutes_are_said_as_a_scenario_says_them() -> None:
    assert [span(m) for m in (0.0, 0.5, 45.0, 60.0, 125.0, 1440.0)] == [
        "0 min", "30 s", "45 min", "1 h", "2 h 5 min", "24 h"
    ]  # fmt: skip


# ---- which scenarios settle -------------------------------------------------------------------------------

SETTLES = {
    "as it is": ("", ""),
    "a controller": (
        "booths: 1,",
        "booths: 2, open: 1, control: {every: 5 min, open_above: 9 min, close_below: 1 min},",
    ),
    "days that differ": ("    initial_queue", "    day_to_day: {cv: 8 %}\n    initial_queue"),
    "more than it can do, with patience": ("42 /h}", "70 /h}"),
}


@pytest.mark.parametrize("case", SETTLES)
def test_scenarios_that_settle(tmp_path: Path, case: str) -> None:
    text = PORT.replace(*SETTLES[case]) if SETTLES[case][0] else PORT
    if "patience" in case:
        text = text.replace("booths: 1,", "booths: 1, patience: {exponential: {mean: 20 min}},")
    assert list(why_not(load(write(tmp_path, text)).baseline)) == []


CHANGES = {
    "demand": ("rate: 42 /h", 'per_day: 900, profile: {"00:00": 1, "12:00": 2}', "the demand of here/car changes"),
    "booths": ("booths: 1,", 'booths: 2, open: {"00:00": 1, "12:00": 2},', "same number open over the horizon"),
    "hours": ("    lanes:", '    hours: {"06:00": open, "22:00": closed}\n    lanes:', "same number open"),
    "handover": ("booths: 1,", 'booths: 1, handover: {at: ["08:00"], gap: 5 min},', "same number open"),
    "event": (
        "ports:\n",
        "events: [{name: Fair, from: 2024-07-06 12:00, until: 2024-07-06 15:00, demand: 1.2}]\nports:\n",
        "the demand of here/car changes",
    ),
    "slower": (
        "ports:\n",
        "events: [{name: Storm, from: 2024-07-06 12:00, service: 1.2}]\nports:\n",
        "an event changes what happens at here/general",
    ),
    "outage": (
        "ports:\n",
        "events: [{name: Out, from: 2024-07-06 12:00, until: 2024-07-06 13:00, stopped: all}]\nports:\n",
        "an event changes what happens at here/general",
    ),
    "trace": ("rate: 42 /h", "trace: cars.csv", "the arrivals of here/car are those of a table"),
    "overload": ("42 /h", "61 /h", "here/general is offered 1.0"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_scenarios_that_do_not_settle_say_why(tmp_path: Path, case: str) -> None:
    (tmp_path / "cars.csv").write_text("time,class\n60,car\n90,car\n", encoding="utf-8")
    before, after, words = CHANGES[case]
    assert PORT.count(before) == 1
    text = PORT.replace(before, after)
    if case == "trace":
        text = text.replace("    initial_queue: {car: 90}\n", "")
    study = load(write(tmp_path, text))
    assert any(words in reason for reason in why_not(study.baseline)), list(why_not(study.baseline))
    with pytest.raises(UsageError, match=r"Settling does not settle: .* there is no warm-up to find"):
        check_settles(study)


def test_what_changes_after_the_horizon_does_not_matter(tmp_path: Path) -> None:
    event = "events: [{name: Late, from: 2024-07-08 12:00, until: 2024-07-08 13:00, service: 1.2}]\nports:\n"
    check_settles(load(write(tmp_path, PORT.replace("ports:\n", event))))


def test_a_variant_that_does_not_settle_is_named(tmp_path: Path) -> None:
    variants = "variants:\n  fine: {ports.here.lanes.general.booths: 2}\n  busy: {ports.here.traffic.car.rate: 66 /h}\n"
    study = load(write(tmp_path, PORT + variants))
    with pytest.raises(UsageError, match="variant busy of Settling does not settle"):
        check_settles(study)
    check_settles(study.only(["fine"]))


# ---- runs and figures -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = write(tmp_path_factory.mktemp("steady"), PORT)
    made, _ = runs.run(load(file), file.parent / "out", workers=1)
    return made


@pytest.fixture(scope="module")
def run(folder: Path) -> RunData:
    return RunData.open(folder)


def panels(ax: Axes) -> list[Axes]:
    return list(ax.figure.axes)


def test_the_warm_up_is_as_long_as_the_first_line_takes(run: RunData) -> None:
    """The last of the 90 cars is served after 300 minutes on average, with a spread of about 60 between days."""
    found = warm_up(run, "here")
    assert found.settled
    assert 0.6 * DRAINED <= found.minutes <= 1.6 * DRAINED
    rows = series_rows(run, "here", "baseline")
    kept = rows.loc[rows["bin_start"] >= found.minutes, "queue_mean"].mean()
    # M/M/1 at load 0.7 has 1.633 in line; 12 runs of 35 h err by some 15 %, the start would add 4 parties.
    assert kept == pytest.approx(0.7**2 / 0.3, rel=0.5)
    assert rows["queue_mean"].mean() > 4.0


def test_the_figure_draws_the_table(folder: Path, run: RunData) -> None:
    top = plot_warm_up(run, "here")
    table = pd.read_csv(folder / "series.csv").query("station == 'all' and `class` == 'all'")
    for panel, measure in zip(panels(top), ("queue_mean", "wait_mean"), strict=True):
        rows = table[table["measure"] == measure].sort_values("bin_start")
        lines = {str(line.get_label()): line for line in panel.lines}
        first = next(line for label, line in lines.items() if label.startswith("by time bin"))
        np.testing.assert_array_equal(first.get_ydata(), rows["mean"])
        np.testing.assert_allclose(first.get_xdata(), (rows["bin_start"] + 5.0) / 60.0)
        for window in windows(len(rows)):
            drawn = lines[f"moving average over {2 * window + 1} bins"]
            np.testing.assert_array_equal(drawn.get_ydata(), moving_average(rows["mean"], window))
        (grey,) = panel.patches
        assert grey.get_width() * 60.0 == pytest.approx(warm_up(run, "here").minutes)
    assert panels(top)[1].get_xlabel() == "hours from the start"


def test_the_command_writes_figures_and_says_what_to_write(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", str(folder), "--warm-up"]) == 0
    told = capsys.readouterr().out.splitlines()
    length = span(warm_up(RunData.open(folder), "here").minutes)
    assert told[0] == f"here, baseline: settled after {length} of 40 h (MSER-5 of the queue)"
    assert told[1] == f"write warm_up: {length}"
    assert sorted(path.name for path in (folder / "figures").iterdir()) == [
        "welch-here.csv", "welch-here.png", "welch-here.svg"
    ]  # fmt: skip
    before = {path: path.read_bytes() for path in (folder / "figures").iterdir()}
    save_warm_up_figures(folder)
    assert {path: path.read_bytes() for path in (folder / "figures").iterdir()} == before


def test_a_warm_up_that_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first bin is short where the warm-up ends within one; only full ones are judged."""
    file = write(tmp_path, PORT.replace("bin: 10 min", "warm_up: 11 h 55 min\nbin: 10 min"))
    assert main(["run", str(file), "--quiet", "--workers", "1", "--out", str(tmp_path)]) == 0
    assert main(["plot", str(file), "--warm-up", "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "here, baseline: the warm-up of 11 h 55 min is enough" in told
    assert "write warm_up" not in told
    (run,) = (tmp_path).rglob("manifest.json")
    assert series_rows(RunData.open(run.parent), "here", "baseline")["bin_start"].iloc[0] == 720.0


def test_a_day_is_refused_in_a_plain_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after, _ = CHANGES["demand"]
    file = write(tmp_path, PORT.replace(before, after).replace("horizon: 40 h", "horizon: 20 h"))
    assert main(["run", str(file), "--quiet", "--workers", "1", "--replications", "2", "--out", str(tmp_path)]) == 0
    words = ["--replications", "2", "--out", str(tmp_path)]
    assert main(["plot", str(file), "--warm-up", *words]) == 2
    told = capsys.readouterr().err
    assert told.startswith("bordersim: Settling does not settle: the demand of here/car changes over the horizon. ")
    assert not list(tmp_path.rglob("figures"))


def test_too_few_bins_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, PORT.replace("bin: 10 min", "bin: none").replace("horizon: 40 h", "horizon: 4 h"))
    assert main(["run", str(file), "--quiet", "--workers", "1", "--out", str(tmp_path)]) == 0
    assert main(["plot", str(file), "--warm-up", "--out", str(tmp_path)]) == 2
    assert "has 1 time bin of full width, and MSER-5 needs 50" in capsys.readouterr().err


def test_sentences() -> None:
    def one(facility: str, minutes: float, stated: float = 0.0, settled: bool = True) -> WarmUp:
        return WarmUp(facility, "baseline", stated, minutes, 600.0, settled)

    assert list(sentences([one("a", 75.0), one("b", 0.0)])) == [
        "a, baseline: settled after 1 h 15 min of 10 h (MSER-5 of the queue)",
        "b, baseline: no warm-up is needed",
        "write warm_up: 1 h 15 min",
    ]
    assert list(sentences([one("a", 75.0), one("b", 300.0, settled=False)]))[1:] == [
        "b, baseline: not settled in half of 10 h; lengthen the horizon"
    ]
    assert list(sentences([one("a", 30.0, stated=30.0)])) == ["a, baseline: the warm-up of 30 min is enough"]
    assert list(sentences([])) == []
