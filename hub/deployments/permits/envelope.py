"""Signed statements that anybody can check without asking the hub: DSSE envelopes with Ed25519 signatures.

What is signed is DSSE's pre-authentication encoding of payload and type, so neither can be passed off as another.
Sources: the DSSE protocol and envelope, version 1.0.2; the in-toto attestation framework, version 1.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from hub.deployments.permits.statement import Revocations, Statement, read_revocations, read_statement
from hub.deployments.permits.unfit import Fault, Unfit

STATEMENT_PAYLOAD = "application/vnd.in-toto+json"
REVOCATIONS_PAYLOAD = "application/vnd.governance-hub.revocations+json"

LARGEST = 1_000_000
LARGEST_LIST = 16_000_000
MOST_SIGNATURES = 10
MOST_KEYS = 1_000
KEY_BYTES = 32
HEX_KEY = re.compile(r"[0-9a-fA-F]{64}")
SHOWN = 80

PublicKeys = Mapping[str, bytes]
"""Raw Ed25519 public keys by their id, which is the SHA-256 of the raw key in hex."""

Sign = Callable[[bytes], bytes]


def key_id(public_key: bytes) -> str:
    """The id of a raw public key."""
    return sha256(public_key).hexdigest()


def encoded(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what a signature is over."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sealed(payload_type: str, payload: bytes, *, by: str, sign: Sign) -> str:
    """An envelope with one signature, as JSON."""
    signature = sign(encoded(payload_type, payload))
    envelope = {
        "payload": b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"keyid": by, "sig": b64encode(signature).decode()}],
    }
    return orjson.dumps(envelope).decode()


def digest(payload: bytes) -> str:
    """What a permit is known by in revocation lists: the SHA-256 of its statement, however its envelope is written."""
    return sha256(payload).hexdigest()


def public_keys(text: str | bytes) -> dict[str, bytes]:
    """Keys by id from what the hub serves at /permits/keys, from PEM, or from 64 hex digits. Raises Unfit."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if len(words) > LARGEST:
        raise Unfit(Fault.KEYS, f"the keys have {len(words):,} characters; at most {LARGEST:,} are read")
    words = words.strip()
    raw = [bytes.fromhex(words)] if HEX_KEY.fullmatch(words) else _pem(words) or _listed(words)
    return {key_id(one): one for one in raw}


def verify(text: str | bytes, keys: PublicKeys, *, now: datetime, revocations: str | bytes | None = None) -> Statement:
    """The statement of a permit that is signed, in date and, by the list given, not revoked. Raises Unfit."""
    payload = opened(text, keys, STATEMENT_PAYLOAD, largest=LARGEST, field="permit")
    statement = read_statement(payload, digest(payload))
    if now < statement.issued_at:
        raise Unfit(
            Fault.NOT_YET_VALID,
            f"permit {statement.permit} is valid from {_said(statement.issued_at)}, and now it is {_said(now)};"
            " set this machine's clock",
        )
    if now >= statement.expires_at:
        raise Unfit(
            Fault.EXPIRED,
            f"permit {statement.permit} expired on {_said(statement.expires_at)}, and now it is {_said(now)};"
            " ask for the deployment again",
        )
    if revocations is not None:
        _check_revoked(statement, verify_revocations(revocations, keys, now=now))
    return statement


def verify_revocations(text: str | bytes, keys: PublicKeys, *, now: datetime) -> Revocations:
    """The revocations of a list that is signed and in date. Raises Unfit."""
    found = read_revocations(opened(text, keys, REVOCATIONS_PAYLOAD, largest=LARGEST_LIST, field="revocations"))
    if now < found.issued_at:
        raise Unfit(
            Fault.REVOCATIONS,
            f"the revocation list is of {_said(found.issued_at)}, and now it is {_said(now)}; set this machine's clock",
            field="revocations",
        )
    if now >= found.next_update:
        raise Unfit(
            Fault.REVOCATIONS,
            f"the revocation list ended on {_said(found.next_update)}, and now it is {_said(now)}; fetch a new one"
            " from the hub, at /permits/revocations",
            field="revocations",
        )
    return found


