"""A sensitivity study: the baseline run with other values of its uncertain inputs, written to a folder of its own.

A point is kept on disk as soon as it is finished, as the replications of a run are: a study that was stopped goes on
from there, and ends with the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine import AUTO
from sim.errors import ReplicationError, RunFolderError, SimulationError, UsageError
from sim.model.arrays import FloatArray
from sim.scenario import Scenario, Study, fingerprint
from sim.scenario.problems import nearest
from sim.scenario.ranges import Input, inputs_of, with_values
from sim.scenario.show import as_text
from sim.scenario.sweeps import latin_hypercube
from sim.scenario.tables import TableReader
from sim.scenario.tree import dotted
from sim.scenario.vocabulary import BASELINE
from sim.study import store
from sim.study.catalogue import largest, within_what_can_be
from sim.study.estimators import Interval, mean_interval
from sim.study.executors import map_unordered
from sim.study.experiment import Experiment
from sim.study.journal import Journal
from sim.study.kept import going_on, telling_what_is_kept
from sim.study.layout import ALL, Key
from sim.study.runs import JOURNAL, experiment, folder_of, ready
from sim.study.screening import Carried, Screened, Trajectories, carried, screened

REPLICATIONS = 5
"""Days of each point, unless the command line says otherwise: all points have the same days."""
USUAL = ("wait_mean",)
"""Measures that are looked at unless others are named."""
USUAL_OF_HALLS = ("wait_total_mean",)
"""The same of preclearance halls: waits at all their stations together."""
USUAL_OF_FLOWS = ("persons", "persons_intercepted")
"""The same in a scenario of irregular flows alone; the second where people cross between ports."""
POINT = "point"
_HOW_OFTEN = ("replications", "precision", "seed")
Note = Callable[[str], None]
Coordinates = tuple[float | None, ...]
"""Where each input lies between its ends, 0 to 1; None where it is as in the baseline."""

ROW = ("facility", "measure", "unit")
SENSITIVITY_COLUMNS = (
    *ROW, "input", "baseline_value", "low", "high", "mu", "mu_star", "mu_star_low", "mu_star_high", "sigma", "origin",
    "trajectories",
)  # fmt: skip
TORNADO_COLUMNS = (*ROW, "input", "low", "high", "baseline", "at_low", "at_high", "swing")
CARRIED_COLUMNS = (
    *ROW, "baseline", "ci_low", "ci_high", "mean", "ci_low_inputs", "ci_high_inputs", "sd_inputs", "sd_days", "sd_rest",
    "draws", "replications",
)  # fmt: skip


@dataclass
class Points:
    """Runs the baseline with other inputs. Sent whole to every worker."""

    study: Study
    plan: Experiment
    inputs: tuple[Input, ...]
    keys: tuple[Key, ...]
    _tables: TableReader | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_tables": None}

    def outputs(self, at: Coordinates) -> FloatArray:
        """(replications, keys): the measures of each replication with the inputs there.

        Raises:
            SimulationError: one of them failed; says with which inputs.
            ScenarioError: the values do not go together.
        """
        self._tables = self._tables or TableReader(self.study.path.parent)
        values = {one.path: one.at(share) for one, share in zip(self.inputs, at, strict=True) if share is not None}
        baseline = self.study.baseline
        scenario = with_values(self.study, values, self._tables) if values else baseline
        plan = replace(self.plan, scenarios={BASELINE: baseline, POINT: scenario}, _models={})
        _, layout = plan.model(POINT)
        column = {key: place for place, key in enumerate(layout.keys)}
        result = np.full((self.plan.replications, len(self.keys)), np.nan)
        for replication in range(self.plan.replications):
            try:
                row, _ = plan.measures(POINT, replication)
            except ReplicationError as error:
                told = ", ".join(f"{dotted(path)}: {value}" for path, value in values.items()) or "the baseline"
                found = f"replication {replication} failed: {error.reason}; inputs: {told}"
                raise SimulationError(found) from error
            result[replication] = [row[column[key]] if key in column else np.nan for key in self.keys]
        return result


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What a study found; arrays (..., keys)."""

    inputs: tuple[Input, ...]
    keys: tuple[Key, ...]
    screened: Screened
    baseline: FloatArray
    """(replications, keys)."""
    one_at_a_time: FloatArray
    """(inputs, 2, keys): means with one input at its low and at its high end."""
    carried: Carried | None
    draws: int


