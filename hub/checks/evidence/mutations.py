"""Sending test reports over GraphQL."""

from datetime import datetime
from typing import Annotated

import strawberry

from hub.checks.evidence import actions, rules
from hub.checks.evidence.graph import Evidence
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind, EvidenceSource, Verdict
from hub.db import Tx
from hub.errors import Code, Refused
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import JSON, Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.type(description="A test report that was taken in.")
class EvidenceAdded:
    evidence: Evidence | None = strawberry.field(description="The report; the first one when it was sent before.")


AddEvidencePayload = Annotated[
    EvidenceAdded | Refusal, strawberry.union("AddEvidencePayload", description="The report, or why not.")
]


@strawberry.input(description="One thing that was measured.")
class FigureInput:
    name: str = strawberry.field(description="What was measured, at most 200 characters.")
    value: float = strawberry.field(description="The value, a finite number.")


@strawberry.input(description="A test report, and the version it is about.")
class AddEvidenceInput:
    version: strawberry.ID = strawberry.field(description="The version that was tested.")
    kind: EvidenceKind = strawberry.field(description="What the report is about.")
    verdict: Verdict = strawberry.field(default=Verdict.NONE, description="What it concludes.")
    title: str = strawberry.field(default="", description="What it is called.")
    tool: str = strawberry.field(default="", description="What made it, with its version.")
    figures: list[FigureInput] = strawberry.field(default_factory=list, description="What was measured, at most 500.")
    details: JSON | None = strawberry.field(
        default=None, description="What else it says: a JSON object of up to 64 KB."
    )
    version_digest: str | None = strawberry.field(
        default=None, description="The digest of what was tested; refused when the version has another by now."
    )
    measured_at: datetime | None = strawberry.field(default=None, description="When it was measured; without it, now.")
    code_commit: str | None = strawberry.field(default=None, description="The commit of the code that was run.")
    data_digest: str | None = strawberry.field(default=None, description="The digest of the data it was run on.")
    seed: str | None = strawberry.field(default=None, description="The seed of what was drawn at random.")
    environment: str | None = strawberry.field(default=None, description="What it was run in, such as an image.")
    command: str | None = strawberry.field(default=None, description="What was run.")
    source: EvidenceSource = strawberry.field(
        default=EvidenceSource.SENT, description="What it was read from: SENT, JUNIT or SARIF."
    )


@extends(Mutation)
class EvidenceMutations:
    @mutation(Permission.ADD_EVIDENCE, "Add a test report about a version; the same one again changes nothing.")
    async def add_evidence(
        self, info: Asked, input: AddEvidenceInput, idempotency_key: str | None = None
    ) -> AddEvidencePayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            id = uuid_of(input.version, "ModelVersion", "version")
            return Answer("evidence", (await actions.add(tx, who, id, _report(input))).id)

        return await act(info, input, idempotency_key, showing(EvidenceAdded, "evidence"), do)


def _report(input: AddEvidenceInput) -> Report:
    names = [figure.name for figure in input.figures]
    if len(names) > rules.MOST_FIGURES:
        raise Refused(
            Code.BAD_INPUT, f"{len(names)} figures given; at most {rules.MOST_FIGURES} are kept", field="figures"
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Refused(Code.BAD_INPUT, f"figure {twice[:200]} is given twice; give it once", field="figures")
    details = input.details
    if details is not None and not isinstance(details, dict):
        raise Refused(Code.BAD_INPUT, 'details is no JSON object; give one, such as {"rows": 569}', field="details")
    return Report(
        kind=input.kind,
        verdict=input.verdict,
        title=input.title,
        tool=input.tool,
        figures={figure.name: figure.value for figure in input.figures},
        details=details or {},
        version_digest=input.version_digest,
        measured_at=input.measured_at,
        code_commit=input.code_commit,
        data_digest=input.data_digest,
        seed=input.seed,
        environment=input.environment,
        command=input.command,
        source=input.source,
    )
