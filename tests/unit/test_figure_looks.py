"""How figures look: small pictures against those kept in tests/unit/figures, with a tolerance.

    python tests/unit/test_figure_looks.py

draws the kept pictures anew; look at them before they are committed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.testing.compare import compare_images
from report_fake_run import FACILITY, write_run

from sim.report import figures, style
from sim.report.figures import RunData

KEPT = Path(__file__).with_name("figures")
DPI = 24
"""Small, and still enough to see what moved."""
MOST_DIFFERENT = 6.0
"""Root mean square of the difference, of 255: fonts are drawn a little differently by other versions of FreeType."""
PICTURES: dict[str, Callable[[RunData], Axes]] = {
    "day": lambda run: figures.plot_day(run, FACILITY),
    "compare": lambda run: figures.plot_day(run, FACILITY, class_name="car", variants=("baseline", "one-more-booth")),
    "wait": lambda run: figures.plot_wait_distribution(run, FACILITY),
    "histogram": lambda run: figures.plot_wait_histogram(run, FACILITY),
    "lanes": lambda run: figures.plot_utilisation(run, FACILITY),
    "flow": lambda run: figures.plot_flow(run, FACILITY),
    "programmes": lambda run: figures.plot_programmes(run, FACILITY, ("car", "car.nexus")),
    "convergence": lambda run: figures.plot_convergence(run, FACILITY),
    "forest": lambda run: figures.plot_forest(run, FACILITY),
    "ports": lambda run: figures.plot_ports_map("truck"),
}


def draw(run: RunData, name: str, folder: Path) -> Path:
    figure = PICTURES[name](run).get_figure(root=True)
    assert isinstance(figure, Figure)
    with style.styled():
        style.write_title(figure, name)
        figure.savefig(folder / f"{name}.png", dpi=DPI, metadata={"Software": None})
    return folder / f"{name}.png"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    return RunData.open(write_run(tmp_path_factory.mktemp("looks"), days=8))


@pytest.mark.parametrize("name", PICTURES)
def test_a_figure_looks_as_it_did(run: RunData, tmp_path: Path, name: str) -> None:
    assert compare_images(str(KEPT / f"{name}.png"), str(draw(run, name, tmp_path)), MOST_DIFFERENT) is None


def test_the_tolerance_sees_a_change(run: RunData, tmp_path: Path) -> None:
    figure = PICTURES["forest"](run).get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.axes[0].set_xlim(-60.0, 60.0)
    with style.styled():
        style.write_title(figure, "forest")
        figure.savefig(tmp_path / "forest.png", dpi=DPI)
    assert compare_images(str(KEPT / "forest.png"), str(tmp_path / "forest.png"), MOST_DIFFERENT) is not None


def test_kept_pictures_are_small_and_all_used() -> None:
    assert {file.stem for file in KEPT.glob("*.png")} == set(PICTURES)
    assert sum(file.stat().st_size for file in KEPT.glob("*.png")) < 200_000


def main() -> None:
    KEPT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        run = RunData.open(write_run(Path(scratch) / "run", days=8))
        for name in sys.argv[1:] or PICTURES:
            print(draw(run, name, KEPT))


if __name__ == "__main__":
    main()
