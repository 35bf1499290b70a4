"""Who may hold which role, and how far a token may reach."""

from uuid import UUID

from hub.errors import Code, Refused
from hub.people.access import BY_SCOPE, Permission, Principal, Scope
from hub.people.tables import Discipline, PersonKind, Role

USUAL_TERM_DAYS = 90
LONGEST_TERM_DAYS = 365


def check_grant(kind: PersonKind, role: Role, discipline: Discipline | None) -> None:
    """A service account holds SERVICE and nothing else; a discipline belongs to an approver."""
    if (kind is PersonKind.SERVICE) != (role is Role.SERVICE):
        raise Refused(
            Code.BAD_INPUT,
            f"a {kind} account cannot be {role}; SERVICE accounts, and only they, are SERVICE",
            field="role",
        )
    if discipline is not None and role is not Role.MODEL_APPROVER:
        raise Refused(
            Code.BAD_INPUT, f"{role} has no discipline; give one with {Role.MODEL_APPROVER} only", field="discipline"
        )


def check_token_for(who: Principal, person_id: UUID) -> None:
    """A token is made for oneself, or by an ADMIN."""
    if person_id != who.person_id and Permission.MANAGE_PEOPLE not in who.permissions:
        raise Refused(
            Code.FORBIDDEN, "only an ADMIN makes a token for another person; ask them to make it", field="person"
        )


def check_scopes(asked: frozenset[Scope], held: frozenset[Scope] | None) -> None:
    """A token reaches no further than the one it was made with; `held` is None for the machine's operator."""
    if not asked:
        raise Refused(Code.BAD_INPUT, f"a token needs a scope; there are {', '.join(Scope)}", field="scopes")
    if held is None:
        return
    reach = frozenset[Permission]().union(*(BY_SCOPE[scope] for scope in held))
    wider = sorted(scope for scope in asked if not BY_SCOPE[scope] <= reach)
    if wider:
        raise Refused(
            Code.FORBIDDEN,
            f"{', '.join(wider)} asked, but your token has {', '.join(sorted(held))}; a token reaches no further",
            field="scopes",
        )


def check_term(term_days: int) -> None:
    """A token ends within a year."""
    if term_days < 1:
        raise Refused(
            Code.TERM_IN_PAST, f"{term_days} days asked; 1 to {LONGEST_TERM_DAYS} are allowed", field="termDays"
        )
    if term_days > LONGEST_TERM_DAYS:
        raise Refused(
            Code.TERM_TOO_LONG,
            f"{term_days} days asked, {LONGEST_TERM_DAYS} allowed; make a new token before it ends",
            field="termDays",
        )


def may_revoke(who: Principal, person_id: UUID) -> bool:
    """Whether this person may end that person's tokens."""
    return who.person_id == person_id or Permission.MANAGE_PEOPLE in who.permissions
