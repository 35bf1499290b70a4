"""Idempotency keys: a mutation asked twice under one key is done once and answered the same."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from hub import words
from hub.db import Tx
from hub.errors import Code, Refused
from hub.events import store
from hub.events.canonical import Plain, digest_of, plain

LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a mutation made or changed, by kind and id; its payload is read anew each time.

    `told` is what cannot be read anew, such as a plan; it is given again as it was.
    """

    kind: str
    id: UUID
    told: Plain = None


async def once(
    tx: Tx, key: str | None, mutation: str, asked: Mapping[str, object], act: Callable[[], Awaitable[Answer]]
) -> Answer:
    """Act, or give the answer of the first time; without a key, always act.

    Keys belong to the person who acts. What is refused is not kept, because the refusal ends the transaction: let it
    pass through, and the same key may be used again.
    """
    if key is None:
        return await act()
    assert tx.actor is not None, "an idempotency key needs a person who acts"
    clean = words.wanted(key, "idempotencyKey", most=LONGEST_KEY)
    asked_digest = digest_of({"mutation": mutation, "asked": asked})
    row = {
        "actor_id": tx.actor,
        "key": clean,
        "mutation": mutation,
        "asked_digest": asked_digest,
        "answer": {},
        "at": tx.at,
    }
    if await store.claim_key(tx, row):
        answer = await act()
        await store.keep_answer(tx, tx.actor, clean, {"kind": answer.kind, "id": str(answer.id), **_kept(answer)})
        return answer
    first = await store.answered(tx, tx.actor, clean)
    if first.asked_digest != asked_digest:
        raise Refused(
            Code.KEY_REUSED,
            f"this idempotency key was used for another {first.mutation}; take a new key for a new request",
            field="idempotencyKey",
        )
    return Answer(str(first.answer["kind"]), UUID(str(first.answer["id"])), plain(first.answer.get("told")))


def _kept(answer: Answer) -> dict[str, object]:
    return {} if answer.told is None else {"told": answer.told}
