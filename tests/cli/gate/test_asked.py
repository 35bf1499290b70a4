"""What the gate asks is understood by this hub's own schema."""

import pytest
from graphql import parse, validate

from hub.cli import named, permit
from hub.cli.gate import queries
from hub.schema import graphql_schema

DOCUMENTS = {
    name: text
    for of in (named, queries)
    for name in dir(of)
    if name.isupper() and isinstance(text := getattr(of, name), str) and not text.startswith("fragment")
} | {"LIST": permit.LIST}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_schema_knows_what_is_asked(name: str) -> None:
    kept = [error.message for error in validate(graphql_schema(), parse(DOCUMENTS[name]))]
    # The fragment of an intent is sent along with its checks', used or not.
    assert kept == []
