"""Files, rules and code of the documentation do what is said of them."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.checks.evidence.files.opening import opened
from hub.checks.rules import ask, explain
from hub.checks.tables import EvidenceKind, Outcome, Verdict
from hub.checks.validators.port import Finding
from hub.cli import trying
from hub.policies.bundles import lint, plan, reading
from hub.policies.cel import Document
from tests.docs.pages import Block, blocks

WRITING = [block for block in blocks() if block.page == "docs/policies.md"]
NOT_KEPT: list[dict[str, Any]] = [
    {"metrics": {"recall": 0.83}},
    {"model": {"owner": None}, "card": {}},
    {"segments": {"recall": {"age<50": 0.71, "sex=f": 0.5, "sex=m": 0.9}}},
    {"version": {"tags": {"review.by": "ada"}, "author": "ada"}},
    {"stage": "PRODUCTION", "deployment": {"approved": False}},
    {"evidence": {"fairness": {"verdict": "PASS", "age_days": 120}}},
]


def shown(page: str, language: str) -> Block:
    (found,) = [block for block in blocks() if (block.page, block.language) == (page, language)]
    return found


@pytest.mark.parametrize("place", range(len(NOT_KEPT)))
def test_each_rule_says_what_it_is_said_to_say(place: int) -> None:
    rules, words = (block.text.splitlines() for block in WRITING)
    assert len(rules) == len(words) == len(NOT_KEPT)
    verdict = ask(rules[place], Document(NOT_KEPT[place]))
    assert explain(Outcome.FAIL, verdict, {}) == f"not kept: {words[place]}"


def test_the_policy_is_one_whose_fixtures_end_as_they_should(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "segment-recall.yaml").write_text(shown("docs/policies-in-git.md", "yaml").text)
    bundle = reading.read(folder)
    assert [policy.wording.key for policy in bundle.policies] == ["segment-recall"]
    assert [tried.why for tried in trying.tried(bundle)] == ["", "", ""]
    assert lint.lint(bundle, today=date(2026, 11, 2)) == []


def test_the_plan_is_told_as_it_is_shown() -> None:
    (told,) = [block.text for block in blocks() if block.text.startswith("$ hub policy apply")]
    owner = {"title": "Every model has an owner"}
    steps = [
        plan.Step("segment-recall", "ADD", after={"title": "No group is found much less often"}),
        plan.Step("named-owner", "CHANGE", ("severity",), owner | {"severity": "MEDIUM"}, owner | {"severity": "HIGH"}),
        plan.Step("old-rule", "RETIRE", before={"title": "Nobody needs it any more"}),
        *[plan.Step(f"as-it-was-{at}", "UNCHANGED") for at in range(12)],
    ]
    assert told.splitlines()[1:-1] == list(plan.lines(steps))


def test_the_report_is_one() -> None:
    report = opened(shown("docs/evidence.md", "yaml").text.encode(), name="report.yaml")
    assert (report.kind, report.verdict, report.seed) == (EvidenceKind.FAIRNESS, Verdict.PASS, "7")
    assert report.figures == {"equal_opportunity_difference": 0.04, "demographic_parity_difference": 0.07}
    assert report.measured_at == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_the_validator_counts_rows() -> None:
    (code,) = [block.text for block in blocks() if block.text.startswith("from dataclasses")]
    made: dict[str, Any] = {"__name__": "my_checks.rows"}
    exec(code, made)
    data = [{"role": "TRAINING", "profile": {"num_rows": 999}}, {"role": "EVALUATION", "profile": {"num_rows": 9}}]
    assert made["row_count"].validate({"datasets": data}) == Finding("FAIL", {"rows": 999.0})
    assert made["row_count"].validate({"datasets": data * 2}) == Finding("PASS", {"rows": 1998.0})
