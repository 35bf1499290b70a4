"""Walked execution: the same schema answered field by field by graphql-core, with paging done in Python.

It shares the declared predicates with the compiler and nothing else: no splicing of texts, no aliases across levels,
no keyset SQL, no plans. It is slow and plain, and what it says is what the compiled statement must say.
"""

import json
from asyncio import Lock
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema, execute, parse, print_schema
from graphql.execution import ExecutionResult
from strawberry.utils.str_converters import to_camel_case

from hub.graph.catalog import Catalog, FieldPlan, TypePlan
from hub.graph.declare import CONTEXT, AnyOf, ById, Column, Many, One, Source, Where
from hub.graph.values import Reader

Pair = tuple[str, bool]


@dataclass
class Row:
    """One row as the walker holds it: everything it can say without another question.

    `among` are the rows that it is one of, as SQL.
    """

    type: TypePlan
    among: str
    key: UUID
    columns: dict[str, Any]
    orders: dict[str, Any]
    ends: dict[str, tuple[str, UUID]] = field(default_factory=dict)


@dataclass
class Page:
    """A connection's answer."""

    rows: list[Row]
    orderings: list[Pair]
    total: int
    before: bool
    after: bool


class Walker:
    """Answers documents by walking them."""

    def __init__(self, catalog: Catalog, connection: "asyncpg.Connection[asyncpg.Record]", reader: Reader, now: Any):
        self.catalog = catalog
        self.schema: GraphQLSchema = build_schema(print_schema(catalog.schema))
        self._connection = connection
        self._reader = reader
        self._turn = Lock()
        self._binds = {**reader.binds, "now": now}

    async def answer(self, document: str, variables: Mapping[str, Any]) -> ExecutionResult:
        made = execute(
            self.schema,
            parse(document),
            variable_values=dict(variables),
            field_resolver=self._resolve,
            type_resolver=lambda value, _info, _kind: value.type.name,
        )
        return await made if not isinstance(made, ExecutionResult) else made

    async def _resolve(self, source: Any, info: GraphQLResolveInfo, **args: Any) -> Any:
        if isinstance(source, Page):
            return self._of_page(source, info.field_name)
        if isinstance(source, tuple):
            row, orderings = source
            return row if info.field_name == "node" else cursor(row, orderings)
        if isinstance(source, dict):
            return source[info.field_name]
        found = self.catalog.types[info.parent_type.name].fields[info.field_name]
        match found.read:
            case Column():
                return source.columns[found.name]
            case One():
                return await self._one(source, found, found.read, args)
            case AnyOf():
                kind, id = source.ends[found.name]
                return await self._by_id(found.read.types.get(kind), id)
            case ById():
                name, _, rest = args["id"].partition(":")
                return await self._by_id(name, UUID(rest))
            case Many():
                return await self._many(source, found, found.read, args)

    def _of_page(self, page: Page, name: str) -> Any:
        match name:
            case "nodes":
                return page.rows
            case "edges":
                return [(row, page.orderings) for row in page.rows]
            case "totalCount":
                return page.total
        return {
            "hasNextPage": page.after,
            "hasPreviousPage": page.before,
            "startCursor": cursor(page.rows[0], page.orderings) if page.rows else None,
            "endCursor": cursor(page.rows[-1], page.orderings) if page.rows else None,
        }

    async def _by_id(self, name: str | None, id: UUID) -> Row | None:
        kind = self.catalog.types.get(name or "")
        if kind is None or "id" not in kind.fields:
            return None
        rows = await self._rows(kind, kind.source, "", f"{kind.source.key.format(t='t')} = {_literal(id)}", {})
        return rows[0] if rows else None

    async def _one(self, source: Row | None, found: FieldPlan, read: One, args: Mapping[str, Any]) -> Row | None:
        kind = self.catalog.types[found.yields]
        names = {k: _literal(args.get(to_camel_case(k)), cast, cast.partition(" ")[2]) for k, cast in read.args.items()}
        rows = await self._rows(kind, kind.source, "", read.on, names, source)
        assert len(rows) <= 1
        return rows[0] if rows else None

    async def _many(self, source: Row | None, found: FieldPlan, read: Many, args: Mapping[str, Any]) -> Page:
        kind = self.catalog.types[found.yields]
        names = {k: _literal(args.get(to_camel_case(k)), cast, cast.partition(" ")[2]) for k, cast in read.args.items()}
        rows = await self._rows(kind, kind.source, read.source or "", read.on, names, source)
        if args.get("filter") is not None:
            kept = await self._matching(kind, read, names, source, found, args["filter"])
            rows = [row for row in rows if row.key in kept]
        orderings: list[Pair] = []
        for asked in args.get("orderBy") or []:
            if asked["by"] not in [name for name, _ in orderings]:
                orderings.append((asked["by"], asked.get("direction") == "DESC"))
        orderings = orderings or [(name, falls) for name, falls in kind.source.default]
        rows.sort(key=lambda row: row.key.bytes, reverse=bool(orderings and orderings[-1][1]))
        for name, falls in reversed(orderings):
            rows.sort(key=lambda row, name=name: row.orders[name], reverse=falls)  # type: ignore[misc]
        return self._page(rows, orderings, args)

    @staticmethod
    def _page(rows: list[Row], orderings: list[Pair], args: Mapping[str, Any]) -> Page:
        first, last, after, before = (args.get(word) for word in ("first", "last", "after", "before"))
        low = sum(not _precedes(after, row, orderings) for row in rows) if after is not None else 0
        high = sum(_precedes(before, row, orderings, strictly_before=True) for row in rows) if before else len(rows)
        window = rows[low:high] if high > low else []
        size = first if first is not None else last
        cut = window[:size] if first is not None else window[-size:]
        more = len(window) > size
        return Page(
            cut,
            orderings,
            len(rows),
            before=low > 0 or (first is None and more),
            after=high < len(rows) or (first is not None and more),
        )

    async def _matching(
        self, kind: TypePlan, read: Many, names: dict[str, str], source: Row | None, found: FieldPlan, given: Any
    ) -> set[UUID]:
        input_name = f"{kind.name}Filter"
        every = await self._rows(kind, kind.source, read.source or "", read.on, names, source)
        universe = {row.key for row in every}

        async def holds(predicate: str) -> set[UUID]:
            on = f"{read.on} AND ({predicate})" if read.on else predicate
            return {row.key for row in await self._rows(kind, kind.source, read.source or "", on, names, source)}

        return await self._filtered(input_name, given, universe, holds)

    async def _filtered(self, input_name: str, given: Mapping[str, Any], universe: set[UUID], holds: Any) -> set[UUID]:
        kept = set(universe)
        for name, value in given.items():
            if value is None:
                continue
            where = self.catalog.filters[input_name][name]
            if where.about == "{t}" and where.sql == "not":
                empty = not any(v is not None for v in value.values())
                kept = set() if empty else kept - await self._filtered(input_name, value, universe, holds)
            elif where.about == "{t}":
                parts = [await self._filtered(input_name, item, universe, holds) for item in value]
                kept &= set().union(*parts) if parts else set()
            else:
                predicate = self._predicate(where, input_name, name, value)
                if predicate is not None:
                    kept &= await holds(predicate)
        return kept

    def _predicate(self, where: Where, input_name: str, name: str, value: Any) -> str | None:
        if where.otherwise is not None:
            return where.sql if value else where.otherwise
        if where.about is None:
            return where.sql.replace("{v}", _literal(value, where.cast, where.node))
        inner_name = self.schema.type_map[input_name].fields[name].type.name  # type: ignore[attr-defined]
        parts = []
        for part, given in value.items():
            if given is not None:
                inner = self.catalog.filters[inner_name][part]
                about = where.about.replace("{n}", "nested")
                parts.append(inner.sql.replace("{x}", about).replace("{v}", _literal(given, inner.cast, inner.node)))
        return where.sql.replace("{n}", "nested").replace("{inner}", " AND ".join(parts)) if parts else None

    async def _rows(
        self, kind: TypePlan, source: Source, from_sql: str, on: str, names: dict[str, str], parent: Row | None = None
    ) -> list[Row]:
        columns = {
            name: f.read.sql or f"{{t}}.{f.column}"
            for name, f in kind.fields.items()
            if isinstance(f.read, Column) and not (name == "id" and f.read.sql is None)
        }
        ends = {name: f.read for name, f in kind.fields.items() if isinstance(f.read, AnyOf)}
        picks = [f"{source.key} AS the_key"]
        picks += [f'to_json({sql})::text AS "c_{name}"' for name, sql in columns.items()]
        picks += [f'to_json({order.sql})::text AS "o_{name}"' for name, order in source.orders.items()]
        for name, end in ends.items():
            picks += [f'{end.kind} AS "k_{name}"', f'{end.id} AS "i_{name}"']
        conditions = [on] if on else []
        if source.visible is not None and source.visible.classes[self._reader.visibility]:
            conditions.append(source.visible.classes[self._reader.visibility])
        tables = f"{from_sql or source.sql} t"
        if parent is not None and "{p}" in f"{on} {from_sql}":
            tables = f"{parent.among} p CROSS JOIN {'LATERAL ' if '(' in tables else ''}{tables}"
            conditions.append(f"{parent.type.source.key.replace('{t}', 'p')} = {_literal(parent.key)}")
        found = f"FROM {tables} WHERE {' AND '.join(f'({c})' for c in conditions) or 'true'}"
        said = {"t": "t", "p": "p", **names}
        records = await self._fetch(_filled(f"SELECT {', '.join(picks)} {found}", said))
        # What a list reads from rows of its own is to be found there again, for whatever hangs on it.
        among = _filled(f"(SELECT t.* {found})", said) if from_sql else source.sql
        made = []
        for record in records:
            values = {name: orjson.loads(record[f"c_{name}"] or "null") for name in columns}
            if "id" in kind.fields:
                values["id"] = f"{kind.name}:{record['the_key']}"
            orders = {name: orjson.loads(record[f"o_{name}"]) for name in source.orders}
            hangs = {n: (record[f"k_{n}"], record[f"i_{n}"]) for n in ends}
            made.append(Row(kind, among, record["the_key"], values, orders, hangs))
        return made

    async def _fetch(self, sql: str) -> "list[asyncpg.Record]":
        values: list[Any] = []
        for name, cast in CONTEXT.items():
            if "{" + name + "}" in sql:
                values.append(self._binds[name])
                sql = sql.replace("{" + name + "}", f"${len(values)}::{cast}")
        async with self._turn:
            return await self._connection.fetch(sql, *values)


