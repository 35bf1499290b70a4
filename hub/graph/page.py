"""Connections: one page of a list by keyset, its edges, its pageInfo, its total."""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graphql import FieldNode, GraphQLInputObjectType, get_named_type

from hub.errors import Code
from hub.graph.catalog import FieldPlan, TypePlan
from hub.graph.declare import Many, Source
from hub.graph.select import Selected
from hub.graph.text import Part, joined, literal
from hub.graph.values import SIZES, Arg, Const, check_size, getter, page_bucket, refusal
from hub.graph.where import Ordering, beyond, cursor_sql, fill

if TYPE_CHECKING:
    from hub.graph.compile import Compiler

MOST_ORDERINGS = 3


@dataclass(frozen=True, slots=True)
class Page:
    """One connection while it is written.

    `more` tells that one row past the page is fetched, to see whether the list goes on. Rows are `numbered` in the
    order in which they are fetched, where that matters.
    """

    kind: TypePlan
    source: Source
    through: str
    implied: bool
    child: str
    names: dict[str, str]
    args: dict[str, Arg]
    orderings: list[Ordering]
    base: list[str]
    backward: bool
    asks: frozenset[str]
    size: str = ""
    bucket: int = 0

    @property
    def more(self) -> bool:
        return ("hasPreviousPage" if self.backward else "hasNextPage") in self.asks

    @property
    def numbered(self) -> bool:
        return self.backward or self.more

    @property
    def within(self) -> str:
        return f" FILTER (WHERE {self.child}._i <= {self.size})" if self.more else ""


