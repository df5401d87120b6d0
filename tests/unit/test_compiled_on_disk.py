"""Compiled code on disk that is damaged or cannot be written is compiled anew, and never run."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numba
import pytest

from sim.engine.compiled import jit

pytestmark = pytest.mark.skipif(
    numba.version_info.short not in jit.LOADS_ALONE, reason="how this numba keeps code is not known"
)
ROOT = Path(__file__).resolve().parents[2]
CODE = """
import sys
from sim.engine.compiled.jit import cached, is_on_disk
from numba import int64

@cached
def doubled(x):
    return 2 * x

SIGNATURE = (int64,)
if __name__ == "__main__":
    before = is_on_disk(doubled, SIGNATURE)
    print(before, doubled(21), sum(doubled.stats.cache_hits.values()))
"""


def said_by(script: Path) -> str:
    """What the script prints: whether the code is on the disk, 42, and how often it was loaded from there."""
    done = subprocess.run([sys.executable, str(script)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def flipped(data: bytes) -> bytes:
    """One wrong bit in the middle."""
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a script and its compiled code."""
    folder = tmp_path_factory.mktemp("whole")
    script = folder / "script.py"
    script.write_text(CODE)
    assert said_by(script) == "False 42 0"
    assert said_by(script) == "True 42 1"
    return folder


@pytest.mark.parametrize("suffix", ["nbc", "nbi"])
@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[: len(data) // 2], flipped], ids=["empty", "cut", "flipped"]
)
def test_damaged_code_is_compiled_anew(
    whole: Path, tmp_path: Path, damage: Callable[[bytes], bytes], suffix: str
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "copy"))  # with its times, which numba looks at
    (file,) = folder.rglob(f"*.{suffix}")
    file.write_bytes(damage(file.read_bytes()))
    assert said_by(folder / "script.py") == "False 42 0"
    assert said_by(folder / "script.py") == "True 42 1", "the damaged file was not replaced"


def test_a_full_disk_does_not_stop_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    @jit.cached
    def halved(x: float) -> float:
        return x / 2.0

    def full(name: str, data: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(halved._cache._cache_file, "_save_data", full)
    assert halved(3.0) == 1.5
