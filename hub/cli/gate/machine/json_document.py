"""The report as JSON: everything that the text says, with ids."""

from collections import Counter
from typing import Any

from hub.cli.gate.decision import Approval, Check, Intent, Issued, Report, Somebody
from hub.cli.gate.inert import json_text
from hub.cli.gate.way_out import ways_out

FORMAT = 1
"""Grows when a field goes away or changes its meaning; new fields may come at any time."""


def written(report: Report) -> str:
    """The document."""
    return json_text(document(report))


def document(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    intent = report.intent
    return {
        "format": FORMAT,
        "decision": report.decision.value,
        "exit_code": report.exit_code,
        "why": report.why,
        "asked": report.asked,
        "at": report.now,
        "intent": _intent(intent) if intent else None,
        "approval": _approval(intent.approval, report) if intent and intent.approval else None,
        "permit": _permit(intent.permit, report) if intent and intent.permit else None,
        "counts": Counter(one.outcome for one in intent.checks) if intent else {},
        "standing": standing(intent) if intent else None,
        "checks": [_check(one) for one in intent.checks] if intent else [],
        "exceptions_to_ask_for": [
            {"policy": way.check.key, "document": way.document, "input": way.input, "command": way.command}
            for way in ways_out(report)
        ],
    }


def standing(intent: Intent) -> dict[str, Any]:
    """How much of what was asked is kept, and how much with what is waived: counts, and shares of what was asked."""
    found = intent.standing
    return {
        "asked": found.asked,
        "kept": found.kept,
        "waived": found.waived,
        "true": None if found.true is None else round(found.true, 4),
        "reported": None if found.reported is None else round(found.reported, 4),
    }


def _intent(intent: Intent) -> dict[str, Any]:
    return {
        "id": intent.id,
        "status": intent.status,
        "why": intent.why,
        "reason": intent.reason,
        "stage": intent.stage,
        "subject_digest": intent.digest,
        "requested_at": intent.requested_at,
        "requested_by": _somebody(intent.requested_by),
        "expires_at": intent.expires_at,
        "rollback_version": intent.rollback,
        "model": {
            "id": intent.model_id,
            "name": intent.model,
            "registry": intent.registry,
            "tier": intent.tier,
            "owner": _somebody(intent.owner),
        },
        "version": {"id": intent.version_id, "name": intent.version, "digest": intent.version_digest},
    }


def _approval(approval: Approval, report: Report) -> dict[str, Any]:
    return {
        "id": approval.id,
        "status": approval.status,
        "subject_digest": approval.digest,
        "quorum": approval.quorum,
        "disciplines": list(approval.disciplines),
        "open": list(approval.open),
        "due_at": approval.due_at,
        "signatures": [
            {
                "person": _somebody(one.person),
                "discipline": one.discipline,
                "decision": one.decision,
                "comment": one.comment,
                "signed_at": one.signed_at,
            }
            for one in approval.signatures
        ],
        "can_sign": [
            {"person": _somebody(one.person), "disciplines": list(one.disciplines)} for one in report.approvers
        ],
    }


def _permit(permit: Issued, report: Report) -> dict[str, Any]:
    return {
        "id": permit.id,
        "digest": permit.digest,
        "key_id": permit.key_id,
        "issued_at": permit.issued_at,
        "expires_at": permit.expires_at,
        "revoked_at": permit.revoked_at,
        "revoked_why": permit.revoked_why,
        "in_force": permit.in_force(report.now),
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "policy": check.key,
        "policy_id": check.policy_id,
        "title": check.title,
        "number": check.number,
        "outcome": check.outcome,
        "blocking": check.blocking,
        "enforcement": check.enforcement,
        "severity": check.severity,
        "decision_point": check.decision_point,
        "explanation": check.explanation,
        "remediation": check.remediation,
        "due_at": check.due_at,
        "owner": _somebody(check.owner),
        "longest_exception_days": check.longest_exception_days,
        "result": check.result_id,
        "exception": {"id": check.waiver.id, "kind": check.waiver.kind, "expires_at": check.waiver.expires_at}
        if check.waiver
        else None,
        "suspension": check.suspension,
    }


def _somebody(person: Somebody | None) -> dict[str, str] | None:
    return {"id": person.id, "name": person.name, "handle": person.handle} if person else None
