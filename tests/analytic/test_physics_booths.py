"""Inside the booth: tandem positions, pace, pulling in, persons, and bays that are full."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from physics_tools import measured, surely_positive, written
from toolbox import estimate, ratio

_file = Path(__file__).parents[2] / "tools" / "make_theory_figures.py"
_spec = importlib.util.spec_from_file_location("make_theory_figures", _file)
assert _spec is not None
assert _spec.loader is not None
figures = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = figures
_spec.loader.exec_module(figures)

SATURATED = "traffic: {{car: {{rate: 200 /h{more}}}}}\nlanes: {{general: {{serves: [car], booths: 1, {lane}}}}}"


# ---- tandem -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "gain"), [(1, 4 / 3), (2, 16 / 11), (3, 32 / 21)])
def test_the_formula_of_the_tandem_gain_gives_the_known_ones_of_erlang(shape: int, gain: float) -> None:
    assert figures.tandem_gain("gamma", shape**-0.5) == pytest.approx(gain, rel=1e-12)


def test_a_tandem_booth_gains_the_less_the_more_inspections_differ(tmp_path: Path, times: int) -> None:
    """Published: 50 to 60 % more per lane. A pair leaves with the slower, so the gain is 2 E S / E max(S, S')."""
    laws = {"gamma": (0.35, 0.7), "lognormal": (0.35, 1.0)}
    for law, cvs in laws.items():
        for cv in cvs:
            lane = f"service: {{{law}: {{mean: 60 s, cv: {cv}}}}}"
            folder = tmp_path / f"{law}-{cv}"
            folder.mkdir()
            port = SATURATED.format(more="", lane=lane)
            more = "variants: {tandem: {ports.here.lanes.general.tandem: 1}}"
            path = written(
                folder, port, more, horizon="7 h", seed=541, times=times, replications=12, more="end: cut\nwarm_up: 1 h"
            )
            done = measured(path)
            one, two = (done.values("throughput", variant=v) for v in ("baseline", "tandem"))
            found, expected = ratio(two, one), figures.tandem_gain(law, cv)
            print(f"{law} of cv {cv}: gain {found.mean:.4f} +- {found.half:.4f}, theory {expected:.4f}")
            found.agrees(expected, precision=0.1)


# ---- pace, pulling in, persons ------------------------------------------------------------------------


def test_a_saturated_booth_passes_what_draw_persons_and_pulling_in_leave(tmp_path: Path, times: int) -> None:
    """3600 / (mean (1 + e (persons - 1)) + move-up) an hour; a pace of 0.8 over 10 in line multiplies the mean."""
    lane = "service: {erlang: {mean: 40 s, shape: 3}}"
    more = """
        variants:
          persons: {ports.here.lanes.general.service: {erlang: {mean: 40 s, shape: 3}, per_extra_person: 10 %}}
          move-up: {ports.here.lanes.general.service: {erlang: {mean: 40 s, shape: 3}, move_up: 10 s}}
          pace: {ports.here.lanes.general.service: {erlang: {mean: 40 s, shape: 3}, when_queue_over: {10: 0.8}}}
    """
    port = SATURATED.format(more=", occupants: 3", lane=lane)
    path = written(
        tmp_path, port, more, horizon="5 h", seed=542, times=times, replications=20, more="end: cut\nwarm_up: 1 h"
    )
    done = measured(path)
    for variant, seconds in {"baseline": 40.0, "persons": 48.0, "move-up": 50.0, "pace": 32.0}.items():
        found = estimate(done.values("throughput", variant=variant))
        print(f"{variant}: {found.mean:.2f} +- {found.half:.2f} an hour, theory {3600.0 / seconds:.2f}")
        found.agrees(3600.0 / seconds, precision=0.05)


def test_a_faster_pace_in_a_long_line_shortens_it(tmp_path: Path, times: int) -> None:
    port = """
        traffic: {car: {rate: 115 /h}}
        lanes: {general: {serves: [car], booths: 2, service: {erlang: {mean: 60 s, shape: 3}}}}
    """
    pace = "{erlang: {mean: 60 s, shape: 3}, when_queue_over: {5: 0.9, 15: 0.75}}"
    more = f"variants: {{pace: {{ports.here.lanes.general.service: {pace}}}}}"
    done = measured(written(tmp_path, port, more, horizon="2 h", seed=543, times=times))
    for measure in ("wait_mean", "queue_max"):
        surely_positive(done.values(measure) - done.values(measure, variant="pace"), f"less {measure}")


# ---- secondary ----------------------------------------------------------------------------------------


def test_full_bays_block_primary_and_waiving_trades_inspections_for_it(tmp_path: Path, times: int) -> None:
    """Two bays at load 1.1: blocked booths, long waits. Waiving or 30 bays take that away; waiving lets people go."""
    port = """
        traffic: {car: {rate: 110 /h}}
        lanes: {general: {serves: [car], booths: 3, service: {erlang: {mean: 60 s, shape: 3}}}}
        secondary: {bays: 2, referral: {car: 10 %}, service: {gamma: {mean: 12 min, cv: 0.7}}}
    """
    more = """
        variants:
          waive: {ports.here.lanes.general.waive_when_full: true}
          thirty-bays: {ports.here.secondary.bays: 30}
    """
    done = measured(written(tmp_path, port, more, horizon="75 min", seed=544, times=times))
    blocked, waits, inspected = (
        {v: done.values(measure, station, variant=v) for v in ("baseline", "waive", "thirty-bays")}
        for measure, station in (("blocked_hours", "general"), ("wait_mean", "all"), ("inspected_share", "all"))
    )
    for variant in blocked:
        found = (values[variant].mean() for values in (blocked, waits, inspected))
        print("{}: blocked {:.3f} booth-hours, wait {:.2f} min, inspected {:.4f}".format(variant, *found))
    surely_positive(blocked["baseline"], "booth-hours blocked")
    assert not blocked["waive"].any()
    surely_positive(waits["baseline"] - waits["waive"], "minutes saved by waiving")
    assert not blocked["thirty-bays"].any()
    assert np.array_equal(waits["waive"], waits["thirty-bays"]), "both leave primary as if there were no bays"
    surely_positive(inspected["thirty-bays"] - inspected["waive"], "share that goes without inspection by waiving")
    estimate(inspected["thirty-bays"]).agrees(0.1, precision=0.15)
