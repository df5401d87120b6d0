"""Forests of several runs that share their days: the numbers of `compare`, and where they are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from comparison_run import key, write_run
from matplotlib.text import Text

from sim.api import compare
from sim.errors import UsageError
from sim.report.figures_runs import forest_rows_of_runs, plot_forest_of_runs, save_forests_of_runs
from sim.study.samples import read

DAYS = np.random.default_rng(9).gamma(9.0, 2.0, 20)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs of the same days: another way each to shorten the wait, and the share over the standard in neither."""
    place = tmp_path_factory.mktemp("runs")
    wait, wild = key("wait_mean"), np.random.default_rng(10).normal(0.0, 3.0, 20)
    first = {"baseline": {wait: DAYS}, "booth": {wait: 0.8 * DAYS}}
    second = {"baseline": {wait: DAYS}, "booth": {wait: 0.5 * DAYS}, "phone": {wait: DAYS + wild}}
    return [write_run(place / "one", first), write_run(place / "other", second)]


def test_a_forest_of_runs_draws_what_compare_says(runs: list[Path]) -> None:
    samples = read(runs)
    rows = forest_rows_of_runs(samples, "port", "wait_mean")
    assert rows["variant"].tolist()[:2] == ["booth@other", "booth"]
    assert set(rows["variant"]) == {"booth", "booth@other", "phone"}
    found = compare(runs, measures="wait_mean")
    told = found.differences.set_index("variant").loc[rows["variant"]]
    for column in ("difference", "ci_low", "ci_high", "ci_low_simultaneous", "ci_high_simultaneous"):
        np.testing.assert_allclose(rows[column], told[column])
    np.testing.assert_allclose(rows["difference"].iloc[0], -0.5 * DAYS.mean())
    np.testing.assert_allclose(rows["baseline_mean"], DAYS.mean())
    ax = plot_forest_of_runs(samples, "port")
    points = {line.get_label(): line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"}
    assert {name: points[name] for name in rows["variant"]} == dict(
        zip(rows["variant"], rows["difference"], strict=True)
    )
    assert [label.get_text() for label in ax.get_yticklabels()] == rows["variant"].tolist()
    written = "\n".join(text.get_text() for text in found.plot("port").findobj(Text))
    assert f"baseline {DAYS.mean():.1f}" in written
    assert "for 3 variants at once" in written


def test_forests_of_runs_are_written_beside_their_comparison(runs: list[Path]) -> None:
    told: list[str] = []
    paths, place = save_forests_of_runs(runs, ["forest"], told.append)
    assert place == runs[0].parent / "comparisons" / "one+other"
    stem = place / "figures" / "forest-port-wait_mean"
    assert paths == [stem.with_suffix(ending) for ending in (".png", ".svg", ".csv")]
    assert len(pd.read_csv(paths[-1])) == 3
    assert not told


def test_what_several_runs_do_not_give_is_refused(runs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="of several runs only --only forest is drawn, not day"):
        save_forests_of_runs(runs, ["day"])
    other = write_run(tmp_path / "else", {"baseline": {key("wait_mean"): DAYS}}, seed=1)
    with pytest.raises(UsageError, match="they differ in seed"):
        save_forests_of_runs([runs[0], other])
    with pytest.raises(UsageError, match=r"no facility 'prot'.*port"):
        compare(runs, measures="wait_mean").plot("prot")
    ax = plot_forest_of_runs(read(runs), "port", "missed_share")
    assert "no variant has a difference in share who miss their departure" in ax.texts[0].get_text()


def test_a_forest_of_nothing_and_one_of_everything_have_an_axis(tmp_path: Path) -> None:
    wait, share = key("wait_mean"), key("over_standard_share", unit="share")
    over = np.array([0.0, 1.0, 0.0, 1.0])
    world = {"baseline": {wait: DAYS[:4], share: over}, "same": {wait: DAYS[:4], share: 1.0 - over}}
    samples = read([write_run(tmp_path / "run", world)])
    assert plot_forest_of_runs(samples, "port").get_xlim() == (-1.0, 1.0)
    assert forest_rows_of_runs(samples, "port", "over_standard_share")["ci_high"].iloc[0] > 1.0
    assert plot_forest_of_runs(samples, "port", "over_standard_share").get_xlim() == (-100.0, 100.0)
