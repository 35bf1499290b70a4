"""Every GraphQL document of the documentation is one that the schema takes; so are the words that name its fields."""

import re
from collections.abc import Iterator

import pytest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, get_named_type, parse, validate

from hub.schema import graphql_schema
from tests.docs.pages import Asked, documents, inline

SCHEMA = graphql_schema()
ASKED = documents()
FIELD = re.compile(r"[a-z]+(?:[A-Z][a-z0-9]*)+")
CALL = re.compile(r"(\w+)\((.*)\)")
OF_OTHERS = {"versionControlProvenance"}
"""Names of other people's formats: SARIF's."""


def fields() -> Iterator[tuple[str, set[str]]]:
    """Fields of all types, each with its arguments and what they hold; arguments and fields of inputs by themselves."""
    for kind in SCHEMA.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                inputs = [get_named_type(argument.type) for argument in field.args.values()]
                held = {
                    inner for given in inputs if isinstance(given, GraphQLInputObjectType) for inner in given.fields
                }
                yield name, held | set(field.args)
                yield from ((argument, set()) for argument in field.args)
        elif isinstance(kind, GraphQLInputObjectType):
            yield from ((name, set()) for name in kind.fields)


KNOWN: dict[str, set[str]] = {}
for _name, _arguments in fields():
    KNOWN.setdefault(_name, set()).update(_arguments)


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: str(asked.block))
def test_a_document_is_valid(asked: Asked) -> None:
    assert [str(error) for error in validate(SCHEMA, parse(asked.block.text))] == []


def test_the_documentation_has_documents_and_answers() -> None:
    assert len(ASKED) >= 10
    assert [asked.block.page for asked in ASKED if asked.answer is not None] == ["docs/approvals/matrix.md"]


def test_every_list_and_mutation_takes_what_the_readme_says() -> None:
    kinds = [kind for kind in SCHEMA.type_map.values() if isinstance(kind, GraphQLObjectType)]
    lists = [
        (f"{kind.name}.{name}", set(field.args), get_named_type(field.type))
        for kind in kinds
        for name, field in kind.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
    ]
    assert [name for name, given, _ in lists if not given >= {"first", "after", "last", "before", "orderBy"}] == []
    assert [name for name, _, of in lists if "totalCount" not in getattr(of, "fields", {})] == []
    assert sum("filter" in given for _, given, _ in lists) > 0.8 * len(lists)
    mutations = SCHEMA.mutation_type
    assert mutations is not None
    for name, field in mutations.fields.items():
        assert "idempotencyKey" in field.args, name
        assert "Refusal" in [kind.name for kind in getattr(get_named_type(field.type), "types", ())], name


def test_a_field_that_is_named_is_one_of_the_schema() -> None:
    named = {(page, code) for page, code in inline() if FIELD.fullmatch(code) and code not in OF_OTHERS}
    assert len(named) >= 60
    assert sorted((page, code) for page, code in named if code not in KNOWN) == []


def test_a_field_that_is_named_with_arguments_takes_them() -> None:
    called = [(page, found) for page, code in inline() if (found := CALL.fullmatch(code)) and found[1] in KNOWN]
    assert len(called) >= 10
    for page, found in called:
        words = set(re.findall(r"\b[a-z]\w*", found[2])) - {"true", "false"}
        assert words <= KNOWN[found[1]], (page, found[0])
