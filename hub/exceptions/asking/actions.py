"""The verb that asks for an exception."""

from dataclasses import replace

from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.exceptions import holding, renewing, review, store
from hub.exceptions import rules as exception_rules
from hub.exceptions.asking import rules
from hub.exceptions.asking import store as asking_store
from hub.exceptions.asking.justifying import justified
from hub.exceptions.asking.templates import template
from hub.exceptions.attachments.uploads import actions as uploads
from hub.exceptions.rules import Deviation
from hub.exceptions.tables import ExceptionStatus, PolicyException
from hub.exceptions.telling import tell
from hub.models import actions as models
from hub.models.tables import Model
from hub.people import actions as people
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.policies import store as policies


async def request(tx: Tx, who: Principal, asked: Deviation) -> PolicyException:
    """Ask that a model need not keep a policy for a while; refused, with the field, before anything is written."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    wanted = exception_rules.checked(asked)
    said = justified(template(wanted.template), wanted.justification, ())
    wanted = replace(wanted, justification=said, ticket_url=rules.ticket(wanted.ticket_url))
    rules.check_risk(wanted)
    rules.check_controls(wanted)
    model = await _scope(tx, who, wanted)
    policy, wording = await holding.policy_of(tx, wanted.policy_id)
    if wanted.policy_version_id not in (None, wording.id):
        why = f"{policy.key} says something else by now, in version {wording.number}; read it, then ask anew"
        raise Refused(Code.STALE, why, field="policyVersion")
    if not await policies.is_bound(tx, policy.id, wanted.model_id):
        raise Refused(
            Code.BAD_INPUT, f"{policy.key} does not apply to this model; nothing is to be excepted", field="policy"
        )
    if wanted.renewed_from_id is not None:
        await renewing.check(tx, who, wanted.renewed_from_id, policy.id, wanted.model_id)
    await people.answerable(tx, wanted.owner_id, "owner")
    starts_at = wanted.starts_at or tx.at
    exception_rules.check_dates(wanted, at=tx.at)
    exception_rules.check_term(
        starts_at, wanted.expires_at, at=tx.at, longest_days=wording.longest_exception_days, policy=policy.key
    )
    rules.check_criteria(wanted, at=tx.at)
    await _check_ties(tx, wanted)
    wanted = rules.with_rhythm(rules.with_criteria(wanted, policy.key), model.tier, starts_at)
    made = PolicyException(
        id=new_id(),
        policy_id=policy.id,
        policy_version_id=wording.id,
        model_id=wanted.model_id,
        version_id=wanted.version_id,
        stage=wanted.stage,
        kind=wanted.kind,
        state=ExceptionStatus.SUBMITTED,
        template=wanted.template,
        justification=wanted.justification,
        risk_before=wanted.risk_before,
        risk_after=wanted.risk_after,
        recommended_treatment=wanted.recommended_treatment,
        ticket_url=wanted.ticket_url,
        tier=model.tier,
        team_id=model.team_id,
        owner_id=wanted.owner_id,
        requested_by=who.person_id,
        requested_at=tx.at,
        weighted_since=exception_rules.weighted_since(tx.at, wanted.risk_after, model.tier),
        starts_at=starts_at,
        expires_at=wanted.expires_at,
        review_every_days=wanted.review_every_days,
        review_at=wanted.review_at,
        extensions_allowed=exception_rules.extensions(model.tier),
        renewed_from_id=wanted.renewed_from_id,
        batch_id=wanted.batch_id,
    )
    await store.add(tx, made, wanted.controls, wanted.criteria)
    told = {"controls": len(wanted.controls), "criteria": len(wanted.criteria)}
    await tell(tx, "exception.requested", made, **told, justification_digest=digest_of_text(said))
    # Before people are asked: what they are asked is about the files too.
    await uploads.take(tx, who, made, wanted.upload_ids)
    await review.ask(tx, who, made)
    return made


async def _scope(tx: Tx, who: Principal, wanted: Deviation) -> Model:
    model = await models.visible_model(tx, who, wanted.model_id)
    if wanted.version_id is not None:
        _, version = await models.visible_version(tx, who, wanted.version_id)
        if version.model_id != wanted.model_id:
            raise Refused(Code.NOT_FOUND, "there is no such version of this model", field="version")
    return model


async def _check_ties(tx: Tx, wanted: Deviation) -> None:
    tied = rules.tied(wanted)
    known = await asking_store.ties(tx, {policy for _, _, policy in tied}, wanted.model_id)
    for word, number, policy in tied:
        rules.check_tie(word, number, known.get(policy))
    named = {number: one.attestor_id for number, one in enumerate(wanted.controls, 1) if one.attestor_id is not None}
    found = await asking_store.attestors(tx, set(named.values()))
    for number, person in named.items():
        rules.check_attestor(number, found.get(person))
