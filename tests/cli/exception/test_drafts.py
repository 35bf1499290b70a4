"""A draft from the command line: kept, listed to its author alone, asked for, or given up."""

import re

import orjson

from hub.people.access import Principal
from tests.cli.approvals.conftest import Desk

SAID = ("--policy", "recall", "--model", "scans", "--risk-before", "high", "--risk-after", "medium")
WHOLE = (*SAID, "--justification", "More cases arrive.", "--control", "A radiologist reads.", "--expires", "2099-01-01")


async def draft(desk: Desk, *words: str) -> str:
    """The id of a draft that Dev keeps, as the command says it."""
    said = await desk.run(desk.dev, "exception", "request", *words, "--draft")
    found = re.search(r"^kept as a draft, .* with: hub exception submit (\S+)$", said.out, re.MULTILINE)
    assert found is not None, said
    return found[1]


async def listed(desk: Desk, who: Principal) -> list[str]:
    return (await desk.run(who, "exception", "drafts")).lines


async def test_a_draft_is_asked_for_once_it_is_whole(desk: Desk) -> None:
    await desk.pretend("UPDATE policy_versions SET longest_exception_days = 40000")
    assert await listed(desk, desk.dev) == ["you have no draft; begin one with: hub exception request --draft"]
    bare, whole = await draft(desk, *SAID, "--justification", "Not sure yet."), await draft(desk, *WHOLE)
    # As one that was begun over GraphQL may be.
    await desk.pretend(f"UPDATE exception_drafts SET says = says - 'expires_at' WHERE id = '{bare}'")
    head, last, first, way = await listed(desk, desk.dev)
    assert head == "CHANGED POLICY MODEL UNTIL WHY DRAFT"
    assert last.split(" UTC ", 1)[1] == f"recall scans 2099-01-02 00:00 UTC More cases arrive. {whole}"
    assert first.split(" UTC ", 1)[1] == f"recall scans - Not sure yet. {bare}"
    assert way == "ask for one with: hub exception submit DRAFT"
    assert await listed(desk, desk.pat) == ["you have no draft; begin one with: hub exception request --draft"]

    said = await desk.run(desk.dev, "exception", "submit", whole)
    assert (said.code, said.err) == (0, "")
    exception = await desk.make.db.reads.fetchval("SELECT id FROM policy_exceptions")
    request = await desk.make.db.reads.fetchval("SELECT id FROM approval_requests")
    assert said.lines[0] == f"exception of scans from recall: asked as exception {exception}, in request {request}"
    assert said.lines[1].startswith("PENDING, due ")
    lacking = await desk.run(desk.dev, "exception", "submit", bare)
    assert (lacking.code, lacking.out) == (2, "")
    assert lacking.err.startswith("hub: the draft does not say expiresAt yet; ")
    assert await desk.make.count("policy_exceptions") == 1
    assert [one.rpartition(" ")[2] for one in (await listed(desk, desk.dev))[1:-1]] == [bare]


async def test_a_draft_is_given_up(desk: Desk) -> None:
    first, second = await draft(desk, *SAID), await draft(desk, *SAID)
    said = await desk.run(desk.dev, "exception", "discard", first)
    assert (said.code, said.out) == (0, "the draft about scans and recall is given up; nobody was asked\n")
    told = await desk.run(desk.dev, "exception", "drafts", "--json")
    assert [one["id"] for one in orjson.loads(told.out)] == [f"ExceptionDraft:{second}"]
    theirs = await desk.run(desk.pat, "exception", "discard", second)
    assert (theirs.code, theirs.out) == (2, "")
    wrong = await desk.run(desk.dev, "exception", "submit", "recall")
    assert wrong.err == "hub: 'recall' is no id of a draft; take one from hub exception drafts\n"
    assert await desk.make.count("exception_drafts", "state = 'DRAFT'") == 1
