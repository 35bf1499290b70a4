"""The adapter: complete sweeps of models and versions, and the details of those that are new or changed."""

from collections.abc import AsyncGenerator, Callable, Hashable, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self, TypeVar

from hub.errors import Dead, Retry
from hub.registries import bounds
from hub.registries.adapter import (
    AdapterConfig,
    Alias,
    Page,
    Probe,
    RegistryDeployment,
    RegistryModel,
    RegistryVersion,
    Rejected,
    VersionDetails,
)
from hub.registries.bounds import Unfit
from hub.registries.wire import TooLarge, Wire, ahead
from integrations.mlflow import records
from integrations.mlflow.details import Details

API = "/api/2.0/mlflow"
SERVER = "an MLflow server"
# By name: whoever pages by time of update misses rows, because a row that changes meanwhile jumps to another page.
MODEL_ORDER = ["name ASC"]
VERSION_ORDER = ["name ASC", "version_number ASC"]
PAGES_MAX = 100_000

T = TypeVar("T")


class MLflowRegistry:
    """An MLflow server as a registry."""

    kind = "mlflow"

    def __init__(self, config: AdapterConfig) -> None:
        self._limits = config.limits
        self._wire = Wire(config, SERVER)
        self._details = Details(self._wire, config)
        self._aliases: dict[str, tuple[Alias, ...]] | None = None

    @property
    def scope(self) -> str:
        return f"mlflow {self._wire.address}: all registered models but prompts"

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._wire.__aexit__(kind, fault, trace)

    async def probe(self) -> Probe:
        try:
            await self._wire.get(f"{API}/registered-models/search", {"max_results": 1})
        except Dead as fault:
            return Probe(reachable=True, authenticated=False, why=fault.why)
        except Retry as fault:
            return Probe(reachable=False, authenticated=False, why=fault.why)
        return Probe(reachable=True, authenticated=True, server_version=await self._server_version())

    async def models(self) -> AsyncGenerator[Page[RegistryModel], None]:
        # Versions come without their aliases; those of the models just listed are kept for them, and nothing else.
        seen: dict[str, tuple[Alias, ...]] = {}
        sweep = self._sweep("registered-models", "registered_models", MODEL_ORDER, self._limits.models_per_page)
        async with aclosing(sweep) as pages:
            async for listed, last in pages:
                page = _page(listed, last, records.model, lambda model: model.external_id, "model")
                seen.update((model.external_id, model.aliases) for model in page.items if model.aliases)
                if last:
                    self._aliases = seen
                yield page

    async def versions(self) -> AsyncGenerator[Page[RegistryVersion], None]:
        if self._aliases is None:
            async with aclosing(self.models()) as models:
                async for _ in models:
                    pass
        aliases = self._aliases or {}
        sweep = self._sweep("model-versions", "model_versions", VERSION_ORDER, self._limits.versions_per_page)
        async with aclosing(sweep) as pages:
            async for listed, last in pages:
                yield _page(
                    listed,
                    last,
                    lambda record: records.version(record, aliases),
                    lambda version: (version.model_id, version.external_id),
                    "version",
                )

    def details(self, versions: Sequence[RegistryVersion]) -> AsyncGenerator[Page[VersionDetails], None]:
        return self._details.of(versions)

    async def deployments(self) -> AsyncGenerator[Page[RegistryDeployment], None]:
        """MLflow's registry knows none."""
        return
        yield

    async def _server_version(self) -> str | None:
        try:
            version = (await self._wire.text("/version", most=1_000)).strip()
        except (Dead, Retry):
            return None
        return version if 0 < len(version) <= 40 and "<" not in version else None

    def _sweep(
        self, what: str, field: str, order: list[str], size: int
    ) -> AsyncGenerator[tuple[list[object], bool], None]:
        given: set[str] = set()
        most = size

        async def fetch(token: str | None) -> tuple[list[object], str | None]:
            nonlocal most
            asked: dict[str, str | int | list[str]] = {"order_by": order}
            if token is not None:
                asked["page_token"] = token
            while True:
                try:
                    answer = await self._wire.get(f"{API}/{what}/search", {**asked, "max_results": most})
                    break
                except TooLarge as fault:
                    if most == 1:
                        raise Dead(f"{fault.why} for a single record; whoever wrote it must shorten it") from None
                    most = max(1, most // 4)
            listed, following = _list(answer, field), answer.get("next_page_token") or None
            if following is None:
                if token is not None and not listed:
                    raise Retry(f"{self._wire.address} promised a further page of {field} and sent an empty one")
                return listed, None
            if len(given) == PAGES_MAX:
                raise Dead(f"{self._wire.address} lists {field} without end: {PAGES_MAX:,} pages and more to come")
            if not isinstance(following, str) or len(following) > 4_000 or following in given:
                raise Dead(
                    f"{self._wire.address} repeats a page of {field} instead of going on; is a cache in between?"
                )
            given.add(following)
            return listed, following

        return ahead(fetch)


def _list(answer: dict[str, Any], field: str) -> list[object]:
    listed = answer.get(field, [])
    if not isinstance(listed, list):
        raise Dead(f"the answer's {field} is no list, is this the address of {SERVER}?")
    return listed


def _page(
    listed: list[object], last: bool, read: Callable[[dict[str, Any]], T], key: Callable[[T], Hashable], what: str
) -> Page[T]:
    """The records of a page, each once; what cannot be kept is named beside them."""
    items: dict[Hashable, T] = {}
    rejected: list[Rejected] = []
    for record in listed:
        if not isinstance(record, dict):
            rejected.append(Rejected(bounds.shown(record), f"a {what} that is no record"))
        elif not records.is_prompt(record):
            try:
                item = read(record)
                items[key(item)] = item
            except Unfit as fault:
                rejected.append(Rejected(_identity(record), str(fault)))
    return Page(tuple(items.values()), last, tuple(rejected))


def _identity(record: dict[str, Any]) -> str:
    name = bounds.shown(record.get("name", ""))
    number = record.get("version")
    return name if number is None else f"{name}/{bounds.shown(str(number))}"
