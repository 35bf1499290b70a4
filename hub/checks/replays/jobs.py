"""Backtests that wait in the queue, a batch at a time: each commits its counts together with the order of the next."""

from uuid import UUID

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from hub.checks.replays import actions
from hub.db import Db
from hub.events.jobs import Order, handles


@handles(actions.BACKTEST)
async def run_backtest(db: Db, order: Order) -> None:
    """Count the next batch; a fault of the hub's own ends the backtest, and is seen on it."""
    id = UUID(str(order.payload["backtest"]))
    try:
        async with db.write(actor=None, operation=order.operation) as tx:
            await actions.advance(tx, id, str(order.payload["cursor"]))
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        raise  # the queue tries again, from the cursor that was committed
    except Exception as fault:
        why = f"{type(fault).__name__} in operation {order.operation}; resume it to try again from where it broke off"
        async with db.write(actor=None, operation=order.operation) as tx:
            await actions.fail(tx, id, why)
        raise
