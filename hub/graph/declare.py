"""How a field of the schema is read: said beside its Strawberry definition, used by the compiler.

Templates name aliases and values in braces: `{t}` the row itself, `{p}` the parent's row, `{v}` a filter's value,
`{x}` the expression a nested filter is about, `{now}`, `{person}`, `{teams}` what is known of the reader, and the
field's own arguments by name. Every value becomes a bound parameter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

import strawberry
from sqlmodel import SQLModel
from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

READ = "hub.read"
WHERE = "hub.where"

CONTEXT = {"now": "timestamptz", "person": "uuid", "teams": "uuid[]"}

C = TypeVar("C", bound=type)

PLANNED: list[type] = []
"""Every planned type, in the order of declaration."""


@dataclass(frozen=True, slots=True)
class Column:
    """A scalar of the row: a column of its table, or an SQL expression."""

    sql: str | None = None
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class One:
    """One row of another type. `implied`: whoever sees the parent sees it, so no further predicate is written."""

    on: str
    implied: bool = False
    needs: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Many:
    """A connection. `through` joins further tables; `source` replaces the type's own FROM item."""

    on: str = ""
    through: str = ""
    source: str | None = None
    implied: bool = False
    needs: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One row of one of several types, told apart by a kind beside the id."""

    kind: str
    id: str
    types: Mapping[str, str]
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class ById:
    """The row that a global id names, whatever its type."""

    needs: str | None = None


Read = Column | One | Many | AnyOf | ById


@dataclass(frozen=True, slots=True)
class Where:
    """A filter field: its SQL, the type its value is cast to, the type of node when the value is a global id.

    With `about` the field's value is an input object whose own fields speak about `{x}`; `sql` then wraps them
    at `{inner}`. With `otherwise` it is a yes or no that chooses between `sql` and that.
    """

    sql: str = ""
    cast: str = "text"
    node: str | None = None
    about: str | None = None
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An ordering: an expression that is never null, and its SQL type."""

    sql: str
    cast: str


@dataclass(frozen=True, slots=True)
class Visible:
    """Who sees a row: one predicate for each class of readers; an empty one means every row."""

    classes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows of a type come from."""

    table: type[SQLModel] | None
    sql: str
    visible: Visible | None
    orders: Mapping[str, Order]
    default: tuple[tuple[str, bool], ...]
    filter: type | None
    key: str = "{t}.id"


class Direction(StrEnum):
    """Which end of an ordering comes first."""

    ASC = "ASC"
    DESC = "DESC"


DirectionEnum = strawberry.enum(Direction, description="Which end of an ordering comes first.")


def column(description: str, *, sql: str | None = None, needs: str | None = None, name: str | None = None) -> Any:
    """A scalar field; without `sql` the table's column of the same name."""
    return strawberry.field(description=description, name=name, metadata={READ: Column(sql, needs)})


def one(
    description: str,
    *,
    by: str | None = None,
    on: str | None = None,
    implied: bool = False,
    needs: str | None = None,
    args: Mapping[str, tuple[Any, str, str]] | None = None,
) -> Any:
    """A field of one row: `by` the parent's column that holds its id, or `on` a condition of its own."""
    on = on if on is not None else f"{{t}}.id = {{p}}.{by}"
    return _with_args(description, One(on, implied, needs, {k: v[1] for k, v in (args or {}).items()}), args or {})


def many(
    description: str,
    *,
    by: str | None = None,
    on: str = "",
    through: str = "",
    source: str | None = None,
    implied: bool = False,
    needs: str | None = None,
    args: Mapping[str, tuple[Any, str, str]] | None = None,
) -> Any:
    """A connection: `by` the child's column that holds the parent's id, or `on` a condition of its own.

    `args` maps a name to (type, SQL cast, description).
    """
    on = f"{{t}}.{by} = {{p}}.id" if by else on
    read = Many(on, through, source, implied, needs, {k: v[1] for k, v in (args or {}).items()})
    return _with_args(description, read, args or {})


