"""Test reports in the graph."""

from datetime import datetime

import strawberry

from hub.approvals.openings.graph import ApprovalOpening
from hub.checks import tables
from hub.checks.tables import EvidenceKind, EvidenceSource, Verdict
from hub.graph.declare import about, column, either, extends, many, neither, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query
from hub.models.graph import Model, ModelVersion
from hub.models.visible import through_model
from hub.people.graph import Person

strawberry.enum(EvidenceKind, description="What a test report is about.")
strawberry.enum(Verdict, description="What a test report concludes.")
strawberry.enum(EvidenceSource, description="How a test report came in.")

REPRODUCIBLE = "(num_nonnulls({t}.code_commit, {t}.data_digest, {t}.seed, {t}.environment, {t}.command) = 5)"
DISPUTED = (
    "EXISTS (SELECT FROM evidence x WHERE x.version_id = {t}.version_id AND x.kind = {t}.kind"
    " AND x.experiment = {t}.experiment AND x.version_digest = {t}.version_digest AND x.disagrees_with_id IS NOT NULL)"
)
SAME_EXPERIMENT = "{t}.version_id = {p}.version_id AND {t}.kind = {p}.kind AND {t}.experiment = {p}.experiment"


@strawberry.input(description="Which test reports.")
class EvidenceFilter:
    kind: list[EvidenceKind] | None = where("{t}.kind = ANY({v})", "About one of these.", cast="text[]")
    verdict: list[Verdict] | None = where("{t}.verdict = ANY({v})", "That conclude so.", cast="text[]")
    source: list[EvidenceSource] | None = where("{t}.source = ANY({v})", "That came in so.", cast="text[]")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    version: strawberry.ID | None = where("{t}.version_id = {v}", "Of this version.", cast="uuid", node="ModelVersion")
    reproducible: bool | None = where(
        f"{REPRODUCIBLE} = {{v}}", "Whether all that reproduces it is given.", cast="bool"
    )
    disputed: bool | None = where(f"{DISPUTED} = {{v}}", "Whether re-runs of it disagree.", cast="bool")
    measured: InstantRange | None = about("{t}.measured_at", "When it was measured.")
    any: "list[EvidenceFilter] | None" = either("At least one of these holds.")
    not_: "EvidenceFilter | None" = neither("This does not hold.")


@planned(
    tables.Evidence,
    visible=through_model(),
    orders={"MEASURED_AT": "measured_at"},
    default="-MEASURED_AT",
    filter=EvidenceFilter,
)
class Evidence(Node):
    """A test report about one version, as it was sent; nobody changes it."""

    kind: EvidenceKind = column("What it is about.")
    verdict: Verdict = column("What it concludes.")
    source: EvidenceSource = column("How it came in.")
    title: str = column("What it calls itself.")
    tool: str = column("What made it.")
    figures: JSON = column("What was measured: numbers by name.")
    details: JSON = column("What else it says.")
    version_digest: str = column("The version's digest when it was added: the content that was tested.")
    code_commit: str | None = column("The commit of the code that was run.")
    data_digest: str | None = column("The digest of the data it was run on.")
    seed: str | None = column("The seed of what was drawn at random.")
    environment: str | None = column("What it was run in, such as an image.")
    command: str | None = column("What was run.")
    digest: str = column("SHA-256 of all it says.")
    experiment: str | None = column(
        "SHA-256 of what reproduces it, the same for every re-run; null without commit, data and command."
    )
    reproducible: bool = column("Whether commit, data, seed, environment and command are all given.", sql=REPRODUCIBLE)
    disputed: bool = column("Whether re-runs of the same experiment disagree with the first.", sql=DISPUTED)
    measured_at: datetime = column("When it was measured.")
    added_at: datetime = column("When the hub took it in.")
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)
    added_by: Person | None = one("Who sent it; null when the hub read or made it.", by="added_by")
    repeats: "Evidence | None" = one(
        "The first report of the experiment, which says the same.", by="repeats_id", implied=True
    )
    disagrees_with: "Evidence | None" = one(
        "The first report of the experiment, which says something else.", by="disagrees_with_id", implied=True
    )
    reruns: "Connection[Evidence]" = many(
        "Later reports of the same experiment, when this one is the first.",
        on=f"{SAME_EXPERIMENT} AND {{p}}.id IN ({{t}}.repeats_id, {{t}}.disagrees_with_id)",
        implied=True,
    )


@extends(ModelVersion)
class VersionEvidence:
    evidence: Connection[Evidence] = many("Test reports about it.", by="version_id", implied=True)


@extends(Model)
class ModelEvidence:
    evidence: Connection[Evidence] = many("Test reports about its versions.", by="model_id", implied=True)


@extends(ApprovalOpening)
class OpenedEvidence:
    evidence: Evidence | None = one("The piece of evidence; null for the dossier.", by="thing_id")


@extends(Query)
class EvidenceQuery:
    evidence: Connection[Evidence] = many("Every test report.")
