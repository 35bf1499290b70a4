"""A request from its question to its end: listed, read, signed at a terminal and by a script, taken back."""

import os
import pty
import subprocess
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from tests.cli.approvals.conftest import Desk
from tests.cli.hubs import HUB, environment

DEPLOY = """mutation($i: RequestDeploymentInput!) { requestDeployment(input: $i) {
  ... on DeploymentRequested { intent { id status } } ... on Refusal { why } } }"""
NONE = "00000000-0000-4000-8000-000000000001"


async def test_an_inbox_says_what_waits_and_an_empty_one_how_to_see_all(desk: Desk) -> None:
    empty = await desk(desk.dev, "list")
    assert empty.out == "nothing waits for Dev (dev); see every request with: hub approvals list --all\n"
    request = await desk.asked()
    assert (await desk(desk.rita, "list")).lines == [
        "DUE TITLE STEP WANTED ASKED BY IN PLACE OF REQUEST",
        f"in {await desk.days(request)} days scans 3 to PRODUCTION Sign-off RISK Dev (dev) - {request}",
        "read one with: hub approvals show REQUEST",
    ]
    (ask,) = await desk.json(desk.cora, "list")
    assert (ask["discipline"], ask["request"]["id"]) == ("COMPLIANCE", f"ApprovalRequest:{request}")


async def test_every_request_is_listed_by_what_it_is_about_and_how_it_stands(desk: Desk) -> None:
    request = await desk.asked()
    await desk(desk.dev, "withdraw", request)
    second = await desk.asked()

    async def found(*words: str, who: str = "dev") -> list[str]:
        return [one["id"].partition(":")[2] for one in await desk.json(getattr(desk, who), "list", *words)]

    assert await found("--all") == [second, request]
    assert await found("--mine", "--status", "withdrawn") == [request]
    assert await found("--mine", who="rita") == []
    assert await found("--model", "scans", "--kind", "version", "--status", "PENDING") == [second]
    assert await found("--kind", "card") == []
    assert await found("--overdue") == []
    await desk.pretend("UPDATE approval_requests SET due_at = now() - interval '3 hours 5 minutes'")
    assert await found("--overdue") == [second]
    shown = (await desk(desk.dev, "list", "--mine")).lines
    assert shown[1:] == [
        f"PENDING 3 h overdue scans 3 to PRODUCTION Sign-off 2 of RISK, COMPLIANCE Dev (dev) {second}",
        f"WITHDRAWN - scans 3 to PRODUCTION - - Dev (dev) {request}",
    ]
    cut = await desk(desk.dev, "list", "--all", "--first", "1")
    assert cut.lines[-1] == "1 of 2; --first shows more, --status, --model and --kind fewer"


async def test_a_release_is_read_signed_by_two_and_permitted(desk: Desk) -> None:
    answer = await desk.ask(desk.dev, DEPLOY, i={
        "version": f"ModelVersion:{desk.version.id}", "stage": "PRODUCTION", "reason": "the winter release",
    })  # fmt: skip
    intent = answer["requestDeployment"]["intent"]["id"]
    (ask,) = await desk.json(desk.rita, "list")
    request = ask["request"]["id"].partition(":")[2]
    read = await desk(desk.rita, "show", request)
    digest = await desk.digest(request)
    assert read.lines[:2] == ["scans 3 to PRODUCTION", read.lines[1]]
    assert read.lines[1].startswith("PENDING, due in ")
    assert read.lines[1].endswith(" UTC), HIGH, PRODUCTION")
    assert read.lines[2].endswith(" UTC: the winter release")
    for line in (
        "1. Sign-off 2 of RISK, COMPLIANCE by MODEL_APPROVER, from 2 disciplines; 0 signed, 2 more wanted:",
        "Rita (rita) RISK",
        "Cora (cora) COMPLIANCE",
        "no version of this model was approved for this stage before",
        "Unknown data nothing is known of the data that it was made from",
        "PERFORMANCE NONE measured " + read.out.split("measured ")[1][:10],
        f"digest {digest}",
        f"hub approvals sign {request} --approve --comment 'WHY' --digest {digest}",
    ):
        assert line in read.lines
    assert "card: 1 of 9 sections are written; not written: model details," in read.out

    first = await desk(desk.rita, "sign", request, "--approve", "--comment", "Errors are explained.", typed="y\n")
    assert (first.code, first.err) == (0, "")
    shown, done = first.out.split("Sign? [y/N] ")
    assert "scans 3 to PRODUCTION as it was put to me under the digest" in " ".join(shown.split())
    assert " it is not my own work, and I approve it. " in " ".join(shown.split())
    assert f"  digest {digest}\n" in shown
    assert done.splitlines()[0] == "scans 3 to PRODUCTION: APPROVE for RISK is on record"
    assert done.splitlines()[1].endswith(": Sign-off lacks COMPLIANCE; asked are Cora (cora)")

    script = ("sign", request, "--approve", "--comment", "Seen.", "--yes", "--digest", digest)
    last = await desk(desk.cora, *script)
    permit = await desk.make.db.reads.fetchval("SELECT id FROM permits")
    assert last.lines[:3] == [
        "scans 3 to PRODUCTION: APPROVE for COMPLIANCE is on record",
        "APPROVED",
        f"deployment {intent} is APPROVED",
    ]
    assert last.lines[3].startswith(f"permit Permit:{permit}, good until 20")
    signed = await desk.make.db.reads.fetch("SELECT channel, subject_digest FROM sign_offs ORDER BY signed_at")
    assert [tuple(row) for row in signed] == [("CLI", digest)] * 2
    again = await desk.json(desk.cora, *script)
    assert (again["request"]["status"], [one["id"] for one in again["intents"]]) == ("APPROVED", [intent])
    assert await desk.make.count("sign_offs") == 2
    over = await desk(desk.rita, "show", request)
    assert "1. Sign-off 2 of RISK, COMPLIANCE by MODEL_APPROVER, from 2 disciplines; done" in over.lines
    assert "What you declare" not in over.out
    assert [line for line in over.lines if "APPROVE by Cora (cora) for COMPLIANCE: Seen." in line]


