"""What a sync concludes from what it saw: pure decisions, without I/O."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub.deployments.tables import DeploymentStatus
from hub.errors import Dead, Retry
from hub.registries.adapter import RegistryVersion, Rejected, Tag

MOST_FALL_PERCENT = 20
MOST_TRIES = 3
STALE_AFTER = timedelta(minutes=2)
BEAT_S = 20.0
MOST_DETAILS_TRIES = 5
MOST_TOLD = 5
LONGEST_WHY = 2_000
LONGEST_STEP = 200
OWNER_TAG = "owner"
MODEL_NAME_MAX = 500
VERSION_ID_MAX = 600

_STATUSES = {
    DeploymentStatus.RUNNING: {
        "running",
        "inservice",
        "ready",
        "active",
        "succeeded",
        "healthy",
        "deployed",
        "updating",
    },
    DeploymentStatus.FAILED: {"failed", "error", "errored", "unhealthy", "outofservice"},
    DeploymentStatus.STOPPED: {"stopped", "deleted", "deleting", "inactive", "archived", "undeployed", "terminated"},
}


@dataclass(frozen=True, slots=True)
class Count:
    """What one complete sweep saw."""

    models: int
    versions: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that a worker took up: until another takes it up, `tries` lets this one write."""

    run_id: UUID
    number: int
    tries: int
    registry_id: UUID
    registry_key: str
    every_s: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What one page brought; `seen` leaves out what the sweep had shown before."""

    seen: int
    created: int = 0
    changed: int = 0
    rejected: tuple[Rejected, ...] = ()


def fell_too_far(before: int, now: int) -> bool:
    """Whether more than a fifth of what was there is gone."""
    return (before - now) * 100 > before * MOST_FALL_PERCENT


def held(before: Count | None, now: Count) -> str | None:
    """Why a complete sweep waits for a person; None when it may stand.

    `before` is the last sweep that was complete and stands. An empty listing after a full one is the greatest fall.
    """
    if before is None:
        return None
    fallen = [
        f"{now_seen:,} {what} where the last complete sweep saw {seen:,}"
        for what, seen, now_seen in (
            ("models", before.models, now.models),
            ("versions", before.versions, now.versions),
        )
        if fell_too_far(seen, now_seen)
    ]
    if not fallen:
        return None
    return (
        f"the registry lists {' and '.join(fallen)}, a fall of over {MOST_FALL_PERCENT} %. Nothing is marked missing."
        " If that is right, release this sync; if not, see to the registry, or to what its credentials may read, and"
        " sync again."
    )


def may_mark_missing(*, scope: str, scope_before: str | None, whole: bool) -> bool:
    """Whether this complete sweep and the one before it may be compared.

    `whole` says that what both saw is still known in full.
    """
    return scope_before is not None and scope == scope_before and whole


def scope_digest(kind: str, scope: str) -> str:
    """SHA-256 of what a sweep covers."""
    return hashlib.sha256(f"{kind}\x00{scope}".encode()).hexdigest()


def failed(fault: Retry | Dead, seen: Count) -> str:
    """What a sweep that broke off means, and the way out."""
    way_out = (
        "The next sync tries again from the start."
        if isinstance(fault, Retry)
        else "It will fail again until somebody sees to that."
    )
    after = f" after {seen.models:,} models and {seen.versions:,} versions" if seen.models else ""
    return f"{fault.why}{after}. Nothing is marked missing; what was seen is kept. {way_out}"[:LONGEST_WHY]


def told(rejected: Sequence[Rejected], count: int) -> str | None:
    """The first of what could not be taken in, and why."""
    if not count:
        return None
    lines = "; ".join(f"{one.external_id}: {one.why}" for one in rejected[:MOST_TOLD])
    more = f"; and {count - MOST_TOLD:,} more" if count > MOST_TOLD else ""
    return f"not taken in: {lines}{more}"[:LONGEST_WHY]


def version_key(model: str, version: str) -> str:
    """How a version is known among what a sweep saw; no two pairs share a key, whatever is in the names."""
    return f"{len(model)}:{model}{version}"


def fits(version: RegistryVersion) -> bool:
    """Whether the ids of a version can be kept."""
    return len(version.model_id) <= MODEL_NAME_MAX and len(version.external_id) <= VERSION_ID_MAX


def owner_named(tags: Iterable[Tag]) -> str | None:
    """Whom a model's own tag names as its owner, in lower case."""
    for tag in tags:
        if tag.key.lower() == OWNER_TAG and (name := tag.value.strip().lower()) and len(name) <= 320:
            return name
    return None


def changed_parts(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Which of the named parts differ, in the order of `now`."""
    return [part for part, value in now.items() if before.get(part) != value]


def deployment_status(said: str) -> DeploymentStatus:
    """A registry's own word for how an endpoint does, in ours."""
    word = "".join(letter for letter in said.lower() if letter.isalnum())
    return next((status for status, words in _STATUSES.items() if word in words), DeploymentStatus.UNKNOWN)
