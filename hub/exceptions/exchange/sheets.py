"""Exceptions as sheets: what an export writes, an import reads.

An import takes the columns of REQUEST by their names, in any order; the others are for reading and are passed over.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub import spreadsheet
from hub.errors import Code, Refused

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
    "days_left",
    "weighted_age_days",
    "extensions_used",
    "ended_at",
    "end_note",
)
"""What is known of an exception that nobody asks for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sheet: its number as a spreadsheet shows it, and what stands under each name."""

    number: int
    cells: Mapping[str, str]
    lacks: tuple[str, ...] = field(default=())

    def several(self, name: str) -> list[str]:
        """What stands in one cell, one by one: each on a line of its own."""
        return [part.strip() for part in self.cells.get(name, "").splitlines() if part.strip()]


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
    if len(lines) > MOST_LINES:
        raise Refused(Code.BAD_INPUT, f"{len(lines)} lines; at most {MOST_LINES} are taken at once", field="file")
    return lines


def written(nodes: Iterable[Mapping[str, Any]]) -> bytes:
    """Exceptions, as the graph gives them, as a sheet."""
    return spreadsheet.written((*REQUEST, *TOLD), [_row(one) for one in nodes])


def _line(number: int, names: list[str], row: list[str]) -> Line:
    if len(row) > len(names):
        return Line(number, {}, lacks=("a name for each cell",))
    held = {name: spreadsheet.bare(value.strip()) for name, value in zip(names, row, strict=False)}
    return Line(number, held, lacks=tuple(name for name in WANTED if not held.get(name)))


def _row(node: Mapping[str, Any]) -> list[spreadsheet.Cell]:
    said: dict[str, spreadsheet.Cell] = {
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
        "controls": _joined(node["controls"]),
        "criteria": _joined(node["criteria"]),
        "starts": node["startsAt"],
        "review": node["reviewAt"],
        "review_every_days": node["reviewEveryDays"],
        "template": node["template"],
        "ticket": node["ticketUrl"],
        "id": node["id"],
        "status": node["status"],
        "tier": node["tier"],
        "requested_by": _of(node["requestedBy"], "handle"),
        "requested_at": node["requestedAt"],
        "decided_by": _of(node["decidedBy"], "handle"),
        "decided_at": node["decidedAt"],
        "decided_treatment": node["decidedTreatment"],
        "decision_note": node["decisionNote"],
        "days_left": node["daysLeft"],
        "weighted_age_days": node["weightedAgeDays"],
        "extensions_used": node["extensionsUsed"],
        "ended_at": node["endedAt"],
        "end_note": node["endNote"],
    }
    return [said[name] for name in (*REQUEST, *TOLD)]


def _of(node: Mapping[str, Any] | None, name: str) -> spreadsheet.Cell:
    return None if node is None else str(node[name])


def _joined(connection: Mapping[str, Any]) -> str:
    return "\n".join(one["description"].replace("\n", " ") for one in connection["nodes"])
