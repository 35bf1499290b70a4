"""Break-glasses over GraphQL: breaking, listing, and finding them where they belong."""

from datetime import timedelta
from typing import Any

from hub.clock import SetClock
from tests.approvals.bypass.emergencies import REASON, Emergency
from tests.asking import Ask

BREAK = """mutation($input: BreakGlassInput!, $key: String) { breakGlass(input: $input, idempotencyKey: $key) {
  ... on GlassBroken { breakGlass { id reason at expiresAt inForce reviewDueAt overdue reviewedAt justified
    person { handle } model { name } request { id status breakGlass { id } }
    review { title status subject { __typename ... on BreakGlass { id } } } } }
  ... on Refusal { code why field }
} }"""


async def broken(ask: Ask, fire: Emergency, **given: Any) -> dict[str, Any]:
    asked = {"request": f"ApprovalRequest:{fire.asked.id}", "reason": REASON, **given}
    return dict((await ask(fire.ivy, BREAK, input=asked, key="once"))["breakGlass"])


async def test_the_glass_is_broken_once_and_shown_with_its_review(fire: Emergency, ask: Ask) -> None:
    made = (await broken(ask, fire))["breakGlass"]
    assert made == {
        "id": made["id"],
        "reason": REASON,
        "at": "2026-11-21T12:00:00+00:00",
        "expiresAt": "2026-11-21T16:00:00+00:00",
        "inForce": True,
        "reviewDueAt": "2026-11-25T17:00:00+00:00",
        "overdue": False,
        "reviewedAt": None,
        "justified": None,
        "person": {"handle": "ivy"},
        "model": {"name": "fraud"},
        "request": {
            "id": f"ApprovalRequest:{fire.asked.id}",
            "status": "BYPASSED",
            "breakGlass": {"id": made["id"]},
        },
        "review": {
            "title": "break-glass of fraud 3 to PRODUCTION by ivy",
            "status": "PENDING",
            "subject": {"__typename": "BreakGlass", "id": made["id"]},
        },
    }
    assert (await broken(ask, fire))["breakGlass"]["id"] == made["id"]
    assert await fire.make.count("break_glasses") == 1


async def test_what_cannot_be_broken_is_refused_in_the_answer(fire: Emergency, ask: Ask) -> None:
    refusal = await broken(ask, fire, hours=30)
    assert (refusal["code"], refusal["field"]) == ("TERM_TOO_LONG", "hours")
    refusal = await broken(ask, fire, request=f"Model:{fire.model.id}")
    assert (refusal["code"], refusal["field"]) == ("BAD_ID", "request")
    assert await fire.make.count("break_glasses") == 0


async def test_reviewed_and_overdue_ones_are_told_apart(fire: Emergency, ask: Ask, clock: SetClock) -> None:
    made = await fire.breaks()
    listed = """query($f: BreakGlassFilter!) { breakGlasses(first: 5, filter: $f) { totalCount } }"""

    async def counts() -> list[int]:
        filters = ({"reviewed": False}, {"overdue": True}, {"inForce": True}, {"justified": True})
        return [(await ask(fire.una, listed, f=one))["breakGlasses"]["totalCount"] for one in filters]

    assert await counts() == [1, 0, 1, 0]
    clock.move(made.review_due_at - clock.now() + timedelta(microseconds=1))
    assert await counts() == [1, 1, 0, 0]
    await fire.justified(made)
    assert await counts() == [0, 0, 0, 1]
    model = (await ask(fire.una, "{ models(first: 1) { nodes { breakGlasses(first: 1) { nodes { justified } } } } }"))[
        "models"
    ]["nodes"][0]
    assert model == {"breakGlasses": {"nodes": [{"justified": True}]}}


async def test_the_trail_leads_to_it(fire: Emergency, ask: Ask) -> None:
    made = await fire.breaks()
    await fire.justified(made)
    seen = await ask(
        fire.una,
        '{ events(first: 1, filter: {kind: ["break_glass.reviewed"]}) { nodes { subject { __typename id } } } }',
    )
    assert seen["events"]["nodes"] == [{"subject": {"__typename": "BreakGlass", "id": f"BreakGlass:{made.id}"}}]
