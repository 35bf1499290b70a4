"""The port to external model registries: what every adapter gives, in words that belong to none of them.

An adapter reads; what it finds is stored by the sync, which also decides what a missing record means. Whatever a
registry answers arrives here bounded and inert (hub/registries/bounds.py). Write-back will be a protocol of its own, so
that an adapter that only reads stays complete.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import TracebackType
from typing import Any, Generic, Literal, Protocol, Self, TypeVar

T_co = TypeVar("T_co", covariant=True)

StageName = Literal["PROPOSAL", "DEVELOPMENT", "STAGING", "PRODUCTION", "ARCHIVED"]
UseRole = Literal["TRAINING", "EVALUATION", "SOURCE"]
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Basic:
    """User name and password."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token sent as `Authorization: Bearer`."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one adapter asks for at once and how long it waits."""

    models_per_page: int = 500
    versions_per_page: int = 500
    details_per_request: int = 250
    in_flight: int = 2
    body_bytes: int = 64 * 1024 * 1024
    connect_s: float = 5.0
    request_s: float = 120.0
    tries: int = 4
    longest_wait_s: float = 20.0
    signatures_up_to: int = 50
    """Signatures that cost a request each are read only when a call asks for at most so many versions."""


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """One registry as its row describes it, with the credentials decrypted."""

    key: str
    base_url: str
    credentials: Basic | Bearer | None = None
    options: Document = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Probe:
    """What answers at the address; `why` says what to do when it is not reachable or does not let us in."""

    reachable: bool
    authenticated: bool
    server_version: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """`full_sha256` is the digest of the whole value, and set only when `value` was cut or cleaned."""

    key: str
    value: str
    full_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """A movable name of one version (by its `number`) within its model."""

    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Card:
    """The nine sections of a model card (Mitchell et al. 2019)."""

    model_details: str | None = None
    intended_use: str | None = None
    factors: str | None = None
    metrics: str | None = None
    evaluation_data: str | None = None
    training_data: str | None = None
    quantitative_analyses: str | None = None
    ethical_considerations: str | None = None
    caveats_and_recommendations: str | None = None

    def over(self, other: "Card") -> "Card":
        """This card, with what it leaves open taken from `other`: a version's card over its model's."""
        return Card(**{s: mine if (mine := getattr(self, s)) is not None else getattr(other, s) for s in SECTIONS})


SECTIONS: tuple[str, ...] = tuple(section.name for section in fields(Card))


@dataclass(frozen=True, slots=True)
class DatasetRef:
    """A data set as a metric or another data set names it."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class RegistryDataset:
    """A data set in one state; `namespace` is the registry's key unless the registry has a better one."""

    namespace: str
    name: str
    digest: str
    source_kind: str | None = None
    source: str | None = None
    columns: Document | None = None
    profile: Document | None = None

    @property
    def ref(self) -> DatasetRef:
        return DatasetRef(self.name, self.digest)


@dataclass(frozen=True, slots=True)
class DatasetUse:
    """How a run used a data set; SOURCE is data that others were derived from and that the run did not read itself."""

    dataset: RegistryDataset
    role: UseRole
    context: str = ""
    derived_from: DatasetRef | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured value; without a finite `value`, `text` says what stood there. Segment empty: over all rows."""

    name: str
    value: float | None
    segment: str = ""
    text: str | None = None
    dataset: DatasetRef | None = None


@dataclass(frozen=True, slots=True)
class RegistryRun:
    """The run that made a version."""

    external_id: str
    name: str
    status: str
    author: str | None
    code_commit: str | None
    started_at: datetime | None
    ended_at: datetime | None
    params: Mapping[str, str] = field(default_factory=dict)
    uses: tuple[DatasetUse, ...] = ()


@dataclass(frozen=True, slots=True)
class RegistryModel:
    """A registered model as listed; `raw` is the rest of the registry's own record, bounded."""

    external_id: str
    name: str
    description: str
    owner_hint: str | None
    created_at: datetime | None
    updated_at: datetime | None
    tags: tuple[Tag, ...] = ()
    aliases: tuple[Alias, ...] = ()
    card: Card = Card()
    raw: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RegistryVersion:
    """A version as listed.

    `external_id` is unique within its model for ever: it holds the creation time, because a registry may hand out the
    same `number` again after a deletion. `stage` is None when the registry says nothing of it.
    """

    model_id: str
    external_id: str
    number: str
    created_at: datetime
    updated_at: datetime | None
    description: str
    stage: StageName | None
    status: str
    author: str | None
    code_commit: str | None
    source_uri: str | None
    run_id: str | None
    tags: tuple[Tag, ...] = ()
    aliases: tuple[str, ...] = ()
    card: Card = Card()
    raw: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VersionDetails:
    """What is not in the listing; `notes` tells a person what was left out and why."""

    version: RegistryVersion
    run: RegistryRun | None = None
    artifact_uri: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    signature: Document | None = None
    author: str | None = None
    code_commit: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegistryDeployment:
    """A version as the registry sees it running at an endpoint."""

    external_id: str
    model_id: str
    number: str
    endpoint: str
    environment: str
    status: str
    traffic_percent: float | None
    since: datetime | None
    raw: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be stored; the sweep goes on without it."""

    external_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """Some records of a sweep; only a sweep that came to its `last` page saw everything."""

    items: tuple[T_co, ...]
    last: bool
    rejected: tuple[Rejected, ...] = ()
    total: int | None = None


class Adapter(Protocol):
    """A connection to one registry, used as `async with adapter(config) as registry`.

    Everything but `probe` raises hub.errors.Retry (may work later) or Dead (a person must act). Sweeps are complete, in
    a stable order and hold one page while the next is on its way; close one that is not read to its end
    (contextlib.aclosing). Call `models` before `versions`: an adapter may join what it saw there.
    """

    @property
    def kind(self) -> str:
        """The registry's kind, which is the entry point's name."""
        ...

    @property
    def scope(self) -> str:
        """What the sweeps cover, in words that change when it changes; holds no secret."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def probe(self) -> Probe: ...

    def models(self) -> AsyncGenerator[Page[RegistryModel], None]: ...

    def versions(self) -> AsyncGenerator[Page[RegistryVersion], None]: ...

    def details(self, versions: Sequence[RegistryVersion]) -> AsyncGenerator[Page[VersionDetails], None]:
        """Runs, data sets, metrics and artifacts of these versions, one item for each, in their order."""
        ...

    def deployments(self) -> AsyncGenerator[Page[RegistryDeployment], None]:
        """Empty without a single page where the registry has no notion of deployments."""
        ...


Factory = Callable[[AdapterConfig], Adapter]
