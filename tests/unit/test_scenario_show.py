"""Resolved scenarios as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cli import main
from sim.errors import UsageError
from sim.scenario import load, resolved_yaml, show
from sim.scenario.show import _flow, _lines
from sim.scenario.yaml_nodes import read_bytes

EVERYTHING = Path(__file__).parents[1] / "scenarios" / "valid" / "everything.yaml"


def test_show_puts_the_origin_beside_every_value() -> None:
    study = load(EVERYTHING, seed=5)
    lines = show(study, "one-more-booth").splitlines()
    by_text = dict(line.split("  # ", 1) for line in lines if "  # " in line)
    found = {text.strip(): origin for text, origin in by_text.items()}
    assert found["seed: 5"] == "command line"
    assert found["horizon: 24 h"] == f"{EVERYTHING}:6:10"
    assert found["booths: 7"] == f"variant one-more-booth, {EVERYTHING}:86:49"
    assert found["waive_when_full: false"] == "default"
    opening = [line for line in lines if line.endswith(":")]
    assert len(opening) + len([line for line in lines if "# " in line]) == len(lines)


def test_show_is_aligned_and_valid_yaml() -> None:
    study = load(EVERYTHING)
    text = show(study)
    columns = {line.index("# default") for line in text.splitlines() if line.endswith("# default")}
    assert len(columns) == 1
    assert read_bytes(text.encode(), "shown").plain == study.trees["baseline"]


def test_show_of_an_unknown_variant() -> None:
    with pytest.raises(UsageError, match="did you mean 'one-more-booth'"):
        show(load(EVERYTHING), "one-more-both")


def test_resolved_form_writes_defaults_and_keeps_text() -> None:
    plain = read_bytes(resolved_yaml(load(EVERYTHING)).encode(), "resolved").plain
    port = plain["ports"]["pacific-highway"]
    assert plain["warm_up"] == "1 h 30 min"
    assert port["lanes"]["nexus"]["on_close"] == "reroute"
    assert port["lengths"] == {"car": "1 car", "truck": "4 cars", "bus": "3 cars", "pedestrian": "0 cars"}
    assert port["toll"]["service"]["deterministic"] == {"value": "8 s"}
    assert port["toll"]["open"] is None
    assert "pool" not in port["toll"]
    assert list(plain["variants"]) == ["nexus-60", "one-more-booth", "both"]


@pytest.mark.parametrize(
    "text",
    [*["", " ", "NO", "true", "null", "~", "12", "1e3", "0x1F", ".nan", "-", "- a", "a: b", "a #b", "#a", "'", '"'],
     *["*a", "&a", "!a", "%a", "@a", "`a", "{a}", "[a]", "a, b", "é", "a\nb", "\t", "a\\b", "2024-07-06", "08:30"],
     *["a:", "…", "1 h", "30 %", "<<", "\u2028", "\x85", "\ufeff", "\U0001f697", "?", "? a", "|", ">"],
     *["a  b", "+1", "1_0"]],
)  # fmt: skip
def test_any_text_survives_writing_and_reading(text: str) -> None:
    for value in ({"k": text}, {"k": [text, 1]}, {"k": {text: 2.5}}, {"k": [{"a": text}, {text: True}]}):
        written = "\n".join(line for line, _ in _lines(value, (), 0)) + "\n"
        assert read_bytes(written.encode(), "f").plain == value


@pytest.mark.parametrize("number", [0, -3, 2**60, 0.1, 1e-7, 1e22, 123456.789, 3.0])
def test_numbers_survive_to_the_bit(number: float) -> None:
    found = read_bytes(f"a: {_flow(number)}".encode(), "f").plain["a"]
    assert found == number
    assert type(found) is type(number)


def test_only_what_stands_below_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "format: 1\nname: A\nstart: 2024-07-06 06:00\nhorizon: 1 h\nseed: 1\nports:\n  here: {direction: northbound, "
        "zone: UTC, traffic: {car: {rate: 9 /h}}, lanes: {g: {serves: [car], booths: 1, service: 50 s}}}\n",
        encoding="utf-8",
    )
    assert main(["show", str(path), "--only", "traffic"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[:5] == ["ports:", "  here:", "    traffic:", "      car:", shown.splitlines()[4]]
    assert "rate: 9 /h" in shown
    assert "lanes" not in shown
    assert main(["show", str(path), "--only", "trafic"]) == 2
    assert "did you mean 'traffic'?" in capsys.readouterr().err
    assert main(["show", str(path), "--only", "traffic", "--json"]) == 2
