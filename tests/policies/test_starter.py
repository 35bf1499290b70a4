"""The starter pack: what it is held to, and that what the documentation says of it is so."""

import os
from datetime import date
from pathlib import Path

import pytest

from hub.cli import findings, trying
from hub.models.tables import RiskTier, Stage
from hub.policies.bundles import lint, reading
from hub.policies.bundles.fixtures import Fixture
from hub.policies.bundles.reading import Bundle, Written
from hub.policies.bundles.yaml_text import Place
from hub.policies.tables import DecisionPoint, Enforcement

WRITTEN_ON = date(2026, 11, 21)
DOCUMENT = Path(__file__).parents[2] / "docs" / "starter-pack.md"
MARKS = ("<!-- the table is written by tests/policies/test_starter.py -->\n", "<!-- the table ends here -->\n")
PACK = reading.read(reading.STARTER)
FRAMEWORKS = {
    "EU AI Act": "https://eur-lex.europa.eu/eli/reg/2024/1689/oj",
    "GDPR": "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
    "NIST AI RMF": "https://doi.org/10.6028/NIST.AI.100-1",
    "ISO/IEC 42001": "https://www.iso.org/standard/81230.html",
}
KEYS = {
    "approved-for-production", "data-validated", "drift-in-bounds", "evidence-reproducible", "explainability-tested",
    "fairness-opportunity", "fairness-parity", "human-oversight", "incidents-mitigated", "kpis-defined", "load-tested",
    "model-card", "named-owner", "no-data-leakage", "no-stage-skipped", "peer-review", "performance-by-segment",
    "performance-held", "performance-overall", "personal-data-basis", "privacy-tested", "prohibited-sources",
    "prohibited-use", "rollback-known", "robustness-tested", "security-tested", "third-party-licence",
    "tier-classified", "training-data-known", "validation-in-date", "version-pinned",
}  # fmt: skip


@pytest.fixture(params=PACK.policies, ids=lambda one: one.wording.key)
def policy(request: pytest.FixtureRequest) -> Written:
    found: Written = request.param
    return found


def test_the_pack_is_read_whole_and_its_keys_are_lasting() -> None:
    assert PACK.refused == ()
    assert PACK.name == "starter"
    assert {one.wording.key for one in PACK.policies} == KEYS


def test_lint_finds_nothing() -> None:
    assert lint.lint(PACK, today=WRITTEN_ON) == []


def test_every_fixture_ends_as_it_says() -> None:
    tried = trying.tried(PACK)
    assert [(one.file, one.line, one.outcome, one.why, one.explanation) for one in tried if one.why] == []
    assert len(tried) >= 5 * len(KEYS) - 10
    assert trying.wanting(PACK) == []


def test_a_policy_fails_as_an_engineer_can_act_on(policy: Written) -> None:
    failing = [one for one in policy.fixtures if one.expect in ("FAIL", "WARN")]
    assert any(one.says for one in failing)
    assert any(char.isupper() or char == "`" for char in policy.wording.remediation)


def test_the_base_document_keeps_every_policy(policy: Written) -> None:
    point = policy.wording.decision_points[-1]
    fixture = Fixture("base", "PASS", {}, (), Stage.PRODUCTION, point, None, None, "", Place(1, 1))
    outcome, explanation = trying.asked(PACK.document, policy.wording, fixture)
    assert (outcome, explanation[:5]) == ("PASS", "kept:")


def test_citations_are_of_known_frameworks_with_their_own_addresses(policy: Written) -> None:
    assert policy.wording.citations
    for one in policy.wording.citations:
        assert FRAMEWORKS[one.framework] == one.url
        assert one.title


def test_a_rule_reads_as_written_for_people(policy: Written) -> None:
    assert max(map(len, policy.wording.rule.splitlines())) <= 120
    assert policy.wording.principle
    assert len(policy.wording.rationale) >= 80


def test_a_model_of_the_lowest_tier_is_stopped_by_few_policies() -> None:
    """Whoever tries a toy model is not drowned: only what nobody may do closes its gate."""
    closing = set()
    for one in PACK.policies:
        for point in one.wording.decision_points:
            fixture = Fixture(
                "nothing known", "", {}, (), Stage.PRODUCTION, point, RiskTier.MINIMAL, None, "", Place(1, 1)
            )
            outcome, _ = trying.asked({}, one.wording, fixture)
            if outcome in ("FAIL", "ERROR"):
                closing.add(one.wording.key)
    assert closing == {"named-owner"}


def test_nothing_that_is_approved_by_people_is_asked_before_they_are() -> None:
    (approved,) = [one.wording for one in PACK.policies if "deployment.approved" in one.wording.rule]
    assert set(approved.decision_points) == {DecisionPoint.DEPLOY, DecisionPoint.MONITOR}


def test_only_what_is_watched_in_production_may_be_rolled_back_without_a_person() -> None:
    safe = {one.wording.key for one in PACK.policies if one.wording.safe_rollback}
    assert safe == {"drift-in-bounds", "performance-held"}


def test_planned_enforcement_only_ever_tightens() -> None:
    rank = list(Enforcement)
    for one in PACK.policies:
        for step in one.wording.schedule:
            if step.starts_on is not None:
                assert rank.index(step.enforcement) >= rank.index(Enforcement.WARNING), one.wording.key


def test_a_broken_rule_is_seen_by_its_fixtures(tmp_path: Path) -> None:
    """A pack whose fixtures would pass whatever the rule says proves nothing: each rule turned round must fail."""
    blind = []
    for one in PACK.policies:
        folder = tmp_path / one.wording.key
        folder.mkdir()
        text = (reading.STARTER / f"{one.wording.key}.yaml").read_text()
        rule = str(one.tree.value["rule"])
        indented = "".join(f"  {line}\n" for line in rule.splitlines())
        assert indented in text
        turned = f"  !(\n{indented}  )\n"
        (folder / f"{one.wording.key}.yaml").write_text(text.replace(indented, turned))
        (folder / "bundle.yaml").write_text((reading.STARTER / "bundle.yaml").read_text())
        if not any(found.why for found in trying.tried(reading.read(folder).sound())):
            blind.append(one.wording.key)
    assert blind == []


def table(pack: Bundle) -> str:
    return "".join(f"{line}\n" for line in findings.failures(trying.tried(pack)))


def test_the_documentation_has_what_each_policy_says_when_it_fails() -> None:
    text = DOCUMENT.read_text()
    head, _, rest = text.partition(MARKS[0])
    old, _, tail = rest.partition(MARKS[1])
    if os.environ.get("HUB_GOLDENS") == "write":
        DOCUMENT.write_text(f"{head}{MARKS[0]}\n{table(PACK)}\n{MARKS[1]}{tail}")
        return
    assert old.strip() == table(PACK).strip()
