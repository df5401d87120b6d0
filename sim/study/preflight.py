"""What is looked at before a run: warnings with numbers, and whether the run fits in memory. Nothing is drawn."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path as FilePath

from sim.errors import ScenarioError
from sim.model.dated import officers_on_duty
from sim.model.flow_plan import RESPONSE, FlowPlan, Timeline, flow_plans, origins_of
from sim.model.hall_plan import HallPlan, hall_plans
from sim.model.network import ALWAYS_ONE, Steps
from sim.model.port_plan import PortPlan
from sim.model.steps import combine, most_of, product
from sim.scenario import Scenario, Study, as_written, without_effect
from sim.scenario.cautions import Caution, Doubt, collect
from sim.scenario.doubts import LOOKS
from sim.scenario.faults import placed
from sim.scenario.irregular import STAFFED
from sim.scenario.precision import UntilPrecise
from sim.scenario.problems import Path, Problem
from sim.scenario.vocabulary import BASELINE
from sim.study.demand import flows, integral
from sim.study.hall_load import servers_of
from sim.study.mean_days import mean_days
from sim.study.offered import HOUR, LONGEST, Group, most_booths, offered_load, plans_of

LEFT = 300.0
"""Seconds of work per server: a backlog below this at the end of the horizon is not worth a word."""

BYTES_PER_PARTY = 1500
"""Peak memory of one replication per party, its draws, visits and measures: measured at 885 to 1,350 bytes with the
reference engine, and at 1,310 for a hall with the compiled one: the more the more stations there are."""
BYTES_PER_PARTY_COMPILED = 500
"""The same of a party at a land port with the compiled engine: measured at 150 to 390."""
BYTES_PER_BINNED_VALUE = 30
"""Peak memory per value of `bins.parquet` while the files of a run are written: measured at 16 to 19 bytes."""
BYTES_PER_ROW_OF_SERIES = 110
"""Of `series.csv`, which has one for each value by time bin, whatever the replications: measured at 101 to 109."""
MANY_BYTES = 1e9
"""From here on a table is more than other programs open."""
MEASURES_PER_ROW = 22
"""Binned measures of a station and class of a port, on average over the shipped scenarios, and so those below."""
MEASURES_PER_ROW_OF_A_HALL = 13
MEASURES_PER_ROW_OF_A_FLOW = 12
STAGES_OF_A_FLOW = 10
"""Stations of an irregular flow, at the most."""
BYTES_OF_THE_PROGRAM = 200e6


def warnings_of(study: Study) -> tuple[Caution, ...]:
    """Every warning of a study, its baseline first, each with its name, place and numbers.

    The names are listed in docs/errors.md. Takes a few hundredths of a second: means and calendars, nothing drawn.
    """
    looks = (*LOOKS, *without_effect.LOOKS, never_open, nobody_on_duty, gates_closed, overloaded, many_bins)
    return collect(study, looks, (*as_written.LOOKS, mean_days))


def for_a_run(warnings: Iterable[Caution]) -> tuple[Caution, ...]:
    """The warnings worth repeating at each run.

    More built than is ever open is how a scenario states what is there and what is staffed, so `check` alone mentions
    it; of a variant it is worth a word, as its new booth then changes nothing.
    """
    return tuple(warning for warning in warnings if warning.variant or warning.name != "never-open-booth")


def never_open(scenario: Scenario) -> Iterator[Doubt]:
    """Servers that are there and open, or on duty, at no time of the horizon: booths, officers and units of flows."""
    for plan in plans_of(scenario):
        for name, lane in plan.port.lanes.items():
            if lane.pool is None:
                calendar = most_booths(plan, name, lane)
                yield from _seldom(calendar, plan.end, lane.booths, ("ports", plan.name, "lanes", name), "lane group")
    for hall in hall_plans(scenario, min(scenario.horizon, LONGEST)):
        side = ("far_side",) if hall.far is not None else ()
        for name, stage in hall.chain.stations.items():
            used = any(hall.chain.worked(name, known) for known in hall.place.classes)
            if used and stage.pool is None and stage.kind != "walk":
                at = ("preclearance", hall.home, *side, "stations", name)
                yield from _seldom(servers_of(hall, name, stage), hall.end, stage.booths, at, "station")
    for flow in flow_plans(scenario, min(scenario.horizon, LONGEST)):
        yield from _seldom_of_flow(flow)


def _seldom_of_flow(plan: FlowPlan) -> Iterator[Doubt]:
    """Units and officers of a flow's own that are never on duty."""
    for name in STAFFED:
        part = getattr(plan.flow, name)
        if part is None or part.pool is not None:
            continue
        key, calendar = part.built, plan.clock.steps(part.open)
        at: Path = ("irregular", plan.name, name)
        if name != "intercept":
            yield from _seldom(plan.dated.at_most(name, calendar), plan.end, part.officers, at, "stage", "officer", key)
        elif part.patrols or not part.joint_patrols:
            yield from _seldom(
                plan.dated.at_most(RESPONSE, calendar), plan.end, part.patrols, at, "sector", "unit", key
            )


