"""Predicates: templates, filters, keyset cursors."""

import re
from base64 import urlsafe_b64decode
from binascii import Error as BinasciiError
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from graphql import GraphQLInputObjectType, get_named_type

from hub.errors import Code
from hub.graph.catalog import Catalog
from hub.graph.declare import CONTEXT, Order, Where
from hub.graph.values import Arg, Params, Watch, converter, getter, refusal

BRACED = re.compile(r"\{([a-z_]+)\}")

ANY = "= ANY({v})"

Ordering = tuple[str, Order, bool]
"""An ordering in use: its name, its expression, whether it descends."""


def fill(template: str, names: Mapping[str, str], params: Params) -> str:
    """The template with aliases and bound values in place of its braces."""

    def put(found: re.Match[str]) -> str:
        name = found[1]
        if name in names:
            return names[name]
        return params.context(name, CONTEXT[name])

    return BRACED.sub(put, template)


class Filters:
    """Turns filter arguments into predicates."""

    def __init__(self, catalog: Catalog, params: Params, watch: Watch) -> None:
        self._catalog = catalog
        self._params = params
        self._watch = watch
        self._count = 0

    def predicates(self, arg: Arg, kind: GraphQLInputObjectType, names: Mapping[str, str]) -> list[str]:
        """One predicate for each given field; a null field asks nothing."""
        made: list[str] = []
        wheres = self._catalog.filters[kind.name]
        for name, given in self._watch.fields(arg).items():
            if not self._watch.is_set(given):
                continue
            where = wheres[name]
            if where.about is None:
                made.append(self._simple(where, given, names))
                continue
            inner_kind = get_named_type(kind.fields[name].type)
            assert isinstance(inner_kind, GraphQLInputObjectType)
            if where.about == "{t}":
                made.append(self._combined(where.sql, given, inner_kind, names))
                continue
            self._count += 1
            own = {**names, "n": f"x{self._count}"}
            inside = {**own, "x": fill(where.about, own, self._params)}
            parts = self.predicates(given, inner_kind, inside)
            if parts:
                inner = " AND ".join(parts)
                made.append(fill(where.sql, {**inside, "inner": inner}, self._params))
        return made

    def _simple(self, where: Where, given: Arg, names: Mapping[str, str]) -> str:
        """The predicate of one value. One of a list of one is equality: an index then gives the rows in order."""
        if where.otherwise is not None:
            return fill(where.sql if self._watch.value(given) else where.otherwise, names, self._params)
        convert, sql, cast = converter(where.cast, where.node), where.sql, where.cast
        if ANY in sql and self._watch.single(given):
            whole = convert
            convert, sql, cast = lambda value: whole(value)[0], sql.replace(ANY, "= {v}"), cast.removesuffix("[]")
        return fill(sql, {**names, "v": self._params.add(getter(given, convert), cast)}, self._params)

    def _combined(self, word: str, arg: Arg, kind: GraphQLInputObjectType, names: Mapping[str, str]) -> str:
        """`any`: one of several filters holds; `not`: the filter does not."""
        if word == "not":
            parts = self.predicates(arg, kind, names)
            return f"NOT ({' AND '.join(parts)})" if parts else "false"
        options = [self.predicates(item, kind, names) for item in self._watch.items(arg)]
        return "(" + (" OR ".join(f"({' AND '.join(parts) or 'true'})" for parts in options) or "false") + ")"


def signature(orderings: list[Ordering]) -> str:
    return ",".join(("-" if descending else "") + name for name, _, descending in orderings)


def cursor_sql(
    orderings: list[Ordering],
    key: str,
    names: Mapping[str, str],
    params: Params,
    of: Callable[[str], str] = lambda key: key,
) -> str:
    """A row's cursor; `of` says how each key is had where the row itself is not."""
    keys = [of(fill(sql, names, params)) for sql in (*(order.sql for _, order, _ in orderings), key)]
    listed = ", ".join([f"'{signature(orderings)}'", *keys])
    packed = f"encode(convert_to(json_build_array({listed})::text, 'UTF8'), 'base64')"
    return f"translate({packed}, E'+/=\\n', '-_')"


PARSERS: dict[str, Any] = {
    "uuid": UUID,
    "timestamptz": lambda v: datetime.fromisoformat(v) if v not in ("infinity", "-infinity") else v,
    "int8": int,
    "float8": float,
    "text": str,
}


class CursorKeys:
    """Reads a cursor of one list, checking that it belongs to it; the last decoded one is remembered."""

    def __init__(self, orderings: list[Ordering]) -> None:
        self._signature = signature(orderings)
        self._casts = [order.cast for _, order, _ in orderings] + ["uuid"]

    def key(self, cursor: Any, at: int) -> str:
        """The cursor's key number `at`, as text that its SQL type accepts."""
        if not isinstance(cursor, str) or len(cursor) > 8000:
            raise self._bad("it is no text of ours")
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            parts = orjson.loads(urlsafe_b64decode(padded.encode("ascii")))
        except (BinasciiError, ValueError, UnicodeError) as error:
            raise self._bad("it cannot be read") from error
        if not isinstance(parts, list) or len(parts) != len(self._casts) + 1:
            raise self._bad("it is of another list")
        if parts[0] != self._signature:
            raise self._bad("it is of another ordering")
        value, cast = parts[at + 1], self._casts[at]
        try:
            PARSERS[cast](value)
        except (ValueError, TypeError, AttributeError) as error:
            raise self._bad("its key is damaged") from error
        text = str(value)
        if "\x00" in text:
            raise self._bad("its key is damaged")
        return text

    @staticmethod
    def _bad(why: str) -> Exception:
        return refusal(
            Code.BAD_CURSOR, f"the cursor cannot be used: {why}; take one from this list's pageInfo or edges"
        )


def beyond(orderings: list[Ordering], key: str, arg: Arg, after: bool, names: Mapping[str, str], params: Params) -> str:
    """Rows strictly after (or before) a cursor, in the list's order."""
    reader = CursorKeys(orderings)
    expressions = [fill(order.sql, names, params) for _, order, _ in orderings] + [fill(key, names, params)]
    casts = [order.cast for _, order, _ in orderings] + ["uuid"]
    falls = [descending for _, _, descending in orderings]
    falls.append(falls[-1] if falls else False)

    def value(at: int) -> str:
        get = getter(arg, lambda cursor: reader.key(cursor, at))
        return f"{params.add(get, 'text')}::{casts[at]}"

    values = [value(at) for at in range(len(expressions))]
    signs = [("<" if fall else ">") if after else (">" if fall else "<") for fall in falls]
    if len(set(signs)) == 1:
        return f"({', '.join(expressions)}) {signs[0]} ({', '.join(values)})"
    steps = []
    for at, sign in enumerate(signs):
        same = [f"{expressions[i]} = {values[i]}" for i in range(at)]
        steps.append("(" + " AND ".join([*same, f"{expressions[at]} {sign} {values[at]}"]) + ")")
    return "(" + " OR ".join(steps) + ")"
