"""The program from Python."""

from __future__ import annotations

import html.parser
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.cli import main
from sim.errors import IncompleteRunError, RunFolderError, ScenarioError, UsageError

pytestmark = pytest.mark.filterwarnings("ignore:.*(overloaded-lane|table-ends-early)")

SCENARIO = """
format: 1
name: "Api <b>bold</b> & more"
description: Cars at one port
start: 2024-01-01 00:00
horizon: 3 h
end: drain
seed: 3
replications: 10
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {rate: 120 /h, nexus: 25 %}}
    lanes:
      general: {serves: [car], booths: 3, open: {"00:00": 1, "02:00": 2}, service: {erlang: {mean: 50 s, shape: 3}}}
      nexus: {serves: [car.nexus], booths: 1, service: 12 s}
    secondary: {bays: 2, referral: {car: 4 %}, service: 10 min}
variants:
  busy: {ports.here.traffic.car.rate: 140 /h}
  calm: {ports.here.traffic.car.rate: 90 /h}
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("api") / "api.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def out(scenario: Path) -> Path:
    return scenario.parent / "out"


@pytest.fixture(scope="module")
def run(scenario: Path, out: Path) -> sim.Run:
    return sim.run(scenario, "all", out=out)


def test_importing_the_package_is_cheap() -> None:
    program = "import json, sys; import sim; dir(sim); print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    ours = {name for name in json.loads(done.stdout) if name.partition(".")[0] in ("sim", "numpy", "pandas", "simpy")}
    assert ours == {"sim"}


def test_every_name_is_there_and_no_other() -> None:
    assert set(sim.__all__) <= set(dir(sim))
    assert all(getattr(sim, name) is not None for name in sim.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'rum'"):
        _ = sim.rum  # type: ignore[attr-defined]


# ---- runs -------------------------------------------------------------------------------------------------


def test_a_run_is_the_one_of_the_command_line(
    scenario: Path, out: Path, run: sim.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(scenario), "--all", "--out", str(out)]) == 0
    assert f"already run: {run.folder}" in capsys.readouterr().out.replace("\n", "")
    assert sim.Run.open(run.folder).manifest == run.manifest
    newest = sim.Run.open(scenario, out=out)
    assert newest.folder == run.folder


def test_a_finished_run_is_found_and_forced_again(scenario: Path, out: Path, run: sim.Run) -> None:
    before = (run.folder / "runtime.json").stat().st_mtime_ns
    assert sim.run(scenario, "all", out=out).folder == run.folder
    assert (run.folder / "runtime.json").stat().st_mtime_ns == before
    sim.run(scenario, "all", out=out, force=True)
    assert (run.folder / "runtime.json").stat().st_mtime_ns > before


@pytest.mark.parametrize(
    ("variants", "expected"),
    [
        (None, ("baseline",)),
        ("calm", ("baseline", "calm")),
        (["busy"], ("baseline", "busy")),
        ("all", ("baseline", "busy", "calm")),
    ],
)
def test_variants(scenario: Path, tmp_path: Path, variants: Any, expected: tuple[str, ...]) -> None:
    study = sim.load(scenario, replications=1)
    with pytest.warns(UserWarning, match="few-replications"):
        assert sim.run(study, variants, out=tmp_path).variants == expected


def test_overrides(scenario: Path, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="few-replications"):
        run = sim.run(scenario, replications=2, seed=9, out=tmp_path)
    assert (run.manifest["replications"], run.manifest["seed"]) == (2, 9)


class Idle(sim.Rule):
    """Looks and does nothing."""

    def look(self, now: float, lines: Mapping[tuple[str, str], sim.Line]) -> None:
        assert lines["here", "general"].built == 3


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({"variants": "bussy"}, "no variant 'bussy'.*did you mean 'busy'"),
        ({"workers": 0}, "workers is a whole number of 1 or more, found 0"),
        ({"workers": 2, "cluster": "tcp://127.0.0.1:1"}, "workers or cluster"),
        ({"engine": "fast"}, "no engine 'fast'"),
        ({"rule": object()}, "an instance of a subclass of sim.Rule"),
        ({"rule": sim.Rule}, r"write Rule\(\)"),
        ({"rule": Idle(), "workers": 2}, "runs in this process"),
        ({"rule": Idle(), "engine": "compiled"}, "runs on the reference engine"),
        ({"replications": 0}, "replications must be 1 or more"),
        ({"replications": 5, "precision": "5 %"}, "one of them decides"),
        ({"policy": "one-more-boot"}, "one-more-boot"),
    ],
)
def test_arguments_at_fault(scenario: Path, tmp_path: Path, how: dict[str, Any], found: str) -> None:
    with pytest.raises(UsageError, match=found):
        sim.run(scenario, out=tmp_path, **how)
    assert not list(tmp_path.iterdir())


def test_a_study_takes_its_numbers_when_it_is_loaded(scenario: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"sim\.load\('.*api\.yaml', seed=\.\.\.\) sets its seed"):
        sim.run(sim.load(scenario), seed=4, out=tmp_path)


def test_a_policy_is_run_without_being_asked(scenario: Path, tmp_path: Path) -> None:
    policy = tmp_path / "slower.yaml"  # a file; one that comes with the program goes by its name
    policy.write_text(POLICY, encoding="utf-8")
    with pytest.warns(UserWarning, match="few-replications"):
        run = sim.run(scenario, replications=1, policy=policy, out=tmp_path / "out")
    assert run.variants == ("baseline", "slower")
    study = sim.load(scenario, policy=[str(policy)], replications=1)
    with pytest.warns(UserWarning, match="few-replications"):
        assert sim.run(study, "busy", out=tmp_path / "out").variants == ("baseline", "busy", "slower")
    with pytest.raises(UsageError, match=r"sim\.load\('.*api\.yaml', policy=\.\.\.\) sets its policy"):
        sim.run(study, policy=policy, out=tmp_path / "out")


POLICY = """
policy: 1
name: Slower
story: Inspections of cars take longer.
source: assumed
changes:
  ports.*.lanes.general.service.**.mean: {times: 1.1}