def nobody_on_duty(scenario: Scenario) -> Iterator[Doubt]:
    """Pools that work something here and have no officer on duty at any time of the horizon."""
    end = min(scenario.horizon, LONGEST)
    plans: list[PortPlan | HallPlan | FlowPlan] = [*plans_of(scenario)]
    plans += [*hall_plans(scenario, end), *flow_plans(scenario, end)]
    for pool in scenario.officers:
        first = next((plan for plan in plans if pool in _worked_by(plan)), None)
        if first is not None and most_of(officers_on_duty(scenario, pool, first.clock), end) == 0:
            found = "nobody of this pool is on duty within the horizon"
            mend = "have somebody on duty, or work the stations otherwise"
            yield Doubt("never-open", found, mend, ("officers", pool, "open"))


def gates_closed(scenario: Scenario) -> Iterator[Doubt]:
    """Departures whose gate has closed when the horizon begins, where the first of their passengers come."""
    for hall in hall_plans(scenario, scenario.horizon):
        place = hall.place
        lost = [one for one in hall.departures() if one.departs - place.closes + place.holds <= 0.0]
        if hall.far is not None or not lost:
            continue
        first = lost[0]
        others = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        passengers = sum(one.passengers for one in lost)
        found = (
            f"the gate of {first.name}{others} has closed when the horizon begins: all {passengers} passengers miss it"
        )
        cell = None if first.cell is None else (first.cell.file, first.cell.line, first.cell.column)
        at = ("preclearance", hall.home, "departures", *(("timetable",) if cell is not None else ()))
        mend = "begin earlier, by the time that passengers show up before departure, or leave it out"
        yield Doubt("gate-closed-at-start", found, mend, at, amount=float(len(lost)), place=cell)


def _worked_by(plan: PortPlan | HallPlan | FlowPlan) -> set[str]:
    """Names of the pools that work something; at a hall, under its clearance."""
    if not isinstance(plan, HallPlan):
        return plan.pools()
    worked = {name for name in plan.chain.stations for known in plan.place.classes if plan.chain.worked(name, known)}
    return {pool for name in worked if (pool := plan.chain.stations[name].pool) is not None}


def _seldom(
    calendar: Steps, end: float, built: int, at: Path, what: str, servers: str = "booth", key: str = "booths"
) -> Iterator[Doubt]:
    most, booths = int(most_of(calendar, end)), servers == "booth"
    if most == 0:
        found = f"no {servers} of this {what} {'opens' if booths else 'is on duty'} within the horizon"
        mend = f"open one, or leave the {what} out" if booths else "have one on duty"
        yield Doubt("never-open", found, mend, (*at, "open" if built else key))
    elif most < built:
        which = f"{servers} {built}" if most == built - 1 else f"{servers}s {most + 1} to {built}"
        verb = "is" if most == built - 1 else "are"
        found = f"{which} of {built} {verb} never {'open' if booths else 'on duty'} within the horizon"
        mend = f"raise open, or write {key}: {most}"
        yield Doubt("never-open-booth", found, mend, (*at, key), amount=float(built - most))


