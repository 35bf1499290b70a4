"""The templates that come with the hub: what a justification of some sort says, and what usually goes with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from hub.errors import Code, Refused
from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.policies.bundles import shape, yaml_text
from hub.policies.bundles.shape import Section

FOLDER = Path(__file__).parent.parent / "templates"
KEYS = ("title", "kind", "when", "sections", "controls", "criteria", "treatment", "review_every_days", "term_days")


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a justification: its short name, its heading, and what it is to tell."""

    name: str
    title: str
    prompt: str


@dataclass(frozen=True, slots=True)
class UsualControl:
    """What usually lowers the risk; where it is confirmed by somebody, after how many days each time."""

    text: str
    attest_every_days: int | None


@dataclass(frozen=True, slots=True)
class Template:
    """A usual sort of exception; the file's name is its slug."""

    slug: str
    title: str
    kind: ExceptionKind
    when: str
    parts: tuple[Part, ...]
    controls: tuple[UsualControl, ...]
    criteria: tuple[str, ...]
    treatment: RiskTreatment
    review_every_days: int
    term_days: int


@cache
def templates() -> Mapping[str, Template]:
    """Every template by its slug, in the order of the slugs."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.yaml"))}


def template(slug: str) -> Template | None:
    """The template of this name; none for no name. Refuses one that there is not, with those that there are."""
    if not slug.strip():
        return None
    found = templates().get(slug.strip())
    if found is None:
        known = ", ".join(templates())
        near = get_close_matches(slug, templates(), n=1)
        meant = f"; {near[0]} is near it" if near else ""
        why = f"there is no template {slug[:100]!r}{meant}; there are {known}"
        raise Refused(Code.BAD_INPUT, why, field="template")
    return found


def _read(path: Path) -> Template:
    tree = yaml_text.tree(yaml_text.decoded(path.read_bytes(), name=path.name), name=path.name)
    top = shape.section(tree, (), tree.value, KEYS)
    return Template(
        slug=path.stem,
        title=top.text("title"),
        kind=top.choice("kind", ExceptionKind),
        when=top.text("when"),
        parts=tuple(map(_part, top.each("sections", ("name", "title", "prompt")))),
        controls=tuple(map(_control, top.each("controls", ("text", "attest_every_days")))),
        criteria=top.texts("criteria"),
        treatment=top.choice("treatment", RiskTreatment),
        review_every_days=top.whole("review_every_days"),
        term_days=top.whole("term_days"),
    )


def _part(one: Section) -> Part:
    return Part(one.text("name"), one.text("title"), one.text("prompt"))


def _control(one: Section) -> UsualControl:
    every = one.whole("attest_every_days") if "attest_every_days" in one.values else None
    return UsualControl(one.text("text"), every)