def _filled(template: str, names: Mapping[str, str]) -> str:
    for name, put in names.items():
        template = template.replace("{" + name + "}", put)
    return template


def _precedes(text: str, row: Row, orderings: list[Pair], *, strictly_before: bool = False) -> bool:
    """Whether the place a cursor names comes before this row; or, strictly, whether the row comes before the place."""
    _, *keys, id = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    falls = [falling for _, falling in orderings]
    mine = [*(row.orders[name] for name, _ in orderings), row.key.bytes]
    for here, there, falling in zip(mine, [*keys, UUID(id).bytes], [*falls, bool(falls and falls[-1])], strict=True):
        if here != there:
            later = (here > there) != falling
            return not later if strictly_before else later
    return False


def cursor(row: Row, orderings: list[Pair]) -> str:
    """The cursor of a row: its ordering's signature, its keys and its id, as base64 of a JSON array."""
    signature = ",".join(("-" if falls else "") + name for name, falls in orderings)
    listed = [signature, *(row.orders[name] for name, _ in orderings), str(row.key)]
    return urlsafe_b64encode(json.dumps(listed, ensure_ascii=False).encode()).decode().rstrip("=")


def _literal(value: Any, cast: str = "uuid", node: str | None = None) -> str:
    kind, _, _node = cast.partition(" ")
    if value is None:
        return f"NULL::{kind}"
    if isinstance(value, list):
        return f"ARRAY[{', '.join(_literal(item, kind.removesuffix('[]'), node) for item in value)}]::{kind}"
    text = str(value).partition(":")[2] if node else str(value)
    return "'" + text.replace("'", "''") + f"'::{kind}"
