"""Exceptions as JSON: of what an export writes, an import reads what a request says, by the names that people know."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from hub.errors import Code, Refused
from hub.exceptions.exchange import sheets
from hub.exceptions.exchange.sheets import Line

POLICY, PERSON = {"key": str}, {"handle": str}
SHAPE: dict[str, Any] = {
    "policy": POLICY,
    "model": {"name": str, "registry": {"key": str}},
    "version": {"name": str},
    "stage": str,
    "kind": str,
    "template": str,
    "justification": str,
    "riskBefore": str,
    "riskAfter": str,
    "recommendedTreatment": str,
    "controls": {"nodes": [{"description": str, "policy": POLICY, "attestEveryDays": int, "attestor": PERSON}]},
    "criteria": {"nodes": [{"description": str, "policy": POLICY, "dueAt": str}]},
    "owner": PERSON,
    "startsAt": str,
    "expiresAt": str,
    "reviewAt": str,
    "reviewEveryDays": int,
    "ticketUrl": str,
}
"""What a request says, as an export names it; what else an entry holds is passed over."""

_CALLED = {str: "a text", int: "a whole number"}


def is_json(text: str) -> bool:
    """Whether a file is meant to be JSON and no sheet, whose first line begins with a name."""
    return text.removeprefix("\ufeff").lstrip()[:1] in ("[", "{")


def read(text: str) -> list[Line]:
    """What each entry asks for, as a line of a sheet says it; refused as a whole where it is no list of entries."""
    try:
        entries = orjson.loads(text.removeprefix("\ufeff"))
    except orjson.JSONDecodeError as error:
        why = f"line {error.lineno} is no line of a JSON file: {error.msg}"
        raise Refused(Code.BAD_INPUT, why, field="file") from None
    if not isinstance(entries, list):
        why = "the file holds no list; give what hub exception export --format json writes"
        raise Refused(Code.BAD_INPUT, why, field="file")
    sheets.check_most(entries)
    return [_line(number, entry) for number, entry in enumerate(entries, 1)]


def requests(nodes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of exceptions, as the graph gives them, what their requests say: all that an import reads."""
    return [_request(one) for one in nodes]


def _line(number: int, entry: object) -> Line:
    try:
        if not isinstance(entry, dict):
            raise _wrong("the entry", "an object")
        cells = sheets.asked(_request({"startsAt": None, **entry}))
    except Refused as refused:
        return Line(number, {}, wrong=refused.why)
    return sheets.line_of(number, {name: "" if cell is None else str(cell) for name, cell in cells.items()})


def _request(node: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _fitting({**node, "startsAt": sheets.begins(node)}, SHAPE, "")
    for name in ("controls", "criteria"):
        found[name] = found[name] or {"nodes": []}
        found[name]["nodes"] = found[name]["nodes"] or []
        for one in found[name]["nodes"]:
            if one is None or not (one["description"] or "").strip():
                raise Refused(Code.BAD_INPUT, f"one of the {name} says nothing; write its description", field=name)
    return found


def _fitting(value: Any, shape: Any, at: str) -> Any:
    """What of a value is in the shape; none for what is not there. Refused where it is something else."""
    if value is None:
        return None
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise _wrong(at, "an object")
        return {name: _fitting(value.get(name), inner, f"{at}.{name}".lstrip(".")) for name, inner in shape.items()}
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise _wrong(at, "a list")
        return [_fitting(one, shape[0], at) for one in value]
    if not isinstance(value, shape) or isinstance(value, bool):
        raise _wrong(at, _CALLED[shape])
    return value


def _wrong(at: str, wanted: str) -> Refused:
    why = f"{at} is not {wanted}; write it as hub exception export --format json does"
    return Refused(Code.BAD_INPUT, why, field=at.partition(".")[0])
