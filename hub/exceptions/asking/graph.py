"""What is asked of exceptions in the graph; the templates are rows that come with the program, of no table."""

from collections.abc import Iterable, Sequence
from uuid import NAMESPACE_URL, uuid5

import strawberry

from hub.approvals.graph import ApprovalRequest
from hub.exceptions.asking.templates import templates
from hub.exceptions.graph import PolicyException
from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.graph.declare import Order, column, extends, many, one, planned, where
from hub.graph.text import quoted
from hub.graph.types import Connection, Query

Cell = str | int | None


def _rows(columns: str, rows: Iterable[Sequence[Cell]]) -> str:
    """Rows that stand in the statement itself."""
    written = ", ".join(f"({', '.join(map(_cell, row))})" for row in rows)
    return f"(SELECT r.* FROM (VALUES {written}) AS r ({columns}))"


def _cell(value: Cell) -> str:
    if value is None:
        return "NULL::int"
    if isinstance(value, str):
        # What stands in braces would be taken for a name of the engine's own.
        assert "{" not in value and "}" not in value, value
        return quoted(value)
    return str(value)


TEMPLATES = _rows(
    "slug, title, kind, used_when, treatment, review_every_days, term_days",
    (
        (one.slug, one.title, one.kind, one.when, one.treatment, one.review_every_days, one.term_days)
        for one in templates().values()
    ),
)
PARTS = _rows(
    "id, template, place, name, title, prompt",
    (
        (str(uuid5(NAMESPACE_URL, f"{one.slug}/{part.name}")), one.slug, at, part.name, part.title, part.prompt)
        for one in templates().values()
        for at, part in enumerate(one.parts)
    ),
)
CONTROLS = _rows(
    "id, template, place, description, attest_every_days",
    (
        (str(uuid5(NAMESPACE_URL, f"{one.slug}/control/{at}")), one.slug, at, usual.text, usual.attest_every_days)
        for one in templates().values()
        for at, usual in enumerate(one.controls)
    ),
)
CRITERIA = _rows(
    "id, template, place, description",
    (
        (str(uuid5(NAMESPACE_URL, f"{one.slug}/criterion/{at}")), one.slug, at, usual)
        for one in templates().values()
        for at, usual in enumerate(one.criteria)
    ),
)
IN_ORDER = {"PLACE": Order("{t}.place", "int8")}


@planned(sql=PARTS, key="{t}.id::uuid", orders=IN_ORDER, default="PLACE")
class ExceptionTemplateSection:
    """A section of a justification."""

    name: str = column("Its short name, by which it is answered.", sql="{t}.name")
    title: str = column("Its heading.", sql="{t}.title")
    prompt: str = column("What it is to tell.", sql="{t}.prompt")


@planned(sql=CONTROLS, key="{t}.id::uuid", orders=IN_ORDER, default="PLACE")
class ExceptionTemplateControl:
    """What usually lowers the risk in such a case."""

    description: str = column("What is done.", sql="{t}.description")
    attest_every_days: int | None = column(
        "After how many days somebody confirms it anew; null for one that nobody does.", sql="{t}.attest_every_days"
    )


@planned(sql=CRITERIA, key="{t}.id::uuid", orders=IN_ORDER, default="PLACE")
class ExceptionTemplateCriterion:
    """What usually must be true for such an exception to be closed."""

    description: str = column("What must be true.", sql="{t}.description")


@strawberry.input(description="Which templates.")
class ExceptionTemplateFilter:
    slug: str | None = where("{t}.slug = {v}", "Of this name.")
    kind: list[ExceptionKind] | None = where("{t}.kind = ANY({v})", "For one of these kinds.", cast="text[]")


@planned(
    sql=TEMPLATES,
    key="md5({t}.slug)::uuid",
    orders={"SLUG": Order('{t}.slug COLLATE "C"', "text")},
    default="SLUG",
    filter=ExceptionTemplateFilter,
)
class ExceptionTemplate:
    """A usual sort of exception: what its justification says, and what usually goes with it."""

    slug: str = column("Its name, as a request gives it.", sql="{t}.slug")
    title: str = column("What it is for, in a few words.", sql="{t}.title")
    kind: ExceptionKind = column("The kind of a request that does not say.", sql="{t}.kind")
    when: str = column("When it is the right one.", sql="{t}.used_when")
    treatment: RiskTreatment = column("The recommendation of a request that does not say.", sql="{t}.treatment")
    review_every_days: int = column("After how many days one usually looks again.", sql="{t}.review_every_days")
    term_days: int = column("How many days it usually lasts, as far as the policy allows.", sql="{t}.term_days")
    sections: Connection[ExceptionTemplateSection] = many(
        "What the justification must tell.", on="{t}.template = {p}.slug", implied=True
    )
    controls: Connection[ExceptionTemplateControl] = many(
        "What usually lowers the risk meanwhile.", on="{t}.template = {p}.slug", implied=True
    )
    criteria: Connection[ExceptionTemplateCriterion] = many(
        "What usually must be true for it to be closed.", on="{t}.template = {p}.slug", implied=True
    )


@extends(PolicyException)
class ExceptionAsked:
    approval_request: ApprovalRequest | None = one(
        "The question put to people about it, the newest where there were several.",
        on="{t}.id = (SELECT r.id FROM approval_requests r WHERE r.subject_kind = 'exception' AND r.subject_id = {p}.id"
        " ORDER BY r.requested_at DESC, r.id DESC LIMIT 1)",
        implied=True,
    )


@extends(Query)
class ExceptionTemplatesQuery:
    exception_templates: Connection[ExceptionTemplate] = many("The templates for exceptions.")
    exception_template: ExceptionTemplate | None = one(
        "One template.", on="{t}.slug = {slug}", args={"slug": (str, "text", "Its name.")}
    )
