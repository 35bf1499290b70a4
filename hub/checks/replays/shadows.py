"""Drafts that run in shadow: asked of whatever is evaluated, and kept beside what counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.checks.asking import Answered
from hub.checks.context import activated, context
from hub.checks.documents import written
from hub.checks.findings import Held
from hub.checks.replays import store
from hub.checks.replays.rules import Asked, Seen
from hub.checks.tables import Outcome, ShadowResult
from hub.db import Tx, new_id
from hub.errors import Refused
from hub.models.tables import Stage
from hub.policies.cel import Document
from hub.policies.document import touches
from hub.policies.tables import DecisionPoint, PolicyChange
from hub.policies.written import wording

SELECTS_BY = frozenset({"model", "datasets"})
"""What decides whether a draft applies at all, whatever its rule reads."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft that runs in shadow, ready to be asked."""

    change: PolicyChange
    asked: Asked


async def drafts(tx: Tx, touched: frozenset[str] | None) -> list[Draft]:
    """The drafts that are to be asked when this was touched, or whenever None is given; one statement."""
    made = []
    for change in await store.shadows(tx):
        asked = _asked(change)
        if asked is not None and (touched is None or touches(asked.reads | SELECTS_BY, touched)):
            made.append(Draft(change, asked))
    return made


async def compare(
    tx: Tx,
    asked: Sequence[Draft],
    answered: Sequence[Answered],
    before: Mapping[tuple[UUID, Stage], Mapping[UUID, Held]],
    point: DecisionPoint,
) -> None:
    """Ask drafts of the versions that were just evaluated, and keep both outcomes; one statement for any number.

    What a draft says, even that it cannot be told, changes nothing of what counts. `before` is what counted before,
    for a policy that this evaluation had no need to ask.
    """
    if not asked:
        return
    rows: list[ShadowResult] = []
    for one in answered:
        values = one.written.values if one.written is not None else written(context(one.subject).values).values
        ready = activated(values, stage=one.stage, decision_point=point, now=tx.at)
        seen = Seen(ready, Document(ready), one.subject.tier, one.stage, point)
        counted = {told.finding.policy_id: told.finding.outcome for told in one.told}
        held = before.get((one.subject.version_id, one.stage), {})
        for draft in asked:
            if (row := _result(tx, draft, one, seen, counted, held)) is not None:
                rows.append(row)
    await store.put_shadows(tx, rows)


def _asked(change: PolicyChange) -> Asked | None:
    try:
        return Asked(wording(change.wording)) if change.wording is not None else None
    except Refused:  # written by an older hub, for which such a wording was fit; whoever decides it is told
        return None


def _result(
    tx: Tx,
    draft: Draft,
    answered: Answered,
    seen: Seen,
    counted: Mapping[UUID, Outcome],
    held: Mapping[UUID, Held],
) -> ShadowResult | None:
    said = draft.asked.says(seen, tx.at.date(), why=True)
    if said.outcome is None:
        return None
    change = draft.change
    was = held.get(change.base_version_id) if change.base_version_id is not None else None
    return ShadowResult(
        id=new_id(),
        change_id=change.id,
        version_id=answered.subject.version_id,
        model_id=answered.subject.model_id,
        stage=answered.stage,
        decision_point=seen.decision_point,
        published_outcome=counted.get(change.policy_id, None if was is None else was.outcome),
        draft_outcome=said.outcome,
        explanation=said.explanation,
        evaluated_at=tx.at,
    )
