"""The tables of docs/performance.md, in a page whose text is written by hand."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tools import marked_page
from tools.marked_page import table

from .measure import ROOT, Sample, median_pace, median_processor_ratio, median_ratio, most_over_import
from .suite import FLOOR, KERNEL, LONGER, LONGER_TIMES, PEERS, TWO_WORKERS, WHOLE, WITHOUT_BINS, Results, estimates

PAGE = ROOT / "docs" / "performance.md"
PER_VEHICLE = ("draw", "kernel", "check", "measure")
LIBRARIES = ("numpy", "numba", "scipy", "pyarrow", "simpy", "ciw", "salabim")
FLAT_FROM = 100_000
"""Vehicles from which the cost of each should be flat."""
A_FEW_SECONDS = 5.0
NAMES = {"simpy": "SimPy", "ciw": "Ciw", "salabim": "salabim", FLOOR: "variates alone", KERNEL: "bordersim, kernel"}
NAMES |= {
    WHOLE: "bordersim, whole process",
    WITHOUT_BINS: "the same without time bins",
    LONGER: "three times as many replications, with time bins",
    TWO_WORKERS: "the same with two workers",
}


def write(tables: Mapping[str, str], page: Path = PAGE) -> Path:
    """Put the tables into the page.

    Raises:
        KeyError: the page has a place for a table there is not.
    """
    return marked_page.write(page, "bench", tables)


def blocks(results: Results) -> dict[str, str]:
    """Each table of the page by its name."""
    tables = {
        "machine": machine(results),
        "pace": pace(results),
        "profile": profile(results),
        "vehicles": by_vehicles(results),
        "ports": by_ports(results),
    }
    if results.size.first_run:
        tables = {"machine": tables["machine"], "targets": targets(results), **tables}
    return tables


def machine(results: Results) -> str:
    """When, on what class of machine, and with which versions."""
    versions = ", ".join(f"{name} {found}" for name in LIBRARIES if (found := _version(name)))
    date = datetime.datetime.now(datetime.UTC).date()
    return (
        f"Measured on {date} on a machine with {os.cpu_count()} cores ({_processor()}), {_memory()} of memory, "
        f"{platform.system()}, Python {platform.python_version()}, shared with other work.\n{versions}.\n"
        f"Medians of {results.size.rounds} interleaved rounds, one core unless two are named."
    )


def pace(results: Results) -> str:
    """The contestants: pace, ratio to SimPy, memory, and the waits they give."""
    cost = ("", "vehicles/s", "× SimPy", "by processor time", "MB over imports")
    head = [*cost, "days", "mean wait, s", "95th percentile, s", "apart"]
    order = (*PEERS, FLOOR, KERNEL, WHOLE, WITHOUT_BINS, LONGER, TWO_WORKERS)
    ours = estimates(results.rounds[WHOLE])
    rows = []
    for contestant in (name for name in order if name in results.rounds):
        samples = results.rounds[contestant]
        row = [NAMES[contestant], f"{median_pace(samples):,.0f}"]
        for ratio in (median_ratio, median_processor_ratio):
            row.append(f"{ratio(samples, results.rounds['simpy']):.2f}" if "simpy" in results.rounds else "")
        row.append(f"{most_over_import(samples):,.0f}")
        if any(sample.means for sample in samples):
            found = estimates(samples)
            days = sum(len(sample.means) for sample in samples)
            row += [f"{days:,}", *(f"{value.mean:.1f} ± {value.error:.1f}" for value in found)]
            row.append(f"{found[0].distance(ours[0]):+.1f}" if contestant in PEERS else "")
        rows.append([*row, *[""] * (len(head) - len(row))])
    return table(head, rows)


def profile(results: Results) -> str:
    """Where the time of the whole process goes, with time bins and without."""
    rows = []
    names = list(results.profile[WHOLE].stages)
    totals = {contestant: sum(sample.stages.values()) for contestant, sample in results.profile.items()}
    for name in (*names, "all"):
        row = [name]
        for contestant, sample in results.profile.items():
            seconds = totals[contestant] if name == "all" else sample.stages[name]
            row += [f"{seconds:.2f}", f"{seconds / sample.vehicles * 1e9:,.0f}", f"{seconds / totals[contestant]:.0%}"]
        rows.append(row)
    columns = [f"{unit}, {bins}" for bins in ("15 min bins", "no bins") for unit in ("s", "ns a vehicle", "share")]
    return table(("", *columns), rows)


def per_vehicle(samples: Sequence[Sample], stages: Sequence[str] = PER_VEHICLE) -> float:
    """Median nanoseconds a vehicle takes in some stages."""
    return statistics.median(sum(sample.stages[name] for name in stages) / sample.vehicles for sample in samples) * 1e9


def highest_over_lowest(sizes: Sequence[Sequence[Sample]]) -> float:
    """Cost of a vehicle at the dearest size over that at the cheapest, each the median of what it is to the first's.

    Takes the samples of each size, round by round: costs are compared within a round.
    """
    first = sizes[0]
    to_first = [
        statistics.median(per_vehicle([one]) / per_vehicle([other]) for one, other in zip(samples, first, strict=True))
        for samples in sizes
    ]
    return max(to_first) / min(to_first)


def by_vehicles(results: Results) -> str:
    """Cost of a vehicle in one replication of more and more of them."""
    return _scaling("vehicles in one replication", results.by_vehicles)


def by_ports(results: Results) -> str:
    """Cost of a vehicle with more and more ports."""
    return _scaling("ports", results.by_ports)


def _scaling(label: str, measured: Mapping[int, Sequence[Sample]]) -> str:
    rows = [
        [
            f"{number:,}",
            *(f"{per_vehicle(samples, [name]):,.0f}" for name in PER_VEHICLE),
            f"{per_vehicle(samples):,.0f}",
            f"{most_over_import(samples):,.0f}",
        ]
        for number, samples in measured.items()
    ]
    return table((label, *(f"{name}, ns a vehicle" for name in PER_VEHICLE), "together", "MB over imports"), rows)


def targets(results: Results) -> str:
    """What was aimed at and what was measured."""
    rows = [[text, aim, found, "yes" if met else "no"] for text, aim, found, met in _targets(results)]
    return table(("", "aim", "measured", "met"), rows)


def _targets(results: Results) -> Iterable[tuple[str, str, str, bool]]:
    rounds = results.rounds
    if "simpy" in rounds:
        for contestant, aim in ((KERNEL, 60), (WHOLE, 20), (WITHOUT_BINS, 30)):
            ratio = median_ratio(rounds[contestant], rounds["simpy"])
            processor = median_processor_ratio(rounds[contestant], rounds["simpy"])
            found = f"{ratio:.1f} ({processor:.1f} by processor time)"
            yield f"{NAMES[contestant]}: times SimPy", f"{aim}", found, ratio >= aim
    least = min((median_ratio(rounds[KERNEL], rounds[peer]) for peer in PEERS if peer in rounds), default=0.0)
    yield "kernel: times the fastest other simulator", "1", f"{least:.1f}", least > 1.0
    spread = highest_over_lowest([samples for n, samples in results.by_vehicles.items() if n >= FLAT_FROM]) - 1.0
    sizes = f"cost of a vehicle from {FLAT_FROM:,} to {max(results.by_vehicles):,}: highest over lowest"
    yield sizes, "at most 25 % more", f"{spread:.0%} more", spread <= 0.25
    if results.many is not None and results.largest is not None:
        name = f"memory over imports, {results.size.replications:,} replications of 10,000"
        yield name, "250 MB", f"{results.many.over_import_mb:,.0f} MB", results.many.over_import_mb < 250.0
        name = f"memory over imports, one replication of {max(results.by_vehicles):,}"
        yield name, "1,500 MB", f"{results.largest.over_import_mb:,.0f} MB", results.largest.over_import_mb < 1500.0
    if results.first is not None and results.reference is not None:
        start = statistics.median(sample.seconds for sample in results.start_up)
        rate = (results.reference.seconds - start) / results.reference.vehicles
        would_take = start + rate * results.first.vehicles
        said = "compiling" in results.first.said
        yield (
            f"first run, nothing compiled, {results.first.vehicles:,} vehicles; the reference engine takes "
            f"{would_take:,.0f} s",
            "not longer",
            f"{results.first.seconds:,.0f} s, {'says' if said else 'does not say'} that it compiles",
            said and results.first.seconds <= would_take + A_FEW_SECONDS,
        )
    faster = median_ratio(rounds[TWO_WORKERS], rounds[LONGER])
    same = "the same bytes" if results.same_bytes else "other bytes"
    yield (
        f"two workers: times the pace of one, {LONGER_TIMES * results.size.replications:,} replications",
        "1.7, the same bytes",
        f"{faster:.2f}, {same}",
        (faster >= 1.7 and results.same_bytes),
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    """What the processor calls itself, else its architecture."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return " ".join(line.split(":", 1)[1].split())
    except OSError:
        pass
    return platform.machine()


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB"
    except (AttributeError, OSError, ValueError):
        return "unknown size"
