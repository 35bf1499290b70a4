"""What a draft would change: what each wording says of a document, and what moved between the two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from hub.checks.rules import ask, explain, judge
from hub.checks.tables import Outcome
from hub.errors import Code, Refused
from hub.models.tables import RiskTier, Stage
from hub.policies.cel import Document, Rule, Verdict, compile_rule
from hub.policies.rules import Wording
from hub.policies.schedules import in_force
from hub.policies.tables import DecisionPoint, Enforcement
from hub.policies.written import written

TYPE_TAGS = ("type", "model.type")
LONGEST_DAYS = 365
NOBODY = "nobody"

FAILING = frozenset({Outcome.FAIL, Outcome.WARN})


class Movement(StrEnum):
    """What a draft changes for one document; each document moves in exactly one way."""

    NEWLY_FAILING = "newly_failing"
    NEWLY_PASSING = "newly_passing"
    NEWLY_ERROR = "newly_error"
    NEWLY_ASKED = "newly_asked"
    NO_LONGER_ASKED = "no_longer_asked"
    EASED = "eased"
    UNCHANGED_PASS = "unchanged_pass"
    UNCHANGED_FAIL = "unchanged_fail"
    UNCHANGED_ERROR = "unchanged_error"


NEWLY = frozenset({Movement.NEWLY_FAILING, Movement.NEWLY_PASSING, Movement.NEWLY_ERROR})


@dataclass(frozen=True, slots=True)
class Seen:
    """One document as rules see it: its values, the same ready for rules, and where it was asked."""

    values: Mapping[str, Any]
    document: Document
    tier: RiskTier
    stage: Stage
    decision_point: DecisionPoint


@dataclass(frozen=True, slots=True)
class Said:
    """What a wording says of a document; `outcome` is None where it does not ask."""

    outcome: Outcome | None
    enforcement: Enforcement
    explanation: str = ""


class Asked:
    """A wording, ready to be asked of any number of documents."""

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        self.points = frozenset(wording.decision_points)
        self._model_types = {kind.lower() for kind in wording.model_types}
        self._schedule: Sequence[Mapping[str, Any]] = written(wording)["schedule"]
        self._rule = _compiled(wording.rule)

    @property
    def reads(self) -> frozenset[str]:
        """What the rule looks at; nothing for one that no longer compiles."""
        return frozenset() if self._rule is None else self._rule.reads

    def binds(self, values: Mapping[str, Any]) -> bool:
        """Whether the policy would apply to the document's model: every selector that says something matches.

        As the bindings do it, but for data categories: those of the document's own version, not of all versions.
        """
        model, asked = values["model"], self.wording
        return (
            _among(model["tier"], asked.tiers)
            and _among(model["registry"], asked.registries)
            and (not asked.model_types or not _types(model["tags"]).isdisjoint(self._model_types))
            and (not asked.model_tags or any(_tagged(model["tags"], tag) for tag in asked.model_tags))
            and (not asked.data_categories or not _categories(values).isdisjoint(asked.data_categories))
        )

    def concerns(self, values: Mapping[str, Any], stage: Stage) -> bool:
        """Whether what is decided of this model and stage rests on the wording, at whichever decision point."""
        return _among(stage, self.wording.stages) and self.binds(values)

    def says(self, seen: Seen, on: date, *, why: bool) -> Said:
        """What the wording says, with the enforcement of a day; `why` asks for the explanation of what is not kept."""
        enforcement, _ = in_force(
            self.wording.enforcement,
            self.wording.severity,
            self._schedule,
            tier=seen.tier,
            stage=seen.stage,
            on=on,
        )
        if seen.decision_point not in self.points or not self.concerns(seen.values, seen.stage):
            return Said(None, enforcement)
        if self._rule is not None and self._rule.passes(seen.document):
            return Said(Outcome.PASS, enforcement)
        verdict: Verdict = ask(self.wording.rule, seen.document)
        outcome = judge(verdict, enforcement, None)
        return Said(outcome, enforcement, explain(outcome, verdict, {}) if why else "")


def movement(before: Outcome | None, after: Outcome | None) -> Movement | None:
    """What moved; None where neither wording asks. A failure that did not close the gate and now does is a new one."""
    if after is None:
        return None if before is None else Movement.NO_LONGER_ASKED
    if after is Outcome.PASS:
        if before is None:
            return Movement.NEWLY_ASKED
        return Movement.UNCHANGED_PASS if before is Outcome.PASS else Movement.NEWLY_PASSING
    if after is Outcome.ERROR:
        return Movement.UNCHANGED_ERROR if before is Outcome.ERROR else Movement.NEWLY_ERROR
    if before is after:
        return Movement.UNCHANGED_FAIL
    return Movement.EASED if before is Outcome.FAIL else Movement.NEWLY_FAILING


def fresh_counts() -> dict[str, Any]:
    """Nothing counted yet."""
    return {
        "inputs": 0,
        **{moved.value: 0 for moved in Movement},
        "by_tier": {},
        "by_owner": {},
        "approvals": {"requests": 0, "by_discipline": {}},
    }


def count(counts: dict[str, Any], moved: Movement, tier: RiskTier, owner: UUID | None) -> None:
    """Count one document: in all, under its model's tier and, where people must act or need not, under its owner."""
    counts["inputs"] += 1
    counts[moved.value] += 1
    _one_more(counts["by_tier"].setdefault(tier.value, {}), moved.value)
    if moved in NEWLY:
        _one_more(counts["by_owner"].setdefault(NOBODY if owner is None else str(owner), {}), moved.value)


def count_requests(counts: dict[str, Any], requests: Sequence[Sequence[str]]) -> None:
    """Count requests whose answer a publication would void, and under each discipline that must answer again."""
    load = counts["approvals"]
    for disciplines in requests:
        load["requests"] += 1
        for discipline in disciplines:
            _one_more(load["by_discipline"], discipline)


def checked_days(days: int) -> int:
    """The days that a backtest looks back; refused when there are none, or more than anybody keeps."""
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(Code.BAD_INPUT, f"{days} days asked; 1 to {LONGEST_DAYS} are allowed", field="days")
    return days


def _compiled(rule: str) -> Rule | None:
    try:
        return compile_rule(rule)
    except Refused:  # asking it says why
        return None


def _among(word: str, words: Sequence[str]) -> bool:
    return not words or word in words


def _tagged(tags: Mapping[str, str], wanted: str) -> bool:
    return wanted in tags or any(f"{key}={value}" == wanted for key, value in tags.items())


def _types(tags: Mapping[str, str]) -> set[str]:
    return {tags[key].lower() for key in TYPE_TAGS if key in tags}


def _categories(values: Mapping[str, Any]) -> set[str]:
    return {category for dataset in values["datasets"] for category in dataset.get("categories", ())}


def _one_more(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
