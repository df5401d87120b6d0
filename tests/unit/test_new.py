"""`new` lists and copies worked examples; `schema` and `show --json` print what other programs read."""

from __future__ import annotations

import json
import shlex
import tomllib
from dataclasses import asdict
from pathlib import Path

import pathspec
import pytest

from sim.cli import main, parser
from sim.scenario import editor_schema, examples, fingerprint, load
from sim.scenario.show import differences as differences_of

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "scenarios"
NAMES = sorted(file.stem for file in SCENARIOS.glob("*.yaml"))
ONE = "peace-arch-northbound"


def tree(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_list_names_every_example_and_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new"]) == 0
    said = capsys.readouterr().out
    for example in examples.examples():
        assert f"{example.name}\n    {example.title}\n    shows: {example.shows}\n" in said
        assert example.title == load(example.file).baseline.name
    assert [example.name for example in examples.examples()] == NAMES


def test_the_readme_tells_the_same_of_each_example() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for example in examples.examples():
        assert example.shows
        assert f"| [{example.name}](scenarios/{example.name}.yaml) | {example.shows} |" in readme


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_is_complete_and_the_same_study(name: str, tmp_path: Path) -> None:
    assert main(["new", name, "--to", str(tmp_path / "a folder")]) == 0
    copied = tmp_path / "a folder"
    study, original = load(copied / f"{name}.yaml"), load(SCENARIOS / f"{name}.yaml")
    assert fingerprint(study) == fingerprint(original)
    assert set(tree(copied)) == {f"{name}.yaml", editor_schema.FILE, *original.tables}
    assert (copied / editor_schema.FILE).read_text(encoding="utf-8") == editor_schema.text()


def test_the_command_it_prints_is_the_next_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", ONE, "--to", str(tmp_path / "a folder")]) == 0
    words = shlex.split(capsys.readouterr().out.splitlines()[-1])
    assert words[:2] == ["bordersim", "run"]
    assert Path(parser().parse_args(words[1:]).path).is_file()


def test_the_default_is_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", f"{ONE}.yaml"]) == 0
    assert (tmp_path / f"{ONE}.yaml").is_file()


@pytest.mark.parametrize("changed", [f"{ONE}.yaml", f"{ONE}/cars.csv", editor_schema.FILE])
def test_nothing_is_overwritten(changed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / changed).parent.mkdir(exist_ok=True)
    (tmp_path / changed).write_text("mine\n", encoding="utf-8")
    before = tree(tmp_path)
    assert main(["new", ONE, "--to", str(tmp_path)]) == 2
    assert Path(changed).name in capsys.readouterr().err
    assert tree(tmp_path) == before


def test_two_examples_share_a_folder_and_a_second_copy_changes_nothing(tmp_path: Path) -> None:
    for name in (ONE, "peace-bridge-tolls"):
        assert main(["new", name, "--to", str(tmp_path)]) == 0
    before = tree(tmp_path)
    assert main(["new", ONE, "--to", str(tmp_path)]) == 0
    assert tree(tmp_path) == before


def test_a_misspelt_name_gets_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "peace-arch-nothbound", "--to", str(tmp_path)]) == 2
    assert f"did you mean '{ONE}'?" in capsys.readouterr().err
    assert main(["new", "zzz", "--to", str(tmp_path)]) == 2
    assert all(name in capsys.readouterr().err for name in NAMES[:1])
    assert tree(tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_a_fault_of_the_user(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["new", ONE, "--to", str(tmp_path / "file")]) == 2
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_a_wheel_carries_the_examples_where_they_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"]["force-include"] == {"scenarios": "sim/examples"}
    assert "scenarios" in targets["sdist"]["include"]
    assert [folder.parts[-2:] for folder in examples.FOLDERS] == [("sim", "examples"), (ROOT.name, "scenarios")]
    monkeypatch.setattr(examples, "FOLDERS", (tmp_path, tmp_path))
    assert main(["new"]) == 2


def test_a_wheel_carries_every_file_of_the_package() -> None:
    """hatchling takes all files of the package but those that .gitignore names, such as a folder called `build`."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    assert wheel["packages"] == ["sim"]
    assert not {"include", "exclude", "only-include"} & wheel.keys()
    ignored = pathspec.GitIgnoreSpec.from_lines((ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())
    files = [file.relative_to(ROOT).as_posix() for file in (ROOT / "sim").rglob("*") if file.is_file()]
    made = ("__pycache__/", ".pyc")
    kept = [file for file in files if not any(each in file for each in made)]
    assert {Path(file).suffix for file in kept} >= {
        ".py",
        ".csv",
        ".geojson",
        ".mplstyle",
        ".j2",
        ".css",
        ".js",
        ".typed",
    }
    assert not list(ignored.match_files(kept))


# ---- schema and show --json -------------------------------------------------------------------------------


def test_schema_prints_or_writes_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    said = capsys.readouterr().out
    assert said == (SCENARIOS / editor_schema.FILE).read_text(encoding="utf-8")
    assert main(["schema", "--out", str(tmp_path / "here.json")]) == 0
    assert (tmp_path / "here.json").read_text(encoding="utf-8") == said
    assert main(["schema", "--out", str(tmp_path / "nowhere" / "here.json")]) == 2


def test_show_json_has_the_resolved_tree_and_its_origins(capsys: pytest.CaptureFixture[str]) -> None:
    file = SCENARIOS / "pacific-highway-southbound.yaml"
    study = load(file, replications=3)
    variant = next(iter(study.variants))
    for words, name in (([], "baseline"), (["--variant", variant], variant)):
        assert main(["show", str(file), "--json", "--replications", "3", *words]) == 0
        said = json.loads(capsys.readouterr().out)
        differences = said.pop("differences", None)
        assert said == {"variant": name, "scenario": study.trees[name], "origins": study.origins[name]}
        assert differences == ([asdict(one) for one in differences_of(study, name)] if words else None)
        assert said["origins"]["replications"] == "command line"


def test_show_json_of_a_variant_that_does_not_exist_is_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    file = SCENARIOS / "pacific-highway-southbound.yaml"
    assert main(["show", str(file), "--json", "--variant", "nexus-4"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "nexus-40" in captured.err