"""


def test_a_precision_decides_how_many_replications(scenario: Path, tmp_path: Path) -> None:
    run = sim.run(scenario, precision="60 %", out=tmp_path)
    assert run.manifest["precision"]["asked"] == 0.6
    assert run.manifest["replications"] == run.manifest["precision"]["at_least"] + 5
    rough = scenario.read_text(encoding="utf-8").replace(
        "replications: 10", "replications: {precision: 1 %, at_least: 5, at_most: 6}"
    )
    path = tmp_path / "rough.yaml"
    path.write_text(rough, encoding="utf-8")
    with pytest.warns(UserWarning, match=r"(?s)^6 replications, the most allowed.*precision-not-reached"):
        sim.run(path, out=tmp_path)


def test_faults_of_the_scenario_are_raised(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(SCENARIO.replace("booths: 3", "boths: 3"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="did you mean 'booths'"):
        sim.run(wrong, out=tmp_path / "out")


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="is not a finished run"):
        sim.Run(tmp_path)


def test_a_changed_run_is_not_opened(scenario: Path, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="few-replications"):
        run = sim.run(scenario, replications=1, out=tmp_path)
    (run.folder / "summary.csv").write_text("x", encoding="utf-8")
    with pytest.raises(RunFolderError, match="was changed since the run"):
        sim.Run.open(run.folder)


# ---- results ----------------------------------------------------------------------------------------------


def test_frames_hold_what_the_files_say(run: sim.Run) -> None:
    texts = {"variant", "baseline", "facility", "station", "class", "measure", "unit"}
    for name in ("summary", "series", "comparison", "wait_distribution"):
        table = getattr(run, name)
        lines = (run.folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        assert len(table) == len(lines) - 1
        assert list(table.columns) == lines[0].split(",")
        for column in table.columns:
            assert (table[column].dtype.kind in "fi") == (column not in texts), (name, column)
    wait = "station == 'all' and `class` == 'all' and measure == 'wait_mean' and variant == 'busy'"
    (mean,) = run.summary.query(wait)["mean"]
    values = run.replications.query(wait)["value"]
    assert len(values) == 10
    assert mean == pytest.approx(values.mean(), rel=1e-9)
    assert set(run.bins["variant"]) == set(run.variants)
    assert run.summary is run.summary, "read once"


def test_a_run_without_variants_has_nothing_to_compare(scenario: Path, out: Path) -> None:
    alone = sim.run(scenario, out=out)
    with pytest.raises(RunFolderError, match='variants="all"'):
        _ = alone.comparison


class Tags(html.parser.HTMLParser):
    """Tags and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


