"""Evaluating a stored result again: the same wording, the same document, the instant at which it was asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from hub.checks import rules
from hub.checks.context import activated
from hub.checks.tables import Outcome
from hub.errors import Code, Refused
from hub.events.canonical import canonical_json
from hub.models.tables import Stage
from hub.policies.cel import Document, Verdict
from hub.policies.tables import DecisionPoint, Enforcement


@dataclass(frozen=True, slots=True)
class Stored:
    """A result as it was recorded, with all that it was made of."""

    outcome: Outcome
    explanation: str
    inputs: Mapping[str, Any]
    enforcement: Enforcement
    decision_point: DecisionPoint
    stage: Stage
    evaluated_at: datetime
    exception: UUID | None
    rule: str
    document: Mapping[str, Any] | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class Again:
    """What is said today, and in what it differs from what was said."""

    outcome: Outcome
    explanation: str
    differs: tuple[str, ...]


def again(stored: Stored) -> Again:
    """Ask the wording of the stored document; exceptions, also suspended ones, and enforcement are taken as they were.

    Refuses a result that was made before documents were kept.
    """
    if stored.outcome is Outcome.SKIP:
        skipped = rules.explain(Outcome.SKIP, Verdict(None, ()), {})
        return Again(Outcome.SKIP, skipped, () if skipped == stored.explanation else ("explanation",))
    if stored.document is None:
        raise Refused(
            Code.NOT_FOUND, "the result was made before documents were kept; evaluate the version anew", field="result"
        )
    values = activated(
        stored.document, stage=stored.stage, decision_point=stored.decision_point, now=stored.evaluated_at
    )
    verdict = rules.ask(stored.rule, Document(values))
    # What is missing was noted beside the document: why no value came of what was measured.
    notes = stored.inputs.get("notes", {})
    outcome = rules.judge(verdict, stored.enforcement, stored.exception)
    suspended = stored.inputs.get("suspended")
    said_too = suspended["said"] if isinstance(suspended, Mapping) else None
    explanation = rules.explain(outcome, verdict, notes, exception=stored.exception, suspended=said_too)
    beside = {} if suspended is None else {"suspended": suspended}
    said: dict[str, tuple[object, object]] = {
        "document": (stored.digest, sha256(canonical_json(stored.document)).hexdigest()),
        "outcome": (stored.outcome, outcome),
        "explanation": (stored.explanation, explanation),
        "inputs": (_plain(stored.inputs), _plain({**rules.inputs(verdict, notes), **beside})),
    }
    return Again(outcome, explanation, tuple(name for name, (then, now) in said.items() if then != now))


def _plain(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
