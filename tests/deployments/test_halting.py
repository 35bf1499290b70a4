"""What ends a release: content that changed, rules that are not kept any more, people; and the way back."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.clock import SetClock
from hub.deployments import actions
from hub.deployments.jobs import due
from hub.errors import Refused
from hub.events.record import Subject, record
from hub.models import actions as models
from hub.models.tables import RiskTier, Stage
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint, Enforcement
from tests.deployments.gates import Gate
from tests.deployments.releases import Release
from tests.make import Make


async def test_the_version_that_is_there_is_what_one_goes_back_to(release: Release) -> None:
    assert release.before.rollback_version_id is None
    assert release.intent.rollback_version_id == release.old.id
    permit = (await release.gate.permits())[1]
    said = (await release.gate.verified(permit)).predicate
    assert said["rollbackTarget"] == {"name": "mlflow/fraud/2", "digest": {"sha256": release.old.digest}}


async def test_a_card_that_changes_after_the_approval_takes_the_permit_away_at_once(release: Release) -> None:
    card = await release.gate.db.reads.fetchval("SELECT id FROM model_cards WHERE version_id = $1", release.new.id)
    await release.changed(f"UPDATE model_cards SET digest = 'other' WHERE id = '{card}'", "card.changed", "card", card)
    found = await release.gate.intent(release.intent.id)
    assert (found["status"], found["status_why"]) == ("STALE", "changed since it was asked: card; ask again")
    permit = (await release.gate.permits())[1]
    assert (permit["revoked_at"], permit["revoked_why"]) == (release.make.now, "content changed: card")
    assert (await release.gate.event("deployment.stale"))["changed"] == ["card"]
    assert (await release.gate.event("permit.revoked"))["why"] == "content changed"
    again = await release.gate.ask(release.dev, release.new)
    assert (again.id != release.intent.id, again.status) == (True, "AWAITING_APPROVAL")


@pytest.mark.parametrize("kind", ["version.changed", "version.missing"])
async def test_a_version_that_is_another_has_no_permit(release: Release, kind: str) -> None:
    column = "digest = 'other'" if kind == "version.changed" else "missing_since = now()"
    await release.changed(
        f"UPDATE model_versions SET {column} WHERE id = '{release.new.id}'", kind, "version", release.new.id
    )
    assert (await release.gate.intent(release.intent.id))[
        "status_why"
    ] == "changed since it was asked: version; ask again"
    assert (await release.gate.permits())[1]["revoked_why"] == "content changed: version"


async def test_a_new_wording_takes_permits_away(release: Release) -> None:
    await release.make.policy(by=release.pat, rule="metrics.recall >= 0.5")
    assert (await release.gate.intent(release.intent.id))["status"] == "STALE"
    assert (await release.gate.permits())[1]["revoked_why"] == "content changed: policies"


async def test_another_tier_takes_permits_away(release: Release) -> None:
    ada = await release.make.person("ada", Role.MODEL_OWNER)
    async with release.gate.db.write(actor=ada.person_id, operation="op") as tx:
        await models.classify(tx, ada, release.model.id, tier=RiskTier.MINIMAL, why="It only sorts.")
    assert (await release.gate.permits())[1]["revoked_why"] == "content changed: approval rule"


async def test_what_runs_of_a_model_that_becomes_prohibited_is_halted(release: Release) -> None:
    await release.seen(release.new)
    ada = await release.make.person("ada", Role.MODEL_OWNER)
    async with release.gate.db.write(actor=ada.person_id, operation="op") as tx:
        await models.classify(tx, ada, release.model.id, tier=RiskTier.PROHIBITED, why="It scores people.")
    assert await release.gate.intents() == [("HALTED", "its model is PROHIBITED now; take it out of use")] * 2
    assert {one["revoked_why"] for one in await release.gate.permits()} == {"halted: its model is PROHIBITED"}


async def test_what_leaves_the_content_alone_leaves_the_permit_alone(release: Release, clock: SetClock) -> None:
    clock.move(timedelta(hours=1))
    await release.gate.evaluate(release.new)
    await release.changed(
        f"UPDATE model_versions SET raw = '{{}}' WHERE id = '{release.new.id}'",
        "version.changed",
        "version",
        release.new.id,
    )
    await release.make.policy("elsewhere", tiers=(RiskTier.LIMITED,))
    assert (await release.gate.intent(release.intent.id))["status"] == "APPROVED"
    assert [one["revoked_at"] for one in await release.gate.permits()] == [None, None]


async def test_the_change_and_the_revocation_commit_together(release: Release) -> None:
    with pytest.raises(RuntimeError, match="the sync failed"):
        async with release.gate.db.write(actor=None, operation="sync") as tx:
            await tx.session.execute(text("UPDATE model_versions SET digest = 'other'"))
            await record(tx, "version.changed", Subject("version", release.new.id), {}, scope_id=release.model.id)
            raise RuntimeError("the sync failed")
    assert (await release.gate.intent(release.intent.id))["status"] == "APPROVED"
    assert (await release.gate.permits())[1]["revoked_at"] is None


async def test_a_pending_question_about_other_content_ends_the_wish(gate: Gate, make: Make) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    await make.rule()
    model = await make.model()
    version = await make.version(model, card={"factors": "Age."})
    asked = await gate.ask(dev, version)
    async with gate.db.write(actor=None, operation="sync") as tx:
        await tx.session.execute(text("UPDATE model_versions SET digest = 'other'"))
        await record(tx, "version.changed", Subject("version", version.id), {}, scope_id=model.id)
    assert (await gate.intent(asked.id))["status"] == "STALE"
    assert await make.count("approval_requests", "status = 'STALE'") == 1


async def test_a_version_that_is_seen_to_run_where_it_may_is_deployed(release: Release) -> None:
    await release.seen(release.new, "staging")
    assert (await release.gate.intent(release.intent.id))["status"] == "APPROVED"
    await release.seen(release.new)
    assert [status for status, _ in await release.gate.intents()] == ["DEPLOYED", "DEPLOYED"]
    assert [one["revoked_at"] for one in await release.gate.permits()] == [None, None]
    assert (await release.gate.ask(release.dev, release.new)).status == "DEPLOYED"


async def test_an_environment_that_does_not_say_is_any(release: Release) -> None:
    await release.seen(release.new, "cluster-7")
    assert (await release.gate.intent(release.intent.id))["status"] == "DEPLOYED"


@pytest.mark.parametrize("deployed", [False, True])
async def test_a_release_that_breaks_its_rules_is_halted_and_names_the_way_back(
    release: Release, deployed: bool
) -> None:
    if deployed:
        await release.seen(release.new)
    await release.breaks()
    found = await release.gate.intent(release.intent.id)
    assert found["status"] == "HALTED"
    assert found["status_why"] == ("recall: not kept: metrics.recall is 0.4, allowed >= 0.9; roll back to version 2")
    permit = (await release.gate.permits())[1]
    assert permit["revoked_why"] == "halted: recall not kept"
    told = await release.gate.event("deployment.halted")
    assert (told["policies"], told["rollback"], told["by_itself"]) == (
        [str(release.policy.policy_id)],
        str(release.old.id),
        False,
    )
    # A person is waited for: the model is HIGH.
    assert await release.gate.work("roll_back") == []
    assert (await release.gate.intent(release.before.id))["status"] == "DEPLOYED"
    again = await release.gate.ask(release.dev, release.new)
    assert (again.status, again.status_why) == ("BLOCKED", "blocked by recall (FAIL)")


async def test_missing_data_halts_too_and_a_warning_does_not(release: Release) -> None:
    await release.make.policy("tone", rule="metrics.recall >= 0.94", enforcement=Enforcement.WARNING)
    release.intent = await release.allowed(release.new)
    await release.breaks(0.935)
    assert (await release.gate.intent(release.intent.id))["status"] == "STALE"
    release.intent = await release.allowed(release.new)
    await release.seen(release.new)
    await release.breaks(0.92)
    assert (await release.gate.intent(release.intent.id))["status"] == "DEPLOYED"
    await release.gate.change("DELETE FROM version_metrics")
    await release.gate.evaluate(release.new)
    assert (await release.gate.intent(release.intent.id))["status"] == "HALTED"


async def test_a_policy_that_was_not_asked_yet_halts_nothing(release: Release) -> None:
    await release.seen(release.new)
    await release.make.policy("new", rule="metrics.recall > 2.0", decision_points=(DecisionPoint.DEPLOY,))
    await release.gate.measure(release.new, 0.96)
    await release.gate.evaluate(release.new)
    assert (await release.gate.intent(release.intent.id))["status"] == "DEPLOYED"


async def test_a_release_that_a_person_halted_needs_a_new_approval(release: Release, clock: SetClock) -> None:
    ivy = await release.make.person("ivy", Role.INCIDENT_RESPONDER)
    clock.move(timedelta(minutes=1))
    async with release.gate.db.write(actor=ivy.person_id, operation="op") as tx:
        await actions.halt(tx, ivy, release.intent.id, "Patients complain.")
    found = await release.gate.intent(release.intent.id)
    assert (found["status"], found["status_why"]) == (
        "HALTED",
        "halted by a person: Patients complain.; roll back to version 2",
    )
    assert (await release.gate.permits())[1]["revoked_why"] == "halted by a person: Patients complain."
    assert "Patients" not in str(await release.gate.event("permit.revoked"))
    clock.move(timedelta(minutes=1))
    again = await release.gate.ask(release.dev, release.new)
    assert (again.status, again.approval_request_id != found["approval_request_id"]) == ("AWAITING_APPROVAL", True)
    await release.gate.sign(release.rita, again.approval_request_id)
    assert (await release.gate.intent(again.id))["status"] == "APPROVED"


async def test_a_permit_is_taken_back_once(release: Release) -> None:
    ivy = await release.make.person("ivy", Role.INCIDENT_RESPONDER)
    permit = (await release.gate.permits())[1]
    async with release.gate.db.write(actor=ivy.person_id, operation="op") as tx:
        taken = await actions.revoke(tx, ivy, permit["id"], "Wrong artefact.")
    assert taken.revoked_why == "halted by a person: Wrong artefact."
    assert (await release.gate.intent(release.intent.id))["status"] == "HALTED"
    with pytest.raises(Refused, match="this permit was revoked already"):
        async with release.gate.db.write(actor=ivy.person_id, operation="op") as tx:
            await actions.revoke(tx, ivy, permit["id"], "Again.")


async def test_after_three_days_down_the_clock_ends_what_is_over_once(
    release: Release, gate: Gate, make: Make, clock: SetClock
) -> None:
    waiting = await make.version(release.model, "4", metrics={"recall": 0.95})
    asked = await gate.ask(release.dev, waiting, Stage.PRODUCTION)
    await due(gate.db, clock.now())
    assert await gate.work("expire_deployments") == []
    clock.move(timedelta(days=7) - timedelta(microseconds=1))
    await due(gate.db, clock.now())
    assert await gate.work("expire_deployments") == []
    clock.move(timedelta(days=3))
    await gate.change("UPDATE approval_requests SET status = 'EXPIRED' WHERE id = :id", id=asked.approval_request_id)
    await due(gate.db, clock.now())
    await due(gate.db, clock.now())
    assert await gate.work("expire_deployments") == ["normal.expire_deployments"]
    assert await gate.intents() == [
        ("DEPLOYED", ""),
        ("EXPIRED", "its permit ran out before anything was deployed; ask again"),
        ("EXPIRED", "its approval request ran out of time"),
    ]
    # What ran out by itself is not revoked as well.
    assert [one["revoked_at"] for one in await gate.permits()] == [None, None]
    assert (await make.events()).count("deployment.expired") == 2
    await due(gate.db, clock.now())
    assert await gate.work("expire_deployments") == []
    again = await gate.ask(release.dev, release.new)
    assert (again.status, again.id != release.intent.id) == ("APPROVED", True)
