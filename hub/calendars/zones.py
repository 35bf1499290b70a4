"""Time zones by their IANA names."""

from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from hub.errors import Code, Refused

# What these mean depends on the machine, or is nothing.
NO_ZONES = {"localtime", "Factory", "posixrules"}


def zone(name: str) -> ZoneInfo:
    """A zone by its IANA name. Refuses another, with the nearest names."""
    known = _zones()
    if name in known.values():
        return ZoneInfo(name)
    asked = name.strip().lower().replace(" ", "_")[:100]
    near = [known[one] for one in known if asked and one.rpartition("/")[2] == asked]
    near += [known[one] for one in get_close_matches(asked, known, n=3) if known[one] not in near]
    told = f"did you mean {' or '.join(near[:3])}?" if near else "write an IANA name such as Europe/Berlin or UTC"
    raise Refused(Code.BAD_INPUT, f"there is no time zone {name[:100]!r}; {told}", field="zone")


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """Every zone's name, by the name in lower case."""
    return {name.lower(): name for name in sorted(available_timezones() - NO_ZONES)}
