"""What `compare` prints: exact sentences, tables that fit, nothing told that is not known."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from comparison_run import FloatArray, World, key, samples_of
from rich.console import Console

from sim.api import comparing as api
from sim.errors import UsageError
from sim.report import page_tables, words
from sim.report.sentences import bad_day_sentences, best_sentences, sentences, zone_words
from sim.report.tables import comparison_table
from sim.study.baddays import NONE, BadDays, Estimate
from sim.study.comparison import Best, Comparison, Row, compare
from sim.study.layout import Key
from sim.study.selection import Selection

CAR, NEXUS, ALL = (key(klass=name) for name in ("car", "car.nexus", "all"))
BASE = np.array([20.0, 30.0, 40.0, 50.0])
NO_DAYS = BadDays(NONE, NONE, 0)


def row(at: Key, value: float, low: float, high: float, variant: str = "one-more-booth", **changes: object) -> Row:
    given = Row(variant, at, 30.0, value, low + 0.1, high - 0.1, low, high, 0.9, 4.2, 30, 0, False, NO_DAYS)
    return replace(given, **changes)  # type: ignore[arg-type]


def told(*rows: Row, idle: tuple[str, ...] = (), best: tuple[Best, ...] = (), facilities: int = 1) -> Comparison:
    places = ["port", "other"][:facilities]
    arrivals = {key("arrivals", name, "count", place): BASE for place in places for name in ("car", "car.nexus")}
    world: World = {"baseline": arrivals, "one-more-booth": arrivals}
    weights = {(place, name): 100.0 for place in places for name in ("car", "car.nexus")}
    zones = {"min": 1.0, "share": 0.01}
    return Comparison(samples_of(world), rows, best, zones, 0.95, 0.99, "single-step max-t", idle, weights)


def test_a_clear_cut() -> None:
    assert sentences(told(row(CAR, -12.4, -15.1, -9.8))) == [
        "one-more-booth cuts the 95th percentile wait of general cars by 12.4 min (9.8 to 15.1)."
    ]


def test_who_pays_for_it() -> None:
    assert sentences(told(row(CAR, -12.4, -15.1, -9.8), row(NEXUS, 1.5, 1.0, 2.0), row(ALL, -11.0, -13.0, -9.0))) == [
        "one-more-booth cuts the 95th percentile wait of general cars by 12.4 min (9.8 to 15.1), "
        "but raises that of NEXUS cars by 1.5 min (1.0 to 2.0)."
    ]


def test_no_difference_can_be_told() -> None:
    assert sentences(told(row(CAR, 0.1, -0.4, 0.7, needed=30))) == [
        "one-more-booth: no difference can be told in the 95th percentile wait of general cars "
        "(between -0.4 and +0.7 min), and none of 1 min or more."
    ]
    assert sentences(told(row(CAR, -1.2, -2.9, 0.5, needed=87))) == [
        "one-more-booth: no difference can be told in the 95th percentile wait of general cars "
        "(between -2.9 and +0.5 min); if days go on like these, about 61 replications would tell one, and about 87 its "
        "size to within 1 min."
    ]


def test_no_difference_of_any_class() -> None:
    rows = (row(CAR, -1.2, -2.9, 0.5, needed=1234), row(NEXUS, 0.1, -0.4, 0.6, needed=20))
    assert sentences(told(*rows)) == [
        "one-more-booth: no difference can be told in the 95th percentile wait of any class "
        "(widest between -2.9 and +0.5 min, general cars); if days go on like these, about 61 replications would tell "
        "one, and about 1,300 its size to within 1 min."
    ]


def test_a_narrow_interval_beside_the_zone_asks_only_for_what_tells_a_difference() -> None:
    (sentence,) = sentences(told(row(CAR, -0.9, -1.8, 0.1, needed=30)))
    assert sentence.endswith(
        "(between -1.8 and +0.1 min); if days go on like these, about 38 replications would tell one."
    )


def test_a_difference_too_small_to_see_is_not_asked_for() -> None:
    (sentence,) = sentences(told(row(CAR, -0.01, -2.8, 2.9, needed=246)))
    assert sentence.endswith("(between -2.8 and +2.9 min); to within 1 min it would take about 250 replications.")


def test_a_row_that_is_clear_alone_says_so() -> None:
    rows = (replace(row(CAR, -15.5, -52.8, 1.8), low=-33.5, high=-7.8), row(NEXUS, 0.1, -0.4, 0.6))
    (sentence,) = sentences(told(*rows))
    assert "general cars; alone, not as one of 2 rows, -33.5 to -7.8)" in sentence


def test_replications_that_tell_a_difference() -> None:
    assert row(CAR, -2.0, -5.0, 1.0).to_tell == 68, "30 * (3 / 2)**2"
    assert row(CAR, 2.0, -1.0, 5.0).to_tell == 68
    assert row(CAR, -2.0, -4.0, 0.0).to_tell == 31, "the bound lies on 0: one more"
    assert row(CAR, -2.0, -4.0, -0.5).to_tell == 0, "it is told"
    assert row(CAR, 0.0, -4.0, 4.0).to_tell == 0, "there is none"
    assert row(CAR, -2.0, math.nan, math.nan).to_tell == 0


def test_shares_are_told_in_percentage_points() -> None:
    share = key("over_standard_share", "car", "share")
    assert sentences(told(row(share, 0.123, 0.05, 0.2))) == [
        "one-more-booth raises the share over the standard of general cars by 12.3 percentage points (5.0 to 20.0)."
    ]


def test_zones_in_words() -> None:
    assert zone_words(1.0, "min") == "1 min"
    assert zone_words(0.5, "min") == "0.5 min"
    assert zone_words(100.0, "parties") == "100 parties"
    assert zone_words(0.01, "share") == "1 percentage point"
    assert zone_words(0.025, "share") == "2.5 percentage points"


def test_a_unit_without_a_zone_promises_nothing() -> None:
    queue = Key("port", "general", "all", "queue_mean", "parties")
    (sentence,) = sentences(told(row(queue, 0.5, -1.0, 2.0)))
    assert "in the mean queue of all parties at general (between -1.0 and +2.0 parties); if days" in sentence
    assert "size" not in sentence


def test_what_is_sure_but_not_worth_a_word() -> None:
    (sentence,) = sentences(told(row(CAR, -0.02, -0.04, -0.01)))
    assert sentence == "one-more-booth changes the 95th percentile wait by less than 0.05 min."


def test_nothing_changes_at_all_or_in_one_measure() -> None:
    still = row(CAR, 0.0, 0.0, 0.0, same=True)
    assert sentences(told(still)) == ["one-more-booth leaves the 95th percentile wait as it is, in every replication."]
    assert sentences(told(still, idle=("one-more-booth",))) == [
        "one-more-booth changes nothing: every measure is the baseline's, in every replication."
    ]


def test_one_replication_and_nobody() -> None:
    (one,) = sentences(told(row(CAR, -12.4, math.nan, math.nan)))
    assert one.startswith("one-more-booth: one replication gives no interval")
    (none,) = sentences(told(row(CAR, math.nan, math.nan, math.nan)))
    assert none == "one-more-booth: no 95th percentile wait to compare."


def test_several_facilities_are_named() -> None:
    (sentence,) = sentences(told(row(CAR, -12.4, -15.1, -9.8), facilities=2))
    assert "of general cars at port by 12.4 min" in sentence


def test_bad_days_stand_beside_the_average() -> None:
    days = BadDays(Estimate(-20.0, -25.0, -15.0), Estimate(-31.0, -44.0, -18.0), 3)
    assert bad_day_sentences(told(row(CAR, -12.4, -15.1, -9.8, days=days))) == [
        "one-more-booth: on the worst 3 of 30 days the 95th percentile wait of general cars changes by -31.0 min "
        "(-44.0 to -18.0), on average by -12.4."
    ]
    assert bad_day_sentences(told(row(CAR, -12.4, -15.1, -9.8))) == [], "too few days"


def best(**changes: object) -> Comparison:
    given = Selection((1,), True, 22, 30, 20, 1.0, 0.95, (9.0, 0.0, 3.4), 0, 0)
    means = changes.pop("means", (9.0, 1.0, 3.2))
    selection = replace(given, **changes)  # type: ignore[arg-type]
    found = Best(CAR, ("baseline", "a", "b"), means, selection)  # type: ignore[arg-type]
    return told(row(CAR, -1.0, -2.0, -0.5), best=(found,))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "By the 95th percentile wait of general cars, a is best: chosen after 22 of 30 replications, right with at "
            "least 95 % where the best is 1 min or more ahead; it is 2.2 min ahead of b.",
        ),
        (
            {"at_most_worse": (0.8, 0.0, 0.4), "means": (1.7, 1.0, 1.2)},
            "By the 95th percentile wait of general cars, all 3 are within 1 min of each other with at least 95 %: no "
            "choice at that zone (a is in front, 0.2 min ahead of b).",
        ),
        (
            {"at_most_worse": (9.0, 0.1, 0.9), "means": (9.0, 1.0, 1.2)},
            "By the 95th percentile wait of general cars, a and b are within 1 min of the best with at least 95 %: no "
            "choice between them at that zone (a is in front, 0.2 min ahead of b); baseline is ruled out with at least "
            "95 %.",
        ),
        (
            {"at_most_worse": (9.0, 0.0, 1.9), "means": (9.0, 1.0, 1.7)},
            "By the 95th percentile wait of general cars, a is best with 95 %, by the intervals of these 30 "
            "replications, though only 0.7 min ahead of b, which is less than 1 min.",
        ),
        (
            {"at_most_worse": (9.0, 0.2, 1.9), "means": (9.0, 1.0, 1.7)},
            "By the 95th percentile wait of general cars, a is chosen after 22 of 30 replications, but the choice is "
            "not sure: it is 0.7 min ahead of b, and KN's promise of 95 % is for a best that is 1 min or more ahead.",
        ),
        (
            {"at_most_worse": (9.0, 0.2, 1.9), "means": (9.0, 1.0, 0.7)},
            "By the 95th percentile wait of general cars, a is chosen after 22 of 30 replications, but the choice is "
            "not sure: it is 0.3 min behind b, and KN's promise of 95 % is for a best that is 1 min or more ahead.",
        ),
        (
            {"at_most_worse": (0.0, 0.0, 0.0), "means": (1.0, 1.0, 1.0), "decided": False},
            "By the 95th percentile wait of general cars, all 3 are the same in every replication.",
        ),
        (
            {"survivors": (1, 2)},
            "By the 95th percentile wait of general cars, a and b come out equal and none is 1 min or more better, "
            "with at least 95 %.",
        ),
        (
            {"survivors": (1, 2), "decided": False, "more": 14, "more_at_most": 1600, "at_most_worse": (9.0, 0.3, 5)},
            "By the 95th percentile wait of general cars, a is in front, and no more than 0.3 min worse than the best "
            "with 95 %. KN would "
            "choose at a zone of 1 min after about 14 more replications, at most 1,600.",
        ),
        (
            {"survivors": (1, 2), "decided": False, "more": 512, "more_at_most": 4321, "at_most_worse": (9.0, 1.3, 2)},
            "By the 95th percentile wait of general cars, the best of a and b is not decided at a zone of 1 min: it "
            "takes about 520 more replications, at most 4,400; a is in front, at most 1.3 min worse than the best with "
            "95 %; baseline is ruled out with at least 95 %.",
        ),
        (
            {"survivors": (1, 2, 0), "decided": False, "more": 12, "more_at_most": 300},
            "By the 95th percentile wait of general cars, a is best with 95 %, by the intervals of these 30 "
            "replications. KN "
            "would choose at a zone of 1 min after about 12 more replications, at most 300.",
        ),
        (
            {"survivors": (1, 2, 0), "decided": False, "more": None, "more_at_most": None, "replications": 3},
            "By the 95th percentile wait of general cars, a is best with 95 %, by the intervals of these 3 "
            "replications. They are too few for KN, which begins at 5.",
        ),
        (
            {"survivors": (1, 2, 0), "decided": False, "more": None, "more_at_most": None}
            | {"at_most_worse": (9.0, 2.5, 9.0)},
            "By the 95th percentile wait of general cars, the best of a, b and baseline is not decided at a zone of "
            "1 min: too few replications for KN, which begins at 5; a is in front, at most 2.5 min worse than the best "
            "with 95 %.",
        ),
    ],
)
def test_the_best_with_its_guarantee(changes: dict[str, object], said: str) -> None:
    """Python names a best where the sentence does, and nowhere else."""
    found = best(**changes)
    assert best_sentences(found) == [said]
    named = "a is best" in said
    assert api.Comparison(found).best() == found.best[0].winner == ("a" if named else None)
    marks = [row for row in page_tables._contenders(found.best[0]) if "best" in str(row[5])]
    assert len(marks) == named


def test_what_was_selected_by_is_told_apart() -> None:
    (one,) = best().best
    other = replace(one, key=NEXUS, selection=replace(one.selection, survivors=(2,), at_most_worse=(9.0, 3.4, 0.0)))
    lane = replace(other, key=CAR._replace(station="general"))
    found = api.Comparison(told(row(CAR, -1.0, -2.0, -0.5), best=(one, other, lane)))
    assert found.best(class_="car.nexus") == "b"
    assert found.best("wait_p95", class_="car", station="general") == "b"
    with pytest.raises(UsageError, match=r"of class car at port; wait_p95 of class car.nexus at port; .*say which"):
        found.best("wait_p95")
    with pytest.raises(UsageError, match="no best by wait_p95, truck; there is one by: wait_p95 of class car at port"):
        found.best(class_="truck")


def comparison(days: int = 30, variants: int = 3) -> Comparison:
    rng = np.random.default_rng(3)
    base: FloatArray = rng.gamma(2.0, 15.0, days)
    keys = [key(m, k, u) for k in ("car", "car.nexus", "all") for m, u in (("wait_mean", "min"), ("wait_p95", "min"))]
    keys.append(key("over_standard_share", "all", "share"))
    scale = {at: 0.01 if at.unit == "share" else 1.0 for at in keys}
    world = {"baseline": {at: base * scale[at] for at in keys}}
    for number in range(variants):
        noise = rng.normal(0.0, 3.0, days)
        world[f"variant-with-a-long-name-{number}"] = {at: (base * 0.8**number + noise) * scale[at] for at in keys}
    return compare(samples_of(world), keys, {"min": 1.0, "share": 0.01})


def printed(found: Comparison, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(comparison_table(found), highlight=False)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_the_report_fits_and_names_its_methods(width: int) -> None:
    text = printed(comparison(), width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    flat = " ".join(text.split())
    assert "that hold for all 21 rows at once (single-step max-t, each at " in flat
    assert "Tables show" not in flat, "all of them"
    assert "KN (Kim and Nelson 2001)" in flat
    for heading in ("Bad days", "In words", "Best"):
        assert f"\n{heading}" in text


def test_a_row_shows_both_intervals() -> None:
    found = comparison()
    own = next(r for r in found.rows if r.key == key(klass="car") and r.variant.endswith("1"))
    text = printed(found, 100)
    block = text[text.index(f"port · {own.variant}") :]
    line = next(line for line in block.splitlines() if "95th pct min" in line)
    cells = [cell.strip() for cell in line.split("  ") if cell.strip()]
    assert cells[-3:] == [
        f"{own.difference:+.1f}",
        f"{own.low:+.1f} to {own.high:+.1f}",
        f"{own.low_all:+.1f} to {own.high_all:+.1f}",
    ]


def test_one_replication_prints_no_interval_and_no_nan() -> None:
    text = printed(comparison(days=1), 80)
    assert "nan" not in text.lower()
    assert "Bad days" not in text
    assert "one replication gives no interval" in " ".join(text.split())


def test_nobody_came() -> None:
    world: World = {"baseline": {ALL: np.arange(5.0)}, "v": {ALL: np.full(5, np.nan)}}
    text = printed(compare(samples_of(world), [ALL], {"min": 1.0}), 80)
    assert "No parties to compare: all." in text
    assert "v: no 95th percentile wait to compare." in text
    assert "nan" not in text.lower()


def test_rows_that_are_not_shown_are_counted() -> None:
    rows = (row(CAR, -3.0, -5.0, -1.0), row(NEXUS, 0.01, -0.01, 0.04), row(ALL, math.nan, math.nan, math.nan))
    still = replace(rows[1], low=0.0, high=0.02)
    flat = " ".join(printed(told(rows[0], still, rows[2]), 80).split())
    assert "Tables show 1 of them; the other 2 change by less than 0.05 or have no parties." in flat


def test_a_count_says_what_is_counted_and_a_replication_of_weeks_is_no_day() -> None:
    said = {("persons", "count"): "", ("exception_minor", "count"): "persons", ("wait_mean", "min"): "min"}
    assert {of: words.thing(*of) for of in said} == said
    days = BadDays(Estimate(-20.0, -25.0, -15.0), Estimate(-31.0, -44.0, -18.0), 3)
    crossed = Key("port", "all", "car", "exception_minor", "count")
    for minutes, called in ((1440.0, "day"), (1500.0, "day"), (30 * 1440.0, "replication")):
        one = told(row(crossed, -12.4, -15.1, -9.8, days=days))
        long = replace(one, samples=replace(one.samples, horizon=minutes))
        (sentence,) = bad_day_sentences(long)
        assert f"on the worst 3 of 30 {called}s the " in sentence
        assert "by -31.0 persons (" in sentence
        flat = " ".join(printed(long, 80).split())
        assert f"Bad {called}s" in flat
        assert ("A replication is a day." in flat) == (called == "day")
        assert "count" not in flat


def test_a_narrow_terminal_cuts_no_number() -> None:
    """The name of the measure gives way."""
    cost = Key("port", "all", "car", "interviews_pending_mean", "persons")
    flat = printed(told(row(cost, -237_244.0, -351_582.0, -183_769.0)), 80)
    assert all(number in flat for number in ("-237,244", "-351,582 to -183,769"))
    assert max(map(len, flat.splitlines())) <= 80
