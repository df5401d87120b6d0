"""The replications of one finished run, or of several that can stand beside each other, as arrays.

Runs are comparable when replication i of each is the same day: same start, horizon and warm-up, same facilities in the
same zones, same seed and number of replications, same version of the model. What is compared is what differs: the
scenarios and their variants. Anything else is refused, with what differs and how to mend it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import RunFolderError, UsageError
from sim.model.arrays import FloatArray
from sim.scenario.problems import nearest
from sim.scenario.vocabulary import BASELINE
from sim.study import store
from sim.study.layout import ALL, Key

TABLE = "replications.parquet"
_NAMES = ["facility", "station", "class", "measure", "unit"]


@dataclass(frozen=True, eq=False)
class Samples:
    """Every whole-run measure of every replication, by variant, the baseline first."""

    title: str
    folders: tuple[Path, ...]
    keys: Mapping[str, tuple[Key, ...]]
    values: Mapping[str, FloatArray]
    """(replications, keys) of each variant; NaN where a replication lacks a measure."""
    horizon: float = 1440.0
    """Minutes."""

    @property
    def variants(self) -> list[str]:
        """Without the baseline."""
        return [name for name in self.values if name != BASELINE]

    @property
    def replications(self) -> int:
        """How many there are, of each variant."""
        return len(self.values[BASELINE])

    def column(self, variant: str, key: Key) -> FloatArray | None:
        """(replications,): one measure of a variant; None where it has no such measure."""
        keys = self.keys[variant]
        return self.values[variant][:, keys.index(key)] if key in keys else None

    def classes(self, facility: str) -> tuple[str, ...]:
        """Classes of a facility of the baseline, without `all`."""
        found = dict.fromkeys(key.klass for key in self.keys[BASELINE] if key.facility == facility)
        return tuple(name for name in found if name != ALL)

    @property
    def facilities(self) -> tuple[str, ...]:
        """Of the baseline."""
        return tuple(dict.fromkeys(key.facility for key in self.keys[BASELINE]))


def read(folders: Sequence[Path]) -> Samples:
    """The samples of finished runs; the baseline is that of the first.

    The baseline of a further run counts as a variant, named after its scenario file, unless all its numbers are those
    of the first. A name that is taken gets the run's id: `one-more-booth@1cdd5d69c5bf`.

    Raises:
        RunFolderError: a folder is no finished run, was changed, or there is nothing to compare.
        UsageError: the runs are not comparable; says in what.
    """
    manifests = [store.verify(folder) for folder in folders]
    for folder, manifest in zip(folders[1:], manifests[1:], strict=True):
        _refuse_differences(folders[0], manifests[0], folder, manifest)
    keys: dict[str, tuple[Key, ...]] = {}
    values: dict[str, FloatArray] = {}
    for number, (folder, manifest) in enumerate(zip(folders, manifests, strict=True)):
        for variant, (own_keys, own_values) in _read(folder, manifest).items():
            name = Path(manifest["file"]).stem if number and variant == BASELINE else variant
            same = BASELINE if variant == BASELINE else name
            if number and same in values and _equal((keys[same], values[same]), (own_keys, own_values)):
                continue
            if name in values:
                name = f"{name}@{folder.resolve().name}"
            keys[name], values[name] = own_keys, own_values
    if len(values) < 2:
        raise RunFolderError(_nothing_to_compare(folders))
    return Samples(str(manifests[0]["scenario"]), tuple(folders), keys, values, float(manifests[0]["horizon_minutes"]))


def _nothing_to_compare(folders: Sequence[Path]) -> str:
    if len(folders) == 1:
        return f"{folders[0]} has no variants to compare; run the scenario with --all or --variant NAME"
    return f"{', '.join(map(str, folders))} have the same numbers: there is nothing to compare"


_SAME = {
    "start": "start",
    "horizon_minutes": "horizon (min)",
    "warm_up_minutes": "warm-up (min)",
    "seed": "seed",
    "replications": "number of replications",
}


def _refuse_differences(first: Path, mine: Mapping[str, Any], other: Path, theirs: Mapping[str, Any]) -> None:
    """Everything in which two runs differ and must not, in one message."""
    found = [
        f"{words}: {mine.get(key)} and {theirs.get(key)}"
        for key, words in _SAME.items()
        if mine.get(key) != theirs.get(key)
    ]
    here, there = ({n: f.get("zone") for n, f in m.get("facilities", {}).items()} for m in (mine, theirs))
    if here != there:
        found.append(f"facilities: {_listed(here)} and {_listed(there)}")
    versions = [m.get("versions", {}).get("bordersim") for m in (mine, theirs)]
    if versions[0] != versions[1]:
        found.append(f"version of bordersim: {versions[0]} and {versions[1]}")
    if not found:
        return
    mend = ""
    if mine.get("seed") != theirs.get("seed") or mine.get("replications") != theirs.get("replications"):
        mend = (
            "; replications are paired only where both runs draw the same days: run the second scenario with "
            f"--seed {mine.get('seed')} --replications {mine.get('replications')}"
        )
    raise UsageError(f"{other} cannot be compared with {first}; they differ in {'; '.join(found)}{mend}")


def _listed(facilities: Mapping[str, object]) -> str:
    return ", ".join(f"{name} ({zone})" for name, zone in facilities.items()) or "none"


def _equal(mine: tuple[tuple[Key, ...], FloatArray], theirs: tuple[tuple[Key, ...], FloatArray]) -> bool:
    return mine[0] == theirs[0] and np.array_equal(mine[1], theirs[1], equal_nan=True)


def _read(folder: Path, manifest: Mapping[str, Any]) -> dict[str, tuple[tuple[Key, ...], FloatArray]]:
    """Keys and values of each variant. The file holds a variant's replications in order, each with all its keys."""
    import pyarrow.parquet as pq

    path, texts = folder / TABLE, ["variant", *_NAMES]
    try:
        # The file itself, as `read_table` would first load what reads folders of files, and pandas.
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            table = file.read([*texts, "replication", "value"]).unify_dictionaries()
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    # As they lie in memory: `to_numpy` would load pandas to ask whether they are its own.
    replication, value = (np.from_dlpack(table.column(name).combine_chunks()) for name in ("replication", "value"))
    measured = np.asarray(value, dtype=np.float64)
    coded = {name: table.column(name).combine_chunks() for name in texts}
    index = {name: np.from_dlpack(column.indices) for name, column in coded.items()}
    said = {name: column.dictionary.to_pylist() for name, column in coded.items()}
    found = {}
    for variant in (BASELINE, *manifest["variants"]):
        own = np.flatnonzero(index["variant"] == said["variant"].index(variant))
        heads = own[replication[own] == 0]
        keys = tuple(Key(*(said[name][index[name][row]] for name in _NAMES)) for row in heads)
        found[variant] = keys, measured[own].reshape(-1, len(keys))
    return found


