"""Fixtures: small documents that stand beside a rule and say how it must end. Nothing here asks the rule.

A fixture's document is that of a version of which nothing is known, under the bundle's own document, under what the
fixture gives, less what it takes away; so that a fixture tells only what matters to it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hub.events.canonical import instant
from hub.models.tables import RiskTier, Stage
from hub.policies.bundles.shape import Section, nearest
from hub.policies.bundles.yaml_text import Path, Place
from hub.policies.document import EACH, FIELDS, VARIABLES
from hub.policies.rules import Wording
from hub.policies.tables import DecisionPoint

EXPECTED = ("PASS", "FAIL", "WARN", "ERROR", "SKIP")
KEYS = ("name", "given", "without", "stage", "decision_point", "now", "tier", "expect", "says")
ASKED = ("stage", "decision_point")
"""Variables that a fixture says beside its document, as whoever asks a rule does."""

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
"""When fixtures are asked that do not say: the same on every day, so that none begins to fail by itself."""

UNKNOWN: Mapping[str, Any] = {
    "model": {
        "name": "a-model", "description": "", "registry": "a-registry", "tier": "HIGH", "classified": False,
        "owner": None, "team": None, "restricted": False, "missing": False, "tags": {},
    },
    "version": {
        "name": "1", "description": "", "stage": "DEVELOPMENT", "status": "", "author": None, "digest": "0" * 64,
        "code_commit": None, "artifact_uri": None, "missing": False, "params": {}, "tags": {}, "aliases": [],
    },
    "card": {}, "metrics": {}, "segments": {}, "evidence": {}, "datasets": [],
    "lineage": {"runs": 0},
    "deployment": {"stage_before": "DEVELOPMENT", "approved": False, "running": 0, "environments": []},
    "kpis": {},
}  # fmt: skip
"""What a rule sees of a version of which nothing is known."""

_DATASET: Mapping[str, Any] = {
    "name": "a-data-set", "namespace": "a-registry", "digest": "0" * 64, "source_kind": "", "role": "TRAINING",
    "categories": [], "legal_basis": "", "consent": "", "licence": "", "source_name": "", "prohibited": False,
    "described": False,
}  # fmt: skip
_REPORT: Mapping[str, Any] = {
    "verdict": "NONE", "figures": {}, "title": "", "tool": "", "source": "SENT", "code_commit": "", "data_digest": "",
    "seed": "", "environment": "", "command": "", "reproducible": False, "repeated": False, "disputed": False,
    "reports": 1,
}  # fmt: skip
_STEP = re.compile(r"""(?:^|\.)([A-Za-z_][\w-]*)|\[(?:"([^"]+)"|'([^']+)'|(\d+))\]""")
_KIND = re.compile(r"(map<string, |list<)(.*)>")


@dataclass(frozen=True, slots=True)
class Fixture:
    """One example: what is known, when and for which stage a rule is asked, and how it must end."""

    name: str
    expect: str
    given: Mapping[str, Any]
    without: tuple[Path, ...]
    stage: Stage
    decision_point: DecisionPoint
    tier: RiskTier | None
    now: datetime | None
    says: str
    place: Place


def fixtures(top: Section, wording: Wording) -> tuple[Fixture, ...]:
    """The fixtures of one policy's file. Refuses two of one name."""
    found: dict[str, Fixture] = {}
    for one in top.each("tests", KEYS):
        name = one.text("name")
        if name in found:
            raise one.refused("name", f"{name!r} is the name of two tests; give each its own")
        found[name] = _fixture(one, name, wording)
    return tuple(found.values())


def fitting(of: Section, key: str) -> dict[str, Any]:
    """A part of a document. Refuses variables and fields that no document has, and values of another type."""
    given = of.mapping(key)
    at = (*of.path, key)
    for name, value in given.items():
        if name in ASKED:
            raise of.tree.refused_key((*at, name), f"{name} stands beside given, not in it")
        if name not in VARIABLES:
            raise of.tree.refused_key((*at, name), f"a document has no {name[:80]}; {nearest(name, VARIABLES)}")
        _fields(of, (*at, name), value, FIELDS.get(name), name)
        each: Iterable[tuple[str | int, Any]] = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for place, one in each if name in EACH else ():
            _fields(of, (*at, name, place), one, EACH[name], f"each of {name}")
    return {name: _typed(of, (*at, name), value, VARIABLES[name]) for name, value in given.items()}


def document(base: Mapping[str, Any], fixture: Fixture) -> tuple[dict[str, Any], datetime]:
    """The document that a fixture stands for, without what follows from when it is asked, and that instant."""
    made = _merged(_merged(deepcopy(dict(UNKNOWN)), base), fixture.given)
    now = fixture.now or made.pop("now", NOON)
    made.pop("now", None)
    for path in fixture.without:
        _take(made, path)
    if fixture.tier is not None:
        known = fixture.tier is not RiskTier.UNCLASSIFIED
        made["model"] |= {"tier": fixture.tier.value if known else RiskTier.HIGH.value, "classified": known}
    age = made["version"].pop("age_days", 0)
    made["version"].setdefault("created_at", _instant(now, age))
    made["datasets"] = [{**_DATASET, **one} for one in made["datasets"]]
    made["lineage"] = {**_counted(made["datasets"]), **made["lineage"]}
    made["evidence"] = {kind: _report(report, now) for kind, report in made["evidence"].items()}
    return made, now


def _fields(of: Section, path: Path, value: Any, known: frozenset[str] | None, whose: str) -> None:
    for field in value if isinstance(value, dict) and known is not None else ():
        if known is not None and field not in known:
            raise of.tree.refused_key((*path, field), f"{whose} has no field {field[:80]}; {nearest(field, known)}")


