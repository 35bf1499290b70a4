"""MLflow's listed records in the hub's neutral words."""

from collections.abc import Iterator, Mapping
from typing import Any

from hub.registries import bounds
from hub.registries.adapter import Alias, Card, RegistryModel, RegistryVersion, StageName, Tag
from hub.registries.bounds import Unfit
from hub.registries.times import instant

PROMPT_TAG = "mlflow.prompt.is_prompt"
COMMIT_TAGS = ("code.commit", "mlflow.source.git.commit")
STAGES: Mapping[str, StageName | None] = {
    "": None,
    "None": None,
    "Staging": "STAGING",
    "Production": "PRODUCTION",
    "Archived": "ARCHIVED",
}
MODEL_FIELDS = frozenset(
    {"name", "creation_timestamp", "last_updated_timestamp", "description", "tags", "aliases", "latest_versions"}
)
VERSION_FIELDS = frozenset(
    {"name", "version", "creation_timestamp", "last_updated_timestamp", "description", "current_stage", "status"}
    | {"source", "run_id", "tags", "aliases", "run_link", "workspace"}
)
RAW_MAX = 20

Record = Mapping[str, Any]


def pairs(listed: object) -> Iterator[tuple[object, object]]:
    """The key and value of each entry of one of MLflow's lists; what is no entry is passed over."""
    if isinstance(listed, list):
        for one in listed:
            if isinstance(one, dict):
                yield one.get("key"), one.get("value")


def is_prompt(record: Record) -> bool:
    """Prompts live among the registered models; the server leaves them out, older and other servers may not."""
    return any(key == PROMPT_TAG and str(value).lower() == "true" for key, value in pairs(record.get("tags")))


def model(record: Record) -> RegistryModel:
    """A registered model; raises Unfit."""
    name = bounds.name(record.get("name"), "a model")
    tags = bounds.tags(pairs(record.get("tags")))
    by_key = _by_key(tags)
    description = bounds.text(record.get("description"))
    return RegistryModel(
        external_id=name,
        name=name,
        description=description,
        owner_hint=_first(by_key, "owner", "mlflow.user"),
        created_at=instant(record.get("creation_timestamp")),
        updated_at=instant(record.get("last_updated_timestamp")),
        tags=tags,
        aliases=aliases(record.get("aliases")),
        card=_card(by_key, description),
        raw=_rest(record, MODEL_FIELDS),
    )


def version(record: Record, aliases_of: Mapping[str, tuple[Alias, ...]]) -> RegistryVersion:
    """A model version, with the aliases that its model gives it; raises Unfit."""
    model_id = bounds.name(record.get("name"), "a version of a model")
    number = str(record.get("version") or "")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise Unfit("a version without a number")
    created_at = instant(record.get("creation_timestamp"))
    if created_at is None:
        raise Unfit("a version without a creation time, which is part of what it is")
    tags = bounds.tags(pairs(record.get("tags")))
    by_key = _by_key(tags)
    description = bounds.text(record.get("description"))
    stage = bounds.text(record.get("current_stage"), bounds.SHORT_MAX)
    raw = _rest(record, VERSION_FIELDS)
    if stage not in STAGES:
        raw["current_stage"] = stage
    mine = aliases_of.get(model_id)
    return RegistryVersion(
        model_id=model_id,
        external_id=f"{number}@{int(created_at.timestamp() * 1000)}",
        number=number,
        created_at=created_at,
        updated_at=instant(record.get("last_updated_timestamp")),
        description=description,
        stage=STAGES.get(stage),
        status=bounds.text(record.get("status"), 100) or "READY",
        author=_first(by_key, "author") or bounds.optional(record.get("user_id")) or _first(by_key, "mlflow.user"),
        code_commit=_first(by_key, *COMMIT_TAGS),
        source_uri=bounds.uri(record.get("source")),
        run_id=bounds.uri(record.get("run_id")),
        tags=tags,
        aliases=tuple(alias.name for alias in mine if alias.number == number) if mine else (),
        card=_card(by_key, description),
        raw=raw,
    )


def aliases(listed: object) -> tuple[Alias, ...]:
    """Aliases in the order of their names; each name once, as in the registry."""
    if not isinstance(listed, list):
        return ()
    found: dict[str, Alias] = {}
    for one in listed[: bounds.TAGS_MAX]:
        if isinstance(one, dict) and isinstance(one.get("alias"), str) and one["alias"]:
            name = bounds.label(one["alias"])
            found[name] = Alias(name, bounds.text(str(one.get("version") or ""), 20))
    return tuple(found[name] for name in sorted(found))


def _by_key(tags: tuple[Tag, ...]) -> dict[str, str]:
    return {tag.key: tag.value for tag in tags}


def _first(by_key: Mapping[str, str], *keys: str) -> str | None:
    for key in keys:
        if found := bounds.optional(by_key.get(key, "").strip()):
            return found
    return None


def _card(by_key: Mapping[str, str], description: str) -> Card:
    """The sections written as tags; a description stands for the model details where no tag does."""
    if description and not by_key.get("card.model_details"):
        by_key = {**by_key, "card.model_details": description}
    return bounds.card(by_key)


def _rest(record: Record, known: frozenset[str]) -> dict[str, Any]:
    """What the neutral record has no place for, simple values only."""
    rest: dict[str, Any] = {}
    for key, value in record.items():
        if key in known or len(rest) == RAW_MAX or value in ("", None):
            continue
        if isinstance(value, bool):
            rest[bounds.label(key)] = value
        elif isinstance(value, str | int | float):
            rest[bounds.label(key)] = bounds.text(str(value), 1_000)
    return rest
