"""Reading runs that are to be compared, choosing rows, and what is computed for each."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from comparison_run import FloatArray, World, key, samples_of, write_run

from sim.errors import RunFolderError, UsageError
from sim.study import comparison_files
from sim.study.comparison import compare, compare_runs, zones_of
from sim.study.estimators import outer_interval, paired_difference
from sim.study.layout import Key
from sim.study.samples import Choice, chosen_keys, read

MEAN, P95, SHARE = key("wait_mean"), key(), key("over_standard_share", unit="share")
RNG = np.random.default_rng(49)
DAYS = RNG.gamma(2.0, 10.0, 30)


def world(days: FloatArray = DAYS, **more: FloatArray) -> World:
    """A baseline, a variant that takes a tenth off, and others."""
    others = {"tenth-off": 0.9 * days, **more}
    return {name: {MEAN: values / 3.0, P95: values} for name, values in {"baseline": days, **others}.items()}


def test_rows_hold_the_paired_statistics() -> None:
    variant = DAYS * 0.8 + RNG.normal(0.0, 1.0, 30)
    found = compare(samples_of(world(better=variant)), [P95], {"min": 1.0})
    row = next(row for row in found.rows if row.variant == "better")
    alone = paired_difference(variant, DAYS)
    together = outer_interval(variant - DAYS, found.row_level)
    assert (row.difference, row.low, row.high) == (float(alone.mean), float(alone.low), float(alone.high))
    assert (row.low_all, row.high_all) == (float(together.low), float(together.high))
    assert row.low_all < row.low < row.difference < row.high < row.high_all
    assert row.baseline == pytest.approx(DAYS.mean())
    assert row.correlation == pytest.approx(np.corrcoef(variant, DAYS)[0, 1])
    variances = variant.var(ddof=1) + DAYS.var(ddof=1)
    assert row.variance_ratio == pytest.approx(variances / (variant - DAYS).var(ddof=1))
    arm = max(row.high_all - row.difference, row.difference - row.low_all)
    assert row.needed == math.ceil(30 * arm**2)
    assert row.is_clear


def test_replications_without_the_measure_are_left_out_of_the_pair() -> None:
    variant = DAYS * 0.9
    variant[:4] = np.nan
    (row,) = compare(samples_of({"baseline": {P95: DAYS}, "v": {P95: variant}}), [P95], {}).rows
    assert row.replications == 26
    assert row.baseline == pytest.approx(DAYS[4:].mean())
    assert row.difference == pytest.approx(-0.1 * DAYS[4:].mean())
    assert row.needed == 0, "no zone, no number"


def test_a_measure_a_variant_lacks_is_no_row() -> None:
    lacking = {"baseline": {MEAN: DAYS, P95: DAYS}, "v": {P95: DAYS + 1.0}}
    assert [row.key for row in compare(samples_of(lacking), [MEAN, P95], {}).rows] == [P95]
    with pytest.raises(UsageError, match="no variant has any"):
        compare(samples_of(lacking), [MEAN], {})


def test_a_variant_that_changes_nothing_is_idle() -> None:
    found = compare(samples_of(world(idle=DAYS.copy())), [P95], {"min": 1.0})
    assert found.idle == ("idle",)
    assert [row.same for row in found.rows] == [False, True]


def test_one_replication_has_differences_and_no_intervals() -> None:
    found = compare(samples_of(world(DAYS[:1])), [P95], {"min": 1.0})
    (row,) = found.rows
    assert row.difference == pytest.approx(-0.1 * DAYS[0])
    assert all(math.isnan(x) for x in (row.low, row.high_all, row.correlation, row.variance_ratio))
    assert not row.is_clear
    assert not found.best[0].selection.decided


def test_bad_days_of_a_measure_of_which_more_is_better_are_those_with_least() -> None:
    passed = key("throughput", unit="parties/h")
    base = np.arange(1.0, 31.0)
    variant = base + np.where(base <= 3.0, 5.0, 1.0)
    (row,) = compare(samples_of({"baseline": {passed: base}, "v": {passed: variant}}), [passed], {}).rows
    assert row.days.days == 3
    assert row.days.worst.difference == 5.0, "the three days with the least throughput"
    assert row.days.quantile.difference == pytest.approx(np.quantile(variant, 0.1) - np.quantile(base, 0.1))


# ---- choosing -------------------------------------------------------------------------------------------


def rich_world() -> World:
    keys = [key(m, k, u) for k in ("all", "car", "truck") for m, u in (("wait_p95", "min"), ("wait_mean", "min"))]
    keys += [
        Key("port", "general", "all", "queue_mean", "parties"),
        key(facility="other"),
        key("wait_p95", "bus", facility="other"),
    ]
    return {name: dict.fromkeys(keys, DAYS) for name in ("baseline", "v")}


def test_the_usual_choice() -> None:
    chosen = chosen_keys(samples_of(rich_world()), Choice())
    assert [(k.facility, k.klass, k.measure) for k in chosen] == [
        ("port", "car", "wait_mean"),
        ("port", "car", "wait_p95"),
        ("port", "truck", "wait_mean"),
        ("port", "truck", "wait_p95"),
        ("port", "all", "wait_mean"),
        ("port", "all", "wait_p95"),
        ("other", "bus", "wait_p95"),  # `all` says the same as the only class
    ]


def test_a_narrow_choice() -> None:
    samples = samples_of(rich_world())
    assert chosen_keys(samples, Choice(("wait_p95",), ("all",), ("other",))) == (key(facility="other"),)
    assert [k.station for k in chosen_keys(samples, Choice(("queue_mean",), stations=("general",)))] == ["general"]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(("wait_p59",)), "no measure 'wait_p59'.*did you mean 'wait_p95'"),
        (Choice(classes=("cars",)), "no class 'cars'; there are: all, car, truck, bus. did you mean 'car'"),
        (Choice(facilities=("prot",)), "no facility 'prot'.*did you mean 'port'"),
        (Choice(stations=("genral",)), "no station 'genral'.*did you mean 'general'"),
        (Choice(("queue_mean",), ("car",)), "no measure with all of these: all, car, queue_mean"),
    ],
)
def test_a_name_that_is_not_there(choice: Choice, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        chosen_keys(samples_of(rich_world()), choice)


def test_zones_carry_their_unit() -> None:
    assert zones_of([]) == {"min": 1.0, "share": 0.01}
    queue = Key("port", "all", "all", "queue_mean", "parties")
    zones = zones_of(["30 s", "2 %", "5 parties"], [P95, SHARE, queue])
    assert zones == {"min": 0.5, "share": 0.02, "parties": 5.0}
    assert zones_of(["1 h 30 min"])["min"] == 90.0
    assert zones_of(["2min", "3person-h"]) == {"min": 2.0, "share": 0.01, "person-h": 3.0}


@pytest.mark.parametrize("text", ["5", "1e3", "0 min", "-1 min", "min", "nan min", "inf parties", "a few parties", ""])
def test_a_zone_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="such as '1 min'"):
        zones_of([text])


def test_a_zone_in_a_unit_nothing_has() -> None:
    with pytest.raises(UsageError, match="no chosen measure is in parties; they are in min"):
        zones_of(["5 parties"], [P95])


# ---- runs -----------------------------------------------------------------------------------------------


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    given = world(other=DAYS + 1.0)
    given["other"] = {P95: DAYS + 1.0}  # a variant with fewer measures
    samples = read([write_run(tmp_path / "a", given)])
    assert samples.variants == ["tenth-off", "other"]
    assert samples.keys["baseline"] == (MEAN, P95)
    assert samples.keys["other"] == (P95,)
    for variant, own in given.items():
        for at, values in own.items():
            np.testing.assert_array_equal(samples.column(variant, at), values)
    assert samples.column("other", MEAN) is None


def test_runs_that_share_a_baseline_stand_side_by_side(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", world())
    second = write_run(tmp_path / "b", world(half=0.5 * DAYS))
    samples = read([first, second])
    assert samples.variants == ["tenth-off", "half"], "what both have is told once"


def test_a_run_of_another_scenario_brings_its_baseline_as_a_variant(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", world())
    second = write_run(tmp_path / "b", world(DAYS + 2.0), file="wider-road.yaml")
    samples = read([first, second])
    assert samples.variants == ["tenth-off", "wider-road", "tenth-off@b"]
    np.testing.assert_array_equal(samples.column("wider-road", P95), DAYS + 2.0)
    np.testing.assert_array_equal(samples.column("baseline", P95), DAYS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": "2024-07-07 00:00"}, "start: 2024-07-06 00:00 and 2024-07-07 00:00"),
        ({"horizon_minutes": 720.0}, r"horizon \(min\): 1440.0 and 720.0"),
        ({"warm_up_minutes": 60.0}, r"warm-up \(min\): 0.0 and 60.0"),
        ({"seed": 50}, "seed: 49 and 50; replications are paired only .* run the second scenario with --seed 49"),
        ({"facilities": {"x": {"zone": "UTC"}}}, r"facilities: port \(America/Vancouver\) and x \(UTC\)"),
        ({"versions": {"bordersim": "0.0.1"}}, "version of bordersim: .* and 0.0.1"),
    ],
)
def test_what_is_not_comparable_is_refused_with_the_reason(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    first = write_run(tmp_path / "a", world())
    second = write_run(tmp_path / "b", world(), **changes)
    with pytest.raises(UsageError, match=f"b cannot be compared with .*a; they differ in {said}"):
        compare_runs([first, second])


def test_all_that_differs_is_told_at_once(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", world())
    second = write_run(tmp_path / "b", world(DAYS[:20]), start="2025-01-01 00:00")
    with pytest.raises(UsageError, match=r"start: .*; number of replications: 30 and 20"):
        read([first, second])


def test_nothing_to_compare(tmp_path: Path) -> None:
    alone = {"baseline": world()["baseline"]}
    first, second = write_run(tmp_path / "a", alone), write_run(tmp_path / "b", alone)
    with pytest.raises(RunFolderError, match="has no variants to compare; run the scenario with --all"):
        read([first])
    with pytest.raises(RunFolderError, match="there is nothing to compare"):
        read([first, second])
    third = write_run(tmp_path / "c", world())
    (third / "replications.parquet").write_bytes(b"changed")
    with pytest.raises(RunFolderError, match="was changed since the run"):
        read([third])


def test_the_tables_hold_what_was_found(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", world(better=DAYS * 0.5))
    found = compare_runs([run], Choice(("wait_p95",)))
    files = comparison_files.write(found, comparison_files.place_of(found.samples.folders))
    tables = {file.name: list(csv.DictReader(file.read_text(encoding="utf-8").splitlines())) for file in files}
    assert {file.parent for file in files} == {run}
    chosen = {row["variant"]: row for row in tables["comparison_chosen.csv"]}
    assert float(chosen["better"]["difference"]) == pytest.approx(-0.5 * DAYS.mean())
    assert float(chosen["better"]["ci_low_simultaneous"]) == pytest.approx(found.rows[1].low_all, rel=1e-9)
    assert tables["comparison_days.csv"][1]["worst_days"] == "3"
    best = {row["contender"]: row for row in tables["comparison_best.csv"]}
    assert set(best) == {"baseline", "tenth-off", "better"}
    assert [name for name, row in best.items() if row["best"] == "yes"] == ["better"]
    assert all(len(row) == len(comparison_files.BEST) for row in best.values())


def test_several_runs_have_a_folder_of_their_own(tmp_path: Path) -> None:
    folders = (tmp_path / "a", tmp_path / "b")
    assert comparison_files.place_of(folders) == tmp_path.resolve() / "comparisons" / "a+b"


def test_what_is_usual_depends_on_the_facility() -> None:
    """Waits of classes at a port; people by what became of them, all kinds together, in a flow."""
    keys = [Key("port", "all", klass, name, "min") for klass in ("all", "car", "bus") for name in ("wait_mean", "cost")]
    keys += [Key("sector", "all", klass, name, "count") for klass in ("all", "a", "b") for name in FLOW]
    samples = samples_of({name: dict.fromkeys(keys, DAYS) for name in ("baseline", "v")})
    found = chosen_keys(samples, Choice())
    assert [key[:4] for key in found if key.facility == "port"] == [
        ("port", "all", klass, "wait_mean") for klass in ("car", "bus", "all")
    ]
    assert [key[:4] for key in found if key.facility == "sector"] == [
        ("sector", "all", "all", name) for name in ("persons", "persons_returned", "cost")
    ]
    named = chosen_keys(samples, Choice(measures=("cost",), classes=("a", "car")))
    assert {key[:3] for key in named} == {("port", "all", "car"), ("sector", "all", "a")}


FLOW = ("wait_mean", "cost", "persons", "persons_returned")
