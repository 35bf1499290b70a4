"""What the documentation shows to be pasted: its blocks, each with its page and line, and its words in code."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r" *```(\w*)$")
_GRAPHQL = re.compile(r"(query|mutation|subscription|fragment)\b|\{ \w")
_SHELL = ("sh", "console", "yaml", "")
_BETWEEN = {"&&", "||", "|", ";", ">"}


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code; one that is set in by four spaces has no language."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_graphql(self) -> bool:
        return self.language == "graphql" or (self.language == "" and _GRAPHQL.match(self.text) is not None)


@dataclass(frozen=True, slots=True)
class Asked:
    """A GraphQL document, and the data that the page says it is answered with, where it does."""

    block: Block
    answer: str | None


@dataclass(frozen=True, slots=True)
class Command:
    """One `hub …` as a shell would run it, in words, without `hub`."""

    page: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: hub {' '.join(self.words)}"


def blocks() -> list[Block]:
    return [block for page in PAGES for block in _blocks(page)]


def documents() -> list[Asked]:
    """Every GraphQL document; a block of JSON that comes next on its page is its answer."""
    found = blocks()
    return [
        Asked(block, after.text if after is not None and _answers(after, block) else None)
        for block, after in zip(found, [*found[1:], None], strict=True)
        if block.is_graphql
    ]


def commands() -> list[Command]:
    """Every `hub …` of a block for the shell, or of a pipeline's file; lines that are continued are joined."""
    return [
        Command(block.page, words)
        for block in blocks()
        if block.language in _SHELL and not block.is_graphql
        for words in run(block.text)
    ]


def run(text: str) -> Iterator[tuple[str, ...]]:
    """What a shell would run of a text, as far as it is the hub's; the rest may be anything."""
    for line in re.sub(r" *\\\n\s*|\n\s+(?=--)", " ", text).splitlines():
        if not re.search(r"(^|[\s;])hub ", line):
            continue
        words: list[str] = []
        for word in [*shlex.split(line.strip().removeprefix("$ ").removeprefix("- "), comments=True), ";"]:
            if word not in _BETWEEN:
                words.append(word)
                continue
            # A command may have settings before it.
            while words and re.match(r"[A-Z_]+=", words[0]):
                words.pop(0)
            if words[:1] == ["hub"]:
                yield tuple(words[1:])
            words = []


def inline() -> list[tuple[str, str]]:
    """Words set as code within sentences and tables, with their page."""
    found = []
    for page in PAGES:
        prose = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        name = str(page.relative_to(ROOT))
        # A pair of backticks is within one paragraph: an odd one must not turn the rest of a page inside out.
        for paragraph in re.split(r"\n\s*\n", prose):
            if not paragraph.startswith("    "):
                found += [(name, " ".join(code.split())) for code in re.findall(r"`([^`]+)`", paragraph)]
    return found


def _answers(after: Block, block: Block) -> bool:
    return after.language == "json" and after.page == block.page


def _blocks(path: Path) -> Iterator[Block]:
    page, lines = str(path.relative_to(ROOT)), path.read_text().splitlines()
    at = 0
    while at < len(lines):
        begun, fence = at, _FENCE.match(lines[at])
        if fence is not None:
            at = next(i for i in range(begun + 1, len(lines)) if lines[i].strip() == "```")
            yield Block(page, begun + 1, fence[1], "\n".join(lines[begun + 1 : at]))
        elif lines[at].startswith("    ") and not (at and lines[at - 1].strip()):
            while at + 1 < len(lines) and (lines[at + 1].startswith("    ") or not lines[at + 1].strip()):
                at += 1
            yield Block(page, begun + 1, "", "\n".join(line[4:] for line in lines[begun : at + 1]).rstrip())
        at += 1