@dataclass(frozen=True)
class Choice:
    """What is to be compared; an empty choice stands for the usual."""

    measures: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()


USUAL = ("wait_mean", "wait_p95", "over_standard_share")
"""Measures compared at a port unless others are named; those that the run does not have are left out."""
USUAL_OF_HALL = (
    "wait_total_mean", "wait_total_p95", "over_standard_share", "door_to_airside_mean", "missed_share",
    "arrive_before_p95",
)  # fmt: skip
"""The same at a preclearance hall or a far side: waits at all its stations together, which are 0 where the variant
inspects nobody, while a mean wait for officers to whom nobody comes is not known."""
USUAL_OF_BOTH_ENDS = ("journey_wait_mean", "journey_cost_per_passenger")
"""And at a hall with a far side; at the others what a passenger costs here."""
COSTS = ("cost_per_passenger", "journey_cost_per_passenger")
"""Left out of the usual where no cost is stated, so that all are 0."""
USUAL_OF_FLOW = (
    "persons", "persons_intercepted", "persons_undetected", "claims_inland", "cold_exposed", "persons_returned",
    "claims_eligible", "custody_mean", "interviews_pending_mean", "places_mean", "overflow_nights", "board_pending_end",
    "cost",
)  # fmt: skip
"""The same of an irregular flow."""


