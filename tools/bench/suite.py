"""What the benchmark measures: rounds of contestants, scaling, the first run with nothing compiled."""

from __future__ import annotations

import importlib.util
import json
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .measure import Estimate, Sample, child
from .port import VEHICLES_PER_DAY, scenario

PEERS = ("simpy", "ciw", "salabim")
KERNEL, FLOOR = "kernel", "floor"
WHOLE, WITHOUT_BINS = "whole", "whole without bins"
LONGER, TWO_WORKERS = "whole, longer", "whole, longer, two workers"
LONGER_TIMES = 3
"""As many replications: a second worker is for work that takes ten seconds and more."""
NO_BINS = "none"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    replications: int
    """Of the whole process."""
    peer_days: dict[str, int]
    kernel_days: int
    floor_days: int
    vehicles: tuple[int, ...]
    """Of one replication, for the scaling."""
    ports: tuple[int, ...]
    first_run: bool


FULL = Size(
    rounds=5,
    replications=1_000,
    peer_days={"simpy": 10, "ciw": 4, "salabim": 1},
    kernel_days=100,
    floor_days=100,
    vehicles=(10_000, 100_000, 1_000_000, 10_000_000),
    ports=(1, 3, 10, 30, 100),
    first_run=True,
)
QUICK = replace(
    FULL,
    rounds=2,
    replications=50,
    peer_days={"simpy": 3, "ciw": 1, "salabim": 1},
    vehicles=(10_000, 100_000),
    ports=(1, 10),
    first_run=False,
)


@dataclass
class Results:
    """Everything measured, in the order of the rounds."""

    size: Size
    rounds: dict[str, list[Sample]] = field(default_factory=dict)
    """By contestant; peers that are not installed are missing."""
    missing: list[str] = field(default_factory=list)
    same_bytes: bool = True
    """One and two workers wrote the same files."""
    by_vehicles: dict[int, list[Sample]] = field(default_factory=dict)
    """Stages of one replication of about so many vehicles."""
    by_ports: dict[int, list[Sample]] = field(default_factory=dict)
    profile: dict[str, Sample] = field(default_factory=dict)
    """Stages of the whole process, by contestant."""
    start_up: list[Sample] = field(default_factory=list)
    """The whole process with one replication."""
    many: Sample | None = None
    """The whole process, `Size.replications` of 10,000 vehicles."""
    largest: Sample | None = None
    """The whole process, one replication of the largest number of vehicles."""
    first: Sample | None = None
    """The whole process with an empty cache, as many vehicles as make `auto` compile."""
    reference: Sample | None = None
    """The whole process with the reference engine, on fewer vehicles."""