async def test_a_script_signs_what_was_looked_at_and_nothing_else(desk: Desk) -> None:
    request = await desk.asked()
    approve = ("sign", request, "--approve", "--comment", "Seen.")
    for words, why in (
        (approve, "nobody can be asked here; say --yes, and the --digest that was looked at"),
        ((*approve, "--yes"), "--yes signs what nobody is shown; add the --digest that was looked at"),
        ((*approve, "--yes", "--digest", "0" * 64), "what was to be approved has changed since it was asked:"),
        ((*approve, "--reject"), "say one of --approve, --reject and --changes"),
        (("sign", request), "say one of --approve, --reject and --changes"),
    ):
        said = await desk(desk.rita, *words)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith(f"hub: {why}")
    assert await desk.make.count("sign_offs") == 0


async def test_what_is_not_agreed_to_at_the_terminal_is_not_signed(desk: Desk) -> None:
    request = await desk.asked()
    for typed in ("n\n", "\n", "", "sure\n"):
        said = await desk(desk.rita, "sign", request, "--approve", "--comment", "Seen.", typed=typed)
        assert (said.code, said.err) == (2, "hub: nothing was signed\n")
    for words, why in (
        (("--approve",), "an answer about what is of the tier HIGH says why; add --comment"),
        (("--reject", "--comment", " "), "a no says why; add --comment"),
    ):
        said = await desk(desk.rita, "sign", request, *words, typed="y\n")
        assert (said.code, said.out, said.err) == (2, "", f"hub: {why}\n")
    own = await desk(desk.olaf, "sign", request, "--approve", "--comment", "Mine.", typed="y\n")
    assert own.code == 2
    assert await desk.make.count("sign_offs") == 0


async def test_a_no_is_declared_as_such_and_shown_with_how_to_ask_anew(desk: Desk) -> None:
    request = await desk.asked()
    said = await desk(desk.rita, "sign", request, "--changes", "--comment", "Name the hospitals.", typed="yes\n")
    assert "and I ask for changes before it may go on." in " ".join(said.out.split())
    assert said.lines[-2:] == [
        "Sign? [y/N] scans 3 to PRODUCTION: REQUEST CHANGES for RISK is on record",
        "CHANGES_REQUESTED",
    ]
    recorded = await desk.make.db.reads.fetchval("SELECT acknowledgement FROM sign_offs")
    assert recorded in " ".join(said.out.split())
    shown = await desk(desk.dev, "show", request)
    assert "hub approvals request scans 3 --to PRODUCTION --reason 'WHY'" in shown.lines
    late = await desk(desk.cora, "sign", request, "--approve", "--comment", "Seen.", typed="y\n")
    assert late.err == "hub: this request is CHANGES_REQUESTED; only PENDING ones are signed\n"


async def test_an_answer_and_a_question_are_taken_back(desk: Desk) -> None:
    request = await desk.asked()
    await desk(desk.rita, "sign", request, "--approve", "--comment", "Seen.", typed="y\n")
    mine = await desk(desk.rita, "show", request)
    assert f"hub approvals unsign {request} --comment 'WHY'" in mine.lines
    assert "sign --approve" not in mine.out
    back = await desk(desk.rita, "unsign", request, "--comment", "The wrong report.")
    assert (back.code, back.lines[0]) == (0, "scans 3 to PRODUCTION: your answer is taken back")
    assert "Sign-off lacks 2 of RISK, COMPLIANCE" in back.lines[1]
    refused = await desk(desk.rita, "withdraw", request)
    assert (refused.code, refused.err) == (2, "hub: only whoever asked, or an ADMIN, takes a question back\n")
    gone = await desk(desk.dev, "withdraw", request)
    assert (gone.code, gone.lines) == (0, ["scans 3 to PRODUCTION: taken back", "WITHDRAWN"])
    assert (await desk.json(desk.dev, "withdraw", request))["status"] == "WITHDRAWN"


