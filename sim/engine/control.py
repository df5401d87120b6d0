"""Controllers in the reference engine: booths that open and close by what is seen at ticks (rule 7)."""

from __future__ import annotations

from sim.engine.state import StationState, Visit
from sim.model.network import Controller, Steps

NOT_PENDING = -1


class Control:
    """One controller's state: how many servers it wants open, and the tick at which one more opens."""

    def __init__(self, controller: Controller, calendar: Steps) -> None:
        self.controller, self.calendar = controller, calendar
        self.next_tick = 0
        self.opens_at = NOT_PENDING
        self.count = self.within(0.0, int(calendar.at(0.0)))

    def within(self, now: float, count: int) -> int:
        """The count kept between the calendar and the most allowed; the calendar prevails."""
        return max(min(count, int(self.controller.most.at(now))), int(self.calendar.at(now)))

    def servers(self, now: float, stations: list[StationState]) -> int:
        """How many are to be open from `now`, an instant of change."""
        rule, ticks = self.controller, self.controller.ticks
        if self.next_tick < len(ticks) and ticks[self.next_tick] == now:
            tick = self.next_tick
            self.next_tick += 1
            if self.opens_at == tick:
                self.opens_at = NOT_PENDING
                self.count += 1
            seen = self.reading(now, stations)
            if seen > rule.open_above and self.opens_at == NOT_PENDING and self.count < int(rule.most.at(now)):
                if rule.lead == 0:
                    self.count += 1
                else:
                    self.opens_at = tick + rule.lead
            elif seen < rule.close_below and self.opens_at == NOT_PENDING:
                self.count -= 1
        self.count = self.within(now, self.count)
        return self.count

    def reading(self, now: float, stations: list[StationState]) -> float:
        """Seconds the longest-waiting head of a watched line has stood there, or parties waiting in all of them."""
        watched = [stations[index] for index in self.controller.watch]
        if not self.controller.by_wait:
            return float(sum(state.waiting.value for state in watched))
        heads = [line[0] for state in watched for line in lines_of(state) if line and line[0].queued]
        return max((now - visit.joined for visit in heads), default=0.0)


def lines_of(state: StationState) -> list[list[Visit]]:
    """Every line of a station."""
    booths = state.pool.booths if state.pool is not None and state.station.per_booth else []
    return [state.line, state.holding, *state.lanes, *(booth.line for booth in booths)]
