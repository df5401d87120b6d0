"""Draw the two figures of docs/physics.md from runs made for them.

    python tools/make_theory_figures.py [--out FOLDER] [--replications N]

writes nexus-jump.png and tandem-gain.png to docs/figures (or FOLDER) and prints the numbers drawn. The same number of
replications gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.cli import main as bordersim
from sim.report import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[1]
FloatArray = npt.NDArray[np.float64]
SPLITS = (30, 60, 120)
"""Car lengths before the booths at which lanes part."""
LOADS = tuple(round(0.75 + 0.05 * step, 2) for step in range(12))
"""General demand over what the general booths pass, 0.75 to 1.3."""
GENERAL_PER_HOUR, NEXUS_SHARE = 120.0, 0.25
LINE_BIN = 10
"""Cars in a bin of the length of the line."""
TANDEM = {"gamma": (0.3, 0.4, 3**-0.5, 2**-0.5, 1.0), "lognormal": (0.25, 0.5, 0.75, 1.0)}
"""Laws of inspection times and their coefficients of variation; gamma at 0.577, 0.707, 1 is Erlang 3, 2, 1."""
PUBLISHED = (50.0, 60.0)
"""Percent that tandem booths add to a lane's throughput, "roughly": San Ysidro, CBP in KUSI."""

NEXUS_PORT = """\
format: 1
name: A shared road before a split
start: 2024-01-01 00:00
horizon: 6 h
replications: {replications}
seed: 49
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {{car: {{rate: {rate} /h, nexus: 25 %}}}}
    approach: {{split: 60 cars}}
    lanes:
      general: {{serves: [car], booths: 2, service: {{erlang: {{mean: 60 s, shape: 3}}}}}}
      nexus: {{serves: [car.nexus], booths: 1, service: {{gamma: {{mean: 10 s, cv: 0.5}}}}}}
variants: {variants}
"""
TANDEM_PORT = """\
format: 1
name: A lane that is never empty
start: 2024-01-01 00:00
horizon: 11 h
warm_up: 1 h
end: cut
replications: {replications}
seed: 49
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {{car: {{rate: 130 /h}}}}
    lanes: {{general: {{serves: [car], booths: 1, service: 60 s}}}}
variants: {variants}
"""


# ---- theory -------------------------------------------------------------------------------------------


def tandem_gain(law: str, cv: float) -> float:
    """Saturated throughput of a tandem booth over that of one booth, for inspection times S of a law.

    Both positions fill together and are left together, so a pair takes the longer of two inspections and the gain is
    2 E S / E max(S, S') = 2 / (1 + G), G the Gini coefficient of S: Gamma(k + 1/2) / (sqrt(pi) Gamma(k + 1)) for gamma
    of shape k = 1 / cv^2 (1/2, 3/8, 5/16 for Erlang 1, 2, 3), erf(sigma / 2) for lognormal.

    Args:
        law: `gamma` or `lognormal`.
        cv: coefficient of variation.
    """
    if cv == 0.0:
        return 2.0
    if law == "lognormal":
        gini = math.erf(math.sqrt(math.log1p(cv * cv)) / 2.0)
    else:
        shape = 1.0 / (cv * cv)
        gini = math.exp(math.lgamma(shape + 0.5) - math.lgamma(shape + 1.0)) / math.sqrt(math.pi)
    return 2.0 / (1.0 + gini)


# ---- runs ---------------------------------------------------------------------------------------------


def simulated(folder: Path, text: str, *options: str) -> Path:
    """Run a scenario with all its variants; returns the run folder."""
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    status = bordersim(["run", str(path), "--all", "--out", str(folder / "results"), "--quiet", *options])
    if status:
        raise SystemExit(status)
    (manifest,) = (folder / "results").glob("scenario/*/manifest.json")
    return manifest.parent


def by_variant(folder: Path, measure: str, klass: str) -> dict[str, FloatArray]:
    """Values of a measure of the port by variant, one per replication in order."""
    import pandas as pd

    table = pd.read_parquet(folder / "replications.parquet")
    rows = table[(table["station"] == "all") & (table["class"] == klass) & (table["measure"] == measure)]
    return {str(name): group.sort_values("replication")["value"].to_numpy() for name, group in rows.groupby("variant")}


def nexus_text(variants: Mapping[str, Mapping[str, Any]], load: float, replications: int) -> str:
    return NEXUS_PORT.format(replications=replications, rate=arrivals(load), variants=json.dumps(variants))


