"""Policies: patterns and what they do, the files that come with the program, faults, variants of any scenario."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import pytest

from sim.cli import main
from sim.errors import Fault, ScenarioError, UsageError
from sim.scenario import fingerprint, load, operations, patterns, policies, resolved_yaml

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = policies.names()
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
PORT = """\
format: 1
name: A port
start: 2024-07-06 00:00
horizon: 24 h
seed: 1
replications: 2
officers:
  shared: {officers: 4, open: {"00:00": 0, "08:00": 4, "20:00": 0}}
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    hours: {"06:00": open, "22:00": closed}
    traffic:
      car: {per_day: 1200, nexus: 50 %}
      truck: {rate: 10 /h}
    lanes:
      general:
        serves: [car]
        booths: 3
        open: {"00:00": 0, "06:00": 1, "09:00": 3, "22:00": 0}
        service: {mixture: [{share: 50 %, erlang: {mean: 40 s, shape: 3}}, {share: 50 %, gamma: {mean: 60 s, cv: 0.5}}]}
      nexus: {serves: [car.nexus], booths: 1, service: 12 s}
      truck: {serves: [truck], pool: shared, service: 75 s}
    secondary: {bays: 2, referral: {car: 5 %, car.nexus: 80 %}, service: {uniform: {low: 5 min, high: 15 min}}}
