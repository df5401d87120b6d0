"""The compiled engine gives the records of the reference engine, to the last bit, on everything there is."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from engines import differences, disagreeing

from sim.engine import choose_engine, engine
from sim.engine.compiled.pieces import pieces_of
from sim.errors import UsageError
from sim.model.parties import Parties
from sim.scenario import load
from sim.study.runs import experiment
from tools.bench import port

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_on_random_networks(first: int) -> None:
    assert disagreeing(range(first, first + 50)) == {}


@pytest.mark.parametrize("seed", [402, 418, 445, 584, 745, 909, 2040, 6353])
def test_on_cases_that_once_differed(seed: int) -> None:
    """A shared server given to a line further upstream; waiving against a road whose head could move."""
    assert disagreeing(range(seed, seed + 1)) == {}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_on_every_shipped_scenario_and_variant(path: Path) -> None:
    plan = experiment(load(path), "reference")
    for variant in plan.scenarios:
        model, _ = plan.model(variant)
        parties = model.draw(plan.seed, 0)
        if plan.scenarios[variant].irregular:
            parties = earliest(parties, 500)  # months of a flow, of which there are many variants
        elif not plan.scenarios[variant].ports:
            parties = earliest(parties, 1500)  # a whole day of a large airport takes the reference minutes
        assert differences(model.network, parties) == [], variant


def test_on_ports_side_by_side(tmp_path: Path) -> None:
    """Each a piece of the network, with parties and draws of its own among those of the others."""
    path = tmp_path / "ports.yaml"
    path.write_text(port.scenario(ports=3, hours=12), encoding="utf-8")
    plan = experiment(load(path), "reference")
    model, _ = plan.model("baseline")
    parties = earliest(model.draw(1, 0), 3000)
    assert len(pieces_of(model.network)) == 3
    assert np.any(np.diff(parties.klass) < 0)  # they come in turn
    assert differences(model.network, parties) == []


def earliest(parties: Parties, count: int) -> Parties:
    """The first to arrive, with the draws they had."""
    per_party = {
        field.name: values[:count]
        for field in dataclasses.fields(parties)
        if field.name != "draws" and (values := getattr(parties, field.name)) is not None
    }
    return dataclasses.replace(parties, **per_party)


def test_on_nobody_at_all() -> None:
    plan = experiment(load(SCENARIOS[0]), "reference")
    model, _ = plan.model("baseline")
    whole = np.zeros(0, np.int64)
    nobody = Parties(np.zeros(0), whole, whole, whole, np.zeros(0), np.zeros(0, bool))
    assert differences(model.network, nobody) == []


def test_what_is_written_down_is_taken_out_whenever_there_is_no_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pacific-highway-southbound", "everything-on", "preclearance-ferries"):
        plan = experiment(load(ROOT / "scenarios" / f"{name}.yaml"), "reference")
        model, _ = plan.model("baseline")
        parties = earliest(model.draw(1, 0), 4000)
        whole = engine("compiled")(model.network, parties)
        for visits in (0, 3, 300):
            with monkeypatch.context() as patch:
                patch.setattr("sim.engine.compiled.block.VISITS_AT_ONCE", visits)
                patch.setattr("sim.engine.compiled.block.EVENTS_AT_FIRST", 1)
                piecemeal = engine("compiled")(model.network, parties)
            for field in dataclasses.fields(whole):
                mine, other = getattr(whole, field.name), getattr(piecemeal, field.name)
                assert np.array_equal(mine, other, equal_nan=field.name in ("started", "ended", "left")), field.name


def test_auto_compiles_only_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.engine.is_compiled", lambda: False)
    assert choose_engine("auto", 1e5) == "reference"
    assert choose_engine("auto", 1e7) == "compiled"
    monkeypatch.setattr("sim.engine.is_compiled", lambda: True)
    assert choose_engine("auto", 100) == "reference"
    assert choose_engine("auto", 1e5) == "compiled"
    with pytest.raises(UsageError, match="there are: auto, compiled, reference"):
        choose_engine("fast", 1)


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    """Numba raises where it finds no place for its cache; a small function stands for the kernel."""
    code = (
        "import numba.core.caching as caching\n"
        "def nowhere(*args, **more): raise RuntimeError('no locator available')\n"
        "caching.FunctionCache.__init__ = nowhere\n"
        "from sim.engine.compiled.jit import cached\n"
        "double = cached(lambda x: 2 * x)\n"
        "print(double(21))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "42"), done.stderr
