"""From a wish to a permit: what the gate says, and on what it rests."""

import asyncio
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor  # type: ignore[import-untyped]
from in_toto_attestation.v1.statement import Statement  # type: ignore[import-untyped]
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from hub.checks.validators import actions as validators
from hub.clock import SetClock
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.record import Subject, record
from hub.models.tables import RiskTier, Stage
from hub.people.tables import PersonKind, Role
from hub.policies.tables import DecisionPoint, Enforcement
from tests.deployments.gates import Gate
from tests.deployments.wishes import Story
from tests.make import Make


async def test_the_whole_way_from_a_failed_check_to_a_permit(gate: Gate, make: Make, clock: SetClock) -> None:
    story = await Story().begin(make, recall=0.5)
    asked = await gate.ask(story.dev, story.version)
    assert (asked.status, asked.status_why) == ("BLOCKED", "blocked by recall (FAIL)")
    assert await gate.counts(("approval_requests", "permits")) == [0, 0]

    exception = await make.exception(story.policy, story.model, expires_at=make.now + timedelta(days=5))
    asked = await gate.ask(story.dev, story.version)
    assert (asked.status, asked.status_why) == ("AWAITING_APPROVAL", "waits for approval")

    await gate.sign(story.rita, asked.approval_request_id)
    assert (await gate.intent(asked.id))["status"] == "AWAITING_APPROVAL"
    await gate.sign(story.carl, asked.approval_request_id)
    done = await gate.intent(asked.id)
    assert (done["status"], done["status_why"], done["decided_at"]) == ("APPROVED", "", clock.now())
    # Seven days for a HIGH model, but the exception that it rests on ends before.
    assert done["expires_at"] == clock.now() + timedelta(days=5)

    (permit,) = await gate.permits()
    statement = await gate.verified(permit)
    said = statement.predicate
    assert (statement.name, statement.version_digest) == ("mlflow/fraud/3", story.version.digest)
    assert (said["permit"], said["intent"]) == (str(permit["id"]), str(asked.id))
    assert (said["stage"], said["tier"]) == ("PRODUCTION", "HIGH")
    assert (said["registry"], said["model"], said["version"]) == ("mlflow", "fraud", "3")
    assert (said["issuedAt"], said["expiresAt"]) == ("2026-11-21T12:00:00.000000Z", "2026-11-26T12:00:00.000000Z")
    assert said["dossierDigest"] == done["subject_digest"]
    (judged,) = said["policies"]
    assert judged.pop("result")
    assert judged == {
        "key": "recall",
        "number": 1,
        "digest": story.policy.digest,
        "outcome": "WAIVED",
        "enforcement": "BLOCKING",
        "exception": str(exception.id),
    }
    assert [(one["person"], one["discipline"]) for one in said["approvals"]] == [
        (str(story.rita.person_id), "RISK"),
        (str(story.carl.person_id), "COMPLIANCE"),
    ]
    assert {one["request"] for one in said["approvals"]} == {str(asked.approval_request_id)}
    known = await gate.db.reads.fetch("SELECT digest FROM evidence ORDER BY digest")
    assert (said["evidence"], said["rollbackTarget"]) == ([row["digest"] for row in known], None)
    assert said["revocations"] == "https://hub.test/permits/revocations"
    assert [kind for kind in await make.events() if kind.startswith(("deployment.", "permit.", "signing_key."))] == [
        "deployment.requested",
        "deployment.blocked",
        "deployment.awaiting_approval",
        "signing_key.made",
        "permit.issued",
        "deployment.approved",
    ]


