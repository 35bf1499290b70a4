"""What can be watched over GraphQL: events and sync runs, each shown as its reader may see it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from hub.graph.declare import extends
from hub.graph.splice import Ref
from hub.graph.types import Subscription
from hub.graph.values import ANY_NODE, split_id
from hub.people.asking import Asking, uuid_of
from hub.registries.graph import SyncRun
from hub.trail import Event
from hub.watching.feed import Feed


@dataclass(frozen=True, slots=True)
class Watching(Asking):
    """Who asks over a socket, and what they may listen to."""

    feed: Feed


def subscription(description: str) -> Callable[[Callable[..., Any]], Any]:
    """A subscription field."""
    made: Callable[[Callable[..., Any]], Any] = strawberry.subscription(description=description)
    return made


@extends(Subscription)
class Watches:
    @subscription("What happens from now on, as it happens; what you may not see is left out.")
    async def events(
        self,
        info: Info[Watching, None],
        kind: Annotated[
            list[str] | None, strawberry.argument(description="Of one of these kinds, such as model.classified.")
        ] = None,
        subject: Annotated[strawberry.ID | None, strawberry.argument(description="About this.")] = None,
        model: Annotated[strawberry.ID | None, strawberry.argument(description="Within this model.")] = None,
    ) -> AsyncGenerator[Event, None]:
        """Filters by one of these kinds, by what it is about, by the model it is within."""
        kinds = None if kind is None else frozenset(kind)
        about = None if subject is None else split_id(subject, ANY_NODE)
        within = None if model is None else uuid_of(model, "Model", "model")
        async with aclosing(info.context.feed.events()) as lines:
            async for line in lines:
                if kinds is not None and line.kind not in kinds:
                    continue
                if about in (None, line.subject_id) and within in (None, line.scope_id):
                    yield _shown(line.id)

    @subscription("A sync run as it is now and after each change, until it has ended.")
    async def sync_run(
        self,
        info: Info[Watching, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The sync run.")],
    ) -> AsyncGenerator[SyncRun, None]:
        """The last state shown is that of its end."""
        run_id = uuid_of(id, "SyncRun", "id")
        async with aclosing(info.context.feed.run(run_id)) as changes:
            async for _ended in changes:
                yield _shown(run_id)


def _shown(id: UUID) -> Any:
    # The read engine completes it in the shape that the field promises.
    return Ref(id)
