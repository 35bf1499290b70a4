"""Permits and revocation lists signed with a key of the test's own, by the hub's own functions."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.deployments.permits import envelope, statement

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PERMIT, INTENT = UUID(int=1), UUID(int=2)
DIGEST = "12" * 32


@dataclass
class Signing:
    """A hub's key, and what it signs."""

    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def raw(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def id(self) -> str:
        return envelope.key_id(self.raw)

    @property
    def pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def listed(self) -> bytes:
        key = {"keyid": self.id, "keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": self.raw.hex()}}
        return orjson.dumps({"keys": [key]})

    def permit(self, model: str = "fraud-detection", *, bypass: statement.Bypass | None = None) -> str:
        """A permit for production, good for a day from noon."""
        target = statement.Target("prod", model, "7", DIGEST)
        granted = statement.Grant(
            permit=PERMIT,
            intent=INTENT,
            target=target,
            stage="PRODUCTION",
            tier="HIGH",
            issued_at=NOON,
            expires_at=NOON + timedelta(days=1),
            dossier_digest="ab" * 32,
            dossier={"version": DIGEST},
            policies=[
                statement.Judged("owner-named", 3, "cd" * 32, "PASS", "BLOCKING"),
                statement.Judged("card-complete", 1, "ce" * 32, "WAIVED", "BLOCKING", exception=UUID(int=5)),
            ],
            approvals=[statement.Signed(UUID(int=6), UUID(int=7), "RISK", "ab" * 32, NOON)],
            evidence=[],
            rollback=statement.Target("prod", model, "6", "34" * 32),
            revocations_url="http://127.0.0.1:8000/permits/revocations",
            bypass=bypass,
        )
        return self.sealed(envelope.STATEMENT_PAYLOAD, statement.written(granted))

    def revocations(self, *, revoked: bool, at: datetime = NOON) -> str:
        """A list with the permit in it, or an empty one."""
        listed = [statement.Revoked(str(PERMIT), "ef" * 32, "PRODUCTION", DIGEST, NOON, "the intent was halted")]
        return self.sealed(envelope.REVOCATIONS_PAYLOAD, statement.revocation_list(listed if revoked else [], at=at))

    def sealed(self, kind: str, payload: bytes) -> str:
        return envelope.sealed(kind, payload, by=self.id, sign=self.private.sign)


def file(folder: Path, name: str, words: str | bytes) -> str:
    """A file with these words in it; gives its path."""
    path = folder / name
    path.write_bytes(words.encode() if isinstance(words, str) else words)
    return str(path)