def opened(text: str | bytes, keys: PublicKeys, payload_type: str, *, largest: int, field: str) -> bytes:
    """The payload of an envelope that one of these keys signed. Raises Unfit."""
    if len(text) > largest:
        raise Unfit(Fault.FORM, f"the {field} has {len(text):,} bytes; at most {largest:,} are read", field=field)
    envelope = _object(text, field)
    kind = envelope.get("payloadType")
    if kind != payload_type:
        raise Unfit(
            Fault.FORM, f"the {field} is of type {_shown(kind)}; a {field} of this hub is {payload_type}", field=field
        )
    payload = _decoded(envelope.get("payload"), "payload", field)
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= MOST_SIGNATURES:
        raise Unfit(Fault.FORM, f"the {field} must have 1 to {MOST_SIGNATURES} signatures", field=field)
    unknown: list[str] = []
    for signature in signatures:
        if not isinstance(signature, dict):
            raise Unfit(Fault.FORM, f"a signature of the {field} is no object", field=field)
        by = signature.get("keyid")
        if not isinstance(by, str) or by not in keys:
            unknown.append(_shown(by))
        elif _is_signed(keys[by], _decoded(signature.get("sig"), "sig", field), encoded(payload_type, payload)):
            return payload
    if len(unknown) == len(signatures):
        raise Unfit(
            Fault.UNKNOWN_KEY,
            f"the {field} is signed by {', '.join(unknown)}, which is none of the {len(keys)} keys given;"
            " fetch the hub's own from it, at /permits/keys",
            field=field,
        )
    raise Unfit(
        Fault.SIGNATURE,
        f"the {field} was altered, or another key signed it: its signature does not fit; fetch it from the hub again",
        field=field,
    )


def unchecked(text: str) -> bytes:
    """The payload of an envelope of our own, taken from where only we write."""
    return b64decode(orjson.loads(text)["payload"])


def _check_revoked(statement: Statement, revocations: Revocations) -> None:
    for one in revocations.revoked:
        if one.permit == statement.permit or one.digest == statement.digest:
            raise Unfit(
                Fault.REVOKED,
                f"permit {statement.permit} was revoked on {_said(one.at)}: {one.why}; ask for the deployment again",
            )


def _is_signed(public_key: bytes, signature: bytes, message: bytes) -> bool:
    # Here, because most commands check no signature and would wait for the library too.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _object(text: str | bytes, field: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except ValueError as error:
        raise Unfit(Fault.FORM, f"the {field} is no JSON: {str(error)[:SHOWN]}", field=field) from None
    if not isinstance(found, dict):
        raise Unfit(Fault.FORM, f"the {field} is no JSON object, and so no DSSE envelope", field=field)
    return found


def _decoded(value: object, name: str, field: str) -> bytes:
    try:
        found = b64decode(value, validate=True) if isinstance(value, str) else b""
    except (NotBase64, ValueError):
        found = b""
    # Base64 has spare bits at its end: two texts for the same bytes would be one permit with two faces.
    if not found or b64encode(found).decode() != value:
        raise Unfit(Fault.FORM, f"the {name} of the {field} is no canonical base64", field=field)
    return found


def _pem(words: str) -> list[bytes]:
    if not words.startswith("-----BEGIN"):
        return []
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        found = load_pem_public_key(words.encode())
    except (ValueError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, Ed25519PublicKey):
        raise Unfit(Fault.KEYS, "the PEM holds no Ed25519 public key", field="keys")
    return [found.public_bytes_raw()]


def _listed(words: str) -> list[bytes]:
    fault = Unfit(
        Fault.KEYS,
        "the keys are none: give what the hub serves at /permits/keys, a PEM public key, or 64 hex digits",
        field="keys",
    )
    try:
        found = orjson.loads(words)
        listed = found["keys"]
        if not isinstance(listed, list) or len(listed) > MOST_KEYS:
            raise fault
        raw = [bytes.fromhex(one["keyval"]["public"]) for one in listed if one["keytype"] == "ed25519"]
    except (ValueError, KeyError, TypeError):
        raise fault from None
    if any(len(one) != KEY_BYTES for one in raw):
        raise fault
    return raw


def _shown(value: object) -> str:
    return repr(value)[:SHOWN] if isinstance(value, str) else "no text"


def _said(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
