"""The printed schema is the promise: it is committed, described throughout, and not broken against the last tag."""

import subprocess
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    find_breaking_changes,
    print_schema,
)

from hub.people.access import Permission
from hub.people.asking import NEEDS
from hub.schema import graphql_schema, printed

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "schema.graphql"


def breaks(before: str, after: str) -> list[str]:
    """What a client of the schema before would miss in the one after."""
    return [change.description for change in find_breaking_changes(build_schema(before), build_schema(after))]


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert COMMITTED.read_text() == printed(), "run: hub schema > schema.graphql"


def test_nothing_a_client_uses_has_gone_since_the_last_tag() -> None:
    asked = subprocess.run(["git", "describe", "--tags", "--abbrev=0"], cwd=ROOT, capture_output=True, text=True)
    if asked.returncode != 0:
        return  # nothing was ever released, so nothing was promised
    shown = subprocess.run(
        ["git", "show", f"{asked.stdout.strip()}:schema.graphql"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert breaks(shown.stdout, COMMITTED.read_text()) == []


def test_a_field_that_goes_is_seen_as_a_break() -> None:
    before = print_schema(graphql_schema())
    assert breaks(before, before.replace('  """Why it is in this tier."""\n  tierWhy: String!\n', "")) == [
        "Field Model.tierWhy was removed."
    ]


def test_everything_is_described() -> None:
    wanting = []
    for kind in graphql_schema().type_map.values():
        if kind.name.startswith("__") or kind.name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        if not kind.description:
            wanting.append(kind.name)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for name, field in kind.fields.items():
                if not field.description:
                    wanting.append(f"{kind.name}.{name}")
                for argument, given in getattr(field, "args", {}).items():
                    if not given.description:
                        wanting.append(f"{kind.name}.{name}({argument})")
        if isinstance(kind, GraphQLEnumType):
            wanting += [f"{kind.name}.{word}" for word, value in kind.values.items() if not value.description]
    assert wanting == []


def test_every_mutation_names_its_permission() -> None:
    mutations = graphql_schema().mutation_type
    assert mutations is not None
    needs = {
        name: field.extensions["strawberry-definition"].metadata.get(NEEDS) for name, field in mutations.fields.items()
    }
    assert len(needs) >= 12
    assert [name for name, permission in needs.items() if not isinstance(permission, Permission)] == []
