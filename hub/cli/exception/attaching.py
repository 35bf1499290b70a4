"""`hub exception attach`: files put with an exception."""

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.exception.given import LISTS, Exception_
from hub.cli.options import AsJSON, Data, Token, Url


def attach(
    exception: Exception_,
    file: Annotated[list[Path], typer.Argument(metavar="FILE…", help="The files, of at most 5 MB each.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Put files with an exception, as whoever asked or its owner. Until it is decided, people are asked anew, once.

    Example: hub exception attach 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 report.pdf
    """
    from hub.cli import printing, remote
    from hub.cli.approvals.naming import bare, global_id
    from hub.cli.exception import files, queries

    id = global_id(exception, "PolicyException", field="exception", see=LISTS)
    read = files.read(file)
    hub = remote.found(data=data, url=url, token=token)
    made = hub.change(queries.ATTACH, input={"exception": id, "attachments": files.sent(hub, read)})
    if json:
        printing.as_json({"askedAnew": made["askedAnew"], **made["exception"]})
        return
    for line in files.said(made["exception"], read):
        printing.line(line)
    if asked := made["askedAnew"]:
        printing.line(f"people are asked anew, in request {bare(asked['id'])}; what was signed before does not count")
