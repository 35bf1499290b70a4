"""A registry in memory, that lists whatever a test puts on its shelf and fails where a test says so."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

from hub.db import Db
from hub.events.jobs import Job, Order, handlers
from hub.registries import actions
from hub.registries.adapter import (
    Adapter,
    AdapterConfig,
    Alias,
    Card,
    Page,
    Probe,
    RegistryDeployment,
    RegistryModel,
    RegistryVersion,
    Rejected,
    StageName,
    Tag,
    VersionDetails,
)
from hub.registries.sync import sweep
from hub.registries.tables import Registry, SyncRun

MADE = datetime(2026, 3, 1, tzinfo=UTC)
T = TypeVar("T")


@dataclass
class Shelf:
    """An adapter and its registry at once; `fails` says what happens before the page of this number."""

    kind: str = "shelf"
    scope: str = "everything"
    page: int = 2
    listed: dict[str, RegistryModel] = field(default_factory=dict)
    shown: dict[tuple[str, str], RegistryVersion] = field(default_factory=dict)
    running: list[RegistryDeployment] = field(default_factory=list)
    told: dict[tuple[str, str], VersionDetails] = field(default_factory=dict)
    fails: dict[tuple[str, int], BaseException] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()
    never_last: bool = False
    asked: list[list[str]] = field(default_factory=list)

    def model(
        self, name: str, *, tags: Mapping[str, str] | None = None, card: Card | None = None, **more: object
    ) -> None:
        """Put a model on the shelf, or change one."""
        aliases = tuple(
            Alias(alias, version.number)
            for version in self.shown.values()
            if version.model_id == name
            for alias in version.aliases
        )
        self.listed[name] = RegistryModel(
            external_id=name,
            name=name,
            description=str(more.get("description", "")),
            owner_hint=(tags or {}).get("owner"),
            created_at=MADE,
            updated_at=None,
            tags=_tags(tags),
            aliases=aliases,
            card=card or Card(),
        )

    def version(
        self,
        model: str,
        number: str = "1",
        *,
        made: datetime = MADE,
        tags: Mapping[str, str] | None = None,
        aliases: Sequence[str] = (),
        card: Card | None = None,
        stage: StageName | None = None,
        run_id: str | None = None,
        description: str = "",
    ) -> RegistryVersion:
        """Put a version on the shelf, or change one; its model comes along."""
        if model not in self.listed:
            self.model(model)
        one = RegistryVersion(
            model_id=model,
            external_id=f"{number}@{int(made.timestamp() * 1000)}",
            number=number,
            created_at=made,
            updated_at=None,
            description=description,
            stage=stage,
            status="READY",
            author=None,
            code_commit=None,
            source_uri=f"s3://bucket/{number}",
            run_id=run_id,
            tags=_tags(tags),
            aliases=tuple(aliases),
            card=card or Card(),
        )
        self.shown[model, one.external_id] = one
        return one

    def take_away(self, model: str, number: str | None = None) -> None:
        """Take a version from the shelf, or a model with all of its versions."""
        if number is None:
            del self.listed[model]
        for key, version in list(self.shown.items()):
            if version.model_id == model and number in (None, version.number):
                del self.shown[key]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def probe(self) -> Probe:
        return Probe(reachable=True, authenticated=True)

    async def models(self) -> AsyncGenerator[Page[RegistryModel], None]:
        async for page in self._pages("models", list(self.listed.values())):
            yield page

    async def versions(self) -> AsyncGenerator[Page[RegistryVersion], None]:
        async for page in self._pages("versions", list(self.shown.values())):
            yield page

    async def details(self, versions: Sequence[RegistryVersion]) -> AsyncGenerator[Page[VersionDetails], None]:
        self.asked.append([f"{one.model_id}/{one.number}" for one in versions])
        told = [self.told.get((one.model_id, one.number), VersionDetails(one)) for one in versions]
        items = [replace(one, version=version) for one, version in zip(told, versions, strict=True)]
        async for page in self._pages("details", items):
            yield page

    async def deployments(self) -> AsyncGenerator[Page[RegistryDeployment], None]:
        if self.running:
            async for page in self._pages("deployments", self.running):
                yield page

    async def _pages(self, what: str, items: list[T]) -> AsyncGenerator[Page[T], None]:
        starts = range(0, max(len(items), 1), self.page)
        for number, start in enumerate(starts, 1):
            if (what, number) in self.fails:
                raise self.fails[what, number]
            last = number == len(starts) and not self.never_last
            rejected = self.rejected if what == "versions" and number == 1 else ()
            yield Page(tuple(items[start : start + self.page]), last, rejected, len(items))


class Hall:
    """A hub's database beside one shelf, with a registry row for it."""

    def __init__(self, db: Db, registry: Registry, shelf: Shelf) -> None:
        self.db = db
        self.registry = registry
        self.shelf = shelf
        self.said: list[str] = []

    async def queued(self) -> UUID:
        """A run that waits for a worker."""
        async with self.db.write(actor=None, operation="test") as tx:
            return (await actions.request_sync(tx, None, self.registry.id)).id

    async def sync(self) -> SyncRun:
        """One whole sync."""
        ended = await self.swept(await self.queued())
        assert ended is not None
        return ended

    async def swept(self, run_id: UUID) -> SyncRun | None:
        """A run made by this worker."""
        adapter: Adapter = self.shelf
        return await sweep(self.db, run_id, adapter, self.said.append, operation="test")

    async def events(self, since: int = 0) -> list[str]:
        """The kinds of events after the first ones, in their order."""
        rows = await self.db.reads.fetch("SELECT kind FROM events ORDER BY seq")
        return [row["kind"] for row in rows][since:]

    async def rows(self, select: str) -> list[tuple[object, ...]]:
        """What a statement finds."""
        return [tuple(row) for row in await self.db.reads.fetch(select)]

    async def run(self, run_id: UUID) -> SyncRun:
        async with self.db.write(actor=None, operation="test") as tx:
            found = await tx.session.get(SyncRun, run_id)
        assert found is not None
        return found


def later(days: int) -> datetime:
    return MADE + timedelta(days=days)


def _tags(tags: Mapping[str, str] | None) -> tuple[Tag, ...]:
    return tuple(Tag(key, value) for key, value in sorted((tags or {}).items()))


@dataclass
class Installed:
    """A plugin that opens the shelf, and remembers what it was opened with."""

    shelf: Shelf
    configs: list[AdapterConfig] = field(default_factory=list)

    def load(self) -> object:
        def opened(config: AdapterConfig) -> Adapter:
            self.configs.append(config)
            return self.shelf

        return opened


async def handled(hall: Hall, job: Job, run: SyncRun) -> None:
    """A job as its worker does it."""
    await handlers[job](hall.db, Order({"run": str(run.id)}, "test"))


async def queued_details(hall: Hall) -> list[tuple[object, ...]]:
    return await hall.rows(
        "SELECT dedupe_key, round(extract(epoch FROM execute_after - created))::int FROM pgqueuer"
        " WHERE entrypoint = 'bulk.details' ORDER BY id"
    )
