"""Shared by all tests."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Before worker processes start, compile the fast engine once, so that they load it instead of each compiling."""
    several = getattr(config.option, "numprocesses", None)
    if several and not hasattr(config, "workerinput"):
        from sim.study.runs import prepare

        prepare()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that the report page was not tried in a browser, where there is none."""
    reason = "no Chromium with its driver on this machine"  # of tests/unit/test_report_browser.py
    left_out = [each for each in terminalreporter.stats.get("skipped", []) if reason in str(each.longrepr)]
    if left_out:
        terminalreporter.section("THE REPORT PAGE WAS NOT TESTED IN A BROWSER", sep="!", red=True, bold=True)
        mend = "apt-get install chromium chromium-driver"
        terminalreporter.line(f"{len(left_out)} tests left out: {reason}; {mend}")
