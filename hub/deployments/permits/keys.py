"""The keys that sign permits: made at first use, sealed in the database, unsealed once in each process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from hub import sealing
from hub.db import Tx, new_id
from hub.deployments.permits import store
from hub.deployments.permits.envelope import key_id
from hub.deployments.tables import SigningKey
from hub.errors import Code, Refused
from hub.events.record import Subject, record
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.sealing import NotOurs, Sealed
from hub.settings import settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MOST_UNSEALED = 100


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that is ready to sign, and its id."""

    key_id: str
    _private: "Ed25519PrivateKey" = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over a message."""
        return self._private.sign(message)


_unsealed: dict[str, Signer] = {}


async def signer(tx: Tx) -> Signer:
    """The signer of today; where no key was ever made, one is made in this transaction."""
    row = await store.newest_key(tx)
    if row is None:
        await store.hold_keys(tx)
        row = await store.newest_key(tx) or await _made(tx)
    return _unsealed.get(row.key_id) or _ready(row)


def ready(key_id: str) -> Signer | None:
    """A signer that this process has unsealed already."""
    return _unsealed.get(key_id)


async def rotate(tx: Tx, who: Principal | None, *, current: str | None = None) -> SigningKey:
    """Sign with a new key from now on; the old ones sign no more, and what they signed still verifies.

    `who` is None when the machine's operator acts. With `current`, only while that one signs.
    """
    if who is not None:
        acting(tx, who, Permission.MANAGE_PEOPLE)
    await store.hold_keys(tx)
    signs = await store.newest_key(tx)
    if current is not None and (signs is None or signs.key_id != current):
        now = "none" if signs is None else signs.key_id
        raise Refused(Code.STALE, f"the key that signs now is {now}; look at signingKeys first", field="current")
    made = await _made(tx)
    retired = await store.retire_keys(tx, but=made.id)
    await record(
        tx, "signing_key.rotated", Subject("signing_key", made.id), {"key_id": made.key_id, "retired": retired}
    )
    return made


def shown(rows: list[Mapping[str, object]]) -> dict[str, object]:
    """Public keys as they are served, in the form that securesystemslib reads too."""
    return {
        "keys": [
            {
                "keyid": row["key_id"],
                "keytype": "ed25519",
                "scheme": "ed25519",
                "keyval": {"public": row["public_key"]},
                "createdAt": row["created_at"],
                "retiredAt": row["retired_at"],
            }
            for row in rows
        ]
    }


async def _made(tx: Tx) -> SigningKey:
    # Here, because most starts sign nothing and would wait for the library too.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    id = new_id()
    sealed = sealing.keys(settings()).seal(private.private_bytes_raw(), _row(id))
    made = SigningKey(
        id=id,
        key_id=key_id(public),
        public_key=public.hex(),
        sealed_by=sealed.key_id,
        sealed=sealed.content,
        created_at=tx.at,
    )
    await store.add_key(tx, made)
    await record(tx, "signing_key.made", Subject("signing_key", id), {"key_id": made.key_id})
    return made


def _ready(row: SigningKey) -> Signer:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        raw = sealing.keys(settings()).unseal(Sealed(row.sealed_by, row.sealed), _row(row.id))
    except NotOurs as error:
        how = "which this hub does not have" if error.absent else "which is not the one that made it"
        raise Refused(
            Code.SETTING,
            f"the key that signs permits is encrypted with key {error.key_id!r}, {how}; put that back into"
            " HUB_SECRET_KEYS, or make a new one with rotateSigningKey",
            field="HUB_SECRET_KEYS",
        ) from None
    if len(_unsealed) >= MOST_UNSEALED:
        _unsealed.clear()
    made = _unsealed[row.key_id] = Signer(row.key_id, Ed25519PrivateKey.from_private_bytes(raw))
    return made


def _row(id: UUID) -> bytes:
    return b"hub.signing_keys:" + id.bytes