def run(
    study: Study,
    out: Path,
    *,
    measures: Sequence[str] = (),
    trajectories: int = 10,
    input_uncertainty: int | None = None,
    replications: int | None = None,
    engine: str = AUTO,
    workers: int | None = None,
    force: bool = False,
    advance: Callable[[int], None] = lambda n: None,
    expect: Callable[[int], None] = lambda n: None,
    note: Note = lambda text: None,
) -> tuple[Path, bool]:
    """Screen the inputs of a baseline and write what was found, unless it stands there; one that was stopped goes on.

    Args:
        study: loaded; its variants are left aside.
        out: folder of results; the study stands below it as `<scenario>/sensitivity-<id>`.
        measures: names of measures of each facility as a whole; none: `usual`.
        trajectories: of Morris.
        input_uncertainty: draws of the inputs for intervals that carry their uncertainty; None: no such intervals.
        replications: days of each point; None: REPLICATIONS.
        engine, workers: as for a run; the numbers do not depend on them.
        force: anew, even when it stands there.
        advance: called with the number of points just finished.
        expect: called once with how many points there are.
        note: called with a sentence on what is done.

    Returns:
        The folder, and whether it was made now.

    Raises:
        UsageError: no inputs with ranges, an unknown measure, too few trajectories, draws or replications.
        RunFolderError: the folder cannot be written to, a finished study in it was changed, or another process is at
            work on the same study.
        SimulationError: a replication failed; points that were finished are kept.
    """
    study = study.only(())
    days = REPLICATIONS if replications is None else replications
    names, draws = list(measures or usual(study.baseline)), input_uncertainty or 0
    asked = {"measures": names, "trajectories": trajectories, "draws": draws, "days": days}
    identity = [fingerprint(study), study.tree.get("ranges"), asked, store.versions()]
    name = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:12]
    folder = folder_of(study, out).with_name(f"sensitivity-{name}")
    if (folder / store.SENSITIVITY).exists() and not force:
        _check_unchanged(folder)
        return folder, False
    inputs = inputs_of(study)
    if not inputs:
        mend = "state some under 'ranges', such as {ports.here.lanes.general.booths: [3, 5]}, or use the registry"
        raise UsageError(f"{study.path} has no inputs with a range; {mend}")
    plan = replace(experiment(study, engine), replications=days)
    points = Points(study, plan, inputs, _keys(plan, names))
    design = Design.of(points, trajectories, input_uncertainty)
    note(f"{len(inputs)} inputs: {len(design.points)} points of {days} replications each")
    expect(len(design.points))
    with telling_what_is_kept(folder, going_on(study, folder, force=force)), store.claimed(folder) as workplace:
        if force:
            shutil.rmtree(workplace / JOURNAL, ignore_errors=True)
        journal = Journal(workplace / JOURNAL, {**store.versions(), "points": _digest(inputs, design)})
        found = _found(points, design, _all_done(points, journal, design.points, workers, advance, note))
        with store.writing(folder) as scratch:
            _write(found, scratch)
            said = {"scenario": study.baseline.name, "file": study.path.name, "seed": plan.seed, **asked}
            said |= {"baseline": subject(study), "versions": store.versions()}
            store.write_json(scratch / store.SENSITIVITY, {**said, "files": store.file_hashes(scratch)})
    return folder, True


