"""Digests of what registries list: one that decisions bind to, one that tells a sync what changed."""

import hashlib
from typing import assert_never

import orjson
import rfc8785

from hub.registries.adapter import RegistryModel, RegistryVersion, Tag

CONTENT_FORMAT = "hub.version-content.v1"


def content_digest(registry: str, version: RegistryVersion) -> str:
    """SHA-256 in hex over canonical JSON (RFC 8785) of what can never change about a version.

    Holds the registry's own id, the model's name, the number and the creation time: a version deleted and made again
    under the same name is another one. Tags, aliases, stage and details that arrive later have no part in it.
    """
    content = {
        "format": CONTENT_FORMAT,
        "registry": registry,
        "model": version.model_id,
        "number": version.number,
        "createdAt": version.created_at.isoformat(timespec="microseconds"),
        "source": version.source_uri,
        "run": version.run_id,
    }
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def seen_digest(record: RegistryModel | RegistryVersion) -> str:
    """SHA-256 in hex over everything listed about a record but its time of update, which some changes leave alone.

    Fields stand in a fixed order and adapters order tags and aliases, so equal records give equal digests.
    """
    match record:
        case RegistryVersion():
            listed: tuple[object, ...] = (
                record.model_id,
                record.external_id,
                record.number,
                record.created_at,
                record.description,
                record.stage,
                record.status,
                record.author,
                record.code_commit,
                record.source_uri,
                record.run_id,
                _pairs(record.tags),
                record.aliases,
                record.raw,
            )
        case RegistryModel():
            listed = (
                record.external_id,
                record.name,
                record.description,
                record.owner_hint,
                record.created_at,
                _pairs(record.tags),
                [(alias.name, alias.number) for alias in record.aliases],
                record.raw,
            )
        case _:
            assert_never(record)
    return hashlib.sha256(orjson.dumps(listed, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).hexdigest()


def _pairs(tags: tuple[Tag, ...]) -> list[tuple[str, str]]:
    return [(tag.key, tag.full_sha256 or tag.value) for tag in tags]