def test_the_notebook_view_escapes_what_a_user_wrote(run: sim.Run) -> None:
    page = Tags()
    page.feed(run._repr_html_())
    assert page.tags == {"p", "b", "br", "table", "thead", "tbody", "tr", "th", "td"}
    assert "Api <b>bold</b> & more" in page.text
    (mean,) = run.summary.query(
        "station == 'all' and `class` == 'all' and measure == 'wait_mean' and variant == 'busy'"
    )["mean"]
    assert f"\n{mean:.4g} (" in page.text
    assert page.text.count("\nhere\n") == 3


def test_the_notebook_view_of_a_harmed_run_says_so(scenario: Path, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="few-replications"):
        run = sim.run(scenario, replications=1, out=tmp_path)
    assert "<table>" in sim.Run(run.folder)._repr_html_(), "without intervals"
    (run.folder / "summary.csv").unlink()
    assert "summary.csv cannot be read" in sim.Run(run.folder)._repr_html_()


def test_repr(run: sim.Run) -> None:
    assert repr(run) == (f"<Run of 'Api <b>bold</b> & more': baseline and 2 variants, 10 replications; {run.folder}>")


def test_plots(run: sim.Run, tmp_path: Path) -> None:
    day = run.plot()
    assert len(day.axes) >= 3
    day.savefig(tmp_path / "day.png")
    assert (tmp_path / "day.png").stat().st_size > 5_000
    assert run.plot("here", kind="wait").axes
    assert run.plot(station="general", class_="all", variants=["calm"]).axes
    for how, found in (
        ({"facility": "there"}, "no facility 'there'; there are: here. did you mean 'here'"),
        ({"station": "genral"}, "did you mean 'general'"),
        ({"class_": "lorry"}, "no class 'lorry'"),
        ({"variants": ["calmer"]}, "did you mean 'calm'"),
        ({"kind": "week"}, "no kind of figure 'week'"),
        ({"kind": "wait", "variants": ["busy", "calm"]}, "shows one variant"),
    ):
        with pytest.raises(UsageError, match=found):
            run.plot(**how)  # type: ignore[arg-type]


# ---- rules ------------------------------------------------------------------------------------------------


class Calendar(sim.Rule):
    """Says at every look what the calendar says."""

    every = 3600.0

    def look(self, now: float, lines: Mapping[tuple[str, str], sim.Line]) -> None:
        general = lines["here", "general"]
        general.open = general.calendar


