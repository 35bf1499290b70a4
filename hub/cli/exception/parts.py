"""What whoever reads an exception can say of its controls and criteria, as the exact commands."""

from collections.abc import Iterator, Mapping
from typing import Any

from hub.cli.approvals.naming import bare
from hub.cli.gate.inert import inert

Row = Mapping[str, Any]

LONGEST = 60


def ways(found: Row, viewer: Row, worn: frozenset[Any]) -> Iterator[tuple[str, str]]:
    """Of a granted exception: which controls the reader attests, and which criteria they confirm or open again."""
    from hub.exceptions.moves import Hat
    from hub.people.access import BY_ROLE, Permission
    from hub.people.tables import Role

    for one in found["controls"]["nodes"]:
        if one["orphanedWhy"] and not worn.isdisjoint({Hat.OWNER, Hat.DECIDER, Hat.ADMIN}):
            said = f"have somebody else confirm: {inert(one['description'], LONGEST)}"
            yield said, f"hub exception control {bare(one['id'])} HANDLE"
    if not any(Permission.ATTEST in BY_ROLE[Role(role)] for role in viewer["roles"]):
        return
    for one in found["controls"]["nodes"]:
        who = one["attestor"] or found["owner"]
        if one["attestEveryDays"] and who and who["id"] == viewer["id"]:
            command = f"hub exception attest {bare(one['id'])} --note 'WHAT YOU LOOKED AT'"
            yield f"say that it holds: {inert(one['description'], LONGEST)}", command
    for one in found["criteria"]["nodes"]:
        if one["policy"]:
            continue
        id, said = bare(one["id"]), inert(one["description"], LONGEST)
        if one["metAt"] and not {Hat.OWNER, Hat.DECIDER}.isdisjoint(worn):
            yield f"say that it is not met after all: {said}", f"hub exception reopen {id} --note 'WHY'"
        if not one["metAt"] and Hat.OWNER in worn:
            yield f"say that it is met: {said}", f"hub exception confirm {id} --note 'HOW'"
