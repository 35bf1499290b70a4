"""One justification out of its sections: answers by name, or a text with headings; what a template asks is there."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.errors import Code, Refused
from hub.exceptions.asking.templates import Part, Template


@dataclass(frozen=True, slots=True)
class Said:
    """What was answered to a section, which is named by its short name or by its heading."""

    section: str
    text: str


def justified(template: Template | None, text: str, answers: Sequence[Said]) -> str:
    """The whole justification; refused, with the headings, while a section that the template asks for is empty.

    Without a template it is the text as it was written, and answers follow it under their own headings.
    """
    if template is None:
        return "\n\n".join(part for part in (text.strip(), *(_under(one.section, one.text) for one in answers)) if part)
    before, found = _split(template, text)
    for one in answers:
        part = _named(template, one.section)
        if part is None:
            known = ", ".join(part.name for part in template.parts)
            why = f"{template.slug} has no section {one.section[:100]!r}; its sections are {known}"
            raise Refused(Code.BAD_INPUT, why, field="answers")
        if found.get(part.name):
            raise Refused(
                Code.BAD_INPUT, f"the section {part.name} is answered twice; keep one of them", field="answers"
            )
        found[part.name] = one.text.strip()
    lacking = [part for part in template.parts if not found.get(part.name)]
    if lacking:
        named = ", ".join(f"{part.title} ({part.name})" for part in lacking)
        count = f"{len(lacking)} of the {len(template.parts)} sections that {template.slug} asks for"
        why = (
            f"{count} are not written: {named}; write each below a line such as '## {lacking[0].title}', or answer it"
            " by its name"
        )
        raise Refused(Code.BAD_INPUT, why, field="justification")
    parts = (_under(part.title, found[part.name]) for part in template.parts)
    return "\n\n".join(part for part in (before, *parts) if part)


def _split(template: Template, text: str) -> tuple[str, dict[str, str]]:
    """What stands before the first heading of the template, and below each of its headings."""
    lines: dict[str, list[str]] = {"": []}
    at = ""
    for line in text.splitlines():
        part = _named(template, line.lstrip("#")) if line.startswith("#") else None
        if part is None:
            lines[at].append(line)
            continue
        if part.name in lines:
            why = f"the heading {part.title} stands there twice; put what it tells in one place"
            raise Refused(Code.BAD_INPUT, why, field="justification")
        at = part.name
        lines[at] = []
    found = {name: "\n".join(written).strip() for name, written in lines.items()}
    return found.pop(""), found


def _named(template: Template, name: str) -> Part | None:
    wanted = name.strip().rstrip(":").casefold()
    return next((part for part in template.parts if wanted in (part.name.casefold(), part.title.casefold())), None)


def _under(heading: str, text: str) -> str:
    return f"## {heading.strip()}\n{text.strip()}" if text.strip() else ""
