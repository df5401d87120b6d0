"""Irregular flows: a week by hand, long-run stages in closed form, choice, detection, and everybody accounted for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

import numpy as np
import pandas as pd
import pytest
from random_flows import random_flows
from scipy import stats
from toolbox import estimate, ratio, run

from sim.engine import Records, engine
from sim.engine.records import INSIDE
from sim.model.build import Model, build
from sim.model.distributions import Deterministic
from sim.model.flow_draws import GroupSource
from sim.model.flow_plan import LADDER, RETURNED, FlowPlan, needs_place
from sim.model.network import FORCED
from sim.model.parties import Parties
from sim.model.queueing import erlang_a, mg1_mean_wait, mmc
from sim.scenario import Scenario, load
from sim.study.conservation import check_conservation
from sim.study.layout import ALL, Layout
from sim.study.measures import measure

HOUR, DAY = 3600.0, 86400.0


def write(folder: Path, text: str, *, horizon: str = "7 d", more: str = "", name: str = "flow") -> Path:
    """A scenario of one replication whose irregular flows are `text`."""
    head = f"format: 1\nname: {name}\nstart: 2025-01-06 00:00\nhorizon: {horizon}\nreplications: 1\nseed: 7\nbin: 1 d\n"
    path = folder / f"{name}.yaml"
    path.write_text(f"{head}{dedent(more)}irregular:\n{indent(dedent(text), '  ')}", encoding="utf-8")
    return path


# ---- a week worked by hand --------------------------------------------------------------------------------

WEEK = """\
  here:
    zone: America/Toronto
    groups: {per_day: 1, hide: 50 %}
    intercept: {detect: 50 %, patrols: 1, response: 1 h, with_group: 1 h, leaves_after: 3 h}
    processing: {officers: 1, service: 3 h}
    transfer: 1 h
    interview: {officers: 1, service: 2 h}
    eligibility: {officers: 1, service: 1 h, exceptions: {family: 50 %}}
    claims_inland: 50 %
    intake: {places: 1, stay: 24 h}
    weather: {cold: {jan: 50 %}, after: 90 min}
    custody_standard: 8 h 30 min
    costs: {patrol_hour: 10 $, officer_hour: 1 $, place_night: 100 $, hotel_night: 1000 $, per_day: 5 $}
