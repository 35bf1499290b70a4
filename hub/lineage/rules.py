"""What is said of a data set by whoever answers for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub import words
from hub.errors import Code, Refused
from hub.events.canonical import digest_of

MOST_CATEGORIES = 50
LONGEST_WORD = 100
LONGEST_BASIS = 300
LONGEST_SOURCE = 2_000


@dataclass(frozen=True, slots=True)
class Description:
    """What a data set holds, where it comes from, and on what grounds it may be used.

    `categories` are words such as PERSONAL, SPECIAL, CHILDREN, FINANCIAL, PUBLIC or SYNTHETIC, or the company's own.
    """

    categories: tuple[str, ...] = ()
    source_name: str = ""
    legal_basis: str = ""
    consent: str = ""
    licence: str = ""
    prohibited: bool = False
    note: str = ""


def checked(asked: Description) -> Description:
    """The description as it will be kept; refused, with the field, when it cannot be."""
    return Description(
        categories=categories(asked.categories, "categories"),
        source_name=words.optional(asked.source_name, "sourceName", most=LONGEST_SOURCE),
        legal_basis=words.optional(asked.legal_basis, "legalBasis", most=LONGEST_BASIS),
        consent=words.optional(asked.consent, "consent", most=LONGEST_BASIS),
        licence=words.optional(asked.licence, "licence", most=LONGEST_BASIS),
        prohibited=asked.prohibited,
        note=words.optional(asked.note, "note"),
    )


def categories(asked: Sequence[str], field: str) -> tuple[str, ...]:
    """Kinds of data as they are compared: in upper case, each once, in order."""
    if len(asked) > MOST_CATEGORIES:
        raise Refused(
            Code.BAD_INPUT, f"{field} has {len(asked)} entries; at most {MOST_CATEGORIES} are kept", field=field
        )
    # A word may grow in upper case: what is kept is what is measured.
    return tuple(sorted({words.wanted(word.upper(), field, most=LONGEST_WORD) for word in asked}))


def digest(namespace: str, name: str, description: Description) -> str:
    """SHA-256 of all that is said of a data set."""
    said = {one: getattr(description, one) for one in Description.__slots__}
    return digest_of({"namespace": namespace, "name": name, **said})
