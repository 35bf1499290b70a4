"""The usual step of an approval rule, for tests."""

from collections.abc import Sequence

from hub.approvals.steps import Step
from hub.people.tables import Discipline, Role


def sign_off(
    quorum: int,
    disciplines: Sequence[Discipline] = (),
    *,
    name: str = "Sign-off",
    roles: tuple[Role, ...] = (Role.MODEL_APPROVER,),
) -> Step:
    """The usual step: so many people, from as many different ones of these disciplines as they can be."""
    least = 1 if quorum >= len(disciplines) else 0
    return Step(name, quorum, dict.fromkeys(disciplines, least), min(quorum, len(disciplines)), roles)
