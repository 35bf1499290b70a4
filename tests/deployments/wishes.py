"""A wish to deploy a HIGH model, and who decides about it."""

from typing import Any

from hub.models.tables import ModelVersion
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.deployments.gates import Gate
from tests.make import Make


class Story:
    """A HIGH model with a version that does well, a developer, and two who sign for production."""

    dev: Principal
    rita: Principal
    carl: Principal
    version: ModelVersion

    async def begin(self, make: Make, *, recall: float = 0.95) -> "Story":
        self.dev = await make.person("dev", Role.DEVELOPER)
        self.rita = await make.person("rita", disciplines=[Discipline.RISK])
        self.carl = await make.person("carl", disciplines=[Discipline.COMPLIANCE])
        await make.rule(Discipline.RISK, Discipline.COMPLIANCE, quorum=2)
        self.policy = await make.policy()
        self.model = await make.model("fraud")
        self.version = await make.version(
            self.model, "3", author="author", metrics={"recall": recall}, card={"factors": "Age."}
        )
        return self

    async def approved(self, gate: Gate) -> dict[str, Any]:
        """The intent once two people have signed."""
        asked = await gate.ask(self.dev, self.version)
        await gate.sign(self.rita, asked.approval_request_id)
        await gate.sign(self.carl, asked.approval_request_id)
        return await gate.intent(asked.id)
