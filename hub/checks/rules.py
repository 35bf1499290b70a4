"""How a check ends, and the words that say why."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, assert_never
from uuid import UUID

from hub.checks.tables import Outcome
from hub.errors import Refused
from hub.policies.cel import Document, Told, Verdict, compile_rule, json
from hub.policies.tables import Enforcement

LONGEST_EXPLANATION = 2_000
_MISSING = " is missing"


def ask(rule: str, document: Document) -> Verdict:
    """What a rule says of a document; one that no longer compiles cannot be told."""
    try:
        return compile_rule(rule).evaluate(document)
    except Refused as error:
        return Verdict(None, (Told(rule, None, why=error.why),))


def judge(verdict: Verdict, enforcement: Enforcement, exception: UUID | None) -> Outcome:
    """How the check ends. What could not be told is an ERROR, whatever was excepted: nobody knows what was waived.

    A rule that is not kept is a FAIL when it closes the gate, and a WARN when it only alerts or is recorded.
    """
    if verdict.holds is None:
        return Outcome.ERROR
    if verdict.holds:
        return Outcome.PASS
    if exception is not None:
        return Outcome.WAIVED
    return Outcome.FAIL if enforcement is Enforcement.BLOCKING else Outcome.WARN


def explain(outcome: Outcome, verdict: Verdict, notes: Mapping[str, str], *, exception: UUID | None = None) -> str:
    """Why, in words: each value found beside the value allowed."""
    if outcome is Outcome.SKIP:
        return "not asked for this stage"
    serving = [told for told in verdict.told if told.holds is told.wanted]
    failing = [told for told in verdict.told if told.holds is (not told.wanted)]
    unknown = [told for told in verdict.told if told.holds is None]
    if outcome is Outcome.PASS:
        return _joined("kept", [_said(told) for told in serving])
    if outcome is Outcome.ERROR:
        return _joined("could not be told", [f"{told.clause}: {_why(told, notes)}" for told in unknown])
    if outcome is Outcome.FAIL:
        return _joined("not kept", [_said(told) for told in failing])
    if outcome is Outcome.WARN:
        return _joined("not kept, which does not close the gate", [_said(told) for told in failing])
    if outcome is Outcome.WAIVED:
        return _joined(f"not kept, waived by exception {exception}", [_said(told) for told in failing])
    assert_never(outcome)


def inputs(verdict: Verdict, notes: Mapping[str, str]) -> dict[str, Any]:
    """What each clause saw, as it is kept with the result."""
    told = [{key: value for key, value in asdict(one).items() if value is not None} for one in verdict.told]
    missed = {one.why.removesuffix(_MISSING) for one in verdict.told if one.why is not None}
    return {"clauses": told, "notes": {name: note for name, note in notes.items() if name in missed}}


def _said(told: Told) -> str:
    if told.looked_at is None or told.allowed is None:
        return f"{told.clause} is {json(told.holds)}"
    if told.holds is not told.wanted and isinstance(told.found, dict) and told.found:
        values = ", ".join(f"{json(value)} for {name}" for name, value in told.found.items())
        return f"{told.looked_at} is {values}, allowed {told.allowed}"
    if isinstance(told.found, dict) and not told.found:
        return f"{told.clause} is {json(told.holds)}"
    allowed = "allowed" if told.wanted else "not allowed"
    return f"{told.looked_at} is {json(told.found)}, {allowed} {told.allowed}"


def _why(told: Told, notes: Mapping[str, str]) -> str:
    why = told.why or "gave neither true nor false"
    name = why.removesuffix(_MISSING)
    return f"{name} {notes[name]}" if name != why and name in notes else why


def _joined(start: str, parts: list[str]) -> str:
    text = f"{start}: {'; '.join(parts)}" if parts else start
    return text if len(text) <= LONGEST_EXPLANATION else text[: LONGEST_EXPLANATION - 1] + "…"
