"""Asking for backtests over GraphQL, stopping them, and going on."""

from typing import Annotated
from uuid import UUID

import strawberry

from hub.checks.replays import actions
from hub.checks.replays.graph import Backtest
from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing, uuid_of


@strawberry.type(description="A backtest as it is now.")
class BacktestChanged:
    backtest: Backtest | None = strawberry.field(description="The backtest.")


BacktestPayload = Annotated[
    BacktestChanged | Refusal, strawberry.union("BacktestPayload", description="The backtest, or why not.")
]


@strawberry.input(description="Which draft is to be replayed, over how many days.")
class StartBacktestInput:
    change: strawberry.ID = strawberry.field(description="The policy change.")
    days: int = strawberry.field(
        default=actions.USUAL_DAYS, description="Documents that rules saw in as many days, 1 to 365, are looked at."
    )


@strawberry.input(description="Which backtest.")
class BacktestInput:
    backtest: strawberry.ID = strawberry.field(description="The backtest.")


# READ, because either of two permissions serves: that of who writes policies, or of who decides. The actions ask.
@extends(Mutation)
class BacktestMutations:
    @mutation(Permission.READ, "Replay a draft over what rules saw; needs PROPOSE_POLICY or DECIDE_POLICY.")
    async def start_backtest(
        self, info: Asked, input: StartBacktestInput, idempotency_key: str | None = None
    ) -> BacktestPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            change = uuid_of(input.change, "PolicyChange", "change")
            return Answer("backtest", (await actions.ask(tx, who, change, days=input.days)).id)

        return await act(info, input, idempotency_key, showing(BacktestChanged, "backtest"), do)

    @mutation(Permission.READ, "Stop a backtest; what it has counted stays. Needs PROPOSE_POLICY or DECIDE_POLICY.")
    async def stop_backtest(
        self, info: Asked, input: BacktestInput, idempotency_key: str | None = None
    ) -> BacktestPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return Answer("backtest", (await actions.stop(tx, who, _id(input))).id)

        return await act(info, input, idempotency_key, showing(BacktestChanged, "backtest"), do)

    @mutation(Permission.READ, "Go on where a backtest was stopped; needs PROPOSE_POLICY or DECIDE_POLICY.")
    async def resume_backtest(
        self, info: Asked, input: BacktestInput, idempotency_key: str | None = None
    ) -> BacktestPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            return Answer("backtest", (await actions.resume(tx, who, _id(input))).id)

        return await act(info, input, idempotency_key, showing(BacktestChanged, "backtest"), do)


def _id(input: BacktestInput) -> UUID:
    return uuid_of(input.backtest, "Backtest", "backtest")