"""
PLACE = FORCED + needs_place(LADDER.index("family"))


@dataclass(frozen=True)
class Group:
    """One group as the test writes it; times in hours."""

    time: float
    hides: bool
    size: int
    draws: Mapping[str, float]


def met(leaves: float, service: float = 2.0, travel: float = 1.0, **more: float) -> dict[str, float]:
    """Draws of a detected group that is gone `leaves` hours after the alert."""
    late = travel > leaves
    found = {
        "response/service": (travel if late else service) * HOUR,
        "response/patience": (leaves if late else leaves - travel) * HOUR,
        "response/late": FORCED + (0.0 if late else 1.0),
        "response/travel": travel * HOUR,
        "alert/detected": FORCED + 2.0,
    }
    return found | more


BY_HAND = (
    Group(0.0, False, 2, met(math.inf, decision=PLACE)),
    Group(1.0, False, 1, met(math.inf, decision=PLACE)),
    Group(1.5, True, 1, met(2.0, decision=PLACE)),
    Group(4.0, True, 1, met(0.5, decision=PLACE)),
    Group(5.0, True, 1, met(2.0, decision=PLACE) | {"alert/detected": FORCED}),
    Group(6.0, True, 1, met(2.0, decision=PLACE) | {"alert/detected": FORCED + 1.0}),
    Group(10.0, True, 3, met(3.0, decision=FORCED + RETURNED)),
)


def by_hand(model: Model, groups: Sequence[Group]) -> Parties:
    """Parties with draws as written; what is fixed by the scenario is taken from there."""
    (source,) = model.sources
    draws: list[float] = []
    first, klass = [], []
    for group in groups:
        programme = source.programmes[int(group.hides)]
        klass.append(programme.klass)
        first.append(len(draws))
        for slot in programme.slots:
            if slot.role in group.draws:
                draws.append(group.draws[slot.role])
            elif slot.role == "eligibility/decision":
                draws.append(group.draws["decision"])
            else:
                assert isinstance(slot.distribution, Deterministic)
                draws.append(slot.distribution.value)
    return Parties(
        time=np.array([group.time * HOUR for group in groups]),
        klass=np.array(klass),
        size=np.array([group.size for group in groups]),
        first_draw=np.array(first),
        draws=np.array(draws),
        initial=np.zeros(len(groups), bool),
    )


@pytest.mark.parametrize("name", ["reference", "compiled"])
def test_a_week_by_hand(name: str, tmp_path: Path) -> None:
    """Hours. The unit: A 0-2, B waits until 2-4, C is gone at 2.5, D too far 4-5, E and F unseen, G 10-12.

    Met: A 1, B 3, G 11. Processing of 3: A 2-5, B 5-8, G 12-15; an hour's way; interview of 2: A 6-8, B 9-11, G 16-18;
    decision of 1: A 9, B 12, G 19. A takes the one place, 9-33; B finds it taken and has a hotel, 12-36. G is returned.
    The board takes 10 hours for a person and begins at 20: A (2 persons) 33-53, B 53-63. F hides beyond the week.
    """
    more = "end: cut\nboard: {per_year: 876, inventory: 2}\n"
    model = build(load(write(tmp_path, WEEK, more=more)).baseline)
    parties = by_hand(model, BY_HAND)
    records = engine(name)(model.network, parties)
    check_conservation(model.network, parties, records)
    layout = Layout.of(model.network, DAY)
    found = {
        key.measure: value
        for key, value in zip(layout.keys, measure(layout, parties, records).values, strict=True)
        if (key.station, key.klass) == (ALL, ALL)
    }
    week = 168.0
    expected = {
        "arrivals": 7,
        "persons": 10,
        "groups_detected": 5,
        "persons_detected": 8,
        "detected_share": 5 / 7,
        "groups_intercepted": 3,
        "persons_intercepted": 6,
        "intercepted_share": 3 / 7,
        "groups_undetected": 4,
        "persons_undetected": 4,
        "persons_waiting_end": 0,
        "persons_alert_end": 0,
        "claims_inland": 0,  # not yet
        "outcome_reneged": 1,
        "outcome_left-before-response": 1,
        "outcome_undetected": 1,
        "outcome_returned": 1,
        "outcome_decided": 2,
        "response_mean": (60 + 120 + 60) / 3,
        "custody_mean": (8 + 9 + 8) / 3,
        "over_custody_share": 1 / 3,
        "claims": 6,
        "persons_returned": 3,
        "claims_eligible": 3,
        "exception_family": 3,
        "exception_minor": 0,
        "interviews_pending_mean": (2 * 2 + 2 * 1 + 2 * 3) / week,
        "interviews_pending_max": 3,
        "places_mean": 24 * 2 / week,
        "places_max": 2,
        "overflow_nights": 1,
        "board_pending_end": 0,
        "board_wait_mean": (0 + 17) / 2 / 24,
        "board_inventory_wait_mean": (0 + 2 * 10) / 2 / 24,
        "cold_exposed": 0.5 * (1 + 4),  # B, and the four not met
        "cost": 10 * week + 3 * 1 * week + 2 * 100 + 1000 + 7 * 5,
        "cost_per_claimant": (10 * week + 3 * week + 200 + 1000 + 35) / 6,
        "wait_mean": (0 + 60 + 0 + 0) / 4,  # of those a unit was sent to: A, B, D, G
        "utilisation": (2 + 2 + 1 + 2) / week,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def test_who_hides_for_14_days_claims_then(tmp_path: Path) -> None:
    """The same week run on: F comes out of hiding 14 days after the sixth hour."""
    model = build(load(write(tmp_path, WEEK, more="end: drain\ndrain_cap: 20 d\n")).baseline)
    parties = by_hand(model, BY_HAND)
    records = engine("reference")(model.network, parties)
    names = [model.network.stations[s].name for s in records.station]
    (row,) = [at for at, name in enumerate(names) if name == "hidden"]
    assert records.left[row] == 6 * HOUR + 14 * DAY
    assert model.network.outcomes[records.outcome[row]] == "claims-inland"
    assert not (records.outcome == INSIDE).any()


# ---- long-run stages in closed form -----------------------------------------------------------------------

STAGES = """\
  here:
    zone: America/Toronto
    kind: port
    groups: {per_day: 96, size: 1}
    interview: {officers: OFFICERS, service: {gamma: {mean: MINUTES min, cv: SPREAD}}}
    eligibility: {officers: 50, service: 1 s}
