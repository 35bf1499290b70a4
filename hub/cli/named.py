"""A model and its versions by the names that registries give them; what is not there is told with what is near it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from hub.cli.gate.inert import inert
from hub.cli.remote import Remote
from hub.errors import Code, Refused

NEAR = 5

FIND = """query($model: String!, $version: String!, $rollback: String!) {
  models(filter: { name: $model }, first: 20) { nodes {
    id name registry { key }
    version(name: $version) { id name }
    aliased(alias: $version) { name }
    rollback: version(name: $rollback) { id name }
  } }
}"""

LIKE_MODEL = """query($any: [ModelFilter!]!) {
  like: models(filter: { any: $any }, first: 100) { nodes { name } }
  some: models(first: 100) { nodes { name } }
}"""

VERSIONS = """query($model: ID!) {
  modelVersions(filter: { model: $model }, first: 100) { nodes { name } }
}"""


@dataclass(frozen=True, slots=True)
class Found:
    """The global ids of what was named; a version that was not named has none."""

    model: str
    version: str | None
    rollback: str | None


def found(
    hub: Remote, *, model: str, version: str | None, registry: str | None = None, rollback: str | None = None
) -> Found:
    """What these names stand for. Refuses, with what is near, what is not there and what several registries have."""
    variables = {"model": model, "version": version or "", "rollback": rollback or ""}
    one = _one(hub, model, registry, hub.ask(FIND, **variables)["models"]["nodes"])
    if version is not None and one["version"] is None:
        raise Refused(Code.NOT_FOUND, _no_version(hub, one, version, one["aliased"]), field="version")
    if rollback is not None and one["rollback"] is None:
        raise Refused(Code.NOT_FOUND, _no_version(hub, one, rollback), field="rollback")
    return Found(
        one["id"],
        None if version is None else str(one["version"]["id"]),
        None if rollback is None else str(one["rollback"]["id"]),
    )


def version_id(hub: Remote, *, model: str, version: str, registry: str | None) -> str:
    """The global id of a version. Refuses as `found` does."""
    id = found(hub, model=model, version=version, registry=registry).version
    assert id is not None
    return id


def _one(hub: Remote, model: str, registry: str | None, nodes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    keys = sorted({_registry(node) for node in nodes})
    fitting = [node for node in nodes if registry in (None, _registry(node))]
    if len(fitting) == 1:
        return fitting[0]
    name = inert(model, 200)
    if fitting:
        raise Refused(
            Code.CONFLICT,
            f"{name} is a model in {len(keys)} registries: {', '.join(keys)}; choose with --registry {keys[0]}",
            field="registry",
        )
    if nodes:
        asked = inert(registry or "", 200)
        raise Refused(
            Code.NOT_FOUND, f"{name} is not in the registry {asked}, but in {', '.join(keys)}", field="registry"
        )
    words = (word for word in re.split(r"[\W_]+", model) if len(word) > 2)
    parts = [{"text": word} for word in dict.fromkeys((model, *words))][:10]
    there = {node["name"] for found in hub.ask(LIKE_MODEL, any=parts).values() for node in found["nodes"]}
    other = near(model, there)
    raise Refused(Code.NOT_FOUND, f"there is no model {name} that this token may see{other}", field="model")


def _no_version(hub: Remote, model: dict[str, Any], version: str, aliased: dict[str, Any] | None = None) -> str:
    name, asked = inert(model["name"]), inert(version, 200)
    if aliased is not None:
        return f"{name} has no version {asked}, which is an alias; today it means version {inert(aliased['name'])}"
    there = [node["name"] for node in hub.ask(VERSIONS, model=model["id"])["modelVersions"]["nodes"]]
    if not there:
        return f"{name} has no version yet; register one, then sync its registry"
    other = near(version, there) or f"; the newest are {', '.join(map(inert, there[:NEAR]))}"
    return f"{name} has no version {asked}{other}"


def near(asked: str, there: Iterable[str]) -> str:
    """What is near a name that is not there, as a part of a sentence; nothing where nothing is."""
    found = get_close_matches(asked, sorted(there), n=NEAR, cutoff=0.5)
    return f"; near it are {', '.join(map(inert, found))}" if found else ""


def _registry(node: dict[str, Any]) -> str:
    return inert((node["registry"] or {}).get("key") or "?")
