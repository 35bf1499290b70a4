"""From a selection to one SQL statement that returns the response's JSON text.

Every object is a concatenation of literal JSON and column texts. A part that may turn out null where the schema
says it never is, is joined with `||`, which makes the whole object null: so nulls travel up as GraphQL wants.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from graphql import FieldNode, FragmentDefinitionNode
from strawberry.utils.str_converters import to_camel_case

from hub.errors import Code
from hub.graph.catalog import Catalog, FieldPlan, TypePlan
from hub.graph.declare import AnyOf, ById, Column, Many, One, Source
from hub.graph.page import Pages
from hub.graph.select import Selected, Selector
from hub.graph.text import Part, joined, literal, quoted, statement
from hub.graph.values import Arg, Const, Getter, Params, Slot, Watch, converter, getter, refusal, split_id, to_arg
from hub.graph.where import Filters, fill

USED = re.compile(r"\$(\d+)::")


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement and where its parameters come from."""

    sql: str
    getters: tuple[Getter, ...]


class Compiler:
    """Compiles one operation for one shape of request."""

    def __init__(self, catalog: Catalog, fragments: Mapping[str, FragmentDefinitionNode], watch: Watch) -> None:
        self.catalog = catalog
        self.watch = watch
        self.params = Params()
        self.select = Selector(catalog, fragments, watch)
        self.filters = Filters(catalog, self.params, watch)
        self._aliases = 0

    def operation(self, root: str, selected: Selected) -> Plan:
        """A whole operation whose root fields are all planned."""
        kind = self.catalog.types[root]
        return self.plan(self.object(kind, "", selected))

    def root(self, type_name: str, name: str, nodes: list[FieldNode]) -> Plan:
        """One root field by itself."""
        kind = self.catalog.types[type_name]
        return self.plan(self.field(kind, kind.fields[name], "", nodes))

    def plan(self, parts: list[Part]) -> Plan:
        """The statement, its parameters numbered by use: PostgreSQL refuses one that nothing uses."""
        order: dict[str, int] = {}
        sql = USED.sub(lambda found: f"${order.setdefault(found[1], len(order) + 1)}::", statement(parts))
        getters = tuple(self.params.getters[int(number) - 1] for number in order)
        return Plan(sql, getters)

    def by_key(self, type_name: str, key: Getter, nodes: list[FieldNode]) -> Plan:
        """One row of a type by its id: what a mutation's payload shows."""
        kind = self.catalog.types[type_name]
        alias = self.alias()
        value = self.params.add(key, "uuid")
        condition = f"{fill(kind.source.key, {'t': alias}, self.params)} = {value}"
        body = joined(self.object(kind, alias, self.select.below(nodes, type_name)))
        rows = self.rows(kind.source, alias, [condition], implied=False)
        return self.plan([Part(f"(SELECT {body} {rows})", strict=True)])

    def alias(self) -> str:
        self._aliases += 1
        return f"t{self._aliases}"

    def object(self, kind: TypePlan, alias: str, selected: Selected) -> list[Part]:
        parts = [literal("{")]
        for at, (key, nodes) in enumerate(selected.items()):
            parts.append(literal(("," if at else "") + f'"{key}":'))
            name = nodes[0].name.value
            if name == "__typename":
                parts.append(literal(f'"{kind.name}"'))
            else:
                parts.extend(self.field(kind, kind.fields[name], alias, nodes))
        return [*parts, literal("}")]

    def field(self, parent: TypePlan, field: FieldPlan, alias: str, nodes: list[FieldNode]) -> list[Part]:
        read = field.read
        if read.needs is not None and not self.watch.permitted(read.needs):
            raise refusal(Code.FORBIDDEN, f"{parent.name}.{field.name} needs the permission {read.needs}")
        match read:
            case Column():
                return self._column(parent, field, read, alias)
            case One():
                return [self._nullable(field, self._one(field, read, alias, nodes))]
            case AnyOf():
                return [self._nullable(field, self._any_of(field, read, alias, nodes))]
            case ById():
                return [self._nullable(field, self._node(field, nodes))]
            case Many():
                return Pages(self).connection(field, read, alias, nodes)
        assert_never(read)

    def args(self, field: FieldPlan, node: FieldNode) -> dict[str, Arg]:
        """The field's given arguments by GraphQL name."""
        kinds = field.graphql.args
        return {a.name.value: to_arg(a.value, kinds[a.name.value].type) for a in node.arguments or ()}

    def arg_names(self, casts: Mapping[str, str], args: Mapping[str, Arg]) -> dict[str, str]:
        """Placeholders for the field's own arguments; one that is not given is null."""
        made = {}
        for name, cast in casts.items():
            given = args.get(to_camel_case(name))
            if given is not None and self.watch.is_set(given):
                kind, _, node = cast.partition(" ")
                made[name] = self.params.add(getter(given, converter(kind, node or None)), kind)
            else:
                made[name] = f"NULL::{cast.partition(' ')[0]}"
        return made

    def rows(self, source: Source, alias: str, conditions: list[str], *, implied: bool, through: str = "") -> str:
        """FROM and WHERE of a source, with the reader's visibility inside."""
        every = [c for c in conditions if c]
        if source.visible is not None and not implied:
            predicate = source.visible.classes[self.watch.visibility()]
            if predicate:
                every.append(fill(predicate, {"t": alias}, self.params))
        where = f" WHERE {' AND '.join(every)}" if every else ""
        return f"FROM {fill(source.sql, {}, self.params)} {alias}{through}{where}"

    @staticmethod
    def _nullable(field: FieldPlan, sql: str) -> Part:
        return Part(f"coalesce({sql}, 'null')") if field.nullable else Part(sql, strict=True)

    def _column(self, parent: TypePlan, field: FieldPlan, read: Column, alias: str) -> list[Part]:
        source = parent.source
        if field.name == "id" and read.sql is None:
            key = fill(source.key, {"t": alias}, self.params)
            if source.table is None:
                return [literal(f'"{parent.name}:'), Part(key, strict=True), literal('"')]
            return [literal(f'"{parent.name}:'), Part(key), literal('"')]
        sql = f"{alias}.{field.column}" if read.sql is None else f"({fill(read.sql, {'t': alias}, self.params)})"
        if field.nullable:
            return [Part(f"coalesce({self._text(field, sql)}, 'null')")]
        # The quotes join the literals around them: each piece by itself would be one copy of the text more.
        if field.enum and not field.listed:
            return [literal('"'), Part(sql, strict=read.sql is not None), literal('"')]
        if read.sql is not None:
            return [Part(self._text(field, sql), strict=True)]
        # Output functions are called by concat itself: a cast to text would be one call and one copy more.
        return [Part(self._text(field, sql).removesuffix("::text"))]

    @staticmethod
    def _text(field: FieldPlan, sql: str) -> str:
        if field.listed:
            return f"to_json({sql})::text"
        match field.yields:
            case "Boolean":
                return f"CASE WHEN {sql} THEN 'true' WHEN NOT {sql} THEN 'false' END"
            case "Int" | "BigInt" | "JSON":
                return f"{sql}::text"
            case "ID":
                return f"to_json({sql}::text)::text"
        if field.enum:
            return f"""'"' || {sql} || '"'"""
        return f"to_json({sql})::text"

    def _one(self, field: FieldPlan, read: One, alias: str, nodes: list[FieldNode]) -> str:
        kind = self.catalog.types[field.yields]
        child = self.alias()
        names = {"t": child, "p": alias, **self.arg_names(read.args, self.args(field, nodes[0]))}
        body = joined(self.object(kind, child, self.select.below(nodes, kind.name)))
        rows = self.rows(kind.source, child, [fill(read.on, names, self.params)], implied=read.implied)
        return f"(SELECT {body} {rows})"

    def _any_of(self, field: FieldPlan, read: AnyOf, alias: str, nodes: list[FieldNode]) -> str:
        cases = []
        for value, type_name in read.types.items():
            kind = self.catalog.types[type_name]
            child = self.alias()
            names = {"t": child, "p": alias}
            body = joined(self.object(kind, child, self.select.below(nodes, type_name)))
            on = f"{fill(kind.source.key, names, self.params)} = {fill(read.id, {'t': alias}, self.params)}"
            rows = self.rows(kind.source, child, [on], implied=False)
            cases.append(f"WHEN {quoted(value)} THEN (SELECT {body} {rows})")
        return f"(CASE {fill(read.kind, {'t': alias}, self.params)} {' '.join(cases)} END)"

    def _node(self, field: FieldPlan, nodes: list[FieldNode]) -> str:
        given = self.args(field, nodes[0])["id"]
        type_name = self._type_of(given)
        kind = self.catalog.types.get(type_name)
        if kind is None or type_name not in self.catalog.possible(field.yields):
            return "NULL::text"
        child = self.alias()
        value = self.params.add(getter(given, lambda v: split_id(v, type_name)), "uuid")
        body = joined(self.object(kind, child, self.select.below(nodes, type_name)))
        on = f"{fill(kind.source.key, {'t': child}, self.params)} = {value}"
        return f"(SELECT {body} {self.rows(kind.source, child, [on], implied=False)})"

    def _type_of(self, given: Arg) -> str:
        value = (
            self.watch.look("type", given)
            if isinstance(given, Slot)
            else given.value
            if isinstance(given, Const)
            else ""
        )
        return str(value).partition(":")[0]
