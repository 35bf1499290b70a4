"""What a step of a row may ask: of whom, how often; and whether all steps together make a board."""

from collections.abc import Sequence

from hub import words
from hub.approvals.steps import Group, Step
from hub.errors import Code, Refused
from hub.people.access import BY_ROLE, Permission
from hub.people.tables import Role

MOST_STEPS, MOST_SIGNATURES = 10, 20
LONGEST_NAME = 100

SIGNERS = tuple(role for role in Role if Permission.SIGN_APPROVAL in BY_ROLE[role])
"""The roles whose holders sign."""


def checked(steps: Sequence[Step], *, has_owner: bool) -> tuple[Step, ...]:
    """The steps as they are kept; refused when one of them could not be answered, or by nobody who may sign."""
    if len(steps) > MOST_STEPS:
        raise _no(f"{len(steps)} steps were asked; at most {MOST_STEPS} come after one another")
    clean = tuple(_step(at, step, has_owner=has_owner) for at, step in enumerate(steps, 1))
    names = [step.name for step in clean]
    for name in names:
        if names.count(name) > 1:
            raise _no(f"two steps are called {name}; give each a name of its own")
    return clean


def is_board(steps: Sequence[Step]) -> bool:
    """Whether nobody gets through all steps with the signatures of one discipline alone."""
    apart = [step for step in steps if step.disciplines]
    known = {one for step in apart for one in step.disciplines}
    alone = [
        one
        for one in known
        if all(
            one in step.disciplines
            and step.different <= 1
            and all(least == 0 or other is one for other, least in step.disciplines.items())
            for step in apart
        )
    ]
    return bool(apart) and not alone


def _step(at: int, step: Step, *, has_owner: bool) -> Step:
    name = words.optional(step.name, "steps", most=LONGEST_NAME)
    if not name:
        raise _no(f"step {at} has no name; give each a name of its own")
    if not 1 <= step.quorum <= MOST_SIGNATURES:
        raise _no(f"step {name} asks for {step.quorum} signatures; 1 to {MOST_SIGNATURES} are allowed")
    _check_disciplines(name, step)
    roles = tuple(dict.fromkeys(step.roles))
    _check_roles(name, step, roles)
    team = _group(name, step, has_owner=has_owner)
    return Step(name, step.quorum, dict(step.disciplines), step.different, roles, step.group, team)


def _check_disciplines(name: str, step: Step) -> None:
    for discipline, least in step.disciplines.items():
        if least < 0:
            raise _no(f"step {name} wants {least} signatures of {discipline}; 0 is the least")
    wanted = sum(step.disciplines.values())
    if wanted > step.quorum:
        raise _no(
            f"step {name} wants {wanted} signatures by discipline, and {step.quorum} in all; raise the quorum to"
            f" {wanted}"
        )
    most = min(step.quorum, len(step.disciplines))
    if not 0 <= step.different <= most:
        raise _no(
            f"step {name} wants {step.different} different disciplines; with a quorum of {step.quorum} and"
            f" {len(step.disciplines)} disciplines it can be 0 to {most}"
        )


def _check_roles(name: str, step: Step, roles: Sequence[Role]) -> None:
    if not roles:
        raise _no(f"step {name} names no role; name some of {', '.join(SIGNERS)}")
    for role in roles:
        if role not in SIGNERS:
            raise _no(f"step {name} asks {role}, who signs nothing; choose among {', '.join(SIGNERS)}")
    if step.disciplines and roles != (Role.MODEL_APPROVER,):
        raise _no(
            f"step {name} asks for disciplines, which only a {Role.MODEL_APPROVER} holds; leave the other roles out,"
            " or the disciplines"
        )


def _group(name: str, step: Step, *, has_owner: bool) -> str | None:
    """The key of the team that a step asks, if it asks one."""
    team = words.optional(step.team or "", "steps", most=LONGEST_NAME) or None
    if step.group is Group.TEAM:
        if team is None:
            raise _no(f"step {name} asks a team; name it by its key")
        return team
    if team is not None:
        raise _no(f"step {name} names the team {team} and asks {step.group}; ask {Group.TEAM}, or leave the team out")
    if step.group is Group.OWNERS:
        if not has_owner:
            raise _no(f"step {name} asks the owner, but such a request is about no model; ask {Group.ANYBODY}")
        if step.quorum > 1:
            raise _no(f"step {name} asks the owner for {step.quorum} signatures; a model has one owner")
        if step.disciplines:
            raise _no(f"step {name} asks the owner, who answers for the model and no discipline; leave those out")
    return None


def _no(why: str) -> Refused:
    return Refused(Code.BAD_INPUT, why, field="steps")
