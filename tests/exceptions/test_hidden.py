"""What a reader may not see of exceptions, whatever way they ask."""

import pytest

from hub.people.tables import Role
from tests.asking import Ask
from tests.make import Make


@pytest.mark.parametrize(
    ("table", "node"),
    [("compensating_controls", "CompensatingControl"), ("acceptance_criteria", "AcceptanceCriterion")],
)
async def test_what_hangs_on_a_hidden_exception_is_hidden_with_it(ask: Ask, make: Make, table: str, node: str) -> None:
    owner, stranger = await make.person("owner", Role.MODEL_OWNER), await make.person("stranger", Role.DEVELOPER)
    model = await make.model(owner=owner, restricted=True)
    made = await make.exception(await make.policy(), model, by=owner, granted=False)
    id = f"{node}:{await make.db.reads.fetchval(f'SELECT id FROM {table} WHERE exception_id = $1', made.id)}"
    asked = f"query($id: ID!) {{ node(id: $id) {{ ... on {node} {{ description }} }} }}"
    assert (await ask(owner, asked, id=id))["node"]["description"]
    assert await ask(stranger, asked, id=id) == {"node": None}
