"""Dossiers, and how they differ, in the graph."""

from datetime import datetime
from typing import Any

import strawberry

from hub.approvals.graph import ApprovalRequest
from hub.checks import tables
from hub.checks.dossiers.content.store import CONTENT, CONTENT_BYTES, CONTENT_DIGEST
from hub.graph.declare import Order, column, extends, many, one, planned, where
from hub.graph.types import JSON, Connection, Query
from hub.models.graph import Model, ModelVersion
from hub.models.tables import Stage
from hub.models.visible import through_model

_STAGES = ", ".join(f"('{stage}')" for stage in Stage)

# What is frozen; and what would be now, of every version for every stage: made for those alone that are asked for.
_EVERY = f"""(
SELECT f.id, f.version_id, f.model_id, f.stage, f.digest, f.content, f.content_digest, f.bytes, f.made_at,
    true AS frozen
FROM dossiers f
UNION ALL
SELECT md5(v.id::text || a.stage)::uuid, v.id, v.model_id, a.stage, d.digest, d.content, {CONTENT_DIGEST},
    {CONTENT_BYTES}, a.at, false
FROM (SELECT x.id AS version_id, s.stage, {{now}} AS at FROM model_versions x CROSS JOIN (VALUES {_STAGES}) s (stage)) a
{CONTENT})"""

_OF = "{0}.version_id = {1}.subject_id AND {0}.stage = {1}.stage AND {0}.digest = {1}.subject_digest"


def _since(since: str, against: str) -> str:
    """The newest request before `r` that is `against`, with what it was about."""
    return f"""
SELECT md5(r.id::text || '{since}')::uuid AS id, r.id AS request_id, '{since}' AS since, q.id AS against_id,
    q.version_id, q.content AS before, n.content AS after
FROM approval_requests r JOIN dossiers n ON {_OF.format("n", "r")}
CROSS JOIN LATERAL (
    SELECT e.id, o.version_id, o.content FROM approval_requests e JOIN dossiers o ON {_OF.format("o", "e")}
    WHERE e.subject_kind = 'version' AND e.stage = r.stage AND (e.requested_at, e.id) < (r.requested_at, r.id)
      AND {against}
    ORDER BY e.requested_at DESC, e.id DESC LIMIT 1) q
WHERE r.subject_kind = 'version'"""


_CHANGES = f"""(
{_since("APPROVED", "e.scope_id = r.scope_id AND e.status = 'APPROVED'")}
UNION ALL
{_since("PREVIOUS", "e.subject_id = r.subject_id")}
UNION ALL
SELECT md5(a.id::text || 'ASKED')::uuid, a.id, 'ASKED', a.id, a.version_id, n.content, d.content
FROM (SELECT x.*, x.subject_id AS version_id, {{now}} AS at FROM approval_requests x) a
JOIN dossiers n ON {_OF.format("n", "a")}
{CONTENT}
WHERE a.subject_kind = 'version')"""


def _at(*names: str) -> str:
    return "{t}.content" + "".join(f"->'{name}'" for name in names)


def _section(name: str, description: str) -> Any:
    return column(description, sql=_at(name))


def _number(description: str, *names: str) -> Any:
    return column(description, sql=f"({_at(*names)})::int")


def _length(description: str, *names: str) -> Any:
    return column(description, sql=f"jsonb_array_length({_at(*names)})")


def _words(description: str, *names: str) -> Any:
    return column(description, sql=f"ARRAY(SELECT jsonb_array_elements_text({_at(*names)}))")


def _ended(outcome: str, description: str) -> Any:
    sql = f"jsonb_array_length(jsonb_path_query_array({{t}}.content, '$.checks[*] ? (@.outcome == \"{outcome}\")'))"
    return column(description, sql=sql)


