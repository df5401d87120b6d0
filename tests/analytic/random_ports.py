"""Ports made up at random from everything the format can say, small and valid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from toolbox import scenario

HORIZON = 120
"""Minutes."""


class Maker:
    """Makes the YAML of one port; every choice comes from one generator."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng([2024, seed])
        self.trucks = self.maybe(0.7)
        self.pool = self.trucks and self.maybe(0.2)
        has_toll, has_approach = self.maybe(0.2), self.maybe(0.6)
        self.parts = [*(["toll"] if has_toll else []), *(["approach"] if has_approach else []), "lanes"]
        self.front = self.parts[0]

    def maybe(self, chance: float = 0.5) -> bool:
        return bool(self.rng.random() < chance)

    def pick(self, options: Sequence[Any]) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def chosen(self, *parts: str, chance: float = 0.5) -> list[str]:
        """Each part with that chance."""
        return [part for part in parts if self.maybe(chance)]

    def service(self, seconds: int) -> str:
        kind = self.pick(
            [
                f"erlang: {{mean: {seconds} s, shape: 3}}",
                f"exponential: {{mean: {seconds} s}}",
                f"gamma: {{mean: {seconds} s, cv: 0.7}}",
                f"deterministic: {{value: {seconds} s}}",
            ]
        )
        more = self.chosen("move_up: 5 s", "when_queue_over: {3: 0.9, 8: 0.75}", "per_extra_person: 10 %", chance=0.3)
        return f"service: {{{', '.join([kind, *more])}}}"

    def calendar(self, booths: int) -> list[str]:
        if self.maybe(0.4):
            return []
        times = sorted(self.rng.choice(HORIZON - 1, size=self.between(1, 4), replace=False) + 1)
        steps = [f'"{t // 60:02d}:{t % 60:02d}": {self.between(0, booths)}' for t in times]
        return [f'open: {{"00:00": {self.between(0, booths)}, {", ".join(steps)}, "02:30": {booths}}}']

    def group(self, serves: str, seconds: int, booths: int, pooled: bool = False) -> str:
        """A lane group; `pooled` when a pool of officers serves it."""
        parts = [f"serves: [{serves}]", self.service(seconds), f"on_close: {self.pick(['finish', 'reroute', 'wait'])}"]
        parts += self.chosen(
            f"patience: {{exponential: {{mean: {self.between(5, 40)} min}}}}", "waive_when_full: true", chance=0.25
        )
        if self.maybe(0.2):
            parts.append(f"storage: {self.between(3, 12)} cars")
        parts += self.at_the_front("lanes", "storage" in parts[-1])
        if pooled:
            return ", ".join([*parts, "pool: team"])
        parts += [f"booths: {booths}", *self.calendar(booths)]
        if self.maybe():
            parts += ["queue: per_booth", *(["jockey: 2"] if booths > 1 and self.maybe() else [])]
        parts += self.chosen(f"tandem: {self.between(1, booths)}", chance=0.3)
        parts += self.chosen('handover: {at: ["01:00"], gap: 3 min}', chance=0.2)
        return ", ".join(parts)

    def approach(self) -> str:
        split, storage = self.between(3, 10), self.maybe()
        parts = [f"lanes: {self.between(1, 2)}", *self.chosen(f"split: {split} cars", chance=0.7)]
        if storage:
            parts.append(f"storage: {split + self.between(3, 20)} cars")
        parts += self.chosen("travel: 90 s", chance=0.4)
        if self.maybe(0.3):
            parts.append("can_leave: true, patience: {exponential: {mean: 15 min}}")
        return ", ".join([*parts, *self.at_the_front("approach", storage)])

    def toll(self) -> str:
        parts, storage = ["booths: 2, service: 10 s, tandem: 1"], self.maybe()
        if storage:
            parts.append("storage: 6 cars")
        return ", ".join([*parts, *self.at_the_front("toll", storage)])

    def at_the_front(self, part: str, storage: bool) -> list[str]:
        """What becomes of parties from outside, at the part they meet first."""
        if part != self.front:
            return []
        if storage:
            return [f"when_full: {self.pick(['wait', 'balk'])}"]
        return self.chosen(f"balk_at: {self.between(4, 15)}", chance=0.4)

    def lines(self) -> list[str]:
        """The port, line by line."""
        booths = self.between(1, 4)
        found = [
            "traffic:",
            f"  car: {{rate: {50 * booths} /h, nexus: 30 %, occupants: 2, batch: {self.between(1, 2)}}}",
        ]
        if self.trucks:
            found.append("  truck: {rate: 25 /h, fast: 30 %}")
        found += self.chosen("day_to_day: {cv: 15 %}", "choose: shorter", chance=0.4)
        if "approach" in self.parts:
            found.append(f"approach: {{{self.approach()}}}")
        if "toll" in self.parts:
            found.append(f"toll: {{{self.toll()}}}")
        if self.maybe(0.3):
            found.append("initial_queue: {car: 6, car.nexus: 2}")
        if self.maybe(0.25):
            hours = '{"00:00": open, "01:30": closed, "02:30": open}'
            found += [f"hours: {hours}", f"outside_hours: {self.pick(['wait', 'balk'])}"]
        found += ["lanes:", f"  general: {{{self.group('car', 60, booths)}}}"]
        if self.maybe(0.6):
            found.append(f"  nexus: {{{self.group('car.nexus', 20, 1)}}}")
        if self.trucks:
            serves = "truck" if self.maybe() else "truck, car.nexus"
            group = self.group(serves, 100, self.between(1, 2), self.pool)
            found.append(f"  truck: {{{group}, priority: [truck.fast]}}")
        if self.maybe(0.7):
            found += self.secondary()
        return found

    def secondary(self) -> list[str]:
        staff = "pool: team" if self.pool else f"bays: {self.between(1, 3)}"
        storage = self.pick(["0 cars", "3 cars", "8 cars"])
        referral = "{car: 10 %, truck: 15 %}" if self.trucks else "{car: 12 %, car.nexus: 2 %}"
        return [
            "secondary:",
            f"  {staff}",
            f"  storage: {storage}",
            f"  referral: {referral}",
            "  outcomes: {refused: 5 %}",
            "  service: {gamma: {mean: 9 min, cv: 0.8}}",
        ]


def random_scenario(folder: Path, seed: int) -> Path:
    """Write the scenario of that seed."""
    maker = Maker(seed)
    more = [f"end: {maker.pick(['drain', 'cut'])}", *maker.chosen("warm_up: 20 min")]
    if maker.pool:
        more.append('officers: {team: {officers: 3, open: {"00:00": 2, "01:00": 3}}}')
    port = "\n".join(maker.lines())
    return scenario(
        folder, port, horizon=f"{HORIZON} min", replications=2, seed=seed, more="\n".join(more), name=f"port-{seed}"
    )