async def test_a_card_is_asked_about_by_itself(desk: Desk) -> None:
    said = await desk(desk.dev, "request", "scans", "3", "--card", "--reason", "It says all.")
    assert said.code == 0, said.err
    assert await desk.make.count("approval_requests", "subject_kind = 'card' AND stage IS NULL") == 1
    (card,) = await desk.json(desk.rita, "list", "--kind", "card")
    id = card["id"].partition(":")[2]
    shown = await desk(desk.rita, "show", id)
    assert "Dossier" not in shown.out
    assert f"hub approvals sign {id} --approve --comment 'WHY'" in shown.out
    none = await desk(desk.rita, "show", id, "--html", "dossier.html")
    assert (none.code, none.err) == (
        2,
        "hub: there is no such dossier, or none that you may see; give an approval request, or a version and a stage\n",
    )
    for words, why in (
        (("--card", "--to", "production"), "say --to STAGE, or --card to ask about the card alone"),
        ((), "say --to STAGE, or --card to ask about the card alone"),
        (("--to", "mars"), "--to mars: there are PROPOSAL, DEVELOPMENT, STAGING, PRODUCTION, ARCHIVED"),
        (("--to", "staging"), "no approval rule for HIGH models and stage STAGING"),
    ):
        refused = await desk(desk.dev, "request", "scans", "3", *words, "--reason", "x")
        assert refused.code == 2
        assert refused.err.startswith(f"hub: {why}")


async def test_the_dossier_is_saved_as_a_page_and_as_the_exact_text(desk: Desk, tmp_path: Path) -> None:
    request = await desk.asked()
    page, text = tmp_path / "dossier.html", tmp_path / "dossier.json"
    said = await desk(desk.rita, "show", request, "--html", str(page), "--document", str(text))
    assert (said.code, said.err) == (0, f"the dossier is in {page}\nthe dossier is in {text}\n")
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert await desk.make.count("approval_openings", "thing_id IS NOT NULL") == 1
    told = (await desk.json(desk.rita, "show", request))["dossier"]
    assert sha256(text.read_bytes()).hexdigest() == told["contentDigest"]
    assert told["content"] == orjson.loads(text.read_bytes())
    assert told["content"]["model"]["name"] == "scans"
    wrong = await desk(desk.rita, "show", request, "--html", str(tmp_path))
    assert wrong.err == f"hub: {tmp_path} cannot be written (Is a directory); name another file\n"


async def test_names_and_reasons_do_nothing_to_a_terminal(desk: Desk) -> None:
    request = await desk.asked("\x1b[2J::add-mask::x\u202e")
    for said in (
        await desk(desk.rita, "show", request),
        await desk(desk.rita, "list"),
        await desk(desk.rita, "sign", request, "--approve", "--comment", "\x1b[2J", typed="n\n"),
    ):
        assert set("\x1b\u202e") & set(said.out) == set()
    assert "\\x1b[2J::add-mask::x\\u202e" in (await desk(desk.rita, "show", request)).out


@pytest.mark.parametrize("command", ["show", "sign", "withdraw", "unsign"])
async def test_a_request_that_is_not_there_is_refused_with_where_to_look(desk: Desk, command: str) -> None:
    more = {"sign": ("--approve", "--comment", "x"), "unsign": ("--comment", "x")}.get(command, ())
    odd = await desk(desk.rita, command, "scans", *more, typed="y\n")
    assert (odd.code, odd.err) == (
        2, "hub: 'scans' is no id of a request; take one from hub approvals list --all\n",
    )  # fmt: skip
    gone = await desk(desk.rita, command, NONE, *more, typed="y\n")
    assert gone.code == 2
    assert gone.err.startswith("hub: there is no ")


async def test_at_a_real_terminal_the_question_is_answered_by_hand(desk: Desk) -> None:
    request = await desk.asked()
    screen, inside = pty.openpty()
    words = ["approvals", "sign", request, "--approve", "--comment", "Seen.", "--url", desk.url]
    env = environment(HUB_TOKEN=await desk.ask.token(desk.rita))

    def sign() -> tuple[int, str]:
        process = subprocess.Popen([*HUB, *words], stdin=inside, stdout=inside, stderr=inside, env=env)
        os.close(inside)
        seen = b""
        while not seen.rstrip().endswith(b"[y/N]"):
            seen += os.read(screen, 4_096)
        os.write(screen, b"y\n")
        code = process.wait(20)
        while part := _read(screen):
            seen += part
        return code, seen.decode()

    code, seen = await desk.in_a_thread(sign)
    os.close(screen)
    assert code == 0, seen
    assert "scans 3 to PRODUCTION: APPROVE for RISK is on record" in seen
    assert await desk.make.count("sign_offs", "channel = 'CLI'") == 1


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 4_096)
    except OSError:  # how Linux says that nobody holds the other end
        return b""
