"""Registry credentials at rest: sealed, and bound to the registry whose row they stand in."""

from typing import assert_never
from uuid import UUID

import orjson

from hub.errors import Code, Refused
from hub.registries.adapter import Basic, Bearer
from hub.sealing import KEY_FILE, Keys, NotOurs, Sealed, keys, parsed

__all__ = ["KEY_FILE", "Credentials", "Keys", "Sealed", "keys", "parsed", "seal", "unseal"]

Credentials = Basic | Bearer


def seal(by: Keys, credentials: Credentials, registry_id: UUID) -> Sealed:
    """Encrypt the credentials of one registry; they cannot be read from any other row."""
    return by.seal(_written(credentials), _row(registry_id))


def unseal(by: Keys, sealed: Sealed, registry_id: UUID) -> Credentials:
    """Decrypt the credentials of one registry. Refuses when no key of ours fits."""
    try:
        return _read(by.unseal(sealed, _row(registry_id)))
    except NotOurs as error:
        raise Refused(Code.SETTING, _why(error), field="HUB_SECRET_KEYS") from None


def _why(error: NotOurs) -> str:
    if error.absent:
        return (
            f"the credentials are encrypted with key {error.key_id!r}, which this hub does not have; add it to"
            " HUB_SECRET_KEYS, or give the registry its credentials anew"
        )
    return (
        f"the credentials cannot be decrypted: key {error.key_id!r} is not the one that made them, or"
        " they were moved from another registry; give the registry its credentials anew"
    )


def _row(registry_id: UUID) -> bytes:
    return b"hub.registries:" + registry_id.bytes


def _written(credentials: Credentials) -> bytes:
    match credentials:
        case Bearer(token):
            return orjson.dumps({"token": token})
        case Basic(user, password):
            return orjson.dumps({"user": user, "password": password})
        case _:
            assert_never(credentials)


def _read(plain: bytes) -> Credentials:
    held = orjson.loads(plain)
    return Bearer(held["token"]) if "token" in held else Basic(held["user"], held["password"])
