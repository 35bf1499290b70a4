"""Keeping views over GraphQL."""

from typing import Annotated

import strawberry

from hub.db import Tx
from hub.events.answers import Answer
from hub.exceptions.backlog.asked import check, plain, plain_orders
from hub.exceptions.backlog.graph import PolicyExceptionFilter
from hub.exceptions.graph import PolicyException
from hub.exceptions.views import actions
from hub.exceptions.views.graph import SavedView
from hub.graph.catalog import order_input
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, answered, mutation, showing, uuid_of


@strawberry.type(description="A view as it is kept now.")
class ViewSaved:
    view: SavedView | None = strawberry.field(description="The view.")


@strawberry.type(description="A view that is kept no more.")
class ViewDeleted:
    view: strawberry.ID = strawberry.field(description="The id that it had.")


SaveViewPayload = Annotated[
    ViewSaved | Refusal, strawberry.union("SaveViewPayload", description="The view, or why not.")
]
DeleteViewPayload = Annotated[
    ViewDeleted | Refusal, strawberry.union("DeleteViewPayload", description="Which view, or why not.")
]


@strawberry.input(description="A filter and an order of exceptions, to be kept under a name.")
class SaveViewInput:
    name: str = strawberry.field(description="What it is called; one of yours of this name is written anew.")
    filter: PolicyExceptionFilter = strawberry.field(description="Which exceptions.")
    order_by: list[order_input(PolicyException)] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="In which order."
    )
    team: strawberry.ID | None = strawberry.field(default=None, description="A team of yours that sees it too.")


@strawberry.input(description="Which view.")
class DeleteViewInput:
    view: strawberry.ID = strawberry.field(description="The view, one of your own.")


@extends(Mutation)
class SavedViewMutations:
    @mutation(Permission.READ, "Keep a filter and an order of exceptions under a name, for you or a team of yours.")
    async def save_view(self, info: Asked, input: SaveViewInput, idempotency_key: str | None = None) -> SaveViewPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            await check(info.context, input.filter, input.order_by)
            made = await actions.save(
                tx,
                who,
                name=input.name,
                filter=plain(input.filter),
                order_by=plain_orders(input.order_by),
                team_id=uuid_of(input.team, "Team", "team") if input.team else None,
            )
            return Answer("saved_view", made)

        return await act(info, input, idempotency_key, showing(ViewSaved, "view"), do)

    @mutation(Permission.READ, "Drop a view of your own.")
    async def delete_view(
        self, info: Asked, input: DeleteViewInput, idempotency_key: str | None = None
    ) -> DeleteViewPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return Answer("saved_view", await actions.delete(tx, who, uuid_of(input.view, "SavedView", "view")))

        found = await answered(info, input, idempotency_key, do)
        if isinstance(found, Refusal):
            return found
        return ViewDeleted(view=strawberry.ID(f"SavedView:{found.id}"))
