"""What lint finds, each by its place, and what it leaves alone."""

from datetime import date
from pathlib import Path

import pytest

from hub.policies.bundles import reading
from hub.policies.bundles.lint import Level, Problem, lint
from tests.policies.bundles.writing import bundle, policy

TODAY = date(2026, 11, 21)


def found(folder: Path, text: str, *, today: date = TODAY) -> list[Problem]:
    return lint(reading.read(bundle(folder / "mine", owned=text)), today=today)


def test_nothing_is_wrong_with_a_good_policy(tmp_path: Path) -> None:
    assert found(tmp_path, policy()) == []


@pytest.mark.parametrize(
    ("old", "new", "level", "place", "code", "words"),
    [
        ("Because a model that nobody answers for is a model that nobody mends.", "Because.", "warning", (3, 12),
         "too-short", "rationale has 8 characters"),
        ("Set the owner of the model with setModelOwner and sync.", "Mend it.", "warning", (13, 14),
         "too-short", "remediation has 8 characters"),
        ("citations:\n  - {framework: GDPR, reference: Article 6, title: Lawfulness of processing,"
         ' url: "https://example.com/gdpr"}\n', "", "warning", (1, 1), "no-citation", "citations is empty"),
        (', url: "https://example.com/gdpr"', "", "warning", (9, 5), "citation-incomplete", "has no url"),
        ("GDPR", "EU-AI-Act", "warning", (9, 5), "framework", "did you mean EU AI Act?"),
        ("service_level: {high: 7}\n", "", "warning", (1, 1), "no-service-level", "service_level is not there"),
        ("{high: 7}", "{low: 7}", "warning", (7, 16), "no-service-level", "has no high, which this policy uses"),
        ("review_on: 2027-11-02\n", "", "warning", (1, 1), "no-review-date", "review_on is not there"),
        ("2027-11-02", "2026-11-20", "warning", (10, 12), "review-overdue", "review_on was 2026-11-20"),
        ("review_on:", "longest_exception_days: 366\nreview_on:", "error", (10, 25), "long-exception", "366 days; 365"),
        ("review_on:", "tags: [fine, Not Fine]\nreview_on:", "warning", (10, 14), "tag-spelling", "'Not Fine' is"),
        ("says: model.owner is null", "says: ''", "warning", (15, 3), "no-says", "no failing test has says"),
        ("expect: PASS", "expect: FAIL", "warning", (15, 3), "no-test", "no test expects PASS"),
        ("expect: FAIL, says: model.owner is null", "expect: PASS", "warning", (15, 3), "no-test", "expects FAIL or W"),
        ("  model.owner != null", '  model.owner != null && model.tags["owner"] != ""', "warning", (12, 37),
         "superseded", "the tag owner is also model.owner"),
        ("  model.owner != null", "  model.owner != null &&\n  metrics.recal >= 0.9", "warning", (13, 3),
         "nothing-fills", "the rule reads metrics.recal, which no fixture fills"),
    ],
)  # fmt: skip
def test_a_finding_is_told_by_its_place(
    tmp_path: Path, old: str, new: str, level: str, place: tuple[int, int], code: str, words: str
) -> None:
    text = policy()
    assert old in text
    (problem,) = found(tmp_path, text.replace(old, new, 1))
    assert (problem.level, (problem.line, problem.column), problem.code) == (Level(level), place, code)
    assert words in problem.what


def test_a_policy_without_tests_is_told_once(tmp_path: Path) -> None:
    text = policy()
    (problem,) = found(tmp_path, text[: text.index("tests:")])
    assert (problem.code, problem.line) == ("no-test", 1)


def test_a_long_exception_is_allowed_where_little_is_at_stake(tmp_path: Path) -> None:
    text = policy(more="longest_exception_days: 366\n").replace("severity: HIGH", "severity: LOW")
    assert found(tmp_path, text.replace("{high: 7}", "{low: 7}")) == []


@pytest.mark.parametrize(
    ("steps", "wrong"),
    [
        (["{enforcement: ADVISORY, tiers: [MINIMAL]}", "{enforcement: WARNING, tiers: [LIMITED]}"], []),
        (["{enforcement: ADVISORY, tiers: [MINIMAL]}", "{enforcement: WARNING}"], [0]),
        (["{enforcement: ADVISORY}", "{enforcement: WARNING, starts_on: 2027-01-01}"], []),
        (["{enforcement: ADVISORY, starts_on: 2027-01-01}", "{enforcement: WARNING}"], [0]),
        (["{enforcement: ADVISORY, starts_on: 2027-02-01}", "{enforcement: WARNING, starts_on: 2027-01-01}"], [0]),
        (
            [
                "{enforcement: ADVISORY, stages: [STAGING]}",
                "{enforcement: WARNING, tiers: [HIGH, LIMITED]}",
                "{enforcement: WARNING, tiers: [MINIMAL, PROHIBITED], stages: [STAGING]}",
            ],
            [0],
        ),
        (["{enforcement: ADVISORY, tiers: [UNCLASSIFIED]}"], None),
    ],
)
def test_a_step_that_can_never_win_is_an_error(tmp_path: Path, steps: list[str], wrong: list[int] | None) -> None:
    text = policy(more="schedule:\n" + "".join(f"  - {step}\n" for step in steps))
    if wrong is None:
        (problem,) = found(tmp_path, text)
        assert (problem.code, "UNCLASSIFIED" in problem.what) == ("unreadable", True)
        return
    problems = found(tmp_path, text)
    assert [(one.code, one.level) for one in problems] == [("step-without-effect", Level.ERROR)] * len(wrong)
    assert [one.line - 18 for one in problems] == wrong


def test_a_step_for_a_tier_that_is_not_asked_is_an_error(tmp_path: Path) -> None:
    more = "applies_to: {tiers: [HIGH]}\nschedule:\n  - {enforcement: ADVISORY, tiers: [MINIMAL]}\n"
    (problem,) = found(tmp_path, policy(more=more))
    assert "names no tier and stage that the policy applies to" in problem.what


def test_files_that_cannot_be_read_are_errors_among_the_others(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "mine", a=policy("a").replace("2027", "2025"), b="key: [", c__a=policy("a"))
    problems = lint(reading.read(folder), today=TODAY)
    assert [(Path(one.file).name, one.code, one.level) for one in problems] == [
        ("a.yaml", "review-overdue", Level.WARNING),
        ("b.yaml", "unreadable", Level.ERROR),
        ("a.yaml", "unreadable", Level.ERROR),
    ]
    assert "also the key of" in problems[2].what
