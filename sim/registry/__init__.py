"""Reference data inside the package: ports of entry, airports, sectors, tables of time, published waits.

Each value has its source (`sources.csv`) or is marked assumed with a range (`assumptions.csv`). The other tables of
`sim/registry/data` are derived from published files by `tools/derive_registry.py`; docs/data.md tells how.
"""

from sim.registry.defaults import PortDefaults, port_defaults
from sim.registry.entries import Entry, entries, ids
from sim.registry.files import Assumption, Origin, Source, assumptions, sources
from sim.registry.halls import AirportVolume, HallDefaults, airport_volume, hall_defaults
from sim.registry.others import (
    Airport,
    FlowSeason,
    Sector,
    airport,
    airports,
    flow_seasons,
    monthly_counts,
    published_waits,
    sectors,
)
from sim.registry.searching import entry, hint, near, nearest_word, search, search_most
from sim.registry.staffing import FOLLOWS_DEMAND
from sim.registry.tables import Profile, holidays, profile, profiles, season, seasons, weekday, weekdays
from sim.registry.writing import Defaults

__all__ = [
    "Airport",
    "AirportVolume",
    "Defaults",
    "Assumption",
    "Entry",
    "FOLLOWS_DEMAND",
    "FlowSeason",
    "HallDefaults",
    "Origin",
    "PortDefaults",
    "Profile",
    "Sector",
    "Source",
    "airport",
    "airport_volume",
    "airports",
    "assumptions",
    "entries",
    "entry",
    "flow_seasons",
    "hall_defaults",
    "hint",
    "holidays",
    "ids",
    "monthly_counts",
    "near",
    "nearest_word",
    "port_defaults",
    "profile",
    "profiles",
    "published_waits",
    "search",
    "search_most",
    "season",
    "seasons",
    "sectors",
    "sources",
    "weekday",
    "weekdays",
]
