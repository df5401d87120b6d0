"""What dated events make of one irregular flow: who comes, whether it is open, units and officers, places."""

from __future__ import annotations

from collections.abc import Iterable

from sim.model.dated import Dated
from sim.model.network import ALWAYS_ONE, Steps
from sim.model.steps import combine, window
from sim.scenario.vocabulary import IRREGULAR


class FlowEvents(Dated):
    """A flow with its clock and the events that touch it."""

    def passable(self) -> Steps:
        """0 while an event closes the flow."""
        return self.effect(lambda event: 0.0 if event.closed else None)

    def coming(self, kind: str) -> Steps:
        """Factor on the groups of a kind that come, those who chose to come among them."""
        return combine(self.demand(f"{IRREGULAR}.{kind}"), self.passable(), lambda factor, there: factor * there)

    def most(self, kinds: Iterable[str]) -> Steps:
        """The highest factor on the groups of any of these kinds, at least 1."""
        highest = ALWAYS_ONE
        for kind in kinds:
            highest = combine(highest, self.coming(kind), max)
        return highest

    def places(self, stated: float) -> Steps:
        """Places of intake over time: those stated and those events bring or take, 0 at the least."""
        found = Steps(values=(stated,))
        for event in self.events:
            if event.more_places:
                more = window(*self.span(event), inside=float(event.more_places), outside=0.0)
                found = combine(found, more, lambda a, b: a + b)
        return combine(found, Steps(values=(0.0,)), max)
