"""A run on disk: written whole, never half. The format is described in docs/results.md."""

from __future__ import annotations

import contextlib
import csv
import glob
import hashlib
import io
import json
import math
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

import numpy as np

from sim.errors import RunFolderError

if TYPE_CHECKING:
    import pyarrow as pa
    from typing_extensions import Buffer

FORMAT = 1
"""Version of the run folder; a reader refuses what it does not know."""
MANIFEST = "manifest.json"
SENSITIVITY = "sensitivity.json"
"""What a manifest is to a run, to a sensitivity study."""
RUNTIME = "runtime.json"
ORIGINS = "origins.json"
"""Where each value came from. Lines of a file move when a comment does, so it stands outside the same-bytes promise."""
SCRATCH = ".scratch"
"""How the names of half-written folders end; no run, and no workplace of one, is called so."""
NUMBER_LIBRARIES = ("numpy", "scipy", "simpy")
"""Libraries whose versions fix the numbers."""
version = cache(metadata.version)
"""Of what is installed, which is looked up on the disk."""


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


def workplace_of(folder: Path) -> Path:
    """Where the run of this folder is made, and where it stays while it is not finished."""
    return folder.with_name(f".{folder.name}.unfinished")


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """A workplace beside a run folder, for one process at a time; what it holds stays when the block fails.

    Raises:
        RunFolderError: the place cannot be written to, or another process is at work on the same run.
    """
    workplace = workplace_of(folder)
    with _lock_of(workplace, folder):
        for left in folder.parent.glob(f".{glob.escape(folder.name)}.*{SCRATCH}"):  # by one killed while it wrote
            shutil.rmtree(left, ignore_errors=True)
        yield workplace
        shutil.rmtree(workplace, ignore_errors=True)


def _lock_of(workplace: Path, folder: Path) -> TextIO:
    """The open lock file of a workplace; it is ours until it is closed, or the process ends in whatever way.

    Raises:
        RunFolderError: as `claimed`.
    """
    while True:
        path = workplace / "lock"
        try:
            workplace.mkdir(parents=True, exist_ok=True)
            lock = path.open("w")
        except OSError as error:
            if isinstance(error, FileNotFoundError) and error.filename == str(path):
                continue  # a holder that ended took the workplace away in between
            raise RunFolderError(f"cannot write results to {folder.parent}: {error.strerror or error}") from error
        if not _locked(lock.fileno()):
            lock.close()
            raise RunFolderError(f"{folder} is being made by another process; wait for it, or choose another --out")
        if _is_file(lock.fileno(), path):
            return lock
        lock.close()  # the lock of a workplace that its holder took away since it was opened binds nobody


def _is_file(descriptor: int, path: Path) -> bool:
    """The open file is the one that has this name now."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _locked(descriptor: int) -> bool:
    """The lock of an open file could be had."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing is locked, as docs/results.md says
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """A new folder that takes its place only when the block ends well; an old one of that name is replaced.

    Raises:
        RunFolderError: the place cannot be written to.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=SCRATCH, dir=folder.parent))
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


@contextlib.contextmanager
def whole(path: Path, *, flushed: bool = True) -> Iterator[BinaryIO]:
    """A file to write that has its name only once it is whole: a temporary one, flushed to the disk, then renamed.

    Without being flushed it is whole as well when the program is killed, though not when the machine loses power.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.part")
    with scratch.open("wb") as file:
        yield file
        if flushed:
            file.flush()
            os.fsync(file.fileno())
    scratch.replace(path)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole."""
    with whole(path) as file:
        file.write(data)


def put(folder: Path, name: str, data: bytes) -> Path:
    """Write a further file into a run's folder, whole; the file written.

    Raises:
        RunFolderError: it cannot be written.
    """
    file = folder / name
    try:
        write_bytes(file, data)
    except OSError as error:
        raise RunFolderError(f"cannot write {file}: {error.strerror or error}") from error
    return file


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


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of texts: the distinct ones, and which stands in each row."""

    distinct: list[str]
    index: np.ndarray[Any, np.dtype[np.int32]]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Texts:
        """These texts, one per row."""
        numbers = {text: at for at, text in enumerate(dict.fromkeys(texts))}
        return cls(list(numbers), np.array([numbers[text] for text in texts], dtype=np.int32))

    def repeat(self, times: int) -> Texts:
        """Each row so many times."""
        return Texts(self.distinct, np.repeat(self.index, times))

    def dictionary(self) -> pa.DictionaryArray:
        """As parquet keeps them: each text once."""
        import pyarrow as pa

        return pa.DictionaryArray.from_arrays(arrow(self.index), _strings(self.distinct))