class Bench:
    """Measures, with scenario files and runs in a folder of its own."""

    def __init__(self, size: Size, folder: Path, say: Say) -> None:
        self.folder, self.say = folder, say
        self.results = Results(size)
        self.runs = 0
        self.imported_mb = 0.0
        """What the program's libraries take."""

    def everything(self) -> Results:
        """Measure all."""
        self.warm_up()
        for number in range(self.results.size.rounds):
            self.round(number)
        self.profile()
        self.scaling()
        if self.results.size.first_run:
            self.first_run()
        return self.results

    def warm_up(self) -> None:
        """Compile the engine where it is not, read everything from disk once."""
        self.say("warm-up")
        child("stages", path=str(self.file(replications=2)), replications=2)
        self.imported_mb = child("imports").peak_mb

    def round(self, number: int) -> None:
        """Every contestant once, on random numbers of the round."""
        size, seed = self.results.size, 1000 * (number + 1)
        for offset, library in enumerate(PEERS):
            if importlib.util.find_spec(library) is None:
                if library not in self.results.missing:
                    self.results.missing.append(library)
                continue
            first = seed + 100 * offset
            seeds = list(range(first, first + size.peer_days[library]))
            self.add(library, child("peer", library=library, seeds=seeds))
        self.add(FLOOR, child("floor", seeds=list(range(seed, seed + size.floor_days))))
        path = self.file(replications=size.kernel_days, seed=seed)
        self.add(KERNEL, child("stages", path=str(path), replications=size.kernel_days))
        path = self.file(replications=size.replications, seed=seed)
        self.add(WHOLE, self.whole(path)[0])
        path = self.file(replications=size.replications, seed=seed, time_bin=NO_BINS)
        self.add(WITHOUT_BINS, self.whole(path)[0])
        path = self.file(replications=LONGER_TIMES * size.replications, seed=seed)
        one, run = self.whole(path)
        self.add(LONGER, one)
        two, again = self.whole(path, workers=2)
        self.add(TWO_WORKERS, two)
        self.results.same_bytes &= _files(run) == _files(again)

    def add(self, contestant: str, sample: Sample) -> None:
        """Keep a sample and say what it was."""
        samples = self.results.rounds.setdefault(contestant, [])
        samples.append(sample)
        text = f"{sample.pace:12,.0f} vehicles/s, {sample.over_import_mb:5.0f} MB"
        self.say(f"round {len(samples)}  {contestant:20} {text}")

    def profile(self) -> None:
        """The stages of the whole process, with time bins and without."""
        replications = self.results.size.replications
        for contestant, time_bin in ((WHOLE, "15 min"), (WITHOUT_BINS, NO_BINS)):
            path = self.file(replications=replications, time_bin=time_bin)
            self.results.profile[contestant] = child("stages", path=str(path), replications=replications)
            self.say(f"profile  {contestant}")

    def scaling(self) -> None:
        """One replication of more and more vehicles; more and more ports."""
        results, size = self.results, self.results.size
        for number in range(size.rounds):  # sizes by turns: a machine may be busier when the last one's turn has come
            for vehicles in size.vehicles:
                path = self.file(hours=hours_for(vehicles), time_bin=NO_BINS)
                sample = child("stages", path=str(path), replications=max(1, min(20, 1_000_000 // vehicles)))
                results.by_vehicles.setdefault(vehicles, []).append(sample)
                self.say(f"scaling {number + 1}  {vehicles:12,} vehicles  kernel {sample.pace:12,.0f} vehicles/s")
        for ports in size.ports:
            path = self.file(ports=ports, replications=100)
            results.by_ports[ports] = self.repeat(path, max(1, size.ports[-1] // ports))
        one = self.file(replications=1)
        results.start_up = [self.whole(one)[0] for _ in range(size.rounds)]
        many = self.file(hours=hours_for(10_000), replications=size.replications)
        results.many, _ = self.whole(many)
        self.say(f"{size.replications} replications of 10,000: {results.many.over_import_mb:,.0f} MB")
        largest = self.file(hours=hours_for(size.vehicles[-1]), time_bin="24 h")
        results.largest, _ = self.whole(largest)
        self.say(f"one replication of {size.vehicles[-1]:,}: {results.largest.over_import_mb:,.0f} MB")

    def repeat(self, path: Path, replications: int) -> list[Sample]:
        """The stages of a scenario, three times where that is quick."""
        first = child("stages", path=str(path), replications=replications)
        times = 3 if sum(first.stages.values()) < 15.0 else 1
        samples = [first, *(child("stages", path=str(path), replications=replications) for _ in range(times - 1))]
        pace = statistics.median(sample.pace for sample in samples)
        self.say(f"scaling  {path.stem:28} kernel {pace:12,.0f} vehicles/s")
        return samples

    def first_run(self) -> None:
        """With nothing compiled: as many vehicles as make `auto` compile; the reference engine on fewer."""
        from sim.engine import WORTH_COMPILING

        enough = int(WORTH_COMPILING / VEHICLES_PER_DAY) + 1
        with tempfile.TemporaryDirectory() as empty:
            path = self.file(replications=enough, time_bin=NO_BINS)
            environment = {"NUMBA_CACHE_DIR": empty}
            self.results.first, _ = self.whole(path, engine="auto", quiet=False, environment=environment)
        few = self.file(replications=10, time_bin=NO_BINS)
        self.results.reference, _ = self.whole(few, engine="reference")
        self.say(f"first run with nothing compiled: {self.results.first.seconds:.0f} s")

    def file(
        self, *, ports: int = 1, hours: int = 24, replications: int = 1, time_bin: str = "15 min", seed: int = 1
    ) -> Path:
        """A scenario file."""
        name = f"{ports}-ports-{hours}-h-{replications}-{time_bin.replace(' ', '-')}-{seed}.yaml"
        text = scenario(ports=ports, hours=hours, replications=replications, time_bin=time_bin, seed=seed)
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def whole(
        self,
        path: Path,
        *,
        workers: int = 1,
        engine: str = "compiled",
        quiet: bool = True,
        environment: dict[str, str] | None = None,
    ) -> tuple[Sample, Path]:
        """`bordersim run` from nothing to written results, and where those stand."""
        self.runs += 1
        out = self.folder / f"results-{self.runs}"
        words = ["run", str(path), "--out", str(out), "--workers", str(workers), "--engine", engine]
        words += ["--quiet"] if quiet else []
        sample = child("command", environment, words=words, all_cores=workers > 1)
        (folder,) = (manifest.parent for manifest in out.rglob("manifest.json"))
        days = _days(folder)
        vehicles = round(sum(days["arrivals"]))
        means, p95s = (tuple(60.0 * value for value in days[name]) for name in ("wait_mean", "wait_p95"))
        over = sample.peak_mb - self.imported_mb
        return replace(sample, vehicles=vehicles, means=means, p95s=p95s, over_import_mb=over), folder


def hours_for(vehicles: int) -> int:
    """Length of a horizon in which about so many vehicles arrive."""
    return round(24 * vehicles / VEHICLES_PER_DAY)


def _days(folder: Path) -> dict[str, list[float]]:
    """Of a run's replications, the arrivals, mean and p95 of the wait (minutes) at all ports."""
    import pyarrow.parquet as pq

    wanted = ["arrivals", "wait_mean", "wait_p95"]
    whole = [("station", "==", "all"), ("class", "==", "all"), ("measure", "in", wanted)]
    table = pq.read_table(folder / "replications.parquet", columns=["measure", "value"], filters=whole)
    names, values = table["measure"].to_pylist(), table["value"].to_pylist()
    return {name: [value for found, value in zip(names, values, strict=True) if found == name] for name in wanted}


def _files(folder: Path) -> dict[str, str]:
    """Hash of every file of a run."""
    files: dict[str, str] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    return files


def estimates(samples: Sequence[Sample]) -> tuple[Estimate, Estimate]:
    """Mean and p95 of the wait over the days of all samples."""
    return (
        Estimate.over([value for sample in samples for value in sample.means]),
        Estimate.over([value for sample in samples for value in sample.p95s]),
    )
