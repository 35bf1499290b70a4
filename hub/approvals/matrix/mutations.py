"""How the approval matrix is changed over GraphQL: somebody proposes, those whom the row in force asks decide."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from hub.approvals.matrix import actions
from hub.approvals.matrix.graph import MatrixChange
from hub.approvals.matrix.rules import Content, Escalation, Selector
from hub.approvals.steps import Group, Step
from hub.approvals.tables import TermEnd
from hub.db import Tx
from hub.errors import Code, Refused
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.models.tables import RiskTier, Stage
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of
from hub.people.tables import Discipline, Role


@strawberry.type(description="A change of the approval matrix as it is now.")
class MatrixChanged:
    change: MatrixChange | None = strawberry.field(description="The change; the question about it hangs on it.")


MatrixChangePayload = Annotated[
    MatrixChanged | Refusal, strawberry.union("MatrixChangePayload", description="The change, or why not.")
]


@strawberry.input(description="A discipline that may sign a step.")
class StepDisciplineInput:
    discipline: Discipline = strawberry.field(description="The discipline.")
    least: int = strawberry.field(default=0, description="The least number of its signatures.")


@strawberry.input(description="A step of an approval rule; all of its signatures may be given at the same time.")
class ApprovalStepInput:
    name: str = strawberry.field(description="What it is called; different for each step.")
    quorum: int = strawberry.field(default=1, description="How many people sign it: 1 to 20.")
    disciplines: list[StepDisciplineInput] = strawberry.field(
        default_factory=list,
        description="The disciplines that may sign; without any, every holder of one of the roles.",
    )
    different: int = strawberry.field(default=0, description="The least number of different disciplines among them.")
    roles: list[Role] = strawberry.field(
        default_factory=lambda: [Role.MODEL_APPROVER], description="The roles that may sign."
    )
    group: Group = strawberry.field(default=Group.ANYBODY, description="Among whom they are found.")
    team: str | None = strawberry.field(default=None, description="The key of the team, for the group TEAM.")


@strawberry.input(description="Whom to tell when nobody decides.")
class EscalationInput:
    after_h: int = strawberry.field(description="After how many working hours.")
    to: str = strawberry.field(description="OWNERS, a role, or team:KEY.")


@strawberry.input(description="Which row of the approval matrix is to say what, and why.")
class ProposeApprovalRuleInput:
    kind: str = strawberry.field(default="version", description="About which kind of subject.")
    tier: RiskTier | None = strawberry.field(default=None, description="For models of this risk tier; null means any.")
    stage: Stage | None = strawberry.field(default=None, description="For this target stage; null means any.")
    tag: str | None = strawberry.field(
        default=None, description="For models that carry this tag, as key or key=value; null means any."
    )
    steps: list[ApprovalStepInput] = strawberry.field(
        description="What is asked of people, step after step; without any, checks alone suffice (MINIMAL only)."
    )
    term_days: int = strawberry.field(description="Working days in which to decide: 1 to 90.")
    reminders_h: list[int] = strawberry.field(
        default_factory=list, description="Working hours after which those who are asked are reminded, ascending."
    )
    escalation: list[EscalationInput] = strawberry.field(
        default_factory=list, description="Who is told that nobody decides, and when."
    )
    at_end: TermEnd = strawberry.field(
        default=TermEnd.EXPIRE, description="What happens to a request that nobody decided within its term."
    )
    calendar: str = strawberry.field(default="default", description="The calendar whose working time counts, by key.")
    rationale: str = strawberry.field(description="Why so much is asked; stays with the row.")
    summary: str = strawberry.field(description="What is to change and why, for those who decide.")


@strawberry.input(description="Which row of the approval matrix is to go, and why.")
class RemoveApprovalRuleInput:
    kind: str = strawberry.field(default="version", description="About which kind of subject.")
    tier: RiskTier | None = strawberry.field(default=None, description="Its risk tier; null is the row for any.")
    stage: Stage | None = strawberry.field(default=None, description="Its target stage; null is the row for any.")
    tag: str | None = strawberry.field(default=None, description="Its tag; null is the row for any.")
    summary: str = strawberry.field(description="Why, for those who decide.")


@strawberry.input(description="Which change is taken back.")
class WithdrawMatrixChangeInput:
    change: strawberry.ID = strawberry.field(description="The change, one of your own unless you are an ADMIN.")


@extends(Mutation)
class MatrixMutations:
    @mutation(
        Permission.PROPOSE_MATRIX, "Propose what a row of the approval matrix is to say; the row in force decides."
    )
    async def propose_approval_rule(
        self, info: Asked, input: ProposeApprovalRuleInput, idempotency_key: str | None = None
    ) -> MatrixChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            made = await actions.propose(tx, who, _selector(input), _content(input), summary=input.summary)
            return Answer("matrix_change", made.id)

        return await act(info, input, idempotency_key, showing(MatrixChanged, "change"), do)

    @mutation(Permission.PROPOSE_MATRIX, "Propose that a row of the approval matrix go; decided under that row.")
    async def remove_approval_rule(
        self, info: Asked, input: RemoveApprovalRuleInput, idempotency_key: str | None = None
    ) -> MatrixChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return Answer(
                "matrix_change", (await actions.propose(tx, who, _selector(input), None, summary=input.summary)).id
            )

        return await act(info, input, idempotency_key, showing(MatrixChanged, "change"), do)

    @mutation(Permission.PROPOSE_MATRIX, "Take back a change of the approval matrix.")
    async def withdraw_matrix_change(
        self, info: Asked, input: WithdrawMatrixChangeInput, idempotency_key: str | None = None
    ) -> MatrixChangePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            change = uuid_of(input.change, "MatrixChange", "change")
            return Answer("matrix_change", (await actions.withdraw(tx, who, change)).id)

        return await act(info, input, idempotency_key, showing(MatrixChanged, "change"), do)


def _selector(given: ProposeApprovalRuleInput | RemoveApprovalRuleInput) -> Selector:
    return Selector(given.kind, given.tier, given.stage, given.tag)


def _content(given: ProposeApprovalRuleInput) -> Content:
    return Content(
        steps=tuple(_step(step) for step in given.steps),
        term_days=given.term_days,
        rationale=given.rationale,
        reminders_h=tuple(given.reminders_h),
        escalation=tuple(Escalation(one.after_h, one.to) for one in given.escalation),
        at_end=given.at_end,
        calendar=given.calendar,
    )


def _step(given: ApprovalStepInput) -> Step:
    return Step(
        name=given.name,
        quorum=given.quorum,
        disciplines=_disciplines(given.name, given.disciplines),
        different=given.different,
        roles=tuple(given.roles),
        group=given.group,
        team=given.team,
    )


def _disciplines(step: str, given: Sequence[StepDisciplineInput]) -> dict[Discipline, int]:
    found: dict[Discipline, int] = {}
    for one in given:
        if one.discipline in found:
            raise Refused(Code.BAD_INPUT, f"step {step} names {one.discipline} twice; name it once", field="steps")
        found[one.discipline] = one.least
    return found
