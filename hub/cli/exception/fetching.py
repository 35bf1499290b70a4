"""`hub exception fetch`: a file that was put with an exception."""

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.exception.given import Exception_
from hub.cli.options import Data, Token, Url

SHOWS = "hub exception show"


def fetch(
    exception: Exception_,
    attachment: Annotated[
        str, typer.Argument(metavar="ATTACHMENT", help="The attachment's id, as hub exception show names it.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="The file. Default: the attachment's name, here.", show_default=False)
    ] = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
) -> None:
    """Write a file that was put with an exception. It is written once its content is what the hub says it is.

    Example: hub exception fetch 0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 0197b0c6-6b1f-7d4b-8e65-4e2a1dab3c22
    """
    from hashlib import sha256

    from hub.cli import printing, remote
    from hub.cli.approvals.naming import bare, global_id, node
    from hub.cli.exception import queries
    from hub.cli.exception.given import LISTS
    from hub.errors import Code, Refused
    from hub.exceptions.attachments import rules

    of = global_id(exception, "PolicyException", field="exception", see=LISTS)
    id = global_id(attachment, "ExceptionAttachment", field="attachment", see=SHOWS)
    hub = remote.found(data=data, url=url, token=token)
    found = node(hub, queries.FILE, id, field="attachment", see=SHOWS)["node"]
    body = hub.read(f"/exceptions/{bare(of)}/attachments/{bare(id)}")
    if sha256(body).hexdigest() != found["sha256"]:
        raise Refused(Code.UNAVAILABLE, "what came is not what was attached; nothing was written, fetch it again")
    # The name is what somebody else chose: it leads nowhere but here, and over nothing that is here.
    path = out or Path(rules.file_name(found["name"]))
    try:
        with path.open("wb" if out else "xb") as opened:
            opened.write(body)
    except FileExistsError:
        why = f"{path} is there already; say where with --out FILE"
        raise Refused(Code.BAD_INPUT, why, field="out") from None
    except OSError as error:
        raise Refused(
            Code.BAD_INPUT, f"{path} cannot be written ({error.strerror}); name another with --out", field="out"
        ) from None
    printing.line(f"{path}: {len(body):,} bytes, sha256 {found['sha256']}")
