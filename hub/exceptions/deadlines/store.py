"""The SQL of what is told of exceptions that are due."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from hub.db import Tx
from hub.exceptions.tables import PolicyException
from hub.policies.tables import Policy


@dataclass(frozen=True, slots=True)
class Facts:
    """An exception with whoever answers for its policy; `seen` by the person who is to be told."""

    row: PolicyException
    policy_owner_id: UUID
    seen: bool


async def facts(tx: Tx, exception_ids: Collection[UUID], person: UUID | None) -> dict[UUID, Facts]:
    """Exceptions by id, in one statement, and whether a person sees their models."""
    statement: Any = (
        select(PolicyException, Policy.owner_id, func.sees_model(col(PolicyException.model_id), person))
        .join(Policy, col(Policy.id) == col(PolicyException.policy_id))
        .where(col(PolicyException.id).in_(exception_ids))
        .execution_options(populate_existing=True)
    )
    return {row.id: Facts(row, owner_id, seen) for row, owner_id, seen in await tx.session.execute(statement)}