def any_of(description: str, *, kind: str, id: str, types: Mapping[str, str]) -> Any:
    return strawberry.field(description=description, metadata={READ: AnyOf(kind, id, types)})


def by_id(description: str) -> Any:
    return _with_args(description, ById(), {"id": (strawberry.ID, "text", "The global id.")})


def where(sql: str, description: str, *, cast: str = "text", node: str | None = None, name: str | None = None) -> Any:
    """A filter field; `node` names the type whose global id the value is."""
    read = Where(sql, cast, node)
    return strawberry.field(default=UNSET, description=description, name=name, metadata={WHERE: read})


def flag(yes: str, no: str, description: str) -> Any:
    """A filter field of yes or no, each with its own SQL.

    The answer is part of the plan and no parameter of it, so that an index over those rows alone can serve it.
    """
    read = Where(yes, "bool", otherwise=no)
    return strawberry.field(default=UNSET, description=description, metadata={WHERE: read})


def about(expression: str, description: str, *, sql: str = "{inner}") -> Any:
    """A filter field whose value is an input object about `expression`."""
    return strawberry.field(default=UNSET, description=description, metadata={WHERE: Where(sql, about=expression)})


def either(description: str) -> Any:
    """A filter field `any`: a list of filters of which at least one holds."""
    return strawberry.field(default=UNSET, description=description, metadata={WHERE: Where("any", about="{t}")})


def neither(description: str) -> Any:
    """A filter field `not`: a filter that does not hold."""
    return strawberry.field(
        name="not", default=UNSET, description=description, metadata={WHERE: Where("not", about="{t}")}
    )


def argument(name: str, annotation: Any, description: str) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
    )


def _with_args(description: str, read: Read, args: Mapping[str, tuple[Any, str, str]]) -> Any:
    made = strawberry.field(description=description, metadata={READ: read})
    made.arguments = [argument(name, kind, text) for name, (kind, _cast, text) in args.items()]
    return made


def planned(
    table: type[SQLModel] | None = None,
    *,
    sql: str | None = None,
    key: str = "{t}.id",
    visible: Visible | None = None,
    orders: Mapping[str, str | Order] | None = None,
    default: str = "",
    filter: type | None = None,
    name: str | None = None,
) -> Callable[[C], C]:
    """Make a Strawberry type whose rows the read engine fetches.

    `orders` maps an ordering's name to a column or an Order; `default` reads like "-CREATED_AT,NAME".
    """

    def decorate(cls: C) -> C:
        made = strawberry.type(name=name, description=(cls.__doc__ or "").strip())(cls)
        from_sql = sql or (str(table.__tablename__) if table is not None else "")
        source = Source(
            table=table,
            sql=from_sql,
            visible=visible,
            orders={k: o if isinstance(o, Order) else _order(table, o) for k, o in (orders or {}).items()},
            default=tuple((w.lstrip("-"), w.startswith("-")) for w in default.split(",") if w),
            filter=filter,
            key=key,
        )
        made.__hub_source__ = source  # type: ignore[attr-defined]
        PLANNED.append(made)
        return made

    return decorate


def extends(target: type) -> Callable[[C], C]:
    """Give a type of a lower concept further fields, declared where they belong."""

    def decorate(cls: C) -> C:
        made = strawberry.type(cls)
        target.__strawberry_definition__.fields.extend(  # type: ignore[attr-defined]
            made.__strawberry_definition__.fields  # type: ignore[attr-defined]
        )
        return made

    return decorate


PG_TYPES = {"DATETIME": "timestamptz", "UUID": "uuid", "INTEGER": "int8", "BIGINTEGER": "int8", "FLOAT": "float8"}


def _order(table: type[SQLModel] | None, column_name: str) -> Order:
    assert table is not None
    found = SQLModel.metadata.tables[str(table.__tablename__)].columns[column_name]
    if found.nullable:
        raise TypeError(f"{table.__tablename__}.{column_name} may be null: order by an expression that is not")
    kind = PG_TYPES.get(type(found.type).__name__.upper(), "text")
    return Order(f"{{t}}.{column_name}", kind)
