"""Answers as the graph gives them, for a hub that is played."""

from typing import Any

ID = "00000000-0000-4000-8000-{:012d}"
ADA = {"id": "Person:" + ID.format(1), "name": "Ada Okafor", "handle": "ada"}
PRIYA = {"id": "Person:" + ID.format(2), "name": "Priya Raman", "handle": "priya"}
INES = {"id": "Person:" + ID.format(3), "name": "Inês Duarte", "handle": "ines"}
BOT = {"id": "Person:" + ID.format(4), "name": "Release pipeline", "handle": "pipeline"}
MODEL = "Model:" + ID.format(10)
VERSION = "ModelVersion:" + ID.format(11)
INTENT = "DeploymentIntent:" + ID.format(12)
REQUEST = "ApprovalRequest:" + ID.format(13)
NO_MORE = {"hasNextPage": False, "endCursor": None}


def ask(
    person: dict[str, str], discipline: str | None, *held: str, via: dict[str, str] | None = None, **other: Any
) -> dict[str, Any]:
    """That somebody is asked, in their own right or in the place of another."""
    now = {"fromAt": None, "untilAt": None, "awayUntil": None}
    return now | {"discipline": discipline, "via": via, "person": person | {"disciplines": list(held)}} | other


ASKED = [ask(PRIYA, "COMPLIANCE", "RISK", "COMPLIANCE"), ask(INES, "COMPLIANCE", "COMPLIANCE")]


def check(
    key: str = "owner-named",
    outcome: str = "PASS",
    *,
    number: int = 1,
    blocking: bool | None = None,
    enforcement: str = "BLOCKING",
    severity: str = "HIGH",
    title: str = "An owner is named",
    explanation: str = "",
    remediation: str = "",
    due_at: str | None = None,
    longest: int = 30,
    waived_until: str | None = None,
) -> dict[str, Any]:
    """How one policy stands."""
    closes = enforcement == "BLOCKING" and outcome in ("FAIL", "ERROR")
    return {
        "outcome": outcome,
        "enforcement": enforcement,
        "severity": severity,
        "explanation": explanation,
        "remediation": remediation,
        "blocking": closes if blocking is None else blocking,
        "decisionPoint": "DEPLOY",
        "dueAt": due_at,
        "policy": {"id": f"Policy:{ID.format(100 + number)}", "key": key, "title": title, "owner": INES},
        "policyVersion": {"number": number, "longestExceptionDays": longest},
        "result": {"id": f"CheckResult:{ID.format(200 + number)}"},
        "exception": {"id": f"PolicyException:{ID.format(300 + number)}", "kind": "WAIVER", "expiresAt": waived_until}
        if waived_until
        else None,
    }


UNFAIR = check(
    "fairness-parity",
    "FAIL",
    number=2,
    severity="CRITICAL",
    title="Decisions are alike for every group",
    explanation="evidence.fairness.figures.demographic_parity is 0.21, at most 0.1 is allowed",
    remediation="Rebalance the training data by group, train again, and send the new fairness report with"
    " hub evidence add.",
    due_at="2026-12-01T09:00:00+00:00",
)
UNKNOWN_DRIFT = check(
    "drift-bounded",
    "ERROR",
    number=3,
    title="Input drift stays within bounds",
    explanation="metrics.drift is missing",
    remediation="Log the metric drift for this version.",
    longest=0,
)
SLOW = check(
    "load-tested",
    "WARN",
    number=4,
    severity="LOW",
    enforcement="WARNING",
    title="It bears the load of a busy day",
    explanation="evidence.load is 95 days old, at most 90 are allowed",
    remediation="Run the load test again.",
    due_at="2027-02-20T09:00:00+00:00",
)
WAIVED = check(
    "card-complete",
    "WAIVED",
    number=5,
    severity="MEDIUM",
    title="The model card is complete for its tier",
    explanation="card.caveats is empty",
    waived_until="2026-12-24T00:00:00+00:00",
)
SKIPPED = check("human-oversight", "SKIP", number=6, title="Human oversight is described")


def approval(status: str = "PENDING", *signed: tuple[dict[str, str], str, str, str]) -> dict[str, Any]:
    """The question put to people: two of RISK and COMPLIANCE. Signatures are (person, discipline, answer, comment)."""
    return {
        "id": REQUEST,
        "status": status,
        "rule": {"steps": [{"quorum": 2, "disciplines": {"RISK": 1, "COMPLIANCE": 1}}]},
        "openDisciplines": [one for one in ("RISK", "COMPLIANCE") if one not in {given[1] for given in signed}],
        "dueAt": "2026-11-28T12:00:00+00:00",
        "subjectDigest": "ab" * 32,
        "signOffs": {
            "nodes": [
                {
                    "decision": answer,
                    "discipline": discipline,
                    "comment": comment,
                    "signedAt": "2026-11-21T10:00:00+00:00",
                    "person": person,
                }
                for person, discipline, answer, comment in signed
            ]
        },
    }


def permit(**other: Any) -> dict[str, Any]:
    """A permit as the graph shows it."""
    return {
        "id": "Permit:" + ID.format(14),
        "envelope": '{"payload":"eyJ4IjoxfQ==","payloadType":"application/vnd.in-toto+json","signatures":[]}',
        "digest": "cd" * 32,
        "keyId": "ef" * 32,
        "issuedAt": "2026-11-21T11:00:00+00:00",
        "expiresAt": "2999-01-01T00:00:00+00:00",
        "revokedAt": None,
        "revokedWhy": None,
    } | other


def intent(status: str = "APPROVED", *checks: dict[str, Any], **other: Any) -> dict[str, Any]:
    """The wish to take fraud-detection 7 to production."""
    return {
        "id": INTENT,
        "status": status,
        "statusWhy": "",
        "reason": "the winter release",
        "stage": "PRODUCTION",
        "requestedAt": "2026-11-21T09:00:00+00:00",
        "expiresAt": None,
        "subjectDigest": "ab" * 32,
        "model": {
            "id": MODEL, "name": "fraud-detection", "tier": "HIGH", "registry": {"key": "prod"}, "owner": ADA,
        },
        "version": {"id": VERSION, "name": "7", "digest": "12" * 32},
        "requestedBy": BOT,
        "rollbackVersion": {"name": "6"},
        "approvalRequest": None,
        "permits": {"nodes": []},
        "checks": {"pageInfo": NO_MORE, "nodes": list(checks)},
    } | other  # fmt: skip


def model(name: str = "fraud-detection", registry: str = "prod", **other: Any) -> dict[str, Any]:
    """A model as it is found by its name."""
    return {
        "id": MODEL,
        "name": name,
        "registry": {"key": registry},
        "version": {"id": VERSION, "name": "7"},
        "aliased": None,
        "rollback": {"id": "ModelVersion:" + ID.format(15), "name": "6"},
    } | other
