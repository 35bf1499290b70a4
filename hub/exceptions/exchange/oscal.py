"""Exceptions as an OSCAL plan of action and milestones, the form that auditors' tools read (NIST OSCAL 1.1.3, JSON).

An exception is one item with one risk: its controls are mitigating factors, its criteria the tasks of the response, its
decisions the risk's log; its attachments are resources of the plan, by address and hash. Ids are derived from the
hub's, so that the same exception has the same id in every export.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

OSCAL = "1.1.3"
NAMESPACE = UUID("6f0d9a52-5b0c-4c1e-9a53-1f1d8f0f7a10")
NS = "urn:governance-hub:oscal"
SPACE = "urn:governance-hub:severity"

STATUS = {
    "DRAFT": "open",
    "SUBMITTED": "deviation-requested",
    "UNDER_REVIEW": "deviation-requested",
    "INFO_REQUESTED": "deviation-requested",
    "APPROVED": "deviation-approved",
    "ACTIVE": "deviation-approved",
    "SUSPENDED": "open",
    "EXPIRED": "open",
    "REVOKED": "open",
    "REJECTED": "open",
    "WITHDRAWN": "open",
    "RESOLVED": "closed",
}
"""What becomes of the risk: it is open whenever nothing allows the deviation and nobody said that the need is gone."""

Node = Mapping[str, Any]


def plan(nodes: Sequence[Node], *, title: str, at: str, version: str, system: str) -> dict[str, Any]:
    """A whole plan; it needs at least one exception, since the standard allows no empty plan. `at` is an instant."""
    people = {who["id"]: who for node in nodes for who in _people(node)}
    document: dict[str, Any] = {
        "uuid": _id("plan", f"{system} {at} {' '.join(sorted(node['id'] for node in nodes))}"),
        "metadata": {
            "title": _line(title),
            "last-modified": at,
            "version": version,
            "oscal-version": OSCAL,
            "roles": [
                {"id": "owner", "title": "Answers for closing the exception"},
                {"id": "requester", "title": "Asked for the exception"},
                {"id": "decider", "title": "Decided about the exception"},
            ],
            "parties": [_party(who) for _, who in sorted(people.items())],
        },
        "system-id": {"identifier-type": "https://ietf.org/rfc/rfc4122", "id": _id("system", system)},
        "risks": [_risk(node) for node in nodes],
        "poam-items": [_item(node) for node in nodes],
        "back-matter": _held({"resources": [_resource(file, system) for node in nodes for file in _files(node)]}),
    }
    return {"plan-of-action-and-milestones": _held(document)}


def _item(node: Node) -> dict[str, Any]:
    item: dict[str, Any] = {
        "uuid": _id("item", node["id"]),
        "title": _title(node),
        "description": node["justification"],
        "props": _props(
            ("exception", node["id"]),
            ("policy", node["policy"]["key"]),
            ("model", node["model"]["name"]),
            ("version", (node["version"] or {}).get("name")),
            ("stage", node["stage"]),
            ("kind", node["kind"]),
            ("status", node["status"]),
            ("risk-tier", node["tier"]),
        ),
        "origins": [{"actors": [_actor(node["requestedBy"], "requester")]}] if node["requestedBy"] else None,
        "links": _links(node),
        "related-risks": [{"risk-uuid": _id("risk", node["id"])}],
    }
    return _held(item)


def _links(node: Node) -> list[dict[str, str]]:
    ticket = [{"href": node["ticketUrl"], "rel": "reference"}] if node["ticketUrl"] else []
    # By its id within the plan: the resource has the address and the hash.
    return ticket + [
        {"href": f"#{_id('attachment', file['id'])}", "rel": "reference", "text": _line(file["name"])}
        for file in _files(node)
    ]


def _resource(file: Node, system: str) -> dict[str, Any]:
    return {
        "uuid": _id("attachment", file["id"]),
        "title": _line(file["name"]),
        "props": _props(("size", str(file["size"]))),
        "rlinks": [
            {
                "href": f"{system}{file['path']}",
                "media-type": file["mediaType"],
                "hashes": [{"algorithm": "SHA-256", "value": file["sha256"]}],
            }
        ],
    }


def _files(node: Node) -> Iterable[Node]:
    files: Iterable[Node] = node["attachments"]["nodes"]
    return files


def _risk(node: Node) -> dict[str, Any]:
    by = node["owner"] or node["requestedBy"]
    risk: dict[str, Any] = {
        "uuid": _id("risk", node["id"]),
        "title": _title(node),
        "description": node["policy"]["title"],
        "statement": node["justification"],
        "status": STATUS[node["status"]],
        "characterizations": [
            {
                "origin": {"actors": [_actor(by, "owner")]},
                "facets": [
                    {"name": "severity-initial", "system": SPACE, "value": node["riskBefore"]},
                    {"name": "severity-residual", "system": SPACE, "value": node["riskAfter"]},
                ],
            }
        ]
        if by
        else None,
        "mitigating-factors": [
            {"uuid": _id("control", one["id"]), "description": one["description"]} for one in node["controls"]["nodes"]
        ],
        "deadline": node["expiresAt"],
        "remediations": [_response(node)],
        "risk-log": {"entries": _log(node)},
    }
    return _held(risk)


def _response(node: Node) -> dict[str, Any]:
    decided = node["decidedTreatment"]
    ended = node["status"] == "RESOLVED"
    tasks = [
        _held(
            {
                "uuid": _id("criterion", one["id"]),
                "type": "milestone",
                "title": _line(one["description"])[:200],
                "description": one["description"],
                "props": _props(("met", one["metAt"])),
                "timing": {"on-date": {"date": one["dueAt"]}} if one["dueAt"] else None,
            }
        )
        for one in node["criteria"]["nodes"]
    ]
    treatment = decided or node["recommendedTreatment"]
    response: dict[str, Any] = {
        "uuid": _id("response", node["id"]),
        "lifecycle": "completed" if ended else "planned" if decided else "recommendation",
        "title": treatment,
        "description": f"The risk is treated by: {treatment.lower()}.",
        "tasks": tasks,
    }
    return _held(response)


def _log(node: Node) -> list[dict[str, Any]]:
    steps = (
        ("asked", node["requestedAt"], "asked for", node["requestedBy"], "requester"),
        ("decided", node["decidedAt"], node["decisionNote"] or "decided", node["decidedBy"], "decider"),
        ("ended", node["endedAt"], node["endNote"] or "ended", node["endedBy"], "owner"),
    )
    return [
        _held(
            {
                "uuid": _id(step, node["id"]),
                "start": at,
                "description": said,
                "logged-by": [{"party-uuid": _id("party", who["id"]), "role-id": role}] if who else None,
            }
        )
        for step, at, said, who, role in steps
        if at
    ]


def _people(node: Node) -> Iterable[Node]:
    return (who for who in (node["owner"], node["requestedBy"], node["decidedBy"], node["endedBy"]) if who)


def _party(who: Node) -> dict[str, Any]:
    kind = "organization" if who.get("kind") == "SERVICE" else "person"
    return {"uuid": _id("party", who["id"]), "type": kind, "name": _line(who["name"])}


def _actor(who: Node, role: str) -> dict[str, Any]:
    return {"type": "party", "actor-uuid": _id("party", who["id"]), "role-id": role}


def _title(node: Node) -> str:
    version = f" {node['version']['name']}" if node["version"] else ""
    return _line(f"{node['model']['name']}{version} deviates from {node['policy']['key']}")


def _props(*said: tuple[str, str | None]) -> list[dict[str, str]]:
    return [{"name": name, "ns": NS, "value": _line(value)} for name, value in said if value]


def _line(text: str) -> str:
    # The standard's texts of one line hold no line break, and nothing around them.
    return " ".join(text.split()) or "-"


def _held(said: dict[str, Any]) -> dict[str, Any]:
    # The standard has no empty lists: what is not there is left out.
    return {name: value for name, value in said.items() if value not in (None, [], {})}


def _id(what: str, of: str) -> str:
    return str(uuid5(NAMESPACE, f"{what} {of}"))