"""


def scenario(tmp_path: Path, text: str = PORT) -> Path:
    path = tmp_path / "here.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def policy(tmp_path: Path, changes: str, name: str = "mine.yaml", head: str = "policy: 1\n") -> str:
    path = tmp_path / name
    path.write_text(f"{head}name: Mine\nstory: A test.\nsource: assumed\nchanges:\n{changes}", encoding="utf-8")
    return str(path)


def after(tmp_path: Path, changes: str) -> dict[str, Any]:
    """What a policy makes of the port, by dotted path."""
    study = load(scenario(tmp_path), policy=[policy(tmp_path, changes)])
    written: dict[str, Any] = study.tree["variants"]["mine"]
    return {path.removeprefix("ports.here."): value for path, value in written.items()}


# ---- patterns and arithmetic ------------------------------------------------------------------------------

TREE = {
    "ports": {"a": {"referral": {"car": 1, "car.nexus": 2}, "x": [{"mean": 3}, {"mean": 4}]}, "b": {"referral": {}}}
}


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("ports.*.referral.*", [("ports", "a", "referral", "car"), ("ports", "a", "referral", "car.nexus")]),
        ("ports.*.referral.car.nexus", [("ports", "a", "referral", "car.nexus")]),
        ("ports.a|c.referral.car", [("ports", "a", "referral", "car")]),
        ("ports.**.mean", [("ports", "a", "x", 0, "mean"), ("ports", "a", "x", 1, "mean")]),
        ("**.b.referral", [("ports", "b", "referral")]),
        ("ports.c.*", []),
    ],
)
def test_patterns_lead_to_paths(pattern: str, paths: list[tuple[Any, ...]]) -> None:
    assert patterns.matches(TREE, pattern) == paths


def test_a_new_key_is_found_only_where_it_is_asked_for() -> None:
    assert patterns.matches(TREE, "ports.*.hours") == []
    assert patterns.matches(TREE, "ports.*.hours", new=True) == [("ports", "a", "hours"), ("ports", "b", "hours")]
    assert patterns.matches(TREE, "ports.**.hours", new=True) == []


@pytest.mark.parametrize(
    ("raw", "inside", "back"),
    [
        ("52.5 s", 52.5, "105 s"),
        ("1 h 30 min", 5400.0, "10800 s"),
        ("30 %", 0.3, "60 %"),
        ("600 /h", 600 / 3600, "1200 /h"),
        ("-10 s", -10.0, "-20 s"),
        (6, 6.0, 12),
        (0.5, 0.5, 1.0),
    ],
)
def test_quantities_keep_their_unit(raw: Any, inside: float, back: Any) -> None:
    found = operations.quantity(raw)
    assert found is not None
    assert found.inside == pytest.approx(inside)
    assert found.at(2 * found.inside) == back
    assert type(found.at(2 * found.inside)) is type(back)


@pytest.mark.parametrize("raw", ["open", True, None, "5 parsecs", "car", [1], "5 s 3 %", ""])
def test_what_is_no_quantity(raw: Any) -> None:
    assert operations.quantity(raw) is None


def test_a_table_opens_earlier_and_closes_later() -> None:
    assert operations.widened({"08:00": "open", "20:00": "closed"}, 7200) == {
        "00:00": "closed",
        "06:00": "open",
        "22:00": "closed",
    }
    table = {"mon-fri": {"00:00": 0, "07:00": 2, "12:00": 3, "22:30": 0}, "sat-sun": 0}
    wide = operations.widened(table, 7200)
    assert wide == {"mon-fri": {"00:00": 3, "00:30": 0, "05:00": 2, "12:00": 3}, "sat-sun": 0}
    assert operations.widened({"01:00": "closed", "04:00": "open"}, 7200) == "open"


def hours_of(table: Any) -> list[int]:
    steps = operations.steps_of(table)
    return [operations.value_at(steps, 3600 * hour) for hour in range(24)]


@pytest.mark.parametrize("booths", [1, 2, 3, 4, 5, 7, 11, 40])
def test_hours_cut_are_spread_over_the_day(booths: int) -> None:
    before = {"00:00": 2, "06:00": booths, "21:00": 3}
    hours = hours_of(operations.spread(before, lambda value: 0.9 * value, lambda value: 0.0))
    assert sum(hours) == pytest.approx(0.9 * sum(hours_of(before)), abs=0.5)
    for was, now in zip(hours_of(before), hours, strict=True):
        assert math.floor(0.9 * was) <= now <= math.ceil(0.9 * was)


def test_a_booth_open_alone_stays_open() -> None:
    before = {"00:00": 1, "06:00": 3, "21:00": 1}
    hours = hours_of(operations.spread(before, lambda value: 0.9 * value, lambda value: min(value, 1.0)))
    assert min(hours) == 1
    # What the night cannot give is taken from the day, but for the hours after it.
    assert sum(hours) == pytest.approx(0.9 * sum(hours_of(before)), abs=0.5 + 0.1 * 3)


# ---- what operations do to a scenario ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ("  ports.*.traffic.car.nexus: {times: 1.3, at_most: 60 %}\n", {"traffic.car.nexus": "60 %"}),
        ("  ports.*.traffic.car.nexus: {plus: 5 %}\n", {"traffic.car.nexus": "55 %"}),
        ("  ports.*.traffic.car.nexus: {set: 40 %}\n", {"traffic.car.nexus": "40 %"}),
        ("  ports.*.traffic.*.per_day|rate: {times: 0.5}\n",
         {"traffic.car.per_day": 600, "traffic.truck.rate": "5 /h"}),
        ("  ports.*.lanes.*.booths: {plus: 1, where: {serves: car}}\n", {"lanes.general.booths": 4}),
        ("  ports.*.lanes.*.booths: {plus: 1, where: {only: car.nexus}}\n", {"lanes.nexus.booths": 2}),
        ("  ports.*.secondary.referral.*: {times: 2, at_most: 100 %}\n",
         {"secondary.referral.car": "10 %", "secondary.referral.car.nexus": "100 %"}),
        ("  ports.*.secondary.**.low|high: {times: 0.8}\n",
         {"secondary.service.uniform.low": "4 min", "secondary.service.uniform.high": "12 min"}),
        ("  ports.*.lanes.*.service.**.value: {plus: -10 s, at_least: 10 s, where: {mode: car}}\n",
         {"lanes.nexus.service.deterministic.value": "10 s"}),
        ("  ports.*.lanes.*.tandem: {set: true, where: {has: booths, serves: car}}\n", {"lanes.general.tandem": True}),
        ("  ports.*.metres_per_car: {times: 1.1}\n", {"metres_per_car": "8.25 m"}),
        ("  ports.*.lanes.*.open: {plus: 1, where: {only: car.nexus}}\n  ports.*.lanes.nexus.booths: {set: 2}\n",
         {"lanes.nexus.booths": 2, "lanes.nexus.open": 2}),
    ],
)  # fmt: skip
def test_operations(tmp_path: Path, changes: str, found: dict[str, Any]) -> None:
    assert after(tmp_path, changes) == found


def test_a_calendar_is_changed_only_where_it_is_open(tmp_path: Path) -> None:
    study = load(scenario(tmp_path), policy=["one-more-booth"])
    lane = study.trees["one-more-booth"]["ports"]["here"]["lanes"]["general"]
    assert lane["booths"] == 4
    assert lane["open"] == {"00:00": 0, "06:00": 2, "09:00": 4, "22:00": 0}
    assert study.trees["one-more-booth"]["ports"]["here"]["lanes"]["nexus"]["booths"] == 1


def test_a_mixture_is_scaled_part_by_part(tmp_path: Path) -> None:
    study = load(scenario(tmp_path), policy=[policy(tmp_path, "  ports.*.lanes.general.service.**.mean: {times: 2}\n")])
    parts = study.trees["mine"]["ports"]["here"]["lanes"]["general"]["service"]["mixture"]
    assert [part.get("erlang", part.get("gamma"))["mean"] for part in parts] == ["80 s", "120 s"]


def test_several_operations_on_one_pattern_follow_one_another(tmp_path: Path) -> None:
    changes = "  ports.*.traffic.car.per_day:\n    - {times: 2}\n    - {plus: 100, where: {direction: southbound}}\n"
    assert after(tmp_path, changes) == {"traffic.car.per_day": 2500}


def test_values_point_to_the_policy(tmp_path: Path) -> None:
    file = policy(tmp_path, "  ports.*.traffic.car.nexus: {times: 1.2}\n")
    study = load(scenario(tmp_path), policy=[file])
    assert study.origins["mine"]["ports.here.traffic.car.nexus"] == f"variant mine, {file}:6:30"
    assert study.origins["mine"]["ports.here.traffic.car.per_day"].endswith("here.yaml:15:22")


def test_the_resolved_form_needs_no_policy(tmp_path: Path) -> None:
    study = load(scenario(tmp_path), policy=["tandem-booths", "officers-cut-10"])
    again = tmp_path / "again.yaml"
    again.write_text(resolved_yaml(study), encoding="utf-8")
    assert fingerprint(load(again)) == fingerprint(study)
    assert load(again) == study


def test_a_policy_stands_on_the_registry(tmp_path: Path) -> None:
    text = PORT[: PORT.index("officers:")] + "ports:\n  here: {registry: us-3004-pacific-highway}\n"
    study = load(scenario(tmp_path, text), policy=["nexus-enrolment-up"])
    before, with_policy = (
        study.trees[name]["ports"]["here"]["traffic"]["car"] for name in ("baseline", "nexus-enrolment-up")
    )
    assert with_policy["nexus"] != before["nexus"]
    assert {**with_policy, "nexus": 0} == {**before, "nexus": 0}


def test_what_does_not_apply_is_said(tmp_path: Path) -> None:
    notes = load(scenario(tmp_path), policy=["pandemic-essential-travel"]).notes
    assert [note.split(": ", 1)[1].split(" ")[0] for note in notes] == [
        "ports.*.traffic.bus.per_day|rate",
        "ports.*.traffic.pedestrian.per_day|rate",
    ]


def test_a_variant_of_that_name_stays(tmp_path: Path) -> None:
    text = f"{PORT}variants:\n  one-more-booth: {{ports.here.lanes.general.booths: 4}}\n"
    study = load(scenario(tmp_path, text), policy=["one-more-booth"])
    assert list(study.variants) == ["one-more-booth", "policy-one-more-booth"]
    assert study.policies == ("policy-one-more-booth",)


def test_a_policy_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="second variant 'one-more-booth'"):
        load(scenario(tmp_path), policy=["one-more-booth", "one-more-booth"])


# ---- faults -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        ("  ports.*.lanes.*.boths: {plus: 1}\n", (6, 3), "changes nothing in 'A port'"),
        ("  ports.*.traffic.car.nexus: {at_most: 90 %}\n", (6, 3), "changes nothing"),
        ("  ports.*.traffic.car.nexus: {tims: 2}\n", (6, 31), "did you mean 'times'"),
        ("  ports.*.traffic.car.nexus: {round: up}\n", (6, 30), "nothing to do"),
        ("  ports.*.traffic.car.nexus: 40 %\n", (6, 30), "a mapping with one of set"),
        ("  ports.*.traffic.car.nexus: {set: 4 %, times: 2}\n", (6, 31), "'set' beside 'times'"),
        ("  ports.*.traffic.car.nexus: {times: 20 %}\n", (6, 38), "a plain factor"),
        ("  ports.*.traffic.car.nexus: {times: 2, range: [3, 4]}\n", (6, 48), "does not hold the value"),
        ("  ports.*.traffic.car.nexus: {times: 2, range: [3, 1]}\n", (6, 48), "the lower first"),
        ("  ports.*.traffic.car.nexus: {times: 2, where: {serve: car}}\n", (6, 49), "did you mean 'serves'"),
        ("  ports.*.traffic.car.nexus: {times: 2, round: upp}\n", (6, 48), "did you mean 'up'"),
        ("  ports.*.traffic.car.nexus: {plus: 5 s}\n", (6, 30), "'5 s' for a value that is a share"),
        ("  ports.*.traffic.car.nexus: {times: 3}\n", (6, 30), "more than all"),
        ("  ports.*.lanes.general.booths: {plus: -2}\n", (6, 3), "3 open of 1 booths"),
        ("  seed: {set: 3}\n", (6, 3), "a policy that changes 'seed'"),
        ("  {}\n", (6, 3), "no changes"),
    ],
)
def test_faults_stand_at_the_policy(tmp_path: Path, changes: str, place: tuple[int, int], words: str) -> None:
    file = policy(tmp_path, changes)
    with pytest.raises(ScenarioError) as caught:
        load(scenario(tmp_path), policy=[file])
    found = [fault for fault in caught.value.faults if words in str(fault)]
    assert found, str(caught.value)
    assert (found[0].file, found[0].line, found[0].column) == (file, *place)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("", "no 'policy'"),
        ("policy: 2\n", "the format this program reads"),
        ("policy: 1\nnam: x\n", "did you mean 'name'"),
    ],
)
def test_the_head_of_a_file(tmp_path: Path, head: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        policies.read(Path(policy(tmp_path, "  ports.*.hours: {widen: 2 h}\n", head=head)))


def test_an_unknown_policy_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'one-more-booth'"):
        policies.find("one-more-boot")


# ---- those that come with the program ---------------------------------------------------------------------


def test_there_are_the_policies_of_the_book() -> None:
    assert len(SHIPPED) >= 11
    for name in SHIPPED:
        read = policies.read(policies.find(name))
        assert read.name == name
        assert read.source.startswith("assumed") or any(one in read.source for one in ("BTS", "CBP", "CBSA"))
        assert all("set" in one.said or "range" in one.said for one in read.operations), f"{name} states no range"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_policy_changes_some_shipped_scenario(name: str) -> None:
    faults, changed = list[Fault](), 0
    for file in SCENARIOS:
        try:
            study = load(file, seed=1, policy=[name])
        except ScenarioError as error:
            faults += error.faults
        else:
            assert study.variants[study.policies[0]] != study.baseline
            changed += 1
    assert changed
    assert [str(fault) for fault in faults if "changes nothing" not in fault.found] == []


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = str(scenario(tmp_path)), str(tmp_path / "out")
    words = ["--policy", "nexus-enrolment-up", "--policy", "truck-tariff-25", "--workers", "1", "--out", out]
    assert main(["run", file, *words, "--quiet"]) == 0
    (run,) = (tmp_path / "out").glob("*/*/summary.csv")
    with run.open(encoding="utf-8", newline="") as rows:
        variants = {row["variant"] for row in csv.DictReader(rows)}
    assert variants == {"baseline", "nexus-enrolment-up", "truck-tariff-25"}
    capsys.readouterr()
    assert main(["show", file, "--policy", "tandem-booths"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "# tandem-booths: 1 value differs from the baseline; --full shows all"
    assert said[1:3] == ["ports.here.lanes.general.tandem:", "  baseline: 0          # default"]
    assert main(["new", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(f"\n{name}\n" in listed for name in SHIPPED)
    assert main(["run", file, "--policy", "no-such", "--out", out]) == 2


HALL = """\
format: 1
name: A hall
start: 2024-07-06 00:00
horizon: 24 h
seed: 1
preclearance:
  hall:
    zone: America/Vancouver
    departures: {per_day: 9, seats: 100}
    classes: {nexus: 10 %, visitor: rest}
    show_up: 90 min
    stations:
      desk: {booths: 4, service: 60 s}
      primary: {kind: primary, booths: 4, service: 70 s}
"""


def test_policies_on_staff_and_members_reach_halls(tmp_path: Path) -> None:
    names = ["officers-cut-10", "one-more-booth", "nexus-enrolment-up"]
    study = load(scenario(tmp_path, HALL), policy=names)
    cut, more, members = (study.variants[name].preclearance["hall"] for name in names)
    assert min(cut.stations["primary"].open.values()) == 3
    assert set(cut.stations["desk"].open.values()) == {4}
    assert (more.stations["primary"].booths, more.stations["desk"].booths) == (5, 4)
    assert set(more.stations["primary"].open.values()) == {5}
    assert members.shares == pytest.approx({"nexus": 0.13, "visitor": 0.87})
