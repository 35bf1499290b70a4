"""The recurring look: by somebody who has no hand in it, with a note, and what it comes to."""

from datetime import timedelta
from typing import Any

import pytest

from hub.clock import SetClock
from hub.errors import Code, Refused
from hub.exceptions.life import actions
from hub.exceptions.tables import ExceptionReview, PolicyException, ReviewVerdict
from hub.people import actions as people
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from tests.exceptions.living import DAY, NOON, Life


async def looked(
    life: Life,
    who: Principal,
    found: PolicyException,
    verdict: ReviewVerdict = ReviewVerdict.CONTINUE,
    note: str = "Both readers are there.",
    **more: Any,
) -> ExceptionReview:
    return await life.do(who, actions.review, found.id, verdict=verdict, note=note, **more)


async def test_a_look_is_kept_with_when_it_was_due_and_the_next_is_by_the_rhythm(life: Life, clock: SetClock) -> None:
    found = await life.granted(review_at=NOON + 7 * DAY, review_every_days=14)
    clock.move(10 * DAY)
    await looked(life, life.pat, found)
    now = await life.now(found.id)
    assert (now.state, now.reviewed_at, now.review_at) == ("APPROVED", NOON + 10 * DAY, NOON + 24 * DAY)
    clock.move(14 * DAY)
    await looked(life, life.rita, found)
    assert (await life.now(found.id)).review_at == NOON + 30 * DAY, "never after the end"
    rows = await life.db.reads.fetch("SELECT due_at, at, reviewed_by, verdict FROM exception_reviews ORDER BY at")
    assert [tuple(row) for row in rows] == [
        (NOON + 7 * DAY, NOON + 10 * DAY, life.pat.person_id, "CONTINUE"),
        (NOON + 24 * DAY, NOON + 24 * DAY, life.rita.person_id, "CONTINUE"),
    ]
    first, _ = await life.told("exception.reviewed")
    assert (first["verdict"], first["due_at"], first["next_review_at"]) == (
        "CONTINUE",
        "2026-11-28T12:00:00.000000Z",
        "2026-12-15T12:00:00.000000Z",
    )
    assert "readers" not in str(first)


async def test_a_single_look_has_no_next_unless_one_is_named(life: Life) -> None:
    found = await life.granted(review_at=NOON + 7 * DAY)
    await looked(life, life.pat, found)
    assert (await life.now(found.id)).review_at is None
    await looked(life, life.pat, found, next_review_at=NOON + 9 * DAY)
    assert (await life.now(found.id)).review_at == NOON + 9 * DAY


@pytest.mark.parametrize(("verdict", "state"), [(ReviewVerdict.REVOKE, "REVOKED"), (ReviewVerdict.RESOLVE, "RESOLVED")])
async def test_a_look_may_end_it(life: Life, verdict: ReviewVerdict, state: str) -> None:
    found = await life.granted(review_every_days=7)
    with pytest.raises(Refused) as later:
        await looked(life, life.pat, found, verdict, next_review_at=NOON + DAY)
    assert (later.value.code, later.value.field) == (Code.BAD_INPUT, "nextReviewAt")
    await looked(life, life.pat, found, verdict, "Nobody reads them.")
    now = await life.now(found.id)
    assert (now.state, now.ended_by, now.end_note, now.review_at) == (
        state,
        life.pat.person_id,
        "Nobody reads them.",
        None,
    )
    assert (await life.kinds())[-2:] == ["exception.reviewed", f"exception.{state.lower()}"]
    assert await life.covering() is None


async def test_nobody_reviews_what_is_their_own_under_any_account(life: Life) -> None:
    judge = (Role.POLICY_OWNER,)
    asker, owner, author = [await life.make.person(name, *judge) for name in ("asker", "owner", "author")]
    twin = await life.make.person("twin", *judge)
    async with life.db.write(actor=None, operation="op") as tx:
        for who in (owner, twin):
            await people.link_identity(tx, None, person_id=who.person_id, issuer=who.handle, subject="O.Owner")
    await life.make.version(life.model, author="author")
    life.dev, life.olaf = asker, owner
    found = await life.granted()
    before = await life.make.events()
    for who, why in ((asker, "you asked for"), (owner, "you own"), (twin, "you own"), (author, "you made a version")):
        with pytest.raises(Refused, match=why) as refused:
            await looked(life, who, found)
        assert refused.value.code is Code.SAME_PERSON
    assert await life.make.count("exception_reviews") == 0
    assert await life.make.events() == before


async def test_only_whoever_decides_such_reviews_what_is_granted_with_a_note(life: Life, clock: SetClock) -> None:
    robot = await life.make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE)
    found, undecided = await life.granted(), await life.asked()
    for who, of, note, code in (
        (life.dev, found, "Fine.", Code.FORBIDDEN),
        (robot, found, "Fine.", Code.FORBIDDEN),
        (life.pat, undecided, "Fine.", Code.WRONG_STATE),
        (life.pat, found, " ", Code.BAD_INPUT),
    ):
        with pytest.raises(Refused) as refused:
            await looked(life, who, of, note=note)
        assert refused.value.code is code
    clock.move(31 * DAY + timedelta(seconds=1))
    with pytest.raises(Refused, match="this exception is EXPIRED: it has ended; ask for a new exception"):
        await looked(life, life.pat, found)
    assert await life.make.count("exception_reviews") == 0
