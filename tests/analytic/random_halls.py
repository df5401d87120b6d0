"""Preclearance halls and timetables made up at random from everything the format can say, small and valid."""

from __future__ import annotations

from pathlib import Path

import numpy as np

CLASSES = ("nexus", "app", "visitor", "citizen")


def random_hall(folder: Path, seed: int, events: bool = False) -> Path:
    """Write the hall of that seed with its timetable; with `events`, some of every kind."""
    rng = np.random.default_rng([77, seed])

    def maybe(chance: float = 0.5) -> bool:
        return bool(rng.random() < chance)

    def between(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    def service(seconds: int) -> str:
        kinds = (
            f"gamma: {{mean: {seconds} s, cv: 0.6}}",
            f"exponential: {{mean: {seconds} s}}",
            f"deterministic: {{value: {seconds} s}}",
        )
        extra = ", per_extra_person: 40 %" if maybe(0.4) else ""
        return f"{{{kinds[between(0, 2)]}{extra}}}"

    def desks(most: int) -> str:
        count = between(1, most)
        if maybe(0.3):
            return f'booths: {count}, open: {{"00:00": {count}, "02:00": {between(0, count)}, "03:30": {count}}}'
        return f"booths: {count}" + (", queue: per_booth" if maybe(0.3) else "")

    flights = sorted(between(100, 330) for _ in range(between(2, 6)))
    rows = [f"F{i},{m // 60:02d}:{m % 60:02d},{between(1, 40)},{between(0, 20) * 5} %" for i, m in enumerate(flights)]
    (folder / "timetable.csv").write_text("\n".join(["flight,departs,seats,load", *rows]) + "\n", encoding="utf-8")
    tight, pool, room = maybe(), maybe(0.6), maybe(0.4)
    first = ", priority: [tight, nexus]" if tight and maybe(0.7) else ""
    staff = "pool: team" if pool else desks(4)
    begins = "kiosk" if seed % 3 == 0 else "check"  # which not everybody uses, or everybody
    lines = [
        "format: 1",
        f"name: hall {seed}",
        "start: 2024-07-06 00:00",
        "horizon: 8 h",
        "replications: 2",
        f"seed: {seed}",
        *(['officers: {team: {officers: 4, open: {"00:00": 2, "02:30": 4}}}'] if pool else []),
        "preclearance:",
        "  here:",
        "    zone: America/Toronto",
        f"    clearance: {('full', 'pre-inspection', 'none')[between(0, 2)]}",
        "    departures: {timetable: timetable.csv}",
        "    classes: {nexus: 15 %, app: 25 %, visitor: 30 %, citizen: rest}",
        "    show_up: {nexus: {uniform: {low: 20 min, high: 70 min}}, '*': {lognormal: {mean: 80 min, cv: 0.4}}}",
        f"    party: {{nexus: {{fixed: {between(1, 2)}}}, '*': {1 + between(0, 12) / 10}}}",
        f"    closes: {between(5, 20)} min",
        f"    holds: {between(0, 8)} min",
        *(["    tight: 45 min"] if tight else []),
        *([f"    hall: {{from: {begins}, capacity: {between(4, 20)} people}}"] if room else []),
        "    stations:",
        f"      bags: {{share: {{nexus: 20 %, '*': 60 %}}, {desks(4)}, service: {service(50)}}}",
        f"      screening: {{{desks(3)}, service: {service(20)}{first}}}",
        f"      check: {{{desks(3)}, service: 9 s{first}}}",
        f"      kiosk: {{serves: [visitor, citizen], share: 70 %, instead: interview, {desks(6)}, "
        f"service: {service(40)}, failure: {{share: {{visitor: 25 %, '*': 8 %}}, to: interview}}"
        f"{', storage: 6 people' if maybe(0.4) else ''}}}",
        f"      verify: {{kind: primary, serves: [app, visitor, citizen], {staff}, service: {service(15)}, "
        "then: walk}",
        f"      nexus: {{kind: primary, serves: [nexus], {desks(2)}, service: {service(9)}, then: walk}}",
        f"      interview: {{kind: primary, serves: [visitor, citizen], {staff}, service: {service(45)}{first}}}",
        f"      secondary: {{kind: secondary, {desks(2)}, referral: {{nexus: 2 %, '*': 10 %}}, "
        f"service: {service(300)}, outcomes: {{refused: 20 %}}{', storage: 0 people' if maybe(0.3) else ''}}}",
        "      walk: {kind: walk, service: {uniform: {low: 2 min, high: 5 min}}}",
        "    far_side:",
        "      name: there",
        "      journey: 30 min",
        "      stations:",
        "        ashore: {kind: walk, service: {uniform: {low: 1 min, high: 6 min}}}",
        f"        primary: {{kind: primary, under: [none, pre-inspection], {desks(4)}, service: {service(30)}}}",
    ]
    if events:
        times = [f"2024-07-06 {m // 60:02d}:{m % 60:02d}" for m in sorted(between(60, 330) for _ in range(8))]
        effects = [
            f"demand: {{air: {between(0, 15) / 10}, air.visitor: {between(0, 20) / 10}}}",
            f"service: {{'*': {between(5, 20) / 10}, kiosk: {between(5, 30) / 10}}}, secondary: 1.5",
            f"stopped: [{('kiosk', 'screening', 'secondary')[between(0, 2)]}], referral: {between(0, 30) / 10}",
            f"booths: {{check: {between(0, 1)}, screening: 1}}" + (", officers: {team: 1}" if pool else ""),
        ]
        lines.append("events:")
        for effect, since, until in zip(effects, times[:4], times[4:], strict=True):
            lines.append(f"  - {{name: event, from: {since}, until: {until}, {effect}}}")
    path = folder / "hall.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
