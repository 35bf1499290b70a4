"""Reading a dossier for export: by the reader's own eyes, in one statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from hub.graph.execute import Engine
from hub.graph.values import Reader, uuid_in
from hub.models.tables import Stage

_WHOLE = """
fragment Who on Person { name handle }
fragment Signed on ApprovalRequest {
  status stage reason requestedAt dueAt decidedAt requestedBy { ...Who }
  signOffs(first: 50) { nodes { decision discipline comment signedAt person { ...Who } } }
}
fragment Whole on Dossier {
  digest contentDigest bytes frozen madeAt stage text
  decisions(first: 50) { totalCount nodes { id ...Signed dossier { version { name } } } }
}
"""
_OF_REQUEST = f"""query Asked($id: ID!) {{ node(id: $id) {{ ... on ApprovalRequest {{
  id ...Signed dossier {{ ...Whole }}
  changesSinceApproved {{ ...Changed }} changesSincePrevious {{ ...Changed }} changesSinceAsked {{ ...Changed }}
}} }} }}
fragment Changed on DossierChanges {{ words version {{ name }} against {{ status requestedAt decidedAt }} }}
{_WHOLE}"""
_NOW = f"""query Now($version: ID!, $stage: Stage!) {{
  dossier(version: $version, stage: $stage) {{ ...Whole }}
}}
{_WHOLE}"""
_TEXT_OF_REQUEST = """query Text($id: ID!) {
  node(id: $id) { ... on ApprovalRequest { dossier { contentDigest text } } }
}"""
_TEXT_NOW = """query TextNow($version: ID!, $stage: Stage!) {
  dossier(version: $version, stage: $stage) { contentDigest text }
}"""


@dataclass(frozen=True, slots=True)
class Export:
    """One dossier, `whole` as the graph gives it, with the request that it was frozen for, if it was for one."""

    whole: Mapping[str, Any]
    request: Mapping[str, Any] | None = None
    content: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "content", orjson.loads(self.whole["text"]))


@dataclass(frozen=True, slots=True)
class Text:
    """A dossier's exact text, and the SHA-256 of it."""

    text: str
    digest: str


async def of_request(engine: Engine, reader: Reader, request: str) -> Export | None:
    """What was put before the reviewers of a request; None where there is nothing that this reader sees."""
    node = await _asked(engine, reader, request, _OF_REQUEST)
    return None if node is None else Export(node["dossier"], node)


async def of_now(engine: Engine, reader: Reader, version: str, stage: str) -> Export | None:
    """What would be put before reviewers now."""
    found = await _now(engine, reader, version, stage, _NOW)
    return None if found is None else Export(found)


async def text_of_request(engine: Engine, reader: Reader, request: str) -> Text | None:
    """The text alone of what was put before the reviewers of a request."""
    node = await _asked(engine, reader, request, _TEXT_OF_REQUEST)
    return None if node is None else Text(node["dossier"]["text"], node["dossier"]["contentDigest"])


async def text_of_now(engine: Engine, reader: Reader, version: str, stage: str) -> Text | None:
    """The text alone of what would be put before reviewers now."""
    found = await _now(engine, reader, version, stage, _TEXT_NOW)
    return None if found is None else Text(found["text"], found["contentDigest"])


async def _asked(engine: Engine, reader: Reader, request: str, document: str) -> Mapping[str, Any] | None:
    id = _global(request, "ApprovalRequest")
    node = None if id is None else (await _read(engine, reader, document, {"id": id}))["node"]
    return node if node is not None and node["dossier"] is not None else None


async def _now(engine: Engine, reader: Reader, version: str, stage: str, document: str) -> Mapping[str, Any] | None:
    id = _global(version, "ModelVersion")
    if id is None or stage.upper() not in Stage.__members__:
        return None
    found = await _read(engine, reader, document, {"version": id, "stage": stage.upper()})
    made: Mapping[str, Any] | None = found["dossier"]
    return made


def _global(id: str, kind: str) -> str | None:
    """A global id, also of a bare UUID; None for what is neither."""
    whole = id if ":" in id else f"{kind}:{id}"
    return whole if uuid_in(whole, kind) is not None else None


async def _read(engine: Engine, reader: Reader, text: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    operation = engine.operation(engine.document(text), None)
    found: Mapping[str, Any] = orjson.loads(
        await engine.read(operation, engine.variables(operation, variables), reader)
    )
    return found