class Pages:
    """Writes connections for a compiler."""

    def __init__(self, compiler: "Compiler") -> None:
        self._c = compiler

    def connection(self, made: FieldPlan, read: Many, alias: str, nodes: list[FieldNode]) -> list[Part]:
        c = self._c
        connection_type = get_named_type(made.graphql.type).name
        selected = c.select.below(nodes, connection_type)
        page = self._page(made, read, alias, c.args(made, nodes[0]), self._asks(selected))
        parts = [literal("{")]
        for at, (key, found) in enumerate(selected.items()):
            parts.append(literal(("," if at else "") + f'"{key}":'))
            match found[0].name.value:
                case "__typename":
                    parts.append(literal(f'"{connection_type}"'))
                case "totalCount":
                    parts.append(Part(f"(SELECT count(*) {self._rows(page, page.base)})"))
                case "nodes":
                    body = c.object(page.kind, page.child, c.select.below(found, page.kind.name))
                    parts.extend(self._listed(page, body))
                case "edges":
                    parts.extend(self._listed(page, self._edge(page, found, connection_type)))
                case "pageInfo":
                    parts.extend(self._page_info(page, c.select.below(found, "PageInfo")))
        parts.append(literal("}"))
        over_rows = [at for at, part in enumerate(parts) if part.aggregate]
        if not over_rows:
            return parts
        # Only what stands over rows goes inside: a wide text is copied once for each SELECT around it.
        begin, end = over_rows[0], over_rows[-1] + 1
        inside = parts[begin:end]
        sql = inside[0].sql if len(inside) == 1 else joined(inside)
        rows = self._window(page, sql)
        return [*parts[:begin], Part(f"(SELECT {sql} {rows})", inside=tuple(inside), rows=rows), *parts[end:]]

    def _asks(self, selected: Selected) -> frozenset[str]:
        """Which fields of pageInfo are asked for; and that the page has a place, if backward."""
        found = [nodes for nodes in selected.values() if nodes[0].name.value == "pageInfo"]
        return frozenset(
            below[0].name.value for nodes in found for below in self._c.select.below(nodes, "PageInfo").values()
        )

    def _page(self, made: FieldPlan, read: Many, alias: str, args: dict[str, Arg], asks: frozenset[str]) -> Page:
        c = self._c
        kind = c.catalog.types[made.yields]
        child = c.alias()
        names = {"t": child, "p": alias, **c.arg_names(read.args, args)}
        source = replace(kind.source, sql=fill(read.source or kind.source.sql, names, c.params))
        base = [fill(read.on, names, c.params)] if read.on else []
        given = args.get("filter")
        if given is not None and c.watch.is_set(given):
            filter_kind = get_named_type(made.graphql.args["filter"].type)
            assert isinstance(filter_kind, GraphQLInputObjectType)
            base += c.filters.predicates(given, filter_kind, {"t": child})
        first, last = (c.watch.is_set(args.get(word)) for word in ("first", "last"))
        if first == last:
            raise refusal(Code.PAGE_SIZE, f"{made.name}: give either first or last, from 1 to {SIZES[-1]}")
        size, bucket = self._size(args["last" if last else "first"])
        return Page(
            kind=kind,
            source=source,
            through=" " + fill(read.through, names, c.params) if read.through else "",
            implied=read.implied,
            child=child,
            names=names,
            args=args,
            orderings=self._orderings(kind, args.get("orderBy")),
            base=base,
            backward=last,
            asks=asks,
            size=size,
            bucket=bucket,
        )

    def _size(self, given: Arg) -> tuple[str, int]:
        """The page size as SQL, and the quantised size that the statement is planned for."""
        c = self._c
        if isinstance(given, Const):
            bucket = page_bucket(given.value)
            if bucket == given.value:
                return str(bucket), bucket
            return c.params.add(getter(given, int), "int8"), bucket
        bucket = c.watch.look("size", given)  # type: ignore[arg-type]

        def checked(size: object) -> object:
            check_size(size)
            return size

        return c.params.add(getter(given, checked), "int8"), bucket

    def _orderings(self, kind: TypePlan, given: Arg | None) -> list[Ordering]:
        c = self._c
        source = kind.source
        if given is None or not c.watch.is_set(given) or not (items := c.watch.items(given)):
            return [(name, source.orders[name], falls) for name, falls in source.default]
        if len(items) > MOST_ORDERINGS:
            raise refusal(Code.BAD_INPUT, f"{len(items)} orderings were asked; up to {MOST_ORDERINGS} are allowed")
        made: list[Ordering] = []
        for item in items:
            fields = c.watch.fields(item)
            by = _word(c.watch.value(fields["by"]))
            falls = "direction" in fields and _word(c.watch.value(fields["direction"])) == "DESC"
            if by not in [name for name, _, _ in made]:
                made.append((by, source.orders[by], falls))
        return made

    def _rows(self, page: Page, conditions: list[str]) -> str:
        return self._c.rows(page.source, page.child, conditions, implied=page.implied, through=page.through)

    def _listed(self, page: Page, body: list[Part]) -> list[Part]:
        """The JSON array of one text for each row of the page, in the list's order."""
        order = f" ORDER BY {page.child}._i DESC" if page.backward else ""
        aggregate = f"string_agg({joined(body)}, ','{order}){page.within}"
        return [literal("["), Part(aggregate, aggregate=True), literal("]")]

    def _edge(self, page: Page, nodes: list[FieldNode], connection_type: str) -> list[Part]:
        c = self._c
        edge_type = f"{page.kind.name}Edge"
        assert edge_type in c.catalog.schema.type_map, connection_type
        parts = [literal("{")]
        for at, (key, found) in enumerate(c.select.below(nodes, edge_type).items()):
            parts.append(literal(("," if at else "") + f'"{key}":'))
            match found[0].name.value:
                case "__typename":
                    parts.append(literal(f'"{edge_type}"'))
                case "cursor":
                    cursor = cursor_sql(page.orderings, page.source.key, page.names, c.params)
                    parts.extend([literal('"'), Part(cursor), literal('"')])
                case "node":
                    parts.extend(c.object(page.kind, page.child, c.select.below(found, page.kind.name)))
        return [*parts, literal("}")]

    def _page_info(self, page: Page, selected: Selected) -> list[Part]:
        parts = [literal("{")]
        for at, (key, found) in enumerate(selected.items()):
            parts.append(literal(("," if at else "") + f'"{key}":'))
            name = found[0].name.value
            match name:
                case "__typename":
                    parts.append(literal('"PageInfo"'))
                case "startCursor" | "endCursor":
                    parts.append(Part(self._end(page, name == "endCursor"), aggregate=True))
                case "hasNextPage" | "hasPreviousPage":
                    forward = name == "hasNextPage"
                    grows = forward != page.backward
                    sql = self._outside(page, forward)
                    if grows:
                        sql = f"count(*) > {page.size}" + (f" OR {sql}" if sql != "false" else "")
                    parts.append(Part(f"CASE WHEN {sql} THEN 'true' ELSE 'false' END", aggregate=grows))
        return [*parts, literal("}")]

    def _end(self, page: Page, last: bool) -> str:
        """The cursor of the page's first or last node: the keys are gathered, and only one cursor is made of them."""
        at = "1" if last == page.backward else f"least(count(*), {page.size})"
        order = f" ORDER BY {page.child}._i" if page.backward else ""
        cursor = cursor_sql(
            page.orderings, page.source.key, page.names, self._c.params, lambda key: f"(array_agg({key}{order}))[{at}]"
        )
        return f"""CASE WHEN count(*) = 0 THEN 'null' ELSE '"' || {cursor} || '"' END"""

    def _outside(self, page: Page, forward: bool) -> str:
        """Whether rows stand at or past the cursor that bounds the page on this side."""
        bound = page.args.get("before" if forward else "after")
        if bound is None or not self._c.watch.is_set(bound):
            return "false"
        inside = beyond(page.orderings, page.source.key, bound, not forward, page.names, self._c.params)
        return f"EXISTS (SELECT 1 {self._rows(page, [*page.base, f'NOT {inside}'])})"

    def _window(self, page: Page, shown: str) -> str:
        """The page's rows under their own alias, in order, with the columns that are `shown`: the reading role may
        not see every column of every table. What is made of them is written above, for these rows alone.

        The inner LIMIT is a quantised number that PostgreSQL can plan for, the outer one is exact. Rows are numbered
        after the inner one, so that a list that no index orders keeps only its best rows while it sorts.
        """
        c = self._c
        conditions = list(page.base)
        for word in ("after", "before"):
            bound = page.args.get(word)
            if bound is not None and c.watch.is_set(bound):
                inside = beyond(page.orderings, page.source.key, bound, word == "after", page.names, c.params)
                conditions.append(inside)
        keys = [(fill(o.sql, page.names, c.params), falls != page.backward) for _, o, falls in page.orderings]
        last = page.orderings[-1][2] if page.orderings else False
        keys.append((fill(page.source.key, page.names, c.params), last != page.backward))
        order = ", ".join(f"{sql}{' DESC' if falls else ''}" for sql, falls in keys)
        extra = 1 if page.more else 0
        child = page.child
        found = re.findall(rf"\b{child}\.([a-z]\w*)", shown)
        columns = ", ".join(f"{child}.{name}" for name in dict.fromkeys(found)) or "1"
        rows = f"(SELECT {columns} {self._rows(page, conditions)} ORDER BY {order} LIMIT {page.bucket + extra}) {child}"
        exact = "" if page.size == str(page.bucket) else f" LIMIT {page.size}{' + 1' if extra else ''}"
        if page.numbered:
            rows = f"(SELECT {columns}, row_number() OVER () AS _i FROM {rows}{exact}) {child}"
        elif exact:
            rows = f"(SELECT {columns} FROM {rows}{exact}) {child}"
        return f"FROM {rows}"


def _word(value: object) -> str:
    return str(getattr(value, "value", value))
