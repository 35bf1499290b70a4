"""An exception from request to resolution, as its people live it: over GraphQL, each with a token of their own."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hub.checks import jobs
from hub.clock import SetClock
from hub.db import Db
from hub.events.jobs import Order
from hub.events.record import Subject, record
from hub.models.tables import ModelVersion, Stage
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.asking import Ask
from tests.make import Make

DAY = timedelta(days=1)

DEPLOY = """mutation($version: ID!) {
  requestDeployment(input: {version: $version, stage: PRODUCTION, reason: "The winter release."}) {
    ... on DeploymentRequested { intent { id status statusWhy } }
    ... on Refusal { code why }
  }
}"""
STANDS = """query($version: ID!, $exception: ID!) {
  version: node(id: $version) { ... on ModelVersion {
    checkResults(first: 1, filter: {latest: true, stage: [PRODUCTION]}) { nodes { outcome exception { id } } }
  } }
  exception: node(id: $exception) { ... on PolicyException {
    status expiresAt daysLeft extensionsUsed reviewAt endNote
    approvals(first: 5) { nodes { id status } }
    extensions(first: 5) { nodes { id state until approvals(first: 1) { nodes { id } } } }
    reviews(first: 5) { nodes { verdict note reviewedBy { handle } } }
    events(first: 50) { nodes { kind actor { handle } } }
  } }
}"""
REQUEST = """mutation($input: RequestExceptionInput!) {
  requestException(input: $input) { ... on ExceptionChanged { exception { id } } ... on Refusal { code why } }
}"""


def changing(field: str, kind: str, shown: str) -> str:
    """A mutation by one input, and what it shows."""
    return f"mutation($input: {kind}!) {{ {field}(input: $input) {{ {shown} ... on Refusal {{ code why field }} }} }}"


CHANGED = "... on ExceptionChanged { exception { id status endedBy { handle } } }"
ASK = changing("askForInformation", "AskForInformationInput", "... on ApprovalCommented { comment { id } }")
ANSWER = changing("answerQuestion", "AnswerQuestionInput", "... on ApprovalCommented { comment { id } }")
OPEN = changing("openApproval", "OpenApprovalInput", "... on ApprovalChanged { request { status } }")
SIGN = changing("signApproval", "SignApprovalInput", "... on ApprovalSigned { signOff { request { status } } }")
EXTEND = changing("extendException", "ExtendExceptionInput", "... on ExtensionAsked { extension { id state until } }")
REVIEW = changing("reviewException", "ReviewExceptionInput", "... on ExceptionReviewed { review { id verdict } }")
CONFIRM = changing("confirmCriterion", "ConfirmCriterionInput", CHANGED)
RESOLVE = changing("resolveException", "ResolveExceptionInput", CHANGED)
REVOKE = changing("revokeException", "RevokeExceptionInput", CHANGED)


class Company:
    """A version that finds too few cases, a policy that closes the gate for it, and the people around it."""

    def __init__(self, ask: Ask, make: Make, db: Db, clock: SetClock) -> None:
        self.ask, self.make, self.db, self.clock = ask, make, db, clock

    async def begin(self) -> "Company":
        make = self.make
        self.tomas = await make.person("tomas", Role.DEVELOPER)
        self.ines = await make.person("ines", Role.MODEL_OWNER)
        self.priya = await make.person("priya", disciplines=[Discipline.RISK])
        self.sofia = await make.person("sofia", Role.POLICY_OWNER)
        await make.rule(Discipline.RISK)
        self.policy = await make.policy("recall", by=self.sofia, longest_exception_days=90)
        self.model = await make.model("diagnosis", owner=self.ines)
        self.version: ModelVersion = await make.version(self.model, "3", author="tomas", metrics={"recall": 0.87})
        return self

    async def do(self, who: Principal, document: str, **asked: Any) -> dict[str, Any]:
        """The payload of a mutation by one input."""
        (payload,) = (await self.ask(who, document, input=asked)).values()
        return dict(payload)

    async def gate(self) -> str:
        """What becomes of the wish to deploy, as the pipeline hears it."""
        said = await self.ask(self.ines, DEPLOY, version=f"ModelVersion:{self.version.id}")
        return str(said["requestDeployment"]["intent"]["status"])

    async def asked(self, days: int = 30) -> str:
        """Tomas asks for an exception that Ines would own; its id."""
        said = await self.do(
            self.tomas,
            REQUEST,
            policy=f"Policy:{self.policy.policy_id}",
            model=f"Model:{self.model.id}",
            justification="New scans arrive next month.",
            controls=[{"description": "A second reader looks at every scan."}],
            criteria=[{"description": "Recall is 0.9 on the new scans."}],
            owner=f"Person:{self.ines.person_id}",
            expiresAt=(self.clock.now() + days * DAY).isoformat(),
            reviewEveryDays=14,
        )
        return str(said["exception"]["id"])

    async def stands(self, exception: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """The exception as it is, and the newest result of the version for production."""
        said = await self.ask(self.tomas, STANDS, version=f"ModelVersion:{self.version.id}", exception=exception)
        results = said["version"]["checkResults"]["nodes"]
        return said["exception"], results[0] if results else None

    async def grant(self, exception: str) -> None:
        """Priya, who has no hand in it, says yes."""
        found, _ = await self.stands(exception)
        await self.sign(self.priya, found["approvals"]["nodes"][0]["id"])

    async def sign(self, who: Principal, request: str) -> None:
        signed = await self.do(who, SIGN, request=request, decision="APPROVE", comment="Weighed; for now.")
        assert signed == {"signOff": {"request": {"status": "APPROVED"}}}

    async def release(self) -> str:
        """The open question whether the version may go to production."""
        id = await self.db.reads.fetchval(
            "SELECT id FROM approval_requests WHERE subject_kind = 'version' AND status = 'PENDING'"
        )
        return f"ApprovalRequest:{id}"

    async def work(self, exception: str) -> None:
        """A worker does what the end of an exception has queued for checks."""
        order = {"exception": exception.partition(":")[2], "since": self.clock.now().isoformat()}
        await jobs.run_reask(self.db, Order(order, "work"))

    async def better_data(self) -> None:
        """The registry shows the version's recall on the new scans."""
        async with self.db.write(actor=None, operation="sync") as tx:
            await tx.session.execute(text("UPDATE version_metrics SET value = 0.93"))
            subject = Subject("version", self.version.id, self.version.digest)
            await record(tx, "version.changed", subject, {"parts": ["details"]}, scope_id=self.model.id)


