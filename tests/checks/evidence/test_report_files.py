"""Test reports in files: what each form gives, and one clear sentence for what is none."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.checks.evidence.files.opening import opened
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind, EvidenceSource, Verdict
from hub.errors import Code, Refused

FIXTURES = Path(__file__).parent / "fixtures"
TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)


def fixture(name: str, kind: EvidenceKind | None = None) -> Report:
    return opened((FIXTURES / name).read_bytes(), name=name, kind=kind)


def given(text: str, kind: EvidenceKind | None = EvidenceKind.SECURITY) -> Report:
    return opened(text.encode(), name="f", kind=kind)


def junit(inside: str, **attributes: str) -> Report:
    told = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return given(f"<testsuite{told}>{inside}</testsuite>")


def sarif(*results: dict[str, Any], **run: Any) -> Report:
    made = {"tool": {"driver": {"name": "s"}}, "results": list(results), **run}
    return given(orjson.dumps({"version": "2.1.0", "runs": [made]}).decode(), None)


def test_our_own_form_as_yaml() -> None:
    assert fixture("report.yaml") == Report(
        kind=EvidenceKind.FAIRNESS,
        verdict=Verdict.PASS,
        title="Equal opportunity by sex",
        tool="fairlearn 0.12",
        figures={"equal_opportunity_difference": 0.04, "demographic_parity_difference": 0.07},
        details={"groups": ["f", "m"]},
        measured_at=TEN,
        code_commit="9f2c1d7",
        data_digest="sha256:1f",
        seed="7",
        environment="python 3.12, scikit-learn 1.7",
        command="python -m fairness --data test.parquet",
        source=EvidenceSource.SENT,
    )


def test_our_own_form_as_json_says_the_same() -> None:
    told = {"kind": "fairness", "figures": {"gap": 1}, "measured_at": "2026-11-20T10:00:00Z", "seed": 7}
    found = given(orjson.dumps(told).decode(), None)
    assert found == Report(EvidenceKind.FAIRNESS, figures={"gap": 1.0}, measured_at=TEN, seed="7")


def test_the_documented_example_is_one() -> None:
    text = (Path(__file__).parents[3] / "docs" / "evidence.md").read_text()
    example = text.partition("```yaml\n")[2].partition("```")[0]
    assert given(example, None).kind is EvidenceKind.FAIRNESS


def test_junit_counts_and_takes_over_what_reproduces_it() -> None:
    assert fixture("pytest.xml") == Report(
        kind=EvidenceKind.FAIRNESS,
        verdict=Verdict.FAIL,
        title="pytest tests",
        tool="JUnit XML",
        figures={"tests": 4.0, "failures": 1.0, "errors": 0.0, "skipped": 1.0, "time_s": 2.51, "gap": 0.12},
        details={
            "failing": [
                {"test": "tests.fairness.test_gap.test_opportunity", "how": "failure", "message": "assert 0.12 <= 0.1"}
            ]
        },
        measured_at=TEN,
        code_commit="9f2c1d7",
        data_digest="sha256:1f",
        seed="7",
        environment="python 3.12",
        command="pytest tests/fairness",
        source=EvidenceSource.JUNIT,
    )


@pytest.mark.parametrize(
    ("inside", "attributes", "verdict", "figures"),
    [
        ("", {}, Verdict.NONE, (0, 0, 0, 0)),
        ("<testcase/><testcase/>", {}, Verdict.PASS, (2, 0, 0, 0)),
        ("<testcase><skipped/></testcase>", {}, Verdict.PASS, (1, 0, 0, 1)),
        ("<testcase><error/></testcase>", {}, Verdict.FAIL, (1, 0, 1, 0)),
        ("<testcase><failure/><failure/></testcase>", {}, Verdict.FAIL, (1, 1, 0, 0)),
        ("<testcase/>", {"tests": "5", "failures": "2"}, Verdict.FAIL, (5, 2, 0, 0)),
        ("<testcase/>", {"tests": "0", "errors": ""}, Verdict.PASS, (1, 0, 0, 0)),
        ("<testcase/><error>setup broke</error>", {}, Verdict.FAIL, (1, 0, 1, 0)),
        ('<testsuite errors="1"/><testsuite errors="2"/>', {}, Verdict.FAIL, (0, 0, 3, 0)),
        ('<x:testcase xmlns:x="u"/>', {}, Verdict.PASS, (1, 0, 0, 0)),
    ],
)
def test_junit_fails_when_any_test_does(
    inside: str, attributes: dict[str, str], verdict: Verdict, figures: tuple[int, ...]
) -> None:
    found = junit(inside, **attributes)
    assert found.verdict is verdict
    assert tuple(found.figures[name] for name in ("tests", "failures", "errors", "skipped")) == figures


def test_junit_without_a_time_is_measured_when_it_is_added() -> None:
    assert junit("<testcase/>").measured_at is None
    assert junit("<testcase/>", timestamp="2026-11-20T10:00:00").measured_at == TEN
    assert junit("<testcase/>", time="1,234.5").figures["time_s"] == 1234.5
    assert junit('<testcase time="1"/><testcase time="0.5"/>').figures["time_s"] == 1.5


def test_only_the_first_failing_tests_are_listed() -> None:
    found = junit(f'<testcase name="t"><failure message="{"é" * 600}"/></testcase>' * 60)
    assert len(found.details["failing"]) == 50
    assert found.details["left_out"] == 10
    assert found.details["failing"][0]["message"] == "é" * 499 + "…"
    face = "\U0001f600" * 600
    wide = junit(f'<testcase name="t"><failure message="{face}"/></testcase>' * 60)
    assert (len(wide.details["failing"]), wide.details["left_out"]) == (29, 31)


def test_sarif_counts_by_level_and_says_what_was_scanned() -> None:
    found = fixture("scan.sarif")
    assert found == Report(
        kind=EvidenceKind.SECURITY,
        verdict=Verdict.FAIL,
        title="scanner",
        tool="scanner 1.4.2",
        figures={"errors": 1.0, "warnings": 1.0, "notes": 1.0, "others": 1.0, "suppressed": 1.0},
        details=found.details,
        measured_at=TEN,
        code_commit="9f2c1d7",
        environment="python 3.12",
        command="scanner --all",
        source=EvidenceSource.SARIF,
    )
    assert [(one["ruleId"], one["level"]) for one in found.details["results"]] == [
        ("S301", "error"), ("S101", "note"), ("S900", "warning"), ("S902", "none")
    ]  # fmt: skip
    assert found.details["results"][0] == {
        "ruleId": "S301",
        "level": "error",
        "message": "pickle reads what it is given",
        "location": "src/load.py:12",
    }


ERROR = {"level": "error", "message": {"text": "x"}}


@pytest.mark.parametrize(
    ("results", "run", "verdict", "errors"),
    [
        ([], {}, Verdict.PASS, 0),
        ([ERROR], {}, Verdict.FAIL, 1),
        ([{**ERROR, "suppressions": []}], {}, Verdict.FAIL, 1),
        ([{**ERROR, "suppressions": [{"status": "accepted"}]}], {}, Verdict.PASS, 0),
        ([{**ERROR, "suppressions": [{"status": "underReview"}]}], {}, Verdict.FAIL, 1),
        ([{**ERROR, "suppressions": [{}, {"status": "rejected"}]}], {}, Verdict.FAIL, 1),
        ([{"level": "warning"}], {}, Verdict.PASS, 0),
        ([], {"results": None}, Verdict.NONE, 0),
        ([], {"invocations": [{"executionSuccessful": False}]}, Verdict.NONE, 0),
        ([ERROR], {"invocations": [{"executionSuccessful": False}]}, Verdict.FAIL, 1),
    ],
)
def test_sarif_passes_only_a_complete_scan_without_an_open_error(
    results: list[dict[str, Any]], run: dict[str, Any], verdict: Verdict, errors: int
) -> None:
    found = sarif(*results, **run)
    assert (found.verdict, found.figures["errors"]) == (verdict, errors)
    assert found.details.get("incomplete", False) is (run != {})


def test_a_scan_may_be_about_something_else_than_security() -> None:
    text = (FIXTURES / "scan.sarif").read_bytes()
    assert opened(text, name="f", kind=EvidenceKind.PRIVACY).kind is EvidenceKind.PRIVACY


DEEP = 100_000
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><testsuite name="&b;"/>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite name="&a;"/>'


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "f is empty; give a report as JSON, YAML, JUnit XML or SARIF"),
        (b" \n", "f is empty;"),
        (b"x" * 10_000_000, "f has more than 5000000 bytes; at most that many are read"),
        ("kind: PRIVACY\ntitle: caf\xe9".encode("latin-1"), "f is not UTF-8 at byte 24; save it as UTF-8 text"),
        ("<testsuite/>".encode("utf-16"), "f is not UTF-8 at byte 0;"),
        (b"<testsuite>\x00</testsuite>", "f holds the character NUL; it is no text file"),
        (BOMB.encode(), "f declares a document type or entities, which no test report needs; leave them out"),
        (OUTSIDE.encode(), "f declares a document type or entities"),
        (b"<!DOCTYPE html><html/>", "f declares a document type or entities"),
        (b"<testsuite>" * DEEP, "f is nested more than 50 deep, which no test report is"),
        (b"<html><body/></html>", "f begins with <html>; JUnit XML begins with <testsuites> or <testsuite>"),
        (b"<testsuite>\n<testcase>", "f:2:11: this is no XML: no element found"),
        (b'<testsuite tests="many"/>', "f: tests is 'many', which is no number"),
        (b'<testsuite failures="NaN"><testcase/></testsuite>', "f: failures is 'NaN'; a finite number of at least 0"),
        (b'<testsuite errors="-1"/>', "f: errors is '-1'; a finite number of at least 0 is wanted"),
        (b'<testsuite timestamp="soon"/>', "f: timestamp is 'soon', which is no time; write it as 2026-"),
        (
            b'<testsuite><properties><property name="figure.gap" value="NaN"/></properties></testsuite>',
            "figure gap is NaN; give a finite number, or leave the figure out",
        ),
        (
            b'<testsuite><properties><property name="kind" value="TASTE"/></properties></testsuite>',
            "f says kind 'TASTE'; there are PERFORMANCE, SEGMENTS, FAIRNESS,",
        ),
        (
            b'<testsuite><properties><property name="kind" value="LOAD"/></properties></testsuite>',
            "f says kind LOAD, and SECURITY was asked for; leave --kind out",
        ),
        (b'{"runs": [', "f:1:11: this is no JSON: Expecting value"),
        (b'{"version": "2.0.0", "runs": []}', "f is SARIF of version '2.0.0'; 2.1.0 is read"),
        (b'{"version": "2.1.0", "runs": {}}', "f: runs is no list, as SARIF 2.1.0 has it"),
        (b'{"version": "2.1.0", "runs": [1]}', "f: runs is no object, as SARIF 2.1.0 has it"),
        (
            b'{"version": "2.1.0", "runs": [{"results": [{"level": "bad"}]}]}',
            "f: a result has the level 'bad'; there are error, warning, note, none",
        ),
        (b'{"a":' * DEEP, "f is nested too deep to be read; flatten it"),
        (b"[" * DEEP, "f is nested too deep to be read; flatten it"),
        (b"[1]", "f is no report: a mapping with kind, verdict,"),
        (b'{"kind": "LOAD", "kind": "LOAD"}', "f says 'kind' twice in one object; keep one of them"),
        (b'{"kind": "SECURITY", "figures": {"a": NaN}}', "figure a is NaN;"),
        (b'{"kind": "SECURITY", "figures": {"a": 1e999}}', "figure a is Infinity;"),
        (b'{"kind": "SECURITY", "figures": {"a": 1' + b"0" * 5000 + b"}}", "f holds a number with too many digits"),
        (b'{"kind": "SECURITY", "figures": {"a": "x"}}', "figure a is 'x', which is no number"),
        (b'{"kind": "SECURITY", "figures": [1]}', "f: figures is no mapping; write names with values"),
        (b'{"figures": {}}', "the report has neither a verdict nor figures; give at least one of them"),
        (b'{"kind": "LOAD", "verdict": "GOOD"}', "f says kind LOAD, and SECURITY was asked for"),
        (b'{"verdict": "GOOD"}', "f: verdict is 'GOOD'; there are PASS, FAIL, NONE"),
        (b'{"verdict": "PASS", "title": ["x"]}', "f: title is \"['x']\"; write a text"),
        (b'{"verdict": "PASS", "colour": 1}', "f says 'colour', which no report has; there are kind, verdict,"),
        (b'{"verdict": "PASS", "title": "' + b"x" * 301 + b'"}', "title has 301 characters; at most 300 are kept"),
        (b'{"verdict": "PASS", "title": "\\ud800"}', "title holds a character that is no text"),
        (b'{"verdict": "PASS", "details": "' + b"x" * 1_000_000 + b'"}', "f has 1000034 bytes; a report has at most"),
        (b"verdict: PASS\nmeasured_at: 2026-11-20", "f: measured_at is a day, 2026-11-20; write a time, as 2026-"),
        (b"verdict: PASS\ntitle: &a x\ntool: *a", "f:2:8: &a is an anchor"),
        (b"verdict: PASS\nverdict: FAIL", "f:2:1: verdict is written twice, first in line 1"),
        (b"verdict: !!python/object:os.system x", "f:1:10: tag:yaml.org,2002:python/object:os.system"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_in_one_sentence(raw: bytes, why: str) -> None:
    with pytest.raises(Refused) as refused:
        opened(raw, name="f", kind=EvidenceKind.SECURITY)
    assert refused.value.code is Code.BAD_INPUT
    assert refused.value.why.startswith(why), refused.value.why
    assert "\n" not in refused.value.why
    assert len(refused.value.why) < 400


@pytest.mark.parametrize("text", ["<testsuite><testcase/></testsuite>", '{"verdict": "PASS"}', "verdict: PASS"])
def test_a_file_that_does_not_say_what_it_is_about_needs_to_be_told(text: str) -> None:
    with pytest.raises(Refused, match=r"^f does not say what it is about; give --kind, one of PERFORMANCE, SEGMENTS"):
        given(text, None)


def test_the_start_that_editors_add_is_no_part_of_a_file() -> None:
    assert (
        opened(b"\xef\xbb\xbf<testsuite><testcase/></testsuite>", name="f", kind=EvidenceKind.LOAD).figures["tests"]
        == 1
    )
