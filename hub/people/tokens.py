"""The form of bearer tokens: `hub_` prefix `_` random `_` checksum, told apart from guesses without any SQL."""

import re
import secrets
import zlib
from hashlib import sha256

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIX_LENGTH = 8
RANDOM_LENGTH = 40
CHECKSUM_LENGTH = 6

_FORM = re.compile(rf"hub_[0-9A-Za-z]{{{PREFIX_LENGTH}}}_[0-9A-Za-z]{{32,64}}_[0-9A-Za-z]{{{CHECKSUM_LENGTH}}}")


def new_secret() -> str:
    """A token of 238 random bits; it is shown once and never stored."""
    body = f"hub_{_random(PREFIX_LENGTH)}_{_random(RANDOM_LENGTH)}"
    return f"{body}_{checksum(body)}"


def is_well_formed(secret: str) -> bool:
    """Whether this could be a token at all; what is mistyped or made up fails here."""
    if _FORM.fullmatch(secret) is None:
        return False
    body, _, told = secret.rpartition("_")
    return told == checksum(body)


def prefix_of(secret: str) -> str:
    """The part that people may see, to know one token from another."""
    return secret[: 4 + PREFIX_LENGTH]


def hash_of(secret: str) -> bytes:
    """What is stored. A token is random enough that a plain SHA-256 cannot be turned back."""
    return sha256(secret.encode()).digest()


def checksum(body: str) -> str:
    """CRC-32 in base 62, six characters."""
    rest = zlib.crc32(body.encode())
    found = ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        found = ALPHABET[digit] + found
    return found


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