def _fixture(one: Section, name: str, wording: Wording) -> Fixture:
    expect = one.text("expect").upper()
    if expect not in EXPECTED:
        raise one.refused("expect", f"expect is {expect[:80]!r}; choose from {', '.join(EXPECTED)}")
    stages = wording.stages or (Stage.PRODUCTION,)
    tier = one.choice("tier", RiskTier) if one.values.get("tier") is not None else None
    return Fixture(
        name=name,
        expect=expect,
        given=fitting(one, "given"),
        without=tuple(_path(one, at, text) for at, text in enumerate(one.texts("without"))),
        stage=one.choice("stage", Stage, default=Stage.PRODUCTION if Stage.PRODUCTION in stages else stages[0]),
        decision_point=one.choice("decision_point", DecisionPoint, default=wording.decision_points[0]),
        tier=tier,
        now=one.instant("now"),
        says=one.text("says", default=""),
        place=one.tree.at(one.path),
    )


def _path(one: Section, at: int, text: str) -> Path:
    """A path as a rule would write it: evidence.fairness, version.tags["review.by"], datasets[0].licence."""
    steps = list(_STEP.finditer(text))
    if not steps or "".join(step.group() for step in steps) != text:
        why = f'{text[:80]!r} is no path; write one as evidence.fairness or version.tags["review.by"]'
        raise one.tree.refused((*one.path, "without", at), why)
    if steps[0][1] not in VARIABLES:
        raise one.tree.refused((*one.path, "without", at), f"a document has no {text[:80]}; {nearest(text, VARIABLES)}")
    return tuple(int(step[4]) if step[4] else step[1] or step[2] or step[3] for step in steps)


def _typed(of: Section, path: Path, value: Any, kind: str) -> Any:
    """A value as the document's type has it: what is written 1 is a 1.0 where figures are wanted."""
    outer = _KIND.fullmatch(kind)
    if outer is not None and outer[1] == "list<" and isinstance(value, list):
        return [_typed(of, (*path, at), one, outer[2]) for at, one in enumerate(value)]
    if outer is not None and outer[1] != "list<" and isinstance(value, dict):
        return {key: _typed(of, (*path, key), one, _inner(path, key, outer[2])) for key, one in value.items()}
    if kind == "dyn":
        return _dynamic(of, path, value)
    if kind == "double" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind == "string" and isinstance(value, str | date):
        return value if isinstance(value, str) else value.isoformat()
    if kind == "timestamp" and isinstance(value, datetime) and value.tzinfo is not None:
        return value
    meant = {
        "string": "a text; put it in quotes",
        "double": "a number",
        "int": "a whole number",
        "timestamp": "an instant",
    }
    told = "a list" if kind.startswith("list") else meant.get(kind, "a mapping")
    raise of.tree.refused(path, f"{value!r:.80} cannot stand for {path[-1]}, which is {told}")


def _inner(path: Path, key: str, kind: str) -> str:
    """The kind of a field that is dyn to the engine because its neighbours differ, where it is known all the same."""
    if key == "figures" and "evidence" in path:
        return "map<string, double>"
    if key == "tags" and path[-1:] and path[-1] in ("model", "version"):
        return "map<string, string>"
    return kind


def _dynamic(of: Section, path: Path, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _typed(of, (*path, key), one, _inner(path, key, "dyn")) for key, one in value.items()}
    if isinstance(value, list):
        return [_dynamic(of, (*path, at), one) for at, one in enumerate(value)]
    return value.isoformat() if isinstance(value, date) else value


def _merged(under: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """What is over replaces what is under; mappings are merged key by key, lists are not."""
    for key, value in over.items():
        below = under.get(key)
        if isinstance(value, Mapping):
            under[key] = _merged(below if isinstance(below, dict) else {}, value)
        else:
            under[key] = deepcopy(value)
    return under


def _take(made: dict[str, Any], path: Path) -> None:
    """Take away one value; one that is not there has gone already, and of a variable what it holds."""
    if len(path) == 1:
        made[str(path[0])] = deepcopy(UNKNOWN.get(str(path[0]), {}))
        return
    place: Any = made
    for step in path[:-1]:
        place = _step(place, step)
    if isinstance(place, list) and isinstance(path[-1], int) and path[-1] < len(place):
        del place[path[-1]]
    elif isinstance(place, dict):
        place.pop(path[-1], None)


def _step(place: Any, step: str | int) -> Any:
    if isinstance(place, list):
        return place[step] if isinstance(step, int) and step < len(place) else None
    return place.get(step) if isinstance(place, dict) else None


def _counted(datasets: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """What lineage says of these data sets."""
    used = {role: {one["digest"] for one in datasets if one["role"] == role} for role in ("TRAINING", "EVALUATION")}
    return {
        "datasets": len({(one["namespace"], one["name"], one["digest"]) for one in datasets}),
        "training_datasets": [one["role"] for one in datasets].count("TRAINING"),
        "evaluation_datasets": [one["role"] for one in datasets].count("EVALUATION"),
        "overlap": len(used["TRAINING"] & used["EVALUATION"]),
        "described": len({(one["namespace"], one["name"], one["digest"]) for one in datasets if one["described"]}),
    }


def _report(report: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """One report with all its fields; its age may be told instead of its date."""
    told = {**_REPORT, **report}
    age = told.pop("age_days", 0)
    if "measured_at" not in told:
        told["measured_at"] = _instant(now, age)
    return told


def _instant(now: datetime, age_days: int) -> str:
    """So many days before now, as documents have it."""
    return instant(now - timedelta(days=age_days))
