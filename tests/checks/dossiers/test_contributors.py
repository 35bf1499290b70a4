"""Whoever had a hand in a version is named with its dossier, and does not sign for it."""

import pytest

from hub.approvals.tables import SignOffDecision
from hub.checks.dossier import Dossier, dossier
from hub.checks.tables import EvidenceKind
from hub.errors import Code, Refused
from hub.models.tables import Stage
from hub.people.tables import Discipline, PersonKind, Role
from tests.checks.dossiers.case import Case

ABOUT_VERSIONS = "request_id IN (SELECT id FROM approval_requests WHERE subject_kind = 'version')"


async def of(case: Case, **values: object) -> Dossier:
    """The dossier of a new version with these values."""
    made = await case.new_version("2", recall=0.95, **values)
    async with case.db.write(actor=None, operation="op") as tx:
        return await dossier(tx, made.id, Stage.PRODUCTION)


async def test_names_come_from_the_version_its_run_and_the_commits_that_its_tags_tell_of(case: Case) -> None:
    tags = {
        "mlflow.user": "max",
        "Git.Author": "Grace Hopper <grace@example.com>",
        "git.committer": "web-flow",
        "contributors": "lin, kim ;  ,joe",
        "reviewed": "rita",
        "team": "radiology",
    }
    found = await of(case, run_author="runner", tags=tags)
    assert found.authors == (
        "Grace Hopper", "ada@example.com", "grace@example.com", "joe", "kim", "lin", "max", "runner", "web-flow",
    )  # fmt: skip
    assert found.author_ids == ()


async def test_people_who_added_evidence_contributed_and_machines_did_not(case: Case) -> None:
    robot = await case.make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE)
    await case.report(by=case.rita)
    await case.report(EvidenceKind.ROBUSTNESS, by=case.rita)
    await case.report(EvidenceKind.SECURITY, by=robot)
    async with case.db.write(actor=None, operation="op") as tx:
        found = await dossier(tx, case.version.id, Stage.PRODUCTION)
    assert found.author_ids == (case.rita.person_id,)
    assert found.subject().author_ids == (case.rita.person_id,)


async def test_who_adds_evidence_and_then_approves_is_refused_as_a_contributor(case: Case) -> None:
    first = await case.ask()
    await case.report(by=case.rita)
    with pytest.raises(Refused) as stale:
        await case.sign(first)
    assert stale.value.code is Code.STALE
    again = await case.ask()
    with pytest.raises(Refused, match="your own work") as refused:
        await case.sign(again)
    assert refused.value.code is Code.SAME_PERSON
    assert await case.make.count("sign_offs", ABOUT_VERSIONS) == 0


async def test_a_contributor_under_a_second_name_does_not_sign(case: Case) -> None:
    made = await case.new_version("2", recall=0.95, tags={"contributors": "someone, RITA"})
    asked = await case.ask(made)
    with pytest.raises(Refused) as refused:
        await case.sign(asked, SignOffDecision.REJECT, "No.")
    assert refused.value.code is Code.SAME_PERSON


async def test_a_reviewer_named_in_a_tag_signs(case: Case) -> None:
    made = await case.new_version("2", recall=0.95, tags={"reviewed": "rita", "reviewer": "rita"})
    await case.sign(await case.ask(made))
    assert await case.make.count("approval_requests", "status = 'APPROVED' AND subject_kind = 'version'") == 1


async def test_others_still_sign(case: Case) -> None:
    await case.report(by=case.pat)
    other = await case.make.person("remy", disciplines=[Discipline.RISK])
    asked = await case.ask()
    case.rita = other
    await case.sign(asked)
    assert await case.make.count("sign_offs", ABOUT_VERSIONS) == 1