def arrow(values: np.ndarray[Any, Any], missing: np.ndarray[Any, Any] | None = None) -> pa.Array:
    """The same numbers as Arrow holds them, not copied; `missing` says which are none.

    `pyarrow.array` does it too, but loads pandas to see whether it was given some of its own.
    """
    import pyarrow as pa

    values = np.ascontiguousarray(values)
    known = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [known, pa.py_buffer(values)])


def _strings(texts: Sequence[str]) -> pa.Array:
    """Texts as Arrow holds them, without pandas as in `arrow`."""
    import pyarrow as pa

    data = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, data)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(data), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(data))])


Columns = list[str | Texts | np.ndarray[Any, Any]]
"""A piece of a table: arrays of one length, and texts that are the same in every row."""
DIGITS = 10
"""Significant digits of a number in a CSV file."""


def csv_head(names: Sequence[str]) -> bytes:
    """The line of a CSV file that says what its columns are called."""
    return (",".join(names) + "\n").encode()


def csv_rows(names: Sequence[str], pieces: Iterable[Columns]) -> pa.Buffer:
    """Rows of a CSV file, formatted piece by piece; numbers to DIGITS digits, NaN as blank."""
    import pyarrow as pa
    import pyarrow.csv as pc

    plain, into = pc.WriteOptions(include_header=False, quoting_style="needed"), pa.BufferOutputStream()
    for columns in pieces:
        rows = next(len(c.index) if isinstance(c, Texts) else len(c) for c in columns if not isinstance(c, str))
        if rows:
            pc.write_csv(pa.table([_csv_column(c, rows) for c in columns], names=list(names)), into, plain)
    return into.getvalue()


def _csv_column(column: str | Texts | np.ndarray[Any, Any], rows: int) -> pa.Array:
    if isinstance(column, str):
        column = Texts([column], np.zeros(rows, dtype=np.int32))
    if isinstance(column, Texts):
        return column.dictionary()  # decoding it here would load all that Arrow can compute, 30 ms
    if column.dtype.kind == "f":
        return arrow(_rounded(column), np.isnan(column))
    return arrow(column)


def _rounded(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """To DIGITS significant digits, so that the shortest text of the number has no more."""
    result = np.array(values, dtype=np.float64)
    some = np.isfinite(result) & (np.abs(result) > 1e-290)
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(result[some]))))
    result[some] = np.round(result[some] * scale) / scale
    return result


class Hashed:
    """A file that is hashed as it is written, so that nobody need read it once more."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def write(self, data: Buffer) -> int:
        """Write all of it; how many bytes that were."""
        self._digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        """Hand what was written over to the system."""
        self._file.flush()

    def close(self) -> None:
        """Nothing: libraries close what they have written to, but whoever opened the file does."""

    @property
    def closed(self) -> bool:
        """Nothing more can be written."""
        return self._file.closed

    @property
    def hash(self) -> str:
        """SHA-256 of what was written, as `file_hashes` says it."""
        return self._digest.hexdigest()


def file_hashes(folder: Path, known: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """SHA-256 of every file that the same-bytes promise covers, by path relative to the folder.

    Args:
        folder: of the run.
        known: those that need not be read.
    """
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in (MANIFEST, RUNTIME, ORIGINS))
    names = {p.relative_to(folder).as_posix(): p for p in files}
    return {name: known.get(name) or _hash(path) for name, path in names.items()}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run.

    Raises:
        RunFolderError: there is none, it is damaged, or of a format this version does not know.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if (folder / SENSITIVITY).exists():
            shown = "`plot` draws it, and `report` of a run beside it has its tornado"
            raise RunFolderError(f"{folder} is a sensitivity study, not a run: {shown}") from None
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
    check_unchanged(folder, manifest["files"])
    return manifest


def check_unchanged(folder: Path, files: Mapping[str, str]) -> None:
    """Hold files, by path relative to a folder, against their hashes.

    Raises:
        RunFolderError: a file is missing or was changed.
    """
    found = file_hashes(folder)
    for name, expected in files.items():
        if found.get(name) != expected:
            what = "is missing" if name not in found else "was changed since the run"
            raise RunFolderError(f"{folder / name} {what}; run again with --force to make it anew")


def _platform() -> str:
    """As `platform.platform` has it, which for this starts a process that asks Linux for the same machine once more."""
    if platform.system() != "Linux":
        return platform.platform()
    return f"Linux-{platform.release()}-{platform.machine()}-with-{''.join(platform.libc_ver())}"


def machine() -> dict[str, Any]:
    """What runtime.json says of the machine."""
    return {
        "python": sys.version.split()[0],
        "system": platform.system(),
        "platform": _platform(),
        "processor": platform.machine(),
        "cpus": os.cpu_count(),
    }
