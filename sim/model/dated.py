"""What dated events make of one facility, as step functions on its clock: demand, service, staff, stops."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from sim.model.civil import CivilClock
from sim.model.network import NEVER, Steps
from sim.model.steps import combine, product, window
from sim.scenario.schema import Event, Scenario
from sim.scenario.vocabulary import EVERY, most_exact


class Dated:
    """A facility with its clock and the events that touch it."""

    def __init__(self, name: str, zone: str, scenario: Scenario, end: float) -> None:
        self.name, self.scenario, self.end = name, scenario, end
        self.events = [event for event in scenario.events if event.touches(name)]
        self.clock = CivilClock(scenario.start, zone, end, holidays(scenario, self.events))

    def span(self, event: Event) -> tuple[float, float]:
        """From and until in seconds; an event without end lasts for good."""
        return span_of(event, self.clock)

    def spans(self) -> tuple[tuple[float, float], ...]:
        """The spans of all events that touch the facility."""
        return tuple(self.span(event) for event in self.events)

    def effect(self, factor: Callable[[Event], float | None]) -> Steps:
        """The product over events of the factor each has, 1 where it has none."""
        return product(
            window(*self.span(event), inside=value) for event in self.events if (value := factor(event)) is not None
        )

    def demand(self, class_name: str) -> Steps:
        return self.effect(lambda event: most_exact(event.demand, class_name))

    def referral(self, class_name: str) -> Steps:
        return self.effect(lambda event: most_exact(event.referral, class_name))

    def service(self, part: str, among_others: bool = True) -> Steps:
        """Factor on service at a lane group or station; `*` holds for it where it is `among_others`."""
        return self.effect(lambda event: event.service.get(part, event.service.get(EVERY) if among_others else None))

    def secondary_service(self) -> Steps:
        return self.effect(lambda event: event.secondary)

    def running(self, name: str) -> Steps:
        """0 while an event stops the lane group, kind of secondary or station."""
        return self.effect(lambda event: 0.0 if name in event.stopped or EVERY in event.stopped else None)

    def at_most(self, name: str, calendar: Steps) -> Steps:
        """The calendar of a lane group or station, less the booths that events keep closed."""
        caps = ((event, event.booths[name]) for event in self.events if name in event.booths)
        return _limited(calendar, caps, self.clock)


def holidays(scenario: Scenario, events: Iterable[Event]) -> frozenset[date]:
    """The scenario's holidays and the days of those events that make one."""
    days = set(scenario.holidays)
    for event in events:
        if event.holiday:
            day, last = event.from_.date(), (event.until or event.from_).date()
            while day <= last:
                days.add(day)
                day += timedelta(days=1)
    return frozenset(days)


def span_of(event: Event, clock: CivilClock) -> tuple[float, float]:
    """From and until of an event in seconds on a clock; infinity for one without end."""
    return clock.seconds(event.from_), NEVER if event.until is None else clock.seconds(event.until)


def officers_on_duty(scenario: Scenario, pool: str, clock: CivilClock) -> Steps:
    """The calendar of a pool of officers on the clock that tells its hours, less those whom events keep away."""
    caps = ((event, event.officers[pool]) for event in scenario.events if pool in event.officers)
    return _limited(clock.steps(scenario.officers[pool].open), caps, clock)


def _limited(calendar: Steps, caps: Iterable[tuple[Event, int]], clock: CivilClock) -> Steps:
    for event, most in caps:
        cap = window(*span_of(event, clock), inside=float(most), outside=math.inf)
        calendar = combine(calendar, cap, min)
    return calendar
