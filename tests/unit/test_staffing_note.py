"""The word under the tables of a registry port whose calendars were not replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cli import main
from sim.report.staffing_note import staffing_note

HEAD = "format: 1\nname: A day\nstart: 2024-08-10 06:00\nhorizon: 1 h\nreplications: 2\nseed: 1\nports:\n"
HANNAH = "  hannah:\n    registry: us-3408-hannah\n"
OPEN = "    lanes: {{{lanes}}}\n"


def run(folder: Path, text: str, capsys: pytest.CaptureFixture[str], *command: str) -> str:
    (folder / "s.yaml").write_text(HEAD + text, encoding="utf-8")
    arguments = [str(folder / "s.yaml"), "--out", str(folder / "results"), "--workers", "1", "--engine", "reference"]
    assert main([*(command or ("run",)), *arguments]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_a_bare_port_says_that_booths_follow_demand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(tmp_path, HANNAH, capsys)
    assert "Booths open at hannah are assumed to follow demand, which keeps waits short." in said
    variant = HANNAH + "variants: {v: {ports.hannah.traffic.car.per_day: {times: 2}}}\n"
    assert "Booths open at hannah are assumed" in run(tmp_path, variant, capsys, "compare")


def test_lane_groups_are_named_where_others_were_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = HANNAH + OPEN.format(lanes="general: {open: 1}")
    assert "at hannah (truck) are assumed" in run(tmp_path, text, capsys)


def test_a_port_with_calendars_of_its_own_needs_no_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = HANNAH + OPEN.format(lanes="general: {open: 1}, truck: {open: 1}")
    assert "follow demand" not in run(tmp_path, text, capsys)


def test_a_run_without_origins_says_nothing(tmp_path: Path) -> None:
    assert staffing_note([tmp_path]) == ""
