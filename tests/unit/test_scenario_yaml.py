"""Reading YAML with positions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.yaml_nodes import MAX_BYTES, read_bytes, read_file


def plain(text: str) -> object:
    return read_bytes(text.encode(), "f.yaml").plain


def test_scalars_follow_yaml_1_2() -> None:
    text = "a: NO\nb: 8:30\nc: 1e-3\nd: 2024-07-06\ne: '5'\nf: 0x1F\ng: true\nh: ~\ni:\n"
    text += "j: !!str 5\nk: 010\nl: yes\nm: 0o17"
    assert plain(text) == {
        "a": "NO",
        "b": "8:30",
        "c": 0.001,
        "d": "2024-07-06",
        "e": "5",
        "f": 31,
        "g": True,
        "h": None,
        "i": None,
        "j": "5",
        "k": 10,
        "l": "yes",
        "m": 15,
    }


def test_yaml_1_1_directive_changes_nothing() -> None:
    assert plain("%YAML 1.1\n---\na: NO\n") == {"a": "NO"}


def test_number_keys_become_their_text() -> None:
    assert plain("when_queue_over: {40: 0.9, 080: 0.8}") == {"when_queue_over": {"40": 0.9, "080": 0.8}}


def test_places_of_keys_and_values() -> None:
    tree = read_bytes(b"a: 1\nbcd:\n  - x\n  - {e:   f}\n", "f.yaml")
    found = {path: (p.line, p.column, p.key_line, p.key_column) for path, p in tree.places.items()}
    assert found[("a",)] == (1, 4, 1, 1)
    assert found[("bcd",)] == (3, 3, 2, 1)
    assert found[("bcd", 0)] == (3, 5, 3, 5)
    assert found[("bcd", 1, "e")] == (4, 11, 4, 6)


def test_byte_order_mark_is_skipped() -> None:
    tree = read_bytes("\ufeffa: 1".encode(), "f.yaml")
    assert tree.plain == {"a": 1}
    assert tree.places[("a",)].key_column == 1


def test_aliases_are_expanded_into_copies() -> None:
    tree = read_bytes(b"a: &x {q: [1]}\nb: *x\n", "f.yaml")
    assert tree.plain == {"a": {"q": [1]}, "b": {"q": [1]}}
    assert tree.plain["a"]["q"] is not tree.plain["b"]["q"]
    assert (tree.places[("b", "q", 0)].line, tree.places[("b", "q", 0)].column) == (2, 4)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 1\nb: 2\na: 3", (3, 1), "'a' stands twice, first in line 1"),
        ("a:\n\tb: 1", (2, 1), "a tab"),
        ("a: [1", (1, 6), "not closed"),
        ("a: b: c", (1, 5), "a second ':'"),
        ("a: 1\n---\nb: 1", (2, 1), "a second document"),
        ("- a", (1, 1), "not a mapping"),
        ("", (1, 1), "an empty file"),
        ("a: .nan", (1, 4), "'.nan'"),
        ("a: -.inf", (1, 4), "'-.inf'"),
        ("a: 1e999", (1, 4), "out of range"),
        ("a: " + "9" * 5000, (1, 4), "out of range"),
        ("a: *x", (1, 4), "without its anchor"),
        ("a: &x [*x]", (1, 8), "without its anchor"),
        ("a: !!python/object:os.system x", (1, 4), "the tag"),
        ("a: !thing {}", (1, 4), "the tag"),
        ("a: {<<: {b: 1}}", (1, 5), "a merge key"),
        ("? [a]\n: b", (1, 3), "a key that is a list"),
        ("a: \x00", (1, 4), "not YAML"),
        ('a: "\\ud800"', (1, 4), "surrogate"),
        ("a: " + "[" * 60 + "]" * 60, (1, 53), "more than 50 levels"),
        ("a: &x " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 20 + "*x" + "]" * 20, (2, 24), "more than 50 levels"),
    ],
)
def test_refused_with_place(text: str, place: tuple[int, int], words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        plain(text)
    fault = caught.value.faults[0]
    assert (fault.line, fault.column) == place
    assert words in fault.found


def test_alias_bomb_stops_at_the_limit() -> None:
    rows = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(ScenarioError, match="more than 100000 values"):
        plain("\n".join(rows))


def test_not_utf8_names_the_byte() -> None:
    with pytest.raises(ScenarioError) as caught:
        read_bytes(b"a: 1\nb: \xe9\n", "f.yaml")
    fault = caught.value.faults[0]
    assert (fault.line, fault.column) == (2, 4)
    assert "0xe9" in fault.found


def test_several_faults_of_reading_come_together() -> None:
    with pytest.raises(ScenarioError) as caught:
        plain("a: .nan\na: 1\nb: !x 2\n")
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [(1, 4), (2, 1), (3, 4)]


def test_missing_and_oversized_files(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such file"):
        read_file(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError):
        read_file(tmp_path)
    big = tmp_path / "big.yaml"
    big.write_bytes(b"# " + b"x" * MAX_BYTES)
    with pytest.raises(ScenarioError, match=re.escape("at most 1 MB")):
        read_file(big)
