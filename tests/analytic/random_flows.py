"""Irregular flows made up at random from everything the format can say, small and valid."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def random_flows(folder: Path, seed: int) -> Path:
    """Write the flows of that seed: two sectors, a port with cars, and sometimes a choice among them."""
    rng = np.random.default_rng([88, seed])

    def maybe(chance: float = 0.5) -> bool:
        return bool(rng.random() < chance)

    def between(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    def time(minutes: int) -> str:
        return (
            f"{{gamma: {{mean: {minutes} min, cv: 0.6}}}}",
            f"{{exponential: {{mean: {minutes} min}}}}",
            f"{minutes} min",
        )[between(0, 2)]

    def staff(most: int) -> str:
        if maybe(0.4):
            return "pool: team"
        count = between(1, most)
        table = f', open: {{"00:00": {count}, "06:00": {between(0, count)}, "09:00": {count}}}' if maybe(0.3) else ""
        return f"officers: {count}{table}"

    def eligibility(most: int) -> str:
        more = f", exemptions: {{other: {{share: 5 %, applies: {'yes' if maybe() else 'no'}}}}}"
        return (
            f"{{{staff(most)}, service: {time(between(20, 90))}, exceptions: {{family: {between(0, 40)} %, "
            f"document: {{adults: 4 %, '*': 2 %}}, public-interest: 1 %}}{more}, inadmissible: {between(0, 9)} %, "
            f"detained: {between(0, 9)} %}}"
        )

    with_intake: list[str] = []

    def intake(name: str) -> list[str]:
        if maybe(0.3):
            return []
        with_intake.append(name)
        overflow = ("hotel", "wait")[between(0, 1)]
        stay = f"places: {between(1, 25)}, stay: {time(between(300, 2000))}"
        return [f"    intake: {{{stay}, share: 70 %, overflow: {overflow}}}"]

    def groups(detected: bool) -> str:
        way = f"{'detected_per_day' if detected else 'per_day'}: {between(5, 40)}"
        who = "composition: {family: 30 %, minors-alone: 5 %, adults: rest}, size: {family: 3.2, '*': 1.4}"
        return f"{{{way}, {who}, hide: {{whole-border-14-days: {between(20, 90)} %, '*': {between(0, 20)} %}}}}"

    def sector(name: str, kind: str) -> list[str]:
        leaves = f", leaves_after: {time(between(30, 120))}" if maybe(0.8) else ""
        units = f"patrols: {between(1, 4)}" if kind == "land" else f"joint_patrols: {between(1, 3)}"
        detect = ("[10 %, 70 %]", "45 %", "{sensor: [5 %, 30 %], tip: 10 %, us-notice: 20 %}")[between(0, 2)]
        return [
            f"  {name}:",
            "    zone: America/Toronto",
            f"    kind: {kind}",
            f"    groups: {groups(maybe(0.3))}",
            f"    intercept: {{detect: {detect}, shared_information: {'yes' if maybe() else 'no'}, alert: {time(10)}, "
            f"{units}, response: {time(between(15, 60))}, with_group: {time(between(10, 60))}{leaves}}}",
            *(
                ["    resources: {drones: {units: 3, detect: 5 %, response: 10 %, from: 2023-03-25}}"]
                if maybe()
                else []
            ),
            *([f"    processing: {{{staff(4)}, service: {time(between(30, 120))}}}"] if maybe(0.8) else []),
            *([f"    transfer: {time(40)}"] if maybe(0.8) else []),
            *([f"    interview: {{{staff(4)}, service: {time(between(30, 120))}}}"] if maybe(0.8) else []),
            f"    eligibility: {eligibility(4)}",
            f"    claims_inland: {between(0, 100)} %",
            *intake(name),
            "    weather: {cold: {mar: 40 %, apr: 10 %}, after: 30 min}",
        ]

    def event(number: int) -> str:
        effect = (
            "ports: [land], closed: yes",
            f"ports: [land, port], demand: {{irregular.adults: {between(0, 30) / 10}}}",
            f"ports: [land], stopped: [{('response', 'eligibility')[between(0, 1)]}]",
            f"ports: [land, water, port], service: {{'*': {between(5, 20) / 10}}}",
            f"ports: [land], service: {{response: {between(5, 20) / 10}}}",
            f"officers: {{team: {between(0, 3)}}}",
            *(f"ports: [{name}], more_places: {between(-20, 20) or 1}" for name in with_intake),
        )
        day = between(24, 30)
        dates = f"from: 2023-03-{day} 00:00, until: 2023-03-{day + 1} {between(0, 23):02}:00"
        return f"{{name: event {number}, {dates}, {effect[between(0, len(effect) - 1)]}}}"

    choice = [
        "displacement:",
        f"  lag: {between(0, 3)} d",
        "  origins:",
        "    east:",
        "      zone: America/New_York",
        f"      groups: {{per_day: {between(5, 40)}, size: 1.5, hide: 30 %}}",
        "      to: {land: {distance: 50 km, risk: 5 %, closed: [{from: 2023-03-26, until: 2023-03-28}]}, "
        f"port: {{attraction: {between(-1, 3)}}}, staying: {{attraction: {between(0, 3)}}}}}",
    ]
    lines = [
        "format: 1",
        f"name: flows {seed}",
        "start: 2023-03-23 00:00",
        f"horizon: {between(4, 9)} d",
        f"end: {('cut', 'drain')[between(0, 1)]}",
        "drain_cap: 20 d",
        "bin: 1 d",
        "replications: 2",
        f"seed: {seed}",
        "agreement: [{rule: ports-2004}, {from: 2023-03-25 00:01, rule: whole-border-14-days}]",
        'officers: {team: {officers: 6, open: {"00:00": 3, "07:00": 6}}}',
        *([f"board: {{per_year: {between(500, 20000)}, inventory: {between(0, 40)}}}"] if maybe(0.6) else []),
        "ports:",
        "  cars:",
        "    direction: northbound",
        "    zone: America/Toronto",
        "    traffic: {car: {per_day: 300}}",
        f"    lanes: {{general: {{serves: [car], {'pool: team' if maybe(0.7) else 'booths: 1'}, service: 70 s}}}}",
        "irregular:",
        *sector("land", "land"),
        *sector("water", "marine"),
        "  port:",
        "    zone: America/Toronto",
        "    kind: port",
        f"    groups: {{per_day: {between(2, 20)}, size: 1.6}}",
        f"    interview: {{{staff(3)}, service: {time(60)}}}",
        f"    eligibility: {eligibility(3)}",
        *intake("port"),
        *(choice if maybe(0.6) else []),
    ]
    lines += ["events:", *(f"  - {event(number)}" for number in range(3))] if maybe(0.6) else []
    path = folder / "flows.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
