"""What reviewers read is frozen when they are asked: all of it, once for each digest, and for good."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import pytest

from hub.approvals.tables import SignOffDecision
from hub.checks.tables import EvidenceKind, Verdict
from hub.clock import SetClock
from hub.db import APP_ROLE, READ_ROLE
from hub.errors import Refused
from hub.events.record import Subject, record
from hub.models.tables import Stage
from tests.checks.dossiers.case import Case


async def test_a_request_freezes_what_it_binds_to(case: Case) -> None:
    asked = await case.ask()
    frozen = await case.frozen(asked.id)
    assert frozen["digest"] == asked.subject_digest
    assert frozen["content"]["binds_to"] == asked.parts
    assert (frozen["version_id"], frozen["model_id"], frozen["stage"]) == (case.version.id, case.model.id, "PRODUCTION")
    assert frozen["made_at"] == asked.requested_at
    text = frozen["text"].encode()
    assert (frozen["content_digest"], frozen["bytes"]) == (sha256(text).hexdigest(), len(text))


async def test_it_says_what_the_version_is_and_whose(case: Case) -> None:
    content = (await case.frozen((await case.ask()).id))["content"]
    assert sorted(content) == [
        "binds_to", "card", "checks", "evidence", "exceptions", "form", "lineage", "metrics", "model", "not_asked",
        "risk", "rule", "stage", "version",
    ]  # fmt: skip
    model, version = content["model"], content["version"]
    assert (model["name"], model["tier"], model["registry"]) == ("scans", "HIGH", "mlflow")
    assert model["owner"] == {"handle": "olga", "name": "Olga"}
    assert (version["name"], version["digest"], version["author"]) == ("1", case.version.digest, "ada@example.com")
    (step,) = content["rule"]["steps"]
    assert (content["stage"], step["disciplines"], step["quorum"]) == ("PRODUCTION", {"RISK": 1}, 1)
    assert content["card"]["completeness"] == {
        "filled": 2,
        "of": 9,
        "missing": [
            "model_details", "metrics", "evaluation_data", "training_data", "quantitative_analyses",
            "ethical_considerations", "caveats_and_recommendations",
        ],
        "wanted": ["factors"],
        "wanting": [],
    }  # fmt: skip
    assert [(m["name"], m["segment"], m["value"]) for m in content["metrics"]] == [
        ("auc", "", 0.9),
        ("recall", "", 0.85),
        ("recall", "age=80+", 0.75),
    ]


async def test_it_says_how_checks_ended_and_what_covers_them(case: Case) -> None:
    content = (await case.frozen((await case.ask()).id))["content"]
    factors, recall = content["checks"]
    assert (factors["policy"], factors["outcome"], factors["enforcement"]) == ("factors", "PASS", "WARNING")
    assert (recall["policy"], recall["title"], recall["outcome"]) == ("recall", "Recall", "WAIVED")
    assert recall["remediation"] == "Train on more cases."
    assert "0.85" in recall["explanation"]
    assert [(one["found"], one["allowed"]) for one in recall["decides"]] == [(0.85, ">= 0.9")]
    assert recall["exception"] == str(case.exception.id)
    (exception,) = content["exceptions"]
    assert (exception["policy"], exception["controls"]) == ("recall", ["A radiologist reads every scan."])
    assert exception["expires_at"] == "2026-12-21T12:00:00.000000Z"
    assert content["risk"] == {
        "tier": "HIGH", "treated_as": "HIGH", "why": "", "open": {"WAIVED": {"HIGH": 1}}, "blocking": 0,
        "prohibited_datasets": 0, "undescribed_datasets": 2, "disputed_evidence": 0,
    }  # fmt: skip


async def test_a_card_lacks_what_a_policy_in_force_reads(case: Case) -> None:
    bare = await case.new_version("2", recall=0.95, card={"intended_use": "Second reading."})
    content = (await case.frozen((await case.ask(bare)).id))["content"]
    assert content["card"]["completeness"]["wanting"] == ["factors"]
    assert [(c["policy"], c["outcome"]) for c in content["checks"]] == [("factors", "WARN"), ("recall", "PASS")]


async def test_lineage_goes_down_to_the_sources_and_a_cycle_ends(case: Case) -> None:
    await case.derive("scans 1", "holdout 1")
    await case.describe(
        "scans 1", categories=["HEALTH"], legal_basis="Consent", consent="Research", licence="own", prohibited=True
    )
    content = (await case.frozen((await case.ask()).id))["content"]
    holdout, scans = content["lineage"]["datasets"]
    assert (scans["name"], scans["role"], scans["depth"], scans["is_source"]) == ("scans 1", "TRAINING", 2, False)
    said = ("described", "categories", "legal_basis", "consent", "licence", "prohibited")
    assert [scans[name] for name in said] == [True, ["HEALTH"], "Consent", "Research", "own", True]
    assert [holdout[name] for name in said] == [False, None, None, None, None, False]
    assert content["risk"]["prohibited_datasets"] == 1
    assert content["lineage"]["runs"] == content["lineage"]["versions"] == []


async def test_evidence_that_disagrees_is_shown_as_such(case: Case) -> None:
    same = {"code_commit": "abc", "data_digest": "d", "seed": "1", "environment": "e", "command": "test"}
    await case.report(**same)
    await case.report(figures={"gap": 0.2}, verdict=Verdict.FAIL, **same)
    await case.report(EvidenceKind.ROBUSTNESS)
    content = (await case.frozen((await case.ask()).id))["content"]
    assert [(one["kind"], one["verdict"], one["disputed"], one["source"]) for one in content["evidence"]] == [
        ("FAIRNESS", "FAIL", True, "SENT"),
        ("FAIRNESS", "PASS", True, "SENT"),
        ("PERFORMANCE", "NONE", False, "REGISTRY"),
        ("ROBUSTNESS", "PASS", False, "SENT"),
        ("SEGMENTS", "NONE", False, "REGISTRY"),
    ]
    assert content["evidence"][0]["reproduces"] == same
    assert content["evidence"][0]["added_by"] == {"handle": "dev", "name": "Dev"}
    assert content["risk"]["disputed_evidence"] == 2


async def test_a_refused_request_freezes_nothing(case: Case) -> None:
    with pytest.raises(Refused):
        await case.ask(stage=Stage.STAGING)
    assert await case.make.count("dossiers") == 0


async def test_what_happens_later_leaves_it_as_it_was(case: Case) -> None:
    asked = await case.ask()
    before = await case.frozen(asked.id)
    await case.change("UPDATE version_metrics SET value = 0.1")
    await case.describe("scans 1", prohibited=True)
    assert await case.frozen(asked.id) == before


async def test_the_same_digest_is_frozen_once_whatever_was_decided(case: Case, clock: SetClock) -> None:
    first = await case.ask()
    await case.sign(first, SignOffDecision.REJECT, "Not for the old.")
    clock.move(timedelta(hours=1))
    second = await case.ask()
    assert second.subject_digest == first.subject_digest
    assert await case.make.count("dossiers") == 1
    assert await case.frozen(second.id) == await case.frozen(first.id)


async def test_another_digest_is_another_dossier(case: Case) -> None:
    await case.ask()
    await case.change("UPDATE model_cards SET digest = 'other'", "card.changed", Subject("card", case.version.id))
    await case.ask()
    assert await case.make.count("dossiers") == 2


async def test_requests_at_once_freeze_one_dossier(case: Case) -> None:
    results: list[Any] = await asyncio.gather(*(case.ask() for _ in range(4)), return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in results) == 1
    assert await case.make.count("dossiers") == 1


async def test_requests_about_anything_else_freeze_nothing(case: Case) -> None:
    told = {"subject": {"kind": "exception", "id": case.exception.id}, "stage": None}
    async with case.db.write(actor=None, operation="op") as tx:
        await record(tx, "approval.requested", Subject("approval_request", case.exception.id, "d"), told)
    assert await case.make.count("dossiers") == 0


async def test_a_dossier_is_added_and_never_changed(database: str) -> None:
    connection = await asyncpg.connect(database)
    verbs = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    may = {
        role: [
            await connection.fetchval("SELECT has_table_privilege($1, 'dossiers', $2)", role, verb) for verb in verbs
        ]
        for role in (APP_ROLE, READ_ROLE)
    }
    await connection.close()
    assert may == {APP_ROLE: [True, True, False, False, False], READ_ROLE: [True, False, False, False, False]}