class Helpful(sim.Rule):
    """A booth for every ten cars in line; remembers, so that replications could spoil one another."""

    every = 120.0

    def __init__(self) -> None:
        self.most = 0

    def look(self, now: float, lines: Mapping[tuple[str, str], sim.Line]) -> None:
        general = lines["here", "general"]
        self.most = max(self.most, general.waiting // 10 + 1)
        general.open = min(self.most, general.built)


class Sets(sim.Rule):
    """Sets a number at a station."""

    def __init__(self, station: str, servers: Any) -> None:
        self.station, self.servers = station, servers

    def look(self, now: float, lines: Mapping[tuple[str, str], sim.Line]) -> None:
        lines["here", self.station].open = self.servers


def values(run: sim.Run) -> Any:
    return run.replications.query("variant == 'baseline'")["value"].to_numpy()


@pytest.mark.parametrize("rule", [Idle(), Calendar()])
def test_a_rule_that_changes_nothing_changes_nothing(rule: sim.Rule, scenario: Path, out: Path, run: sim.Run) -> None:
    ruled = sim.run(scenario, out=out, rule=rule)
    assert ruled.folder.name.endswith(f"-rule-{type(rule).__name__}")
    assert np.array_equal(values(ruled), values(run), equal_nan=True)
    assert sim.Run.open(scenario, out=out).folder != ruled.folder, "taken for a run without a rule"


def test_a_rule_that_only_looks_changes_nothing_where_everything_is_on() -> None:
    """Tolls, roads, shared officers, controllers, both directions."""
    from sim.engine import REFERENCE
    from sim.study.ruled import RuledExperiment
    from sim.study.runs import experiment, select

    study = select(sim.load(Path(__file__).parents[2] / "scenarios" / "everything-on.yaml"), [])
    plain = experiment(study, REFERENCE)
    rule = Looks()
    ruled = RuledExperiment(plain.scenarios, plain.seed, 1, REFERENCE, rule=rule)
    rows, again = plain.measures("baseline", 0)[0], ruled.measures("baseline", 0)[0]
    assert np.array_equal(rows, again, equal_nan=True)


class Looks(sim.Rule):
    """Reads everything."""

    def look(self, now: float, lines: Mapping[tuple[str, str], sim.Line]) -> None:
        kinds = {line.steered for line in lines.values()}
        assert kinds == {True, False}
        for line in lines.values():
            assert 0 <= line.open <= line.built
            assert (line.head_wait > 0.0) <= (line.waiting > 0)


def test_a_rule_opens_booths(scenario: Path, out: Path, run: sim.Run) -> None:
    rule = Helpful()
    ruled = sim.run(scenario, ["busy"], out=out, rule=rule)
    wait = "station == 'all' and `class` == 'all' and measure == 'wait_mean' and variant == 'busy'"
    before, after = (each.replications.query(wait)["value"].to_numpy() for each in (run, ruled))
    assert len(after) == 10
    assert (after < before).all()
    opened = "station == 'general' and `class` == 'all' and measure == 'booth_hours' and variant == 'busy'"
    hours = ruled.replications.query(opened)["value"].to_numpy()
    assert (hours > run.replications.query(opened)["value"].to_numpy()).all()
    assert (hours <= 3 * 3.0 + 1e-9).all()
    assert rule.most == 0, "the rule that was given is left as it is"
    assert "class Helpful" in (ruled.folder / "rule.py").read_text(encoding="utf-8")
    assert ruled.manifest["rule"] == "Helpful"
    assert ruled.manifest["files"]["rule.py"]


def test_a_run_with_a_rule_until_it_is_precise(scenario: Path, tmp_path: Path) -> None:
    """As many replications as the same scenario takes without a rule that changes anything, and their visits alone."""
    asked = "replications: {precision: 30 %, of: wait_mean, at_least: 10, at_most: 90}"
    text = scenario.read_text(encoding="utf-8").replace("replications: 10", asked)
    assert asked in text
    (tmp_path / "precise.yaml").write_text(text, encoding="utf-8")
    plain = sim.run(tmp_path / "precise.yaml", out=tmp_path)
    ruled = sim.run(tmp_path / "precise.yaml", out=tmp_path, rule=Idle(), visits=True)
    assert ruled.manifest["precision"] == plain.manifest["precision"]
    assert 10 < ruled.manifest["replications"] < 90
    assert len(list((ruled.folder / "visits").iterdir())) == ruled.manifest["replications"]
    assert np.array_equal(values(ruled), values(plain), equal_nan=True)


def test_replications_of_a_rule_are_independent(scenario: Path, tmp_path: Path) -> None:
    """The third replication is the same whether two ran before it or not."""
    from sim.engine import REFERENCE
    from sim.study.ruled import RuledExperiment
    from sim.study.runs import experiment, select

    plain = experiment(select(sim.load(scenario), []), REFERENCE)
    plan = RuledExperiment(plain.scenarios, plain.seed, 3, REFERENCE, rule=Helpful())
    for replication in range(2):
        plan.simulate("baseline", replication)
    _, third = plan.simulate("baseline", 2)
    again = RuledExperiment(plain.scenarios, plain.seed, 3, REFERENCE, rule=Helpful())
    assert np.array_equal(third.started, again.simulate("baseline", 2)[1].started, equal_nan=True)


def test_what_a_rule_sees_worked_by_hand(tmp_path: Path) -> None:
    """A car a minute from minute 0 on, 4 min each, one booth: at 10 min the third car has been served since 8 min.

    The cars of minutes 3 to 9 wait (the arrival of minute 10 comes after the look), the first of them for 7 min. With
    two booths from then on the cars of minutes 3 and 4 start at 10 and 12.
    """
    (tmp_path / "cars.csv").write_text("time,class\n" + "".join(f"{60 * k},car\n" for k in range(20)))
    path = tmp_path / "hand.yaml"
    path.write_text(
        """
format: 1
name: By hand
start: 2024-01-01 00:00
horizon: 1 h
seed: 1
replications: 1
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {trace: cars.csv}}
    lanes: {general: {serves: [car], booths: 2, open: 1, service: 4 min}}
""",
        encoding="utf-8",
    )
    with pytest.warns(UserWarning, match="few-replications"):
        run = sim.run(path, rule=Noted(tmp_path / "seen.txt"), out=tmp_path / "out", visits=True)
    seen = (tmp_path / "seen.txt").read_text(encoding="utf-8").splitlines()
    assert seen[0] == "600.0 7 420.0 1 0 1 2 1 True"
    import pandas as pd

    (file,) = (run.folder / "visits").iterdir()
    visits = pd.read_parquet(file).sort_values("joined")
    assert visits["started"].tolist()[:5] == [0.0, 240.0, 480.0, 600.0, 720.0]


class Noted(sim.Rule):
    """Writes down what it sees, and opens both booths."""

    every = 600

    def __init__(self, file: Path) -> None:
        self.file = file

    def look(self, now: float, lines: Mapping[tuple[str, str], sim.Line]) -> None:
        (line,) = lines.values()
        said = (now, line.waiting, line.head_wait, line.serving, line.blocked, line.open, line.built, line.calendar)
        with self.file.open("a", encoding="utf-8") as file:
            print(*said, line.steered, file=file)
        line.open = 2
        assert line.open == 2


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (Sets("general", 4), "general of here can have 0 to 3 open, the rule set 4"),
        (Sets("general", -1), "the rule set -1"),
        (Sets("general", 1.5), "the rule set 1.5"),
        (Sets("generl", 1), "KeyError"),
    ],
)
def test_a_rule_at_fault_is_told(rule: sim.Rule, found: str, scenario: Path, tmp_path: Path) -> None:
    with pytest.raises(IncompleteRunError, match=found) as told:
        sim.run(scenario, rule=rule, out=tmp_path)
    assert told.value.__cause__ is told.value.failures[0], "the traceback leads to the rule"


