"""Officers, booths and lines: what more, fewer, pooled and better used capacity does to waits."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import numpy as np
from physics_tools import at_port, measured, pairs, simulated, surely_positive, written
from toolbox import MINUTE, estimate

WHOLE_PORT = """
    traffic:
      car: {rate: 150 /h, nexus: 25 %}
      truck: {rate: 34 /h, fast: 25 %}
    approach: {serves: [car], split: 8 cars}
    lanes:
      general: {serves: [car], booths: 2, queue: per_booth, service: {erlang: {mean: 60 s, shape: 3}}}
      nexus: {serves: [car.nexus], booths: 1, service: {gamma: {mean: 20 s, cv: 0.5}}}
      truck: {serves: [truck], priority: [truck.fast], booths: 1, service: {gamma: {mean: 90 s, cv: 0.7}}}
    secondary: {bays: 2, storage: 3 cars, referral: {car: 5 %, truck: 5 %}, service: {lognormal: {mean: 8 min, cv: 1}}}
"""
"""A road with a split that traps NEXUS, lines of their own, priority, bays that fill up: no theorem holds here."""
GROUPS = {"general": ("car", "car.nexus"), "nexus": ("car.nexus",), "truck": ("truck", "truck.fast")}
"""Lane groups, and whose waits a further booth there must shorten."""


def test_one_more_booth_of_any_group_shortens_the_waits_of_those_it_serves(tmp_path: Path, times: int) -> None:
    more = """
        variants:
          general: {ports.here.lanes.general.booths: 3}
          nexus: {ports.here.lanes.nexus.booths: 2}
          truck: {ports.here.lanes.truck.booths: 2}
    """
    done = measured(written(tmp_path, WHOLE_PORT, more, horizon="45 min", seed=501, times=times))
    for group, classes in GROUPS.items():
        for klass in classes:
            before, after = (done.values("wait_mean", klass=klass, variant=v) for v in ("baseline", group))
            surely_positive(before - after, f"minutes a {klass} saves by one more {group} booth")
        everybody = done.values("wait_mean") - done.values("wait_mean", variant=group)
        surely_positive(everybody, f"minutes anybody saves by one more {group} booth")


def test_more_demand_lengthens_the_waits_of_the_common_parties(tmp_path: Path, times: int) -> None:
    """Also of NEXUS cars, which share no booth with most of the cars that were added: those trap them."""
    more = """
        variants:
          cars: {ports.here.traffic.car.rate: 165 /h}
          trucks: {ports.here.traffic.truck.rate: 40 /h}
    """
    plan = simulated(written(tmp_path, WHOLE_PORT, more, horizon="1 h", seed=502, times=times))
    longer = [
        (cars.longer(("car",)), cars.longer(("car.nexus",)), trucks.longer(("truck", "truck.fast")))
        for cars, trucks in pairs(plan, "cars", "trucks")
    ]
    for klass, values in zip(("car", "car.nexus", "truck"), np.transpose(longer), strict=True):
        surely_positive(values, f"minutes a common {klass} waits longer")


def test_jockeying_shortens_the_mean_wait_to_that_of_one_line(tmp_path: Path, times: int) -> None:
    """At a difference of 2 no booth is idle while a party waits, and the order of service is nothing to the mean."""
    port = """
        traffic: {car: {rate: 165 /h}}
        lanes:
          general: {serves: [car], booths: 3, queue: per_booth, service: {gamma: {mean: 60 s, cv: 1}}}
    """
    more = """
        variants:
          jockeying: {ports.here.lanes.general.jockey: 2}
          one-line: {ports.here.lanes.general.queue: shared}
    """
    done = measured(written(tmp_path, port, more, horizon="90 min", seed=503, times=times))
    without, jockeying, one_line = (done.values("wait_mean", variant=v) for v in ("baseline", "jockeying", "one-line"))
    saved = surely_positive(without - jockeying, "minutes saved by jockeying")
    rest = estimate(jockeying - one_line)
    print(f"jockeying over one line: {rest.mean:.4f} +- {rest.half:.4f} min")
    assert rest.half < saved, "too wide to tell jockeying from none"
    assert abs(rest.mean) < rest.half


def test_officers_shared_by_two_directions_do_better_than_two_halves(tmp_path: Path, times: int) -> None:
    """Four officers for both directions against two each, at equal and at unequal loads of the two."""
    booths = "{serves: [car], booths: 2, service: {exponential: {mean: 60 s}}}"
    pooled = "{serves: [car], pool: team, service: {exponential: {mean: 60 s}}}"
    here = f"traffic: {{car: {{rate: 95 /h}}}}\nlanes: {{general: {pooled}}}"
    more = f"""
        officers: {{team: {{officers: 4}}}}
        variants:
          halves: {{ports.here.lanes.general: {booths}, ports.there.lanes.general: {booths}}}
    """
    for rate in (95, 40):
        folder = tmp_path / str(rate)
        folder.mkdir()
        path = written(folder, here, more, horizon="1 h", seed=504, times=times)
        there = here.replace("95 /h", f"{rate} /h")
        port = f"there:\n  direction: northbound\n  zone: America/Vancouver\n{indent(there, '  ')}\n"
        path.write_text(path.read_text(encoding="utf-8") + indent(port, "  "), encoding="utf-8")
        done = measured(path)
        hours = {
            variant: sum(at_port(done, facility, "person_hours_delay", variant) for facility in ("here", "there"))
            for variant in ("baseline", "halves")
        }
        came = sum(at_port(done, facility, "arrivals") for facility in ("here", "there"))
        saved = (hours["halves"] - hours["baseline"]) * 60.0 / came
        surely_positive(saved, f"minutes saved by pooling, 95 /h here and {rate} /h there")


def test_a_handover_costs_the_booth_time_of_its_gaps(tmp_path: Path, times: int) -> None:
    """Three saturated booths, each away for ten minutes: 30 booth-minutes, less what the closing booth finishes.

    The booth that closes ends the inspection it has, on average E[S^2] / 2 E[S] = 40 s of the gap for Erlang 3.
    """
    port = """
        traffic: {car: {rate: 260 /h}}
        lanes: {general: {serves: [car], booths: 3, service: {erlang: {mean: 60 s, shape: 3}}}}
    """
    gap = 'variants: {handover: {ports.here.lanes.general.handover: {at: ["00:50"], gap: 10 min}}}'
    done = measured(written(tmp_path, port, gap, horizon="2 h", seed=505, times=times, more="end: cut"))
    booth_hours = done.values("booth_hours") - done.values("booth_hours", variant="handover")
    np.testing.assert_allclose(booth_hours, 0.5, rtol=1e-9)
    lost = estimate(2.0 * (done.values("throughput") - done.values("throughput", variant="handover")))
    print(f"cars lost to the handover: {lost.mean:.2f} +- {lost.half:.2f}, of the gaps alone 30")
    lost.agrees(30.0 - 40.0 / MINUTE, precision=0.1)
    surely_positive(done.values("queue_mean", variant="handover") - done.values("queue_mean"), "cars more in line")


def test_cutting_at_the_horizon_keeps_the_past_and_leaves_out_the_longest_waits(tmp_path: Path, times: int) -> None:
    port = """
        traffic: {car: {rate: 160 /h}}
        lanes: {general: {serves: [car], booths: 2, service: {erlang: {mean: 60 s, shape: 3}}}}
    """
    path = written(tmp_path, port, "variants: {cut: {end: cut}}", horizon="1 h", seed=506, times=times)
    plan, left_out = simulated(path), []
    inside = []
    for (pair,) in pairs(plan, "cut"):
        drained, cut = pair.before.started, pair.after.started
        assert len(drained) == len(cut)
        past = drained < 60 * MINUTE
        assert np.array_equal(cut[past], drained[past])
        assert np.isnan(cut[~past]).all()
        assert len(pair.before.end("admitted")) == len(drained)
        inside.append(1.0 - past.mean())
        left_out.append(np.mean(pair.before.wait) - np.nanmean(pair.after.wait))
    # 160 /h come and 120 /h are served: near a quarter is in line at the end, less what the start without a line saves.
    share = estimate(np.array(inside))
    print(f"share cut off: {share.mean:.4f} +- {share.half:.4f}")
    assert share.half < 0.05
    assert 0.2 < share.mean < 0.25 + share.half
    surely_positive(left_out, "minutes of wait left out")
