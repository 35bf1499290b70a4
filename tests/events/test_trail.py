"""The audit trail in the graph: what happened to a thing hangs on the thing."""

import pytest

from hub.people.tables import Role
from hub.schema import graphql_schema
from tests.asking import Ask
from tests.make import Make


@pytest.mark.parametrize(
    "name",
    [
        "ApprovalRequest",
        "Dataset",
        "Deployment",
        "DeploymentIntent",
        "Model",
        "ModelVersion",
        "Permit",
        "Person",
        "Policy",
        "PolicyException",
        "Registry",
    ],
)
def test_whatever_is_acted_on_shows_its_events(name: str) -> None:
    assert "events" in graphql_schema().type_map[name].fields  # type: ignore[attr-defined]


async def test_a_thing_shows_what_happened_to_it_and_to_nothing_else(ask: Ask, make: Make) -> None:
    ada = await make.person("ada", Role.AUDITOR)
    await make.person("bob", Role.DEVELOPER, Role.MODEL_OWNER)
    query = """{ person(handle: "bob") {
        events(first: 9) { totalCount nodes { kind subject { ... on Person { handle } } } } } }"""
    assert (await ask(ada, query))["person"]["events"] == {
        "totalCount": 3,
        "nodes": [
            {"kind": "role.granted", "subject": {"handle": "bob"}},
            {"kind": "role.granted", "subject": {"handle": "bob"}},
            {"kind": "person.created", "subject": {"handle": "bob"}},
        ],
    }
