"""Shared by all tests."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Before worker processes start, compile the fast engine once, so that they load it instead of each compiling."""
    several = getattr(config.option, "numprocesses", None)
    if several and not hasattr(config, "workerinput"):
        from sim.study.runs import prepare

        prepare()