def overloaded(scenario: Scenario) -> Iterator[Doubt]:
    """Servers that are offered more work than they can do, or leave a queue at the end of the horizon."""
    for group in offered_load(scenario):
        if group.open_time == 0.0 or not group.offered:
            continue
        kind = "overloaded-secondary" if group.word == "bay" else "overloaded-lane"
        on = f" ({', '.join(group.parts)})" if len(group.parts) > 1 else ""
        numbers = f"{_loads(scenario, group)}{on}"
        if group.load >= 1.0:
            found = f"offered load {group.load:.2f}: {numbers}"
            yield Doubt(kind, found, f"open more {group.word}s, or expect a queue that grows", group.at, on_key=True)
        elif (
            group.word != "bay"
            and not (group.gives_up or group.overnight)
            and group.backlog > LEFT * max(1.0, group.last_open)
        ):
            minutes = group.backlog / max(1.0, group.last_open) / 60.0
            line = (
                f"about {group.parties_left:.0f} parties, {minutes:.0f} min of work, are in line when the horizon ends"
            )
            found = f"{line}: offered load {group.load:.2f}, {numbers}"
            mend = "lengthen the horizon until the line is gone, or open more in time"
            yield Doubt("queue-at-end", found, mend, group.at, on_key=True)


def many_bins(scenario: Scenario) -> Iterator[Doubt]:
    """Time bins that are short for so long a horizon: a table that nobody can open."""
    values = binned_values(scenario) / scenario.most_replications
    if values * BYTES_PER_ROW_OF_SERIES < MANY_BYTES:
        return
    count = math.ceil((scenario.horizon - scenario.warm_up) / scenario.bin)
    size = _gigabytes(values * BYTES_PER_ROW_OF_SERIES)
    found = f"{count:,} time bins, {values:,.0f} values by bin: series.csv takes about {size} for each variant"
    yield Doubt("many-bins", found, "widen bin, or write `bin: none` if nothing is asked by time", ("horizon",))


def _loads(scenario: Scenario, group: Group) -> str:
    hour, load = group.worst_hour()
    begin = scenario.start + timedelta(hours=hour)
    worst = f"{load:.2f}" if math.isfinite(load) else f"no {group.word} open"
    work, opened = group.work / HOUR, group.open_time / HOUR
    return f"{work:.1f} {group.word}-hours of work for {opened:.1f} open, worst hour {begin:%Y-%m-%d %H:%M} at {worst}"


# ---- precision --------------------------------------------------------------------------------------------


def check_precision(study: Study) -> None:
    """Refuse measures that are to be precise and that the results will not have.

    Raises:
        ScenarioError: at `replications.of`, with what there is.
    """
    if isinstance(study.baseline.replications, UntilPrecise):
        from sim.study.named import check_measures  # it builds the network, which nothing else here needs

        check_measures(study)


# ---- memory -----------------------------------------------------------------------------------------------


def check_memory(
    study: Study,
    workers: int = 1,
    available: float | None = None,
    *,
    keeps_bins: bool = True,
    engine: str | None = None,
) -> None:
    """Refuse a run that needs more memory than there is, before anything is drawn.

    Args:
        study: with the variants to be run.
        workers: processes, each of which holds one replication at a time.
        available: bytes; None asks the system, and where it does not tell nothing is refused.
        keeps_bins: False where only measures of the whole run are kept, of as many replications as there are workers
            at the least.
        engine: as `--engine` takes it; None is `auto`.

    Raises:
        ScenarioError: at `horizon` or `bin`, with the estimate.
    """
    free = available_memory() if available is None else available
    if free is None:
        return
    scenarios = (study.baseline, *study.variants.values())
    parties = max(expected_parties(scenario) for scenario in scenarios)
    at_once = min(workers, len(scenarios) * study.baseline.most_replications) if keeps_bins else workers
    drawing = BYTES_PER_PARTY * parties * at_once
    writing = BYTES_PER_BINNED_VALUE * sum(binned_values(scenario) for scenario in scenarios) if keeps_bins else 0.0
    room = free - writing - BYTES_OF_THE_PROGRAM
    if drawing <= room:
        return
    # Only where it matters: to look for the engine, and for compiled code, takes longer than all else here.
    from sim.engine import AUTO, COMPILED, choose_engine

    if choose_engine(engine or AUTO, parties * study.baseline.most_replications) == COMPILED:
        drawing = max(_bytes_compiled(scenario) for scenario in scenarios) * at_once
        if drawing <= room:
            return
    need = f"the run needs about {_gigabytes(drawing + writing)} of memory, and {_gigabytes(free)} is free"
    if drawing >= writing:
        found = f"about {parties:,.0f} parties in a replication: {need}"
        problem = Problem(found, "what fits in memory", "shorten the horizon or reduce the traffic", ("horizon",))
    else:
        found = f"{writing / BYTES_PER_BINNED_VALUE:,.0f} values by time bin: {need}"
        mend = "widen bin, shorten the horizon, or run fewer replications"
        at = ("bin",) if ("bin",) in study.written[BASELINE].places else ("horizon",)
        problem = Problem(found, "what fits in memory", mend, at)
    raise ScenarioError([placed(problem, study.written[BASELINE])])


