"""Running tasks in fresh processes, interleaved, and what is made of them: medians, ratios, standard errors."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Sample:
    """One task done once."""

    seconds: float
    """Of the work itself where the task says so, else of its whole process."""
    processor: float
    """Seconds of processor time in the same stretch: what an undisturbed core would take."""
    vehicles: int
    peak_mb: float
    """Most memory of the process."""
    over_import_mb: float
    """The same above what the process took once everything was imported."""
    means: tuple[float, ...] = ()
    """Seconds: the mean wait of each day."""
    p95s: tuple[float, ...] = ()
    """Seconds: the 95th percentile of the waits of each day."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Seconds of each stage."""
    said: str = ""
    """What the process wrote to standard error."""

    @property
    def pace(self) -> float:
        """Vehicles per second."""
        return self.vehicles / self.seconds

    @property
    def processor_pace(self) -> float:
        """Vehicles per second of processor time."""
        return self.vehicles / self.processor


@dataclass(frozen=True)
class Estimate:
    """A mean over independent days, in seconds."""

    mean: float
    deviation: float
    """Standard deviation from day to day."""
    days: int

    @classmethod
    def over(cls, days: Sequence[float]) -> Estimate:
        """From the values of the days, at least two."""
        return cls(statistics.fmean(days), statistics.stdev(days), len(days))

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return self.deviation / math.sqrt(self.days)

    def distance(self, other: Estimate) -> float:
        """Difference in standard errors, taking days to vary as the other's do, of which there are many."""
        return (self.mean - other.mean) / (other.deviation * math.sqrt(1.0 / self.days + 1.0 / other.days))


def as_installed() -> dict[str, str]:
    """The environment in which Python keeps its compiled modules, as it does for users of the program."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def child(task: str, environment: Mapping[str, str] | None = None, **arguments: Any) -> Sample:
    """Run a task of `tools.bench.child` in a fresh process.

    Raises:
        RuntimeError: the process failed; carries what it said.
    """
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.child", task],
        cwd=ROOT,
        env={**as_installed(), **(environment or {})},
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
    )
    wall = time.perf_counter() - began
    if done.returncode != 0:
        raise RuntimeError(f"benchmark task {task} ended with status {done.returncode}:\n{done.stderr.strip()}")
    answer = json.loads(done.stdout.splitlines()[-1])
    if answer.get("status", 0) != 0:
        raise RuntimeError(f"bordersim ended with status {answer['status']}:\n{done.stderr.strip()}")
    return Sample(
        seconds=answer.get("seconds", wall),
        processor=answer["processor"],
        vehicles=answer.get("vehicles", 0),
        peak_mb=answer["peak_mb"],
        over_import_mb=answer["peak_mb"] - answer.get("imported_mb", 0.0),
        means=tuple(answer.get("means", ())),
        p95s=tuple(answer.get("p95s", ())),
        stages=answer.get("stages", {}),
        said=done.stderr,
    )


def median_pace(samples: Sequence[Sample]) -> float:
    """Median vehicles per second."""
    return statistics.median(sample.pace for sample in samples)


def median_ratio(ours: Sequence[Sample], theirs: Sequence[Sample]) -> float:
    """Median over rounds of the ratio of the paces within a round."""
    return statistics.median(a.pace / b.pace for a, b in zip(ours, theirs, strict=True))


def median_processor_ratio(ours: Sequence[Sample], theirs: Sequence[Sample]) -> float:
    """The same by processor time."""
    return statistics.median(a.processor_pace / b.processor_pace for a, b in zip(ours, theirs, strict=True))


def most_over_import(samples: Sequence[Sample]) -> float:
    """Largest memory above that of the imports, MB."""
    return max(sample.over_import_mb for sample in samples)
