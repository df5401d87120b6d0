"""Sweeps: many variants from a few lines, by a grid, a list of points, or a Latin hypercube.

    sweeps:
      staff:
        vary:
          ports.here.lanes.general.booths: [3, 4, 5]
          ports.here.traffic.car.nexus: [20 %, 40 %]

makes the variants `staff-1` to `staff-6`. They are put beside the variants written by hand before anything is resolved,
and are variants like any other from then on.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator

from sim.errors import Fault
from sim.scenario.fields import Model, Name, as_tuple, optional, required
from sim.scenario.operations import Quantity, quantity
from sim.scenario.problems import Path, Problem, ProblemError, in_words
from sim.scenario.tree import Tree, dotted

MOST = 200
"""Variants that the sweeps of a scenario may make together; each is a whole run of the scenario."""
DIGITS = 6
"""Significant digits of a value drawn between two others."""

Points = dict[str, dict[str, Any]]
"""Values by path, by name of the variant."""


class Sweep(Model):
    """Variants made from values of a few paths: every combination, point by point, or spread evenly between ends."""

    quiet: ClassVar[frozenset[str]] = frozenset({"points", "variants"})

    vary: dict[str, Any] = required(
        "Paths, as in a variant, with the values each takes; for a latin-hypercube its lowest and highest value.",
        min_length=1,
    )
    how: Literal["grid", "list", "latin-hypercube"] = optional(
        "grid",
        "Every combination of the values; the first of each path, then the second of each; or points drawn between the "
        "ends, so that each path has one in every stratum.",
    )
    points: int | None = optional(None, "How many points a latin-hypercube has.", ge=2, le=MOST)
    variants: Annotated[tuple[Name, ...], BeforeValidator(as_tuple)] = optional(
        [],
        "With a list, variants written out that its points stand for, instead of new ones; a resolved scenario has it.",
    )

    def check(self) -> Iterator[Problem]:
        """Values for every path, and what goes with each way of sweeping."""
        for path, values in self.vary.items():
            if not isinstance(values, list | tuple) or not values:
                yield Problem(in_words(values) if values else "no values", "a list of values", at=("vary", path))
                return
        yield from self._check_hypercube() if self.how == "latin-hypercube" else self._check_points()
        lengths = {path: len(values) for path, values in self.vary.items()}
        if self.how == "list" and len(set(lengths.values())) > 1:
            counts = " and ".join(str(length) for length in lengths.values())
            yield Problem(f"{counts} values in a list of points", "as many for each path", "or how: grid", ("vary",))
        if self.variants and self.how != "list":
            yield Problem("variants with a sweep that makes its own", "how: list", at=("variants",), on_key=True)
        elif self.variants and len(self.variants) != next(iter(lengths.values())):
            found = f"{len(self.variants)} variants for {next(iter(lengths.values()))} points"
            yield Problem(found, "one for each point", at=("variants",))

    def _check_points(self) -> Iterator[Problem]:
        if self.points is not None:
            found = f"points with a {self.how}"
            yield Problem(found, "points with how: latin-hypercube", at=("points",), on_key=True)

    def _check_hypercube(self) -> Iterator[Problem]:
        if self.points is None:
            yield Problem("a latin-hypercube without points", "points: 20, or so", at=("how",))
        for path, values in self.vary.items():
            try:
                ends(list(values))
            except ProblemError as trouble:
                yield from (problem.under("vary", path) for problem in trouble.problems)


def ends(values: Any) -> tuple[Quantity, Quantity]:
    """The lowest and the highest of a range as written. Raises ProblemError for anything but two such quantities."""
    low, high = (quantity(value) for value in values) if isinstance(values, list) and len(values) == 2 else (None, None)
    if low is None or high is None or low.dimension != high.dimension or low.inside >= high.inside:
        found = "something else than two values" if low is None or high is None else f"{values[0]} to {values[1]}"
        raise ProblemError(Problem(found, "the lowest and the highest value with their units, such as [45 s, 60 s]"))
    return low, high


def between(low: Quantity, high: Quantity, share: float) -> Any:
    """The value that far from the lowest to the highest; whole numbers where both ends are, each as likely."""
    if low.whole and high.whole:
        count = high.number - low.number + 1
        return int(low.number + min(math.floor(share * count), count - 1))
    return low.at(low.inside + share * (high.inside - low.inside), DIGITS)


# ---- making variants --------------------------------------------------------------------------------------


def expand(written: Tree, seed: int | None, faults: list[Fault]) -> dict[str, Points]:
    """Put the variants of every sweep into the tree as written; the points by sweep.

    `seed` is the master seed where one is stated. A sweep that the schema will refuse is left to it. Adds to `faults`
    what the schema cannot see: too many variants, names that are taken.
    """
    found = dict[str, Points]()
    for name, sweep in _sound(written.plain.get("sweeps")):
        at: Path = ("sweeps", name)
        if sweep.how == "latin-hypercube" and seed is None:
            faults.append(_fault(written, at, "a latin-hypercube without a seed", "a seed, so that its points stay"))
            continue
        count = sum(map(len, found.values())) + _size(sweep)
        if count > MOST:
            others = " with those before it" if found else ""
            faults.append(_fault(written, at, f"{count:,} variants{others}", f"at most {MOST}", "fewer values"))
            continue
        rows = list(_rows(name, sweep, seed or 0))
        if sweep.variants:
            found[name] = _written_out(written, at, sweep, rows, faults)
        else:
            found[name] = _made(written, at, rows, faults)
    return found


def _sound(sweeps: Any) -> Iterator[tuple[str, Sweep]]:
    from pydantic import ValidationError

    for name, plain in sweeps.items() if isinstance(sweeps, dict) else ():
        try:
            yield name, Sweep.model_validate(plain)
        except ValidationError:
            continue


def _size(sweep: Sweep) -> int:
    if sweep.how == "latin-hypercube":
        return sweep.points or 0
    lengths = [len(values) for values in sweep.vary.values()]
    return math.prod(lengths) if sweep.how == "grid" else lengths[0]


def _rows(name: str, sweep: Sweep, seed: int) -> Iterable[list[tuple[Any, int]]]:
    """Points: for each path its value, with the position of the value in the list as written."""
    if sweep.how == "latin-hypercube":
        columns = [
            _strata(f"sweep/{name}/{path}", seed, list(sweep.vary[path]), sweep.points or 0) for path in sweep.vary
        ]
        return ([(value, 0) for value in point] for point in zip(*columns, strict=True))
    lists = [[(value, index) for index, value in enumerate(values)] for values in sweep.vary.values()]
    combined = product(*lists) if sweep.how == "grid" else zip(*lists, strict=True)
    return (list(point) for point in combined)


def _strata(stream: str, seed: int, values: list[Any], points: int) -> list[Any]:
    """One value in each of as many equal strata, in random order (McKay, Beckman and Conover 1979)."""
    low, high = ends(values)
    return [between(low, high, share) for share in latin_hypercube(stream, seed, points)]


def latin_hypercube(stream: str, seed: int, points: int) -> list[float]:
    """One coordinate of a Latin hypercube in [0, 1), drawn from a named stream of the master seed."""
    import numpy as np

    key = int.from_bytes(hashlib.blake2b(stream.encode(), digest_size=8).digest(), "little")
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(key,))))
    return [float(share) for share in (generator.permutation(points) + generator.random(points)) / points]


def _made(written: Tree, at: Path, rows: list[list[tuple[Any, int]]], faults: list[Fault]) -> Points:
    """New variants, each value with the place where the sweep has it."""
    if not isinstance(written.plain.get("variants"), dict):
        written.plain["variants"] = {}
        written.places.setdefault(("variants",), written.places[at])
    paths = list(written.get((*at, "vary")))
    points = Points()
    for number, row in enumerate(rows, start=1):
        name = f"{at[-1]}-{number}"
        if name in written.plain["variants"]:
            faults.append(_fault(written, at, f"a sweep that makes a variant '{name}', which is there", "another name"))
            return points
        points[name] = {path: value for path, (value, _) in zip(paths, row, strict=True)}
        written.plain["variants"][name] = dict(points[name])
        written.places["variants", name] = written.places[at]
        for path, (_, index) in zip(paths, row, strict=True):
            stated = (*at, "vary", path)
            key = written.places[stated]
            for below, place in list(written.below((*stated, index))):
                mark = replace(place, key_line=key.key_line, key_column=key.key_column) if not below else place
                written.places["variants", name, path, *below] = mark
    return points


def _written_out(
    written: Tree, at: Path, sweep: Sweep, rows: list[list[tuple[Any, int]]], faults: list[Fault]
) -> Points:
    known = written.plain.get("variants") or {}
    for name in sweep.variants:
        if name not in known:
            faults.append(_fault(written, (*at, "variants"), f"no variant '{name}'", "variants of the scenario"))
    values = [{path: value for path, (value, _) in zip(sweep.vary, row, strict=True)} for row in rows]
    return dict(zip(sweep.variants, values, strict=True))


def written_out(points: Points) -> dict[str, Any]:
    """A sweep as a resolved scenario has it: a list of points that are variants already."""
    paths = next(iter(points.values()))
    vary = {path: [point[path] for point in points.values()] for path in paths}
    return {"vary": vary, "how": "list", "variants": list(points)}


def relabelled(fault: Fault, points: dict[str, Points]) -> Fault:
    """A fault of a variant that a sweep made, told of the sweep: the same fault of all its variants is then one."""
    for sweep, variants in points.items():
        for name in variants:
            before = f"variants.{name}."
            if fault.path.startswith(before):
                return replace(fault, path=f"sweeps.{sweep}.vary.{fault.path.removeprefix(before)}")
    return fault


def _fault(tree: Tree, path: Path, found: str, allowed: str, mend: str = "") -> Fault:
    place = tree.nearest_place(path)[1]
    return Fault(place.file, place.key_line, place.key_column, dotted(path), found, allowed, mend)
