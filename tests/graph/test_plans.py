"""The main lists are served by their indexes, and only by those, in their order."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from bench.seed import seed
from hub.clock import SetClock
from hub.db import Db
from hub.graph.execute import Engine
from hub.graph.values import Reader
from hub.migrate import migrate
from hub.people.access import Sight
from hub.schema import graphql_schema
from tests import postgres
from tests.conftest import NOON

MORE = """
INSERT INTO events (id, kind, at, actor_id, subject_kind, subject_id, scope_id, operation, data, body)
SELECT gen_random_uuid(), 'model.classified', '2026-11-01'::timestamptz + n * interval '1 minute', m.owner_id, 'model',
  m.id, m.id, 'op', '{}', '' FROM (SELECT *, row_number() OVER (ORDER BY id) n FROM models) m, generate_series(1, 20);
ANALYZE events;
UPDATE policy_exceptions e SET team_id = m.team_id, review_at = e.requested_at + interval '9 months'
FROM models m WHERE m.id = e.model_id;
UPDATE policy_exceptions SET expiry_noted_at = expires_at WHERE state = 'APPROVED' AND expires_at < '2026-11-01';
VACUUM ANALYZE policy_exceptions;
"""

BITMAP = r"Bitmap Heap Scan on (\w+)[^>]*->  Bitmap Index Scan on (\w+)"

LISTS = {
    "models": ("models(first: 20)", {"models": {"ix_models_name"}}),
    "models of one tier": ("models(first: 20, filter: {tier: [HIGH]})", {"models": {"ix_models_tier"}}),
    "models of an owner": ("models(first: 20, filter: {owner: $person})", {"models": {"ix_models_owner"}}),
    "models of a team": ("models(first: 20, filter: {team: $team})", {"models": {"ix_models_team"}}),
    "versions": ("modelVersions(first: 20)", {"model_versions": {"ix_model_versions_created"}}),
    "versions in one stage": (
        "modelVersions(first: 20, filter: {stage: [PRODUCTION]})",
        {"model_versions": {"ix_model_versions_stage"}},
    ),
    "versions of a model": (
        "node(id: $model) { ... on Model { versions(first: 5) { nodes { __typename } } } }",
        {"models": {"pk_models"}, "model_versions": {"ix_model_versions_newest"}},
    ),
    "check results of one outcome": (
        "checkResults(first: 20, filter: {outcome: [FAIL]})",
        {"check_results": {"ix_check_results_outcome"}},
    ),
    "exceptions": ("exceptions(first: 20)", {"policy_exceptions": {"ix_policy_exceptions_requested"}}),
    "exceptions of a model": (
        "exceptions(first: 20, filter: {model: $model})",
        {"policy_exceptions": {"ix_policy_exceptions_model"}},
    ),
    "exceptions open, heaviest first": (
        "exceptions(first: 50, filter: {open: true}, orderBy: [{by: WEIGHTED_AGE}])",
        {"policy_exceptions": {"ix_policy_exceptions_backlog"}},
    ),
    "exceptions open, ending soonest": (
        "exceptions(first: 50, filter: {open: true}, orderBy: [{by: EXPIRES_AT}])",
        {"policy_exceptions": {"ix_policy_exceptions_ending"}},
    ),
    "exceptions that end within days": (
        "exceptions(first: 50, filter: {withinDays: 30}, orderBy: [{by: EXPIRES_AT}])",
        {"policy_exceptions": {"ix_policy_exceptions_ending"}},
    ),
    "exceptions to be decided, heaviest first": (
        "exceptions(first: 50, filter: {undecided: true}, orderBy: [{by: WEIGHTED_AGE}])",
        {"policy_exceptions": {"ix_policy_exceptions_backlog"}},
    ),
    "exceptions to be looked at again": (
        "exceptions(first: 50, filter: {reviewOverdue: true}, orderBy: [{by: REVIEW_AT}])",
        {"policy_exceptions": {"ix_policy_exceptions_review"}},
    ),
    "exceptions of an owner, open, heaviest first": (
        "exceptions(first: 50, filter: {open: true, owner: $person}, orderBy: [{by: WEIGHTED_AGE}])",
        {"policy_exceptions": {"ix_policy_exceptions_owner"}},
    ),
    "exceptions of a team, open, heaviest first": (
        "exceptions(first: 50, filter: {open: true, team: $team}, orderBy: [{by: WEIGHTED_AGE}])",
        {"policy_exceptions": {"ix_policy_exceptions_team"}},
    ),
    "approvals of one status": (
        "approvalRequests(first: 20, filter: {status: [PENDING]})",
        {"approval_requests": {"ix_approval_requests_status"}},
    ),
    "events of a subject": ("events(first: 20, filter: {subject: $model})", {"events": {"ix_events_subject"}}),
    "data sets of a version": (
        "node(id: $version) { ... on ModelVersion { datasets(first: 3) { nodes { __typename } } } }",
        {
            "model_versions": {"pk_model_versions"},
            "lineage_edges": {"uq_lineage_edges_to_id_from_id_role"},
            "datasets": {"pk_datasets"},
        },
    ),
}


@pytest.fixture(scope="module")
async def planner(server: postgres.Server) -> AsyncIterator["Planner"]:
    template = await server.once("hub_planned", _fill)
    address = await server.create(f"planned_{id(server)}", template)
    db = Db(address, clock=SetClock(NOON), readers=2)
    await db.open()
    rows = {
        "model": "SELECT 'Model:' || id FROM models LIMIT 1",
        "version": "SELECT 'ModelVersion:' || id FROM model_versions LIMIT 1",
        "person": "SELECT 'Person:' || owner_id FROM models LIMIT 1",
        "team": "SELECT 'Team:' || team_id FROM models LIMIT 1",
    }
    yield Planner(db, {name: await db.reads.fetchval(sql) for name, sql in rows.items()})
    await db.close()


async def _fill(address: str) -> None:
    await migrate(address)
    connection = await asyncpg.connect(address)
    await seed(connection)
    for statement in MORE.strip().split(";\n"):
        await connection.execute(statement)
    await connection.close()


class Planner:
    """Asks PostgreSQL how it would run what the engine compiles, for a member unless told otherwise."""

    def __init__(self, db: Db, ids: dict[str, str]) -> None:
        self._db = db
        self._ids = ids
        self._engine = Engine(graphql_schema(), lambda: db.reads, db.clock)

    async def plan(self, root: str, sight: Sight = Sight.MEMBER) -> str:
        reader = Reader(sight, {"person": UUID(int=1), "teams": [UUID(int=2)]}, frozenset())
        body = root if root.startswith("node") else f"{root} {{ nodes {{ __typename }} }}"
        given = {name: value for name, value in self._ids.items() if f"${name}" in body}
        head = f"query({', '.join(f'${name}: ID!' for name in given)})" if given else ""
        document = self._engine.document(f"{head} {{ {body} }}")
        assert not document.errors, document.errors
        operation = self._engine.operation(document, None)
        variables = self._engine.variables(operation, given)
        made = self._engine.plan(operation, variables, reader)
        binds = {**reader.binds, "now": NOON}
        values = [get(variables, binds) for get in made.getters]
        return "\n".join(row[0] for row in await self._db.reads.fetch(f"EXPLAIN {made.sql}", *values))


@pytest.mark.parametrize("sight", Sight)
@pytest.mark.parametrize("name", LISTS)
async def test_a_list_is_served_by_its_index(planner: Planner, name: str, sight: Sight) -> None:
    root, expected = LISTS[name]
    plan = await planner.plan(root, sight)
    found = re.findall(r"Index (?:Only )?Scan (?:Backward )?using (\w+) on (\w+)", plan)
    found += [(index, table) for table, index in re.findall(BITMAP, plan)]
    used = {table: {index for index, of in found if of == table} for _, table in found}
    assert {table: used.get(table) for table in expected} == expected, plan
    scanned = set(re.findall(r"Seq Scan on (\w+)", plan))
    assert not scanned & set(expected), plan


@pytest.mark.parametrize("sight", Sight)
@pytest.mark.parametrize(
    "name", [name for name in LISTS if name.startswith(("models of one", "versions", "exc", "app"))]
)
async def test_a_list_in_its_usual_order_is_not_sorted(planner: Planner, name: str, sight: Sight) -> None:
    plan = await planner.plan(LISTS[name][0], sight)
    assert re.search(r"(?<!Incremental )Sort ", plan) is None, plan


async def test_lineage_is_walked_by_one_function_call(planner: Planner) -> None:
    plan = await planner.plan("node(id: $version) { ... on ModelVersion { upstream(first: 5) { nodes { depth } } } }")
    assert re.findall(r"Function Scan on (\w+)", plan) == ["lineage_walk"]
    assert "Seq Scan" not in plan, plan
