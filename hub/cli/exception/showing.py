"""`hub exception show`: one exception, with all that is known of it."""

import sys
from datetime import UTC, datetime

from hub.cli.exception.given import LISTS, Exception_
from hub.cli.options import AsJSON, Data, Token, Url


def show(
    exception: Exception_,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Show an exception, and what you can do. It says what is let pass, why, until when, and who is asked.

    Example: hub exception show 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11
    """
    from hub.cli import printing, remote
    from hub.cli.approvals.naming import global_id, node
    from hub.cli.exception import queries, sheet
    from hub.cli.gate.text import width_of

    id = global_id(exception, "PolicyException", field="exception", see=LISTS)
    hub = remote.found(data=data, url=url, token=token)
    found = node(hub, queries.SHOWN, id, field="exception", see=LISTS)
    if json:
        printing.as_json(found["node"])
        return
    for line in sheet.lines(found["node"], found["viewer"], datetime.now(UTC), width_of(sys.stdout)):
        printing.line(line)