def arrivals(load: float) -> float:
    """Cars an hour of which those without NEXUS are that load of the general booths."""
    return round(load * GENERAL_PER_HOUR / (1.0 - NEXUS_SHARE), 6)


def nexus_by_load(replications: int) -> dict[int, list[FloatArray]]:
    """For each split, minutes NEXUS cars wait in each replication, at each of LOADS."""
    variants = {
        f"split-{split}-{index}": {
            "ports.here.approach.split": f"{split} cars",
            "ports.here.traffic.car.rate": f"{arrivals(load)} /h",
        }
        for split in SPLITS
        for index, load in enumerate(LOADS)
    }
    with tempfile.TemporaryDirectory() as scratch:
        found = simulated(Path(scratch), nexus_text(variants, max(LOADS), replications))
        waits = by_variant(found, "wait_mean", "car.nexus")
    return {split: [waits[f"split-{split}-{index}"] for index in range(len(LOADS))] for split in SPLITS}


def nexus_by_line(replications: int) -> pd.DataFrame:
    """Mean minutes of NEXUS cars by split and length of the general line they find, at the highest load.

    Columns split, line (middle of a bin of LINE_BIN cars), wait, cars.
    """
    import pandas as pd

    variants = {f"split-{split}": {"ports.here.approach.split": f"{split} cars"} for split in SPLITS}
    parts = []
    with tempfile.TemporaryDirectory() as scratch:
        found = simulated(Path(scratch), nexus_text(variants, max(LOADS), replications), "--visits")
        for split in SPLITS:
            for file in sorted((found / "visits").glob(f"split-{split}-*.parquet")):
                parts.append(line_found(pd.read_parquet(file)).assign(split=split))
    cars = pd.concat(parts)
    cars["line"] = (cars["line"] // LINE_BIN + 0.5) * LINE_BIN
    table = cars.groupby(["split", "line"])["wait"].agg(["mean", "size"]).reset_index()
    return table.set_axis(["split", "line", "wait", "cars"], axis="columns")


def line_found(visits: pd.DataFrame) -> pd.DataFrame:
    """For each NEXUS car, the general cars waiting before their booths or on the road as it comes, and its wait."""
    import pandas as pd

    road, general = visits[visits["station"] == "approach"], visits[visits["station"] == "general"]
    others = road[road["class"] == "car"]
    came = road[road["class"] == "car.nexus"].set_index("party")
    booth = visits[visits["station"] == "nexus"].set_index("party")
    started = np.sort(general["started"].to_numpy())
    times = came["joined"].to_numpy()
    line = np.searchsorted(np.sort(others["joined"].to_numpy()), times) - np.searchsorted(started, times, side="right")
    return pd.DataFrame({"line": line, "wait": (booth["started"] - came["joined"]).to_numpy() / 60.0})


def tandem_gains(replications: int) -> dict[tuple[str, float], FloatArray]:
    """Percent a tandem booth adds to saturated throughput in each replication, by law and coefficient of variation."""
    points = [(law, cv) for law, cvs in TANDEM.items() for cv in cvs]
    lane = "ports.here.lanes.general"
    variants = {
        f"{kind}-{index}": {
            f"{lane}.service": {law: {"mean": "60 s", "cv": cv}},
            f"{lane}.tandem": int(kind == "tandem"),
        }
        for index, (law, cv) in enumerate(points)
        for kind in ("single", "tandem")
    }
    with tempfile.TemporaryDirectory() as scratch:
        text = TANDEM_PORT.format(replications=replications, variants=json.dumps(variants))
        passed = by_variant(simulated(Path(scratch), text), "throughput", "all")
    return {
        point: 100.0 * (passed[f"tandem-{index}"] / passed[f"single-{index}"] - 1.0)
        for index, point in enumerate(points)
    }


def mean_and_error(values: FloatArray) -> tuple[float, float]:
    """Mean over replications and half the width of its 95 % interval (Student)."""
    from scipy import stats

    n = len(values)
    return float(values.mean()), float(stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n))


# ---- figures ------------------------------------------------------------------------------------------


def panels(count: int, title: str) -> tuple[Figure, list[Axes]]:
    """A figure in the project's style with panels side by side."""
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots(1, count, squeeze=False)[0]
    style.write_title(figure, title)
    return figure, list(axes)