@pytest.fixture
async def company(ask: Ask, make: Make, db: Db, clock: SetClock) -> Company:
    return await Company(ask, make, db, clock).begin()


async def test_an_exception_from_request_to_resolution(company: Company) -> None:
    c = company
    assert await c.gate() == "BLOCKED"

    exception = await c.asked()
    found, result = await c.stands(exception)
    assert (found["status"], result) == ("SUBMITTED", {"outcome": "FAIL", "exception": None})
    request = found["approvals"]["nodes"][0]["id"]

    # Priya reads it, asks, and gets her answer.
    await c.do(c.priya, OPEN, request=request)
    assert (await c.stands(exception))[0]["status"] == "UNDER_REVIEW"
    await c.do(c.priya, ASK, request=request, body="Who reads at night?")
    assert (await c.stands(exception))[0]["status"] == "INFO_REQUESTED"
    assert await c.gate() == "BLOCKED"
    await c.do(c.tomas, ANSWER, request=request, body="The radiologist on duty.")
    assert (await c.stands(exception))[0]["status"] == "UNDER_REVIEW"

    # Nobody grants their own; somebody else does, and the gate goes on to ask about the release.
    own = await c.do(c.ines, SIGN, request=request, decision="APPROVE", comment="Mine.")
    assert own["code"] == "SAME_PERSON"
    await c.sign(c.priya, request)
    assert (await c.stands(exception))[0]["status"] == "ACTIVE"
    assert await c.gate() == "AWAITING_APPROVAL"
    assert (await c.stands(exception))[1] == {"outcome": "WAIVED", "exception": {"id": exception}}

    # The scans are late: it is extended once, and only once.
    c.clock.move(20 * DAY)
    until = (c.clock.now() + 40 * DAY).isoformat()
    asked = await c.do(c.ines, EXTEND, exception=exception, until=until, justification="The scans are late.")
    assert asked["extension"]["state"] == "REQUESTED"
    found, _ = await c.stands(exception)
    assert (found["daysLeft"], found["extensionsUsed"]) == (10, 0)
    await c.sign(c.sofia, found["extensions"]["nodes"][0]["approvals"]["nodes"][0]["id"])
    found, _ = await c.stands(exception)
    assert (found["daysLeft"], found["extensionsUsed"]) == (40, 1)
    more = await c.do(c.ines, EXTEND, exception=exception, until=until, justification="Later still.")
    assert more == {
        "code": "WRONG_STATE",
        "why": "1 of 1 extensions used; ask for a new exception, which people look at afresh",
        "field": "exception",
    }

    # It is looked at again by somebody who has no hand in it.
    theirs = await c.do(c.ines, REVIEW, exception=exception, verdict="CONTINUE", note="All well.")
    assert theirs["code"] == "FORBIDDEN"
    await c.do(c.sofia, REVIEW, exception=exception, verdict="CONTINUE", note="Both readers are there.")
    found, _ = await c.stands(exception)
    assert found["reviews"]["nodes"] == [
        {"verdict": "CONTINUE", "note": "Both readers are there.", "reviewedBy": {"handle": "sofia"}}
    ]
    assert found["reviewAt"][:10] == f"{c.clock.now() + 14 * DAY:%Y-%m-%d}"

    # The new scans come, and the check passes by itself.
    early = await c.do(c.ines, RESOLVE, exception=exception)
    assert early["code"] == "WRONG_STATE"
    c.clock.move(15 * DAY)
    await c.better_data()
    await c.gate()
    assert (await c.stands(exception))[1] == {"outcome": "PASS", "exception": None}

    # That the policy passes again suggests that the exception is needed no more; its owner says so.
    early = await c.do(c.ines, RESOLVE, exception=exception, note="Recall is 0.93.")
    assert early["why"].startswith("1 of its criteria is not met: Recall is 0.9 on the new scans; confirm what")
    criterion = f"AcceptanceCriterion:{await c.db.reads.fetchval('SELECT id FROM acceptance_criteria')}"
    met = {"note": "0.93 on 800 scans.", "evidenceUrl": "https://evidence.test/recall"}
    await c.do(c.ines, CONFIRM, criterion=criterion, **met)
    done = await c.do(c.ines, RESOLVE, exception=exception, note="Recall is 0.93.")
    assert done == {"exception": {"id": exception, "status": "RESOLVED", "endedBy": {"handle": "ines"}}}
    await c.work(exception)
    found, result = await c.stands(exception)
    assert (found["status"], found["endNote"], result) == (
        "RESOLVED",
        "Recall is 0.93.",
        {"outcome": "PASS", "exception": None},
    )
    assert await c.make.count("compliance", "outcome = 'WAIVED' OR exception_id IS NOT NULL") == 0
    assert await c.gate() == "AWAITING_APPROVAL"

    told = [(one["kind"], (one["actor"] or {}).get("handle")) for one in reversed(found["events"]["nodes"])]
    assert told == [
        ("exception.requested", "tomas"),
        ("exception.under_review", "priya"),
        ("exception.info_requested", "priya"),
        ("exception.under_review", "tomas"),
        ("exception.approved", "priya"),
        ("exception.extension_requested", "ines"),
        ("exception.extended", "sofia"),
        ("exception.reviewed", "sofia"),
        ("exception.resolution_suggested", "ines"),
        ("exception.criterion_met", "ines"),
        ("exception.resolved", "ines"),
    ]


