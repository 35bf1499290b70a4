"""How a check ends, and the words that say why."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never
from uuid import UUID

from hub.checks.tables import Outcome
from hub.errors import Refused
from hub.policies.cel import Document, Rule, Told, Verdict, compile_rule, evaluate_all
from hub.policies.tables import Enforcement
from hub.policies.told import said

LONGEST_EXPLANATION = 2_000
_MISSING = " is missing"
# Made of the rest, when it is asked for.
_UNKEPT = frozenset({"words", "missed"})


def ask(rule: str, document: Document) -> Verdict:
    """What a rule says of a document; one that no longer compiles cannot be told."""
    try:
        return compile_rule(rule).evaluate(document)
    except Refused as error:
        return _refused(rule, error)


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


def ask_all(rules: Sequence[str], document: Document) -> list[Verdict]:
    """What many rules say of one document, in their order; quicker than to ask one by one."""
    found: dict[int, Verdict] = {}
    compiled: dict[int, Rule] = {}
    for i, rule in enumerate(rules):
        try:
            compiled[i] = compile_rule(rule)
        except Refused as error:
            found[i] = _refused(rule, error)
    found.update(zip(compiled, evaluate_all(list(compiled.values()), document), strict=True))
    return [found[i] for i in range(len(rules))]


def explain(
    outcome: Outcome,
    verdict: Verdict,
    notes: Mapping[str, str],
    *,
    exception: UUID | None = None,
    suspended: str | None = None,
) -> str:
    """Why, in words: of the clauses that decided, each value found beside the value allowed.

    With `suspended`, of what is not kept also why the exception that would cover it does not.
    """
    if suspended is not None:
        said = explain(outcome, verdict, notes)
        return f"{_cut(said, LONGEST_EXPLANATION - len(suspended) - 2)}; {suspended}"
    if outcome is Outcome.PASS:
        return _joined("kept", verdict.words())
    if outcome is Outcome.FAIL:
        return _joined("not kept", verdict.words())
    if outcome is Outcome.SKIP:
        return "not asked for this stage"
    if outcome is Outcome.ERROR:
        return _joined("could not be told", [_unknown(told, notes) for told in verdict.decided()])
    if outcome is Outcome.WARN:
        return _joined("not kept, which does not close the gate", verdict.words())
    if outcome is Outcome.WAIVED:
        return _joined(f"not kept, waived by exception {exception}", verdict.words())
    assert_never(outcome)


def inputs(verdict: Verdict, notes: Mapping[str, str]) -> dict[str, Any]:
    """What each clause saw, as it is kept with the result."""
    told = [
        {key: value for key, value in one._asdict().items() if value is not None and key not in _UNKEPT}
        for one in verdict.told
    ]
    return {"clauses": told, "notes": {name: note for one in verdict.told for name, note in _note(one, notes)}}


def _refused(rule: str, error: Refused) -> Verdict:
    return Verdict(None, (Told(rule, None, why=error.why),))


def _unknown(told: Told, notes: Mapping[str, str]) -> str:
    for _, note in _note(told, notes):
        name = (told.why or told.clause).removesuffix(_MISSING)
        return f"{told.clause}: {name} {note}"
    return said(told)


def _note(told: Told, notes: Mapping[str, str]) -> list[tuple[str, str]]:
    """The note on what a clause missed, by its whole path or else by its last name."""
    if told.missed is None:
        return []
    names = ((told.why or "").removesuffix(_MISSING), told.missed)
    return [(name, notes[name]) for name in names if name in notes][:1]


def _joined(start: str, parts: list[str]) -> str:
    return _cut(f"{start}: {parts[0] if len(parts) == 1 else '; '.join(parts)}" if parts else start)


def _cut(text: str, most: int = LONGEST_EXPLANATION) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
