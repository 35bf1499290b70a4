"""Public holidays, as the package `holidays` knows them: by country, and by what the country is divided into."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from hub.errors import Code, Refused

FIRST_YEAR, LAST_YEAR = 2000, 2100


@lru_cache(maxsize=64)
def public_holidays(country: str, subdivision: str | None) -> Mapping[date, str]:
    """The days from 2000 to 2100 that the law makes holidays, with their names; a country may know fewer years.

    The first call in a process takes a second or so: the package is loaded.
    """
    # Imported here, for it is great, and most processes never ask.
    from holidays import country_holidays

    known = country_holidays(country, subdiv=subdivision)
    years = range(max(FIRST_YEAR, known.start_year), min(LAST_YEAR, known.end_year) + 1)
    return dict(country_holidays(country, subdiv=subdivision, years=years, language="en_US"))


def place(country: str, subdivision: str) -> tuple[str | None, str | None]:
    """A country by its code of two letters, and its part as the package spells it; empty texts mean none.

    Other codes of the country, such as DEU or UK, are taken too. Refuses what the package does not know.
    """
    if not country:
        if subdivision:
            raise Refused(Code.BAD_INPUT, f"{subdivision[:40]!r} is a part of no country; give both", field="country")
        return None, None
    parts = _parts().get(country.upper())
    if parts is None:
        raise Refused(
            Code.BAD_INPUT,
            f"no holidays are known of {country[:40]!r}; write a country's ISO 3166 code, such as DE, US or IN",
            field="country",
        )
    code = _code(country.upper())
    if not subdivision:
        return code, None
    for one in parts:
        if one.lower() == subdivision.lower():
            return code, one
    there = f"there are {', '.join(parts)}" if parts else "leave it out, for the whole country has the same"
    raise Refused(Code.BAD_INPUT, f"{code} has no part {subdivision[:40]!r}; {there}", field="subdivision")


@lru_cache(maxsize=1)
def _parts() -> Mapping[str, list[str]]:
    """What each country is divided into, by every code it has."""
    from holidays import list_supported_countries

    return list_supported_countries(include_aliases=True)


def _code(known: str) -> str:
    from holidays import country_holidays

    return str(country_holidays(known).country)