"""


def replicated(path: Path, count: int) -> pd.DataFrame:
    """Measures by replication, of everybody."""
    done = run(path, "--replications", str(count), visits=False)
    rows = done.replications
    rows = rows[rows["class"] == "all"]
    return rows.assign(measure=rows.station.astype(str) + "/" + rows.measure.astype(str)).pivot_table(
        index="replication", columns="measure", values="value"
    )


@pytest.mark.parametrize(
    ("officers", "minutes", "spread", "wait"),
    [
        (6, 60, "1.0", mmc(4.0 / HOUR, 1.0 / HOUR, 6).mean_wait),
        (1, 10, "0.5", mg1_mean_wait(4.0 / HOUR, HOUR / 6, 0.5)),
    ],
)
def test_interviews_are_those_of_a_queue(officers: int, minutes: int, spread: str, wait: float, tmp_path: Path) -> None:
    """Several officers with exponential times, one with a gamma: [Erlang], [Pollaczek, Khinchine]; and Little's law."""
    text = STAGES.replace("OFFICERS", f"{officers}").replace("MINUTES", f"{minutes}").replace("SPREAD", spread)
    table = replicated(write(tmp_path, text, horizon="240 d", more="warm_up: 5 d\nend: cut\n"), 20)
    estimate(table["interview/wait_mean"].to_numpy() * 60).agrees(wait, 0.12)
    pending = 4.0 * (wait / HOUR + minutes / 60.0)
    estimate(table["all/interviews_pending_mean"].to_numpy()).agrees(pending, 0.08)


UNITS = """\
  here:
    zone: America/Toronto
    groups: {per_day: 48, hide: 100 %}
    intercept:
      detect: 100 %
      patrols: 3
      response: 0 s
      with_group: {exponential: {mean: 90 min}}
      leaves_after: {exponential: {mean: 45 min}}
    eligibility: {officers: 50, service: 1 s}
"""


def test_units_are_those_of_a_queue_whose_groups_leave(tmp_path: Path) -> None:
    table = replicated(write(tmp_path, UNITS, horizon="60 d", more="end: cut\n"), 20)
    answer = erlang_a(2.0 / HOUR, 1.0 / (1.5 * HOUR), 3, 1.0 / (0.75 * HOUR))
    gone = ratio(table["all/groups_undetected"].to_numpy(), table["all/arrivals"].to_numpy())
    gone.agrees(answer.p_leave, 0.08)
    waits = estimate(table["all/wait_mean"].to_numpy() * 60)
    waits.agrees(answer.mean_wait_served, 0.12)


BOARD = """\
  here:
    zone: America/Toronto
    kind: inland
    groups: {per_day: 40, size: 2.5}
    eligibility: {officers: 90, service: 1 s}
"""


def test_the_wait_for_the_board_is_inventory_over_capacity(tmp_path: Path) -> None:
    """More come than are decided: what the formula says of a claim when it comes is what it then waits."""
    more = "end: drain\ndrain_cap: 400 d\nboard: {per_year: 18250, inventory: 1500}\n"
    table = replicated(write(tmp_path, BOARD, horizon="60 d", more=more), 10)
    simulated, formula = table["all/board_wait_mean"], table["all/board_inventory_wait_mean"]
    one_group = 2.5 / 50.0
    assert np.abs(simulated - formula).max() < 2 * one_group  # what is left of the claim in decision
    # 100 persons a day come for 60 days, 50 are decided: the mean claim finds 1500 + 50 x 30 pending, 30 days and 30.
    estimate(simulated.to_numpy()).agrees(60.0, 0.1)
    assert (table["all/board_pending_end"] > 2500).all()


# ---- detection: only the product is known -----------------------------------------------------------------

UNSURE = """\
  here:
    zone: America/Toronto
    groups: {detected_per_day: 12, size: 1, hide: 100 %}
    intercept: {detect: [20 %, 60 %], patrols: 50, response: 10 min}
    eligibility: {officers: 50, service: 1 h}
"""


