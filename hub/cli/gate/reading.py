"""The graph's answers as this command's own types; every text in them is made inert on the way in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.cli.gate.decision import Approval, Approver, Check, Intent, Issued, Signature, Somebody, Waiver
from hub.cli.gate.inert import inert

Row = Mapping[str, Any]


def intent(row: Row, checks: Sequence[Row]) -> Intent:
    """An intent with all its checks, those that somebody must mend first."""
    model, version = row["model"], row["version"]
    permits = row["permits"]["nodes"]
    return Intent(
        id=inert(row["id"]),
        status=inert(row["status"]),
        why=inert(row["statusWhy"] or ""),
        reason=inert(row["reason"]),
        stage=inert(row["stage"]),
        digest=inert(row["subjectDigest"]),
        model_id=inert(model["id"]),
        model=inert(model["name"]),
        registry=inert((model["registry"] or {}).get("key") or ""),
        tier=inert(model["tier"]),
        version_id=inert(version["id"]),
        version=inert(version["name"]),
        version_digest=inert(version["digest"]),
        requested_by=_somebody(row["requestedBy"]),
        owner=_somebody(model["owner"]),
        rollback=inert(row["rollbackVersion"]["name"]) if row["rollbackVersion"] else None,
        requested_at=datetime.fromisoformat(row["requestedAt"]),
        expires_at=_instant(row["expiresAt"]),
        approval=_approval(row["approvalRequest"]) if row["approvalRequest"] else None,
        permit=_permit(permits[0]) if permits else None,
        checks=tuple(sorted(map(_check, checks), key=_order)),
    )


def approvers(asks: Sequence[Row], now: datetime) -> tuple[Approver, ...]:
    """Whom a request asks: each person once, for the disciplines that they hold or stand in for."""
    found: dict[str, Approver] = {}
    for ask in sorted(asks, key=lambda one: one["awayUntil"] is not None):
        person, begins, ends = _somebody(ask["person"]), _instant(ask["fromAt"]), _instant(ask["untilAt"])
        if person is None or (begins is not None and begins > now) or (ends is not None and ends <= now):
            continue
        lent = [ask["discipline"]] if ask["via"] and ask["discipline"] else []
        held = found[person.id].disciplines if person.id in found else ()
        fields = dict.fromkeys((*held, *map(inert, (*ask["person"]["disciplines"], *lent))))
        found[person.id] = Approver(person, tuple(fields))
    return tuple(found.values())


def signed(approval: Row | None) -> tuple[str, ...]:
    """Each answer to a request as a line says it."""
    if approval is None:
        return ()
    verbs = {"APPROVE": "signed", "REJECT": "rejected", "REQUEST_CHANGES": "changes asked", "WITHDRAW": "taken back"}
    said = []
    for row in approval["signOffs"]["nodes"]:
        who = inert((row["person"] or {}).get("name") or "somebody")
        field = f" for {inert(row['discipline'])}" if row["discipline"] else ""
        said.append(f"{verbs.get(row['decision'], inert(row['decision']))} by {who}{field}")
    return tuple(said)


def open_disciplines(approval: Row) -> tuple[str, ...]:
    """For which disciplines a signature is still wanted."""
    return tuple(map(inert, approval["openDisciplines"])) if approval["status"] == "PENDING" else ()


def _approval(row: Row) -> Approval:
    steps = row["rule"]["steps"]
    return Approval(
        id=inert(row["id"]),
        status=inert(row["status"]),
        digest=inert(row["subjectDigest"]),
        quorum=sum(int(step["quorum"]) for step in steps),
        disciplines=tuple(inert(word) for step in steps for word in step["disciplines"]),
        due_at=datetime.fromisoformat(row["dueAt"]),
        signatures=tuple(map(_signature, row["signOffs"]["nodes"])),
        open=open_disciplines(row),
    )


def _signature(row: Row) -> Signature:
    return Signature(
        person=_somebody(row["person"]) or Somebody("", "somebody", "unknown"),
        discipline=inert(row["discipline"]) if row["discipline"] else None,
        decision=inert(row["decision"]),
        comment=inert(row["comment"]),
        signed_at=datetime.fromisoformat(row["signedAt"]),
    )


def _permit(row: Row) -> Issued:
    return Issued(
        id=inert(row["id"]),
        envelope=row["envelope"],
        digest=inert(row["digest"]),
        key_id=inert(row["keyId"]),
        issued_at=datetime.fromisoformat(row["issuedAt"]),
        expires_at=datetime.fromisoformat(row["expiresAt"]),
        revoked_at=_instant(row["revokedAt"]),
        revoked_why=inert(row["revokedWhy"]) if row["revokedWhy"] else None,
    )


def _check(row: Row) -> Check:
    policy, wording, waived = row["policy"] or {}, row["policyVersion"] or {}, row["exception"]
    return Check(
        key=inert(policy.get("key", "unknown-policy")),
        title=inert(policy.get("title", "")),
        number=wording.get("number"),
        policy_id=inert(policy.get("id", "")),
        result_id=inert(row["result"]["id"]) if row["result"] else None,
        outcome=inert(row["outcome"]),
        enforcement=inert(row["enforcement"]),
        severity=inert(row["severity"]),
        explanation=inert(row["explanation"] or ""),
        remediation=inert(row["remediation"] or ""),
        blocking=bool(row["blocking"]),
        decision_point=inert(row["decisionPoint"]),
        due_at=_instant(row["dueAt"]),
        longest_exception_days=int(wording.get("longestExceptionDays") or 0),
        owner=_somebody(policy.get("owner")),
        waiver=Waiver(inert(waived["id"]), inert(waived["kind"]), datetime.fromisoformat(waived["expiresAt"]))
        if waived
        else None,
        suspension=inert(row["suspension"]) if row.get("suspension") else None,
    )


def _order(check: Check) -> tuple[bool, int, int, str]:
    outcomes = ("FAIL", "ERROR", "WARN", "WAIVED", "SKIP", "PASS")
    severities = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO")
    return (
        not check.blocking,
        outcomes.index(check.outcome) if check.outcome in outcomes else len(outcomes),
        severities.index(check.severity) if check.severity in severities else len(severities),
        check.key,
    )


def _somebody(row: Row | None) -> Somebody | None:
    return Somebody(inert(row["id"]), inert(row["name"]), inert(row["handle"])) if row else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
