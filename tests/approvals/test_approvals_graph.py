"""What a reader of the graph sees of a request."""

from hub.db import Db
from hub.people.tables import Discipline
from tests.approvals import desk
from tests.asking import Ask
from tests.make import Make


async def test_what_everybody_declares_is_shown_as_it_will_be_recorded(db: Db, make: Make, ask: Ask) -> None:
    model, dev = await desk.setting(make, Discipline.RISK)
    rita = await make.person("rita", disciplines=[Discipline.RISK])
    asked = await desk.ask(db, dev, model, title="fraud 3 {decision}")
    answer = await ask(
        rita,
        "query($id: ID!) { node(id: $id) { ... on ApprovalRequest { acknowledgement } } }",
        id=f"ApprovalRequest:{asked.id}",
    )
    signed = await desk.sign(db, rita, asked)
    assert answer["node"]["acknowledgement"] == signed.acknowledgement
    assert signed.acknowledgement.endswith(", it is not my own work, and I approve it.")