def test_a_range_of_detection_is_a_range_of_true_flow(tmp_path: Path) -> None:
    """What is detected is as stated whatever the probability; who truly came goes from it over 60 % to it over 20 %."""
    table = replicated(write(tmp_path, UNSURE, horizon="60 d", more="end: cut\n"), 60)
    detected, true = table["all/groups_detected"], table["all/persons"]
    estimate(detected.to_numpy()).agrees(12 * 60, 0.05)
    share = table["all/detected_share"]
    assert 0.17 < share.min() < 0.27
    assert 0.53 < share.max() < 0.63
    # Replications differ in true flow by the draw of the probability, hardly by chance beside it.
    assert np.corrcoef(true, 1.0 / share)[0, 1] > 0.98
    low, high = 12 * 60 / 0.6, 12 * 60 / 0.2
    assert low * 0.9 < true.min() < low * 1.3
    assert high * 0.7 < true.max() < high * 1.1


def test_means_of_a_variant_find_more_of_those_who_come(tmp_path: Path) -> None:
    """Detected groups were counted with the baseline's means at the start: other means, or a rule, move nobody."""
    text = UNSURE.replace("hide: 100 %", "hide: {whole-border-14-days: 100 %, '*': 20 %}")
    more = """\
        end: cut
        agreement: whole-border-14-days
        variants:
          drones: {irregular.here.resources: {drones: {units: 4, detect: 20 %}}}
          drones-later: {irregular.here.resources: {drones: {units: 4, detect: 20 %, from: 2025-01-26}}}
          suspended: {agreement: [{rule: whole-border-14-days}, {from: 2025-01-26, rule: suspended}]}
    """
    study = load(write(tmp_path, text, horizon="40 d", more=more))
    found: dict[str, tuple[Parties, np.ndarray]] = {}
    for name, scenario in {"baseline": study.baseline, **study.variants}.items():
        model = build(scenario, study.baseline)
        parties = model.draw(3, 0)
        records = engine("reference")(model.network, parties)
        missed = records.party[records.outcome == model.network.outcomes.index("undetected")]
        found[name] = parties, ~np.isin(np.arange(len(parties)), missed)
    before, seen = found["baseline"]
    late = before.time > 20 * DAY
    for name in study.variants:
        parties, more_seen = found[name]
        assert np.array_equal(parties.time, before.time), name
        assert np.array_equal(parties.size, before.size), name
        assert (more_seen >= seen).all(), name
        since = slice(None) if name == "drones" else late
        assert more_seen[since].mean() > seen[since].mean() + 0.15, name
        if name != "drones":
            assert np.array_equal(more_seen[~late], seen[~late]), name


def test_detected_groups_of_a_variant_alone_are_counted_with_its_own_means(tmp_path: Path) -> None:
    """Nobody hides in the baseline's figure: what a variant counts for the first time it divides by its own share."""
    text = UNSURE.replace("detected_per_day: 12", "per_day: 30").replace("[20 %, 60 %]", "0 %")
    more = """\
        end: cut
        variants:
          counted:
            irregular.here.groups: {detected_per_day: 12, hide: 100 %}
            irregular.here.intercept.detect: 50 %
    """
    study = load(write(tmp_path, text, horizon="40 d", more=more))
    model = build(study.variants["counted"], study.baseline)
    assert model.expected_parties() == pytest.approx(24 * 40)


def test_sources_miss_a_group_independently(tmp_path: Path) -> None:
    """1 - (1 - 0.2)(1 - 0.1)(1 - 0.3) with all told, without the last when nothing is; drones add theirs."""
    text = UNSURE.replace("[20 %, 60 %]", "{sensor: 20 %, tip: 10 %, us-notice: 30 %}")
    more = """\
        variants:
          silent: {irregular.here.intercept.shared_information: no}
          drones: {irregular.here.resources: {drones: {units: 4, detect: 5 %, response: 25 %}}}
    """
    study = load(write(tmp_path, text, more=more))

    def chance(scenario: Scenario) -> tuple[float, float]:
        plan = FlowPlan("here", scenario, 7 * DAY)
        return plan.detection().low.at(0.0), plan.pace().at(0.0)

    assert chance(study.baseline) == pytest.approx((1 - 0.8 * 0.9 * 0.7, 1.0))
    assert chance(study.variants["silent"]) == pytest.approx((1 - 0.8 * 0.9, 1.0))
    assert chance(study.variants["drones"]) == pytest.approx((1 - 0.8 * 0.9 * 0.7 * 0.95**4, 1 / 2.0))


