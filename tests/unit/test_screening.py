"""Screening of inputs by elementary effects, input uncertainty in intervals, and the study that writes both."""

from __future__ import annotations

import csv
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import stopped_runs as stopped

from sim.cli import main
from sim.errors import RunFolderError, UsageError
from sim.scenario import Study, load
from sim.scenario.ranges import inputs_of, with_values
from sim.study import sensitivity, store
from sim.study.journal import Journal
from sim.study.kept import kept, workplace_of
from sim.study.layout import Key
from sim.study.runs import JOURNAL, experiment
from sim.study.screening import DELTA, Trajectories, carried, screened
from sim.study.sensitivity import run

PORT = """\
format: 1
name: A port
start: 2024-07-06 06:00
horizon: 3 h
seed: 11
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {rate: 100 /h}}
    lanes:
      general: {serves: [car], booths: 2, open: {"06:00": 2}, service: {erlang: {mean: 60 s, shape: 3}}}
ranges:
  ports.here.traffic.car.rate: [80 /h, 110 /h]
  ports.here.lanes.general.service.erlang.mean: [50 s, 65 s]
  ports.here.lanes.general.booths: [1, 2]
  ports.here.metres_per_car: [7 m, 8 m]
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "here.yaml"
    path.write_text(PORT, encoding="utf-8")
    return path


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# ---- the design -------------------------------------------------------------------------------------------


def test_every_step_moves_one_input_once() -> None:
    walks = Trajectories.draw(20, 7, seed=3)
    steps = np.diff(walks.points, axis=1)
    assert np.allclose(np.sort(np.abs(steps), axis=2)[:, :, :-1], 0.0)
    assert np.allclose(np.abs(steps).max(axis=2), DELTA)
    assert np.array_equal(np.sort(walks.moved, axis=1), np.tile(np.arange(7), (20, 1)))
    assert np.allclose(walks.points * 3, np.round(walks.points * 3))
    assert walks.points.min() == 0.0
    assert walks.points.max() == 1.0


def test_every_level_is_as_likely() -> None:
    """4,000 starts and their ends: each level a quarter, within four standard errors."""
    walks = Trajectories.draw(4000, 1, seed=5)
    share = np.bincount(np.round(walks.points.ravel() * 3).astype(int), minlength=4) / walks.points.size
    assert np.all(np.abs(share - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 4000))


def test_a_longer_design_begins_with_a_shorter_one() -> None:
    assert np.array_equal(Trajectories.draw(9, 4, 1).points[:5], Trajectories.draw(5, 4, 1).points)


@pytest.mark.parametrize(("count", "inputs"), [(1, 3), (0, 3), (5, 0)])
def test_designs_that_say_nothing_are_refused(count: int, inputs: int) -> None:
    with pytest.raises(UsageError):
        Trajectories.draw(count, inputs, 1)


# ---- what effects say -------------------------------------------------------------------------------------


def test_a_straight_line_has_its_slopes_and_no_spread() -> None:
    walks = Trajectories.draw(6, 4, seed=2)
    slopes = np.array([3.0, -1.5, 0.0, 10.0])
    found = screened(walks.effects(walks.points @ slopes), seed=2)
    assert np.allclose(found.mu, slopes)
    assert np.allclose(found.mu_star, np.abs(slopes))
    assert np.allclose(found.sigma, 0.0)
    assert np.allclose(found.low, found.mu_star)
    assert np.allclose(found.high, found.mu_star)


def test_an_interaction_shows_as_spread_and_a_change_of_sign_in_mu() -> None:
    walks = Trajectories.draw(400, 3, seed=2)
    x = walks.points
    found = screened(walks.effects((x[..., 0] - 0.5) * (x[..., 1] - 0.5) * 12 + x[..., 2]), seed=2)
    # The effect of one factor is 12 (other - 1/2), the other being 0, 1/3, 2/3 or 1 alike: 6, 2, 2, 6 by size.
    assert found.mu_star[:2] == pytest.approx([4.0, 4.0], abs=4 * 2.0 / np.sqrt(400))
    assert np.all(np.abs(found.mu[:2]) < 4 * np.sqrt(20.0 / 400))
    assert found.sigma[:2] == pytest.approx([np.sqrt(20.0)] * 2, rel=0.15)
    assert found.sigma[2] == pytest.approx(0.0, abs=1e-12)
    assert np.all((found.low <= found.mu_star) & (found.mu_star <= found.high))


def test_several_measures_at_once_are_each_its_own() -> None:
    walks = Trajectories.draw(5, 2, seed=2)
    one, two = walks.points @ [1.0, 2.0], walks.points @ [5.0, 0.0]
    both = screened(walks.effects(np.stack([one, two], axis=2)), seed=2)
    assert np.allclose(both.mu, [[1.0, 5.0], [2.0, 0.0]])


def test_a_trajectory_without_an_effect_is_left_out() -> None:
    """Of that input and measure alone; what the others say is what they say without it."""
    walks = Trajectories.draw(8, 3, seed=2)
    effects = walks.effects(np.stack([walks.points @ [3.0, -1.5, 2.0], walks.points[..., 0] ** 2], axis=2))
    gap = effects.copy()
    gap[5, 0, 1], gap[:, 2, 0], gap[1:, 1, 0] = np.nan, np.nan, np.nan
    whole, found = screened(effects, seed=2), screened(gap, seed=2)
    assert found.trajectories.tolist() == [[8, 7], [1, 8], [0, 8]]
    left = np.delete(effects[:, 0, 1], 5)
    assert (found.mu[0, 1], found.sigma[0, 1]) == pytest.approx((left.mean(), left.std(ddof=1)))
    assert found.low[0, 1] <= found.mu_star[0, 1] <= found.high[0, 1]
    assert found.mu_star[1, 0] == pytest.approx(1.5)
    assert np.isnan([found.sigma[1, 0], found.mu[2, 0], found.mu_star[2, 0], found.low[2, 0], found.sigma[2, 0]]).all()
    for name in ("mu", "mu_star", "sigma", "low", "high"):
        assert getattr(found, name)[1:, 1].tolist() == getattr(whole, name)[1:, 1].tolist()


def test_points_that_lack_the_measure_on_a_day_still_have_one(scenario: Path) -> None:
    """Neither the screening nor the tornado goes blank for one replication in which nobody waited."""
    study = load(scenario)
    found = sensitivity._found(*_of_one_day_without(study, trajectories=3))
    assert np.isfinite(found.screened.mu).all()
    assert np.isfinite(found.one_at_a_time).all()
    assert {row[6] for row in sensitivity._tornado(found)} == {3.0}, "the mean of days 2 and 4"
    assert found.carried is not None
    assert found.carried.days.tolist() == [2]


def test_no_bound_of_a_share_is_above_one(scenario: Path) -> None:
    points, design, done = _of_one_day_without(load(scenario), trajectories=2)
    points.keys = (Key("here", "all", "all", "over_standard_share", "share"),)
    shares = {point: np.array([[1.0], [0.2], [0.98]]) for point in done}
    (row,) = sensitivity._carried(found := sensitivity._found(points, design, shares), found.carried)  # type: ignore
    assert (row[4], row[5], row[7], row[8]) == (0.0, 1.0, 0.0, 1.0)


def _of_one_day_without(
    study: Study, trajectories: int
) -> tuple[sensitivity.Points, sensitivity.Design, dict[sensitivity.Coordinates, sensitivity.FloatArray]]:
    """A study all of whose points gave 9, 2 and 4, but the baseline and a sampled one lack the first."""
    plan = replace(experiment(study, "reference"), replications=3)
    points = sensitivity.Points(study, plan, inputs_of(study), (Key("here", "all", "all", "wait_mean", "min"),))
    design = sensitivity.Design.of(points, trajectories, 4)
    done = {point: np.array([[9.0], [2.0], [4.0]]) for point in design.points}
    for point in (design.points[0], design.sampled[1], design.walked[0][1]):
        done[point] = np.array([[np.nan], [2.0], [4.0]])
    return points, design, done


# ---- input uncertainty ------------------------------------------------------------------------------------


def test_components_are_told_apart() -> None:
    generator = np.random.default_rng(8)
    draws, days = 400, 200
    inputs, shared = generator.normal(0, 3, (draws, 1)), generator.normal(0, 2, (1, days))
    found = carried(10 + inputs + shared + generator.normal(0, 1, (draws, days)), seed=8)
    # A standard deviation of n normals has a relative error of 1 / sqrt(2 n).
    assert found.sd_inputs == pytest.approx(3.0, rel=4 / np.sqrt(2 * draws))
    assert found.sd_days == pytest.approx(2.0, rel=4 / np.sqrt(2 * days))
    assert found.sd_rest == pytest.approx(1.0, rel=0.02)


def test_the_interval_covers_what_either_chance_does() -> None:
    generator = np.random.default_rng(9)
    shared = generator.normal(0, 2, (1, 50))
    alone = carried(10 + np.zeros((200, 1)) + shared, seed=9)
    both = carried(10 + generator.normal(0, 3, (200, 1)) + shared, seed=9)
    assert alone.sd_inputs == 0.0
    assert alone.high - alone.low == pytest.approx(2 * 1.96 * 2 / np.sqrt(50), rel=0.25)
    # The standard deviation of both together is that of a draw and of a mean of 50 days.
    assert both.high - both.low == pytest.approx(2 * 1.96 * np.sqrt(9 + 4 / 50), rel=0.25)


@pytest.mark.parametrize(("of_inputs", "of_days"), [(3.0, 1.0), (0.5, 4.0)])
def test_the_interval_holds_the_mean_under_a_further_draw(of_inputs: float, of_days: float) -> None:
    """Also where there are few days and they matter more than the inputs; within four standard errors of 95 %."""
    generator, experiments, held = np.random.default_rng(10), 300, 0
    for _ in range(experiments):
        shares = (generator.permutation(20) + generator.random(20)) / 20
        means = (shares - 0.5) * np.sqrt(12.0) * of_inputs
        days = generator.normal(0, of_days, (1, 5))
        found = carried(means[:, np.newaxis] + days + generator.normal(0, 0.5, (20, 5)), seed=10)
        truth = (generator.random() - 0.5) * np.sqrt(12.0) * of_inputs
        held += int(found.low <= truth <= found.high)
    assert held / experiments == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / experiments))


def test_a_step_between_whole_numbers_counts_as_far_as_it_went(scenario: Path) -> None:
    booths = next(one for one in inputs_of(load(scenario)) if one.path[-1] == "booths")
    assert [booths.at(share) for share in (0.0, 1 / 3, 2 / 3, 1.0)] == [1, 1, 2, 2]
    assert [booths.taken(share) for share in (0.0, 1 / 3, 2 / 3, 1.0)] == [0.0, 0.0, 1.0, 1.0]


def test_a_day_that_a_draw_lacks_is_left_out_of_the_layout() -> None:
    outputs = 10 + np.random.default_rng(4).normal(0, 1, (20, 6, 3))
    gap = outputs.copy()
    gap[3, 2, 0], gap[:, 1:, 2] = np.nan, np.nan
    found, whole = carried(gap, seed=4), carried(outputs, seed=4)
    assert found.days.tolist() == [5, 6, 1]
    alone = carried(np.delete(outputs[:, :, :1], 2, axis=1), seed=4)
    for name in ("mean", "low", "high", "sd_inputs", "sd_days", "sd_rest"):
        of = getattr(found, name)
        assert of[:2] == pytest.approx([getattr(alone, name)[0], getattr(whole, name)[1]])
        assert np.isnan(of[2]), "one day is none"


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_one_of_either_says_nothing(shape: tuple[int, int]) -> None:
    with pytest.raises(UsageError):
        carried(np.zeros(shape), seed=1)


# ---- inputs of a scenario ---------------------------------------------------------------------------------


def test_stated_ranges_are_inputs(scenario: Path) -> None:
    study = load(scenario)
    inputs = inputs_of(study)
    assert [one.path[-1] for one in inputs] == ["rate", "mean", "booths", "metres_per_car"]
    assert [one.at(0.5) for one in inputs[:2]] == ["95 /h", "57.5 s"]
    changed = with_values(study, {inputs[2].path: inputs[2].at(0.0)})
    lane = changed.ports["here"].lanes["general"]
    assert (lane.booths, max(lane.open.values())) == (1, 1)


def test_the_registry_gives_ranges_and_stated_ones_go_before(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    text = PORT[: PORT.index("ports:")] + "ports:\n  here: {registry: us-3004-pacific-highway, day_to_day: {cv: 9 %}}\n"
    mean = "ports.here.lanes.general.service.erlang.mean"
    path.write_text(f"{text}ranges: {{{mean}: [50 s, 55 s]}}\n", encoding="utf-8")
    study = load(path)
    inputs = {one.name: one for one in inputs_of(study)}
    assert len(inputs) > 20
    assert inputs[mean].at(0.0) == "50 s"
    assert inputs[mean].origin == "ranges of the scenario"
    assert "assumed" in inputs["ports.here.lanes.nexus.service.gamma.cv"].origin
    assert "ports.here.day_to_day.cv" not in inputs, "what is written is no value of the registry"
    for share in (0.0, 1.0):
        for one in inputs.values():
            assert with_values(study, {one.path: one.at(share)}).ports
        assert with_values(study, {one.path: one.at(share) for one in inputs.values()}).ports


# ---- the study --------------------------------------------------------------------------------------------


def test_the_study_tells_what_matters(scenario: Path, tmp_path: Path) -> None:
    study = load(scenario)
    folder, fresh = run(study, tmp_path / "a", trajectories=3, replications=3, input_uncertainty=4, engine="reference")
    assert fresh
    found = {row["input"].split(".")[-1]: row for row in rows(folder / "sensitivity.csv")}
    assert list(found)[-1] == "metres_per_car"
    assert float(found["metres_per_car"]["mu_star"]) == 0.0
    assert float(found["rate"]["mu"]) > 0.0
    assert float(found["mean"]["mu"]) > 0.0
    assert float(found["booths"]["mu"]) < 0.0
    assert (found["booths"]["baseline_value"], found["booths"]["low"], found["booths"]["high"]) == ("2", "1", "2")
    bars = {row["input"].split(".")[-1]: row for row in rows(folder / "tornado.csv")}
    assert float(bars["rate"]["at_low"]) < float(bars["rate"]["baseline"]) < float(bars["rate"]["at_high"])
    assert bars["booths"]["at_high"] == bars["booths"]["baseline"], "2 booths are what the baseline has"
    (both,) = rows(folder / "input_uncertainty.csv")
    assert float(both["ci_high_inputs"]) > float(both["ci_low_inputs"]) >= 0.0
    assert (both["draws"], both["replications"]) == ("4", "3")
    assert run(study, tmp_path / "a", trajectories=3, replications=3, input_uncertainty=4) == (folder, False)
    (folder / "tornado.csv").write_text("changed")
    with pytest.raises(RunFolderError, match=r"tornado\.csv was changed since the run"):
        run(study, tmp_path / "a", trajectories=3, replications=3, input_uncertainty=4)


def test_numbers_do_not_depend_on_workers(scenario: Path, tmp_path: Path) -> None:
    words = ["sensitivity", str(scenario), "--trajectories", "2", "--replications", "1", "--quiet"]
    for workers in ("1", "2"):
        out = tmp_path / workers
        assert main([*words, "--engine", "reference", "--workers", workers, "--out", str(out)]) == 0
    one, two = (next((tmp_path / name).glob("*/*/sensitivity.csv")).read_bytes() for name in ("1", "2"))
    assert one == two


def test_the_command_prints_the_inputs(scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sensitivity", str(scenario), "--trajectories", "2", "--replications", "2", "--engine", "reference"]
    out = ["--workers", "1", "--out", str(tmp_path)]
    assert main([*words, *out, "--measure", "wait_p95", "--input-uncertainty", "2"]) == 0
    said = capsys.readouterr().out
    assert "here: wait_p95, min" in said
    assert "lanes.general.service.erlang.mean" in said
    assert "with the uncertainty of the inputs" in said
    assert "trajectories" not in said, "all of them have an effect"
    assert main([*words, *out, "--measure", "wait_left_mean"]) == 0
    found = capsys.readouterr()
    assert "effects of 0 of 2 trajectories: in the others nobody had it" in " ".join(found.out.split())
    assert "few-replications" not in found.err
    assert main([*words, *out, "--measure", "wait_mea"]) == 2
    assert "did you mean 'wait_mean'" in capsys.readouterr().err


def test_the_command_looks_ahead_as_a_run_does(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Warnings, and memory: of one replication for each worker, not of files by time bin, which it does not write."""
    scenario.write_text(PORT.replace("rate: 100 /h", "rate: 300 /h"), encoding="utf-8")
    words = ["sensitivity", str(scenario), "--measure", "wait_mea", "--workers", "1", "--out", str(tmp_path)]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "[overloaded-lane]" in said
    assert "did you mean 'wait_mean'" in said
    monkeypatch.setattr("sim.study.preflight.available_memory", lambda: 1e8)
    assert main(words) == 2
    assert "parties in a replication: the run needs about" in capsys.readouterr().err


