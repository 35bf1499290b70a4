"""`hub exception request`: step by step at a terminal, and by options alone."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.approvals.conftest import Desk, Ended

BY_OPTIONS = (
    "--policy", "recall", "--model", "scans", "--version", "3", "--to", "production", "--expires", "60d",
    "--justification", "More cases arrive next month.", "--control",
    "A radiologist reads every scan. | every 14 | by olaf",
    "--risk-before", "high", "--risk-after", "medium", "--ticket", "https://tickets.example/GOV-1",
)  # fmt: skip


async def request(desk: Desk, *words: str, typed: str | None = None) -> Ended:
    return await desk.run(desk.dev, "exception", "request", *words, typed=typed)


async def kept(desk: Desk) -> dict[str, object]:
    """The one exception that was asked for."""
    (row,) = await desk.make.db.reads.fetch(
        "SELECT e.*, p.key, o.handle FROM policy_exceptions e JOIN policies p ON p.id = e.policy_id"
        " JOIN people o ON o.id = e.owner_id"
    )
    return dict(row)


async def test_a_script_asks_with_options_and_is_told_who_decides(desk: Desk) -> None:
    said = await request(desk, *BY_OPTIONS, "--yes")
    assert (said.code, said.err) == (0, "")
    row = await kept(desk)
    end = row["expires_at"]
    request_id = await desk.make.db.reads.fetchval("SELECT id FROM approval_requests")
    assert said.lines == [
        "exception of scans 3 from recall for PRODUCTION",
        f"until {end:%Y-%m-%d %H:%M} UTC; recall allows at most 90 days",
        "risk HIGH, MEDIUM with the controls; to MITIGATE it is recommended; Dev (dev) answers for closing",
        "it",
        "ticket https://tickets.example/GOV-1",
        "Controls",
        "1. A radiologist reads every scan. | every 14 | by olaf",
        "Closed when",
        "recall passes",
        "Why",
        "More cases arrive next month.",
        "Who decides",
        "nothing about it asks for more than the usual row; it needs 1 signature",
        "Decision, 1 of: Cora (cora), Pat (pat), Rita (rita)",
        f"exception of scans from recall: asked as exception {row['id']}, in request {request_id}",
        said.lines[-1],
    ]
    assert said.lines[-1].endswith(": Decision lacks any; asked are Cora (cora), Pat (pat), Rita (rita)")
    asked = (row["key"], row["handle"], row["stage"], row["risk_before"], row["risk_after"], row["state"])
    assert asked == ("recall", "dev", "PRODUCTION", "HIGH", "MEDIUM", "SUBMITTED")
    (control,) = await desk.make.db.reads.fetch("SELECT * FROM compensating_controls")
    assert (control["description"], control["attest_every_days"], control["attestor_id"]) == (
        "A radiologist reads every scan.", 14, desk.olaf.person_id,
    )  # fmt: skip


async def test_the_longest_term_itself_can_be_asked_as_a_span(desk: Desk) -> None:
    words = [word if word != "60d" else "90d" for word in BY_OPTIONS]
    assert (await request(desk, *words, "--yes")).code == 0
    longer = await request(desk, *[word if word != "60d" else "91d" for word in BY_OPTIONS], "--yes")
    assert (longer.code, longer.err) == (2, "hub: 91 days asked, 90 allowed by the policy\n")
    assert await desk.make.count("policy_exceptions") == 1


async def test_at_a_terminal_it_asks_for_all_that_is_needed(desk: Desk) -> None:
    answers = [
        "recal", "recall",                               # a policy that there is not is asked for again
        "scans", "3", "production", "emergency-fix",
        "No load test yet.", "Orders fail.", "Customers.", "Found today.",
        "high", "", "", "low",                           # risk before; kind and treatment are the template's; after
        "",                                              # the usual controls
        "Load test is done. | due 2099-01-01", "",       # one criterion of its own, due too late
    ]  # fmt: skip
    said = await request(desk, typed="\n".join([*answers, "6d", "", "", "y"]) + "\n")
    assert said.code == 2
    assert "criterion 1 is due 2099-01-02 00:00 UTC, not between now and the end" in said.err
    assert await desk.make.count("policy_exceptions") == 0

    answers[-2:] = [""]
    said = await request(desk, typed="\n".join([*answers, "", "", "", "y"]) + "\n")
    assert (said.code, said.err) == (0, "")
    assert "there is no policy recal; near it are recall" in said.out
    assert "  emergency-fix: Emergency fix\n" in said.out
    assert "until when, at most 90 days [7d]: " in said.out
    assert "Ask for it? [y/N] emergency fix" not in said.out
    row = await kept(desk)
    assert (row["template"], row["kind"], row["recommended_treatment"]) == ("emergency-fix", "WAIVER", "FIX")
    assert (row["risk_before"], row["risk_after"], row["handle"]) == ("HIGH", "LOW", "dev")
    assert str(row["justification"]).startswith(
        "## What is deviated from\nNo load test yet.\n\n## Why it cannot be kept"
    )
    controls = await desk.make.db.reads.fetch("SELECT attest_every_days FROM compensating_controls ORDER BY id")
    assert [one["attest_every_days"] for one in controls] == [1, None]


async def test_what_exceptions_like_it_said_is_offered(desk: Desk) -> None:
    granted = await desk.make.exception(
        await desk.make.policy("drift", by=desk.pat),
        desk.model,
        controls=("Drift is looked at by hand.",),
        expires_at=desk.make.now + timedelta(days=30),
    )
    words = ("--policy", "drift", "--model", "scans", "--version", "", "--to", "", "--template", "", "--kind",
             "exception", "--risk-before", "low", "--risk-after", "low", "--treatment", "fix", "--justification", "x",
             "--owner", "dev", "--ticket", "")  # fmt: skip
    said = await request(desk, *words, typed="\n\n\ny\n")
    assert (said.code, said.err) == (0, "")
    assert "  before, 1 like it were granted, usually for 30 days, and 0 rejected\n" in said.out
    assert "  usually 1. Drift is looked at by hand.\n" in said.out
    assert "until when, at most 90 days [30d]: " in said.out
    rows = await desk.make.db.reads.fetch(
        "SELECT k.description FROM compensating_controls k WHERE k.exception_id <> $1", granted.id
    )
    assert [row["description"] for row in rows] == ["Drift is looked at by hand."]


async def test_a_draft_is_kept_and_asks_nobody(desk: Desk) -> None:
    said = await request(desk, "--policy", "recall", "--model", "scans", "--justification", "Not sure yet.", "--draft")
    assert (said.code, said.err) == (0, "")
    id = await desk.make.db.reads.fetchval("SELECT id FROM exception_drafts WHERE says ->> 'justification' <> ''")
    assert said.lines[-1] == f"kept as a draft, which you alone see; ask for it with: hub exception submit {id}"
    assert await desk.make.count("policy_exceptions") == await desk.make.count("approval_requests") == 0


async def test_whoever_says_no_to_the_preview_asks_nothing(desk: Desk) -> None:
    said = await request(desk, *BY_OPTIONS, "--template", "", "--criterion", "x", "--kind", "waiver", "--treatment",
                         "fix", "--owner", "olaf", typed="n\n")  # fmt: skip
    assert (said.code, said.out.splitlines()[-1]) == (1, "Ask for it? [y/N] nothing was asked")
    assert "Olaf (olaf) answers for closing it" in said.out
    assert await desk.make.count("policy_exceptions") == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "needs --policy; --model; --expires; --justification, --justification-file or --answer"),
        (BY_OPTIONS, "say --yes to send the request as it is"),
        ((*BY_OPTIONS, "--yes", "--expires", "2020-01-01"), "--expires 2020-01-01 is not after the beginning; choose"),
        ((*BY_OPTIONS, "--yes", "--policy", "recal"), "there is no policy recal; near it are recall"),
        ((*BY_OPTIONS, "--yes", "--model", "scan"), "there is no model scan that this token may see; near it are"),
        ((*BY_OPTIONS, "--yes", "--version", "9"), "scans has no version 9; the newest are 3"),
        ((*BY_OPTIONS, "--yes", "--template", "fix"), "there is no template fix; there are emergency-fix, "),
        ((*BY_OPTIONS, "--yes", "--control", "x | soon"), "--control x | soon: write WHAT IS DONE | every 14"),
        ((*BY_OPTIONS, "--yes", "--criterion", "x | by dev"), "--criterion x | by dev: write WHAT MUST BE TRUE"),
        ((*BY_OPTIONS, "--yes", "--answer", "why"), "--answer why: write SECTION=TEXT"),
        ((*BY_OPTIONS, "--yes", "--risk-after", "bad"), "--risk-after bad: there are CRITICAL, HIGH, MEDIUM,"),
        ((*BY_OPTIONS, "--yes", "--owner", "nobody"), "nobody has the handle nobody"),
        ((*BY_OPTIONS, "--yes", "--justification-file", "x"), "say --justification or --justification-file, not both"),
        ((*BY_OPTIONS, "--yes", "--review-every", "61"), "every 61 days was asked; the exception lasts 60 days"),
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_told_with_the_way_out(desk: Desk, words: tuple[str, ...], told: str) -> None:
    said = await request(desk, *words)
    assert said.code == 2
    assert told in said.err
    assert await desk.make.count("policy_exceptions") == 0


async def test_a_justification_comes_from_a_file_and_scripts_get_json(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "why.md"
    file.write_text("## What is deviated from\na\n## Why it is wrong\nb\n## When the check is mended\nc\n")
    words = ("--policy", "recall", "--model", "scans", "--expires", "30d", "--template", "false-positive")
    made = await desk.run(
        desk.dev, "exception", "request", *words, "--justification-file", str(file), "--yes", "--json"
    )
    assert made.code == 0, made.err
    row = await kept(desk)
    assert f'"id": "PolicyException:{row["id"]}"' in made.out
    assert (row["kind"], row["version_id"], row["stage"]) == ("FALSE_POSITIVE", None, None)
    gone = await request(desk, *words, "--justification-file", str(tmp_path / "none.md"), "--yes")
    assert gone.code == 2
    assert "none.md cannot be read as UTF-8 text" in gone.err
