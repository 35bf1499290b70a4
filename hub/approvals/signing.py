"""In what capacity somebody answers: by their own right, or for somebody who gave them their say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.approvals import rules
from hub.approvals.counting.rules import Makers, Said, seated
from hub.approvals.counting.store import Signing
from hub.approvals.standins import store as standins
from hub.approvals.steps import Step, current
from hub.approvals.tables import ApprovalRequest, Delegation, SignOffDecision
from hub.db import Tx
from hub.errors import Code, Refused
from hub.people.tables import Discipline, PersonKind, Role


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody wants to answer."""

    person_id: UUID
    kind: PersonKind
    on_behalf_of: UUID | None
    decision: SignOffDecision
    discipline: Discipline | None


@dataclass(frozen=True, slots=True)
class Seated:
    """What an answer counts as."""

    step: int
    role: Role
    discipline: Discipline | None
    delegation_id: UUID | None


async def seat_of(
    tx: Tx,
    asked: ApprovalRequest,
    answer: Answer,
    live: Mapping[UUID, Said],
    now: Signing,
    makers: Makers,
    steps: Sequence[Step],
) -> Seated:
    """The capacity in which somebody answers, at this moment; refused when they have none, or a hand in the work."""
    rules.check_signer(
        answer.person_id,
        now.signer,
        is_service=answer.kind is PersonKind.SERVICE,
        requested_by=asked.requested_by,
        makers=makers,
    )
    given = seated(now.counted, makers)
    at = min(current(steps, given), len(steps) - 1)
    _check_once(answer, live)
    seats = [seat for seat in now.seats if seat.step == at]
    lent = await _lent(tx, asked, answer, now.holder.made(makers)) if answer.on_behalf_of is not None else []
    if answer.on_behalf_of is not None:
        seats = [seat for seat in seats if any(_covers(one, seat.discipline) for one in lent)]
    if not seats:
        raise rules.not_seated(steps[at])
    held = {seat.discipline for seat in seats if seat.discipline is not None}
    discipline = rules.discipline_for(steps[at], given, held, answer.discipline, answer.decision, at=at)
    fitting = [seat for seat in seats if discipline is None or seat.discipline is discipline]
    delegation = next((one for one in lent if _covers(one, fitting[0].discipline)), None)
    return Seated(at, fitting[0].role, discipline, delegation.id if delegation else None)


async def _lent(tx: Tx, asked: ApprovalRequest, answer: Answer, is_own: bool) -> Sequence[Delegation]:
    """The delegations by which somebody may answer for somebody else, the widest first; refused when there is none."""
    assert answer.on_behalf_of is not None
    if answer.on_behalf_of == asked.requested_by:
        raise rules.own("whoever you sign for made this request")
    if is_own:
        raise rules.own("it is the work of whoever you sign for")
    found = await standins.in_force(tx, answer.on_behalf_of, answer.person_id, asked.scope_id, asked.stage)
    if not found:
        raise Refused(
            Code.FORBIDDEN,
            "they have not given you their say for this request now; sign for yourself, or ask them for a delegation",
            field="onBehalfOf",
        )
    return found


def _covers(delegation: Delegation, discipline: Discipline | None) -> bool:
    return not delegation.disciplines or discipline in delegation.disciplines


def _check_once(answer: Answer, live: Mapping[UUID, Said]) -> None:
    """A person's say counts once, whoever's hand gives it."""
    if any(one.on_behalf_of == answer.person_id for one in live.values()):
        raise Refused(
            Code.WRONG_STATE, "your delegate has answered in your place; they can take that back", field="request"
        )
    if answer.on_behalf_of is not None and any(
        answer.on_behalf_of in (one.person_id, one.on_behalf_of) for one in live.values()
    ):
        raise Refused(
            Code.WRONG_STATE, "whoever you sign for has answered already, or somebody for them", field="onBehalfOf"
        )
