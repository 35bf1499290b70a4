"""What a signed statement stands: every altered bit, every wrong key, every wrong day."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.db import new_id
from hub.deployments.permits.envelope import (
    LARGEST,
    REVOCATIONS_PAYLOAD,
    STATEMENT_PAYLOAD,
    digest,
    encoded,
    key_id,
    public_keys,
    sealed,
    verify,
)
from hub.deployments.permits.statement import Bypass, Grant, Judged, Revoked, Signed, Target, revocation_list, written
from hub.deployments.permits.unfit import Fault, Unfit
from hub.errors import Code

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
PUBLIC = PRIVATE.public_key().public_bytes_raw()
BY = key_id(PUBLIC)
KEYS = {BY: PUBLIC}
DIGEST = "ab" * 32

GRANT = Grant(
    permit=new_id(),
    intent=new_id(),
    target=Target("mlflow", "fraud", "3", DIGEST),
    stage="PRODUCTION",
    tier="HIGH",
    issued_at=NOON,
    expires_at=NOON + timedelta(days=7),
    dossier_digest="cd" * 32,
    dossier={"card": "ef" * 32},
    policies=[Judged("recall", 1, "12" * 32, "PASS", "BLOCKING", result=new_id())],
    approvals=[Signed(new_id(), new_id(), "RISK", "34" * 32, NOON)],
    evidence=["56" * 32],
    rollback=Target("mlflow", "fraud", "2", "78" * 32),
    revocations_url="https://hub.test/permits/revocations",
)


def signed(payload: bytes, kind: str = STATEMENT_PAYLOAD, *, private: Ed25519PrivateKey = PRIVATE) -> str:
    return sealed(kind, payload, by=key_id(private.public_key().public_bytes_raw()), sign=private.sign)


def permit(**changed: Any) -> str:
    return signed(written(replace(GRANT, **changed)))


def fault(text: str | bytes, *, now: datetime = NOON, keys: dict[str, bytes] = KEYS, **more: Any) -> Unfit:
    with pytest.raises(Unfit) as refused:
        verify(text, keys, now=now, **more)
    return refused.value


def test_a_permit_says_what_was_granted() -> None:
    found = verify(permit(), KEYS, now=NOON)
    assert (found.permit, found.intent, found.stage) == (str(GRANT.permit), str(GRANT.intent), "PRODUCTION")
    assert (found.name, found.version_digest) == ("mlflow/fraud/3", DIGEST)
    assert (found.issued_at, found.expires_at) == (NOON, NOON + timedelta(days=7))
    assert found.digest == digest(written(GRANT))
    assert found.predicate["rollbackTarget"] == {"name": "mlflow/fraud/2", "digest": {"sha256": "78" * 32}}
    assert "remedies" not in found.predicate
    assert ("bypass" in found.predicate, found.bypass) == (False, None)
    assert verify(permit().encode(), KEYS, now=NOON) == found


BYPASS = Bypass("request", "person", "ab" * 32, NOON + timedelta(hours=4))


def test_a_permit_by_break_glass_says_whose_it_was() -> None:
    assert verify(permit(bypass=BYPASS, approvals=[]), KEYS, now=NOON).bypass == BYPASS


@pytest.mark.parametrize(
    "half", [None, {}, [], "yes", {"request": "r", "person": "p", "reasonDigest": "d", "expiresAt": "soon"}]
)
def test_half_a_break_glass_is_no_permit(half: Any) -> None:
    said = orjson.loads(written(replace(GRANT, bypass=BYPASS)))
    said["predicate"]["bypass"] = half
    assert fault(signed(orjson.dumps(said))).fault is Fault.FORM


def test_the_encoding_is_the_one_of_the_dsse_protocol() -> None:
    assert encoded("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_flipped_bit_anywhere_in_payload_or_signature_is_refused(data: st.DataObject) -> None:
    envelope = orjson.loads(permit())
    where = data.draw(st.sampled_from(["payload", "sig"]))
    holder = envelope if where == "payload" else envelope["signatures"][0]
    raw = bytearray(b64decode(holder[where]))
    at = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[at // 8] ^= 1 << at % 8
    holder[where] = b64encode(bytes(raw)).decode()
    refused = fault(orjson.dumps(envelope))
    assert refused.fault is Fault.SIGNATURE
    assert refused.why.startswith("the permit was altered, or another key signed it")


def test_a_flipped_bit_anywhere_in_the_text_is_refused() -> None:
    text = permit().encode()
    for at in range(0, len(text) * 8, 7):
        altered = bytearray(text)
        altered[at // 8] ^= 1 << at % 8
        with pytest.raises(Unfit):
            verify(bytes(altered), KEYS, now=NOON)


def test_spare_bits_of_base64_make_no_second_face() -> None:
    envelope = orjson.loads(permit())
    sig = envelope["signatures"][0]["sig"]
    assert sig.endswith("==")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = sig[:-3] + alphabet[alphabet.index(sig[-3]) ^ 1] + "=="
    assert b64decode(other) == b64decode(sig)
    envelope["signatures"][0]["sig"] = other
    assert fault(orjson.dumps(envelope)).why == "the sig of the permit is no canonical base64"


def test_an_unknown_key_is_named_with_where_to_get_keys() -> None:
    refused = fault(signed(written(GRANT), private=Ed25519PrivateKey.generate()))
    assert (refused.fault, refused.code) == (Fault.UNKNOWN_KEY, Code.BAD_INPUT)
    assert "which is none of the 1 keys given" in refused.why
    assert refused.why.endswith("fetch the hub's own from it, at /permits/keys")
    other = key_id(Ed25519PrivateKey.from_private_bytes(b"2" * 32).public_key().public_bytes_raw())
    named = fault(signed(written(GRANT), private=Ed25519PrivateKey.from_private_bytes(b"2" * 32)))
    assert other in named.why


def test_a_signature_under_a_known_name_by_another_key_is_refused() -> None:
    text = sealed(STATEMENT_PAYLOAD, written(GRANT), by=BY, sign=Ed25519PrivateKey.generate().sign)
    assert fault(text).fault is Fault.SIGNATURE


def test_one_good_signature_among_others_is_enough() -> None:
    envelope = orjson.loads(signed(written(GRANT), private=Ed25519PrivateKey.generate()))
    envelope["signatures"] += orjson.loads(permit())["signatures"]
    assert verify(orjson.dumps(envelope), KEYS, now=NOON).permit == str(GRANT.permit)
    envelope["signatures"] *= 6
    assert fault(orjson.dumps(envelope)).why == "the permit must have 1 to 10 signatures"


def test_days_are_kept_to_the_instant() -> None:
    ends = GRANT.expires_at
    assert verify(permit(), KEYS, now=ends - timedelta(microseconds=1))
    late, early = fault(permit(), now=ends), fault(permit(), now=NOON - timedelta(microseconds=1))
    assert (late.fault, late.code) == (Fault.EXPIRED, Code.STALE)
    assert late.why == (
        f"permit {GRANT.permit} expired on 2026-11-28 12:00:00 UTC, and now it is 2026-11-28 12:00:00 UTC;"
        " ask for the deployment again"
    )
    assert early.fault is Fault.NOT_YET_VALID
    assert "is valid from 2026-11-21 12:00:00 UTC" in early.why


def revocations(*listed: Revoked, at: datetime = NOON) -> str:
    return signed(revocation_list(listed, at=at), REVOCATIONS_PAYLOAD)


def entry(**changed: Any) -> Revoked:
    one = Revoked(str(GRANT.permit), digest(written(GRANT)), "PRODUCTION", DIGEST, NOON, "halted")
    return replace(one, **changed)


def test_a_revoked_permit_is_refused_with_the_reason_and_the_day() -> None:
    refused = fault(permit(), revocations=revocations(entry()))
    assert (refused.fault, refused.code) == (Fault.REVOKED, Code.STALE)
    assert refused.why == (
        f"permit {GRANT.permit} was revoked on 2026-11-21 12:00:00 UTC: halted; ask for the deployment again"
    )
    assert fault(permit(), revocations=revocations(entry(permit="another id"))).fault is Fault.REVOKED
    other = entry(permit=str(new_id()), digest="00" * 32)
    assert verify(permit(), KEYS, now=NOON, revocations=revocations(other))
    assert verify(permit(), KEYS, now=NOON, revocations=revocations())


def test_a_list_that_ended_was_forged_or_is_no_list_is_refused() -> None:
    old = fault(permit(), now=NOON + timedelta(hours=24), revocations=revocations())
    assert (old.fault, old.field) == (Fault.REVOCATIONS, "revocations")
    assert "the revocation list ended on 2026-11-22 12:00:00 UTC" in old.why
    assert "fetch a new one from the hub, at /permits/revocations" in old.why
    assert verify(permit(), KEYS, now=NOON + timedelta(hours=23, minutes=59), revocations=revocations())
    ahead = fault(permit(), revocations=revocations(at=NOON + timedelta(seconds=1)))
    assert ahead.fault is Fault.REVOCATIONS
    forged = signed(revocation_list([], at=NOON), REVOCATIONS_PAYLOAD, private=Ed25519PrivateKey.generate())
    assert fault(permit(), revocations=forged).fault is Fault.UNKNOWN_KEY
    emptied = orjson.loads(revocations(entry()))
    emptied["payload"] = b64encode(revocation_list([], at=NOON)).decode()
    assert fault(permit(), revocations=orjson.dumps(emptied)).fault is Fault.SIGNATURE
    half = signed(b'{"issuedAt":"2026-11-21T12:00:00Z"}', REVOCATIONS_PAYLOAD)
    assert fault(permit(), revocations=half).why.startswith("this is no revocation list")
    # The same bytes signed as another type are no list: the type is signed too.
    assert "is of type" in fault(permit(), revocations=signed(revocation_list([], at=NOON))).why


def _without(name: str) -> str:
    envelope = orjson.loads(permit())
    del envelope[name]
    return str(orjson.dumps(envelope).decode())


def _payload(change: Callable[[dict[str, Any]], object]) -> str:
    said = orjson.loads(written(GRANT))
    change(said)
    return signed(orjson.dumps(said))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the permit is no JSON"),
        ("null", "the permit is no JSON object"),
        ("[]", "the permit is no JSON object"),
        ("5", "the permit is no JSON object"),
        ("[" * 100_000, "the permit is no JSON"),
        (b"\xff\xfe", "the permit is no JSON"),
        ("{}", "the permit is of type no text"),
        (" " * (LARGEST + 1), "the permit has 1,000,001 bytes; at most 1,000,000 are read"),
        (_without("payload"), "the payload of the permit is no canonical base64"),
        (_without("signatures"), "the permit must have 1 to 10 signatures"),
        (_without("payloadType"), "a permit of this hub is application/vnd.in-toto+json"),
        (signed(written(GRANT), "application/x"), "the permit is of type 'application/x'"),
        (signed(b"not json"), "the statement lacks what a deployment permit says"),
        (signed(b"[]"), "the statement lacks what a deployment permit says"),
        (_payload(lambda s: s.update(subject=[])), "the statement lacks"),
        (_payload(lambda s: s.update(subject=s["subject"] * 2)), "the statement lacks"),
        (_payload(lambda s: s.update(predicateType="https://slsa.dev/provenance/v1")), "is no deployment permit"),
        (_payload(lambda s: s.update(_type="https://in-toto.io/Statement/v0.1")), "is no deployment permit"),
        (_payload(lambda s: s["predicate"].pop("expiresAt")), "the statement lacks"),
        (_payload(lambda s: s["predicate"].update(expiresAt="2026-11-28T12:00:00")), "the statement lacks"),
        (_payload(lambda s: s["predicate"].update(expiresAt=5)), "the statement lacks"),
        (_payload(lambda s: s["predicate"].update(permit=None)), "the statement lacks"),
    ],
    ids=range(22),
)
def test_what_is_no_permit_is_refused_with_what_is_wrong(text: str | bytes, why: str) -> None:
    refused = fault(text)
    assert refused.fault is Fault.FORM
    assert why in refused.why
    assert len(refused.why) < 300


def test_keys_come_as_the_hub_serves_them_as_pem_and_as_hex() -> None:
    served = orjson.dumps({"keys": [{"keyid": "ignored", "keytype": "ed25519", "keyval": {"public": PUBLIC.hex()}}]})
    pem = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for text in (served, served.decode(), pem, pem.decode(), PUBLIC.hex(), f" {PUBLIC.hex().upper()}\n"):
        assert public_keys(text) == KEYS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"keys":5}',
        '{"keys":[5]}',
        '{"keys":[{"keytype":"ed25519","keyval":{"public":"zz"}}]}',
        '{"keys":[{"keytype":"ed25519","keyval":{"public":"ab"}}]}',
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "x" * (LARGEST + 1),
    ],
    ids=range(9),
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(Unfit) as refused:
        public_keys(text)
    assert refused.value.fault is Fault.KEYS
