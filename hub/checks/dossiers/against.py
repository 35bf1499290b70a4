"""What speaks against a version, in the order in which a reviewer should look at it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.policies.tables import Severity

SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that speaks against a version: a word for its kind, what it is, where the page says more."""

    mark: str
    words: str
    anchor: str


def objections(content: Mapping[str, Any]) -> list[Objection]:
    """All that a dossier's content holds against its version: what keeps the gate shut comes first."""
    return [*_version(content), *_checks(content), *_data(content), *_evidence(content), *_card(content)]


def _version(content: Mapping[str, Any]) -> Iterator[Objection]:
    tier = content["risk"]["tier"]
    if tier == "PROHIBITED":
        yield Objection("Prohibited", "the model's tier is PROHIBITED: it must not be used", "model")
    if tier == "UNCLASSIFIED":
        yield Objection("Unclassified", "nobody said how much harm the model could do; it is treated as HIGH", "model")
    if content["rule"] is None:
        yield Objection("No rule", "the approval matrix has no rule for this tier and stage", "record")
    if content["version"]["missing"]:
        yield Objection("Missing", "the registry no longer shows this version", "version")
    if content["model"]["owner"] is None:
        yield Objection("No owner", "nobody answers for the model", "model")


def _checks(content: Mapping[str, Any]) -> Iterator[Objection]:
    ends = {one["id"]: one["expires_at"] for one in content["exceptions"]}
    for check in sorted(content["checks"], key=weight):
        words = f"{check['title']}: {check['explanation']}"
        mark = mark_of(check)
        if check["outcome"] == "WAIVED":
            end = ends.get(check["exception"])
            yield Objection(mark, words + ("" if end is None else f" (until {end[:10]})"), "exceptions")
        elif mark:
            yield Objection(mark, words, "checks")
    unasked = [one["title"] for one in content["not_asked"] if one["enforcement"] == "BLOCKING"]
    if unasked:
        yield Objection("Not asked", f"blocking policies that were not asked yet: {', '.join(unasked)}", "checks")


def mark_of(check: Mapping[str, Any]) -> str:
    """A word for how a check speaks against the version; none for one that does not."""
    blocks = check["enforcement"] == "BLOCKING"
    match check["outcome"]:
        case "FAIL":
            return "Blocks" if blocks else "Fails"
        case "ERROR":
            return "Blocks, cannot be told" if blocks else "Cannot be told"
        case "WARN":
            return "Warns"
        case "WAIVED":
            return "Excepted"
    return ""


def weight(check: Mapping[str, Any]) -> tuple[int, int, str]:
    """Sorts checks: what keeps the gate shut, what fails, what is excepted, the rest; the worst of each first."""
    marks = ("Blocks", "Blocks, cannot be told", "Fails", "Cannot be told", "Excepted", "Warns", "")
    return marks.index(mark_of(check)), SEVERITIES.index(check["severity"]), check["policy"]


def _data(content: Mapping[str, Any]) -> Iterator[Objection]:
    datasets = content["lineage"]["datasets"]
    for one in datasets:
        if one["prohibited"]:
            yield Objection("Prohibited data", f"{one['name']} must not be used", "lineage")
    for wanting, said in (("described", "what they hold"), ("legal_basis", "on what legal basis they are used")):
        names = [one["name"] for one in datasets if not one[wanting] and (wanting == "described" or one["described"])]
        if names:
            yield Objection("Unknown data", f"nobody said {said}: {_listed(names)}", "lineage")
    if not datasets:
        yield Objection("Unknown data", "nothing is known of the data that it was made from", "lineage")


def _evidence(content: Mapping[str, Any]) -> Iterator[Objection]:
    kinds = sorted({one["kind"] for one in content["evidence"] if one["disputed"]})
    if kinds:
        yield Objection("Disputed", f"re-runs of the same test say something else: {_listed(kinds)}", "evidence")
    old = sorted({one["kind"] for one in content["evidence"] if not one["current"]})
    if old:
        yield Objection("Outdated", f"reports about the version as it was before: {_listed(old)}", "evidence")


def _card(content: Mapping[str, Any]) -> Iterator[Objection]:
    wanting = content["card"]["completeness"]["wanting"]
    if wanting:
        names = _listed([name.replace("_", " ") for name in wanting])
        yield Objection("Card", f"sections that policies ask for are not written: {names}", "card")


def _listed(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