def test_a_scenario_without_ranges_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text(PORT[: PORT.index("ranges:")], encoding="utf-8")
    with pytest.raises(UsageError, match="has no inputs with a range; state some under 'ranges'"):
        run(load(path), tmp_path)


# ---- stopped and gone on with -----------------------------------------------------------------------------


def command(scenario: Path, out: Path, *more: str) -> list[str]:
    words = ["sensitivity", str(scenario), "--trajectories", "6", "--replications", "2", "--input-uncertainty", "6"]
    return [*words, "--engine", "reference", "--quiet", "--out", str(out), *more]


def study_folder(scenario: Path, out: Path) -> Path:
    """Where the study of `command` stands: known once it has begun."""
    found = [*out.glob("*/sensitivity-*"), *out.glob("*/.sensitivity-*.unfinished")]
    name = found[0].name.removeprefix(".").removesuffix(".unfinished") if found else "none"
    return (found[0] if found else out).with_name(name)


def begun(process: subprocess.Popen[str], scenario: Path, out: Path, replications: int) -> bool:
    stopped.wait_for(lambda: kept(study_folder(scenario, out)) >= replications or process.poll() is not None)
    return process.poll() is None


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_study_that_was_killed_goes_on(scenario: Path, tmp_path: Path, workers: str) -> None:
    assert main(command(scenario, tmp_path / "unbroken", "--workers", "1")) == 0
    unbroken = stopped.contents(study_folder(scenario, tmp_path / "unbroken"))
    out, had = tmp_path / "out", list[int]()
    for _ in range(2):
        process = stopped.start(command(scenario, out, "--workers", workers))
        assert begun(process, scenario, out, (had[-1] if had else 0) + 4), process.communicate()
        process.kill()
        process.communicate()
        had.append(kept(study_folder(scenario, out)))
    process = stopped.start(command(scenario, out, "--workers", workers))
    assert begun(process, scenario, out, had[-1] + 2)
    told = stopped.interrupt(process)
    assert process.returncode == 130
    assert "finished replications are kept, running again goes on from there" in told
    had.append(kept(study_folder(scenario, out)))
    assert had == sorted(had), "something finished was lost"
    assert had[0] >= 4
    made = list[int]()
    folder, fresh = run(
        load(scenario, replications=2),
        out,
        trajectories=6,
        replications=2,
        input_uncertainty=6,
        engine="reference",
        workers=1,
        advance=made.append,
    )
    assert fresh
    assert made[0] * 2 == had[-1], "what was kept was made again"
    assert stopped.contents(folder) == unbroken
    assert not list(out.glob("*/.sensitivity-*")), "the workplace was left behind"


