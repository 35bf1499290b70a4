"""A release and the people around it, made in a few statements: hundreds of them share one database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from hub.approvals.steps import Group, Step
from hub.db import Db, Tx, new_id
from hub.events.canonical import digest_of
from hub.events.record import Subject, record
from hub.models.tables import Model, ModelTag, ModelVersion, RiskTier, Stage, VersionMetric
from hub.people import store as people_store
from hub.people.access import Principal, Scope
from hub.people.tables import Discipline, Person, PersonKind, Role, RoleGrant, Team, TeamMember
from tests.approvals.holds import oracle
from tests.approvals.holds.oracle import World
from tests.make import Make
from tests.steps import sign_off

RISK, LEGAL, COMPLIANCE = Discipline.RISK, Discipline.LEGAL, Discipline.COMPLIANCE
SCOPES = (Scope.GOVERN, Scope.ADMIN)

SHAPES: dict[str, Sequence[Step]] = {
    "one": [sign_off(1, [RISK])],
    "two": [sign_off(2, [RISK, LEGAL])],
    "any": [sign_off(2)],
    "three": [Step("Board", 3, {RISK: 2, LEGAL: 0, COMPLIANCE: 0}, different=2)],
    "steps": [sign_off(1, [RISK], name="First"), sign_off(1, [LEGAL], name="Then")],
    "team": [Step("Team", 2, {RISK: 1}, group=Group.TEAM, team="board"), sign_off(1, [LEGAL], name="Then")],
    "owner": [
        Step("Owner", 1, roles=(Role.MODEL_APPROVER, Role.MODEL_OWNER), group=Group.OWNERS),
        sign_off(1, [LEGAL]),
    ],
}
"""Rules of the matrix, each for models with its tag."""

GRANTS: dict[str, tuple[tuple[Role, Discipline | None], ...]] = {
    "dev": ((Role.DEVELOPER, None), (Role.MODEL_APPROVER, RISK)),
    "rita": ((Role.MODEL_APPROVER, RISK),),
    "rob": ((Role.MODEL_APPROVER, RISK),),
    "lee": ((Role.MODEL_APPROVER, LEGAL),),
    "both": ((Role.MODEL_APPROVER, RISK), (Role.MODEL_APPROVER, LEGAL)),
    "stan": ((Role.MODEL_APPROVER, COMPLIANCE),),
    "olga": ((Role.MODEL_OWNER, None), (Role.MODEL_APPROVER, LEGAL)),
    "robot": ((Role.SERVICE, None), (Role.MODEL_APPROVER, RISK)),
}

BOARD = ("rita", "both", "lee")
"""Who sits on the board."""

_SEAT = text(
    "INSERT INTO team_members (team_id, person_id)"
    " SELECT t.id, p FROM teams t, unnest(CAST(:people AS uuid[])) AS p WHERE t.key = 'board'"
)


@dataclass
class Cast:
    """One release: who is who, what is released, and the world as it began."""

    number: int
    shape: str
    people: dict[str, Principal]
    model: UUID
    version: UUID
    digest: str
    author: str
    world: World = field(repr=False)

    def named(self, id: UUID) -> str:
        """What somebody is called here."""
        return next((name for name, who in self.people.items() if who.person_id == id), str(id))


async def matrix(make: Make) -> Principal:
    """What every release of a database stands on: the rules, a policy that is kept, and who looks after people."""
    for tag, steps in SHAPES.items():
        await make.rule(steps=steps, tag=tag)
    await make.policy()
    await make.registry()
    await make.team("board")
    return await make.person("root", Role.ADMIN)


async def gathered(db: Db, make: Make, number: int, shape: str) -> Cast:
    """A release of its own: only its own people see its model, so only they are asked."""
    registry = await make.registry()
    at, ids = db.clock.now(), {name: new_id() for name in GRANTS}
    team, model, version = new_id(), new_id(), new_id()
    digest, author = digest_of(["version", number]), f"author-{number}"
    async with db.write(actor=None, operation="make") as tx:
        await _add(tx, Person, [_person(name, number, id, at) for name, id in ids.items()])
        grants = [(ids[name], role, of) for name, held in GRANTS.items() for role, of in held]
        await _add(
            tx, RoleGrant, [RoleGrant(person_id=id, role=role, discipline=of, granted_at=at) for id, role, of in grants]
        )
        await _add(tx, Team, [Team(id=team, key=f"team-{number}", name="Team", created_at=at)])
        await _add(tx, TeamMember, [TeamMember(team_id=team, person_id=id) for id in ids.values()])
        await tx.session.execute(_SEAT, {"people": [ids[name] for name in BOARD]})
        held = Make(db).model_values(f"model-{number}", registry_id=registry)
        row = Model(id=model, **held, tier=RiskTier.HIGH, restricted=True, team_id=team, owner_id=ids["olga"])
        await _add(tx, Model, [row])
        await _add(tx, ModelTag, [ModelTag(model_id=model, key=shape, value="")])
        made = ModelVersion(
            id=version,
            model_id=model,
            external_id="1",
            name="1",
            stage=Stage.STAGING,
            author=author,
            digest=digest,
            seen_digest="",
            created_at=at,
            updated_at=at,
        )
        await _add(tx, ModelVersion, [made])
        await _add(tx, VersionMetric, [VersionMetric(version_id=version, name="recall", segment="", value=0.95)])
        await record(tx, "model.registered", Subject("model", model), {}, scope_id=model)
        principals = {name: await people_store.standing(tx, id, SCOPES) for name, id in ids.items()}
    known = {
        id: oracle.Person(
            id,
            {f"{name}-{number}"},
            human=name != "robot",
            grants={(role.value, of.value if of else None) for role, of in GRANTS[name]},
        )
        for name, id in ids.items()
    }
    world = World(known, owner=ids["olga"], members={ids[name] for name in BOARD})
    return Cast(
        number, shape, {name: who for name, who in principals.items() if who}, model, version, digest, author, world
    )


def _person(name: str, number: int, id: UUID, at: Any) -> Person:
    kind = PersonKind.SERVICE if name == "robot" else PersonKind.HUMAN
    return Person(id=id, handle=f"{name}-{number}", name=name.title(), kind=kind, created_at=at)


async def _add(tx: Tx, table: Any, rows: Sequence[Any]) -> None:
    await tx.session.execute(insert(table), [row.model_dump() for row in rows])
