"""Loading whole files: the corpus of valid and invalid scenarios, overrides, positions."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.errors import Fault, ScenarioError, UsageError
from sim.scenario import fingerprint, load, resolved_yaml
from sim.scenario.vocabulary import NAME

FOLDER = Path(__file__).parents[1] / "scenarios"
VALID = sorted((FOLDER / "valid").glob("*.yaml"))
INVALID = sorted((FOLDER / "invalid").glob("*.yaml"))


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid_scenario_and_its_resolved_form_are_equal(path: Path, tmp_path: Path) -> None:
    study = load(path)
    for name, table in study.tables.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(table.read_bytes())
    resolved = tmp_path / "resolved.yaml"
    resolved.write_text(resolved_yaml(study), encoding="utf-8")
    again = load(resolved)
    assert again == study
    assert again.variants == study.variants
    assert fingerprint(again) == fingerprint(study)
    assert resolved_yaml(again) == resolved_yaml(study)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid_scenario_has_exactly_its_faults(path: Path) -> None:
    """The comments at the end of a file say what is expected: `# expect: [table:]line:column found`, and where
    there is a mend `# mend: ...` below it."""
    text = path.read_text(encoding="utf-8")
    expected = re.findall(r"^# (?:expect|mend): (.+)$", text, flags=re.MULTILINE)
    with pytest.raises(ScenarioError) as caught:
        load(path)
    shown = []
    for fault in caught.value.faults:
        table = "" if fault.file == str(path) else f"{Path(fault.file).relative_to(path.parent).as_posix()}:"
        shown.append(f"{table}{fault.line}:{fault.column} {fault.found}")
        shown += [fault.mend] if fault.mend else []
    assert expected
    assert shown == expected
    assert all(fault.allowed for fault in caught.value.faults)


def test_the_corpus_is_there_and_well_named() -> None:
    assert len(VALID) >= 40
    assert len(INVALID) >= 120
    assert all(NAME.fullmatch(path.stem) for path in (*VALID, *INVALID))


def test_several_faults_come_out_at_once_each_with_its_place() -> None:
    path = FOLDER / "invalid" / "several-faults.yaml"
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert [(fault.line, fault.column, fault.path) for fault in caught.value.faults] == [
        (4, 10, "horizon"),
        (8, 16, "ports.here.direction"),
        (11, 35, "ports.here.traffic.car.nexus"),
        (15, 17, "ports.here.lanes.general.booths"),
        (16, 9, "ports.here.lanes.general.que"),
        (19, 50, "events.0.ports.0"),
        (19, 66, "events.0.demand"),
        (21, 10, "variants.more.ports.here.lanes.general.boths.x"),
    ]
    assert str(caught.value).startswith(f"{path}:4:10: horizon: the number 12 has no unit; allowed: a duration")


def test_overrides_win_and_say_so() -> None:
    study = load(FOLDER / "valid" / "everything.yaml", replications=3, seed=99)
    for name, scenario in {"baseline": study.baseline, **study.variants}.items():
        assert (scenario.replications, scenario.seed) == (3, 99)
        assert study.origins[name]["replications"] == study.origins[name]["seed"] == "command line"
    assert (study.tree["replications"], study.tree["seed"]) == (3, 99)


@pytest.mark.parametrize("override", [{"replications": 0}, {"seed": -1}])
def test_overrides_out_of_range(override: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        load(VALID[0], **override)


def test_an_unset_seed_is_drawn_and_recorded() -> None:
    first, second = (load(FOLDER / "valid" / "minimal.yaml") for _ in range(2))
    assert first.baseline.seed is not None
    assert 0 <= first.baseline.seed < 2**32
    assert first.origins["baseline"]["seed"] == "drawn"
    assert first.tree["seed"] == first.baseline.seed
    assert first.baseline.seed != second.baseline.seed


def test_origins() -> None:
    path = FOLDER / "valid" / "everything.yaml"
    study = load(path)
    baseline, both = study.origins["baseline"], study.origins["both"]
    assert baseline["ports.pacific-highway.lanes.general.booths"] == f"{path}:37:17"
    assert baseline["ports.pacific-highway.lanes.general.storage"] == "default"
    assert baseline["ports.pacific-highway.toll.service.deterministic.value"] == f"{path}:33:32"
    assert baseline["ports.pacific-highway.toll.service.move_up"] == "default"
    assert baseline["ports.pacific-highway.lengths.car"] == "default"
    assert both["ports.pacific-highway.lanes.general.booths"] == f"variant one-more-booth, {path}:86:49"
    assert both["ports.pacific-highway.traffic.car.nexus.members"] == f"variant both, {path}:90:54"


def test_fingerprint_follows_what_is_simulated(tmp_path: Path) -> None:
    source = FOLDER / "valid" / "trace.yaml"
    (tmp_path / "tables").mkdir()
    for table in ("cars.csv", "service.csv"):
        (tmp_path / "tables" / table).write_bytes((FOLDER / "valid" / "tables" / table).read_bytes())
    copied = tmp_path / "other-name.yaml"
    copied.write_text(source.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")
    before = fingerprint(load(source))
    assert re.fullmatch(r"[0-9a-f]{64}", before)
    assert fingerprint(load(copied)) == before
    assert fingerprint(load(copied, replications=31)) != before
    with (tmp_path / "tables" / "cars.csv").open("a", encoding="utf-8") as table:
        table.write("500,car,1,,,,\n")
    assert fingerprint(load(copied)) != before


def test_the_order_of_lanes_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    text = (FOLDER / "valid" / "anchors.yaml").read_text(encoding="utf-8")
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    before = fingerprint(load(path))
    path.write_text(text.replace("left:", "x:").replace("right:", "left:").replace("x:", "right:"), encoding="utf-8")
    assert fingerprint(load(path)) != before


def faults_of(path: Path) -> tuple[Fault, ...]:
    try:
        load(path)
    except ScenarioError as error:
        return error.faults
    return ()


def test_damaged_files_end_in_faults_only(tmp_path: Path) -> None:
    source, path = (FOLDER / "valid" / "everything.yaml").read_bytes(), tmp_path / "s.yaml"
    rng, refused = random.Random(20240706), 0
    for _ in range(60):
        damaged = bytearray(source)
        for _ in range(rng.choice([1, 2, 5])):
            at = rng.randrange(len(damaged))
            damaged[at : at + rng.randrange(3)] = bytes([rng.choice(b"{}[]:,-#&*!|>'\"%@` \n\t\\a0.\x00\xff")])
        path.write_bytes(damaged)
        faults = faults_of(path)
        refused += bool(faults)
        assert all(fault.found and fault.line >= 1 for fault in faults)
    assert refused > 30


def test_loading_needs_no_heavy_library() -> None:
    code = (
        "import sys; from sim.scenario import load; load(sys.argv[1]);"
        "print([m for m in ('numpy', 'scipy', 'pandas', 'matplotlib', 'numba', 'pyarrow') if m in sys.modules])"
    )
    path = str(FOLDER / "valid" / "everything.yaml")
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
