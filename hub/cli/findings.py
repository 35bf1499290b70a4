"""What lint and fixtures found, for people and machines; no command."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree  # only written here, never parsed

if TYPE_CHECKING:
    from hub.cli.trying import Tried
    from hub.policies.bundles.lint import Problem

WIDEST = 100


def annotations(problems: Sequence["Problem"]) -> Iterator[str]:
    """GitHub's workflow commands: each problem beside the line that it is about."""
    for one in problems:
        place = f"file={_property(one.file)},line={one.line},col={one.column},title={_property(one.code)}"
        yield f"::{one.level} {place}::{_data(one.what)}"


def texts(problems: Sequence["Problem"]) -> Iterator[str]:
    """One line for each problem, as compilers write them."""
    for one in problems:
        yield harmless(f"{one.file}:{one.line}:{one.column}: {one.level}: {one.what} [{one.code}]")


def junit(tried: Sequence["Tried"]) -> str:
    """JUnit XML: a suite for each policy, a case for each fixture."""
    root = ElementTree.Element("testsuites", name="policies", tests=str(len(tried)), failures=str(_differ(tried)))
    for key in dict.fromkeys(one.key for one in tried):
        mine = [one for one in tried if one.key == key]
        suite = ElementTree.SubElement(root, "testsuite", name=key, tests=str(len(mine)), failures=str(_differ(mine)))
        for one in mine:
            case = ElementTree.SubElement(
                suite, "testcase", classname=key, name=_xml(one.fixture), file=_xml(one.file), line=str(one.line)
            )
            if one.why:
                wrong = ElementTree.SubElement(case, "failure", message=_xml(f"{one.outcome}, {one.why}"))
                wrong.text = _xml(one.explanation)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def failures(tried: Sequence["Tried"]) -> Iterator[str]:
    """A Markdown table: each policy with what it says where it is not kept, by its first fixture that is not."""
    yield "| policy | what it says when it is not kept |"
    yield "|---|---|"
    seen: set[str] = set()
    for one in tried:
        if one.outcome in ("FAIL", "WARN") and one.key not in seen:
            seen.add(one.key)
            yield f"| `{one.key}` | {_cell(one.explanation)} |"


def harmless(line: str) -> str:
    """A line whose control characters and marks that turn writing round are shown, not obeyed, by a terminal.

    Whoever approves a change must see what it says, not what its author has the terminal show.
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)


def cut(text: str) -> str:
    """One line, as wide as a table bears."""
    text = harmless(" ".join(text.split()))
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _differ(tried: Sequence["Tried"]) -> int:
    return sum(bool(one.why) for one in tried)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _xml(text: str) -> str:
    """Text that XML can hold."""
    return "".join(letter if letter >= " " and letter not in "\ufffe\uffff" else " " for letter in text)