async def test_libraries_of_others_verify_a_permit(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    await story.approved(gate)
    (permit,) = await gate.permits()
    row = await gate.db.reads.fetchrow("SELECT key_id, public_key FROM signing_keys")
    assert row is not None
    key = SSlibKey(row["key_id"], "ed25519", "ed25519", {"public": row["public_key"]})
    found = Envelope.from_dict(orjson.loads(permit["envelope"]))
    assert list(found.verify([key], 1)) == [row["key_id"]]
    assert found.payload_type == "application/vnd.in-toto+json"
    said = orjson.loads(found.payload)
    subjects = [ResourceDescriptor(one["name"], digest=one["digest"]).pb for one in said["subject"]]
    statement = Statement(subjects, said["predicateType"], said["predicate"])
    statement.validate()
    assert said["_type"] == statement.pb.type
    assert statement.pb.predicate_type == "https://governance-hub.dev/attestations/deployment-permit/v1"
    assert statement.pb.subject[0].digest["sha256"] == story.version.digest


async def test_what_cannot_be_told_keeps_the_gate_shut(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    await gate.change("DELETE FROM version_metrics")
    asked = await gate.ask(story.dev, story.version)
    assert (asked.status, asked.status_why) == ("BLOCKED", "blocked by recall (ERROR)")
    await make.exception(story.policy, story.model)
    assert (await gate.ask(story.dev, story.version)).status == "BLOCKED"
    assert await make.count("approval_requests", "subject_kind = 'version'") == await make.count("permits") == 0


async def test_what_does_not_block_closes_nothing(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    await make.policy("tone", rule="metrics.recall > 2.0", enforcement=Enforcement.WARNING)
    await make.policy("hint", rule="metrics.nothing > 2.0", enforcement=Enforcement.ADVISORY)
    assert (await gate.ask(story.dev, story.version)).status == "AWAITING_APPROVAL"


async def test_asked_again_when_everything_is_as_it_was_nothing_is_written(
    gate: Gate, make: Make, clock: SetClock
) -> None:
    story = await Story().begin(make)
    done = await story.approved(gate)
    before = await gate.counts()
    clock.move(timedelta(minutes=1))
    assert (await gate.ask(story.dev, story.version)).model_dump() == done
    robot = await make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE)
    before = await gate.counts()
    assert (await gate.ask(robot, story.version)).id == done["id"]
    assert await gate.counts() == before


async def test_waiting_and_blocked_intents_are_asked_again_without_a_trace(
    gate: Gate, make: Make, clock: SetClock
) -> None:
    story = await Story().begin(make)
    first = await gate.ask(story.dev, story.version)
    before = await gate.counts()
    clock.move(timedelta(minutes=1))
    again = await gate.ask(story.dev, story.version)
    assert again.model_dump() == first.model_dump()
    assert await gate.counts() == before


async def test_a_permit_near_its_end_is_followed_by_a_fresh_one(gate: Gate, make: Make, clock: SetClock) -> None:
    story = await Story().begin(make)
    done = await story.approved(gate)
    clock.move(timedelta(days=6, hours=7, minutes=11))
    assert (await gate.ask(story.dev, story.version)).expires_at == done["expires_at"]
    clock.move(timedelta(minutes=1))
    again = await gate.ask(story.dev, story.version)
    assert (again.id, again.status, again.expires_at) == (done["id"], "APPROVED", clock.now() + timedelta(days=7))
    old, new = await gate.permits()
    assert (old["revoked_at"], new["revoked_at"]) == (None, None)
    assert (await gate.verified(new)).expires_at == again.expires_at
    assert await make.count("approval_requests") == 1


async def test_two_at_once_make_one_intent_one_question_and_one_permit(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    other = await make.person("other", Role.DEVELOPER)
    both = await asyncio.gather(gate.ask(story.dev, story.version), gate.ask(other, story.version))
    assert both[0].id == both[1].id
    assert await gate.counts(("deployment_intents", "approval_requests")) == [1, 1]
    await gate.sign(story.rita, both[0].approval_request_id)
    await asyncio.gather(
        gate.sign(story.carl, both[0].approval_request_id),
        gate.ask(story.dev, story.version),
        gate.ask(other, story.version),
    )
    await gate.work("decide_deployment")
    assert await gate.counts(("deployment_intents", "approval_requests", "permits")) == [1, 1, 1]
    assert (await gate.intents())[0][0] == "APPROVED"


async def test_whoever_does_not_see_the_model_is_told_that_there_is_none(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    await gate.change("UPDATE models SET restricted = true")
    stranger = await make.person("stranger", Role.DEVELOPER)
    before = await gate.counts(("deployment_intents", "check_results", "events"))
    with pytest.raises(Refused) as refused:
        await gate.ask(stranger, story.version)
    assert (refused.value.code, refused.value.field) == (Code.NOT_FOUND, "version")
    assert await gate.counts(("deployment_intents", "check_results", "events")) == before


@pytest.mark.parametrize(
    ("prepare", "stage", "code", "field", "why"),
    [
        ("UPDATE models SET tier = 'PROHIBITED'", Stage.PRODUCTION, Code.FORBIDDEN, "version", "is PROHIBITED"),
        ("SELECT 1", Stage.PROPOSAL, Code.BAD_INPUT, "stage", "nothing is deployed to PROPOSAL"),
        ("SELECT 1", Stage.ARCHIVED, Code.BAD_INPUT, "stage", "choose from DEVELOPMENT, STAGING, PRODUCTION"),
        (
            "UPDATE model_versions SET missing_since = now()",
            Stage.PRODUCTION,
            Code.WRONG_STATE,
            "version",
            "no longer shows this version",
        ),
    ],
)
async def test_what_no_gate_may_open_is_refused_and_leaves_no_trace(
    gate: Gate, make: Make, prepare: str, stage: Stage, code: Code, field: str, why: str
) -> None:
    story = await Story().begin(make)
    await gate.change(prepare)
    before = await gate.counts(("deployment_intents", "check_results", "events"))
    with pytest.raises(Refused, match=why) as refused:
        await gate.ask(story.dev, story.version, stage)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await gate.counts(("deployment_intents", "check_results", "events")) == before


async def test_a_rollback_target_is_another_version_of_the_same_model(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    elsewhere = await make.version(await make.model())
    gone = await make.version(story.model, "gone")
    hidden = await make.version(await make.model(restricted=True))
    await gate.change("UPDATE model_versions SET missing_since = now() WHERE name = 'gone'")
    told = []
    for target in (story.version, elsewhere, gone, hidden):
        with pytest.raises(Refused) as refused:
            await gate.ask(story.dev, story.version, back_to=target)
        assert refused.value.field == "rollbackVersion"
        told.append(refused.value.code)
    assert told == [Code.BAD_INPUT, Code.BAD_INPUT, Code.WRONG_STATE, Code.NOT_FOUND]
    assert await make.count("deployment_intents") == 0


async def test_rules_see_the_rollback_target_that_the_wish_names(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    await make.policy("way-back", rule='has(deployment.rollback_target) && deployment.rollback_target == "2"')
    before = await make.version(story.model, "2", metrics={"recall": 0.95})
    assert (await gate.ask(story.dev, story.version)).status_why == "blocked by way-back (FAIL)"
    assert (await gate.ask(story.dev, story.version, back_to=before)).status == "AWAITING_APPROVAL"


async def test_without_a_rule_in_the_matrix_nobody_can_say_yes(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    asked = await gate.ask(story.dev, story.version, Stage.STAGING)
    assert asked.status == "BLOCKED"
    assert asked.status_why == (
        "no approval rule for HIGH models and stage STAGING; an ADMIN must add one to the matrix"
        " (hub approvals matrix propose)"
    )


async def test_a_quorum_of_none_asks_nobody(gate: Gate, make: Make) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    await make.rule(tier=RiskTier.MINIMAL, quorum=0)
    await make.policy()
    version = await make.version(await make.model(tier=RiskTier.MINIMAL), metrics={"recall": 0.95})
    asked = await gate.ask(dev, version)
    assert (asked.status, asked.approval_request_id) == ("APPROVED", None)
    assert asked.expires_at == make.now + timedelta(days=30)
    assert (await gate.verified((await gate.permits())[0])).predicate["approvals"] == []


async def test_what_is_asked_at_deployment_comes_after_people_and_closes_too(gate: Gate, make: Make) -> None:
    story = await Story().begin(make)
    await make.policy("approved", rule="deployment.approved == true", decision_points=(DecisionPoint.DEPLOY,))
    await make.policy("small", rule="metrics.recall < 0.9", decision_points=(DecisionPoint.DEPLOY,))
    asked = await gate.ask(story.dev, story.version)
    assert asked.status == "AWAITING_APPROVAL"
    await gate.sign(story.rita, asked.approval_request_id)
    await gate.sign(story.carl, asked.approval_request_id)
    assert await gate.intents() == [("BLOCKED", "blocked by small (FAIL)")]
    assert await make.count("permits") == 0


async def test_a_wish_that_waits_for_a_validator_goes_on_once_that_has_ended(
    gate: Gate, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await Story().begin(make)
    await gate.change("UPDATE policy_versions SET validators = '{bias-scan}'")
    waited_for = ["bias-scan"]

    async def outstanding(_tx: Tx, _version_id: UUID) -> tuple[str, ...]:
        return tuple(waited_for)

    monkeypatch.setattr(validators, "outstanding", outstanding)
    asked = await gate.ask(story.dev, story.version)
    assert (asked.status, asked.status_why) == ("CHECKING", "waits for bias-scan")
    assert await make.count("approval_requests") == 0
    waited_for.clear()
    async with gate.db.write(actor=None, operation="validator") as tx:
        told = {"version": story.version.id, "validator": "bias-scan"}
        await record(tx, "validator.done", Subject("validator_run", new_id()), told, scope_id=story.model.id)
    assert await gate.work("decide_deployment") == ["urgent.decide_deployment"]
    (row,) = await gate.db.reads.fetch("SELECT requested_by FROM approval_requests")
    assert (await gate.intents(), row["requested_by"]) == (
        [("AWAITING_APPROVAL", "waits for approval")],
        story.dev.person_id,
    )