def test_points_of_other_ranges_are_not_taken_for_these(scenario: Path, tmp_path: Path) -> None:
    """The journal of a study whose inputs have changed since is begun anew."""
    folder, _ = run(load(scenario), tmp_path, trajectories=2, replications=1, engine="reference")
    unbroken = stopped.contents(folder)
    shutil.rmtree(folder)
    journal = Journal(workplace_of(folder) / JOURNAL, {"points": "others"})
    journal.keep("point", 0, np.full((1, 1), 99.0))
    assert run(load(scenario), tmp_path, trajectories=2, replications=1, engine="reference") == (folder, True)
    assert stopped.contents(folder) == unbroken


def test_two_studies_at_once(scenario: Path, tmp_path: Path) -> None:
    folder, _ = run(load(scenario), tmp_path, trajectories=2, replications=1, engine="reference")
    shutil.rmtree(folder)
    with store.claimed(folder), pytest.raises(RunFolderError, match="is being made by another process"):
        run(load(scenario), tmp_path, trajectories=2, replications=1, engine="reference")


def test_what_is_refused_leaves_nothing_behind(scenario: Path, tmp_path: Path) -> None:
    for wrong in ({"trajectories": 1}, {"input_uncertainty": 1}):
        with pytest.raises(UsageError):
            run(load(scenario), tmp_path / "out", engine="reference", **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()
