"""Exceptions as sheets: what an export writes, an import reads.

An import takes the columns of REQUEST by their names, in any order; the others are for reading and are passed over.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass, field
from typing import Any

from hub import spreadsheet
from hub.errors import Code, Refused
from hub.exceptions.exchange import parts

MOST_LINES = 1_000
WANTED = ("policy", "model", "justification", "owner", "expires")
REQUEST = (
    *WANTED,
    "registry",
    "version",
    "stage",
    "kind",
    "risk_before",
    "risk_after",
    "treatment",
    "controls",
    "criteria",
    "starts",
    "review",
    "review_every_days",
    "template",
    "ticket",
)
TOLD = (
    "id",
    "status",
    "tier",
    "requested_by",
    "requested_at",
    "decided_by",
    "decided_at",
    "decided_treatment",
    "decision_note",
    "covers_from",
    "days_left",
    "weighted_age_days",
    "extensions_used",
    "ended_at",
    "end_note",
    "attachments",
)
"""What is known of an exception that nobody asks for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One exception that a file asks for: its number, and what stands under each name; or why it cannot be read.

    In a sheet it is numbered as a spreadsheet does, in JSON from 1 on.
    """

    number: int
    cells: Mapping[str, str]
    lacks: tuple[str, ...] = field(default=())
    wrong: str = ""

    def several(self, name: str) -> list[str]:
        """What stands in one cell, one by one: each on a line of its own."""
        return parts.lines(self.cells.get(name, ""))


def read(text: str) -> list[Line]:
    """The lines of a sheet that asks for exceptions; refused as a whole where its head is wrong or it is too long."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        names = [name.strip().lower().replace(" ", "_") for name in next(rows, [])]
        lines = [_line(number, names, row) for number, row in enumerate(rows, 2) if any(one.strip() for one in row)]
    except csv.Error as error:
        raise Refused(Code.BAD_INPUT, f"line {rows.line_num} is no line of a CSV file: {error}", field="file") from None
    if lacking := [name for name in WANTED if name not in names]:
        raise Refused(
            Code.BAD_INPUT,
            f"the first line lacks {', '.join(lacking)}; it names columns: {', '.join(REQUEST)}",
            field="file",
        )
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise Refused(Code.BAD_INPUT, f"the first line names {', '.join(twice)} twice", field="file")
    check_most(lines)
    return lines


def check_most(lines: Sized) -> None:
    """Refuse more than are taken at once."""
    if len(lines) > MOST_LINES:
        raise Refused(Code.BAD_INPUT, f"{len(lines)} lines; at most {MOST_LINES} are taken at once", field="file")


def line_of(number: int, cells: Mapping[str, str]) -> Line:
    """A line with these cells, and what it lacks."""
    return Line(number, cells, lacks=tuple(name for name in WANTED if not cells.get(name)))


def written(nodes: Iterable[Mapping[str, Any]], *, requests: bool = False) -> bytes:
    """Exceptions, as the graph gives them, as a sheet; `requests` leaves what an import does not read."""
    columns = REQUEST if requests else (*REQUEST, *TOLD)
    rows = (asked(one) | ({} if requests else _told(one)) for one in nodes)
    return spreadsheet.written(columns, [[row[name] for name in columns] for row in rows])


def begins(node: Mapping[str, Any]) -> str | None:
    """From when it was asked for; nothing where that was from the asking on, so that it can be asked again."""
    starts: str | None = node["startsAt"]
    return None if starts == node.get("requestedAt") else starts


def _line(number: int, names: list[str], row: list[str]) -> Line:
    if len(row) > len(names):
        return Line(number, {}, wrong="the line has more cells than the first line has names")
    return line_of(number, {name: spreadsheet.bare(value.strip()) for name, value in zip(names, row, strict=False)})


def asked(node: Mapping[str, Any]) -> dict[str, spreadsheet.Cell]:
    """What a request for an exception says, by the columns of REQUEST."""
    return {
        "policy": _of(node["policy"], "key"),
        "model": _of(node["model"], "name"),
        "justification": node["justification"],
        "owner": _of(node["owner"], "handle"),
        "expires": node["expiresAt"],
        "registry": _of((node["model"] or {}).get("registry"), "key"),
        "version": _of(node["version"], "name"),
        "stage": node["stage"],
        "kind": node["kind"],
        "risk_before": node["riskBefore"],
        "risk_after": node["riskAfter"],
        "treatment": node["recommendedTreatment"],
        "controls": "\n".join(map(_control, node["controls"]["nodes"])),
        "criteria": "\n".join(map(_criterion, node["criteria"]["nodes"])),
        "starts": begins(node),
        "review": node["reviewAt"],
        "review_every_days": node["reviewEveryDays"],
        "template": node["template"],
        "ticket": node["ticketUrl"],
    }


def _told(node: Mapping[str, Any]) -> dict[str, spreadsheet.Cell]:
    return {
        "id": node["id"],
        "status": node["status"],
        "tier": node["tier"],
        "requested_by": _of(node["requestedBy"], "handle"),
        "requested_at": node["requestedAt"],
        "decided_by": _of(node["decidedBy"], "handle"),
        "decided_at": node["decidedAt"],
        "decided_treatment": node["decidedTreatment"],
        "decision_note": node["decisionNote"],
        "covers_from": node["startsAt"],
        "days_left": node["daysLeft"],
        "weighted_age_days": node["weightedAgeDays"],
        "extensions_used": node["extensionsUsed"],
        "ended_at": node["endedAt"],
        "end_note": node["endNote"],
        "attachments": _names(node["attachments"]),
    }


def _of(node: Mapping[str, Any] | None, name: str) -> spreadsheet.Cell:
    return None if node is None or node[name] is None else str(node[name])


def _control(node: Mapping[str, Any]) -> str:
    by, policy = _of(node["attestor"], "handle"), _of(node["policy"], "key")
    return parts.written(node["description"], (("every", node["attestEveryDays"]), ("by", by), ("policy", policy)))


def _criterion(node: Mapping[str, Any]) -> str:
    return parts.written(node["description"], (("policy", _of(node["policy"], "key")), ("due", node["dueAt"])))


def _names(connection: Mapping[str, Any]) -> str:
    return "\n".join(one["name"].replace("\n", " ") for one in connection["nodes"])
