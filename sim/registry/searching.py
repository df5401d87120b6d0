"""Finding entries of the registry by id, words or nearness, and what to write instead of a wrong id."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from functools import cache

from sim.errors import UsageError
from sim.registry.entries import Entry, by_id, entries, ids

EARTH_KM = 6371.0
SHORT = {"saint": "st", "sainte": "ste"}
"""Words of names that are also written short."""
TELLING = 4
"""Letters from which on a word says something of a place; `de`, `st` and `on` stand in many names."""
_CODE = re.compile(r"us-(?P<number>\d{4})(?=-)|ca-[a-z]{2}(?=-)")


def entry(id: str) -> Entry:
    """The entry of an id. Raises UsageError that names the nearest id."""
    found = by_id().get(id)
    if found is None:
        raise UsageError(f"no registry entry '{id}'; {hint(id)}")
    return found


def hint(wrong: str) -> str:
    """What to write instead of an id that is none: of the same code, else what the search finds, else spelt alike."""
    code = _CODE.match(wrong)
    same = [id for id in ids() if code and id.startswith(f"{code[0]}-")]
    close = difflib.get_close_matches(wrong, same, n=1, cutoff=0.0 if code and code["number"] else 0.6)
    name = wrong[code.end() :] if code else wrong
    found = search(name) if not close and _words(name) else ()
    if len(found) == 1:
        return f"did you mean '{found[0].id}', the one entry that `bordersim ports {' '.join(_words(name))}` finds?"
    if found:
        return f"`bordersim ports {' '.join(_words(name))}` lists {len(found)} that it may be"
    close = close or difflib.get_close_matches(wrong, ids(), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else "`bordersim ports` lists them"


def search(text: str) -> tuple[Entry, ...]:
    """Entries whose id, name, region, agency or port holds every word of the text.

    Capital letters, accents, hyphens and other marks make no difference, nor do Saint and St.
    """
    words = _words(text)
    return tuple(each for each in entries() if all(word in _haystack(each) for word in words))


def search_most(text: str) -> tuple[Entry, ...]:
    """Entries that hold the most of the words, none where no entry holds one; short words do not count."""
    words = [word for word in _words(text) if len(word) >= TELLING]
    held = {each.id: sum(word in _haystack(each) for word in words) for each in entries()}
    most = max(held.values())
    return tuple(each for each in entries() if most and held[each.id] == most)


def nearest_word(text: str) -> str:
    """The word of some entry's id or name nearest to `text`, empty where none is near."""
    words = {word for each in entries() for word in (*each.id.split("-"), *each.name.casefold().split())}
    return next(iter(difflib.get_close_matches(text.casefold(), sorted(words), n=1, cutoff=0.6)), "")


def near(latitude: float, longitude: float, limit: int = 10) -> tuple[tuple[float, Entry], ...]:
    """The nearest entries with their distance in km (great circle), the nearest first."""
    found = [(distance(latitude, longitude, each.latitude, each.longitude), each) for each in entries()]
    return tuple(sorted(found, key=lambda pair: (pair[0], pair[1].id))[:limit])


def distance(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance in km of two points in degrees (haversine, sphere of 6371 km)."""
    north, east = math.radians(other_lat - lat) / 2, math.radians(other_lon - lon) / 2
    chord = math.sin(north) ** 2 + math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * math.sin(east) ** 2
    return 2.0 * EARTH_KM * math.asin(math.sqrt(min(1.0, chord)))


@cache
def _haystack(each: Entry) -> str:
    fields = (each.id, each.name, each.region, each.agency, each.port, each.facing, each.direction)
    return " ".join(_words(" ".join(fields)))


def _words(text: str) -> list[str]:
    """The words of a text as they are compared."""
    return [SHORT.get(word, word) for word in re.findall(r"[a-z0-9]+", folded(text))]


def folded(text: str) -> str:
    """The text without capitals and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))