def usual(measures: Collection[str]) -> tuple[str, ...]:
    """What is compared of a facility that has these measures, unless something is named."""
    if "persons_returned" in measures:
        return USUAL_OF_FLOW
    if "passengers" not in measures:
        return USUAL
    further = USUAL_OF_BOTH_ENDS if "journey_wait_mean" in measures else COSTS[:1]
    return (*USUAL_OF_HALL, *further)


def chosen_keys(samples: Samples, choice: Choice) -> tuple[Key, ...]:
    """Rows of the baseline that a choice names, by facility, station, class (`all` last), and measure as named.

    `all` is left out where it says the same as the only class.

    Raises:
        UsageError: nothing of that name, with what there is; or no row has all that was named.
    """
    keys = samples.keys[BASELINE]
    wanted = {
        "facility": choice.facilities,
        "station": choice.stations or (ALL,),
        "klass": choice.classes,
        "measure": choice.measures,
    }
    for part, names in wanted.items():
        if part != "measure" or choice.measures:
            _refuse_unknown(part, names, tuple(dict.fromkeys(getattr(key, part) for key in keys)))
    mine = {name: usual({key.measure for key in keys if key.facility == name}) for name in samples.facilities}
    if not choice.measures:
        wanted["measure"] = tuple(dict.fromkeys(measure for names in mine.values() for measure in names))
        keys = tuple(key for key in keys if key.measure in mine[key.facility] and _costs_something(samples, key))
    found = [key for key in keys if all(not names or getattr(key, part) in names for part, names in wanted.items())]
    if not choice.classes:
        flows = {name for name, usuals in mine.items() if usuals == USUAL_OF_FLOW}  # asked of people, not of kinds
        found = [k for k in found if k.klass == ALL if k.facility in flows or _says_more(k, found)] + [
            k for k in found if k.klass != ALL and k.facility not in flows
        ]
    if not found:
        asked = ", ".join(name for named in wanted.values() for name in named)
        raise UsageError(f"the run has no measure with all of these: {asked}; its summary.csv lists what there is")
    place = {key: at for at, key in enumerate(found)}
    groups = list(dict.fromkeys((key.facility, key.station) for key in found))
    measures = list(wanted["measure"])

    def order(key: Key) -> tuple[int, bool, int, int]:
        first = min(at for other, at in place.items() if other[:3] == key[:3])
        return groups.index((key.facility, key.station)), key.klass == ALL, first, measures.index(key.measure)

    return tuple(sorted(found, key=order))


def _costs_something(samples: Samples, key: Key) -> bool:
    """False for a cost that is 0 in every variant, as none is stated."""
    if key.measure not in COSTS:
        return True
    columns = (samples.column(variant, key) for variant in samples.values)
    return any(bool(np.any(column > 0.0)) for column in columns if column is not None)


def _says_more(key: Key, among: Sequence[Key]) -> bool:
    classes = {o.klass for o in among if (o.facility, o.station, o.measure) == (key.facility, key.station, key.measure)}
    return len(classes) != 2


def _refuse_unknown(part: str, names: Sequence[str], known: Sequence[str]) -> None:
    if unknown := [name for name in names if name not in known]:
        what = "class" if part == "klass" else part
        there = ", ".join(known)
        raise UsageError(
            f"the run has no {what} {unknown[0]!r}; there are: {there}. {nearest(unknown[0], known)}".rstrip(". ")
        )
