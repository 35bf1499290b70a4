"""The SQL that chooses the row of the approval matrix for an exception."""

from sqlalchemy import text
from sqlmodel import select

from hub.approvals.tables import ApprovalRule
from hub.db import Tx
from hub.exceptions.asking.rules import whole_days
from hub.exceptions.tables import PolicyException

_RULE = text("""
SELECT r.* FROM approval_rules r
WHERE r.id = exception_rule(:model, :tier, :stage, exception_tags(:days, :risk, :treatment, :tier))
""")


async def rule(tx: Tx, asked: PolicyException) -> ApprovalRule | None:
    """The row under which an exception is asked; none where the matrix has none that fits."""
    values = {
        "model": asked.model_id,
        "tier": asked.tier,
        "stage": asked.stage,
        "days": whole_days(asked.expires_at - asked.starts_at),
        "risk": asked.risk_after,
        "treatment": asked.recommended_treatment,
    }
    statement = select(ApprovalRule).from_statement(_RULE).execution_options(populate_existing=True)
    return (await tx.session.execute(statement, values)).scalars().first()