def test_a_rule_needs_a_look() -> None:
    with pytest.raises(TypeError, match="look"):
        type("Blind", (sim.Rule,), {})()


def test_a_road_and_a_controlled_group_cannot_be_set(scenario: Path, tmp_path: Path) -> None:
    text = SCENARIO.replace(
        "nexus: {serves: [car.nexus], booths: 1, service: 12 s}",
        "nexus: {serves: [car.nexus], booths: 2, open: 1, service: 12 s,"
        " control: {every: 5 min, open_above: 5 min, close_below: 1 min}}",
    ).replace("    lanes:\n", "    approach: {storage: 300 cars}\n    lanes:\n")
    path = tmp_path / "controlled.yaml"
    path.write_text(text, encoding="utf-8")
    for station in ("approach", "nexus"):
        with pytest.raises(IncompleteRunError, match=f"cannot open or close {station} of here"):
            sim.run(path, rule=Sets(station, 1), out=tmp_path / "out")


@pytest.mark.parametrize("every", [0, -5.0, float("inf"), float("nan"), "5 min"])
def test_a_rule_looks_every_so_often(every: Any, scenario: Path, tmp_path: Path) -> None:
    rule = Idle()
    rule.every = every
    with pytest.raises(UsageError, match="every of a rule is a positive number of seconds"):
        sim.run(scenario, rule=rule, out=tmp_path)


