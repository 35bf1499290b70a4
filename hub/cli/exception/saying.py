"""`hub exception attest`, `control`, `confirm` and `reopen`: a granted exception's controls and criteria."""

from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.options import AsJSON, Data, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote

SHOWS = "hub exception show EXCEPTION"

Criterion = Annotated[
    str, typer.Argument(metavar="CRITERION", help="The criterion's id, as hub exception show has it.")
]
Evidence = Annotated[str, typer.Option("--evidence", metavar="URL", help="Where that can be seen.", show_default=False)]


def attest(
    control: Annotated[str, typer.Argument(metavar="CONTROL", help="The control's id, as hub exception show has it.")],
    note: Annotated[str, typer.Option("--note", help="What you looked at.")],
    evidence: Evidence = "",
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Say that a control holds. You are the person it names, or the exception's owner where it names nobody.

    Example: hub exception attest 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --note 'read all scans of May'
    """
    from hub.cli import remote
    from hub.cli.approvals.naming import global_id
    from hub.cli.exception import queries

    asked = {"control": global_id(control, "CompensatingControl", field="control", see=SHOWS), "note": note}
    hub = remote.found(data=data, url=url, token=token)
    _say(hub, queries.ATTEST, asked | {"evidenceUrl": evidence}, "it is on record that the control holds", json=json)


def control(
    control: Annotated[str, typer.Argument(metavar="CONTROL", help="The control's id, as hub exception show has it.")],
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="Who confirms it from now on.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Have somebody else confirm a control.

    Whoever decides exceptions may; its owner may once its attestor has left.

    Example: hub exception control 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 rita
    """
    from hub.cli import remote
    from hub.cli.approvals.naming import global_id, person
    from hub.cli.exception import queries

    id = global_id(control, "CompensatingControl", field="control", see=SHOWS)
    hub = remote.found(data=data, url=url, token=token)
    asked = {"control": id, "attestor": person(hub, handle, field="handle")["id"]}
    _say(hub, queries.HAND, asked, f"{handle} is to confirm the control from now on", json=json)


def confirm(
    criterion: Criterion,
    note: Annotated[str, typer.Option("--note", help="How it is met.")],
    evidence: Evidence = "",
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Say that a criterion is met, as the exception's owner. One that is tied to a policy is met by itself.

    Example: hub exception confirm 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --note 'the new scans are in'
    """
    from hub.cli import remote
    from hub.cli.exception import queries

    hub = remote.found(data=data, url=url, token=token)
    asked = {"criterion": _criterion(criterion), "note": note, "evidenceUrl": evidence}
    _say(hub, queries.CONFIRM, asked, "it is on record that the criterion is met", json=json)


def reopen(
    criterion: Criterion,
    note: Annotated[str, typer.Option("--note", help="Why it is not met.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Say that a criterion is not met after all. It is for the exception's owner, or for one who decides such.

    Example: hub exception reopen 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --note 'half of the scans are blank'
    """
    from hub.cli import remote
    from hub.cli.exception import queries

    hub = remote.found(data=data, url=url, token=token)
    asked = {"criterion": _criterion(criterion), "note": note}
    _say(hub, queries.REOPEN, asked, "the criterion is open again", json=json)


def _criterion(text: str) -> str:
    from hub.cli.approvals.naming import global_id

    return global_id(text, "AcceptanceCriterion", field="criterion", see=SHOWS)


def _say(hub: "Remote", document: str, asked: dict[str, str], done: str, *, json: bool) -> None:
    from hub.cli import printing
    from hub.cli.exception import following

    made = hub.change(document, input=asked)["exception"]
    if json:
        printing.as_json(made)
        return
    following.say(made, done)
