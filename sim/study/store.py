"""A run on disk: written whole, never half. The format is described in docs/results.md."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import math
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import RunFolderError

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
"""Version of the run folder; a reader refuses what it does not know."""
MANIFEST = "manifest.json"
RUNTIME = "runtime.json"
NUMBER_LIBRARIES = ("numpy", "scipy", "simpy")
"""Libraries whose versions fix the numbers."""


def package_version() -> str:
    """Version of bordersim."""
    return version("bordersim")


def run_id(fingerprint: str) -> str:
    """Name of the run folder: a hash of what was run, the format and the version."""
    return hashlib.sha256(f"{fingerprint}|{FORMAT}|{package_version()}".encode()).hexdigest()[:12]


def versions() -> dict[str, str]:
    """Versions that fix the numbers."""
    return {
        "bordersim": package_version(),
        "python": platform.python_version(),
        **{name: version(name) for name in NUMBER_LIBRARIES},
    }


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """A new folder that takes its place only when the block ends well; an old one of that name is replaced.

    Raises:
        RunFolderError: the place cannot be written to.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise RunFolderError(f"cannot write results to {folder.parent}: {error.strerror or error}") from error
    try:
        yield scratch
        scratch.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        scratch.rename(folder)
    except OSError as error:
        raise RunFolderError(f"cannot write results to {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole: under a temporary name, flushed to the disk, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.part")
    with scratch.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_bytes(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """A CSV file with a header; numbers to 10 digits, NaN as blank."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    write_bytes(path, text.getvalue().encode())


def _cell(value: object) -> object:
    if isinstance(value, float | np.floating):
        return "" if math.isnan(value) else f"{value:.10g}"
    return value


def write_parquet(path: Path, table: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """A parquet file; texts are stored once each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: _texts_once(values) for name, values in table.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, compression="zstd")


def _texts_once(values: np.ndarray[Any, Any]) -> pa.Array:
    import pyarrow as pa

    array = pa.array(values)
    return array.dictionary_encode() if values.dtype.kind in "UO" else array


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that the same-bytes promise covers, by path relative to the folder."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in (MANIFEST, RUNTIME))
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run.

    Raises:
        RunFolderError: there is none, it is damaged, or of a format this version does not know.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunFolderError(f"{folder} is not a finished run: it has no {MANIFEST}") from None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise RunFolderError(f"{path} has run format {found!r}; this version reads format {FORMAT}")
    return manifest


def verify(folder: Path) -> dict[str, Any]:
    """The manifest, after holding every file against its hash.

    Raises:
        RunFolderError: a file is missing or was changed.
    """
    manifest = read_manifest(folder)
    found = file_hashes(folder)
    for name, expected in manifest["files"].items():
        if found.get(name) != expected:
            what = "is missing" if name not in found else "was changed since the run"
            raise RunFolderError(f"{folder / name} {what}; run again with --force to make it anew")
    return manifest


def machine() -> dict[str, Any]:
    """What runtime.json says of the machine."""
    return {
        "python": sys.version.split()[0],
        "system": platform.system(),
        "processor": platform.machine(),
        "cpus": os.cpu_count(),
    }