# ---- displacement and deterrence --------------------------------------------------------------------------

CHOICE = """\
  road:
    zone: America/Toronto
    intercept: {detect: 100 %, patrols: 200, response: 10 min}
    eligibility: {officers: 200, service: 1 h, exceptions: {family: 20 %}}
  airports:
    zone: America/Toronto
    kind: airport
    eligibility: {officers: 200, service: 1 h}
"""
CHOOSE = """\
end: cut
agreement: [{rule: ports-2004}, {from: 2025-02-05, rule: whole-border-14-days}]
displacement:
  lag: 5 d
  weights: {outcome: 3, distance: 1, risk: 2}
  origins:
    east:
      zone: America/Toronto
      groups: {per_day: 200, size: 1, hide: 0 %}
      to:
        road: {attraction: 0.5, distance: 500 km, risk: 10 %}
        airports: {distance: 1500 km}
        staying: {attraction: 1.2}
variants:
  open: {agreement: ports-2004}
  shut: {agreement: ports-2004, displacement.origins.east.to.road.closed: [{from: 2025-01-20}]}
"""


def choice_shares(source: GroupSource, time: float) -> dict[str, float]:
    """Expected share of each way for who sets out at an instant: the multinomial logit of the utilities."""
    weights = np.exp([way.utility.at(time) for way in source.ways])
    return dict(zip([way.name for way in source.ways], weights / weights.sum(), strict=True))


def chosen(model: Model, parties: Parties) -> list[str]:
    """Name of the facility each party comes to."""
    network = model.network
    return [network.facilities[network.classes[k].facility].name for k in parties.klass]


def test_shares_are_those_of_the_multinomial_logit(tmp_path: Path) -> None:
    """exp(utility) over their sum, before the new rule reaches people and after; road: 0.5 - 0.5 - 0.2 + 3 x share."""
    model = build(load(write(tmp_path, CHOICE, horizon="60 d", more=CHOOSE)).baseline)
    (source,) = model.sources
    assert isinstance(source, GroupSource)
    turn = (30 + 5) * DAY  # 5 February, and the lag
    for inside, share in (((0.0, turn), 1.0), ((turn, 60 * DAY), 0.2)):
        weights = np.exp([0.5 - 0.5 - 0.2 + 3 * share, -1.5 + 3.0, 1.2])
        expected = dict(zip(("road", "airports", "staying"), weights / weights.sum(), strict=True))
        assert choice_shares(source, inside[0] + 1.0) == pytest.approx(expected)
        counts = dict.fromkeys(expected, 0)
        for replication in range(3):
            parties = model.draw(5, replication)
            for name, time in zip(chosen(model, parties), parties.time, strict=True):
                counts[name] += inside[0] <= time < inside[1]
        total = sum(counts.values())
        test = stats.chisquare([counts[name] for name in expected], [total * p for p in expected.values()])
        assert test.pvalue > 0.001


def test_closing_a_way_moves_its_groups_and_nobody_else(tmp_path: Path) -> None:
    """The same people set out at the same instants; who would have come by the road goes elsewhere, after the lag."""
    study = load(write(tmp_path, CHOICE, horizon="60 d", more=CHOOSE))
    before, after = (build(study.variants[name], study.baseline) for name in ("open", "shut"))
    open_road, closed = before.draw(5, 0), after.draw(5, 0)
    assert np.array_equal(open_road.time, closed.time)
    assert np.array_equal(open_road.size, closed.size)
    moved = 0
    for first, second, time in zip(chosen(before, open_road), chosen(after, closed), closed.time, strict=True):
        if time < (14 + 5) * DAY or first != "road":
            assert first == second
        else:
            assert second in ("airports", "staying")
            moved += 1
    assert moved > 1000