def save(figure: Figure, path: Path, title: str) -> None:
    """Write the PNG alone; documentation needs no SVG."""
    figure.savefig(path, format="png", dpi=72, metadata={"Title": title, "Software": None})
    print(path)


def draw_nexus(folder: Path, replications: int) -> None:
    """NEXUS mean wait against general demand and against the line found, for three splits."""
    by_load, by_line = nexus_by_load(replications), nexus_by_line(replications)
    print_by_load(by_load)
    print(by_line.pivot(index="line", columns="split", values="wait").round(2).to_string())
    title = "NEXUS waits once the general line passes the split"
    with style.styled():
        figure, (left, right) = panels(2, title)
        for index, split in enumerate(SPLITS):
            look = style.look(index)
            means, errors = np.transpose([mean_and_error(values) for values in by_load[split]])
            left.plot(LOADS, means, color=look.color, linestyle=look.dashes, label=f"split {split} cars")
            left.fill_between(LOADS, means - errors, means + errors, color=look.color, alpha=style.BAND_OF_CLASS, lw=0)
            rows = by_line[(by_line["split"] == split) & (by_line["cars"] >= replications)]
            right.plot(rows["line"], rows["wait"], color=look.color, linestyle=look.dashes)
            right.axvline(split, color=look.color, lw=1.5, ls=":")
        left.set_title("NEXUS mean wait, minutes")
        left.set_xlabel("general demand over capacity")
        right.set_title("its wait by line found (dotted: split)")
        right.set_xlabel("general cars in line on arrival")
        for axes in (left, right):
            axes.set_ylim(bottom=0.0)
        left.legend(loc="upper left")
        save(figure, folder / "nexus-jump.png", title)


def print_by_load(by_load: Mapping[int, Sequence[FloatArray]]) -> None:
    print("load  " + "".join(f"split {split:<14}" for split in by_load))
    for index, load in enumerate(LOADS):
        cells = (mean_and_error(values[index]) for values in by_load.values())
        print(f"{load:<6}" + "".join(f"{mean:7.3f} +- {error:<8.3f}" for mean, error in cells))


def draw_tandem(folder: Path, replications: int) -> None:
    """What a tandem booth adds to one booth, exactly and simulated, beside the published band."""
    gains = tandem_gains(replications)
    cvs = np.linspace(0.0, 1.2, 121)
    title = "What a tandem booth adds, by how much inspections differ"
    with style.styled():
        figure, (axes,) = panels(1, title)
        axes.axhspan(*PUBLISHED, color=style.GREY, alpha=0.25, lw=0, label="published, San Ysidro")
        for index, (law, points) in enumerate(TANDEM.items()):
            look = style.look(index)
            exact = [100.0 * (tandem_gain(law, cv) - 1.0) for cv in cvs]
            axes.plot(cvs, exact, color=look.color, linestyle=look.dashes, label=f"{law}, exact")
            means, errors = np.transpose([mean_and_error(gains[law, cv]) for cv in points])
            axes.errorbar(
                points, means, errors, color=look.color, ls="", marker="o", capsize=5, label=f"{law}, simulated"
            )
            for cv, mean, error in zip(points, means, errors, strict=True):
                print(
                    f"{law:<10} cv {cv:.3f}: {mean:6.2f} +- {error:.2f} %, exact {100 * tandem_gain(law, cv) - 100:.2f}"
                )
        for shape in (1, 2, 3):
            gain = 100.0 * (tandem_gain("gamma", shape**-0.5) - 1.0)
            axes.annotate(
                f"Erlang {shape}", (shape**-0.5, gain), xytext=(-14, -28), textcoords="offset points", ha="right"
            )
        axes.set_title("Throughput of a lane that is never empty, % more with a tandem booth")
        axes.set_xlabel("coefficient of variation of inspection times")
        axes.set_xlim(0.0, 1.2)
        axes.set_ylim(0.0, 105.0)
        axes.legend(loc="upper right")
        save(figure, folder / "tandem-gain.png", title)


def main(argv: Sequence[str] | None = None) -> int:
    """Draw both."""
    parser = argparse.ArgumentParser(description="Draw the figures of docs/physics.md.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "figures", help="folder (default: docs/figures)")
    parser.add_argument("--replications", type=int, default=40, help="replications of each run (default: 40)")
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    draw_tandem(arguments.out, arguments.replications)
    draw_nexus(arguments.out, arguments.replications)
    return 0


if __name__ == "__main__":
    sys.exit(main())