def _bytes_compiled(scenario: Scenario) -> float:
    """Memory of one replication in the compiled engine, which saves at land ports."""
    at_ports = expected_at_ports(scenario)
    return BYTES_PER_PARTY_COMPILED * at_ports + BYTES_PER_PARTY * (expected_parties(scenario) - at_ports)


def expected_at_ports(scenario: Scenario) -> float:
    """About how many parties come to land ports in one replication."""
    looked = plans_of(scenario)
    whole = scenario.horizon / looked[0].end if looked else 1.0
    return sum(whole * flow.parties(plan.end) for plan in looked for flow in flows(plan).values())


def expected_parties(scenario: Scenario) -> float:
    """About how many parties one replication has, dated events and the initial queue included."""
    end = scenario.horizon
    # A party has one passenger or more: counting passengers errs on the side of too many.
    passengers = sum(d.passengers for hall in hall_plans(scenario, end) for d in hall.departures())
    groups, busiest = 0.0, ALWAYS_ONE
    for plan in flow_plans(scenario, end):
        dated = plan.dated.most(plan.kinds())
        busiest = combine(busiest, dated, max)
        groups += integral(product((plan.most_groups(), dated)), 0.0, end)
    for origin in origins_of(scenario).values():
        coming = Timeline(scenario, origin.zone, end).demand(origin.groups, origin.drivers)
        groups += integral(product((coming, busiest)), 0.0, end)
    return expected_at_ports(scenario) + passengers + groups


def binned_values(scenario: Scenario) -> float:
    """About how many values by time bin all replications of a scenario have."""
    measures = MEASURES_PER_ROW * sum(_rows(plan) for plan in plans_of(scenario))
    for hall in hall_plans(scenario, scenario.horizon):
        rows = (1 + len(hall.place.classes)) * (3 + len(hall.chain.stations))
        measures += MEASURES_PER_ROW_OF_A_HALL * rows
    for flow in flow_plans(scenario, scenario.horizon):
        measures += MEASURES_PER_ROW_OF_A_FLOW * (1 + len(flow.kinds())) * (STAGES_OF_A_FLOW + 1)
    bins = math.ceil((scenario.horizon - scenario.warm_up) / scenario.bin) + 1
    return float(measures * bins * scenario.most_replications)


def _rows(plan: PortPlan) -> int:
    """Stations times classes of a port, each with a row for all classes, and the facility's own rows."""
    port, classes = plan.port, 1 + len(plan.classes)
    passing = sum(part is not None for part in (port.approach, port.toll)) + 2
    served = sum(1 + sum(lane in plan.groups(name) for name in plan.classes) for lane in port.lanes)
    return classes * passing + served + classes * len(port.secondary)


def available_memory() -> float | None:
    """Bytes that can be had without swapping, or all there are where the system does not say; None if neither."""
    try:
        for line in FilePath("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024.0
    except (OSError, ValueError, IndexError):
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * float(os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return None


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.0f} GB" if size >= 1e10 else f"{size / 1e9:.1f} GB"
