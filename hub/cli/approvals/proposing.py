"""`hub approvals matrix propose`, `remove` and `withdraw`: changes of the matrix, decided under the row in force."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import AsJSON, Data, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote

WANTED = ("steps", "termDays", "rationale", "summary")

Kind = Annotated[
    str | None, typer.Option("--kind", help="About which kind of subject. Default: version.", show_default=False)
]
Tier = Annotated[
    str | None, typer.Option("--tier", help="For models of this tier; without it, any.", show_default=False)
]
Stage = Annotated[
    str | None, typer.Option("--stage", help="For this target stage; without it, any.", show_default=False)
]
Tag = Annotated[
    str | None, typer.Option("--tag", help="For models with this tag, as key or key=value.", show_default=False)
]

CHANGED = """fragment ChangedRow on MatrixChange {
  id subjectKind tier stage tag status summary before proposed request { ...After }
}"""


def _document(mutation: str, input: str) -> str:
    from hub.cli.approvals.queries import AFTER, REFUSAL

    return f"""mutation($input: {input}!) {{ {mutation}(input: $input) {{
  __typename {REFUSAL}
  ... on MatrixChanged {{ change {{ ...ChangedRow }} }}
}} }} {CHANGED} {AFTER}"""


def propose(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.yaml", help="The row as a file.", show_default=False)
    ] = None,
    kind: Kind = None,
    tier: Tier = None,
    stage: Stage = None,
    tag: Tag = None,
    step: Annotated[
        list[str] | None,
        typer.Option("--step", help="NAME:QUORUM:DISCIPLINE=LEAST,…; may be repeated, one after the other."),
    ] = None,
    term_days: Annotated[
        int | None, typer.Option("--term-days", help="Working days in which to decide.", show_default=False)
    ] = None,
    remind: Annotated[
        list[int] | None, typer.Option("--remind", metavar="HOURS", help="Remind after so many working hours.")
    ] = None,
    escalate: Annotated[
        list[str] | None,
        typer.Option(
            "--escalate", metavar="HOURS:WHOM", help="Whom to tell that nobody decides: OWNERS, a role, team:KEY."
        ),
    ] = None,
    at_end: Annotated[
        str | None, typer.Option("--at-end", metavar="WHAT", help="What happens at the term's end.", show_default=False)
    ] = None,
    calendar: Annotated[
        str | None, typer.Option("--calendar", help="Whose working time counts.", show_default=False)
    ] = None,
    rationale: Annotated[
        str | None, typer.Option("--rationale", help="Why so much is asked; stays with the row.", show_default=False)
    ] = None,
    summary: Annotated[
        str | None, typer.Option("--summary", help="What changes and why, for those who decide.", show_default=False)
    ] = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Propose what a row is to say, by a file, by options, or by both. Those whom the row in force asks decide.

    Example: hub approvals matrix propose --tier HIGH --stage PRODUCTION --step 'Board:2:RISK=1,COMPLIANCE=1'
    --term-days 5 --rationale 'harm to patients' --summary 'compliance sits on the board'
    """
    from hub.cli import remote
    from hub.cli.approvals import rows
    from hub.errors import Code, Refused

    asked = _selected(kind, tier, stage, tag)
    asked |= {"steps": [rows.step(one) for one in step]} if step else {}
    asked |= {"remindersH": remind} if remind else {}
    asked |= {"escalation": [rows.escalation(one) for one in escalate]} if escalate else {}
    told = {"termDays": term_days, "calendar": calendar, "rationale": rationale, "summary": summary}
    asked |= {name: value for name, value in told.items() if value is not None}
    asked |= {"atEnd": at_end.strip().upper()} if at_end is not None else {}
    # What is typed goes before what the file says.
    whole = (rows.read(file) if file is not None else {}) | asked
    missing = [name for name, known in rows.FIELDS.items() if known in WANTED and known not in whole]
    if missing:
        raise Refused(Code.BAD_INPUT, f"a row needs {', '.join(missing)}; say it by an option or in the file")
    _send(
        remote.found(data=data, url=url, token=token),
        "proposeApprovalRule",
        "ProposeApprovalRuleInput",
        whole,
        json=json,
    )


def remove(
    summary: Annotated[str, typer.Option("--summary", help="Why, for those who decide.")],
    kind: Kind = None,
    tier: Tier = None,
    stage: Stage = None,
    tag: Tag = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Propose that a row go; decided under that very row.

    Example: hub approvals matrix remove --tier HIGH --stage STAGING --summary 'checks suffice there'
    """
    from hub.cli import remote

    asked = _selected(kind, tier, stage, tag) | {"summary": summary}
    _send(
        remote.found(data=data, url=url, token=token), "removeApprovalRule", "RemoveApprovalRuleInput", asked, json=json
    )


def withdraw(
    change: Annotated[str, typer.Argument(metavar="CHANGE", help="Its id, as hub approvals matrix changes shows it.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Take back a change of the matrix that you proposed.

    Example: hub approvals matrix withdraw 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11
    """
    from hub.cli import remote
    from hub.cli.approvals.naming import global_id

    id = global_id(change, "MatrixChange", field="change", see="hub approvals matrix changes")
    hub = remote.found(data=data, url=url, token=token)
    _send(hub, "withdrawMatrixChange", "WithdrawMatrixChangeInput", {"change": id}, json=json)


def _selected(kind: str | None, tier: str | None, stage: str | None, tag: str | None) -> dict[str, Any]:
    from hub.cli.approvals.naming import word
    from hub.models import tables as models

    asked: dict[str, Any] = {"kind": kind.strip().lower().replace("-", "_")} if kind is not None else {}
    asked |= {"tier": word(tier, models.RiskTier, option="--tier")} if tier is not None else {}
    asked |= {"stage": word(stage, models.Stage, option="--stage")} if stage is not None else {}
    return asked | ({"tag": tag} if tag is not None else {})


def _send(hub: "Remote", mutation: str, input: str, asked: dict[str, Any], *, json: bool) -> None:
    from hub.cli import printing
    from hub.cli.approvals import following, rows
    from hub.cli.approvals.naming import bare
    from hub.cli.gate.inert import inert

    made = hub.change(_document(mutation, input), input=asked)["change"]
    if json:
        printing.as_json(made)
        return
    printing.line(f"{rows.about(made)}: {inert(made['summary'])}")
    for line in _difference(made["before"], made["proposed"]):
        printing.line(f"  {line}")
    printing.line(f"change {bare(made['id'])} is {inert(made['status'])}")
    if made["request"] is not None and made["status"] == "IN_REVIEW":
        following.say(made["request"], [], f"asked in request {bare(made['request']['id'])}")


def _difference(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[str]:
    """What a change alters, field by field."""
    if after is None:
        return ["the row goes"]
    old = before or {}
    lines = ["a new row"] if before is None else []
    for name, value in after.items():
        if old.get(name) != value:
            was = f"{_value(name, old[name])} -> " if name in old else ""
            lines.append(f"{name.replace('_', ' ')}: {was}{_value(name, value)}")
    return lines


def _value(name: str, value: Any) -> str:
    from hub.cli.approvals import rows
    from hub.cli.gate.inert import inert

    if name == "steps":
        return rows.notation(value)
    if name == "escalation":
        return ", ".join(f"{one['after_h']} h: {inert(one['to'])}" for one in value) or "nobody"
    if isinstance(value, list):
        return ", ".join(map(inert, value)) or "none"
    return inert(value)
