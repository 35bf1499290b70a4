"""What `hub exception bulk` asks of the graph, word for word."""

from collections.abc import Iterator, Sequence
from typing import Any

from hub.cli.exception.queries import REFUSAL
from hub.cli.remote import Remote

AT_ONCE = 10
"""As many root fields as one request may have."""

ITEMS = "items { exception done what code why }"

PREVIEW = f"""mutation($input: ExceptionBulkInput!) {{ previewExceptionBulk(input: $input) {{
  __typename {REFUSAL}
  ... on ExceptionBulkPreview {{ digest {ITEMS} }}
}} }}"""

ACT = f"""mutation($input: ActOnExceptionsInput!) {{ actOnExceptions(input: $input) {{
  __typename {REFUSAL}
  ... on ExceptionBulkDone {{ {ITEMS} }}
}} }}"""

NAMED = "... on PolicyException { id stage policy { key } model { name } version { name } }"


def names(hub: Remote, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What each exception is about, by its id; one that this token may not see is absent."""
    return {one["id"]: one for some in _some(ids) for one in _asked(hub, some) if one}


def _asked(hub: Remote, ids: Sequence[str]) -> Iterator[dict[str, Any] | None]:
    wanted = ", ".join(f"$n{place}: ID!" for place in range(len(ids)))
    fields = " ".join(f"n{place}: node(id: $n{place}) {{ {NAMED} }}" for place in range(len(ids)))
    yield from hub.ask(f"query({wanted}) {{ {fields} }}", **{f"n{place}": id for place, id in enumerate(ids)}).values()


def _some(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(ids), AT_ONCE):
        yield ids[begin : begin + AT_ONCE]
