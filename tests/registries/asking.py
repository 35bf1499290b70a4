"""Asks a hostile registry through the MLflow adapter, and what such a registry may answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hostile import Hostile, says

from hub.registries.adapter import (
    AdapterConfig,
    Page,
    RegistryModel,
    RegistryVersion,
    VersionDetails,
)
from integrations.mlflow import adapter

MODELS, VERSIONS, RUNS = "registered-models/search", "model-versions/search", "runs/search"
MADE = 1_760_000_000_000
MEGABYTES_10 = "x" * 10 * 1024 * 1024


class Pauses(list[float]):
    """Stands in for sleeping, and remembers how long it should have been."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def config(hostile: Hostile, pauses: Pauses | None = None, **more: Any) -> AdapterConfig:
    return replace(AdapterConfig(key="lab", base_url=hostile.url, sleep=Pauses() if pauses is None else pauses), **more)


async def sweep_models(asked: AdapterConfig) -> list[Page[RegistryModel]]:
    async with adapter(asked) as registry:
        return [page async for page in registry.models()]


async def sweep_versions(asked: AdapterConfig) -> list[Page[RegistryVersion]]:
    async with adapter(asked) as registry:
        return [page async for page in registry.versions()]


async def details(asked: AdapterConfig, versions: Sequence[RegistryVersion]) -> list[VersionDetails]:
    async with adapter(asked) as registry:
        return [one async for page in registry.details(versions) for one in page.items]


def model(name: object, **more: object) -> dict[str, object]:
    return {"name": name, "creation_timestamp": MADE, "last_updated_timestamp": MADE, **more}


def version(name: object, number: object = "1", **more: object) -> dict[str, object]:
    return {"name": name, "version": number, "creation_timestamp": MADE, **more}


def models(*listed: object, token: object = None) -> dict[str, object]:
    return {"registered_models": list(listed)} | ({"next_page_token": token} if token is not None else {})


def versions(*listed: object, token: object = None) -> dict[str, object]:
    return {"model_versions": list(listed)} | ({"next_page_token": token} if token is not None else {})


FINE = says(models(model("fine")))
