"""Sweeps: the variants they make, their places and faults, the table of points; what `show` says of a variant."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sim.cli import main
from sim.errors import ScenarioError, UsageError
from sim.scenario import Study, fingerprint, load, resolved_yaml
from sim.scenario.operations import quantity
from sim.scenario.show import differences, show_differences, sweep_table
from sim.scenario.sweeps import MOST, between, latin_hypercube

BASE = """\
format: 1
name: A port
start: 2024-07-06 06:00
horizon: 4 h
replications: 2
seed: 1
ports:
  here:
    direction: northbound
    zone: America/Vancouver
    traffic:
      car: {per_day: 1200, nexus: 30 %}
    lanes:
      general: {serves: [car], booths: 3, open: {"06:00": 2, "09:00": 3}, service: {erlang: {mean: 50 s, shape: 3}}}
"""
LINES = BASE.count("\n")
BOOTHS = "ports.here.lanes.general.booths"
NEXUS = "ports.here.traffic.car.nexus"
MEAN = "ports.here.lanes.general.service.erlang.mean"
GRID = f"sweeps:\n  staff:\n    vary:\n      {BOOTHS}: [3, 4, 5]\n      {NEXUS}: [20 %, 40 %]\n"
CUBE = f"sweeps:\n  cube: {{how: latin-hypercube, points: 12, vary: {{{BOOTHS}: [3, 5], {MEAN}: [45 s, 1 min]}}}}\n"
MANY = f"{BOOTHS}: {list(range(1, 16))}, {NEXUS}: [{', '.join(f'{n} %' for n in range(15))}]"


def study(tmp_path: Path, more: str, base: str = BASE, seed: int | None = None) -> Study:
    path = tmp_path / "s.yaml"
    path.write_text(base + more, encoding="utf-8")
    return load(path, seed=seed)


def faults(tmp_path: Path, more: str, base: str = BASE) -> list[tuple[int, int, str]]:
    with pytest.raises(ScenarioError) as caught:
        study(tmp_path, more, base)
    return [(fault.line - LINES, fault.column, str(fault)) for fault in caught.value.faults]


def test_a_grid_has_every_combination_the_last_path_fastest(tmp_path: Path) -> None:
    found = study(tmp_path, GRID)
    assert list(found.variants) == [f"staff-{number}" for number in range(1, 7)]
    lanes = [scenario.ports["here"] for scenario in found.variants.values()]
    made = [(port.lanes["general"].booths, port.traffic["car"].nexus) for port in lanes]
    assert made == [(3, 0.2), (3, 0.4), (4, 0.2), (4, 0.4), (5, 0.2), (5, 0.4)]
    assert found.origins["staff-3"][BOOTHS] == f"variant staff-3, {tmp_path / 's.yaml'}:{LINES + 4}:44"


def test_a_list_goes_point_by_point(tmp_path: Path) -> None:
    found = study(tmp_path, GRID.replace("[3, 4, 5]", "[3, 4]") + "    how: list\n")
    assert found.sweeps == {"staff": {"staff-1": {BOOTHS: 3, NEXUS: "20 %"}, "staff-2": {BOOTHS: 4, NEXUS: "40 %"}}}


def test_a_hypercube_has_one_point_in_every_stratum(tmp_path: Path) -> None:
    points = study(tmp_path, CUBE).sweeps["cube"].values()
    assert len(points) == 12
    read = [quantity(point[MEAN]) for point in points]
    strata = sorted(int((one.inside - 45.0) / 15.0 * 12) for one in read if one is not None)
    assert strata == list(range(12))
    assert sorted(point[BOOTHS] for point in points) == [3] * 4 + [4] * 4 + [5] * 4


def test_the_points_of_a_hypercube_are_those_of_the_seed(tmp_path: Path) -> None:
    first, again, other = (study(tmp_path, CUBE, seed=seed).sweeps for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_another_path_leaves_the_others_where_they_were() -> None:
    assert latin_hypercube("sweep/a/b", 1, 5) == latin_hypercube("sweep/a/b", 1, 5)
    assert latin_hypercube("sweep/a/b", 1, 5) != latin_hypercube("sweep/a/c", 1, 5)


def test_whole_numbers_are_equally_likely_over_a_range() -> None:
    low, high = quantity(2), quantity(4)
    assert low is not None
    assert high is not None
    assert [between(low, high, share) for share in (0.0, 0.33, 0.34, 0.66, 0.67, 0.999, 1.0)] == [2, 2, 3, 3, 4, 4, 4]


def test_a_value_may_be_a_table(tmp_path: Path) -> None:
    more = f'sweeps:\n  open:\n    vary:\n      {BOOTHS.replace("booths", "open")}: [2, {{"00:00": 1, "08:00": 3}}]\n'
    found = study(tmp_path, more)
    assert found.variants["open-2"].ports["here"].lanes["general"].open.values() == (1.0, 3.0) * 7
    assert sweep_table(found.sweeps)[1][1][2] == '{"00:00": 1, "08:00": 3}'


def test_a_sweep_stands_beside_variants_by_hand_and_on_the_registry(tmp_path: Path) -> None:
    base = BASE[: BASE.index("ports:")] + "ports:\n  here: {registry: us-3004-pacific-highway}\n"
    more = f"variants:\n  v: {{ports.here.traffic.car.nexus: 1 %}}\nsweeps:\n  b: {{vary: {{{BOOTHS}: [1, 2]}}}}\n"
    found = study(tmp_path, more, base)
    assert list(found.variants) == ["v", "b-1", "b-2"]
    # As with a variant by hand, the calendar of the registry is capped at the booths there are.
    assert max(found.variants["b-1"].ports["here"].lanes["general"].open.values()) == 1


@pytest.mark.parametrize("more", [GRID, CUBE, GRID + f"ranges: {{{MEAN}: [40 s, 60 s]}}\n"])
def test_the_resolved_form_is_the_same_study(tmp_path: Path, more: str) -> None:
    found = study(tmp_path, more)
    for one in (found, found.only(list(found.variants)[1:3])):
        path = tmp_path / "resolved.yaml"
        path.write_text(resolved_yaml(one), encoding="utf-8")
        again = load(path)
        assert fingerprint(again) == fingerprint(one)
        assert again.sweeps == one.sweeps
        assert resolved_yaml(again) == resolved_yaml(one)


def test_ranges_change_nothing_that_is_simulated(tmp_path: Path) -> None:
    plain, ranged = study(tmp_path, ""), study(tmp_path, f"ranges: {{{MEAN}: [40 s, 60 s]}}\n")
    assert fingerprint(plain) == fingerprint(ranged)


def test_the_name_of_a_sweep_stands_for_its_variants(tmp_path: Path) -> None:
    found = study(tmp_path, GRID)
    assert found.chosen(["staff"]) == list(found.variants)
    assert found.chosen(["staff-2", "other"]) == ["staff-2", "other"]


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        (f"sweeps:\n  s: {{vary: {{{MANY}}}}}\n", (2, 3), f"225 variants; allowed: at most {MOST}"),
        (f"sweeps:\n  s: {{vary: {{{BOOTHS}: 3}}}}\n", (2, 47), "a list of values"),
        (f"sweeps:\n  s: {{vary: {{{BOOTHS}: []}}}}\n", (2, 47), "no values"),
        (f"sweeps:\n  s: {{vary: {{{BOOTHS}: [3]}}, how: gird}}\n", (2, 58), "did you mean 'grid'"),
        (f"sweeps:\n  s: {{vary: {{{BOOTHS}: [3]}}, points: 4}}\n", (2, 53), "points with a grid"),
        (f"sweeps:\n  s: {{vary: {{{BOOTHS}: [3, 5]}}, how: latin-hypercube}}\n", (2, 61), "without points"),
        (f"sweeps:\n  s: {{vary: {{{MEAN}: [60 s, 45 s]}}, how: latin-hypercube, points: 4}}\n",
         (2, 60), "60 s to 45 s"),
        (f"sweeps:\n  s: {{vary: {{{BOOTHS}: [3, 4], {NEXUS}: [1 %]}}, how: list}}\n", (2, 7), "2 and 1 values"),
        (f"sweeps:\n  s: {{vary: {{{BOOTHS}: [3]}}, how: list, variants: [t]}}\n", (2, 64), "no variant 't'"),
        (f"sweeps:\n  s: {{vary: {{{BOOTHS}: [3]}}, variants: [t]}}\n", (2, 53), "variants with a sweep"),
        (f"variants: {{s-1: {{warm_up: 1 h}}}}\nsweeps:\n  s: {{vary: {{{BOOTHS}: [3]}}}}\n",
         (3, 3), "'s-1', which is there"),
        (f"ranges: {{{MEAN}: [60 s, 40 s]}}\n", (1, 56), "60 s to 40 s"),
        (f"ranges: {{{BOOTHS}: [1 s, 2 s]}}\n", (1, 43), "a range for the number 3"),
        ("ranges: {ports.here.lanes.general.boths: [1, 2]}\n",
         (1, 10), "'ports.here.lanes.general.boths', which is not"),
        ("variants:\n  v: {ranges: {}}\n", (2, 7), "a variant that sets 'ranges'"),
    ],
)  # fmt: skip
def test_faults(tmp_path: Path, more: str, place: tuple[int, int], words: str) -> None:
    found = [fault for fault in faults(tmp_path, more) if words in fault[2]]
    assert found, faults(tmp_path, more)
    assert found[0][:2] == place


def test_a_wrong_value_is_one_fault_at_its_place(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, GRID.replace("[3, 4, 5]", "[3, 4, five]"))
    assert found[:2] == (4, 47)
    assert f"sweeps.staff.vary.{BOOTHS}: 'five'" in found[2]


def test_a_wrong_path_is_one_fault_for_all_points(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, GRID.replace("general.booths", "genral.booths"))
    assert found[:2] == (4, 7)
    assert "did you mean 'ports.here.lanes.general.booths'" in found[2]


def test_a_hypercube_needs_a_seed_that_stays(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, CUBE, BASE.replace("seed: 1\n", ""))
    assert "a latin-hypercube without a seed" in found[2]


def test_a_run_has_the_table_of_points(tmp_path: Path) -> None:
    study(tmp_path, GRID)
    words = ["--variant", "staff", "--workers", "1", "--quiet", "--out", str(tmp_path / "out")]
    assert main(["run", str(tmp_path / "s.yaml"), *words]) == 0
    (table,) = (tmp_path / "out").glob("*/*/sweep.csv")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["variant", "sweep", BOOTHS, NEXUS]
    assert rows[1:3] == [["staff-1", "staff", "3", "20 %"], ["staff-2", "staff", "3", "40 %"]]
    assert len(rows) == 7
    again = table.parent / "scenario.resolved.yaml"
    assert main(["run", str(again), "--all", "--workers", "1", "--quiet", "--out", str(tmp_path / "again")]) == 0
    (other,) = (tmp_path / "again").glob("*/*/sweep.csv")
    assert other.read_bytes() == table.read_bytes()
    assert (other.parent / "summary.csv").read_bytes() == (table.parent / "summary.csv").read_bytes()


# ---- what differs -----------------------------------------------------------------------------------------


def test_differences_have_both_values_and_their_origins(tmp_path: Path) -> None:
    lane = "ports.here.lanes.general"
    more = f"variants:\n  v:\n    {BOOTHS}: 4\n    {lane}.open.09:00: 4\n    {lane}.balk_at: 9\n"
    found = study(tmp_path, more)
    file = tmp_path / "s.yaml"
    booths, opened, balk = differences(found, "v")
    assert (booths.path, booths.baseline, booths.variant) == (BOOTHS, 3, 4)
    assert (booths.baseline_origin, booths.variant_origin) == (f"{file}:14:40", f"variant v, {file}:{LINES + 3}:38")
    assert opened.variant == {"06:00": 2, "09:00": 4}
    assert opened.variant_origin == f"variant v, {file}:{LINES + 4}:42"
    assert (balk.baseline, balk.baseline_origin, balk.variant) == (None, "default", 9)
    assert show_differences(found, "v").splitlines()[:3] == [
        "# v: 3 values differ from the baseline; --full shows all",
        f"{BOOTHS}:",
        f"  baseline: 3  # {file}:14:40",
    ]
    with pytest.raises(UsageError, match="no variant 'w'"):
        differences(found, "w")


def test_show_prints_what_differs_or_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study(tmp_path, GRID)
    file = str(tmp_path / "s.yaml")
    assert main(["show", file, "--variant", "staff-6"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 7
    assert main(["show", file, "--variant", "staff-6", "--full"]) == 0
    assert "horizon: 4 h" in capsys.readouterr().out