async def test_of_two_that_cover_a_release_the_last_one_that_is_revoked_halts_it(company: Company) -> None:
    c = company
    short, long = await c.asked(days=20), await c.asked(days=60)
    for one in (short, long):
        await c.grant(one)
    assert await c.gate() == "AWAITING_APPROVAL"
    assert (await c.stands(long))[1] == {"outcome": "WAIVED", "exception": {"id": long}}
    await c.sign(c.priya, await c.release())
    assert await c.gate() == "APPROVED"

    # Ines does not need the long one. The short one covers the version still, so no check fails; that it rests on
    # another exception now is for people to see who approved the release.
    gone = await c.do(c.ines, REVOKE, exception=long, reason="The short one is enough.")
    assert gone["exception"]["status"] == "REVOKED"
    await c.work(long)
    assert (await c.stands(short))[1] == {"outcome": "WAIVED", "exception": {"id": short}}
    covering = "SELECT exception_covers($1, $2, $3, $4, $5)"
    of = (c.policy.policy_id, c.model.id, c.version.id, Stage.PRODUCTION.value, c.clock.now())
    assert f"PolicyException:{await c.db.reads.fetchval(covering, *of)}" == short
    assert await c.gate() == "AWAITING_APPROVAL"
    await c.sign(c.priya, await c.release())
    assert await c.gate() == "APPROVED"

    stranger = await c.do(c.tomas, REVOKE, exception=short, reason="I asked for it.")
    assert stranger["code"] == "FORBIDDEN"
    await c.do(c.sofia, REVOKE, exception=short, reason="The second reader is gone.")
    assert await c.db.reads.fetchval(covering, *of) is None
    await c.work(short)
    assert (await c.stands(short))[1] == {"outcome": "FAIL", "exception": None}
    assert (
        await c.db.reads.fetchval("SELECT status FROM deployment_intents ORDER BY requested_at DESC, id DESC")
        == "HALTED"
    )
    assert await c.make.count("permits", "revoked_at IS NULL") == 0
    assert await c.gate() == "BLOCKED"
