"""What the tests of this folder share through pytest."""

import pytest


@pytest.fixture
def times() -> int:
    """How many times as many replications a physical expectation runs; the long verification calls with more."""
    return 1
