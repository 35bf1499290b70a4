"""Dossiers in the graph: as frozen, as of now, and how they differ from others; for those who see the model."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from hub.approvals.tables import SignOffDecision
from hub.checks.dossier import dossier_digest
from hub.clock import SetClock
from hub.events.record import Subject
from hub.models.tables import Stage
from hub.people.access import Principal
from tests.asking import Ask
from tests.checks.dossiers.case import CARD, Case

FROZEN = """query Q($id: ID!) { node(id: $id) { ... on ApprovalRequest { subjectDigest dossier {
  digest frozen madeAt stage text contentDigest bytes bindsTo rule aboutModel aboutVersion card lineage metrics evidence
  checks notAsked risk exceptions cardFilled cardSections cardMissing cardWanting blocking failing errors waived reports
  disputed datasets prohibitedDatasets undescribedDatasets version { name } model { name }
} } } }"""
CHANGES = """query Q($id: ID!) { node(id: $id) { ... on ApprovalRequest {
  changesSinceApproved { ...C } changesSincePrevious { ...C } changesSinceAsked { ...C } } } }
fragment C on DossierChanges { words against { id status } version { name } differences(first: 100) { totalCount } }"""
NOW = """query Q($version: ID!, $stage: Stage!) { dossier(version: $version, stage: $stage) {
  digest frozen madeAt stage text contentDigest bytes version { name } decisions(first: 10) { nodes { status } } } }"""


async def of_request(ask: Ask, who: Principal, query: str, request_id: UUID) -> Any:
    return (await ask(who, query, id=f"ApprovalRequest:{request_id}"))["node"]


async def now(ask: Ask, case: Case, stage: str = "PRODUCTION", who: Principal | None = None) -> Any:
    asked = {"version": f"ModelVersion:{case.version.id}", "stage": stage}
    return (await ask(who or case.rita, NOW, **asked))["dossier"]


async def test_the_frozen_dossier_hangs_on_its_request(case: Case, ask: Ask) -> None:
    asked = await case.ask()
    node = await of_request(ask, case.rita, FROZEN, asked.id)
    found = node["dossier"]
    assert found["digest"] == node["subjectDigest"] == asked.subject_digest
    assert sha256(found["text"].encode()).hexdigest() == found["contentDigest"]
    assert len(found["text"].encode()) == found["bytes"]
    content = orjson.loads(found["text"])
    named = {"aboutModel": "model", "aboutVersion": "version", "bindsTo": "binds_to", "notAsked": "not_asked"}
    for field in ("aboutModel", "aboutVersion", "bindsTo", "notAsked", "rule", "card", "lineage", "metrics", "evidence",
                  "checks", "risk", "exceptions"):  # fmt: skip
        assert found[field] == content[named.get(field, field)], field
    assert (found["frozen"], found["madeAt"], found["stage"]) == (True, "2026-11-21T12:00:00+00:00", "PRODUCTION")
    assert (found["cardFilled"], found["cardSections"], found["cardWanting"]) == (2, 9, [])
    assert len(found["cardMissing"]) == 7
    counts = ("blocking", "failing", "errors", "waived", "reports", "disputed", "datasets", "prohibitedDatasets")
    assert [found[name] for name in counts] == [0, 0, 0, 1, 2, 0, 2, 0]
    assert (found["undescribedDatasets"], found["version"], found["model"]) == (2, {"name": "1"}, {"name": "scans"})


async def test_the_dossier_of_now_is_what_a_request_would_freeze(case: Case, ask: Ask) -> None:
    before = await now(ask, case)
    assert (before["frozen"], before["decisions"]["nodes"]) == (False, [])
    async with case.db.write(actor=None, operation="op") as tx:
        assert before["digest"] == await dossier_digest(tx, case.version.id, Stage.PRODUCTION)
    asked = await case.ask()
    frozen, after = await case.frozen(asked.id), await now(ask, case)
    assert (after["digest"], after["contentDigest"]) == (asked.subject_digest, frozen["content_digest"])
    assert (after["text"], after["bytes"]) == (frozen["text"], frozen["bytes"])
    assert after["decisions"]["nodes"] == [{"status": "PENDING"}]
    assert (await now(ask, case, "STAGING"))["digest"] != after["digest"]


async def test_the_dossier_of_now_follows_what_happens(case: Case, ask: Ask, clock: SetClock) -> None:
    asked = await case.ask()
    await case.sign(asked, SignOffDecision.REJECT, "Not for the old.")
    decided = await now(ask, case)
    assert decided["contentDigest"] == (await case.frozen(asked.id))["content_digest"]
    assert decided["decisions"]["nodes"] == [{"status": "REJECTED"}]
    clock.move(timedelta(days=31))
    later = await now(ask, case)
    assert later["madeAt"] == "2026-12-22T12:00:00+00:00"
    assert orjson.loads(later["text"])["exceptions"] == []


async def test_without_an_earlier_request_there_is_nothing_to_compare(case: Case, ask: Ask) -> None:
    found = await of_request(ask, case.rita, CHANGES, (await case.ask()).id)
    assert (found["changesSinceApproved"], found["changesSincePrevious"]) == (None, None)
    assert found["changesSinceAsked"]["words"] == []


async def test_another_version_is_compared_with_the_one_approved_last(case: Case, ask: Ask, clock: SetClock) -> None:
    first = await case.ask()
    await case.sign(first)
    clock.move(timedelta(hours=1))
    second = await case.new_version(
        "2", recall=0.91, card={**CARD, "factors": "Age.", "ethical_considerations": "Consent is asked. " * 9}
    )
    rejected = await case.ask(second)
    await case.sign(rejected, SignOffDecision.REJECT, "Say more of factors.")
    clock.move(timedelta(hours=1))
    again = await case.ask(second)
    found = await of_request(ask, case.rita, CHANGES, again.id)
    since = found["changesSinceApproved"]
    assert (since["against"], since["version"]) == (
        {"id": f"ApprovalRequest:{first.id}", "status": "APPROVED"},
        {"name": "1"},
    )
    assert "card: ethical_considerations added; factors “Age, sex.” → Age." in since["words"]
    assert "metrics: recall 0.85 → 0.91; recall age=80+ 0.75 → 0.81" in since["words"]
    (lineage,) = [line for line in since["words"] if line.startswith("lineage")]
    assert lineage.startswith("lineage: datasets holdout 1 EVALUATION removed; datasets holdout 2 EVALUATION added")
    (checks,) = [line for line in since["words"] if line.startswith("checks")]
    assert "recall outcome WAIVED → PASS" in checks
    assert found["changesSincePrevious"]["against"] == {"id": f"ApprovalRequest:{rejected.id}", "status": "REJECTED"}
    assert found["changesSincePrevious"]["words"] == []


async def test_a_stale_request_says_what_changed_and_so_does_the_next(case: Case, ask: Ask, clock: SetClock) -> None:
    asked = await case.ask()
    await case.change(
        "UPDATE model_cards SET factors = 'Age, sex, scanner.', digest = 'other'",
        "card.changed",
        Subject("card", case.version.id),
    )
    found = await of_request(ask, case.rita, CHANGES, asked.id)
    assert found["changesSinceAsked"]["against"]["status"] == "STALE"
    assert found["changesSinceAsked"]["words"] == ["card: factors “Age, sex.” → “Age, sex, scanner.”"]
    clock.move(timedelta(minutes=1))
    again = await case.ask()
    found = await of_request(ask, case.rita, CHANGES, again.id)
    assert found["changesSincePrevious"]["words"] == ["card: factors “Age, sex.” → “Age, sex, scanner.”"]
    assert found["changesSincePrevious"]["differences"]["totalCount"] == 1
    assert found["changesSinceAsked"]["words"] == []


async def test_only_those_who_see_the_model_see_its_dossiers(case: Case, ask: Ask) -> None:
    asked = await case.ask()
    await case.change("UPDATE models SET restricted = true")
    assert await of_request(ask, case.rita, FROZEN, asked.id) is None
    assert await now(ask, case) is None
    assert (await now(ask, case, who=case.owner))["digest"] == asked.subject_digest
    assert (await of_request(ask, case.owner, FROZEN, asked.id))["dossier"]["frozen"] is True


async def test_a_version_that_is_not_there_has_no_dossier_and_a_wrong_id_is_told(case: Case, ask: Ask) -> None:
    variables = {"version": f"ModelVersion:{UUID(int=7)}", "stage": "PRODUCTION"}
    assert await ask(case.rita, NOW, **variables) == {"dossier": None}
    reply = await ask.reply(case.rita, NOW, version=f"Model:{case.model.id}", stage="PRODUCTION")
    assert reply.json()["errors"][0]["extensions"]["code"] == "BAD_ID"