@pytest.mark.parametrize(
    ("agreement", "closed", "road"),
    [
        ("[{rule: ports-2004}, {from: 2025-01-05, rule: whole-border-14-days}]", "", (0.5 - 0.7 + 3, 0.5 - 0.7 + 0.6)),
        ("ports-2004", "{from: 2025-01-05}", (0.5 - 0.7 + 3, -math.inf)),
        ("ports-2004", "{from: 2024-12-01, until: 2025-01-05}", (-math.inf, 0.5 - 0.7 + 3)),
        ("ports-2004", "{from: 2024-12-01, until: 2025-02-20}", (-math.inf, -math.inf)),
    ],
    ids=["rule", "shut", "open-again", "shut-since-long"],
)
def test_what_changed_shortly_before_the_start_is_not_known_yet(
    agreement: str, closed: str, road: tuple[float, float], tmp_path: Path
) -> None:
    """A lag of 30 days, and a change on the day before the start: people act on it on day 29, not before."""
    more = CHOOSE.replace("lag: 5 d", "lag: 30 d").partition("variants:")[0]
    more = more.replace("[{rule: ports-2004}, {from: 2025-02-05, rule: whole-border-14-days}]", agreement)
    more = more.replace("risk: 10 %}", f"risk: 10 %, closed: [{closed}]}}")
    (source,) = build(load(write(tmp_path, CHOICE, horizon="60 d", more=more)).baseline).sources
    assert isinstance(source, GroupSource)
    utility = source.ways[0].utility
    assert [utility.at(at * DAY) for at in (0.0, 28.9, 29.1, 50.0)] == pytest.approx([*2 * road[:1], *2 * road[1:]])


def test_three_times_the_effort_takes_a_tenth_of_the_flow(tmp_path: Path) -> None:
    """3^-0.1 = 0.896 [Gathmann]: the groups that come are among those that came before."""
    text = UNSURE.replace("detected_per_day: 12", "per_day: 200").replace("patrols: 50", "patrols: 2")
    more = "variants: {thrice: {irregular.here.intercept.patrols: 6}}\n"
    text += "    deterrence: {elasticity: -0.1, reference: 2}\n"
    study = load(write(tmp_path, text, more=more))
    one, three = build(study.baseline), build(study.variants["thrice"], study.baseline)
    assert three.expected_parties() / one.expected_parties() == pytest.approx(3**-0.1)
    before, after = one.draw(7, 0), three.draw(7, 0)
    assert set(after.time.tolist()) < set(before.time.tolist())


def test_more_units_miss_fewer(tmp_path: Path) -> None:
    """Paired over replications, one-sided."""
    more = "end: cut\nvariants: {more: {irregular.here.intercept.patrols: 4}}\n"
    done = run(write(tmp_path, UNITS, horizon="20 d", more=more), "--replications", "15", "--all", visits=False)
    difference = done.values("groups_undetected") - done.values("groups_undetected", variant="more")
    error = difference.std(ddof=1) / math.sqrt(len(difference))
    assert difference.mean() > stats.t.ppf(0.999, len(difference) - 1) * error


# ---- officers shared with a port --------------------------------------------------------------------------


def test_a_surge_of_claims_lengthens_the_wait_of_cars(tmp_path: Path) -> None:
    more = """\
        end: cut
        officers: {team: {officers: 5}}
        ports:
          cars:
            direction: northbound
            zone: America/Toronto
            traffic: {car: {per_day: 2000}}
            lanes: {general: {serves: [car], pool: team, service: 45 s}}
        variants: {surge: {irregular.here.groups.per_day: 30}}
    """
    text = """\
      here:
        zone: America/Toronto
        kind: port
        groups: {per_day: 3, size: 1}
        interview: {pool: team, service: 2 h}
        eligibility: {officers: 9, service: 1 h}
    """
    done = run(write(tmp_path, text, more=more), "--replications", "8", "--all", visits=False)
    rows = done.replications
    rows = rows[(rows.facility == "cars") & (rows.station == "all") & (rows["class"] == "all")]
    waits = rows[rows.measure == "wait_mean"].pivot_table(index="replication", columns="variant", values="value")
    assert (waits["surge"] > waits["baseline"] + 1.0).all()


# ---- everybody is accounted for, and both engines agree ---------------------------------------------------


def drawn(path: Path) -> tuple[Model, Records, Records, Parties]:
    model = build(load(path).baseline)
    parties = model.draw(3, 0)
    return model, engine("reference")(model.network, parties), engine("compiled")(model.network, parties), parties