def usual(scenario: Scenario) -> tuple[str, ...]:
    """Measures that are looked at of a scenario unless others are named."""
    if scenario.ports or scenario.preclearance or not scenario.irregular:
        halls = USUAL_OF_HALLS if scenario.preclearance else ()
        return (*USUAL, *halls) if scenario.ports or not halls else halls
    crossing = any(flow.between_ports for flow in scenario.irregular.values())
    return USUAL_OF_FLOWS if crossing else USUAL_OF_FLOWS[:1]


def _check_unchanged(folder: Path) -> None:
    """Hold the files of a finished study against their hashes."""
    path = folder / store.SENSITIVITY
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}; run again with --force to make it anew") from error
    store.check_unchanged(folder, files)


def subject(study: Study) -> str:
    """What a study is of: SHA-256 (hex) of the baseline and its tables, whatever its seed and how often it is run.

    A run of the same scenario, read back from its folder, has the same.
    """
    tree = {name: value for name, value in study.trees[BASELINE].items() if name not in _HOW_OFTEN}
    content = json.dumps([tree, sorted(study.table_hashes.items())], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def _digest(inputs: Sequence[Input], design: Design) -> str:
    """What the points of a journal were, and in which order."""
    texts = [[one.name, *(as_text(value) for value in (one.value, one.at(0.0), one.at(1.0)))] for one in inputs]
    return hashlib.sha256(json.dumps([texts, design.points]).encode()).hexdigest()


def _keys(plan: Experiment, measures: Sequence[str]) -> tuple[Key, ...]:
    """The rows of each port as a whole."""
    _, layout = plan.model(BASELINE)
    whole = [key for key in layout.keys if key.station == ALL and key.klass == ALL]
    known = list(dict.fromkeys(key.measure for key in whole))
    for name in measures:
        if name not in known:
            raise UsageError(f"no measure '{name}' of a port as a whole; {nearest(name, known) or ', '.join(known)}")
    return tuple(key for name in measures for key in whole if key.measure == name)


@dataclass(frozen=True, eq=False)
class Design:
    """Where the inputs are looked at."""

    walks: Trajectories
    walked: list[list[Coordinates]]
    """The points of each trajectory."""
    sampled: list[Coordinates]
    """Draws of the inputs, for intervals that carry their uncertainty."""
    points: list[Coordinates]
    """All of them, each once; the first is the baseline."""

    @classmethod
    def of(cls, points: Points, trajectories: int, draws: int | None) -> Design:
        """The same for the same inputs, numbers and seed.

        Raises:
            UsageError: too few trajectories, draws or replications.
        """
        count, seed = len(points.inputs), points.plan.seed
        walks = Trajectories.draw(trajectories, count, seed)
        for at, one in enumerate(points.inputs):  # an effect is for the step that was taken
            walks.points[:, :, at] = [[one.taken(share) for share in walk] for walk in walks.points[:, :, at]]
        if draws is not None and (draws < 2 or points.plan.replications < 2):
            raise UsageError("--input-uncertainty takes 2 draws or more, of 2 replications or more")
        names = [f"sensitivity/{one.name}" for one in points.inputs]
        cube = [latin_hypercube(name, seed, draws or 0) for name in names] if draws else []
        sampled: list[Coordinates] = list(zip(*cube, strict=True))
        walked: list[list[Coordinates]] = [[tuple(map(float, point)) for point in walk] for walk in walks.points]
        usual: Coordinates = (None,) * count
        wanted = [usual, *(point for walk in walked for point in walk), *_single(count), *sampled]
        return cls(walks, walked, sampled, list(dict.fromkeys(wanted)))


def _found(points: Points, design: Design, done: dict[Coordinates, FloatArray]) -> Sensitivity:
    """What the outputs of all points say."""
    count, seed = len(points.inputs), points.plan.seed
    means = {point: mean_interval(outputs).mean for point, outputs in done.items()}
    effects = design.walks.effects(np.array([[means[point] for point in walk] for walk in design.walked]))
    single = np.array([means[point] for point in _single(count)]).reshape(count, 2, -1)
    sampled = design.sampled
    whole = carried(np.array([done[point] for point in sampled]), seed) if sampled else None
    usual = done[design.points[0]]
    return Sensitivity(points.inputs, points.keys, screened(effects, seed), usual, single, whole, len(sampled))


def _all_done(
    points: Points,
    journal: Journal,
    tasks: Sequence[Coordinates],
    workers: int | None,
    advance: Callable[[int], None],
    note: Note,
) -> dict[Coordinates, FloatArray]:
    """The outputs of every point: those of an earlier attempt, and the others, kept as each is finished."""
    days, place = points.plan.replications, {task: at for at, task in enumerate(tasks)}
    firsts = [first for first, _ in journal.chunks(POINT)]
    rows = journal.rows(POINT, len(points.keys), days * len(tasks))
    done = {tasks[first // days]: chunk.values() for first, chunk in zip(firsts, rows, strict=True)}
    advance(len(done))
    left = [task for task in tasks if task not in done]
    if not left:
        return done
    whole_work = ready(replace(points.plan, replications=days * len(left)), note)  # an engine for all of it
    points.plan = replace(whole_work, replications=days)
    for task, outputs in map_unordered(points.outputs, left, workers or whole_work.workers_worth()):
        journal.keep(POINT, place[task] * days, outputs)
        done[task] = outputs
        advance(1)
    return done


def _single(count: int) -> Iterator[Coordinates]:
    """Every input at its low and at its high end while the others are as in the baseline."""
    for at in range(count):
        for end in (0.0, 1.0):
            yield (*(None,) * at, end, *(None,) * (count - at - 1))


# ---- files ------------------------------------------------------------------------------------------------


def _write(found: Sensitivity, folder: Path) -> None:
    store.write_csv(folder / "sensitivity.csv", SENSITIVITY_COLUMNS, _sensitivity(found))
    store.write_csv(folder / "tornado.csv", TORNADO_COLUMNS, _tornado(found))
    if found.carried is not None:
        store.write_csv(folder / "input_uncertainty.csv", CARRIED_COLUMNS, _carried(found, found.carried))


def _named(key: Key) -> tuple[str, str, str]:
    return key.facility, key.measure, key.unit


def _sensitivity(found: Sensitivity) -> Iterator[list[object]]:
    """By facility and measure, the inputs that matter most first."""
    for at, key in enumerate(found.keys):
        of = found.screened
        for which in np.argsort(-of.mu_star[:, at], kind="stable"):
            one = found.inputs[which]
            numbers = (float(part[which, at]) for part in (of.mu, of.mu_star, of.low, of.high, of.sigma))
            texts = (as_text(value) for value in (one.value, one.at(0.0), one.at(1.0)))
            yield [*_named(key), one.name, *texts, *numbers, one.origin, int(of.trajectories[which, at])]


def _tornado(found: Sensitivity) -> Iterator[list[object]]:
    """By facility and measure, the widest bar first."""
    base = mean_interval(found.baseline).mean
    for at, key in enumerate(found.keys):
        ends = found.one_at_a_time[:, :, at]
        for which in np.argsort(-np.abs(ends[:, 1] - ends[:, 0]), kind="stable"):
            one, (low, high) = found.inputs[which], (float(end) for end in ends[which])
            texts = (as_text(one.at(0.0)), as_text(one.at(1.0)))
            yield [*_named(key), one.name, *texts, float(base[at]), low, high, abs(high - low)]


def _carried(found: Sensitivity, of: Carried) -> Iterator[list[object]]:
    most = np.array([largest(key.measure, key.unit) for key in found.keys])
    plain = within_what_can_be(mean_interval(found.baseline), most)
    wide = within_what_can_be(Interval(of.mean, of.low, of.high, of.days), most)
    for at, key in enumerate(found.keys):
        simulated = (float(part[at]) for part in (plain.mean, plain.low, plain.high))
        numbers = (float(part[at]) for part in (wide.mean, wide.low, wide.high, of.sd_inputs, of.sd_days, of.sd_rest))
        yield [*_named(key), *simulated, *numbers, found.draws, int(of.days[at])]
