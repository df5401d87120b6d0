"""Comparing from Python: the same numbers as the command line, on files, runs and several runs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from comparison_run import FloatArray, key, write_run

import sim
from sim.cli import main
from sim.errors import RunFolderError, UsageError

RNG = np.random.default_rng(17)
P95 = key()
MEAN = key("wait_mean")
DAYS = RNG.gamma(2.0, 10.0, 40)
NAME = 'A <i>port</i> & "more"'


def folder(place: Path, **variants: FloatArray) -> Path:
    """A finished run whose mean wait is a third of its 95th percentile."""
    world = {name: {MEAN: values / 3.0, P95: values} for name, values in {"baseline": DAYS, **variants}.items()}
    return write_run(place, world, scenario=NAME, file="port.yaml")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return folder(tmp_path / "first", shorter=0.7 * DAYS, same=DAYS, longer=DAYS + RNG.normal(3.0, 1.0, 40))


def test_the_tables_are_those_of_the_command_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "comparison.csv").write_text("variant,baseline\n", encoding="utf-8")
    assert main(["compare", str(place), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = sim.compare(place)
    assert (found.method, found.level, found.found.row_level) == (told["method"], told["level"], told["row_level"])
    for name, table in (
        ("comparison_chosen", found.differences),
        ("comparison_days", found.bad_days),
        ("comparison_best", found.selection),
    ):
        assert list(table.columns) == list(told[name][0])
        for mine, line in zip(table.to_dict("records"), told[name], strict=True):
            assert {at: None if cell != cell or cell == math.inf else cell for at, cell in mine.items()} == line, name
        (place / f"{name}.csv").unlink()
    assert sorted(path.name for path in found.save()) == [
        "comparison_best.csv",
        "comparison_chosen.csv",
        "comparison_days.csv",
    ]
    assert all(path.is_file() for path in found.save())


def test_the_page_is_that_of_the_command_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(place)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    found = sim.compare(place)
    assert all(sentence in printed for sentence in found.sentences)
    assert all(sentence in " ".join(str(found).split()) for sentence in found.sentences)
    assert "\x1b" not in str(found)
    assert max(map(len, str(found).splitlines())) <= 100


def test_what_is_compared_is_chosen(place: Path) -> None:
    found = sim.compare(sim.Run(place), measures="wait_p95", indifference=["30 s"])
    assert found.variants == ("shorter", "same", "longer")
    assert set(found.differences["measure"]) == {"wait_p95"}
    assert set(found.selection["indifference"]) == {0.5}
    wider = sim.compare(place, measures=["wait_p95", "wait_mean"]).differences
    assert list(wider["measure"][:2]) == ["wait_p95", "wait_mean"]
    with pytest.raises(UsageError, match="did you mean 'wait_mean'"):
        sim.compare(place, measures=["wait_men"])
    with pytest.raises(UsageError, match="no facility 'prt'"):
        sim.compare(place, facilities="prt")


def test_the_best_is_named_where_it_is_decided(tmp_path: Path, place: Path) -> None:
    found = sim.compare(place)
    assert found.best() == found.best("wait_p95") == found.best("wait_mean", "port") == "shorter"
    with pytest.raises(UsageError, match="no best by wait_p99; there is one by: wait_mean at port; wait_p95 at port"):
        found.best("wait_p99")
    noise = RNG.normal(0.0, 20.0, 40)
    assert sim.compare(folder(tmp_path / "open", other=DAYS + noise - noise.mean())).best() is None


def test_several_runs_share_the_baseline_of_the_first(tmp_path: Path, place: Path) -> None:
    other = folder(tmp_path / "second", half=0.5 * DAYS)
    found = sim.compare([sim.Run(place), other])
    assert found.runs == (place, other)
    assert found.variants == ("shorter", "same", "longer", "half")
    assert found.best() == "half"
    assert found.save()[0].parent == tmp_path / "comparisons" / "first+second"
    stranger = write_run(tmp_path / "third", {"baseline": {P95: DAYS}, "v": {P95: DAYS}}, seed=50)
    with pytest.raises(UsageError, match="differ in seed: 49 and 50"):
        sim.compare([place, stranger])


def test_what_stands_already_is_not_run(tmp_path: Path, place: Path) -> None:
    with pytest.raises(UsageError, match="stands already"):
        sim.compare(place, seed=4)
    with pytest.raises(UsageError, match="stands already"):
        sim.compare([place, place], "shorter")
    with pytest.raises(UsageError, match="there is no run to compare"):
        sim.compare([])
    with pytest.raises(RunFolderError, match="is not a finished run"):
        sim.compare(tmp_path)
    (tmp_path / "sensitivity.json").touch()
    with pytest.raises(RunFolderError, match="is a sensitivity study, not a run: `plot` draws it"):
        sim.compare(tmp_path)


SCENARIO = """
format: 1
name: Compared
start: 2024-01-01 06:00
horizon: 1 h
seed: 3
replications: 12
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {rate: 120 /h}}
    lanes: {general: {serves: [car], booths: 3, open: 2, service: {erlang: {mean: 50 s, shape: 3}}}}
variants:
  busy: {ports.here.traffic.car.rate: 130 /h}
  calm: {ports.here.traffic.car.rate: 90 /h}
"""


def test_a_scenario_is_run_first(tmp_path: Path) -> None:
    path = tmp_path / "compared.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    found = sim.compare(path, out=tmp_path / "out")
    assert found.variants == ("busy", "calm")
    run = sim.Run(found.runs[0])
    assert len(found.all_rows) == len(run.comparison)
    assert set(found.all_rows["run"]) == {str(run.folder)}
    again = sim.compare(run)
    assert found.differences.equals(again.differences)
    one = sim.compare(sim.load(path), "calm", out=tmp_path / "out")
    assert one.variants == ("calm",)
    beside = sim.compare([path, run], "calm", out=tmp_path / "out")
    assert beside.variants == ("calm", "busy")


def test_the_notebook_view_escapes_what_a_user_wrote(place: Path) -> None:
    found = sim.compare(place)
    page = found._repr_html_()
    assert "A &lt;i&gt;port&lt;/i&gt; &amp;" in page
    assert page.count("<tr>") == 1 + len(found.differences)
    assert page.count("<li>") == len(found.sentences) > 4
    assert repr(found) == (
        f"<Comparison of {NAME!r}: shorter, same, longer against the baseline, 40 replications, 6 rows>"
    )
