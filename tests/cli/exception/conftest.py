"""Commands asked of a whole hub on loopback."""

from tests.cli.approvals.conftest import desk
from tests.cli.gate.live import live, sealing_keys

__all__ = ["desk", "live", "sealing_keys"]
