"""Secrets at rest: AES-256-GCM, bound to the row they stand in, under a key that is named beside them.

Rotation: put the new key first into HUB_SECRET_KEYS and keep the old one behind it until everything was sealed anew.
"""

import os
import secrets
import stat
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import Code, Refused
from hub.settings import Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_FILE = "secret.key"
LONGEST_KEY_ID = 40
HOW = "write id:base64 with 32 random bytes, as `openssl rand -base64 32` makes them"


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted secret and the name of the key that opens it."""

    key_id: str
    content: bytes = field(repr=False)


class NotOurs(Exception):
    """What was sealed cannot be opened: its key is `absent`, or is another one, or it was moved to another row."""

    def __init__(self, key_id: str, *, absent: bool) -> None:
        super().__init__(key_id)
        self.key_id = key_id
        self.absent = absent


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of this process: `first` encrypts, each of them decrypts."""

    first: str
    _ciphers: Mapping[str, "AESGCM"] = field(repr=False)

    def seal(self, secret: bytes, bound_to: bytes) -> Sealed:
        """Encrypt a secret, to be opened only together with what it is bound to, such as its row."""
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(self.first, nonce + self._ciphers[self.first].encrypt(nonce, secret, bound_to))

    def unseal(self, sealed: Sealed, bound_to: bytes) -> bytes:
        """Decrypt a secret. Raises NotOurs; whoever asked knows the words for it."""
        from cryptography.exceptions import InvalidTag

        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise NotOurs(sealed.key_id, absent=True)
        try:
            return cipher.decrypt(sealed.content[:NONCE_BYTES], sealed.content[NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            raise NotOurs(sealed.key_id, absent=False) from None


def keys(settings: Settings) -> Keys:
    """The keys from HUB_SECRET_KEYS, or from the key file in the data folder, which is made when it is not there."""
    if settings.secret_keys is not None:
        return parsed(settings.secret_keys.get_secret_value())
    return _kept(settings.data / KEY_FILE)


def parsed(text: str) -> Keys:
    """The keys in `id:base64` pairs separated by commas. Refuses, without a word of the keys themselves."""
    # Here, because most starts use no key and would wait for the library too.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    found: dict[str, AESGCM] = {}
    for place, pair in enumerate(text.split(","), 1):
        id, colon, encoded = pair.strip().partition(":")
        try:
            key = b64decode(encoded, validate=True)
        except (NotBase64, ValueError):
            key = b""
        if not colon or not id or len(id) > LONGEST_KEY_ID or len(key) != KEY_BYTES:
            raise Refused(Code.SETTING, f"HUB_SECRET_KEYS: pair {place} is no key; {HOW}", field="HUB_SECRET_KEYS")
        if id in found:
            raise Refused(Code.SETTING, f"HUB_SECRET_KEYS: two keys have the id {id!r}", field="HUB_SECRET_KEYS")
        found[id] = AESGCM(key)
    return Keys(next(iter(found)), found)


def _kept(path: Path) -> Keys:
    if not path.exists():
        _make(path)
    # A key that others on the machine can read protects nothing.
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise Refused(Code.SETTING, f"{path} may be read by others; run: chmod 600 {path}")
    try:
        return parsed(path.read_text().strip())
    except Refused:
        raise Refused(
            Code.SETTING,
            f"{path} holds no key any more; put it back from a backup, or remove it to begin with a new one",
        ) from None


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    written = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(written, "w") as file:
        file.write(f"file-{secrets.token_hex(4)}:{b64encode(os.urandom(KEY_BYTES)).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    # Of several processes that start at once the first one's key stays.
    with suppress(FileExistsError):
        path.hardlink_to(half)
    half.unlink()
