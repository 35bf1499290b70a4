"""The steps of a rule in words: which one stands open, who is wanted, how far each has come."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.cli.gate.inert import inert

Row = Mapping[str, Any]


def name(request: Row) -> str:
    """The step that stands open, with its place where there are several."""
    steps, at = request["rule"]["steps"], request["step"]
    if not 0 <= at < len(steps):
        return "-"
    place = f" ({at + 1} of {len(steps)})" if len(steps) > 1 else ""
    return f"{inert(steps[at]['name'], 60)}{place}"


def wanted(request: Row) -> str:
    """Whose signatures the open step lacks."""
    count = request["lacking"]
    fields = ", ".join(map(inert, request["openDisciplines"])) or "any"
    return f"{count} of {fields}" if count > 1 else fields


def lines(request: Row, live: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Each step with what it asks, and how far it is; `live` are the answers that are given now."""
    is_open, open_at = request["status"] == "PENDING", request["step"]
    for at, step in enumerate(request["rule"]["steps"]):
        given = sum(one["decision"] == "APPROVE" and one["step"] == at for one in live)
        if at < open_at or request["status"] == "APPROVED":
            far = "done"
        elif at > open_at:
            far = "not begun"
        elif is_open:
            far = f"{given} signed, {request['lacking']} more wanted: {', '.join(request['openDisciplines']) or 'any'}"
        else:
            far = f"{given} signed"
        yield f"{at + 1}. {inert(step['name'], 60)}", f"{asked(step)}; {inert(far)}"


def asked(step: Row) -> str:
    """What a step asks, such as `2 of RISK, COMPLIANCE, from 2 disciplines`."""
    fields = [
        inert(field) if least < 2 else f"{inert(field)} (at least {least})"
        for field, least in step["disciplines"].items()
    ]
    roles = " or ".join(map(inert, step["roles"]))
    among = {"OWNERS": " who own the model", "TEAM": f" of the team {inert(step['team'])}"}.get(step["group"], "")
    who = f"{', '.join(fields)} by " if fields else ""
    apart = f", from {step['different']} disciplines" if step["different"] > 1 else ""
    return f"{step['quorum']} of {who}{roles}{among}{apart}"