@pytest.mark.parametrize("seed", range(8))
def test_engines_are_equal_on_random_flows(seed: int, tmp_path: Path) -> None:
    model, reference, compiled, parties = drawn(random_flows(tmp_path, seed))
    for name, values in vars(reference).items():
        assert np.array_equal(np.asarray(values), np.asarray(getattr(compiled, name)), equal_nan=True), name
    check_conservation(model.network, parties, reference)


def test_random_flows_reach_everything_they_are_made_of(tmp_path: Path) -> None:
    seen = set()
    for seed in range(12):
        model = build(load(random_flows(tmp_path, seed)).baseline)
        records = engine("compiled")(model.network, model.draw(3, 0))
        network = model.network
        seen |= {network.stations[s].name for s in set(records.station.tolist())}
        seen |= {network.outcomes[o] for o in set(records.outcome.tolist()) if o >= 0}
    stages = {"alert", "response", "processing", "transfer", "interview", "eligibility", "hidden", "intake", "hotel"}
    ends = {"undetected", "left-before-response", "reneged", "returned", "eligible", "inadmissible", "detained"}
    assert stages | ends | {"board", "decided", "claims-inland", "stayed"} <= seen


@pytest.mark.parametrize("seed", range(3))
def test_persons_and_groups_add_up_by_stage_and_outcome(seed: int, tmp_path: Path) -> None:
    """True = met + not met + not yet told; decided = returned + inadmissible + detained + eligible; and by kind."""
    path = random_flows(tmp_path, seed)
    done = run(path, "--replications", "2", visits=True)
    rows = done.replications
    rows = rows[(rows.station == "all") & rows.facility.isin(["land", "water", "port"])]
    wide = rows.pivot_table(index=["facility", "class", "replication"], columns="measure", values="value").reset_index()
    parts = ["persons_returned", "persons_inadmissible", "persons_detained", "claims_eligible"]
    assert np.array_equal(wide[parts].sum(axis=1), wide.claims)
    excepted = wide[[name for name in wide if name.startswith("exception_")]].sum(axis=1)
    assert (excepted <= wide.claims_eligible).all()
    crossing = wide[wide.facility != "port"]
    assert (crossing.persons_intercepted <= crossing.persons_detected).all()
    told = ["persons_intercepted", "persons_undetected", "persons_waiting_end", "persons_alert_end"]
    assert np.array_equal(crossing[told].sum(axis=1), crossing.persons)
    whole = wide[wide["class"] == "all"].set_index(["facility", "replication"])
    parts_of = wide[wide["class"] != "all"].groupby(["facility", "replication"])
    for name in ("persons", "claims", "arrivals", *parts):
        assert np.array_equal(parts_of[name].sum(), whole[name]), name
    visits = done.visits()
    stuck = visits[(visits.outcome == "inside") & (visits.facility.isin(["land", "water", "port"]))]
    outcomes = [name for name in wide if name.startswith("outcome_")]
    for facility in ("land", "water", "port"):
        row = whole.loc[(facility, 0)]
        assert row[outcomes].sum() + (stuck.facility == facility).sum() == row.arrivals


# ---- a surge ----------------------------------------------------------------------------------------------


def test_a_thousandfold_surge_ends_in_named_outcomes(tmp_path: Path) -> None:
    """Officers as for three groups a day, and three thousand come: nobody is lost, each makes a few visits at most."""
    text = """\
      here:
        zone: America/Toronto
        groups: {per_day: 3000, size: 2, hide: {"*": 50 %}}
        intercept: {detect: 40 %, patrols: 3, response: 40 min, leaves_after: {exponential: {mean: 75 min}}}
        processing: {officers: 4, service: {exponential: {mean: 3 h}}}
        interview: {officers: 4, service: 2 h}
        eligibility: {officers: 2, service: 90 min}
        intake: {places: 40, stay: 6 d}
    """
    model = build(load(write(tmp_path, text, horizon="10 d", more="end: cut\n")).baseline)
    parties = model.draw(1, 0)
    records = engine("compiled")(model.network, parties)
    check_conservation(model.network, parties, records)
    assert 28_000 < len(parties) < 32_000
    assert len(records.party) <= 8 * len(parties)
    assert parties.draws.nbytes <= 8 * 16 * len(parties)
    ends = {model.network.outcomes[o] for o in set(records.outcome.tolist()) if o >= 0}
    assert {"undetected", "reneged"} <= ends
