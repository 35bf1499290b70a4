"""Backtests over one database."""

import pytest
from replaying import Replays

from hub.db import Db
from hub.people.tables import Role
from tests.make import Make


@pytest.fixture
async def replays(db: Db, make: Make) -> Replays:
    return Replays(db, make, await make.person("author", Role.POLICY_OWNER))
