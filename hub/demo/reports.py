"""Test reports that people add to what the training measured: what was read, what was looked through, a second run."""

from typing import Any
from uuid import UUID

from hub.checks.evidence import actions
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind, Verdict
from hub.demo.company import Company

MEASURED = """
query Measured($version: ID!) { node(id: $version) { ... on ModelVersion {
  evidence(first: 100) { nodes { kind verdict title tool figures codeCommit dataDigest seed environment command } }
  tags(first: 100) { nodes { key value } }
} } }
"""
DIAGNOSIS = "breast-cancer-diagnosis"
AGAIN = "again."
READ = "Read by two cytologists beside forty samples"
LOOKED_THROUGH = "Artefact and packages looked through"
REPEATED = "Trained again from the same commit, data and seed"


class _Version:
    """One version with the reports it has."""

    def __init__(self, id: UUID, found: dict[str, Any]) -> None:
        self.id = id
        self.tags = {one["key"]: one["value"] for one in found["tags"]["nodes"]}
        self._reports: list[dict[str, Any]] = found["evidence"]["nodes"]

    def has(self, title: str) -> bool:
        return any(one["title"] == title for one in self._reports)

    def like(self, kind: EvidenceKind, **other: Any) -> Report:
        """A report that says what the one of this kind from the registry says, but for what is given."""
        first = next(one for one in self._reports if one["kind"] == kind)
        said = {
            "kind": kind,
            "verdict": Verdict(first["verdict"]),
            "tool": first["tool"],
            "figures": first["figures"],
            "code_commit": first["codeCommit"],
            "data_digest": first["dataDigest"],
            "seed": first["seed"],
            "environment": first["environment"],
            "command": first["command"],
        }
        return Report(**(said | other))


async def add(company: Company) -> None:
    """What the two versions of the diagnosis that are to be let through still lack, and a re-run that disagrees."""
    for number in ("2", "3"):
        version = await _version(company, DIAGNOSIS, number)
        if not version.has(READ):
            await _send(company, "ines.moreau", version, _read(version))
        if not version.has(LOOKED_THROUGH):
            await _send(company, "tomas.lindqvist", version, _looked_through(version))
    company.say(f"explainability and security of {DIAGNOSIS} 2 and 3 reported by ines.moreau and tomas.lindqvist")
    hurried = await _version(company, "wine-cultivar", "3")
    if not hurried.has(REPEATED):
        await _send(company, "jonas.okafor", hurried, _repeated(hurried))
    company.say("a second run that disagrees with the first: wine-cultivar 3, trained again by jonas.okafor")


def _read(version: _Version) -> Report:
    return version.like(
        EvidenceKind.EXPLAINABILITY,
        verdict=Verdict.PASS,
        title=READ,
        tool="two cytologists",
        command="read the five features that count most beside forty samples",
        details={"said": "What the model looks at is what we look at: size, dents and texture of the nuclei."},
    )


def _looked_through(version: _Version) -> Report:
    said = version.like(EvidenceKind.PERFORMANCE)
    return Report(
        kind=EvidenceKind.SECURITY,
        verdict=Verdict.PASS,
        title=LOOKED_THROUGH,
        tool="by hand",
        code_commit=said.code_commit,
        data_digest=said.data_digest,
        seed=said.seed,
        environment=said.environment,
        command="unzip -l model.skops",
        details={
            "artefact": "A skops file of arrays and known types; loading it runs no code of its own.",
            "packages": "scikit-learn and pandas, both pinned to one version.",
            "attacks": "None tried: inputs come from the clinics' own microscopes, by people who are known.",
        },
    )


def _repeated(version: _Version) -> Report:
    figures = {key.removeprefix(AGAIN): float(value) for key, value in version.tags.items() if key.startswith(AGAIN)}
    return version.like(
        EvidenceKind.PERFORMANCE,
        title=REPEATED,
        figures=figures,
        details={"said": "The seed splits the rows but never reached the forest: every training gives another one."},
    )


async def _version(company: Company, model: str, name: str) -> _Version:
    id = (await company.versions())[model, name]
    return _Version(id, (await company.ask(MEASURED, version=f"ModelVersion:{id}"))["node"])


async def _send(company: Company, handle: str, version: _Version, report: Report) -> None:
    async with company.acting(handle) as (tx, who):
        await actions.add(tx, who, version.id, report)
