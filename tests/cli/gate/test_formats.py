"""What each format says of the same answers, held as files. Write them anew with HUB_GOLDENS=write."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import category
from xml.etree.ElementTree import Element

import orjson
import pytest
from defusedxml.ElementTree import fromstring

from hub.cli.gate import reading, text
from hub.cli.gate.decision import Decision, Report, decided, undecided
from hub.cli.gate.inert import WHOLE, columns, inert
from hub.cli.gate.machine import github, json_document, junit, sarif
from tests.cli.gate import rows

GOLDENS = Path(__file__).parent / "goldens"
WRITE = os.environ.get("HUB_GOLDENS") == "write"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def report(row: dict[str, Any]) -> Report:
    found = reading.intent(row, row["checks"]["nodes"])
    decision, why = decided(found)
    who = reading.approvers(rows.ASKED, NOON) if found.status == "AWAITING_APPROVAL" else ()
    return Report(decision, why, NOON, "fraud-detection 7 to PRODUCTION", found, who)


REPORTS = {
    "denied": report(
        rows.intent("BLOCKED", rows.check(), rows.SLOW, rows.WAIVED, rows.SKIPPED, rows.UNKNOWN_DRIFT, rows.UNFAIR)
    ),
    "waiting": report(
        rows.intent(
            "AWAITING_APPROVAL",
            rows.check(),
            rows.WAIVED,
            approvalRequest=rows.approval("PENDING", (rows.ADA, "RISK", "APPROVE", "read the dossier")),
            rollbackVersion=None,
        )
    ),
    "allowed": report(
        rows.intent("APPROVED", rows.check(), permits={"nodes": [rows.permit(expiresAt="2026-12-05T11:00:00+00:00")]})
    ),
    "undecided": undecided(
        "no hub answers at http://127.0.0.1:8000; start one", "fraud-detection 7 to PRODUCTION", NOON
    ),
}
FORMATS: dict[str, Callable[[Report], str]] = {
    "txt": text.written,
    "narrow.txt": lambda report: text.written(report, width=60, verbose=True),
    "json": json_document.written,
    "xml": junit.written,
    "sarif": sarif.written,
    "github.txt": github.written,
    "summary.md": github.summary,
    "outputs.txt": github.outputs,
}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("format", FORMATS)
def test_golden(name: str, format: str) -> None:
    path, written = GOLDENS / f"{name}.{format}", FORMATS[format](REPORTS[name])
    if WRITE:
        path.write_text(written)
    assert written == path.read_text()


def test_every_golden_is_compared() -> None:
    assert {path.name for path in GOLDENS.iterdir()} == {f"{name}.{format}" for name in REPORTS for format in FORMATS}


HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07 ok\r\n::add-mask::secret\n::error::forged ##[stop-commands]x ###vso[task]"
    " \u202eevil\u202c \u2028 \x00 \ud800 \ufffe <script>alert(1)</script> ]]> &amp; | `x` [a](http://evil) %0A"
)


def hostile(status: str = "BLOCKED", decision: Decision | None = None) -> Report:
    bad = rows.check("evil-policy", "FAIL", number=9, title=HOSTILE, explanation=HOSTILE, remediation=HOSTILE)
    unfair = rows.check("evil-too", "PASS", number=8, title=HOSTILE)
    waived = rows.check("evil-waived", "WAIVED", number=7, title=HOSTILE, waived_until="2026-12-24T00:00:00+00:00")
    who = {"id": "Person:x\n::stop", "name": HOSTILE, "handle": HOSTILE}
    row = rows.intent(
        status, bad, unfair, waived, statusWhy=HOSTILE, reason=HOSTILE, requestedBy=who,
        approvalRequest=rows.approval("PENDING", (who, "RISK", "APPROVE", HOSTILE)),
    )  # fmt: skip
    row["model"] |= {"name": HOSTILE, "registry": {"key": HOSTILE}, "owner": who}
    made = report(row)
    return replace(made, decision=decision or made.decision, why=inert(HOSTILE), asked=inert(HOSTILE))


@pytest.mark.parametrize("status", ["BLOCKED", "AWAITING_APPROVAL"])
@pytest.mark.parametrize("format", FORMATS)
def test_hostile_texts_are_made_inert(format: str, status: str) -> None:
    written = FORMATS[format](hostile(status))
    assert {letter for letter in written if category(letter) in ("Cc", "Cf", "Cs", "Cn")} <= {"\n"}
    lines = written.splitlines()
    ours = {line for line in lines if re.match(r"::(error|warning|notice) title=[^:]*::", line)}
    commands = {line for line in lines if line.lstrip().startswith("::")} - (ours if format == "github.txt" else set())
    assert commands == set()
    if format != "summary.md":
        assert "##" not in written


def test_hostile_texts_forge_no_row_and_no_link_in_the_summary() -> None:
    written = github.summary(hostile())
    (row,) = [line for line in written.splitlines() if line.startswith("| FAIL")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 8
    assert "<script" not in written
    assert "[a](http" not in written


def cases(written: str) -> Iterator[Element]:
    yield from fromstring(written).iter("testcase")


def test_junit_tells_failures_errors_and_skips_apart() -> None:
    whole = fromstring(junit.written(REPORTS["denied"]))
    assert {name: whole.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "7", "failures": "2", "errors": "1", "skipped": "3",
    }  # fmt: skip
    found = {case.get("name", ""): [below.tag for below in case] for case in cases(junit.written(REPORTS["denied"]))}
    assert found["fairness-parity: Decisions are alike for every group"] == ["failure"]
    assert found["drift-bounded: Input drift stays within bounds"] == ["error"]
    assert found["owner-named: An owner is named"] == []


def test_junit_of_hostile_texts_parses_back_to_the_same_words() -> None:
    made = hostile()
    assert made.intent is not None
    (case,) = [case for case in cases(junit.written(made)) if "evil-policy" in case.get("name", "")]
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == made.intent.checks[0].explanation


def test_sarif_names_a_rule_for_every_result_and_its_way_out() -> None:
    (run,) = orjson.loads(sarif.written(REPORTS["denied"]))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules][:2] == ["fairness-parity", "drift-bounded"]
    assert rules[0]["help"]["text"] == rows.UNFAIR["remediation"]
    levels = {result["ruleId"]: result["level"] for result in run["results"]}
    assert levels == {
        "fairness-parity": "error", "drift-bounded": "error", "load-tested": "warning", "card-complete": "note",
    }  # fmt: skip
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == list(levels)
    suppressed = {result["ruleId"]: result["suppressions"] for result in run["results"]}
    assert suppressed.pop("card-complete")[0]["status"] == "accepted"
    assert list(suppressed.values()) == [[], [], []]
    assert run["invocations"][0]["executionSuccessful"] is True


def test_sarif_says_of_an_undecided_run_that_it_failed() -> None:
    (run,) = orjson.loads(sarif.written(REPORTS["undecided"]))["runs"]
    assert run["results"] == []
    invocation = run["invocations"][0]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    assert invocation["toolExecutionNotifications"][0]["message"]["text"].startswith("no hub answers")


def test_github_escapes_what_its_runner_unescapes() -> None:
    unfair = rows.check("odd", "FAIL", title="50%: a, b", explanation="100% \r\n lost", remediation="mend, then: ask")
    lines = github.written(report(rows.intent("BLOCKED", unfair))).splitlines()
    assert lines[1] == ("::error title=FAIL HIGH%3A 50%25%3A a%2C b::odd: 100%25 lost%0ATo mend it: mend, then: ask")


def test_github_shows_ten_of_each_level_and_says_how_many_more() -> None:
    many = [rows.check(f"policy-{n}", "FAIL", number=n) for n in range(30)]
    lines = github.written(report(rows.intent("BLOCKED", *many))).splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("::error title=22 more::Also: policy-")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_nothing_but_commands_is_wider_than_the_terminal(width: int) -> None:
    for made in (*REPORTS.values(), hostile(), hostile("AWAITING_APPROVAL")):
        lines = text.written(made, width=width, verbose=True).splitlines()
        wide = [line for line in lines if columns(line) > width and not line.startswith("    hub ")]
        assert [line for line in wide if not WHOLE.fullmatch(line.strip())] == []


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_ids_and_digests_can_be_pasted_at_any_width(width: int) -> None:
    lines = [line.split() for line in text.written(REPORTS["waiting"], width=width).splitlines()]
    words = {word.rstrip(",") for line in lines for word in line}
    intent = REPORTS["waiting"].intent
    assert intent is not None
    assert intent.approval is not None
    waived = [check.waiver.id for check in intent.checks if check.waiver is not None]
    assert {intent.id, intent.version_digest, *waived} <= words
    assert ["hub", "approvals", "show", intent.approval.id.removeprefix("ApprovalRequest:")] in lines


def test_wide_letters_line_up() -> None:
    checks = [rows.check("名前-owner", number=1, title="所有者"), rows.check("short", number=2, title="x")]
    lines = text.written(report(rows.intent("APPROVED", *checks)), verbose=True).splitlines()
    short, wide = (line for line in lines if line.startswith("  PASS"))
    assert columns(wide[: wide.index("所有者")]) == columns(short[: short.rindex("x")])


def test_colours_paint_words_and_nothing_else() -> None:
    for made in REPORTS.values():
        painted = text.written(made, colours=True)
        assert "\x1b[" in painted
        assert re.sub(r"\x1b\[[\d;]+m", "", painted) == text.written(made)
