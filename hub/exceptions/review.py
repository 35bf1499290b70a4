"""Exceptions as approvals know them: the question put to people, bound to all that the exception says."""

from dataclasses import asdict
from uuid import UUID

from hub.approvals import actions as approvals
from hub.approvals import subjects
from hub.approvals.rules import ApprovalSubject
from hub.approvals.tables import ApprovalRequest, SubjectKind
from hub.db import Tx
from hub.events.canonical import digest_of
from hub.exceptions import rules, store
from hub.exceptions.attachments import store as attachments
from hub.exceptions.scrutiny import store as scrutiny
from hub.exceptions.tables import PolicyException
from hub.models import store as models
from hub.people.access import Principal
from hub.policies import store as policies

KIND = SubjectKind.EXCEPTION
ASKED = (
    "expires_at",
    "justification",
    "kind",
    "model_id",
    "owner_id",
    "policy_id",
    "policy_version_id",
    "recommended_treatment",
    "requested_by",
    "review_at",
    "review_every_days",
    "risk_after",
    "risk_before",
    "stage",
    "starts_at",
    "template",
    "ticket_url",
    "version_id",
)
"""What a decision about an exception binds to, beside its controls, criteria and attachments."""


async def hold(tx: Tx, exception_id: UUID) -> None:
    """The exception is locked before the request about it is."""
    await store.one(tx, exception_id, lock=True)


@subjects.subject(KIND, hold=hold)
async def subject_now(tx: Tx, exception_id: UUID, _stage: object) -> ApprovalSubject | None:
    """An exception as it is now; none once it is not to be decided any more."""
    found = await store.one(tx, exception_id)
    if found is None or found.state not in rules.DECIDABLE:
        return None
    return await subject_of(tx, found)


async def ask(tx: Tx, who: Principal, made: PolicyException) -> ApprovalRequest:
    """Put an exception to those who decide such."""
    model = await models.model(tx, made.model_id)
    assert model is not None
    subject = await subject_of(tx, made)
    under = await scrutiny.rule(tx, made)
    return await approvals.request(
        tx, who, subject, tier=model.tier, stage=made.stage, reason=made.justification, rule=under
    )


async def subject_of(tx: Tx, found: PolicyException) -> ApprovalSubject:
    """What is asked about an exception, as it is now."""
    policy, model = await policies.policy(tx, found.policy_id), await models.model(tx, found.model_id)
    assert policy is not None and model is not None
    said = found.model_dump(include=set(ASKED))
    parts = {
        "exception": digest_of({key: said[key] for key in ASKED}),
        "controls": digest_of([asdict(one) for one in await store.controls(tx, found.id)]),
        "criteria": digest_of([asdict(one) for one in await store.criteria(tx, found.id)]),
    }
    # What is put with it once it is granted is evidence, and no part of what was decided.
    if found.state in rules.DECIDABLE and (files := await attachments.contents(tx, found.id)):
        parts["attachments"] = digest_of(files)
    return ApprovalSubject(
        KIND,
        found.id,
        digest_of(parts),
        found.model_id,
        parts=parts,
        authors=tuple(sorted(await store.authors(tx, found.model_id, found.version_id))),
        author_ids=(found.owner_id, found.requested_by),
        title=f"{found.kind.replace('_', ' ').lower()} of {model.name} from {policy.key}",
    )
