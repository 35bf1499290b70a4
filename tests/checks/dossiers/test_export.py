"""Dossiers to take away: a page and the exact text, for those who see the model; other people's words stay words."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.approvals.tables import SignOffDecision
from hub.checks.dossiers import page
from hub.checks.dossiers.against import objections
from hub.checks.tables import EvidenceKind, Verdict
from hub.clock import SetClock
from hub.events.record import Subject
from tests.asking import Ask
from tests.checks.dossiers.case import CARD, Case
from tests.outline import Outline, readable_by_ear, words

HOSTILE = "<script>alert(1)</script>"


async def test_the_page_begins_with_what_a_reviewer_must_know(case: Case, ask: Ask) -> None:
    await case.describe("scans 1", categories=["HEALTH"], prohibited=True)
    asked = await case.ask()
    reply = await ask.get(case.rita, f"/dossiers/ApprovalRequest:{asked.id}.html")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    summary = words(reply.text).partition("Answers so far")[0]
    for told in (
        "May version 1 of scans go to PRODUCTION?",
        "PENDING",
        "Dev (dev), 2026-11-21 12:00 UTC",
        "Better on scans of the old.",
        "Risk tier HIGH",
        "2 of 9 sections written",
        "Open WAIVED: 1 high",
        "Excepted Recall: not kept, waived by exception",
        "metrics.recall is 0.85, allowed >= 0.9 (until 2026-12-21) more",
        "Prohibited data scans 1 must not be used",
        "nobody said what they hold: holdout 1",
        "No version of this model was approved for PRODUCTION before.",
    ):
        assert told in summary, f"{told} | {summary}"


async def test_the_next_version_shows_what_changed_and_what_was_decided(case: Case, ask: Ask, clock: SetClock) -> None:
    first = await case.ask()
    await case.sign(first, comment="Read it all.")
    clock.move(timedelta(hours=1))
    second = await case.new_version("2", recall=0.91, card={**CARD, "factors": "Age."})
    html = (await ask.get(case.rita, f"/dossiers/{(await case.ask(second)).id}.html")).text
    told = words(html)
    assert "Compared with version 1, approved for PRODUCTION 2026-11-21 12:00 UTC." in told
    assert "metrics: recall 0.85 → 0.91" in told
    earlier = told.partition("Earlier decisions Approval requests")[2]
    assert "Version 1 to PRODUCTION: APPROVED" in earlier
    assert "Rita (rita), for RISK: APPROVE, 2026-11-21 12:00 UTC: “Read it all.”" in earlier


async def test_a_stale_dossier_says_what_is_otherwise_now(case: Case, ask: Ask) -> None:
    asked = await case.ask()
    path = f"/dossiers/{asked.id}.html"
    assert "since this dossier was frozen" not in words((await ask.get(case.rita, path)).text)
    await case.change(
        "UPDATE model_cards SET factors = 'All.', digest = 'other'", "card.changed", Subject("card", case.version.id)
    )
    told = words((await ask.get(case.rita, path)).text)
    assert "The request is STALE" in told
    assert "What changed since this dossier was frozen" in told
    assert "card: factors “Age, sex.” → All." in told


async def test_the_page_is_whole_in_itself_and_readable_by_ear(case: Case, ask: Ask) -> None:
    await case.report()
    outline = Outline((await ask.get(case.rita, f"/dossiers/{(await case.ask()).id}.html")).text)
    assert outline.tags().isdisjoint({"script", "link", "img", "iframe", "object", "form", "base", "svg"})
    readable_by_ear(outline)


async def test_hostile_content_stays_words(case: Case, ask: Ask) -> None:
    tags = {
        HOSTILE: f'"><img src=x onerror=alert(1)>{HOSTILE}',
        "link": "javascript:alert(1)",
        "huge": "x" * 10_000_000,
        "turned": "safe\u202egpj.exe\x1b[31m",
        "template": "{{ 7 * 7 }}{% raw %}",
    }
    card = {**CARD, "factors": f"{HOSTILE} </style><style>*{{display:none}}", "intended_use": "y" * 5_000}
    version = await case.new_version("2", recall=0.95, card=card, tags=tags, run_author=HOSTILE)
    await case.change(
        "UPDATE model_versions SET source_uri = 'javascript:alert(2)', description = '</dd></dl><base href=//x>'"
    )
    asked = await case.ask(version)
    reply = await ask.get(case.rita, f"/dossiers/{asked.id}.html")
    outline = Outline(reply.text)
    assert outline.tags().isdisjoint({"script", "img", "base"})
    assert sum(tag == "style" for tag, _ in outline.elements) == 1
    assert not [attrs for tag, attrs in outline.elements if "javascript" in str(attrs.get("href"))]
    assert HOSTILE in outline.text
    assert "{{ 7 * 7 }}{% raw %}" in outline.text
    assert "safe⟦U+202E⟧gpj.exe⟦U+001B⟧[31m" in outline.text
    assert "[cut here: 10,000,000 characters in all; the JSON export has them]" in outline.text
    assert len(reply.content) < 100_000
    whole = (await ask.get(case.rita, f"/dossiers/{asked.id}.json")).json()
    assert len(whole["version"]["tags"]["huge"]) == 10_000_000


async def test_the_json_is_the_exact_text_that_was_kept(case: Case, ask: Ask) -> None:
    asked = await case.ask()
    frozen = await case.frozen(asked.id)
    for id in (asked.id, f"ApprovalRequest:{asked.id}"):
        reply = await ask.get(case.rita, f"/dossiers/{id}.json")
        assert reply.content == frozen["text"].encode()
        assert reply.headers["etag"] == f'"{frozen["content_digest"]}"'
        assert sha256(reply.content).hexdigest() == frozen["content_digest"]


async def test_the_dossier_of_now_is_exported_by_version_and_stage(case: Case, ask: Ask) -> None:
    path = f"/dossiers/{case.version.id}/production"
    before = await ask.get(case.rita, f"{path}.json")
    assert [one["policy"] for one in before.json()["not_asked"]] == ["factors", "recall"]
    told = words((await ask.get(case.rita, f"{path}.html")).text)
    assert "The dossier as of 2026-11-21 12:00 UTC; nothing is frozen until approval is asked for." in told
    assert "blocking policies that were not asked yet: Recall" in told
    asked = await case.ask()
    after = await ask.get(case.rita, f"/dossiers/ModelVersion:{case.version.id}/PRODUCTION.json")
    assert after.content == (await ask.get(case.rita, f"/dossiers/{asked.id}.json")).content


async def test_what_is_known_already_is_not_sent_again(case: Case, ask: Ask) -> None:
    asked = await case.ask()
    for kind in ("html", "json"):
        path = f"/dossiers/{asked.id}.{kind}"
        tag = (await ask.get(case.rita, path)).headers["etag"]
        again = await ask.get(case.rita, path, **{"If-None-Match": f'"other", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
        await case.sign(asked, SignOffDecision.REQUEST_CHANGES, "More.") if kind == "html" else None
        status = (await ask.get(case.rita, path, **{"If-None-Match": tag})).status_code
        assert status == (200 if kind == "html" else 304)


async def test_a_page_forbids_all_but_its_own_style(case: Case, ask: Ask) -> None:
    reply = await ask.get(case.rita, f"/dossiers/{(await case.ask()).id}.html")
    assert reply.headers["content-security-policy"] == page.POLICY
    assert page.POLICY.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in page.POLICY
    assert f"<style>{page.STYLE}</style>" in reply.text
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "private, no-cache"
    assert reply.headers["vary"] == "Authorization"


async def test_absent_and_invisible_look_the_same(case: Case, ask: Ask) -> None:
    asked = await case.ask()
    await case.change("UPDATE models SET restricted = true")
    paths = [
        f"/dossiers/{asked.id}.{{}}",
        f"/dossiers/{UUID(int=1)}.{{}}",
        f"/dossiers/ModelVersion:{case.version.id}.{{}}",
        "/dossiers/nonsense.{}",
        f"/dossiers/{case.version.id}/PRODUCTION.{{}}",
        f"/dossiers/{UUID(int=1)}/PRODUCTION.{{}}",
        f"/dossiers/{case.version.id}/NOWHERE.{{}}",
        f"/dossiers/{asked.id}/PRODUCTION.{{}}",
    ]
    found = [await ask.get(case.rita, path.format(kind)) for path in paths for kind in ("html", "json")]
    assert {(one.status_code, one.content) for one in found} == {(404, found[0].content)}
    assert (await ask.get(case.owner, paths[0].format("json"))).status_code == 200
    assert (await ask.get(case.owner, paths[4].format("json"))).status_code == 200


async def test_a_token_is_needed(case: Case, ask: Ask) -> None:
    asked = await case.ask()
    for path in (f"/dossiers/{asked.id}.html", f"/dossiers/{case.version.id}/PRODUCTION.json"):
        reply = await ask.get(None, path)
        assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        assert reply.headers["www-authenticate"] == 'Bearer realm="hub"'


async def test_what_keeps_the_gate_shut_is_told_first(case: Case) -> None:
    await case.report(verdict=Verdict.FAIL, code_commit="c", data_digest="d", seed="1", environment="e", command="t")
    await case.report(figures={"gap": 9.0}, code_commit="c", data_digest="d", seed="1", environment="e", command="t")
    await case.report(EvidenceKind.SECURITY)
    content: dict[str, Any] = (await case.frozen((await case.ask()).id))["content"]
    recall, factors = content["checks"][1], content["checks"][0]
    recall["outcome"], factors["outcome"] = "ERROR", "WARN"
    content["checks"] = [factors, recall]
    content["model"]["owner"] = None
    content["card"]["completeness"]["wanting"] = ["ethical_considerations"]
    assert [one.mark for one in objections(content)] == [
        "No owner", "Blocks, cannot be told", "Warns", "Unknown data", "Disputed", "Card",
    ]  # fmt: skip
    assert objections(content)[-1].words == "sections that policies ask for are not written: ethical considerations"


@pytest.mark.parametrize("lists", [("checks",), ("lineage", "datasets"), ("evidence",), ("metrics",), ("exceptions",)])
async def test_a_list_of_thousands_is_cut_with_a_note(case: Case, ask: Ask, lists: tuple[str, ...]) -> None:
    await case.report()
    asked = await case.ask()
    content = (await case.frozen(asked.id))["content"]
    held = content
    for name in lists[:-1]:
        held = held[name]
    held[lists[-1]] = [dict(held[lists[-1]][0]) for _ in range(3_000)]
    whole = {
        "text": orjson.dumps(content).decode(),
        "frozen": True,
        "madeAt": "2026-11-21T12:00:00+00:00",
        "digest": "",
        "contentDigest": "",
        "bytes": 1,
        "decisions": {"nodes": []},
    }
    told = words(page.rendered(page.Export(whole)))
    assert "The first 500 of 3000 are shown; the JSON export has them all." in told
