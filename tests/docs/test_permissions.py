"""Where a page says which roles may do something, these are the roles that hold the permission for it."""

import re

import pytest

from hub.people.access import BY_ROLE, Permission
from hub.people.tables import Role
from tests.docs.pages import ROOT

NAMED = [
    ("approvals/break-glass.md", r"permission BREAK_GLASS \((.*?)\)", Permission.BREAK_GLASS),
    ("policies-in-git.md", r"anybody but its author decides who is a (.*?)\.", Permission.DECIDE_POLICY),
]


def roles(page: str, sentence: str) -> set[Role]:
    """The roles that one sentence of a page names."""
    (found,) = re.findall(sentence, " ".join((ROOT / "docs" / page).read_text().split()))
    return {role for role in Role if re.search(rf"\b{role}\b", found)}


@pytest.mark.parametrize(("page", "sentence", "permission"), NAMED, ids=[permission for *_, permission in NAMED])
def test_the_roles_that_are_named_hold_the_permission(page: str, sentence: str, permission: Permission) -> None:
    assert roles(page, sentence) == {role for role in Role if permission in BY_ROLE[role]}


def test_all_but_those_who_are_named_move_exceptions() -> None:
    named = roles("exceptions/life.md", r"which all roles have but (.*?):")
    assert named == {role for role in Role if Permission.REQUEST_EXCEPTION not in BY_ROLE[role]}
    # What is left to an owner in one of these; a service account owns none.
    assert {role for role in named if Permission.ATTEST in BY_ROLE[role]} == named - {Role.SERVICE}
