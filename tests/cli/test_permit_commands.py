"""`hub permit`: verified without a hub, fetched from one, shown to people; and each way in which a permit is none."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from typer.testing import CliRunner, Result

from hub.cli.main import app
from hub.deployments.permits import envelope
from hub.deployments.permits.statement import Bypass
from tests.cli.gate.played import Played
from tests.cli.gate.signing import DIGEST, NOON, PERMIT, Signing, file
from tests.cli.hubs import free_port

AT = ("--at", "2026-11-21T13:00:00Z")


@pytest.fixture(scope="module")
def signing() -> Signing:
    return Signing()


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["permit", *words], prog_name="hub")


def verify(folder: Path, permit: str, key: str, *more: str) -> Result:
    return run("verify", file(folder, "permit.json", permit), "--key", key, *(more or AT))


def test_a_permit_is_verified_offline_with_what_the_hub_serves(signing: Signing, tmp_path: Path) -> None:
    key = file(tmp_path, "keys.json", signing.listed)
    fresh = file(tmp_path, "revocations.json", signing.revocations(revoked=False))
    said = verify(tmp_path, signing.permit(), key, *AT, "--revocations", fresh)
    assert said.exit_code == 0
    assert said.stdout == "valid: prod/fraud-detection/7 may go to PRODUCTION until 2026-11-22 12:00 UTC\n"


def test_a_permit_by_break_glass_says_so_wherever_it_is_read(signing: Signing, tmp_path: Path) -> None:
    bypass = Bypass("r-1", "p-1\x1b[2J", "ab" * 32, NOON + timedelta(hours=4))
    permit = signing.permit(bypass=bypass)
    told = "by break-glass of person p-1"
    said = verify(tmp_path, permit, signing.raw.hex())
    assert said.exit_code == 0
    assert f"until 2026-11-22 12:00 UTC; {told}" in said.stdout
    assert ", without the approval asked for in request r-1; whether it was revoked" in said.stdout
    assert "\x1b" not in said.stdout
    as_json = orjson.loads(verify(tmp_path, permit, signing.raw.hex(), *AT, "--json").stdout)
    assert as_json["valid"] is True
    assert as_json["bypass"] == {
        "request": "r-1",
        "person": "p-1\x1b[2J",
        "reason_digest": "ab" * 32,
        "expires_at": "2026-11-21T16:00:00+00:00",
    }
    shown = run("show", str(tmp_path / "permit.json")).stdout
    assert told in shown
    approved = signing.permit()
    assert "break-glass" not in verify(tmp_path, approved, signing.raw.hex()).stdout
    assert "break-glass" not in run("show", str(tmp_path / "permit.json")).stdout


@pytest.mark.parametrize("form", ["json", "pem", "hex file", "base64 file", "hex", "base64"])
def test_a_key_may_come_in_any_form(signing: Signing, tmp_path: Path, form: str) -> None:
    given: dict[str, str | bytes] = {
        "pem": signing.pem,
        "hex": signing.raw.hex(),
        "base64": b64encode(signing.raw).decode(),
    }
    given |= {"json": signing.listed, "hex file": f"{signing.raw.hex()}\n", "base64 file": f"{given['base64']!s}\n"}
    key = str(given[form]) if form in ("hex", "base64") else file(tmp_path, "key", given[form])
    said = verify(tmp_path, signing.permit(), key)
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout.endswith("; whether it was revoked was not looked at: give --revocations\n")


def test_any_of_several_keys_may_have_signed(signing: Signing, tmp_path: Path) -> None:
    said = verify(tmp_path, signing.permit(), Signing().raw.hex(), *AT, "--key", signing.raw.hex())
    assert said.exit_code == 0


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--at", "2026-11-22T12:00:00Z"), "expired on 2026-11-22 12:00:00 UTC"),
        (("--at", "2026-11-21T13:59:59+02:00"), "is valid from 2026-11-21 12:00:00 UTC"),
        ((*AT, "--stage", "staging"), "the permit is for PRODUCTION, not for STAGING; ask the gate for that stage"),
        ((*AT, "--version-digest", "56" * 32), "; ask the gate for that version"),
    ],
)
def test_a_permit_for_another_time_stage_or_version_is_not_valid(
    signing: Signing, tmp_path: Path, more: tuple[str, ...], sentence: str
) -> None:
    said = verify(tmp_path, signing.permit(), signing.raw.hex(), *more)
    assert (said.exit_code, said.stdout) == (1, "")
    assert sentence in said.stderr


def test_stage_and_digest_may_be_written_in_either_case(signing: Signing, tmp_path: Path) -> None:
    more = (*AT, "--stage", "Production", "--version-digest", f"sha256:{DIGEST.upper()}")
    assert verify(tmp_path, signing.permit(), signing.raw.hex(), *more).exit_code == 0


def test_a_permit_altered_by_one_bit_is_not_valid(signing: Signing, tmp_path: Path) -> None:
    permit = orjson.loads(signing.permit())
    payload = bytearray(envelope.opened(signing.permit(), {signing.id: signing.raw}, envelope.STATEMENT_PAYLOAD,
                                        largest=10**6, field="permit"))  # fmt: skip
    payload[len(payload) // 2] ^= 1
    permit["payload"] = b64encode(payload).decode()
    said = verify(tmp_path, orjson.dumps(permit).decode(), signing.raw.hex())
    assert said.exit_code == 1
    assert said.stderr == (
        "hub: the permit was altered, or another key signed it: its signature does not fit;"
        " fetch it from the hub again\n"
    )


def test_a_permit_of_an_unknown_key_is_not_valid(signing: Signing, tmp_path: Path) -> None:
    said = verify(tmp_path, signing.permit(), Signing().raw.hex())
    assert said.exit_code == 1
    assert "which is none of the 1 keys given; fetch the hub's own from it, at /permits/keys" in said.stderr


def test_a_revoked_permit_is_not_valid_and_says_why(signing: Signing, tmp_path: Path) -> None:
    listed = file(tmp_path, "revocations.json", signing.revocations(revoked=True))
    said = verify(tmp_path, signing.permit(), signing.raw.hex(), *AT, "--revocations", listed, "--json")
    assert said.exit_code == 1
    told = orjson.loads(said.stdout)
    assert (told["valid"], told["fault"]) == (False, "REVOKED")
    assert "was revoked on 2026-11-21 12:00:00 UTC: the intent was halted" in told["why"]


def test_a_list_that_cannot_be_relied_on_says_nothing_of_the_permit(signing: Signing, tmp_path: Path) -> None:
    late = ("--at", "2026-11-22T11:59:00Z")
    for listed, sentence in (
        (signing.revocations(revoked=False, at=NOON.replace(day=20)), "the revocation list ended on"),
        (Signing().revocations(revoked=False), "the revocations is signed by"),
        ("{", "the revocations is no JSON"),
    ):
        old = file(tmp_path, "revocations.json", listed)
        said = verify(tmp_path, signing.permit(), signing.raw.hex(), *late, "--revocations", old)
        assert said.exit_code == 3, said.stderr
        assert sentence in said.stderr


@pytest.mark.parametrize(
    ("permit", "key", "more", "sentence"),
    [
        ("absent", "", (), "the permit absent cannot be read (No such file or directory)"),
        ("", "absent.json", (), "--key absent.json is neither a file that is there nor a key in hex or base64"),
        ("", "", ("--revocations", "absent"), "the revocation list absent cannot be read"),
        ("", "", ("--at", "noon"), "--at noon: write an instant with its zone, such as 2026-12-01T09:00:00Z"),
        ("", "", ("--at", "2026-11-21T13:00:00"), "--at 2026-11-21T13:00:00: write an instant with its zone"),
    ],
)
def test_what_cannot_be_read_is_told(
    signing: Signing, tmp_path: Path, permit: str, key: str, more: tuple[str, ...], sentence: str
) -> None:
    there = permit or file(tmp_path, "permit.json", signing.permit())
    said = run("verify", there, "--key", key or signing.raw.hex(), *more, "--json")
    assert said.exit_code == 3
    assert sentence in said.stderr
    assert orjson.loads(said.stdout)["fault"] == "UNREADABLE"


@pytest.mark.parametrize(
    "words", ["{}", '{"keys": 7}', "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----", "\x00"]
)
def test_a_file_of_keys_that_holds_none_is_told(signing: Signing, tmp_path: Path, words: str) -> None:
    said = verify(tmp_path, signing.permit(), file(tmp_path, "keys", words))
    assert (said.exit_code, said.stdout) == (3, "")


@pytest.mark.parametrize("words", ["", "[]", "not json", '{"payload": 1}', "\x1b[31m{"])
def test_what_is_no_permit_is_not_valid(signing: Signing, tmp_path: Path, words: str) -> None:
    assert verify(tmp_path, words, signing.raw.hex()).exit_code == 1
    said = run("show", file(tmp_path, "permit.json", words))
    assert said.exit_code == 1
    assert "\x1b" not in said.stderr


def test_a_permit_is_shown_with_policies_and_approvals(signing: Signing, tmp_path: Path) -> None:
    said = run("show", file(tmp_path, "permit.json", signing.permit()))
    assert said.exit_code == 0
    lines = [" ".join(line.split()) for line in said.stdout.splitlines()]
    assert f"permit {PERMIT}" in lines
    assert "back to prod/fraud-detection/6" in lines
    assert f"signed by {signing.id} (not checked; hub permit verify does)" in lines
    assert "owner-named 3 PASS BLOCKING -" in lines
    assert "card-complete 1 WAIVED BLOCKING 00000000-0000-0000-0000-000000000005" in lines
    assert [line for line in lines if line.startswith(f"{UUID(int=7)} RISK 2026-11-21T12:00:00")]
    told = orjson.loads(run("show", str(tmp_path / "permit.json"), "--json").stdout)
    assert told["predicate"]["tier"] == "HIGH"


def test_hostile_names_in_a_permit_are_shown_inert(signing: Signing, tmp_path: Path) -> None:
    permit = signing.permit("\x1b[2Jfraud\r\n::add-mask::x\u202e")
    said = run("show", file(tmp_path, "permit.json", permit))
    assert said.exit_code == 0
    assert set("\x1b\r\u202e") & set(said.stdout) == set()
    assert "prod/\\x1b[2Jfraud ::add-mask::x\\u202e/7" in said.stdout
    assert "\x1b" not in verify(tmp_path, permit, signing.raw.hex()).stdout


@pytest.fixture
def played(signing: Signing) -> Iterator[Played]:
    hub = Played(
        files={"/permits/keys": signing.listed, "/permits/revocations": signing.revocations(revoked=True).encode()}
    )
    hub.start()
    yield hub
    hub.stop()


def test_keys_and_revocations_are_fetched_and_verify_a_permit(signing: Signing, played: Played, tmp_path: Path) -> None:
    keys, revoked = tmp_path / "keys.json", tmp_path / "revocations.json"
    assert run("keys", "--out", str(keys), "--url", played.url).exit_code == 0
    assert run("revocations", "--out", str(revoked), "--url", played.url).exit_code == 0
    assert run("keys", "--url", played.url).stdout == f"{signing.listed.decode()}\n"
    assert verify(tmp_path, signing.permit(), str(keys)).exit_code == 0
    assert verify(tmp_path, signing.permit(), str(keys), *AT, "--revocations", str(revoked)).exit_code == 1


def test_what_is_no_hub_gives_no_keys(played: Played, tmp_path: Path) -> None:
    out = tmp_path / "keys.json"
    for words in (b"<html>sign in</html>", b"{}", b'{"keys": "none"}'):
        played.files["/permits/keys"] = words
        said = run("keys", "--out", str(out), "--url", played.url)
        assert said.exit_code == 2, said.stdout
        assert not out.exists()
    played.files.clear()
    said = run("revocations", "--url", played.url)
    assert said.stderr.endswith("/permits/revocations says 404; name a hub with --url\n")
    said = run("keys", "--url", f"http://127.0.0.1:{free_port()}")
    assert "no hub answers at" in said.stderr
