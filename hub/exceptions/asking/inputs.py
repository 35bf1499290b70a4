"""What is asked for, as a client writes it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import strawberry

from hub.exceptions.asking.justifying import Said, justified
from hub.exceptions.asking.templates import template
from hub.exceptions.rules import Control, Criterion, Deviation
from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.models.tables import Stage
from hub.people.asking import uuid_of
from hub.policies.tables import Severity

ATTACHMENTS = "Files to put with it, by the ids that POST /exceptions/uploads gave you: people are asked once."


@strawberry.input(description="What lowers the risk; tied to a policy, to somebody's word every so many days, or free.")
class ControlInput:
    description: str = strawberry.field(description="What is done.")
    policy: strawberry.ID | None = strawberry.field(
        default=None, description="The policy that must pass: another one in force that applies to the model."
    )
    attest_every_days: int | None = strawberry.field(
        default=None, description="After how many days somebody confirms it anew: 1 to 365."
    )
    attestor: strawberry.ID | None = strawberry.field(default=None, description="Who; without one the owner.")


@strawberry.input(description="What must be true for an exception to be closed.")
class CriterionInput:
    description: str = strawberry.field(description="What must be true.")
    policy: strawberry.ID | None = strawberry.field(
        default=None, description="The policy that must pass; none for one that a person confirms."
    )
    due_at: datetime | None = strawberry.field(default=None, description="By when, no later than the end.")


@strawberry.input(description="A section of the justification.")
class AnswerInput:
    section: str = strawberry.field(description="The section's name or heading, as the template has it.")
    text: str = strawberry.field(description="What is to be said there.")


@strawberry.input(description="What requests and drafts of them may say.")
class ExceptionSaid:
    policy: strawberry.ID = strawberry.field(description="The policy.")
    policy_version: strawberry.ID | None = strawberry.field(
        default=None, description="The wording that you read; the request is refused where another is in force by now."
    )
    stage: Stage | None = strawberry.field(default=None, description="Only for this stage; none means all.")
    kind: ExceptionKind | None = strawberry.field(
        default=None, description="What sort of deviation it is; without it the template's, or EXCEPTION."
    )
    recommended_treatment: RiskTreatment | None = strawberry.field(
        default=None, description="What you recommend to do about the risk; without it the template's, or MITIGATE."
    )
    risk_before: Severity = strawberry.field(
        default=Severity.MEDIUM, description="How bad it would be without the controls."
    )
    risk_after: Severity = strawberry.field(
        default=Severity.MEDIUM, description="How bad it is with the controls; no worse than without them."
    )
    justification: str = strawberry.field(
        default="",
        description="Why the policy cannot be kept for now; with a template, each section below a line '## Heading'.",
    )
    answers: list[AnswerInput] = strawberry.field(
        default_factory=list, description="The justification section by section, instead of or beside the text."
    )
    criteria: list[CriterionInput] = strawberry.field(
        default_factory=list,
        description="What must be true for it to be closed; without any, that the policy passes.",
    )
    starts_at: datetime | None = strawberry.field(default=None, description="From when; without it, from now.")
    review_at: datetime | None = strawberry.field(
        default=None, description="When it is to be looked at again; without it, after reviewEveryDays."
    )
    review_every_days: int | None = strawberry.field(
        default=None,
        description="After how many days it is looked at again, as long as it lasts. Without it and reviewAt, 30, or 60"
        " for LIMITED and 90 for MINIMAL models.",
    )
    template: str = strawberry.field(default="", description="The template that it is written from, by its slug.")
    ticket_url: str = strawberry.field(default="", description="The ticket elsewhere, as an http or https address.")


@strawberry.input(description="What is said about one model.")
class ExceptionOfModelSaid(ExceptionSaid):
    model: strawberry.ID = strawberry.field(description="The model.")
    version: strawberry.ID | None = strawberry.field(default=None, description="Only this version; none means all.")
    renewed_from: strawberry.ID | None = strawberry.field(default=None, description="The ended one that it follows.")


@strawberry.input(description="From which policy a model is to deviate, why, and until when.")
class RequestExceptionInput(ExceptionOfModelSaid):
    controls: list[ControlInput] = strawberry.field(description="What lowers the risk meanwhile.")
    owner: strawberry.ID = strawberry.field(description="Who answers for closing it.")
    expires_at: datetime = strawberry.field(description="Until when, at most as long as the policy allows.")
    attachments: list[strawberry.ID] = strawberry.field(default_factory=list, description=ATTACHMENTS)


@strawberry.input(description="A tag that a model must carry.")
class ModelTagInput:
    key: str = strawberry.field(description="Its key.")
    value: str | None = strawberry.field(default=None, description="Its value; null means any.")


@strawberry.input(description="From which policy the models with some tags are to deviate, why, and until when.")
class RequestExceptionsInput(ExceptionSaid):
    tags: list[ModelTagInput] = strawberry.field(description="The tags that a model must all carry: 1 to 10.")
    controls: list[ControlInput] = strawberry.field(description="What lowers the risk meanwhile.")
    owner: strawberry.ID = strawberry.field(description="Who answers for closing them.")
    expires_at: datetime = strawberry.field(description="Until when, at most as long as the policy allows.")
    dry_run: bool = strawberry.field(default=False, description="Say which models those are; ask nothing.")


def deviation(given: RequestExceptionInput) -> Deviation:
    """What is asked for one model. Refuses as `deviation_of` does."""
    return replace(
        deviation_of(given, model_id=uuid_of(given.model, "Model", "model")),
        version_id=_id(given.version, "ModelVersion", "version"),
        renewed_from_id=_id(given.renewed_from, "PolicyException", "renewedFrom"),
        upload_ids=tuple(uuid_of(one, "ExceptionUpload", "attachments") for one in given.attachments),
    )


def deviation_of(
    given: RequestExceptionInput | RequestExceptionsInput, *, model_id: UUID, batch_id: UUID | None = None
) -> Deviation:
    """What is asked for. Refuses an id of the wrong kind, a template that there is not, a section left empty."""
    chosen = template(given.template)
    said = [Said(one.section, one.text) for one in given.answers]
    return Deviation(
        policy_id=uuid_of(given.policy, "Policy", "policy"),
        policy_version_id=_id(given.policy_version, "PolicyVersion", "policyVersion"),
        model_id=model_id,
        stage=given.stage,
        kind=given.kind or (chosen.kind if chosen else ExceptionKind.EXCEPTION),
        recommended_treatment=given.recommended_treatment or (chosen.treatment if chosen else RiskTreatment.MITIGATE),
        risk_before=given.risk_before,
        risk_after=given.risk_after,
        justification=justified(chosen, given.justification, said),
        controls=tuple(map(_control, given.controls)),
        criteria=tuple(map(_criterion, given.criteria)),
        owner_id=uuid_of(given.owner, "Person", "owner"),
        starts_at=given.starts_at,
        expires_at=given.expires_at,
        review_at=given.review_at,
        review_every_days=given.review_every_days,
        template=chosen.slug if chosen else "",
        ticket_url=given.ticket_url,
        batch_id=batch_id,
    )


def _control(given: ControlInput) -> Control:
    return Control(
        given.description,
        policy_id=_id(given.policy, "Policy", "controls"),
        attest_every_days=given.attest_every_days,
        attestor_id=_id(given.attestor, "Person", "controls"),
    )


def _criterion(given: CriterionInput) -> Criterion:
    return Criterion(given.description, policy_id=_id(given.policy, "Policy", "criteria"), due_at=given.due_at)


def _id(given: strawberry.ID | None, node: str, field: str) -> UUID | None:
    return None if given is None else uuid_of(given, node, field)
