"""Who acts, and what they may do: every mutation names one permission, asked before any SQL."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from hub.errors import Code, Refused
from hub.graph.values import Reader
from hub.people.tables import Discipline, PersonKind, Role


class Permission(StrEnum):
    """One thing that may be done."""

    READ = "READ"
    SEE_CONTACTS = "SEE_CONTACTS"
    SEE_REGISTRY_SETTINGS = "SEE_REGISTRY_SETTINGS"
    CLASSIFY_MODEL = "CLASSIFY_MODEL"
    SET_OWNER = "SET_OWNER"
    DESCRIBE_DATASET = "DESCRIBE_DATASET"
    PROPOSE_POLICY = "PROPOSE_POLICY"
    DECIDE_POLICY = "DECIDE_POLICY"
    ADD_EVIDENCE = "ADD_EVIDENCE"
    REQUEST_DEPLOYMENT = "REQUEST_DEPLOYMENT"
    HALT_DEPLOYMENT = "HALT_DEPLOYMENT"
    EVALUATE_POLICIES = "EVALUATE_POLICIES"
    REQUEST_EXCEPTION = "REQUEST_EXCEPTION"
    DECIDE_EXCEPTION = "DECIDE_EXCEPTION"
    ATTEST = "ATTEST"
    REQUEST_APPROVAL = "REQUEST_APPROVAL"
    DISCUSS_APPROVAL = "DISCUSS_APPROVAL"
    SIGN_APPROVAL = "SIGN_APPROVAL"
    DELEGATE = "DELEGATE"
    PROPOSE_MATRIX = "PROPOSE_MATRIX"
    BREAK_GLASS = "BREAK_GLASS"
    SYNC_REGISTRY = "SYNC_REGISTRY"
    ADD_REGISTRY = "ADD_REGISTRY"
    CREATE_TOKEN = "CREATE_TOKEN"
    MANAGE_PEOPLE = "MANAGE_PEOPLE"
    SUBSCRIBE_DIGEST = "SUBSCRIBE_DIGEST"


P = Permission
LOOKS = frozenset({P.READ, P.CREATE_TOKEN, P.DISCUSS_APPROVAL, P.ATTEST, P.SUBSCRIBE_DIGEST})
EVERYONE = LOOKS | {P.REQUEST_EXCEPTION, P.REQUEST_APPROVAL, P.REQUEST_DEPLOYMENT}
ANSWERS = frozenset({P.SIGN_APPROVAL, P.DELEGATE})
BUILDS = EVERYONE | {P.EVALUATE_POLICIES, P.ADD_EVIDENCE}

BY_ROLE: dict[Role, frozenset[Permission]] = {
    Role.MODEL_OWNER: BUILDS
    | ANSWERS
    | {P.CLASSIFY_MODEL, P.SET_OWNER, P.SEE_CONTACTS, P.HALT_DEPLOYMENT, P.BREAK_GLASS},
    Role.DEVELOPER: BUILDS,
    Role.MODEL_APPROVER: BUILDS
    | ANSWERS
    | {P.CLASSIFY_MODEL, P.DECIDE_EXCEPTION, P.DECIDE_POLICY, P.SEE_CONTACTS, P.HALT_DEPLOYMENT, P.PROPOSE_MATRIX},
    Role.POLICY_OWNER: EVERYONE
    | ANSWERS
    | {P.PROPOSE_POLICY, P.DECIDE_POLICY, P.DECIDE_EXCEPTION, P.EVALUATE_POLICIES, P.SEE_CONTACTS, P.HALT_DEPLOYMENT}
    | {P.PROPOSE_MATRIX},
    Role.DATA_STEWARD: EVERYONE | {P.DESCRIBE_DATASET, P.ADD_EVIDENCE},
    Role.INCIDENT_RESPONDER: EVERYONE | {P.SEE_CONTACTS, P.HALT_DEPLOYMENT, P.BREAK_GLASS},
    Role.AUDITOR: LOOKS | {P.SEE_CONTACTS, P.SEE_REGISTRY_SETTINGS} | ANSWERS,
    Role.EXECUTIVE: LOOKS,
    Role.ADMIN: frozenset(P) - {P.SIGN_APPROVAL, P.DELEGATE, P.DECIDE_EXCEPTION, P.DECIDE_POLICY},
    Role.SERVICE: frozenset(
        {
            P.READ,
            P.SYNC_REGISTRY,
            P.EVALUATE_POLICIES,
            P.DISCUSS_APPROVAL,
            P.REQUEST_APPROVAL,
            P.REQUEST_DEPLOYMENT,
            P.ADD_EVIDENCE,
            P.PROPOSE_POLICY,
        }
    ),
}
"""Whoever runs the hub does not approve: an ADMIN signs nothing unless also granted an approver's role."""


class Scope(StrEnum):
    """What a token may be used for, at most."""

    READ = "READ"
    GATE = "GATE"
    GOVERN = "GOVERN"
    SYNC = "SYNC"
    ADMIN = "ADMIN"


BY_SCOPE: dict[Scope, frozenset[Permission]] = {
    Scope.READ: frozenset({P.READ, P.SEE_CONTACTS}),
    # Asking the gate opens the question to people, so it takes the permission for that too.
    Scope.GATE: frozenset({P.READ, P.REQUEST_DEPLOYMENT, P.REQUEST_APPROVAL, P.ADD_EVIDENCE, P.EVALUATE_POLICIES}),
    Scope.GOVERN: frozenset(P) - {P.SYNC_REGISTRY, P.ADD_REGISTRY, P.CREATE_TOKEN, P.MANAGE_PEOPLE},
    Scope.SYNC: frozenset({P.READ, P.SYNC_REGISTRY, P.EVALUATE_POLICIES}),
    Scope.ADMIN: frozenset(P),
}

SEES_ALL = frozenset({Role.ADMIN, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: one person, whatever identity or token they came by."""

    person_id: UUID
    handle: str
    kind: PersonKind
    roles: frozenset[Role]
    disciplines: frozenset[Discipline]
    teams: tuple[UUID, ...]
    scopes: frozenset[Scope]
    token_id: UUID | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the roles grant and the token's scopes let through."""
        granted: frozenset[Permission] = frozenset().union(*(BY_ROLE[role] for role in self.roles))
        scoped: frozenset[Permission] = frozenset().union(*(BY_SCOPE[scope] for scope in self.scopes))
        return granted & scoped

    @property
    def sees_all(self) -> bool:
        return bool(self.roles & SEES_ALL)

    def require(self, permission: Permission) -> None:
        """Refuse, by name, what this principal may not do."""
        if permission in self.permissions:
            return
        granted = any(permission in BY_ROLE[role] for role in self.roles)
        if granted:
            may = ", ".join(sorted(s for s in Scope if permission in BY_SCOPE[s]))
            raise Refused(Code.FORBIDDEN, f"{permission} is outside this token's scopes; use a token with {may}")
        may = ", ".join(sorted(r for r in Role if permission in BY_ROLE[r]))
        raise Refused(Code.FORBIDDEN, f"{permission} is not among your roles' permissions; it is given to {may}")


class Sight(StrEnum):
    """The classes of readers that visibility predicates tell apart."""

    ALL = "ALL"
    MEMBER = "MEMBER"


def reader(who: Principal) -> Reader:
    """What the read engine needs to know of a principal."""
    return Reader(
        visibility=Sight.ALL if who.sees_all else Sight.MEMBER,
        binds={"person": who.person_id, "teams": list(who.teams)},
        permissions=frozenset(who.permissions),
    )
