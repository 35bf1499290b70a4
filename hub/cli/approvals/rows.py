"""A row of the approval matrix as it is typed, as a file has it, and as a table shows it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.cli.gate.inert import inert
from hub.errors import Code, Refused

if TYPE_CHECKING:
    from hub.policies.bundles.yaml_text import Tree

FIELDS = {
    "kind": "kind", "tier": "tier", "stage": "stage", "tag": "tag", "steps": "steps", "term_days": "termDays",
    "reminders_h": "remindersH", "escalation": "escalation", "at_end": "atEnd", "calendar": "calendar",
    "rationale": "rationale", "summary": "summary",
}  # fmt: skip
"""What a file may say, and what the graph calls it."""

STEP = ("name", "quorum", "disciplines", "different", "roles", "group", "team")
NOTATION = "write NAME:QUORUM:DISCIPLINE=LEAST,…:group=OWNERS,role=MODEL_OWNER, such as Board:2:RISK=1,COMPLIANCE=1"


def step(text: str) -> dict[str, Any]:
    """A step as it is typed: `Board:2:RISK=1,COMPLIANCE=1`, with `different=`, `role=`, `group=` or `team=` behind."""
    name, *rest = text.split(":")
    if not 1 <= len(rest) <= 3 or not name.strip() or not rest[0].strip().isdecimal():
        raise _misread(text)
    found: dict[str, Any] = {"name": name.strip(), "quorum": int(rest[0])}
    if len(rest) > 1:
        found["disciplines"] = [_discipline(word, text) for word in _listed(rest[1])]
    for word in _listed(rest[2]) if len(rest) > 2 else ():
        key, _, value = (part.strip() for part in word.partition("="))
        match key:
            case "different" if value.isdecimal():
                found["different"] = int(value)
            case "role":
                found.setdefault("roles", []).append(value.upper())
            case "group":
                found["group"] = value.upper()
            case "team":
                found |= {"group": "TEAM", "team": value}
            case _:
                raise _misread(text)
    return found


def escalation(text: str) -> dict[str, Any]:
    """Whom to tell after how many working hours, as it is typed: `40:OWNERS` or `60:team:risk`."""
    after, _, to = text.partition(":")
    if not after.strip().isdecimal() or not to.strip():
        raise Refused(Code.BAD_INPUT, f"--escalate {inert(text, 80)}: write HOURS:WHOM, such as 40:OWNERS")
    return {"afterH": int(after), "to": to.strip()}


def read(path: Path) -> dict[str, Any]:
    """What a YAML file says of a row, as the graph takes it."""
    from hub.policies.bundles import yaml_text

    try:
        with path.open("rb") as file:
            words = file.read(yaml_text.MOST_BYTES + 1)
    except OSError as error:
        raise Refused(Code.NOT_FOUND, f"{path} cannot be read ({error.strerror or error})", field="file") from None
    tree = yaml_text.tree(yaml_text.decoded(words, name=str(path)), name=str(path))
    said = _mapping(tree, (), FIELDS)
    found = {FIELDS[name]: value for name, value in said.items() if value is not None}
    if "steps" in found:
        found["steps"] = [_step_of(tree, at) for at in range(len(_list(tree, ("steps",), found["steps"])))]
    if "escalation" in found:
        rows = _list(tree, ("escalation",), found["escalation"])
        each = [_mapping(tree, ("escalation", at), ("after_h", "to")) for at in range(len(rows))]
        found["escalation"] = [{"afterH": one.get("after_h"), "to": one.get("to")} for one in each]
    return found


def notation(steps: Sequence[Mapping[str, Any]]) -> str:
    """Steps as they are typed, one after the other."""
    return " > ".join(map(_notation, steps)) or "checks alone"


def about(row: Mapping[str, Any]) -> str:
    """What a row is for, in words."""
    told = [inert(row[name]) for name in ("tier", "stage", "tag") if row[name]]
    return " ".join([inert(row["subjectKind"]).replace("_", " "), *(told or ["any"])])


def _notation(step: Mapping[str, Any]) -> str:
    fields = [inert(field) + (f"={least}" if least else "") for field, least in step["disciplines"].items()]
    more = [f"different={step['different']}"] if step["different"] else []
    more += [f"role={inert(role)}" for role in step["roles"] if step["roles"] != ["MODEL_APPROVER"]]
    if step["team"]:
        more.append(f"team={inert(step['team'])}")
    elif step["group"] != "ANYBODY":
        more.append(f"group={inert(step['group'])}")
    parts = [inert(step["name"], 60), str(step["quorum"]), ",".join(fields), ",".join(more)]
    return ":".join(parts).rstrip(":")


def _step_of(tree: "Tree", at: int) -> dict[str, Any]:
    found = _mapping(tree, ("steps", at), STEP)
    fields = found.get("disciplines")
    if isinstance(fields, Mapping):
        found["disciplines"] = [{"discipline": name, "least": least} for name, least in fields.items()]
    elif fields is not None:
        found["disciplines"] = [{"discipline": name} for name in _list(tree, ("steps", at, "disciplines"), fields)]
    return found


def _mapping(tree: "Tree", path: tuple[str | int, ...], names: Any) -> dict[str, Any]:
    value = tree.value
    for part in path:
        value = value[part]
    if not isinstance(value, Mapping):
        raise tree.refused(path, f"a mapping with {', '.join(names)} is wanted")
    for name in value:
        if name not in names:
            raise tree.refused_key((*path, name), f"{str(name)[:80]!r} is none of {', '.join(names)}")
    return dict(value)


def _list(tree: "Tree", path: tuple[str | int, ...], value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise tree.refused(path, "a list is wanted")
    return value


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _discipline(word: str, text: str) -> dict[str, Any]:
    name, equals, least = (part.strip() for part in word.partition("="))
    if equals and not least.isdecimal():
        raise _misread(text)
    return {"discipline": name.upper()} | ({"least": int(least)} if equals else {})


def _misread(text: str) -> Refused:
    return Refused(Code.BAD_INPUT, f"--step {inert(text, 100)}: {NOTATION}", field="step")