# ---- the reporting checklist ------------------------------------------------------------------------------


def test_the_checklist_is_filled_from_the_run_and_names_its_gaps(run: sim.Run) -> None:
    from sim.report.checklist_answers import ITEMS

    text = run.checklist()
    head, _, body = text.partition("\n## 1. ")
    assert len(ITEMS) == 24
    for number, title, _ in ITEMS:
        assert f"\n### {number} {title}\n" in f"\n## 1. {body}"
    gaps = [line for line in head.splitlines() if line.startswith("- **")]
    assert len(gaps) == body.count("**Gap:**") == 7
    assert f"Filled from the run: {24 - len(gaps)} of 24 items" in head
    assert "- **3.2 Data pre-processing** (gap)" in head
    for said in (
        "Cars at one port",
        "| `busy` | `ports.here.traffic.car.rate` | 140 /h |",
        "| here, general | 3 | 00:00: 1, 02:00: 2 |",
        "`wait_p95`",
        "10 independent replications; 95 % intervals",
        "master seed 3",
        f"SHA-256 `{run.manifest['files']['scenario.resolved.yaml']}`",
        "bordersim 0.1.0",
    ):
        assert said in body, said
    assert "<b>" not in text
    assert "Api &lt;b&gt;bold&lt;/b&gt; &amp; more" in head


def test_the_checklist_says_what_a_poorer_run_lacks(scenario: Path, tmp_path: Path) -> None:
    text = SCENARIO.replace("description: Cars at one port\n", "").replace("end: drain", "end: cut\nwarm_up: 30 min")
    path = tmp_path / "poorer.yaml"
    path.write_text(text.replace("replications: 10", "replications: 1"), encoding="utf-8")
    with pytest.warns(UserWarning, match="few-replications"):
        run = sim.run(path, out=tmp_path / "out")
    (run.folder / "runtime.json").unlink()
    said = run.checklist()
    for gap in (
        "1.1 Purpose of the model** (gap)",
        "1.3 Experimentation aims** (partly filled): say what the run was made to find out",
        "4.1 Initialisation** (partly filled): say how the warm-up was chosen",
        "4.3 Estimation approach** (partly filled): one replication has no interval",
        "5.4 System specification** (gap)",
    ):
        assert gap in said, gap


def test_the_diagram_leads_from_arrivals_to_every_end(run: sim.Run) -> None:
    lines = run.checklist().partition("```mermaid\n")[2].partition("```")[0].splitlines()
    edges = [line.split(" --> ") for line in lines if " --> " in line]
    leads = {start.strip(): {end for begin, end in edges if begin.strip() == start.strip()} for start, _ in edges}
    reached, queue = {"arrivals"}, ["arrivals"]
    while queue:
        for end in leads.get(queue.pop(), set()) - reached:
            reached.add(end)
            queue.append(end)
    nodes = {line.split("[")[0].split("(")[0].strip() for line in lines[1:] if " --> " not in line}
    assert reached == nodes
    assert any(node.startswith("o") for node in reached)


def test_the_command_line_writes_the_checklist(
    scenario: Path, out: Path, run: sim.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(scenario), "--all", "--out", str(out), "--checklist", "--json"]) == 0
    json.loads(capsys.readouterr().out)
    assert (run.folder / "checklist.md").read_text(encoding="utf-8") == run.checklist()
    sim.Run.open(run.folder)  # a file that was added is no change of the run
    assert main(["run", str(scenario), "--all", "--out", str(out), "--checklist"]) == 0
    assert "reporting checklist in" in capsys.readouterr().out


def test_a_rule_is_part_of_the_checklist(scenario: Path, tmp_path: Path) -> None:
    ruled = sim.run(scenario, rule=Idle(), out=tmp_path)
    assert "steered by the Python rule `Idle`; its text is `rule.py`" in ruled.checklist()