@planned(tables.FrozenDossier, sql=_EVERY, visible=through_model())
class Dossier:
    """All that a reviewer reads of one version for one stage: as it was frozen when asked for, or as it is now."""

    digest: str = column("SHA-256 of what a decision binds to: equal to the request's subjectDigest.")
    frozen: bool = column("Whether it is as it was put before reviewers; otherwise it is as of now.", sql="{t}.frozen")
    made_at: datetime = column("When it was frozen; for one that is not, now.")
    stage: Stage = column("The stage that the version is to go to.")
    text: str = column("The whole document, byte for byte as it is kept.", sql="{t}.content::text")
    content_digest: str = column("SHA-256 of the whole document's text.")
    bytes: int = column("How long the whole document's text is.")
    binds_to: JSON = _section("binds_to", "The digests that `digest` is made of, by name.")
    rule: JSON | None = _section("rule", "The approval rule that applies; null when there is none.")
    about_model: JSON = _section("model", "The model: name, tier and why, owner, team, tags.")
    about_version: JSON = _section("version", "The version: digest, commit, files, run, author, aliases, tags.")
    card: JSON = _section("card", "The model card's sections, and how complete it is.")
    lineage: JSON = _section(
        "lineage", "What it was made from, down to the sources: data sets with what is said of them, runs, versions."
    )
    metrics: JSON = _section("metrics", "What was measured, over all of the data and by segment.")
    evidence: JSON = _section("evidence", "Test reports, with what reproduces them and whether they are disputed.")
    checks: JSON = _section("checks", "How policies ended, why, what decided, and what to do about it.")
    not_asked: JSON = _section("not_asked", "Policies in force that were not asked yet.")
    risk: JSON = _section("risk", "The tier and why; how much stands open, by outcome and severity.")
    exceptions: JSON = _section("exceptions", "Exceptions in force, with their controls, dates and attachments.")
    card_filled: int = _number("How many sections of the card are written.", "card", "completeness", "filled")
    card_sections: int = _number("How many sections a card has.", "card", "completeness", "of")
    card_missing: list[str] = _words("The card's sections that are not written.", "card", "completeness", "missing")
    card_wanting: list[str] = _words(
        "Those of them that a policy in force asks for.", "card", "completeness", "wanting"
    )
    blocking: int = _number("How many checks keep the gate shut.", "risk", "blocking")
    failing: int = _ended("FAIL", "How many checks failed.")
    errors: int = _ended("ERROR", "How many checks could not be told.")
    waived: int = _ended("WAIVED", "How many failures an exception covers.")
    reports: int = _length("How many test reports there are.", "evidence")
    disputed: int = _number("How many of them are disputed by another.", "risk", "disputed_evidence")
    datasets: int = _length("How many data sets it goes back to.", "lineage", "datasets")
    prohibited_datasets: int = _number("How many of them must not be used.", "risk", "prohibited_datasets")
    undescribed_datasets: int = _number(
        "Of how many of them nobody said what they hold.", "risk", "undescribed_datasets"
    )
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)
    decisions: Connection[ApprovalRequest] = many(
        "What was asked and decided about versions of this model, as of now.",
        on="{t}.scope_id = {p}.model_id AND {t}.subject_kind = 'version'",
        implied=True,
    )


@strawberry.input(description="Which differences.")
class DossierDifferenceFilter:
    part: list[str] | None = where("{t}.part = ANY({v})", "In one of these parts, such as card.", cast="text[]")


@planned(
    sql="dossier_differences(NULL, NULL)",
    orders={"PATH": Order("{t}.nth", "int8")},
    default="PATH",
    filter=DossierDifferenceFilter,
)
class DossierDifference:
    """One thing that two dossiers say otherwise. Entries of lists are compared with their like, wherever they stand."""

    part: str = column("The section it is in.", sql="{t}.part")
    path: list[str] = column("Where it stands: names, and what entries of lists are known by.", sql="{t}.path")
    before: JSON | None = column("What stood there; null when nothing did.", sql="{t}.before")
    after: JSON | None = column("What stands there; null when nothing does.", sql="{t}.after")
    words: str = column("The same in words, such as `recall 0.91 → 0.87`.", sql="{t}.words")


@planned(sql=_CHANGES)
class DossierChanges:
    """How a request's dossier differs from another."""

    words: list[str] = column("One line for each part that differs.", sql="dossier_changes({t}.before, {t}.after)")
    against: ApprovalRequest | None = one("The request it is compared with.", by="against_id", implied=True)
    version: ModelVersion | None = one("The version which that was about.", by="version_id", implied=True)
    differences: Connection[DossierDifference] = many(
        "Every difference.", source="dossier_differences({p}.before, {p}.after)", implied=True
    )


def _compared(since: str, description: str) -> Any:
    on = f"{{t}}.request_id = {{p}}.id AND {{t}}.since = '{since}'"
    return one(description, on=on, implied=True)


@extends(ApprovalRequest)
class RequestDossier:
    dossier: Dossier | None = one(
        "What was put before reviewers, as it was then; null where no version is asked about.",
        on="{t}.frozen AND {p}.subject_kind = 'version' AND " + _OF.replace("{0}", "{t}").replace("{1}", "{p}"),
        implied=True,
    )
    changes_since_approved: DossierChanges | None = _compared(
        "APPROVED",
        "What is otherwise than in the request before it, about this model and stage, that was approved last; null when"
        " none was.",
    )
    changes_since_previous: DossierChanges | None = _compared(
        "PREVIOUS",
        "What is otherwise than in the request before it about the same version and stage; null when there is none.",
    )
    changes_since_asked: DossierChanges | None = _compared(
        "ASKED", "What is otherwise now than in what was put before reviewers."
    )


@extends(Query)
class DossiersQuery:
    dossier: Dossier | None = one(
        "What reviewers would read of a version for a stage now.",
        on="NOT {t}.frozen AND {t}.version_id = {version} AND {t}.stage = {stage}",
        args={
            "version": (strawberry.ID, "uuid ModelVersion", "The version."),
            "stage": (Stage, "text", "The stage that it is to go to."),
        },
    )
