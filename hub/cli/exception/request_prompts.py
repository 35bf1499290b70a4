"""Answers to what a request needs: as they were given, else as a person types them, else what stands in for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hub.cli import agreeing, printing
from hub.cli.gate.inert import inert
from hub.errors import Code, Refused

Taken = TypeVar("Taken")
TRIES = 3
"""So often a question is put before the command ends: behind it may be no person at all."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """Puts questions where somebody can answer them."""

    at_a_terminal: bool

    def one(self, question: str, given: str | None, take: Callable[[str], Taken], *, usual: str | None = None) -> Taken:
        """One answer, as `take` reads it; what it refuses is asked again. Without anybody there, the usual one."""
        if given is not None:
            return take(given)
        if not self.at_a_terminal:
            return take(usual or "")
        shown = f"{question} [{inert(usual, 100)}]: " if usual else f"{question}: "
        for left in reversed(range(TRIES)):
            try:
                return take(agreeing.typed(shown) or usual or "")
            except Refused as refused:
                if not left:
                    raise
                printing.line(f"  {inert(refused.why)}")
        raise AssertionError(question)

    def tell(self, lines: Sequence[str]) -> None:
        """Say something before a question."""
        for line in lines if self.at_a_terminal else ():
            printing.line(f"  {line}")

    def many(self, question: str, given: Sequence[str], usual: Sequence[str]) -> list[str]:
        """Any number of answers, one on a line; an empty first line takes the usual ones, a later one ends them."""
        if given or not self.at_a_terminal:
            return list(given)
        for place, text in enumerate(usual, 1):
            printing.line(f"  usually {place}. {inert(text)}")
        found: list[str] = []
        taking = "Enter takes these" if usual else "Enter for none"
        while said := agreeing.typed(f"{question} {len(found) + 1} ({'Enter ends them' if found else taking}): "):
            found.append(said)
        return found or list(usual)


def written(text: str, what: str) -> str:
    """An answer that is not empty."""
    if not text.strip():
        raise Refused(Code.BAD_INPUT, f"{what} is empty; write a sentence", field="justification")
    return text.strip()
