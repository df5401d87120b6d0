"""A bar on a terminal, silence in a pipe."""

from __future__ import annotations

import io
import sys

import pytest

from sim.report.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error as a terminal; called inside the test, as pytest sets its own stream after the fixtures."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return stream


def test_terminal_shows_label_and_count(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with progress(4, "Simulating [baseline]") as advance:
        advance(1)
        advance(3)
    assert "Simulating [baseline]" in terminal.getvalue()
    assert "4/4" in terminal.getvalue()


def test_quiet_is_silent_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with progress(4, "Simulating", quiet=True) as advance:
        advance(4)
    assert terminal.getvalue() == ""


def test_nothing_to_do_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with progress(0, "Simulating") as advance:
        advance(0)
    assert terminal.getvalue() == ""


def test_pipe_is_silent_even_when_colour_is_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress(4, "Simulating") as advance:
        advance(4)
    assert capsys.readouterr() == ("", "")


def test_errors_pass_through_and_the_cursor_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with pytest.raises(RuntimeError, match="broken"), progress(4, "Simulating"):
        raise RuntimeError("broken")
    assert terminal.getvalue().rstrip().endswith("\x1b[?25h")
